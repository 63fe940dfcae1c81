package interop

import (
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A window is a shell in tmux, which is somebody else's terminal: what it shows is what a user
// sees.
type window struct {
	t   *testing.T
	env []string
}

// newWindow opens one, in which the tool can be run.
func (m *toolMachine) newWindow(t *testing.T, columns, rows string, more ...string) window {
	t.Helper()
	w := window{t,
		append(m.with("TMUX_TMPDIR="+t.TempDir(), "TERM=xterm-256color", "LC_ALL=C.UTF-8"),
			more...)}
	w.tmux("-f", os.DevNull, "new-session", "-d", "-x", columns, "-y", rows, "exec sh")
	t.Cleanup(func() {
		kill := exec.Command(tool(t, "tmux"), "kill-server")
		kill.Env = w.env
		kill.Run()
	})
	return w
}

func (w window) tmux(args ...string) string {
	w.t.Helper()
	r := run(w.t, w.env, "", append([]string{tool(w.t, "tmux"), "-u"}, args...)...)
	if r.status != 0 {
		w.t.Fatalf("tmux %s: %s", args[0], r.stderr)
	}
	return r.stdout
}

// write types a text, and then keys that have names.
func (w window) write(text string, keys ...string) {
	w.t.Helper()
	if text != "" {
		w.tmux("send-keys", "-l", text)
	}
	if len(keys) > 0 {
		w.tmux(append([]string{"send-keys"}, keys...)...)
	}
}

// screen is what is shown, lines that the window's edge has broken in one piece.
func (w window) screen() string { return w.tmux("capture-pane", "-p", "-J") }

// expect waits until a text is shown.
func (w window) expect(text string) (screen string) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if screen = w.screen(); strings.Contains(screen, text) {
			return screen
		} else if time.Now().After(deadline) {
			w.t.Fatalf("%q is not shown:\n%s", text, screen)
		}
	}
}

// clear waits until nothing of before is shown, which expect could take for news.
func (w window) clear() {
	w.t.Helper()
	w.write("clear", "Enter")
	for deadline := time.Now().Add(time.Minute); strings.Contains(w.screen(),
		"status="); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("the screen is not cleared")
		}
	}
}

// TestToolTerminal: at a terminal the tool asks, shows no password, is ended by Ctrl-C and leaves
// the terminal as it was, also where the window is narrow.
func TestToolTerminal(t *testing.T) {
	t.Parallel()
	program := buildTool(t)
	for name, size := range map[string][2]string{"80 columns": {"80", "24"},
		"20 columns": {"20", "40"}} {
		t.Run(name, func(t *testing.T) {
			w := newToolMachine(t, program, 0, 0).newWindow(t, size[0], size[1])
			w.write("cognito login -user "+cognitotest.ExampleUser+"; echo status=$?", "Enter")
			w.expect("Password:")
			w.write("not-to-be-seen", "C-c")
			w.expect("status=130")
			w.write("it echoes again")
			if shown := w.expect("it echoes again"); strings.Contains(shown, "not-to-be-seen") {
				t.Errorf("the password is shown:\n%s", shown)
			}
			w.write("", "C-u")
			w.clear()
			w.write("cognito login -user "+cognitotest.ExampleUser+"; echo status=$?", "Enter")
			w.expect("Password:")
			w.write(cognitotest.ExamplePassword, "Enter")
			shown := w.expect("status=0")
			if !strings.Contains(shown, "signed in to EMULATED as ada") ||
				strings.Contains(shown, cognitotest.ExamplePassword) {
				t.Errorf("shown:\n%s", shown)
			}
		})
	}

	// A password generator is set up by what jsQR reads from the screen.
	t.Run("QR code", func(t *testing.T) {
		seed := toolSeed(0, 0)
		seed["UserPools"].([]any)[0].(map[string]any)["MFAConfiguration"] = "ON"
		w := seededToolMachine(t, program, seed).newWindow(t, "80", "60", "NO_COLOR=1")
		w.write("cognito login -user "+cognitotest.ExampleUser+"; echo status=$?", "Enter")
		w.expect("Password:")
		w.write(cognitotest.ExamplePassword, "Enter")
		w.expect("1 to 2:")
		w.write("SOFTWARE_TOKEN_MFA", "Enter")
		shown := w.expect("Authenticator code:")
		read := readCodes(t, [][]string{dark(shown, false)})
		if read[0] == nil {
			t.Fatalf("not read:\n%s", shown)
		}
		uri, err := url.Parse(string(read[0].Bytes))
		if err != nil || uri.Scheme != "otpauth" {
			t.Fatalf("read %q: %v", read[0].Bytes, err)
		}
		code, err := cognito.TOTP(uri.Query().Get("secret"), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.write(code, "Enter")
		w.expect("status=0")
	})
}
