// Package managedlogin is a client of managed login, the OAuth 2.0 server at the domain of an
// Amazon Cognito user pool (RFC 6749, RFC 7636, RFC 7009; AWS: "User pool endpoints").
//
//	verifier := rand.Text() + rand.Text()
//	address, err := c.AuthorizeURL(managedlogin.AuthorizeInput{
//		RedirectURI:   "http://localhost:8400/callback",
//		State:         rand.Text(),
//		Nonce:         rand.Text(),
//		CodeChallenge: managedlogin.CodeChallenge(verifier),
//	})
//	// A browser opens address, and returns to RedirectURI with a code and the state.
//	tokens, err := c.Exchange(ctx, code, "http://localhost:8400/callback", verifier)
//
// Callers must compare the state in constant time, verify the ID token with the keys of the user
// pool, and compare its claim nonce.
//
// If the server refuses a request, the error is an *awserr.Error with a code of RFC 6749. A request
// is retried only if it was not sent, because a code is valid once. Redirects are not followed.
package managedlogin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// CodeInvalidGrant says that a code or refresh token expired, was used or revoked, or that Scope
// includes attributes that the app client cannot read. RFC 6749 section 5.2 has the other codes.
const CodeInvalidGrant = "invalid_grant"

// A Client is an app client of a user pool. Set its fields before the first call and do not change
// them afterwards. It is then safe for concurrent use. Do not copy it after the first call.
type Client struct {
	redact.Fields
	Domain       string       // the pool's domain: a host name, an https URL, or a loopback URL
	ClientID     string       // required
	ClientSecret string       // the secret of the app client, if it has one
	HTTPClient   *http.Client // nil: one with TLS 1.2 or later and time limits
	sender       awshttp.Sender
}

// An AuthorizeInput is the request that a browser sends. Empty fields are not sent.
type AuthorizeInput struct {
	RedirectURI      string // required: a callback URL of the app client, byte for byte
	Scope            string // separated by spaces; empty: all that the app client allows
	State            string // required: returns with the code; A-Z a-z 0-9 - . _ ~
	Nonce            string // required: returns in the ID token; the same characters
	CodeChallenge    string // required: the result of CodeChallenge
	IdentityProvider string // the name of a provider in the user pool, such as "Google"
	IDPIdentifier    string // an identifier of a provider, such as an email domain
	LoginHint        string // the user name to show
	Lang             string // the language of the page, such as "de"
	Prompt           string // "login" ignores the browser's session, "none" shows no page
}

// CodeChallenge returns the S256 challenge of a verifier, which is 43 to 128 characters of
// A-Za-z0-9-._~ (RFC 7636 section 4).
func CodeChallenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// AuthorizeURL returns the URL at which a browser signs the user in. It contains no secret.
func (c *Client) AuthorizeURL(in AuthorizeInput) (string, error) {
	if in.IdentityProvider != "" && in.IDPIdentifier != "" {
		return "", fmt.Errorf("managedlogin: AuthorizeURL: IdentityProvider excludes IDPIdentifier")
	}
	return c.browserURL("AuthorizeURL", "oauth2/authorize",
		"response_type", "code",
		"redirect_uri", in.RedirectURI,
		"scope", in.Scope,
		"state", in.State,
		"nonce", in.Nonce,
		"code_challenge", in.CodeChallenge,
		"code_challenge_method", "S256",
		"identity_provider", in.IdentityProvider,
		"idp_identifier", in.IDPIdentifier,
		"login_hint", in.LoginHint,
		"lang", in.Lang,
		"prompt", in.Prompt)
}

// LogoutURL returns the URL at which a browser ends its session with the domain. It continues at
// logoutURI, a sign-out URL of the app client. Tokens and sessions with providers remain valid.
func (c *Client) LogoutURL(logoutURI string) (string, error) {
	return c.browserURL("LogoutURL", "logout", "logout_uri", logoutURI)
}

