package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A rotated token that could not be stored is still used by the session that has it.
func TestRotatedTokenThatWasNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		base := server.Client().Transport
		client := exampleClient(server)
		client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetTokensFromRefreshToken") {
				return answer(200, fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3600,"IdToken":%q,"RefreshToken":"rotated"}}`, unsigned(time.Now().Add(time.Hour)))), nil
			}
			return base.RoundTrip(r)
		})}
		client.RefreshWith = func(ctx context.Context, current cognito.SavedSession, refresh refresher) (cognito.SavedSession, error) {
			if _, err := refresh(ctx, current); err != nil {
				return cognito.SavedSession{}, err
			}
			return cognito.SavedSession{}, errors.New("disk full")
		}
		s := signIn(t, client)
		time.Sleep(2 * time.Hour)
		_, err := s.Tokens(t.Context())
		if got := savedSession(s).Tokens.Refresh; got != "rotated" {
			t.Errorf("refresh token %.12q, error %v", got, err)
		}
	})
}

// An answer that does not say how long its tokens live leaves that to their claims.
func TestNoExpiresIn(t *testing.T) {
	httpClient, _ := scripted(t, map[string]string{"InitiateAuth": strings.Replace(tokensOf("https://i.example/p", "ada"), `,"ExpiresIn":3600`, "", 1)})
	s := signIn(t, &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient})
	if d := time.Until(savedSession(s).Tokens.Expires); d < time.Minute {
		t.Errorf("tokens of an hour end in %v", d)
	}
}

// A guest never hears the user pool's clock: expiry is by the identity pool's.
func TestGuestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, by := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
			server := cognitotest.Example()
			base := server.Client().Transport
			client := exampleClient(server)
			client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := base.RoundTrip(r)
				if err == nil {
					resp.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
					if strings.Contains(r.Header.Get("X-Amz-Target"), "GetCredentialsForIdentity") {
						data, _ := io.ReadAll(resp.Body)
						var v map[string]any
						json.Unmarshal(data, &v)
						c := v["Credentials"].(map[string]any)
						c["Expiration"] = c["Expiration"].(float64) + by.Seconds()
						data, _ = json.Marshal(v)
						resp.Body = io.NopCloser(strings.NewReader(string(data)))
					}
				}
				return resp, err
			})}
			s, _ := client.Guest()
			c, err := s.Credentials(t.Context())
			if err != nil {
				t.Errorf("%v: %v", by, err)
				continue
			}
			time.Sleep(61 * time.Minute)
			if d, err := s.Credentials(t.Context()); err != nil || d == c {
				t.Errorf("%v: credentials that have expired were served, %v", by, err)
			}
		}
	})
}

// A token that the pool calls reused is not sent again.
func TestReuseIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		s := signIn(t, exampleClient(server))
		count := watch(server, func(op string, n int) *http.Response {
			if op == "GetTokensFromRefreshToken" {
				return refusal(400, "RefreshTokenReuseException", "reused")
			}
			return nil
		})
		time.Sleep(2 * time.Hour)
		for range 5 {
			s.Tokens(t.Context())
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d", n)
		}
	})
}

// No control character of a server stands in an error.
func TestChallengeTextFromTheWire(t *testing.T) {
	httpClient, _ := scripted(t, map[string]string{"InitiateAuth": `{"ChallengeName":"X\u001b[2J","ChallengeParameters":{}}`})
	_, err := (&cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}).SignIn(t.Context(), "ada", "x")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
	httpClient, _ = scripted(t, map[string]string{"InitiateAuth": `{"ChallengeName":"NEW_PASSWORD_REQUIRED","ChallengeParameters":{"requiredAttributes":"[\"a\\u001b[2J\"]"}}`})
	_, err = (&cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}).SignIn(t.Context(), "ada", "x")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
}

// A guest who has signed out gets nothing any more.
func TestGuestSignOut(t *testing.T) {
	s, _ := exampleClient(cognitotest.Example()).Guest()
	s.Credentials(t.Context())
	s.SignOut(t.Context())
	if _, err := s.Credentials(t.Context()); err == nil {
		t.Error("a guest who has signed out gets credentials")
	}
}

// A saved identity is of one identity pool, and not used in another.
func TestSavedIdentityOfAnotherPool(t *testing.T) {
	server := cognitotest.Example()
	client := exampleClient(server)
	s := signIn(t, client)
	s.IdentityID(t.Context())
	saved := savedSession(s)
	other := exampleClient(server)
	other.Environment.IdentityPoolID = "us-east-1:99999999-8a4d-4e6f-9b3a-0123456789ab"
	again, err := other.Resume(t.Context(), saved.Save())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := again.Credentials(t.Context()); err == nil {
		t.Errorf("credentials of another identity pool than the environment's: %v", c)
	}
}

// SignOut revokes the token that a refresh under way brings, not the one before it.
func TestSignOutDuringRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		base := server.Client().Transport
		client := exampleClient(server)
		var revoked []string
		client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetTokensFromRefreshToken") {
				time.Sleep(time.Second)
				return answer(200, fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3600,"IdToken":%q,"RefreshToken":"rotated"}}`, unsigned(time.Now().Add(time.Hour)))), nil
			}
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RevokeToken") {
				b, _ := r.GetBody()
				var in struct{ Token string }
				json.NewDecoder(b).Decode(&in)
				revoked = append(revoked, in.Token)
				return answer(200, ""), nil
			}
			return base.RoundTrip(r)
		})}
		s := signIn(t, client)
		time.Sleep(2 * time.Hour)
		done := make(chan error)
		go func() { _, err := s.Tokens(t.Context()); done <- err }()
		time.Sleep(time.Second / 2)
		s.SignOut(t.Context())
		<-done
		if len(revoked) == 0 || revoked[len(revoked)-1] != "rotated" {
			t.Error("the rotated token lives on at the pool after SignOut")
		}
	})
}

