package cognito_test

import (
	"context"
	"encoding/json"
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

// A guest that signed out gets no credentials.
func TestGuestSignOut(t *testing.T) {
	s, _ := exampleClient(cognitotest.Example()).Guest()
	s.Credentials(t.Context())
	s.SignOut(t.Context())
	if _, err := s.Credentials(t.Context()); err == nil {
		t.Error("Credentials of a guest after SignOut: no error")
	}
}

// SignOut waits for a refresh in flight and revokes its token.
func TestSignOutDuringRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		base := server.Client().Transport
		client := exampleClient(server)
		var revoked []string
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetTokensFromRefreshToken") {
					time.Sleep(time.Second)
					id := unsigned(time.Now().Add(time.Hour))
					return answer(200, issued(id, "rotated")), nil
				}
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RevokeToken") {
					b, _ := bodyOf(r)
					var in struct{ Token string }
					json.NewDecoder(b).Decode(&in)
					revoked = append(revoked, in.Token)
					return answer(200, ""), nil
				}
				return base.RoundTrip(r)
			}),
		}
		s := signIn(t, client)
		time.Sleep(2 * time.Hour)
		done := make(chan error)
		go func() { _, err := s.Tokens(t.Context()); done <- err }()
		time.Sleep(time.Second / 2)
		s.SignOut(t.Context())
		<-done
		if len(revoked) == 0 || revoked[len(revoked)-1] != "rotated" {
			t.Error("SignOut did not revoke the rotated token")
		}
	})
}

// SignOut revokes the stored token, which another process may have refreshed.
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
			t.Fatalf("save: %v", err)
		}
		time.Sleep(time.Minute)
		other := exampleClient(server)
		other.RefreshWith = store.refreshWith
		saved, err := store.load()
		if err != nil {
			t.Fatalf("load: %v", err)
		}
		saved.Tokens.ID = "" // forces a refresh
		if _, err := other.Resume(ctx, saved.Save()); err != nil {
			t.Fatalf("Resume: %v", err)
		}
		newest, err := store.load()
		if err != nil || newest.Tokens.Refresh == savedSession(first).Tokens.Refresh {
			t.Fatalf("not refreshed: %v", err)
		}
		if err := first.SignOut(ctx); err != nil {
			t.Fatalf("SignOut: %v", err)
		}
		newest.Tokens.ID = ""
		if _, err := exampleClient(server).Resume(ctx, newest.Save()); err == nil {
			t.Error("the newest token is valid after SignOut")
		}
		if tokens, err := first.Tokens(ctx); err == nil {
			t.Errorf("Tokens after SignOut returned %v from the store", tokens)
		}
	})
}

// If the app client does not support revocation, the session ends, and SignOut returns the error.
func TestSignOutWithoutRevocation(t *testing.T) {
	server := cognitotest.Example()
	var down atomic.Bool
	down.Store(true)
	watch(server, func(operation string, _ int) *http.Response {
		switch {
		case operation == "RevokeToken" && down.Load():
			return refusal(400, "InternalErrorException", "")
		case operation == "RevokeToken":
			return refusal(400, "UnsupportedOperationException",
				"Revoking tokens is not enabled for this client.")
		}
		return nil
	})
	s := signIn(t, exampleClient(server))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := s.SignOut(ctx); err == nil {
		t.Error("SignOut: no error, want the pool's")
	}
	if _, err := s.Tokens(t.Context()); err != nil {
		t.Errorf("the session ended although revocation failed: %v", err)
	}
	down.Store(false)
	if err := s.SignOut(t.Context()); !hasCode(err, cognitoidp.CodeUnsupportedOperation) ||
		!strings.Contains(err.Error(), "disabled") {
		t.Errorf("SignOut: error %v", err)
	}
	if _, err := s.Tokens(t.Context()); err == nil {
		t.Error("the session did not end")
	}
}

