package cognitotest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// UserPool is a Cognito user pool.
type UserPool struct {
	ID string // us-east-1_EXAMPLE00: Region, "_", pool name

	// Issuer is the "iss" of the pool's tokens. Empty: https://cognito-idp.<region>.<domain>/<ID>. Set it for a server
	// on loopback whose tokens another program is to verify: http://127.0.0.1:8080/<ID>.
	Issuer string

	Clients []AppClient
	Users   []User

	// AliasAttributes are the attributes with which a user may sign in in place of the name: "email", "phone_number",
	// "preferred_username".
	AliasAttributes []string

	// RequiredAttributes are those that SignUp must give, and that NEW_PASSWORD_REQUIRED asks for where a user lacks them.
	RequiredAttributes []string

	// MFAConfiguration is AWS's setting of that name. Empty or "OFF": no second factor is asked for, whatever users have.
	// "OPTIONAL": of users who have one. "ON": of all; a user who has none must set one up (MFA_SETUP).
	MFAConfiguration string

	// DeviceTracking says which devices are remembered, and then sign in without a second factor. Empty: none, and no
	// device is given a key. "ALWAYS": each that is confirmed. "OPT_IN": those for which UpdateDeviceStatus says so.
	DeviceTracking string

	// CustomAuth is the script of CUSTOM_AUTH, which on AWS are Lambda triggers. Nil: the flow is refused. It is called from
	// many goroutines at once.
	CustomAuth func(CustomAuth) CustomAuthAnswer `json:"-"`

	// WebAuthn checks a passkey's answer to WEB_AUTHN: the user's name, the JSON text of the options that were sent, and
	// that of the credential that came back. Nil: no user has a passkey. The stand-in itself knows no passkeys.
	WebAuthn func(username, options, credential string) bool `json:"-"`

	// LockOut refuses sign-ins for a while after five wrong passwords, as AWS always does: for 1 second, twice as long
	// after each further one, 15 minutes at most. False, so that one server can be told many wrong passwords: never.
	LockOut bool
}

// CustomAuth is what the script of CUSTOM_AUTH has to go by.
type CustomAuth struct {
	Username string            // the user's name, never an alias
	History  []CustomAuthStep  // what was asked and answered in this sign-in, the first step first
	Metadata map[string]string // ClientMetadata of the request
}

// CustomAuthStep is a step of a custom sign-in that was answered. A sign-in that began with CHALLENGE_NAME=SRP_A has the
// steps SRP_A and PASSWORD_VERIFIER before the script is asked for the first time.
type CustomAuthStep struct {
	Challenge string // "SRP_A", "PASSWORD_VERIFIER" or "CUSTOM_CHALLENGE"
	Passed    bool   // whether the answer was the expected one; a wrong password ends the sign-in all the same
}

// CustomAuthAnswer is what the script decides. The zero value asks a CUSTOM_CHALLENGE that no answer passes.
type CustomAuthAnswer struct {
	IssueTokens bool // the sign-in is good
	Fail        bool // it is refused
	// Otherwise CUSTOM_CHALLENGE is asked:
	Parameters map[string]string // ChallengeParameters, beside USERNAME
	Answer     string            // the ANSWER that passes; never sent, and not printed
}

// AppClient is an app client of a user pool. It does not print its secret.
type AppClient struct {
	ID     string
	Secret string // empty: a public client

	// ExplicitAuthFlows are the flows that the client may use, by AWS's names. Nil: ALLOW_USER_SRP_AUTH and
	// ALLOW_REFRESH_TOKEN_AUTH. The others are ALLOW_USER_PASSWORD_AUTH, ALLOW_USER_AUTH and ALLOW_CUSTOM_AUTH.
	ExplicitAuthFlows []string

	// RefreshTokenRotation gives a new refresh token at each GetTokensFromRefreshToken, and refuses REFRESH_TOKEN_AUTH.
	// The old token is good for RetryGracePeriod more (0..60 s on AWS); after that it is RefreshTokenReuseException.
	RefreshTokenRotation bool
	RetryGracePeriod     time.Duration

	// PreventUserExistenceErrors is AWS's setting of that name: false is LEGACY, where an unknown user is told so; with
	// true an unknown user is asked for the password all the same, and then refused like a wrong password.
	PreventUserExistenceErrors bool

	AuthSessionValidity  time.Duration // of a challenge; 0: 3 minutes
	IDTokenValidity      time.Duration // 0: 1 hour
	AccessTokenValidity  time.Duration // 0: 1 hour
	RefreshTokenValidity time.Duration // 0: 30 days
}

