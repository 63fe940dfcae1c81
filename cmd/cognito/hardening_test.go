package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// A file may give an environment any name. No message prints its control characters.
func TestNamesDoNotSteerTerminal(t *testing.T) {
	t.Parallel()
	const name = "\x1b]0;title\a\x1b[31m\u009b7m\nB"
	m := newMachine(t)
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "odd.json",
		strings.Replace(string(data), `"DEV"`, `"\u001b]0;title\u0007\u001b[31m\u009b7m\nB"`, 1))
	m.settings["COGNITO_CONFIG"] = m.write(t, "other.json", string(data))
	for _, args := range [][]string{
		{"configure", "-force", "-from", filepath.Join(m.dir, "odd.json"), "-env", name},
		{"configure", "-env", name, "-client-id", "another0another0another"},
		{"login", "-env", name, "-user", "ada"},
		{"credentials", "-env", name},
		{"profile", "-env", name},
		{"whoami", "-env", name},
		{"doctor", "-env", name},
		{"exec", "-env", name, "--", name},
		{"logout", "-env", name},
		{"logout", "-env", name},
		{"login", "-env", name + "?"},
		{"curl", "-env", name, "https://example.com", name},
		{name},
	} {
		_, stdout, stderr := m.run(t, cognitotest.ExamplePassword+"\n", args...)
		if strings.ContainsAny(stdout+stderr, "\x1b\a\u009b") {
			t.Errorf("%q: %q%q", args, stdout, stderr)
		}
		for line := range strings.Lines(stderr) {
			if !strings.HasPrefix(line, "cognito: ") ||
				strings.HasPrefix(line, "cognito: cognito: ") {
				t.Errorf("%q: the line %q", args, line)
			}
		}
	}
}

// If the session cannot be stored, login sends no password and uses up no code.
func TestLoginNeedsAPlaceFirst(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	made := new(calls)
	m.fault.set(made.note)
	if runtime.GOOS != "windows" {
		err := cmp.Or(os.Mkdir(m.settings["COGNITO_STATE_DIR"], 0o700),
			os.Chmod(m.settings["COGNITO_STATE_DIR"], 0o755))
		if err != nil {
			t.Fatal(err)
		}
		m.run(t, cognitotest.ExamplePassword, "login", "-user", "ada")
	}
	m.settings["COGNITO_STATE_DIR"] = m.write(t, "file", "")
	code, _, stderr := m.run(t, cognitotest.ExamplePassword, "login", "-user", "ada")
	if code == 0 || !strings.Contains(stderr, "file") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if len(made.names) > 0 {
		t.Errorf("was sent: %v", made.names)
	}
}

// The files of a killed process are removed, in any directory of sessions.
func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.settings["COGNITO_STATE_DIR"] = filepath.Join(m.dir, "[state]*?")
	if runtime.GOOS == "windows" {
		m.settings["COGNITO_STATE_DIR"] = filepath.Join(m.dir, "[state]")
	}
	m.signedIn(t)
	path, _ := m.record(t)
	left := strings.TrimSuffix(path, ".json") + ".123.new"
	if err := os.WriteFile(left, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.forget(t)
	m.must(t, "", "credentials")
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
}

// A sign-out that the pool has carried out is told, even if the file could not be changed.
func TestLogoutThatIsNotKept(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: this system keeps the directory of a lock that is held")
	}
	m := newMachine(t).signedIn(t)
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "RevokeToken" {
			os.RemoveAll(m.settings["COGNITO_STATE_DIR"])
		}
		return nil
	})
	if code, _, stderr := m.run(t, "", "logout"); code != exitFailed ||
		!strings.Contains(stderr, "signed out of DEV, but") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// If services do not respond, the error names the command to run.