// SignOut of a session that shares its tokens revokes the stored one, which another process has refreshed since.
func TestSignOutRevokesStoredToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		server := cognitotest.Example()
		server.UserPools[0].Clients[0].RefreshTokenRotation = true
		store := fileStore(filepath.Join(t.TempDir(), "session.json"))
		client := exampleClient(server)
		client.RefreshWith = store.refreshWith
		first := signIn(t, client)
		if err := store.save(savedSession(first)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		other := exampleClient(server)
		other.RefreshWith = store.refreshWith
		saved, err := store.load()
		if err != nil {
			t.Fatal(err)
		}
		saved.Tokens.ID = "" // so that it is refreshed
		if _, err := other.Resume(ctx, saved.Save()); err != nil {
			t.Fatal(err)
		}
		newest, err := store.load()
		if err != nil || newest.Tokens.Refresh == savedSession(first).Tokens.Refresh {
			t.Fatalf("not refreshed: %v", err)
		}
		if err := first.SignOut(ctx); err != nil {
			t.Fatal(err)
		}
		newest.Tokens.ID = ""
		if _, err := exampleClient(server).Resume(ctx, newest.Save()); err == nil {
			t.Error("the newest token lives on after SignOut")
		}
		if tokens, err := first.Tokens(ctx); err == nil {
			t.Errorf("a session that has ended took %v out of the store", tokens)
		}
	})
}

// An app client may have revocation switched off: the session is forgotten here, and the caller told.
func TestSignOutWithoutRevocation(t *testing.T) {
	server := cognitotest.Example()
	var down atomic.Bool
	down.Store(true)
	watch(server, func(operation string, _ int) *http.Response {
		switch {
		case operation == "RevokeToken" && down.Load():
			return refusal(400, "InternalErrorException", "")
		case operation == "RevokeToken":
			return refusal(400, "UnsupportedOperationException", "Revoking tokens is not enabled for this client.")
		}
		return nil
	})
	s := signIn(t, exampleClient(server))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := s.SignOut(ctx); err == nil {
		t.Error("no error though the pool is in trouble")
	}
	if _, err := s.Tokens(t.Context()); err != nil {
		t.Errorf("the pool could not be told, and the session has ended: %v", err)
	}
	down.Store(false)
	if err := s.SignOut(t.Context()); !hasCode(err, cognitoidp.CodeUnsupportedOperation) || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Tokens(t.Context()); err == nil {
		t.Error("the session goes on")
	}
}

// What RefreshWith returns may be nothing: then the token to revoke is the session's own. An ended session asks for nothing.
func TestSignOutWithNothingStored(t *testing.T) {
	server := cognitotest.Example()
	client := exampleClient(server)
	client.RefreshWith = func(context.Context, cognito.SavedSession, func(context.Context, cognito.SavedSession) (cognito.SavedSession, error)) (cognito.SavedSession, error) {
		return cognito.SavedSession{}, nil
	}
	s := signIn(t, client)
	guest, err := client.Guest()
	if err != nil {
		t.Fatal(err)
	}
	saved, count := savedSession(s), watch(server, nil)
	for _, s := range []*cognito.Session{s, guest} {
		if err := s.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		if id, err := s.IdentityID(t.Context()); err == nil || !strings.Contains(err.Error(), "ended") {
			t.Errorf("identity %q, error %v", id, err)
		}
	}
	if r, i := count("RevokeToken"), count("GetId"); r != 1 || i != 0 {
		t.Errorf("RevokeToken %d times, GetId %d times", r, i)
	}
	saved.Tokens.ID = "" // so that it is refreshed
	if _, err := exampleClient(server).Resume(t.Context(), saved.Save()); err == nil {
		t.Error("the token lives on after SignOut")
	}
}
