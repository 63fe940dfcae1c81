package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// endLimit is how long a signalled process may run, even if the pool never responds.
// It is far more than any process needs, so that a busy machine does not fail a test.
const endLimit = 4 * time.Minute

// toolVariable is the variable with the path of a tool that is already built.
const toolVariable = "COGNITO_TEST_EXITS_TOOL"

// fullExits reports whether the long form of the tests of exits runs.
func fullExits() bool { return os.Getenv("COGNITO_TEST_EXITS") == "full" }

// A workshop holds what the stations of one test share: the tool and the stand-in.
type workshop struct {
	tool   string
	dir    string
	config string
	server *cognitotest.Server
}

// newWorkshop builds the tool. Refresh tokens of the stand-in rotate, without a grace period.
func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{tool: os.Getenv(toolVariable), dir: t.TempDir(), server: cognitotest.Example()}
	w.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	if w.tool == "" {
		w.tool = built(t)
	}
	text, err := json.Marshal(map[string]any{
		"DEV": map[string]string{
			"user_pool_id":     cognitotest.ExampleUserPoolID,
			"client_id":        cognitotest.ExampleClientID,
			"identity_pool_id": cognitotest.ExampleIdentityPoolID,
			"bucket_name":      cognitotest.ExampleBucket,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.config = filepath.Join(w.dir, "config.json")
	if err := os.WriteFile(w.config, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return w
}

// A stage is the progress of a request that uses the refresh token.
type stage string

const (
	started  stage = "started"  // the process runs, and may not have sent the request
	received stage = "received" // the pool has read the request
	spent    stage = "spent"    // the pool has replaced or revoked the token, and has not responded
	answered stage = "answered" // the response is sent
)

// A slowPool is a proxy between a station and the stand-in. It reports the progress of refreshes
// and revocations.
type slowPool struct {
	server *cognitotest.Server
	url    string

	mu     sync.Mutex
	tested bool              // a process under test has been started
	conns  map[net.Conn]bool // open connections; true: opened since then
	newest string            // the refresh token that was issued last
	// at is called at each stage of a request, and holds it up until it returns.
	at func(operation string, at stage)
}

func (p *slowPool) watch(at func(operation string, at stage)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
}

// connected records which connections are open.
func (p *slowPool) connected(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.conns[c] = p.tested
	case http.StateClosed, http.StateHijacked:
		delete(p.conns, c)
	}
}

// start marks the start of a process under test.
func (p *slowPool) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tested = true
}

// settled returns the newest refresh token once every request of the process under test, which has
// ended, is processed.
func (p *slowPool) settled() string {
	p.mu.Lock()
	tested := p.tested
	p.mu.Unlock()
	if tested {
		// Connections are accepted one after the other: the process's before this one.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if response, err := client.Get(p.url); err == nil {
			response.Body.Close()
		}
	}
	for end := time.Now().Add(endLimit); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		p.tested = false
		busy := slices.Contains(slices.Collect(maps.Values(p.conns)), true)
		newest := p.newest
		p.mu.Unlock()
		if !busy || time.Now().After(end) {
			return newest
		}
	}
}

func (p *slowPool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := operation(r)
	switch name {
	case refreshes, revokes, "RespondToAuthChallenge":
	default:
		p.server.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process ended before it had sent the request
	}
	p.mu.Lock()
	at, newest := p.at, p.newest
	p.mu.Unlock()
	if at == nil || newest == "" || !bytes.Contains(body, []byte(newest)) {
		// a sign-in, or what doctor sends to see whether the pool responds
		at = func(string, stage) {}
	}
	at(name, received)
	request := r.Clone(context.WithoutCancel(r.Context())) // the pool goes on if the client is gone
	request.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	p.server.ServeHTTP(recorder, request)
	var object struct{ AuthenticationResult struct{ RefreshToken string } }
	json.Unmarshal(recorder.Body.Bytes(), &object)
	if token := object.AuthenticationResult.RefreshToken; token != "" {
		p.mu.Lock()
		p.newest = token
		p.mu.Unlock()
	}
	at(name, spent)
	maps.Copy(w.Header(), recorder.Header())
	w.WriteHeader(recorder.Code)
	w.Write(recorder.Body.Bytes())
	http.NewResponseController(w).Flush()
	at(name, answered)
}

// A station is a state directory in which a user is signed in, with a slow pool of its own.
type station struct {
	*workshop
	pool  *slowPool
	url   string
	home  string
	state string
	owner *syscall.Credential // of the tool's processes; nil: this process's
	close func()
}

