package cognitoidp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
)

// Values of AuthFlow, with the members of AuthParameters that they require.
const (
	AuthFlowUserSRP      = "USER_SRP_AUTH"      // USERNAME, SRP_A
	AuthFlowUserPassword = "USER_PASSWORD_AUTH" // USERNAME, PASSWORD
	AuthFlowRefreshToken = "REFRESH_TOKEN_AUTH" // REFRESH_TOKEN; refused if refresh tokens rotate
	AuthFlowCustom       = "CUSTOM_AUTH"        // USERNAME; for SRP CHALLENGE_NAME=SRP_A, SRP_A
	AuthFlowUser         = "USER_AUTH"          // USERNAME; PREFERRED_CHALLENGE and its members
)

// Names of challenges. Pools may have others. ChallengeResponses has USERNAME, SECRET_HASH if the
// app client has a secret, and these members:
//
//	PASSWORD_VERIFIER         PASSWORD_CLAIM_SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE, TIMESTAMP
//	DEVICE_SRP_AUTH           DEVICE_KEY, SRP_A
//	DEVICE_PASSWORD_VERIFIER  DEVICE_KEY, and the members of PASSWORD_VERIFIER
//	SMS_MFA                   SMS_MFA_CODE
//	SOFTWARE_TOKEN_MFA        SOFTWARE_TOKEN_MFA_CODE
//	EMAIL_OTP                 EMAIL_OTP_CODE
//	SMS_OTP                   SMS_OTP_CODE
//	SELECT_MFA_TYPE           ANSWER: one of MFAS_CAN_CHOOSE
//	MFA_SETUP                 none; its Session is that of VerifySoftwareToken
//	NEW_PASSWORD_REQUIRED     NEW_PASSWORD, and userAttributes.<name> for each missing attribute
//	SELECT_CHALLENGE          ANSWER: one of AvailableChallenges, and the members of that one
//	PASSWORD                  PASSWORD
//	PASSWORD_SRP              SRP_A
//	WEB_AUTHN                 CREDENTIAL
//	CUSTOM_CHALLENGE          ANSWER
const (
	ChallengePasswordVerifier       = "PASSWORD_VERIFIER"
	ChallengeDeviceSRPAuth          = "DEVICE_SRP_AUTH"
	ChallengeDevicePasswordVerifier = "DEVICE_PASSWORD_VERIFIER"
	ChallengeSMSMFA                 = "SMS_MFA"
	ChallengeSoftwareTokenMFA       = "SOFTWARE_TOKEN_MFA"
	ChallengeEmailOTP               = "EMAIL_OTP"
	ChallengeSMSOTP                 = "SMS_OTP"
	ChallengeSelectMFAType          = "SELECT_MFA_TYPE"
	ChallengeMFASetup               = "MFA_SETUP"
	ChallengeNewPasswordRequired    = "NEW_PASSWORD_REQUIRED"
	ChallengeSelectChallenge        = "SELECT_CHALLENGE"
	ChallengePassword               = "PASSWORD"
	ChallengePasswordSRP            = "PASSWORD_SRP"
	ChallengeWebAuthn               = "WEB_AUTHN"
	ChallengeCustom                 = "CUSTOM_CHALLENGE"
)

// UserContextData describes the user's device to the pool's threat protection.
type UserContextData struct {
	redact.Fields
	// IPAddress is the user's address, if the request comes from another one.
	IPAddress string
	// EncodedData is the device fingerprint that a script or library of AWS computed.
	EncodedData string
}

func (u *UserContextData) members() members {
	if u == nil {
		return nil
	}
	return members{"IpAddress": u.IPAddress, "EncodedData": u.EncodedData}
}

// InitiateAuthInput is the request of [Client.InitiateAuth]. ClientID and AuthFlow are required.
type InitiateAuthInput struct {
	redact.Fields
	ClientID string
	// AuthFlow is one of the AuthFlow constants.
	AuthFlow string
	// AuthParameters has the members that the flow requires.
	AuthParameters map[string]string
	ClientMetadata map[string]string
	// Session is the session of ConfirmSignUp. It is for AuthFlowUser only.
	Session         string
	UserContextData *UserContextData
}

// RespondToAuthChallengeInput is the request of [Client.RespondToAuthChallenge]. ClientID and
// ChallengeName are required.
type RespondToAuthChallengeInput struct {
	redact.Fields
	ClientID string
	// ChallengeName is the challenge that is answered.
	ChallengeName string
	// Session is empty if the previous response has none, as after AuthFlowUserSRP.
	Session string
	// ChallengeResponses has the members that the challenge requires.
	ChallengeResponses map[string]string
	ClientMetadata     map[string]string
	UserContextData    *UserContextData
}

