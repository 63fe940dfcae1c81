package cognito_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	for _, challenge := range []cognito.Challenge{{}, {Name: "SMS_MFA"}, {Name: "MFA_SETUP"}} {
		if _, err := challenge.Respond(t.Context(), nil); err == nil {
			t.Errorf("%q without a sign-in was answered", challenge.Name)
		}
		if _, err := challenge.Save(); err == nil {
			t.Errorf("%q without a sign-in was stored", challenge.Name)
		}
		if _, _, err := challenge.SetUpTOTP(t.Context()); err == nil {
			t.Errorf("%q without a sign-in got a seed", challenge.Name)
		}
	}
	server := everyFlow(withMFA("SMS_MFA"))
	count := watch(server, nil)
	if _, _, err := challenged(t, exampleClient(server), byPassword).SetUpTOTP(t.Context()); err == nil || !strings.Contains(err.Error(), `"SMS_MFA"`) || count("AssociateSoftwareToken") != 0 {
		t.Errorf("a generator was set up in place of SMS_MFA: %v", err)
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

// Attributes that a user has are never sent again: the pool would refuse the whole answer.
func TestNewPasswordKeepsAttributes(t *testing.T) {
	server := cognitotest.Example()
	count := watch(server, nil)
	client := exampleClient(server)
	_, err := client.SignIn(t.Context(), cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatal(err)
	}
	before := count("RespondToAuthChallenge")
	_, err = challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": newPassword, "userAttributes.email": "grace@example.com"})
	if err == nil || !strings.Contains(err.Error(), "userAttributes.email") || count("RespondToAuthChallenge") != before {
		t.Errorf("error %v", err)
	}
	if _, err := challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": newPassword}); err != nil {
		t.Error(err)
	}
}

// An attribute that is there but empty is one that the user lacks.
func TestNewPasswordFillsAttributes(t *testing.T) {
	server := cognitotest.Example()
	server.UserPools[0].RequiredAttributes = []string{"email", "given_name"}
	for i := range server.UserPools[0].Users {
		if u := &server.UserPools[0].Users[i]; u.Name == cognitotest.ExampleNewUser {
			u.Attributes = map[string]string{"email": "grace@example.com", "given_name": ""}
		}
	}
	_, err := exampleClient(server).SignIn(t.Context(), cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil || !slices.Equal(challenge.AnswerKeys(), []string{"NEW_PASSWORD", "userAttributes.given_name"}) {
		t.Fatal(err)
	}
	if _, err := challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": newPassword, "userAttributes.given_name": "Grace"}); err != nil {
		t.Error(err)
	}
}

// A Session stays good for services that give no other with the seed.
func TestSetUpTOTPWithOneSession(t *testing.T) {
	session := strings.Repeat("s", 20)
	httpClient, log := scripted(t, map[string]string{
		"InitiateAuth":           `{"ChallengeName":"MFA_SETUP","Session":"` + session + `"}`,
		"AssociateSoftwareToken": `{"SecretCode":"` + exampleSeed + `"}`,
		"VerifySoftwareToken":    `{"Status":"SUCCESS"}`,
		"RespondToAuthChallenge": tokensOf("https://issuer.example/pool", "ada"),
	})
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
	_, err := client.Start(t.Context(), cognito.Login{Username: "ada", Flow: "CUSTOM_AUTH"})
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatal(err)
	}
	if _, challenge, err = challenge.SetUpTOTP(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := challenge.Respond(t.Context(), map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "123456"}); err != nil {
		t.Error(err)
	}
	for _, request := range (*log)[1:] {
		if request.members["Session"] != session {
			t.Errorf("%s has Session %v", request.operation, request.members["Session"])
		}
	}
}

// However much a pool says, an error stays something to read.
func TestLongChallengeText(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, challenge := range []cognito.Challenge{
		{Name: long}, {Name: "SMS_MFA", Parameters: map[string]string{"CODE_DELIVERY_DESTINATION": long}},
		{Name: "SELECT_CHALLENGE", Available: []string{long, long}}, {Name: "X", Parameters: map[string]string{long: "x"}},
		{Name: "NEW_PASSWORD_REQUIRED", Parameters: map[string]string{"requiredAttributes": `["` + long + `"]`}},
	} {
		if text := challenge.Error(); len(text) > 2048 {
			t.Errorf("an error of %d bytes for %.20s", len(text), challenge.Name)
		}
	}
	httpClient, _ := scripted(t, map[string]string{"GetTokensFromRefreshToken": `{"ChallengeName":"` + long[:1<<19] + `"}`})
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
	if _, err := client.Resume(t.Context(), cognito.SavedSession{Tokens: cognito.Tokens{Refresh: "r"}}.Save()); err == nil || len(err.Error()) > 2048 {
		t.Errorf("an error of %d bytes for a refresh", len(fmt.Sprint(err)))
	}
}

