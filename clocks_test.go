package cognito_test

import (
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
	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/sts"
)

// A clockCycle is a stand-in for AWS in which the Date headers of one service are wrong.
type clockCycle struct {
	client   *cognito.Client
	service  string        // the start of the host's name
	off      time.Duration // of its Date headers
	requests atomic.Int64
}

func newClockCycle(service string, duration time.Duration) *clockCycle {
	c := &clockCycle{service: service}
	server := cognitotest.Example()
	base := server.Client().Transport
	c.client = exampleClient(server)
	c.client.Duration = duration
	c.client.HTTPClient = &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			c.requests.Add(1)
			response, err := base.RoundTrip(r)
			if err == nil && strings.HasPrefix(r.URL.Host, c.service) {
				date := time.Now().Add(c.off).UTC().Format(http.TimeFormat)
				response.Header.Set("Date", date)
			}
			return response, err
		}),
	}
	return c
}

// signIn signs in and runs a session.
func (c *clockCycle) signIn(t *testing.T) (s *cognito.Session, errs []string) {
	t.Helper()
	s, err := c.client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		return nil, []string{fmt.Sprintf("SignIn: %v", err)}
	}
	return s, c.run(t, s)
}

// run uses a session for two hours, in which it refreshes its tokens and its credentials.
func (c *clockCycle) run(t *testing.T, s *cognito.Session) (errs []string) {
	t.Helper()
	service := &sts.Client{
		Region:      cognitotest.ExampleRegion,
		HTTPClient:  c.client.HTTPClient,
		Credentials: s.Credentials,
	}
	signing := s.HTTPClient("s3", cognitotest.ExampleRegion)
	for range 4 {
		note := func(what string, err error) {
			if err != nil {
				errs = append(errs, what+": "+err.Error())
			}
		}
		tokens, err := s.Tokens(t.Context())
		note("Tokens", err)
		_, err = c.client.VerifyIDToken(t.Context(), tokens.ID)
		note("VerifyIDToken", err)
		creds, err := s.Credentials(t.Context())
		note("Credentials", err)
		if err == nil && !time.Now().Before(creds.Expires) {
			errs = append(errs, "Credentials: they have expired")
		}
		_, err = service.GetCallerIdentity(t.Context())
		note("GetCallerIdentity", err)
		response, err := signing.Get("https://s3.us-east-1.amazonaws.com/" +
			cognitotest.ExampleBucket + "?list-type=2")
		note("GET", err)
		if err == nil {
			response.Body.Close()
			if response.StatusCode != 200 {
				errs = append(errs, "GET: "+response.Status)
			}
		}
		if savedSession(s).Tokens.Refresh == "" {
			t.Error("the session has lost its refresh token")
		}
		time.Sleep(40 * time.Minute)
	}
	return errs
}

// TestWrongDates runs a sign-in and a session in both flows, with Date headers of one service, or
// of all, that differ from the clock by which it checks requests and issues tokens. Small and
// absurd differences change nothing. Others may cause errors, but end no session, and leave nothing
// once the headers are right.
func TestWrongDates(t *testing.T) {
	const year = 365 * 24 * time.Hour
	step, n := longtest.Step(t, 7), 0
	for _, service := range []string{"cognito-idp.", "cognito-identity.", "sts.", "s3.", ""} {
		for _, off := range []time.Duration{
			-3 * year, -time.Hour, 10 * time.Minute, time.Hour, 3 * year,
		} {
			for _, duration := range []time.Duration{0, time.Hour} {
				if n++; n%step != 0 {
					continue
				}
				t.Run(fmt.Sprint(service, off, duration), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						c := newClockCycle(service, duration)
						before, errs := c.signIn(t)
						if errs != nil {
							t.Fatalf("with right dates: %q", errs)
						}
						usual := c.requests.Swap(0)
						c.off = off
						_, errs = c.signIn(t)
						errs = slices.Concat(errs, c.run(t, before))
						if errs != nil && off.Abs() != time.Hour {
							t.Errorf("with wrong dates: %q", errs)
						}
						if n := c.requests.Load(); n > 4*usual {
							t.Errorf("%d requests with wrong dates, want at most twice as many "+
								"as the usual %d for each of two sessions", n, usual)
						}
						c.off = 0
						_, errs = c.signIn(t)
						if errs = slices.Concat(errs, c.run(t, before)); errs != nil {
							t.Errorf("after the dates are right again: %q", errs)
						}
					})
				})
			}
		}
	}
}
