package cognito_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
)

const ten = 10 * time.Second

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		count := watch(server, nil)
		s := signIn(t, exampleClient(server))
		get := func() sigv4.Credentials {
			t.Helper()
			creds, err := s.Credentials(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return creds
		}
		first := get()
		if time.Until(first.Expires) != time.Hour {
			t.Fatalf("credentials live %v", time.Until(first.Expires))
		}
		time.Sleep(45*time.Minute - ten)
		if get() != first {
			t.Error("renewed with more than 15 minutes left")
		}
		time.Sleep(2 * ten)
		second := get()
		if second == first || time.Until(second.Expires) != time.Hour {
			t.Errorf("not renewed with less than 15 minutes left: %v", second)
		}
		if n := count("GetTokensFromRefreshToken"); n != 0 {
			t.Errorf("%d refreshes of tokens that had 15 minutes left", n)
		}
		time.Sleep(45 * time.Minute) // the tokens have expired, too
		if get() == second {
			t.Error("not renewed")
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		if n := count("GetId"); n != 1 {
			t.Errorf("the identity was asked for %d times", n)
		}
	})
}

func TestManyCallersOneRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		count := watch(server, func(string, int) *http.Response {
			time.Sleep(time.Second) // so that they really wait for each other
			return nil
		})
		s := signIn(t, exampleClient(server))
		time.Sleep(2 * time.Hour)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		var running sync.WaitGroup
		running.Go(func() {
			if _, err := s.Credentials(impatient); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		})
		for range 100 {
			running.Go(func() {
				if _, err := s.Credentials(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		for _, operation := range []string{"GetTokensFromRefreshToken", "GetId", "GetCredentialsForIdentity"} {
			if n := count(operation); n != 1 {
				t.Errorf("%s was called %d times", operation, n)
			}
		}
	})
}

func TestStaleIsServedWhileValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		var down atomic.Bool
		count := watch(server, func(operation string, _ int) *http.Response {
			if down.Load() {
				return refusal(400, "ResourceConflictException", "try later")
			}
			return nil
		})
		s := signIn(t, exampleClient(server))
		first, err := s.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		down.Store(true)
		time.Sleep(50 * time.Minute)
		for range 10 {
			if stale, err := s.Credentials(t.Context()); err != nil || stale != first {
				t.Fatalf("credentials %v, error %v", stale, err)
			}
		}
		if n := count("GetCredentialsForIdentity"); n > 2 {
			t.Errorf("%d attempts at once", n)
		}
		time.Sleep(time.Minute)
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count("GetCredentialsForIdentity"); n != 3 {
			t.Errorf("%d attempts after a pause", n)
		}
		time.Sleep(10 * time.Minute)
		if stale, err := s.Credentials(t.Context()); err == nil {
			t.Errorf("expired credentials were served: %v", stale)
		}
		down.Store(false)
		if creds, err := s.Credentials(t.Context()); err != nil || creds == first {
			t.Errorf("no recovery: %v, %v", creds, err)
		}
	})
}

// An answer that says no more than that the service is in trouble must not end a session.
func TestRefreshTroubleKeepsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		var down atomic.Bool
		watch(server, func(operation string, _ int) *http.Response {
			if down.Load() && operation == "GetTokensFromRefreshToken" {
				return refusal(500, "InternalErrorException", "")
			}
			return nil
		})
		s := signIn(t, exampleClient(server))
		down.Store(true)
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); !hasCode(err, cognitoidp.CodeInternalError) {
			t.Errorf("error %v", err)
		}
		down.Store(false)
		if _, err := s.Tokens(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestGuest(t *testing.T) {
	for _, duration := range []time.Duration{0, time.Hour} {
		server := cognitotest.Example()
		client := exampleClient(server)
		client.Duration = duration
		if duration > 0 {
			client.Environment.RoleARN = cognitotest.ExampleGuestRoleARN
		}
		s, err := client.Guest()
		if err != nil {
			t.Fatal(err)
		}
		if creds, err := s.Credentials(t.Context()); err != nil || creds.SessionToken == "" {
			t.Errorf("duration %v: credentials %v, error %v", duration, creds, err)
		}
		if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), "guest") {
			t.Errorf("a guest's tokens: %v", err)
		}
	}
	server := cognitotest.Example()
	server.IdentityPools[0].AllowGuests = false
	s, err := exampleClient(server).Guest()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Credentials(t.Context()); err == nil || !strings.Contains(err.Error(), "does not allow guests") {
		t.Errorf("error %v", err)
	}
}

func TestHTTPClient(t *testing.T) {
	server := cognitotest.Example()
	s := signIn(t, exampleClient(server))
	client := s.HTTPClient("s3")
	url := "https://" + cognitotest.ExampleBucket + ".s3.us-east-1.amazonaws.com/?list-type=2"
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != 200 || !strings.Contains(string(body), "ListBucketResult") {
		t.Errorf("status %d: %s", response.StatusCode, body)
	}
	server.Fault = func(r *http.Request) *http.Response {
		if r.URL.Path != "/" {
			t.Error("a redirect was followed")
		}
		return &http.Response{StatusCode: 307, Header: http.Header{"Location": {"https://sts.us-east-1.amazonaws.com/elsewhere"}}}
	}
	if response, err = client.Get(url); err != nil || response.StatusCode != 307 {
		t.Errorf("response %v, error %v", response, err)
	}
}
