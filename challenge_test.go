package cognito_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// challenged starts a sign-in and returns its challenge.
func challenged(t *testing.T, client *cognito.Client, login cognito.Login) *cognito.Challenge {
	t.Helper()
	login.Username = cognitotest.ExampleUser
	_, err := client.Start(t.Context(), login)
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatalf("no challenge: %v", err)
	}
	return challenge
}

// saveAndResume saves a challenge and resumes it.
func saveAndResume(t *testing.T, client *cognito.Client,
	challenge *cognito.Challenge) *cognito.Challenge {
	t.Helper()
	stored, err := challenge.Save()
	if err == nil {
		challenge, err = client.ResumeChallenge(stored)
	}
	if err != nil {
		t.Fatal(err)
	}
	return challenge
}

var byPassword = cognito.Login{Password: cognitotest.ExamplePassword}

// withoutProof removes the password and SRP_A from InitiateAuth, so that the pool requests them.
func withoutProof(t *testing.T, base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".InitiateAuth") {
			return base.RoundTrip(r)
		}
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("Decode: %v", err)
		}
		parameters := in["AuthParameters"].(map[string]any)
		delete(parameters, "SRP_A")
		delete(parameters, "PASSWORD")
		body, err := json.Marshal(in)
		if err != nil {
			t.Errorf("Marshal: %v", err)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return base.RoundTrip(r)
	})
}

// A pool may request the password in a challenge, which can be saved. PASSWORD_SRP does not send
// the password.
func TestPasswordAsChallenge(t *testing.T) {
	for _, name := range []string{"PASSWORD", "PASSWORD_SRP"} {
		for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
			server := everyFlow(nil)
			sent := spyOn(server, cognitotest.ExamplePassword)
			client := &cognito.Client{
				Environment: env,
				HTTPClient:  &http.Client{Transport: withoutProof(t, server.Client().Transport)},
			}
			for _, password := range []string{"", "wrong", cognitotest.ExamplePassword} {
				challenge := challenged(t, client, cognito.Login{
					Flow:               "USER_AUTH",
					PreferredChallenge: name,
					Password:           "x",
				})
				if challenge.Name != name ||
					!slices.Equal(challenge.AnswerKeys(), []string{"PASSWORD"}) {
					t.Fatalf("%s: %s has AnswerKeys %q", name, challenge.Name,
						challenge.AnswerKeys())
				}
				_, err := saveAndResume(t, client, challenge).Respond(t.Context(),
					map[string]string{"PASSWORD": password})
				switch password {
				case "":
					if err == nil || !strings.Contains(err.Error(), "PASSWORD") {
						t.Errorf("%s, no password: %v", name, err)
					}
				case "wrong":
					if !hasCode(err, cognitoidp.CodeNotAuthorized) {
						t.Errorf("%s, a wrong password: %v", name, err)
					}
				default:
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			if sent() != (name == "PASSWORD") {
				t.Errorf("%s: the password was sent: %v", name, sent())
			}
		}
	}
	client := exampleClient(everyFlow(nil))
	_, err := challenged(t, client, cognito.Login{
		Flow: "USER_AUTH",
	}).Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD"})
	challenge := asChallenge(err)
	if challenge == nil || challenge.Name != "PASSWORD" {
		t.Fatalf("a choice without PASSWORD: error %v", err)
	}
	_, err = challenge.Respond(t.Context(),
		map[string]string{"PASSWORD": cognitotest.ExamplePassword})
	if err != nil {
		t.Errorf("Respond: %v", err)
	}
}

// The options for the authenticator are unchanged. A wrong assertion ends the sign-in.
func TestWebAuthnOptions(t *testing.T) {
	client := exampleClient(everyFlow(passkey))
	login := cognito.Login{Flow: "USER_AUTH", PreferredChallenge: "WEB_AUTHN"}
	challenge := challenged(t, client, login)
	var options struct{ Challenge, RPID string }
	text := challenge.Parameters["CREDENTIAL_REQUEST_OPTIONS"]
	if err := json.Unmarshal([]byte(text), &options); err != nil || options.Challenge == "" ||
		options.RPID == "" {
		t.Errorf("options %s: %v", text, err)
	}
	other := challenged(t, client, login).Parameters["CREDENTIAL_REQUEST_OPTIONS"]
	for _, credential := range []string{assertion(other), "null", "{"} {
		_, err := challenge.Respond(t.Context(), map[string]string{"CREDENTIAL": credential})
		if !hasCode(err, cognitoidp.CodeNotAuthorized) {
			t.Errorf("%s: %v", credential, err)
		}
		challenge = challenged(t, client, login)
	}
}

// The pool decides whether a wrong ANSWER to CUSTOM_CHALLENGE leads to another challenge or an
// error.
func TestWrongCustomAnswer(t *testing.T) {
	client := exampleClient(everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) {
		p.CustomAuth = func(c cognitotest.CustomAuthRequest) cognitotest.CustomAuthResponse {
			n := len(c.History)
			return cognitotest.CustomAuthResponse{
				IssueTokens:        n > 0 && c.History[n-1].Passed,
				FailAuthentication: n > 1,
				Parameters:         map[string]string{"tries": strings.Repeat("I", n)}, Answer: "2",
			}
		}
	}))
	login := cognito.Login{Flow: "CUSTOM_AUTH"}
	_, err := challenged(t, client, login).Respond(t.Context(), map[string]string{"ANSWER": "1"})
	again := asChallenge(err)
	if again == nil || again.Name != "CUSTOM_CHALLENGE" || again.Parameters["tries"] != "I" {
		t.Fatalf("after a wrong answer: %v", err)
	}
	_, err = again.Respond(t.Context(), map[string]string{"ANSWER": "3"})
	if !hasCode(err, cognitoidp.CodeNotAuthorized) {
		t.Errorf("after two wrong answers: %v", err)
	}
	_, err = challenged(t, client, login).Respond(t.Context(), map[string]string{"ANSWER": "2"})
	if err != nil {
		t.Errorf("Respond: %v", err)
	}
}

