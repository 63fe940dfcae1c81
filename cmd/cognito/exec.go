package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/credserver"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func execCommand() command {
	return command{
		name: "exec",
		args: "[--] COMMAND [ARGUMENT ...]",
		summary: `Run a command with AWS credentials in its environment.
The credentials are valid for at most an hour by default. For a command that runs longer, -serve
runs an endpoint from which the command fetches new credentials (see "cognito help serve"). exec
removes variables that select other credentials, such as AWS_PROFILE, from the environment. It exits
with the command's exit status, or with 128+n if signal n ended the command.`,
		example: `cognito exec -- aws s3 ls
cognito exec -serve -env PROD -- python3 nightly.py`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			serve := f.Bool("serve", false,
				"renew the credentials: serve them from a loopback endpoint")
			words, err := a.parse(f, args, 1, -1)
			if err != nil {
				return err
			}
			path, err := exec.LookPath(words[0])
			if err != nil {
				return a.cannotRun(words[0], err)
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			creds, err := s.credentials(ctx)
			if err != nil {
				return err
			}
			// Stop here after a signal. From now on, signals are for the command.
			if err := cmp.Or(credserver.Usable(creds), ctx.Err()); err != nil {
				return err
			}
			if a.login.passwordFD > 2 {
				a.answersFile().Close() // the command must not inherit the password
			}
			if *serve {
				return s.execServing(ctx, path, words)
			}
			env := environ(os.Environ(), variables(creds, a.serviceRegion(s.env)))
			a.leave(ctx) // the credentials stay valid
			a.ending.wait(a.notef)
			if err := become(path, words, env); !errors.Is(err, errors.ErrUnsupported) {
				return a.cannotRun(words[0], err)
			}
			return a.runChild(ctx, path, words, env)
		},
	}
}

// cannotRun reports why the command name did not start, and returns the exit status of shells
// (POSIX.1-2024, XCU 2.8.2).
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
	s.a.warnOfDefault()
	settings := append(server.Variables(), regionVariables(s.a.serviceRegion(s.env))...)
	return s.a.runChild(ctx, path, words, environ(os.Environ(), settings))
}

// credentialNames lists the environment variables from which SDKs and tools read credentials or
// their source. If one remained, tools could prefer it to our variables, or mix both.
var credentialNames = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_ACCOUNT_ID",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
}

// environ returns env without the variables in credentialNames, and with settings.
func environ(env []string, settings []shell.Variable) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		same := func(other string) bool {
			return name == other || runtime.GOOS == "windows" && strings.EqualFold(name, other)
		}
		return slices.ContainsFunc(credentialNames, same) ||
			slices.ContainsFunc(settings, func(v shell.Variable) bool {
				return same(v.Name)
			})
	})
	for _, v := range settings {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
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
				if !attached || sent != os.Interrupt && sent != syscall.SIGQUIT {
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
		if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return exitStatus(128 + int(status.Signal()))
		}
		return exitStatus(state.ExitCode())
	}
}

// caught returns the signals that this process handles. It omits signals that are ignored, such as
// SIGHUP under nohup(1), so that they remain ignored.
func caught() []os.Signal {
	return slices.DeleteFunc(endingSignals(), signal.Ignored)
}
