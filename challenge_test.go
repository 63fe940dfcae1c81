package cognito_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func TestChallenge(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		ctx := t.Context()
		client := &cognito.Client{Environment: env, HTTPClient: cognitotest.Example().Client()}
		s, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
		var challenge *cognito.Challenge
		if s != nil || !errors.As(err, &challenge) {
			t.Fatalf("session %v, error %v", s, err)
		}
		if challenge.Name != cognitoidp.ChallengeNewPasswordRequired || challenge.Username != cognitotest.ExampleNewUser {
			t.Errorf("challenge %+v", *challenge)
		}
		if !strings.Contains(err.Error(), "NEW_PASSWORD_REQUIRED") || !strings.Contains(err.Error(), "answer with NEW_PASSWORD") {
			t.Errorf("error %q", err)
		}

		// The pool refuses an answer without the password; the challenge stays good or becomes a service's error.
		if _, err := challenge.Respond(ctx, nil); err == nil {
			t.Error("an empty answer was taken")
		}
		_, err = client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
		if !errors.As(err, &challenge) {
			t.Fatal(err)
		}
		s, err = challenge.Respond(ctx, map[string]string{"NEW_PASSWORD": "Another-Horse-8-battery"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Credentials(ctx); err != nil {
			t.Error(err)
		}
		if _, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword); err == nil {
			t.Error("the old password still works")
		}
		if _, err := client.SignIn(ctx, cognitotest.ExampleNewUser, "Another-Horse-8-battery"); err != nil {
			t.Error(err)
		}
	}
}

func TestChallengeFromNowhere(t *testing.T) {
	if _, err := new(cognito.Challenge).Respond(t.Context(), nil); err == nil {
		t.Error("a challenge without a sign-in was answered")
	}
}

func TestChallengeText(t *testing.T) {
	challenge := &cognito.Challenge{Name: "SMS_MFA", Parameters: map[string]string{"CODE_DELIVERY_DESTINATION": "+*******99\x1b[2J"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, value := range []any{challenge, *challenge, struct{ C cognito.Challenge }{*challenge}} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, "\x1b") || !strings.Contains(text, "SMS_MFA") {
				t.Errorf("%s of %T: %q", format, value, text)
			}
		}
	}
}
