package cognitoidp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// Values of AuthFlow. What each one wants in AuthParameters is in the API Reference under InitiateAuth.
const (
	AuthFlowUserSRP      = "USER_SRP_AUTH"      // USERNAME, SRP_A
	AuthFlowUserPassword = "USER_PASSWORD_AUTH" // USERNAME, PASSWORD
	AuthFlowRefreshToken = "REFRESH_TOKEN_AUTH" // REFRESH_TOKEN; refused where refresh tokens rotate
	AuthFlowCustom       = "CUSTOM_AUTH"        // USERNAME; with SRP first also CHALLENGE_NAME=SRP_A, SRP_A
	AuthFlowUser         = "USER_AUTH"          // USERNAME, and PREFERRED_CHALLENGE with what that one wants
)

// Names of challenges, with what each one wants in ChallengeResponses besides USERNAME and, for an app client with a
// secret, SECRET_HASH. A pool may have others than these.
const (
	ChallengePasswordVerifier       = "PASSWORD_VERIFIER"        // PASSWORD_CLAIM_SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE, TIMESTAMP
	ChallengeDeviceSRPAuth          = "DEVICE_SRP_AUTH"          // DEVICE_KEY, SRP_A
	ChallengeDevicePasswordVerifier = "DEVICE_PASSWORD_VERIFIER" // DEVICE_KEY and as PASSWORD_VERIFIER
	ChallengeSMSMFA                 = "SMS_MFA"                  // SMS_MFA_CODE
	ChallengeSoftwareTokenMFA       = "SOFTWARE_TOKEN_MFA"       // SOFTWARE_TOKEN_MFA_CODE
	ChallengeEmailOTP               = "EMAIL_OTP"                // EMAIL_OTP_CODE
	ChallengeSMSOTP                 = "SMS_OTP"                  // SMS_OTP_CODE
	ChallengeSelectMFAType          = "SELECT_MFA_TYPE"          // ANSWER: one of MFAS_CAN_CHOOSE
	ChallengeMFASetup               = "MFA_SETUP"                // nothing more; Session of VerifySoftwareToken
	ChallengeNewPasswordRequired    = "NEW_PASSWORD_REQUIRED"    // NEW_PASSWORD, userAttributes.<name> for what is missing
	ChallengeSelectChallenge        = "SELECT_CHALLENGE"         // ANSWER: one of AvailableChallenges, and what it wants
	ChallengePassword               = "PASSWORD"                 // PASSWORD
	ChallengePasswordSRP            = "PASSWORD_SRP"             // SRP_A
	ChallengeWebAuthn               = "WEB_AUTHN"                // CREDENTIAL
	ChallengeCustom                 = "CUSTOM_CHALLENGE"         // ANSWER
)

// UserContextData describes the user's device to the pool's threat protection.
type UserContextData struct {
	IPAddress   string `json:"IpAddress,omitempty"`   // of the user, if the request does not come from it
	EncodedData string `json:"EncodedData,omitempty"` // the device fingerprint, as a script or library of AWS made it
}

// InitiateAuthInput is the request of InitiateAuth. Empty fields are not sent.
type InitiateAuthInput struct {
	ClientID        string            // of the app client; required
	AuthFlow        string            // one of the AuthFlow constants; required
	AuthParameters  map[string]string // what the flow wants: user name, password, SRP_A ...
	ClientMetadata  map[string]string // for the pool's Lambda triggers
	Session         string            // only in USER_AUTH: what ConfirmSignUp returned
	UserContextData *UserContextData
}

// RespondToAuthChallengeInput is the request of RespondToAuthChallenge. Empty fields are not sent.
type RespondToAuthChallengeInput struct {
	ClientID           string            // of the app client; required
	ChallengeName      string            // the challenge that is answered; required
	Session            string            // of the last answer, exactly; "" if that had none, as after USER_SRP_AUTH
	ChallengeResponses map[string]string // what the challenge wants
	ClientMetadata     map[string]string // for the pool's Lambda triggers
	UserContextData    *UserContextData
}

// AuthOutput is one step of a sign-in: either a challenge to be answered, or the tokens.
type AuthOutput struct {
	ChallengeName        string            // "" when there are tokens
	Session              string            // to be sent with the answer; may be "" (PASSWORD_VERIFIER)
	ChallengeParameters  map[string]string // what the challenge gives: SALT, SRP_B, CODE_DELIVERY_DESTINATION ...
	AvailableChallenges  []string          // what a SELECT_CHALLENGE leaves to choose; only from InitiateAuth
	AuthenticationResult *AuthenticationResult
}

// AuthenticationResult is what a completed sign-in or a refresh gives. The tokens consist of the characters of base64url,
// "=" and "."; the access token and the ID token are JWTs (RFC 7519), which this package does not look into. Beside an
// error it has the RefreshToken alone.
type AuthenticationResult struct {
	AccessToken       string             // never ""
	IDToken           string             // names the user to an identity pool
	RefreshToken      string             // "" after a refresh without rotation: the old one stays valid
	TokenType         string             // "Bearer"
	ExpiresIn         time.Duration      // of the access token from now on; 0 if the answer does not say
	NewDeviceMetadata *NewDeviceMetadata // nil unless the pool tracks devices and this one is new
}

