package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A signedIn is the way of the commands to the user's session: what is kept of it, and how it is
// renewed.
type signedIn struct {
	a      *app
	name   string // of the environment
	env    cognito.Environment
	client *cognito.Client
	keep   *keeper
	anew   bool // tokens are refreshed whatever is left of them
	clock  *clock
	// when credentials could last not be renewed in this process; nil: never
	failed atomic.Pointer[time.Time]
}

// open prepares the session of the environment that the flags name. Nothing is sent, unless nothing
// shall be kept: then the user signs in now.
func (a *app) open(ctx context.Context) (*signedIn, error) {
	s, err := a.prepare()
	if err == nil && a.noStore {
		err = s.login(ctx)
	}
	return s, err
}

// prepare is open without a sign-in.
func (a *app) prepare() (*signedIn, error) {
	name, env, err := a.environment()
	if err != nil {
		return nil, err
	}
	keep, err := a.keeper(name, env)
	if err != nil {
		return nil, err
	}
	client, err := a.httpClient()
	if err != nil {
		return nil, err
	}
	learning := &clock{base: client.Transport}
	client.Transport = learning
	return &signedIn{
		a:      a,
		name:   name,
		env:    env,
		keep:   keep,
		clock:  learning,
		client: a.client(env, client),
	}, nil
}

// client makes one of an environment.
func (a *app) client(env cognito.Environment, h *http.Client) *cognito.Client {
	fips, dualStack := a.hosts()
	return &cognito.Client{
		Environment: env,
		Duration:    a.login.duration,
		FIPS:        fips,
		DualStack:   dualStack,
		HTTPClient:  h,
	}
}

// how tells what credentials are made for: others than those can't be used in their place.
func (s *signedIn) how() string {
	text,
		_ := json.Marshal(
		[]any{s.env.IdentityPoolID, s.env.RoleARN, s.env.CustomRoleARN, s.a.login.duration,
			s.env.Endpoints},
	)
	return string(text)
}

// with is take under the lock. If only storing fails, it says so, and the session goes on in
// memory.
func (s *signedIn) with(ctx context.Context, use func(*record, *cognito.Session) error) error {
	err := s.keep.update(ctx, func(r *record, e *edit) error { return s.take(ctx, r, e, use) })
	if only, ok := err.(unstored); ok {
		s.a.notef("%s", only)
		return nil
	}
	return err
}

// take resumes the session, calls use with it, and puts what has become of it into the record. It
// waits for a refresh in flight even if ctx ends, as the old refresh token may be used up. To sign
// out, use removes Session from the record.
func (s *signedIn) take(
	ctx context.Context, r *record, e *edit, use func(*record, *cognito.Session) error,
) error {
	saved := r.session()
	if saved == nil {
		return s.needed("nobody is signed in to " + s.name)
	}
	var refreshing sync.Mutex
	over := false
	client := s.a.client(s.env, s.client.HTTPClient)
	client.RefreshWith = func(ctx context.Context, current cognito.SavedSession,
		refresh func(context.Context, cognito.SavedSession) (cognito.SavedSession, error)) (
		cognito.SavedSession, error,
	) {
		refreshing.Lock()
		defer refreshing.Unlock()
		if over {
			return current, context.Canceled
		}
		if err := e.reserve(); err != nil {
			return current,
				fmt.Errorf("the tokens are not refreshed, as new ones could not be kept: %w", err)
		}
		newer, err := refresh(ctx, current) // the lock is ours, so nobody else has a newer one
		if err != nil && newer.Tokens.Refresh == saved.Tokens.Refresh {
			newer.Tokens = saved.Tokens // which may have been left out to have them refreshed
		}
		saved = &newer
		err = errors.Join(err, r.keep(newer))
		e.store() // if it fails again when the edit ends, the user is told
		return newer, err
	}
	resumed := *saved
	if s.anew {
		resumed.Tokens.ID, resumed.Tokens.Access, resumed.Tokens.Expires = "", "", time.Time{}
	}
	used := *r // before a refresh can change it
	session, err := client.Resume(ctx, resumed.Save())
	if err == nil {
		err = use(&used, session)
	}
	refreshing.Lock()
	over = true
	refreshing.Unlock()
	r.Credentials, r.Devices = used.Credentials, used.Devices
	if used.Session == nil { // signed out
		r.Session = nil
		return err
	}
	if session != nil {
		var now cognito.SavedSession
		if err := now.Load(session.Save()); err != nil {
			return err
		}
		saved.IdentityID, saved.IdentityPoolID = now.IdentityID, now.IdentityPoolID
	}
	err = errors.Join(err, r.keep(*saved))
	if ended(err) {
		return s.needed(fmt.Sprintf("the session of %s in %s has ended (%v)", r.User, s.name, err))
	}
	return err
}

// keep makes saved the record's session.
func (r *record) keep(saved cognito.SavedSession) error {
	if saved.Tokens.Refresh == "" {
		return nil
	}
	r.Session = saved.Save()
	return nil
}

