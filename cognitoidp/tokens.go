package cognitoidp

import "context"

// GetTokensFromRefreshTokenInput is the request of GetTokensFromRefreshToken. Empty fields are not sent.
type GetTokensFromRefreshTokenInput struct {
	RefreshToken   string            // required
	ClientID       string            // of the app client that the token was issued to; required
	ClientSecret   string            // of an app client that has one: the secret itself, not a hash
	DeviceKey      string            // of the device that the token is bound to, if the pool tracks devices
	ClientMetadata map[string]string // for the pool's Lambda triggers
}

// GetTokensFromRefreshToken exchanges a refresh token for new tokens, whether or not refresh tokens rotate. With
// rotation the answer has a new refresh token and the old one is refused after a grace period of 0 to 60 seconds: store
// the new one before using anything else of the answer. It is there beside an error, too, if the rest of the answer could
// not be used. For the same reason the call is repeated only when it certainly was not carried out.
// CodeRefreshTokenReuse is final.
func (c *Client) GetTokensFromRefreshToken(ctx context.Context, in GetTokensFromRefreshTokenInput) (AuthOutput, error) {
	return c.auth(ctx, "GetTokensFromRefreshToken", false, request{
		RefreshToken: in.RefreshToken, ClientID: in.ClientID, ClientSecret: in.ClientSecret, DeviceKey: in.DeviceKey,
		ClientMetadata: in.ClientMetadata,
	}, checkClientID(in.ClientID), checkToken("RefreshToken", in.RefreshToken))
}

// RevokeTokenInput is the request of RevokeToken. Empty fields are not sent.
type RevokeTokenInput struct {
	Token        string // a refresh token; required
	ClientID     string // of the app client that the token was issued to; required
	ClientSecret string // of an app client that has one: the secret itself, not a hash
}

// RevokeToken revokes a refresh token and the access tokens that came of it. Services that check a token by its
// signature alone accept it until it expires. It is repeated after a failure that may pass.
func (c *Client) RevokeToken(ctx context.Context, in RevokeTokenInput) error {
	_, err := ask[struct{}](ctx, c, "RevokeToken", true, request{Token: in.Token, ClientID: in.ClientID, ClientSecret: in.ClientSecret},
		checkClientID(in.ClientID), checkToken("Token", in.Token))
	return err
}
