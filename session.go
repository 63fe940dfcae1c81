package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/renew"
	"github.com/loginwithcognito/cognito/internal/strictjson"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/sigv4"
)

const (
	// tokensEarly is how long before they expire tokens are refreshed.
	tokensEarly = 5 * time.Minute

	// credentialsEarly is how long before they expire credentials are refreshed. Programs with
	// botocore start to refresh the credentials that they received when 15 minutes remain
	// (botocore/credentials.py), so Session does not return older ones if it can avoid it.
	credentialsEarly = 15 * time.Minute
)

// Tokens are the tokens that a user pool issues for a sign-in. They are bearer secrets.
type Tokens struct {
	redact.Fields
	ID      string    // the ID token: it identifies the user, also to identity pools
	Access  string    // the access token: it authorizes the user pool's own operations
	Refresh string    // the refresh token: it obtains new tokens, and is opaque
	Expires time.Time // when the first of the ID and access tokens expires
}

// A Session is a signed-in user, a guest, or a federation. It refreshes its tokens and credentials.
//
// A Session is safe for concurrent use. Concurrent callers share one refresh. If it fails, they
// receive the old tokens or credentials until those expire.
type Session struct {
	redact.Fields
	client      *Client
	guest       bool
	federation  Federation // Token is nil if the session has tokens of the user pool
	tokens      renew.Value[Tokens]
	credentials renew.Value[sigv4.Credentials]

	mu         sync.Mutex // guards the fields below
	claims     jwt.Claims
	identityID string
	noRotation bool // the service supports only REFRESH_TOKEN_AUTH
	byBrowser  bool // the tokens are from managed login, which refreshes them
	device     deviceState
	ended      bool // by SignOut
}

func (c *Client) newSession() *Session {
	s := &Session{client: c}
	s.tokens.Early, s.tokens.Now, s.tokens.Renew = tokensEarly, c.services.idp.Now, s.refresh
	// This is the identity pool's clock, because a guest or a resumed session may never receive a
	// response from the user pool.
	s.credentials.Early, s.credentials.Now = credentialsEarly, c.services.identity.Now
	s.credentials.Renew = s.fetchCredentials
	return s
}

// Tokens returns the session's tokens. It refreshes them if they expire within 5 minutes, or within
// a third of their lifetime if that is shorter. For a guest or a federation it returns an error.
func (s *Session) Tokens(ctx context.Context) (Tokens, error) {
	if s.guest || s.federation.Token != nil {
		return Tokens{}, errors.New("cognito: guests and federations have no tokens of the user " +
			"pool: sign in")
	}
	return s.tokens.Get(ctx)
}

// UnverifiedClaims returns the claims of the newest ID token. The pool sent that token over TLS,
// but its signature has not been verified: see [jwt.ParseUnverified].
func (s *Session) UnverifiedClaims() jwt.Claims {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims
}

// A SavedSession is the state of a session, for [RefreshFunc] and for callers that store more than
// [Session.Save] returns. Only Tokens.Refresh is required.
type SavedSession struct {
	redact.Fields
	Tokens Tokens

	// IdentityID is the user's identity in the identity pool IdentityPoolID. It is empty if it is
	// not known.
	IdentityID, IdentityPoolID string

	// Device is the device that the refresh token is bound to, if the user pool tracks devices.
	Device Device

	// ManagedLogin is true if the tokens are from managed login. They are refreshed there.
	ManagedLogin bool
}

// Save returns s as JSON, with the secrets. Store it as carefully as a password.
func (s SavedSession) Save() []byte {
	if year := s.Tokens.Expires.UTC().Year(); year < 0 || year > 9999 {
		s.Tokens.Expires = time.Time{} // JSON cannot hold it; the tokens have their own
	}
	type tokens struct {
		ID, Access, Refresh string
		Expires             time.Time
	}
	saved, _ := json.Marshal(struct { // errors are impossible
		Tokens                     tokens
		IdentityID, IdentityPoolID string
		Device                     json.RawMessage
		ManagedLogin               bool `json:",omitempty"` // unknown to older versions
	}{
		tokens{s.Tokens.ID, s.Tokens.Access, s.Tokens.Refresh, s.Tokens.Expires.UTC()},
		s.IdentityID, s.IdentityPoolID,
		s.Device.Save(),
		s.ManagedLogin,
	})
	return saved
}

// Load sets s to what [Session.Save] or [SavedSession.Save] returned.
func (s *SavedSession) Load(saved []byte) error {
	var loaded SavedSession
	if strictjson.Unmarshal(saved, &loaded) != nil {
		return errors.New("cognito: this is not a saved session")
	}
	*s = loaded
	return nil
}

