package cognitoid_test

import (
	"context"
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A guest has no Logins. For a signed-in user, add the ID token under the name of its
// issuer.
func Example() {
	server := cognitotest.Example() // a stand-in for AWS
	ctx := context.Background()
	c := &cognitoid.Client{Region: "us-east-1", HTTPClient: server.Client()}

	id, err := c.GetID(ctx, cognitoid.GetIDInput{
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
	})
	if err != nil {
		log.Fatal(err)
	}
	out, err := c.GetCredentialsForIdentity(ctx, cognitoid.GetCredentialsForIdentityInput{
		IdentityID: id,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Credentials.AccessKeyID[:4], out.Credentials.Expires.After(c.Now()))
	// Output: ASIA true
}
