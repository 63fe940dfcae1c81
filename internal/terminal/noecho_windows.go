package terminal

import (
	"os"
	"syscall"
)

// enableEchoInput is ENABLE_ECHO_INPUT (Windows console API, SetConsoleMode).
const enableEchoInput = 0x4

// noEcho switches a console's echo off, if off is set, and returns what switches it on again. It is an error if f is not
// a console.
func noEcho(f *os.File, off bool) (restore func(), err error) {
	console := syscall.Handle(f.Fd())
	var mode uint32
	if err := syscall.GetConsoleMode(console, &mode); err != nil {
		return nil, err
	}
	set := syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")
	if off {
		if ok, _, err := set.Call(uintptr(console), uintptr(mode&^enableEchoInput)); ok == 0 {
			return nil, err
		}
	}
	return func() { set.Call(uintptr(console), uintptr(mode)) }, nil
}
