package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
)

// Load and json.Unmarshal read what Save returns, and refuse redacted text.
func TestSavedSessionLoad(t *testing.T) {
	want := cognito.SavedSession{
		Tokens: cognito.Tokens{
			ID:      "i",
			Access:  "a",
			Refresh: "r",
			Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		},
		IdentityID: "us-east-1:0",
		Device: cognito.Device{
			Username: "ada",
			Key:      "us-east-1_0",
			GroupKey: "g",
			Password: "p",
		},
	}
	text := want.Save()
	var got cognito.SavedSession
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %+v, want %+v: %v", got, want, err)
	}
	redacted, _ := json.Marshal(want)
	if err := json.Unmarshal(redacted, &got); err == nil {
		t.Error("redacted text was read")
	}
}

// hangingClient returns a client of the example. While hanging is true, requests get no response.
func hangingClient() (client *cognito.Client, hanging *atomic.Bool) {
	server := cognitotest.Example()
	base := server.Client().Transport
	client, hanging = exampleClient(server), new(atomic.Bool)
	client.HTTPClient = &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if hanging.Load() {
				<-r.Context().Done()
				return nil, context.Cause(r.Context()) // as net/http does
			}
			return base.RoundTrip(r)
		}),
	}
	return client, hanging
}

// Callers with valid credentials wait at most 10 seconds for a hung server, and only the first one
// waits.
func TestHungRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, hanging := hangingClient()
		s := signIn(t, client)
		first, err := s.Credentials(t.Context())
		if err != nil {
			t.Fatalf("Credentials: %v", err)
		}
		time.Sleep(46 * time.Minute)
		hanging.Store(true)
		for _, longest := range []time.Duration{10 * time.Second, 0, 0} {
			begun := time.Now()
			creds, err := s.Credentials(t.Context())
			if waited := time.Since(begun); err != nil || creds != first || waited > longest {
				t.Errorf("%v after %v, error %v", creds, waited, err)
			}
		}
		// 5 seconds before they expire, which is less than callers wait
		time.Sleep(14*time.Minute - 15*time.Second)
		impatient, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if creds, err := s.Credentials(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, error %v", creds, err)
		}
		hanging.Store(false)
		time.Sleep(5 * time.Minute) // hung requests have ended
		if creds, err := s.Credentials(t.Context()); err != nil || creds == first {
			t.Errorf("%v, error %v", creds, err)
		}
	})
}

// If the context ends, the error wraps the context's error and its cause.
func TestContextCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, hanging := hangingClient()
		s := signIn(t, client)
		time.Sleep(2 * time.Hour)
		hanging.Store(true)
		mine := errors.New("the user went away")
		for i, call := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := s.Tokens(ctx); return err },
			func(ctx context.Context) error { _, err := s.Credentials(ctx); return err },
			s.SignOut, // waits for the refresh that Tokens began
		} {
			for _, cause := range []error{nil, mine} {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(cause) })
				for range 2 { // the second time, the context has ended before
					if err := call(ctx); !errors.Is(err, context.Canceled) || cause != nil &&
						!errors.Is(err, cause) {
						t.Errorf("call %d, cause %v: error %v", i, cause, err)
					}
				}
			}
		}
		time.Sleep(5 * time.Minute) // hung requests have ended
	})
}

