package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
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

// openTerminal makes a pseudo-terminal: what is written to keyboard is typed at tty. The caller
// closes both.
func openTerminal(t *testing.T, columns, rows uint16) (keyboard, tty *os.File) {
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
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keyboard, tty
}

// atTerminal starts the tool in a window.
func (m *machine) atTerminal(t *testing.T, columns, rows uint16, args ...string) *screen {
	t.Helper()
	keyboard, tty := openTerminal(t, columns, rows)
	s := &screen{
		t:        t,
		keyboard: keyboard,
		command:  m.process(t, args...),
		ended:    make(chan struct{}),
	}
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

// expect waits until want appears, after what was expected before, and returns what came in front
// of it.
func (s *screen) expect(want string) string {
	s.t.Helper()
	deadline, ended := time.Now().Add(20*time.Second), s.ended
	for ; time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		before, _, found := strings.Cut(s.shown[s.read:], want)
		if found {
			s.read += len(before) + len(want)
			s.mu.Unlock()
			return before
		}
		s.mu.Unlock()
		select {
		case <-ended:
			// what it wrote last may be on its way
			deadline, ended = time.Now().Add(5*time.Second), nil
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
