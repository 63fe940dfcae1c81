package cognitotest

// What [Example] holds.
const (
	ExampleRegion         = "us-east-1"
	ExampleUserPoolID     = "us-east-1_EXAMPLE00"
	ExampleClientID       = "1example23456789abcdefghij"                     // a public client
	ExampleSecretClientID = "2example23456789abcdefghij"                     // a client with a secret
	ExampleClientSecret   = "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3" // of ExampleSecretClientID
	ExampleIdentityPoolID = "us-east-1:5f2b7c1e-8a4d-4e6f-9b3a-0123456789ab"
	ExampleRoleARN        = "arn:aws:iam::123456789012:role/example" // for users, also in the classic flow
	ExampleGuestRoleARN   = "arn:aws:iam::123456789012:role/guest"
	ExampleUser           = "ada"
	ExampleEmail          = "ada@example.com" // signs in as ExampleUser
	ExamplePassword       = "correct horse battery staple, 1843"
	ExampleNewUser        = "grace"            // signs in with ExamplePassword and must then choose another
	ExampleBucket         = "example-bucket"   // in us-east-1
	ExampleBucketEurope   = "example-bucket-2" // in eu-west-1
)

// Example answers a server with data to sign in with; its documentation follows.
func Example() *Server { return &Server{} }
