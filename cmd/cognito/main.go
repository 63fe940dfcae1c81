// Cognito signs a user in to Amazon Cognito and provides AWS credentials to the other tools on the
// machine.
//
//	cognito configure -from amplify_outputs.json
//	cognito login -user ada
//	cognito exec -- aws s3 ls
//
// "cognito help" lists the commands, and "cognito help COMMAND" shows the flags of a command and an
// example. Sessions are stored in the user's state directory, which only the user can read: see
// package state.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/keychain"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// Exit codes. "cognito exec" exits with the code of the command that it runs.
const (
	exitFailed      = 1   // a service, the network or the file system returned an error
	exitUsage       = 2   // the flags or the configuration are wrong
	exitSignIn      = 3   // no user is signed in, or the session has ended: run "cognito login"
	exitCannotRun   = 126 // exec: the command exists and cannot be run
	exitNotFound    = 127 // exec: the command does not exist
	exitInterrupted = 130 // Ctrl-C; for other signals, 128 plus the number of the signal
)

// A command is one command of the tool, such as "login".
type command struct {
	name, args, summary string
	example             string // one or more command lines
	run                 func(ctx context.Context, a *app, args []string) error
}

// A group is a heading of "cognito help" with its commands.
type group struct {
	name     string
	commands []command
}

// groups returns the commands in the order of the help text.
func groups() []group {
	return []group{
		{"sign in", []command{
			loginCommand(),
			logoutCommand(),
			whoamiCommand(),
			passwordCommand(),
			confirmCommand(),
		}},
		{"use", []command{
			execCommand(),
			credentialsCommand(),
			profileCommand(),
			serveCommand(),
			tokenCommand(),
		}},
		{"look", []command{
			lsCommand(),
			curlCommand(),
		}},
		{"set up", []command{
			configureCommand(),
			envCommand(),
			useCommand(),
			doctorCommand(),
			emulateCommand(),
			completionCommand(),
		}},
	}
}

// commands returns all commands.
func commands() (all []command) {
	for _, g := range groups() {
		all = append(all, g.commands...)
	}
	return all
}

// offering lists the commands that offer to sign in again. Users run them at a terminal. Programs
// run the others.
var offering = []string{"exec", "ls", "curl", "whoami", "token"}

// An app is one run of the tool. It holds the standard streams, the environment variables and the
// values of the flags.
type app struct {
	stdin          *os.File
	stdout, stderr io.Writer
	getenv         func(string) string
	ending         ending              // delays the exit while work must not be interrupted
	now            command             // the command that runs
	inspect        func(*flag.FlagSet) // if not nil, receives the command's flags instead of a run
	keys           *keychain.Ring      // of the state directory

	config, env, state, region string // flags of most commands
	noStore, debug             bool
	offers                     bool // an ended session leads to the offer to sign in again
	progress                   bool // a listing shows its progress
	profile                    bool // the output is that of a credential_process
	login                      loginFlags
	browser                    browserFlags
	federation                 federationFlags
	passing                    *signedIn // with -no-store, the session that ends with the command
}

func main() {
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	a.exit(a.main(a.catch(context.Background()), os.Args[1:]))
}

// main runs the command named by args[0] and returns the exit code.
func (a *app) main(ctx context.Context, args []string) int {
	err := a.dispatch(ctx, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return a.report(ctx, err)
}

// dispatch finds the command named by args[0] and runs it with the other arguments.
func (a *app) dispatch(ctx context.Context, args []string) error {
	name := ""
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case "":
		a.overview()
		return usagef("missing command")
	case "help":
		return a.help(args)
	case "-h", "-help", "--help":
		a.overview()
		return nil
	case "version", "-version", "--version":
		fmt.Fprintln(a.stdout, "cognito", version())
		return nil
	}
	for _, c := range commands() {
		if c.name == name {
			a.now, a.offers = c, slices.Contains(offering, name)
			defer a.leave(ctx)
			return c.run(ctx, a, args)
		}
	}
	return unknownCommand(name)
}

// report writes err in one line to standard error and returns the exit code.
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
	case errors.As(err, &status): // needs no message
		return int(status)
	case errors.As(err, &file) && brokenPipe(file): // the reader has closed
		return exitFailed
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.As(err, &usage)):
		// After a signal, a usage error means that a prompt got no answer.
		a.notef("interrupted")
		if errors.As(context.Cause(ctx), &interrupted) {
			return interrupted.ExitCode()
		}
		return exitInterrupted
	}
	text := a.message(err)
	var needed *neededError
	if errors.As(err, &needed) && !a.debug {
		text = needed.text
	} else if needed != nil && needed.cause != nil {
		text += " (" + needed.cause.Error() + ")"
	}
	a.notef("%s", text)
	switch {
	case errors.As(err, &signIn), errors.As(err, &challenge):
		return exitSignIn
	case errors.As(err, &usage), errors.Is(err, files.ErrUnfit), errors.Is(err, files.ErrExposed):
		return exitUsage
	}
	return exitFailed
}

// message returns the text of err. Without -debug, an error in the token of another identity
// provider replaces those of the requests that needed it, and a failed connection has only its
// reason, because the host precedes it.
func (a *app) message(err error) string {
	if usage := (usageError{}); a.federation.used() && errors.As(err, &usage) && !a.debug {
		err = usage
	}
	text := err.Error()
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" && !a.debug {
		text = strings.Replace(text, dial.Error(), reason(dial).Error(), 1)
	}
	return onePrefix(text)
}

// reason returns the reason in an error of package net, without the addresses and system calls.
func reason(err error) error {
	var system *os.SyscallError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &system):
		return system.Err
	case errors.As(err, &lookup):
		return errors.New(lookup.Err)
	}
	return err
}

// onePrefix returns an error's text without the names of the packages that made it. Names of
// services remain.
func onePrefix(text string) string {
	for _, name := range []string{"cognito: ", "s3list: ", "terminal: ", "environments: "} {
		text = strings.Replace(strings.TrimPrefix(text, name), ": "+name, ": ", 1)
	}
	return text
}

// notef writes one line to standard error. It replaces control characters in it. At a terminal, it
// breaks a long line between words.
func (a *app) notef(format string, args ...any) {
	line := "cognito: " + terminal.OneLine(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.stderr, screenful(a.stderr, line, 0, 2))
}

// A usageError reports an error in the flags or the configuration, which the user can correct.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A signInError reports that a new sign-in is needed.
type signInError struct{ error }

func (e signInError) Unwrap() error { return e.error }

// An exitStatus makes the program exit with that code and without a message.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
