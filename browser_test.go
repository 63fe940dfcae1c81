package cognito_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/managedlogin"
)

// browserEnvironment is exampleEnvironment with managed login. The callback URL is not on loopback,
// so that nothing listens.
func browserEnvironment() cognito.Environment {
	e := exampleEnvironment()
	e.Domain = cognitotest.ExampleDomain
	e.RedirectURI = "com.example.program:/callback"
	e.Scopes = "openid email aws.cognito.signin.user.admin"
	return e
}

// browserServer is cognitotest.Example with the callback URL of browserEnvironment.
func browserServer() *cognitotest.Server {
	server := cognitotest.Example()
	for i := range server.UserPools[0].Clients {
		client := &server.UserPools[0].Clients[i]
		client.CallbackURLs = append(client.CallbackURLs, browserEnvironment().RedirectURI)
	}
	return server
}

func browserClient(server *cognitotest.Server) *cognito.Client {
	return &cognito.Client{Environment: browserEnvironment(), HTTPClient: server.Client()}
}

func startBrowser(t *testing.T, c *cognito.Client) *cognito.BrowserSignIn {
	t.Helper()
	b, err := c.StartBrowser(t.Context(), cognito.BrowserLogin{})
	if err != nil {
		t.Fatalf("StartBrowser: %v", err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// browse signs in at managed login and returns the address that the browser ends at.
func browse(t *testing.T, server *cognitotest.Server, b *cognito.BrowserSignIn) string {
	t.Helper()
	address, err := server.Browse(b.URL, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatalf("Browse: %v", err)
	}
	return address
}

// signInByBrowser signs in with an address that is delivered.
func signInByBrowser(
	t *testing.T, server *cognitotest.Server, c *cognito.Client,
) (*cognito.Session, error) {
	t.Helper()
	b := startBrowser(t, c)
	delivered := b.Deliver(t.Context(), browse(t, server, b))
	s, err := b.Wait(t.Context())
	if fmt.Sprint(delivered) != fmt.Sprint(err) {
		t.Errorf("Deliver: error %v, want that of Wait: %v", delivered, err)
	}
	return s, err
}

func mustSignInByBrowser(
	t *testing.T, server *cognitotest.Server, c *cognito.Client,
) *cognito.Session {
	t.Helper()
	s, err := signInByBrowser(t, server, c)
	if err != nil {
		t.Fatalf("Wait: %v", err)
	}
	return s
}

// queryOf returns the parameters of an address.
func queryOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestBrowserSignIn(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*cognito.Client)
		login  cognito.BrowserLogin
		user   string
		want   string
	}{
		{"public", func(*cognito.Client) {}, cognito.BrowserLogin{},
			cognitotest.ExampleUser, "ada"},
		{"secret", func(c *cognito.Client) {
			c.Environment.ClientID = cognitotest.ExampleSecretClientID
			c.Environment.ClientSecret = cognitotest.ExampleClientSecret
		}, cognito.BrowserLogin{}, cognitotest.ExampleUser, "ada"},
		{"provider", func(*cognito.Client) {},
			cognito.BrowserLogin{Provider: cognitotest.ExampleProvider},
			cognitotest.ExampleProviderUser, "Contoso_alan"},
		{"identifier", func(*cognito.Client) {},
			cognito.BrowserLogin{Identifier: "contoso.example", LoginHint: "a b+c",
				Language: "de", Prompt: "login"},
			cognitotest.ExampleProviderUser, "Contoso_alan"},
		{"all scopes", func(c *cognito.Client) { c.Environment.Scopes = "" },
			cognito.BrowserLogin{}, cognitotest.ExampleUser, "ada"},
		{"given callback URL", func(c *cognito.Client) { c.Environment.RedirectURI = "" },
			cognito.BrowserLogin{RedirectURI: browserEnvironment().RedirectURI},
			cognitotest.ExampleUser, "ada"},
		{"classic flow", func(c *cognito.Client) { c.Duration = time.Hour },
			cognito.BrowserLogin{}, cognitotest.ExampleUser, "ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := browserServer()
			c := browserClient(server)
			test.change(c)
			b, err := c.StartBrowser(t.Context(), test.login)
			if err != nil {
				t.Fatalf("StartBrowser: %v", err)
			}
			defer b.Close()
			address, err := server.Browse(b.URL, test.user, cognitotest.ExamplePassword)
			if err != nil {
				t.Fatalf("Browse: %v", err)
			}
			// A terminal may wrap what the user pastes.
			wrapped := " " + address[:30] + "\n  " + address[30:] + "\r\n"
			if err := b.Deliver(t.Context(), wrapped); err != nil {
				t.Fatalf("Deliver: %v", err)
			}
			s, err := b.Wait(t.Context())
			if err != nil {
				t.Fatalf("Wait: %v", err)
			}
			if got := s.UnverifiedClaims().Username; got != test.want {
				t.Errorf("Username = %q, want %q", got, test.want)
			}
			if _, err := s.Credentials(t.Context()); err != nil {
				t.Errorf("Credentials: %v", err)
			}
		})
	}
}

