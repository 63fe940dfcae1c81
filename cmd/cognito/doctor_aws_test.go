package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// doctor refreshes the session. If that fails, the session is kept.
func TestDoctorKeepsState(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	f := m.fault
	m.signedIn(t)
	_, before := m.record(t)
	probed := false // by the step before
	f.set(func(r *http.Request) *http.Response {
		if operation(r) != "GetTokensFromRefreshToken" {
			return nil
		} else if !probed {
			probed = true
			return nil
		}
		return answer(0, "")
	})
	if code, stdout, _ := m.run(t, "", "doctor"); code != exitFailed ||
		!strings.Contains(stdout, "FAIL  refresh") {
		t.Errorf("exit %d:\n%s", code, stdout)
	}
	if _, after := m.record(t); string(after.Session) != string(before.Session) {
		t.Error("a doctor who could not renew the session has changed it")
	}
	f.set(nil)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	m.must(t, "", "doctor")
	if _, after := m.record(t); after.SavedSession().Tokens == before.SavedSession().Tokens {
		t.Error("the session was not renewed")
	}
	m.must(t, "", "doctor")
	m.must(t, "", "credentials", "-format", "process")
}

func TestDoctorElsewhere(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	// Without an identity pool there is nothing to look at after the tokens.
	m.settings["COGNITO_ENV"] = "BARE"
	m.signedIn(t)
	results := m.must(t, "", "doctor")
	for _, want := range []string{"\nok    signature  ", "\n--    identity pool  ",
		"\n--    role  ", "\n--    bucket  "} {
		if !strings.Contains(results, want) {
			t.Errorf("no %q in\n%s", want, results)
		}
	}
	// With nothing kept, the doctor signs in; and says what other tools will find.
	m.settings["COGNITO_ENV"], m.settings["AWS_ACCESS_KEY_ID"] = "DEV", "AKIAIOSFODNN7EXAMPLE"
	out := m.must(t, cognitotest.ExamplePassword+"\n", "doctor", "-no-store", "-user", "ada")
	for _, want := range []string{"nothing is stored", "AWS_ACCESS_KEY_ID is set",
		"example-bucket can be listed"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// doctor names keys that other tools prefer. They are not a failed check.
func TestDoctorOtherKeys(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	if err := os.Mkdir(filepath.Join(m.dir, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(m.dir, ".aws", "credentials")
	err := os.WriteFile(path, []byte("[work]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	// In the configuration file, this section is not a profile, and tools ignore it.
	config := strings.Replace(path, "credentials", "config", 1)
	err = os.WriteFile(config, []byte("[other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for profile, want := range map[string]string{"": "ok    other keys        none",
		"other": "ok    other keys        none",
		"work":  "--    other keys        " + path + " has a key under [work]"} {
		m.settings["AWS_PROFILE"] = profile
		if out := m.must(t, "", "doctor"); !strings.Contains(out, want) {
			t.Errorf("AWS_PROFILE=%s:\n%s", profile, out)
		}
	}
}

func TestReachable(t *testing.T) {
	for want, err := range map[string]error{
		"its DNS": &net.OpError{
			Op:  "dial",
			Err: &net.DNSError{Err: "no such host", Name: "h"},
		},
		"the proxy in HTTPS_PROXY": &net.OpError{
			Op:  "proxyconnect",
			Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "h"}},
		},
		"the firewall":   &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded},
		"something else": errors.New("something else"),
	} {
		if got := reachable(fmt.Errorf("x: %w", err)); !strings.Contains(got.Error(), want) ||
			!errors.Is(got, err) {
			t.Errorf("%v", got)
		}
	}
	if reachable(nil) != nil {
		t.Error("an error of none")
	}
	// Waiting for another process is not reported as a problem of the network.
	path := filepath.Join(t.TempDir(), "x")
	lock, err := files.Lock(t.Context(), path, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = files.Lock(ctx, path, t.Logf)
	if !errors.Is(err, context.DeadlineExceeded) || reachable(err) != err {
		t.Errorf("%v: %v", err, reachable(err))
	}
}

// doctor trusts the certificates in AWS_CA_BUNDLE.
func TestDoctorTrustsBundle(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	secure := httptest.NewTLSServer(m.server)
	t.Cleanup(secure.Close)
	bundle := filepath.Join(m.dir, "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{
		Type:  "CERTIFICATE",
		Bytes: secure.Certificate().Raw,
	})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	m.settings["AWS_ENDPOINT_URL"], m.settings["AWS_CA_BUNDLE"] = secure.URL, bundle
	out := m.signedIn(t).must(t, "", "doctor")
	if !strings.Contains(out, " at "+strings.TrimPrefix(secure.URL, "https://")+", TLS 1.3\n") {
		t.Error(out)
	}
}
