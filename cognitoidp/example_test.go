package cognitoidp_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// USER_PASSWORD_AUTH sends the password, to pools that allow it. Package cognito signs in without sending it.
func Example() {
	server := cognitotest.Example() // a stand-in for AWS: leave out HTTPClient to reach AWS itself
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
	if out.AuthenticationResult == nil {
		log.Fatal("the pool asks for ", out.ChallengeName)
	}
	fmt.Println(out.AuthenticationResult)

	err = c.RevokeToken(ctx, cognitoidp.RevokeTokenInput{
		ClientID: cognitotest.ExampleClientID,
		Token:    out.AuthenticationResult.RefreshToken,
	})
	fmt.Println(err)
	// Output:
	// cognitoidp.AuthenticationResult{TokenType:"Bearer" ExpiresIn:"1h0m0s" redacted}
	// <nil>
}

// Branch on the code of an error; its message is for people.
func ExampleError() {
	server := cognitotest.Example()
	c := &cognitoidp.Client{Region: "us-east-1", HTTPClient: server.Client()}
	_, err := c.InitiateAuth(context.Background(), cognitoidp.InitiateAuthInput{
		ClientID:       cognitotest.ExampleClientID,
		AuthFlow:       cognitoidp.AuthFlowUserPassword,
		AuthParameters: map[string]string{"USERNAME": cognitotest.ExampleUser, "PASSWORD": "wrong"},
	})
	var e *cognitoidp.Error
	if errors.As(err, &e) && e.Code == cognitoidp.CodeNotAuthorized {
		fmt.Println("try again:", e.Message)
	}
	// Output: try again: Incorrect username or password.
}
