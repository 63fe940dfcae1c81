package cognito_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// No way of printing or marshalling shows a secret.
func TestNothingPrintsSecrets(t *testing.T) {
	client := &cognito.Client{Environment: secretEnvironment(), HTTPClient: cognitotest.Example().Client()}
	session := signIn(t, client)
	if _, err := session.Credentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	saved := savedSession(session)
	saved.Device = cognito.Device{Username: "ada", Key: "us-east-1_0", GroupKey: "g", Password: "device-Password"}
	login := cognito.Login{Username: "ada", Password: cognitotest.ExamplePassword, Device: saved.Device, Session: "login-Session"}
	_, challenge := client.SignIn(t.Context(), cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	revealed, err := asChallenge(challenge).Save()
	var stored struct{ Session string }
	if err != nil || json.Unmarshal(revealed, &stored) != nil || stored.Session == "" {
		t.Fatal(err)
	}
	secrets := []string{
		stored.Session,
		cognitotest.ExampleClientSecret, cognitotest.ExamplePassword, "ASIA", "device-Password", "login-Session",
		saved.Tokens.ID, saved.Tokens.Access, saved.Tokens.Refresh,
	}
	for _, value := range []any{client.Environment, client, session, saved, &saved, saved.Tokens, &saved.Tokens, saved.Device, login, &login, challenge,
		fmt.Errorf("wrapped: %w", challenge), errors.Join(challenge), struct{ err error }{challenge}} {
		values := []any{value, []any{value}, struct{ Inner any }{value}, map[string]any{"k": value}}
		for _, v := range values {
			var printed bytes.Buffer
			for _, verb := range "vsdxXqtbeTU" {
				fmt.Fprintf(&printed, "%"+string(verb)+" %+"+string(verb)+" %#"+string(verb)+"\n", v, v, v)
			}
			slog.New(slog.NewTextHandler(&printed, nil)).Info("m", "v", v)
			slog.New(slog.NewJSONHandler(&printed, nil)).Info("m", "v", v)
			text, err := json.Marshal(v)
			if err != nil {
				t.Errorf("%T: %v", value, err)
			}
			printed.Write(text)
			for _, secret := range secrets {
				if strings.Contains(printed.String(), secret) || strings.Contains(printed.String(), fmt.Sprintf("%x", secret)) {
					t.Errorf("%T shows a secret:\n%s", value, printed.String())
				}
			}
		}
	}
}

// What Reveal writes on purpose, json.Unmarshal reads; what was redacted is refused rather than read as nothing.
func TestReveal(t *testing.T) {
	want := cognito.SavedSession{
		Tokens:     cognito.Tokens{ID: "i", Access: "a", Refresh: "r", Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		IdentityID: "us-east-1:0",
		Device:     cognito.Device{Username: "ada", Key: "us-east-1_0", GroupKey: "g", Password: "p"},
	}
	text := want.Save()
	var got cognito.SavedSession
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %+v, want %+v: %v", got, want, err)
	}
	redacted, _ := json.Marshal(want)
	if err := json.Unmarshal(redacted, &got); err == nil {
		t.Error("redacted text was read")
	}
}