func TestProcessFormatEndsInTime(t *testing.T) {
	t.Parallel()
	if processLimit >= time.Minute {
		t.Errorf("aws-sdk-go-v2 waits for a minute, and this for %v", processLimit)
	}
	m := newMachine(t).signedIn(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	m.fault.set(func(r *http.Request) *http.Response {
		select {
		case <-ctx.Done():
		case <-r.Context().Done():
		}
		return &http.Response{}
	})
	code, stdout, stderr := m.runContext(t, ctx, "", "credentials", "-format", "process")
	if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 ||
		!strings.Contains(stderr, `run "cognito doctor -env DEV" to find`) {
		t.Errorf("exit %d: %q, %q", code, stdout, stderr)
	}
}

// Help is had in every way that people try, and an argument that may be a password is not repeated.
func TestHelp(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, args := range []string{"help", "-h", "--help", "help help", "help -h", "-h help",
		"-help login", "help login", "login -h", "help help help", "help version"} {
		if code, stdout, stderr := m.run(t, "", strings.Fields(args)...); code != 0 ||
			stdout == "" || stderr != "" {
			t.Errorf("%s: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
	for name := range names() {
		_, stdout, stderr := m.run(t, "", name, "a", "hunter2", "hunter2")
		if strings.Contains(stdout+stderr, "hunter2") {
			t.Errorf("%s: %s%s", name, stdout, stderr)
		}
	}
	for flag, args := range map[string][]string{
		"password-fd":            {"login", "-password-fd", "hunter2 for flag -x"},
		"password-fd: it is not": {"login", "-password-fd", "-1"},
		"H":                      {"curl", "-H", "X-Key hunter2", "https://example.com"},
		"r":                      {"ls", "-r=hunter2"}, "password": {"login", "-password=hunter2"},
	} {
		code, _, stderr := m.run(t, "", args...)
		if code != exitUsage || strings.Contains(stderr, "hunter2") ||
			!strings.Contains(stderr, "-"+flag) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("-%s: exit %d: %s", flag, code, stderr)
		}
	}
}

// Only who reads what is printed may go without a word: a connection that breaks is told.
func TestBrokenPipes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: EPIPE is not an error of this system: see TestErrorsOfSystem")
	}
	for name, test := range map[string]struct {
		err  error
		said bool
	}{
		"standard output": {&os.PathError{
			Op:   "write",
			Path: "/dev/stdout",
			Err:  syscall.EPIPE,
		}, false},
		"a service": {&net.OpError{
			Op:  "write",
			Net: "tcp",
			Err: os.NewSyscallError("write", syscall.EPIPE),
		}, true},
	} {
		var stderr strings.Builder
		if code := (&app{stderr: &stderr}).report(t.Context(), test.err); code != exitFailed ||
			test.said != (stderr.Len() > 0) {
			t.Errorf("%s: exit %d: %s", name, code, &stderr)
		}
	}
}

// Wrong flags and settings are reported with exitUsage, before any prompt or request.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	made := new(calls)
	config := func(name, text string) string { return m.write(t, name+".json", fill(text)) }
	noClient := config("a", `{"DEV": {"user_pool_id": "POOL"}}`)
	noRole := config("b", `{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT",
		"identity_pool_id": "us-east-1:00000000-8a4d-4e6f-9b3a-0123456789ab"}}`)
	for _, env := range []string{"DEV", "BARE"} {
		m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada", "-env", env)
	}
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada", "-config", noRole)
	m.fault.set(made.note)
	for _, args := range [][]string{
		{"login", "-user", "ada", "-flow", "NONSENSE"},
		{"login", "-user", "ada", "-flow", "REFRESH_TOKEN_AUTH"},
		{"login", "-user", "ada", "-challenge", "NONSENSE"},
		{"login", "-user", "ada", "-flow", "USER_SRP_AUTH", "-challenge", "EMAIL_OTP"},
		{"login", "-user", "ada", "-config", noClient},
		{"credentials", "-config", noClient},
		{"credentials", "-env", "BARE"},
		{"ls", "-own", "-env", "BARE", "s3://example-bucket"},
		{"ls", "-env", "BARE", "s3://example-bucket"},
		{"credentials", "-duration", "1h", "-config", noRole},
	} {
		code, stdout, stderr := m.run(t, cognitotest.ExamplePassword, args...)
		if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
	if len(made.names) > 0 {
		t.Errorf("was sent: %v", made.names)
	}
}

// A command with sign-in flags must not use the session of another user.
func TestSignInFlagsAreNotIgnored(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	for _, command := range []string{"credentials", "exec", "serve", "ls", "curl", "whoami",
		"token", "doctor"} {
		for _, flag := range []string{"-password-fd=0", "-totp-file=x",
			"-flow=USER_AUTH", "-challenge=PASSWORD", "-remember-device"} {
			code, stdout, stderr := m.run(t, "", command, flag, "true")
			if name, _, _ := strings.Cut(flag, "="); code != exitUsage || stdout != "" ||
				!strings.Contains(stderr, name+" requires -no-store") {
				t.Errorf("%s %s: exit %d: %s%s", command, flag, code, stdout, stderr)
			}
		}
	}
	for _, command := range [][]string{
		{"credentials"},
		{"exec", "--", os.Args[0]}, // any program
		{"serve"},
		{"ls"},
		{"curl", "-service", "s3", "-region", "us-east-1", m.url},
		{"whoami"},
		{"token"},
	} {
		args := append([]string{command[0], "-user=grace"}, command[1:]...)
		code, stdout, stderr := m.run(t, "", args...)
		if code != exitSignIn || stdout != "" || !strings.HasSuffix(stderr, "grace is not signed "+
			"in to DEV: run \"cognito login -env DEV -user grace\"\n") {
			t.Errorf("%q: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
}

// A SIGTERM that comes before the command begins is not lost.
func TestInterruptedBeforeCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &app{stdin: os.Stdin, stdout: io.Discard, stderr: io.Discard}
	err := a.runChild(ctx, "/nonexistent", []string{"x"}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// If new tokens cannot be stored, the refresh token is not used up.
func TestFullDiskKeepsToken(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("NOT TESTED: this system has no ulimit")
	}
	m := newMachine(t)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	count := m.refreshes()
	m.signedIn(t).forget(t)
	path, _ := m.record(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	process := m.process(t, "credentials", "-format", "process")
	process.Args = append([]string{"sh", "-c", `trap "" XFSZ; ulimit -f 1; exec "$@"`, "sh"},
		process.Args...)
	if process.Path, err = exec.LookPath("sh"); err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	process.Stderr = &complaint
	out, err := process.Output()
	if err == nil || len(out) > 0 || !strings.Contains(complaint.String(), "could not be kept") ||
		count.Load() != 0 {
		t.Errorf("%v, %d refreshes: %s%s", err, count.Load(), out, &complaint)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file has changed: %v", err)
	}
	m.must(t, "", "credentials", "-format", "process")
	if count.Load() != 1 {
		t.Errorf("%d refreshes", count.Load())
	}
}
