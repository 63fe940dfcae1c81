package cognitoidp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// Who is signed in, and with what attributes.
func ExampleClient_GetUser() {
	server := cognitotest.Example() // a stand-in for AWS: leave out HTTPClient to reach AWS itself
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1", HTTPClient: server.Client()}
	out, err := c.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID:       cognitotest.ExampleClientID,
		AuthFlow:       cognitoidp.AuthFlowUserPassword,
		AuthParameters: map[string]string{"USERNAME": cognitotest.ExampleEmail, "PASSWORD": cognitotest.ExamplePassword},
	})
	if err != nil {
		log.Fatal(err)
	}
	user, err := c.GetUser(ctx, cognitoidp.GetUserInput{AccessToken: out.AuthenticationResult.AccessToken})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Username)
	for _, a := range user.UserAttributes {
		if a.Name == "email" {
			fmt.Println(a)       // does not show it
			fmt.Println(a.Value) // does
		}
	}
	// Output:
	// ada
	// cognitoidp.Attribute{Name:"email" redacted}
	// ada@example.com
}

// A new account, with a code that the pool sends to the user.
func ExampleClient_SignUp() {
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1"}
	out, err := c.SignUp(ctx, cognitoidp.SignUpInput{
		ClientID:       "1example23456789",
		Username:       "lin",
		Password:       "correct-Horse-7-battery",
		UserAttributes: []cognitoidp.Attribute{{Name: "email", Value: "lin@example.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if out.UserConfirmed {
		return
	}
	fmt.Print("The code sent to ", out.CodeDeliveryDetails.Destination, ": ")
	var code string
	fmt.Scan(&code)
	_, err = c.ConfirmSignUp(ctx, cognitoidp.ConfirmSignUpInput{ClientID: "1example23456789", Username: "lin", ConfirmationCode: code, Session: out.Session})
	if err != nil {
		log.Fatal(err)
	}
}

// An authenticator app for a user who is signed in, to be asked for at each sign-in.
func ExampleClient_AssociateSoftwareToken() {
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1"}
	accessToken := "eyJ..."
	out, err := c.AssociateSoftwareToken(ctx, cognitoidp.AssociateSoftwareTokenInput{AccessToken: accessToken})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print("Give your authenticator app the key ", out.SecretCode, ".\nThe code that it shows: ")
	var code string
	fmt.Scan(&code)
	if _, err = c.VerifySoftwareToken(ctx, cognitoidp.VerifySoftwareTokenInput{AccessToken: accessToken, UserCode: code}); err != nil {
		log.Fatal(err)
	}
	err = c.SetUserMFAPreference(ctx, cognitoidp.SetUserMFAPreferenceInput{
		AccessToken:              accessToken,
		SoftwareTokenMFASettings: &cognitoidp.MFASettings{Enabled: true, PreferredMFA: true},
	})
	if err != nil {
		log.Fatal(err)
	}
}

// All devices of a user.
func ExampleClient_ListDevices() {
	c := &cognitoidp.Client{Region: "us-east-1"}
	in := cognitoidp.ListDevicesInput{AccessToken: "eyJ..."}
	for {
		out, err := c.ListDevices(context.Background(), in)
		if err != nil {
			log.Fatal(err)
		}
		for _, d := range out.Devices {
			fmt.Println(d.DeviceKey, d.DeviceLastAuthenticatedDate)
		}
		if out.PaginationToken == "" || out.PaginationToken == in.PaginationToken || len(out.Devices) == 0 {
			break
		}
		in.PaginationToken = out.PaginationToken
	}
}
