package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A signedIn gives commands access to the user's session. It loads, refreshes and stores the
// session.
type signedIn struct {
	a       *app
	name    string // the name of the environment
	env     cognito.Environment
	client  *cognito.Client
	keep    *state.Keeper
	refresh bool // obtain new tokens even if they have not expired
	clock   *clock
	seen    atomic.Pointer[state.Record] // the stored record as load last read it, or nil
	// federated replaces the session if the flags select a token of another identity provider.
	federated *cognito.Session
	// failed is the time of the last failed renewal of credentials in this process, or nil.
	failed   atomic.Pointer[time.Time]
	offer    sync.Mutex // held while the user is asked to sign in again
	accepted bool       // the user has signed in again; offer guards it
	offered  bool       // the sign-in is for another command, whose -user chose an account
}

// open returns the session of the environment that the flags name. It sends no request, except with
// -no-store: then it signs the user in.
func (a *app) open(ctx context.Context) (*signedIn, error) {
	s, err := a.prepare()
	switch {
	case err != nil:
	case a.federation.used():
		err = s.federate()
	case a.noStore:
		err = s.login(ctx)
	default:
		s.pin()
	}
	return s, err
}

// pin makes s use the session of the present user, even if another process changes the default
// user. A listing, for example, requests credentials for each page.
func (s *signedIn) pin() {
	if r, err := s.load(); err == nil && r.Session != nil {
		s.keep.User = r.User
	}
}

// load reads the stored record.
func (s *signedIn) load() (state.Record, error) {
	r, err := s.keep.Load()
	if err == nil {
		s.seen.Store(&r)
	}
	return r, err
}

