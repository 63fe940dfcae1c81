package cognito_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// challenged begins a sign-in that the pool answers with a challenge.
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

// continued stores a challenge and takes it up again.
func continued(t *testing.T, client *cognito.Client, challenge *cognito.Challenge) *cognito.Challenge {
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

// withoutProof takes the password, and the beginning of its proof, out of InitiateAuth: then the pool asks for it.
func withoutProof(t *testing.T, base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".InitiateAuth") {
			return base.RoundTrip(r)
		}
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		parameters := in["AuthParameters"].(map[string]any)
		delete(parameters, "SRP_A")
		delete(parameters, "PASSWORD")
		body, err := json.Marshal(in)
		if err != nil {
			t.Error(err)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return base.RoundTrip(r)
	})
}

// A pool may ask for the password as a challenge of its own, which can be stored like any other. By SRP it is not sent.
func TestPasswordAsChallenge(t *testing.T) {
	for _, name := range []string{"PASSWORD", "PASSWORD_SRP"} {
		for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
			server := everyFlow(nil)
			sent := spyOn(server, cognitotest.ExamplePassword)
			client := &cognito.Client{Environment: env, HTTPClient: &http.Client{Transport: withoutProof(t, server.Client().Transport)}}
			for _, password := range []string{"", "wrong", cognitotest.ExamplePassword} {
				challenge := challenged(t, client, cognito.Login{Flow: "USER_AUTH", PreferredChallenge: name, Password: "x"})
				if challenge.Name != name || !slices.Equal(challenge.AnswerKeys(), []string{"PASSWORD"}) {
					t.Fatalf("%s: %s asks %q", name, challenge.Name, challenge.AnswerKeys())
				}
				_, err := continued(t, client, challenge).Respond(t.Context(), map[string]string{"PASSWORD": password})
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
	_, err := challenged(t, client, cognito.Login{Flow: "USER_AUTH"}).Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD"})
	challenge := asChallenge(err)
	if challenge == nil || challenge.Name != "PASSWORD" {
		t.Fatalf("a choice without the password: %v", err)
	}
	if _, err := challenge.Respond(t.Context(), map[string]string{"PASSWORD": cognitotest.ExamplePassword}); err != nil {
		t.Error(err)
	}
}

// What authenticators are given is the pool's options as they came; a wrong assertion ends the sign-in.
func TestWebAuthnOptions(t *testing.T) {
	client := exampleClient(everyFlow(passkey))
	login := cognito.Login{Flow: "USER_AUTH", PreferredChallenge: "WEB_AUTHN"}
	challenge := challenged(t, client, login)
	var options struct{ Challenge, RPID string }
	text := challenge.Parameters["CREDENTIAL_REQUEST_OPTIONS"]
	if err := json.Unmarshal([]byte(text), &options); err != nil || options.Challenge == "" || options.RPID == "" {
		t.Errorf("options %s: %v", text, err)
	}
	other := challenged(t, client, login).Parameters["CREDENTIAL_REQUEST_OPTIONS"]
	for _, credential := range []string{assertion(other), "null", "{"} {
		if _, err := challenge.Respond(t.Context(), map[string]string{"CREDENTIAL": credential}); !hasCode(err, cognitoidp.CodeNotAuthorized) {
			t.Errorf("%s: %v", credential, err)
		}
		challenge = challenged(t, client, login)
	}
}

// What a wrong ANSWER of a CUSTOM_CHALLENGE means is the pool's to say: another question, or the end.
func TestWrongCustomAnswer(t *testing.T) {
	client := exampleClient(everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) {
		p.CustomAuth = func(c cognitotest.CustomAuth) cognitotest.CustomAuthAnswer {
			n := len(c.History)
			return cognitotest.CustomAuthAnswer{
				IssueTokens: n > 0 && c.History[n-1].Passed, Fail: n > 1, Parameters: map[string]string{"tries": strings.Repeat("I", n)}, Answer: "2",
			}
		}
	}))
	login := cognito.Login{Flow: "CUSTOM_AUTH"}
	_, err := challenged(t, client, login).Respond(t.Context(), map[string]string{"ANSWER": "1"})
	again := asChallenge(err)
	if again == nil || again.Name != "CUSTOM_CHALLENGE" || again.Parameters["tries"] != "I" {
		t.Fatalf("after a wrong answer: %v", err)
	}
	if _, err := again.Respond(t.Context(), map[string]string{"ANSWER": "3"}); !hasCode(err, cognitoidp.CodeNotAuthorized) {
		t.Errorf("after two wrong answers: %v", err)
	}
	if _, err := challenged(t, client, login).Respond(t.Context(), map[string]string{"ANSWER": "2"}); err != nil {
		t.Error(err)
	}
}

