package managedlogin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

const (
	accessToken  = "eyJhIjoxfQ.eyJiIjoyfQ.c2ln"
	idToken      = "eyJpIjoxfQ.eyJqIjoyfQ.c2ln"
	refreshToken = "eyJyIjoxfQ..refresh"
	success      = `{"id_token":"` + idToken + `","access_token":"` + accessToken +
		`","refresh_token":"` + refreshToken + `","expires_in":3600,"token_type":"Bearer"}`
)

// operations are all calls that send a request.
var operations = []struct {
	name string
	form string // without client_id
	path string
	call func(context.Context, *Client) (Tokens, error)
}{
	{
		name: "Exchange",
		form: "&code=4f2d-code&code_verifier=" + testVerifier + "&grant_type=authorization_code" +
			"&redirect_uri=http%3A%2F%2Flocalhost%3A8400%2Fcallback",
		path: "/oauth2/token",
		call: func(ctx context.Context, c *Client) (Tokens, error) {
			return c.Exchange(ctx, "4f2d-code", testRedirect, testVerifier)
		},
	},
	{
		name: "Refresh",
		form: "&grant_type=refresh_token&refresh_token=" + refreshToken,
		path: "/oauth2/token",
		call: func(ctx context.Context, c *Client) (Tokens, error) {
			return c.Refresh(ctx, refreshToken)
		},
	},
	{
		name: "ClientCredentials",
		form: "&grant_type=client_credentials&scope=server%2Fread+server%2Fwrite",
		path: "/oauth2/token",
		call: func(ctx context.Context, c *Client) (Tokens, error) {
			return c.ClientCredentials(ctx, "server/read server/write")
		},
	},
	{
		name: "Revoke",
		form: "&token=" + refreshToken,
		path: "/oauth2/revoke",
		call: func(ctx context.Context, c *Client) (Tokens, error) {
			return Tokens{}, c.Revoke(ctx, refreshToken)
		},
	},
}

// wire is what a server sees of a request.
type wire struct{ Method, URL, ContentType, Authorization, Body string }

func TestRequests(t *testing.T) {
	for _, secret := range []string{"", "topsecret", "a+b%/:"} {
		for _, o := range operations {
			var got wire
			client := fakehttp.Client(func(r *http.Request) *http.Response {
				got = wire{r.Method, r.URL.String(), r.Header.Get("Content-Type"),
					r.Header.Get("Authorization"), fakehttp.Body(r)}
				return fakehttp.Response(200, success)
			})
			c := &Client{
				Domain:       testDomain,
				ClientID:     testClientID,
				ClientSecret: secret,
				HTTPClient:   client,
			}
			tokens, err := o.call(t.Context(), c)
			if err != nil {
				t.Errorf("%s: %v", o.name, err)
			}
			want := wire{
				Method:      "POST",
				URL:         "https://" + testDomain + o.path,
				ContentType: "application/x-www-form-urlencoded",
				Body:        "client_id=" + testClientID + o.form,
			}
			switch secret {
			case "topsecret":
				want.Authorization = basic(testClientID + ":topsecret")
			case "a+b%/:":
				want.Authorization = basic(testClientID + ":a%2Bb%25%2F%3A")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s with secret %q: request, want-got:\n%s", o.name, secret, diff)
			}
			if o.name != "Revoke" && (tokens.IDToken != idToken ||
				tokens.AccessToken != accessToken || tokens.RefreshToken != refreshToken ||
				tokens.ExpiresIn != time.Hour) {
				t.Errorf("%s returned other tokens than the response has", o.name)
			}
		}
	}
}

func basic(text string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(text))
}

func TestEmptyScopeIsNotSent(t *testing.T) {
	body := ""
	c := &Client{Domain: testDomain, ClientID: testClientID, ClientSecret: "topsecret",
		HTTPClient: fakehttp.Client(func(r *http.Request) *http.Response {
			body = fakehttp.Body(r)
			return fakehttp.Response(200, success)
		})}
	_, err := c.ClientCredentials(t.Context(), "")
	want := "client_id=" + testClientID + "&grant_type=client_credentials"
	if err != nil || body != want {
		t.Errorf("ClientCredentials sent %q, %v, want %q", body, err, want)
	}
}

