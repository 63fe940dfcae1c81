package cognitoidp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func ExampleClient_GetUser() {
	server := cognitotest.Example() // a stand-in for AWS
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1", HTTPClient: server.Client()}
	out, err := c.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID: cognitotest.ExampleClientID,
		AuthFlow: cognitoidp.AuthFlowUserPassword,
		AuthParameters: map[string]string{
			"USERNAME": cognitotest.ExampleEmail,
			"PASSWORD": cognitotest.ExamplePassword,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	user, err := c.GetUser(ctx, out.AuthenticationResult.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Username)
	for _, a := range user.UserAttributes {
		if a.Name == "email" {
			fmt.Println(a) // attributes do not print
			fmt.Println(a.Value)
		}
	}
	// Output:
	// ada
	// [redacted]
	// ada@example.com
}

func ExampleClient_SignUp() {
	const clientID = "1example23456789"
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1"}
	out, err := c.SignUp(ctx, cognitoidp.SignUpInput{
		ClientID:       clientID,
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
	fmt.Print("Code sent to ", out.CodeDeliveryDetails.Destination, ": ")
	var code string
	fmt.Scan(&code)
	_, err = c.ConfirmSignUp(ctx, cognitoidp.ConfirmSignUpInput{
		ClientID:         clientID,
		Username:         "lin",
		ConfirmationCode: code,
		Session:          out.Session,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// Set up an authenticator app for a signed-in user, and make it the preferred MFA.
func ExampleClient_AssociateSoftwareToken() {
	ctx := context.Background()
	c := &cognitoidp.Client{Region: "us-east-1"}
	accessToken := "eyJ..."
	out, err := c.AssociateSoftwareToken(ctx, cognitoidp.AssociateSoftwareTokenInput{
		AccessToken: accessToken,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("TOTP secret:", out.SecretCode)
	fmt.Print("Authenticator code: ")
	var code string
	fmt.Scan(&code)
	_, err = c.VerifySoftwareToken(ctx, cognitoidp.VerifySoftwareTokenInput{
		AccessToken: accessToken,
		UserCode:    code,
	})
	if err != nil {
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
		repeated := out.PaginationToken == in.PaginationToken
		if out.PaginationToken == "" || repeated || len(out.Devices) == 0 {
			break
		}
		in.PaginationToken = out.PaginationToken
	}
}
