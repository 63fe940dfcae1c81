package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
)

// If a refreshed session cannot be stored, the command still prints its result.
func TestRefreshThatIsNotStored(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		harm func(t *testing.T, path string)
		said string
	}{
		{
			name: "a file without its name",
			harm: func(t *testing.T, path string) {
				if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
					t.Error(err)
				}
			},
			said: "the session is in ",
		},
		{
			name: "a lost directory",
			harm: func(t *testing.T, path string) {
				if err := os.RemoveAll(filepath.Dir(path)); err != nil {
					t.Error(err)
				}
			},
			said: "the session could not be stored and may need a new sign-in: ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			needs.Unix(t) // Windows keeps the files of a process
			m := newMachine(t)
			m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
			m.signedIn(t).forget(t)
			path, _ := m.record(t)
			m.fault.set(func(r *http.Request) *http.Response {
				if operation(r) == "GetTokensFromRefreshToken" {
					test.harm(t, path)
				}
				return nil
			})
			code, stdout, stderr := m.run(t, "", "credentials")
			if code != 0 || !strings.Contains(stdout, "AccessKeyId") ||
				!strings.Contains(stderr, test.said) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d: %s, want 0 and %q", code, stderr, test.said)
			}
			m.fault.set(nil)
			if err := os.Remove(path); err != nil {
				return // the session is lost
			}
			m.must(t, "", "token") // and the file has its name again
			m.forget(t)
			m.must(t, "", "credentials")
		})
	}
}

// New tokens are stored before they are used, as the process may be killed.
func TestRefreshIsStoredFirst(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.signedIn(t).forget(t)
	path, old := m.record(t)
	var text []byte
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "GetCredentialsForIdentity" {
			text, _ = os.ReadFile(path)
		}
		return nil
	})
	m.must(t, "", "credentials")
	var stored state.Record
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	if string(stored.Session) == string(old.Session) {
		t.Error("the new tokens are used before they are stored")
	}
}

// A login replaces a session whose file could not be renamed. A logout revokes the newest token.
func TestNewestSession(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	m.signedIn(t)
	path, old := m.record(t)
	beside := strings.TrimSuffix(path, ".json") + ".1.new"
	aside := func() { // as if a rename had failed
		t.Helper()
		m.forget(t)
		m.must(t, "", "token")
		text, err := json.Marshal(old)
		err = errors.Join(err, os.Rename(path, beside), os.WriteFile(path, text, 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	aside()
	revoked := ""
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "RevokeToken" {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			revoked = string(text)
			r.Body = io.NopCloser(strings.NewReader(revoked))
		}
		return nil
	})
	var newest state.Record
	text, err := os.ReadFile(beside)
	if err = errors.Join(err, json.Unmarshal(text, &newest)); err != nil {
		t.Fatal(err)
	}
	m.must(t, "", "logout")
	if token := newest.SavedSession().Tokens.Refresh; !strings.Contains(revoked, token) {
		t.Error("logout has revoked another token than the newest")
	}
	if _, r := m.record(t); r.Session != nil {
		t.Error("logout leaves a session")
	}
	m.signedIn(t)
	_, old = m.record(t)
	aside()
	m.signedIn(t)
	if _, err := os.Stat(beside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("login leaves %s: %v", beside, err)
	}
	m.forget(t)
	m.must(t, "", "credentials")
}
