package cognitotest

import (
	"cmp"
	"crypto/rand"
	"strings"
	"time"
)

// grant is one sign-in, from which tokens are made until it ends. Its ID is the claim origin_jti; the refresh token is
// the ID, a dot and a secret (on AWS it is encrypted, and as opaque).
type grant struct {
	account   *account
	client    *AppClient
	secrets   map[string]time.Time // hashes of the secrets, and until when each is good; zero: not replaced yet
	deviceKey string               // of the device that the sign-in belongs to, if any
	authTime  time.Time
	refreshBy time.Time
}

// signIn ends a sign-in: a new grant and its tokens, and a key for a device that is to be confirmed.
func (s *Server) signIn(c *session) object {
	a, client, now := c.account, c.client, time.Now()
	id := newUUID()
	g := &grant{account: a, client: client, authTime: now, refreshBy: now.Add(cmp.Or(client.RefreshTokenValidity, 30*24*time.Hour))}
	g.secrets = make(map[string]time.Time)
	expires := now.Add(cmp.Or(client.AccessTokenValidity, time.Hour)) // an access token rests on its grant
	if g.refreshBy.After(expires) {
		expires = g.refreshBy
	}
	var metadata object
	s.mu.Lock()
	if d := c.device; d != nil {
		g.deviceKey, d.signedIn = d.key, now
	} else if a.pool.DeviceTracking != "" {
		d := a.newDevice()
		g.deviceKey, metadata = d.key, object{"DeviceKey": d.key, "DeviceGroupKey": d.group}
	}
	token := s.newRefreshToken(id, g)
	s.grants.put(id, g, expires)
	s.mu.Unlock()
	result := s.tokens(id, g)
	result["RefreshToken"] = token
	if metadata != nil {
		result["NewDeviceMetadata"] = metadata
	}
	return object{"AuthenticationResult": result, "ChallengeParameters": object{}}
}

// newRefreshToken adds a refresh token to a grant. The caller holds the server's mutex, or has the grant alone.
func (s *Server) newRefreshToken(id string, g *grant) string {
	secret := rand.Text() + rand.Text()
	g.secrets[s.hashSecret(secret)] = time.Time{}
	return id + "." + secret
}

func (s *Server) hashSecret(secret string) string { return string(hmac256(s.seed[:], []byte(secret))) }

// tokens makes the ID and access token of a grant ("Understanding the identity (ID) token" and "... the access token",
// Amazon Cognito developer guide).
func (s *Server) tokens(id string, g *grant) object {
	a, client, now := g.account, g.client, time.Now()
	attributes := s.snapshot(a).Attributes
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

// refreshAuth is the flow REFRESH_TOKEN_AUTH, which a client with rotation may not use. The hash is over the user's name.
func (s *Server) refreshAuth(client *AppClient, params map[string]string) (object, error) {
	if !client.allows("ALLOW_REFRESH_TOKEN_AUTH") || client.RefreshTokenRotation {
		return nil, refuse("InvalidParameterException", "Auth flow not enabled for this client")
	}
	if err := parameters(params, "REFRESH_TOKEN"); err != nil {
		return nil, err
	}
	out, err := s.refresh(client, params["REFRESH_TOKEN"], params["DEVICE_KEY"], func(a *account) error {
		if checkSecretHash(client, a.user.Name, params["SECRET_HASH"]) != nil {
			return refuse("NotAuthorizedException", "SecretHash does not match for the client: %s", client.ID)
		}
		return nil
	})
	if err == nil {
		out["ChallengeParameters"] = object{}
	}
	return out, err
}

// refresh answers new ID and access tokens, and with rotation a new refresh token; without, the old one stays good. A
// token that belongs to a device is good for that device, once it is confirmed. check is called with the account the
// token belongs to before anything else is told.
func (s *Server) refresh(client *AppClient, token, deviceKey string, check func(*account) error) (object, error) {
	invalid := refuse("NotAuthorizedException", "Invalid Refresh Token")
	id, hash, g, ok := s.grantOf(token)
	if !ok || g.client != client {
		return nil, invalid
	}
	if err := check(g.account); err != nil {
		return nil, err
	}
	now := time.Now()
	rotated, err := "", error(nil)
	s.mu.Lock()
	switch until := g.secrets[hash]; {
	case !now.Before(g.refreshBy):
		err = refuse("NotAuthorizedException", "Refresh Token has expired")
	case !until.IsZero() && !now.Before(until):
		err = refuse("RefreshTokenReuseException", "Refresh token has been used already")
	case g.deviceKey != "" && (deviceKey != g.deviceKey || g.account.confirmedDevice(deviceKey) == nil):
		err = invalid
	case client.RefreshTokenRotation:
		if until.IsZero() {
			g.secrets[hash] = now.Add(client.RetryGracePeriod)
		}
		rotated = s.newRefreshToken(id, g)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	result := s.tokens(id, g)
	if rotated != "" {
		result["RefreshToken"] = rotated
	}
	return object{"AuthenticationResult": result}, nil
}

// grantOf finds the grant of a refresh token, and the hash of the token's secret.
func (s *Server) grantOf(token string) (id, hash string, g *grant, ok bool) {
	id, secret, _ := strings.Cut(token, ".")
	hash = s.hashSecret(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok = s.grants.get(id); ok {
		_, ok = g.secrets[hash]
	}
	return id, hash, g, ok
}

// getTokensFromRefreshToken is GetTokensFromRefreshToken.
func (s *Server) getTokensFromRefreshToken(r *request) (object, error) {
	if err := r.checkSecret("NotAuthorizedException"); err != nil {
		return nil, err
	}
	return s.refresh(r.client, r.refreshToken, r.deviceKey, func(*account) error { return nil })
}

// revokeToken is RevokeToken. As RFC 7009 section 2.2 has it, a token that is not known counts as revoked.
func (s *Server) revokeToken(r *request) (object, error) {
	if err := r.checkSecret("UnauthorizedException"); err != nil {
		return nil, err
	}
	if _, err := s.verifyToken(r.revoke); err == nil || err == errTokenExpired {
		return nil, refuse("UnsupportedTokenTypeException", "Unsupported token type")
	}
	id, _, g, ok := s.grantOf(r.revoke)
	if ok && g.client != r.client {
		return nil, refuse("UnauthorizedException", "Token was not issued to client %s", r.client.ID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok {
		s.grants.take(id)
	}
	return object{}, nil
}

// globalSignOut is GlobalSignOut: it ends every sign-in of the user.
func (s *Server) globalSignOut(r *request) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, e := range s.grants.entries {
		if e.value.account == r.account {
			s.grants.take(id)
		}
	}
	return object{}, nil
}
