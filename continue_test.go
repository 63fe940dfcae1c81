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
)

// A stored challenge that was changed, is late, or is not of this app client signs nobody in, and says why.
func TestContinueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := everyFlow(withMFA("SMS_MFA"))
		client := exampleClient(server)
		challenge := challenged(t, client, byPassword)
		stored, err := challenge.Save()
		if err != nil {
			t.Fatal(err)
		}
		right := map[string]string{"SMS_MFA_CODE": server.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser)}

		secret := &cognito.Client{Environment: secretEnvironment(), HTTPClient: server.Client()}
		if _, err := secret.ResumeChallenge(stored); err == nil || !strings.Contains(err.Error(), cognitotest.ExampleClientID) {
			t.Errorf("in an environment with another client_id: %v", err)
		}
		redacted, err := json.Marshal(challenge)
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range map[string]string{
			"redacted": string(redacted), "cut": string(stored[:len(stored)-1]), "more": string(stored) + "x",
			"wrong type": strings.Replace(string(stored), `"session":`, `"session":1,"x":`, 1),
		} {
			if _, err := client.ResumeChallenge([]byte(text)); err == nil || !strings.Contains(err.Error(), "not a saved challenge") {
				t.Errorf("%s: %v", what, err)
			}
		}
		damaged := strings.Replace(string(stored), `"device":`, `"device":1,"x":`, 1)
		if _, err := client.ResumeChallenge([]byte(damaged)); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("a damaged device: %v", err)
		}
		var session struct{ Session string }
		if err := json.Unmarshal(stored, &session); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{session.Session[1:] + "A", "", strings.Repeat("s", 5000)} {
			again, err := client.ResumeChallenge([]byte(strings.Replace(string(stored), session.Session, other, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := again.Respond(t.Context(), right); !hasCode(err, cognitoidp.CodeNotAuthorized) {
				t.Errorf("session %.20q: %v", other, err)
			}
		}
		again := continued(t, client, challenge)
		time.Sleep(time.Until(again.Expires()) + time.Second) // the stand-in's sessions last no longer
		if _, err := again.Respond(t.Context(), right); !hasCode(err, cognitoidp.CodeNotAuthorized) || !strings.Contains(err.Error(), "session duration") {
			t.Errorf("late: %v", err)
		}
	})
}

// Every byte of a stored challenge may be changed: it is refused here or by the pool, or was none that the pool checks;
// an answer that is wrong stays so.
func TestStoredChallengeChanged(t *testing.T) {
	server := everyFlow(withMFA("SMS_MFA"))
	client := exampleClient(server)
	stored, err := challenged(t, client, byPassword).Save()
	if err != nil {
		t.Fatal(err)
	}
	for i := range stored {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			text := bytes.Clone(stored)
			text[i] ^= bit
			challenge, err := client.ResumeChallenge(text)
			if err != nil {
				continue
			}
			if s, err := challenge.Respond(t.Context(), map[string]string{"SMS_MFA_CODE": "000000"}); s != nil || err == nil {
				t.Fatalf("byte %d: signed in", i)
			}
		}
	}
}

// With a challenge everything is stored that its answer may need: the choices, and the device that is proven later.
func TestContinueWithDevice(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		server := everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) { p.DeviceTracking = "ALWAYS" })
		client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
		device, _ := signIn(t, client).Device()
		challenge := challenged(t, client, cognito.Login{Flow: "USER_AUTH", Device: device})
		again := continued(t, &cognito.Client{Environment: env, HTTPClient: server.Client()}, challenge)
		if choices := again.Choices(); len(choices) == 0 || !slices.Equal(choices, challenge.Choices()) {
			t.Errorf("choices %q, want %q", choices, challenge.Choices())
		}
		s, err := again.Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD_SRP", "PASSWORD": cognitotest.ExamplePassword})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Device(); device.Key == "" || got != device {
			t.Errorf("device %v, want %v", got, device)
		}
	}
}

// When a challenge came is told by the pool's clock, so that another machine can tell how long it is good.
func TestChallengeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 3 * time.Hour
		server := everyFlow(withMFA("SMS_MFA"))
		base := server.Client().Transport
		client := exampleClient(server)
		client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := base.RoundTrip(r)
			if err == nil {
				response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			}
			return response, err
		})}
		// Not by SRP: the stand-in, whose clock it is not, would refuse the TIMESTAMP.
		challenge := challenged(t, client, cognito.Login{Flow: "USER_PASSWORD_AUTH", Password: cognitotest.ExamplePassword})
		if in := time.Until(challenge.Expires()); in != ahead+3*time.Minute {
			t.Errorf("it can be answered for %v", in)
		}
	})
}