// The URL has no secret, a challenge of the method S256, and spaces that every server reads.
func TestBrowserURL(t *testing.T) {
	b, again := startBrowser(t, browserClient(browserServer())),
		startBrowser(t, browserClient(browserServer()))
	if !strings.HasPrefix(b.URL, "https://"+cognitotest.ExampleDomain+"/oauth2/authorize?") ||
		!strings.Contains(b.URL, "scope=openid%20email") {
		t.Errorf("URL = %s", b.URL)
	}
	q, other := queryOf(t, b.URL), queryOf(t, again.URL)
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 26 || q.Get(name) == other.Get(name) {
			t.Errorf("%s = %q, then %q, want different ones", name, q.Get(name), other.Get(name))
		}
	}
	if strings.Trim(q.Get("state"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("state = %q, want letters and digits", q.Get("state"))
	}
	if q.Get("code_challenge_method") != "S256" || q.Has("code_verifier") {
		t.Errorf("URL = %s, want a challenge and no verifier", b.URL)
	}
	for _, text := range []string{fmt.Sprintf("%+v %#v %v", b, b, b)} {
		if strings.Contains(text, q.Get("state")) {
			t.Errorf("the state is shown: %s", text)
		}
	}
}

func TestStartBrowserRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*cognito.Client)
		login  cognito.BrowserLogin
		want   string
	}{
		{"no domain", func(c *cognito.Client) { c.Environment.Domain = "" },
			cognito.BrowserLogin{}, "lacks domain"},
		{"no callback URL", func(c *cognito.Client) { c.Environment.RedirectURI = "" },
			cognito.BrowserLogin{}, "lacks redirect_uri"},
		{"scopes without openid", func(c *cognito.Client) { c.Environment.Scopes = "email" },
			cognito.BrowserLogin{}, "openid"},
		{"callback URL", func(*cognito.Client) {},
			cognito.BrowserLogin{RedirectURI: "http://example.com/"}, "loopback"},
		{"blocked port", func(*cognito.Client) {},
			cognito.BrowserLogin{RedirectURI: "http://localhost:6000/"}, "port"},
		{"two providers", func(*cognito.Client) {},
			cognito.BrowserLogin{Provider: "Google", Identifier: "a"}, "IdentityProvider"},
	} {
		c := browserClient(browserServer())
		test.change(c)
		b, err := c.StartBrowser(t.Context(), test.login)
		if b != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: StartBrowser: error %v, want %q", test.name, err, test.want)
		}
	}
}

