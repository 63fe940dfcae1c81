package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
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
		down := false
		count := watch(server, func(operation string, _ int) *http.Response {
			if down {
				return refusal(400, "ResourceConflictException", "try later")
			}
			return nil
		})
		s := signIn(t, exampleClient(server))
		first, err := s.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		down = true
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
		down = false
		if creds, err := s.Credentials(t.Context()); err != nil || creds == first {
			t.Errorf("no recovery: %v, %v", creds, err)
		}
	})
}

func TestResume(t *testing.T) {
	for name, env := range map[string]cognito.Environment{"public": exampleEnvironment(), "secret": secretEnvironment()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				server := cognitotest.Example()
				count := watch(server, nil)
				client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
				s := signIn(t, client)
				id, err := s.IdentityID(ctx)
				if err != nil {
					t.Fatal(err)
				}
				stored, err := s.Save().Reveal()
				if err != nil {
					t.Fatal(err)
				}

				// Another process.
				var saved cognito.Saved
				if err := json.Unmarshal(stored, &saved); err != nil {
					t.Fatal(err)
				}
				client = &cognito.Client{Environment: env, HTTPClient: server.Client()}
				again, err := client.Resume(ctx, saved)
				if err != nil {
					t.Fatal(err)
				}
				if n := count("GetTokensFromRefreshToken"); n != 0 {
					t.Errorf("%d refreshes of tokens that are still good", n)
				}
				if other, err := again.IdentityID(ctx); err != nil || other != id {
					t.Errorf("identity %q, want %q: %v", other, id, err)
				}
				if _, err := again.Credentials(ctx); err != nil {
					t.Error(err)
				}
				if n := count("GetId"); n != 1 {
					t.Errorf("a known identity was asked for again (%d)", n)
				}

				// The same process later, and one that has the refresh token alone.
				time.Sleep(2 * time.Hour)
				for _, saved := range []cognito.Saved{saved, {Tokens: cognito.Tokens{Refresh: saved.Tokens.Refresh}}} {
					again, err := client.Resume(ctx, saved)
					if err != nil {
						t.Fatal(err)
					}
					if user := again.UnverifiedClaims().Username; user != cognitotest.ExampleUser {
						t.Errorf("user %q", user)
					}
				}
				if n := count("GetTokensFromRefreshToken"); n != 2 {
					t.Errorf("%d refreshes, want 2", n)
				}
				if err := again.SignOut(ctx); err != nil {
					t.Fatal(err)
				}
				if _, err := again.Tokens(ctx); err == nil {
					t.Error("a session that has ended gave tokens")
				}
				if _, err := again.Credentials(ctx); err == nil {
					t.Error("a session that has ended gave credentials")
				}
				saved.Tokens.ID = ""
				if _, err := client.Resume(ctx, saved); !hasCode(err, cognitoidp.CodeNotAuthorized) || !strings.Contains(err.Error(), "revoked") {
					t.Errorf("a revoked token was taken: %v", err)
				}
			})
		})
	}
}

func hasCode(err error, code string) bool {
	var e *cognitoidp.Error
	return errors.As(err, &e) && e.Code == code
}

func TestResumeRefuses(t *testing.T) {
	server := cognitotest.Example()
	saved := signIn(t, exampleClient(server)).Save()
	damaged := saved
	damaged.Tokens.ID = "x"
	for name, test := range map[string]struct {
		saved cognito.Saved
		env   cognito.Environment
		want  string
	}{
		"nothing":      {cognito.Saved{}, exampleEnvironment(), "sign in"},
		"damaged":      {damaged, exampleEnvironment(), "damaged"},
		"other client": {saved, secretEnvironment(), "app client"},
	} {
		client := &cognito.Client{Environment: test.env, HTTPClient: server.Client()}
		if _, err := client.Resume(t.Context(), test.saved); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Stand-ins of older Cognito do not know GetTokensFromRefreshToken.
func TestRefreshFallsBack(t *testing.T) {
	for name, env := range map[string]cognito.Environment{"public": exampleEnvironment(), "secret": secretEnvironment()} {
		for _, reply := range []func() *http.Response{
			func() *http.Response { return refusal(400, "UnknownOperationException", "") },
			func() *http.Response { return answer(404, "<html>") },
			func() *http.Response { return answer(501, "") },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := cognitotest.Example()
					count := watch(server, func(operation string, _ int) *http.Response {
						if operation == "GetTokensFromRefreshToken" {
							return reply()
						}
						return nil
					})
					client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
					s, err := client.SignIn(t.Context(), cognitotest.ExampleEmail, cognitotest.ExamplePassword)
					if err != nil {
						t.Fatal(err)
					}
					refresh := s.Save().Tokens.Refresh
					for range 2 {
						time.Sleep(2 * time.Hour)
						tokens, err := s.Tokens(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						if tokens.Refresh != refresh {
							t.Error("the refresh token was lost")
						}
					}
					if n := count("GetTokensFromRefreshToken"); n != 1 {
						t.Errorf("what is missing was asked for %d times", n)
					}
				})
			})
		}
	}
}

// An answer that says no more than that the service is in trouble must not end a session.
func TestRefreshTroubleKeepsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		down := false
		watch(server, func(operation string, _ int) *http.Response {
			if down && operation == "GetTokensFromRefreshToken" {
				return refusal(500, "InternalErrorException", "")
			}
			return nil
		})
		s := signIn(t, exampleClient(server))
		down = true
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); !hasCode(err, cognitoidp.CodeInternalError) {
			t.Errorf("error %v", err)
		}
		down = false
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
		s, err := client.Guest(t.Context())
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
	s, err := exampleClient(server).Guest(t.Context())
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
