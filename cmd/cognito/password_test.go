package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

const newPassword = "Another-correct-horse-1"

// loginWith signs ada in with a password, and returns the exit code and what login says.
func (m *machine) loginWith(t *testing.T, password string) (code int, stderr string) {
	t.Helper()
	code, _, stderr = m.run(t, password+"\n", "login", "-user", "ada")
	return code, stderr
}

// password changes the password of the signed-in user.
func TestPassword(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	code, _, stderr := m.run(t, "", "password")
	if code != exitSignIn || !strings.Contains(stderr, "nobody is signed in to DEV") {
		t.Errorf("password without a session: exit %d: %s", code, stderr)
	}
	m.signedIn(t)
	lines := cognitotest.ExamplePassword + "\n" + newPassword + "\n"
	for _, test := range []struct {
		name, input string
		code        int
		says        string
	}{
		{"no input", "", exitUsage, "no password: "},
		{"one line", "x\n", exitUsage, "no new password: "},
		{"wrong password", "x\n" + newPassword + "\n", exitFailed,
			"the current password is incorrect: to"},
		{"the same", "x\nx\n", exitUsage, "the new password is the current one"},
		{"padded", "x\n x\n", exitUsage, "begins or ends with white space"},
		{"weak", cognitotest.ExamplePassword + "\nx\n", exitFailed, "not long enough"},
		{"correct", lines, 0, "the password of ada in DEV is changed"},
	} {
		code, stdout, stderr := m.run(t, test.input, "password")
		if code != test.code || stdout != "" || !strings.Contains(stderr, test.says) ||
			strings.Contains(stderr, newPassword) {
			t.Errorf("%s: exit %d: %s%s", test.name, code, stdout, stderr)
		}
	}
	m.must(t, "", "token") // the session stays
	if code, stderr := m.loginWith(t, newPassword); code != 0 {
		t.Errorf("login with the new password: exit %d: %s", code, stderr)
	}
	code, stderr = m.loginWith(t, cognitotest.ExamplePassword)
	if code != exitFailed || !strings.Contains(stderr,
		"to set a new password, run \"cognito password -forgot -env DEV -user ada\"") {
		t.Errorf("login with the old password: exit %d: %s", code, stderr)
	}
}

// An ended session is found before the prompts.
func TestPasswordOfEndedSession(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	m.forget(t)
	m.fault.set(only("GetTokensFromRefreshToken", refused("NotAuthorizedException",
		"Refresh Token has been revoked")))
	code, _, stderr := m.run(t, "", "password")
	if code != exitSignIn || !strings.Contains(stderr, "has ended") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// password -forgot sends a code, and sets a new password with it.
func TestPasswordForgotten(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	count := 0
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "ForgotPassword" {
			count++
		}
		return nil
	})
	code := func() string { return m.server.Code(cognitotest.ExampleUserPoolID, "ada") }
	forgot := func(input string, flags ...string) (int, string) {
		t.Helper()
		args := append([]string{"password", "-forgot"}, flags...)
		exit, _, stderr := m.run(t, input, args...)
		if strings.Contains(stderr, newPassword) {
			t.Errorf("the password is shown: %s", stderr)
		}
		return exit, stderr
	}
	if exit, stderr := forgot(""); exit != exitUsage || !strings.Contains(stderr, "use -user") {
		t.Errorf("without a user: exit %d: %s", exit, stderr)
	}
	exit, stderr := forgot("", "-user", "ada")
	if exit != exitUsage || count != 1 || code() == "" ||
		!strings.Contains(stderr, "code sent by email\n") ||
		!strings.Contains(stderr, "no code: ") {
		t.Fatalf("without a code: exit %d, %d codes: %s", exit, count, stderr)
	}
	for _, test := range []struct {
		name, input string
		code        int
		says        string
	}{
		{"no digits", "password\n", exitUsage, "a code contains digits only: nothing was sent"},
		{"empty", "\n", exitUsage, "no code: the line is empty"},
		{"no password", code() + "\n", exitUsage, "no new password: "},
		{"wrong code", "000\n" + newPassword + "\n", exitFailed, "CodeMismatchException"},
		{"weak password", code() + "\nx\n", exitFailed, "not long enough"},
		{"correct", code() + "\n" + newPassword + "\n", 0, "the new password of ada in DEV is " +
			"set: run \"cognito login -env DEV -user ada\""},
	} {
		exit, stderr := forgot(test.input, "-user", "ada", "-code-sent")
		if exit != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: exit %d: %s", test.name, exit, stderr)
		}
	}
	if count != 1 {
		t.Errorf("%d codes were sent, want 1", count)
	}
	if exit, stderr := m.loginWith(t, newPassword); exit != 0 {
		t.Errorf("login: exit %d: %s", exit, stderr)
	}
	if exit, _, stderr := m.run(t, "", "password", "-code-sent"); exit != exitUsage ||
		!strings.Contains(stderr, "-code-sent requires -forgot") {
		t.Errorf("-code-sent without -forgot: exit %d: %s", exit, stderr)
	}
}

// A reset by an administrator, and an unconfirmed account, are errors of login that name the
// commands which help.
func TestConfirm(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].Users[0].Unconfirmed = true
	exit, stderr := m.loginWith(t, cognitotest.ExamplePassword)
	if exit != exitFailed ||
		!strings.HasSuffix(stderr, ": run \"cognito confirm -env DEV -user ada\"\n") {
		t.Errorf("login of an unconfirmed user: exit %d: %s", exit, stderr)
	}
	exit, _, stderr = m.run(t, "123456\n", "confirm", "-user", "ada")
	if exit != exitFailed || !strings.HasSuffix(stderr,
		": run \"cognito confirm -env DEV -user ada -resend\"\n") {
		t.Errorf("confirm before a code was sent: exit %d: %s", exit, stderr)
	}
	exit, _, stderr = m.run(t, "", "confirm", "-user", "ada", "-resend")
	if exit != exitUsage || !strings.Contains(stderr, "code sent by email\n") {
		t.Errorf("confirm -resend: exit %d: %s", exit, stderr)
	}
	code := m.server.Code(cognitotest.ExampleUserPoolID, "ada")
	exit, _, stderr = m.run(t, "000\n", "confirm", "-user", "ada")
	if exit != exitFailed || !strings.Contains(stderr, "CodeMismatchException") {
		t.Errorf("confirm with a wrong code: exit %d: %s", exit, stderr)
	}
	if exit, _, stderr = m.run(t, code+"\n", "confirm", "-user", "ada"); exit != 0 ||
		!strings.Contains(stderr, "run \"cognito login -env DEV -user ada\"\n") {
		t.Errorf("confirm: exit %d: %s", exit, stderr)
	}
	m.signedIn(t)
	exit, _, stderr = m.run(t, code+"\n", "confirm", "-user", "ada")
	if exit != exitFailed || !strings.Contains(stderr, "Current status is CONFIRMED") {
		t.Errorf("confirm again: exit %d: %s", exit, stderr)
	}
}

func TestResetRequired(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].Users[0].ResetRequired = true
	exit, stderr := m.loginWith(t, cognitotest.ExamplePassword)
	if exit != exitFailed ||
		!strings.HasSuffix(stderr, ": run \"cognito password -forgot -env DEV -user ada\"\n") {
		t.Errorf("login of a user whose password was reset: exit %d: %s", exit, stderr)
	}
}