// A challenge that nobody here knows comes through, and is answered with what the caller gives.
func TestUnknownChallenge(t *testing.T) {
	server := cognitotest.Example()
	server.Fault = func(r *http.Request) *http.Response {
		var in struct {
			ChallengeName, Session string
			ChallengeResponses     map[string]string
		}
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "RespondToAuthChallenge") {
			return nil
		}
		json.NewDecoder(r.Body).Decode(&in)
		switch in.ChallengeName {
		case "PASSWORD_VERIFIER":
			return answer(200, `{"ChallengeName":"VOICE_PRINT","ChallengeParameters":{"SENTENCE":"hum"},"Session":"`+strings.Repeat("s", 20)+`"}`)
		case "VOICE_PRINT":
			if in.Session != strings.Repeat("s", 20) || in.ChallengeResponses["HUM"] != "hm" || in.ChallengeResponses["USERNAME"] != "ada" {
				t.Errorf("answer %+v", in)
			}
			return answer(200, `{"ChallengeName":"VOICE_PRINT_2"}`)
		}
		return nil
	}
	_, err := exampleClient(server).SignIn(t.Context(), "ada", cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil || challenge.Name != "VOICE_PRINT" || challenge.Parameters["SENTENCE"] != "hum" || len(challenge.AnswerKeys()) != 0 {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "SENTENCE") {
		t.Errorf("%q does not name the parameters", err)
	}
	_, err = continued(t, exampleClient(server), challenge).Respond(t.Context(), map[string]string{"HUM": "hm"})
	if next := asChallenge(err); next == nil || next.Name != "VOICE_PRINT_2" {
		t.Errorf("error %v", err)
	}
}

// A pool that asks for the same proof for ever is left.
func TestEndlessChallenges(t *testing.T) {
	server := tracking("ALWAYS")
	count := watch(server, func(operation string, _ int) *http.Response {
		if operation == "RespondToAuthChallenge" || operation == "InitiateAuth" {
			return answer(200, `{"ChallengeName":"DEVICE_SRP_AUTH","ChallengeParameters":{}}`)
		}
		return nil
	})
	_, err := exampleClient(server).Start(t.Context(), cognito.Login{
		Username: "ada", Password: cognitotest.ExamplePassword,
		Device: cognito.Device{Username: "ada", Key: "us-east-1_0", GroupKey: "g", Password: "p"},
	})
	if err == nil || count("RespondToAuthChallenge") > 10 {
		t.Errorf("error %v after %d answers", err, count("RespondToAuthChallenge"))
	}

	// Only the triggers of CUSTOM_AUTH can ask for a device's proof more than once.
	pool, client := newSequencePool()
	pool.ask(slices.Repeat([]string{"DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"}, 20)...)
	err = startAsAda(t, client, byTriggers)
	if err == nil || !strings.Contains(err.Error(), "proofs 8 times") || len(pool.next) != 40-9 {
		t.Errorf("error %v with %d of 40 challenges left", err, len(pool.next))
	}
}

// Of the attributes that a pool requires, those that the user has are not asked for, wherever the pool lists them.
func TestAsksForMissingAttributes(t *testing.T) {
	for _, test := range []struct{ required, has, want string }{
		{`[]`, `{}`, "NEW_PASSWORD"},
		{`["userAttributes.email","userAttributes.name"]`, `{"email":"a@example.com","email_verified":"true"}`, "NEW_PASSWORD userAttributes.name"},
		{`["email","custom:team"]`, `{"email":"","custom:team":7}`, "NEW_PASSWORD userAttributes.email"},
		{`["userAttributes.name"]`, `{"name":null}`, "NEW_PASSWORD userAttributes.name"},
		{`["userAttributes.name"]`, `damaged`, "NEW_PASSWORD userAttributes.name"},
		{`damaged`, `{}`, "NEW_PASSWORD"},
	} {
		challenge := cognito.Challenge{Name: "NEW_PASSWORD_REQUIRED", Parameters: map[string]string{"requiredAttributes": test.required, "userAttributes": test.has}}
		if got := strings.Join(challenge.AnswerKeys(), " "); got != test.want {
			t.Errorf("required %s of a user with %s: asks %q, want %q", test.required, test.has, got, test.want)
		}
	}
}