func TestResume(t *testing.T) {
	for name, env := range map[string]cognito.Environment{"public": exampleEnvironment(),
		"secret": secretEnvironment()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				server := cognitotest.Example()
				count := watch(server, nil)
				client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
				s := signIn(t, client)
				id, err := s.IdentityID(ctx)
				if err != nil {
					t.Fatalf("IdentityID: %v", err)
				}
				stored := s.Save()

				// Another process.
				saved := savedSession(s)
				client = &cognito.Client{Environment: env, HTTPClient: server.Client()}
				again, err := client.Resume(ctx, stored)
				if err != nil {
					t.Fatalf("Resume: %v", err)
				}
				if n := count("GetTokensFromRefreshToken"); n != 0 {
					t.Errorf("%d refreshes of valid tokens, want 0", n)
				}
				if other, err := again.IdentityID(ctx); err != nil || other != id {
					t.Errorf("identity %q, want %q: %v", other, id, err)
				}
				if _, err := again.Credentials(ctx); err != nil {
					t.Errorf("Credentials: %v", err)
				}
				if n := count("GetId"); n != 1 {
					t.Errorf("%d GetId requests, want 1", n)
				}

				// The same process later, and one with only the refresh token.
				time.Sleep(2 * time.Hour)
				for _, saved := range []cognito.SavedSession{saved, {
					Tokens: cognito.Tokens{Refresh: saved.Tokens.Refresh},
				}} {
					again, err := client.Resume(ctx, saved.Save())
					if err != nil {
						t.Fatalf("Resume: %v", err)
					}
					if user := again.UnverifiedClaims().Username; user != cognitotest.ExampleUser {
						t.Errorf("user %q", user)
					}
				}
				if n := count("GetTokensFromRefreshToken"); n != 2 {
					t.Errorf("%d refreshes, want 2", n)
				}
				if err := again.SignOut(ctx); err != nil {
					t.Fatalf("SignOut: %v", err)
				}
				if _, err := again.Tokens(ctx); err == nil {
					t.Error("Tokens after SignOut: no error")
				}
				if _, err := again.Credentials(ctx); err == nil {
					t.Error("Credentials after SignOut: no error")
				}
				saved.Tokens.ID = ""
				if _, err := client.Resume(ctx, saved.Save()); !hasCode(err,
					cognitoidp.CodeNotAuthorized) || !strings.Contains(err.Error(), "revoked") {
					t.Errorf("Resume with a revoked token: error %v, want NotAuthorizedException",
						err)
				}
			})
		})
	}
}

func TestResumeRefuses(t *testing.T) {
	server := cognitotest.Example()
	saved := savedSession(signIn(t, exampleClient(server)))
	for name, test := range map[string]struct {
		saved cognito.SavedSession
		env   cognito.Environment
		want  string
	}{
		"nothing":      {cognito.SavedSession{}, exampleEnvironment(), "sign in"},
		"other client": {saved, secretEnvironment(), "app client"},
	} {
		client := &cognito.Client{Environment: test.env, HTTPClient: server.Client()}
		if _, err := client.Resume(t.Context(), test.saved.Save()); err == nil ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A damaged part of a saved session is requested again, once.
func TestResumeDamaged(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*cognito.SavedSession)
		refresh int // GetTokensFromRefreshToken requests
	}{
		{"nothing", func(*cognito.SavedSession) {}, 0},
		{"ID token", func(s *cognito.SavedSession) { s.Tokens.ID = "x" }, 1},
		{"ID token's end", func(s *cognito.SavedSession) {
			s.Tokens.ID = s.Tokens.ID[:len(s.Tokens.ID)/2]
		}, 1},
		{"ID token's payload", func(s *cognito.SavedSession) {
			s.Tokens.ID = strings.Replace(s.Tokens.ID, ".ey", ".ez", 1)
		}, 1},
		{"ID token's signature", func(s *cognito.SavedSession) {
			parts := strings.Split(s.Tokens.ID, ".")
			s.Tokens.ID = parts[0] + "." + parts[1] + ".AAAA"
		}, 1},
		{"ID token's header", func(s *cognito.SavedSession) {
			_, rest, _ := strings.Cut(s.Tokens.ID, ".")
			s.Tokens.ID = part(map[string]any{"alg": "none"}) + "." + rest
		}, 1},
		{"ID token's name", func(s *cognito.SavedSession) { s.Tokens.ID = s.Tokens.Access }, 1},
		{"no ID token", func(s *cognito.SavedSession) { s.Tokens.ID = "" }, 1},
		{"expiry", func(s *cognito.SavedSession) { s.Tokens.Expires = time.Unix(0, 0) }, 1},
		{"late expiry", func(s *cognito.SavedSession) {
			s.Tokens.Expires = s.Tokens.Expires.AddDate(9, 0, 0)
		}, 0},
		{"identity", func(s *cognito.SavedSession) { s.IdentityID = "us-east-1:?" }, 0},
		{"identity pool", func(s *cognito.SavedSession) { s.IdentityPoolID = "?" }, 0},
	} {
		server := cognitotest.Example()
		s := signIn(t, exampleClient(server))
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Fatalf("Credentials: %v", err)
		}
		saved := savedSession(s)
		test.change(&saved)
		count := watch(server, nil)
		again, err := exampleClient(server).Resume(t.Context(), saved.Save())
		if err != nil {
			t.Errorf("%s: Resume: %v", test.name, err)
			continue
		}
		for range 2 {
			if _, err := again.Credentials(t.Context()); err != nil {
				t.Errorf("%s: Credentials: %v", test.name, err)
			}
		}
		if n := count("GetTokensFromRefreshToken"); n != test.refresh {
			t.Errorf("%s: %d refreshes, want %d", test.name, n, test.refresh)
		}
	}
}

