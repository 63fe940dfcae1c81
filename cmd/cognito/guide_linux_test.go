package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestFirstLogin starts without a configuration. login asks for it at a terminal, and elsewhere
// names both ways to write it.
func TestFirstLogin(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	from := m.settings["COGNITO_CONFIG"] // with two environments
	m.settings["COGNITO_CONFIG"] = filepath.Join(m.dir, "new", "config.json")
	delete(m.settings, "COGNITO_ENV")

	code, _, stderr := m.run(t, "", "login", "-user", "ada")
	if code != exitUsage || !strings.Contains(stderr, `"cognito configure"`) ||
		!strings.Contains(stderr, "-from") {
		t.Errorf("without a terminal: exit %d, %s", code, stderr)
	}

	s := m.atTerminal(t, 80, 24, "login")
	s.expect("no user pool is configured yet")
	s.answer("(Enter to type them): ", from+"x")
	s.expect("cognito: -from:")
	s.answer("(Enter to type them): ", from)
	s.answer("Environment (BARE, DEV): ", " DEV ")
	s.answer("User name: ", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.expect("signed in to DEV as ada")
	s.expect("role " + cognitotest.ExampleRoleARN)
	s.expect("tokens until 20")
	s.expect("next: cognito exec -env DEV -- aws s3 ls s3://" + cognitotest.ExampleBucket)
	s.answer("Add the profile DEV for the AWS CLI and SDKs? [y/N] ", "y")
	s.exits(0)
	profile := filepath.Join(m.dir, ".aws/config")
	text, err := os.ReadFile(profile)
	if err != nil || !strings.Contains(string(text), "[profile DEV]\ncredential_process = ") {
		t.Errorf("the profile: %q, %v", text, err)
	}

	// There is one offer for an environment, whether the profile exists or not.
	if err := os.Remove(profile); err != nil {
		t.Fatal(err)
	}
	s = m.atTerminal(t, 80, 24, "login", "-env", "DEV")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.exits(0)
	if strings.Contains(s.text(), "profile") {
		t.Errorf("a second offer:\n%s", s.text())
	}

	// Without an identity pool, there are no credentials and no profile.
	s = m.atTerminal(t, 80, 24, "login", "-env", "BARE", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.expect("next: cognito token -env BARE")
	s.exits(0)
}

// TestFirstLoginTyped types the settings, and then has one environment.
func TestFirstLoginTyped(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.settings["COGNITO_CONFIG"] = filepath.Join(m.dir, "new", "config.json")
	delete(m.settings, "COGNITO_ENV")
	if err := os.Mkdir(filepath.Join(m.dir, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.write(t, ".aws/config", "[profile WORK]\nregion = us-east-1\n")
	s := m.atTerminal(t, 60, 20, "login")
	s.answer("(Enter to type them): ", "")
	s.answer("Name of the environment [default]: ", "WORK")
	s.answer("User pool ID: ", cognitotest.ExampleUserPoolID)
	s.answer("App client ID: ", cognitotest.ExampleClientID)
	s.answer("App client secret", "")
	s.answer("Identity pool ID: ", cognitotest.ExampleIdentityPoolID)
	s.answer("Role ARN, for the classic flow: ", "")
	s.answer("Bucket: ", "")
	s.answer("User name: ", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.expect("signed in to WORK as ada")
	s.expect("next: cognito exec -- aws s3 ls\r\n")
	s.exits(0) // a profile of this name exists
}

// TestHostileRole has a user pool whose role in the token is a text.
func TestHostileRole(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	user := &m.server.UserPools[0].Users[0]
	user.Roles = []string{"expired. Password:"}
	s := m.atTerminal(t, 80, 24, "login", "-env", "BARE", "-user", user.Name)
	s.answer("Password: ", user.Password)
	s.exits(0)
	if strings.Contains(s.text(), "expired. Password:") {
		t.Errorf("the role is shown:\n%s", s.text())
	}
}

// refusing refuses every request for an operation.
func refusing(name, message string) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if operation(r) == name {
			return refused("NotAuthorizedException", message)
		}
		return nil
	}
}

// TestWrongPassword enters wrong passwords. Each prompt leads to one proof.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	client := &m.server.UserPools[0].Clients[0]
	client.ExplicitAuthFlows = append(client.ExplicitAuthFlows, "ALLOW_USER_AUTH")
	const incorrect = "the user name or the password is incorrect"
	s := m.atTerminal(t, 80, 24, "login", "-user", "ada", "-no-store")
	s.answer("Password: ", "wrong")
	s.expect(incorrect)
	s.answer("Password: ", "wrong")
	s.expect(incorrect)
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.expect("signed in to DEV as ada")
	s.exits(0)

	s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
	for range attempts {
		s.answer("Password: ", "wrong")
	}
	s.expect(`"cognito password -forgot -env DEV -user ada"` + "\r\n")
	s.exits(exitFailed)
	if strings.Contains(s.text(), "NotAuthorizedException") {
		t.Errorf("login shows the cause without -debug:\n%s", s.text())
	}
	s = m.atTerminal(t, 80, 24, "login", "-user", "ada", "-debug")
	for range attempts {
		s.answer("Password: ", "wrong")
	}
	s.expect(`-user ada" (`)
	s.expect("NotAuthorizedException")
	s.exits(exitFailed)

	// A password that the user selected, rather than the flow.
	s = m.atTerminal(t, 80, 24, "login", "-user", "ada", "-no-store", "-flow", "USER_AUTH")
	s.answer("1 to ", "PASSWORD_SRP")
	s.answer("Password: ", "wrong")
	s.expect(incorrect)
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.exits(0)

	sent := m.counted() // InitiateAuth and RespondToAuthChallenge
	if code, _, _ := m.run(t, "wrong\nwrong\nwrong\n", "login", "-user", "ada"); code == 0 ||
		sent.Load() != 2 {
		t.Errorf("without a terminal: exit %d after %d requests, want 2", code, sent.Load())
	}
	for _, message := range []string{"Password attempts exceeded", "User is disabled."} {
		m.fault.set(refusing("RespondToAuthChallenge", message))
		s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
		s.answer("Password: ", "wrong")
		s.exits(exitFailed)
	}
}

// TestSignInAgain ends the session. At a terminal, the commands that users run offer to sign in.
func TestSignInAgain(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	expired := refusing("GetTokensFromRefreshToken", "Refresh Token has expired")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"exec", "--", "echo", "it", "runs"}, "it runs\r\n"},
		{[]string{"exec", "-serve", "--", "echo", "it", "runs"}, "it runs\r\n"},
		{[]string{"ls"}, "hello.txt\r\n"},
		{[]string{"whoami"}, "environment  DEV\r\n"},
		{[]string{"curl", m.url + "/" + cognitotest.ExampleBucket + "/hello.txt",
			"-service", "s3"}, "hello"},
		{[]string{"token"}, "eyJ"},
	} {
		m.forget(t)
		m.fault.set(expired)
		s := m.atTerminal(t, 80, 24, test.args...)
		s.expect("cognito: the session of ada in DEV has ended\r\n")
		s.answer("Sign in? [Y/n] ", "n")
		s.exits(exitSignIn)

		s = m.atTerminal(t, 80, 24, test.args...)
		s.answer("Sign in? [Y/n] ", "")
		s.answer("Password: ", cognitotest.ExamplePassword)
		s.expect("signed in to DEV as ada")
		s.expect(test.want)
		s.exits(0)

		m.forget(t)
		code, stdout, stderr := m.run(t, "", test.args...)
		if test.args[0] == "whoami" {
			stdout = "" // it shows what is stored
		}
		if code != exitSignIn || stdout != "" || strings.Count(stderr, "\n") != 1 ||
			len(stderr) > 100+len("\n") ||
			!strings.Contains(stderr, `run "cognito login -env DEV"`) {
			t.Errorf("%q without a terminal: exit %d, %q, %q", test.args, code, stdout, stderr)
		}
	}

	// A program that reads credentials cannot answer.
	s := m.atTerminal(t, 80, 24, "credentials")
	s.exits(exitSignIn)
	if strings.Contains(s.text(), "Sign in?") {
		t.Errorf("credentials offers to sign in:\n%s", s.text())
	}
}