// User is a user of a user pool. It does not print its password.
type User struct {
	Name     string // also USER_ID_FOR_SRP and the claim cognito:username
	Password string // empty: a user without one, who signs in by USER_AUTH or CUSTOM_AUTH
	Sub      string // the claim sub, a UUID; empty: one made from pool ID and name

	// Attributes are claims of the ID token: "email": "ada@example.com", "email_verified": "true", "custom:team": "blue".
	Attributes map[string]string

	Groups []string // the claim cognito:groups
	Roles  []string // the claim cognito:roles, ARNs; the first is also cognito:preferred_role

	ForceChangePassword bool // the next sign-in ends in NEW_PASSWORD_REQUIRED, as for users that an administrator made
	Unconfirmed         bool // signed up, and has not sent the code yet: UserNotConfirmedException
	ResetRequired       bool // must go through ForgotPassword: PasswordResetRequiredException
	Disabled            bool // by an administrator: NotAuthorizedException

	// MFA are the second factors that are switched on for the user: "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA". A
	// factor counts only when the user has what it needs: phone_number, email, TOTPSecret. With several the user is
	// asked to choose (SELECT_MFA_TYPE), unless PreferredMFA is one of them.
	MFA          []string
	PreferredMFA string
	TOTPSecret   string // base32 (RFC 4648), as an authenticator app takes it
}

// Format writes the client without its secret, whatever the verb.
func (c AppClient) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, "cognitotest.AppClient{ID:%q, Secret:REDACTED}", c.ID)
}

// MarshalText is what encoding/json and log/slog show: the client without its secret.
func (c AppClient) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// Format writes the user without the password, whatever the verb.
func (u User) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, "cognitotest.User{Name:%q, Password:REDACTED}", u.Name)
}

// MarshalText is what encoding/json and log/slog show: the user without the password.
func (u User) MarshalText() ([]byte, error) { return fmt.Append(nil, u), nil }

// Format writes the decision without the expected answer, whatever the verb.
func (a CustomAuthAnswer) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, "cognitotest.CustomAuthAnswer{IssueTokens:%t, Fail:%t, Answer:REDACTED}", a.IssueTokens, a.Fail)
}

// MarshalText is what encoding/json and log/slog show: the decision without the expected answer.
func (a CustomAuthAnswer) MarshalText() ([]byte, error) { return fmt.Append(nil, a), nil }

func (p *UserPool) region() string { return before(p.ID, "_") }

// name is the pool's name, which SRP binds to the password: what follows the first "_" of the ID.
func (p *UserPool) name() string {
	_, name, _ := strings.Cut(p.ID, "_")
	return name
}

func (p *UserPool) issuer() string {
	return cmp.Or(p.Issuer, "https://cognito-idp."+p.region()+"."+domain(p.region())+"/"+p.ID)
}

// before answers the part of an ID in front of the separator: its Region.
func before(id, separator string) string {
	region, _, _ := strings.Cut(id, separator)
	return region
}

// allows reports whether the client may use a flow, by its name in ExplicitAuthFlows.
func (c *AppClient) allows(flow string) bool {
	flows := c.ExplicitAuthFlows
	if flows == nil {
		flows = []string{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	}
	return slices.Contains(flows, flow)
}