const ten = 10 * time.Second

func TestCredentialsRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		count := watch(server, nil)
		s := signIn(t, exampleClient(server))
		get := func() sigv4.Credentials {
			t.Helper()
			creds, err := s.Credentials(t.Context())
			if err != nil {
				t.Fatalf("Credentials: %v", err)
			}
			return creds
		}
		first := get()
		if time.Until(first.Expires) != time.Hour {
			t.Fatalf("credentials live %v", time.Until(first.Expires))
		}
		time.Sleep(45*time.Minute - ten)
		if get() != first {
			t.Error("refreshed with more than 15 minutes left")
		}
		time.Sleep(2 * ten)
		second := get()
		if second == first || time.Until(second.Expires) != time.Hour {
			t.Errorf("not refreshed with less than 15 minutes left: %v", second)
		}
		if n := count("GetTokensFromRefreshToken"); n != 0 {
			t.Errorf("%d refreshes of tokens with 15 minutes left, want 0", n)
		}
		time.Sleep(45 * time.Minute) // the tokens have expired too
		if get() == second {
			t.Error("not renewed")
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		if n := count("GetId"); n != 1 {
			t.Errorf("%d GetId requests", n)
		}
	})
}

func TestConcurrentRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		count := watch(server, func(string, int) *http.Response {
			time.Sleep(time.Second) // so that callers wait for each other
			return nil
		})
		s := signIn(t, exampleClient(server))
		time.Sleep(2 * time.Hour)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		var running sync.WaitGroup
		running.Go(func() {
			if _, err := s.Credentials(impatient); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Credentials: error %v", err)
			}
		})
		for range 100 {
			running.Go(func() {
				if _, err := s.Credentials(t.Context()); err != nil {
					t.Errorf("Credentials: %v", err)
				}
			})
		}
		running.Wait()
		for _, operation := range []string{"GetTokensFromRefreshToken", "GetId",
			"GetCredentialsForIdentity"} {
			if n := count(operation); n != 1 {
				t.Errorf("%s was called %d times", operation, n)
			}
		}
	})
}

func TestOldValueWhileValid(t *testing.T) {
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
			t.Fatalf("Credentials: %v", err)
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
			t.Fatalf("Credentials: %v", err)
		}
		if n := count("GetCredentialsForIdentity"); n != 3 {
			t.Errorf("%d attempts after a pause", n)
		}
		time.Sleep(10 * time.Minute)
		if stale, err := s.Credentials(t.Context()); err == nil {
			t.Errorf("Credentials returned expired ones: %v", stale)
		}
		down.Store(false)
		if creds, err := s.Credentials(t.Context()); err != nil || creds == first {
			t.Errorf("no recovery after an error: %v, %v", creds, err)
		}
	})
}

