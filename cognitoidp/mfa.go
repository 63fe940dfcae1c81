package cognitoidp

import (
	"context"
	"errors"
)

// AssociateSoftwareTokenInput is the request of AssociateSoftwareToken: one of the two.
type AssociateSoftwareTokenInput struct {
	AccessToken string // of a user who is signed in
	Session     string // of the challenge MFA_SETUP
}

// AssociateSoftwareTokenOutput is the answer of AssociateSoftwareToken.
type AssociateSoftwareTokenOutput struct {
	SecretCode string // the secret of the authenticator app (RFC 6238; SHA-1, 30 seconds, 6 digits), in base32
	Session    string // for VerifySoftwareToken; "" if the request had an AccessToken
}

// AssociateSoftwareToken gives a user a new secret for an authenticator app, which is not in use before
// VerifySoftwareToken. As each secret replaces the one before, and each Session is used once, it is repeated only when it
// certainly was not carried out.
func (c *Client) AssociateSoftwareToken(ctx context.Context, in AssociateSoftwareTokenInput) (AssociateSoftwareTokenOutput, error) {
	const operation = "AssociateSoftwareToken"
	out, err := ask[AssociateSoftwareTokenOutput](ctx, c, operation, false,
		request{AccessToken: in.AccessToken, Session: in.Session}, checkOne(in.AccessToken, in.Session))
	// RFC 4648 6. The model has at least 16 letters and digits, and no padding; lower case is read by every app.
	const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567"
	if err == nil && (len(out.SecretCode) < 16 || !only(out.SecretCode, base32, 1024)) {
		return AssociateSoftwareTokenOutput{}, wrap(operation, errors.New("the answer's SecretCode is missing, or not base32 of 16 to 1024 characters"))
	}
	return out, err
}

// VerifySoftwareTokenInput is the request of VerifySoftwareToken. Empty fields are not sent.
type VerifySoftwareTokenInput struct {
	AccessToken        string // of a user who is signed in; else Session is needed
	Session            string // of AssociateSoftwareToken
	UserCode           string // what the authenticator app shows: 6 digits; required
	FriendlyDeviceName string // of the app, for people
}

// VerifySoftwareTokenOutput is the answer of VerifySoftwareToken.
type VerifySoftwareTokenOutput struct {
	Session string // for the answer to the challenge MFA_SETUP; "" if the request had an AccessToken
}

// VerifySoftwareToken puts an authenticator app to use that shows the right code. A wrong code is an Error with
// CodeEnableSoftwareTokenMFA, CodeCodeMismatch, or "ERROR", which is what the service says in an answer of HTTP status
// 200. As it uses up the code and the Session, it is repeated only when it certainly was not carried out.
func (c *Client) VerifySoftwareToken(ctx context.Context, in VerifySoftwareTokenInput) (VerifySoftwareTokenOutput, error) {
	const operation = "VerifySoftwareToken"
	err := checkOne(in.AccessToken, in.Session)
	if len(in.UserCode) != 6 || !only(in.UserCode, "0123456789", 6) {
		err = errors.New("UserCode is not 6 digits")
	}
	out, err := ask[struct{ Status, Session string }](ctx, c, operation, false, request{
		AccessToken: in.AccessToken, Session: in.Session, UserCode: in.UserCode, FriendlyDeviceName: in.FriendlyDeviceName,
	}, err)
	if err != nil {
		return VerifySoftwareTokenOutput{}, err
	}
	switch out.Status {
	case "SUCCESS":
		return VerifySoftwareTokenOutput{out.Session}, nil
	case "ERROR":
		return VerifySoftwareTokenOutput{}, &Error{Operation: operation, Code: out.Status, StatusCode: 200, Message: "the authenticator app was not accepted"}
	}
	return VerifySoftwareTokenOutput{}, wrap(operation, errors.New("the answer's Status is neither SUCCESS nor ERROR"))
}

// MFASettings are the settings of a kind of MFA, both as they shall be.
type MFASettings struct {
	Enabled      bool `json:"Enabled"`
	PreferredMFA bool `json:"PreferredMfa"` // ask for this one; at most one kind is preferred
}

// WebAuthnMFASettings are the settings of passkeys as MFA.
type WebAuthnMFASettings struct {
	Enabled bool `json:"Enabled"`
}

// SetUserMFAPreferenceInput is the request of SetUserMFAPreference. What is nil stays as it is.
type SetUserMFAPreferenceInput struct {
	AccessToken              string // of the user; required
	SMSMFASettings           *MFASettings
	SoftwareTokenMFASettings *MFASettings // after VerifySoftwareToken
	EmailMFASettings         *MFASettings
	WebAuthnMFASettings      *WebAuthnMFASettings
}

// SetUserMFAPreference chooses what kinds of MFA the user is asked for. It is repeated after a failure that may pass.
func (c *Client) SetUserMFAPreference(ctx context.Context, in SetUserMFAPreferenceInput) error {
	_, err := ask[struct{}](ctx, c, "SetUserMFAPreference", true, request{
		AccessToken: in.AccessToken, SMSMfaSettings: in.SMSMFASettings, SoftwareTokenMfaSettings: in.SoftwareTokenMFASettings,
		EmailMfaSettings: in.EmailMFASettings, WebAuthnMfaSettings: in.WebAuthnMFASettings,
	}, checkToken("AccessToken", in.AccessToken))
	return err
}

// checkOne checks what says whose authenticator app it is.
func checkOne(accessToken, session string) error {
	if (accessToken == "") == (session == "") {
		return errors.New("either AccessToken or Session is needed, and not both")
	}
	if accessToken != "" {
		return checkToken("AccessToken", accessToken)
	}
	return nil
}