// Concurrent calls of Respond do not change the caller's map, and the pool accepts one answer.
func TestRespondConcurrently(t *testing.T) {
	for _, test := range []struct {
		change  func(*cognitotest.UserPool, *cognitotest.User)
		login   cognito.Login
		answers func(*cognitotest.Server) map[string]string
	}{
		{withMFA("SMS_MFA"), byPassword, func(s *cognitotest.Server) map[string]string {
			return map[string]string{
				"SMS_MFA_CODE": s.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser),
			}
		}},
		{nil, cognito.Login{Flow: "USER_AUTH"}, func(*cognitotest.Server) map[string]string {
			return map[string]string{"ANSWER": "PASSWORD_SRP",
				"PASSWORD": cognitotest.ExamplePassword}
		}},
	} {
		server := everyFlow(test.change)
		challenge := challenged(t, exampleClient(server), test.login)
		answers := test.answers(server)
		want := maps.Clone(answers)
		var running sync.WaitGroup
		results := make(chan error, 8)
		for range cap(results) {
			running.Go(func() {
				_, err := challenge.Respond(t.Context(), answers)
				results <- err
			})
		}
		running.Wait()
		close(results)
		taken := 0
		for err := range results {
			if err == nil {
				taken++
			} else if !hasCode(err, cognitoidp.CodeNotAuthorized) ||
				!strings.Contains(err.Error(), "answered twice") {
				t.Errorf("%s: %v", challenge.Name, err)
			}
		}
		if taken != 1 || !maps.Equal(answers, want) {
			t.Errorf("%s: %d answers were accepted, want 1; the map has %d keys", challenge.Name,
				taken,
				len(answers))
		}
	}
}

// A cancelled answer that did not reach the pool can be sent again.
func TestRespondCancelled(t *testing.T) {
	server := everyFlow(withMFA("SMS_MFA"))
	base := server.Client().Transport
	client := exampleClient(server)
	challenge := (*cognito.Challenge)(nil)
	ctx, cancel := context.WithCancel(t.Context())
	client.HTTPClient = &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if challenge != nil && ctx.Err() == nil {
				cancel()
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return base.RoundTrip(r)
		}),
	}
	challenge = challenged(t, client, byPassword)
	answers := map[string]string{
		"SMS_MFA_CODE": server.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser),
	}
	if _, err := challenge.Respond(ctx, answers); !errors.Is(err, context.Canceled) {
		t.Errorf("Respond: error %v", err)
	}
	if _, err := challenge.Respond(t.Context(), answers); err != nil {
		t.Errorf("Respond: %v", err)
	}
}

