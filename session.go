package cognito

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
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

// Saved is what continues a session in another process: store it as carefully as a password.
//
// Like everything that holds a secret it redacts itself, for encoding/json too: [Saved.Reveal] makes the text to store,
// and json.Unmarshal reads it.
type Saved struct {
	Tokens Tokens
	// IdentityID is the user's identity in the identity pool, if it was asked for, so that it need not be asked for again.
	IdentityID string
}

// Reveal returns JSON with the secrets in it, for storing. json.Unmarshal into a Saved reads it.
func (s Saved) Reveal() ([]byte, error) {
	type tokens Tokens // without the methods that redact
	return json.Marshal(struct {
		Tokens     tokens
		IdentityID string
	}{tokens(s.Tokens), s.IdentityID})
}

// A Session is a user signed in, or a guest. It renews its tokens and credentials by itself and is safe for concurrent
// use: however many goroutines ask, one renewal is under way, and what is still valid is served when a renewal fails.
type Session struct {
	client      *Client
	guest       bool
	tokens      renewing[Tokens]
	credentials renewing[sigv4.Credentials]

	mu         sync.Mutex
	claims     Claims
	identityID string
	noRotation bool // the pool knows REFRESH_TOKEN_AUTH only
}

func (c *Client) newSession() *Session {
	s := &Session{client: c}
	s.tokens.early, s.tokens.now, s.tokens.renew = tokensEarly, c.services.idp.Now, s.refresh
	s.credentials.early, s.credentials.now, s.credentials.renew = credentialsEarly, c.services.idp.Now, s.fetchCredentials
	return s
}

// Resume continues a session that was saved, or that another program began: only saved.Tokens.Refresh is needed. Where
// the ID token is still valid nothing is sent, else the tokens are refreshed at once.
func (c *Client) Resume(ctx context.Context, saved Saved) (*Session, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	if saved.Tokens.Refresh == "" {
		return nil, errors.New("cognito: Resume: there is no refresh token; sign in again")
	}
	s := c.newSession()
	s.identityID = saved.IdentityID
	if saved.Tokens.ID != "" {
		claims, err := ParseUnverified(saved.Tokens.ID)
		if err != nil {
			return nil, fmt.Errorf("cognito: Resume: the saved ID token is damaged: %w", err)
		}
		if claims.Audience != c.Environment.ClientID {
			return nil, fmt.Errorf("cognito: Resume: the saved tokens are of app client %q, and the environment's client_id is %q", claims.Audience, c.Environment.ClientID)
		}
		s.claims = claims
		expires := claims.ExpiresAt
		if !saved.Tokens.Expires.IsZero() && saved.Tokens.Expires.Before(expires) {
			expires = saved.Tokens.Expires
		}
		saved.Tokens.Expires = expires
		s.tokens.set(saved.Tokens, expires)
	} else {
		s.tokens.set(saved.Tokens, time.Time{})
	}
	_, err := s.tokens.get(ctx)
	return s, err
}

// Save returns what [Client.Resume] needs. With refresh-token rotation, what was saved before a refresh is of no use
// after it: save again.
func (s *Session) Save() Saved {
	saved := Saved{Tokens: s.tokens.peek()}
	s.mu.Lock()
	defer s.mu.Unlock()
	saved.IdentityID = s.identityID
	return saved
}

// Tokens returns the session's tokens, refreshed if less than 5 minutes of them remain (of tokens that live less than 15
// minutes, less than a third). A guest has none.
func (s *Session) Tokens(ctx context.Context) (Tokens, error) {
	if s.guest {
		return Tokens{}, errors.New("cognito: a guest has no tokens: sign in")
	}
	return s.tokens.get(ctx)
}

// UnverifiedClaims returns what the pool stated about the user in the newest ID token. The token came from the pool over
// TLS, but its signature has not been checked: see [ParseUnverified].
func (s *Session) UnverifiedClaims() Claims {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims
}