// prepare is like open, but never signs in.
func (a *app) prepare() (*signedIn, error) {
	name, env, err := a.environment()
	if err != nil {
		return nil, err
	}
	if a.login.user == "" && !a.federation.used() {
		a.login.user = a.userOf(name)
		a.login.variable = a.login.user != ""
	}
	dir := ""
	if !a.noStore && !a.federation.used() {
		if dir, err = a.stateDir(); err != nil {
			return nil, err
		}
	}
	keep := a.keeper(dir, name, env)
	client, err := a.httpClient()
	if err != nil {
		return nil, err
	}
	learning := &clock{base: a.traced(client.Transport, onTerminal(a.stderr))}
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

// userOf returns the user in COGNITO_USER, unless COGNITO_ENV names another environment. A profile
// ignores it: its command line selects the user.
func (a *app) userOf(environment string) string {
	if env := a.getenv("COGNITO_ENV"); a.profile || env != "" && env != environment {
		return ""
	}
	return a.getenv("COGNITO_USER")
}

// keeper returns the keeper of an environment's record in dir, with the account of -user.
func (a *app) keeper(dir, name string, env cognito.Environment) *state.Keeper {
	keep := state.New(dir, name, env)
	keep.Note, keep.Hold, keep.User = a.notef, a.ending.hold, a.login.user
	if a.keys == nil {
		a.keys = keep.Keys
	}
	keep.Keys = a.keys // of the only state directory of a run
	return keep
}

// client returns a client of the environment that sends its requests with h.
func (a *app) client(env cognito.Environment, h *http.Client) *cognito.Client {
	fips, dualStack := a.hosts()
	return &cognito.Client{
		Environment: env,
		Duration:    a.login.duration,
		FIPS:        fips,
		DualStack:   dualStack,
		DeviceName:  a.login.deviceName,
		HTTPClient:  h,
	}
}

// how returns a key of the settings that credentials depend on. Cached credentials with another key
// are not used.
func (s *signedIn) how() string {
	text, _ := json.Marshal([]any{
		s.env.IdentityPoolID,
		s.env.RoleARN,
		s.env.CustomRoleARN,
		s.a.login.duration,
		s.env.Endpoints,
	})
	return string(text)
}

// with calls take under the lock. If only the storing fails, with writes a notice and returns nil,
// because the values that use obtained are valid.
func (s *signedIn) with(
	ctx context.Context, use func(*state.Record, *cognito.Session) error,
) error {
	edit := func(e *state.Edit) error { return s.take(ctx, e, use) }
	err := s.keep.Update(ctx, edit)
	var needed signInError
	if errors.As(err, &needed) {
		if err = s.signInAgain(ctx, err); err == nil {
			err = s.keep.Update(ctx, edit)
		}
	}
	if only, ok := err.(*state.UnstoredError); ok {
		s.a.notef("%s", only)
		return nil
	} else if errors.Is(err, state.ErrKeyLost) {
		return s.needed(err.Error())
	}
	return err
}

// take resumes the session, calls use with it, and updates the record. It waits for a refresh in
// flight even if ctx is cancelled, because the old refresh token may be invalid already. To sign
// out, use sets the record's Session to nil.
func (s *signedIn) take(
	ctx context.Context, e *state.Edit, use func(*state.Record, *cognito.Session) error,
) error {
	saved := e.SavedSession()
	if saved == nil {
		return s.needed(s.nobody(e.Record))
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
		if err := e.Reserve(); err != nil {
			return current,
				fmt.Errorf("tokens not refreshed, because new ones could not be kept: %w", err)
		}
		newer, err := refresh(ctx, current) // the lock is held, so current is the newest
		if err != nil && newer.Tokens.Refresh == saved.Tokens.Refresh {
			newer.Tokens = saved.Tokens // s.refresh may have removed them
		}
		saved = &newer
		e.SetSession(newer)
		e.Store() // the end of the edit retries it and reports the error
		return newer, err
	}
	resumed := *saved
	if s.refresh {
		resumed.Tokens.ID, resumed.Tokens.Access, resumed.Tokens.Expires = "", "", time.Time{}
	}
	used := *e.Record // a copy, because a refresh may change e
	if e.ClockOffset > 0 && !saved.Tokens.Expires.After(time.Now().Add(e.ClockOffset)) {
		s.learn(ctx, client) // by this machine's clock, they may seem valid
	}
	session, err := client.Resume(ctx, resumed.Save())
	if err == nil {
		err = use(&used, session)
	}
	refreshing.Lock()
	over = true
	refreshing.Unlock()
	e.Credentials, e.Devices, e.Replaced = used.Credentials, used.Devices, used.Replaced
	s.keepOffset(e.Record)
	if used.Session == nil { // signed out
		e.Session = nil
		return err
	}
	if session != nil {
		var now cognito.SavedSession
		if err := now.Load(session.Save()); err != nil {
			return err
		}
		saved.IdentityID, saved.IdentityPoolID = now.IdentityID, now.IdentityPoolID
	}
	e.SetSession(*saved)
	if ended(err) {
		return s.ended(e.User, err)
	}
	return err
}

// saved returns the stored record and the session in it. It fails if nobody is signed in.
func (s *signedIn) saved() (state.Record, *cognito.SavedSession, error) {
	r, err := s.load()
	saved := r.SavedSession()
	if errors.Is(err, state.ErrDamaged) {
		err = s.needed(err.Error())
	} else if err == nil && saved == nil {
		err = s.needed(s.nobody(&r))
	}
	return r, saved, err
}

// nobody says that the user of -user, or the default user, is not signed in.
func (s *signedIn) nobody(r *state.Record) string {
	switch others := r.Users(); {
	case s.keep.User != "":
		return s.keep.User + " is not signed in to " + s.name
	case len(others) > 0:
		return fmt.Sprintf("nobody is signed in to %s by default (-user: %s)", s.name,
			strings.Join(others, ", "))
	}
	return "nobody is signed in to " + s.name
}

// noteOthers names the other users that are signed in, and says what to do.
func (s *signedIn) noteOthers(what string) {
	r, err := s.keep.Load()
	if others := r.Users(); err == nil && len(others) > 0 {
		s.a.notef("still signed in to %s: %s (%s)", s.name, strings.Join(others, ", "), what)
	}
}

// needed returns the error that a sign-in is needed.
func (s *signedIn) needed(why string) error {
	text := fmt.Sprintf("%s: run \"cognito login%s\"", why, s.a.sameUser())
	return signInError{&neededError{text: text}}
}

// A neededError is a one-line form of an error, such as that a sign-in is needed. report writes it
// without the errors that wrap it and, unless -debug is set, without its cause.
type neededError struct {
	text  string
	cause error // or nil
}

func (e *neededError) Error() string { return e.text }

// shortLine is the longest line for an ended session, which scripts and editors show in full.
const shortLine = 100

// ended returns the error that a new sign-in is needed because the session has ended.
func (s *signedIn) ended(user string, why error) error {
	var text string
	for _, err := range []error{
		s.needed(fmt.Sprintf("the session of %s in %s has ended", user, s.name)),
		s.needed("the session has ended"),
		errors.New("the session has ended: run \"cognito login\" with the same -config, " +
			"-state-dir and -env"),
	} {
		if text = err.Error(); len("cognito: "+text) <= shortLine {
			break
		}
	}
	return signInError{&neededError{text, why}}
}

// sameUser is sameFlags with -user, unless the user is that of COGNITO_USER.
func (a *app) sameUser() string {
	if a.login.user == "" || a.login.variable {
		return a.sameFlags()
	}
	return a.withUser(a.login.user)
}

// sameFlags returns the flags -config, -state-dir and -env with which another command finds the
// same environment.
func (a *app) sameFlags() (text string) {
	if a.config != "" && a.config != a.getenv("COGNITO_CONFIG") {
		text = " -config " + a.word(a.config)
	}
	if a.state != "" && a.state != a.getenv("COGNITO_STATE_DIR") {
		text += " -state-dir " + a.word(a.state)
	}
	if a.env != "" {
		text += " -env " + a.word(a.env)
	}
	return text
}

// shell returns the format of the shell in which the program runs.
func (a *app) shell() string { return shell.Current(a.getenv) }

// word quotes text for the shell in which the program runs.
func (a *app) word(text string) string { return shell.WordIn(a.shell(), text) }

// revokeLimit is the longest time for the revocation of replaced refresh tokens.
const revokeLimit = 5 * time.Second

// revoke revokes refresh tokens that are not in use. It returns those that may still be valid, and
// why.
func (s *signedIn) revoke(ctx context.Context, tokens ...string) (left []string, failed error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeLimit)
	defer cancel()
	pool, failed := s.client.UserPool()
	for _, token := range tokens {
		if failed == nil {
			failed = pool.RevokeToken(ctx, token, s.env.ClientID, s.env.ClientSecret)
		}
		var refused *awserr.Error
		if errors.As(failed, &refused) && refused.StatusCode/100 == 4 &&
			refused.Code != cognitoidp.CodeTooManyRequests &&
			!strings.HasPrefix(refused.Code, "HTTP ") {
			failed = nil // it is invalid already, or the app client does not support revocation
		} else if failed != nil {
			left = append(left, token)
		}
	}
	return left, failed
}

