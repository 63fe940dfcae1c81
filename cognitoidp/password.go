package cognitoidp

import (
	"context"

	"github.com/loginwithcognito/cognito/internal/redact"
)

// ForgotPasswordInput is the request of [Client.ForgotPassword]. ClientID and Username are
// required.
type ForgotPasswordInput struct {
	redact.Fields
	ClientID        string
	SecretHash      string
	Username        string
	ClientMetadata  map[string]string
	UserContextData *UserContextData
}

// ForgotPassword sends a code for ConfirmForgotPassword. It is not idempotent. The service limits
// it to 5 to 20 codes an hour for a user.
func (c *Client) ForgotPassword(
	ctx context.Context, in ForgotPasswordInput,
) (CodeDeliveryDetails, error) {
	return c.sendCode(ctx, "ForgotPassword", ResendConfirmationCodeInput(in))
}

// ConfirmForgotPasswordInput is the request of [Client.ConfirmForgotPassword]. ClientID, Username,
// ConfirmationCode and Password are required.
type ConfirmForgotPasswordInput struct {
	redact.Fields
	ClientID   string
	SecretHash string
	Username   string
	// ConfirmationCode is the code that the user received.
	ConfirmationCode string
	// Password is the new password.
	Password        string
	ClientMetadata  map[string]string
	UserContextData *UserContextData
}

// ConfirmForgotPassword sets a new password with the code that the user received. It is not
// idempotent.
func (c *Client) ConfirmForgotPassword(ctx context.Context, in ConfirmForgotPasswordInput) error {
	return c.send(ctx, "ConfirmForgotPassword", notIdempotent, members{
		"ClientId":         in.ClientID,
		"SecretHash":       in.SecretHash,
		"Username":         in.Username,
		"ConfirmationCode": in.ConfirmationCode,
		"Password":         in.Password,
		"ClientMetadata":   in.ClientMetadata,
		"UserContextData":  in.UserContextData.members(),
	}, new(none), "ClientId", "Username", "ConfirmationCode", "Password")
}

// ChangePasswordInput is the request of [Client.ChangePassword]. AccessToken and ProposedPassword
// are required.
type ChangePasswordInput struct {
	redact.Fields
	AccessToken string
	// PreviousPassword is empty for a user without a password.
	PreviousPassword string
	ProposedPassword string
}

// ChangePassword changes the password of a signed-in user. It is not idempotent, because the
// previous password is wrong after a change. The service limits it to 5 changes an hour.
func (c *Client) ChangePassword(ctx context.Context, in ChangePasswordInput) error {
	return c.send(ctx, "ChangePassword", notIdempotent, members{
		"AccessToken":      in.AccessToken,
		"PreviousPassword": in.PreviousPassword,
		"ProposedPassword": in.ProposedPassword,
	}, new(none), "AccessToken", "ProposedPassword")
}
