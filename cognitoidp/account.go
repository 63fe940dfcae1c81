package cognitoidp

import (
	"cmp"
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
)

// An Attribute is an attribute of a user or a device. Names are those of OpenID Connect, such as
// "email", or begin with "custom:".
type Attribute struct {
	redact.Fields
	Name, Value string
}

// CodeDeliveryDetails says where the service sent a code or a link. For a user that does not exist
// it is fictitious, if the app client hides whether users exist.
type CodeDeliveryDetails struct {
	// Destination is masked by the service, as in "a***@e***".
	Destination string
	// DeliveryMedium is "EMAIL" or "SMS".
	DeliveryMedium string
	// AttributeName is the attribute with the address: "email" or "phone_number".
	AttributeName string
}

// SignUpInput is the request of [Client.SignUp]. ClientID and Username are required.
type SignUpInput struct {
	redact.Fields
	ClientID   string
	SecretHash string
	Username   string
	// Password may be empty if the pool has sign-ins without one.
	Password string
	// UserAttributes includes those that the pool requires.
	UserAttributes []Attribute
	// ValidationData is passed to the pre sign-up Lambda trigger.
	ValidationData  []Attribute
	ClientMetadata  map[string]string
	UserContextData *UserContextData
}

// SignUpOutput is the result of [Client.SignUp].
type SignUpOutput struct {
	redact.Fields
	// UserConfirmed is false if ConfirmSignUp is still required.
	UserConfirmed       bool
	CodeDeliveryDetails CodeDeliveryDetails
	// UserSub is the user's ID, a UUID that is not reused.
	UserSub string
	// Session is for ConfirmSignUp, if the pool can sign the user in after that.
	Session string
}

// SignUp creates an account and sends a code that confirms it. It is not idempotent.
func (c *Client) SignUp(ctx context.Context, in SignUpInput) (SignUpOutput, error) {
	const operation = "SignUp"
	attributes, err1 := attributeList("UserAttributes", in.UserAttributes)
	validation, err2 := attributeList("ValidationData", in.ValidationData)
	if err := cmp.Or(err1, err2); err != nil {
		return SignUpOutput{}, awshttp.Wrap(service, operation, err)
	}
	return call[SignUpOutput](ctx, c, operation, notIdempotent, members{
		"ClientId":        in.ClientID,
		"SecretHash":      in.SecretHash,
		"Username":        in.Username,
		"Password":        in.Password,
		"UserAttributes":  attributes,
		"ValidationData":  validation,
		"ClientMetadata":  in.ClientMetadata,
		"UserContextData": in.UserContextData.members(),
	}, "ClientId", "Username")
}

// attributeList returns attributes as they are sent. Unlike empty members, empty values are sent.
func attributeList(field string, attributes []Attribute) ([]map[string]string, error) {
	var list []map[string]string
	for _, a := range attributes {
		if a.Name == "" {
			return nil, fmt.Errorf("Name in %s is missing", field)
		}
		if !utf8.ValidString(a.Name + a.Value) {
			return nil, fmt.Errorf("%s: %q is not valid UTF-8", field, a.Name)
		}
		list = append(list, map[string]string{"Name": a.Name, "Value": a.Value})
	}
	return list, nil
}

// ConfirmSignUpInput is the request of [Client.ConfirmSignUp]. ClientID, Username and
// ConfirmationCode are required.
type ConfirmSignUpInput struct {
	redact.Fields
	ClientID   string
	SecretHash string
	Username   string
	// ConfirmationCode is the code that the user received.
	ConfirmationCode string
	// ForceAliasCreation takes over an email address or phone number that is another user's alias.
	ForceAliasCreation bool
	// Session is the session of SignUp, if the user is to be signed in next.
	Session         string
	ClientMetadata  map[string]string
	UserContextData *UserContextData
}

// ConfirmSignUpOutput is the result of [Client.ConfirmSignUp].
type ConfirmSignUpOutput struct {
	redact.Fields
	// Session is for InitiateAuth with AuthFlowUser, which then has no challenge. It may be empty.
	Session string
}

// ConfirmSignUp confirms an account with the code that the user received. It is not idempotent. The
// service limits it to 15 attempts an hour (AWS: Quotas in Amazon Cognito).
func (c *Client) ConfirmSignUp(
	ctx context.Context, in ConfirmSignUpInput,
) (ConfirmSignUpOutput, error) {
	return call[ConfirmSignUpOutput](ctx, c, "ConfirmSignUp", notIdempotent, members{
		"ClientId":           in.ClientID,
		"SecretHash":         in.SecretHash,
		"Username":           in.Username,
		"ConfirmationCode":   in.ConfirmationCode,
		"ForceAliasCreation": in.ForceAliasCreation,
		"Session":            in.Session,
		"ClientMetadata":     in.ClientMetadata,
		"UserContextData":    in.UserContextData.members(),
	}, "ClientId", "Username", "ConfirmationCode")
}

// ResendConfirmationCodeInput is the request of [Client.ResendConfirmationCode]. ClientID and
// Username are required.
type ResendConfirmationCodeInput struct {
	redact.Fields
	ClientID        string
	SecretHash      string
	Username        string
	ClientMetadata  map[string]string
	UserContextData *UserContextData
}

// ResendConfirmationCode sends another code for ConfirmSignUp. It is not idempotent. The service
// limits it to 5 codes an hour for a user.
func (c *Client) ResendConfirmationCode(
	ctx context.Context, in ResendConfirmationCodeInput,
) (CodeDeliveryDetails, error) {
	return c.sendCode(ctx, "ResendConfirmationCode", in)
}

// sendCode calls an operation that sends a code to a user.
func (c *Client) sendCode(
	ctx context.Context, operation string, in ResendConfirmationCodeInput,
) (CodeDeliveryDetails, error) {
	type output struct{ CodeDeliveryDetails CodeDeliveryDetails }
	out, err := call[output](ctx, c, operation, notIdempotent, members{
		"ClientId":        in.ClientID,
		"SecretHash":      in.SecretHash,
		"Username":        in.Username,
		"ClientMetadata":  in.ClientMetadata,
		"UserContextData": in.UserContextData.members(),
	}, "ClientId", "Username")
	return out.CodeDeliveryDetails, err
}
