package managedlogin_test

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/managedlogin"
)

// login is one sign-in with the stand-in.
type login struct {
	t        *testing.T
	server   *cognitotest.Server
	client   *managedlogin.Client
	in       managedlogin.AuthorizeInput
	verifier string
}

func newLogin(t *testing.T, s *cognitotest.Server) *login {
	verifier := rand.Text() + rand.Text()
	return &login{
		t:      t,
		server: s,
		client: &managedlogin.Client{
			Domain:     cognitotest.ExampleDomain,
			ClientID:   cognitotest.ExampleClientID,
			HTTPClient: s.Client(),
		},
		in: managedlogin.AuthorizeInput{
			RedirectURI:   cognitotest.ExampleCallbackURL,
			Scope:         "openid email",
			State:         rand.Text(),
			Nonce:         rand.Text(),
			CodeChallenge: managedlogin.CodeChallenge(verifier),
		},
		verifier: verifier,
	}
}

func (l *login) withSecret() *login {
	l.client.ClientID = cognitotest.ExampleSecretClientID
	l.client.ClientSecret = cognitotest.ExampleClientSecret
	return l
}

// browse signs the user in and returns the parameters that come back.
func (l *login) browse(user string) url.Values {
	l.t.Helper()
	address, err := l.client.AuthorizeURL(l.in)
	if err != nil {
		l.t.Fatal(err)
	}
	callback, err := l.server.Browse(address, user, cognitotest.ExamplePassword)
	if err != nil {
		l.t.Fatal(err)
	}
	u, err := url.Parse(callback)
	if err != nil || !strings.HasPrefix(callback, l.in.RedirectURI+"?") {
		l.t.Fatalf("the browser came back to %q, %v, want %s", callback, err, l.in.RedirectURI)
	}
	return u.Query()
}

func (l *login) exchange(code string) (managedlogin.Tokens, error) {
	return l.client.Exchange(l.t.Context(), code, l.in.RedirectURI, l.verifier)
}

// claim returns a claim of a token without verifying it.
func claim(t *testing.T, token, name string) any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts, want 3", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims[name]
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var refused *awserr.Error
	if !errors.As(err, &refused) || refused.Code != code || refused.Service != "managedlogin" {
		t.Errorf("%s: error = %v, want %s", what, err, code)
	}
}

func TestSignIn(t *testing.T) {
	for _, tt := range []struct {
		name     string
		user     string
		change   func(*login)
		username string
	}{
		{"public", cognitotest.ExampleUser, func(*login) {}, "ada"},
		{"secret", cognitotest.ExampleUser, func(l *login) { l.withSecret() }, "ada"},
		{"provider", cognitotest.ExampleProviderUser, func(l *login) {
			l.in.IdentityProvider = cognitotest.ExampleProvider
		}, "Contoso_alan"},
		{"identifier", cognitotest.ExampleProviderUser, func(l *login) {
			l.in.IDPIdentifier = "contoso.example"
		}, "Contoso_alan"},
		{"all parameters", cognitotest.ExampleUser, func(l *login) {
			l.in.LoginHint = "ada@example.com"
			l.in.Lang = "de"
			l.in.Prompt = "login"
		}, "ada"},
		{"URL as domain", cognitotest.ExampleUser, func(l *login) {
			l.client.Domain = "https://" + cognitotest.ExampleDomain + "/"
		}, "ada"},
		{"loopback", cognitotest.ExampleUser, func(l *login) {
			l.client.Domain = "http://127.0.0.1:8080"
		}, "ada"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLogin(t, cognitotest.Example())
			tt.change(l)
			back := l.browse(tt.user)
			if back.Get("state") != l.in.State {
				t.Errorf("state = %q, want %q", back.Get("state"), l.in.State)
			}
			tokens, err := l.exchange(back.Get("code"))
			if err != nil {
				t.Fatal(err)
			}
			if got := claim(t, tokens.IDToken, "nonce"); got != l.in.Nonce {
				t.Errorf("nonce = %v, want %s", got, l.in.Nonce)
			}
			if got := claim(t, tokens.IDToken, "cognito:username"); got != tt.username {
				t.Errorf("cognito:username = %v, want %s", got, tt.username)
			}
			if got := claim(t, tokens.AccessToken, "scope"); got != "openid email" {
				t.Errorf("scope = %v, want openid email", got)
			}
			if tokens.ExpiresIn != time.Hour || tokens.RefreshToken == "" {
				t.Errorf("ExpiresIn = %v, want 1h, and a refresh token", tokens.ExpiresIn)
			}
			refreshed, err := l.client.Refresh(t.Context(), tokens.RefreshToken)
			if err != nil || refreshed.IDToken == "" || refreshed.RefreshToken != "" {
				t.Errorf("Refresh: %v, want an ID token and no refresh token", err)
			}
			if err := l.client.Revoke(t.Context(), tokens.RefreshToken); err != nil {
				t.Error(err)
			}
			_, err = l.client.Refresh(t.Context(), tokens.RefreshToken)
			wantCode(t, "Refresh after Revoke", err, managedlogin.CodeInvalidGrant)
			if err := l.client.Revoke(t.Context(), tokens.RefreshToken); err != nil {
				t.Errorf("second Revoke: %v", err)
			}
		})
	}
}

func TestExchangeRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*login)
		want   string
	}{
		{"another verifier", func(l *login) { l.verifier = rand.Text() + rand.Text() },
			managedlogin.CodeInvalidGrant},
		{"another redirect URI", func(l *login) {
			l.in.RedirectURI = "http://localhost:8401/callback"
		}, managedlogin.CodeInvalidGrant},
		{"another client", func(l *login) { l.withSecret() }, managedlogin.CodeInvalidGrant},
		{"unknown client", func(l *login) { l.client.ClientID = "x" }, "invalid_client"},
		{"wrong secret", func(l *login) { l.withSecret().client.ClientSecret = "x" },
			"invalid_client"},
		{"no secret", func(l *login) { l.withSecret().client.ClientSecret = "" },
			"invalid_client"},
		{"machine tokens", func(l *login) {
			_, err := l.client.ClientCredentials(l.t.Context(), "")
			wantCode(l.t, "ClientCredentials", err, "unauthorized_client")
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLogin(t, cognitotest.Example())
			code := l.browse(cognitotest.ExampleUser).Get("code")
			tt.change(l)
			_, err := l.exchange(code)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				_, err = l.exchange(code)
				tt.want = managedlogin.CodeInvalidGrant // The code is used up.
			}
			wantCode(t, "Exchange", err, tt.want)
		})
	}
}

