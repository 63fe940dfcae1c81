package cognito_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A guest gets a new identity with each GetId. However many ask at the same time, one of them is the session's.
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
			t.Fatal(err)
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

// A saved identity may be that of another user; the pool tells, and is asked for the right one.
func TestIdentityOfAnother(t *testing.T) {
	server := cognitotest.Example()
	count := watch(server, func(operation string, n int) *http.Response {
		if operation == "GetCredentialsForIdentity" && n == 1 {
			return refusal(400, "NotAuthorizedException", "Access to Identity 'us-east-1:0' is forbidden.")
		}
		return nil
	})
	client := exampleClient(server)
	saved := savedSession(signIn(t, client))
	saved.IdentityID, saved.IdentityPoolID = "us-east-1:0", cognitotest.ExampleIdentityPoolID
	s, err := client.Resume(t.Context(), saved.Save())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id, err := s.IdentityID(t.Context()); err != nil || id == saved.IdentityID || count("GetId") != 1 {
		t.Errorf("identity %q after %d questions, error %v", id, count("GetId"), err)
	}
}

// With a slow clock, a resumed session takes an ID token for good that is not. The identity pool's word is worth more.
func TestExpiredByTheServersClock(t *testing.T) {
	expired := func() *http.Response {
		return refusal(400, "NotAuthorizedException", "Invalid login token. Token expired: 1700003600 >= 1700000000")
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
			t.Fatal(err)
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Error(err)
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d refreshes", n)
		}

		// Where that does not help, there is no second time.
		count = watch(server, func(o string, _ int) *http.Response {
			if o == operation {
				return expired()
			}
			return nil
		})
		if s, err = client.Resume(t.Context(), saved.Save()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := s.Credentials(t.Context()); err == nil || strings.Count(err.Error(), "probably") != 1 {
				t.Errorf("error %v", err)
			}
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d refreshes that do not help", n)
		}
	}
}

// Of several calls that are told at the same time that the token has expired, one refreshes it, and all go on with the new
// one. Where a refresh has brought no other, none asks again with the old one.
func TestExpiredForSeveralCalls(t *testing.T) {
	for _, refreshes := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			client := exampleClient(server)
			saved := savedSession(signIn(t, client))
			count := watch(server, func(operation string, n int) *http.Response {
				switch {
				case operation == "GetId" && (n <= 2 || !refreshes):
					time.Sleep(time.Second)
					return refusal(400, "NotAuthorizedException", "Invalid login token. Token expired: 1700003600 >= 1700000000")
				case operation == "GetTokensFromRefreshToken" && !refreshes:
					return refusal(400, "InvalidLambdaResponseException", "in vain")
				}
				return nil
			})
			s, err := client.Resume(t.Context(), saved.Save())
			if err != nil {
				t.Fatal(err)
			}
			var running sync.WaitGroup
			ids := make([]string, 2)
			for i := range ids {
				running.Go(func() {
					var err error
					if ids[i], err = s.IdentityID(t.Context()); (err == nil) != refreshes {
						t.Errorf("error %v", err)
					}
				})
			}
			running.Wait()
			want := 4
			if !refreshes {
				want = 2
			}
			if got, n := count("GetId"), count("GetTokensFromRefreshToken"); ids[0] != ids[1] || got != want || n != 1 {
				t.Errorf("identities %q after %d questions, want %d, and %d refreshes", ids, got, want, n)
			}
		})
	}
}

// What stands behind an error is told once, also where the error came by a detour.
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
		t.Fatal(err)
	}
	if _, err := s.Credentials(t.Context()); err == nil || strings.Count(err.Error(), "probably") != 1 {
		t.Errorf("error %v", err)
	}
}

// A sign-in that is told the identity does not ask for it; one that is no more, or another user's, is asked for.
func TestKnownIdentity(t *testing.T) {
	server := cognitotest.Example()
	first := signIn(t, exampleClient(server))
	own, err := first.IdentityID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	guest, err := exampleClient(server).Guest()
	if err != nil {
		t.Fatal(err)
	}
	others, err := guest.IdentityID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		known string
		asked int
	}{{own, 0}, {"", 1}, {others, 1}, {"us-east-1:00000000-0000-0000-0000-000000000000", 1}} {
		count := watch(server, nil)
		s, err := exampleClient(server).Start(t.Context(), cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword, IdentityID: test.known})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Errorf("%q: %v", test.known, err)
		}
		if id, err := s.IdentityID(t.Context()); id != own || err != nil || count("GetId") != test.asked {
			t.Errorf("%q: identity %q (%v), asked for %d times", test.known, id, err, count("GetId"))
		}
	}
}
