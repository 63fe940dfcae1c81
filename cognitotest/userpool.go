package cognitotest

import (
	"fmt"
	"io"
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
}

// AppClient is an app client of a user pool. It does not print its secret.
type AppClient struct {
	ID     string
	Secret string // empty: a public client

	// ExplicitAuthFlows are the flows that the client may use, by AWS's names. Nil: ALLOW_USER_SRP_AUTH and
	// ALLOW_REFRESH_TOKEN_AUTH. ALLOW_USER_PASSWORD_AUTH is the third that the stand-in knows.
	ExplicitAuthFlows []string

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
	Password string
	Sub      string // the claim sub, a UUID; empty: one made from pool ID and name

	// Attributes are claims of the ID token: "email": "ada@example.com", "email_verified": "true", "custom:team": "blue".
	Attributes map[string]string

	Groups []string // the claim cognito:groups
	Roles  []string // the claim cognito:roles, ARNs; the first is also cognito:preferred_role

	ForceChangePassword bool // the next sign-in ends in NEW_PASSWORD_REQUIRED, as for users that an administrator made
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

var _ = io.EOF
