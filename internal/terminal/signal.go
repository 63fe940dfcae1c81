package terminal

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// Interrupted is the cause of a context that a signal has ended. It is a [context.Canceled].
type Interrupted struct{ Signal os.Signal }

func (e Interrupted) Error() string { return "interrupted (" + e.Signal.String() + ")" }

// Unwrap returns [context.Canceled].
func (e Interrupted) Unwrap() error { return context.Canceled }

// ExitCode returns 128 plus the signal's number, as shells do.
func (e Interrupted) ExitCode() int {
	if number, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return 1
}

// Interrupts returns the signals with which users, terminals and timeout(1) end a program. A program
// that does not catch them at a prompt leaves the terminal without echo. A signal that is ignored,
// such as SIGHUP under nohup(1), is left out.
func Interrupts() []os.Signal { return slices.DeleteFunc(interrupts(), signal.Ignored) }
