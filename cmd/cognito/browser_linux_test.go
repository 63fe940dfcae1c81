package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/emulator"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// browsing returns a machine with the emulator's environment and a free callback port. Its browser
// writes the address that it opens to the file opened.
func browsing(t *testing.T) (m *machine, opened string) {
	t.Helper()
	m = newMachine(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	callback := fmt.Sprintf("http://127.0.0.1:%d/callback", l.Addr().(*net.TCPAddr).Port)
	client := &m.server.UserPools[0].Clients[0]
	client.CallbackURLs = []string{callback}
	client.LogoutURLs = []string{strings.TrimSuffix(callback, "callback")}
	config := filepath.Join(m.dir, "browser.json")
	a := &app{stderr: io.Discard, getenv: func(name string) string { return m.settings[name] }}
	err = a.changeConfig(t.Context(), config, func(all map[string]cognito.Environment) error {
		all["DEV"] = emulator.Environments(m.server, m.url)["EMULATED"]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.settings["COGNITO_CONFIG"] = config
	opened = filepath.Join(m.dir, "opened")
	script := filepath.Join(m.dir, "browse")
	err = os.WriteFile(script, fmt.Appendf(nil,
		"#!/bin/sh\nenv > '%[1]s.env'\necho \"$1\" > '%[1]s.new'\nmv '%[1]s.new' '%[1]s'\n",
		opened), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	m.settings["BROWSER"] = script
	return m, opened
}

// address waits for the address that the browser opens.
func address(t *testing.T, opened string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if text, err := os.ReadFile(opened); err == nil {
			os.Remove(opened)
			return strings.TrimSpace(string(text))
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the browser was not started")
	return ""
}

// signIn returns the callback with which the browser ends at the address.
func (m *machine) signIn(t *testing.T, address string) string {
	t.Helper()
	callback, err := m.server.Browse(address, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Error(err)
	}
	return callback
}

// visit returns the status of a page.
func visit(t *testing.T, address string) int {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// A signInResult is what a run of the tool returned.
type signInResult struct {
	code   int
	stderr string
}

// begin runs the tool while the test acts as the browser.
func (m *machine) begin(t *testing.T, ctx context.Context, args ...string) <-chan signInResult {
	t.Helper()
	ended := make(chan signInResult, 1)
	go func() {
		code, _, stderr := m.runContext(t, ctx, "", args...)
		if code != 0 {
			t.Logf("exit %d: %s", code, stderr)
		}
		ended <- signInResult{code, stderr}
	}()
	return ended
}

func TestLoginBrowser(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	ended := m.begin(t, t.Context(), "login", "-browser")
	at := address(t, opened)
	callback := m.signIn(t, at)
	if !strings.HasPrefix(at, m.url+"/oauth2/authorize?") {
		t.Errorf("opened %q", at)
	}
	for _, other := range []string{
		callback[:strings.Index(callback, "?")] + "?code=x&state=other",
		callback[:strings.Index(callback, "?")] + "?error=access_denied&error_description=%1b[2J",
	} {
		if status := visit(t, other); status != http.StatusBadRequest {
			t.Errorf("status %d for %q", status, other)
		}
	}
	if status := visit(t, callback); status != http.StatusOK {
		t.Errorf("status %d for the callback", status)
	}
	got := <-ended
	if got.code != 0 || !strings.Contains(got.stderr, "signed in to DEV as ada") ||
		!strings.Contains(got.stderr, "\n"+at+"\n") || strings.Contains(got.stderr, "\x1b") {
		t.Errorf("exit %d: %q", got.code, got.stderr)
	}
	if text := m.must(t, "", "credentials", "-format", "process"); !strings.Contains(text, "Key") {
		t.Errorf("credentials: %q", text)
	}

	// The next sign-in uses the browser again, and revokes the session that it replaces.
	_, r := m.record(t)
	old := r.SavedSession().Tokens.Refresh
	ended = m.begin(t, t.Context(), "login")
	visit(t, m.signIn(t, address(t, opened)))
	if got := <-ended; got.code != 0 {
		t.Errorf("second sign-in: exit %d: %s", got.code, got.stderr)
	}
	if _, r := m.record(t); r.SavedSession().Tokens.Refresh == old || len(r.Replaced) != 0 {
		t.Errorf("the old session is not replaced, or not revoked")
	}

	// logout ends the browser's session too, even if nobody is signed in.
	for range 2 {
		if code, _, stderr := m.run(t, "", "logout", "-browser"); code != 0 {
			t.Errorf("logout: exit %d: %s", code, stderr)
		}
		if at := address(t, opened); !strings.HasPrefix(at, m.url+"/logout?") ||
			visit(t, strings.Split(at, "&logout_uri")[0]) == 0 {
			t.Errorf("logout opened %q", at)
		}
	}
	// A flag selects another way, which is remembered.
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
	m.must(t, cognitotest.ExamplePassword+"\n", "login")
}
