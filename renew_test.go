package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// unsigned is an ID token of the example's pool that nobody signed.
func unsigned(expires time.Time) string {
	return part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "aud": cognitotest.ExampleClientID,
		"token_use": "id", "cognito:username": "ada", "exp": expires.Unix(),
	}) + ".AAAA"
}

// A pool that rotates refresh tokens takes the old one no more. The new one is kept even if the rest of the answer is of
// no use: here it has expired by the local clock, and the answers have no Date that would correct it.
func TestRotatedTokenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := cognitotest.Example().Client().Transport
		var taken []string
		client := exampleClient(new(cognitotest.Server))
		client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetTokensFromRefreshToken") {
				return base.RoundTrip(r)
			}
			var in struct{ RefreshToken string }
			if body, err := r.GetBody(); err != nil || json.NewDecoder(body).Decode(&in) != nil {
				t.Error("a refresh without a token")
			}
			taken = append(taken, in.RefreshToken)
			expires := time.Now().Add(time.Hour)
			if len(taken) == 1 {
				expires = time.Now()
			}
			return answer(200, fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3600,"IdToken":%q,"RefreshToken":"rotated-%d"}}`,
				unsigned(expires), len(taken))), nil
		})}
		s := signIn(t, client)
		first := savedSession(s).Tokens.Refresh
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), "clock") {
			t.Errorf("error %v", err)
		}
		if saved := savedSession(s).Tokens.Refresh; saved != "rotated-1" {
			t.Errorf("%q would be saved", saved)
		}
		if tokens, err := s.Tokens(t.Context()); err != nil || tokens.Refresh != "rotated-2" {
			t.Errorf("refresh token %q, error %v", tokens.Refresh, err)
		}
		if want := []string{first, "rotated-1"}; !slices.Equal(taken, want) {
			t.Errorf("refreshed with %q, want %q", taken, want)
		}
	})
}

// hangingClient signs in to the example. What it sends while hanging is set gets no answer.
func hangingClient() (client *cognito.Client, hanging *atomic.Bool) {
	server := cognitotest.Example()
	base := server.Client().Transport
	client, hanging = exampleClient(server), new(atomic.Bool)
	client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if hanging.Load() {
			<-r.Context().Done()
			return nil, context.Cause(r.Context()) // as net/http does
		}
		return base.RoundTrip(r)
	})}
	return client, hanging
}

// Who has valid credentials does not wait for long for a service that does not answer, and only the first one waits.
func TestHangingRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, hanging := hangingClient()
		s := signIn(t, client)
		first, err := s.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(46 * time.Minute)
		hanging.Store(true)
		for _, longest := range []time.Duration{10 * time.Second, 0, 0} {
			begun := time.Now()
			creds, err := s.Credentials(t.Context())
			if waited := time.Since(begun); err != nil || creds != first || waited > longest {
				t.Errorf("%v after %v, error %v", creds, waited, err)
			}
		}
		time.Sleep(14*time.Minute - 15*time.Second) // 5 seconds of them are left, less than one waits
		impatient, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if creds, err := s.Credentials(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, error %v", creds, err)
		}
		hanging.Store(false)
		time.Sleep(5 * time.Minute) // whatever hangs has ended
		if creds, err := s.Credentials(t.Context()); err != nil || creds == first {
			t.Errorf("%v, error %v", creds, err)
		}
	})
}

// Who gives up learns why: by the context's error, and by the cause that was given to it.
func TestCauseOfGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, hanging := hangingClient()
		s := signIn(t, client)
		time.Sleep(2 * time.Hour)
		hanging.Store(true)
		mine := errors.New("the user went away")
		for i, call := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := s.Tokens(ctx); return err },
			func(ctx context.Context) error { _, err := s.Credentials(ctx); return err },
			s.SignOut, // waits for the refresh that Tokens began
		} {
			for _, cause := range []error{nil, mine} {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(cause) })
				for range 2 { // then it has ended before
					if err := call(ctx); !errors.Is(err, context.Canceled) || cause != nil && !errors.Is(err, cause) {
						t.Errorf("call %d, cause %v: error %v", i, cause, err)
					}
				}
			}
		}
		time.Sleep(5 * time.Minute) // whatever hangs has ended
	})
}
