package state

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
)

// saved returns a session with a refresh token.
func saved(refresh string) cognito.SavedSession {
	return cognito.SavedSession{Tokens: cognito.Tokens{Refresh: refresh}}
}

// A new sign-in replaces the session of the same user, but the number of old tokens is limited.
func TestSignInAgain(t *testing.T) {
	var r Record
	for _, token := range strings.Split("abcdefghijklmnop", "") {
		r.SignIn("ada", saved(token))
		r.SignIn("ada", saved(token))
	}
	if got := strings.Join(r.Replaced, ""); got != "fghijklmno" {
		t.Errorf("SignIn() leaves %q, want the last %d", got, maxReplaced)
	}
}

// users describes the accounts of a record: the default user's, and those of the others.
func (r *Record) users() string {
	var names []string
	for _, a := range r.Accounts() {
		name := a.User
		if s := a.SavedSession(); s != nil {
			name += "=" + s.Tokens.Refresh
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// A sign-in as another user keeps the sessions of all others.
func TestSignInAsAnotherUser(t *testing.T) {
	k, _ := newKeeper(t)
	k.lay(t, "DEV-1.json", k.complete(t))
	signIn := func(user, refresh string) func(*Edit) error {
		return func(e *Edit) error {
			e.SignIn(user, saved(refresh))
			return nil
		}
	}
	for _, step := range []struct {
		name     string
		user     string // of the keeper
		change   func(*Edit) error
		want     string // the users afterwards
		version  int
		replaced string
	}{
		{
			name:    "older record",
			change:  func(*Edit) error { return nil },
			want:    "ada=refresh-1",
			version: 1,
		},
		{
			name:    "another user",
			change:  signIn("bob", "refresh-2"),
			want:    "bob=refresh-2 ada=refresh-1",
			version: 2,
		},
		{
			name:     "the other user again, by an alias",
			change:   signIn("a", "refresh-3"), // Names maps a to ada
			want:     "a=refresh-3 bob=refresh-2",
			version:  2,
			replaced: "refresh-1",
		},
		{
			name: "refresh of the user that is not the default",
			user: "bob",
			change: func(e *Edit) error {
				e.SetSession(saved("refresh-4"))
				return nil
			},
			want:     "a=refresh-3 bob=refresh-4",
			version:  2,
			replaced: "refresh-1",
		},
		{
			name: "another default user",
			user: "bob",
			change: func(e *Edit) error {
				e.MakeDefault()
				return nil
			},
			want:     "bob=refresh-4 a=refresh-3",
			version:  2,
			replaced: "refresh-1",
		},
		{
			name:     "user that is not signed in",
			user:     "eve",
			change:   func(*Edit) error { return nil },
			want:     "bob=refresh-4 a=refresh-3",
			version:  2,
			replaced: "refresh-1",
		},
		{
			name: "sign-out of the default user",
			change: func(e *Edit) error {
				e.Session = nil
				return nil
			},
			want:     "bob a=refresh-3",
			version:  2,
			replaced: "refresh-1",
		},
		{
			name: "sign-out of the user by the name in the pool",
			user: "ada",
			change: func(e *Edit) error {
				e.Session = nil
				return nil
			},
			want:     "bob",
			version:  1,
			replaced: "refresh-1",
		},
	} {
		k.User = step.user
		if err := k.Update(t.Context(), step.change); err != nil {
			t.Fatalf("%s: Update() = %v", step.name, err)
		}
		k.User = ""
		r, err := k.Load()
		if err != nil || r.users() != step.want || r.Version != step.version ||
			strings.Join(r.Replaced, " ") != step.replaced {
			t.Errorf("%s: Load() = users %q, version %d, replaced %q, %v, want %q, %d, %q",
				step.name, r.users(), r.Version, r.Replaced, err, step.want, step.version,
				step.replaced)
		}
	}
}

// Load provides the account of the keeper's user.
func TestChoose(t *testing.T) {
	k, _ := newKeeper(t)
	r := k.blank
	r.Names = map[string]string{"ada@example.com": "uuid-1", "ada": "uuid-1", "bob": "uuid-2"}
	r.SignIn("ada@example.com", saved("1"))
	r.SignIn("bob", saved("2"))
	r.SignIn("eve", saved("3"))
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	k.lay(t, "DEV-1.json", string(text))
	for _, test := range []struct{ user, want string }{
		{"", "eve=3 bob=2 ada@example.com=1"},
		{"eve", "eve=3 bob=2 ada@example.com=1"},
		{"bob", "bob=2 eve=3 ada@example.com=1"},
		{"uuid-2", "bob=2 eve=3 ada@example.com=1"},
		{"ada@example.com", "ada@example.com=1 bob=2 eve=3"},
		{"ada", "ada@example.com=1 bob=2 eve=3"},
		{"uuid-1", "ada@example.com=1 bob=2 eve=3"},
		{"mallory", "mallory eve=3 bob=2 ada@example.com=1"},
	} {
		k.User = test.user
		r, err := k.Load()
		if err != nil || r.users() != test.want {
			t.Errorf("Load() of %q = %q, %v, want %q", test.user, r.users(), err, test.want)
		}
		if text, _ := json.Marshal(r.file()); string(text) == "" ||
			!strings.Contains(string(text), `"user":"eve","session"`) {
			t.Errorf("Load() of %q changes the default user: %s", test.user, text)
		}
	}
}

// An account with a damaged session is omitted. The others are kept.
func TestDamagedOthers(t *testing.T) {
	k, _ := newKeeper(t)
	r := k.blank
	r.SignIn("ada", saved("1"))
	r.SignIn("bob", saved("2"))
	text, err := json.Marshal(r.file())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		old, new string
		want     string
	}{
		{"user", `{"user":"ada"`, `{"user":1`, "bob=2 =1"},
		{"unknown member", `{"user":"ada"`, `{"x":1,"user":"ada"`, "bob=2 ada=1"},
		{"credentials", `{"user":"ada"`, `{"credentials":1,"user":"ada"`, "bob=2 ada=1"},
		{"session", `"Refresh":"1"`, `"Refresh":1`, "bob=2"},
		{"duplicate", `{"user":"ada"`, `{"user":"ada","user":"ada"`, "bob=2"},
		{"another case", `{"user":"ada"`, `{"User":"ada"`, "bob=2"},
	} {
		changed := strings.Replace(string(text), test.old, test.new, 1)
		if changed == string(text) {
			t.Fatalf("%s: the record has no %s: %s", test.name, test.old, text)
		}
		k.lay(t, "DEV-1.json", changed)
		r, err := k.Load()
		if err != nil || r.users() != test.want {
			t.Errorf("%s: Load() = %q, %v, want %q", test.name, r.users(), err, test.want)
		}
	}
}

// No verb prints the secrets of an account.
func TestAccountIsRedacted(t *testing.T) {
	a := Account{User: "ada"}
	a.SetSession(saved("secret-token"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, a); text != "Account{REDACTED}" {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
