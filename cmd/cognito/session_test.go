package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
)

// Credentials that cannot be refreshed are used until they expire. Then the command fails.
func TestStaleCredentials(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.IdentityPools[0].CredentialsValidity = 9 * time.Minute
	m.signedIn(t)
	first := m.must(t, "", "credentials", "-format", "process")
	age := func(by time.Duration) {
		path, r := m.record(t)
		r.Credentials.Obtained, r.Credentials.Expires = r.Credentials.Obtained.Add(-by),
			r.Credentials.Expires.Add(-by)
		text, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m.fault.set(func(r *http.Request) *http.Response {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityService.") {
			return &http.Response{
				StatusCode: http.StatusBadRequest,
				Header:     http.Header{"X-Amzn-Errortype": {"ResourceConflictException"}},
			}
		}
		return nil
	})
	age(7 * time.Minute) // the last minute is not handed out
	var was, is struct{ AccessKeyID string }
	code, stdout, stderr := m.run(t, "", "credentials", "-format", "process")
	json.Unmarshal([]byte(first), &was)
	if err := json.Unmarshal([]byte(stdout), &is); err != nil || code != 0 || is != was ||
		!strings.Contains(stderr, "could not be renewed") {
		t.Errorf("exit %d, %s, %s", code, stdout, stderr)
	}
	age(90 * time.Second)
	code, stdout, stderr = m.run(t, "", "credentials", "-format", "process")
	if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d, %q, %s", code, stdout, stderr)
	}
	m.fault.set(nil)
	if renewed := m.must(t, "", "credentials", "-format", "process"); renewed == first {
		t.Error("not renewed")
	}
}

// The errors for a session that has ended and for a failed refresh differ.
func TestEndedSession(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	m.forget(t)
	before, _ := os.ReadFile(first(m.record(t)))
	m.fault.set(func(*http.Request) *http.Response {
		return &http.Response{
			StatusCode: 400,
			Header:     http.Header{"X-Amzn-Errortype": {"TooManyRequestsException"}},
		}
	})
	if code, _, stderr := m.run(t, "", "credentials"); code != exitFailed ||
		strings.Contains(stderr, "cognito login") {
		t.Errorf("throttled: exit %d: %s", code, stderr)
	}
	m.fault.set(nil)
	if after, _ := os.ReadFile(first(m.record(t))); string(after) != string(before) {
		t.Error("throttling changed what is kept")
	}
	_, r := m.record(t)
	client := cognito.Client{Environment: cognito.Environment{
		UserPoolID: r.UserPoolID,
		ClientID:   r.ClientID,
		Endpoints:  cognito.Endpoints{CognitoIDP: m.url, CognitoIdentity: m.url},
	}}
	session, err := client.Resume(t.Context(), r.SavedSession().Save())
	if err == nil {
		err = session.SignOut(t.Context()) // from another machine, say
	}
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := m.run(t, "", "credentials")
	if code != exitSignIn || !strings.Contains(stderr, "has ended") ||
		!strings.Contains(stderr, "cognito login") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("revoked: exit %d: %s", code, stderr)
	}
}

func first[A, B any](a A, _ B) A { return a }

// A sign-in with a remembered device needs no code. Otherwise -totp-file provides it.
func TestDeviceAndSeed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	pool := &m.server.UserPools[0]
	pool.DeviceTracking = "ALWAYS"
	const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	for i := range pool.Users {
		if pool.Users[i].Name == "ada" {
			pool.Users[i].MFA, pool.Users[i].TOTPSecret = []string{"SOFTWARE_TOKEN_MFA"}, seed
		}
	}
	pool.MFAConfiguration = "OPTIONAL"
	password := pool.Users[0].Password
	if code, _, stderr := m.run(t, password+"\n", "login", "-user", "ada"); code != exitSignIn ||
		!strings.Contains(stderr, "SOFTWARE_TOKEN_MFA") {
		t.Fatalf("without a code: exit %d: %s", code, stderr)
	}
	file := m.dir + "/seed"
	if err := os.WriteFile(file, []byte(seed+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.must(t, password+"\n", "login", "-user", "ada", "-totp-file", file)
	m.must(t, password+"\n", "login") // by the device, and as the user of the last sign-in
	_, r := m.record(t)
	if len(r.Devices) != 1 || r.User != "ada" {
		t.Errorf("%d devices, user %q", len(r.Devices), r.User)
	}
	m.must(t, "", "credentials")
}

// The command that an error suggests has the flags that select the same environment.
func TestAdviceRepeatsFlags(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	other := m.write(t, "other file.json", string(data))
	for _, args := range [][]string{{"credentials", "-format", "process"}, {"doctor"},
		{"whoami", "-offline"}, {"token"}} {
		_, _, stderr := m.run(t, "", append(args, "-config", other)...)
		want := "run \"cognito login -config '" + other +
			"' -env DEV\""
		if !strings.Contains(stderr, want) {
			t.Errorf("%q: no %q in %s", args, want, stderr)
		}
		_, _, stderr = m.run(t, "", args...)
		if !strings.Contains(stderr, "run \"cognito login -env DEV\"") {
			t.Errorf("%q: %s", args, stderr)
		}
	}
	_, _, stderr := m.run(t, "", "login", "-config", other+"x")
	if !strings.Contains(stderr, "run \"cognito configure -config '"+other+"x' -env DEV\"") {
		t.Error(stderr)
	}
	_, _, stderr = m.run(t, "", "configure", "-config", other+"x", "-user-pool-id",
		"us-east-1_A", "-client-id", "abc")
	if !strings.Contains(stderr, "run \"cognito login -config '"+other+"x' -user NAME\"") {
		t.Error(stderr)
	}
}
