// Cognito signs a user in to Amazon Cognito and hands the AWS credentials to every other tool on
// the machine.
//
//	cognito configure -from amplify_outputs.json
//	cognito login -user ada
//	cognito exec -- aws s3 ls
//
// "cognito help" lists the commands, and "cognito help COMMAND" shows what each takes, with an
// example. Sessions are kept in the user's state directory, readable by the user alone: see
// [keeper].
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// Exit codes. That of "cognito exec" is the command's own.
const (
	exitFailed = 1 // a service, the network or the file system refused
	exitUsage  = 2 // the flags or the configuration are wrong
	// nobody is signed in, or the session has ended: "cognito login" is needed
	exitSignIn      = 3
	exitCannotRun   = 126 // of exec: the command is there and can't be run
	exitNotFound    = 127 // of exec: there is no such command
	exitInterrupted = 130 // Ctrl-C; 128 plus the number of another signal
)

// A command is one verb of the tool.
type command struct {
	name, args, summary string
	example             string // a line or more, each ready to be typed
	run                 func(ctx context.Context, a *app, args []string) error
}

// commands lists the verbs in the order of the help.
func commands() []command {
	return []command{
		configureCommand(),
		loginCommand(),
		credentialsCommand(),
		execCommand(),
		serveCommand(),
		profileCommand(),
		lsCommand(),
		curlCommand(),
		whoamiCommand(),
		tokenCommand(),
		logoutCommand(),
		doctorCommand(),
		emulateCommand(),
		completionCommand(),
	}
}

// An app is one run of the tool: where it reads and writes, and what its flags say.
type app struct {
	stdin          *os.File
	stdout, stderr io.Writer
	getenv         func(string) string
	ctx            context.Context     // of the run: what ends it ends a prompt
	ending         ending              // what must not be cut off when it ends
	now            command             // what is being run
	inspect        func(*flag.FlagSet) // in place of running it: what its flags are

	config, env, region string // flags that most commands have
	noStore             bool
	login               loginFlags
}

func main() {
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	a.exit(a.main(a.catch(context.Background()), os.Args[1:]))
}

// main runs the command that args name and returns the exit code.
func (a *app) main(ctx context.Context, args []string) int {
	a.ctx = ctx
	err := a.dispatch(ctx, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return a.report(ctx, err)
}

func (a *app) dispatch(ctx context.Context, args []string) error {
	name := ""
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	if name == "help" && len(args) > 0 && args[0] != "help" {
		name, args = args[0], []string{"-help"}
	}
	switch name {
	case "", "help", "-h", "-help", "--help":
		a.overview()
		if name == "" {
			return usagef("name a command")
		}
		return nil
	case "version", "-version", "--version":
		fmt.Fprintln(a.stdout, "cognito", version())
		return nil
	}
	for _, c := range commands() {
		if c.name == name {
			a.now = c
			return c.run(ctx, a, args)
		}
	}
	return usagef("there is no command %q: \"cognito help\" lists them", name)
}

// report says what went wrong, in one line, and chooses the exit code.
func (a *app) report(ctx context.Context, err error) int {
	var usage usageError
	var signIn signInError
	var status exitStatus
	var challenge *cognito.Challenge
	var file *fs.PathError
	var interrupted terminal.Interrupted
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status): // has been said, or needs no word
		return int(status)
	case errors.As(err, &file) && errors.Is(file, syscall.EPIPE): // whoever reads has seen enough
		return exitFailed
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.As(err, &usage)):
		// A usage error is then a question without an answer.
		a.notef("interrupted")
		if errors.As(context.Cause(ctx), &interrupted) {
			return interrupted.ExitCode()
		}
		return exitInterrupted
	}
	a.notef("%s", strings.TrimPrefix(err.Error(), "cognito: "))
	switch {
	case errors.As(err, &signIn), errors.As(err, &challenge):
		return exitSignIn
	case errors.As(err, &usage):
		return exitUsage
	}
	return exitFailed
}

// notef writes one line to standard error, fit for a terminal whatever is in it.
func (a *app) notef(format string, args ...any) {
	fmt.Fprintf(a.stderr, "cognito: %s\n", oneLine(fmt.Sprintf(format, args...)))
}

// A usageError is what the user can mend without asking anybody: a flag, a file.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A signInError is what only a new sign-in mends.
type signInError struct{ error }

func (e signInError) Unwrap() error { return e.error }

// An exitStatus ends the program with that code and no word.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// oneLine is a text fit for one line of a terminal: line ends become "; ", and nothing in it
// steers.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	return printable(strings.Join(lines, "; "))
}

// printable is s with what would steer a terminal replaced.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
