package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// calls counts the operations of the user pool.
type calls struct {
	mu    sync.Mutex
	names []string
}

func (c *calls) note(r *http.Request) *http.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names = append(c.names, operation(r))
	return nil
}

func TestLogout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		args  []string
		fault func(*http.Request) *http.Response // during the sign-out
		code  int
		said  string
		calls []string // that must be among those made
		stale bool     // the tokens have to be refreshed
		// what is left
		session, device, revoked bool
	}{
		{
			name:    "plain",
			said:    "signed out of DEV",
			calls:   []string{"RevokeToken"},
			device:  true,
			revoked: true,
		},
		{
			name:    "everywhere",
			args:    []string{"-global"},
			said:    "signed out of DEV",
			calls:   []string{"GlobalSignOut", "RevokeToken"},
			device:  true,
			revoked: true,
		},
		{
			name:    "device",
			args:    []string{"-forget-device"},
			said:    "signed out of DEV",
			calls:   []string{"ForgetDevice", "RevokeToken"},
			revoked: true,
		},
		{name: "all", args: []string{"-global", "-forget-device"}, said: "signed out of DEV",
			calls: []string{"ForgetDevice", "GlobalSignOut", "RevokeToken"}, revoked: true},
		{
			name:    "device forgotten already",
			args:    []string{"-forget-device"},
			said:    "signed out of DEV",
			revoked: true,
			fault: only("ForgetDevice",
				refused("ResourceNotFoundException", "Device does not exist.")),
		},
		{
			name:    "cut",
			code:    exitFailed,
			said:    "still signed in to DEV (-force",
			session: true,
			device:  true,
			fault:   func(*http.Request) *http.Response { return answer(0, "") },
		},
		{name: "revocation unsupported", said: "forgotten here alone", device: true,
			fault: only("RevokeToken",
				refused("UnsupportedOperationException",
					"Revocation is not enabled for this client"))},
		{name: "the server cannot revoke", said: "forgotten here alone", device: true,
			fault: only("RevokeToken", answer(http.StatusInternalServerError,
				`{"code":"CognitoLocal#Unsupported","message":"Unsupported x-amz-target"}`))},
		{
			name:   "cut by force",
			args:   []string{"-force"},
			code:   exitFailed,
			said:   "signed out of DEV here, but a request to the user pool failed",
			device: true,
			fault:  func(*http.Request) *http.Response { return answer(0, "") },
		},
		{
			name:    "not everywhere",
			args:    []string{"-global"},
			code:    exitFailed,
			said:    "still signed in",
			session: true,
			device:  true,
			fault:   only("GlobalSignOut", refused("TooManyRequestsException", "Rate exceeded")),
		},
		{name: "revoked already", said: "signed out of DEV", device: true,
			fault: only("RevokeToken",
				refused("NotAuthorizedException", "Refresh Token has been revoked"))},
		{name: "had ended", stale: true, said: "had ended already", device: true,
			fault: only("GetTokensFromRefreshToken",
				refused("NotAuthorizedException", "Refresh Token has been revoked"))},
		{
			name:   "had ended, and the device",
			stale:  true,
			args:   []string{"-forget-device"},
			code:   exitFailed,
			said:   "but a request to the user pool failed",
			device: true,
			fault: only("GetTokensFromRefreshToken",
				refused("NotAuthorizedException", "Refresh Token has been revoked")),
		},
		{
			name:   "had ended, and everywhere",
			args:   []string{"-global"},
			code:   exitFailed,
			said:   "but a request to the user pool failed",
			device: true,
			fault: only("GlobalSignOut",
				refused("NotAuthorizedException", "Access Token has been revoked")),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.server.UserPools[0].DeviceTracking = "ALWAYS"
			f, made := m.fault, new(calls)
			m.signedIn(t).must(t, "", "credentials", "-format", "process")
			_, before := m.record(t)
			if before.SavedSession() == nil || before.Credentials == nil ||
				len(before.Devices) != 1 {
				t.Fatal("the sign-in kept too little")
			}
			if test.stale {
				m.forget(t)
			}
			f.set(func(r *http.Request) *http.Response {
				made.note(r)
				if test.fault != nil {
					return test.fault(r)
				}
				return nil
			})
			code, stdout, stderr := m.run(t, "", append([]string{"logout"}, test.args...)...)
			f.set(nil)
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.said) {
				t.Errorf("exit %d: %s%s", code, stdout, stderr)
			}
			for _, name := range test.calls {
				if !slices.Contains(made.names, name) {
					t.Errorf("no %s among %v", name, made.names)
				}
			}
			_, after := m.record(t)
			if (after.SavedSession() != nil) != test.session ||
				(after.Credentials != nil) != test.session ||
				(len(after.Devices) == 1) != test.device {
				t.Errorf("left: session %v, credentials %v, %d devices",
					after.SavedSession() != nil, after.Credentials != nil, len(after.Devices))
			}
			client := &cognito.Client{
				Environment: cognito.Environment{UserPoolID: cognitotest.ExampleUserPoolID,
					ClientID:  cognitotest.ExampleClientID,
					Endpoints: cognito.Endpoints{CognitoIDP: m.url}},
			}
			saved := *before.SavedSession()
			saved.Tokens.ID = "" // or nothing would be asked
			if _, err := client.Resume(t.Context(), saved.Save()); (err != nil) != test.revoked {
				t.Errorf("the old refresh token: %v", err)
			}

			// A second logout succeeds, and the next sign-in uses the device.
			if !test.session {
				if code, _, stderr := m.run(t, "", "logout"); code != 0 ||
					!strings.Contains(stderr, "nobody is signed in") {
					t.Errorf("again: exit %d: %s", code, stderr)
				}
			}
			m.signedIn(t)
			if _, again := m.record(t); test.device &&
				string(again.Devices[cognitotest.ExampleUser]) != string(
					before.Devices[cognitotest.ExampleUser],
				) {
				t.Error("the device was not used again")
			}
		})
	}
}

