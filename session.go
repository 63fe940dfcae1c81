package cognito

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/renew"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/sigv4"
)

const (
	// tokensEarly is how long before their expiry tokens are refreshed.
	tokensEarly = 5 * time.Minute
	// credentialsEarly is how long before their expiry credentials are renewed: botocore's programs start to renew what
	// they were handed when 15 minutes remain (botocore credentials.py), so nothing older is handed out if it can be helped.
	credentialsEarly = 15 * time.Minute
)

// Tokens are what a user pool gives for a sign-in. They are bearer secrets, and redact themselves when printed.
type Tokens struct {
	ID      string    // the ID token: who the user is; what identity pools take
	Access  string    // the access token: what the user pool's own operations take
	Refresh string    // the refresh token: buys new tokens; opaque
	Expires time.Time // when the ID or access token expires, whichever is first
}

// A Session is a user signed in, or a guest. It renews its tokens and credentials by itself and is safe for concurrent
// use: however many goroutines ask, one renewal is under way, and what is still valid is served when a renewal fails.
type Session struct {
	client      *Client
	guest       bool
	tokens      renew.Value[Tokens]
	credentials renew.Value[sigv4.Credentials]

	mu         sync.Mutex
	claims     jwt.Claims
	identityID string
	noRotation bool // the pool knows REFRESH_TOKEN_AUTH only
	device     Device
	askDevice  bool
	unready    Device // a new one that could not be confirmed yet
	deviceErr  error  // why
	ended      bool   // by SignOut
}

func (c *Client) newSession() *Session {
	s := &Session{client: c}
	s.tokens.Early, s.tokens.Now, s.tokens.Renew = tokensEarly, c.services.idp.Now, s.refresh
	// The identity pool's clock: a guest or a resumed session may never hear the user pool's.
	s.credentials.Early, s.credentials.Now, s.credentials.Renew = credentialsEarly, c.services.identity.Now, s.fetchCredentials
	return s
}

// Tokens returns the session's tokens, refreshed if less than 5 minutes of them remain (of tokens that live less than 15
// minutes, less than a third). A guest has none.
func (s *Session) Tokens(ctx context.Context) (Tokens, error) {
	if s.guest {
		return Tokens{}, errors.New("cognito: a guest has no tokens: sign in")
	}
	return s.tokens.Get(ctx)
}

// UnverifiedClaims returns what the pool stated about the user in the newest ID token. The token came from the pool over
// TLS, but its signature has not been checked: see [jwt.ParseUnverified].
func (s *Session) UnverifiedClaims() jwt.Claims {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims
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

// SignOut revokes the refresh token and forgets tokens and credentials: later calls that would need them, or ask a
// service, fail. A refresh that is under way is waited for, so that the token revoked is the newest. Access and ID
// tokens, and credentials, that were handed out before stay valid until they expire. Where the pool can't be told, the
// session goes on; only where the app client has revocation switched off (UnsupportedOperationException) it is
// forgotten all the same. With [Client.RefreshWith] the token revoked is the stored one, which another process may have
// refreshed; forgetting what is stored is the caller's.
func (s *Session) SignOut(ctx context.Context) error {
	s.end(true)
	if err := s.tokens.Settle(ctx); err != nil {
		s.end(false)
		return err
	}
	tokens := s.tokens.Peek()
	if with := s.client.RefreshWith; with != nil && tokens.Refresh != "" {
		saved, err := with(ctx, s.Save(), func(_ context.Context, current Saved) (Saved, error) { return current, nil })
		if err != nil {
			s.end(false)
			return err
		}
		claims, err := jwt.ParseUnverified(saved.Tokens.ID)
		if saved.Tokens.Refresh != "" && (err != nil || !ofAnother(claims, s.UnverifiedClaims())) {
			tokens = saved.Tokens
		}
	}
	var err error
	if tokens.Refresh != "" {
		err = s.client.services.idp.RevokeToken(ctx, tokens.Refresh, s.client.Environment.ClientID, s.client.Environment.ClientSecret)
		var service *awserr.Error
		if err != nil && !(errors.As(err, &service) && service.Code == cognitoidp.CodeUnsupportedOperation) {
			s.end(false)
			return Explain(err)
		}
	}
	s.tokens.Clear()
	s.credentials.Clear()
	return Explain(err)
}

func (s *Session) end(ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = ended
}