// NewDeviceMetadata names a device that the pool has just begun to track. Until it is confirmed with ConfirmDevice, the
// refresh token of the same answer is of no use.
type NewDeviceMetadata struct {
	DeviceKey, DeviceGroupKey string
}

// InitiateAuth starts a sign-in, or refreshes tokens where refresh tokens do not rotate. It is repeated after a failure
// that may pass: starting again does no harm.
func (c *Client) InitiateAuth(ctx context.Context, in InitiateAuthInput) (AuthOutput, error) {
	return c.auth(ctx, "InitiateAuth", true, request{
		ClientID: in.ClientID, AuthFlow: in.AuthFlow, AuthParameters: in.AuthParameters, ClientMetadata: in.ClientMetadata,
		Session: in.Session, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("AuthFlow", in.AuthFlow))
}

// RespondToAuthChallenge answers a challenge. An answer uses up its Session or SECRET_BLOCK and may count as a failed
// attempt, so it is repeated only when it certainly was not carried out: after throttling, or without a connection.
// PASSWORD_VERIFIER has to be answered within seconds, the others within the app client's session duration of 3 to 15
// minutes.
func (c *Client) RespondToAuthChallenge(ctx context.Context, in RespondToAuthChallengeInput) (AuthOutput, error) {
	return c.auth(ctx, "RespondToAuthChallenge", false, request{
		ClientID: in.ClientID, ChallengeName: in.ChallengeName, Session: in.Session, ChallengeResponses: in.ChallengeResponses,
		ClientMetadata: in.ClientMetadata, UserContextData: (*wireContext)(in.UserContextData),
	}, checkClientID(in.ClientID), given("ChallengeName", in.ChallengeName))
}

// auth is ask for an operation that answers with a challenge or tokens, and checks the answer.
func (c *Client) auth(ctx context.Context, operation string, repeatable bool, in request, checks ...error) (AuthOutput, error) {
	if err := cmp.Or(cmp.Or(checks...), in.checkTexts()); err != nil {
		return AuthOutput{}, wrap(operation, err)
	}
	var wire struct {
		ChallengeName        string
		Session              string
		ChallengeParameters  map[string]string
		AvailableChallenges  []string
		AuthenticationResult *wireResult
	}
	err := c.call(ctx, operation, repeatable, in, &wire)
	r := wire.AuthenticationResult
	if err == nil && r != nil {
		err = wrap(operation, r.check())
	}
	if err == nil && r == nil && wire.ChallengeName == "" {
		err = wrap(operation, errors.New("the answer has neither a challenge nor tokens"))
	}
	if err != nil {
		if r != nil && isToken(r.RefreshToken) { // with rotation, the one that was sent is spent
			return AuthOutput{AuthenticationResult: &AuthenticationResult{RefreshToken: r.RefreshToken}}, err
		}
		return AuthOutput{}, err
	}
	out := AuthOutput{
		ChallengeName:       wire.ChallengeName,
		Session:             wire.Session,
		ChallengeParameters: wire.ChallengeParameters,
		AvailableChallenges: wire.AvailableChallenges,
	}
	if r != nil {
		out.AuthenticationResult = &AuthenticationResult{
			AccessToken: r.AccessToken, IDToken: r.IDToken, RefreshToken: r.RefreshToken, TokenType: r.TokenType,
			ExpiresIn: time.Duration(r.ExpiresIn * float64(time.Second)), NewDeviceMetadata: r.NewDeviceMetadata,
		}
	}
	return out, nil
}

type wireResult struct {
	AccessToken       string
	IDToken           string `json:"IdToken"`
	RefreshToken      string
	TokenType         string
	ExpiresIn         float64 // seconds
	NewDeviceMetadata *NewDeviceMetadata
}

func (r *wireResult) check() error {
	if r.AccessToken == "" {
		return errors.New("the answer has no access token")
	}
	for _, token := range [][2]string{{"AccessToken", r.AccessToken}, {"IdToken", r.IDToken}, {"RefreshToken", r.RefreshToken}} {
		if token[1] != "" && !isToken(token[1]) {
			return fmt.Errorf("the answer's %s is not a token: it is too long or has characters that no token has", token[0])
		}
	}
	const longest = 3650 * 24 * 60 * 60 // the longest life of any token; of an access token it is a day
	if !(r.ExpiresIn >= 0 && r.ExpiresIn <= longest) {
		return errors.New("the answer's ExpiresIn is out of range")
	}
	return nil
}

// isToken reports whether s can be an access, ID or refresh token: [A-Za-z0-9-_=.]+ in the service model. The longest
// that another service takes is 50000 bytes (Logins in the identity pools API).
func isToken(s string) bool { return only(s, wordChars+"-=.", 50000) }
