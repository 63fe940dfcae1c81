package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

func TestProcessFormat(t *testing.T) {
	m := newMachine(t)
	code, stdout, stderr := m.run(t, "", "credentials", "-format", "process")
	if code != exitSignIn || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, `run "cognito login`) {
		t.Fatalf("before the sign-in: exit %d, %q, %q", code, stdout, stderr)
	}
	m.signedIn(t)
	var got map[string]any
	text := m.must(t, "", "credentials", "-format", "process")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	expires, err := time.Parse(time.RFC3339, got["Expiration"].(string))
	if err != nil || time.Until(expires) < 50*time.Minute || got["Version"] != 1.0 || len(got) != 5 || got["SessionToken"] == "" {
		t.Errorf("got %v", got)
	}
	if again := m.must(t, "", "credentials", "-format", "process"); again != text {
		t.Error("credentials were not kept")
	}
	if code, _, stderr := m.run(t, "wrong\n", "login", "-user", cognitotest.ExampleUser); code != exitFailed || strings.Count(stderr, "\n") != 1 {
		t.Errorf("wrong password: exit %d, %s", code, stderr)
	}
}
