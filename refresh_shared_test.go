package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// If RefreshWith returns the tokens of another user, the session keeps its own.
func TestRefreshWithOtherUser(t *testing.T) {
	for _, kind := range []string{"another user", "another user, to refresh", "unusable"} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			server.UserPools[0].Users = append(server.UserPools[0].Users, cognitotest.User{
				Name:     "bob",
				Password: cognitotest.ExamplePassword,
			})
			other, err := exampleClient(server).SignIn(t.Context(), "bob",
				cognitotest.ExamplePassword)
			if err != nil {
				t.Fatalf("SignIn: %v", err)
			}
			client := exampleClient(server)
			client.RefreshWith = func(ctx context.Context, _ cognito.SavedSession,
				refresh refresher) (cognito.SavedSession, error) {
				saved := savedSession(other)
				switch kind {
				case "unusable":
					saved.Tokens.ID = "x"
				case "another user, to refresh":
					return refresh(ctx, saved)
				}
				return saved, nil
			}
			s := signIn(t, client)
			own := savedSession(s).Tokens
			time.Sleep(57 * time.Minute)
			if tokens, err := s.Tokens(t.Context()); err != nil || tokens != own {
				t.Errorf("the session lost its own tokens: %v", err)
			}
			if user := s.UnverifiedClaims().Username; user != cognitotest.ExampleUser {
				t.Errorf("user = %q, want the session's own", user)
			}
			time.Sleep(time.Hour)
			if _, err := s.Tokens(t.Context()); err == nil ||
				!strings.Contains(err.Error(), strings.TrimSuffix(kind, ", to refresh")) {
				t.Errorf("Tokens: error %v", err)
			}
			if savedSession(s).Tokens.Refresh != own.Refresh {
				t.Error("the refresh token was lost")
			}
			if kind == "unusable" {
				return
			}
			if err := s.SignOut(t.Context()); err != nil {
				t.Errorf("SignOut: %v", err)
			}
			for _, test := range []struct {
				saved cognito.SavedSession
				ended bool
			}{{cognito.SavedSession{Tokens: own}, true}, {savedSession(other), false}} {
				test.saved.Tokens.ID = ""
				_, err := exampleClient(server).Resume(t.Context(), test.saved.Save())
				if (err != nil) != test.ended {
					t.Errorf("after SignOut: %v", err)
				}
			}
		})
	}
}

// If another process stored tokens of which the ID token was damaged since, the session refreshes
// the stored session.
func TestRefreshWithDamagedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		stored := savedSession(signIn(t, exampleClient(server)))
		client := exampleClient(server)
		client.RefreshWith = func(ctx context.Context, current cognito.SavedSession,
			refresh refresher) (saved cognito.SavedSession, err error) {
			if stored.Tokens.Expires.After(current.Tokens.Expires) {
				return stored, nil
			}
			stored, err = refresh(ctx, stored)
			return stored, err
		}
		s := signIn(t, client)
		time.Sleep(time.Hour)
		stored.Tokens.ID, stored.Tokens.Expires = "x", time.Now().Add(time.Hour)
		tokens, err := s.Tokens(t.Context())
		if err != nil || tokens != stored.Tokens {
			t.Errorf("Tokens = %v, %v, want the refreshed ones of the store", tokens, err)
		}
	})
}

