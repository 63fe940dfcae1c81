package cognito_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
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
		s, err := client.Guest()
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
		s, err := client.Guest()
		if err != nil {
			t.Fatal(err)
		}
		want := time.Duration(0)
		if own != nil {
			want = own.Timeout
		}
		signing := s.HTTPClient("s3")
		if signing.Timeout != want {
			t.Errorf("time limit %v, want %v", signing.Timeout, want)
		}
		switch base, ok := signing.Transport.(*sigv4.Transport).Base.(*http.Transport); {
		case own == nil && (!ok || base.ResponseHeaderTimeout != 0): // a function of AWS Lambda may take 15 minutes to answer
			t.Error("an answer may not take as long as a context lets it")
		case own == nil && base != s.HTTPClient("kinesis").Transport.(*sigv4.Transport).Base:
			t.Error("the connections are not shared")
		case own != nil && ok:
			t.Error("the program's own transport is not used")
		}
	}
}

// FIPS and DualStack reach every service, the connections that are made ahead included.
func TestHosts(t *testing.T) {
	for _, test := range []struct {
		fips, dualStack bool
		want            []string
	}{
		{false, false, []string{"cognito-identity.us-east-1.amazonaws.com", "cognito-idp.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com"}},
		{true, false, []string{"cognito-identity-fips.us-east-1.amazonaws.com", "cognito-idp-fips.us-east-1.amazonaws.com", "sts-fips.us-east-1.amazonaws.com"}},
		{false, true, []string{"cognito-identity.us-east-1.amazonaws.com", "cognito-idp.us-east-1.amazonaws.com", "sts.us-east-1.api.aws"}},
		{true, true, []string{"cognito-identity-fips.us-east-1.amazonaws.com", "cognito-idp-fips.us-east-1.amazonaws.com", "sts-fips.us-east-1.api.aws"}},
	} {
		server := cognitotest.Example()
		var mu sync.Mutex
		hosts := map[string]bool{}
		server.Fault = func(r *http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			hosts[r.Host] = true
			return nil
		}
		client := exampleClient(server)
		client.FIPS, client.DualStack, client.Duration = test.fips, test.dualStack, time.Hour
		s := signIn(t, client)
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.VerifyIDToken(t.Context(), savedSession(s).Tokens.ID); err != nil {
			t.Error(err)
		}
		mu.Lock()
		if got := slices.Sorted(maps.Keys(hosts)); !slices.Equal(got, test.want) {
			t.Errorf("FIPS %v, DualStack %v: hosts %q, want %q", test.fips, test.dualStack, got, test.want)
		}
		mu.Unlock()
	}
	client := &cognito.Client{Environment: exampleEnvironment(), FIPS: true}
	client.Environment.Endpoints.CognitoIDP = "https://pool.example"
	if _, err := client.SignIn(t.Context(), "ada", "p"); err == nil || !strings.Contains(err.Error(), "FIPS and DualStack") {
		t.Errorf("error %v", err)
	}
}