// revokeReplaced revokes the tokens in r.Replaced. Those that it cannot revoke remain there for the
// next login or logout.
func (s *signedIn) revokeReplaced(ctx context.Context, r *state.Record) {
	var err error
	if r.Replaced, err = s.revoke(ctx, r.Replaced...); err != nil {
		s.a.notef("an earlier session is not revoked: %s", err)
	}
}

// leave ends a session that is not stored, because no other process can use it. What the command
// token prints stays valid.
func (a *app) leave(ctx context.Context) {
	s := a.passing
	if a.passing = nil; s == nil || a.now.name == "token" {
		return
	}
	r, _ := s.keep.Load() // from memory
	saved := r.SavedSession()
	if saved == nil { // the pool issued no refresh token
		return
	}
	if _, err := s.revoke(ctx, saved.Tokens.Refresh); err != nil {
		a.notef("the session is not revoked: %s", err)
	}
}

// poolSays reports whether err is an error of the user pool with one of these codes.
func poolSays(err error, codes ...string) bool {
	var service *awserr.Error
	return errors.As(err, &service) && service.Service == "cognitoidp" &&
		slices.Contains(codes, service.Code)
}

// ended reports whether err means that the user pool no longer accepts the tokens.
func ended(err error) bool {
	var service *awserr.Error
	if errors.As(err, &service) && service.Service == "managedlogin" {
		return service.Code == "invalid_grant" // RFC 6749 section 5.2
	}
	return poolSays(err, cognitoidp.CodeNotAuthorized, cognitoidp.CodeRefreshTokenReuse,
		cognitoidp.CodeUserNotFound, cognitoidp.CodePasswordResetRequired)
}

