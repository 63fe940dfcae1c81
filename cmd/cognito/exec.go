package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/awsconfig"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/credserver"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func execCommand() command {
	return command{
		name: "exec",
		args: "[--] [COMMAND [ARGUMENT ...]]",
		summary: `Run a command, or a shell, with AWS credentials.
The credentials are valid for at most an hour by default. For a command that runs longer, -serve
runs an endpoint from which the command fetches new credentials (see "cognito help serve"). Without
a command, exec starts $SHELL. Its prompt can show COGNITO_ENV, the name of the environment,
COGNITO_USER and AWS_CREDENTIAL_EXPIRATION, which is unset with -serve. exec removes variables that
select other credentials, such as AWS_PROFILE, from the environment, and sets
AWS_ENDPOINT_URL_SERVICE for the environment's endpoints. With -serve, the command does not see the
files in ~/.aws whose default profile has credentials. exec exits with the command's exit status, or
with 128+n if signal n ended the command.`,
		example: `cognito exec -- aws s3 ls
cognito exec -serve -env PROD -- python3 nightly.py`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			serve := f.Bool("serve", false,
				"renew the credentials: serve them from a loopback endpoint")
			words, err := a.parse(f, args, 0, -1)
			if err != nil {
				return err
			}
			interactive := len(words) == 0
			if interactive {
				words = []string{a.defaultShell()}
			}
			path, err := exec.LookPath(words[0])
			if err != nil {
				return a.cannotRun(words[0], err)
			}
			if runtime.GOOS == "windows" && batch(path) {
				if err := batchArguments(words[1:]); err != nil {
					return err
				}
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			creds, err := s.credentials(ctx)
			if err != nil {
				return err
			}
			// A signal that arrived earlier ends exec here. Later signals are for the command.
			if err := cmp.Or(credserver.Usable(creds, s.now()), ctx.Err()); err != nil {
				return err
			}
			if a.login.passwordFD > 2 {
				a.answersFile().Close() // the command must not inherit the password
			}
			a.offers = false // the command has the terminal
			if interactive && a.attended() {
				a.notef("%s has the credentials of %s; exit ends it", words[0], s.name)
			}
			if *serve {
				return s.execServing(ctx, path, words)
			}
			env := environ(os.Environ(), slices.Concat(keyVariables(creds),
				a.placeVariables(s.env), s.ownVariables()))
			a.leave(ctx) // revokes a session that is not stored; its credentials stay valid
			a.ending.wait(a.notef)
			if err := become(path, words, env); !errors.Is(err, errors.ErrUnsupported) {
				return a.cannotRun(words[0], err)
			}
			return a.runChild(ctx, path, words, env)
		},
	}
}

// defaultShell returns the user's shell: $SHELL, or %ComSpec% on Windows.
func (a *app) defaultShell() string {
	if runtime.GOOS == "windows" {
		return cmp.Or(a.getenv("SHELL"), a.getenv("ComSpec"), "cmd.exe")
	}
	return cmp.Or(a.getenv("SHELL"), "/bin/sh")
}

// ownVariables returns the variables that select the same environment and user if the command runs
// this program. A shell's prompt can show COGNITO_ENV.
func (s *signedIn) ownVariables() []shell.Variable {
	all := []shell.Variable{{Name: "COGNITO_ENV", Value: s.name}}
	if path, err := filepath.Abs(s.a.config); err == nil && s.a.config != "" {
		all = append(all, shell.Variable{Name: "COGNITO_CONFIG", Value: path})
	}
	if path, err := filepath.Abs(s.a.state); err == nil && s.a.state != "" {
		all = append(all, shell.Variable{Name: "COGNITO_STATE_DIR", Value: path})
	}
	s.pin() // the user may have signed in since open
	// If it is empty, the command must not inherit the user of another environment.
	user := cmp.Or(s.keep.User, s.a.userOf(s.name))
	return append(all, shell.Variable{Name: "COGNITO_USER", Value: user})
}

