package cognitotest

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authenticate returns the app client of a request to the token or the revocation endpoint. Its
// secret is in the Authorization header or in the form, but not in both (RFC 6749 section 2.3).
func (r *loginRequest) authenticate(s *Server) (*AppClient, *oauthError) {
	if r.form == nil {
		return nil, &oauthError{"invalid_request", "the body is not a form"}
	}
	id, secret := r.form.Get("client_id"), r.form.Get("client_secret")
	name, password, basic := r.BasicAuth()
	switch {
	case basic && secret != "":
		return nil, &oauthError{"invalid_request", "the client secret is sent in two places"}
	case basic && id != "" && id != name && id != unescape(name):
		return nil, &oauthError{"invalid_client", "client_id is sent with two values"}
	case !basic && r.Header.Get("Authorization") != "":
		return nil, &oauthError{"invalid_client", "Authorization is not Basic"}
	case basic && id == "":
		id = unescape(name)
	}
	_, client := s.loginClient(r.Host, id)
	switch {
	case id == "":
		return nil, &oauthError{"invalid_request", "client_id is missing"}
	case client == nil:
		return nil, &oauthError{"invalid_client", "client_id is unknown"}
	case basic && !equal(client.Secret, password) && !equal(client.Secret, unescape(password)),
		!basic && !equal(client.Secret, secret):
		return nil, &oauthError{"invalid_client", "the client secret is wrong or missing"}
	}
	return client, nil
}

// unescape decodes the encoding of RFC 6749 section 2.3.1, which not all clients apply.
func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// serveToken issues tokens ("Token endpoint", Amazon Cognito developer guide).
func serveToken(s *Server, r *loginRequest) func() {
	client, err := r.authenticate(s)
	if err != nil {
		return r.refuse(err)
	}
	var out object
	switch r.form.Get("grant_type") {
	case "authorization_code":
		out, err = s.redeem(client, r.form)
	case "refresh_token":
		out, err = s.refreshForm(client, r.form)
	case "client_credentials":
		out, err = s.machineTokens(client, r.form)
	case "":
		err = &oauthError{"invalid_request", "grant_type is missing"}
	default:
		err = &oauthError{"unsupported_grant_type", "grant_type is unknown"}
	}
	if err != nil {
		return r.refuse(err)
	}
	return r.json(http.StatusOK, out)
}

// redeem exchanges a code. Any attempt by the app client uses the code up.
func (s *Server) redeem(client *AppClient, form url.Values) (object, *oauthError) {
	if form.Get("code") == "" || form.Get("redirect_uri") == "" {
		return nil, &oauthError{"invalid_request", "code or redirect_uri is missing"}
	}
	issued, ok := s.codes.get(form.Get("code"))
	if !ok || issued.client != client {
		return nil, &oauthError{"invalid_grant", "the code is unknown, used or expired"}
	}
	s.codes.take(form.Get("code"))
	verifier := form.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	switch {
	case issued.redirectURI != form.Get("redirect_uri"):
		return nil, &oauthError{"invalid_grant", "redirect_uri is not that of the code"}
	case issued.challenge == "" && verifier != "": // RFC 9700 section 4.8
		return nil, &oauthError{"invalid_grant", "the code was issued without code_challenge"}
	case issued.challenge != "" &&
		(!validVerifier(verifier) || !equal(issued.challenge, base64url(sum[:]))):
		return nil, &oauthError{"invalid_grant", "code_verifier is wrong or missing"}
	case !client.reads(issued.scope):
		return nil, &oauthError{"invalid_grant", "the app client cannot read attributes of a scope"}
	}
	g := s.newGrant(issued.account, client)
	g.scope = issued.scope
	g.nonce = issued.nonce
	g.authTime = issued.authTime
	out := tokenResponse(s.tokens(g))
	out["refresh_token"] = s.newRefreshToken(g)
	g.nonce = "" // A refreshed ID token should not have one (OpenID Connect Core 1.0 section 12.2).
	return out, nil
}

// reads reports whether the client may read the attributes that verify an address in the scopes
// ("Token endpoint", Amazon Cognito developer guide: invalid_grant).
func (c *AppClient) reads(scopes string) bool {
	readable := func(attribute string) bool {
		return c.ReadAttributes == nil || slices.Contains(c.ReadAttributes, attribute)
	}
	email := readable("email") && readable("email_verified")
	phone := readable("phone_number") && readable("phone_number_verified")
	return (email || !hasScope(scopes, "email")) && (phone || !hasScope(scopes, "phone"))
}

// validVerifier checks the form of a code verifier (RFC 7636 section 4.1).
func validVerifier(text string) bool {
	const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	return len(text) >= 43 && len(text) <= 128 && strings.Trim(text, set) == ""
}

// refreshForm exchanges a refresh token, also one of the API unless it belongs to a device.
func (s *Server) refreshForm(client *AppClient, form url.Values) (object, *oauthError) {
	if form.Get("refresh_token") == "" {
		return nil, &oauthError{"invalid_request", "refresh_token is missing"}
	}
	g, hash := s.grantOf(form.Get("refresh_token"))
	out, err := s.refresh(client, g, hash, "")
	if err != nil {
		return nil, &oauthError{"invalid_grant", err.(*refusal).Message}
	}
	return tokenResponse(out["AuthenticationResult"].(object)), nil
}

