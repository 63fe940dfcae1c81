package state

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
)

// token returns a token that can be parsed.
func token(t *testing.T) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	payload := `{"sub":"1","iss":"https://example.com","exp":2000000000,"token_use":"id"}`
	return encode([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + encode([]byte(payload)) + "." +
		encode([]byte("signature"))
}

// complete returns the text of a record in which everything is set.
func (k *Keeper) complete(t *testing.T) string {
	t.Helper()
	r := k.blank
	r.Serial, r.User = 1, "ada"
	r.SetSession(cognito.SavedSession{
		Tokens: cognito.Tokens{
			ID:      token(t),
			Access:  token(t),
			Refresh: "refresh-1",
			Expires: time.Unix(2_000_000_000, 0),
		},
		IdentityID:     "us-east-1:0a",
		IdentityPoolID: "us-east-1:0b",
		Device:         cognito.Device{Key: "device"},
	})
	r.Credentials = &Credentials{
		For:             "x",
		AccessKeyID:     "AKID",
		SecretAccessKey: "secret",
		SessionToken:    "token",
	}
	r.Devices = map[string]json.RawMessage{"ada": cognito.Device{Key: "device"}.Save()}
	r.Names = map[string]string{"a": "ada"}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A value that can be obtained again does not cost the session. An ambiguous record does.
func TestDamage(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string
		lost     string // what the record lacks, or "all"
	}{
		{name: "nothing"},
		{name: "byte order mark of an editor", old: `{"ver`, new: "\ufeff" + `{"ver`},
		{name: "ID token cut", old: `"ID":"e`, new: `"ID":"`, lost: "tokens"},
		{name: "ID token of another type", old: `"ID":"`, new: `"ID":1,"X":"`, lost: "tokens"},
		{name: "access token", old: `"Access":"e`, new: `"Access":"`, lost: "tokens"},
		{name: "time", old: `"Expires":"2`, new: `"Expires":"x`, lost: "expires"},
		{name: "identity", old: "us-east-1:0a", new: "us-east-1:0?", lost: "identity"},
		{name: "identity of another Region", old: "us-east-1:0a", new: "0a", lost: "identity"},
		{
			name: "identity of another type",
			old:  `"IdentityID":"us-east-1:0a"`,
			new:  `"IdentityID":[]`,
			lost: "identity",
		},
		{name: "device", old: `"Device":{`, new: `"Device":[],"X":{`, lost: "device"},
		{
			name: "credentials of another type",
			old:  `"credentials":{`,
			new:  `"credentials":[],"x":{`,
			lost: "credentials",
		},
		{
			name: "time of credentials",
			old:  `"expires":"0`,
			new:  `"expires":"x`,
			lost: "credentials",
		},
		{name: "no key", old: `"AKID"`, new: `""`, lost: "credentials"},
		{name: "no secret", old: `"secret"`, new: `""`, lost: "credentials"},
		{name: "no token", old: `"token"`, new: `""`, lost: "credentials"},
		{name: "devices", old: `"devices":{`, new: `"devices":1,"x":{`, lost: "devices"},
		{name: "names", old: `"names":{`, new: `"names":1,"x":{`, lost: "names"},
		{name: "serial", old: `"serial":1`, new: `"serial":"1"`},
		{name: "refresh token", old: `"refresh-1"`, new: `1`, lost: "all"},
		{name: "no refresh token", old: `"refresh-1"`, new: `""`, lost: "all"},
		{name: "user pool", old: `"us-east-1_A"`, new: `1`, lost: "all"},
		{name: "duplicate", old: `"user":"ada"`, new: `"user":"ada","user":"bob"`, lost: "all"},
		{name: "another case", old: `"user":"ada"`, new: `"User":"ada"`, lost: "all"},
		{name: "also in another case", old: `{"ver`, new: `{"Session":{},"ver`, lost: "all"},
		{name: "duplicate token", old: `"Refresh":`, new: `"Refresh":"x","Refresh":`, lost: "all"},
		{name: "token in another case", old: `"Refresh":`, new: `"REFRESH":`, lost: "all"},
		{
			name: "token also in another case",
			old:  `"Refresh":`,
			new:  `"refresh":"x","Refresh":`,
			lost: "all",
		},
		{name: "duplicate key", old: `"for":`, new: `"for":"x","for":`, lost: "all"},
		{name: "key in another case", old: `"for":`, new: `"FOR":`, lost: "credentials"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, said := newKeeper(t)
			good := k.complete(t)
			text := strings.Replace(good, test.old, test.new, 1)
			if test.old != "" && text == good {
				t.Fatalf("the record has no %s: %s", test.old, good)
			}
			k.lay(t, "DEV-1.json", text)
			r, err := k.Load()
			var lost []string
			saved := r.SavedSession()
			if err != nil || saved == nil {
				lost = append(lost, "all")
			} else {
				if saved.Tokens.ID == "" {
					lost = append(lost, "tokens")
				} else if saved.Tokens.Expires.IsZero() {
					lost = append(lost, "expires")
				}
				if saved.IdentityID == "" {
					lost = append(lost, "identity")
				}
				if saved.Device.Key == "" {
					lost = append(lost, "device")
				}
				if r.Credentials == nil {
					lost = append(lost, "credentials")
				}
				if r.Devices == nil {
					lost = append(lost, "devices")
				}
				if r.Names == nil {
					lost = append(lost, "names")
				}
			}
			if got := strings.Join(lost, " "); got != test.lost {
				t.Errorf("Load() lacks %q, %v, want %q", got, err, test.lost)
			}
			err = k.Update(t.Context(), func(*Edit) error { return nil })
			if damaged := said.Len() > 0; err != nil || damaged != (test.lost == "all") {
				t.Errorf("Update() = %v and says %q, want damage: %v", err, said, !damaged)
			}
		})
	}
}

