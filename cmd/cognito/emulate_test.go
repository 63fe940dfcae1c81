package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/emulator"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A log is a buffer that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// emulating runs "cognito emulate" until the test ends. It returns what it printed before it
// served, and its standard error.
func (m *machine) emulating(t *testing.T, args ...string) (advice []string, stderr *lockedBuffer) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	stderr = &lockedBuffer{}
	a := &app{stdin: os.Stdin, stdout: w, stderr: stderr, getenv: posix}
	ended := make(chan int, 1)
	go func() {
		defer w.Close()
		ended <- a.main(ctx, append([]string{"emulate"}, args...))
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d: %s", code, stderr)
		}
	})
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if advice = append(advice, lines.Text()); strings.HasPrefix(lines.Text(), "{") { // the last
			return advice, stderr
		}
	}
	t.Fatalf("it ended: %s", stderr)
	return nil, nil
}

// Another program's view: what is printed is set, and the sign-in works; a code comes on standard
// error.
func TestEmulate(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	config := filepath.Join(m.dir, "emulated.json")
	var seed map[string]any
	if err := json.Unmarshal([]byte(printedSeed(t)), &seed); err != nil {
		t.Fatal(err)
	}
	pool := seed["UserPools"].([]any)[0].(map[string]any)
	pool["MFAConfiguration"] = "OPTIONAL"
	pool["Users"].([]any)[0].(map[string]any)["MFA"] = []string{"EMAIL_OTP"}
	text, err := json.Marshal(seed)
	if err != nil {
		t.Fatal(err)
	}
	seedFile := m.write(t, "seed.json", string(text))
	advice, stderr := m.emulating(t, "-config", config, "-seed", seedFile)
	settings := slices.IndexFunc(advice, func(line string) bool {
		return strings.HasSuffix(line, " AWS CLI, boto3, AWS SDKs and cognito:")
	})
	if settings < 0 {
		t.Fatalf("printed %q", advice)
	}
	_, url, ok := strings.Cut(advice[settings+1], "AWS_ENDPOINT_URL=http://127.0.0.1:")
	url = strings.TrimSuffix(url, `"`) // of cmd.exe
	want := []string{"AWS_REGION=us-east-1", "COGNITO_CONFIG=" + shell.Word(config)}
	if !ok || !strings.Contains(advice[settings+2], want[0]) ||
		!strings.Contains(advice[settings+4], want[1]) ||
		runtime.GOOS != "windows" && advice[settings+2] != "export "+want[0] {
		t.Errorf("printed %q", advice)
	}
	for _, want := range []string{
		"AWS is emulated until Ctrl-C: the user is ada, the password is " +
			cognitotest.ExamplePassword + ".",
		want[1],
		"  cognito login -user ada",
		"  cognito exec -- aws s3 ls",
		"  cognito ls",
	} {
		if !slices.ContainsFunc(advice[:settings], func(line string) bool {
			return strings.HasSuffix(strings.TrimSuffix(line, `"`), want)
		}) {
			t.Errorf("printed %q, want %q", advice, want)
		}
	}
	var amplify struct {
		Auth struct{ Cognito map[string]string }
	}
	if err := json.Unmarshal([]byte(advice[len(advice)-1]), &amplify); err != nil ||
		amplify.Auth.Cognito["userPoolClientId"] != cognitotest.ExampleClientID ||
		amplify.Auth.Cognito["userPoolEndpoint"] != "http://127.0.0.1:"+url {
		t.Errorf("%v: %q", err, advice)
	}
	m.settings = map[string]string{"COGNITO_CONFIG": config,
		"COGNITO_STATE_DIR": filepath.Join(m.dir, "other"), "HOME": m.dir}
	// no code
	code, _, output := m.run(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
	if code != exitSignIn {
		t.Errorf("login without a code: exit %d, want %d: %s", code, exitSignIn, output)
	}
	_, after, found := strings.Cut(stderr.String(),
		"code sent to ada of "+cognitotest.ExampleUserPoolID+": ")
	if !found || len(after) != 7 {
		t.Errorf("standard error: %q", stderr)
	}
	// Codes are asked for twice within one sign-in only here: the next one is read from standard
	// error while it waits.
	stdin, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	io.WriteString(w, cognitotest.ExamplePassword+"\n")
	before := stderr.String()
	go func() {
		defer w.Close()
		for t.Context().Err() == nil {
			if now := stderr.String(); now != before && strings.HasSuffix(now, "\n") {
				io.WriteString(w, strings.TrimSpace(now[strings.LastIndex(now, ": ")+2:])+"\n")
				return
			}
		}
	}()
	var said bytes.Buffer
	a := &app{stdin: stdin, stdout: &said, stderr: &said, getenv: func(name string) string {
		return m.settings[name]
	}}
	if code := a.main(t.Context(), []string{"login", "-user", "ada"}); code != 0 {
		t.Fatalf("exit %d, %s", code, &said)
	}
	got := m.must(t, "", "credentials", "-format", "process")
	if !strings.Contains(got, "AccessKeyId") {
		t.Error(got)
	}
}

// printedSeed returns what -print-seed prints. m.run refuses it, because it has the password.
func printedSeed(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := emulator.WriteSeed(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestEmulateRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	// A port in use is not a usage error, as with serve.
	taken := strings.TrimPrefix(m.signedIn(t).url, "http://")
	for _, command := range []string{"emulate", "serve"} {
		if code, _, stderr := m.run(t, "", command, "-addr", taken); code != exitFailed ||
			!strings.Contains(stderr, taken) {
			t.Errorf("%s: exit %d: %s", command, code, stderr)
		}
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"all interfaces": {[]string{"-addr", "0.0.0.0:0"}, "-addr"},
		"no host":        {[]string{"-addr", ":0"}, "-addr"},
		"a name":         {[]string{"-addr", "example.com:80"}, "-addr"},
		"no port":        {[]string{"-addr", "127.0.0.1"}, "-addr"},
		"unknown key": {[]string{"-seed", m.write(t, "a", `{"UserPools": [{"Id": "us-east-1_A",
			"Clientz": []}]}`)}, "Clientz"},
		"no pool": {[]string{"-seed", m.write(t, "b", `{}`)}, "UserPools"},
		"wrong id": {[]string{"-seed", m.write(t, "c", `{"UserPools": [{"ID": "pool",
			"Clients": [{"ID": "x"}]}]}`)}, "user_pool_id"},
		"no client": {[]string{"-seed", m.write(t, "d", `{"UserPools": [{
			"ID": "us-east-1_A"}]}`)}, "Clients"},
		"two objects": {[]string{"-seed", m.write(t, "e", `{} {}`)}, "follows"},
		"a duration": {[]string{"-seed", m.write(t, "f", `{"Roles": [{
			"MaxSessionDuration": "-1h"}]}`)}, "negative"},
		"a damaged file": {[]string{"-config", m.write(t, "g", `{"DEV": {`)},
			"the text is incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := m.run(t, "", append([]string{"emulate"}, test.args...)...)
			if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 ||
				!strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, %q, %s", code, stdout, stderr)
			}
		})
	}
}

// posix is a getenv for which shell.Current is sh on Windows, unless cmd.exe runs the test.
func posix(name string) string { return map[string]string{"MSYSTEM": "MINGW64"}[name] }