// Addresses that do not belong to the sign-in change nothing.
func TestDeliverRefuses(t *testing.T) {
	server := browserServer()
	b := startBrowser(t, browserClient(server))
	good := browse(t, server, b)
	q := queryOf(t, good)
	code, state := q.Get("code"), q.Get("state")
	base := b.RedirectURI + "?"
	for _, test := range []struct{ name, address, want string }{
		{"empty", "", "begins with"},
		{"code alone", code, "begins with"},
		{"not a URL", "%zz", "begins with"},
		{"another scheme", "com.example.other:/callback?code=" + code + "&state=" + state,
			"begins with"},
		{"another path", "com.example.program:/other?code=" + code + "&state=" + state,
			"begins with"},
		{"another host", "com.example.program://host/callback?code=" + code + "&state=" + state,
			"begins with"},
		{"no state", base + "code=" + code, "another sign-in"},
		{"empty state", base + "code=" + code + "&state=", "another sign-in"},
		{"wrong state", base + "code=" + code + "&state=" + state[1:] + "A", "another sign-in"},
		{"part of the state", base + "code=" + code + "&state=" + state[:9], "another sign-in"},
		{"no code", base + "state=" + state, "incomplete"},
		{"two codes", base + "code=" + code + "&code=x&state=" + state, "repeats"},
		{"two states", base + "code=" + code + "&state=x&state=" + state, "repeats"},
		{"two errors", base + "error=a&error=b&state=" + state, "repeats"},
		{"bad escape", base + "code=%zz&state=" + state, "incomplete"},
		{"error, wrong state", base + "error=access_denied&state=x", "another sign-in"},
	} {
		err := b.Deliver(t.Context(), test.address)
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), code) || strings.Contains(err.Error(), state) {
			t.Errorf("%s: Deliver: error %v, want %q", test.name, err, test.want)
		}
	}
	if err := b.Deliver(t.Context(), good); err != nil {
		t.Errorf("Deliver after wrong addresses: %v", err)
	}
	if _, err := b.Wait(t.Context()); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// Errors with the state end the sign-in. Others are doubtful, and the sign-in continues.
func TestBrowserErrors(t *testing.T) {
	server := browserServer()
	b := startBrowser(t, browserClient(server))
	good := browse(t, server, b)
	state := queryOf(t, good).Get("state")
	const sent = "error=access_denied&error_description=User+said%1b%5b31m+%0ano%e2%80%ae"
	var refused *cognito.BrowserError
	err := b.Deliver(t.Context(), b.RedirectURI+"?"+sent)
	if !errors.As(err, &refused) || !refused.Doubtful || refused.Code != "access_denied" ||
		refused.Description != "User said [31m no" {
		t.Errorf("Deliver: error %q, want a doubtful one on one line", err)
	}
	if err := b.Deliver(t.Context(), b.RedirectURI+"?"+sent+"&state="+state); err == nil {
		t.Error("Deliver: nil, want an error")
	}
	_, err = b.Wait(t.Context())
	if !errors.As(err, &refused) || refused.Doubtful ||
		!strings.HasPrefix(err.Error(), "cognito: managed login refused the sign-in: "+
			"access_denied: User said [31m no; probably ") {
		t.Errorf("Wait: error %q, want a final one", err)
	}
	if err := b.Deliver(t.Context(), good); !errors.As(err, &refused) {
		t.Errorf("Deliver after the end: error %v, want the first one", err)
	}

	// What Cognito sends, in both forms.
	for _, withState := range []bool{false, true} {
		server := browserServer()
		server.UserPools[0].ErrorState = withState
		c := browserClient(server)
		c.Environment.Scopes = "openid unknown/scope"
		b := startBrowser(t, c)
		address, err := server.Browse(b.URL, cognitotest.ExampleUser, cognitotest.ExamplePassword)
		if err != nil {
			t.Fatalf("Browse: %v", err)
		}
		err = b.Deliver(t.Context(), address)
		if !errors.As(err, &refused) || refused.Code != "invalid_scope" ||
			refused.Doubtful == withState || !strings.Contains(err.Error(), "compare") {
			t.Errorf("Deliver: error %v, want invalid_scope, doubtful without state", err)
		}
	}
}

