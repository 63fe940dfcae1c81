package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// credentialHelper writes a credential helper that stores its secret in a file, and logs its runs
// in another one. It fails while the file that ends in .locked exists.
func credentialHelper(t *testing.T) (helper, secret string) {
	t.Helper()
	dir := t.TempDir()
	helper, secret = filepath.Join(dir, "helper"), filepath.Join(dir, "secret")
	script := `#!/bin/sh
cd "` + dir + `" || exit
echo "$1" >> log
test -e secret.locked && { echo the keychain is locked; exit 1; }
case $1 in
get)
	test -e secret || { echo credentials not found in native keychain; exit 1; }
	printf '{"ServerURL":"","Username":"","Secret":"%s"}' "$(cat secret)" ;;
store) sed 's/.*"Secret":"\([^"]*\)".*/\1/' > secret ;;
erase) rm secret ;;
esac
`
	writeProgram(t, helper, []byte(script))
	return helper, secret
}

// Every command works with an encrypted session, and runs the helper once.
func TestKeychain(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	helper, secret := credentialHelper(t)
	m.settings["COGNITO_KEYCHAIN"] = helper
	m.as(t, "ada")
	m.as(t, "bob")
	delete(m.settings, "COGNITO_KEYCHAIN")
	path, _ := m.record(t)
	for _, args := range [][]string{
		{"token"},
		{"credentials"},
		{"credentials", "-user", "ada"},
		{"whoami"},
		{"ls"},
		{"env"},
		{"use", "-user", "ada"},
		{"doctor"},
		{"logout", "-user", "bob"},
		{"logout"},
	} {
		log := filepath.Join(filepath.Dir(helper), "log")
		os.Remove(log)
		if out := m.must(t, "", args...); args[0] == "doctor" &&
			!strings.Contains(out, "and encrypted (keychain "+helper+")") {
			t.Errorf("doctor: %s", out)
		}
		if runs, err := os.ReadFile(log); string(runs) != "get\n" {
			t.Errorf("%q runs the helper for %q, %v", args, runs, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), `"sealed":"`) ||
			strings.Contains(string(text), `"Refresh"`) || strings.Contains(string(text), `"ada"`) {
			t.Fatalf("after %q, the file contains %s, %v", args, text, err)
		}
	}
	m.as(t, "ada", "-keychain", "none")
	if m.stored(t) == "" {
		t.Error("-keychain none leaves the session encrypted")
	}
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("the key of other environments is gone: %v", err)
	}
}

// A keychain that fails ends login before a question and a request. Nothing is stored in clear.
func TestKeychainFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	helper, secret := credentialHelper(t)
	login := func(flags ...string) (code int, stderr string) {
		t.Helper()
		sent := m.counted()
		code, _, stderr = m.run(t, cognitotest.ExamplePassword+"\n",
			append([]string{"login", "-user", "ada"}, flags...)...)
		if code != 0 && sent.Load() > 0 {
			t.Errorf("login %q sends %d requests", flags, sent.Load())
		}
		return code, stderr
	}
	lock := func() {
		t.Helper()
		if err := os.WriteFile(secret+".locked", nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unlock := func() { os.Remove(secret + ".locked") }
	lock()
	for _, test := range []struct {
		name string
		code int
		says string
	}{
		{helper, exitFailed, "keychain " + helper + ": the keychain is locked (nothing was sent; " +
			"-keychain chooses another keychain, or none)\n"},
		{"../x", exitUsage, "keychain ../x: it is unknown: use dpapi, macos, or"},
		{"no-such", exitFailed, "docker-credential-no-such was not found: install it"},
		{"dpapi", exitFailed, "it exists only on Windows"},
	} {
		code, stderr := login("-keychain", test.name)
		if code != test.code || !strings.Contains(stderr, test.says) ||
			strings.Count(stderr, "\n") != 1 {
			t.Errorf("login -keychain %s: exit %d: %s", test.name, code, stderr)
		}
	}
	if entries, _ := filepath.Glob(filepath.Join(m.settings["COGNITO_STATE_DIR"], "*.json")); len(
		entries) > 0 {
		t.Errorf("a failed login leaves %q", entries)
	}
	unlock()
	if code, stderr := login("-keychain", helper); code != 0 {
		t.Fatalf("login: exit %d: %s", code, stderr)
	}
	path, _ := m.record(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lock()
	for _, command := range []string{"token", "logout", "login", "whoami"} {
		code, stdout, stderr := m.run(t, cognitotest.ExamplePassword+"\n", command)
		if code != exitFailed || stdout != "" ||
			!strings.Contains(stderr, "the keychain is locked") {
			t.Errorf("%s with a locked keychain: exit %d: %s%s", command, code, stdout, stderr)
		}
	}
	unlock()
	os.Remove(secret)
	for _, command := range []string{"token", "credentials", "logout", "whoami"} {
		code, stdout, stderr := m.run(t, "", command)
		if code != exitSignIn || stdout != "" || !strings.HasSuffix(stderr, "it is locked, or has "+
			"no key for this directory: run \"cognito login -env DEV\"\n") {
			t.Errorf("%s with a lost key: exit %d: %s%s", command, code, stdout, stderr)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != string(good) {
		t.Fatalf("the file has changed: %s, %v", text, err)
	}
	code, stderr := login() // stays encrypted
	if code != 0 || !strings.Contains(stderr, "was encrypted with a key that is lost and is now") {
		t.Errorf("login with a lost key: exit %d: %s", code, stderr)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), helper) {
		t.Errorf("the file contains %s, %v", text, err)
	}
	m.must(t, "", "token")
}