// TestSavedStateIsStrict checks that duplicate members, and members in another case, are refused.
func TestSavedStateIsStrict(t *testing.T) {
	client := exampleClient(cognitotest.Example())
	device := cognito.Device{Username: "ada", Key: "k", GroupKey: "g", Password: "p"}
	session := cognito.SavedSession{
		Tokens: cognito.Tokens{ID: "i", Access: "a", Refresh: "r"},
		Device: device,
	}
	challenge := `{"name":"SMS_MFA","username":"ada","session":"s","parameters":{"a":"b"},` +
		`"client_id":"` + client.Environment.ClientID + `","device":` + string(device.Save()) + `}`
	for _, test := range []struct {
		name  string
		saved string
		load  func([]byte) error
	}{
		{"session", string(session.Save()), new(cognito.SavedSession).Load},
		{"device", string(device.Save()), new(cognito.Device).Load},
		{"challenge", challenge, func(saved []byte) error {
			_, err := client.ResumeChallenge(saved)
			return err
		}},
	} {
		if err := test.load([]byte(test.saved)); err != nil {
			t.Errorf("loading the %s: %v", test.name, err)
		}
		for _, name := range regexp.MustCompile(`"\w+":`).FindAllString(test.saved, -1) {
			duplicate := strings.Replace(test.saved, name, name+"null,"+name, 1)
			changed := strings.Replace(test.saved, name, strings.ToUpper(name), 1)
			if changed == test.saved {
				changed = strings.Replace(test.saved, name, strings.ToLower(name), 1)
			}
			for _, text := range []string{duplicate, changed} {
				// Names in Parameters are the pool's.
				if test.load([]byte(text)) == nil && !(name == `"a":` && text == changed) {
					t.Errorf("loading the %s succeeds with %s", test.name, text)
				}
			}
		}
	}
}

// TestUnexpectedClaims checks that an optional claim of an unexpected type does not end a sign-in.
func TestUnexpectedClaims(t *testing.T) {
	for _, claim := range []string{
		`"cognito:groups":"admin"`,
		`"cognito:groups":null`,
		`"cognito:roles":{}`,
		`"aud":["` + cognitotest.ExampleClientID + `"]`,
		`"aud":["other","` + cognitotest.ExampleClientID + `"]`,
		`"iat":"1700000000"`,
		`"exp":"1700000000"`,
		`"email":["ada@example.com"]`,
	} {
		synctest.Test(t, func(t *testing.T) {
			members := map[string]json.RawMessage{
				"iss":              json.RawMessage(`"https://issuer.example/pool"`),
				"aud":              json.RawMessage(`"` + cognitotest.ExampleClientID + `"`),
				"cognito:username": json.RawMessage(`"ada"`),
				"exp":              json.RawMessage(strconv.FormatInt(time.Now().Unix()+3600, 10)),
			}
			name, value, _ := strings.Cut(claim[1:], `":`)
			members[name] = json.RawMessage(value)
			header := part(map[string]any{"alg": "RS256", "kid": "k"})
			token := header + "." + part(members) + ".AAAA"
			httpClient, log := scripted(t, map[string]string{
				"InitiateAuth":              issued(token, "r"),
				"GetId":                     `{"IdentityId":"` + identityA + `"}`,
				"GetCredentialsForIdentity": credentialsOf(identityA),
			})
			client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
			s, err := client.Start(t.Context(), cognito.Login{Username: "ada", Flow: "CUSTOM_AUTH"})
			if err != nil {
				t.Errorf("Start with %s: %v", claim, err)
				return
			}
			if _, err := s.Credentials(t.Context()); err != nil || len(*log) != 3 {
				t.Errorf("Credentials with %s = %v after %d requests, want 3",
					claim, err, len(*log))
			}
			if got := s.UnverifiedClaims().Username; got != "ada" {
				t.Errorf("the user name with %s is %q, want ada", claim, got)
			}
		})
	}
}