// AuthOutput is the result of one step of a sign-in: a challenge or tokens.
type AuthOutput struct {
	redact.Fields
	// ChallengeName is empty if there are tokens.
	ChallengeName string
	// Session is sent with the response to the challenge. It may be empty.
	Session string
	// ChallengeParameters are data for the response, such as SALT, SRP_B and
	// CODE_DELIVERY_DESTINATION.
	ChallengeParameters map[string]string
	// AvailableChallenges are the choices for SELECT_CHALLENGE. Only InitiateAuth returns them.
	AvailableChallenges []string
	// AuthenticationResult is nil if there is a challenge.
	AuthenticationResult *AuthenticationResult
}

// AuthenticationResult holds the tokens of a sign-in or a refresh. They consist of the characters
// of base64url, "=" and ".". The access token and the ID token are JWTs (RFC 7519), which this
// package does not read.
type AuthenticationResult struct {
	redact.Fields
	AccessToken string
	// IDToken identifies the user to an identity pool. It may be empty.
	IDToken string `json:"IdToken"`
	// RefreshToken is empty after a refresh without rotation. The previous one then stays valid.
	RefreshToken string
	// TokenType is "Bearer".
	TokenType string
	// ExpiresIn is the remaining lifetime of the access token, or 0 if the response has none.
	ExpiresIn time.Duration
	// NewDeviceMetadata is set if the pool tracks devices and this one is new.
	NewDeviceMetadata *NewDeviceMetadata
}

// NewDeviceMetadata names a new device. The pool refuses the refresh token of the same response
// until the device is confirmed with [Client.ConfirmDevice].
type NewDeviceMetadata struct {
	DeviceKey, DeviceGroupKey string
}

// InitiateAuth starts a sign-in. It also refreshes tokens if refresh tokens do not rotate.
func (c *Client) InitiateAuth(ctx context.Context, in InitiateAuthInput) (AuthOutput, error) {
	return c.auth(ctx, "InitiateAuth", idempotent, members{
		"ClientId":        in.ClientID,
		"AuthFlow":        in.AuthFlow,
		"AuthParameters":  in.AuthParameters,
		"ClientMetadata":  in.ClientMetadata,
		"Session":         in.Session,
		"UserContextData": in.UserContextData.members(),
	}, "ClientId", "AuthFlow")
}

// RespondToAuthChallenge responds to a challenge. It is not idempotent: a response uses up its
// Session or SECRET_BLOCK and may count as a failed attempt. The pool accepts a response to
// PASSWORD_VERIFIER for some seconds, and to other challenges for the app client's session duration
// of 3 to 15 minutes.
func (c *Client) RespondToAuthChallenge(
	ctx context.Context, in RespondToAuthChallengeInput,
) (AuthOutput, error) {
	return c.auth(ctx, "RespondToAuthChallenge", notIdempotent, members{
		"ClientId":           in.ClientID,
		"ChallengeName":      in.ChallengeName,
		"Session":            in.Session,
		"ChallengeResponses": in.ChallengeResponses,
		"ClientMetadata":     in.ClientMetadata,
		"UserContextData":    in.UserContextData.members(),
	}, "ClientId", "ChallengeName")
}

// authResponse is an AuthOutput as the service sends it: the expiry is a number of seconds,
// possibly with a fraction and an exponent.
type authResponse struct {
	AuthOutput
	AuthenticationResult *struct {
		AuthenticationResult
		ExpiresIn float64
	}
}

// auth calls an operation whose response is an AuthOutput.
func (c *Client) auth(
	ctx context.Context, operation string, idempotent bool, in members, required ...string,
) (AuthOutput, error) {
	var resp authResponse
	err := c.send(ctx, operation, idempotent, in, &resp, required...)
	if err == nil {
		err = awshttp.Wrap(service, operation, resp.check())
	}
	r := resp.AuthenticationResult
	if err != nil {
		if r != nil && isToken(r.RefreshToken) {
			err = &RotatedTokenError{RefreshToken: r.RefreshToken, Err: err}
		}
		return AuthOutput{}, err
	}
	if r != nil {
		r.AuthenticationResult.ExpiresIn = time.Duration(r.ExpiresIn * float64(time.Second))
		resp.AuthOutput.AuthenticationResult = &r.AuthenticationResult
	}
	return resp.AuthOutput, nil
}

func (resp *authResponse) check() error {
	r := resp.AuthenticationResult
	// A refresh token is valid for at most ten years. The other tokens are valid for at most a day.
	const longest = 3650 * 24 * 60 * 60
	switch {
	case r == nil && resp.ChallengeName == "":
		return awshttp.Unanswered("the response has neither a challenge nor tokens")
	case r == nil:
		return nil
	case r.AccessToken == "":
		return errors.New("the response has no access token")
	case !(r.ExpiresIn >= 0 && r.ExpiresIn <= longest):
		return errors.New("the response's ExpiresIn is out of range")
	}
	for _, token := range []struct{ name, value string }{
		{"AccessToken", r.AccessToken},
		{"IdToken", r.IDToken},
		{"RefreshToken", r.RefreshToken},
	} {
		if token.value != "" && !isToken(token.value) {
			return fmt.Errorf("the response's %s is not a token: it is too long,"+
				" or has characters that tokens do not have", token.name)
		}
	}
	return nil
}
