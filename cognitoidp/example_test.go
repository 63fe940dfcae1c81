package cognitoidp_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// AuthFlowUserPassword sends the password, to pools that allow it. Package cognito signs in without
// sending it.
func Example() {
	server := cognitotest.Example() // a stand-in for AWS
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1", HTTPClient: server.Client()}

	out, err := c.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID: cognitotest.ExampleClientID,
		AuthFlow: cognitoidp.AuthFlowUserPassword,
		AuthParameters: map[string]string{
			"USERNAME": cognitotest.ExampleUser,
			"PASSWORD": cognitotest.ExamplePassword,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	tokens := out.AuthenticationResult
	if tokens == nil {
		log.Fatal("the pool requires ", out.ChallengeName)
	}
	fmt.Println(tokens, tokens.ExpiresIn)

	err = c.RevokeToken(ctx, tokens.RefreshToken, cognitotest.ExampleClientID, "")
	fmt.Println(err)
	// Output:
	// [redacted] 1h0m0s
	// <nil>
}

// Branch on the code of an error. Its message is for people.
func ExampleClient_InitiateAuth_error() {
	server := cognitotest.Example()
	c := &cognitoidp.Client{Region: "us-east-1", HTTPClient: server.Client()}
	_, err := c.InitiateAuth(context.Background(), cognitoidp.InitiateAuthInput{
		ClientID: cognitotest.ExampleClientID,
		AuthFlow: cognitoidp.AuthFlowUserPassword,
		AuthParameters: map[string]string{
			"USERNAME": cognitotest.ExampleUser,
			"PASSWORD": "wrong",
		},
	})
	var refused *awserr.Error
	if errors.As(err, &refused) && refused.Code == cognitoidp.CodeNotAuthorized {
		fmt.Println("try again:", refused.Message)
	}
	// Output: try again: Incorrect username or password.
}