// newStation signs a user in. The tokens but the refresh token are expired.
func (w *workshop) newStation() (*station, error) {
	home, err := os.MkdirTemp(w.dir, "home")
	if err != nil {
		return nil, err
	}
	s := w.stationAt(home, filepath.Join(home, "state"))
	if err := s.signIn(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// stationAt prepares a station without signing in.
func (w *workshop) stationAt(home, state string) *station {
	pool := &slowPool{server: w.server, conns: make(map[net.Conn]bool)}
	listener := httptest.NewUnstartedServer(pool)
	listener.Config.ConnState = pool.connected
	listener.Start()
	pool.url = listener.URL
	s := &station{workshop: w, pool: pool, url: listener.URL, home: home, state: state}
	s.close = func() {
		listener.CloseClientConnections()
		listener.Close()
	}
	return s
}

// signIn signs the user in, and expires the tokens.
func (s *station) signIn() error {
	code, out := s.run(cognitotest.ExamplePassword+"\n", "login", "-user", cognitotest.ExampleUser)
	if code != 0 {
		return fmt.Errorf("cognito login: exit %d: %s", code, out)
	}
	return s.expire()
}

// environ is the environment of the tool.
func (s *station) environ() []string {
	return []string{
		"COGNITO_CONFIG=" + s.config,
		"COGNITO_STATE_DIR=" + s.state,
		"COGNITO_ENV=DEV",
		"AWS_ENDPOINT_URL=" + s.url,
		"HOME=" + s.home,
		"SSL_CERT_DIR=" + os.DevNull, // no time is spent on certificates
		"SSL_CERT_FILE=" + os.DevNull,
		"PATH=" + os.Getenv("PATH"),
		"COGNITO_TEST_TOOL=1",
		"GORACE=atexit_sleep_ms=0",
	}
}

// command is the tool as a process, or another program that runs it.
func (s *station) command(ctx context.Context, wrapper []string, args ...string) *exec.Cmd {
	words := append(append(wrapper[:len(wrapper):len(wrapper)], s.tool), args...)
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Dir = s.home
	c.Env = s.environ()
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.owner}
	return c
}

// run runs the tool to its end, undisturbed. In the short form of the tests it needs no process
// of its own.
func (s *station) run(input string, args ...string) (code int, output string) {
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	c := s.command(ctx, nil, args...)
	if !fullExits() && s.owner == nil {
		stdin, w, err := os.Pipe()
		if err != nil {
			return -1, err.Error()
		}
		defer stdin.Close()
		io.WriteString(w, input)
		w.Close()
		var shown bytes.Buffer
		getenv := func(name string) (value string) {
			for _, entry := range c.Env {
				if rest, ok := strings.CutPrefix(entry, name+"="); ok {
					value = rest
				}
			}
			return value
		}
		a := &app{stdin: stdin, stdout: &shown, stderr: &shown, getenv: getenv}
		code = a.main(ctx, args)
		return code, shown.String()
	}
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		return -1, err.Error()
	}
	return c.ProcessState.ExitCode(), string(out)
}

// record is the path of the state file.
func (s *station) record() (string, error) {
	paths, err := filepath.Glob(filepath.Join(s.state, "DEV-*.json"))
	if err != nil || len(paths) != 1 {
		return "", fmt.Errorf("state files: %q, %v", paths, err)
	}
	return paths[0], nil
}

// expire removes the credentials and all tokens but the refresh token from the state file, while no
// process changes it.
func (s *station) expire() error {
	path, err := s.record()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var record, session map[string]json.RawMessage
	var tokens struct{ Refresh string }
	err = errors.Join(json.Unmarshal(text, &record), json.Unmarshal(record["session"], &session),
		json.Unmarshal(session["Tokens"], &tokens))
	if err != nil || tokens.Refresh == "" {
		return fmt.Errorf("%s holds no session: %v", path, err)
	}
	delete(record, "credentials")
	session["Tokens"], _ = json.Marshal(tokens)
	record["session"], _ = json.Marshal(session)
	if text, err = json.Marshal(record); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// errLost is the error for a session that needs a new sign-in.
var errLost = errors.New("the session is lost")

// works reports whether the session can be used, and refreshed, by the runs that follow.
func (s *station) works() error {
	s.pool.watch(nil)
	s.pool.settled()
	for run := range 2 {
		if run == 1 {
			if err := s.expire(); err != nil {
				return err
			}
		}
		switch code, out := s.run("", "token"); code {
		case 0:
		case exitSignIn:
			return fmt.Errorf("%w: %s", errLost, strings.TrimSpace(out))
		default:
			return fmt.Errorf("cognito token: exit %d: %s", code, out)
		}
	}
	return s.tidy()
}

// tidy returns an error if runs have left more in the state directory than the record and its lock.
func (s *station) tidy() error {
	entries, err := os.ReadDir(s.state)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if kind := filepath.Ext(entry.Name()); kind != ".json" && kind != ".lock" {
			return fmt.Errorf("%s is left behind", entry.Name())
		}
	}
	return nil
}

// forgotten reports whether the state directory holds no session.
func (s *station) forgotten() (bool, error) {
	s.pool.watch(nil)
	s.pool.settled()
	switch code, out := s.run("", "whoami", "-offline"); code {
	case 0:
		return false, nil
	case exitSignIn:
		return true, nil
	default:
		return false, fmt.Errorf("cognito whoami: exit %d: %s", code, out)
	}
}

