package awserr_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func Example() {
	server := cognitotest.Example() // a stand-in for AWS
	c := &cognitoidp.Client{Region: "us-east-1", HTTPClient: server.Client()}

	_, err := c.GetUser(context.Background(), "expired")
	var refused *awserr.Error
	if errors.As(err, &refused) && refused.Code == cognitoidp.CodeNotAuthorized {
		fmt.Println(refused.Service, refused.Operation, refused.StatusCode)
	}
	// Output: cognitoidp GetUser 400
}
