package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// defaultless returns a machine without COGNITO_ENV, whose configuration has DEV and BARE.
func defaultless(t *testing.T) *machine {
	t.Helper()
	m := withUsers(t)
	delete(m.settings, "COGNITO_ENV")
	return m
}

// use sets the default environment of a configuration file. -env and COGNITO_ENV override it.
func TestUse(t *testing.T) {
	t.Parallel()
	m := defaultless(t)
	code, _, stderr := m.run(t, "", "whoami")
	if code != exitUsage || !strings.Contains(stderr, "there are several environments") ||
		!strings.Contains(stderr, "cognito use NAME") {
		t.Errorf("whoami without a default: exit %d: %s", code, stderr)
	}
	environment := func(flags ...string) string {
		t.Helper()
		code, _, stderr := m.run(t, "", append([]string{"token"}, flags...)...)
		name, ok := strings.CutPrefix(stderr, "cognito: nobody is signed in to ")
		name, _, _ = strings.Cut(name, ":")
		if code != exitSignIn || !ok {
			t.Errorf("token %q: exit %d: %s", flags, code, stderr)
		}
		return name
	}
	for _, name := range []string{"DEV", "BARE", "BARE"} {
		if code, _, stderr := m.run(t, "", "use", name); code != 0 ||
			stderr != "cognito: the default environment is now "+name+"\n" {
			t.Errorf("use %s: exit %d: %s", name, code, stderr)
		}
		if got := environment(); got != name {
			t.Errorf("the environment after use %s = %s", name, got)
		}
	}
	if got := environment("-env", "DEV"); got != "DEV" {
		t.Errorf("-env DEV: %s", got)
	}
	m.settings["COGNITO_ENV"] = "DEV"
	if got := environment(); got != "DEV" {
		t.Errorf("COGNITO_ENV=DEV: %s", got)
	}
	_, _, stderr = m.run(t, "", "use", "BARE")
	if !strings.HasSuffix(stderr, "COGNITO_ENV is DEV, which overrides the default: unset it\n") {
		t.Errorf("use with COGNITO_ENV: %s", stderr)
	}
	delete(m.settings, "COGNITO_ENV")

	// Another configuration file has another default.
	text, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	other := m.write(t, "other.json", strings.Replace(string(text), `"BARE"`, `"TEST"`, 1))
	m.must(t, "", "use", "TEST", "-config", other)
	if one, two := environment(), environment("-config", other); one != "BARE" || two != "TEST" {
		t.Errorf("the environments of two files = %s, %s, want BARE, TEST", one, two)
	}
}

// A default environment that was removed is an error that names the remedy.
func TestUseOfRemovedEnvironment(t *testing.T) {
	t.Parallel()
	m := defaultless(t)
	m.must(t, "", "use", "BARE")
	text, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "BARE")
	if text, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	m.write(t, "config.json", string(text))
	for _, command := range []string{"login", "token", "credentials", "env", "configure"} {
		code, _, stderr := m.run(t, "", command)
		if (code == exitUsage) == (command == "env") || !strings.Contains(stderr,
			"environment BARE, which \"cognito use\" made the default, was removed: run \"cognito "+
				"use\" with one of DEV\n") {
			t.Errorf("%s: exit %d: %s", command, code, stderr)
		}
	}
	m.must(t, "", "use", "DEV")
	m.as(t, "ada")
}

// Wrong arguments of use change nothing.
func TestUseErrors(t *testing.T) {
	t.Parallel()
	m := defaultless(t)
	m.must(t, "", "use", "DEV")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"use"}, exitUsage, "missing NAME or -user"},
		{[]string{"use", "PROD"}, exitUsage, `unknown environment "PROD": choose one of `},
		{[]string{"use", "DEV", "BARE"}, exitUsage, "unexpected argument"},
		{[]string{"use", "-user", "ada"}, exitSignIn, "ada is not signed in to DEV"},
		{[]string{"use", "BARE", "-user", "ada"}, exitSignIn, "ada is not signed in to BARE"},
	} {
		if code, _, stderr := m.run(t, "", test.args...); code != test.code ||
			!strings.Contains(stderr, test.says) {
			t.Errorf("%q: exit %d: %s", test.args, code, stderr)
		}
	}
	if code, _, stderr := m.run(t, "", "token"); code != exitSignIn ||
		!strings.Contains(stderr, "signed in to DEV") {
		t.Errorf("the default has changed: %s", stderr)
	}
	path := filepath.Join(m.settings["COGNITO_STATE_DIR"], "defaults.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := m.run(t, "", "token"); code != exitUsage ||
		!strings.Contains(stderr, path+": the file is damaged: run \"cognito use NAME\"") {
		t.Errorf("with a damaged file: exit %d: %s", code, stderr)
	}
	m.must(t, "", "use", "DEV")
	if code, _, _ := m.run(t, "", "token"); code != exitSignIn {
		t.Errorf("after a repair: exit %d", code)
	}
}