// revoked reports whether the pool refuses the newest refresh token.
func (s *station) revoked() (bool, error) {
	text, err := json.Marshal(map[string]string{
		"ClientId":     cognitotest.ExampleClientID,
		"RefreshToken": s.pool.settled(),
	})
	if err != nil {
		return false, err
	}
	request, err := http.NewRequest("POST", s.url, bytes.NewReader(text))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+refreshes)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return false, err
	}
	switch refused := bytes.Contains(answer, []byte("NotAuthorizedException")); {
	case response.StatusCode == http.StatusOK:
		return false, nil
	case response.StatusCode == http.StatusBadRequest && refused:
		return true, nil
	default:
		return false, fmt.Errorf("the pool answers %d: %s", response.StatusCode, answer)
	}
}

// holds reports whether any file of the state directory contains text.
func (s *station) holds(text string) (bool, error) {
	entries, err := os.ReadDir(s.state)
	if err != nil {
		return false, err
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(s.state, entry.Name()))
		if err != nil {
			return false, err
		}
		if bytes.Contains(data, []byte(text)) {
			return true, nil
		}
	}
	return false, nil
}

// A run is the tool as a process that a test ends. Its standard input, output and error are
// pipes or one terminal.
type run struct {
	*exec.Cmd
	keys   *os.File // what the process reads is written here
	output *os.File // what the process writes is read here; at a terminal the same as keys
	tty    *os.File // the process's side of the terminal
	shown  lockedBuffer
	ended  chan struct{}
}

// start starts the tool.
func (s *station) start(atTerminal bool, wrapper []string, args ...string) (*run, error) {
	r := &run{Cmd: s.command(context.Background(), wrapper, args...), ended: make(chan struct{})}
	var err error
	if atTerminal {
		if r.keys, r.tty, err = openExitTerminal(); err != nil {
			return nil, err
		}
		r.output = r.keys
		r.Stdin, r.Stdout, r.Stderr = r.tty, r.tty, r.tty
		r.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Credential: s.owner}
	} else {
		stdin, keys, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer stdin.Close()
		output, stdout, err := os.Pipe()
		if err != nil {
			keys.Close()
			return nil, err
		}
		defer stdout.Close()
		r.keys, r.output = keys, output
		r.Stdin, r.Stdout, r.Stderr = stdin, stdout, stdout
	}
	s.pool.start()
	if err := r.Start(); err != nil {
		r.closeFiles()
		return nil, err
	}
	go io.Copy(&r.shown, r.output)
	go func() {
		r.Wait()
		close(r.ended)
	}()
	return r, nil
}

func (r *run) closeFiles() {
	r.keys.Close()
	r.output.Close()
	if r.tty != nil {
		r.tty.Close()
	}
}

// wait waits until the process has ended by itself. It kills what is left of it, and of its
// children.
func (r *run) wait() error {
	err := error(nil)
	select {
	case <-r.ended:
	case <-time.After(endLimit):
		err = fmt.Errorf("the process does not end: %s", r.shown.String())
	}
	syscall.Kill(-r.Process.Pid, syscall.SIGKILL)
	<-r.ended
	r.closeFiles()
	return err
}

// expect waits until the process has written text.
func (r *run) expect(text string) (before string, err error) {
	deadline, ended := time.Now().Add(endLimit), r.ended
	for ; time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		select {
		case <-ended:
			deadline, ended = time.Now().Add(time.Second), nil // its last words may be on their way
		default:
		}
		if before, _, found := strings.Cut(r.shown.String(), text); found {
			return before, nil
		}
	}
	return "", fmt.Errorf("%q does not appear in %q", text, r.shown.String())
}

// between is the time between two signals or keys: each is delivered before the next one.
const between = 40 * time.Millisecond

// send sends signals.
func (r *run) send(pause time.Duration, signals ...syscall.Signal) {
	for i, signal := range signals {
		if i > 0 {
			time.Sleep(pause)
		}
		r.Process.Signal(signal)
	}
}

// press presses keys, one after the other.
func (r *run) press(keys ...string) {
	for i, key := range keys {
		if i > 0 {
			time.Sleep(between)
		}
		io.WriteString(r.keys, key)
	}
}

// echoes reports whether the terminal shows what is typed.
func (r *run) echoes() (bool, error) {
	var state syscall.Termios
	err := control(r.tty, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0, err
}

// needsTerminal skips a test where there are no pseudo-terminals.
func needsTerminal(t *testing.T) {
	t.Helper()
	keys, tty, err := openExitTerminal()
	if err != nil {
		notTested(t, err)
	}
	keys.Close()
	tty.Close()
}

// notTested skips a test that needs missing permissions or devices. In CI, the test fails instead.
func notTested(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skipf("NOT TESTED: %v", err)
}

// openExitTerminal opens a pseudo-terminal. Closing keys hangs it up.
func openExitTerminal() (keys, tty *os.File, err error) {
	keys, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	var number uint32
	var unlock int32
	err = control(keys, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	if err == nil {
		err = control(keys, syscall.TIOCGPTN, unsafe.Pointer(&number))
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		keys.Close()
		return nil, nil, err
	}
	return keys, tty, nil
}

// control is ioctl(2), and leaves f such that closing it ends a Read.
func control(f *os.File, request uintptr, to unsafe.Pointer) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(to))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}
