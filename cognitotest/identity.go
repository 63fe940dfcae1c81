package cognitotest

// IdentityPool is a Cognito identity pool.
type IdentityPool struct {
	ID string // us-east-1:00000000-0000-0000-0000-000000000000: Region, ":", UUID

	// ClientIDs are the app clients, of any of the server's user pools, whose ID tokens the pool takes.
	ClientIDs []string

	AuthenticatedRole   string // ARN of the role that a signed-in user gets
	UnauthenticatedRole string // ARN of the role that a guest gets

	RolesFromToken   bool // a signed-in user gets the token's cognito:preferred_role, when it has one
	AllowGuests      bool // identities without a login
	AllowClassicFlow bool // GetOpenIdToken, for AssumeRoleWithWebIdentity
}

var identityOperations = map[string]operation{}
var userPoolOperations = map[string]operation{}

type identity struct{}