// machineTokens returns an access token of the app client itself, with its custom scopes.
func (s *Server) machineTokens(client *AppClient, form url.Values) (object, *oauthError) {
	if client.Secret == "" || !client.allowsGrant("client_credentials") {
		return nil, &oauthError{"unauthorized_client",
			"the app client does not allow the flow client_credentials, or has no secret"}
	}
	list := strings.Fields(form.Get("scope"))
	if len(list) == 0 {
		for _, scope := range client.AllowedOAuthScopes {
			if strings.Contains(scope, "/") {
				list = append(list, scope)
			}
		}
	}
	granted, err := client.scopes(strings.Join(list, " "))
	for _, scope := range strings.Fields(granted) {
		if !strings.Contains(scope, "/") {
			err = &oauthError{"invalid_scope", "client_credentials has custom scopes only"}
		}
	}
	if err != nil {
		return nil, err
	}
	pool, now := s.poolOfClient(client), time.Now()
	return object{
		"token_type": "Bearer",
		"expires_in": int(client.accessTokenValidity().Seconds()),
		"access_token": s.sign(claims{
			"sub":       client.ID,
			"client_id": client.ID,
			"iss":       pool.issuer(),
			"token_use": "access",
			"scope":     granted,
			"auth_time": now.Unix(),
			"iat":       now.Unix(),
			"exp":       now.Add(client.accessTokenValidity()).Unix(),
			"jti":       newUUID(),
			"version":   2,
		}),
	}, nil
}

func (s *Server) poolOfClient(client *AppClient) *UserPool {
	for i := range s.UserPools {
		p := &s.UserPools[i]
		for j := range p.Clients {
			if &p.Clients[j] == client {
				return p
			}
		}
	}
	return nil
}

// tokenResponse renames the members of an AuthenticationResult.
func tokenResponse(result object) object {
	out := object{
		"access_token": result["AccessToken"],
		"token_type":   result["TokenType"],
		"expires_in":   result["ExpiresIn"],
	}
	if token, ok := result["IdToken"]; ok {
		out["id_token"] = token
	}
	if token, ok := result["RefreshToken"]; ok {
		out["refresh_token"] = token
	}
	return out
}

// serveRevoke ends the grant of a refresh token (RFC 7009; "Revoke endpoint", Amazon Cognito
// developer guide).
func serveRevoke(s *Server, r *loginRequest) func() {
	client, e := r.authenticate(s)
	switch {
	case e != nil && e.code == "invalid_client":
		return r.json(http.StatusUnauthorized, errorObject(e))
	case e != nil:
		return r.refuse(e)
	case r.form.Get("token") == "":
		return r.refuse(&oauthError{"invalid_request", "token is missing"})
	}
	in := &request{client: client}
	in.Token = r.form.Get("token")
	in.ClientSecret = client.Secret // checked
	if _, err := revokeToken(s, in); err != nil {
		code := "unsupported_token_type"
		if err.(*refusal).Code == "UnauthorizedException" {
			code = "invalid_request"
		}
		return r.refuse(&oauthError{code, err.(*refusal).Message})
	}
	return func() { r.w.WriteHeader(http.StatusOK) }
}

// serveUserInfo returns the attributes of the user of an access token ("UserInfo endpoint", Amazon
// Cognito developer guide).
func serveUserInfo(s *Server, r *loginRequest) func() {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	in := &request{host: parseHost(r.Host)}
	in.AccessToken = token
	err := checkAccess(s, in)
	if !ok || err != nil || !hasScope(in.scope, "openid") ||
		s.domainPool(r.Host) != nil && s.domainPool(r.Host) != in.account.pool {
		e := &oauthError{"invalid_token",
			"the access token is missing, invalid, expired or revoked, or lacks the scope openid"}
		r.w.Header().Set("WWW-Authenticate",
			`Bearer error="`+e.code+`", error_description="`+e.description+`"`)
		return r.json(http.StatusUnauthorized, errorObject(e))
	}
	out := object{"sub": in.account.sub, "username": in.account.user.Name}
	for name, value := range visible(in.account.user.Attributes, in.scope) {
		out[name] = value
	}
	return r.json(http.StatusOK, out)
}

// visible returns the attributes that scopes give access to. With openid alone these are all
// ("Scopes, M2M, and resource servers", Amazon Cognito developer guide).
func visible(attributes params, scopes string) params {
	out := maps.Clone(attributes)
	if !hasScope(scopes, "email") && !hasScope(scopes, "phone") && !hasScope(scopes, "profile") {
		return out
	}
	maps.DeleteFunc(out, func(name, _ string) bool {
		switch name {
		case "email", "email_verified":
			return !hasScope(scopes, "email")
		case "phone_number", "phone_number_verified":
			return !hasScope(scopes, "phone")
		}
		return !hasScope(scopes, "profile")
	})
	return out
}
