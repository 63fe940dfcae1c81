package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
)

// If a refresh returns no ID token, the error names the reason.
func TestSessionWithoutIDToken(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	m.change(t, func(_ *state.Record, saved *cognito.SavedSession) {
		saved.Tokens.ID, saved.Tokens.Expires = "", time.Time{}
	})
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) != "GetTokensFromRefreshToken" {
			return nil
		}
		return answer(http.StatusOK, `{"AuthenticationResult":
			{"AccessToken":"a.b.c","ExpiresIn":3600,"TokenType":"Bearer"}}`)
	})
	for _, command := range []string{"whoami", "credentials", "token"} {
		code, stdout, stderr := m.run(t, "", command)
		if code == 0 || !strings.Contains(stdout+stderr, "no ID token was issued") ||
			!strings.Contains(stdout+stderr, "openid") {
			t.Errorf("%s: exit %d, %q, %s", command, code, stdout, stderr)
		}
	}
}

// logout ends the session even if the server does not support the flags, and reports that.
func TestLogoutUnsupported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flag, operation string
		response        *http.Response
	}{
		{"-global", "GlobalSignOut", refused("UnknownOperationException", "")},
		{"-global", "GlobalSignOut", answer(http.StatusInternalServerError,
			`{"code":"CognitoLocal#Unsupported","message":"Unsupported x-amz-target"}`)},
		{"-global", "GlobalSignOut", answer(http.StatusNotImplemented,
			`{"__type":"InternalFailure","message":"The operation is not implemented"}`)},
		{"-forget-device", "ForgetDevice", refused("UnknownOperationException", "")},
	} {
		m := newMachine(t)
		m.server.UserPools[0].DeviceTracking = "ALWAYS"
		m.signedIn(t)
		m.fault.set(only(test.operation, test.response))
		code, _, stderr := m.run(t, "", "logout", test.flag)
		if code != exitFailed || !strings.Contains(stderr, "signed out of DEV, but") {
			t.Errorf("%s: exit %d, %s", test.flag, code, stderr)
		}
		if code, _, _ := m.run(t, "", "whoami"); code != exitSignIn {
			t.Errorf("%s: whoami: exit %d, want %d", test.flag, code, exitSignIn)
		}
	}
}