// only is a Fault that answers one operation.
func only(name string, with *http.Response) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if operation(r) == name {
			return with
		}
		return nil
	}
}

func TestLogoutOfNobody(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if code, stdout, stderr := m.run(t, "", "logout"); code != 0 || stdout != "" ||
		stderr != "cognito: nobody is signed in to DEV\n" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	m.signedIn(t)
	path, _ := m.record(t)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := m.run(t, "", "logout"); code != 0 ||
		!strings.Contains(stderr, "damaged") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// logout deletes the damaged files of its environment, because they may hold tokens.
func TestLogoutRemovesDamaged(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	m.as(t, "ada", "-env", "BARE")
	m.as(t, "ada")
	path, _ := m.record(t)
	damage := func() []string {
		t.Helper()
		if err := os.WriteFile(path, []byte(`{"session":{"Refresh":"secret`), 0o600); err != nil {
			t.Fatal(err)
		}
		m.as(t, "ada")
		aside, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.damaged-*"))
		if err != nil || len(aside) == 0 {
			t.Fatalf("the damaged files are %q, %v", aside, err)
		}
		return aside
	}
	damage()
	if aside := damage(); len(aside) != 2 {
		t.Errorf("the damaged files are %q, want 2", aside)
	}
	// A session that remains keeps them.
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "RevokeToken" {
			return answer(http.StatusServiceUnavailable, "")
		}
		return nil
	})
	if code, _, stderr := m.run(t, "", "logout"); code != exitFailed {
		t.Errorf("logout without the user pool: exit %d: %s", code, stderr)
	}
	if len(damage()) != 3 {
		t.Error("a failed logout deletes damaged files")
	}
	m.fault.set(nil)
	m.must(t, "", "logout", "-env", "BARE")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) != 3 {
		t.Errorf("logout of another environment leaves %q, want 3 files", aside)
	}
	m.must(t, "", "logout")
	if aside, _ := filepath.Glob(path + ".damaged-*"); aside != nil {
		t.Errorf("logout leaves %q", aside)
	}
	// So does a logout whose record is damaged itself.
	m.as(t, "ada")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.must(t, "", "logout")
	if aside, _ := filepath.Glob(path + ".damaged-*"); aside != nil {
		t.Errorf("logout with a damaged record leaves %q", aside)
	}
}
