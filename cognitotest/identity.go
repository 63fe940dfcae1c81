package cognitotest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IdentityPool is a Cognito identity pool.
type IdentityPool struct {
	ID string // us-east-1:00000000-0000-0000-0000-000000000000: Region, ":", UUID

	// ClientIDs are the app clients, of any of the server's user pools, whose ID tokens the pool takes.
	ClientIDs []string

	AuthenticatedRole   string // ARN of the role that a signed-in user gets
	UnauthenticatedRole string // ARN of the role that a guest gets

	RolesFromToken   bool // a signed-in user gets the token's cognito:preferred_role, when it has one
	AllowGuests      bool // identities without a login
	AllowClassicFlow bool // GetOpenIdToken, for AssumeRoleWithWebIdentity

	// CredentialsValidity is how long credentials of the enhanced flow live. 0: 1 hour, as on AWS, which offers no choice;
	// a test of what renews them may want less.
	CredentialsValidity time.Duration
}

// identity is one that GetId has answered.
type identity struct {
	pool     *IdentityPool
	provider string // the login's key: the user pool's issuer without https://; empty: a guest
	sub      string // the user in the user pool
}

// identityOperation answers an operation of the Amazon Cognito federated identities API, nil for one that the stand-in
// has not.
func identityOperation(name string) operation {
	switch name {
	case "GetId":
		return getID
	case "GetCredentialsForIdentity":
		return getCredentialsForIdentity
	case "GetOpenIdToken":
		return getOpenIDToken
	}
	return nil
}

// openIDTokenValidity is how long a token of GetOpenIdToken can be used (API reference of GetOpenIdToken).
const openIDTokenValidity = 10 * time.Minute

// login checks the Logins of a request: none for a guest, or one of a user pool, whose key must be the issuer of the ID
// token without https://. Several logins for one identity are not modelled.
func (s *Server) login(pool *IdentityPool, logins map[string]string) (identity, claims, error) {
	if len(logins) == 0 {
		if !pool.AllowGuests {
			return identity{}, nil, refuse("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
		}
		return identity{pool: pool}, nil, nil
	}
	if len(logins) > 1 {
		return identity{}, nil, refuse("InvalidParameterException", "The stand-in takes one login at a time.")
	}
	var provider, token string
	for provider, token = range logins { // the one
	}
	c, err := s.verifyToken(token)
	message := ""
	_, issuer, _ := strings.Cut(c.text("iss"), "://")
	switch {
	case err == errTokenExpired:
		message = "Invalid login token. Token expired"
	case err == errTokenSignature:
		message = "Invalid login token. Couldn't verify signed token."
	case err != nil:
		message = "Invalid login token. Not a valid OpenId Connect identity token."
	case issuer != provider:
		message = "Invalid login token. Issuer doesn't match providerName"
	case c.text("aud") == "" || c.text("token_use") != "id":
		message = "Invalid login token. Missing a required claim: aud"
	case !slices.Contains(pool.ClientIDs, c.text("aud")):
		message = "Token is not from a supported provider of this identity pool."
	default:
		return identity{pool, provider, c.text("sub")}, c, nil
	}
	return identity{}, nil, refuse("NotAuthorizedException", "%s", message)
}

// getID is GetId. A user has one identity in a pool, always the same; a guest gets a new one at each call.
func getID(s *Server, in call) (object, error) {
	var poolID string
	var logins map[string]string
	if err := in.read(map[string]any{"IdentityPoolId": &poolID, "Logins": &logins}, "IdentityPoolId"); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(s.IdentityPools, func(p IdentityPool) bool { return p.ID == poolID })
	if at < 0 || !in.host.serves(before(poolID, ":")) {
		return nil, refuse("ResourceNotFoundException", "IdentityPool '%s' not found.", poolID)
	}
	who, _, err := s.login(&s.IdentityPools[at], logins)
	if err != nil {
		return nil, err
	}
	id := newUUID()
	if who.provider != "" {
		id = stableUUID("identity", poolID, who.provider, who.sub)
	}
	id = before(poolID, ":") + ":" + id
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities.put(id, &who, time.Now().AddDate(100, 0, 0))
	return object{"IdentityId": id}, nil
}

// identify finds the identity of a request and checks that the logins are its own.
func (s *Server) identify(in call) (id string, who identity, c claims, err error) {
	var logins map[string]string
	if err := in.read(map[string]any{"IdentityId": &id, "Logins": &logins}, "IdentityId"); err != nil {
		return "", identity{}, nil, err
	}
	s.mu.Lock()
	known, ok := s.identities.get(id)
	s.mu.Unlock()
	if !ok || !in.host.serves(before(id, ":")) {
		return "", identity{}, nil, refuse("ResourceNotFoundException", "Identity '%s' not found.", id)
	}
	who, c, err = s.login(known.pool, logins)
	if err == nil && who != *known {
		err = refuse("NotAuthorizedException", "Access to Identity '%s' is forbidden.", id)
	}
	return id, who, c, err
}

// getCredentialsForIdentity is GetCredentialsForIdentity, the enhanced flow.
func getCredentialsForIdentity(s *Server, in call) (object, error) {
	var customRole string
	if err := in.read(map[string]any{"CustomRoleArn": &customRole}); err != nil {
		return nil, err
	}
	id, who, c, err := s.identify(in)
	if err != nil {
		return nil, err
	}
	role := who.pool.UnauthenticatedRole
	if who.provider != "" {
		role = who.pool.AuthenticatedRole
		if preferred := c.text("cognito:preferred_role"); who.pool.RolesFromToken && preferred != "" {
			role = preferred
		}
	}
	if customRole != "" && customRole != role && !slices.Contains(c.texts("cognito:roles"), customRole) {
		return nil, refuse("NotAuthorizedException", "Access to Role '%s' is forbidden.", customRole)
	}
	if customRole != "" {
		role = customRole
	}
	if role == "" {
		return nil, refuse("InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration. Check assigned IAM roles for this pool.")
	}
	credentials := s.issue(principal{role, "CognitoIdentityCredentials"}, cmp.Or(who.pool.CredentialsValidity, time.Hour))
	return object{"IdentityId": id, "Credentials": object{
		"AccessKeyId": credentials.accessKeyID, "SecretKey": credentials.secretAccessKey,
		"SessionToken": credentials.sessionToken, "Expiration": javaSeconds(credentials.expires),
	}}, nil
}

// javaSeconds is a time as AWS writes it here: seconds since 1970, a Java double, 1.699168089E9. A client that expects
// an integer fails on it, as it would on AWS.
func javaSeconds(t time.Time) json.RawMessage {
	text := strconv.FormatFloat(float64(t.Unix()), 'E', -1, 64)
	return json.RawMessage(strings.Replace(text, "E+0", "E", 1))
}

// getOpenIDToken is GetOpenIdToken, the first half of the classic flow.
func getOpenIDToken(s *Server, in call) (object, error) {
	id, who, _, err := s.identify(in)
	if err != nil {
		return nil, err
	}
	if !who.pool.AllowClassicFlow {
		return nil, refuse("InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow.")
	}
	amr := []string{"unauthenticated"}
	if who.provider != "" {
		amr = []string{"authenticated", who.provider, who.provider + ":CognitoSignIn:" + who.sub}
	}
	now := time.Now()
	return object{"IdentityId": id, "Token": s.sign(claims{
		"iss": identityIssuer, "sub": id, "aud": who.pool.ID, "amr": amr,
		"iat": now.Unix(), "exp": now.Add(openIDTokenValidity).Unix(),
	})}, nil
}