// A second environment does not take the default away from the first.
func TestConfigureKeepsDefault(t *testing.T) {
	t.Parallel()
	m := blank(t)
	delete(m.settings, "COGNITO_ENV")
	configure := func(name, want string) {
		t.Helper()
		code, _, stderr := m.run(t, "", "configure", "-env", name, "-user-pool-id",
			"us-east-1_EXAMPLE00", "-client-id", "1example23456789abcdefghij")
		note := name + ": "
		if code != 0 || strings.Contains(stderr, "stays the default environment") != (want != "") {
			t.Errorf("configure -env %s%s: exit %d: %s", note, want, code, stderr)
		}
	}
	configure("DEV", "")
	configure("PROD", "DEV")
	configure("TEST", "")
	_, _, stderr := m.run(t, "", "token")
	if !strings.Contains(stderr, "nobody is signed in to DEV") {
		t.Errorf("token after configure of others: %s", stderr)
	}
	// A new file has its own default.
	os.Remove(m.settings["COGNITO_CONFIG"])
	configure("ONLY", "")
	if _, _, stderr := m.run(t, "", "token"); !strings.Contains(stderr, "signed in to ONLY") {
		t.Errorf("token with a new file: %s", stderr)
	}
}

// env lists environments and users in a table of at most 80 columns, and as JSON.
func TestEnv(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	out := m.must(t, "", "env")
	if want := "  ENVIRONMENT USER SESSION    CREDENTIALS\n" +
		"  BARE        -    signed out -\n" +
		"* DEV         -    signed out -\n"; out != want {
		t.Errorf("env = %q, want %q", out, want)
	}
	m.as(t, "ada")
	m.must(t, "", "credentials")
	m.as(t, "eve")
	m.as(t, "bob", "-env", "BARE")
	m.must(t, "", "logout", "-env", "BARE")
	out = m.must(t, "", "env")
	if want := "  ENVIRONMENT USER SESSION    CREDENTIALS\n" +
		"  BARE        bob  signed out -\n" +
		"* DEV         eve  signed in  -\n" +
		"  DEV         ada  signed in  59m left\n"; out != want {
		t.Errorf("env = %q, want %q", out, want)
	}
	var list envList
	out = m.must(t, "", "env", "-json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("env -json = %s, %v", out, err)
	}
	if list.Default != "DEV" || len(list.Environments) != 2 ||
		list.Environments[1].Users[1].CredentialsExpire == "" ||
		!list.Environments[1].Users[1].SignedIn || list.Environments[0].Users[0].SignedIn {
		t.Errorf("env -json = %s", out)
	}
	delete(m.settings, "COGNITO_ENV")
	code, out, stderr := m.run(t, "", "env")
	if code != 0 || strings.Contains(out, "*") || stderr != "cognito: no default "+
		"environment is set: \"cognito use NAME\" sets one\n" {
		t.Errorf("env without a default: exit %d: %s%s", code, out, stderr)
	}
}

// Long names are cut, and environments with errors are listed.
func TestEnvOfOddEnvironments(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	long := strings.Repeat("environment-", 5)
	user := strings.Repeat("user-", 20)
	m.write(t, "config.json", `{"`+long+`":{"user_pool_id":"us-east-1_EXAMPLE00","client_id":`+
		`"1example23456789abcdefghij"},"NO\u0007NE":{"user_pool_id":"us-east-1_EXAMPLE00"}}`)
	m.settings["COGNITO_ENV"] = long
	m.run(t, "", "login", "-user", user) // creates no record
	path := ""
	if code, _, stderr := m.run(t, "", "doctor"); code == 0 {
		t.Errorf("doctor: %s", stderr)
	}
	entries, _ := filepath.Glob(filepath.Join(m.settings["COGNITO_STATE_DIR"], "environment_*"))
	for _, entry := range entries {
		path = entry
	}
	record := `{"version":1,"environment":"x","user_pool_id":"us-east-1_EXAMPLE00","client_id":` +
		`"1example23456789abcdefghij","user":"` + user + `"}`
	path = strings.TrimSuffix(path, filepath.Ext(path)) + ".json"
	if err := os.WriteFile(path, []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := m.run(t, "", "env")
	if code != 0 || !strings.Contains(out, "…") ||
		!strings.Contains(stderr, "user_pool_id or client_id is missing in environment NO") {
		t.Errorf("env: exit %d: %s%s", code, out, stderr)
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(line)) - 1; n > 80 || strings.Contains(line, "\a") {
			t.Errorf("a line has %d columns: %q", n, line)
		}
	}
}