// No request is sent with an argument that cannot be right.
func TestArguments(t *testing.T) {
	client, sent := fakehttp.Canned(200, success)
	c := &Client{Domain: testDomain, ClientID: testClientID, HTTPClient: client}
	for _, tt := range []struct {
		want string
		call func() error
	}{
		{"Exchange: code is", func() error { return exchange(c, "", testRedirect, testVerifier) }},
		{"Exchange: code is", func() error {
			return exchange(c, "a b", testRedirect, testVerifier)
		}},
		{"Exchange: redirect_uri is", func() error { return exchange(c, "a", "", testVerifier) }},
		{"Exchange: code_verifier is", func() error { return exchange(c, "a", testRedirect, "") }},
		{"Exchange: code_verifier is", func() error {
			return exchange(c, "a", testRedirect, testVerifier[:42])
		}},
		{"Exchange: code_verifier is", func() error {
			return exchange(c, "a", testRedirect, strings.Repeat("x", 129))
		}},
		{"Exchange: code_verifier is", func() error {
			return exchange(c, "a", testRedirect, testVerifier+"=")
		}},
		{"Refresh: refresh_token is", func() error {
			_, err := c.Refresh(t.Context(), "")
			return err
		}},
		{"Refresh: refresh_token is", func() error {
			_, err := c.Refresh(t.Context(), "a\nb")
			return err
		}},
		{"Revoke: token is", func() error { return c.Revoke(t.Context(), "") }},
		{"ClientCredentials: scope is", func() error {
			_, err := c.ClientCredentials(t.Context(), `a"b`)
			return err
		}},
	} {
		err := tt.call()
		if err == nil || !strings.HasPrefix(err.Error(), "managedlogin: "+tt.want) {
			t.Errorf("error = %v, want managedlogin: %s", err, tt.want)
		}
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent, want 0", *sent)
	}
}

func exchange(c *Client, code, redirectURI, verifier string) error {
	_, err := c.Exchange(context.Background(), code, redirectURI, verifier)
	return err
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		header []string
		want   awserr.Error
	}{
		{
			name:   "code",
			status: 400,
			body:   `{"error":"invalid_grant"}`,
			want:   awserr.Error{Code: CodeInvalidGrant, StatusCode: 400},
		},
		{
			name:   "description",
			status: 401,
			body:   `{"error":"invalid_client","error_description":"a\u001b[31mb"}`,
			header: []string{"X-Amzn-Requestid", "id"},
			want: awserr.Error{Code: "invalid_client", Message: "a [31mb", StatusCode: 401,
				RequestID: "id"},
		},
		{
			name:   "another spelling",
			status: 400,
			body:   `{"Error":"invalid_grant"}`,
			want:   awserr.Error{Code: "HTTP 400", StatusCode: 400},
		},
		{
			name:   "another type",
			status: 400,
			body:   `{"error":{"a":1},"error_description":7}`,
			want:   awserr.Error{Code: "HTTP 400", StatusCode: 400},
		},
		{
			name:   "code of AWS",
			status: 400,
			body:   `{"error":"TooManyRequestsException"}`,
			want:   awserr.Error{Code: "HTTP 400", StatusCode: 400},
		},
		{
			name:   "page of a proxy",
			status: 502,
			body:   "<html>bad gateway</html>",
			want:   awserr.Error{Code: "HTTP 502", StatusCode: 502},
		},
		{
			name:   "throttled",
			status: 429,
			body:   `{"error":"slow_down","error_description":"later"}`,
			header: []string{"Retry-After", "1"},
			want:   awserr.Error{Code: "HTTP 429", Message: "later", StatusCode: 429},
		},
		{
			name:   "empty",
			status: 204,
			want:   awserr.Error{Code: "HTTP 204", StatusCode: 204},
		},
		{
			name:   "redirect",
			status: 307,
			header: []string{"Location", "https://evil.example/"},
			want: awserr.Error{Code: "HTTP 307", StatusCode: 307,
				Message: "the server redirects, which is not followed: check the Domain"},
		},
	} {
		for _, o := range operations {
			client, sent := fakehttp.Canned(tt.status, tt.body, tt.header...)
			c := &Client{Domain: testDomain, ClientID: testClientID, HTTPClient: client}
			tokens, err := o.call(t.Context(), c)
			var got *awserr.Error
			if !errors.As(err, &got) || tokens != (Tokens{}) {
				t.Errorf("%s: %s = %v, want an *awserr.Error", tt.name, o.name, err)
				continue
			}
			want := tt.want
			want.Service, want.Operation = "managedlogin", o.name
			if want.Message == "" {
				got.Message = ""
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("%s: %s: error, want-got:\n%s", tt.name, o.name, diff)
			}
			if *sent != 1 {
				t.Errorf("%s: %s sent %d requests, want 1", tt.name, o.name, *sent)
			}
		}
	}
}

