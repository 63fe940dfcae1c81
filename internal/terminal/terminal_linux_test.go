package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// openTerminal makes a pseudo-terminal (pts(4)): what is written to keyboard is typed at screen.
func openTerminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT TESTED: there is no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	var number, unlock int32
	for request, value := range map[uintptr]*int32{
		syscall.TIOCSPTLCK: &unlock,
		syscall.TIOCGPTN:   &number,
	} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), request,
			uintptr(unsafe.Pointer(value)))
		if errno != 0 {
			t.Fatal(errno)
		}
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	var state syscall.Termios
	if err := ioctl(f, getTermios, unsafe.Pointer(&state)); err != nil {
		t.Fatal(err)
	}
	return state.Lflag&syscall.ECHO != 0
}

func TestReadSecretFromTerminal(t *testing.T) {
	keyboard, screen := openTerminal(t)
	if !Is(screen) || !echoes(t, screen) {
		t.Fatal("not a terminal that echoes")
	}
	prompted := make(chan string, 1)
	// types once the prompt is there, by which time the echo is off, and reads to the end of the
	// line
	go func() {
		var shown []byte
		until := func(end string) {
			for buffer := make([]byte, 100); !bytes.HasSuffix(shown, []byte(end)); {
				n, err := keyboard.Read(buffer)
				if shown = append(shown, buffer[:n]...); err != nil {
					break
				}
			}
		}
		until(": ")
		keyboard.WriteString("secret\n")
		until("\r\n")
		prompted <- string(shown)
	}()
	secret, err := ReadSecret(t.Context(), screen, screen, "Password: ")
	if err != nil || secret != "secret" {
		t.Errorf("got %q, %v", secret, err)
	}
	select {
	case shown := <-prompted:
		if shown != "Password: \r\n" {
			t.Errorf("the screen shows %q", shown)
		}
	case <-time.After(20 * time.Second):
		t.Error("the screen does not show the end of the line")
	}
	if !echoes(t, screen) {
		t.Error("the echo was not switched on again")
	}
}

// A shell switches the echo on when the program is stopped, and sends SIGCONT when it goes on.
func TestEchoStaysOffAfterStop(t *testing.T) {
	keyboard, screen := openTerminal(t)
	secret := make(chan string)
	go func() {
		line, _ := ReadSecret(t.Context(), screen, screen, "Password: ")
		secret <- line
	}()
	becomes := func(want bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); echoes(t,
			screen) != want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the echo does not become %v", want)
			}
		}
	}
	becomes(false)
	keyboard.Read(make([]byte, 100)) // the prompt: all is set
	for range 3 {
		var state syscall.Termios
		if err := ioctl(screen, getTermios, unsafe.Pointer(&state)); err != nil {
			t.Fatal(err)
		}
		state.Lflag |= syscall.ECHO
		if err := ioctl(screen, setTermios, unsafe.Pointer(&state)); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		becomes(false)
	}
	keyboard.WriteString("secret\n")
	if got := <-secret; got != "secret" {
		t.Errorf("got %q", got)
	}
	becomes(true)
	syscall.Kill(os.Getpid(), syscall.SIGCONT) // it has no effect any more
	if !echoes(t, screen) {
		t.Error("the echo is off")
	}
}

// When its context ends, a prompt leaves the terminal as it was.
func TestReadEnds(t *testing.T) {
	keyboard, screen := openTerminal(t)
	pipe, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		pipe.Close()
	})
	type reader func(context.Context, io.Reader, io.Writer, string) (string, error)
	for _, test := range []struct {
		name string
		read reader
		in   *os.File
		want string // what is written
	}{
		{"secret at a terminal", ReadSecret, screen, "Password: \n"},
		{"line at a terminal", ReadLine, screen, "Password: \n"},
		{"secret in a pipe", ReadSecret, pipe, ""},
		{"line in a pipe", ReadLine, pipe, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			why := Interrupted{syscall.SIGHUP}
			shown := &prompted{then: func() { cancel(why) }}
			if test.want == "" {
				cancel(why)
			}
			keyboard.WriteString("typed") // but not entered
			line, err := test.read(ctx, test.in, shown, "Password: ")
			if line != "" || err != why || !errors.Is(err, context.Canceled) {
				t.Errorf("%s = %q, %v, want \"\", %v", test.name, line, err, why)
			}
			if got := shown.String(); got != test.want {
				t.Errorf("%s shows %q, want %q", test.name, got, test.want)
			}
			if !echoes(t, screen) {
				t.Errorf("%s leaves the terminal without echo", test.name)
			}
		})
	}
	if got := (Interrupted{syscall.SIGHUP}).ExitCode(); got != 129 {
		t.Errorf("ExitCode() = %d, want 129", got)
	}
}