// FRIENDLY_DEVICE_NAME is sent with the first code of the authenticator app and in no other
// request.
func TestFriendlyDeviceName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) {
			p.MFAConfiguration = "ON"
		})
		sent := map[string]bool{}
		server.Fault = func(r *http.Request) *http.Response {
			if body, err := io.ReadAll(r.Body); err != nil ||
				strings.Contains(strings.ToUpper(string(body)), "MY PHONE") {
				sent[r.Header.Get("X-Amz-Target")] = true
			}
			return nil
		}
		client := exampleClient(server)
		secret, challenge, err := challenged(t, client, byPassword).SetUpTOTP(t.Context())
		if err != nil {
			t.Fatalf("SetUpTOTP: %v", err)
		}
		code, err := cognito.TOTP(secret, time.Now())
		if err != nil {
			t.Fatalf("TOTP: %v", err)
		}
		_, err = challenge.Respond(t.Context(),
			map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code,
				"FRIENDLY_DEVICE_NAME": "my phone"})
		if err != nil {
			t.Fatalf("Respond: %v", err)
		}
		got := challenged(t, client,
			byPassword).Parameters["FRIENDLY_DEVICE_NAME"]
		if got != "my phone" {
			t.Errorf("FRIENDLY_DEVICE_NAME = %q", got)
		}
		if len(sent) != 1 || !sent["AWSCognitoIdentityProviderService.VerifySoftwareToken"] {
			t.Errorf("FRIENDLY_DEVICE_NAME was sent in %v", sent)
		}
	})
}

func TestChallenge(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		ctx := t.Context()
		client := &cognito.Client{Environment: env, HTTPClient: cognitotest.Example().Client()}
		s, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
		var challenge *cognito.Challenge
		if s != nil || !errors.As(err, &challenge) {
			t.Fatalf("session %v, error %v", s, err)
		}
		if challenge.Name != cognitoidp.ChallengeNewPasswordRequired ||
			challenge.Username != cognitotest.ExampleNewUser {
			t.Errorf("challenge %+v", *challenge)
		}
		if !strings.Contains(err.Error(), "NEW_PASSWORD_REQUIRED") ||
			!strings.Contains(err.Error(), "answer with NEW_PASSWORD") {
			t.Errorf("error %q", err)
		}

		// The pool refuses an answer without the password. The challenge stays valid, or the
		// error is the service's.
		if _, err := challenge.Respond(ctx, nil); err == nil {
			t.Error("an empty answer was accepted")
		}
		_, err = client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
		if !errors.As(err, &challenge) {
			t.Fatalf("SignIn: %v", err)
		}
		s, err = challenge.Respond(ctx,
			map[string]string{"NEW_PASSWORD": "Another-Horse-8-battery"})
		if err != nil {
			t.Fatalf("Respond: %v", err)
		}
		if _, err := s.Credentials(ctx); err != nil {
			t.Errorf("Credentials: %v", err)
		}
		_, err = client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
		if err == nil {
			t.Error("the old password is valid")
		}
		_, err = client.SignIn(ctx, cognitotest.ExampleNewUser, "Another-Horse-8-battery")
		if err != nil {
			t.Errorf("SignIn: %v", err)
		}
	}
}

func TestChallengeWithoutSignIn(t *testing.T) {
	for _, challenge := range []cognito.Challenge{{}, {Name: "SMS_MFA"}, {Name: "MFA_SETUP"}} {
		if _, err := challenge.Respond(t.Context(), nil); err == nil {
			t.Errorf("Respond of %q without a sign-in: no error", challenge.Name)
		}
		if _, err := challenge.Save(); err == nil {
			t.Errorf("Save of %q without a sign-in: no error", challenge.Name)
		}
		if _, _, err := challenge.SetUpTOTP(t.Context()); err == nil {
			t.Errorf("SetUpTOTP of %q without a sign-in: no error", challenge.Name)
		}
	}
	server := everyFlow(withMFA("SMS_MFA"))
	count := watch(server, nil)
	_, _, err := challenged(t, exampleClient(server), byPassword).SetUpTOTP(t.Context())
	if err == nil ||
		!strings.Contains(err.Error(), `"SMS_MFA"`) || count("AssociateSoftwareToken") != 0 {
		t.Errorf("SetUpTOTP for SMS_MFA: error %v", err)
	}
}

