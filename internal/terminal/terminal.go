// Package terminal asks at a terminal: for a secret, without showing it, or for a line.
//
//	password, err := terminal.ReadSecret(ctx, os.Stdin, os.Stderr, "Password: ")
//
// The standard library has no call for it; each operating system needs a few lines, in a file of its own. They do what
// golang.org/x/term does, which this module can't import.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecret bounds a secret: Cognito's passwords have at most 256 characters.
const maxSecret = 4096

// Is tells whether f is a terminal whose echo can be switched off.
func Is(f *os.File) bool {
	_, err := noEcho(f, false)
	return err == nil
}

// Size returns how many columns and rows the window of a terminal has: 80 and 24 where that can't be told.
func Size(f *os.File) (columns, rows int) {
	columns, rows = size(f)
	if columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// ReadSecret reads one line from in. If in is a terminal, it writes prompt to out first and does not
// show what is typed. Otherwise, as for a pipe, it writes nothing. The line's end (LF or CRLF) is not
// part of the secret, and every other character is. Nothing beyond the line is read, so that a pipe
// can hold several secrets.
//
// If ctx ends, ReadSecret restores the terminal and returns the cause. It abandons the read, which
// takes the next line from in: the program should end, or not read from in again.
func ReadSecret(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	line, shown, err := read(ctx, in, out, prompt, true)
	if shown {
		fmt.Fprintln(out) // the user's own was not shown
	}
	return line, err
}

// ReadLine is [ReadSecret] for text that may be shown while it is typed.
func ReadLine(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	line, shown, err := read(ctx, in, out, prompt, false)
	if shown && ctx.Err() != nil {
		fmt.Fprintln(out)
	}
	return line, err
}

// read also reports whether it wrote the prompt.
func read(
	ctx context.Context, in *os.File, out io.Writer, prompt string, secret bool,
) (line string, shown bool, err error) {
	if restore, err := noEcho(in, secret); err == nil {
		shown = true
		defer restore()
		fmt.Fprint(out, prompt)
	}
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := readLine(in)
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, shown, r.err
	case <-ctx.Done():
		return "", shown, context.Cause(ctx)
	}
}

func readLine(in io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
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
