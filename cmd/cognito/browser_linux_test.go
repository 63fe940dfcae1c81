package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/emulator"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// browsing returns a machine with the emulator's environment and a free callback port. Its browser
// writes the address that it opens to the file opened.
func browsing(t *testing.T) (m *machine, opened string) {
	t.Helper()
	m = newMachine(t)
	port, err := fakehttp.FreePort(t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	callback := "http://127.0.0.1:" + port + "/callback"
	client := &m.server.UserPools[0].Clients[0]
	client.CallbackURLs = []string{callback}
	client.LogoutURLs = []string{strings.TrimSuffix(callback, "callback")}
	config := filepath.Join(m.dir, "browser.json")
	a := &app{stderr: io.Discard, getenv: func(name string) string { return m.settings[name] }}
	err = a.changeConfig(t.Context(), config, func(all map[string]cognito.Environment) error {
		all["DEV"] = emulator.Environments(m.server, m.url)["EMULATED"]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.settings["COGNITO_CONFIG"] = config
	opened = filepath.Join(m.dir, "opened")
	script := filepath.Join(m.dir, "browse")
	writeProgram(t, script, fmt.Appendf(nil,
		"#!/bin/sh\nenv > '%[1]s.env'\necho \"$1\" > '%[1]s.new'\nmv '%[1]s.new' '%[1]s'\n",
		opened))
	m.settings["BROWSER"] = script
	return m, opened
}

// address waits for the address that the browser opens.
func address(t *testing.T, opened string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if text, err := os.ReadFile(opened); err == nil {
			os.Remove(opened)
			return strings.TrimSpace(string(text))
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the browser was not started")
	return ""
}

// signIn returns the callback with which the browser ends at the address.
func (m *machine) signIn(t *testing.T, address string) string {
	t.Helper()
	callback, err := m.server.Browse(address, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Error(err)
	}
	return callback
}

// visit returns the status of a page.
func visit(t *testing.T, address string) int {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// A signInResult is what a run of the tool returned.
type signInResult struct {
	code   int
	stderr string
}

// begin runs the tool while the test acts as the browser.
func (m *machine) begin(t *testing.T, ctx context.Context, args ...string) <-chan signInResult {
	t.Helper()
	ended := make(chan signInResult, 1)
	go func() {
		code, _, stderr := m.runContext(t, ctx, "", args...)
		if code != 0 {
			t.Logf("exit %d: %s", code, stderr)
		}
		ended <- signInResult{code, stderr}
	}()
	return ended
}

func TestLoginBrowser(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	ended := m.begin(t, t.Context(), "login", "-browser")
	at := address(t, opened)
	callback := m.signIn(t, at)
	if !strings.HasPrefix(at, m.url+"/oauth2/authorize?") {
		t.Errorf("opened %q", at)
	}
	for _, other := range []string{
		callback[:strings.Index(callback, "?")] + "?code=x&state=other",
		callback[:strings.Index(callback, "?")] + "?error=access_denied&error_description=%1b[2J",
	} {
		if status := visit(t, other); status != http.StatusBadRequest {
			t.Errorf("status %d for %q", status, other)
		}
	}
	if status := visit(t, callback); status != http.StatusOK {
		t.Errorf("status %d for the callback", status)
	}
	got := <-ended
	if got.code != 0 || !strings.Contains(got.stderr, "signed in to DEV as ada") ||
		!strings.Contains(got.stderr, "\n"+at+"\n") || strings.Contains(got.stderr, "\x1b") {
		t.Errorf("exit %d: %q", got.code, got.stderr)
	}
	if text := m.must(t, "", "credentials", "-format", "process"); !strings.Contains(text, "Key") {
		t.Errorf("credentials: %q", text)
	}

	// The next sign-in uses the browser again, and revokes the session that it replaces.
	_, r := m.record(t)
	old := r.SavedSession().Tokens.Refresh
	ended = m.begin(t, t.Context(), "login")
	visit(t, m.signIn(t, address(t, opened)))
	if got := <-ended; got.code != 0 {
		t.Errorf("second sign-in: exit %d: %s", got.code, got.stderr)
	}
	if _, r := m.record(t); r.SavedSession().Tokens.Refresh == old || len(r.Replaced) != 0 {
		t.Errorf("the old session is not replaced, or not revoked")
	}

	// logout ends the browser's session too, even if nobody is signed in.
	for range 2 {
		if code, _, stderr := m.run(t, "", "logout", "-browser"); code != 0 {
			t.Errorf("logout: exit %d: %s", code, stderr)
		}
		if at := address(t, opened); !strings.HasPrefix(at, m.url+"/logout?") ||
			visit(t, strings.Split(at, "&logout_uri")[0]) == 0 {
			t.Errorf("logout opened %q", at)
		}
	}
	// A flag selects another way, which is remembered.
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
	m.must(t, cognitotest.ExamplePassword+"\n", "login")
}

// The browser is on another machine: the user pastes the address that it ended at.
func TestLoginBrowserPasted(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	s := m.atTerminal(t, 80, 24, "login", "-browser")
	callback := m.signIn(t, address(t, opened))
	page, query, _ := strings.Cut(callback, "?")
	const prompt = "Address (or wait for the browser): "
	s.answer(prompt, "https://example.com/")
	s.expect("not the address that the browser ended at")
	s.answer(prompt, page+"?code=x&state=other")
	s.expect("another sign-in")
	s.answer(prompt, callback)
	s.expect("signed in to DEV as ada")
	s.answer("for the AWS CLI and SDKs? [y/N] ", "")
	s.exits(0)
	if strings.Contains(s.text(), query) {
		t.Errorf("the code is shown: %s", s.text())
	}
	env, err := os.ReadFile(opened + ".env")
	if err != nil || strings.Contains(string(env), "AWS_") ||
		strings.Contains(string(env), "COGNITO_") {
		t.Errorf("environment of the browser: %v, %s", err, env)
	}
}

// A sign-in as the user of COGNITO_USER is like that user's last one.
func TestLoginBrowserOfUser(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	m.settings["COGNITO_USER"] = cognitotest.ExampleUser
	for _, flags := range [][]string{{"-browser"}, nil} {
		ended := m.begin(t, t.Context(), append([]string{"login"}, flags...)...)
		visit(t, m.signIn(t, address(t, opened)))
		if got := <-ended; got.code != 0 {
			t.Errorf("login %q: exit %d: %s", flags, got.code, got.stderr)
		}
	}
	// With -user, login reads the password and does not wait for a browser.
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-user", cognitotest.ExampleUser, "-wait",
		"10s")
	m.must(t, cognitotest.ExamplePassword+"\n", "login", "-flow", "USER_SRP_AUTH")
}

// After the browser has returned, the prompt for an address does not take the next answer.
func TestLoginBrowserThenPrompt(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	s := m.atTerminal(t, 80, 24, "login", "-browser")
	callback := m.signIn(t, address(t, opened))
	s.expect("Address (or wait for the browser): ")
	visit(t, callback)
	s.answer("for the AWS CLI and SDKs? [y/N] ", "y")
	s.expect("cognito: profile DEV is in")
	s.exits(0)
}

// The prompt for an address does not take the input of the command that exec then runs.
func TestExecAfterBrowser(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	ended := m.begin(t, t.Context(), "login", "-browser")
	visit(t, m.signIn(t, address(t, opened)))
	<-ended
	m.must(t, "", "logout")
	s := m.atTerminal(t, 80, 24, "exec", "-serve", "--", "sh", "-c",
		`for i in 1 2; do read line; echo "line $i: $line."; done`)
	s.answer("Sign in? [Y/n] ", "")
	callback := m.signIn(t, address(t, opened))
	s.expect("Address (or wait for the browser): ")
	visit(t, callback)
	s.expect("signed in to DEV as ada")
	s.press("one\n")
	s.expect("line 1: one.")
	s.press("two\n")
	s.expect("line 2: two.")
	s.exits(0)
}

// Without a terminal, the address is a line of the input.
func TestLoginBrowserPiped(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	stdin, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	defer w.Close()
	var stderr lockedBuffer
	a := &app{stdin: stdin, stdout: &stderr, stderr: &stderr, getenv: func(name string) string {
		return m.settings[name]
	}}
	ended := make(chan int, 1)
	go func() { ended <- a.main(t.Context(), []string{"login", "-browser"}) }()
	fmt.Fprintln(w, m.signIn(t, address(t, opened)))
	if code := <-ended; code != 0 {
		t.Errorf("exit %d: %s", code, &stderr)
	}
}

func TestLoginBrowserEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		act  func(m *machine, at string, cancel func())
		code int
		want string
	}{
		{
			name: "timeout",
			args: []string{"-wait", "300ms"},
			act:  func(*machine, string, func()) {},
			code: exitSignIn,
			want: "the browser did not return",
		},
		{
			name: "Ctrl-C",
			act:  func(_ *machine, _ string, cancel func()) { cancel() },
			code: exitInterrupted,
			want: "interrupted",
		},
		{
			name: "refused, with an escape sequence",
			act: func(_ *machine, at string, _ func()) {
				u, err := url.Parse(at)
				if err != nil {
					t.Error(err)
					return
				}
				visit(t, u.Query().Get("redirect_uri")+"?error=access_denied&error_description="+
					"no%1b[2J&state="+u.Query().Get("state"))
			},
			code: exitFailed,
			want: "refused the sign-in: access_denied: no",
		},
		{
			name: "the token endpoint refuses the code",
			act: func(m *machine, at string, _ func()) {
				m.fault.set(func(r *http.Request) *http.Response {
					if r.URL.Path != "/oauth2/token" {
						return nil
					}
					return answer(http.StatusBadRequest, `{"error":"invalid_grant"}`)
				})
				visit(t, m.signIn(t, at))
			},
			code: exitFailed,
			want: "invalid_grant",
		},
		{
			name: "the token endpoint redirects",
			act: func(m *machine, at string, _ func()) {
				m.fault.set(func(r *http.Request) *http.Response {
					if r.URL.Path != "/oauth2/token" {
						return nil
					}
					to := answer(http.StatusTemporaryRedirect, "")
					to.Header = http.Header{"Location": {"/oauth2/other"}}
					return to
				})
				visit(t, m.signIn(t, at))
			},
			code: exitFailed,
			want: "redirects, which is not followed",
		},
		{
			name: "the domain belongs to another user pool",
			act:  signInElsewhere(t),
			code: exitFailed,
			want: "check domain and user_pool_id",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, opened := browsing(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := m.begin(t, ctx, append([]string{"login", "-browser"}, test.args...)...)
			test.act(m, address(t, opened), cancel)
			got := <-ended
			if got.code != test.code || !strings.Contains(got.stderr, test.want) ||
				strings.Contains(got.stderr, "\x1b") {
				t.Errorf("exit %d, want %d and %q: %q", got.code, test.code, test.want, got.stderr)
			}
			if code, _, _ := m.run(t, "", "whoami"); code != exitSignIn {
				t.Errorf("whoami: exit %d, want %d", code, exitSignIn)
			}
		})
	}
}

// signInElsewhere returns a function that signs in at the domain of another user pool.
func signInElsewhere(t *testing.T) func(m *machine, at string, cancel func()) {
	return func(m *machine, at string, _ func()) {
		other := cognitotest.Example()
		other.UserPools[0].ID = "us-east-1_FOREIGN00"
		other.UserPools[0].Clients = m.server.UserPools[0].Clients
		callback, err := other.Browse(at, cognitotest.ExampleUser, cognitotest.ExamplePassword)
		if err != nil {
			t.Error(err)
		}
		m.fault.set(func(r *http.Request) *http.Response {
			if r.URL.Path != "/oauth2/token" {
				return nil
			}
			w := httptest.NewRecorder()
			other.ServeHTTP(w, r)
			return w.Result()
		})
		visit(t, callback)
	}
}

// Connections that the browser opens ahead do not delay the end, and the page is not cut off.
func TestLoginBrowserIdleConnections(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	ended := m.begin(t, t.Context(), "login", "-browser")
	callback := m.signIn(t, address(t, opened))
	at, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	for _, begun := range []string{"", "", "GET /favicon.ico HTTP/1.1\r\n"} {
		c, err := net.Dial("tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, begun)
	}
	resp, err := http.Get(callback)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(string(page), "</html>\n") {
		t.Errorf("the page is cut off: %v: %s", err, page)
	}
	if got := <-ended; got.code != 0 {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
}

// The browser receives the whole address as one argument, and no terminal. Its output is not
// shown, and the tool does not wait for its end.
func TestLoginBrowserProgram(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	writeProgram(t, m.settings["BROWSER"], fmt.Appendf(nil, `#!/bin/sh
echo noise; echo noise >&2
for fd in 0 1 2; do
	at=$(readlink /proc/$$/fd/$fd)
	[ "$at" = /dev/null ] || echo "stream $fd at $at" >'%[1]s.wrong'
done
[ $# = 2 ] && [ "$1" = -new ] || echo "$# arguments: $*" >'%[1]s.wrong'
echo "$2" >'%[1]s.new'
mv '%[1]s.new' '%[1]s'
until [ -e '%[1]s.end' ] || [ ! -d '%[2]s' ]; do sleep 0.1; done
touch '%[1]s.ended'
`, opened, m.dir))
	dir, err := os.Open(m.dir) // to have a path without spaces, whatever the directory is
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	m.settings["BROWSER"] = fmt.Sprintf("/nonexistent/browser:/proc/%d/fd/%d/%s -new %%s",
		os.Getpid(), dir.Fd(), filepath.Base(m.settings["BROWSER"]))
	ended := m.begin(t, t.Context(), "login", "-browser")
	at := address(t, opened)
	u, err := url.Parse(at)
	if err != nil || len(u.Query()) < 7 || u.Query().Get("code_challenge_method") != "S256" {
		t.Fatalf("opened %q, %v", at, err)
	}
	visit(t, m.signIn(t, at))
	got := <-ended
	if got.code != 0 || strings.Contains(got.stderr, "noise") ||
		!strings.Contains(got.stderr, "\n"+at+"\n") {
		t.Errorf("exit %d: %q", got.code, got.stderr)
	}
	if _, err := os.Stat(opened + ".ended"); err == nil {
		t.Error("the tool waited for the end of the browser, or ended it")
	}
	if wrong, err := os.ReadFile(opened + ".wrong"); err == nil {
		t.Errorf("the browser has %s", wrong)
	}
	if err := os.WriteFile(opened+".end", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	address(t, opened+".ended") // before its directory is removed
}

// A refresh that the token endpoint refuses with invalid_grant ends the session.
func TestBrowserSessionEnds(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	ended := m.begin(t, t.Context(), "login", "-browser")
	visit(t, m.signIn(t, address(t, opened)))
	if got := <-ended; got.code != 0 {
		t.Fatal(got.stderr)
	}
	m.change(t, func(_ *state.Record, saved *cognito.SavedSession) {
		saved.Tokens.ID, saved.Tokens.Expires = "", time.Time{}
		saved.Tokens.Access = ""
	})
	m.fault.set(func(r *http.Request) *http.Response {
		if r.URL.Path != "/oauth2/token" {
			return nil
		}
		return answer(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	})
	if code, _, stderr := m.run(t, "", "token"); code != exitSignIn ||
		!strings.Contains(stderr, "has ended") {
		t.Errorf("token: exit %d: %s", code, stderr)
	}
}

func TestBrowserFlags(t *testing.T) {
	t.Parallel()
	m, _ := browsing(t)
	for _, args := range []string{
		"login -browser -flow USER_AUTH",
		"login -browser -no-password",
		"login -browser -wait -1s",
		"login -provider Google",
		"login -browser -env BARE -config " + filepath.Join(m.dir, "config.json"),
		"credentials -browser",
		"exec -browser -- true",
		"serve -browser",
	} {
		if code, _, stderr := m.run(t, "", strings.Fields(args)...); code != exitUsage {
			t.Errorf("%s: exit %d: %s", args, code, stderr)
		}
	}
}

func TestDoctorManagedLogin(t *testing.T) {
	t.Parallel()
	m, _ := browsing(t)
	_, stdout, _ := m.run(t, "", "doctor")
	if !strings.Contains(stdout, "ok    managed login") {
		t.Errorf("doctor printed %s", stdout)
	}
	m.server.UserPools[0].Clients[0].CallbackURLs[0] += "/other"
	_, stdout, stderr := m.run(t, "", "doctor")
	if !strings.Contains(stdout, "FAIL  managed login") ||
		!strings.Contains(stderr, "redirect_mismatch") {
		t.Errorf("doctor printed %s%s", stdout, stderr)
	}
}

// With -no-store, the session ends with the command, and no file is written.
func TestLoginBrowserNoStore(t *testing.T) {
	t.Parallel()
	m, opened := browsing(t)
	ended := m.begin(t, t.Context(), "login", "-browser", "-no-store")
	visit(t, m.signIn(t, address(t, opened)))
	got := <-ended
	if got.code != 0 || strings.Contains(got.stderr, "not revoked") {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
	if _, err := os.Stat(m.settings["COGNITO_STATE_DIR"]); err == nil {
		t.Error("-no-store made the state directory")
	}
}
