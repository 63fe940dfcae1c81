package cognitotest

// What the server of [Example] holds.
const (
	ExampleRegion          = "us-east-1"
	ExampleUserPoolID      = "us-east-1_EXAMPLE00"
	ExampleClientID        = "1example23456789abcdefghij"                     // a public app client
	ExampleSecretClientID  = "2example23456789abcdefghij"                     // an app client with a secret
	ExampleClientSecret    = "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3" // of ExampleSecretClientID
	ExampleIdentityPoolID  = "us-east-1:5f2b7c1e-8a4d-4e6f-9b3a-0123456789ab"
	ExampleRoleARN         = "arn:aws:iam::123456789012:role/example" // of users, in the enhanced and in the classic flow
	ExampleAdminRoleARN    = "arn:aws:iam::123456789012:role/admin"   // a second role that ExampleUser may choose
	ExampleGuestRoleARN    = "arn:aws:iam::123456789012:role/guest"
	ExampleUser            = "ada"
	ExampleEmail           = "ada@example.com" // an alias of ExampleUser
	ExamplePassword        = "correct-Horse-7-battery"
	ExampleNewUser         = "grace" // has ExamplePassword, and must choose another one at sign-in
	ExampleBucket          = "example-bucket"
	ExampleBucketElsewhere = "example-bucket-elsewhere" // in eu-west-1
)

// Example answers a server with something of everything:
//
//   - a user pool whose users may sign in by name or e-mail address, with a public app client that may use
//     USER_PASSWORD_AUTH too, and one with a secret that does not tell whether a user exists;
//   - the users ExampleUser and ExampleNewUser;
//   - an identity pool for both clients and for guests, with the classic flow allowed, and its roles;
//   - a bucket in ExampleRegion, whose keys hold spaces, +, %, letters beyond ASCII and a control character, and one
//     in another Region.
//
// Change its fields before the first request to see what your program does then: UserPools[0].MFAConfiguration and
// Users[0].MFA for a second factor, DeviceTracking, Clients[0].RefreshTokenRotation, Users[0].ResetRequired.
func Example() *Server {
	return &Server{
		UserPools: []UserPool{{
			ID: ExampleUserPoolID,
			Clients: []AppClient{{
				ID:                ExampleClientID,
				ExplicitAuthFlows: []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
			}, {
				ID: ExampleSecretClientID, Secret: ExampleClientSecret,
				PreventUserExistenceErrors: true,
			}},
			Users: []User{{
				Name: ExampleUser, Password: ExamplePassword,
				Attributes: map[string]string{"email": ExampleEmail, "email_verified": "true"},
				Groups:     []string{"engineers"},
				Roles:      []string{ExampleRoleARN, ExampleAdminRoleARN},
			}, {
				Name: ExampleNewUser, Password: ExamplePassword,
				Attributes:          map[string]string{"email": "grace@example.com", "email_verified": "true"},
				ForceChangePassword: true,
			}},
			AliasAttributes: []string{"email"},
		}},
		IdentityPools: []IdentityPool{{
			ID:                  ExampleIdentityPoolID,
			ClientIDs:           []string{ExampleClientID, ExampleSecretClientID},
			AuthenticatedRole:   ExampleRoleARN,
			UnauthenticatedRole: ExampleGuestRoleARN,
			AllowGuests:         true,
			AllowClassicFlow:    true,
		}},
		Roles: []Role{{ARN: ExampleRoleARN}, {ARN: ExampleGuestRoleARN}},
		Buckets: []Bucket{{
			Name: ExampleBucket, Region: ExampleRegion,
			Objects: map[string]Object{
				"hello.txt":                  {Body: []byte("hello, world\n")},
				"notes/2026 plan + 100%.txt": {Body: []byte("a space, a plus sign, a percent sign\n")},
				"notes/a=b&c=d?e#f.txt":      {Body: []byte("what queries are made of\n")},
				"notes/\u0001control":        {Body: []byte("a key that XML 1.0 cannot carry as it is\n")},
				"photos/2026/ærøskøbing.jpg": {Body: []byte("letters beyond ASCII\n")},
				"photos/2026/東京.jpg":         {Body: []byte("letters beyond Latin 1\n")},
				"photos//twice":              {Body: []byte("an empty part of a path\n")},
			},
		}, {
			Name: ExampleBucketElsewhere, Region: "eu-west-1",
			Objects: map[string]Object{"bonjour.txt": {Body: []byte("bonjour\n")}},
		}},
	}
}