// A challenge can be answered by many goroutines at once: the pool takes one answer, and nobody's map is changed.
func TestChallengeAnsweredAtOnce(t *testing.T) {
	for _, test := range []struct {
		change  func(*cognitotest.UserPool, *cognitotest.User)
		login   cognito.Login
		answers func(*cognitotest.Server) map[string]string
	}{
		{withMFA("SMS_MFA"), byPassword, func(s *cognitotest.Server) map[string]string {
			return map[string]string{"SMS_MFA_CODE": s.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser)}
		}},
		{nil, cognito.Login{Flow: "USER_AUTH"}, func(*cognitotest.Server) map[string]string {
			return map[string]string{"ANSWER": "PASSWORD_SRP", "PASSWORD": cognitotest.ExamplePassword}
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
			} else if !hasCode(err, cognitoidp.CodeNotAuthorized) || !strings.Contains(err.Error(), "answered twice") {
				t.Errorf("%s: %v", challenge.Name, err)
			}
		}
		if taken != 1 || !maps.Equal(answers, want) {
			t.Errorf("%s: %d answers were taken; the map became one of %d", challenge.Name, taken, len(answers))
		}
	}
}

// Who gives up an answer may give it again, if it did not reach the pool.
func TestAnswerCancelled(t *testing.T) {
	server := everyFlow(withMFA("SMS_MFA"))
	base := server.Client().Transport
	client := exampleClient(server)
	challenge := (*cognito.Challenge)(nil)
	ctx, cancel := context.WithCancel(t.Context())
	client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if challenge != nil && ctx.Err() == nil {
			cancel()
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return base.RoundTrip(r)
	})}
	challenge = challenged(t, client, byPassword)
	answers := map[string]string{"SMS_MFA_CODE": server.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser)}
	if _, err := challenge.Respond(ctx, answers); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := challenge.Respond(t.Context(), answers); err != nil {
		t.Error(err)
	}
}

// The name that the user gives the generator goes with its first code, and with nothing else.
func TestGeneratorHasName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) { p.MFAConfiguration = "ON" })
		sent := map[string]bool{}
		server.Fault = func(r *http.Request) *http.Response {
			if body, err := io.ReadAll(r.Body); err != nil || strings.Contains(strings.ToUpper(string(body)), "MY PHONE") {
				sent[r.Header.Get("X-Amz-Target")] = true
			}
			return nil
		}
		client := exampleClient(server)
		seed, challenge, err := challenged(t, client, byPassword).SetUpTOTP(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		code, err := cognito.TOTP(seed, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := challenge.Respond(t.Context(), map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code, "FRIENDLY_DEVICE_NAME": "my phone"}); err != nil {
			t.Fatal(err)
		}
		if got := challenged(t, client, byPassword).Parameters["FRIENDLY_DEVICE_NAME"]; got != "my phone" {
			t.Errorf("the generator is called %q", got)
		}
		if len(sent) != 1 || !sent["AWSCognitoIdentityProviderService.VerifySoftwareToken"] {
			t.Errorf("the name was sent with %v", sent)
		}
	})
}
