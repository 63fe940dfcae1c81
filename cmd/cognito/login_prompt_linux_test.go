package main

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// A name typed at a prompt is trimmed. A password is not.
func TestTypedNameIsTrimmed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const password = cognitotest.ExamplePassword
	code, shown := m.typed(t, []string{" \u00a0ada ", password}, "login", "-no-store")
	if code != 0 || !strings.Contains(shown, "signed in to DEV as ada") ||
		!strings.Contains(shown, m.url) {
		t.Errorf("login: exit %d, %s", code, shown)
	}
	code, shown = m.typed(t, []string{"ada", password + " "}, "login", "-no-store")
	if code != exitUsage || !strings.Contains(shown, "white space") {
		t.Errorf("password with a space: exit %d, %s", code, shown)
	}
}

// At a terminal, the user decides about hosts that are not AWS's.
func TestConfigureAsksForHostsAtTerminal(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{"y": 0, "n": exitUsage, "": exitUsage} {
		m := blank(t)
		file := m.write(t, "from", fill(`{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT",
			"issuer": "https://evil.example"}}`))
		code, shown := m.typed(t, []string{answer}, "configure", "-from", file)
		if code != want || !strings.Contains(shown, "https://evil.example (issuer)") ||
			!strings.Contains(shown, "Use these hosts? [y/N]") {
			t.Errorf("%q: exit %d, %s", answer, code, shown)
		}
	}
}
