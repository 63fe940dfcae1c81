package cognitotest

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"maps"
	"slices"
	"strings"
	"time"
)

// grant is one sign-in, from which tokens are made until it ends. Its ID is the claim origin_jti; the refresh token is
// the ID, a dot and the secret (on AWS it is encrypted, and as opaque).
type grant struct {
	account   *account
	clientID  string
	secret    string
	authTime  time.Time
	refreshBy time.Time
}

// userPoolOperation answers an operation of the Amazon Cognito user pools API, nil for one that the stand-in has not.
func userPoolOperation(name string) operation {
	switch name {
	case "InitiateAuth":
		return initiateAuth
	case "RespondToAuthChallenge":
		return respondToAuthChallenge
	case "GetTokensFromRefreshToken":
		return getTokensFromRefreshToken
	case "RevokeToken":
		return revokeToken
	case "GlobalSignOut":
		return globalSignOut
	case "GetUser":
		return getUser
	}
	return nil
}

// signIn ends a sign-in: a new grant and its tokens.
func (s *Server) signIn(a *account, client *AppClient) object {
	now := time.Now()
	id := newUUID()
	g := &grant{a, client.ID, rand.Text() + rand.Text(), now, now.Add(cmp.Or(client.RefreshTokenValidity, 30*24*time.Hour))}
	expires := now.Add(cmp.Or(client.AccessTokenValidity, time.Hour)) // an access token rests on its grant
	if g.refreshBy.After(expires) {
		expires = g.refreshBy
	}
	s.mu.Lock()
	s.grants.put(id, g, expires)
	s.mu.Unlock()
	result := s.tokens(client, id, g)
	result["RefreshToken"] = id + "." + g.secret
	return object{"AuthenticationResult": result, "ChallengeParameters": object{}}
}

// tokens makes the ID and access token of a grant ("Understanding the identity (ID) token" and "... the access token",
// Amazon Cognito developer guide).
func (s *Server) tokens(client *AppClient, id string, g *grant) object {
	a, now := g.account, time.Now()
	s.mu.Lock()
	attributes := a.attributes
	s.mu.Unlock()
	access := claims{
		"sub": a.sub, "iss": a.pool.issuer(), "origin_jti": id, "event_id": newUUID(),
		"auth_time": g.authTime.Unix(), "iat": now.Unix(),
	}
	if len(a.user.Groups) > 0 {
		access["cognito:groups"] = a.user.Groups
	}
	identity := claims{}
	for name, value := range attributes {
		identity[name] = value
		if strings.HasSuffix(name, "_verified") {
			identity[name] = value == "true"
		}
	}
	for name, value := range access {
		identity[name] = value // after the attributes: none of them can take the place of a claim
	}
	if len(a.user.Roles) > 0 {
		identity["cognito:roles"], identity["cognito:preferred_role"] = a.user.Roles, a.user.Roles[0]
	}
	lifetime := cmp.Or(client.AccessTokenValidity, time.Hour)
	access["token_use"], access["client_id"], access["username"] = "access", client.ID, a.user.Name
	access["scope"] = "aws.cognito.signin.user.admin"
	access["exp"], access["jti"] = now.Add(lifetime).Unix(), newUUID()
	identity["token_use"], identity["aud"], identity["cognito:username"] = "id", client.ID, a.user.Name
	identity["exp"], identity["jti"] = now.Add(cmp.Or(client.IDTokenValidity, time.Hour)).Unix(), newUUID()
	return object{
		"AccessToken": s.sign(access), "IdToken": s.sign(identity),
		"TokenType": "Bearer", "ExpiresIn": int(lifetime.Seconds()),
	}
}

// refresh answers new ID and access tokens; the refresh token stays good. check is called with the account the token
// belongs to before anything else is told.
func (s *Server) refresh(client *AppClient, token string, check func(*account) error) (object, error) {
	id, g, ok := s.grantOf(token)
	if !ok || g.clientID != client.ID {
		return nil, refuse("NotAuthorizedException", "Invalid Refresh Token")
	}
	if err := check(g.account); err != nil {
		return nil, err
	}
	if !time.Now().Before(g.refreshBy) {
		return nil, refuse("NotAuthorizedException", "Refresh Token has expired")
	}
	return object{"AuthenticationResult": s.tokens(client, id, g), "ChallengeParameters": object{}}, nil
}

