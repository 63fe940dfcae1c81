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
	// IdentityPoolID is the pool that IdentityID is in.
	IdentityPoolID string
	// Device is the one that the refresh token is bound to, where the pool tracks devices.
	Device Device
}

// Reveal returns JSON with the secrets in it, for storing. json.Unmarshal into a Saved reads it.
func (s Saved) Reveal() ([]byte, error) {
	type tokens Tokens // without the methods that redact
	type device Device
	return json.Marshal(struct {
		Tokens                     tokens
		IdentityID, IdentityPoolID string
		Device                     device
	}{tokens(s.Tokens), s.IdentityID, s.IdentityPoolID, device(s.Device)})
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
	device     Device
	askDevice  bool
	deviceErr  error // why a new device could not be confirmed
	ended      bool  // by SignOut
}

func (c *Client) newSession() *Session {
	s := &Session{client: c}
	s.tokens.early, s.tokens.now, s.tokens.renew = tokensEarly, c.services.idp.Now, s.refresh
	// The identity pool's clock: a guest or a resumed session may never hear the user pool's.
	s.credentials.early, s.credentials.now, s.credentials.renew = credentialsEarly, c.services.identity.Now, s.fetchCredentials
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
	s.device = saved.Device
	if saved.IdentityPoolID == c.Environment.IdentityPoolID { // another pool's identity is of no use
		s.identityID = saved.IdentityID
	}
	var expires time.Time
	if saved.Tokens.ID != "" {
		var err error
		if expires, err = s.adopt(saved.Tokens); err != nil {
			return nil, fmt.Errorf("cognito: Resume: the saved ID token can't be used: %w", err)
		}
	}
	s.tokens.set(saved.Tokens, expires)
	if _, err := s.tokens.get(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Save returns what [Client.Resume] needs. With refresh-token rotation, what was saved before a refresh is of no use
// after it: save again.
func (s *Session) Save() Saved {
	saved := Saved{Tokens: s.tokens.peek()}
	s.mu.Lock()
	defer s.mu.Unlock()
	saved.Device = s.device
	if s.identityID != "" {
		saved.IdentityID, saved.IdentityPoolID = s.identityID, s.client.Environment.IdentityPoolID
	}
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

// receive takes the pool's tokens in. A refresh may leave the refresh token out, and then the old one stays good.
func (s *Session) receive(old Tokens, r cognitoidp.AuthenticationResult) (Tokens, time.Time, error) {
	tokens := Tokens{ID: r.IDToken, Access: r.AccessToken, Refresh: cmp.Or(r.RefreshToken, old.Refresh)}
	if r.ExpiresIn > 0 { // 0: the answer does not say
		tokens.Expires = s.client.services.idp.Now().Add(r.ExpiresIn)
	}
	expires, err := s.adopt(tokens)
	if err != nil {
		old.Refresh = tokens.Refresh // with rotation it is the only one that is still good
		return old, time.Time{}, fmt.Errorf("cognito: the user pool's ID token can't be used: %w", err)
	}
	tokens.Expires = expires
	return tokens, expires, nil
}

// adopt reads the claims of tokens that are to be used, and reckons when they expire: the local clock may be off either
// way, so that of the ends that Expires and the claims give, the earliest is safe.
func (s *Session) adopt(tokens Tokens) (expires time.Time, err error) {
	claims, err := ParseUnverified(tokens.ID)
	if err != nil {
		return expires, err
	}
	if own := s.client.Environment.ClientID; claims.Audience != own {
		return expires, fmt.Errorf("it is of app client %q, and the environment's client_id is %q", claims.Audience, own)
	}
	expires = claims.ExpiresAt
	ends := []time.Time{tokens.Expires}
	if access, err := ParseUnverified(tokens.Access); err == nil {
		ends = append(ends, access.ExpiresAt)
	}
	for _, end := range ends {
		if !end.IsZero() && end.Before(expires) {
			expires = end
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims = claims
	return expires, nil
}

// refresh buys new tokens, by the caller's way around it if there is one.
func (s *Session) refresh(ctx context.Context, old Tokens) (Tokens, time.Time, error) {
	if s.client.RefreshWith == nil {
		return s.refreshNow(ctx, old)
	}
	current := s.Save()
	current.Tokens = old
	newest := old // also if it could not be stored, it may be the only one that is still good
	for range 2 {
		saved, err := s.client.RefreshWith(ctx, current, func(ctx context.Context, current Saved) (Saved, error) {
			var err error
			current.Tokens, _, err = s.refreshNow(ctx, current.Tokens)
			newest = current.Tokens
			return current, err
		})
		if saved.Tokens.Refresh == "" {
			saved.Tokens = newest
		}
		if err != nil {
			return saved.Tokens, time.Time{}, err
		}
		expires, err := s.adopt(saved.Tokens)
		if err != nil {
			return saved.Tokens, time.Time{}, fmt.Errorf("cognito: the ID token that RefreshWith returned can't be used: %w", err)
		}
		if s.client.services.idp.Now().Before(expires) {
			return saved.Tokens, expires, nil
		}
		current = saved // what another process had stored has expired since
	}
	return current.Tokens, time.Time{}, errors.New("cognito: RefreshWith returned tokens that have expired")
}

// refreshNow asks the pool. GetTokensFromRefreshToken works with and without rotation and takes the client secret itself;
// REFRESH_TOKEN_AUTH is for services that do not know it.
func (s *Session) refreshNow(ctx context.Context, old Tokens) (Tokens, time.Time, error) {
	if old.Refresh == "" {
		return old, time.Time{}, errEnded
	}
	if err := s.live(); err != nil {
		return old, time.Time{}, err
	}
	c := s.client
	s.mu.Lock()
	legacy, username, device, deviceErr := s.noRotation, s.claims.Username, s.device.Key, s.deviceErr
	s.mu.Unlock()
	if deviceErr != nil {
		return old, time.Time{}, fmt.Errorf("cognito: the tokens can't be refreshed, because the new device could not be confirmed: sign in again (%w)", deviceErr)
	}
	var out cognitoidp.AuthOutput
	var err error
	if !legacy {
		out, err = c.services.idp.GetTokensFromRefreshToken(ctx, cognitoidp.GetTokensFromRefreshTokenInput{
			RefreshToken:   old.Refresh,
			ClientID:       c.Environment.ClientID,
			ClientSecret:   c.Environment.ClientSecret,
			DeviceKey:      device,
			ClientMetadata: c.ClientMetadata,
		})
		legacy = unknownOperation(err)
	}
	if legacy {
		if out, err = s.refreshByAuth(ctx, old.Refresh, username, device); err == nil {
			s.mu.Lock()
			s.noRotation = true
			s.mu.Unlock()
		}
	}
	var e *cognitoidp.Error
	if errors.As(err, &e) && e.Code == cognitoidp.CodeRefreshTokenReuse {
		old.Refresh = "" // final: to send it again could only do harm
	}
	if err != nil {
		return old, time.Time{}, Explain(err)
	}
	if out.AuthenticationResult == nil {
		return old, time.Time{}, fmt.Errorf("cognito: the user pool answered the refresh with the challenge %q: sign in again", out.ChallengeName)
	}
	return s.receive(old, *out.AuthenticationResult)
}

// refreshByAuth is the older way. It has no USERNAME, but the hash is of the real user name, never of an alias.
func (s *Session) refreshByAuth(ctx context.Context, token, username, device string) (cognitoidp.AuthOutput, error) {
	c := s.client
	parameters := map[string]string{"REFRESH_TOKEN": token}
	if c.Environment.ClientSecret != "" {
		if username == "" {
			return cognitoidp.AuthOutput{}, errors.New("cognito: this service refreshes by REFRESH_TOKEN_AUTH only, which with a client secret needs the user name: save the ID token with the refresh token")
		}
		parameters["SECRET_HASH"] = c.SecretHash(username)
	}
	if device != "" {
		parameters["DEVICE_KEY"] = device
	}
	return c.services.idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID:        c.Environment.ClientID,
		AuthFlow:        cognitoidp.AuthFlowRefreshToken,
		AuthParameters:  parameters,
		ClientMetadata:  c.ClientMetadata,
		UserContextData: c.UserContextData,
	})
}

// unknownOperation tells whether a service lacks the operation, as stand-ins of older Cognito do.
func unknownOperation(err error) bool {
	var e *cognitoidp.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == "UnknownOperationException" || e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusNotImplemented
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

// SignOut revokes the refresh token and forgets everything: later calls of the session fail. A refresh that is under way
// is waited for, so that the token revoked is the newest. Access and ID tokens, and credentials, that were handed out
// before stay valid until they expire. Where the pool can't be told, the session goes on.
func (s *Session) SignOut(ctx context.Context) error {
	s.end(true)
	if err := s.tokens.settle(ctx); err != nil {
		s.end(false)
		return err
	}
	if tokens := s.tokens.peek(); tokens.Refresh != "" {
		err := s.client.services.idp.RevokeToken(ctx, cognitoidp.RevokeTokenInput{
			Token:        tokens.Refresh,
			ClientID:     s.client.Environment.ClientID,
			ClientSecret: s.client.Environment.ClientSecret,
		})
		if err != nil {
			s.end(false)
			return Explain(err)
		}
	}
	s.tokens.clear()
	s.credentials.clear()
	return nil
}

func (s *Session) end(ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = ended
}
