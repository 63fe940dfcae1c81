package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

func TestLoginAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := m.atTerminal(t, 80, 24, "login")
	s.answer("User name: ", cognitotest.ExampleEmail)
	s.expect("Password: ")
	if s.echoes() {
		t.Error("the password is echoed")
	}
	s.press(cognitotest.ExamplePassword + "\n")
	s.expect("signed in to DEV as ada")
	s.expect("next: cognito exec -- aws s3 ls") // COGNITO_ENV names the environment
	s.answer("for the AWS CLI and SDKs? [y/N] ", "")
	s.exits(0)
	if strings.Contains(s.text(), cognitotest.ExamplePassword) {
		t.Error("the password is on the screen")
	}
	s = m.atTerminal(t, 80, 24, "login") // the name is known
	s.expect("signing in to DEV as " + cognitotest.ExampleEmail)
	s.expect("Password: ")
}

func TestInterruptedAtPrompt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for key, code := range map[string]int{"\x03": exitInterrupted, "\x1c": 128 + 3,
		"\x04": exitSignIn} {
		s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
		s.expect("Password: ")
		s.press(key)
		s.exits(code)
		if strings.Contains(s.text(), "goroutine") {
			t.Errorf("%q: %s", key, s.text())
		}
	}
	s := m.atTerminal(t, 80, 24, "login")
	s.expect("User name: ")
	s.press("ad\x03")
	s.exits(exitInterrupted)
	s = m.atTerminal(t, 80, 24, "login")
	s.expect("User name: ")
	s.press("\x04")
	s.expect("\r\ncognito: no user name: use -user\r\n")
	s.exits(exitUsage)
	step := longtest.Step(t, 3)
	for i, sent := range interrupts() {
		for j, times := range []int{1, 2, 10} {
			if (i+j)%step != 0 {
				continue
			}
			s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
			s.expect("Password: ")
			for range times {
				s.command.Process.Signal(sent)
			}
			s.exits(128 + int(sent.(syscall.Signal)))
		}
	}
	written, _ := filepath.Glob(
		filepath.Join(m.settings["COGNITO_STATE_DIR"], "*.json"),
	)
	if written != nil {
		t.Errorf("a state was written: %q", written)
	}
}

// While the tool waits for a service, too, Ctrl-C ends it, and leaves the terminal as it was.
func TestInterruptedInRequest(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	asked := make(chan bool, 10)
	m.fault.set(func(r *http.Request) *http.Response {
		asked <- true
		<-r.Context().Done() // the client has gone
		return &http.Response{}
	})
	s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	<-asked
	s.press("\x03")
	s.exits(exitInterrupted)
	s.expect("interrupted")
}

func TestCodesAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	pool := &m.server.UserPools[0]
	pool.MFAConfiguration = "OPTIONAL"
	pool.Users[0].MFA, pool.Users[0].TOTPSecret = []string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}, seed

	s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.expect("Second factor:")
	s.answer("1 to 2: ", "3") // there is no such
	choices := s.expect("1 to 2: ")
	if strings.Contains(choices, "Which") {
		t.Error("the question is repeated")
	}
	s.press("email_otp\n")
	s.expect("Code sent by email to ")
	code := m.server.Code(pool.ID, "ada")
	s.answer("***: ", "000000"[:5]+string('0'+(code[5]-'0'+1)%10))
	s.expect("CodeMismatchException")
	s.answer("***: ", code[:3]+" "+code[3:]) // as people type them
	s.expect("signed in to DEV as ada")
	s.answer("for the AWS CLI and SDKs? [y/N] ", "")
	s.exits(0)

	s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.answer("1 to 2: ", "SOFTWARE_TOKEN_MFA")
	now, err := cognito.TOTP(seed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.answer("Authenticator code: ", now)
	s.exits(0)

	// Three wrong ones end it.
	s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.answer("1 to 2: ", "2")
	// This is not sent, because it may be a password, and does not count as an attempt.
	s.answer("Authenticator code: ", "12345x")
	s.expect("digits only")
	for range 3 {
		s.answer("Authenticator code: ", "00000000")
	}
	s.exits(exitFailed)

	// Three that are no codes end it, too.
	s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.answer("1 to 2: ", "2")
	for range 3 {
		s.answer("Authenticator code: ", "12345x")
	}
	s.exits(exitSignIn)
}

func TestNewPasswordAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].RequiredAttributes = []string{"email", "name"}
	s := m.atTerminal(t, 80, 24, "login", "-user", cognitotest.ExampleNewUser)
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.answer("New password: ", "one")
	s.answer("Retype new password: ", "two")
	s.expect("do not match")
	s.answer("New password: ", "short")
	s.answer("Retype new password: ", "short")
	s.answer("Your name: ", "Grace")
	s.expect("InvalidPasswordException")
	s.answer("New password: ", "Another-Horse-8-battery")
	s.answer("Retype new password: ", "Another-Horse-8-battery")
	s.answer("Your name: ", "Grace")
	s.expect("signed in to DEV as grace")
	s.answer("for the AWS CLI and SDKs? [y/N] ", "")
	s.exits(0)
	if shown := s.text(); strings.Contains(shown, "Another") || strings.Contains(shown, "short") {
		t.Error("a password is on the screen")
	}
}

func TestRememberDeviceAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	pool := &m.server.UserPools[0]
	pool.MFAConfiguration, pool.DeviceTracking, pool.Users[0].MFA = "OPTIONAL", "OPT_IN",
		[]string{"EMAIL_OTP"}
	for i, test := range []struct {
		answer string
		asked  bool // for a code, at that sign-in
	}{{"", true}, {"y", true}, {"", false}} {
		s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
		s.answer("Password: ", cognitotest.ExamplePassword)
		if test.asked {
			s.expect("Code sent by email to ")
			s.press(m.server.Code(pool.ID, "ada") + "\n")
			s.answer("Remember this device, to skip codes from now on? [y/N] ",
				test.answer)
		}
		s.expect("signed in to DEV as ada")
		if i == 0 {
			s.answer("for the AWS CLI and SDKs? [y/N] ", "")
		}
		s.exits(0)
		if asked := strings.Contains(s.text(), "email"); asked != test.asked {
			t.Errorf("asked: %v:\n%s", asked, s.text())
		}
	}
}

// The texts of a custom challenge are shown without control characters. The answer is not echoed.
func TestCustomChallengeAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	pool := &m.server.UserPools[0]
	pool.Clients[0].ExplicitAuthFlows = append(pool.Clients[0].ExplicitAuthFlows,
		"ALLOW_CUSTOM_AUTH")
	pool.CustomAuth = func(c cognitotest.CustomAuthRequest) cognitotest.CustomAuthResponse {
		if n := len(c.History); n > 0 && c.History[n-1].ChallengeName == "CUSTOM_CHALLENGE" &&
			c.History[n-1].Passed {
			return cognitotest.CustomAuthResponse{IssueTokens: true}
		}
		return cognitotest.CustomAuthResponse{
			Parameters: map[string]string{"question": "Who\x1b[31m is it?\r\nWell?"},
			Answer:     "it is me",
		}
	}
	s := m.atTerminal(t, 80, 24, "login", "-user", "ada", "-flow", "CUSTOM_AUTH")
	s.answer("Password: ", cognitotest.ExamplePassword)
	shown := s.expect("Answer to the user pool's question (not your password): ")
	if !strings.Contains(shown, `The user pool says: "question: Who\x1b[31m is it?\r\nWell?"`) {
		t.Errorf("shown: %q", shown)
	}
	s.press("it is me\n")
	s.expect("signed in to DEV as ada")
	s.answer("for the AWS CLI and SDKs? [y/N] ", "")
	s.exits(0)
	if strings.Contains(s.text(), "it is me") {
		t.Error("the answer is on the screen")
	}
}

// The first line of piped input is the password. It must not be sent as a user name.
func TestPipedPasswordIsNoUserName(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "login")
	if code != exitUsage || !strings.Contains(stderr, "-user") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
