// Package terminal reads lines from a terminal, secret ones without echo, and makes text safe to
// write to it.
//
//	password, err := terminal.ReadSecret(ctx, os.Stdin, os.Stderr, "Password: ")
//
// It does what golang.org/x/term does, which this module cannot import.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"
)

// maxSecret is the maximum size of a line in bytes. Cognito's passwords have at most 256
// characters.
const maxSecret = 4096

// grace is how long a prompt whose context has ended waits for its read to end: see ready.
const grace = time.Second

// Is reports whether f is a terminal whose echo can be switched off.
func Is(f *os.File) bool {
	_, err := noEcho(f, false)
	return err == nil
}

// Size returns the number of columns and rows of a terminal's window. If they are unknown, it
// returns 80 and 24.
func Size(f *os.File) (columns, rows int) {
	columns, rows = size(f)
	if columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// Interrupted is the cause of a context that a signal has cancelled. It wraps [context.Canceled].
type Interrupted struct{ Signal os.Signal }

// Error returns "interrupted: " and the name of the signal.
func (e Interrupted) Error() string { return "interrupted: " + e.Signal.String() }

// Unwrap returns [context.Canceled].
func (e Interrupted) Unwrap() error { return context.Canceled }

// ExitCode returns 128 plus the signal's number, as shells do.
func (e Interrupted) ExitCode() int {
	if number := reflect.ValueOf(e.Signal); number.CanInt() { // not on Plan 9
		return 128 + int(number.Int())
	}
	return 1
}

// ReadSecret reads one line from in. If in is a terminal, it writes prompt to out first and does
// not show what is typed. If in is something else, such as a pipe, it writes nothing. The line's
// end (LF or CRLF) is not part of the secret, and every other character is. It reads no more than
// the line, so that a pipe can hold several secrets.
//
// If ctx ends, ReadSecret restores the terminal and returns the cause, such as [Interrupted]. What
// is typed later is left to the next reader, such as a child process. On Windows, and if in is not
// a terminal, the abandoned read takes the next line, so the program should end, unless in is an
// [Input]. A signal that ends the program by itself leaves the terminal without echo.
func ReadSecret(ctx context.Context, in io.Reader, out io.Writer, prompt string) (string, error) {
	return read(ctx, in, out, prompt, true)
}

// ReadLine is [ReadSecret] for text that may be shown while it is typed.
func ReadLine(ctx context.Context, in io.Reader, out io.Writer, prompt string) (string, error) {
	return read(ctx, in, out, prompt, false)
}

// An Input keeps a read that a context has ended. The next one returns its line.
type Input struct {
	io.Reader
	pending chan result
}

// A result is the result of readLine.
type result struct {
	line string
	err  error
}

func read(
	ctx context.Context, in io.Reader, out io.Writer, prompt string, secret bool,
) (string, error) {
	input, ok := in.(*Input)
	if !ok {
		input = &Input{Reader: in}
	}
	newline := secret   // in place of the user's own
	var screen *os.File // input.Reader, if it is a terminal
	if file, ok := input.Reader.(*os.File); ok {
		if restore, err := noEcho(file, secret); err == nil {
			screen = file
			defer func() {
				restore()
				if newline {
					fmt.Fprintln(out)
				}
			}()
			fmt.Fprint(out, prompt)
		}
	}
	if input.pending == nil {
		pending := make(chan result, 1)
		input.pending = pending
		go func() {
			line, err := readLine(ctx, input.Reader, screen)
			pending <- result{line, err}
		}()
	}
	select {
	case r := <-input.pending:
		input.pending = nil
		newline = newline || r.err != nil || ctx.Err() != nil
		return r.line, r.err
	case <-ctx.Done():
		newline = true
		if screen != nil && stops {
			select {
			case <-input.pending: // ready has ended
				input.pending = nil
			case <-time.After(grace): // select(2) failed, or another program took the input
			}
		}
		return "", context.Cause(ctx)
	}
}

// readLine reads a line from in. screen is in, if that is a terminal.
func readLine(ctx context.Context, in io.Reader, screen *os.File) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		// The rest of a line is read even if ctx ends, because a shell could be the next reader.
		if screen != nil && stops && (len(line) == 0 && ctx.Err() != nil || !ready(ctx, screen)) {
			return "", context.Cause(ctx)
		}
		n, err := in.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n == 1 && len(line) > maxSecret:
			return "", fmt.Errorf("terminal: more than %d bytes were entered", maxSecret)
		case n == 1:
			line = append(line, one[0])
		case err == io.EOF && len(line) > 0:
			return string(line), nil
		case err == io.EOF:
			return "", errors.New("terminal: nothing was entered")
		case err != nil:
			return "", err
		}
	}
}