// tamper replaces members of the token endpoint's responses.
func tamper(
	server *cognitotest.Server, change func(r *http.Request, tokens map[string]any),
) *http.Client {
	base := server.Client().Transport
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r)
		if err != nil || r.URL.Path != "/oauth2/token" {
			return resp, err
		}
		var tokens map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil {
			return nil, err
		}
		resp.Body.Close()
		change(r, tokens)
		body, err := json.Marshal(tokens)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return resp, err
	})}
}

// Tokens that are not from the user pool, or not for this sign-in, are refused before they are
// used.
func TestBrowserTokensRefused(t *testing.T) {
	server := browserServer()
	other := savedSession(mustSignInByBrowser(t, server, browserClient(server))).Tokens
	bySRP := savedSession(signIn(t, exampleClient(server))).Tokens
	for _, test := range []struct {
		name   string
		change func(tokens map[string]any)
		want   string
	}{
		{"nonce of another sign-in", func(m map[string]any) {
			m["id_token"], m["access_token"] = other.ID, other.Access
		}, "nonce"},
		{"no nonce", func(m map[string]any) {
			m["id_token"], m["access_token"] = bySRP.ID, bySRP.Access
		}, "nonce"},
		{"access token of another sign-in", func(m map[string]any) {
			m["access_token"] = other.Access
		}, "at_hash"},
		{"no ID token", func(m map[string]any) { delete(m, "id_token") }, "openid"},
		{"access token as ID token", func(m map[string]any) {
			m["id_token"] = m["access_token"]
		}, "token_use"},
		{"forged", func(m map[string]any) {
			m["id_token"] = unsigned(time.Now().Add(time.Hour))
		}, "key"},
		{"changed", func(m map[string]any) {
			head, _, _ := strings.Cut(m["id_token"].(string), ".")
			m["id_token"] = head + strings.TrimPrefix(other.ID, head)[:9] + "A" +
				other.ID[len(head)+10:]
		}, "refused"},
	} {
		c := browserClient(server)
		c.HTTPClient = tamper(server, func(_ *http.Request, m map[string]any) { test.change(m) })
		s, err := signInByBrowser(t, server, c)
		if s != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Wait: %v, want %q", test.name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), other.ID) ||
			strings.Contains(err.Error(), other.Access)) {
			t.Errorf("%s: the error shows a token", test.name)
		}
	}
}

// The domain of another pool, with an app client of the same ID, cannot sign anybody in.
func TestBrowserForeignDomain(t *testing.T) {
	server := browserServer()
	foreign := server.UserPools[0]
	foreign.ID = "us-east-1_FOREIGN00"
	foreign.Domain = "foreign.auth.us-east-1.amazoncognito.com"
	server.UserPools = append(server.UserPools, foreign)
	c := browserClient(server)
	c.Environment.Domain = foreign.Domain
	s, err := signInByBrowser(t, server, c)
	var refused *jwt.Error
	if s != nil || !errors.As(err, &refused) || refused.Reason != jwt.WrongIssuer ||
		!strings.Contains(err.Error(), "domain") {
		t.Errorf("Wait: error %v, want that the issuer is wrong", err)
	}
}

// A token endpoint that redirects, fails or responds without an end is a clear error, and gets the
// code once.
func TestBrowserHostileTokenEndpoint(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   io.Reader
		want   string
	}{
		{"redirect", 307, strings.NewReader(""), "307"},
		{"fault", 500, strings.NewReader("<html>"), "500"},
		{"long", 200, strings.NewReader(strings.Repeat(" ", 4<<20)), "bytes"},
		{"not JSON", 200, strings.NewReader("<html>"), "tokens"},
		{"refusal", 400, strings.NewReader(`{"error":"invalid_grant"}`), "invalid_grant"},
	} {
		server := browserServer()
		var sent atomic.Int32
		server.Fault = func(r *http.Request) *http.Response {
			if r.Host == "evil.example" {
				t.Errorf("%s: followed the redirect", test.name)
			}
			if r.URL.Path != "/oauth2/token" {
				return nil
			}
			sent.Add(1)
			return &http.Response{
				StatusCode: test.status,
				Header:     http.Header{"Location": {"https://evil.example/oauth2/token"}},
				Body:       io.NopCloser(test.body),
			}
		}
		s, err := signInByBrowser(t, server, browserClient(server))
		if s != nil || err == nil || !strings.Contains(err.Error(), test.want) || sent.Load() != 1 {
			t.Errorf("%s: Wait: error %v after %d requests, want %q after 1", test.name, err,
				sent.Load(), test.want)
		}
	}
}