// A code is valid once, so a request that may have arrived is not sent again.
func TestNotRetried(t *testing.T) {
	for _, o := range operations {
		sent := 0
		c := &Client{
			Domain:   testDomain,
			ClientID: testClientID,
			HTTPClient: fakehttp.Client(func(*http.Request) *http.Response {
				sent++
				return nil // disconnected
			}),
		}
		_, err := o.call(t.Context(), c)
		if !errors.Is(err, fakehttp.ErrDisconnected) || sent != 1 {
			t.Errorf("%s sent %d requests, %v, want 1 and the error", o.name, sent, err)
		}
		for _, secret := range []string{refreshToken, testVerifier, "4f2d-code", testDomain + "/"} {
			if strings.Contains(fmt.Sprint(err), secret) {
				t.Errorf("%s: the error contains %q: %v", o.name, secret, err)
			}
		}
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestBodies(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   io.Reader
	}{
		{"endless tokens", 200, endless{}},
		{"endless error", 400, endless{}},
		{"broken off", 200, io.MultiReader(strings.NewReader(success[:50]), broken{})},
	} {
		for _, o := range operations {
			sent := 0
			c := &Client{Domain: testDomain, ClientID: testClientID,
				HTTPClient: fakehttp.Client(func(*http.Request) *http.Response {
					sent++
					return fakehttp.Stream(tt.status, tt.body)
				})}
			tokens, err := o.call(t.Context(), c)
			if err == nil || tokens != (Tokens{}) || sent != 1 {
				t.Errorf("%s: %s sent %d requests, %v, want 1 and an error",
					tt.name, o.name, sent, err)
			}
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReadTokens(t *testing.T) {
	const access = `"access_token":"a"`
	for _, tt := range []struct {
		name string
		body string
		want Tokens
		ok   bool
	}{
		{"all", success, Tokens{
			IDToken:      idToken,
			AccessToken:  accessToken,
			RefreshToken: refreshToken,
			ExpiresIn:    time.Hour,
		}, true},
		{"minimal", `{` + access + `}`, Tokens{AccessToken: "a"}, true},
		{"null", `{` + access + `,"id_token":null,"refresh_token":null,"expires_in":null,` +
			`"token_type":null}`, Tokens{AccessToken: "a"}, true},
		{"lower case type", `{` + access + `,"token_type":"bearer"}`,
			Tokens{AccessToken: "a"}, true},
		{"fraction", `{` + access + `,"expires_in":1.5e0}`,
			Tokens{AccessToken: "a", ExpiresIn: 1500 * time.Millisecond}, true},
		{"negative", `{` + access + `,"expires_in":-1}`, Tokens{AccessToken: "a"}, true},
		{"huge", `{` + access + `,"expires_in":1e300}`, Tokens{AccessToken: "a"}, true},
		{"text", `{` + access + `,"expires_in":"3600"}`, Tokens{AccessToken: "a"}, true},
		{"unknown members", `{` + access + `,"scope":["x"],"x":{}}`,
			Tokens{AccessToken: "a"}, true},
		{"spelling", `{"Access_Token":"a"}`, Tokens{}, false},
		{"no access token", `{"id_token":"a"}`, Tokens{}, false},
		{"empty access token", `{"access_token":""}`, Tokens{}, false},
		{"another type", `{` + access + `,"token_type":"DPoP"}`, Tokens{}, false},
		{"number", `{"access_token":7}`, Tokens{}, false},
		{"line feed", `{"access_token":"a\nb"}`, Tokens{}, false},
		{"long", `{"access_token":"` + strings.Repeat("a", 50_001) + `"}`, Tokens{}, false},
		{"id token", `{` + access + `,"id_token":["a"]}`, Tokens{}, false},
		{"refresh token", `{` + access + `,"refresh_token":"a b"}`, Tokens{}, false},
		{"an error with status 200", `{"error":"invalid_grant"}`, Tokens{}, false},
		{"HTML", "<html>", Tokens{}, false},
		{"empty", "", Tokens{}, false},
		{"list", "[]", Tokens{}, false},
		{"null body", "null", Tokens{}, false},
		{"trailing text", success + "x", Tokens{}, false},
		// After a rotation the old token is dead, so the new one must not be lost.
		{"only a refresh token", `{"refresh_token":"r"}`, Tokens{RefreshToken: "r"}, false},
		{"damaged, with a refresh token", `{"access_token":7,"refresh_token":"r"}`,
			Tokens{RefreshToken: "r"}, false},
		{"another type, with a refresh token", `{` + access + `,"refresh_token":"r",` +
			`"token_type":"mac"}`, Tokens{RefreshToken: "r"}, false},
	} {
		client, _ := fakehttp.Canned(200, tt.body)
		c := &Client{Domain: testDomain, ClientID: testClientID, HTTPClient: client}
		got, err := c.Refresh(t.Context(), "old")
		if (err == nil) != tt.ok || got != tt.want {
			t.Errorf("%s: Refresh = %q %q %q %v, %v", tt.name,
				got.IDToken, got.AccessToken, got.RefreshToken, got.ExpiresIn, err)
		}
		if err != nil && strings.Contains(err.Error(), "eyJ") {
			t.Errorf("%s: the error quotes the response: %v", tt.name, err)
		}
	}
}

// The client's own redirect policy is not used, and cookies of others are not needed.
func TestRedirectIsNotFollowed(t *testing.T) {
	sent := 0
	client := fakehttp.Client(func(*http.Request) *http.Response {
		sent++
		return fakehttp.Response(307, "", "Location", "https://evil.example/oauth2/token")
	})
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
	c := &Client{Domain: testDomain, ClientID: testClientID, HTTPClient: client}
	_, err := c.Exchange(t.Context(), "code", testRedirect, testVerifier)
	if err == nil || sent != 1 || strings.Contains(err.Error(), "evil") {
		t.Errorf("Exchange sent %d requests, %v, want 1 and an error", sent, err)
	}
}

// FuzzReadTokens checks that tokens are usable, and that errors leave at most a refresh token.
func FuzzReadTokens(f *testing.F) {
	f.Add([]byte(success))
	f.Add([]byte(`{"access_token":"a","expires_in":1e400}`))
	f.Add([]byte(`{"refresh_token":"r","access_token":null}`))
	f.Add([]byte(`{"error":"invalid_grant","error_description":"\u0000"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := readTokens(body)
		if err != nil {
			if got != (Tokens{RefreshToken: got.RefreshToken}) {
				t.Errorf("readTokens(%q) returns more than a refresh token with an error", body)
			}
		} else if got.AccessToken == "" || got.ExpiresIn < 0 {
			t.Errorf("readTokens(%q): no access token, or expiry %v", body, got.ExpiresIn)
		}
		for _, token := range []string{got.IDToken, got.AccessToken, got.RefreshToken} {
			if token != "" && !valid("token", token) {
				t.Errorf("readTokens(%q) has token %q", body, token)
			}
		}
		for _, status := range []int{302, 400, 429, 500} {
			failure := fuzzedFailure(body, status)
			if status == 429 && failure != "HTTP 429" || strings.ContainsAny(failure, " \n") &&
				failure != fmt.Sprintf("HTTP %d", status) {
				t.Errorf("the code of %q with status %d is %q", body, status, failure)
			}
		}
	})
}

// fuzzedFailure returns the code of an error response.
func fuzzedFailure(body []byte, status int) string {
	client, _ := fakehttp.Canned(status, string(body))
	c := &Client{Domain: testDomain, ClientID: testClientID, HTTPClient: client}
	var refused *awserr.Error
	if err := c.Revoke(context.Background(), "token"); !errors.As(err, &refused) {
		return "not an *awserr.Error: " + fmt.Sprint(err)
	}
	return refused.Code
}