// receive takes the pool's tokens in: the claims are read and the expiry is reckoned. A refresh may leave the refresh
// token out, and then the old one stays good.
func (s *Session) receive(old Tokens, r cognitoidp.AuthenticationResult) (Tokens, time.Time, error) {
	tokens := Tokens{ID: r.IDToken, Access: r.AccessToken, Refresh: cmp.Or(r.RefreshToken, old.Refresh)}
	claims, err := ParseUnverified(tokens.ID)
	if err != nil {
		return old, time.Time{}, fmt.Errorf("cognito: the user pool's ID token can't be read: %w", err)
	}
	// The local clock may be off either way: of the ends that ExpiresIn and the claims give, the earliest is safe.
	tokens.Expires = claims.ExpiresAt
	ends := []time.Time{s.client.services.idp.Now().Add(r.ExpiresIn)}
	if access, err := ParseUnverified(tokens.Access); err == nil {
		ends = append(ends, access.ExpiresAt)
	}
	for _, end := range ends {
		if end.Before(tokens.Expires) {
			tokens.Expires = end
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims = claims
	return tokens, tokens.Expires, nil
}

// refresh buys new tokens. GetTokensFromRefreshToken works with and without rotation and takes the client secret itself;
// REFRESH_TOKEN_AUTH is for services that do not know it.
func (s *Session) refresh(ctx context.Context, old Tokens) (Tokens, time.Time, error) {
	if old.Refresh == "" {
		return old, time.Time{}, errors.New("cognito: the session has ended: sign in again")
	}
	c := s.client
	s.mu.Lock()
	legacy, username := s.noRotation, s.claims.Username
	s.mu.Unlock()
	var out cognitoidp.AuthOutput
	var err error
	if !legacy {
		out, err = c.services.idp.GetTokensFromRefreshToken(ctx, cognitoidp.GetTokensFromRefreshTokenInput{
			RefreshToken: old.Refresh,
			ClientID:     c.Environment.ClientID,
			ClientSecret: c.Environment.ClientSecret,
		})
		legacy = unknownOperation(err)
	}
	if legacy {
		// There is no USERNAME here; the hash is of the real user name, never an alias.
		parameters := map[string]string{"REFRESH_TOKEN": old.Refresh}
		if hash := c.secretHash(username); hash != "" {
			if username == "" {
				return old, time.Time{}, errors.New("cognito: this service refreshes by REFRESH_TOKEN_AUTH only, which with a client secret needs the user name: save the ID token with the refresh token")
			}
			parameters["SECRET_HASH"] = hash
		}
		out, err = c.services.idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
			ClientID:       c.Environment.ClientID,
			AuthFlow:       cognitoidp.AuthFlowRefreshToken,
			AuthParameters: parameters,
		})
		s.mu.Lock()
		s.noRotation = err == nil
		s.mu.Unlock()
	}
	if err != nil {
		return old, time.Time{}, explain(err)
	}
	if out.AuthenticationResult == nil {
		return old, time.Time{}, fmt.Errorf("cognito: the user pool answered the refresh with the challenge %s: sign in again", out.ChallengeName)
	}
	return s.receive(old, *out.AuthenticationResult)
}

// unknownOperation tells whether a service lacks the operation, as stand-ins of older Cognito do.
func unknownOperation(err error) bool {
	var e *cognitoidp.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == "UnknownOperationException" || e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusNotImplemented
}

// SignOut revokes the refresh token and forgets everything: later calls of the session fail. Access and ID tokens, and
// credentials, that were handed out before stay valid until they expire.
func (s *Session) SignOut(ctx context.Context) error {
	tokens := s.tokens.peek()
	if tokens.Refresh == "" {
		return nil
	}
	err := s.client.services.idp.RevokeToken(ctx, cognitoidp.RevokeTokenInput{
		Token:        tokens.Refresh,
		ClientID:     s.client.Environment.ClientID,
		ClientSecret: s.client.Environment.ClientSecret,
	})
	if err != nil {
		return explain(err)
	}
	s.tokens.clear()
	s.credentials.clear()
	return nil
}
