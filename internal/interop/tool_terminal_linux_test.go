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

// A window is a shell in tmux, a third-party terminal. It shows what a user would see.
type window struct {
	t   *testing.T
	env []string
}

// newWindow opens a window in which the tool can be run, with additional environment variables.
func (m *toolMachine) newWindow(t *testing.T, columns, rows string, more ...string) window {
	t.Helper()
	env := m.with("TMUX_TMPDIR="+t.TempDir(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	return openWindow(t, append(env, more...), columns, rows)
}

// openWindow opens a window with a shell that has the given environment variables. tmux gets more
// flags.
func openWindow(t *testing.T, env []string, columns, rows string, flags ...string) window {
	t.Helper()
	w := window{t, env}
	args := append([]string{"-f", os.DevNull, "new-session", "-d", "-x", columns, "-y", rows},
		flags...)
	w.tmux(append(args, "exec sh")...)
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

// write types text and then named keys, such as Enter.
func (w window) write(text string, keys ...string) {
	w.t.Helper()
	if text != "" {
		w.tmux("send-keys", "-l", text)
	}
	if len(keys) > 0 {
		w.tmux(append([]string{"send-keys"}, keys...)...)
	}
}

// screen returns the text in the window, with wrapped lines joined.
func (w window) screen() string { return w.tmux("capture-pane", "-p", "-J") }

// expect waits until the window shows text, and returns the screen.
func (w window) expect(text string) (screen string) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if screen = w.screen(); strings.Contains(screen, text) {
			return screen
		} else if time.Now().After(deadline) {
			w.t.Fatalf("%q is not on the screen after a minute:\n%s", text, screen)
		}
	}
}

// clear clears the screen, so that a later expect does not match old output.
func (w window) clear() {
	w.t.Helper()
	w.write("clear", "Enter")
	deadline := time.Now().Add(time.Minute)
	for strings.Contains(w.screen(), "status=") {
		if time.Now().After(deadline) {
			w.t.Fatal("the screen was not cleared within a minute")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestToolTerminal runs the tool at a terminal, wide and narrow. The tool must ask for the password
// without showing it. On Ctrl-C it must exit and restore the terminal.
func TestToolTerminal(t *testing.T) {
	t.Parallel()
	program := buildTool(t)
	for _, size := range []struct{ columns, rows string }{{"80", "24"}, {"20", "40"}} {
		t.Run(size.columns+" columns", func(t *testing.T) {
			w := newToolMachine(t, program, 0, 0).newWindow(t, size.columns, size.rows)
			w.write("cognito login -user "+cognitotest.ExampleUser+"; echo status=$?", "Enter")
			w.expect("Password:")
			w.write("not-to-be-seen", "C-c")
			w.expect("status=130")
			w.write("it echoes again")
			if shown := w.expect("it echoes again"); strings.Contains(shown, "not-to-be-seen") {
				t.Errorf("the screen shows the password:\n%s", shown)
			}
			w.write("", "C-u")
			w.clear()
			w.write("cognito login -user "+cognitotest.ExampleUser+"; echo status=$?", "Enter")
			w.expect("Password:")
			w.write(cognitotest.ExamplePassword, "Enter")
			w.expect("SDKs? [y/N]")
			w.write("", "Enter")
			shown := w.expect("status=0")
			if !strings.Contains(shown, "signed in to EMULATED as ada") ||
				strings.Contains(shown, cognitotest.ExamplePassword) {
				t.Errorf("the screen shows the password, or no success message:\n%s", shown)
			}
		})
	}

	// The test sets up an authenticator app with the URI that jsQR reads from the screen.
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
			t.Fatalf("jsQR cannot read the code:\n%s", shown)
		}
		uri, err := url.Parse(string(read[0].Bytes))
		if err != nil || uri.Scheme != "otpauth" {
			t.Fatalf("read %q, %v, want an otpauth URI", read[0].Bytes, err)
		}
		code, err := cognito.TOTP(uri.Query().Get("secret"), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.write(code, "Enter")
		w.expect("SDKs? [y/N]")
		w.write("", "Enter")
		w.expect("status=0")
	})
}