// The session uses a rotated token even if it could not be stored.
func TestRotatedTokenNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		base := server.Client().Transport
		client := exampleClient(server)
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetTokensFromRefreshToken") {
					id := unsigned(time.Now().Add(time.Hour))
					return answer(200, issued(id, "rotated")), nil
				}
				return base.RoundTrip(r)
			}),
		}
		client.RefreshWith = func(ctx context.Context, current cognito.SavedSession,
			refresh refresher) (cognito.SavedSession, error) {
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

// A fileStore is a RefreshFunc with a file that processes share and a lock file.
type fileStore string

func (f fileStore) load() (saved cognito.SavedSession, err error) {
	err = patiently(func() error {
		text, err := os.ReadFile(string(f))
		if err != nil {
			return err
		}
		return saved.Load(text)
	})
	return saved, err
}

func (f fileStore) save(saved cognito.SavedSession) error {
	if err := os.WriteFile(string(f)+".new", saved.Save(), 0o600); err != nil {
		return err
	}
	return patiently(func() error { return os.Rename(string(f)+".new", string(f)) })
}

// patiently calls use until it succeeds. On Windows, a file cannot be replaced while another
// process reads it, or read while another process replaces it.
func patiently(use func() error) error {
	err := use()
	for range 100 {
		if err == nil || runtime.GOOS != "windows" {
			break
		}
		time.Sleep(time.Millisecond)
		err = use()
	}
	return err
}

func (f fileStore) refreshWith(ctx context.Context, current cognito.SavedSession,
	refresh refresher) (cognito.SavedSession, error) {
	for { // one process at a time
		lock, err := os.OpenFile(string(f)+".lock", os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			lock.Close()
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return current, err
		}
		select {
		case <-ctx.Done():
			return current, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	defer os.Remove(string(f) + ".lock")
	stored, err := f.load()
	if err != nil || stored.Tokens.Expires.After(current.Tokens.Expires) {
		return stored, err
	}
	saved, err := refresh(ctx, stored)
	return saved, errors.Join(err, f.save(saved))
}

// shares is how often each process refreshes. The tokens do not expire, because they could do so
// again too early on a slow machine.
const shares = 5

// shareTokens refreshes the stored tokens, or takes those that another process stored, and uses
// them.
func shareTokens(client *cognito.Client, path string) error {
	ctx, store := context.Background(), fileStore(path)
	client.RefreshWith = store.refreshWith
	for range shares {
		saved, err := store.load()
		if err != nil {
			return err
		}
		saved.Tokens.ID = "" // forces a refresh
		session, err := client.Resume(ctx, saved.Save())
		if err != nil {
			return err
		}
		if _, err := session.Credentials(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Several processes share a refresh token that is rotated at every refresh, without a grace period.
// None loses it or sends an old one.
func TestProcessesShareRotatingToken(t *testing.T) {
	server := cognitotest.Example()
	client := &server.UserPools[0].Clients[0]
	client.RefreshTokenRotation = true
	var refreshes atomic.Int64
	server.Fault = func(r *http.Request) *http.Response {
		if r.Header.Get(
			"X-Amz-Target",
		) == "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken" {
			refreshes.Add(1)
		}
		return nil
	}
	listener := httptest.NewServer(server)
	defer listener.Close()

	first := signIn(t, exampleClient(server))
	store := fileStore(filepath.Join(t.TempDir(), "session.json"))
	if err := store.save(savedSession(first)); err != nil {
		t.Fatalf("save: %v", err)
	}
	processes := 4
	if longtest.Enabled(t, "4 of 10 processes") {
		processes = 10
	}
	var running sync.WaitGroup
	for range processes {
		running.Go(func() {
			if out, err := anotherProcess(t, "share", listener.URL, string(store)); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	running.Wait()
	if n := refreshes.Load(); n < shares {
		t.Errorf("%d refreshes, so the test checks nothing", n)
	}
	last, err := store.load()
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	last.Tokens.ID = ""
	if _, err := exampleClient(server).Resume(t.Context(), last.Save()); err != nil {
		t.Errorf("the stored token is not valid: %v", err)
	}
	_, err = exampleClient(server).Resume(t.Context(), cognito.SavedSession{
		Tokens: cognito.Tokens{Refresh: savedSession(first).Tokens.Refresh},
	}.Save())
	if err == nil {
		t.Error("the first token is valid")
	}
}

// New tokens are stored before they are used.
func TestStoreBeforeUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		server.UserPools[0].Clients[0].RefreshTokenRotation = true
		store := fileStore(filepath.Join(t.TempDir(), "session.json"))
		client := exampleClient(server)
		client.RefreshWith = store.refreshWith
		s := signIn(t, client)
		if err := store.save(savedSession(s)); err != nil {
			t.Fatalf("save: %v", err)
		}
		used := map[string]bool{}
		server.Fault = func(r *http.Request) *http.Response {
			var in struct{ Logins map[string]string }
			if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &in) != nil {
				return nil
			}
			for _, token := range in.Logins {
				used[token] = true
				if stored, err := store.load(); err != nil || stored.Tokens.ID != token {
					t.Errorf("%s has a token that is not stored: %v", r.Header.Get("X-Amz-Target"),
						err)
				}
			}
			return nil
		}
		for range 3 {
			if _, err := s.Credentials(t.Context()); err != nil {
				t.Fatalf("Credentials: %v", err)
			}
			time.Sleep(2 * time.Hour)
		}
		if len(used) != 3 {
			t.Errorf("%d tokens were used", len(used))
		}
	})
}
