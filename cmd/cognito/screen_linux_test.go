package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/qr"
)

// A screen is the tool as a process at a pseudo-terminal (pts(4)) of its own.
type screen struct {
	t        *testing.T
	keyboard *os.File
	command  *exec.Cmd
	ended    chan struct{}

	mu    sync.Mutex
	shown string // all of it
	read  int    // up to where expect has come
}

func ioctl(t *testing.T, f *os.File, request uintptr, to unsafe.Pointer) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(to)); errno != 0 {
		t.Fatal(errno)
	}
}

// atTerminal starts the tool in a window.
func (m *machine) atTerminal(t *testing.T, columns, rows uint16, args ...string) *screen {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT TESTED: there is no pseudo-terminal: %v", err)
	}
	const ptsNumber, ptsLock = 0x80045430, 0x40045431 // TIOCGPTN, TIOCSPTLCK
	var number, unlock int32
	ioctl(t, keyboard, ptsLock, unsafe.Pointer(&unlock))
	ioctl(t, keyboard, ptsNumber, unsafe.Pointer(&number))
	window := [4]uint16{rows, columns}
	ioctl(t, keyboard, syscall.TIOCSWINSZ, unsafe.Pointer(&window))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, keyboard: keyboard, command: m.process(t, args...), ended: make(chan struct{})}
	s.command.Stdin, s.command.Stdout, s.command.Stderr = tty, tty, tty
	s.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buffer := make([]byte, 4096); ; {
			n, err := keyboard.Read(buffer)
			s.mu.Lock()
			s.shown += string(buffer[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		s.command.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() { // tty stays open until here, so that the terminal's state can be looked at
		s.command.Process.Kill()
		<-s.ended
		tty.Close()
		<-done
		keyboard.Close()
	})
	return s
}

// text is what the window shows.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown
}

// expect waits until want appears, after what was expected before, and returns what came in front of it.
func (s *screen) expect(want string) string {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		before, _, found := strings.Cut(s.shown[s.read:], want)
		if found {
			s.read += len(before) + len(want)
			s.mu.Unlock()
			return before
		}
		s.mu.Unlock()
		select {
		case <-s.ended:
			if !strings.Contains(s.text()[s.read:], want) {
				time.Sleep(50 * time.Millisecond) // what it wrote last may be on its way
				if !strings.Contains(s.text()[s.read:], want) {
					s.t.Fatalf("it ended without %q:\n%s", want, s.text())
				}
			}
		default:
		}
	}
	s.t.Fatalf("%q does not appear:\n%s", want, s.text())
	return ""
}

// answer waits for a prompt and types.
func (s *screen) answer(prompt, line string) {
	s.t.Helper()
	s.expect(prompt)
	s.press(line + "\n")
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keyboard, keys); err != nil {
		s.t.Fatal(err)
	}
}

// exits waits for the end, and for the echo to be on.
func (s *screen) exits(want int) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("it does not end:\n%s", s.text())
	}
	if code := s.command.ProcessState.ExitCode(); code != want {
		s.t.Errorf("exit %d, want %d:\n%s", code, want, s.text())
	}
	if !s.echoes() {
		s.t.Error("the echo is off")
	}
}

