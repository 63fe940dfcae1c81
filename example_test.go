package cognito_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
)

func Example() {
	ctx, stand, password := context.Background(), cognitotest.Example().Client(),
		cognitotest.ExamplePassword
	env := cognito.Environment{
		UserPoolID:     "us-east-1_EXAMPLE00",
		ClientID:       "1example23456789abcdefghij",
		IdentityPoolID: "us-east-1:5f2b7c1e-8a4d-4e6f-9b3a-0123456789ab",
		BucketName:     "example-bucket",
	}
	client := &cognito.Client{Environment: env, HTTPClient: stand} // without HTTPClient: AWS
	session, err := client.SignIn(ctx, "ada", password)
	if err != nil {
		log.Fatal(err) // a *cognito.Challenge if the pool asks for more
	}
	bucket := &s3list.Client{
		Region: "us-east-1", Credentials: session.Credentials, HTTPClient: stand,
	}
	for object, err := range bucket.Objects(ctx, env.BucketName, "photos/") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(object.Size, object.Key)
	}
	// Output:
	// 24 photos//twice
	// 21 photos/2026/ærøskøbing.jpg
	// 23 photos/2026/東京.jpg
}

// A user whom an administrator made must choose a password at the first sign-in.
func ExampleChallenge_Respond() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(),
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	var challenge *cognito.Challenge
	for errors.As(err, &challenge) {
		fmt.Println(challenge.Name)
		switch challenge.Name {
		case "NEW_PASSWORD_REQUIRED":
			session,
				err = challenge.Respond(ctx,
				map[string]string{"NEW_PASSWORD": "Another-Horse-8-battery"})
		default:
			log.Fatal(err)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UnverifiedClaims().Username)
	// Output:
	// NEW_PASSWORD_REQUIRED
	// grace
}

// The classic flow assumes a role of the caller's for as long as the caller says.
func ExampleClient_classicFlow() {
	ctx := context.Background()
	env := exampleEnvironment()
	env.RoleARN = "arn:aws:iam::123456789012:role/example"
	client := &cognito.Client{
		Environment: env,
		Duration:    3600e9,
		HTTPClient:  cognitotest.Example().Client(),
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	credentials, err := session.Credentials(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials.SessionToken != "")
	// Output: true
}

// A signing client calls any AWS service, here S3 without a package for it.
func ExampleSession_HTTPClient() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(),
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	response,
		err := session.HTTPClient("s3").Get(
		"https://example-bucket.s3.us-east-1.amazonaws.com/hello.txt",
	)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode == http.StatusOK)
	// Output: true
}

func ExampleEnvironment_Validate() {
	env := cognito.Environment{
		Region:         "eu-west-1",
		UserPoolID:     "us-east-1_AbCdEfGhI",
		ClientID:       "my web client",
		IdentityPoolID: "us-east-1:01234567-89ab-cdef-0123-456789abcdef",
		RoleARN:        "arn:aws:iam::<account>:role/name",
	}
	fmt.Println(env.Validate())
	// Output:
	// cognito: aws_region is eu-west-1, but user_pool_id is in us-east-1: correct one
	// cognito: client_id should look like 1example23456789 (the id of the app client, not its name)
	// cognito: role_arn still has a placeholder, such as <your value>: replace it
}
