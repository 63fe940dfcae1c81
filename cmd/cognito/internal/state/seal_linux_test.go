package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/keychain"
)

// fakeHelper writes a credential helper that stores its secret in a file. It returns the paths of
// both.
func fakeHelper(t *testing.T) (helper, secret string) {
	t.Helper()
	dir := t.TempDir()
	helper, secret = filepath.Join(dir, "helper"), filepath.Join(dir, "secret")
	script := `#!/bin/sh
test -e "` + secret + `.locked" && { echo the keychain is locked; exit 1; }
case $1 in
get)
	test -e "` + secret + `" || { echo credentials not found in native keychain; exit 1; }
	printf '{"ServerURL":"","Username":"","Secret":"%s"}' "$(cat "` + secret + `")" ;;
store) sed 's/.*"Secret":"\([^"]*\)".*/\1/' > "` + secret + `" ;;
erase) rm "` + secret + `" ;;
esac
`
	if err := os.WriteFile(helper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return helper, secret
}

// again returns another keeper of the same file, as another process has it.
func (k *Keeper) again() *Keeper {
	return &Keeper{
		Note:  k.Note,
		Hold:  k.Hold,
		Keys:  &keychain.Ring{Dir: filepath.Dir(k.path)},
		path:  k.path,
		blank: k.blank,
	}
}

// text returns the content of the record's file.
func (k *Keeper) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// signIn signs a user in.
func signIn(user, refresh string) func(*Edit) error {
	return func(e *Edit) error {
		e.SignIn(user, saved(refresh))
		return nil
	}
}

// Encrypt encrypts a record, which stays encrypted until another keychain is chosen.
func TestEncrypt(t *testing.T) {
	k, _ := newKeeper(t)
	helper, _ := fakeHelper(t)
	k.lay(t, "DEV-1.json", k.complete(t))
	for _, step := range []struct {
		name      string
		keychain  string // for Encrypt
		change    func(*Edit) error
		encrypted bool
		want      string // the users
	}{
		{"plain", "", signIn("ada", "refresh-2"), false, "ada=refresh-2"},
		{"encrypted", helper, func(*Edit) error { return nil }, true, "ada=refresh-2"},
		{"another process", "", signIn("bob", "refresh-3"), true, "bob=refresh-3 ada=refresh-2"},
		{
			name:     "with a reserved file",
			keychain: "",
			change: func(e *Edit) error {
				if err := e.Reserve(); err != nil {
					return err
				}
				return signIn("eve", "refresh-4")(e)
			},
			encrypted: true,
			want:      "eve=refresh-4 bob=refresh-3 ada=refresh-2",
		},
		{"plain again", "none", func(*Edit) error { return nil }, false,
			"eve=refresh-4 bob=refresh-3 ada=refresh-2"},
		{"encrypted again", helper, func(*Edit) error { return nil }, true,
			"eve=refresh-4 bob=refresh-3 ada=refresh-2"},
	} {
		k := k.again()
		if err := k.Encrypt(t.Context(), step.keychain); err != nil {
			t.Fatalf("%s: Encrypt() = %v", step.name, err)
		}
		if err := k.Update(t.Context(), step.change); err != nil {
			t.Fatalf("%s: Update() = %v", step.name, err)
		}
		text := k.text(t)
		for _, secret := range []string{"refresh-", `"ada"`, `"AKID`, `"device`} {
			if step.encrypted && strings.Contains(text, secret) {
				t.Errorf("%s: the file contains %q: %s", step.name, secret, text)
			}
		}
		var header struct {
			Version               int
			Environment, Keychain string
		}
		if err := json.Unmarshal([]byte(text), &header); err != nil || step.encrypted &&
			(header.Version != 2 || header.Environment != "DEV" || header.Keychain != helper) {
			t.Errorf("%s: the file begins with %+v, %v", step.name, header, err)
		}
		r, err := k.again().Load()
		if err != nil || r.users() != step.want || (r.Keychain != "") != step.encrypted {
			t.Errorf("%s: Load() = %q, keychain %q, %v, want %q", step.name, r.users(), r.Keychain,
				err, step.want)
		}
		if got := k.files(t); got != "DEV-1.json" && got != "DEV-1.json keychain.lock" {
			t.Errorf("%s: the directory contains %s", step.name, got)
		}
	}
}

// An altered file, or one with another key, is damaged. Nothing is used of it.
func TestAlteredSealed(t *testing.T) {
	k, _ := newKeeper(t)
	helper, secret := fakeHelper(t)
	if err := k.Encrypt(t.Context(), helper); err != nil {
		t.Fatal(err)
	}
	if err := k.Update(t.Context(), signIn("ada", "refresh-1")); err != nil {
		t.Fatal(err)
	}
	good := k.text(t)
	_, body, _ := strings.Cut(good, `"sealed":"`)
	for _, test := range []struct{ name, old, new string }{
		{"environment", `"DEV"`, `"PROD"`},
		{"user pool", `us-east-1_A`, `us-east-1_B`},
		{"client", `"abc"`, `"abd"`},
		{"version", `"version":2`, `"version":1`},
		{"no keychain", `"keychain":"` + helper, `"keychain":"`},
		{"nonce", `"sealed":"` + body[:4], `"sealed":"AAAA`},
		{"text", body[40:44], "AAAA"},
		{"tag", body[len(body)-10:], `AAAAAAAA"}`},
		{"truncated", body[40:80], ""},
		{"empty", body, `"}`},
		{"not base64", body[:4], "????"},
		{"duplicate", `"keychain":`, `"keychain":"x","keychain":`},
		{"another case", `"keychain":`, `"Keychain":`},
		{"half", body[len(body)/2:], ""},
	} {
		text := strings.Replace(good, test.old, test.new, 1)
		if text == good {
			t.Fatalf("%s: the file has no %s: %s", test.name, test.old, good)
		}
		k.lay(t, "DEV-1.json", text)
		if r, err := k.again().Load(); !errors.Is(err, ErrDamaged) || r.Session != nil {
			t.Errorf("%s: Load() = %q, %v, want ErrDamaged", test.name, r.users(), err)
		}
	}
	k.lay(t, "DEV-1.json", strings.Replace(good, `"version":2`, `"version":3`, 1))
	if _, err := k.Load(); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Load() of a newer version = %v", err)
	}

	// The same key in another keychain does not open it: its name is authenticated.
	other, stolen := fakeHelper(t)
	key, err := os.ReadFile(secret)
	if err != nil || os.WriteFile(stolen, key, 0o600) != nil {
		t.Fatal(err)
	}
	k.lay(t, "DEV-1.json", strings.Replace(good, helper, other, 1))
	if _, err := k.again().Load(); !errors.Is(err, ErrDamaged) {
		t.Errorf("Load() with another keychain = %v", err)
	}
	// Each writing has another nonce.
	if err := os.WriteFile(k.path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	nonces := make(map[string]bool)
	for i := range 10 {
		if err := k.again().Update(t.Context(), signIn("ada", string(rune('a'+i)))); err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(k.text(t), `"sealed":"`)
		nonces[body[:16]] = true
	}
	if len(nonces) != 10 {
		t.Errorf("10 files have %d nonces", len(nonces))
	}
}

// A keychain that cannot be asked is an error and changes nothing. One that has lost the key costs
// the session.
func TestKeychainFails(t *testing.T) {
	k, said := newKeeper(t)
	helper, secret := fakeHelper(t)
	lock := func(locked bool) {
		t.Helper()
		err := os.Remove(secret + ".locked")
		if locked {
			err = os.WriteFile(secret+".locked", nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	lock(true)
	if err := k.Encrypt(t.Context(), helper); err == nil || k.encrypt != nil {
		t.Fatalf("Encrypt() with a locked keychain = %v", err)
	}
	lock(false)
	if err := k.Encrypt(t.Context(), helper); err != nil {
		t.Fatal(err)
	}
	if err := k.Update(t.Context(), signIn("ada", "refresh-1")); err != nil {
		t.Fatal(err)
	}
	good := k.text(t)
	lock(true)
	changed := false
	err := k.again().Update(t.Context(), func(*Edit) error {
		changed = true
		return nil
	})
	if err == nil || errors.Is(err, ErrDamaged) || changed || k.text(t) != good ||
		!strings.Contains(err.Error(), "the keychain is locked") {
		t.Errorf("Update() with a locked keychain = %v, changed: %v", err, changed)
	}
	lock(false)
	if r, err := k.again().Load(); err != nil || r.users() != "ada=refresh-1" {
		t.Errorf("Load() = %q, %v", r.users(), err)
	}

	// Another keychain replaces one that is locked, and the file is kept.
	lock(true)
	other, _ := fakeHelper(t)
	next := k.again()
	if err := next.Encrypt(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := next.Update(t.Context(), signIn("bob", "refresh-2")); err != nil ||
		!strings.Contains(said.String(), "was encrypted with a key that is lost and is now") {
		t.Errorf("Update() with another keychain = %v, %s", err, said)
	}
	aside, _ := filepath.Glob(k.path + ".damaged-*")
	if text, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(text, []byte(good)) {
		t.Errorf("the old file is %s, %v", text, err)
	}
	if r, err := k.again().Load(); err != nil || r.users() != "bob=refresh-2" {
		t.Errorf("Load() = %q, %v", r.users(), err)
	}

	// A lost key is a damaged file.
	lock(false)
	if err := os.WriteFile(k.path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(secret)
	if _, err := k.again().Load(); !errors.Is(err, ErrDamaged) ||
		!strings.Contains(err.Error(), "it is locked, or has no key for this directory") {
		t.Errorf("Load() without the key = %v", err)
	}
	if err := k.again().Update(t.Context(), signIn("ada", "refresh-3")); !errors.Is(err,
		ErrKeyLost) || k.text(t) != good {
		t.Errorf("Update() without the key = %v", err)
	}
	// A sign-in encrypts its record with a new key.
	next = k.again()
	if err := next.Encrypt(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := next.Update(t.Context(), signIn("ada", "refresh-3")); err != nil {
		t.Errorf("Update() of a sign-in = %v", err)
	}
	if text := k.text(t); strings.Contains(text, "refresh-3") || !strings.Contains(text, helper) {
		t.Errorf("the new record: %s", text)
	}
	// A sign-in does not guess the keychain of a damaged file.
	k.lay(t, "DEV-1.json", good[:len(good)-5])
	if err := k.again().Encrypt(t.Context(), ""); err == nil ||
		!strings.Contains(err.Error(), "choose a keychain") {
		t.Errorf("Encrypt() of a damaged file = %v", err)
	}
	if _, err := k.again().Load(); !errors.Is(err, ErrKeyLost) {
		t.Errorf("Load() of a damaged file = %v", err)
	}
}

// A process that runs while the key is replaced uses the new one.
func TestReplacedKey(t *testing.T) {
	k, _ := newKeeper(t)
	helper, secret := fakeHelper(t)
	var running *Keeper // with the old key
	for _, token := range []string{"refresh-1", "refresh-2"} {
		other := k.again()
		if err := other.Encrypt(t.Context(), helper); err != nil {
			t.Fatal(err)
		}
		if err := other.Update(t.Context(), signIn("ada", token)); err != nil {
			t.Fatal(err)
		}
		if running == nil {
			running = k.again()
		}
		if r, err := running.Load(); err != nil || r.users() != "ada="+token {
			t.Errorf("Load() = %q, %v, want %s", r.users(), err, token)
		}
		if err := os.Remove(secret); err != nil {
			t.Fatal(err)
		}
	}
}

// What an interrupted process leaves is found in encrypted files too.
func TestEncryptedLeftovers(t *testing.T) {
	k, _ := newKeeper(t)
	helper, _ := fakeHelper(t)
	if err := k.Encrypt(t.Context(), helper); err != nil {
		t.Fatal(err)
	}
	var older, text string
	for _, token := range []string{"refresh-1", "refresh-2"} {
		if err := k.Update(t.Context(), signIn("ada", token)); err != nil {
			t.Fatal(err)
		}
		older, text = text, k.text(t)
	}
	k.lay(t, "DEV-1.1.new", older)
	k.lay(t, "DEV-1.json", text[:len(text)-9]+"\n\n\n")
	r, err := k.again().Load()
	if err != nil || r.users() != "ada=refresh-1" {
		t.Errorf("Load() = %q, %v, want the record in the other file", r.users(), err)
	}
	k.lay(t, "DEV-1.json", text)
	if r, err := k.again().Load(); err != nil || r.users() != "ada=refresh-2" {
		t.Errorf("Load() = %q, %v, want the newer record", r.users(), err)
	}
}

// A user's name does not make a record an encrypted one.
func TestUserNamedKeychain(t *testing.T) {
	k, _ := newKeeper(t)
	err := k.Update(t.Context(), func(e *Edit) error {
		e.Names = map[string]string{"keychain": "1a"}
		return signIn("keychain", "refresh-1")(e)
	})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := k.again().Load(); err != nil || r.users() != "keychain=refresh-1" {
		t.Errorf("Load() = %q, %v", r.users(), err)
	}
	if err := k.again().Encrypt(t.Context(), ""); err != nil {
		t.Errorf("Encrypt() = %v", err)
	}
}

// A locked keychain looks like one that has lost the key. The newest record is kept until the key
// is there again.
func TestLockedLeftover(t *testing.T) {
	k, _ := newKeeper(t)
	helper, secret := fakeHelper(t)
	if err := k.Update(t.Context(), signIn("ada", "refresh-1")); err != nil {
		t.Fatal(err)
	}
	plain := k.text(t)
	if err := k.Encrypt(t.Context(), helper); err != nil {
		t.Fatal(err)
	}
	if err := k.Update(t.Context(), signIn("ada", "refresh-2")); err != nil {
		t.Fatal(err)
	}
	// The process ended before the rename.
	k.lay(t, "DEV-1.1.new", k.text(t))
	k.lay(t, "DEV-1.json", plain)
	if err := os.Rename(secret, secret+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.again().Load(); !errors.Is(err, ErrKeyLost) {
		t.Errorf("Load() without the key = %v", err)
	}
	if err := k.again().Update(t.Context(), func(*Edit) error { return nil }); !errors.Is(err,
		ErrKeyLost) {
		t.Errorf("Update() without the key = %v", err)
	}
	if err := os.Rename(secret+".away", secret); err != nil {
		t.Fatal(err)
	}
	if r, err := k.again().Load(); err != nil || r.users() != "ada=refresh-2" {
		t.Errorf("Load() with the key = %q, %v", r.users(), err)
	}
	// A sign-in does not wait for the key.
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	next := k.again()
	if err := next.Encrypt(t.Context(), "none"); err != nil {
		t.Fatal(err)
	}
	if err := next.Update(t.Context(), signIn("ada", "refresh-3")); err != nil {
		t.Errorf("Update() of a sign-in = %v", err)
	}
}

// A damaged record is not a reason to store the next one without encryption.
func TestDamagedStaysEncrypted(t *testing.T) {
	k, _ := newKeeper(t)
	helper, _ := fakeHelper(t)
	if err := k.Encrypt(t.Context(), helper); err != nil {
		t.Fatal(err)
	}
	other := k.again()
	other.blank.ClientID = "other"
	other.encrypt = k.encrypt
	if err := other.Update(t.Context(), signIn("ada", "refresh-1")); err != nil {
		t.Fatal(err)
	}
	if err := k.again().Update(t.Context(), signIn("ada", "refresh-2")); err != nil {
		t.Fatal(err)
	}
	if text := k.text(t); strings.Contains(text, "refresh-2") {
		t.Errorf("the record is not encrypted: %s", text)
	}
}