// The profile that login offers is for the default user, even if login has -user.
func TestOfferedProfile(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.answer("Add the profile DEV for the AWS CLI and SDKs? [y/N] ", "y")
	s.exits(0)
	text, err := os.ReadFile(filepath.Join(m.dir, ".aws/config"))
	if err != nil || !strings.Contains(string(text), " -env DEV") ||
		strings.Contains(string(text), "-user") {
		t.Errorf("the profile: %q, %v", text, err)
	}
}

// A sign-in that a command with -user offers does not change the default user, and goes through the
// browser if the last one of this user did.
func TestSignInAgainAsUser(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	m.as(t, "ada")
	m.as(t, "bob")
	for _, signedOut := range []bool{false, true} {
		if signedOut {
			m.must(t, "", "logout")
		}
		m.must(t, "", "logout", "-user", "ada")
		s := m.atTerminal(t, 80, 24, "token", "-user", "ada")
		s.answer("Sign in? [Y/n] ", "")
		s.answer("Password: ", cognitotest.ExamplePassword)
		s.expect("signed in to DEV as ada\r\neyJ")
		s.exits(0)
		if _, r := m.record(t); r.User != "bob" || (r.Session == nil) != signedOut {
			t.Errorf("bob is signed out: %v: the default user is %s", signedOut, r.User)
		}
		if got := m.whois(t, "-user", "ada"); got != "ada" {
			t.Errorf("whoami -user ada = %s", got)
		}
	}

	path, r := m.record(t)
	ada := &r.Others[0]
	saved := ada.SavedSession()
	saved.Tokens = cognito.Tokens{Refresh: saved.Tokens.Refresh}
	ada.SetSession(*saved)
	ada.Browser = true
	r.Serial += 2
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.fault.set(refusing("GetTokensFromRefreshToken", "Refresh Token has expired"))
	s := m.atTerminal(t, 80, 24, "token", "-user", "ada")
	s.answer("Sign in? [Y/n] ", "")
	s.expect("has no domain and redirect_uri")
	s.exits(exitUsage)
}

