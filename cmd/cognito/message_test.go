package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestMessages checks whole messages. They have one line of at most 120 characters, without the
// directory of the test.
func TestMessages(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().String()
	empty := m.write(t, "empty", "")
	delete(m.settings, "COGNITO_ENV")
	m.must(t, "", "use", "DEV")
	for _, test := range []struct {
		args, input string
		code        int
		want        string
	}{
		{"login -browser -prompt xx", "", exitUsage,
			`-prompt: use login, select_account, consent or none, not "xx"`},
		{"credentials -format jsno", "", exitUsage, `-format "jsno" is unsupported: use json, ` +
			"process, ini, sh, fish, powershell, cmd, dotenv"},
		{"ls -env NOPE", "", exitUsage, `unknown environment "NOPE": choose one of BARE, DEV ` +
			`(-env, COGNITO_ENV, "cognito use NAME")`},
		{"ls a b", "", exitUsage, `unexpected argument (passwords are read from the terminal or ` +
			"-password-fd)"},
		{"env a", "", exitUsage, `unexpected argument: see "cognito help env"`},
		{"emulate -addr " + taken, "", exitFailed,
			"-addr " + taken + ": address already in use: use another port"},
		{"serve -addr " + taken, "", exitFailed,
			"-addr " + taken + ": address already in use: use another port"},
		{"emulate -seed " + empty, "", exitUsage,
			"-seed " + empty + ": the file is empty: see -print-seed"},
		{"configure -user-pool-id bad -client-id 1example23456789", "", exitUsage,
			"environment DEV: user_pool_id should look like us-east-1_AbCdEfGhI"},
	} {
		code, stdout, stderr := m.run(t, test.input, strings.Fields(test.args)...)
		if code != test.code || stdout != "" || !strings.HasPrefix(stderr, "cognito: "+test.want) ||
			strings.Count(stderr, "\n") != 1 ||
			len(strings.ReplaceAll(stderr, m.dir, "")) > 121 {
			t.Errorf("%s: exit %d, %q, %q, want %d and %q", test.args, code, stdout, stderr,
				test.code, test.want)
		}
	}

	listener.Close()
	code, _, stderr := m.run(t, "", "curl", "-service", "s3", "-region", "us-east-1",
		"http://"+taken+"/")
	if code != exitFailed || stderr != "cognito: "+taken+": connection refused\n" &&
		!strings.Contains(stderr, "actively refused") {
		t.Errorf("curl without a server: exit %d, %q", code, stderr)
	}

	m.settings["COGNITO_STATE_DIR"] = empty
	code, _, stderr = m.run(t, "", "ls")
	want := "cognito: " + empty + " cannot be used: it is not a directory: " +
		"set COGNITO_STATE_DIR to one\n"
	if code != exitUsage || stderr != want {
		t.Errorf("ls with a file as the directory: exit %d, %q, want %q", code, stderr, want)
	}
	m.settings["COGNITO_STATE_DIR"] = filepath.Join(empty, "state")
	code, _, stderr = m.run(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
	if code != exitFailed ||
		!strings.HasSuffix(stderr, ": set COGNITO_STATE_DIR to a directory that you can write\n") {
		t.Errorf("login with a directory below a file: exit %d, %q", code, stderr)
	}

	m.settings["COGNITO_CONFIG"] = filepath.Join(m.dir, "none")
	code, _, stderr = m.run(t, "", "ls")
	want = "none is missing: run \"cognito configure\" (-from FILE|URL)\n"
	if code != exitUsage || !strings.HasSuffix(stderr, want) {
		t.Errorf("ls without a configuration: exit %d, %q", code, stderr)
	}
}
