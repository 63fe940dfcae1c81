package cognito_test

import (
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A sign-up goes on into a sign-in with the session of ConfirmSignUp, without a further question.
func TestSignUpContinues(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		ctx := t.Context()
		server := everyFlow(nil)
		client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
		pool, err := client.UserPool()
		if err != nil {
			t.Fatal(err)
		}
		const name = "new-user"
		signedUp, err := pool.SignUp(ctx, cognitoidp.SignUpInput{
			ClientID: env.ClientID, SecretHash: client.SecretHash(name), Username: name, Password: newPassword,
			UserAttributes: []cognitoidp.Attribute{{Name: "email", Value: "new@example.com"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.SignIn(ctx, name, newPassword); !hasCode(err, cognitoidp.CodeUserNotConfirmed) {
			t.Errorf("error %v", err)
		}
		confirmed, err := pool.ConfirmSignUp(ctx, cognitoidp.ConfirmSignUpInput{
			ClientID: env.ClientID, SecretHash: client.SecretHash(name), Username: name,
			ConfirmationCode: server.Code(cognitotest.ExampleUserPoolID, name), Session: signedUp.Session,
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := client.Start(ctx, cognito.Login{Username: name, Flow: "USER_AUTH", Session: confirmed.Session})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Credentials(ctx); err != nil {
			t.Error(err)
		}
		if _, err := client.SignIn(ctx, name, newPassword); err != nil {
			t.Error(err)
		}
	}
}

func TestForgottenAndChangedPassword(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		ctx := t.Context()
		server := cognitotest.Example()
		client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
		pool, err := client.UserPool()
		if err != nil {
			t.Fatal(err)
		}
		const name, third = cognitotest.ExampleUser, "Yet-Another-Horse-9"
		sent, err := pool.ForgotPassword(ctx, cognitoidp.ForgotPasswordInput{ClientID: env.ClientID, SecretHash: client.SecretHash(name), Username: name})
		if err != nil || sent.CodeDeliveryDetails.DeliveryMedium != "EMAIL" {
			t.Fatalf("%+v, %v", sent, err)
		}
		in := cognitoidp.ConfirmForgotPasswordInput{
			ClientID: env.ClientID, SecretHash: client.SecretHash(name), Username: name,
			Password: newPassword, ConfirmationCode: "000000",
		}
		if err := cognito.Explain(pool.ConfirmForgotPassword(ctx, in)); !hasCode(err, cognitoidp.CodeCodeMismatch) {
			t.Errorf("error %v", err)
		}
		in.ConfirmationCode = server.Code(cognitotest.ExampleUserPoolID, name)
		if err := pool.ConfirmForgotPassword(ctx, in); err != nil {
			t.Fatal(err)
		}
		s, err := client.SignIn(ctx, name, newPassword)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := s.Tokens(ctx)
		if err != nil {
			t.Fatal(err)
		}
		change := cognitoidp.ChangePasswordInput{AccessToken: tokens.Access, PreviousPassword: newPassword, ProposedPassword: third}
		if err := pool.ChangePassword(ctx, change); err != nil {
			t.Fatal(err)
		}
		if _, err := client.SignIn(ctx, name, third); err != nil {
			t.Error(err)
		}
		if err := pool.GlobalSignOut(ctx, cognitoidp.GlobalSignOutInput{AccessToken: tokens.Access}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Resume(ctx, cognito.SavedSession{Tokens: cognito.Tokens{Refresh: tokens.Refresh}}.Save()); !hasCode(err, cognitoidp.CodeNotAuthorized) {
			t.Errorf("a revoked token was taken: %v", err)
		}
	}
}
