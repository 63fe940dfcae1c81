package cognitoidp

import "context"

// The operations in this file are for users who are not signed in. They name the app client and the user.

// Attribute is a name and a value that a user or a device has. Names are those of OpenID Connect, such as "email", or
// begin with "custom:". The value is somebody's data and is not printed.
type Attribute struct {
	Name, Value string
}

// CodeDeliveryDetails says where a code, or a link, was sent. Where app clients do not tell whether a user exists, this
// may be made up.
type CodeDeliveryDetails struct {
	Destination    string // masked by the service: "a***@e***"
	DeliveryMedium string // "EMAIL" or "SMS"
	AttributeName  string // where the address comes from: "email" or "phone_number"
}

// SignUpInput is the request of SignUp. Empty fields are not sent.
type SignUpInput struct {
	ClientID        string            // of the app client; required
	SecretHash      string            // as AuthParameters has it, for an app client with a secret and this Username
	Username        string            // required
	Password        string            // "" for a user without one, where the pool lets users sign in so
	UserAttributes  []Attribute       // those that the pool requires, and others
	ValidationData  []Attribute       // for the pre sign-up Lambda trigger
	ClientMetadata  map[string]string // for the pool's Lambda triggers
	UserContextData *UserContextData
}

// SignUpOutput is the answer of SignUp.
type SignUpOutput struct {
	UserConfirmed       bool // if not, the account waits for ConfirmSignUp
	CodeDeliveryDetails CodeDeliveryDetails
	UserSub             string // the user's id, a UUID that no other user ever has
	Session             string // for ConfirmSignUp, where that can lead to a sign-in
}

// SignUp makes an account, and has the pool send a code to confirm it with. As it makes something and sends messages, it
// is repeated only when it certainly was not carried out.
func (c *Client) SignUp(ctx context.Context, in SignUpInput) (SignUpOutput, error) {
	users, err1 := wireAttributes("UserAttributes", in.UserAttributes)
	validation, err2 := wireAttributes("ValidationData", in.ValidationData)
	return ask[SignUpOutput](ctx, c, "SignUp", false, request{
		ClientID: in.ClientID, SecretHash: in.SecretHash, Username: in.Username, Password: in.Password, UserAttributes: users,
		ValidationData: validation, ClientMetadata: in.ClientMetadata, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("Username", in.Username), err1, err2)
}

// ConfirmSignUpInput is the request of ConfirmSignUp. Empty fields are not sent.
type ConfirmSignUpInput struct {
	ClientID           string            // of the app client; required
	SecretHash         string            // as in SignUpInput
	Username           string            // required
	ConfirmationCode   string            // that the user was sent; required
	ForceAliasCreation bool              // takes over an e-mail address or phone number that is another user's alias
	Session            string            // of SignUp, if this shall lead to a sign-in
	ClientMetadata     map[string]string // for the pool's Lambda triggers
	UserContextData    *UserContextData
}

// ConfirmSignUpOutput is the answer of ConfirmSignUp.
type ConfirmSignUpOutput struct {
	Session string // for InitiateAuth with AuthFlowUser, which then asks for nothing; may be ""
}

// ConfirmSignUp confirms an account with the code that the user was sent. It may be tried 15 times an hour (AWS: Quotas in
// Amazon Cognito). As it uses up the code, it is repeated only when it certainly was not carried out.
func (c *Client) ConfirmSignUp(ctx context.Context, in ConfirmSignUpInput) (ConfirmSignUpOutput, error) {
	return ask[ConfirmSignUpOutput](ctx, c, "ConfirmSignUp", false, request{
		ClientID: in.ClientID, SecretHash: in.SecretHash, Username: in.Username, ConfirmationCode: in.ConfirmationCode, Session: in.Session,
		ForceAliasCreation: in.ForceAliasCreation, ClientMetadata: in.ClientMetadata, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("Username", in.Username), given("ConfirmationCode", in.ConfirmationCode))
}

// ResendConfirmationCodeInput is the request of ResendConfirmationCode. Empty fields are not sent.
type ResendConfirmationCodeInput struct {
	ClientID        string            // of the app client; required
	SecretHash      string            // as in SignUpInput
	Username        string            // required
	ClientMetadata  map[string]string // for the pool's Lambda triggers
	UserContextData *UserContextData
}

// ResendConfirmationCodeOutput is the answer of ResendConfirmationCode.
type ResendConfirmationCodeOutput struct {
	CodeDeliveryDetails CodeDeliveryDetails
}

// ResendConfirmationCode sends another code for ConfirmSignUp, to a user 5 times an hour. As it sends messages, it is
// repeated only when it certainly was not carried out.
func (c *Client) ResendConfirmationCode(ctx context.Context, in ResendConfirmationCodeInput) (ResendConfirmationCodeOutput, error) {
	return ask[ResendConfirmationCodeOutput](ctx, c, "ResendConfirmationCode", false, request{
		ClientID: in.ClientID, SecretHash: in.SecretHash, Username: in.Username, ClientMetadata: in.ClientMetadata, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("Username", in.Username))
}
