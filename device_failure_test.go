package cognito_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A device that could not be confirmed for a moment is confirmed before the first refresh, also where the pool had
// confirmed it and only the answer was lost.
func TestDeviceIsConfirmedLater(t *testing.T) {
	for _, carriedOut := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server := tracking("ALWAYS")
			count := watch(server, nil)
			base, lost := server.Client().Transport, false
			client := exampleClient(server)
			client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ConfirmDevice") && !lost {
					lost = true
					if carriedOut {
						if _, err := base.RoundTrip(r); err != nil {
							t.Error(err)
						}
					}
					return answer(503, ""), nil
				}
				return base.RoundTrip(r)
			})}
			login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword}
			s, _ := withTOTP(t, client, login)
			if device, _ := s.Device(); device.Key != "" {
				t.Errorf("device %v before it was confirmed", device)
			}
			time.Sleep(57 * time.Minute)
			if _, err := s.Tokens(t.Context()); err != nil || count("GetTokensFromRefreshToken") != 1 {
				t.Fatalf("%d refreshes, error %v", count("GetTokensFromRefreshToken"), err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Fatal(err)
			}
			login.Device, _ = s.Device()
			if _, asked := withTOTP(t, client, login); asked || login.Device.Key == "" {
				t.Errorf("the device %v is not known", login.Device)
			}
		})
	}
}

// Where a device comes into play only after the user has answered, the sign-in can't be begun anew: a forgotten device is
// left out, and a wrong one is named as the cause.
func TestDeviceAfterAnAnswer(t *testing.T) {
	for name, change := range map[string]func(*cognito.Device){
		"forgotten": func(d *cognito.Device) { d.Key = "us-east-1_00000000-0000-0000-0000-000000000000" },
		"damaged":   func(d *cognito.Device) { d.Password += "x" },
	} {
		t.Run(name, func(t *testing.T) {
			server := everyFlow(func(p *cognitotest.UserPool, u *cognitotest.User) {
				p.DeviceTracking = "ALWAYS"
			})
			client := exampleClient(server)
			device, _ := signIn(t, client).Device()
			change(&device)
			_, err := client.Start(t.Context(), cognito.Login{Username: cognitotest.ExampleEmail, Flow: "USER_AUTH", Device: device})
			challenge := asChallenge(err)
			if challenge == nil || challenge.Name != "SELECT_CHALLENGE" {
				t.Fatal(err)
			}
			_, err = challenge.Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD_SRP", "PASSWORD": cognitotest.ExamplePassword})
			if name == "forgotten" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !hasCode(err, "NotAuthorizedException") || !strings.Contains(err.Error(), "without the device") || strings.Contains(err.Error(), "password is wrong") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// What a store hands out is the session's own, or it is refused, and the session goes on with what it has.
func TestStoreOfAnotherUser(t *testing.T) {
	for _, kind := range []string{"another user", "another user, to refresh", "unusable"} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			server.UserPools[0].Users = append(server.UserPools[0].Users, cognitotest.User{Name: "bob", Password: cognitotest.ExamplePassword})
			other, err := exampleClient(server).SignIn(t.Context(), "bob", cognitotest.ExamplePassword)
			if err != nil {
				t.Fatal(err)
			}
			client := exampleClient(server)
			client.RefreshWith = func(ctx context.Context, _ cognito.SavedSession, refresh refresher) (cognito.SavedSession, error) {
				saved := savedSession(other)
				switch kind {
				case "unusable":
					saved.Tokens.ID = "x"
				case "another user, to refresh":
					return refresh(ctx, saved)
				}
				return saved, nil
			}
			s := signIn(t, client)
			own := savedSession(s).Tokens
			time.Sleep(57 * time.Minute)
			if tokens, err := s.Tokens(t.Context()); err != nil || tokens != own {
				t.Errorf("the session has the tokens of another, or none: %v", err)
			}
			if user := s.UnverifiedClaims().Username; user != cognitotest.ExampleUser {
				t.Errorf("the session became %q's", user)
			}
			time.Sleep(time.Hour)
			if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(kind, ", to refresh")) {
				t.Errorf("error %v", err)
			}
			if savedSession(s).Tokens.Refresh != own.Refresh {
				t.Error("the refresh token was lost")
			}
			if kind == "unusable" {
				return
			}
			if err := s.SignOut(t.Context()); err != nil {
				t.Error(err)
			}
			for _, test := range []struct {
				saved cognito.SavedSession
				ended bool
			}{{cognito.SavedSession{Tokens: own}, true}, {savedSession(other), false}} {
				test.saved.Tokens.ID = ""
				if _, err := exampleClient(server).Resume(t.Context(), test.saved.Save()); (err != nil) != test.ended {
					t.Errorf("after SignOut: %v", err)
				}
			}
		})
	}
}