// The context ends Wait, and Close ends an exchange that hangs.
func TestBrowserHungTokenEndpoint(t *testing.T) {
	server := browserServer()
	c := browserClient(server)
	base, hung := c.HTTPClient.Transport, make(chan bool, 1)
	c.HTTPClient = &http.Client{Transport: roundTripper(
		func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/oauth2/token" {
				return base.RoundTrip(r)
			}
			hung <- true
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
	b := startBrowser(t, c)
	address := browse(t, server, b)
	delivered := make(chan error)
	go func() { delivered <- b.Deliver(context.Background(), address) }()
	<-hung
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user is tired")
	cancel(cause)
	if _, err := b.Wait(ctx); !errors.Is(err, cause) {
		t.Errorf("Wait: error %v, want the cause", err)
	}
	b.Close()
	if err := <-delivered; err == nil {
		t.Error("Deliver: nil, want an error after Close")
	}
	if _, err := b.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Wait after Close: error %v, want that it was closed", err)
	}
}

// If the local clock is ahead, new tokens are valid by the clock of the pool.
func TestBrowserClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 5 * time.Hour
		server := browserServer()
		c := browserClient(server)
		base := c.HTTPClient.Transport
		c.HTTPClient = &http.Client{Transport: roundTripper(
			func(r *http.Request) (*http.Response, error) {
				resp, err := base.RoundTrip(r)
				if err == nil && r.URL.Path == "/oauth2/token" {
					time.Sleep(ahead) // the clock jumps
				} else if err == nil {
					date := time.Now().Add(-ahead).UTC().Format(http.TimeFormat)
					resp.Header.Set("Date", date)
				}
				return resp, err
			})}
		s := mustSignInByBrowser(t, server, c)
		count := operations(server)
		if _, err := s.Tokens(t.Context()); err != nil || count("") != 0 {
			t.Errorf("Tokens: %v after %d requests, want those of the sign-in", err, count(""))
		}
	})
}

// operations counts the requests of a session: paths of managed login, and targets of the API.
func operations(server *cognitotest.Server) (count func(string) int) {
	var mu sync.Mutex
	var log []string
	server.Fault = func(r *http.Request) *http.Response {
		_, target, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		mu.Lock()
		defer mu.Unlock()
		log = append(log, r.URL.Path+" "+target)
		return nil
	}
	return func(part string) (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range log {
			if strings.Contains(text, part) {
				n++
			}
		}
		return n
	}
}

// The tokens of a browser sign-in are refreshed at the token endpoint, in this process and in
// another one that resumes the session.
func TestBrowserRefresh(t *testing.T) {
	for _, rotates := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server := browserServer()
			server.UserPools[0].Clients[0].RefreshTokenRotation = rotates
			s := mustSignInByBrowser(t, server, browserClient(server))
			first := savedSession(s)
			if !first.ManagedLogin {
				t.Error("ManagedLogin = false, want true")
			}
			count := operations(server)
			time.Sleep(2 * time.Hour)
			tokens, err := s.Tokens(t.Context())
			if err != nil || tokens.ID == first.Tokens.ID {
				t.Fatalf("Tokens: %v, want new ones", err)
			}
			if (tokens.Refresh != first.Tokens.Refresh) != rotates {
				t.Errorf("the refresh token changed: %v, want %v", !rotates, rotates)
			}
			time.Sleep(2 * time.Hour)
			resumed, err := browserClient(server).Resume(t.Context(), s.Save())
			if err != nil {
				t.Fatalf("Resume: %v", err)
			}
			if _, err := resumed.Credentials(t.Context()); err != nil {
				t.Errorf("Credentials: %v", err)
			}
			if token, api := count("/oauth2/token"), count("TokensFromRefresh"); token != 2 ||
				api != 0 {
				t.Errorf("refreshed %d times at the token endpoint, %d at the API, want 2, 0",
					token, api)
			}
			if err := resumed.SignOut(t.Context()); err != nil {
				t.Errorf("SignOut: %v", err)
			}
			last := savedSession(s)
			last.Tokens.ID = ""
			_, err = browserClient(server).Resume(t.Context(), last.Save())
			if !hasCode(err, managedlogin.CodeInvalidGrant) ||
				!strings.Contains(err.Error(), "sign in again") {
				t.Errorf("Resume after SignOut: error %v, want invalid_grant", err)
			}
		})
	}
}

