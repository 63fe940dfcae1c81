package main

import (
	"strings"
	"testing"
)

// On Windows, the tool neither claims what it does not check nor takes a handle for a descriptor.
func TestClaimsOnWindows(t *testing.T) {
	m := newMachine(t).signedIn(t)
	_, stdout, _ := m.run(t, "", "doctor")
	if !strings.Contains(stdout, "(its access control list is not checked)") ||
		strings.Contains(stdout, "only to you") {
		t.Errorf("doctor prints %s, want no claim about other users", stdout)
	}
	code, _, stderr := m.run(t, "", "login", "-user", "ada", "-password-fd", "3")
	if code != exitUsage || !strings.Contains(stderr, "use -password-fd 0 and a pipe") {
		t.Errorf("login -password-fd 3: exit %d, %s, want a remedy", code, stderr)
	}
}
