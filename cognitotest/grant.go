package cognitotest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"strconv"
	"strings"
	"time"
)

// grant is the result of one sign-in. The server issues tokens for it until it ends. A refresh
// token consists of the grant's ID, a dot and a secret. On AWS it is encrypted, and equally opaque.
type grant struct {
	id        string // the claim origin_jti
	account   *account
	client    *AppClient
	secrets   map[string]time.Time // when each hashed secret expires; zero: not rotated yet
	deviceKey string               // of the device that the sign-in belongs to, if any
	authTime  time.Time
	refreshBy time.Time

	scope string // of managed login; empty after a sign-in with the API
	nonce string // for the first ID token; empty afterwards
}

// newGrant stores a new grant.
func (s *Server) newGrant(a *account, client *AppClient) *grant {
	now := time.Now()
	g := &grant{
		id:        newUUID(),
		account:   a,
		client:    client,
		secrets:   make(map[string]time.Time),
		authTime:  now,
		refreshBy: now.Add(cmp.Or(client.RefreshTokenValidity, 30*24*time.Hour)),
	}
	// The server accepts an access token only while it stores the grant.
	expires := now.Add(client.accessTokenValidity())
	if g.refreshBy.After(expires) {
		expires = g.refreshBy
	}
	s.grants.put(g.id, g, expires)
	return g
}

// signIn ends a sign-in. It returns the tokens of a new grant, and the key of a new device.
func (s *Server) signIn(c *session) object {
	g := s.newGrant(c.account, c.client)
	result := s.tokens(g)
	result["RefreshToken"] = s.newRefreshToken(g)
	if d := c.device; d != nil {
		g.deviceKey = d.key
		d.signedIn = g.authTime
	} else if c.account.pool.DeviceTracking != "" {
		d := c.account.newDevice()
		g.deviceKey = d.key
		result["NewDeviceMetadata"] = object{"DeviceKey": d.key, "DeviceGroupKey": d.group}
	}
	return object{"AuthenticationResult": result, "ChallengeParameters": object{}}
}

// newRefreshToken adds a refresh token to a grant.
func (s *Server) newRefreshToken(g *grant) string {
	secret := rand.Text() + rand.Text()
	g.secrets[s.hashSecret(secret)] = time.Time{}
	return g.id + "." + secret
}

func (s *Server) hashSecret(secret string) string { return string(mac(s.seed[:], []byte(secret))) }

func (c *AppClient) accessTokenValidity() time.Duration {
	return cmp.Or(c.AccessTokenValidity, time.Hour)
}

// tokens returns the ID token and the access token of a grant ("Understanding the identity (ID)
// token" and "Understanding the access token", Amazon Cognito developer guide).
func (s *Server) tokens(g *grant) object {
	u, client, now := &g.account.user, g.client, time.Now()
	lifetime := client.accessTokenValidity()
	common := claims{
		"sub":        g.account.sub,
		"iss":        g.account.pool.issuer(),
		"origin_jti": g.id,
		"event_id":   newUUID(),
		"auth_time":  g.authTime.Unix(),
		"iat":        now.Unix(),
	}
	if len(u.Groups) > 0 {
		common["cognito:groups"] = u.Groups
	}
	access := maps.Clone(common)
	maps.Copy(access, claims{
		"token_use": "access",
		"client_id": client.ID,
		"username":  u.Name,
		"scope":     cmp.Or(g.scope, adminScope),
		"exp":       now.Add(lifetime).Unix(),
		"jti":       newUUID(),
	})
	accessToken := s.sign(access)
	result := object{
		"AccessToken": accessToken,
		"TokenType":   "Bearer",
		"ExpiresIn":   int(lifetime.Seconds()),
	}
	if g.scope != "" && !hasScope(g.scope, "openid") {
		return result
	}
	identity := claims{}
	for name, value := range visible(u.Attributes, g.scope) {
		identity[name] = value
		if strings.HasSuffix(name, "_verified") {
			identity[name] = value == "true"
		}
	}
	// An attribute must not replace a claim, so the claims follow the attributes.
	maps.Copy(identity, common)
	if len(u.Roles) > 0 {
		identity["cognito:roles"] = u.Roles
		identity["cognito:preferred_role"] = u.Roles[0]
	}
	maps.Copy(identity, claims{
		"token_use":        "id",
		"aud":              client.ID,
		"cognito:username": u.Name,
		"exp":              now.Add(cmp.Or(client.IDTokenValidity, time.Hour)).Unix(),
		"jti":              newUUID(),
	})
	g.addLoginClaims(identity, accessToken)
	result["IdToken"] = s.sign(identity)
	return result
}

