package cognito

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/jwt"
)

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
	claims, err := jwt.ParseUnverified(tokens.ID)
	if err != nil {
		return expires, err
	}
	if own := s.client.Environment.ClientID; claims.Audience != own {
		return expires, fmt.Errorf("it is of app client %.128q, and the environment's client_id is %q", claims.Audience, own)
	}
	expires = claims.ExpiresAt
	ends := []time.Time{tokens.Expires}
	if access, err := jwt.ParseUnverified(tokens.Access); err == nil {
		ends = append(ends, access.ExpiresAt)
	}
	for _, end := range ends {
		if !end.IsZero() && end.Before(expires) {
			expires = end
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ofAnother(claims, s.claims) {
		return time.Time{}, errOtherUser
	}
	s.claims = claims
	return expires, nil
}

var errOtherUser = errors.New("it is of another user than the session")

// ofAnother tells whether two tokens are known to be of two users.
func ofAnother(c, old jwt.Claims) bool {
	return c.Subject != old.Subject && c.Subject != "" && old.Subject != ""
}

// takeDevice makes a stored device the session's: a refresh token is good with the device of its sign-in only.
func (s *Session) takeDevice(d Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Key != "" && d.Key != s.device.Key {
		s.device, s.askDevice, s.unready, s.deviceErr = d, false, Device{}, nil
	}
}

// refresh buys new tokens, by the caller's way around it if there is one.
func (s *Session) refresh(ctx context.Context, old Tokens) (Tokens, time.Time, error) {
	if s.client.RefreshWith == nil {
		return s.refreshNow(ctx, old)
	}
	if err := s.live(); err != nil {
		return old, time.Time{}, err // whatever is stored
	}
	current := s.Save()
	current.Tokens = old
	newest := old // also if it could not be stored, it may be the only one that is still good
	for range 2 {
		saved, err := s.client.RefreshWith(ctx, current, func(ctx context.Context, current Saved) (Saved, error) {
			claims, err := jwt.ParseUnverified(current.Tokens.ID)
			if err == nil && ofAnother(claims, s.UnverifiedClaims()) {
				return current, fmt.Errorf("cognito: the stored ID token can't be used: %w", errOtherUser)
			}
			s.takeDevice(current.Device)
			current.Tokens, _, err = s.refreshNow(ctx, current.Tokens)
			newest = current.Tokens
			current.Device, _ = s.Device() // which may have been confirmed now
			return current, err
		})
		if saved.Tokens.Refresh == "" {
			saved.Tokens = newest
		}
		if err != nil {
			return newest, time.Time{}, err
		}
		expires, err := s.adopt(saved.Tokens)
		if err != nil {
			return newest, time.Time{}, fmt.Errorf("cognito: the stored ID token can't be used: %w", err)
		}
		s.takeDevice(saved.Device)
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
	unready := s.unready
	s.mu.Unlock()
	if unready.Key != "" {
		if err := s.confirmDevice(ctx, old.Access, unready); err != nil {
			return old, time.Time{}, fmt.Errorf("cognito: the tokens can't be refreshed, because the new device could not be confirmed: sign in again (%w)", err)
		}
	}
	s.mu.Lock()
	legacy, username, device := s.noRotation, s.claims.Username, s.device.Key
	s.mu.Unlock()
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
	var e *awserr.Error
	if errors.As(err, &e) && e.Code == cognitoidp.CodeRefreshTokenReuse {
		old.Refresh = "" // final: to send it again could only do harm
	}
	if err != nil {
		var rotated *cognitoidp.RotatedTokenError
		if errors.As(err, &rotated) {
			old.Refresh = rotated.RefreshToken
		}
		return old, time.Time{}, Explain(err)
	}
	if out.AuthenticationResult == nil {
		return old, time.Time{}, fmt.Errorf("cognito: the user pool answered the refresh with the challenge %q: sign in again", awshttp.Clean(out.ChallengeName, 64))
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
	var e *awserr.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == "UnknownOperationException" || e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusNotImplemented
}
