package cognitoidp

import "context"

// ForgotPasswordInput is the request of ForgotPassword. Empty fields are not sent.
type ForgotPasswordInput struct {
	ClientID        string            // of the app client; required
	SecretHash      string            // as in SignUpInput
	Username        string            // required
	ClientMetadata  map[string]string // for the pool's Lambda triggers
	UserContextData *UserContextData
}

// ForgotPasswordOutput is the answer of ForgotPassword.
type ForgotPasswordOutput struct {
	CodeDeliveryDetails CodeDeliveryDetails
}

// ForgotPassword sends a code for ConfirmForgotPassword, to a user 5 to 20 times an hour. As it sends messages, it is
// repeated only when it certainly was not carried out.
func (c *Client) ForgotPassword(ctx context.Context, in ForgotPasswordInput) (ForgotPasswordOutput, error) {
	return ask[ForgotPasswordOutput](ctx, c, "ForgotPassword", false, request{
		ClientID: in.ClientID, SecretHash: in.SecretHash, Username: in.Username, ClientMetadata: in.ClientMetadata, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("Username", in.Username))
}

// ConfirmForgotPasswordInput is the request of ConfirmForgotPassword. Empty fields are not sent.
type ConfirmForgotPasswordInput struct {
	ClientID         string            // of the app client; required
	SecretHash       string            // as in SignUpInput
	Username         string            // required
	ConfirmationCode string            // that the user was sent; required
	Password         string            // the new one; required
	ClientMetadata   map[string]string // for the pool's Lambda triggers
	UserContextData  *UserContextData
}

// ConfirmForgotPassword sets a new password with the code that the user was sent. As it uses up the code, it is repeated
// only when it certainly was not carried out.
func (c *Client) ConfirmForgotPassword(ctx context.Context, in ConfirmForgotPasswordInput) error {
	_, err := ask[struct{}](ctx, c, "ConfirmForgotPassword", false, request{
		ClientID: in.ClientID, SecretHash: in.SecretHash, Username: in.Username, ConfirmationCode: in.ConfirmationCode,
		Password: in.Password, ClientMetadata: in.ClientMetadata, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("Username", in.Username), given("ConfirmationCode", in.ConfirmationCode), given("Password", in.Password))
	return err
}

// ChangePasswordInput is the request of ChangePassword. Empty fields are not sent.
type ChangePasswordInput struct {
	AccessToken      string // of the user, as in GetUserInput; required
	PreviousPassword string // "" for a user who has none
	ProposedPassword string // the new one; required
}

// ChangePassword changes the password of a user who is signed in, 5 times an hour. Once it is changed the old one is a
// wrong one, so that it is repeated only when it certainly was not carried out.
func (c *Client) ChangePassword(ctx context.Context, in ChangePasswordInput) error {
	_, err := ask[struct{}](ctx, c, "ChangePassword", false, request{
		AccessToken: in.AccessToken, PreviousPassword: in.PreviousPassword, ProposedPassword: in.ProposedPassword,
	}, checkToken("AccessToken", in.AccessToken), given("ProposedPassword", in.ProposedPassword))
	return err
}