// A rotated refresh token is kept if the rest of its response is unusable.
func TestBrowserRotatedTokenIsKept(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(m map[string]any)
	}{
		{"no access token", func(m map[string]any) { delete(m, "access_token") }},
		{"no ID token", func(m map[string]any) { delete(m, "id_token") }},
		{"unreadable ID token", func(m map[string]any) { m["id_token"] = "x" }},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := browserServer()
			server.UserPools[0].Clients[0].RefreshTokenRotation = true
			broken := false
			rotated := ""
			c := browserClient(server)
			c.HTTPClient = tamper(server, func(_ *http.Request, m map[string]any) {
				if broken {
					rotated, _ = m["refresh_token"].(string)
					test.change(m)
				}
			})
			s := mustSignInByBrowser(t, server, c)
			time.Sleep(2 * time.Hour)
			broken = true
			if _, err := s.Tokens(t.Context()); err == nil {
				t.Errorf("%s: Tokens: nil, want an error", test.name)
			}
			if got := savedSession(s).Tokens.Refresh; got != rotated || rotated == "" {
				t.Errorf("%s: the rotated token was lost", test.name)
			}
			broken = false
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Errorf("%s: Tokens: %v", test.name, err)
			}
		})
	}
}

// A refresh that fails for another reason than invalid_grant is tried again, with the same token.
func TestBrowserRefreshIsTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 429, 500, 503} {
		synctest.Test(t, func(t *testing.T) {
			server := browserServer()
			s := mustSignInByBrowser(t, server, browserClient(server))
			time.Sleep(2 * time.Hour)
			server.Fault = func(r *http.Request) *http.Response {
				if r.URL.Path != "/oauth2/token" {
					return nil
				}
				return answer(status, `{"error":"invalid_request"}`)
			}
			if _, err := s.Tokens(t.Context()); err == nil {
				t.Errorf("status %d: Tokens: nil, want an error", status)
			}
			server.Fault = nil
			time.Sleep(time.Minute)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Errorf("status %d, then none: Tokens: %v", status, err)
			}
		})
	}
}

// Two sessions share one store, whose tokens rotate at the token endpoint.
func TestBrowserRefreshIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := browserServer()
		server.UserPools[0].Clients[0].RefreshTokenRotation = true
		stored := savedSession(mustSignInByBrowser(t, server, browserClient(server)))
		resume := func() *cognito.Session {
			c := browserClient(server)
			c.RefreshWith = func(ctx context.Context, current cognito.SavedSession,
				refresh refresher) (cognito.SavedSession, error) {
				var read cognito.SavedSession
				if err := read.Load(stored.Save()); err != nil {
					return read, err
				}
				if read.Tokens.Expires.After(current.Tokens.Expires) {
					return read, nil
				}
				var err error
				stored, err = refresh(ctx, read)
				return stored, err
			}
			s, err := c.Resume(t.Context(), stored.Save())
			if err != nil {
				t.Fatalf("Resume: %v", err)
			}
			return s
		}
		a, b := resume(), resume()
		count := operations(server)
		for range 3 {
			time.Sleep(2 * time.Hour)
			for _, s := range []*cognito.Session{a, b} {
				if _, err := s.Tokens(t.Context()); err != nil {
					t.Errorf("Tokens: %v", err)
				}
			}
		}
		if n := count("/oauth2/token"); n != 3 || count("TokensFromRefresh") != 0 {
			t.Errorf("%d refreshes, want 3 at the token endpoint", n)
		}
		if err := a.SignOut(t.Context()); err != nil {
			t.Errorf("SignOut: %v", err)
		}
		if _, err := b.Credentials(t.Context()); err != nil {
			t.Errorf("Credentials with valid tokens: %v", err)
		}
	})
}

