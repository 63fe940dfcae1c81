package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// bothWays runs a test for credentials in the environment, and for the endpoint.
func bothWays(t *testing.T, test func(t *testing.T, m *machine, flags ...string)) {
	needs.Unix(t)
	t.Run("environment", func(t *testing.T) { test(t, newMachine(t).signedIn(t), "exec") })
	t.Run("endpoint", func(t *testing.T) { test(t, newMachine(t).signedIn(t), "exec", "-serve") })
}

// sampled returns the step of a loop over the cases of a test in [bothWays]. For the endpoint,
// which runs commands as the environment does, a sample is enough.
func sampled(t *testing.T, flags []string) int {
	t.Helper()
	if len(flags) == 1 {
		return 1
	}
	return longtest.Step(t, 3)
}

func TestExecEnvironment(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		var want struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
		if err := json.Unmarshal([]byte(m.must(t, "", "credentials")), &want); err != nil {
			t.Fatal(err)
		}
		for _, name := range credentialNames {
			m.settings[strings.ReplaceAll(name, "*", "FULL_URI")] = "stale"
		}
		m.settings["AWS_REGION"], m.settings["KEEP"], m.settings["AWS_PAGER"] = "eu-west-1",
			"a=b c", ""
		c := m.process(t, append(flags, "--", "env")...)
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for line := range strings.Lines(string(out)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			if _, twice := got[name]; twice {
				t.Errorf("%s is there twice", name)
			}
			if value == "stale" {
				t.Errorf("%s has stayed", name)
			}
			got[name] = value
		}
		if got["KEEP"] != "a=b c" || got["AWS_REGION"] != "eu-west-1" ||
			got["AWS_DEFAULT_REGION"] != "eu-west-1" || got["HOME"] != m.dir {
			t.Errorf("the rest is not kept: %v", got)
		}
		_, keys := got["AWS_ACCESS_KEY_ID"]
		_, endpoint := got["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
		if serving := len(flags) > 1; keys == serving || endpoint != serving {
			t.Errorf("keys: %v, endpoint: %v", keys, endpoint)
		}
		if keys &&
			(got["AWS_ACCESS_KEY_ID"] != want.AccessKeyId ||
				got["AWS_SECRET_ACCESS_KEY"] != want.SecretAccessKey ||
				got["AWS_SESSION_TOKEN"] != want.SessionToken ||
				got["AWS_CREDENTIAL_EXPIRATION"] != want.Expiration) {
			t.Error("other credentials than those that are kept")
		}
	})
}

func TestExecArgumentsAndStatus(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		script := filepath.Join(m.dir, "script")
		if err := os.WriteFile(script, []byte("no program"), 0o600); err != nil {
			t.Fatal(err)
		}
		step := sampled(t, flags)
		for i, test := range []struct {
			args   []string
			code   int
			stdout string
		}{
			{[]string{"--", "printf", "%s|", "-region", "", "--", "a b", "$HOME"}, 0,
				"-region||--|a b|$HOME|"},
			// as sudo(8) and env(1): the first word ends the flags
			{[]string{"printf", "%s|", "-region", "x"}, 0, "-region|x|"},
			{[]string{"-region", "eu-west-1", "sh", "-c", `printf %s "$AWS_REGION"`}, 0,
				"eu-west-1"},
			{[]string{"--", "sh", "-c", "exit 7"}, 7, ""},
			{[]string{"--", "sh", "-c", "exit 255"}, 255, ""},
			{[]string{"--", "sh", "-c", "kill -TERM $$"}, 128 + 15, ""},
			{[]string{"--", "sh", "-c", "kill -KILL $$"}, 128 + 9, ""},
			{[]string{"--", "no-such-program-here"}, exitNotFound, ""},
			{[]string{"--", m.dir + "/none"}, exitNotFound, ""},
			{[]string{"--", script}, exitCannotRun, ""},
			{[]string{"--", m.dir}, exitCannotRun, ""},
			{[]string{"--"}, 0, ""}, // a shell, without input
			{nil, 0, ""},
			{[]string{"-env", "NONE", "--", "true"}, exitUsage, ""},
			{[]string{""}, exitUsage, ""},
			{[]string{"--", "", "x"}, exitUsage, ""},
		} {
			if i%step != 0 {
				continue
			}
			c := m.process(t, slices.Concat(flags, test.args)...)
			out, err := c.Output()
			code := c.ProcessState.ExitCode()
			if status := c.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
				code = 128 + int(status.Signal()) // what a shell makes of it
			}
			if code != test.code || string(out) != test.stdout {
				t.Errorf("%q: exit %d, %q, want %d, %q: %v", test.args, code, out, test.code,
					test.stdout, err)
			}
			var failed *exec.ExitError
			said := errors.As(err, &failed) &&
				len(failed.Stderr) > 0
			if said != (code == 2 || code == 126 || code == 127) {
				t.Errorf("%q: on standard error: %v", test.args, said)
			}
		}
	})
}