func TestChallengeText(t *testing.T) {
	challenge := &cognito.Challenge{
		Name:       "SMS_MFA",
		Parameters: map[string]string{"CODE_DELIVERY_DESTINATION": "+*******99\x1b[2J"},
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, value := range []any{challenge, *challenge,
			struct{ C cognito.Challenge }{*challenge}} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, "\x1b") ||
				!strings.Contains(text, "SMS_MFA") {
				t.Errorf("%s of %T: %q", format, value, text)
			}
		}
	}
}

// Respond refuses attributes that the user already has, because the pool would refuse the answer.
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
	_, err = challenge.Respond(t.Context(),
		map[string]string{"NEW_PASSWORD": newPassword, "userAttributes.email": "grace@example.com"})
	if err == nil || !strings.Contains(err.Error(), "userAttributes.email") ||
		count("RespondToAuthChallenge") != before {
		t.Errorf("Respond: error %v", err)
	}
	_, err = challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": newPassword})
	if err != nil {
		t.Errorf("Respond: %v", err)
	}
}

// An empty attribute counts as missing.
func TestNewPasswordFillsAttributes(t *testing.T) {
	server := cognitotest.Example()
	server.UserPools[0].RequiredAttributes = []string{"email", "given_name"}
	for i := range server.UserPools[0].Users {
		if u := &server.UserPools[0].Users[i]; u.Name == cognitotest.ExampleNewUser {
			u.Attributes = map[string]string{"email": "grace@example.com", "given_name": ""}
		}
	}
	_, err := exampleClient(server).SignIn(t.Context(), cognitotest.ExampleNewUser,
		cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil ||
		!slices.Equal(challenge.AnswerKeys(),
			[]string{"NEW_PASSWORD", "userAttributes.given_name"}) {
		t.Fatal(err)
	}
	_, err = challenge.Respond(t.Context(),
		map[string]string{"NEW_PASSWORD": newPassword,
			"userAttributes.given_name": "Grace"})
	if err != nil {
		t.Errorf("Respond: %v", err)
	}
}

// If AssociateSoftwareToken returns no Session, the old one is used.
func TestSetUpTOTPWithOneSession(t *testing.T) {
	session := strings.Repeat("s", 20)
	httpClient, log := scripted(t, map[string]string{
		"InitiateAuth":           `{"ChallengeName":"MFA_SETUP","Session":"` + session + `"}`,
		"AssociateSoftwareToken": `{"SecretCode":"` + exampleTOTPSecret + `"}`,
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
		t.Fatalf("SetUpTOTP: %v", err)
	}
	_, err = challenge.Respond(t.Context(), map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "123456"})
	if err != nil {
		t.Errorf("Respond: %v", err)
	}
	for _, request := range (*log)[1:] {
		if request.members["Session"] != session {
			t.Errorf("%s has Session %v", request.operation, request.members["Session"])
		}
	}
}

// The length of an error text is limited.
func TestLongChallengeText(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, challenge := range []cognito.Challenge{
		{
			Name: long,
		}, {Name: "SMS_MFA", Parameters: map[string]string{"CODE_DELIVERY_DESTINATION": long}},
		{
			Name:      "SELECT_CHALLENGE",
			Available: []string{long, long},
		}, {Name: "X", Parameters: map[string]string{long: "x"}},
		{
			Name:       "NEW_PASSWORD_REQUIRED",
			Parameters: map[string]string{"requiredAttributes": `["` + long + `"]`},
		},
	} {
		if text := challenge.Error(); len(text) > 2048 {
			t.Errorf("the error has %d bytes for %.20s", len(text), challenge.Name)
		}
	}
	httpClient, _ := scripted(t, map[string]string{
		"GetTokensFromRefreshToken": `{"ChallengeName":"` + long[:1<<19] + `"}`,
	})
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
	_, err := client.Resume(t.Context(), cognito.SavedSession{
		Tokens: cognito.Tokens{Refresh: "r"},
	}.Save())
	if err == nil || len(err.Error()) > 2048 {
		t.Errorf("the error of a refresh has %d bytes", len(fmt.Sprint(err)))
	}
}

// A challenge with an unknown name is returned, and Respond sends the answers unchanged.
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
			return answer(200, `{"ChallengeName":"VOICE_PRINT","ChallengeParameters":`+
				`{"SENTENCE":"hum"},"Session":"`+strings.Repeat("s", 20)+`"}`)
		case "VOICE_PRINT":
			if in.Session != strings.Repeat("s", 20) || in.ChallengeResponses["HUM"] != "hm" ||
				in.ChallengeResponses["USERNAME"] != "ada" {
				t.Errorf("answer %+v", in)
			}
			return answer(200, `{"ChallengeName":"VOICE_PRINT_2"}`)
		}
		return nil
	}
	_, err := exampleClient(server).SignIn(t.Context(), "ada", cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil || challenge.Name != "VOICE_PRINT" ||
		challenge.Parameters["SENTENCE"] != "hum" || len(challenge.AnswerKeys()) != 0 {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "SENTENCE") {
		t.Errorf("%q does not name the parameters", err)
	}
	_, err = saveAndResume(t, exampleClient(server), challenge).Respond(t.Context(),
		map[string]string{"HUM": "hm"})
	if next := asChallenge(err); next == nil || next.Name != "VOICE_PRINT_2" {
		t.Errorf("error %v", err)
	}
}