// A session that the API refreshed is not refreshed at the token endpoint, and a saved session has
// the form that older versions read.
func TestSRPSessionIsNotRefreshedAtDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := browserServer()
		s := signIn(t, browserClient(server))
		if saved := string(s.Save()); strings.Contains(saved, "ManagedLogin") {
			t.Error("Save has ManagedLogin after SRP")
		}
		count := operations(server)
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); err != nil {
			t.Errorf("Tokens: %v", err)
		}
		if count("/oauth2/token") != 0 || count("GetTokensFromRefreshToken") != 1 {
			t.Error("refreshed at the token endpoint, want the API")
		}
	})
}

func TestLogoutURL(t *testing.T) {
	got, err := browserClient(browserServer()).LogoutURL("http://localhost:8400/")
	want := "https://" + cognitotest.ExampleDomain + "/logout?client_id=" +
		cognitotest.ExampleClientID + "&logout_uri=http%3A%2F%2Flocalhost%3A8400%2F"
	if err != nil || got != want {
		t.Errorf("LogoutURL = %q, %v, want %q", got, err, want)
	}
	if got, err := exampleClient(browserServer()).LogoutURL("http://localhost:8400/"); err == nil {
		t.Errorf("LogoutURL without a domain = %q, want an error", got)
	}
}

// An app client with a secret obtains access tokens of its own.
func TestClientCredentials(t *testing.T) {
	server := browserServer()
	client := &server.UserPools[0].Clients[1]
	client.CallbackURLs = nil
	client.AllowedOAuthFlows = []string{"client_credentials"}
	client.AllowedOAuthScopes = []string{"server/read", "server/write"}
	c := browserClient(server)
	c.Environment.ClientID, c.Environment.ClientSecret = client.ID, client.Secret
	tokens, err := c.ClientCredentials(t.Context(), "server/read")
	if err != nil {
		t.Fatal(err)
	}
	claims, err := c.VerifyAccessToken(t.Context(), tokens.Access)
	if err != nil || claims.Scope != "server/read" || tokens.ID+tokens.Refresh != "" ||
		time.Until(tokens.Expires) < 50*time.Minute {
		t.Errorf("ClientCredentials = scope %q, expires %v, %v", claims.Scope, tokens.Expires, err)
	}
	for _, test := range []struct {
		name, scopes, want string
		change             func(*cognito.Environment)
	}{
		{"scope", "server/other", "invalid_scope", func(*cognito.Environment) {}},
		{"no secret", "", "client_secret", func(e *cognito.Environment) { e.ClientSecret = "" }},
		{"no domain", "", "domain", func(e *cognito.Environment) { e.Domain = "" }},
		{"no grant", "", "does not allow the flow", func(e *cognito.Environment) {
			client.AllowedOAuthFlows = []string{"code"}
		}},
	} {
		c := browserClient(server)
		c.Environment.ClientID, c.Environment.ClientSecret = client.ID, client.Secret
		test.change(&c.Environment)
		tokens, err := c.ClientCredentials(t.Context(), test.scopes)
		if err == nil || !strings.Contains(err.Error(), test.want) || tokens.Access != "" {
			t.Errorf("%s: ClientCredentials: error %v, want %q", test.name, err, test.want)
		}
	}
}
