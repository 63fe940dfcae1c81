package cognitotest

// These are the contents of the server that [Example] returns.
const (
	// ExampleRegion is the Region of the pools.
	ExampleRegion = "us-east-1"

	// ExampleUserPoolID is the ID of the user pool.
	ExampleUserPoolID = "us-east-1_EXAMPLE00"

	// ExampleDomain is the domain of managed login. ExampleCallbackURL is a callback URL of both
	// app clients.
	ExampleDomain      = "example.auth.us-east-1.amazoncognito.com"
	ExampleCallbackURL = "http://localhost:8400/callback"

	// ExampleClientID is a public app client.
	ExampleClientID = "1example23456789abcdefghij"

	// ExampleSecretClientID is an app client with the secret ExampleClientSecret.
	ExampleSecretClientID = "2example23456789abcdefghij"
	ExampleClientSecret   = "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3"

	// ExampleIdentityPoolID is the ID of the identity pool.
	ExampleIdentityPoolID = "us-east-1:5f2b7c1e-8a4d-4e6f-9b3a-0123456789ab"

	// ExampleRoleARN is the role of users, in the enhanced flow and in the classic flow.
	ExampleRoleARN = "arn:aws:iam::123456789012:role/example"

	// ExampleAdminRoleARN is a second role that ExampleUser may choose.
	ExampleAdminRoleARN = "arn:aws:iam::123456789012:role/admin"

	// ExampleGuestRoleARN is the role of guests.
	ExampleGuestRoleARN = "arn:aws:iam::123456789012:role/guest"

	// ExampleUser signs in with ExamplePassword, by name or by the alias ExampleEmail.
	ExampleUser     = "ada"
	ExampleEmail    = "ada@example.com"
	ExamplePassword = "correct-Horse-7-battery"

	// ExampleNewUser has ExamplePassword, and must choose another password at sign-in.
	ExampleNewUser = "grace"

	// ExampleProvider is an identity provider of the user pool, whose user ExampleProviderUser has
	// ExamplePassword.
	ExampleProvider     = "Contoso"
	ExampleProviderUser = "alan"

	// ExampleSAMLProvider is a SAML provider of the identity pool.
	ExampleSAMLProvider = "arn:aws:iam::123456789012:saml-provider/Example"

	// ExampleBucket is a bucket in ExampleRegion.
	ExampleBucket = "example-bucket"

	// ExampleBucketElsewhere is a bucket in eu-west-1.
	ExampleBucketElsewhere = "example-bucket-elsewhere"
)

// Example returns a server with an example of everything:
//
//   - a user pool whose users may sign in by name or by email address, with a public app client
//     that may also use USER_PASSWORD_AUTH, and an app client with a secret and
//     PreventUserExistenceErrors;
//   - the users ExampleUser and ExampleNewUser, and the identity provider ExampleProvider;
//   - managed login at ExampleDomain, with callback URLs on the ports 8400 to 8402 of localhost;
//   - an identity pool for both clients, guests, GitHub Actions, ExampleSAMLProvider and the
//     developer provider login.example.com, which allows the classic flow, and its roles;
//   - a bucket in ExampleRegion whose keys contain spaces, +, %, non-ASCII letters and a control
//     character, and a bucket in another Region.
//
// Change the fields before the first request to test other configurations. For example, set
// UserPools[0].MFAConfiguration and Users[0].MFA for a second factor, or set DeviceTracking,
// Clients[0].RefreshTokenRotation or Users[0].ResetRequired.
func Example() *Server {
	return &Server{
		UserPools: []UserPool{{
			ID:     ExampleUserPoolID,
			Domain: ExampleDomain,
			Clients: []AppClient{{
				ID: ExampleClientID,
				CallbackURLs: []string{
					ExampleCallbackURL,
					"http://localhost:8401/callback",
					"http://localhost:8402/callback",
				},
				LogoutURLs: []string{"http://localhost:8400/"},
				ExplicitAuthFlows: []string{
					"ALLOW_USER_SRP_AUTH",
					"ALLOW_USER_PASSWORD_AUTH",
					"ALLOW_REFRESH_TOKEN_AUTH",
				},
			}, {
				ID:                         ExampleSecretClientID,
				Secret:                     ExampleClientSecret,
				PreventUserExistenceErrors: true,
				CallbackURLs:               []string{ExampleCallbackURL},
			}},
			Providers: []Provider{{
				Name:        ExampleProvider,
				Identifiers: []string{"contoso.example"},
				Users: []User{{
					Name:       ExampleProviderUser,
					Password:   ExamplePassword,
					Attributes: params{"email": "alan@contoso.example"},
				}},
			}},
			Users: []User{{
				Name:       ExampleUser,
				Password:   ExamplePassword,
				Attributes: params{"email": ExampleEmail, "email_verified": "true"},
				Groups:     []string{"engineers"},
				Roles:      []string{ExampleRoleARN, ExampleAdminRoleARN},
			}, {
				Name:                ExampleNewUser,
				Password:            ExamplePassword,
				Attributes:          params{"email": "grace@example.com", "email_verified": "true"},
				ForceChangePassword: true,
			}},
			AliasAttributes: []string{"email"},
		}},
		IdentityPools: []IdentityPool{{
			ID:        ExampleIdentityPoolID,
			ClientIDs: []string{ExampleClientID, ExampleSecretClientID},
			Providers: []LoginProvider{{
				Name:      actionsProvider,
				ClientIDs: []string{"cognito-identity.amazonaws.com"},
			}, {
				Name: ExampleSAMLProvider,
			}},
			DeveloperProvider:   "login.example.com",
			AuthenticatedRole:   ExampleRoleARN,
			UnauthenticatedRole: ExampleGuestRoleARN,
			AllowGuests:         true,
			AllowClassicFlow:    true,
		}},
		Roles: []Role{{ARN: ExampleRoleARN}, {ARN: ExampleGuestRoleARN}},
		Buckets: []Bucket{{
			Name:   ExampleBucket,
			Region: ExampleRegion,
			Objects: map[string]Object{
				"hello.txt": {
					Body: []byte("hello, world\n"),
				},
				"notes/2026 plan + 100%.txt": {
					Body: []byte("a space, a plus sign, a percent sign\n"),
				},
				"notes/a=b&c=d?e#f.txt": {
					Body: []byte("characters of URL syntax\n"),
				},
				"notes/\u0001control": {
					Body: []byte("a key which XML 1.0 does not allow as is\n"),
				},
				"photos/2026/ærøskøbing.jpg": {
					Body: []byte("letters beyond ASCII\n"),
				},
				"photos/2026/東京.jpg": {
					Body: []byte("letters beyond Latin 1\n"),
				},
				"photos//twice": {
					Body: []byte("an empty path component\n"),
				},
			},
		}, {
			Name:    ExampleBucketElsewhere,
			Region:  "eu-west-1",
			Objects: map[string]Object{"bonjour.txt": {Body: []byte("bonjour\n")}},
		}},
	}
}