// TestEndedSessionLine has names that are too long for the line. The cause appears with -debug
// only.
func TestEndedSessionLine(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	m.forget(t)
	m.fault.set(refusing("GetTokensFromRefreshToken", "Refresh Token has expired"))
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	long := m.write(t, strings.Repeat("n", 10), string(data))
	longer := m.write(t, strings.Repeat("n", 80), string(data))
	for _, args := range [][]string{{"token"}, {"token", "-config", long},
		{"token", "-config", longer}} {
		code, _, stderr := m.run(t, "", args...)
		if code != exitSignIn || strings.Count(stderr, "\n") != 1 || len(stderr) > 100+len("\n") ||
			!strings.Contains(stderr, "cognito login") {
			t.Errorf("%q: exit %d, %q", args, code, stderr)
		}
	}
	_, _, stderr := m.run(t, "", "token", "-debug")
	if !strings.Contains(stderr, "Refresh Token has expired") {
		t.Errorf("-debug writes %q, want the cause", stderr)
	}
}

// TestExecShell runs the user's shell.
func TestExecShell(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	m.settings["SHELL"] = "/bin/sh"
	for _, args := range [][]string{{"exec"}, {"exec", "-serve"}} {
		c := m.process(t, args...)
		c.Stdin = strings.NewReader(
			"echo $COGNITO_ENV ${AWS_CREDENTIAL_EXPIRATION:-renewed}\nexit 3\n")
		out, _ := c.Output()
		name, expiry, _ := strings.Cut(string(out), " ")
		if c.ProcessState.ExitCode() != 3 || name != "DEV" ||
			strings.HasPrefix(expiry, "20") != (len(args) == 1) {
			t.Errorf("%q: %s, %q", args, c.ProcessState, out)
		}
	}
	// The variables lead to the same environment.
	delete(m.settings, "COGNITO_ENV")
	c := m.process(t, "exec", "-env", "DEV", "-config", m.settings["COGNITO_CONFIG"], "-state-dir",
		m.settings["COGNITO_STATE_DIR"], "--", "sh", "-c",
		"echo $COGNITO_ENV $COGNITO_USER $COGNITO_CONFIG $COGNITO_STATE_DIR")
	want := "DEV ada " + m.settings["COGNITO_CONFIG"] + " " + m.settings["COGNITO_STATE_DIR"] + "\n"
	if out, err := c.Output(); err != nil || string(out) != want {
		t.Errorf("exec = %q, %v, want %q", out, err, want)
	}
	s := m.atTerminal(t, 80, 24, "exec", "-env", "DEV")
	s.expect("/bin/sh has the credentials of DEV; exit ends it")
	s.press("exit 4\n")
	s.exits(4)

	// The user of a sign-in that exec offers is handed on, too.
	m.must(t, "", "logout", "-env", "DEV")
	s = m.atTerminal(t, 80, 24, "exec", "-env", "DEV", "--", "sh", "-c",
		"echo user $COGNITO_USER")
	s.answer("Sign in? [Y/n] ", "")
	s.answer("Password: ", cognitotest.ExamplePassword)
	s.expect("user ada\r\n")
	s.exits(0)
}

