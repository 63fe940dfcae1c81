package terminal

import (
	"context"
	"os"
	"syscall"
	"unsafe"
)

// These are ENABLE_PROCESSED_INPUT (Ctrl-C is a signal), ENABLE_LINE_INPUT and ENABLE_ECHO_INPUT
// (Windows console API, SetConsoleMode).
const processedInput, lineInput, echoInput = 0x1, 0x2, 0x4

// noEcho switches a console's echo off, if off is set, and returns what switches it on again. It is
// an error if f is not a console.
func noEcho(f *os.File, off bool) (restore func(), err error) {
	console := syscall.Handle(f.Fd())
	var mode uint32
	if err := syscall.GetConsoleMode(console, &mode); err != nil {
		return nil, err
	}
	set := kernel32("SetConsoleMode")
	if off {
		quiet := mode&^echoInput | processedInput | lineInput
		if ok, _, err := set.Call(uintptr(console), uintptr(quiet)); ok == 0 {
			return nil, err
		}
	}
	return func() { set.Call(uintptr(console), uintptr(mode)) }, nil
}

// stops is false: here, a read does not end with its context.
const stops = false

func ready(context.Context, *os.File) bool { return true }

// Signals returns the signals with which users end a program at a terminal.
func Signals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// size asks for the window's size (GetConsoleScreenBufferInfo, CONSOLE_SCREEN_BUFFER_INFO); 0 is
// not known.
func size(f *os.File) (columns, rows int) {
	var info struct {
		width, height, cursorX, cursorY int16
		attributes                      uint16
		left, top, right, bottom        int16
		mostX, mostY                    int16
	}
	if ok, _, _ := kernel32("GetConsoleScreenBufferInfo").Call(f.Fd(),
		uintptr(unsafe.Pointer(&info))); ok == 0 {
		return 0, 0
	}
	return int(info.right-info.left) + 1, int(info.bottom-info.top) + 1
}

func kernel32(name string) *syscall.LazyProc {
	return syscall.NewLazyDLL("kernel32.dll").NewProc(name)
}
