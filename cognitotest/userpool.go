package cognitotest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// UserPool is a Cognito user pool.
type UserPool struct {
	// ID consists of the Region, "_" and the pool's name: us-east-1_EXAMPLE00.
	ID string

	// Issuer is the claim iss of the pool's tokens. If it is empty, the issuer is
	// https://cognito-idp.<region>.<domain>/<ID>. Set it if another program verifies the tokens of
	// a server on loopback: http://127.0.0.1:8080/<ID>.
	Issuer string

	// Clients are the app clients.
	Clients []AppClient

	// Users are the initial users. SignUp adds others.
	Users []User

	// AliasAttributes are the attributes that a user may sign in with instead of the name: "email",
	// "phone_number", "preferred_username".
	AliasAttributes []string

	// RequiredAttributes are the attributes that SignUp requires. NEW_PASSWORD_REQUIRED asks for
	// those that a user lacks.
	RequiredAttributes []string

	// MFAConfiguration is AWS's setting. If it is empty or "OFF", second factors are not required.
	// If it is "OPTIONAL", they are required from users who have one. If it is "ON", they are
	// required from all users, and a user without one must set one up (MFA_SETUP).
	MFAConfiguration string

	// DeviceTracking determines which devices are remembered. A remembered device signs in without
	// a second factor. If it is empty, devices get no keys. If it is "ALWAYS", every confirmed
	// device is remembered. If it is "OPT_IN", UpdateDeviceStatus decides.
	DeviceTracking string

	// CustomAuth replaces the Lambda triggers of CUSTOM_AUTH. If it is nil, the flow is refused. It
	// must be safe for concurrent use.
	CustomAuth func(CustomAuthRequest) CustomAuthResponse `json:"-"`

	// WebAuthn reports whether the response to WEB_AUTHN is correct. Its arguments are the user's
	// name, the JSON text of the options that were sent, and the JSON text of the credential that
	// was returned. If it is nil, users have no passkeys. The package does not implement passkeys
	// itself.
	WebAuthn func(username, options, credential string) bool `json:"-"`

	// Domain is the host name of managed login: a prefix domain such as
	// example.auth.us-east-1.amazoncognito.com, or a custom domain. If it is empty, managed login
	// is available only at the address of the server.
	Domain string

	// Providers are the identity providers whose users may sign in at managed login.
	Providers []Provider

	// ErrorState adds the state to the errors that managed login returns to a redirect URI. AWS
	// does not document whether it does.
	ErrorState bool

	// Lockout refuses sign-ins after five wrong passwords, as AWS always does: for 1 second, then
	// twice as long after each further wrong password, up to 15 minutes.
	Lockout bool
}

// CustomAuthRequest is the input of [UserPool.CustomAuth].
type CustomAuthRequest struct {
	// Username is the user's name, never an alias.
	Username string

	// History holds the results of the challenges in this sign-in, oldest first.
	History []ChallengeResult

	// Metadata is the ClientMetadata of the request.
	Metadata map[string]string
}

// ChallengeResult is the result of one challenge in a custom sign-in. A sign-in that starts with
// CHALLENGE_NAME=SRP_A has the results of SRP_A and PASSWORD_VERIFIER before CustomAuth is called
// for the first time.
type ChallengeResult struct {
	// ChallengeName is "SRP_A", "PASSWORD_VERIFIER" or "CUSTOM_CHALLENGE".
	ChallengeName string

	// Passed reports whether the response was correct. A wrong password ends the sign-in in any
	// case.
	Passed bool
}

// CustomAuthResponse is the result of [UserPool.CustomAuth]. The zero value sends a
// CUSTOM_CHALLENGE that no response passes.
type CustomAuthResponse struct {
	redacted[CustomAuthResponse]

	// IssueTokens completes the sign-in.
	IssueTokens bool

	// FailAuthentication refuses the sign-in.
	FailAuthentication bool

	// Parameters are the ChallengeParameters of the next CUSTOM_CHALLENGE, in addition to USERNAME.
	Parameters map[string]string

	// Answer is the ANSWER that passes the next CUSTOM_CHALLENGE.
	Answer string
}

