package cognito_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// ResumeChallenge or the pool refuses a challenge that was changed, has expired or belongs to
// another app client.
func TestResumeChallengeRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := everyFlow(withMFA("SMS_MFA"))
		client := exampleClient(server)
		challenge := challenged(t, client, byPassword)
		stored, err := challenge.Save()
		if err != nil {
			t.Fatalf("Save: %v", err)
		}
		right := map[string]string{
			"SMS_MFA_CODE": server.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser),
		}

		secret := &cognito.Client{Environment: secretEnvironment(), HTTPClient: server.Client()}
		if _, err := secret.ResumeChallenge(stored); err == nil ||
			!strings.Contains(err.Error(), cognitotest.ExampleClientID) {
			t.Errorf("with another client_id: %v", err)
		}
		redacted, err := json.Marshal(challenge)
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		for what, text := range map[string]string{
			"redacted": string(redacted),
			"cut":      string(stored[:len(stored)-1]), "more": string(stored) + "x",
			"wrong type": strings.Replace(string(stored), `"session":`, `"session":1,"x":`, 1),
		} {
			if _, err := client.ResumeChallenge([]byte(text)); err == nil ||
				!strings.Contains(err.Error(), "not a saved challenge") {
				t.Errorf("%s: %v", what, err)
			}
		}
		damaged := strings.Replace(string(stored), `"device":`, `"device":1,"x":`, 1)
		if _, err := client.ResumeChallenge([]byte(damaged)); err == nil ||
			!strings.Contains(err.Error(), "damaged") {
			t.Errorf("a damaged device: %v", err)
		}
		var session struct{ Session string }
		if err := json.Unmarshal(stored, &session); err != nil {
			t.Fatalf("Unmarshal: %v", err)
		}
		for _, other := range []string{session.Session[1:] + "A", "", strings.Repeat("s", 5000)} {
			again, err := client.ResumeChallenge(
				[]byte(strings.Replace(string(stored), session.Session, other, 1)),
			)
			if err != nil {
				t.Fatalf("ResumeChallenge: %v", err)
			}
			_, err = again.Respond(t.Context(), right)
			if !hasCode(err, cognitoidp.CodeNotAuthorized) {
				t.Errorf("session %.20q: %v", other, err)
			}
		}
		again := saveAndResume(t, client, challenge)
		// the sessions of cognitotest expire then
		time.Sleep(time.Until(again.Expires()) + time.Second)
		if _, err := again.Respond(t.Context(), right); !hasCode(err,
			cognitoidp.CodeNotAuthorized) || !strings.Contains(err.Error(), "session duration") {
			t.Errorf("after the challenge expired: %v", err)
		}
	})
}

// With one byte of a saved challenge changed, either ResumeChallenge or the pool refuses it, or the
// byte does not matter. A wrong answer is always refused.
func TestResumeChangedChallenge(t *testing.T) {
	server := everyFlow(withMFA("SMS_MFA"))
	client := exampleClient(server)
	stored, err := challenged(t, client, byPassword).Save()
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	step := longtest.Step(t, 5)
	for i := range stored {
		for j, bit := range []byte{0x01, 0x20, 0x80} {
			if (i+j)%step != 0 {
				continue
			}
			text := bytes.Clone(stored)
			text[i] ^= bit
			challenge, err := client.ResumeChallenge(text)
			if err != nil {
				continue
			}
			s, err := challenge.Respond(t.Context(), map[string]string{"SMS_MFA_CODE": "00000000"})
			if s != nil || err == nil {
				t.Fatalf("byte %d: the sign-in succeeded", i)
			}
		}
	}
}

// A saved challenge contains the choices and the device.
func TestResumeChallengeWithDevice(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		server := everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) {
			p.DeviceTracking = "ALWAYS"
		})
		client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
		device, _ := signIn(t, client).Device()
		challenge := challenged(t, client, cognito.Login{Flow: "USER_AUTH", Device: device})
		again := saveAndResume(t, &cognito.Client{
			Environment: env,
			HTTPClient:  server.Client(),
		}, challenge)
		if choices := again.Choices(); len(choices) == 0 ||
			!slices.Equal(choices, challenge.Choices()) {
			t.Errorf("choices %q, want %q", choices, challenge.Choices())
		}
		s, err := again.Respond(t.Context(),
			map[string]string{"ANSWER": "PASSWORD_SRP", "PASSWORD": cognitotest.ExamplePassword})
		if err != nil {
			t.Fatalf("Respond: %v", err)
		}
		if got, _ := s.Device(); device.Key == "" || got != device {
			t.Errorf("device %v, want %v", got, device)
		}
	}
}

// Received is the pool's time, so that Expires is correct on another machine.
func TestChallengeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 3 * time.Hour
		server := everyFlow(withMFA("SMS_MFA"))
		base := server.Client().Transport
		client := exampleClient(server)
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				response, err := base.RoundTrip(r)
				if err == nil {
					response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
				}
				return response, err
			}),
		}
		// Without SRP, because cognitotest would refuse the TIMESTAMP of another clock.
		challenge := challenged(t, client, cognito.Login{
			Flow:     "USER_PASSWORD_AUTH",
			Password: cognitotest.ExamplePassword,
		})
		if in := time.Until(challenge.Expires()); in != ahead+3*time.Minute {
			t.Errorf("it can be answered for %v", in)
		}
	})
}

