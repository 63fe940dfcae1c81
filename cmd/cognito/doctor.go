package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/sigv4"
)

func doctorCommand() command {
	return command{
		name: "doctor",
		summary: `Look at each thing that a sign-in rests on, and name the first that is wrong and how to mend it.
A line is "ok", "FAIL", or "--" for what is not set or can't be looked at before something else works. Nothing is changed,
but the session is renewed. The exit status is 0 only where nothing fails, 3 where the first to fail is that nobody is
signed in, and otherwise 1.`,
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

// A doctor looks at one thing after the other.
type doctor struct {
	a        *app
	s        *signedIn
	saved    *cognito.SavedSession
	tokens   cognito.Tokens
	identity string
	creds    sigv4.Credentials

	good  map[string]bool // by step: it was looked at, and is as it should be
	first error           // what is wrong first, and in which step
}

// A remark is what a line says that is neither well nor wrong: there is nothing to look at, or it
// may be meant.
type remark string

func (r remark) Error() string { return string(r) }

// stepTime is how long a step may take.
const stepTime = 20 * time.Second

// run takes all steps. Those that need another one which failed are left out.
func (d *doctor) run(ctx context.Context) error {
	for _, step := range []struct {
		name  string
		needs []string
		look  func(context.Context) (string, error)
	}{
		{"configuration", nil, d.configuration},
		{"state", []string{"configuration"}, d.state},
		{"other keys", nil, d.otherKeys},
		{"user pool", []string{"configuration"}, d.userPool},
		{"clock", []string{"user pool"}, d.clock},
		{"app client", []string{"user pool"}, d.appClient},
		{"session", []string{"state"}, d.session},
		{"tokens", []string{"session"}, d.compare},
		{"refresh", []string{"session", "app client"}, d.refresh},
		{"signature", []string{"refresh"}, d.verify},
		{"identity pool", []string{"refresh"}, d.identityPool},
		{"credentials", []string{"identity pool"}, d.credentials},
		{"role", []string{"credentials"}, d.role},
		{"bucket", []string{"credentials"}, d.bucket},
	} {
		detail, err := "", error(nil)
		for _, needed := range step.needs {
			if err == nil && !d.good[needed] {
				err = remark("not looked at, for want of: " + needed)
			}
		}
		if err == nil {
			limited, cancel := context.WithTimeout(ctx, stepTime)
			// with -no-store somebody types, and the library has limits for the rest
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
	d.a.notef("the first thing that is wrong: %s", d.first)
	var signIn signInError
	if errors.As(d.first, &signIn) {
		return exitStatus(exitSignIn)
	}
	return exitStatus(exitFailed)
}

// tell writes the line of a step.
func (d *doctor) tell(step, detail string, err error) error {
	mark := "ok"
	var aside remark
	if errors.As(err, &aside) {
		mark, detail = "--", string(aside)
	} else if err != nil {
		mark, detail = "FAIL", err.Error()
		if d.first == nil {
			d.first = fmt.Errorf("%s: %w", step, err)
		}
	}
	d.good[step] = err == nil
	_, err = fmt.Fprintf(d.a.stdout, "%-4s  %-16s  %s\n", mark, step, oneLine(detail))
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
	d.s, s.anew = s, true
	return fmt.Sprintf("%s of %s: user pool %s, app client %s", name, path, env.UserPoolID,
		env.ClientID), nil
}

// state looks at what is kept, and who can read it.
func (d *doctor) state(context.Context) (string, error) {
	k := d.s.keep
	if k.dir == "" {
		return "nothing is kept (-no-store)", nil
	}
	if _, err := k.load(); errors.Is(err, errDamaged) {
		return "", d.s.needed(err.Error())
	} else if err != nil {
		return "", err
	}
	info, err := os.Stat(k.path())
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing is kept yet in " + k.dir, nil
	} else if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "",
			fmt.Errorf("others can get at %s (mode %04o), which is for you alone: chmod go= %s",
				k.path(), mode, shellWord(k.path()))
	}
	return k.path() + " is for you alone", nil
}

// otherKeys tells of keys that other tools prefer to those of this one. They may be meant.
func (d *doctor) otherKeys(context.Context) (string, error) {
	profile := cmp.Or(d.a.getenv("AWS_PROFILE"), "default")
	if d.a.getenv("AWS_ACCESS_KEY_ID") != "" {
		return "",
			remark("AWS_ACCESS_KEY_ID is set: other tools use that key, whatever their profile " +
				"says; unset it if that is not meant")
	} else if path := d.a.staticKeys(profile); path != "" {
		return "",
			remark(path + " has a key under [" + profile +
				"], which other tools use; remove it, or set AWS_PROFILE, if that is not meant")
	}
	return "none that other tools would use in place of yours", nil
}