func (s *screen) echoes() bool {
	var state syscall.Termios
	ioctl(s.t, s.keyboard, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0
}

func TestLoginAtTerminal(t *testing.T) {
	m := newMachine(t)
	s := m.atTerminal(t, 80, 24, "login")
	s.answer("User name: ", cognitotest.ExampleEmail)
	s.expect("Password of " + cognitotest.ExampleEmail + ": ")
	if s.echoes() {
		t.Error("the password is echoed")
	}
	s.press(cognitotest.ExamplePassword + "\n")
	s.expect("signed in to DEV as ada")
	s.exits(0)
	if strings.Contains(s.text(), cognitotest.ExamplePassword) {
		t.Error("the password is on the screen")
	}
	m.atTerminal(t, 80, 24, "login").expect("Password of " + cognitotest.ExampleEmail + ": ") // the name is known
}

func TestInterruptedAtPrompt(t *testing.T) {
	m := newMachine(t)
	for key, code := range map[string]int{"\x03": exitInterrupted, "\x1c": 128 + 3, "\x04": exitSignIn} {
		s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
		s.expect("Password of ada: ")
		s.press(key)
		s.exits(code)
		if strings.Contains(s.text(), "goroutine") {
			t.Errorf("%q: %s", key, s.text())
		}
	}
	s := m.atTerminal(t, 80, 24, "login")
	s.expect("User name: ")
	s.press("ad\x03")
	s.exits(exitInterrupted)
	if _, err := os.Stat(m.settings["COGNITO_STATE_DIR"]); err == nil {
		t.Error("a state was written")
	}
}

// While the tool waits for a service, too, Ctrl-C ends it, and leaves the terminal as it was.
func TestInterruptedInRequest(t *testing.T) {
	m := newMachine(t)
	asked := make(chan bool, 10)
	m.server.Fault = func(r *http.Request) *http.Response {
		asked <- true
		<-r.Context().Done() // the client has gone
		return &http.Response{}
	}
	s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password of ada: ", cognitotest.ExamplePassword)
	<-asked
	s.press("\x03")
	s.exits(exitInterrupted)
	s.expect("interrupted")
}

func TestCodesAtTerminal(t *testing.T) {
	m := newMachine(t)
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	pool := &m.server.UserPools[0]
	pool.MFAConfiguration = "OPTIONAL"
	pool.Users[0].MFA, pool.Users[0].TOTPSecret = []string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}, seed

	s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password of ada: ", cognitotest.ExamplePassword)
	s.expect("Which second factor:")
	s.answer("1 to 2: ", "3") // there is no such
	choices := s.expect("1 to 2: ")
	if strings.Contains(choices, "Which") {
		t.Error("the question is repeated")
	}
	s.press("email_otp\n")
	s.expect("Code sent to ")
	code := m.server.Code(pool.ID, "ada")
	s.answer("(EMAIL): ", "000000"[:5]+string('0'+(code[5]-'0'+1)%10))
	s.expect("CodeMismatchException")
	s.answer("(EMAIL): ", code[:3]+" "+code[3:]) // as people type them
	s.expect("signed in to DEV as ada")
	s.exits(0)

	s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password of ada: ", cognitotest.ExamplePassword)
	s.answer("1 to 2: ", "SOFTWARE_TOKEN_MFA")
	now, err := cognito.TOTP(seed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.answer("Code of the password generator: ", now)
	s.exits(0)

	// Three wrong ones end it.
	s = m.atTerminal(t, 80, 24, "login", "-user", "ada")
	s.answer("Password of ada: ", cognitotest.ExamplePassword)
	s.answer("1 to 2: ", "2")
	for range 3 {
		s.answer("Code of the password generator: ", "12345x")
	}
	s.exits(exitFailed)
}

func TestNewPasswordAtTerminal(t *testing.T) {
	m := newMachine(t)
	m.server.UserPools[0].RequiredAttributes = []string{"email", "name"}
	s := m.atTerminal(t, 80, 24, "login", "-user", cognitotest.ExampleNewUser)
	s.answer("Password of grace: ", cognitotest.ExamplePassword)
	s.answer("The pool wants a new password: ", "one")
	s.answer("Once more: ", "two")
	s.expect("not the same")
	s.answer("The pool wants a new password: ", "short")
	s.answer("Once more: ", "short")
	s.answer("Your name: ", "Grace")
	s.expect("InvalidPasswordException")
	s.answer("The pool wants a new password: ", "Another-Horse-8-battery")
	s.answer("Once more: ", "Another-Horse-8-battery")
	s.answer("Your name: ", "Grace")
	s.expect("signed in to DEV as grace")
	s.exits(0)
	if shown := s.text(); strings.Contains(shown, "Another") || strings.Contains(shown, "short") {
		t.Error("a password is on the screen")
	}
}

func TestRememberDeviceAtTerminal(t *testing.T) {
	m := newMachine(t)
	pool := &m.server.UserPools[0]
	pool.MFAConfiguration, pool.DeviceTracking, pool.Users[0].MFA = "OPTIONAL", "OPT_IN", []string{"EMAIL_OTP"}
	for _, test := range []struct {
		answer string
		asked  bool // for a code, at that sign-in
	}{{"", true}, {"y", true}, {"", false}} {
		s := m.atTerminal(t, 80, 24, "login", "-user", "ada")
		s.answer("Password of ada: ", cognitotest.ExamplePassword)
		if test.asked {
			s.expect("(EMAIL): ")
			s.press(m.server.Code(pool.ID, "ada") + "\n")
			s.answer("Remember this device, so that it is asked for no more codes? [y/N] ", test.answer)
		}
		s.expect("signed in to DEV as ada")
		s.exits(0)
		if asked := strings.Contains(s.text(), "EMAIL"); asked != test.asked {
			t.Errorf("asked: %v:\n%s", asked, s.text())
		}
	}
}

// A pool's own challenge: what it says is shown, and steers nothing; the answer is not shown.
func TestCustomChallengeAtTerminal(t *testing.T) {
	m := newMachine(t)
	pool := &m.server.UserPools[0]
	pool.Clients[0].ExplicitAuthFlows = append(pool.Clients[0].ExplicitAuthFlows, "ALLOW_CUSTOM_AUTH")
	pool.CustomAuth = func(c cognitotest.CustomAuth) cognitotest.CustomAuthAnswer {
		if n := len(c.History); n > 0 && c.History[n-1].Challenge == "CUSTOM_CHALLENGE" && c.History[n-1].Passed {
			return cognitotest.CustomAuthAnswer{IssueTokens: true}
		}
		return cognitotest.CustomAuthAnswer{Parameters: map[string]string{"question": "Who\x1b[31m is it?\r\nWell?"}, Answer: "it is me"}
	}
	s := m.atTerminal(t, 80, 24, "login", "-user", "ada", "-flow", "CUSTOM_AUTH")
	s.answer("Password of ada: ", cognitotest.ExamplePassword)
	shown := s.expect("Answer: ")
	if !strings.Contains(shown, "question: Who\ufffd[31m is it?; Well?") {
		t.Errorf("shown: %q", shown)
	}
	s.press("it is me\n")
	s.expect("signed in to DEV as ada")
	s.exits(0)
	if strings.Contains(s.text(), "it is me") {
		t.Error("the answer is on the screen")
	}
}

// What is piped is answers, and the first is the password: it must not be sent as a user name.
func TestPipedPasswordIsNoUserName(t *testing.T) {
	m := newMachine(t)
	code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "login")
	if code != exitUsage || !strings.Contains(stderr, "-user") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// bitmapOnScreen reads half blocks back: '1' is dark on a screen.
func bitmapOnScreen(text string, colours bool) (rows []string) {
	modules := map[rune]string{' ': "00", '▀': "10", '▄': "01", '█': "11"}
	if !colours {
		modules = map[rune]string{' ': "11", '▀': "01", '▄': "10", '█': "00"}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		inside, ok := strings.CutPrefix(line, "\x1b[30;47m")
		if inside, ok = strings.CutSuffix(inside, "\x1b[0m"); ok != colours {
			continue
		}
		if strings.Trim(inside, " ▀▄█") != "" || !colours && !strings.ContainsAny(inside, "▀▄█") {
			continue
		}
		var upper, lower strings.Builder
		for _, r := range inside {
			upper.WriteByte(modules[r][0])
			lower.WriteByte(modules[r][1])
		}
		rows = append(rows, upper.String(), lower.String())
	}
	return rows
}

// expectedBitmap is the code with white around it, as high as whole characters are.
func expectedBitmap(t *testing.T, text string, quiet int) (rows []string) {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	for y := -quiet; y <= code.Size+quiet; y++ {
		row := ""
		for x := -quiet; x < code.Size+quiet; x++ {
			if code.Black(x, y) {
				row += "1"
			} else {
				row += "0"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestSetUpAtTerminal(t *testing.T) {
	for name, test := range map[string]struct {
		columns, rows uint16
		noColor       string
		quiet         int // 0: no code
	}{
		"wide":        {100, 50, "", 4},
		"80 columns":  {80, 24, "", 2},
		"no colour":   {100, 50, "1", 4},
		"just enough": {41, 24, "", 2},
		"narrow":      {40, 24, "", 0},
		"very narrow": {10, 5, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.server.UserPools[0].MFAConfiguration = "ON"
			m.settings["NO_COLOR"] = test.noColor
			s := m.atTerminal(t, test.columns, test.rows, "login", "-user", "ada")
			s.answer("Password of ada: ", cognitotest.ExamplePassword)
			s.answer("1 to 2: ", "SOFTWARE_TOKEN_MFA")
			before := s.expect("seed ")
			if test.quiet == 0 {
				s.expect("in an authenticator app: ")
			}
			seed := s.expect("\r\n")
			got := bitmapOnScreen(before, test.noColor == "")
			var want []string
			if test.quiet > 0 {
				want = expectedBitmap(t, cognito.TOTPURI("cognito", "ada", seed), test.quiet)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			code, err := cognito.TOTP(seed, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			wrong := code[:5] + string('0'+(code[5]-'0'+1)%10)
			s.answer("Code of the password generator: ", wrong)
			s.expect("EnableSoftwareTokenMFAException")
			s.answer("Code of the password generator: ", code)
			s.expect("signed in to DEV as ada")
			s.exits(0)
		})
	}
}

func TestConfigureAtTerminal(t *testing.T) {
	m := blank(t)
	s := m.atTerminal(t, 80, 24, "configure")
	s.answer("Name of the environment [default]: ", "DEV")
	s.answer("User pool id []: ", imported.IdentityPoolID) // the wrong one
	s.expect("user_pool_id should look like")
	s.answer("User pool id []: ", imported.UserPoolID)
	s.answer("App client id []: ", imported.ClientID)
	s.expect("App client secret")
	s.expect("[]: ")
	if s.echoes() {
		t.Error("the secret is echoed")
	}
	s.press(cognitotest.ExampleClientSecret + "\n")
	s.answer("Identity pool id []: ", " "+imported.IdentityPoolID+" ")
	s.answer("Role ARN, for the classic flow []: ", "")
	s.answer("Bucket []: ", imported.BucketName)
	s.expect("cognito login -user NAME")
	s.exits(0)
	want := imported
	want.RoleARN, want.ClientSecret = "", cognitotest.ExampleClientSecret
	if got := m.configuration(t); len(got) != 1 || got["DEV"] != want {
		t.Errorf("%s", marshalEnvironments(got))
	}

	// Enter keeps, - removes.
	s = m.atTerminal(t, 80, 24, "configure")
	s.answer("Name of the environment [DEV]: ", "")
	s.answer("User pool id ["+imported.UserPoolID+"]: ", "")
	s.answer("App client id ["+imported.ClientID+"]: ", "")
	s.answer("[as it is]: ", "-")
	s.answer("Identity pool id ["+imported.IdentityPoolID+"]: ", "")
	s.answer("Role ARN, for the classic flow []: ", imported.RoleARN)
	s.answer("Bucket ["+imported.BucketName+"]: ", "")
	s.exits(0)
	if got := m.configuration(t); got["DEV"] != imported {
		t.Errorf("%s", marshalEnvironments(got))
	}

	// Flags leave only what is missing to be asked for, and a replacement is asked about.
	s = m.atTerminal(t, 80, 24, "configure", "-env", "TWO", "-user-pool-id", imported.UserPoolID)
	s.answer("App client id []: ", imported.ClientID)
	s.exits(0)
	s = m.atTerminal(t, 80, 24, "configure", "-env", "DEV", "-bucket", "another")
	s.answer("Replace it? [y/N] ", "")
	s.exits(exitUsage)
	s = m.atTerminal(t, 80, 24, "configure", "-env", "DEV", "-bucket", "another")
	s.answer("Replace it? [y/N] ", "y")
	s.exits(0)
	if got := m.configuration(t); got["DEV"].BucketName != "another" || len(got) != 2 {
		t.Errorf("%s", marshalEnvironments(got))
	}

	// An interrupt in the middle changes nothing.
	before, _ := os.ReadFile(m.settings["COGNITO_CONFIG"])
	s = m.atTerminal(t, 80, 24, "configure", "-env", "DEV")
	s.answer("User pool id ["+imported.UserPoolID+"]: ", "eu-west-1_Other")
	s.expect("App client id")
	s.press("\x03")
	s.exits(exitInterrupted)
	after, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	leftovers, _ := filepath.Glob(filepath.Join(filepath.Dir(m.settings["COGNITO_CONFIG"]), "*.new"))
	if err != nil || string(before) != string(after) || len(leftovers) > 0 {
		t.Error("the file has changed")
	}
}
