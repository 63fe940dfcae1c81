package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// counted counts the requests for operations, except connections that are opened ahead.
func (m *machine) counted() *atomic.Int32 {
	var n atomic.Int32
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) != "" {
			n.Add(1)
		}
		return nil
	})
	return &n
}

// White space at the ends of names and passwords is refused before an attempt is counted.
func TestLoginWithWhiteSpace(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	sent := m.counted()
	const password = cognitotest.ExamplePassword
	for _, test := range []struct {
		user, password, what string
		flags                []string
	}{
		{user: " ada", password: password, what: "user name"},
		{user: "ada\u00a0", password: password, what: "user name"},
		{user: "ada\n", password: password, what: "user name"},
		{user: "ada", password: password + " ", what: "password"},
		{user: "ada", password: "\t" + password, what: "password"},
		{user: "ada", password: password + " ", what: "password",
			flags: []string{"-flow", "USER_PASSWORD_AUTH"}},
		{user: "ada", password: password + "\r", what: "password",
			flags: []string{"-challenge", "PASSWORD"}},
	} {
		code, _, stderr := m.run(t, test.password+"\r\n",
			append([]string{"login", "-user", test.user}, test.flags...)...)
		want := "the " + test.what + " begins or ends with white space"
		if code != exitUsage || !strings.Contains(stderr, want) || sent.Load() > 0 {
			t.Errorf("%q, %q: exit %d, %s, %d requests", test.user, test.what, code, stderr,
				sent.Load())
		}
	}
}

func passwordless(t *testing.T) *machine {
	m := newMachine(t)
	pool := &m.server.UserPools[0]
	pool.Clients[0].ExplicitAuthFlows = []string{"ALLOW_CUSTOM_AUTH"}
	pool.CustomAuth = func(
		in cognitotest.CustomAuthRequest,
	) cognitotest.CustomAuthResponse {
		if n := len(in.History); n > 0 && in.History[n-1].Passed {
			return cognitotest.CustomAuthResponse{IssueTokens: true}
		}
		return cognitotest.CustomAuthResponse{Answer: "blue"}
	}
	return m
}

func TestLoginWithoutPassword(t *testing.T) {
	t.Parallel()
	m := passwordless(t)
	m.must(t, "blue\n", login("-flow", "CUSTOM_AUTH", "-no-password")...)
	code, _, stderr := m.run(t, "blue\n", login("-flow", "CUSTOM_AUTH")...)
	if code == 0 || !strings.Contains(stderr, "use -no-password") {
		t.Errorf("without -no-password: exit %d, %s", code, stderr)
	}
	for _, flags := range [][]string{
		{},
		{"-flow", "USER_SRP_AUTH"},
		{"-flow", "USER_PASSWORD_AUTH"},
		{"-challenge", "PASSWORD"},
		{"-challenge", "PASSWORD_SRP"},
	} {
		code, _, stderr := m.run(t, "x\n", login(append(flags, "-no-password")...)...)
		if code != exitUsage || !strings.Contains(stderr, "-no-password") {
			t.Errorf("%q: exit %d, %s", flags, code, stderr)
		}
	}
	pool := newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	pool.reset(true, "SELECT_CHALLENGE:PASSWORD,EMAIL_OTP")
	code, _, stderr = m.run(t, "PASSWORD\nsecret\n", login("-flow", "USER_AUTH", "-no-password")...)
	if code != exitSignIn || !strings.Contains(stderr, "-no-password is set") ||
		strings.Contains(pool.received(), "secret\"") {
		t.Errorf("PASSWORD chosen: exit %d, %s", code, stderr)
	}
}

// A hostile pool obtains few codes from -totp-file.
func TestTOTPFileIsBounded(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	secret := m.write(t, "totp", totpSecret)
	for _, names := range [][]string{
		{"SOFTWARE_TOKEN_MFA"},
		{"SELECT_MFA_TYPE", "SOFTWARE_TOKEN_MFA"},
	} {
		pool.reset(false, slices.Repeat(names, 500)...)
		pool.parameters = map[string]string{"MFAS_CAN_CHOOSE": `["SOFTWARE_TOKEN_MFA"]`}
		code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n",
			login("-totp-file", secret, "-flow", "CUSTOM_AUTH")...)
		n := strings.Count(pool.received(), `"SOFTWARE_TOKEN_MFA_CODE":`)
		if code != exitSignIn || n != attempts {
			t.Errorf("%q: exit %d, %s, %d codes", names, code, stderr, n)
		}
	}
}

func TestTOTPClockIsBounded(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{
		3 * 365 * 24 * time.Hour, time.Hour, -time.Hour, 20 * time.Minute,
	} {
		if got := time.Until(corrected(offset, maxTOTPOffset)).Abs(); got > time.Second {
			t.Errorf("an offset of %v moves codes by %v", offset, got)
		}
	}
	if maxTOTPOffset > 15*time.Minute {
		t.Errorf("maxTOTPOffset = %v, want minutes", maxTOTPOffset)
	}
}

func TestMFASetupByEmail(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	pool.reset(false, "MFA_SETUP", "EMAIL_OTP")
	m.run(t, cognitotest.ExamplePassword+"\nada@example.com\n123456\n", login()...)
	for _, want := range []string{`"EMAIL":"ada@example.com"`, `"EMAIL_OTP_CODE":"123456"`} {
		if !strings.Contains(pool.received(), want) {
			t.Errorf("%s was not sent:\n%s", want, pool.received())
		}
	}
}

// A device is found under each name of its user.
func TestDeviceOf(t *testing.T) {
	t.Parallel()
	device := func(user, alias, key string) json.RawMessage {
		return cognito.Device{Username: user, Alias: alias, Key: key}.Save()
	}
	two := &state.Record{
		Devices: map[string]json.RawMessage{
			"uuid-1":  device("uuid-1", "ada@example.com", "k1"),
			"uuid-2":  device("uuid-2", "bob", "k2"),
			"damaged": json.RawMessage(`[]`),
		},
		Names: map[string]string{"ada": "uuid-1"},
	}
	one := &state.Record{Devices: map[string]json.RawMessage{"uuid-1": device("uuid-1", "", "k1")}}
	for _, test := range []struct {
		record      *state.Record
		typed, want string
	}{
		{two, "uuid-1", "k1"},
		{two, "ada", "k1"},
		{two, "ada@example.com", "k1"},
		{two, "bob", "k2"},
		{two, "+15555550100", ""},
		{one, "+15555550100", "k1"},
		{&state.Record{}, "ada", ""},
	} {
		if got := deviceOf(test.record, test.typed).Key; got != test.want {
			t.Errorf("deviceOf(%s) = %q, want %q", test.typed, got, test.want)
		}
	}
}

func TestDeviceName(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"-device-name", "build agent 7"}} {
		m := newMachine(t)
		m.server.UserPools[0].DeviceTracking = "ALWAYS"
		var name atomic.Value
		m.fault.set(func(r *http.Request) *http.Response {
			if operation(r) == "ConfirmDevice" {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				var in struct{ DeviceName string }
				json.Unmarshal(body, &in)
				name.Store(in.DeviceName)
			}
			return nil
		})
		m.must(t, cognitotest.ExamplePassword+"\n",
			append([]string{"login", "-user", "ada"}, flags...)...)
		want, _ := os.Hostname()
		if flags != nil {
			want = flags[1]
		}
		if name.Load() != want {
			t.Errorf("%q: the device is called %v, want %s", flags, name.Load(), want)
		}
	}
}