// Processes share what is stored, and with the tokens the device that they belong to: also that of a later sign-in.
func TestStoredDeviceComesWithTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := tracking("ALWAYS")
		store := fileStore(filepath.Join(t.TempDir(), "session.json"))
		client := exampleClient(server)
		client.RefreshWith = store.refreshWith
		login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword}
		s, _ := withTOTP(t, client, login)
		time.Sleep(time.Minute)
		later, _ := withTOTP(t, client, login)
		if err := store.save(savedSession(later)); err != nil {
			t.Fatal(err)
		}
		device, _ := later.Device()
		for range 3 {
			time.Sleep(57 * time.Minute)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, _ := s.Device(); got != device {
				t.Errorf("device %v, want %v", got, device)
			}
		}
		if stored, err := store.load(); err != nil || stored.Device != device {
			t.Errorf("device %v is stored: %v", stored.Device, err)
		}
	})
}

// A refresh names the device that the refresh token is bound to: by the older way, and where a store brings another one.
func TestRefreshNamesDevice(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server := tracking("ALWAYS")
			watch(server, func(operation string, _ int) *http.Response {
				if legacy && operation == "GetTokensFromRefreshToken" {
					return refusal(400, "UnknownOperationException", "")
				}
				return nil
			})
			client := exampleClient(server)
			login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword}
			s, _ := withTOTP(t, client, login)
			time.Sleep(57 * time.Minute)
			if tokens, err := s.Tokens(t.Context()); err != nil || time.Until(tokens.Expires) < 50*time.Minute {
				t.Errorf("legacy %v: %v, tokens until %v", legacy, err, tokens.Expires)
			}
			other, _ := withTOTP(t, client, login)
			sharing := exampleClient(server)
			sharing.RefreshWith = func(ctx context.Context, _ cognito.SavedSession, refresh refresher) (cognito.SavedSession, error) {
				return refresh(ctx, savedSession(other))
			}
			resumed, err := sharing.Resume(t.Context(), s.Save())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := resumed.Tokens(t.Context()); err != nil {
				t.Errorf("legacy %v, another device: %v", legacy, err)
			}
		})
	}
}

// A device that is confirmed late is stored with the tokens then; what a store forgets to return is not lost.
func TestLateDeviceIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := tracking("ALWAYS")
		count := watch(server, func(operation string, n int) *http.Response {
			if operation == "ConfirmDevice" && n == 1 {
				return refusal(400, "InvalidLambdaResponseException", "")
			}
			return nil
		})
		client := exampleClient(server)
		var stored cognito.SavedSession
		client.RefreshWith = func(ctx context.Context, current cognito.SavedSession, refresh refresher) (_ cognito.SavedSession, err error) {
			stored, err = refresh(ctx, current)
			return cognito.SavedSession{}, err
		}
		s, _ := withTOTP(t, client, cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword})
		time.Sleep(57 * time.Minute)
		tokens, err := s.Tokens(t.Context())
		if device, _ := s.Device(); err != nil || device.Key == "" || stored.Device != device || stored.Tokens.Refresh != tokens.Refresh {
			t.Errorf("device %v, stored %v: %v", device, stored.Device, err)
		}
		time.Sleep(time.Minute)
		if _, err := s.Tokens(t.Context()); err != nil || count("GetTokensFromRefreshToken") != 1 {
			t.Errorf("%d refreshes: %v", count("GetTokensFromRefreshToken"), err)
		}
	})
}

// What is left of a damaged device does not keep its user out.
func TestDeviceThatIsOfNoUse(t *testing.T) {
	for name, change := range map[string]func(*cognito.Device){
		"no password":  func(d *cognito.Device) { d.Password = "" },
		"no group key": func(d *cognito.Device) { d.GroupKey = "" },
		"no key":       func(d *cognito.Device) { d.Key = "" },
		"other key":    func(d *cognito.Device) { d.Key = "?" },
	} {
		synctest.Test(t, func(t *testing.T) {
			server := tracking("ALWAYS")
			server.Fault = func(r *http.Request) *http.Response {
				if body, err := io.ReadAll(r.Body); err == nil && strings.Contains(string(body), `"DEVICE_KEY":"?"`) {
					return refusal(400, "InvalidParameterException", "Invalid device key given.")
				}
				return nil
			}
			login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword}
			s, _ := withTOTP(t, exampleClient(server), login)
			login.Device, _ = s.Device()
			change(&login.Device)
			time.Sleep(time.Minute)
			if _, asked := withTOTP(t, exampleClient(server), login); !asked {
				t.Errorf("%s: taken for the device", name)
			}
		})
	}
}

// What is for one flow only is not sent with another, which would fail for a reason that is hard to see.
func TestLoginThatContradictsItself(t *testing.T) {
	server := cognitotest.Example()
	count := watch(server, nil)
	for _, login := range []cognito.Login{
		{Username: "ada", Password: "p", Session: "a-session-of-20-letters"},
		{Username: "ada", Password: "p", PreferredChallenge: "EMAIL_OTP"},
		{Username: "ada", Password: "p", PreferredChallenge: "PASSWORD", Flow: "USER_PASSWORD_AUTH"},
	} {
		if _, err := exampleClient(server).Start(t.Context(), login); err == nil || !strings.Contains(err.Error(), "USER_AUTH") {
			t.Errorf("error %v", err)
		}
	}
	if n := count("InitiateAuth"); n != 0 {
		t.Errorf("%d sign-ins", n)
	}
}
