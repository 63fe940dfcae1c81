package sts_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
	"github.com/loginwithcognito/cognito/sts"
)

// In the classic flow, STS exchanges a token of the identity pool for credentials that are valid
// for up to 12 hours.
func Example() {
	server := cognitotest.Example() // a stand-in for AWS
	ctx := context.Background()
	pool := &cognitoid.Client{Region: "us-east-1", HTTPClient: server.Client()}
	id, err := pool.GetID(ctx, cognitoid.GetIDInput{
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
	})
	if err != nil {
		log.Fatal(err)
	}
	token, err := pool.GetOpenIDToken(ctx, id, nil)
	if err != nil {
		log.Fatal(err)
	}

	c := &sts.Client{Region: "us-east-1", HTTPClient: server.Client()}
	out, err := c.AssumeRoleWithWebIdentity(ctx, sts.AssumeRoleWithWebIdentityInput{
		RoleARN:          cognitotest.ExampleGuestRoleARN,
		RoleSessionName:  "guest",
		WebIdentityToken: token.Token,
		Duration:         15 * time.Minute,
	})
	if err != nil {
		log.Fatal(err)
	}

	c = &sts.Client{
		Region:     "us-east-1",
		HTTPClient: server.Client(),
		Credentials: func(context.Context) (sigv4.Credentials, error) {
			return out.Credentials, nil
		},
	}
	caller, err := c.GetCallerIdentity(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(caller.ARN)
	// Output: arn:aws:sts::123456789012:assumed-role/guest/guest
}
