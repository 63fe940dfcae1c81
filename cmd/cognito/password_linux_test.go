package main

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// At a terminal, passwords are not shown, and a rejected value can be corrected.
func TestPasswordAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	s := m.atTerminal(t, 80, 24, "password")
	s.answer("Current password: ", "wrong")
	s.answer("New password: ", "short")
	s.answer("Retype new password: ", "shor")
	s.expect("the passwords do not match")
	s.answer("New password: ", "short")
	s.answer("Retype new password: ", "short")
	s.expect("the current password is incorrect\r\n")
	s.answer("Current password: ", cognitotest.ExamplePassword)
	s.expect("rejected the answer (InvalidPasswordException): try")
	s.expect("long enough\"\r\n")
	s.answer("New password: ", newPassword)
	s.answer("Retype new password: ", newPassword)
	s.expect("the password of ada in DEV is changed")
	s.exits(0)
	checkHidden(t, s)
	if code, stderr := m.loginWith(t, newPassword); code != 0 {
		t.Errorf("login: exit %d: %s", code, stderr)
	}
}

// checkHidden checks that no password was shown.
func checkHidden(t *testing.T, s *screen) {
	t.Helper()
	for _, password := range []string{cognitotest.ExamplePassword, newPassword} {
		if strings.Contains(s.text(), password) {
			t.Errorf("the password is shown:\n%s", s.text())
		}
	}
}

// password -forgot asks for the user, the code and a new password.
func TestForgottenPasswordAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := m.atTerminal(t, 80, 24, "password", "-forgot")
	s.answer("User name: ", cognitotest.ExampleUser)
	s.answer("Code sent by email to a***@e***: ", "12")
	s.answer("New password: ", newPassword)
	s.answer("Retype new password: ", newPassword)
	s.expect("CodeMismatchException")
	s.answer("Code sent by email to ", m.server.Code(cognitotest.ExampleUserPoolID, "ada"))
	s.expect("the new password of ada in DEV is set")
	s.exits(0)
	checkHidden(t, s)
}