// Save returns the state of the session for [Client.Resume], as JSON with secrets. Store it as
// carefully as a password. If refresh tokens rotate, each refresh invalidates what was saved
// earlier: use [Client.RefreshWith] to save at every refresh.
func (s *Session) Save() []byte { return s.save(s.tokens.Peek()).Save() }

func (s *Session) save(tokens Tokens) SavedSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved := SavedSession{
		Tokens:       tokens,
		Device:       s.device.current,
		ManagedLogin: s.byBrowser,
	}
	if s.identityID != "" {
		saved.IdentityID = s.identityID
		saved.IdentityPoolID = s.client.Environment.IdentityPoolID
	}
	return saved
}

// Resume continues a session from what [Session.Save] returned, in the same or another process. It
// sends nothing if the ID token is still valid. If the token has expired by the local clock, Resume
// learns the pool's time. It refreshes the tokens if they have expired by that time or are damaged.
//
// To continue a session of another program, pass its refresh token:
//
//	saved := cognito.SavedSession{Tokens: cognito.Tokens{Refresh: token}}
//	session, err := client.Resume(ctx, saved.Save())
func (c *Client) Resume(ctx context.Context, saved []byte) (*Session, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	var from SavedSession
	if err := from.Load(saved); err != nil {
		return nil, err
	}
	if from.Tokens.Refresh == "" {
		return nil, errors.New("cognito: Resume: the refresh token is missing: sign in again")
	}
	s := c.newSession()
	s.device.current, s.byBrowser = from.Device, from.ManagedLogin
	if from.IdentityPoolID == c.Environment.IdentityPoolID && isIdentityPoolID(from.IdentityID) {
		s.identityID = from.IdentityID // otherwise it is requested again
	}
	expires, err := s.adopt(from.Tokens)
	if err != nil && !damaged(err) {
		return nil, fmt.Errorf("cognito: Resume: the saved ID token is unusable: %w", err)
	}
	if err == nil && !s.tokens.Now().Before(expires) {
		c.services.idp.Sync(ctx) // the local clock may be ahead
	}
	s.tokens.Set(from.Tokens, expires)
	if !s.tokens.Now().Before(expires) {
		defer c.connectAhead(ctx)()
	}
	if _, err := s.tokens.Get(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

var errEnded = errors.New("cognito: the session has ended: sign in again")

// live returns an error after SignOut.
func (s *Session) live() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return errEnded
	}
	return nil
}

// SignOut revokes the refresh token and discards tokens and credentials. Later calls that need
// these, or a request, return an error. Tokens and credentials that the session returned before
// stay valid until they expire.
//
// SignOut waits for a refresh in flight, so that it revokes the newest token. If revocation fails,
// the session continues. If the user pool or the app client does not support revocation, the
// session ends, and the error says that the refresh token stays valid.
//
// With [Client.RefreshWith], SignOut revokes the stored token, which another process may have
// refreshed, and the session's own. The caller must delete the stored session.
func (s *Session) SignOut(ctx context.Context) (err error) {
	s.setEnded(true)
	discard := false
	defer func() {
		if !discard {
			s.setEnded(false)
			return
		}
		s.tokens.Clear()
		s.credentials.Clear()
	}()
	if err := s.tokens.Settle(ctx); err != nil {
		return err
	}
	token := s.tokens.Peek().Refresh
	older := "" // the session's own token, if another one is stored
	if with := s.client.RefreshWith; with != nil && token != "" {
		stored, err := with(ctx, s.save(s.tokens.Peek()),
			func(_ context.Context, current SavedSession) (SavedSession, error) {
				return current, nil
			})
		if err != nil {
			return err
		}
		claims, _ := jwt.ParseUnverified(stored.Tokens.ID)
		newer := stored.Tokens.Refresh
		if newer != "" && newer != token && !differentUsers(claims, s.UnverifiedClaims()) {
			token, older = newer, token
		}
	}
	if err := s.revoke(ctx, token); unsupported(err) {
		discard = true
		return fmt.Errorf("cognito: the session has ended, but its refresh token stays valid "+
			"until it expires: %w", err)
	} else if err != nil {
		return err
	}
	discard = true
	err = s.revoke(ctx, older)
	switch refusal(err).Code {
	case cognitoidp.CodeNotAuthorized, cognitoidp.CodeUnauthorized:
		return nil // rotation has replaced it
	}
	return err
}

// revoke revokes a refresh token, unless it is empty.
func (s *Session) revoke(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	e := &s.client.Environment
	return Explain(s.client.services.idp.RevokeToken(ctx, token, e.ClientID, e.ClientSecret))
}

func (s *Session) setEnded(ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = ended
}
