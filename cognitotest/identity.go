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
	// ID consists of the Region, ":" and a UUID: us-east-1:00000000-0000-0000-0000-000000000000.
	ID string

	// ClientIDs are the app clients whose ID tokens the pool accepts. They may belong to any user
	// pool of the server.
	ClientIDs []string

	// Providers are identity providers outside of user pools whose tokens the pool accepts. It
	// accepts those of SAML providers only in the enhanced flow.
	Providers []LoginProvider

	// DeveloperProvider is the name of the backend with developer-authenticated identities, such as
	// "login.example.com". It allows GetOpenIdTokenForDeveloperIdentity.
	DeveloperProvider string

	// AuthenticatedRole is the ARN of the role of signed-in users.
	AuthenticatedRole string

	// UnauthenticatedRole is the ARN of the role of guests.
	UnauthenticatedRole string

	// RolesFromToken gives a signed-in user the role in the claim cognito:preferred_role of the ID
	// token, if it has one.
	RolesFromToken bool

	// AllowGuests allows identities without a login.
	AllowGuests bool

	// AllowClassicFlow allows GetOpenIdToken, whose token AssumeRoleWithWebIdentity accepts.
	AllowClassicFlow bool

	// CredentialsValidity is the lifetime of credentials of the enhanced flow. If it is 0, they
	// live for 1 hour, as they always do on AWS. Set it to test the renewal of credentials.
	CredentialsValidity time.Duration
}

// identity is an identity that GetId returned.
type identity struct {
	pool     *IdentityPool
	provider string // the key of the login, or DeveloperProvider; empty for a guest
	sub      string // the user at the provider
}

// openIDTokenValidity is the lifetime of the token of GetOpenIdToken, from its API reference.
const openIDTokenValidity = 10 * time.Minute

// login checks Logins. A guest has none. A user has the ID token of a user pool, and its key must
// be the issuer of the token without https://. Other users have a token of a provider of the
// identity pool, or of its developer provider. Several logins are not modelled.
func (s *Server) login(pool *IdentityPool, logins params) (identity, claims, error) {
	if len(logins) == 0 {
		if !pool.AllowGuests {
			return identity{}, nil, notAuthorized(
				"Unauthenticated access is not supported for this identity pool.")
		}
		return identity{pool: pool}, nil, nil
	}
	if len(logins) > 1 {
		return identity{}, nil, invalid("cognitotest supports one login")
	}
	var provider, token string
	for provider, token = range logins { // the only one
	}
	if provider == developerKey {
		user, c, err := s.developerLogin(pool, token)
		return user, c, loginRefusal(err)
	}
	if p := pool.provider(provider); p != nil {
		c, err := s.providerLogin(*p, token)
		return identity{pool, provider, c.text("sub")}, c, loginRefusal(err)
	}
	c, err := s.verifyToken(token)
	message := ""
	_, issuer, _ := strings.Cut(c.text("iss"), "://")
	switch {
	case err == errTokenForm && !strings.HasPrefix(provider, "cognito-idp."):
		err = errTokenAudience
		fallthrough
	case err != nil:
		return identity{}, nil, loginRefusal(err)
	case issuer != provider:
		message = "Invalid login token. Issuer doesn't match providerName"
	case c.text("aud") == "" || c.text("token_use") != "id":
		message = "Invalid login token. Missing a required claim: aud"
	case !slices.Contains(pool.ClientIDs, c.text("aud")):
		return identity{}, nil, loginRefusal(errTokenAudience)
	default:
		return identity{pool, provider, c.text("sub")}, c, nil
	}
	return identity{}, nil, notAuthorized("%s", message)
}

// loginRefusal returns the error response for an error of verifyToken or verifyAssertion.
func loginRefusal(err error) error {
	switch err {
	case nil:
		return nil
	case errTokenExpired:
		return notAuthorized("Invalid login token. Token expired")
	case errTokenSignature:
		return notAuthorized("Invalid login token. Couldn't verify signed token.")
	case errTokenAudience:
		return notAuthorized("Token is not from a supported provider of this identity pool.")
	}
	return notAuthorized("Invalid login token. Not a valid OpenId Connect identity token.")
}

// identityPool finds the identity pool in the Region of the host.
func (s *Server) identityPool(r *request) (*IdentityPool, error) {
	id := r.IdentityPoolId
	at := slices.IndexFunc(s.IdentityPools, func(p IdentityPool) bool { return p.ID == id })
	if at < 0 || !r.host.serves(before(id, ":")) {
		return nil, refuse("ResourceNotFoundException", "IdentityPool '%s' not found.", id)
	}
	return &s.IdentityPools[at], nil
}