func (c *Client) browserURL(operation, path string, pairs ...string) (string, error) {
	u, query, err := c.request(path, pairs)
	if err != nil {
		return "", awshttp.Wrap("managedlogin", operation, err)
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // some servers read + as itself
	return u.String(), nil
}

// request returns the URL of an endpoint, and the names and values in pairs that are not empty.
func (c *Client) request(path string, pairs []string) (*url.URL, url.Values, error) {
	values := make(url.Values)
	for pairs = append(pairs, "client_id", c.ClientID); len(pairs) > 0; pairs = pairs[2:] {
		if !valid(pairs[0], pairs[1]) {
			return nil, nil, fmt.Errorf("%s is missing or has a wrong form", pairs[0])
		}
		if pairs[1] != "" {
			values.Set(pairs[0], pairs[1])
		}
	}
	domain := c.Domain
	if !strings.Contains(domain, "://") {
		domain = "https://" + domain
	}
	u, err := endpoint.Parse(domain)
	if err != nil {
		return nil, nil, fmt.Errorf("Domain: %w", err)
	}
	return u.JoinPath(path), values, nil
}

// valid reports whether a parameter has the form that its RFC or Cognito's service model requires.
func valid(name, value string) bool {
	switch name {
	case "client_id":
		return ascii.Only(value, ascii.Alphanumeric+"_+", 128)
	case "redirect_uri", "logout_uri":
		u, err := url.Parse(value)
		return err == nil && u.IsAbs() && len(value) <= 1024 && !strings.Contains(value, "#")
	case "scope": // may be empty
		return ascii.Only("x"+value, ascii.Alphanumeric+" !#$%&'()*+,-./:;<=>?@[]^_`{|}~", 13_000)
	case "state", "nonce", "code_challenge", "code_verifier":
		short := strings.HasPrefix(name, "code_") && len(value) < 43 // RFC 7636 section 4.1
		return !short && ascii.Only(value, ascii.Alphanumeric+"-._~", 128)
	case "code", "token", "refresh_token":
		return ascii.Word(value, awshttp.MaxToken)
	}
	return true
}

// Tokens are the tokens of a response. They are not verified.
type Tokens struct {
	redact.Fields
	IDToken, AccessToken, RefreshToken string        // empty if the response has none
	ExpiresIn                          time.Duration // lifetime of AccessToken; 0: unknown
}

// Exchange exchanges an authorization code for tokens. redirectURI is that of the authorize
// request, and verifier is the secret of its CodeChallenge. A code is valid for 5 minutes.
func (c *Client) Exchange(ctx context.Context, code, redirectURI, verifier string) (Tokens, error) {
	return c.post(ctx, "Exchange", "oauth2/token", "grant_type", "authorization_code",
		"code", code, "redirect_uri", redirectURI, "code_verifier", verifier)
}

// Refresh exchanges a refresh token for new tokens. If refresh tokens rotate, the result has a new
// one, and the old one is soon refused. If only that token of a response is usable, Refresh returns
// it with an error: store it. The user has to sign in again only after CodeInvalidGrant.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	return c.post(ctx, "Refresh", "oauth2/token",
		"grant_type", "refresh_token", "refresh_token", refreshToken)
}

// ClientCredentials returns an access token of the app client itself, which needs a secret. scope
// has custom scopes, separated by spaces. If it is empty, the token has all custom scopes of the
// app client.
func (c *Client) ClientCredentials(ctx context.Context, scope string) (Tokens, error) {
	return c.post(ctx, "ClientCredentials", "oauth2/token",
		"grant_type", "client_credentials", "scope", scope)
}

// Revoke revokes a refresh token and its access tokens. An unknown token counts as revoked.
func (c *Client) Revoke(ctx context.Context, refreshToken string) error {
	_, err := c.post(ctx, "Revoke", "oauth2/revoke", "token", refreshToken)
	return err
}

// post sends a form, and reads tokens if the operation returns some.
func (c *Client) post(ctx context.Context, op, path string, pairs ...string) (t Tokens, err error) {
	u, form, err := c.request(path, pairs)
	if err != nil {
		return t, awshttp.Wrap("managedlogin", op, err)
	}
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
		Failure:    readFailure,
		Permanent:  []string{"HTTP 429"}, // otherwise retried
		New: func(ctx context.Context, _ time.Time) (*http.Request, error) {
			body := strings.NewReader(form.Encode())
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), body)
			if err == nil {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if err == nil && c.ClientSecret != "" { // encoded as in RFC 6749 section 2.3.1
				req.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret))
			}
			return req, err
		},
	})
	if err == nil && op != "Revoke" {
		t, err = readTokens(resp.Body)
	}
	return t, awshttp.Wrap("managedlogin", op, err)
}

// readFailure reads an error (RFC 6749 section 5.2). Without a Code, awshttp calls it "HTTP 429".
func readFailure(resp *awshttp.Response) *awshttp.Failure {
	var f awshttp.Failure
	var m map[string]json.RawMessage // a struct would match names in any case
	json.Unmarshal(resp.Body, &m)
	json.Unmarshal(m["error"], &f.Code)
	json.Unmarshal(m["error_description"], &f.Message)
	if resp.StatusCode == 429 || !ascii.Only(f.Code, ascii.Lower+"_", 64) {
		f.Code = "" // awshttp retries some codes
	}
	if resp.StatusCode/100 == 3 {
		f.Message = "the server redirects, which is not followed: check the Domain"
	}
	return &f
}

// readTokens reads a response of the token endpoint (RFC 6749 section 5.1).
func readTokens(body []byte) (t Tokens, err error) {
	var m map[string]json.RawMessage
	ok := strictjson.Unmarshal(body, &m) == nil
	read := func(name string, token *string) {
		raw, sent := m[name]
		if sent && (json.Unmarshal(raw, token) != nil || *token != "" && !valid("token", *token)) {
			*token, ok = "", false
		}
	}
	read("id_token", &t.IDToken)
	read("access_token", &t.AccessToken)
	read("refresh_token", &t.RefreshToken)
	kind, seconds := "Bearer", 0.0
	json.Unmarshal(m["token_type"], &kind)
	if !ok || t.AccessToken == "" || !strings.EqualFold(kind, "Bearer") {
		return Tokens{RefreshToken: t.RefreshToken}, fmt.Errorf("the response has no valid tokens")
	}
	if json.Unmarshal(m["expires_in"], &seconds) == nil && seconds > 0 && seconds < 1e9 {
		t.ExpiresIn = time.Duration(seconds * float64(time.Second))
	}
	return t, nil
}
