package cognito

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/jwt"
)

// A RefreshFunc surrounds every refresh of tokens, so that a program stores new tokens before it
// uses them, and several processes share one refresh token even if refresh tokens rotate.
//
// The argument current is the state of the session. A RefreshFunc returns the state to continue
// with:
//
//  1. It takes a lock that all processes share, and reads the stored session.
//  2. If stored.Tokens.Expires is after current.Tokens.Expires, another process has refreshed.
//     It returns the stored session.
//  3. Otherwise it calls refresh with the stored session, stores what refresh returns, even with an
//     error, and returns both. A rotated token may be in it.
//
// [Session.SignOut] calls it with a refresh that sends nothing, to learn which token to revoke.
type RefreshFunc func(
	ctx context.Context,
	current SavedSession,
	refresh func(context.Context, SavedSession) (SavedSession, error),
) (SavedSession, error)

// A refresh passes two locks. renew.Value permits one refresh in the process, RefreshFunc one in
// all processes. Session.mu guards fields only, and is never held during a request or a
// RefreshFunc.
//
//	Tokens, Credentials, IdentityID
//	   |
//	renew.Value: the first caller starts the refresh, the others wait for it
//	   |
//	refresh ------- RefreshWith is set -------> RefreshFunc: lock, read the stored session
//	   |                                           |                    |
//	   | RefreshWith is nil                        | not newer          | newer
//	   v                                           v                    |
//	refreshNow <-------------------------------- its argument refresh   |
//	   |  confirmDevice, if that failed before     |                    |
//	   |  GetTokensFromRefreshToken,               |                    |
//	   |  REFRESH_TOKEN_AUTH or managed login      v                    v
//	   |  receive                               store, unlock         unlock
//	   v                                           |                    |
//	renew.Value keeps the result <-----------------+--- adopt ----------+

// refresh obtains new tokens, through RefreshWith if it is set.
func (s *Session) refresh(ctx context.Context, old Tokens) (Tokens, time.Time, error) {
	if s.client.RefreshWith == nil {
		return s.refreshNow(ctx, old)
	}
	if err := s.live(); err != nil {
		return old, time.Time{}, err // even if the stored session has not ended
	}
	current := s.save(old)
	newest := old // returned even if it could not be stored: it may be the only valid token
	refresh := func(ctx context.Context, stored SavedSession) (SavedSession, error) {
		claims, err := jwt.ParseUnverified(stored.Tokens.ID)
		if err == nil && differentUsers(claims, s.UnverifiedClaims()) {
			return stored, unusable(errOtherUser)
		}
		s.takeStored(stored)
		stored.Tokens, _, err = s.refreshNow(ctx, stored.Tokens)
		newest = stored.Tokens
		stored.Device, _ = s.Device() // refreshNow may have confirmed it
		return stored, err
	}
	var failed error
	for range 2 {
		saved, err := s.client.RefreshWith(ctx, current, refresh)
		if saved.Tokens.Refresh == "" {
			saved.Tokens, saved.ManagedLogin = newest, s.save(newest).ManagedLogin
		}
		if err != nil {
			return newest, time.Time{}, err
		}
		expires, err := s.adopt(saved.Tokens)
		switch {
		case err == nil:
			s.takeStored(saved)
			if s.client.services.idp.Now().Before(expires) {
				return saved.Tokens, expires, nil
			}
			// The tokens that another process stored have expired since.
			newest, failed = saved.Tokens, errors.New("cognito: RefreshWith returned tokens "+
				"that have expired")
		case damaged(err):
			failed = unusable(err)
		default:
			return newest, time.Time{}, unusable(err)
		}
		current = saved
	}
	return newest, time.Time{}, failed
}

func unusable(err error) error {
	return fmt.Errorf("cognito: the stored ID token is unusable: %w", err)
}

// damaged reports whether an error of adopt is about the form of a token, and not about its owner.
func damaged(err error) bool {
	var form *jwt.Error
	return err == errNoIDToken || err == errNoAudience || errors.As(err, &form)
}

