package cognito_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A sign-in that stopped at a challenge is finished by another process, a wrong code in between.
func TestChallengeContinues(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			server := tracking("")
			client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
			_, err := client.SignIn(ctx, cognitotest.ExampleEmail, cognitotest.ExamplePassword)
			challenge := asChallenge(err)
			if challenge == nil || challenge.Name != "SOFTWARE_TOKEN_MFA" || !slices.Equal(challenge.AnswerKeys(), []string{"SOFTWARE_TOKEN_MFA_CODE"}) {
				t.Fatalf("error %v", err)
			}
			if until := time.Until(challenge.Expires()); until != 3*time.Minute {
				t.Errorf("it can be answered for %v", until)
			}
			stored, err := challenge.Save()
			if err != nil {
				t.Fatal(err)
			}
			if redacted, err := json.Marshal(challenge); err != nil || strings.Contains(string(redacted), "session") {
				t.Errorf("%s, %v", redacted, err)
			}

			client = &cognito.Client{Environment: env, HTTPClient: server.Client()}
			again, err := client.ResumeChallenge(stored)
			if err != nil {
				t.Fatal(err)
			}
			if again.Name != challenge.Name || again.Username != cognitotest.ExampleUser || !again.Expires().Equal(challenge.Expires()) {
				t.Errorf("%+v, want %+v", again, challenge)
			}
			if _, err := again.Respond(ctx, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "000000"}); !hasCode(err, "CodeMismatchException") {
				t.Errorf("error %v", err)
			}
			code, err := cognito.TOTP(exampleSeed, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			s, err := again.Respond(ctx, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Credentials(ctx); err != nil {
				t.Error(err)
			}
			if _, err := again.Respond(ctx, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code}); err == nil {
				t.Error("the challenge was answered twice")
			}
		})
	}
	client := exampleClient(cognitotest.Example())
	for _, stored := range []string{"", "{}", `{"name":"SMS_MFA","client_id":"other"}`, `{"name":1}`, `{"name":"SMS_MFA","client_id":"` + cognitotest.ExampleClientID + `"}`} {
		if _, err := client.ResumeChallenge([]byte(stored)); err == nil {
			t.Errorf("%q was taken for a challenge", stored)
		}
	}
}

// converse signs in by steps.
func converse(t *testing.T, server *cognitotest.Server, client *cognito.Client, login cognito.Login, steps []step) *cognito.Session {
	t.Helper()
	ctx := t.Context()
	seed := exampleSeed
	s, err := client.Start(ctx, login)
	for _, want := range steps {
		challenge := asChallenge(err)
		if challenge == nil || challenge.Name != want.challenge {
			t.Fatalf("error %v, want challenge %s", err, want.challenge)
		}
		choices := challenge.Choices()
		slices.Sort(choices)
		if !slices.Equal(challenge.AnswerKeys(), want.asks) || !slices.Equal(choices, want.choices) {
			t.Errorf("%s asks %q with choices %q, want %q and %q", challenge.Name, challenge.AnswerKeys(), choices, want.asks, want.choices)
		}
		if challenge.Name == "MFA_SETUP" && want.answers["SOFTWARE_TOKEN_MFA_CODE"] != "" {
			if seed, challenge, err = challenge.SetUpTOTP(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if want.wrong != nil {
			if _, err := challenge.Respond(ctx, want.wrong); err == nil || asChallenge(err) != nil {
				t.Fatalf("wrong answers to %s: %v", challenge.Name, err)
			}
		}
		answers := maps.Clone(want.answers)
		for key, value := range answers {
			switch value {
			case "CODE":
				if medium, to := challenge.Delivery(); medium == "" || !strings.Contains(to, "*") {
					t.Errorf("%s was delivered by %q to %q", challenge.Name, medium, to)
				}
				answers[key] = server.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser)
			case "ASSERTION":
				answers[key] = assertion(challenge.Parameters["CREDENTIAL_REQUEST_OPTIONS"])
			case "TOTP":
				var totpErr error
				if answers[key], totpErr = cognito.TOTP(seed, time.Now()); totpErr != nil {
					t.Fatal(totpErr)
				}
			}
		}
		s, err = challenge.Respond(ctx, answers)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
