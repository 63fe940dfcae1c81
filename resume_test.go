package cognito_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

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
				stored := s.Save()

				// Another process.
				saved := savedSession(s)
				client = &cognito.Client{Environment: env, HTTPClient: server.Client()}
				again, err := client.Resume(ctx, stored)
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
				for _, saved := range []cognito.SavedSession{saved, {Tokens: cognito.Tokens{Refresh: saved.Tokens.Refresh}}} {
					again, err := client.Resume(ctx, saved.Save())
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
				if _, err := client.Resume(ctx, saved.Save()); !hasCode(err, cognitoidp.CodeNotAuthorized) || !strings.Contains(err.Error(), "revoked") {
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
	saved := savedSession(signIn(t, exampleClient(server)))
	damaged := saved
	damaged.Tokens.ID = "x"
	for name, test := range map[string]struct {
		saved cognito.SavedSession
		env   cognito.Environment
		want  string
	}{
		"nothing":      {cognito.SavedSession{}, exampleEnvironment(), "sign in"},
		"damaged":      {damaged, exampleEnvironment(), "unusable"},
		"other client": {saved, secretEnvironment(), "app client"},
	} {
		client := &cognito.Client{Environment: test.env, HTTPClient: server.Client()}
		if _, err := client.Resume(t.Context(), test.saved.Save()); err == nil || !strings.Contains(err.Error(), test.want) {
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
					refresh := savedSession(s).Tokens.Refresh
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