// batch reports whether Windows runs a file with cmd.exe.
func batch(path string) bool {
	return slices.Contains([]string{".bat", ".cmd"}, strings.ToLower(filepath.Ext(path)))
}

// batchArguments returns an error if cmd.exe would interpret a character in the arguments of a
// batch file: a part of them could run as a command (CVE-2024-24576).
func batchArguments(words []string) error {
	for i, word := range words {
		if strings.ContainsAny(word, "\"%!^&|<>()\r\n") { // it may be a secret, so it is not shown
			return usagef("exec: cmd.exe would interpret a character of argument %d: a batch file "+
				"cannot receive it", i+1)
		}
	}
	return nil
}

// cannotRun prints why the command called name did not start. It returns the exit status that
// shells use for this (POSIX.1-2024, XCU 2.8.2).
func (a *app) cannotRun(name string, err error) error {
	var inner *exec.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	a.notef("%s: %s", name, err)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return exitStatus(exitNotFound)
	}
	return exitStatus(exitCannotRun)
}

// execServing runs a command and serves its credentials from an endpoint until the command ends.
func (s *signedIn) execServing(ctx context.Context, path string, words []string) error {
	server := s.server()
	if err := server.Listen("127.0.0.1:0"); err != nil {
		return err
	}
	server.Start(context.WithoutCancel(ctx)) // the command decides how to handle an interrupt
	defer server.Close()
	settings := slices.Concat(server.Variables(), s.a.placeVariables(s.env), s.ownVariables(),
		s.a.hidden())
	return s.a.runChild(ctx, path, words, environ(os.Environ(), settings))
}

// hidden returns variables that hide files whose credentials SDKs prefer to an endpoint: the shared
// files if their default profile has credentials, and those of boto (botocore: BotoProvider).
func (a *app) hidden() []shell.Variable {
	all := []shell.Variable{{Name: "BOTO_CONFIG", Value: os.DevNull}}
	for _, variable := range []string{"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"} {
		path, key := awsconfig.Find(func(name string) string {
			if name != variable && strings.HasPrefix(name, "AWS_") {
				return os.DevNull // Find must not read the other file
			}
			return a.getenv(name)
		}, "default", func(k awsconfig.Key) bool {
			return k.Rivals() || k.Name == "credential_process"
		})
		if key != "" {
			a.notef("%s has %s under [default]: the command does not see this file", path, key)
			all = append(all, shell.Variable{Name: variable, Value: os.DevNull})
		}
	}
	return all
}

// runChild runs a command as a child process, forwards signals to it, and waits for it to end. If a
// terminal is attached, it does not forward SIGINT and SIGQUIT, because the terminal sends these to
// both processes.
func (a *app) runChild(ctx context.Context, path string, words, env []string) error {
	attached := terminal.Is(os.Stdin) || terminal.Is(os.Stdout) || terminal.Is(os.Stderr)
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, caught()...)
	defer signal.Stop(signals)
	// A signal that arrived before Notify is not in signals.
	if err := a.ending.pass(ctx); err != nil {
		return err
	}
	child := &exec.Cmd{
		Path:   path,
		Args:   words,
		Env:    env,
		Stdin:  a.stdin,
		Stdout: a.stdout,
		Stderr: a.stderr,
	}
	if err := child.Start(); err != nil {
		return a.cannotRun(words[0], err)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case sent := <-signals:
				// Plan 9 lacks syscall.SIGQUIT, so its name is compared.
				if !attached || sent != os.Interrupt && sent.String() != "quit" {
					// The error is ignored: the system may not support the signal, or
					// the child has ended.
					child.Process.Signal(sent)
				}
			}
		}
	}()
	err := child.Wait()
	switch state := child.ProcessState; {
	case state == nil:
		return err
	case state.Success():
		return nil
	default:
		return exitStatus(exitCode(state))
	}
}

// caught returns the signals that this process handles. It omits signals that are ignored, such as
// SIGHUP under nohup(1), so that they remain ignored.
func caught() []os.Signal {
	return slices.DeleteFunc(endingSignals(), signal.Ignored)
}
