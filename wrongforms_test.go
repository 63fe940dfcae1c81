package cognito_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/jwt"
)

// skewedAWS is a user pool and an identity pool whose clock is off by a while from the local one.
type skewedAWS struct {
	off       time.Duration
	issued    int
	refreshed []string // the refresh tokens that were sent
	refused   int      // ID tokens that had expired
	damage    string   // written into the next answer instead of its ID token
	rotates   bool
}

func (a *skewedAWS) now() time.Time { return time.Now().Add(a.off) }

// token is a new ID token of an hour.
func (a *skewedAWS) token() string {
	a.issued++
	return part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss": "https://issuer.example/pool", "aud": exampleEnvironment().ClientID, "token_use": "id",
		"cognito:username": "ada", "jti": a.issued, "exp": a.now().Add(time.Hour).Unix(),
	}) + ".AAAA"
}

func (a *skewedAWS) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodHead { // opens a connection ahead
		return answer(404, ""), nil
	}
	var in struct {
		RefreshToken string
		Logins       map[string]string
	}
	if body, err := r.GetBody(); err == nil {
		json.NewDecoder(body).Decode(&in)
	}
	response := answer(404, "")
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "GetTokensFromRefreshToken":
		a.refreshed = append(a.refreshed, in.RefreshToken)
		id, rotated := fmt.Sprintf(`"IdToken":%q`, a.token()), ""
		if a.damage != "" {
			id, a.damage = a.damage, ""
		}
		if a.rotates {
			rotated = fmt.Sprintf(`,"RefreshToken":"rotated-%d"`, len(a.refreshed))
		}
		response = answer(200, fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3600,%s%s}}`, id, rotated))
	case "GetId", "GetCredentialsForIdentity":
		claims, err := jwt.ParseUnverified(in.Logins["issuer.example/pool"])
		switch {
		case err != nil || !a.now().Before(claims.ExpiresAt):
			a.refused++
			response = refusal(400, "NotAuthorizedException", "Invalid login token. Token expired: 1 >= 0")
		case operation == "GetId":
			response = answer(200, fmt.Sprintf(`{"IdentityId":%q}`, identityA))
		default:
			response = answer(200, fmt.Sprintf(`{"IdentityId":%q,"Credentials":{"AccessKeyId":"ASIA%d","SecretKey":"s","SessionToken":"t","Expiration":%d}}`,
				identityA, a.issued, a.now().Add(time.Hour).Unix()))
		}
	}
	response.Header.Set("Date", a.now().UTC().Format(http.TimeFormat))
	return response, nil
}

// A resumed session knows no clock but the local one until something has answered. If that is slow, the saved token looks
// good though it has expired; if it is fast, the token looks expired though it is good. Either way the session comes to
// itself after one refresh, and from then on goes by the service's clock.
func TestResumeWithWrongClock(t *testing.T) {
	for _, off := range []time.Duration{0, 3 * time.Hour, -3 * time.Hour} { // of the service
		for _, age := range []time.Duration{0, 90 * time.Minute} { // of the saved token
			t.Run(fmt.Sprintf("%v, token of %v ago", off, age), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					aws := &skewedAWS{off: off}
					saved := cognito.SavedSession{Tokens: cognito.Tokens{ID: aws.token(), Access: "a", Refresh: "r", Expires: aws.now().Add(time.Hour)}}
					time.Sleep(age)
					client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: &http.Client{Transport: aws}}
					s, err := client.Resume(t.Context(), saved.Save())
					if err != nil {
						t.Fatal(err)
					}
					first, err := s.Credentials(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					// Refreshed if the token had expired, or looked so: its end, by the local clock, lies off from now.
					want := 0
					if age > 0 || off+time.Hour <= 0 {
						want = 1
					}
					if len(aws.refreshed) != want {
						t.Errorf("%d refreshes, want %d", len(aws.refreshed), want)
					}
					if slow := off > time.Hour && age > 0; (aws.refused > 0) != slow {
						t.Errorf("%d expired tokens were sent", aws.refused)
					}
					for range 3 { // nothing is asked for again and again
						if again, err := s.Credentials(t.Context()); err != nil || again != first {
							t.Errorf("%v, %v", again, err)
						}
						if _, err := s.Tokens(t.Context()); err != nil {
							t.Error(err)
						}
					}
					if n := len(aws.refreshed); n > 1 {
						t.Errorf("%d refreshes", n)
					}
					refused := aws.refused
					time.Sleep(50 * time.Minute)
					if again, err := s.Credentials(t.Context()); err != nil || again == first {
						t.Errorf("not renewed by the service's clock: %v, %v", again, err)
					}
					if aws.refused != refused {
						t.Error("an expired token was sent though the clock is known")
					}
				})
			})
		}
	}
}

// With rotation the refresh token of an answer is the only one that is still good, whatever is wrong with the rest of it.
func TestRotatedTokenBesideDamage(t *testing.T) {
	for damage, want := range map[string]string{
		`"IdToken":"damaged"`:                        "ID token is unusable",
		`"IdToken":"not a token"`:                    "IdToken is not a token",
		`"IdToken":"a","AccessToken":"not a token"`:  "AccessToken is not a token",
		`"IdToken":"a","AccessToken":""`:             "no access token",
		`"IdToken":"a","ExpiresIn":-1`:               "ExpiresIn",
		`"IdToken":"a","ExpiresIn":"an hour"`:        "not the JSON object",
		`"IdToken":["a"]`:                            "not the JSON object",
		`"IdToken":"a","NewDeviceMetadata":"device"`: "not the JSON object",
	} {
		t.Run(damage, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { rotatedTokenBesideDamage(t, damage, want) })
		})
	}
}

func rotatedTokenBesideDamage(t *testing.T, damage, want string) {
	aws := &skewedAWS{rotates: true}
	saved := cognito.SavedSession{Tokens: cognito.Tokens{ID: aws.token(), Access: "a", Refresh: "first", Expires: aws.now().Add(time.Hour)}}
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: &http.Client{Transport: aws}}
	s, err := client.Resume(t.Context(), saved.Save())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Hour)
	aws.damage = damage
	if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	if got := savedSession(s).Tokens.Refresh; got != "rotated-1" {
		t.Errorf("%q would be saved", got)
	}
	if tokens, err := s.Tokens(t.Context()); err != nil || tokens.Refresh != "rotated-2" {
		t.Errorf("refresh token %q, error %v", tokens.Refresh, err)
	}
	if want := []string{"first", "rotated-1"}; !slices.Equal(aws.refreshed, want) {
		t.Errorf("refreshed with %q, want %q", aws.refreshed, want)
	}
}

// A password that SRP needs is there before the pool is asked for a challenge, which is good for some seconds only.
func TestPasswordBeforeChallenge(t *testing.T) {
	server := everyFlow(nil)
	count := watch(server, nil)
	client := exampleClient(server)
	for _, login := range []cognito.Login{
		{}, {Flow: "USER_SRP_AUTH"}, {Flow: "USER_PASSWORD_AUTH"},
		{Flow: "USER_AUTH", PreferredChallenge: "PASSWORD_SRP"}, {Flow: "USER_AUTH", PreferredChallenge: "PASSWORD"},
	} {
		login.Username = cognitotest.ExampleUser
		if _, err := client.Start(t.Context(), login); err == nil || !strings.Contains(err.Error(), "password must not be empty") {
			t.Errorf("%s: error %v", login.Flow, err)
		}
	}
	if n := count("InitiateAuth"); n != 0 {
		t.Errorf("%d sign-ins were begun", n)
	}
	_, err := client.Start(t.Context(), cognito.Login{Flow: "USER_AUTH", Username: cognitotest.ExampleUser})
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatal(err)
	}
	if _, err := challenge.Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD_SRP"}); err == nil || !strings.Contains(err.Error(), "PASSWORD is missing") {
		t.Errorf("error %v", err)
	}
	if n := count("RespondToAuthChallenge"); n != 0 {
		t.Errorf("%d answers were sent", n)
	}
	if _, err := challenge.Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD_SRP", "PASSWORD": cognitotest.ExamplePassword}); err != nil {
		t.Error(err)
	}
}

// Only an answer about the device has it left out, and once: not one that is about the app client, nor a wrong password.
func TestForgottenDeviceOnce(t *testing.T) {
	device := cognito.Device{Username: cognitotest.ExampleUser, Key: "us-east-1_00000000-0000-0000-0000-000000000000", GroupKey: "g", Password: "p"}
	login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword, Device: device}
	for _, test := range []struct {
		name          string
		operation     string
		code, message string
		times         int
	}{
		{"the device, for ever", "RespondToAuthChallenge", "ResourceNotFoundException", "Device does not exist.", 2},
		{"the device at once", "InitiateAuth", "ResourceNotFoundException", "Device does not exist.", 2},
		{"the app client", "InitiateAuth", "ResourceNotFoundException", "User pool client 0 does not exist.", 1},
		{"the password", "RespondToAuthChallenge", "NotAuthorizedException", "Incorrect username or password.", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := tracking("ALWAYS")
			count := watch(server, func(operation string, _ int) *http.Response {
				if operation == test.operation {
					return refusal(400, test.code, test.message)
				}
				return nil
			})
			if _, err := exampleClient(server).Start(t.Context(), login); !hasCode(err, test.code) {
				t.Errorf("error %v", err)
			}
			if n := count("InitiateAuth"); n != test.times {
				t.Errorf("%d sign-ins were begun, want %d", n, test.times)
			}
		})
	}
}