// A damaged session of one user does not cost the sessions of the others. Its refresh token is
// revoked later.
func TestDamagedSession(t *testing.T) {
	const all = "ada=refresh-1 bob=refresh-2 eve=refresh-3"
	for _, test := range []struct {
		name     string
		old, new string // in one place
		want     string // the users afterwards
		says     string // the end of the notice
		replaced string
	}{
		{name: "nothing", want: all},
		{
			name: "no refresh token of the default user",
			old:  `"refresh-1"`,
			new:  `""`,
			want: "ada bob=refresh-2 eve=refresh-3",
			says: "the session of ada was damaged: sign in again\n",
		},
		{
			name:     "duplicate token of the default user",
			old:      `"Refresh":"refresh-1"`,
			new:      `"Refresh":"refresh-1","Refresh":"refresh-4"`,
			want:     "ada bob=refresh-2 eve=refresh-3",
			says:     "the session of ada was damaged: sign in again\n",
			replaced: "refresh-1 refresh-4",
		},
		{
			name:     "credentials of the default user with a duplicate",
			old:      `"for":`,
			new:      `"for":"x","for":`,
			want:     "ada bob=refresh-2 eve=refresh-3",
			says:     "the session of ada was damaged: sign in again\n",
			replaced: "refresh-1",
		},
		{
			name: "refresh token of another type",
			old:  `"refresh-2"`,
			new:  `[]`,
			want: "ada=refresh-1 eve=refresh-3",
			says: "the session of bob was damaged: sign in again\n",
		},
		{
			name:     "token in another case",
			old:      `"Refresh":"refresh-2"`,
			new:      `"Refresh":"refresh-2","REFRESH":"x"`,
			want:     "ada=refresh-1 eve=refresh-3",
			says:     "the session of bob was damaged: sign in again\n",
			replaced: "refresh-2",
		},
		{
			name:     "duplicate user",
			old:      `"user":"eve"`,
			new:      `"user":"eve","user":"ada"`,
			want:     "ada=refresh-1 bob=refresh-2",
			says:     "the session of ada was damaged: sign in again\n",
			replaced: "refresh-3",
		},
		{
			name: "no object",
			old:  `"others":[`,
			new:  `"others":[1,`,
			want: all,
			says: "the session of a user was damaged: sign in again\n",
		},
		{
			name:     "ambiguous record",
			old:      `"others":`,
			new:      `"others":[],"others":`,
			says:     ": sign in again\n", // it is renamed
			replaced: "refresh-1 refresh-2 refresh-3",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, said := newKeeper(t)
			var r Record
			if err := json.Unmarshal([]byte(k.complete(t)), &r); err != nil {
				t.Fatal(err)
			}
			for i, user := range []string{"bob", "eve"} {
				a := Account{User: user}
				a.SetSession(saved(fmt.Sprint("refresh-", i+2)))
				r.Others = append(r.Others, a)
			}
			text, err := json.Marshal(r.file())
			if err != nil || test.old != "" && strings.Count(string(text), test.old) != 1 {
				t.Fatalf("%v, the record is %s", err, text)
			}
			k.lay(t, "DEV-1.json", strings.Replace(string(text), test.old, test.new, 1))
			if r, err := k.Load(); test.want != "" && (err != nil || r.users() != test.want) {
				t.Errorf("Load() = %s, %v, want %s", r.users(), err, test.want)
			}
			for range 2 { // the notice appears once
				err = k.Update(t.Context(), func(*Edit) error { return nil })
				if err != nil || !strings.HasSuffix(said.String(), test.says) ||
					strings.Count(said.String(), "\n") != strings.Count(test.says, "\n") {
					t.Errorf("Update() = %v, says %q, want %q", err, said, test.says)
				}
			}
			after, err := k.Load()
			if err != nil || after.users() != test.want ||
				strings.Join(after.Replaced, " ") != test.replaced {
				t.Errorf("Load() = %s and replaced %q, %v, want %s and %q", after.users(),
					after.Replaced, err, test.want, test.replaced)
			}
		})
	}
}