// After its context has ended, a prompt leaves later input to other programs.
func TestReadLeavesInput(t *testing.T) {
	keyboard, screen := openTerminal(t)
	for _, read := range []func(context.Context, io.Reader, io.Writer, string) (string, error){
		ReadSecret, ReadLine,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		shown := &prompted{then: cancel}
		if line, err := read(ctx, &Input{Reader: screen}, shown, "Address: "); err == nil {
			t.Fatalf("read %q after the end of the context", line)
		}
		keyboard.WriteString("first\nsecond\n")
		buffer := make([]byte, 100)
		if n, err := screen.Read(buffer); string(buffer[:n]) != "first\n" {
			t.Fatalf("the next reader reads %q, %v, want the first line", buffer[:n], err)
		}
		screen.Read(buffer)
	}
}

// A line that is entered is read as a whole, even if its context ends meanwhile.
func TestReadTakesLine(t *testing.T) {
	keyboard, screen := openTerminal(t)
	for range 2 { // the next line begins at its start
		keyboard.WriteString("secret\n")
		line, err := ReadSecret(&brief{Context: context.Background()}, screen, io.Discard, "")
		if line != "secret" || err != nil {
			t.Errorf("ReadSecret() = %q, %v, want the line", line, err)
		}
	}
}

// brief is a context that ends when it is asked for the second time.
type brief struct {
	context.Context
	asked atomic.Bool
	done  chan struct{}
}

func (b *brief) Done() <-chan struct{} { return b.done }

func (b *brief) Err() error {
	if b.asked.Swap(true) {
		return context.Canceled
	}
	return nil
}

// A prompt also ends with its context if a read(2) is in progress, because select(2) does not
// support the descriptor.
func TestReadOfHighDescriptor(t *testing.T) {
	keyboard, screen := openTerminal(t)
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, screen.Fd(), syscall.F_DUPFD_CLOEXEC,
		syscall.FD_SETSIZE)
	if errno != 0 {
		t.Skipf("NOT TESTED: the limit for descriptors is low: %v", errno)
	}
	high := os.NewFile(fd, "terminal")
	defer high.Close()
	late := time.AfterFunc(20*time.Second, func() { keyboard.WriteString("late\n") })
	defer late.Stop()
	in := &Input{Reader: high}
	ctx := &brief{Context: context.Background(), done: make(chan struct{})}
	close(ctx.done)
	line, err := ReadSecret(ctx, in, io.Discard, "Password: ")
	if line != "" || err != context.Canceled || !echoes(t, screen) {
		t.Errorf("ReadSecret() = %q, %v, echo %v", line, err, echoes(t, screen))
	}
	keyboard.WriteString("y\n")
	if line, err := ReadLine(t.Context(), in, io.Discard, ""); line != "y" || err != nil {
		t.Errorf("ReadLine() = %q, %v, want y", line, err)
	}
}

// A prompt that a context ends does not take the line of the next one.
func TestInput(t *testing.T) {
	keyboard, screen := openTerminal(t)
	in := &Input{Reader: screen}
	ctx, cancel := context.WithCancel(t.Context())
	shown := &prompted{then: cancel}
	if line, err := ReadSecret(ctx, in, shown, "Address: "); err == nil {
		t.Fatalf("ReadSecret() = %q after its context", line)
	}
	for _, want := range []string{"y", "n"} {
		keyboard.WriteString(want + "\n")
		line, err := ReadLine(t.Context(), in, shown, "Add? ")
		if line != want || err != nil {
			t.Errorf("ReadLine() = %q, %v, want %q", line, err, want)
		}
	}
}

// prompted is a screen that calls then when the prompt is there.
type prompted struct {
	bytes.Buffer
	then func()
}

func (p *prompted) Write(text []byte) (int, error) {
	defer p.then()
	return p.Buffer.Write(text)
}

func TestSize(t *testing.T) {
	_, screen := openTerminal(t)
	if columns, rows := Size(screen); columns != 80 || rows != 24 {
		t.Errorf("a window that has told no size: %d, %d", columns, rows)
	}
	window := [4]uint16{50, 132}
	if err := ioctl(screen, syscall.TIOCSWINSZ, unsafe.Pointer(&window)); err != nil {
		t.Fatal(err)
	}
	if columns, rows := Size(screen); columns != 132 || rows != 50 {
		t.Errorf("%d, %d", columns, rows)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if columns, rows := Size(null); columns != 80 || rows != 24 {
		t.Errorf("no terminal: %d, %d", columns, rows)
	}
}
