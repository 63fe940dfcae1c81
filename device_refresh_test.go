package cognito_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// If ConfirmDevice failed, the first refresh retries it. The pool may have confirmed the device, if
// only the response was lost.
func TestDeviceConfirmedLater(t *testing.T) {
	for _, carriedOut := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server := tracking("ALWAYS")
			count := watch(server, nil)
			base, lost := server.Client().Transport, false
			client := exampleClient(server)
			client.HTTPClient = &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ConfirmDevice") && !lost {
						lost = true
						if carriedOut {
							if _, err := base.RoundTrip(r); err != nil {
								t.Errorf("RoundTrip: %v", err)
							}
						}
						return answer(503, ""), nil
					}
					return base.RoundTrip(r)
				}),
			}
			login := cognito.Login{
				Username: cognitotest.ExampleUser,
				Password: cognitotest.ExamplePassword,
			}
			s, _ := withTOTP(t, client, login)
			if device, _ := s.Device(); device.Key != "" {
				t.Errorf("device %v before it was confirmed", device)
			}
			time.Sleep(57 * time.Minute)
			if _, err := s.Tokens(t.Context()); err != nil ||
				count("GetTokensFromRefreshToken") != 1 {
				t.Fatalf("%d refreshes, error %v", count("GetTokensFromRefreshToken"), err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Fatalf("Tokens: %v", err)
			}
			login.Device, _ = s.Device()
			if _, asked := withTOTP(t, client, login); asked || login.Device.Key == "" {
				t.Errorf("the pool does not know device %v", login.Device)
			}
		})
	}
}

// A session takes the device that is stored with the tokens, also that of a later sign-in.
func TestRefreshWithOtherDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := tracking("ALWAYS")
		store := fileStore(filepath.Join(t.TempDir(), "session.json"))
		client := exampleClient(server)
		client.RefreshWith = store.refreshWith
		login := cognito.Login{
			Username: cognitotest.ExampleUser,
			Password: cognitotest.ExamplePassword,
		}
		s, _ := withTOTP(t, client, login)
		time.Sleep(time.Minute)
		later, _ := withTOTP(t, client, login)
		if err := store.save(savedSession(later)); err != nil {
			t.Fatalf("save: %v", err)
		}
		device, _ := later.Device()
		for range 3 {
			time.Sleep(57 * time.Minute)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Fatalf("Tokens: %v", err)
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

// Every kind of refresh names the device that the refresh token is bound to.
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
			login := cognito.Login{
				Username: cognitotest.ExampleUser,
				Password: cognitotest.ExamplePassword,
			}
			s, _ := withTOTP(t, client, login)
			time.Sleep(57 * time.Minute)
			if tokens, err := s.Tokens(t.Context()); err != nil ||
				time.Until(tokens.Expires) < 50*time.Minute {
				t.Errorf("legacy %v: %v, tokens until %v", legacy, err, tokens.Expires)
			}
			other, _ := withTOTP(t, client, login)
			sharing := exampleClient(server)
			sharing.RefreshWith = func(ctx context.Context, _ cognito.SavedSession,
				refresh refresher) (cognito.SavedSession, error) {
				return refresh(ctx, savedSession(other))
			}
			resumed, err := sharing.Resume(t.Context(), s.Save())
			if err != nil {
				t.Fatalf("Resume: %v", err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := resumed.Tokens(t.Context()); err != nil {
				t.Errorf("legacy %v, another device: %v", legacy, err)
			}
		})
	}
}

// A device that the first refresh confirms is stored with the new tokens. It is kept if RefreshWith
// does not return it.
func TestRefreshWithLateDevice(t *testing.T) {
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
		client.RefreshWith = func(ctx context.Context, current cognito.SavedSession,
			refresh refresher) (_ cognito.SavedSession, err error) {
			stored, err = refresh(ctx, current)
			return cognito.SavedSession{}, err
		}
		s, _ := withTOTP(t, client, cognito.Login{
			Username: cognitotest.ExampleUser,
			Password: cognitotest.ExamplePassword,
		})
		time.Sleep(57 * time.Minute)
		tokens, err := s.Tokens(t.Context())
		if device, _ := s.Device(); err != nil || device.Key == "" || stored.Device != device ||
			stored.Tokens.Refresh != tokens.Refresh {
			t.Errorf("device %v, stored %v: %v", device, stored.Device, err)
		}
		time.Sleep(time.Minute)
		if _, err := s.Tokens(t.Context()); err != nil || count("GetTokensFromRefreshToken") != 1 {
			t.Errorf("%d refreshes: %v", count("GetTokensFromRefreshToken"), err)
		}
	})
}