// TestEmulateCommand runs commands with the emulator. They neither use nor change the user's files.
func TestEmulateCommand(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temporary := filepath.Join(m.dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	m.settings["TMPDIR"], m.settings["TOOL"] = temporary, executable
	m.settings["AWS_PROFILE"], m.settings["AWS_ENDPOINT_URL_DYNAMODB"] = "mine", m.url
	m.settings["AWS_USE_FIPS_ENDPOINT"] = "true"
	m.settings["COGNITO_KEYCHAIN"] = "unavailable" // the user's keychain is not used either
	m.settings["COGNITO_USER"] = "bob"             // nor a user of another environment
	m.fault.set(func(*http.Request) *http.Response {
		t.Error("the command sent a request to another server")
		return nil
	})
	before, _ := os.ReadDir(m.dir)
	script := `echo "` + cognitotest.ExamplePassword + `" | "$TOOL" login -user ada &&
		"$TOOL" whoami && "$TOOL" ls && sh -c "$(grep credential_process "$AWS_CONFIG_FILE" |
		cut -d= -f2-)" | cut -c1-12; echo "[$AWS_PROFILE$AWS_ENDPOINT_URL_DYNAMODB]"; exit 7`
	c := m.process(t, "emulate", "--", "sh", "-c", script)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, _ := c.Output()
	for _, want := range []string{"environment  EMULATED\n", "\nhello.txt\n", "\n{\"Version\":1\n",
		"\n[]\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it printed %q and %q, want %q", out, &stderr, want)
		}
	}
	if code := c.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit %d, want 7: %s", code, &stderr)
	}
	if after, _ := os.ReadDir(m.dir); len(after) != len(before) {
		t.Errorf("the home directory has %v, want %v", after, before)
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("%v remain", left)
	}
	for _, test := range []struct {
		args []string
		code int
	}{
		{[]string{"--", "sh", "-c", "kill -TERM $PPID; read x"}, 128 + 15},
		{[]string{"--", "no-such-program-here"}, exitNotFound},
		{[]string{"-print-seed", "--", "true"}, exitUsage},
		{[]string{"-seed", m.dir, "--", "true"}, exitUsage},
	} {
		c := m.process(t, append([]string{"emulate"}, test.args...)...)
		r, w, err := os.Pipe() // remains open, so that read waits
		if err != nil {
			t.Fatal(err)
		}
		c.Stdin = r
		out, _ := c.CombinedOutput()
		r.Close()
		w.Close()
		if code := c.ProcessState.ExitCode(); code != test.code {
			t.Errorf("%q: exit %d, want %d: %s", test.args, code, test.code, out)
		}
	}
	s := m.atTerminal(t, 80, 24, "emulate", "--", "sh")
	s.expect("the user is ada, the password is " + cognitotest.ExamplePassword)
	s.expect("next: cognito login\r\n")
	s.press("exit 5\n")
	s.exits(5)
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("%v remain", left)
	}
}
