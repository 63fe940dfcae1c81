//go:build darwin || freebsd || netbsd || openbsd || dragonfly || linux

package terminal

import (
	"os"
	"syscall"
	"unsafe"
)

// noEcho switches a terminal's echo off, if off is set, and returns what switches it on again (termios(4)). It is an
// error if f is not a terminal.
func noEcho(f *os.File, off bool) (restore func(), err error) {
	var old syscall.Termios
	if err := ioctl(f, getTermios, &old); err != nil {
		return nil, err
	}
	if off {
		quiet := old
		quiet.Lflag &^= syscall.ECHO
		quiet.Lflag |= syscall.ICANON | syscall.ISIG
		if err := ioctl(f, setTermios, &quiet); err != nil {
			return nil, err
		}
	}
	return func() { ioctl(f, setTermios, &old) }, nil
}

func ioctl(f *os.File, request uintptr, t *syscall.Termios) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(t)))
	if errno != 0 {
		return errno
	}
	return nil
}