// refreshNow requests new tokens from the pool. GetTokensFromRefreshToken works with and without
// rotation and takes the client secret itself. REFRESH_TOKEN_AUTH is for services that lack it.
func (s *Session) refreshNow(ctx context.Context, old Tokens) (Tokens, time.Time, error) {
	if old.Refresh == "" {
		return old, time.Time{}, errEnded
	}
	s.mu.Lock()
	ended, unconfirmed := s.ended, s.device.unconfirmed
	s.mu.Unlock()
	if ended {
		return old, time.Time{}, errEnded
	}
	if unconfirmed.Key != "" {
		if err := s.confirmDevice(ctx, old.Access, unconfirmed); err != nil {
			return old, time.Time{}, fmt.Errorf("cognito: the tokens cannot be refreshed, "+
				"because the new device could not be confirmed: sign in again (%w)", err)
		}
	}
	s.mu.Lock()
	byAuth, username, device := s.noRotation, s.claims.Username, s.device.current.Key
	byBrowser := s.byBrowser
	s.mu.Unlock()
	c := s.client
	if byBrowser && c.Environment.Domain != "" {
		// These tokens are not bound to a device, without which the other operations refuse them
		// if the user pool remembers devices.
		issued, err := c.services.login.Refresh(ctx, old.Refresh)
		if err != nil {
			old.Refresh = cmp.Or(issued.RefreshToken, old.Refresh)
			return old, time.Time{}, Explain(err)
		}
		return s.receive(old, fromBrowser(issued))
	}
	var out cognitoidp.AuthOutput
	var err error
	if !byAuth {
		in := cognitoidp.GetTokensFromRefreshTokenInput{
			RefreshToken:   old.Refresh,
			ClientID:       c.Environment.ClientID,
			ClientSecret:   c.Environment.ClientSecret,
			DeviceKey:      device,
			ClientMetadata: c.ClientMetadata,
		}
		out, err = c.services.idp.GetTokensFromRefreshToken(ctx, in)
		byAuth = unsupported(err)
	}
	if byAuth {
		first := err
		out, err = s.refreshByAuth(ctx, old.Refresh, username, device)
		switch {
		case err == nil:
			s.mu.Lock()
			s.noRotation = true
			s.mu.Unlock()
		case first != nil && unsupported(err):
			err = first // a pool that rotates refresh tokens refuses REFRESH_TOKEN_AUTH
		}
	}
	result := out.AuthenticationResult
	switch {
	case err != nil:
		if refusal(err).Code == cognitoidp.CodeRefreshTokenReuse {
			old.Refresh = "" // it is final: sending the token again could revoke the newer ones
		}
		var rotated *cognitoidp.RotatedTokenError
		if errors.As(err, &rotated) {
			old.Refresh = rotated.RefreshToken
		}
		return old, time.Time{}, Explain(err)
	case result == nil:
		return old, time.Time{}, fmt.Errorf("cognito: the user pool responded to the refresh with "+
			"the challenge %q: sign in again", awshttp.Clean(out.ChallengeName, 64))
	}
	return s.receive(old, *result)
}

