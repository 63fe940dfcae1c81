package cognitoidp

import (
	"context"
	"errors"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
)

// AssociateSoftwareTokenInput is the request of [Client.AssociateSoftwareToken]. One of the fields
// is required.
type AssociateSoftwareTokenInput struct {
	redact.Fields
	// AccessToken is that of a signed-in user.
	AccessToken string
	// Session is the session of the challenge MFA_SETUP.
	Session string
}

// AssociateSoftwareTokenOutput is the result of [Client.AssociateSoftwareToken].
type AssociateSoftwareTokenOutput struct {
	redact.Fields
	// SecretCode is the TOTP secret in base32 (RFC 6238 with SHA-1, 30 seconds and 6 digits).
	SecretCode string
	// Session is for VerifySoftwareToken. It is empty if the request has an AccessToken.
	Session string
}

// AssociateSoftwareToken creates a TOTP secret for the user's authenticator app. The pool uses it
// after VerifySoftwareToken. The operation is not idempotent: each secret replaces the previous
// one.
func (c *Client) AssociateSoftwareToken(
	ctx context.Context, in AssociateSoftwareTokenInput,
) (AssociateSoftwareTokenOutput, error) {
	const operation = "AssociateSoftwareToken"
	credential, err := credentialOf(in.AccessToken, in.Session)
	if err != nil {
		return AssociateSoftwareTokenOutput{}, awshttp.Wrap(service, operation, err)
	}
	out, err := call[AssociateSoftwareTokenOutput](ctx, c, operation, notIdempotent, members{
		"AccessToken": in.AccessToken,
		"Session":     in.Session,
	}, credential)
	// RFC 4648 section 6. The model has at least 16 letters and digits without padding. All apps
	// read lower case.
	const base32 = ascii.Upper + ascii.Lower + "234567"
	if err == nil && (len(out.SecretCode) < 16 || !ascii.Only(out.SecretCode, base32, 1024)) {
		err = errors.New("the response's SecretCode is not base32 of 16 to 1024 characters")
		return AssociateSoftwareTokenOutput{}, awshttp.Wrap(service, operation, err)
	}
	return out, err
}

// VerifySoftwareTokenInput is the request of [Client.VerifySoftwareToken]. UserCode and either
// AccessToken or Session are required.
type VerifySoftwareTokenInput struct {
	redact.Fields
	// AccessToken is that of a signed-in user.
	AccessToken string
	// Session is the session of AssociateSoftwareToken.
	Session string
	// UserCode is the code that the authenticator app shows, of 6 digits.
	UserCode string
	// FriendlyDeviceName is a name of the app for people.
	FriendlyDeviceName string
}

// VerifySoftwareTokenOutput is the result of [Client.VerifySoftwareToken].
type VerifySoftwareTokenOutput struct {
	redact.Fields
	// Session is for the response to MFA_SETUP. It is empty if the request has an AccessToken.
	Session string
}

// VerifySoftwareToken puts an authenticator app into use if its code is right. If the code is
// wrong, the code of the error is CodeEnableSoftwareTokenMFA, CodeCodeMismatch, or "ERROR" if the
// service responds with HTTP status 200. The operation is not idempotent: it uses up UserCode and
// Session.
func (c *Client) VerifySoftwareToken(
	ctx context.Context, in VerifySoftwareTokenInput,
) (VerifySoftwareTokenOutput, error) {
	const operation = "VerifySoftwareToken"
	credential, err := credentialOf(in.AccessToken, in.Session)
	if len(in.UserCode) != 6 || !ascii.Only(in.UserCode, ascii.Digits, 6) {
		err = errors.New("UserCode is not 6 digits")
	}
	if err != nil {
		return VerifySoftwareTokenOutput{}, awshttp.Wrap(service, operation, err)
	}
	type output struct{ Status, Session string }
	out, err := call[output](ctx, c, operation, notIdempotent, members{
		"AccessToken":        in.AccessToken,
		"Session":            in.Session,
		"UserCode":           in.UserCode,
		"FriendlyDeviceName": in.FriendlyDeviceName,
	}, credential)
	switch {
	case err != nil:
		return VerifySoftwareTokenOutput{}, err
	case out.Status == "SUCCESS":
		return VerifySoftwareTokenOutput{Session: out.Session}, nil
	case out.Status == "ERROR":
		return VerifySoftwareTokenOutput{}, &awserr.Error{
			Service:    service,
			Operation:  operation,
			Code:       out.Status,
			Message:    "the authenticator app was not accepted",
			StatusCode: 200,
		}
	}
	err = errors.New("the response's Status is neither SUCCESS nor ERROR")
	return VerifySoftwareTokenOutput{}, awshttp.Wrap(service, operation, err)
}

// MFASettings are the new settings of a kind of MFA.
type MFASettings struct {
	Enabled bool `json:"Enabled"`
	// PreferredMFA makes the pool use this kind. At most one kind is preferred.
	PreferredMFA bool `json:"PreferredMfa"`
}

// WebAuthnMFASettings are the new settings of passkeys as MFA.
type WebAuthnMFASettings struct {
	Enabled bool `json:"Enabled"`
}

// SetUserMFAPreferenceInput is the request of [Client.SetUserMFAPreference]. AccessToken is
// required. Kinds that are nil do not change.
type SetUserMFAPreferenceInput struct {
	redact.Fields
	AccessToken    string
	SMSMFASettings *MFASettings
	// SoftwareTokenMFASettings requires an earlier VerifySoftwareToken.
	SoftwareTokenMFASettings *MFASettings
	EmailMFASettings         *MFASettings
	WebAuthnMFASettings      *WebAuthnMFASettings
}

// SetUserMFAPreference selects the kinds of MFA for a user.
func (c *Client) SetUserMFAPreference(ctx context.Context, in SetUserMFAPreferenceInput) error {
	return c.send(ctx, "SetUserMFAPreference", idempotent, members{
		"AccessToken":              in.AccessToken,
		"SMSMfaSettings":           in.SMSMFASettings,
		"SoftwareTokenMfaSettings": in.SoftwareTokenMFASettings,
		"EmailMfaSettings":         in.EmailMFASettings,
		"WebAuthnMfaSettings":      in.WebAuthnMFASettings,
	}, new(none), "AccessToken")
}

// credentialOf returns the name of the member that identifies the user.
func credentialOf(accessToken, session string) (string, error) {
	switch {
	case (accessToken == "") == (session == ""):
		return "", errors.New("either AccessToken or Session is required, and not both")
	case session != "":
		return "Session", nil
	}
	return "AccessToken", nil
}
