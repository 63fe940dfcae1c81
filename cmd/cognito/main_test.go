package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// TestMain makes the test binary the tool itself, when it is told to.
func TestMain(m *testing.M) {
	if os.Getenv("COGNITO_TEST_TOOL") != "" {
		main()
		return
	}
	for _, s := range endingSignals() {
		// under nohup(1), or behind a shell's &: the tools that are started here must not inherit
		// it
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	flag.Set("test.parallel", "8") // most tests wait for processes; -parallel overrides it
	home, err := os.MkdirTemp("", "cognito-home")
	if err != nil {
		panic(err)
	}
	for _, name := range homes {
		os.Setenv(name, home) // no test changes the developer's files
	}
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

// homes are the variables that name a directory of the user.
var homes = []string{"HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME",
	"XDG_STATE_HOME", "XDG_CACHE_HOME"}

// A machine is the surroundings of the tool in a test: a stand-in on loopback, and directories.
type machine struct {
	server   *cognitotest.Server
	fault    *fault // of the server
	url      string
	dir      string // of all files
	settings map[string]string
}

// newMachine serves the example, and writes a configuration with the environments DEV and BARE,
// which has no identity pool.
func newMachine(t testing.TB) *machine {
	t.Helper()
	m := &machine{server: cognitotest.Example(), dir: t.TempDir()}
	m.fault = m.faulty()
	listener := httptest.NewServer(m.server)
	t.Cleanup(listener.Close)
	m.url = listener.URL
	m.settings = map[string]string{
		"COGNITO_CONFIG":    filepath.Join(m.dir, "config.json"),
		"COGNITO_STATE_DIR": filepath.Join(m.dir, "state"),
		"COGNITO_ENV":       "DEV", "AWS_ENDPOINT_URL": m.url, "HOME": m.dir, "USERPROFILE": m.dir,
	}
	text, err := json.Marshal(map[string]any{
		"DEV": map[string]string{
			"user_pool_id": cognitotest.ExampleUserPoolID, "client_id": cognitotest.ExampleClientID,
			"identity_pool_id": cognitotest.ExampleIdentityPoolID,
			"role_arn":         cognitotest.ExampleRoleARN,
			"bucket_name":      cognitotest.ExampleBucket,
		},
		"BARE": map[string]string{"user_pool_id": cognitotest.ExampleUserPoolID,
			"client_id": cognitotest.ExampleClientID},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.settings["COGNITO_CONFIG"], text, 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// run runs the tool in this process, with input on its standard input, which is not a terminal.
func (m *machine) run(
	t *testing.T, input string, args ...string,
) (code int, stdout, stderr string) {
	t.Helper()
	return m.runContext(t, t.Context(), input, args...)
}

func (m *machine) runContext(t *testing.T, ctx context.Context, input string,
	args ...string) (code int, stdout, stderr string) {
	t.Helper()
	stdin, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	go func() { // the system's buffer may be small
		io.WriteString(w, input)
		w.Close()
	}()
	var out, errs bytes.Buffer
	a := &app{stdin: stdin, stdout: &out, stderr: &errs, getenv: func(name string) string {
		return m.settings[name]
	}}
	code = a.main(ctx, args)
	if strings.Contains(out.String()+errs.String(), cognitotest.ExamplePassword) {
		t.Error("the password is shown")
	}
	return code, out.String(), errs.String()
}

// must is run for what has to succeed.
func (m *machine) must(t *testing.T, input string, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := m.run(t, input, args...)
	if code != 0 {
		t.Fatalf("cognito %s: exit %d: %s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// signedIn signs the example's user in.
func (m *machine) signedIn(t *testing.T) *machine {
	t.Helper()
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", cognitotest.ExampleUser)
	return m
}

// built returns the path of the tool. With COGNITO_TEST_LONG, it builds the release. Otherwise it
// returns this test binary, which runs the tool if COGNITO_TEST_TOOL is set.
func built(t testing.TB) string {
	t.Helper()
	if !longtest.Enabled(t, "the tool is not built") {
		executable, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		return executable
	}
	program := filepath.Join(t.TempDir(), "cognito")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o",
		program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return program
}

// process is the tool as a process of its own.
func (m *machine) process(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), executable, args...)
	c.Env = []string{
		"COGNITO_TEST_TOOL=1",
		"GORACE=atexit_sleep_ms=0",
		"PATH=" + os.Getenv("PATH"),
		"SSL_CERT_DIR=" + os.DevNull, // no time is spent on certificates
		"SSL_CERT_FILE=" + os.DevNull,
	}
	for name, value := range m.settings {
		c.Env = append(c.Env, name+"="+value)
	}
	return c
}
