package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// valid reports whether the user pool accepts a refresh token.
func (m *machine) valid(t *testing.T, token string) bool {
	t.Helper()
	client := &cognito.Client{Environment: cognito.Environment{
		UserPoolID: cognitotest.ExampleUserPoolID,
		ClientID:   cognitotest.ExampleClientID,
		Endpoints:  cognito.Endpoints{CognitoIDP: m.url},
	}}
	saved := cognito.SavedSession{Tokens: cognito.Tokens{Refresh: token}}
	_, err := client.Resume(t.Context(), saved.Save())
	if err != nil && !ended(err) {
		t.Errorf("Resume() = %v", err)
	}
	return err == nil
}

// stored returns the refresh token of the stored session.
func (m *machine) stored(t *testing.T) string {
	t.Helper()
	_, r := m.record(t)
	saved := r.SavedSession()
	if saved == nil {
		t.Fatal("the record has no session")
	}
	return saved.Tokens.Refresh
}

// revocations records the tokens that are revoked from now on.
func (m *machine) revocations(t *testing.T) func() []string {
	var mu sync.Mutex
	var tokens []string
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "RevokeToken" {
			text, err := io.ReadAll(r.Body)
			var body struct{ Token string }
			if err != nil || json.Unmarshal(text, &body) != nil {
				t.Errorf("RevokeToken with %q: %v", text, err)
			}
			r.Body = io.NopCloser(strings.NewReader(string(text)))
			mu.Lock()
			defer mu.Unlock()
			tokens = append(tokens, body.Token)
		}
		return nil
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(tokens)
	}
}

// A sign-in revokes the refresh token that it replaces, but not the new one.
func TestLoginRevokesReplaced(t *testing.T) {
	m := newMachine(t).signedIn(t)
	old := m.stored(t)
	for _, args := range [][]string{{"-user", "ada"}, {}, {"-flow", "USER_SRP_AUTH"}} {
		m.must(t, cognitotest.ExamplePassword+"\n", append([]string{"login"}, args...)...)
		if m.valid(t, old) {
			t.Errorf("login %q leaves the old token valid", args)
		}
		if old = m.stored(t); !m.valid(t, old) {
			t.Errorf("login %q revokes its own token", args)
		}
	}
	if _, r := m.record(t); r.Replaced != nil {
		t.Error("the record keeps tokens that are revoked")
	}
	m.must(t, "", "credentials")
}

// A token that cannot be revoked now is revoked by the next login or logout.
func TestRevocationIsRetried(t *testing.T) {
	for _, next := range []string{"login", "logout"} {
		m := newMachine(t).signedIn(t)
		first := m.stored(t)
		m.fault.set(func(r *http.Request) *http.Response {
			if operation(r) == "RevokeToken" {
				return refused("TooManyRequestsException", "Rate exceeded")
			}
			return nil
		})
		code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
		m.fault.set(nil)
		if code != 0 || !strings.Contains(stderr, "an earlier session is not revoked: ") {
			t.Errorf("login without revocation: exit %d: %s", code, stderr)
		}
		if !m.valid(t, first) {
			t.Fatal("the token was revoked")
		}
		m.must(t, "", "token")
		m.must(t, cognitotest.ExamplePassword+"\n", next)
		if m.valid(t, first) {
			t.Errorf("%q leaves the token valid", next)
		}
		if _, r := m.record(t); r.Replaced != nil {
			t.Errorf("%q keeps tokens that are revoked", next)
		}
	}
}

// If the pool refuses a revocation permanently, it is not retried.
func TestRevocationUnsupported(t *testing.T) {
	m := newMachine(t).signedIn(t)
	m.fault.set(only("RevokeToken", refused("UnsupportedOperationException", "no revocation")))
	if code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "login"); code != 0 ||
		strings.Contains(stderr, "revoke") {
		t.Errorf("login: exit %d: %s", code, stderr)
	}
	if _, r := m.record(t); r.Replaced != nil {
		t.Error("the record keeps tokens that cannot be revoked")
	}
}