func TestRotation(t *testing.T) {
	s := cognitotest.Example()
	s.UserPools[0].Clients[0].RefreshTokenRotation = true
	l := newLogin(t, s)
	tokens, err := l.exchange(l.browse(cognitotest.ExampleUser).Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := l.client.Refresh(t.Context(), tokens.RefreshToken)
	if err != nil || rotated.RefreshToken == "" {
		t.Fatalf("Refresh: %v, want a new refresh token", err)
	}
	_, err = l.client.Refresh(t.Context(), tokens.RefreshToken)
	wantCode(t, "Refresh with the old token", err, managedlogin.CodeInvalidGrant)
	if _, err := l.client.Refresh(t.Context(), rotated.RefreshToken); err != nil {
		t.Error(err)
	}
}

func TestMachine(t *testing.T) {
	s := cognitotest.Example()
	s.UserPools[0].Clients = append(s.UserPools[0].Clients, cognitotest.AppClient{
		ID:                 "machine",
		Secret:             "a+secret",
		AllowedOAuthFlows:  []string{"client_credentials"},
		AllowedOAuthScopes: []string{"server/read", "server/write"},
	})
	c := &managedlogin.Client{
		Domain:       cognitotest.ExampleDomain,
		ClientID:     "machine",
		ClientSecret: "a+secret",
		HTTPClient:   s.Client(),
	}
	for _, tt := range []struct{ scope, want string }{
		{"", "server/read server/write"},
		{"server/write", "server/write"},
	} {
		tokens, err := c.ClientCredentials(t.Context(), tt.scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := claim(t, tokens.AccessToken, "scope"); got != tt.want {
			t.Errorf("ClientCredentials(%q): scope = %v, want %s", tt.scope, got, tt.want)
		}
		if tokens.IDToken != "" || tokens.RefreshToken != "" {
			t.Errorf("ClientCredentials(%q) returned other tokens", tt.scope)
		}
	}
	_, err := c.ClientCredentials(t.Context(), "server/other")
	wantCode(t, "ClientCredentials", err, "invalid_scope")
}

// A server that does not answer delays a call until its context ends. The call is not retried.
func TestContext(t *testing.T) {
	s := cognitotest.Example()
	l := newLogin(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	requests := 0
	s.Fault = func(r *http.Request) *http.Response {
		requests++
		cancel()
		<-r.Context().Done()
		return nil
	}
	_, err := l.client.Exchange(ctx, "code", l.in.RedirectURI, l.verifier)
	if !errors.Is(err, context.Canceled) || requests != 1 {
		t.Errorf("Exchange sent %d requests, %v, want 1 and context.Canceled", requests, err)
	}
}

// The server never sees a secret in a URL, and the secret in one place only.
func TestSecretsAreNotInURLs(t *testing.T) {
	s := cognitotest.Example()
	l := newLogin(t, s).withSecret()
	requests := 0
	s.Fault = func(r *http.Request) *http.Response {
		requests++
		for _, secret := range []string{l.verifier, l.client.ClientSecret} {
			if strings.Contains(r.URL.String(), secret) || strings.Contains(r.Referer(), secret) {
				t.Errorf("%s has a secret in its URL", r.URL.Path)
			}
		}
		if r.URL.Path == "/oauth2/token" {
			id, secret, _ := r.BasicAuth()
			if id != l.client.ClientID || secret != l.client.ClientSecret ||
				r.FormValue("client_id") != l.client.ClientID ||
				r.FormValue("client_secret") != "" {
				t.Error("the client is not authenticated by Basic with client_id in the form")
			}
			r.Form, r.PostForm = nil, nil
		}
		return nil
	}
	tokens, err := l.exchange(l.browse(cognitotest.ExampleUser).Get("code"))
	if err == nil {
		_, err = l.client.Refresh(t.Context(), tokens.RefreshToken)
	}
	if err != nil || requests < 4 {
		t.Errorf("%d requests, %v, want at least 4", requests, err)
	}
}

func TestLogout(t *testing.T) {
	s := cognitotest.Example()
	c := newLogin(t, s).client
	for _, tt := range []struct{ uri, want string }{
		{"http://localhost:8400/", "http://localhost:8400/"},
		{"http://localhost:8400", "/error?"},
	} {
		address, err := c.LogoutURL(tt.uri)
		if err != nil {
			t.Fatal(err)
		}
		browser := s.Client()
		browser.CheckRedirect = func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}
		resp, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Location"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("logout with %s leads to %q, want %s", tt.uri, got, tt.want)
		}
	}
}

// This example signs a user in with the stand-in in place of Cognito and a browser.
func Example() {
	server := cognitotest.Example()
	c := &managedlogin.Client{
		Domain:     cognitotest.ExampleDomain,
		ClientID:   cognitotest.ExampleClientID,
		HTTPClient: server.Client(),
	}
	verifier := rand.Text() + rand.Text()
	in := managedlogin.AuthorizeInput{
		RedirectURI:   cognitotest.ExampleCallbackURL,
		Scope:         "openid email",
		State:         rand.Text(),
		Nonce:         rand.Text(),
		CodeChallenge: managedlogin.CodeChallenge(verifier),
	}
	address, err := c.AuthorizeURL(in)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A user opens address in a browser, which comes back to in.RedirectURI.
	callback, err := server.Browse(address, "ada", cognitotest.ExamplePassword)
	if err != nil {
		fmt.Println(err)
		return
	}
	u, err := url.Parse(callback)
	if err != nil {
		fmt.Println(err)
		return
	}
	state := u.Query().Get("state")
	if subtle.ConstantTimeCompare([]byte(state), []byte(in.State)) == 0 {
		fmt.Println("not the answer to this sign-in")
		return
	}
	ctx := context.Background()
	tokens, err := c.Exchange(ctx, u.Query().Get("code"), in.RedirectURI, verifier)
	fmt.Println(tokens, tokens.ExpiresIn, err)
	// Output: [redacted] 1h0m0s <nil>
}
