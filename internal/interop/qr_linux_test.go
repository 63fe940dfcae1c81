package interop

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestQROnScreen runs the tool at a pseudo-terminal (pts(4)) until it shows the QR code for an
// authenticator app, and reads the code from the screen with jsQR.
func TestQROnScreen(t *testing.T) {
	stamped(t, "js", "testdata/js/package-lock.json")
	program := filepath.Join(t.TempDir(), "cognito")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program,
		"github.com/loginwithcognito/cognito/cmd/cognito").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	stand := cognitotest.Example()
	stand.UserPools[0].MFAConfiguration = "ON"
	server := httptest.NewServer(stand)
	t.Cleanup(server.Close)
	for _, test := range []struct {
		name          string
		columns, rows uint16
		noColor       string
	}{
		{"wide", 120, 60, ""},
		{"80 columns, 24 rows", 80, 24, ""},
		{"NO_COLOR", 80, 60, "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			config := filepath.Join(dir, "config.json")
			text := fmt.Sprintf(`{"DEV": {"user_pool_id": %q, "client_id": %q}}`,
				cognitotest.ExampleUserPoolID, cognitotest.ExampleClientID)
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			screen, keyboard := atTerminal(t, test.columns, test.rows, append(environment(t),
				"COGNITO_CONFIG="+config, "COGNITO_STATE_DIR="+filepath.Join(dir, "state"),
				"AWS_ENDPOINT_URL="+server.URL, "NO_COLOR="+test.noColor,
			), program, "login", "-user", cognitotest.ExampleUser)
			typeAfter := func(prompt, keys string) (before string) {
				t.Helper()
				for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
					if before, _, ok := strings.Cut(screen(), prompt); ok {
						keyboard.WriteString(keys)
						return before
					} else if time.Now().After(deadline) {
						t.Fatalf("%q is not on the screen after a minute:\n%s", prompt, screen())
					}
				}
			}
			typeAfter("Password: ", cognitotest.ExamplePassword+"\n")
			typeAfter("1 to 2: ", "SOFTWARE_TOKEN_MFA\n")
			shown := typeAfter("Authenticator code: ", "\x03")
			_, secret, _ := strings.Cut(shown, "enter this secret:")
			secret, _, _ = strings.Cut(strings.TrimSpace(secret), "\r\n")

			read := readCodes(t, [][]string{dark(shown, test.noColor == "")})
			want := cognito.TOTPURI("cognito", cognitotest.ExampleUser, secret)
			if read[0] == nil || string(read[0].Bytes) != want || len(secret) < 16 {
				t.Errorf("read %v, want %q from\n%s", read[0], want, shown)
			}
		})
	}
}

// dark converts the half blocks of a QR code on a screen to rows of square modules, in which 1 is
// dark. With colours, the code is black on white. Without them, the terminal is dark and half
// blocks are light.
func dark(screen string, colours bool) (rows []string) {
	for line := range strings.Lines(screen) {
		line = strings.TrimRight(line, "\r\n")
		if colours != strings.HasPrefix(line, "\x1b[30;47m") || !strings.ContainsAny(line, "▀▄█") {
			continue // this drops blank white lines too, which are the margin
		}
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;47m"), "\x1b[0m")
		var halves [2]strings.Builder
		for _, r := range line {
			for i, written := range []bool{r == '▀' || r == '█', r == '▄' || r == '█'} {
				module := byte('0')
				if written == colours {
					module = '1'
				}
				halves[i].WriteByte(module)
			}
		}
		rows = append(rows, halves[0].String(), halves[1].String())
	}
	if len(rows) == 0 {
		return []string{"0"}
	}
	for white := strings.Repeat("0", len([]rune(rows[0]))); len(rows) < len(white); {
		rows = append(rows, white)
	}
	return rows[:len(rows[0])]
}

// atTerminal starts a program at a new pseudo-terminal of a size. screen returns all output so far.
// Writes to keyboard reach the program as typed input.
func atTerminal(t *testing.T, columns, rows uint16, env []string,
	command ...string) (screen func() string, keyboard *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		missing(t, "cannot open a pseudo-terminal: %v", err)
	}
	const ptsNumber, ptsLock = 0x80045430, 0x40045431 // TIOCGPTN, TIOCSPTLCK
	var number, unlock int32
	window := [4]uint16{rows, columns}
	for _, call := range []struct {
		request uintptr
		to      unsafe.Pointer
	}{{ptsLock, unsafe.Pointer(&unlock)}, {ptsNumber, unsafe.Pointer(&number)},
		{syscall.TIOCSWINSZ, unsafe.Pointer(&window)}} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), call.request,
			uintptr(call.to)); errno != 0 {
			t.Fatal(errno)
		}
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	written, all := make(chan string), ""
	go func() {
		defer close(written)
		for buffer := make([]byte, 4096); ; {
			n, err := keyboard.Read(buffer)
			if err != nil {
				return
			}
			written <- string(buffer[:n])
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		tty.Close()
		for range written { // until the terminal is closed
		}
		keyboard.Close()
	})
	return func() string {
		for {
			select {
			case text, ok := <-written:
				if !ok {
					return all
				}
				all += text
			default:
				return all
			}
		}
	}, keyboard
}