// addLoginClaims adds the claims that only ID tokens of managed login have, and those of federated
// users.
func (g *grant) addLoginClaims(identity claims, accessToken string) {
	if g.scope != "" { // OpenID Connect Core 1.0 section 3.1.3.6
		sum := sha256.Sum256([]byte(accessToken))
		identity["at_hash"] = base64url(sum[:16])
	}
	if g.nonce != "" {
		identity["nonce"] = g.nonce
	}
	if a := g.account; a.provider != "" {
		identity["identities"] = []object{{
			"userId":       a.providerUser,
			"providerName": a.provider,
			"providerType": "OIDC",
			"issuer":       nil,
			"primary":      "true",
			"dateCreated":  strconv.FormatInt(g.authTime.UnixMilli(), 10),
		}}
	}
}

// refreshAuth is the flow REFRESH_TOKEN_AUTH, which a client with rotation must not use. The secret
// hash covers the user name.
func refreshAuth(s *Server, r *request) (object, error) {
	p := r.AuthParameters
	if !r.client.allows("ALLOW_REFRESH_TOKEN_AUTH") || r.client.RefreshTokenRotation {
		return nil, invalid("Auth flow not enabled for this client")
	}
	if err := requireParams(p, "REFRESH_TOKEN"); err != nil {
		return nil, err
	}
	g, hash := s.grantOf(p["REFRESH_TOKEN"])
	if g != nil && g.client == r.client &&
		checkSecretHash(r.client, g.account.user.Name, p["SECRET_HASH"]) != nil {
		return nil, notAuthorized("SecretHash does not match for the client: %s", r.client.ID)
	}
	out, err := s.refresh(r.client, g, hash, p["DEVICE_KEY"])
	if err == nil {
		out["ChallengeParameters"] = object{}
	}
	return out, err
}

// refresh returns a new ID token and a new access token of the grant that grantOf found. With
// rotation it returns a new refresh token too. Without rotation the old one remains valid. A token
// that belongs to a device is valid only for that device, and only if the device is confirmed.
func (s *Server) refresh(
	client *AppClient, g *grant, hash, deviceKey string,
) (object, error) {
	refused := notAuthorized("Invalid Refresh Token")
	if g == nil || g.client != client {
		return nil, refused
	}
	now, until := time.Now(), g.secrets[hash]
	switch {
	case !now.Before(g.refreshBy):
		return nil, notAuthorized("Refresh Token has expired")
	case !until.IsZero() && !now.Before(until):
		return nil, refuse("RefreshTokenReuseException", "Refresh token has been used already")
	case g.deviceKey != "" &&
		(deviceKey != g.deviceKey || g.account.confirmedDevice(deviceKey) == nil):
		return nil, refused
	}
	result := s.tokens(g)
	if client.RefreshTokenRotation {
		if until.IsZero() {
			g.secrets[hash] = now.Add(client.RetryGracePeriod)
		}
		result["RefreshToken"] = s.newRefreshToken(g)
	}
	return object{"AuthenticationResult": result}, nil
}

// grantOf returns the grant of a refresh token and the hash of the token's secret. It returns nil
// for an unknown token.
func (s *Server) grantOf(token string) (g *grant, hash string) {
	id, secret, _ := strings.Cut(token, ".")
	hash = s.hashSecret(secret)
	if g, ok := s.grants.get(id); ok {
		if _, ok := g.secrets[hash]; ok {
			return g, hash
		}
	}
	return nil, ""
}

func getTokensFromRefreshToken(s *Server, r *request) (object, error) {
	if err := r.checkSecret("NotAuthorizedException"); err != nil {
		return nil, err
	}
	g, hash := s.grantOf(r.RefreshToken)
	return s.refresh(r.client, g, hash, r.DeviceKey)
}

// revokeToken ends the grant of a refresh token. As in RFC 7009 section 2.2, an unknown token
// counts as revoked.
func revokeToken(s *Server, r *request) (object, error) {
	if err := r.checkSecret("UnauthorizedException"); err != nil {
		return nil, err
	}
	if _, err := s.verifyToken(r.Token); err == nil || err == errTokenExpired {
		return nil, refuse("UnsupportedTokenTypeException", "Unsupported token type")
	}
	g, _ := s.grantOf(r.Token)
	if g != nil && g.client != r.client {
		return nil, refuse("UnauthorizedException",
			"Token was not issued to client %s", r.client.ID)
	}
	if g != nil {
		s.grants.take(g.id)
	}
	return object{}, nil
}

// globalSignOut ends all grants of the user.
func globalSignOut(s *Server, r *request) (object, error) {
	for id, e := range s.grants.entries {
		if e.value.account == r.account {
			s.grants.take(id)
		}
	}
	return object{}, nil
}
