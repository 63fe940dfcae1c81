package cognitotest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authorization is a valid request to the authorize endpoint (RFC 6749 section 4.1.1, RFC 7636
// section 4.3, OpenID Connect Core 1.0 section 3.1.2.1).
type authorization struct {
	pool        *UserPool
	client      *AppClient
	redirectURI string
	scope       string
	state       string
	nonce       string
	challenge   string    // code_challenge, by S256
	hint        string    // login_hint
	prompt      string    // values separated by spaces
	provider    *Provider // nil: the user chooses, or signs in to the pool
	local       bool      // only users of the pool
}

// issuedCode is an authorization code. It is valid once.
type issuedCode struct {
	authorization
	account  *account
	authTime time.Time
}

// codeLife is the lifetime of a code ("Authorize endpoint", Amazon Cognito developer guide).
const codeLife = 5 * time.Minute

// adminScope permits the user operations of the API, such as GetUser.
const adminScope = "aws.cognito.signin.user.admin"

// scopes returns the scopes that the client gets. No scopes in the request means all.
func (c *AppClient) scopes(requested string) (granted string, err *oauthError) {
	allowed := c.AllowedOAuthScopes
	if allowed == nil {
		allowed = []string{"openid", "email", "phone", "profile", adminScope}
	}
	list := strings.Fields(requested)
	if len(list) == 0 {
		list = allowed
	}
	for _, scope := range list {
		if !slices.Contains(allowed, scope) {
			return "", &oauthError{"invalid_scope", "the app client does not allow a scope"}
		}
		if strings.Contains(" email phone profile ", " "+scope+" ") &&
			!slices.Contains(list, "openid") {
			return "", &oauthError{"invalid_scope", scope + " requires openid"}
		}
	}
	return strings.Join(list, " "), nil
}

func hasScope(scopes, scope string) bool { return slices.Contains(strings.Fields(scopes), scope) }

// allowsGrant reports whether the client may use a flow, which is named as in AllowedOAuthFlows.
func (c *AppClient) allowsGrant(flow string) bool {
	if c.AllowedOAuthFlows == nil {
		return flow == "code"
	}
	return slices.Contains(c.AllowedOAuthFlows, flow)
}

// supports reports whether the client has a provider, or COGNITO for the users of the pool.
func (c *AppClient) supports(provider string) bool {
	list := c.SupportedIdentityProviders
	return list == nil || slices.Contains(list, provider)
}

// authorize reads the query of a request to the authorize endpoint or the login page. If the error
// may return to the redirect URI, the result is not nil.
func (s *Server) authorize(r *loginRequest) (*authorization, *oauthError) {
	q := r.query
	pool, client := s.loginClient(r.Host, q.Get("client_id"))
	switch {
	case client == nil:
		return nil, &oauthError{"invalid_request", "client_id is missing or unknown"}
	case !slices.Contains(client.CallbackURLs, q.Get("redirect_uri")): // byte for byte
		return nil, &oauthError{"redirect_mismatch", "redirect_uri is not registered"}
	}
	a := &authorization{
		pool:        pool,
		client:      client,
		redirectURI: q.Get("redirect_uri"),
		state:       q.Get("state"),
		nonce:       q.Get("nonce"),
		challenge:   q.Get("code_challenge"),
		hint:        q.Get("login_hint"),
		prompt:      q.Get("prompt"),
	}
	var err *oauthError
	a.scope, err = client.scopes(q.Get("scope"))
	method := q.Get("code_challenge_method")
	switch response := q.Get("response_type"); {
	case response == "code" && !client.allowsGrant("code"):
		err = &oauthError{"unauthorized_client", "the app client does not allow the flow code"}
	case response == "token": // not implemented: RFC 9700 section 2.1.2
		err = &oauthError{"unauthorized_client", "the app client does not allow the flow implicit"}
	case response != "code":
		err = &oauthError{"invalid_request", "response_type is not code"}
	case (method != "" || a.challenge != "") && method != "S256":
		err = &oauthError{"invalid_request", "code_challenge_method is not S256"}
	case method != "" && !validChallenge(a.challenge):
		err = &oauthError{"invalid_request", "code_challenge is not 43 characters of base64url"}
	case !validPrompt(a.prompt):
		err = &oauthError{"invalid_request", "prompt is unknown, or has none and others"}
	}
	if err == nil {
		err = a.chooseProvider(q.Get("identity_provider"), q.Get("idp_identifier"))
	}
	return a, err
}

// validChallenge reports whether text can be the hash of a verifier (RFC 7636 section 4.2).
func validChallenge(text string) bool {
	const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(text) == 43 && strings.Trim(text, set) == ""
}

func validPrompt(prompt string) bool {
	list := strings.Fields(prompt)
	for _, value := range list {
		known := strings.Contains(" none login select_account consent ", " "+value+" ")
		if !known || value == "none" && len(list) > 1 {
			return false
		}
	}
	return true
}

// chooseProvider sets the provider by its name or identifier, or if the client has only one.
func (a *authorization) chooseProvider(name, identifier string) *oauthError {
	var supported []*Provider
	for i := range a.pool.Providers {
		if p := &a.pool.Providers[i]; a.client.supports(p.Name) {
			supported = append(supported, p)
		}
	}
	local := a.client.supports("COGNITO")
	switch {
	case name != "" && identifier != "":
		return &oauthError{"invalid_request", "identity_provider excludes idp_identifier"}
	case name == "COGNITO" && local:
		a.local = true
		return nil
	case name == "" && identifier == "":
		if len(supported) == 1 && !local {
			a.provider = supported[0]
		}
		return nil
	}
	for _, p := range supported {
		if p.Name == name || slices.Contains(p.Identifiers, identifier) {
			a.provider = p
			return nil
		}
	}
	return &oauthError{"invalid_request", "the app client does not support the identity provider"}
}

// serveAuthorize returns a code if the browser has a session, and otherwise shows the login page.
func serveAuthorize(s *Server, r *loginRequest) func() {
	a, err := s.authorize(r)
	if err != nil {
		return r.refuseAt(a, err)
	}
	b, ok := s.browsers.get(r.cookie(browserCookie))
	again := hasScope(a.prompt, "login") || hasScope(a.prompt, "select_account")
	switch {
	case ok && !again && a.accepts(b.account):
		return r.finish(s, a, b, true)
	case a.prompt == "none":
		return r.refuseAt(a, &oauthError{"login_required", "the browser has no session"})
	}
	return r.redirect("/login?" + r.URL.RawQuery)
}

// accepts reports whether a user's session answers the request.
func (a *authorization) accepts(user *account) bool {
	switch {
	case user.pool != a.pool || user.user.checkState() != nil:
		return false
	case a.provider != nil:
		return user.provider == a.provider.Name
	case user.provider != "":
		return !a.local && a.client.supports(user.provider)
	}
	return a.client.supports("COGNITO")
}

// refuseAt responds with an error at the redirect URI, or at the error page if a is nil. AWS does
// not document a state there, so it is absent unless the pool has ErrorState.
func (r *loginRequest) refuseAt(a *authorization, e *oauthError) func() {
	if a == nil {
		return r.refuse(e)
	}
	q := url.Values{"error": {e.code}, "error_description": {e.description}}
	if a.pool.ErrorState && a.state != "" {
		q.Set("state", a.state)
	}
	return r.redirect(a.callback(q))
}

// callback adds parameters to the redirect URI, which may have a query.
func (a *authorization) callback(q url.Values) string {
	if strings.Contains(a.redirectURI, "?") {
		return a.redirectURI + "&" + q.Encode()
	}
	return a.redirectURI + "?" + q.Encode()
}

// finish returns to the redirect URI with a code. If the browser had a session, Cognito encodes the
// state twice, which changes all characters but A-Z a-z 0-9 - . _ ~ (amplify-js issues 5218, 4550).
func (r *loginRequest) finish(s *Server, a *authorization, b *browser, viaSession bool) func() {
	issued := &issuedCode{*a, b.account, b.authTime}
	if issued.nonce == "" && b.account.provider != "" {
		issued.nonce = rand.Text() // sent to the provider (next-auth issue 3544)
	}
	code := newUUID()
	s.codes.put(code, issued, time.Now().Add(codeLife))
	q := url.Values{"code": {code}}
	if a.state != "" {
		q.Set("state", a.state)
		if viaSession {
			q.Set("state", url.QueryEscape(a.state))
		}
	}
	return r.redirect(a.callback(q))
}

// serveErrorPage shows an error for which there is no redirect URI.
func serveErrorPage(_ *Server, r *loginRequest) func() {
	code := r.query.Get("error")
	return r.page(http.StatusBadRequest, "Error", paragraph("error", "An error was encountered: "+
		code)+paragraph("", r.query.Get("error_description")))
}