// refreshByAuth refreshes with the older operation, InitiateAuth. The request has no USERNAME, but
// SECRET_HASH is computed from the user name that the pool uses, not from an alias.
func (s *Session) refreshByAuth(
	ctx context.Context, token, username, device string,
) (out cognitoidp.AuthOutput, err error) {
	c := s.client
	parameters := map[string]string{"REFRESH_TOKEN": token}
	if c.Environment.ClientSecret != "" {
		if username == "" {
			return out, errors.New("cognito: REFRESH_TOKEN_AUTH with a client secret needs the " +
				"user name, and this service supports only that: " +
				"save the ID token with the refresh token")
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

// Parts of the error codes of services that have the operation. The parts in faults do not decide
// this if the status or the message says that the service lacks the operation.
const (
	refusals = "NotAuthorized Unauthorized Forbidden AccessDenied TokenReuse TokenType UserNot " +
		"PasswordReset Lambda Throttl TooMany LimitExceeded SlowDown"
	faults = "Internal Unavailable Timeout"

	// unknowns say that the service lacks the operation, whatever the status is.
	unknowns = "UnknownOperation InvalidAction NotImplemented Unsupported"
)

// unsupported reports whether err shows that the service lacks the operation, and so did not use up
// the token. Emulators and older versions of Cognito say so in many ways. Every response counts,
// except those about authorization, triggers, throttling and faults.
func unsupported(err error) bool {
	var unanswered awshttp.Unanswered
	if errors.As(err, &unanswered) {
		return true
	}
	e := refusal(err)
	has := func(parts string) bool {
		return slices.ContainsFunc(strings.Fields(parts), func(part string) bool {
			return strings.Contains(e.Code, part)
		})
	}
	if e.StatusCode == 0 || has(refusals) {
		return false
	} else if has(unknowns) {
		return true
	}
	switch e.StatusCode {
	case 404, 405, 501:
		return true
	case 401, 403, 407, 408, 429, 502, 503, 504:
		return false
	}
	message := strings.ToLower(e.Message)
	return !has(faults) ||
		strings.Contains(message, "unsupported") || strings.Contains(message, "not implemented")
}

// receive returns the tokens of a response and when they expire. If a refresh returns no refresh
// token, the old one stays valid.
func (s *Session) receive(
	old Tokens, r cognitoidp.AuthenticationResult,
) (Tokens, time.Time, error) {
	tokens := Tokens{
		ID:      r.IDToken,
		Access:  r.AccessToken,
		Refresh: cmp.Or(r.RefreshToken, old.Refresh),
	}
	if r.ExpiresIn > 0 { // 0 if it is missing
		tokens.Expires = s.client.services.idp.Now().Add(r.ExpiresIn)
	}
	expires, err := s.adopt(tokens)
	if err != nil {
		old.Refresh = tokens.Refresh // after rotation, only this one is valid
		return old, time.Time{},
			fmt.Errorf("cognito: the user pool's ID token is unusable: %w", err)
	}
	tokens.Expires = expires
	return tokens, expires, nil
}

// adopt makes the claims of tokens those of the session, and returns when the tokens expire:
// Tokens.Expires or the claim exp of a token, whichever is earliest, because the clock that
// Tokens.Expires was computed from may be wrong in either direction.
func (s *Session) adopt(tokens Tokens) (expires time.Time, err error) {
	if tokens.ID == "" {
		return expires, errNoIDToken
	}
	claims, err := jwt.ParseUnverified(tokens.ID)
	if err != nil {
		return expires, err
	}
	if claims.Audience == "" {
		return expires, errNoAudience
	}
	own := s.client.Environment.ClientID
	if !slices.Contains(strings.Fields(claims.Audience), own) {
		return expires, fmt.Errorf("it belongs to app client %.128q, but client_id is %q",
			claims.Audience, own)
	}
	expires = claims.ExpiresAt
	ends := []time.Time{tokens.Expires}
	if access, err := jwt.ParseUnverified(tokens.Access); err == nil {
		ends = append(ends, access.ExpiresAt)
	}
	for _, end := range ends {
		if !end.IsZero() && (expires.IsZero() || end.Before(expires)) {
			expires = end
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if differentUsers(claims, s.claims) {
		return time.Time{}, errOtherUser
	}
	s.claims = claims
	return expires, nil
}

var (
	errNoIDToken = errors.New("no ID token was issued, because the sign-in did not request " +
		"the scope openid: sign in again with that scope")
	errNoAudience = errors.New("it names no app client, as an access token does")
)

var errOtherUser = errors.New("it belongs to another user than the session")

// differentUsers reports whether two tokens are known to belong to different users.
func differentUsers(c, old jwt.Claims) bool {
	return c.Subject != old.Subject && c.Subject != "" && old.Subject != ""
}
