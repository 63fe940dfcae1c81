package interop

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// The tool, cmd/cognito, gives credentials to third-party programs. The server is the tool's own
// stand-in, "cognito emulate", so that the tests need nothing but the program.

// A toolMachine is a home directory in which the tool is installed and configured, and a stand-in
// at url.
type toolMachine struct {
	program, dir, url string
	env               []string
}

// toolKeys are the keys in toolBucket.
var toolKeys = []string{"a b + 100%.txt", "hello.txt", "notes/a=b&c=d?e#f.txt",
	"notes/ærøskøbing.txt", "notes/東京.txt"}

// toolBucket is a bucket with toolKeys. lateBucket is empty at first.
const (
	toolBucket = cognitotest.ExampleBucket
	lateBucket = "late-bucket"
)

// buildTool builds the tool as it is released.
func buildTool(t *testing.T) string {
	t.Helper()
	return buildProgram(t, ".", "github.com/loginwithcognito/cognito/cmd/cognito")
}

// buildProgram builds a program of the module in dir.
func buildProgram(t *testing.T, dir, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), filepath.Base(pkg))
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o",
		program, pkg)
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// newToolMachine starts a stand-in with the given lifetimes of credentials and tokens; 0 means an
// hour. Refresh tokens rotate and are valid for one use.
func newToolMachine(t *testing.T, program string, credentials, tokens time.Duration) *toolMachine {
	t.Helper()
	return seededToolMachine(t, program, toolSeed(credentials, tokens))
}

// toolSeed returns the seed of the stand-in that newToolMachine starts.
func toolSeed(credentials, tokens time.Duration) map[string]any {
	objects := make(map[string]string)
	for _, key := range toolKeys {
		objects[key] = "the object " + key
	}
	return map[string]any{
		"UserPools": []any{map[string]any{
			"ID": cognitotest.ExampleUserPoolID,
			"Clients": []any{map[string]any{
				"ID":                   cognitotest.ExampleClientID,
				"RefreshTokenRotation": true,
				"RetryGracePeriod":     "0s",
				"IDTokenValidity":      tokens.String(),
				"AccessTokenValidity":  tokens.String(),
			}},
			"Users": []any{
				map[string]any{
					"Name":     cognitotest.ExampleUser,
					"Password": cognitotest.ExamplePassword,
				},
			},
		}},
		"IdentityPools": []any{map[string]any{
			"ID":                cognitotest.ExampleIdentityPoolID,
			"ClientIDs":         []string{cognitotest.ExampleClientID},
			"AuthenticatedRole": cognitotest.ExampleRoleARN,
			"Providers": []any{map[string]any{
				"Name":      "token.actions.githubusercontent.com",
				"ClientIDs": []string{"cognito-identity.amazonaws.com"},
			}},
			"CredentialsValidity": credentials.String(),
		}},
		"Roles": []any{map[string]any{"ARN": cognitotest.ExampleRoleARN}},
		"Buckets": []any{
			map[string]any{"Name": toolBucket, "Region": region, "Objects": objects},
			map[string]any{"Name": lateBucket, "Region": region},
		},
	}
}

// seededToolMachine starts a stand-in with a seed.
func seededToolMachine(t *testing.T, program string, seed any) *toolMachine {
	t.Helper()
	m := bareToolMachine(t, program)
	text, err := json.Marshal(seed)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "seed.json", string(text), 0o600)
	printed := m.launch(t, "AWS_ENDPOINT_URL", "emulate", "-seed",
		filepath.Join(m.dir, "seed.json"), "-config", filepath.Join(m.dir, "config.json"))
	m.url = assigned(printed.String())["AWS_ENDPOINT_URL"]
	m.env = append(m.env, "AWS_ENDPOINT_URL="+m.url)
	return m
}

// bareToolMachine returns a machine without a stand-in and without a configuration.
func bareToolMachine(t *testing.T, program string) *toolMachine {
	t.Helper()
	m := &toolMachine{program: program, dir: t.TempDir()}
	cli := "#!/bin/sh\nexec '" + python(t)[0] + "' -m awscli \"$@\"\n"
	bin := filepath.Dir(m.write(t, "bin/aws", cli, 0o700))
	if err := os.Symlink(program, filepath.Join(bin, "cognito")); err != nil {
		t.Fatal(err)
	}
	m.env = environment(t, "HOME="+m.dir,
		"PATH="+bin+":"+os.Getenv("PATH"),
		"AWS_CONFIG_FILE="+filepath.Join(m.dir, "aws-config"),
		"COGNITO_CONFIG="+filepath.Join(m.dir, "config.json"),
		"COGNITO_STATE_DIR="+filepath.Join(m.dir, "state"))
	return m
}

// write creates a file in the home directory.
func (m *toolMachine) write(t *testing.T, name, text string, mode os.FileMode) (path string) {
	t.Helper()
	path = filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	// A process that another test starts meanwhile would inherit the open file, with which the
	// system does not run a program (Go issue 22315).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// read returns the content of a file in the home directory.
func (m *toolMachine) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// launch runs a command of the tool until the test ends. It returns when the command has printed
// name.
func (m *toolMachine) launch(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := new(process)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, m.program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = m.env, p, p
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-exited
		if cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("cognito %s: %v after Ctrl-C, want exit status 0", args[0], cmd.ProcessState)
		}
		if t.Failed() && args[0] != "serve" { // serve prints a token
			t.Logf("cognito %s printed:\n%s", args[0], p)
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if text := p.String(); strings.Contains(text, name) && strings.HasSuffix(text, "\n") {
			return p
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("cognito %s exited before it printed %s: %v\n%s", args[0], name, err, p)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("cognito %s did not print %s within a minute:\n%s", args[0], name, p)
		}
	}
}

// assigned returns the variables that a shell script sets. Their values must not contain quotes.
func assigned(script string) map[string]string {
	found := make(map[string]string)
	for line := range strings.Lines(script) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if name, value, ok := strings.Cut(line, "="); ok {
			found[name] = strings.Trim(value, "'")
		}
	}
	return found
}

// must runs the tool, which must succeed, and returns its output.
func (m *toolMachine) must(t *testing.T, input string, args ...string) string {
	t.Helper()
	r := run(t, m.env, input, append([]string{m.program}, args...)...)
	if r.status != 0 {
		t.Fatalf("cognito %s: exit status %d, want 0: %s", strings.Join(args, " "), r.status,
			r.stderr)
	}
	return r.stdout
}

// login signs the user in.
func (m *toolMachine) login(t *testing.T) {
	t.Helper()
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", cognitotest.ExampleUser)
}

// with returns the environment with additional variables.
func (m *toolMachine) with(more ...string) []string { return slices.Concat(m.env, more) }

// profiled creates a profile with credential_process and returns the environment that selects it.
func (m *toolMachine) profiled(t *testing.T) []string {
	t.Helper()
	m.must(t, "", "profile", "-profile", "interop")
	return m.with("AWS_PROFILE=interop")
}

// served starts "cognito serve". It returns the command's output, and the environment that the
// output describes.
func (m *toolMachine) served(t *testing.T) (printed *process, env []string) {
	t.Helper()
	printed = m.launch(t, "serving credentials", "serve")
	set := assigned(printed.String())
	if set["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "" ||
		set["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == "" {
		t.Fatal("cognito serve did not print the URI and the token")
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		env = append(env, name+"="+set[name])
	}
	return printed, m.with(env...)
}