// Another process completes a sign-in from a saved challenge, after a wrong code.
func TestResumeChallenge(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			server := tracking("")
			client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
			_, err := client.SignIn(ctx, cognitotest.ExampleEmail, cognitotest.ExamplePassword)
			challenge := asChallenge(err)
			if challenge == nil || challenge.Name != "SOFTWARE_TOKEN_MFA" ||
				!slices.Equal(challenge.AnswerKeys(), []string{"SOFTWARE_TOKEN_MFA_CODE"}) {
				t.Fatalf("error %v", err)
			}
			if until := time.Until(challenge.Expires()); until != 3*time.Minute {
				t.Errorf("it can be answered for %v", until)
			}
			stored, err := challenge.Save()
			if err != nil {
				t.Fatalf("Save: %v", err)
			}
			if redacted, err := json.Marshal(challenge); err != nil ||
				strings.Contains(string(redacted), "session") {
				t.Errorf("%s, %v", redacted, err)
			}

			client = &cognito.Client{Environment: env, HTTPClient: server.Client()}
			again, err := client.ResumeChallenge(stored)
			if err != nil {
				t.Fatalf("ResumeChallenge: %v", err)
			}
			if again.Name != challenge.Name || again.Username != cognitotest.ExampleUser ||
				!again.Expires().Equal(challenge.Expires()) {
				t.Errorf("%+v, want %+v", again, challenge)
			}
			_, err = again.Respond(ctx, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "00000000"})
			if !hasCode(err, "CodeMismatchException") {
				t.Errorf("Respond: error %v", err)
			}
			code, err := cognito.TOTP(exampleTOTPSecret, time.Now())
			if err != nil {
				t.Fatalf("TOTP: %v", err)
			}
			s, err := again.Respond(ctx, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
			if err != nil {
				t.Fatalf("Respond: %v", err)
			}
			if _, err := s.Credentials(ctx); err != nil {
				t.Errorf("Credentials: %v", err)
			}
			_, err = again.Respond(ctx, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
			if err == nil {
				t.Error("the challenge was answered twice")
			}
		})
	}
	client := exampleClient(cognitotest.Example())
	for _, stored := range []string{"", "{}", `{"name":"SMS_MFA","client_id":"other"}`,
		`{"name":1}`, `{"name":"SMS_MFA","client_id":"` + cognitotest.ExampleClientID + `"}`} {
		if _, err := client.ResumeChallenge([]byte(stored)); err == nil {
			t.Errorf("ResumeChallenge(%q): no error", stored)
		}
	}
}

// A challenge that an earlier version saved has no flow. It can be resumed, unless it requests the
// password, because the caller may not have requested that flow.
func TestResumeChallengeWithoutFlow(t *testing.T) {
	pool, client := newSequencePool()
	for _, test := range []struct {
		login     cognito.Login
		challenge string
		may       string // follow, of the challenges below
	}{
		{preferring("PASSWORD"), "PASSWORD", "not resumed"},
		{byChoice, "SELECT_CHALLENGE", "SMS_MFA"},
		{bySignUp, "SMS_MFA", ""},
		{byTriggers, "SMS_MFA", ""},
		{byTriggers, "CUSTOM_CHALLENGE", "CUSTOM_CHALLENGE SMS_MFA"},
		{byTriggers, "VOICE_PRINT", "SMS_MFA"},
	} {
		pool.ask(test.challenge)
		challenge := asChallenge(startAsAda(t, client, test.login))
		if challenge == nil {
			t.Fatalf("%s was not returned", test.challenge)
		}
		stored, err := challenge.Save()
		if err != nil {
			t.Fatalf("Save: %v", err)
		}
		var fields map[string]any
		if err := json.Unmarshal(stored, &fields); err != nil {
			t.Fatalf("Unmarshal: %v", err)
		}
		pool.log.Reset()
		delete(fields, "flow")
		delete(fields, "last")
		if stored, err = json.Marshal(fields); err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		challenge, err = client.ResumeChallenge(stored)
		if (err != nil) != (test.may == "not resumed") {
			t.Errorf("ResumeChallenge of %s: error %v", test.challenge, err)
		}
		if err != nil {
			continue
		}
		for _, name := range []string{"PASSWORD", "CUSTOM_CHALLENGE", "SMS_MFA"} {
			pool.ask(name)
			_, err := challenge.Respond(t.Context(), map[string]string{"ANSWER": "1"})
			want := "refused"
			if strings.Contains(test.may, name) {
				want = "returned"
			}
			if got := outcomeOf(pool, err, name); got != want {
				t.Errorf("%s after %s was %s, want %s: %v", name, test.challenge, got, want, err)
			}
		}
	}
	if pool.sawPassword() {
		t.Error("the password was sent")
	}
}
