package cognito_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A deleted identity is replaced once.
func TestDeletedIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		gone := 0
		count := watch(server, func(operation string, n int) *http.Response {
			if operation == "GetCredentialsForIdentity" && gone > 0 {
				gone--
				return refusal(400, "ResourceNotFoundException",
					"Identity 'us-east-1:0' not found.")
			}
			return nil
		})
		client := exampleClient(server)
		s := signIn(t, client)
		if _, err := s.IdentityID(t.Context()); err != nil {
			t.Fatalf("IdentityID: %v", err)
		}
		gone = 1
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Errorf("Credentials: %v", err)
		}
		if n := count("GetId"); n != 2 {
			t.Errorf("GetId was called %d times", n)
		}
		gone = 100
		time.Sleep(2 * time.Hour)
		if _, err := s.Credentials(t.Context()); err == nil {
			t.Error("credentials without an identity")
		}
		if n := count("GetId"); n != 3 {
			t.Errorf("GetId was called %d times", n)
		}
	})
}

// The saved identity of another identity pool is ignored.
func TestSavedIdentityOfOtherPool(t *testing.T) {
	server := cognitotest.Example()
	client := exampleClient(server)
	s := signIn(t, client)
	s.IdentityID(t.Context())
	saved := savedSession(s)
	other := exampleClient(server)
	other.Environment.IdentityPoolID = "us-east-1:99999999-8a4d-4e6f-9b3a-0123456789ab"
	again, err := other.Resume(t.Context(), saved.Save())
	if err != nil {
		t.Fatalf("Resume: %v", err)
	}
	if c, err := again.Credentials(t.Context()); err == nil {
		t.Errorf("credentials of another identity pool than the environment's: %v", c)
	}
}

// Concurrent calls of a guest agree on one identity, although each GetId returns a new one.
func TestOneIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		watch(server, func(operation string, n int) *http.Response {
			if operation == "GetId" {
				time.Sleep(time.Duration(n) * time.Second)
			}
			return nil
		})
		s, err := exampleClient(server).Guest()
		if err != nil {
			t.Fatalf("Guest: %v", err)
		}
		var running sync.WaitGroup
		ids := make([]string, 3)
		for i := range ids {
			running.Go(func() {
				var err error
				if i == 0 {
					_, err = s.Credentials(t.Context())
				}
				if err == nil {
					ids[i], err = s.IdentityID(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if ids[0] == "" || ids[1] != ids[0] || ids[2] != ids[0] {
			t.Errorf("identities %q", ids)
		}
	})
}

// If the saved identity belongs to another user, the session requests the correct one.
func TestIdentityOfOtherUser(t *testing.T) {
	for _, message := range []string{"Access to Identity 'us-east-1:0' is forbidden.",
		"Logins don't match. Please include at least one valid login for this identity."} {
		server := cognitotest.Example()
		count := watch(server, func(operation string, n int) *http.Response {
			if operation == "GetCredentialsForIdentity" && n == 1 {
				return refusal(400, "NotAuthorizedException", message)
			}
			return nil
		})
		client := exampleClient(server)
		saved := savedSession(signIn(t, client))
		saved.IdentityID, saved.IdentityPoolID = "us-east-1:0", cognitotest.ExampleIdentityPoolID
		s, err := client.Resume(t.Context(), saved.Save())
		if err != nil {
			t.Fatalf("Resume: %v", err)
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Fatalf("Credentials: %v", err)
		}
		if id, err := s.IdentityID(t.Context()); err != nil || id == saved.IdentityID ||
			count("GetId") != 1 {
			t.Errorf("identity %q after %d GetId requests, error %v", id, count("GetId"), err)
		}
	}
}

// If the local clock is slow, the identity pool refuses an expired ID token, and the session
// refreshes it.
func TestIDTokenExpiredByServerClock(t *testing.T) {
	expired := func() *http.Response {
		return refusal(400, "NotAuthorizedException",
			"Invalid login token. Token expired: 1700003600 >= 1700000000")
	}
	for _, operation := range []string{"GetId", "GetCredentialsForIdentity"} {
		server := cognitotest.Example()
		client := exampleClient(server)
		saved := savedSession(signIn(t, client))
		count := watch(server, func(o string, n int) *http.Response {
			if o == operation && n == 1 {
				return expired()
			}
			return nil
		})
		s, err := client.Resume(t.Context(), saved.Save())
		if err != nil {
			t.Fatalf("Resume: %v", err)
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Errorf("Credentials: %v", err)
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d refreshes", n)
		}

		// If that has no effect, there is no second retry.
		count = watch(server, func(o string, _ int) *http.Response {
			if o == operation {
				return expired()
			}
			return nil
		})
		if s, err = client.Resume(t.Context(), saved.Save()); err != nil {
			t.Fatalf("Resume: %v", err)
		}
		for range 3 {
			if _, err := s.Credentials(t.Context()); err == nil ||
				strings.Count(err.Error(), "probably") != 1 {
				t.Errorf("Credentials: error %v", err)
			}
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d refreshes without effect", n)
		}
	}
}

// If the identity pool refuses an expired ID token in concurrent calls, one of them refreshes it
// and all use the new one. Without a new one, none retries.
func TestIDTokenExpiredConcurrently(t *testing.T) {
	for _, refreshes := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			client := exampleClient(server)
			saved := savedSession(signIn(t, client))
			count := watch(server, func(operation string, n int) *http.Response {
				switch {
				case operation == "GetId" && (n <= 2 || !refreshes):
					time.Sleep(time.Second)
					return refusal(400, "NotAuthorizedException",
						"Invalid login token. Token expired: 1700003600 >= 1700000000")
				case operation == "GetTokensFromRefreshToken" && !refreshes:
					return refusal(400, "InvalidLambdaResponseException", "in vain")
				}
				return nil
			})
			s, err := client.Resume(t.Context(), saved.Save())
			if err != nil {
				t.Fatalf("Resume: %v", err)
			}
			var running sync.WaitGroup
			ids := make([]string, 2)
			for i := range ids {
				running.Go(func() {
					var err error
					if ids[i], err = s.IdentityID(t.Context()); (err == nil) != refreshes {
						t.Errorf("IdentityID: error %v", err)
					}
				})
			}
			running.Wait()
			want := 4
			if !refreshes {
				want = 2
			}
			if got, n := count("GetId"), count("GetTokensFromRefreshToken"); ids[0] != ids[1] ||
				got != want || n != 1 {
				t.Errorf("identities %q after %d GetId requests, want %d, and %d refreshes", ids,
					got,
					want, n)
			}
		})
	}
}

