//go:build darwin || freebsd || netbsd || openbsd || dragonfly || linux

package terminal

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"
)

// noEcho switches a terminal's echo off, if off is set, and returns what switches it on again
// (termios(4)). It is an error if f is not a terminal.
func noEcho(f *os.File, off bool) (restore func(), err error) {
	var old syscall.Termios
	if err := ioctl(f, getTermios, unsafe.Pointer(&old)); err != nil {
		return nil, err
	}
	if !off {
		return func() {}, nil
	}
	quiet := old
	quiet.Lflag &^= syscall.ECHO
	quiet.Lflag |= syscall.ICANON | syscall.ISIG
	if err := ioctl(f, setTermios, unsafe.Pointer(&quiet)); err != nil {
		return nil, err
	}
	// A shell that takes a stopped program (Ctrl-Z) up again has switched the echo on.
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	var mu sync.Mutex
	ended := false
	go func() {
		for range continued {
			mu.Lock()
			if !ended {
				ioctl(f, setTermios, unsafe.Pointer(&quiet))
			}
			mu.Unlock()
		}
	}()
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			ended = true
			signal.Stop(continued) // nothing is sent after it
			close(continued)
		}
		ioctl(f, setTermios, unsafe.Pointer(&old))
	}, nil
}

// stops reports whether a read from a terminal ends with its context: see ready.
const stops = true

// ready waits for input without taking it (select(2)), because a read(2) in progress would take it
// after ctx has ended. It returns false if ctx ends before input arrives.
func ready(ctx context.Context, f *os.File) bool {
	fd := f.Fd()
	for fd < syscall.FD_SETSIZE {
		var set syscall.FdSet
		bits := (*[unsafe.Sizeof(set) / unsafe.Sizeof(word(0))]word)(unsafe.Pointer(&set))
		const size = 8 * unsafe.Sizeof(word(0))
		bits[fd/size] = 1 << (fd % size)
		err := waitFor(int(fd)+1, &set, &syscall.Timeval{Usec: 50_000})
		if err == nil && bits[fd/size] != 0 || err != nil && err != syscall.EINTR {
			break
		} else if ctx.Err() != nil {
			return false
		}
	}
	return true
}

// Signals returns the signals with which users end a program at a terminal.
func Signals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
}

// size asks for the window's size (tty_ioctl(4)); 0 is not known.
func size(f *os.File) (columns, rows int) {
	var window struct{ rows, columns, width, height uint16 }
	if ioctl(f, syscall.TIOCGWINSZ, unsafe.Pointer(&window)) != nil {
		return 0, 0
	}
	return int(window.columns), int(window.rows)
}

func ioctl(f *os.File, request uintptr, to unsafe.Pointer) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(to))
	if errno != 0 {
		return errno
	}
	return nil
}
