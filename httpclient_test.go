package cognito_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A machine whose clock is off by more than services accept can still use what it signs with HTTPClient.
func TestHTTPClientFollowsServerClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 20 * time.Minute
		base := cognitotest.Example().Client().Transport
		var signed string
		client := exampleClient(new(cognitotest.Server))
		client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Host, "execute-api.") {
				signed = r.Header.Get("X-Amz-Date")
				return answer(200, ""), nil
			}
			response, err := base.RoundTrip(r)
			if err == nil {
				response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			}
			return response, err
		})}
		s, err := client.Guest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.HTTPClient("execute-api").Get("https://execute-api.us-east-1.amazonaws.com/")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if want := time.Now().Add(ahead).UTC().Format("20060102T150405Z"); signed != want {
			t.Errorf("signed with %s, want %s", signed, want)
		}
	})
}

// The time limit of sign-in calls is not one of downloads; a limit that the program has set is.
func TestHTTPClientTimeout(t *testing.T) {
	for _, own := range []*http.Client{nil, {Timeout: time.Hour}} {
		client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: own}
		s, err := client.Guest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := time.Duration(0)
		if own != nil {
			want = own.Timeout
		}
		if got := s.HTTPClient("s3").Timeout; got != want {
			t.Errorf("time limit %v, want %v", got, want)
		}
	}
}
