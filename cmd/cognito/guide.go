package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/awsconfig"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/jwt"
)

// attended reports whether a user at a terminal sees an offer and can accept it.
func (a *app) attended() bool {
	out, ok := a.stderr.(*os.File)
	return ok && terminal.Is(out) && terminal.Is(a.answersFile())
}

// agrees asks a question whose answer is yes or no. It returns empty for an empty answer, and false
// at the end of input.
func (a *app) agrees(ctx context.Context, question string, empty bool) (bool, error) {
	choice := " [y/N] "
	if empty {
		choice = " [Y/n] "
	}
	answer, err := a.ask(ctx, question+choice, false)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (strings.HasPrefix(answer, "y") || empty && answer == ""), nil
}

// configureFirst asks a user at a terminal for the settings if there is no configuration file yet.
func (a *app) configureFirst(ctx context.Context) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || !terminal.Is(a.answersFile()) {
		return nil // the command reads the file, or reports that it does not exist
	}
	env := a.env
	a.notef("no user pool is configured yet")
	for attempt := 1; ; attempt++ {
		from, err := a.ask(ctx, "File or URL that has the settings (Enter to type them): ", false)
		if err != nil {
			return usageError{err}
		}
		c := configuring{from: inOwnHome(strings.TrimSpace(from))}
		a.env = env
		if err = c.run(ctx, a); err == nil {
			break
		}
		var usage usageError
		if !errors.As(err, &usage) || ctx.Err() != nil || attempt == attempts {
			return err
		}
		a.notef("%s", onePrefix(err.Error()))
	}
	a.env = env
	all, err := a.environments()
	if err == nil && len(all) > 1 && env == "" {
		names := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
		a.env, err = a.ask(ctx, "Environment ("+names+"): ", false)
		a.env = strings.TrimSpace(a.env)
	}
	return err
}

// inOwnHome replaces "~" at the start of a path, as shells do.
func inOwnHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := files.Home()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// summarize shows a user at a terminal what the new session is good for, and the command to
// continue with.
func (s *signedIn) summarize(claims jwt.Claims, expires time.Time) {
	a := s.a
	if !a.attended() || s.offered {
		return
	}
	role := cmp.Or(s.env.RoleARN, s.env.CustomRoleARN, claims.PreferredRole)
	// The pool's text could look like a prompt.
	if of := (cognito.Environment{RoleARN: role}); role != "" && of.Validate() == nil {
		a.notef("role %s", role)
	}
	env := a.env
	if env == a.getenv("COGNITO_ENV") { // "next" is for this shell, which has the variable
		a.env = ""
	}
	a.notef("tokens until %s, renewed on use", expires.Local().Format("2006-01-02 15:04 MST"))
	switch {
	case a.noStore:
	case s.env.IdentityPoolID == "":
		a.notef("next: cognito token%s", a.sameFlags())
	default:
		list := "aws s3 ls"
		if s.env.BucketName != "" {
			list += " s3://" + s.env.BucketName
		}
		a.notef("next: cognito exec%s -- %s", a.sameFlags(), list)
	}
	a.env = env
}

// offerProfile adds a profile for the AWS tools if there is none and the user wants it.
func (s *signedIn) offerProfile(ctx context.Context) error {
	a := s.a
	path, _ := awsconfig.Find(a.getenv, s.name, func(awsconfig.Key) bool { return true })
	if a.noStore || s.env.IdentityPoolID == "" || path != "" || !awsconfig.ValidName(s.name) ||
		!a.attended() {
		return nil
	}
	ok, err := a.agrees(ctx, "Add the profile "+s.name+" for the AWS CLI and SDKs?", false)
	if !ok || err != nil {
		return err
	}
	user := a.login.user
	a.login.user = "" // the profile is for the default user, whether -user is set or not
	defer func() { a.login.user = user }()
	if err := a.addProfile(ctx, s.name, s.name, s.env, false); err != nil {
		a.notef("the profile was not added: %s", err) // the sign-in is stored
	}
	return nil
}

// signInAgain offers a user at a terminal to sign in, because of the given error. It returns that
// error if the user declines. A process makes one offer, because a second sign-in would not help.
func (s *signedIn) signInAgain(ctx context.Context, why error) error {
	a := s.a
	s.offer.Lock() // a listing requests credentials concurrently
	defer s.offer.Unlock()
	if s.accepted {
		return nil
	}
	if !a.offers || a.noStore || !a.attended() {
		return why
	}
	a.offers = false
	reason, _, _ := strings.Cut(why.Error(), `: run "`)
	a.notef("%s", reason)
	ok, err := a.agrees(ctx, "Sign in?", true)
	if err != nil || !ok {
		return cmp.Or(err, why)
	}
	now := a.now
	a.now, a.browser.wait, s.offered = loginCommand(), browserWait, true
	defer func() { a.now = now }()
	if err := s.login(ctx); err != nil {
		return err
	}
	s.accepted = true
	return nil
}