// Login and logout revoke the tokens in copies: in damaged records, in parts of records that
// killed processes have left, and in records without their names.
func TestCopiesAreRevoked(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(t *testing.T, m *machine, path string)
	}{
		{
			name: "damaged record",
			harm: func(t *testing.T, m *machine, path string) {
				text, err := os.ReadFile(path)
				if err == nil {
					err = os.WriteFile(path, text[:len(text)-1], 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "damaged record that a command has renamed",
			harm: func(t *testing.T, m *machine, path string) {
				text, err := os.ReadFile(path)
				if err == nil {
					err = os.WriteFile(path, append(text, '}'), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				if code, _, stderr := m.run(t, "", "token"); code != exitSignIn {
					t.Errorf("token: exit %d: %s", code, stderr)
				}
			},
		},
		{
			name: "part of a new record",
			harm: func(t *testing.T, m *machine, path string) {
				text, err := os.ReadFile(path)
				beside := strings.TrimSuffix(path, ".json") + ".1.new"
				if err == nil {
					err = os.WriteFile(beside, text[:len(text)-1], 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				m.signedIn(t)
				m.must(t, "", "token")
			},
		},
		{
			name: "old record without its name",
			harm: func(t *testing.T, m *machine, path string) {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				m.fault.set(func(r *http.Request) *http.Response {
					if operation(r) == "RevokeToken" {
						return answer(0, "")
					}
					return nil
				})
				m.signedIn(t)
				m.fault.set(nil)
				_, now := m.record(t)
				now.Replaced = nil // as if another version had written it
				better, err := json.Marshal(now)
				beside := strings.TrimSuffix(path, ".json") + ".1.new"
				if err == nil {
					err = os.WriteFile(beside, text, 0o600)
				}
				if err == nil {
					err = os.WriteFile(path, better, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		for _, command := range []string{"login", "logout"} {
			t.Run(test.name+", "+command, func(t *testing.T) {
				m := newMachine(t).signedIn(t)
				old := m.stored(t)
				path, _ := m.record(t)
				test.harm(t, m, path)
				if !m.valid(t, old) && !strings.HasPrefix(test.name, "part") {
					t.Fatal("the token is revoked already")
				}
				if command == "login" {
					m.signedIn(t)
				} else {
					m.must(t, "", command)
				}
				if m.valid(t, old) {
					t.Errorf("%s leaves the old token valid", command)
				}
				if command == "login" {
					m.must(t, "", "credentials")
				}
			})
		}
	}
}

// A session that is not stored ends with its command. What token prints stays valid.
func TestUnstoredSessionEnds(t *testing.T) {
	// A user pool may issue no refresh token: then there is nothing to revoke.
	var stderr strings.Builder
	a := &app{stderr: &stderr, noStore: true}
	a.passing = &signedIn{a: a, keep: state.New("", "", cognito.Environment{})}
	if a.leave(t.Context()); stderr.Len() > 0 {
		t.Errorf("leave without a refresh token prints %q", &stderr)
	}
	self, err := os.Executable() // which prints the tool's version
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args  []string
		tail  []string
		ends  bool
		apart bool // runs as a process
	}{
		{args: []string{"login"}, ends: true},
		{args: []string{"credentials"}, ends: true},
		{args: []string{"whoami"}, ends: true},
		{args: []string{"doctor"}, ends: true},
		{args: []string{"ls"}, ends: true},
		{args: []string{"exec"}, tail: []string{"--", self, "version"}, ends: true, apart: true},
		{
			args:  []string{"exec", "-serve"},
			tail:  []string{"--", self, "version"},
			ends:  true,
			apart: true,
		},
		{args: []string{"token"}},
		{args: []string{"token", "-access"}},
	} {
		m := newMachine(t).signedIn(t)
		stored := m.stored(t)
		revoked := m.revocations(t)
		args := append(test.args, "-no-store", "-user", cognitotest.ExampleUser)
		args = append(args, test.tail...)
		if test.apart {
			c := m.process(t, args...)
			c.Stdin = strings.NewReader(cognitotest.ExamplePassword + "\n")
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%q: %v: %s", args, err, out)
			}
		} else {
			m.must(t, cognitotest.ExamplePassword+"\n", args...)
		}
		tokens := revoked()
		m.fault.set(nil)
		if (len(tokens) == 1) != test.ends || len(tokens) > 1 {
			t.Errorf("%q revokes %d tokens, want revocation: %v", args, len(tokens), test.ends)
		}
		for _, token := range tokens {
			if token == stored || m.valid(t, token) {
				t.Errorf("%q revokes another token than its own", args)
			}
		}
		if m.stored(t) != stored || !m.valid(t, stored) {
			t.Errorf("%q changes the stored session", args)
		}
	}
}

// A user pool that cannot be reached at the end does not change the result of a command.
func TestUnstoredSessionIsBounded(t *testing.T) {
	m := newMachine(t)
	m.fault.set(only("RevokeToken", answer(0, "")))
	code, stdout, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "credentials", "-no-store",
		"-user", "ada")
	if code != 0 || !strings.Contains(stdout, "AccessKeyId") ||
		!strings.Contains(stderr, "the session is not revoked: ") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
