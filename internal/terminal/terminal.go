// Package terminal asks for a secret at a terminal without showing it.
//
//	password, err := terminal.ReadSecret(os.Stdin, os.Stderr, "Password: ")
//
// The standard library has no call for it; each operating system needs a few lines, in a file of its own. They do what
// golang.org/x/term does, which this module can't import.
package terminal

import (
	"bufio"
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

// ReadSecret reads one line from in. Where in is a terminal it writes prompt to out first and does not show what is
// typed; where it is not, such as a pipe, nothing is written. The line's end (LF or CRLF) is not part of the secret,
// and every other character is. An interrupt (Ctrl-C) or SIGTERM restores the terminal before the program ends.
func ReadSecret(in *os.File, out io.Writer, prompt string) (string, error) {
	restore, err := noEcho(in, true)
	if err != nil {
		return readLine(in)
	}
	interrupted := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	go func() {
		select {
		case which := <-interrupted:
			restore()
			fmt.Fprintln(out)
			code := 128 + 2 // SIGINT, as shells count
			if which == syscall.SIGTERM {
				code = 128 + 15
			}
			os.Exit(code)
		case <-done:
		}
	}()
	fmt.Fprint(out, prompt)
	line, err := readLine(in)
	close(done)
	restore()
	fmt.Fprintln(out) // the user's own was not shown
	return line, err
}

func readLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxSecret+2)).ReadString('\n')
	if err != nil && !(err == io.EOF && line != "") {
		if err == io.EOF {
			err = errors.New("terminal: nothing was entered")
		}
		return "", err
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if len(line) > maxSecret {
		return "", fmt.Errorf("terminal: more than %d bytes were entered", maxSecret)
	}
	return line, nil
}