// An error is explained once.
func TestExplainedOnce(t *testing.T) {
	server := cognitotest.Example()
	watch(server, func(operation string, n int) *http.Response {
		if operation == "GetCredentialsForIdentity" || operation == "GetId" && n > 1 {
			return refusal(400, "ResourceNotFoundException", "gone")
		}
		return nil
	})
	s := signIn(t, exampleClient(server))
	if _, err := s.IdentityID(t.Context()); err != nil {
		t.Fatalf("IdentityID: %v", err)
	}
	if _, err := s.Credentials(t.Context()); err == nil ||
		strings.Count(err.Error(), "probably") != 1 {
		t.Errorf("Credentials: error %v", err)
	}
}

// Login.IdentityID saves GetId. If it was deleted or belongs to another user, it is replaced.
func TestKnownIdentity(t *testing.T) {
	server := cognitotest.Example()
	first := signIn(t, exampleClient(server))
	own, err := first.IdentityID(t.Context())
	if err != nil {
		t.Fatalf("IdentityID: %v", err)
	}
	guest, err := exampleClient(server).Guest()
	if err != nil {
		t.Fatalf("Guest: %v", err)
	}
	others, err := guest.IdentityID(t.Context())
	if err != nil {
		t.Fatalf("IdentityID: %v", err)
	}
	for _, test := range []struct {
		known string
		asked int
	}{{own, 0}, {"", 1}, {others, 1}, {"us-east-1:00000000-0000-0000-0000-000000000000", 1}} {
		count := watch(server, nil)
		s, err := exampleClient(server).Start(t.Context(), cognito.Login{
			Username:   cognitotest.ExampleUser,
			Password:   cognitotest.ExamplePassword,
			IdentityID: test.known,
		})
		if err != nil {
			t.Fatalf("Start: %v", err)
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Errorf("%q: %v", test.known, err)
		}
		if id, err := s.IdentityID(t.Context()); id != own || err != nil ||
			count("GetId") != test.asked {
			t.Errorf("%q: identity %q (%v) after %d GetId requests", test.known, id, err,
				count("GetId"))
		}
	}
}

// The key of the Logins map is the issuer in the token, in every partition and for both forms.
func TestLoginsKey(t *testing.T) {
	for _, provider := range []string{
		"cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00",
		"issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00",
		"cognito-idp.us-west-2.amazonaws.com/us-east-1_EXAMPLE00", // a replica
		"issuer.example/path/us-east-1_EXAMPLE00",                 // an emulator or proxy
		"cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_EXAMPLE00",
		"cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_EXAMPLE00",
		"cognito-idp-fips.us-gov-west-1.amazonaws.com/us-gov-west-1_EXAMPLE00",
	} {
		for _, classic := range []bool{false, true} {
			httpClient, log := scripted(t, map[string]string{
				"InitiateAuth":              tokensOf("https://"+provider, "ada"),
				"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
				"GetCredentialsForIdentity": credentialsOf(identityA),
				"GetOpenIdToken": fmt.Sprintf(`{"IdentityId":%q,"Token":"a.b.c"}`,
					identityA),
				"AssumeRoleWithWebIdentity": assumed(),
			})
			client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
			if classic {
				client.Duration = time.Hour
			}
			s := signIn(t, client)
			if _, err := s.Credentials(t.Context()); err != nil {
				t.Fatalf("Credentials: %v", err)
			}
			tokens, _ := s.Tokens(t.Context())
			calls := 0
			for _, request := range *log {
				if logins, ok := request.members["Logins"].(map[string]any); ok {
					if calls++; !maps.Equal(logins, map[string]any{provider: tokens.ID}) {
						t.Errorf("%s: Logins %v, want one for %s", request.operation, logins,
							provider)
					}
				}
			}
			if calls != 2 {
				t.Errorf("%d requests had Logins, want 2", calls)
			}
		}
	}
}

// If identities were merged, the session uses the identity in the response.
func TestMergedIdentity(t *testing.T) {
	httpClient, _ := scripted(t, map[string]string{
		"InitiateAuth":              tokensOf("https://issuer.example/pool", "ada"),
		"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
		"GetCredentialsForIdentity": credentialsOf(identityB),
	})
	s := signIn(t, &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient})
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	if id, err := s.IdentityID(t.Context()); err != nil || id != identityB {
		t.Errorf("identity %q, error %v", id, err)
	}
}