// AnswerKeys contains only those required attributes that the user lacks.
func TestAnswerKeysForAttributes(t *testing.T) {
	for _, test := range []struct{ required, has, want string }{
		{`[]`, `{}`, "NEW_PASSWORD"},
		{`["userAttributes.email","userAttributes.name"]`,
			`{"email":"a@example.com","email_verified":"true"}`,
			"NEW_PASSWORD userAttributes.name"},
		{`["email","custom:team"]`, `{"email":"","custom:team":7}`,
			"NEW_PASSWORD userAttributes.email"},
		{`["userAttributes.name"]`, `{"name":null}`, "NEW_PASSWORD userAttributes.name"},
		{`["userAttributes.name"]`, `damaged`, "NEW_PASSWORD userAttributes.name"},
		{`damaged`, `{}`, "NEW_PASSWORD"},
	} {
		challenge := cognito.Challenge{
			Name: "NEW_PASSWORD_REQUIRED",
			Parameters: map[string]string{"requiredAttributes": test.required,
				"userAttributes": test.has},
		}
		if got := strings.Join(challenge.AnswerKeys(), " "); got != test.want {
			t.Errorf("required %s of a user with %s: AnswerKeys = %q, want %q", test.required,
				test.has,
				got, test.want)
		}
	}
}

// The answer to MFA_SETUP is one that the pool offers.
func TestAnswerKeysForSetup(t *testing.T) {
	for _, test := range []struct{ can, want string }{
		{`["EMAIL_OTP"]`, "EMAIL"},
		{`["SOFTWARE_TOKEN_MFA"]`, "SOFTWARE_TOKEN_MFA_CODE"},
		{`["EMAIL_OTP","SOFTWARE_TOKEN_MFA"]`, "SOFTWARE_TOKEN_MFA_CODE"},
		{`["SMS_MFA","EMAIL_OTP"]`, "EMAIL"},
		{`["SMS_MFA"]`, ""},
		{`["FUTURE_MFA"]`, ""},
		{`[]`, "SOFTWARE_TOKEN_MFA_CODE"},
		{``, "SOFTWARE_TOKEN_MFA_CODE"},
		{`damaged`, "SOFTWARE_TOKEN_MFA_CODE"},
	} {
		httpClient, log := scripted(t, map[string]string{
			"InitiateAuth": fmt.Sprintf(`{"ChallengeName":"MFA_SETUP",`+
				`"Session":"0123456789abcdefghij","ChallengeParameters":{"USER_ID_FOR_SRP":"ada",`+
				`"MFAS_CAN_SETUP":%q}}`, test.can),
			"AssociateSoftwareToken": `{"SecretCode":"` + exampleTOTPSecret + `"}`,
		})
		client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
		_, err := client.Start(t.Context(), cognito.Login{
			Username: "ada",
			Password: "p",
			Flow:     "USER_PASSWORD_AUTH",
		})
		challenge := asChallenge(err)
		if challenge == nil {
			t.Fatalf("Start: %v", err)
		}
		if got := strings.Join(challenge.AnswerKeys(), " "); got != test.want {
			t.Errorf("AnswerKeys with MFAS_CAN_SETUP %s = %q, want %q", test.can, got, test.want)
		}
		totp := test.want == "SOFTWARE_TOKEN_MFA_CODE"
		_, _, err = challenge.SetUpTOTP(t.Context())
		if (err == nil) != totp || (len(*log) == 2) != totp {
			t.Errorf("SetUpTOTP with MFAS_CAN_SETUP %s: error %v after %d requests", test.can, err,
				len(*log))
		}
	}
}