// byIdentityPool finds the identity pool, and checks the logins. The token of a developer provider
// names the identity, and is refused.
func byIdentityPool(s *Server, r *request) error {
	pool, err := s.identityPool(r)
	if err != nil {
		return err
	}
	if r.Logins[developerKey] != "" {
		return invalid("Please provide a valid public provider")
	}
	r.identity, r.claims, err = s.login(pool, r.Logins)
	return err
}

// byIdentity finds the identity, and checks that the logins belong to it.
func byIdentity(s *Server, r *request) (err error) {
	known, ok := s.identities.get(r.IdentityId)
	if !ok || !r.host.serves(before(r.IdentityId, ":")) {
		return refuse("ResourceNotFoundException", "Identity '%s' not found.", r.IdentityId)
	}
	r.identity, r.claims, err = s.login(known.pool, r.Logins)
	if err == nil && r.identity != *known {
		err = notAuthorized("Access to Identity '%s' is forbidden.", r.IdentityId)
	}
	return err
}

// getID returns the same identity of a user at every call, and a new one for each guest.
func getID(s *Server, r *request) (object, error) {
	return object{"IdentityId": s.identityID(r.identity)}, nil
}

func (s *Server) identityID(user identity) string {
	id := newUUID()
	if user.provider != "" {
		id = stableUUID("identity", user.pool.ID, user.provider, user.sub)
	}
	id = before(user.pool.ID, ":") + ":" + id
	s.identities.put(id, &user, time.Now().AddDate(100, 0, 0))
	return id
}

// getCredentialsForIdentity is the enhanced flow.
func getCredentialsForIdentity(s *Server, r *request) (object, error) {
	pool := r.identity.pool
	role := pool.UnauthenticatedRole
	if r.identity.provider != "" {
		role = pool.AuthenticatedRole
		if preferred := r.claims.text("cognito:preferred_role"); pool.RolesFromToken {
			role = cmp.Or(preferred, role)
		}
	}
	custom := cmp.Or(r.CustomRoleArn, role)
	if custom != role && !slices.Contains(r.claims.texts("cognito:roles"), custom) {
		return nil, notAuthorized("Access to Role '%s' is forbidden.", custom)
	}
	if custom == "" {
		return nil, refuse("InvalidIdentityPoolConfigurationException",
			"Invalid identity pool configuration. Check assigned IAM roles for this pool.")
	}
	c := s.issue(principal{custom, "CognitoIdentityCredentials"},
		cmp.Or(pool.CredentialsValidity, time.Hour))
	return object{"IdentityId": r.IdentityId, "Credentials": object{
		"AccessKeyId":  c.accessKeyID,
		"SecretKey":    c.secretAccessKey,
		"SessionToken": c.sessionToken,
		"Expiration":   javaSeconds(c.expires),
	}}, nil
}

// javaSeconds returns a time in AWS's form: seconds since 1970 as a Java double, 1.699168089E9.
// A client that expects an integer fails here as it does on AWS.
func javaSeconds(t time.Time) json.RawMessage {
	text := strconv.FormatFloat(float64(t.Unix()), 'E', -1, 64)
	return json.RawMessage(strings.Replace(text, "E+0", "E", 1))
}

// getOpenIDToken is the first half of the classic flow.
func getOpenIDToken(s *Server, r *request) (object, error) {
	user := r.identity
	if !user.pool.AllowClassicFlow || isSAML(user.provider) {
		return nil, invalid("Basic (classic) flow is not enabled, please use enhanced flow.")
	}
	token := s.signOpenID(r.IdentityId, user, openIDTokenValidity)
	return object{"IdentityId": r.IdentityId, "Token": token}, nil
}

// signOpenID returns a token of the identity pool for an identity.
func (s *Server) signOpenID(id string, user identity, life time.Duration) string {
	amr := []string{"unauthenticated"}
	if user.provider != "" {
		amr = []string{
			"authenticated",
			user.provider,
			user.provider + ":CognitoSignIn:" + user.sub,
		}
	}
	now := time.Now()
	return s.sign(claims{
		"iss": identityIssuer,
		"sub": id,
		"aud": user.pool.ID,
		"amr": amr,
		"iat": now.Unix(),
		"exp": now.Add(life).Unix(),
	})
}
