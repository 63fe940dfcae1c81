// Package interop contains only tests. They run third-party clients against the stand-in for AWS
// of package cognitotest, and this module's clients against third-party servers. install.sh
// installs pinned versions of those programs outside the tree.
//
// The prefix of a file's name states the kind of its tests: clients_ for third-party clients,
// servers_ for third-party servers, tool_ for the cognito command together with third-party
// programs.
package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// toolsDir returns the directory that install.sh installs into.
func toolsDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("COGNITO_TOOLS"); dir != "" {
		return dir
	}
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "cognito-tools")
}

// missing fails a test that needs a program which is not installed. install.sh installs all of
// them.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Fatalf(format+": run install.sh first", args...)
}

// tool returns the path of a program. It prefers the one that install.sh installed to the one in
// PATH.
func tool(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(filepath.Join(toolsDir(t), "bin", name)); err == nil {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "%s is not installed", name)
	}
	return path
}

// stamped ends the test unless install.sh installed name from the current content of the file at
// path.
func stamped(t *testing.T, name, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	stamp, err := os.ReadFile(filepath.Join(toolsDir(t), "stamp", name))
	if err != nil || strings.TrimSpace(string(stamp)) != hex.EncodeToString(sum[:]) {
		missing(t, "the installed version of %s does not match %s", name, path)
	}
}

// node returns the command line of a script in testdata/js.
func node(t *testing.T, script string, args ...string) []string {
	t.Helper()
	stamped(t, "js", "testdata/js/package-lock.json")
	return append([]string{tool(t, "node"), script}, args...)
}

// python returns the command line of the Python interpreter that has the pinned packages.
func python(t *testing.T, args ...string) []string {
	t.Helper()
	stamped(t, "python", "testdata/python/requirements.txt")
	return append([]string{filepath.Join(toolsDir(t), "bin", "python3-interop")}, args...)
}

// environment returns the environment of a program under test. It has a new home directory, no
// proxy, and nothing from the machine's AWS configuration.
func environment(t *testing.T, more ...string) []string {
	t.Helper()
	home := t.TempDir()
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + home,
		"COGNITO_TOOLS=" + toolsDir(t),
		"PYTHONDONTWRITEBYTECODE=1",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_PAGER=",
	}, more...)
}

// result is the exit status and the output of a program.
type result struct {
	status         int
	stdout, stderr string
}

// run runs a program with input on its standard input and waits for its end. The program is killed
// after ten minutes, or when the test ends.
func run(t *testing.T, env []string, input string, command ...string) result {
	t.Helper()
	r, err := execute(t.Context(), env, input, command)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// execute does the work of run. It may be called from several goroutines.
func execute(ctx context.Context, env []string, input string, command []string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = env
	cmd.Stdin = strings.NewReader(input)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second // a child of the program may hold the pipes open
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return result{},
			fmt.Errorf("%s: %v (%v)\n%s", strings.Join(command, " "), err, ctx.Err(),
				stderr.String())
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// serve starts a script that serves until its standard input ends, so that it does not outlive the
// test, even if the test is killed. The script reads its parameters as one line of JSON. When it
// accepts connections it prints a line of JSON, which serve decodes into ready.
func serve(t *testing.T, command []string, parameters, ready any) {
	t.Helper()
	line, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = environment(t)
	cmd.Stderr = &stderr
	cmd.WaitDelay = 5 * time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", strings.Join(command[1:], " "), stderr.String())
		}
	})
	if _, err := stdin.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	decoded := make(chan error, 1)
	go func() { decoded <- json.NewDecoder(stdout).Decode(ready) }()
	select {
	case err := <-decoded:
		if err != nil {
			t.Fatalf("%s did not report that it is ready: %v", strings.Join(command[1:], " "), err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("%s was not ready within a minute", strings.Join(command[1:], " "))
	}
}

// outcome is the result of one attempt of a script: a value, or the name of an error.
type outcome struct {
	Value   json.RawMessage
	Error   string // a service's error code, or the class of the client's own error
	Message string
}

// script runs a script that reads its parameters as JSON from standard input. The script prints a
// JSON object that maps the name of each attempt to its outcome.
//
// want maps the same names to the wanted error: "" means success, and "|" separates alternatives.
// The test fails if a name is in only one of the two maps.
func script(t *testing.T, command, env []string, parameters any,
	want map[string]string) map[string]outcome {
	t.Helper()
	input, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, environment(t, env...), string(input), command...)
	var got map[string]outcome
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || r.status != 0 {
		t.Fatalf("%s: exit status %d, %v\n%s%s", strings.Join(command[1:], " "), r.status, err,
			r.stdout, r.stderr)
	}
	if len(got) == 0 {
		t.Fatal("the script reported no attempts")
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("the script reported %q, which the test does not expect", name)
		}
	}
	for name, errs := range want {
		t.Run(name, func(t *testing.T) {
			o, ok := got[name]
			if !ok {
				t.Fatal("the script did not report this attempt")
			}
			for _, e := range strings.Split(errs, "|") {
				if o.Error == e {
					return
				}
			}
			t.Errorf("error %q (%s), value %s, want error %q", o.Error, o.Message, o.Value, errs)
		})
	}
	return got
}

// value decodes the value of a successful outcome.
func value[T any](t *testing.T, outcomes map[string]outcome, name string) T {
	t.Helper()
	var v T
	o, ok := outcomes[name]
	if !ok || o.Error != "" {
		t.Errorf("%s: error %q (%s), want a value", name, o.Error, o.Message)
		return v
	}
	if err := json.Unmarshal(o.Value, &v); err != nil {
		t.Errorf("%s: %v in %s", name, err, o.Value)
	}
	return v
}