// tokens returns the tokens of the session, refreshed if necessary.
func (s *signedIn) tokens(ctx context.Context) (tokens cognito.Tokens, err error) {
	err = s.with(ctx, func(_ *state.Record, session *cognito.Session) error {
		tokens, err = session.Tokens(ctx)
		return err
	})
	return tokens, err
}

// credentials returns the cached credentials while they are fresh, and renews them otherwise. If
// the renewal fails, it returns the cached ones while they are valid. The S3 and STS clients call
// it.
func (s *signedIn) credentials(ctx context.Context) (sigv4.Credentials, error) {
	if err := s.hasIdentities(); err != nil {
		return sigv4.Credentials{}, err
	}
	if s.federated != nil {
		return s.federated.Credentials(ctx)
	}
	have, err := s.kept()
	if err == nil && have != nil &&
		(s.fresh(ctx, have) || have.Left(s.late()) > time.Minute && s.justFailed()) {
		return have.Value(), nil
	}
	var creds sigv4.Credentials
	err = s.with(ctx, func(r *state.Record, session *cognito.Session) error {
		// Another process may have renewed them.
		if have = r.Credentials; have != nil && have.For == s.how() && s.fresh(ctx, have) {
			creds = have.Value()
			return nil
		}
		var err error
		if creds, err = session.Credentials(ctx); err == nil {
			r.Credentials = &state.Credentials{
				For:             s.how(),
				AccessKeyID:     creds.AccessKeyID,
				SecretAccessKey: creds.SecretAccessKey,
				SessionToken:    creds.SessionToken,
				Expires:         creds.Expires,
				Obtained:        time.Now(),
				Offset:          s.clock.offset(),
			}
		}
		return err
	})
	if err == nil {
		return creds, nil
	}
	if have != nil && have.For == s.how() && have.Left(s.late()) > time.Minute &&
		!errors.Is(ctx.Err(), context.Canceled) {
		now := time.Now()
		s.failed.Store(&now)
		s.a.notef("the credentials could not be renewed and expire in %v: %s",
			have.Left(s.late()).Round(time.Second), err)
		return have.Value(), nil
	}
	return sigv4.Credentials{}, err
}

// hasIdentities returns an error if the environment lacks a setting that credentials need.
func (s *signedIn) hasIdentities() error {
	if s.env.IdentityPoolID == "" {
		return usagef("identity_pool_id is missing in environment %s and needed for AWS "+
			"credentials: ask an administrator for it", s.name)
	} else if s.a.login.duration != 0 && s.env.RoleARN == "" {
		return usagef("-duration needs role_arn, which is missing in environment %s: ask an "+
			"administrator for it", s.name)
	}
	return nil
}

// kept returns the stored credentials for the current settings, or nil.
func (s *signedIn) kept() (*state.Credentials, error) {
	r, err := s.load()
	if err != nil || r.Session == nil || r.Credentials == nil || r.Credentials.For != s.how() {
		return nil, err
	}
	return r.Credentials, nil
}

// justFailed reports whether a renewal failed less than 30 seconds ago. The next one then waits.
func (s *signedIn) justFailed() bool {
	failed := s.failed.Load()
	return failed != nil && time.Since(*failed) < 30*time.Second
}
