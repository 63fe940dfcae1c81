package interop

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestToolKeychain keeps the key of encrypted sessions in pass, with the credential helper of
// Docker. All of pass is in the test's directory.
func TestToolKeychain(t *testing.T) {
	t.Parallel()
	tool(t, "docker-credential-pass")
	tool(t, "pass")
	home := t.TempDir()
	gpg := filepath.Join(home, "gpg")
	if err := os.Mkdir(gpg, 0o700); err != nil {
		t.Fatal(err)
	}
	m := newToolMachine(t, buildTool(t), 0, 0)
	env := append(m.env, "GNUPGHOME="+gpg, "PASSWORD_STORE_DIR="+filepath.Join(home, "store"))
	t.Cleanup(func() { // gpg-agent
		execute(context.Background(), env, "", []string{"gpgconf", "--kill", "all"})
	})
	for _, command := range [][]string{
		{"gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "test", "default",
			"default", "never"},
		{"pass", "init", "test"},
	} {
		if r := run(t, env, "", command...); r.status != 0 {
			t.Fatalf("%q: exit status %d: %s%s", command, r.status, r.stdout, r.stderr)
		}
	}
	cognito := func(input string, args ...string) result {
		return run(t, env, input, append([]string{m.program}, args...)...)
	}
	r := cognito(cognitotest.ExamplePassword+"\n", "login", "-user", cognitotest.ExampleUser,
		"-keychain", "pass")
	if r.status != 0 {
		t.Fatalf("login: exit status %d: %s", r.status, r.stderr)
	}
	for _, command := range []string{"token", "credentials", "whoami", "logout"} {
		if r := cognito("", command); r.status != 0 {
			t.Errorf("%s: exit status %d: %s", command, r.status, r.stderr)
		}
	}
	var keys map[string]string
	r = run(t, env, "", "docker-credential-pass", "list")
	if err := json.Unmarshal([]byte(r.stdout), &keys); err != nil || len(keys) != 1 {
		t.Fatalf("the helper has the keys %s, %v, want one", r.stdout, err)
	}
	for url := range keys {
		if r := run(t, env, url, "docker-credential-pass", "erase"); r.status != 0 {
			t.Fatalf("erase: exit status %d: %s", r.status, r.stdout)
		}
	}
	if r := cognito("", "token"); r.status != 3 ||
		!strings.Contains(r.stderr, "keychain pass: it is locked, or has no key for") {
		t.Errorf("token without the key: exit status %d: %s", r.status, r.stderr)
	}
}