// If RefreshWith returns no token, SignOut revokes the session's own. A session that has ended
// sends nothing.
func TestSignOutNothingStored(t *testing.T) {
	server := cognitotest.Example()
	client := exampleClient(server)
	client.RefreshWith = func(context.Context, cognito.SavedSession,
		func(context.Context, cognito.SavedSession) (cognito.SavedSession, error)) (
		cognito.SavedSession, error,
	) {
		return cognito.SavedSession{}, nil
	}
	s := signIn(t, client)
	guest, err := client.Guest()
	if err != nil {
		t.Fatalf("Guest: %v", err)
	}
	saved, count := savedSession(s), watch(server, nil)
	for _, s := range []*cognito.Session{s, guest} {
		if err := s.SignOut(t.Context()); err != nil {
			t.Fatalf("SignOut: %v", err)
		}
		if id, err := s.IdentityID(t.Context()); err == nil ||
			!strings.Contains(err.Error(), "ended") {
			t.Errorf("identity %q, error %v", id, err)
		}
	}
	if r, i := count("RevokeToken"), count("GetId"); r != 1 || i != 0 {
		t.Errorf("RevokeToken %d times, GetId %d times", r, i)
	}
	saved.Tokens.ID = "" // forces a refresh
	if _, err := exampleClient(server).Resume(t.Context(), saved.Save()); err == nil {
		t.Error("the token is valid after SignOut")
	}
}

// If the service lacks RevokeToken, the session ends, and SignOut returns an error that says what
// stays valid.
func TestSignOutUnsupported(t *testing.T) {
	for _, reply := range []struct {
		status int
		body   string
	}{
		{500, `{"code":"CognitoLocal#Unsupported","message":"Unsupported x-amz-target header"}`},
		{400, `{"__type":"UnknownOperationException"}`},
		{404, "<html>"},
		{405, ""},
		{500, "<!doctype html><title>500 Internal Server Error</title>"},
		{501, `{"__type":"InternalFailure","message":"not yet implemented"}`},
		{200, "<html>"},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			watch(server, answerTo("RevokeToken", func(int) *http.Response {
				return answer(reply.status, reply.body)
			}))
			s := signIn(t, exampleClient(server))
			if err := s.SignOut(t.Context()); err == nil ||
				!strings.Contains(err.Error(), "refresh token stays valid") {
				t.Errorf("SignOut after %d %s: error %v, want what stays valid", reply.status,
					reply.body, err)
			}
			if _, err := s.Tokens(t.Context()); err == nil {
				t.Errorf("after %d %s the session did not end", reply.status, reply.body)
			}
			if token := savedSession(s).Tokens.Refresh; token != "" {
				t.Errorf("after %d %s the session keeps its refresh token", reply.status,
					reply.body)
			}
		})
	}
}

// If another sign-in has replaced the session in the store, SignOut revokes the tokens of both.
func TestSignOutRevokesReplacedToken(t *testing.T) {
	server := cognitotest.Example()
	store := fileStore(filepath.Join(t.TempDir(), "session.json"))
	client := exampleClient(server)
	client.RefreshWith = store.refreshWith
	old, replacing := signIn(t, client), signIn(t, client)
	storeSession(t, store, replacing)
	saved := []cognito.SavedSession{savedSession(old), savedSession(replacing)}
	if err := old.SignOut(t.Context()); err != nil {
		t.Fatalf("SignOut: %v", err)
	}
	for i, saved := range saved {
		saved.Tokens.ID = "" // forces a refresh
		if _, err := exampleClient(server).Resume(t.Context(), saved.Save()); err == nil {
			t.Errorf("the token of sign-in %d is valid after SignOut", i+1)
		}
	}
}

func storeSession(t *testing.T, store fileStore, s *cognito.Session) {
	t.Helper()
	if err := store.save(savedSession(s)); err != nil {
		t.Fatalf("save: %v", err)
	}
}

// After the stored token was revoked, the session ends. An error about its own token is returned,
// unless the pool no longer knows that one.
func TestSignOutReplacedTokenRefused(t *testing.T) {
	for _, test := range []struct {
		code string
		want string
	}{
		{"NotAuthorizedException", ""},
		{"UnauthorizedException", ""},
		{"ForbiddenException", "ForbiddenException"},
	} {
		server := cognitotest.Example()
		store := fileStore(filepath.Join(t.TempDir(), "session.json"))
		client := exampleClient(server)
		client.RefreshWith = store.refreshWith
		s := signIn(t, client)
		storeSession(t, store, signIn(t, client))
		watch(server, answerTo("RevokeToken", func(n int) *http.Response {
			if n == 1 {
				return nil
			}
			return refusal(400, test.code, "")
		}))
		err := s.SignOut(t.Context())
		if (err != nil) != (test.want != "") || err != nil && !hasCode(err, test.want) {
			t.Errorf("SignOut after %s for its own token: error %v, want %q", test.code, err,
				test.want)
		}
		if _, err := s.Tokens(t.Context()); err == nil {
			t.Errorf("after %s the session did not end", test.code)
		}
	}
}
