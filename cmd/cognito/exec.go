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

	"github.com/loginwithcognito/cognito/internal/terminal"
)

func execCommand() command {
	return command{
		name: "exec",
		args: "[--] COMMAND [ARGUMENT ...]",
		summary: `Run a command with AWS credentials in its environment.
The credentials are good for an hour or what is left of it. For a command that takes longer, -serve keeps an endpoint
beside it from which it fetches new ones (see "cognito help serve"). What else names credentials in the environment, such
as AWS_PROFILE, is left out. The command's exit status is passed on, 128+n where signal n ended it.`,
		example: `cognito exec -- aws s3 ls
cognito exec -serve -env PROD -- python3 nightly.py`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			serve := f.Bool("serve", false,
				"renew: hand the credentials over by a container credentials endpoint on loopback")
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
			// from here on signals are the command's
			if err := cmp.Or(usable(creds), ctx.Err()); err != nil {
				return err
			}
			if a.login.passwordFD > 2 {
				a.answersFile().Close() // the command has no business with passwords
			}
			if *serve {
				return s.execServing(ctx, path, words)
			}
			env := environ(os.Environ(), variables(creds, a.serviceRegion(s.env)))
			a.ending.wait(a.notef)
			if err := become(path, words, env); !errors.Is(err, errors.ErrUnsupported) {
				return a.cannotRun(words[0], err)
			}
			return a.runChild(ctx, path, words, env)
		},
	}
}

// cannotRun says why, with the exit codes of shells (POSIX.1-2024, XCU 2.8.2).
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

// execServing runs a command beside an endpoint, which lives as long as it does.
func (s *signedIn) execServing(ctx context.Context, path string, words []string) error {
	e, err := s.listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	e.start(context.WithoutCancel(ctx)) // an interrupt is for the command to answer
	defer e.close()
	s.a.warnOfDefault()
	settings := append(e.variables(), regionVariables(s.a.serviceRegion(s.env))...)
	return s.a.runChild(ctx, path, words, environ(os.Environ(), settings))
}

// credentialNames are the environment variables in which SDKs and tools look for credentials, or
// for where to get them. One that stayed could win over ours, or be mixed with them.
var credentialNames = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION",
	"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_ACCOUNT_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
}

// environ is an environment without other credentials, and with settings.
func environ(env []string, settings []variable) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		same := func(other string) bool {
			return name == other || runtime.GOOS == "windows" && strings.EqualFold(name, other)
		}
		return slices.ContainsFunc(credentialNames, same) ||
			slices.ContainsFunc(settings, func(v variable) bool {
				return same(v.name)
			})
	})
	for _, v := range settings {
		env = append(env, v.name+"="+v.value)
	}
	return env
}

// runChild runs a command as a child. Signals that are sent to this process are passed on, and it
// does not end before the child does. What a terminal sends goes to both as it is, and would arrive
// twice.
func (a *app) runChild(ctx context.Context, path string, words, env []string) error {
	attached := terminal.Is(os.Stdin) || terminal.Is(os.Stdout) || terminal.Is(os.Stderr)
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, caught()...)
	defer signal.Stop(signals)
	if err := a.ending.pass(ctx); err != nil { // a signal came just before, and is not among these
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
					// fails where there is no such thing, and once the child has ended
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

// caught are the signals that end this process in its own way. One that is ignored, such as SIGHUP
// under nohup(1), stays so.
func caught() []os.Signal {
	return slices.DeleteFunc(endingSignals(), signal.Ignored)
}