// AppClient is an app client of a user pool.
type AppClient struct {
	redacted[AppClient]

	// ID is the client ID.
	ID string

	// Secret is the client secret. It is empty for a public client.
	Secret string

	// ExplicitAuthFlows are the flows that the client may use, under AWS's names:
	// ALLOW_USER_SRP_AUTH, ALLOW_USER_PASSWORD_AUTH, ALLOW_USER_AUTH, ALLOW_CUSTOM_AUTH and
	// ALLOW_REFRESH_TOKEN_AUTH. If it is nil, the client may use ALLOW_USER_SRP_AUTH and
	// ALLOW_REFRESH_TOKEN_AUTH.
	ExplicitAuthFlows []string

	// RefreshTokenRotation returns a new refresh token at each GetTokensFromRefreshToken and
	// refuses REFRESH_TOKEN_AUTH. The old refresh token remains valid for RetryGracePeriod, which
	// AWS limits to 60 seconds, and then fails with RefreshTokenReuseException.
	RefreshTokenRotation bool
	RetryGracePeriod     time.Duration

	// PreventUserExistenceErrors is AWS's setting. If it is false (LEGACY), the error says that a
	// user does not exist. If it is true, an unknown user gets the same responses as a wrong
	// password.
	PreventUserExistenceErrors bool

	// CallbackURLs are the redirect URIs of managed login. A request must have one of them, byte
	// for byte. If there are none, users cannot sign in there.
	CallbackURLs []string

	// LogoutURLs are the values of logout_uri.
	LogoutURLs []string

	// AllowedOAuthFlows are "code" and "client_credentials". If it is nil, the client may use code.
	// The implicit flow is not implemented.
	AllowedOAuthFlows []string

	// AllowedOAuthScopes are the scopes of managed login. If it is nil, they are openid, email,
	// phone, profile and aws.cognito.signin.user.admin.
	AllowedOAuthScopes []string

	// ReadAttributes are the attributes that the client may read. If it is nil, the client may read
	// all. A scope of attributes that it may not read makes the token endpoint refuse the code.
	ReadAttributes []string

	// SupportedIdentityProviders are names of the pool's Providers, and COGNITO for the users of
	// the pool. If it is nil, the client supports all.
	SupportedIdentityProviders []string

	// AuthSessionValidity is the lifetime of a challenge. If it is 0, the lifetime is 3 minutes.
	AuthSessionValidity time.Duration

	// IDTokenValidity and AccessTokenValidity are the lifetimes of tokens. If they are 0, the
	// lifetime is 1 hour.
	IDTokenValidity     time.Duration
	AccessTokenValidity time.Duration

	// RefreshTokenValidity is the lifetime of refresh tokens. If it is 0, the lifetime is 30 days.
	RefreshTokenValidity time.Duration
}

// User is a user of a user pool.
type User struct {
	redacted[User]

	// Name is the user name, which is also USER_ID_FOR_SRP and the claim cognito:username.
	Name string

	// Password is the password. A user without one signs in with USER_AUTH or CUSTOM_AUTH.
	Password string

	// Sub is the claim sub, a UUID. If it is empty, it is derived from the pool's ID and the name.
	Sub string

	// Attributes are claims of the ID token, for example "email": "ada@example.com" and
	// "email_verified": "true".
	Attributes map[string]string

	// Groups are the claim cognito:groups.
	Groups []string

	// Roles are the claim cognito:roles, a list of ARNs. The first one is also the claim
	// cognito:preferred_role.
	Roles []string

	// ForceChangePassword makes the next sign-in ask for a new password (NEW_PASSWORD_REQUIRED),
	// like that of a user whom an administrator created.
	ForceChangePassword bool

	// Unconfirmed refuses sign-ins with UserNotConfirmedException until ConfirmSignUp.
	Unconfirmed bool

	// ResetRequired refuses sign-ins with PasswordResetRequiredException until
	// ConfirmForgotPassword.
	ResetRequired bool

	// Disabled refuses sign-ins with NotAuthorizedException.
	Disabled bool

	// MFA lists the enabled second factors: "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA". A factor
	// is ignored if the user lacks what it needs: phone_number, email or TOTPSecret. A user with
	// several factors chooses one (SELECT_MFA_TYPE), unless PreferredMFA is one of them.
	MFA          []string
	PreferredMFA string

	// TOTPSecret is the secret of the authenticator app, in base32 (RFC 4648).
	TOTPSecret string
}

func (p *UserPool) region() string { return before(p.ID, "_") }

// name returns the pool's name, which SRP binds to the password. It is the part of the ID behind
// the first "_".
func (p *UserPool) name() string {
	_, name, _ := strings.Cut(p.ID, "_")
	return name
}

func (p *UserPool) issuer() string {
	region := p.region()
	return cmp.Or(p.Issuer, "https://cognito-idp."+region+"."+domain(region)+"/"+p.ID)
}

// before returns the part of an ID in front of the separator, which is the Region.
func before(id, separator string) string {
	region, _, _ := strings.Cut(id, separator)
	return region
}

// allows reports whether the client may use a flow, which is named as in ExplicitAuthFlows.
func (c *AppClient) allows(flow string) bool {
	flows := c.ExplicitAuthFlows
	if flows == nil {
		flows = []string{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	}
	return slices.Contains(flows, flow)
}