// grantOf finds the grant of a refresh token.
func (s *Server) grantOf(token string) (string, *grant, bool) {
	id, secret, _ := strings.Cut(token, ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants.get(id)
	return id, g, ok && subtle.ConstantTimeCompare([]byte(g.secret), []byte(secret)) == 1
}

// getTokensFromRefreshToken is GetTokensFromRefreshToken, which takes the client secret itself, not a hash.
func getTokensFromRefreshToken(s *Server, in call) (object, error) {
	var clientID, secret, token string
	if err := in.read(map[string]any{"ClientId": &clientID, "ClientSecret": &secret, "RefreshToken": &token}, "RefreshToken", "ClientId"); err != nil {
		return nil, err
	}
	_, client, err := s.client(in, clientID)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) != 1 {
		return nil, refuse("NotAuthorizedException", "Unable to verify client secret for client %s", client.ID)
	}
	out, err := s.refresh(client, token, func(*account) error { return nil })
	delete(out, "ChallengeParameters")
	return out, err
}

// revokeToken is RevokeToken. As RFC 7009 section 2.2 has it, a token that is not known counts as revoked.
func revokeToken(s *Server, in call) (object, error) {
	var clientID, secret, token string
	if err := in.read(map[string]any{"ClientId": &clientID, "ClientSecret": &secret, "Token": &token}, "Token", "ClientId"); err != nil {
		return nil, err
	}
	_, client, err := s.client(in, clientID)
	if err != nil {
		return nil, refuse("InvalidParameterException", "%s", err.(*serviceError).message)
	}
	if subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) != 1 {
		return nil, refuse("UnauthorizedException", "Unable to verify client secret for client %s", client.ID)
	}
	if _, err := s.verifyToken(token); err == nil || err == errTokenExpired {
		return nil, refuse("UnsupportedTokenTypeException", "Unsupported token type")
	}
	if id, g, ok := s.grantOf(token); ok {
		if g.clientID != client.ID {
			return nil, refuse("UnauthorizedException", "Token was not issued to client %s", client.ID)
		}
		s.mu.Lock()
		s.grants.take(id)
		s.mu.Unlock()
	}
	return object{}, nil
}

// authorize finds the account that an access token in the body speaks for.
func (s *Server) authorize(in call) (*account, error) {
	var token string
	if err := in.read(map[string]any{"AccessToken": &token}, "AccessToken"); err != nil {
		return nil, err
	}
	c, err := s.verifyToken(token)
	if err == errTokenExpired {
		return nil, refuse("NotAuthorizedException", "Access Token has expired")
	}
	if err != nil || c.text("token_use") != "access" {
		return nil, refuse("NotAuthorizedException", "Invalid Access Token")
	}
	s.mu.Lock()
	g, ok := s.grants.get(c.text("origin_jti"))
	s.mu.Unlock()
	if !ok {
		return nil, refuse("NotAuthorizedException", "Access Token has been revoked")
	}
	if !in.host.serves(g.account.pool.region()) {
		return nil, refuse("NotAuthorizedException", "Invalid Access Token")
	}
	return g.account, nil
}

// globalSignOut is GlobalSignOut: it ends every sign-in of the user.
func globalSignOut(s *Server, in call) (object, error) {
	a, err := s.authorize(in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, e := range s.grants.entries {
		if e.value.account == a {
			s.grants.take(id)
		}
	}
	return object{}, nil
}

// getUser is GetUser.
func getUser(s *Server, in call) (object, error) {
	a, err := s.authorize(in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	attributes := a.attributes
	s.mu.Unlock()
	list := []object{{"Name": "sub", "Value": a.sub}}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		list = append(list, object{"Name": name, "Value": attributes[name]})
	}
	return object{"Username": a.user.Name, "UserAttributes": list}, nil
}