// saved is what is kept, and the session in it. That there is none is an error.
func (s *signedIn) saved() (record, *cognito.SavedSession, error) {
	r, err := s.keep.load()
	saved := r.session()
	if errors.Is(err, errDamaged) {
		err = s.needed(err.Error())
	} else if err == nil && saved == nil {
		err = s.needed("nobody is signed in to " + s.name)
	}
	return r, saved, err
}

// needed is the error for what only a sign-in mends.
func (s *signedIn) needed(why string) error {
	return signInError{fmt.Errorf("%s: run \"cognito login%s\"", why, s.a.sameFlags())}
}

// sameFlags are -config and -env as they have to be repeated for another command to find the same
// environment.
func (a *app) sameFlags() (text string) {
	if a.config != "" && a.config != a.getenv("COGNITO_CONFIG") {
		text = " -config " + shellWord(a.config)
	}
	if a.env != "" {
		text += " -env " + shellWord(a.env)
	}
	return text
}

// poolSays tells whether an error is the user pool's, with one of these codes.
func poolSays(err error, codes ...string) bool {
	var service *awserr.Error
	return errors.As(err, &service) && service.Service == "cognitoidp" &&
		slices.Contains(codes, service.Code)
}

// ended tells whether an error of the user pool says that its tokens are of no more use.
func ended(err error) bool {
	return poolSays(err, cognitoidp.CodeNotAuthorized, cognitoidp.CodeRefreshTokenReuse,
		cognitoidp.CodeUserNotFound, cognitoidp.CodePasswordResetRequired)
}

// tokens are those of the session, refreshed if need be.
func (s *signedIn) tokens(ctx context.Context) (tokens cognito.Tokens, err error) {
	err = s.with(ctx, func(_ *record, session *cognito.Session) error {
		tokens, err = session.Tokens(ctx)
		return err
	})
	return tokens, err
}

// credentials answers from what is kept while it is fresh, and renews it otherwise. It is what
// other packages call for credentials. What can't be renewed is used as long as it is valid.
func (s *signedIn) credentials(ctx context.Context) (sigv4.Credentials, error) {
	if err := s.hasIdentities(); err != nil {
		return sigv4.Credentials{}, err
	}
	have, err := s.kept()
	if err == nil && have != nil && (have.fresh() || have.left() > time.Minute && s.justFailed()) {
		return have.credentials(), nil
	}
	var creds sigv4.Credentials
	err = s.with(ctx, func(r *record, session *cognito.Session) error {
		// another process was faster
		if have = r.Credentials; have != nil && have.For == s.how() && have.fresh() {
			creds = have.credentials()
			return nil
		}
		var err error
		if creds, err = session.Credentials(ctx); err == nil {
			r.Credentials = &cached{
				For:             s.how(),
				AccessKeyID:     creds.AccessKeyID,
				SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken,
				Expires: creds.Expires, Obtained: time.Now(), Offset: s.clock.offset(),
			}
		}
		return err
	})
	if err == nil {
		return creds, nil
	}
	if have != nil && have.For == s.how() && have.left() > time.Minute &&
		!errors.Is(ctx.Err(), context.Canceled) {
		now := time.Now()
		s.failed.Store(&now)
		s.a.notef("the credentials could not be renewed and will do for %v: %s",
			have.left().Round(time.Second), err)
		return have.credentials(), nil
	}
	return sigv4.Credentials{}, err
}

// hasIdentities refuses an environment of which no credentials can come.
func (s *signedIn) hasIdentities() error {
	if s.env.IdentityPoolID == "" {
		return usagef("identity_pool_id is missing in environment %s, and without it there are "+
			"no AWS credentials: ask an administrator for it", s.name)
	} else if s.a.login.duration != 0 && s.env.RoleARN == "" {
		return usagef("-duration needs role_arn, which is missing in environment %s: ask an "+
			"administrator for it", s.name)
	}
	return nil
}

// kept are the credentials that the record holds for this purpose, nil if there are none.
func (s *signedIn) kept() (*cached, error) {
	r, err := s.keep.load()
	if err != nil || r.Session == nil || r.Credentials == nil || r.Credentials.For != s.how() {
		return nil, err
	}
	return r.Credentials, nil
}

// justFailed tells whether the last attempt was so recent that the next one should wait.
func (s *signedIn) justFailed() bool {
	failed := s.failed.Load()
	return failed != nil && time.Since(*failed) < 30*time.Second
}

// A clock sends requests and learns from the answers' Date how far this machine's clock is off.
type clock struct {
	base http.RoundTripper
	off  atomic.Int64 // time.Duration
}

func (c *clock) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.base.RoundTrip(request)
	if err != nil || response.Header.Get("Age") != "" {
		return response, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		off := time.Until(date)
		if off.Abs() < 5*time.Second { // Date has whole seconds, and the answer took its time
			off = 0
		}
		c.off.Store(int64(off))
	}
	return response, nil
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (c *clock) CloseIdleConnections() { (&http.Client{Transport: c.base}).CloseIdleConnections() }

func (c *clock) offset() time.Duration { return time.Duration(c.off.Load()) }
