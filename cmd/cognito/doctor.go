package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/sigv4"
)

func doctorCommand() command {
	return command{
		name: "doctor",
		summary: `Check the setup, and report the first problem and its fix.
Each line starts with "ok", "FAIL", or "--" for a skipped check or a note. doctor refreshes the
session and changes nothing else. The exit status is 0 if no check fails, 3 if the first failed
check needs a sign-in, and 1 otherwise.`,
		example: `cognito doctor -env DEV`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			d := &doctor{a: a, good: make(map[string]bool)}
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			return d.run(ctx)
		},
	}
}

// A doctor runs the checks in order and keeps what later checks need.
type doctor struct {
	a        *app
	s        *signedIn
	saved    *cognito.SavedSession
	tokens   cognito.Tokens
	identity string
	creds    sigv4.Credentials

	good  map[string]bool // reports, by step name, whether the step passed
	first error           // is the first failure, prefixed with its step name
}

// A remark is the text of a line that is neither a success nor a failure: the check was skipped, or
// its result may be intended.
type remark string

func (r remark) Error() string { return string(r) }

// stepTime limits the duration of a step.
const stepTime = 20 * time.Second

// run runs all steps. It skips a step if one that it needs did not pass.
func (d *doctor) run(ctx context.Context) error {
	for _, step := range []struct {
		name  string
		needs []string
		look  func(context.Context) (string, error)
	}{
		{"configuration", nil, d.configuration},
		{"hosts", []string{"configuration"}, d.hosts},
		{"state", []string{"configuration"}, d.state},
		{"other keys", nil, d.otherKeys},
		{"proxy", nil, d.proxy},
		{"user pool", []string{"configuration"}, d.userPool},
		{"clock", []string{"user pool"}, d.clock},
		{"app client", []string{"user pool"}, d.appClient},
		{domainStep, []string{"user pool"}, d.domain},
		{browserStep, []string{domainStep}, d.managedLogin},
		{"session", []string{"state"}, d.session},
		{"tokens", []string{"session"}, d.compare},
		{"refresh", []string{"session", "app client"}, d.refresh},
		{"signature", []string{"refresh"}, d.verify},
		{"identity pool", []string{"refresh"}, d.identityPool},
		{"credentials", []string{"identity pool"}, d.credentials},
		{"role", []string{"credentials"}, d.role},
		{"bucket", []string{"credentials"}, d.bucket},
	} {
		if (step.name == domainStep || step.name == browserStep) &&
			(d.s == nil || d.s.env.Domain == "") {
			continue // the environment has no domain
		}
		detail, err := "", error(nil)
		for _, needed := range step.needs {
			if err == nil && !d.good[needed] {
				err = remark("skipped: needs " + needed)
			}
		}
		if err == nil {
			limited, cancel := context.WithTimeout(ctx, stepTime)
			// With -no-store, this step signs in and may wait for the user's answers. The library
			// limits the duration of its requests.
			if step.name == "session" {
				limited = ctx
			}
			detail, err = step.look(limited)
			cancel()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := d.tell(step.name, detail, reachable(err)); err != nil {
			return err
		}
	}
	if d.first == nil {
		return nil
	}
	d.a.notef("%s", "first problem: "+d.a.message(d.first))
	var signIn signInError
	if errors.As(d.first, &signIn) {
		return exitStatus(exitSignIn)
	}
	return exitStatus(exitFailed)
}

// tell writes the line of a step and records its result.
func (d *doctor) tell(step, detail string, err error) error {
	mark := "ok"
	var aside remark
	if errors.As(err, &aside) {
		mark, detail = "--", string(aside)
	} else if err != nil {
		mark, detail = "FAIL", d.a.message(err)
		if d.first == nil {
			d.first = fmt.Errorf("%s: %w", step, err)
		}
	}
	d.good[step] = err == nil
	const column = 24
	text := screenful(d.a.stdout, terminal.OneLine(detail), column, column)
	_, err = fmt.Fprintf(d.a.stdout, "%-4s  %-16s  %s\n", mark, step, text)
	return err
}

func (d *doctor) configuration(context.Context) (string, error) {
	s, err := d.a.prepare()
	if err != nil {
		return "", err
	}
	path, err := d.a.configPath()
	if err != nil {
		return "", err
	}
	name, env := s.name, s.env
	d.s, s.refresh = s, true
	return fmt.Sprintf("environment %s in %s: user pool %s, app client %s", name, path,
		env.UserPoolID, env.ClientID), nil
}

// state checks the session file and its permissions.
func (d *doctor) state(context.Context) (string, error) {
	k := d.s.keep
	path := k.Path()
	if path == "" {
		return "nothing is stored (-no-store)", nil
	}
	r, err := k.Load()
	if errors.Is(err, state.ErrDamaged) {
		return "", d.s.needed(err.Error())
	} else if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing is stored yet in " + filepath.Dir(path), nil
	} else if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "",
			fmt.Errorf("other users may access %s (mode %04o): run chmod go= %s",
				path, mode, shell.Word(path))
	}
	text := path + " is accessible only to you"
	if runtime.GOOS == "windows" {
		text = path + " (its access control list is not checked)"
	}
	if r.Keychain != "" {
		text += ", and encrypted (keychain " + r.Keychain + ")"
	}
	return text, nil
}

// otherKeys reports variables and keys that other tools prefer to the session's credentials. The
// user may intend that, so it is not a failure. AWS_PROFILE is not reported, because it may name a
// profile that this program added.
func (d *doctor) otherKeys(context.Context) (string, error) {
	profile := cmp.Or(d.a.getenv("AWS_PROFILE"), d.a.getenv("AWS_DEFAULT_PROFILE"), "default")
	profiles := []shell.Variable{{Name: "AWS_PROFILE"}, {Name: "AWS_DEFAULT_PROFILE"}}
	if names := d.a.others(profiles); len(names) > 0 {
		are, them := "is", "it"
		if len(names) > 1 {
			are, them = "are", "them"
		}
		return "", remark(fmt.Sprintf("%s %s set: other tools may prefer %[3]s to a profile; exec "+
			"and serve remove %[3]s; unset %[3]s if that is not intended",
			strings.Join(names, ", "), are, them))
	} else if path := d.a.staticKeys(profile); path != "" {
		return "",
			remark(path + " has a key under [" + profile +
				"], which other tools use: remove it or set AWS_PROFILE if that is not intended")
	}
	if names := d.a.others(nil); len(names) > 0 {
		return "none; exec and serve remove " + strings.Join(names, ", "), nil
	}
	return "none that other tools prefer to the session's credentials", nil
}

// proxy reports the variables that select proxies. Their values may contain passwords.
func (d *doctor) proxy(context.Context) (string, error) {
	var used []string
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"} {
		for _, name := range []string{name, strings.ToLower(name)} {
			if d.a.getenv(name) != "" {
				used = append(used, name)
				if runtime.GOOS == "windows" {
					break // both names are the same variable
				}
			}
		}
	}
	for _, name := range []string{"ALL_PROXY", "all_proxy"} {
		if d.a.getenv(name) != "" {
			return "",
				remark(name + " is set, but unsupported: set HTTPS_PROXY if requests need a proxy")
		}
	}
	return cmp.Or(strings.Join(used, ", "), "none"), checkProxy()
}

// checkProxy returns an error if requests to AWS fail because a variable cannot be read.
func checkProxy() error {
	transport, ok := cognito.NewHTTPClient().Transport.(*http.Transport)
	if !ok || transport.Proxy == nil {
		return nil
	}
	_, err := transport.Proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "aws.amazon.com"}})
	return err
}