// Refresh tokens in files that are deleted or renamed remain known until they are revoked.
func TestReplaced(t *testing.T) {
	session := func(serial int, token string) string {
		k, _ := newKeeper(t)
		text := strings.Replace(k.complete(t), "refresh-1", token, 1)
		return strings.Replace(text, `"serial":1`, `"serial":`+string(rune('0'+serial)), 1)
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{
			name:  "one file",
			files: map[string]string{"DEV-1.json": session(1, "a")},
		},
		{
			name:  "a damaged record",
			files: map[string]string{"DEV-1.json": session(1, "a") + "}"},
			want:  "a",
		},
		{
			name:  "a part of a record",
			files: map[string]string{"DEV-1.json": strings.TrimRight(session(1, "a"), "}")},
			want:  "a",
		},
		{
			name: "an interrupted refresh",
			files: map[string]string{
				"DEV-1.json":  session(1, "a"),
				"DEV-1.1.new": session(2, "b") + "}",
				"DEV-1.2.new": session(2, "a") + "}",
			},
			want: "b",
		},
		{
			name: "a record without its name",
			files: map[string]string{
				"DEV-1.json":  session(1, "a"),
				"DEV-1.1.new": session(2, "b"),
			},
			want: "a",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, _ := newKeeper(t)
			for name, text := range test.files {
				k.lay(t, name, text)
			}
			for range 2 {
				if err := k.Update(t.Context(), func(*Edit) error { return nil }); err != nil {
					t.Fatal(err)
				}
				r, err := k.Load()
				if got := strings.Join(r.Replaced, " "); err != nil || got != test.want {
					t.Errorf("Load() has replaced tokens %q, %v, want %q", got, err, test.want)
				}
			}
		})
	}
}
