//go:build !(darwin || freebsd || netbsd || openbsd || dragonfly || linux || windows)

package terminal

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// noEcho knows no terminals here: secrets are read as from a pipe.
func noEcho(*os.File, bool) (restore func(), err error) {
	return nil, errors.ErrUnsupported
}

// stops is false: here, a read does not end with its context.
const stops = false

func ready(context.Context, *os.File) bool { return true }

// Signals returns the signals with which users end a program at a terminal.
func Signals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func size(*os.File) (columns, rows int) { return 0, 0 }
