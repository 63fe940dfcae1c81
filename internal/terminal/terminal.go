// Package terminal asks at a terminal: for a secret, without showing it, or for a line.
//
//	password, err := terminal.ReadSecret(os.Stdin, os.Stderr, "Password: ")
//
// The standard library has no call for it; each operating system needs a few lines, in a file of its own. They do what
// golang.org/x/term does, which this module can't import.
package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
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

// ReadSecret reads one line from in. Where in is a terminal it writes prompt to out first and does not show what is
// typed; where it is not, such as a pipe, nothing is written. The line's end (LF or CRLF) is not part of the secret,
// and every other character is. No more than the line is read, so that several can be read from one pipe. An interrupt
// (Ctrl-C), SIGQUIT (Ctrl-\) or SIGTERM restores the terminal before the program ends, with 128 and the signal's
// number as exit code.
func ReadSecret(in *os.File, out io.Writer, prompt string) (string, error) {
	line, shown, err := read(in, out, prompt, true)
	if shown {
		fmt.Fprintln(out) // the user's own was not shown
	}
	return line, err
}

// ReadLine is [ReadSecret] for what may be shown while it is typed.
func ReadLine(in *os.File, out io.Writer, prompt string) (string, error) {
	line, _, err := read(in, out, prompt, false)
	return line, err
}

// read tells also whether it wrote the prompt.
func read(in *os.File, out io.Writer, prompt string, secret bool) (line string, shown bool, err error) {
	restore, err := noEcho(in, secret)
	if err != nil {
		line, err = readLine(in)
		return line, false, err
	}
	interrupted := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	defer signal.Stop(interrupted)
	go func() {
		select {
		case which := <-interrupted:
			restore()
			fmt.Fprintln(out)
			code := 1
			if number, ok := which.(syscall.Signal); ok {
				code = 128 + int(number) // as shells count
			}
			os.Exit(code)
		case <-done:
		}
	}()
	fmt.Fprint(out, prompt)
	line, err = readLine(in)
	close(done)
	restore()
	return line, true, err
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