// Control characters from the server do not appear in the text of a challenge.
func TestChallengeTextIsClean(t *testing.T) {
	httpClient, _ := scripted(t, map[string]string{
		"InitiateAuth": `{"ChallengeName":"X\u001b[2J","ChallengeParameters":{}}`,
	})
	_, err := (&cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  httpClient,
	}).SignIn(t.Context(), "ada", "x")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
	httpClient, _ = scripted(t, map[string]string{
		"InitiateAuth": `{"ChallengeName":"NEW_PASSWORD_REQUIRED",
			"ChallengeParameters":{"requiredAttributes":"[\"a\\u001b[2J\"]"}}`,
	})
	_, err = (&cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  httpClient,
	}).SignIn(t.Context(), "ada", "x")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
}

// Respond accepts PASSWORD only in an answer to a challenge or choice of that name.
func TestRespondPassword(t *testing.T) {
	for _, test := range []struct {
		login   cognito.Login
		asked   string // as in sequences
		outcome string // of the EMAIL_OTP that follows, or that no request was sent
		sends   bool
	}{
		{byChoice, "SELECT_CHALLENGE PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=SMS_OTP PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=password PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=VOICE_PRINT PASSWORD=*", "not reached", false},
		{byTriggers, "CUSTOM_CHALLENGE ANSWER=1 PASSWORD=*", "not reached", false},
		{bySignUp, "SELECT_MFA_TYPE ANSWER=PASSWORD PASSWORD=*", "not reached", false},
		{bySignUp, "SMS_MFA SMS_MFA_CODE=1 PASSWORD=*", "not reached", false},
		{bySignUp, "MFA_SETUP SOFTWARE_TOKEN_MFA_CODE=123456 PASSWORD=*", "not reached", false},
		{byTriggers, "NEW_PASSWORD_REQUIRED NEW_PASSWORD=n PASSWORD=*", "not reached", false},
		{bySignUp, "VOICE_PRINT PASSWORD=*", "not reached", false},
		{bySignUp, "USER_AUTH=PASSWORD PASSWORD=*", "not reached", false},
		{bySignUp, "SELECT_CHALLENGE=PASSWORD PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD_SRP PASSWORD=*", "refused", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD PASSWORD=*", "returned", true},
	} {
		pool, client := newSequencePool()
		for _, send := range lastSteps(t, pool, client, test.login, parseAsked(test.asked)) {
			before := pool.log.Len()
			err := send("EMAIL_OTP")
			if got := outcomeOf(pool, err, "EMAIL_OTP"); err == nil || got != test.outcome {
				t.Errorf("%s: the next challenge was %s: error %v", test.asked, got, err)
			}
			if sent := pool.log.Len() > before; sent != (test.outcome != "not reached") {
				t.Errorf("%s: a request was sent: %v", test.asked, sent)
			}
			if err != nil && strings.Contains(err.Error(), distinctPassword) {
				t.Errorf("%s: the error is %v", test.asked, err)
			}
		}
		if got := pool.sawPassword(); got != test.sends {
			t.Errorf("%s: the password was sent: %v, want %v", test.asked, got, test.sends)
		}
	}
}

// If PASSWORD is the only choice, the caller still decides.
func TestOnlyChoiceIsReturned(t *testing.T) {
	pool, client := newSequencePool()
	pool.ask("SELECT_CHALLENGE")
	challenge := asChallenge(startAsAda(t, client, byChoice))
	if challenge == nil || strings.Join(challenge.AnswerKeys(), " ") != "ANSWER" || pool.issued {
		t.Fatalf("challenge %v, answered: %v", challenge, pool.issued)
	}
	if got := strings.Join(challenge.Choices(), " "); got != "PASSWORD" {
		t.Errorf("choices %q, want PASSWORD", got)
	}
}