// An empty name, as of an unset variable in quotation marks, starts no shell.
func TestExecEmptyName(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, args := range [][]string{{"exec", ""}, {"exec", "-serve", "--", ""}, {"emulate", ""}} {
		code, stdout, stderr := m.run(t, "echo a shell\n", args...)
		if code != exitUsage || stdout != "" ||
			!strings.Contains(stderr, "the first argument is empty") {
			t.Errorf("%q: exit %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

// Without -serve the command is the process: nothing is between it and who waits for it.
func TestExecBecomesTheCommand(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).signedIn(t)
	c := m.process(t, "exec", "--", "sh", "-c", "echo $$; cat")
	c.Stdin = strings.NewReader("standard input")
	out, err := c.Output()
	if want := strconv.Itoa(c.Process.Pid) + "\nstandard input"; err != nil || string(out) != want {
		t.Errorf("%q, want %q: %v", out, want, err)
	}
}

func TestExecNeedsSignIn(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, args := range [][]string{{"exec", "--", os.Args[0]}, {"exec", "-serve", "--", os.Args[0]},
		{"serve"}} {
		code, stdout, stderr := m.run(t, "", args...)
		if code != exitSignIn || stdout != "" || !strings.Contains(stderr, `run "cognito login`) {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
}

// A signal to the tool reaches the command, which decides what comes of it.
func TestExecSignals(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		step := sampled(t, flags)
		for i, signal := range endingSignals() {
			if i%step != 0 {
				continue
			}
			script := "trap 'echo got; exit 5' TERM INT HUP QUIT USR1 USR2; echo ready; " +
				"while :; do sleep 0.02; done"
			c := m.process(t, append(flags, "--", "sh", "-c", script)...)
			stdout, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			if !lines.Scan() || lines.Text() != "ready" {
				t.Fatalf("%q, %v", lines.Text(), lines.Err())
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			got := lines.Scan() && lines.Text() == "got"
			c.Wait()
			if code := c.ProcessState.ExitCode(); !got || code != 5 {
				t.Errorf("%v: reached the command: %v; exit %d", signal, got, code)
			}
		}
	})
}

// Two commands that outlive a process of nohup(1): what was ignored stays ignored.
func TestExecKeepsIgnoredSignals(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		tool := m.process(t,
			append(flags, "--", "sh", "-c", "kill -HUP $$; kill -HUP $PPID; echo alive")...)
		c := exec.CommandContext(t.Context(), "sh",
			append([]string{"-c", `trap "" HUP; "$0" "$@"; exit $?`, tool.Path},
				tool.Args[1:]...)...)
		c.Env = tool.Env
		if out, err := c.Output(); err != nil || string(out) != "alive\n" {
			t.Errorf("%q, %v", out, err)
		}
	})
}

// The command must not find passwords that are still to be read.
func TestExecClosesPasswords(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		file, err := os.CreateTemp(m.dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		file.WriteString(cognitotest.ExamplePassword + "\nanother secret\n")
		file.Seek(0, 0)
		c := m.process(t,
			append(flags, "-no-store", "-user", cognitotest.ExampleUser, "-password-fd", "3", "--",
				"sh", "-c", "cat <&3; echo done")...)
		c.ExtraFiles = []*os.File{file}
		if out, err := c.Output(); err != nil || string(out) != "done\n" {
			t.Errorf("the command read %q: %v", out, err)
		}
	})
}

// boto3 under exec is the user: the stand-in checks its signature.
func TestExecBoto3(t *testing.T) {
	t.Parallel()
	needs.Boto3(t)
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		c := m.process(t, append(flags, "--", "sh", "-c", "env; echo; read line")...)
		stdin, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer c.Wait()
		defer stdin.Close() // ends the command
		var env []string
		for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != ""; {
			env = append(env, lines.Text())
		}
		out, err := needs.Python(t, env, listWithBoto3("boto3"))
		method := "env"
		if len(flags) > 1 {
			method = "container-role"
		}
		if err != nil || !strings.HasPrefix(out, method+" ") ||
			strings.TrimSpace(out) == method+" 0" {
			t.Errorf("%s: %v", out, err)
		}
	})
}

// listWithBoto3 prints where credentials came from and how many keys a bucket has.
func listWithBoto3(session string) string {
	return `
import boto3
session = ` + session + `
method = (session._get_default_session() if session is boto3 else session).get_credentials().method
page = session.client("s3").list_objects_v2(Bucket="` + cognitotest.ExampleBucket + `")
print(method, page["KeyCount"])`
}
