package cognitoidp

import (
	"context"
	"fmt"
	"io"

	"github.com/loginwithcognito/cognito/internal/redact"
)

// GetTokensFromRefreshTokenInput is the request of [Client.GetTokensFromRefreshToken]. RefreshToken
// and ClientID are required.
type GetTokensFromRefreshTokenInput struct {
	redact.Fields
	RefreshToken string
	// ClientID is the app client that the token was issued to.
	ClientID string
	// ClientSecret is the secret of that app client, if it has one, and not a hash.
	ClientSecret string
	// DeviceKey is the device of the sign-in, if the pool tracks devices.
	DeviceKey      string
	ClientMetadata map[string]string
}

// GetTokensFromRefreshToken exchanges a refresh token for new tokens. If refresh tokens rotate, the
// response has a new refresh token, and the pool refuses the old one after a grace period of 0 to
// 60 seconds. Store the new one before you use the other tokens. If the error is a
// *[RotatedTokenError], store the token in it. The operation is not idempotent. After
// CodeRefreshTokenReuse the user has to sign in again.
func (c *Client) GetTokensFromRefreshToken(
	ctx context.Context, in GetTokensFromRefreshTokenInput,
) (AuthOutput, error) {
	return c.auth(ctx, "GetTokensFromRefreshToken", notIdempotent, members{
		"RefreshToken":   in.RefreshToken,
		"ClientId":       in.ClientID,
		"ClientSecret":   in.ClientSecret,
		"DeviceKey":      in.DeviceKey,
		"ClientMetadata": in.ClientMetadata,
	}, "ClientId", "RefreshToken")
}

// A RotatedTokenError reports a response that cannot be used, but that has a refresh token. With
// rotation it replaces the one that was sent. The token is not printed.
type RotatedTokenError struct {
	redact.Fields // for GobEncode
	RefreshToken  string
	Err           error
}

// Error returns the text of e.Err.
func (e *RotatedTokenError) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e *RotatedTokenError) Unwrap() error { return e.Err }

// Format prints the text of e.Err for every verb.
func (e RotatedTokenError) Format(f fmt.State, _ rune) { io.WriteString(f, e.Error()) }

// MarshalText returns the text of e.Err.
func (e RotatedTokenError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// RevokeToken revokes a refresh token and the access tokens that it led to. Services that check
// only the signature of an access token accept it until it expires. clientID is the app client that
// the token was issued to. clientSecret is its secret, or "" if it has none.
func (c *Client) RevokeToken(ctx context.Context, token, clientID, clientSecret string) error {
	return c.send(ctx, "RevokeToken", idempotent, members{
		"Token":        token,
		"ClientId":     clientID,
		"ClientSecret": clientSecret,
	}, new(none), "ClientId", "Token")
}
