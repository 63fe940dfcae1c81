package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

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
	s.tokens.Set(saved.Tokens, expires)
	if !s.tokens.Now().Before(expires) {
		defer c.connectAhead(ctx)()
	}
	if _, err := s.tokens.Get(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Save returns what [Client.Resume] needs. With refresh-token rotation, what was saved before a refresh is of no use
// after it: save again.
func (s *Session) Save() Saved {
	saved := Saved{Tokens: s.tokens.Peek()}
	s.mu.Lock()
	defer s.mu.Unlock()
	saved.Device = s.device
	if s.identityID != "" {
		saved.IdentityID, saved.IdentityPoolID = s.identityID, s.client.Environment.IdentityPoolID
	}
	return saved
}
