package cognitotest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest/internal/sigv4check"
)

// LoginProvider is an identity provider outside of user pools, as it is configured in IAM and in an
// identity pool. [Server.IssueToken] returns its tokens.
type LoginProvider struct {
	// Name is the key of the provider in Logins: the issuer of an OpenID Connect provider, without
	// https://, or the ARN of a SAML provider, arn:aws:iam::123456789012:saml-provider/Example.
	Name string

	// ClientIDs are the audiences of an OpenID Connect provider's tokens for the identity pool.
	ClientIDs []string
}

const (
	// developerKey is the key of developer-authenticated identities in Logins.
	developerKey = "cognito-identity.amazonaws.com"

	actionsProvider = "token.actions.githubusercontent.com"

	// providerSkew is the clock skew that identity pools accept in a provider's tokens ("OpenID
	// Connect providers", Amazon Cognito developer guide).
	providerSkew = 5 * time.Minute
)

// ExampleActionsToken is the value of ACTIONS_ID_TOKEN_REQUEST_TOKEN for the path /idtoken.
const ExampleActionsToken = "example-actions-request-token"

// providerKey returns the key of a provider. Each provider has its own.
func (s *Server) providerKey(name string) *rsa.PrivateKey {
	key := s.providerKeys[name]
	if key == nil {
		var err error
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err) // only if the random source fails
		}
		if s.providerKeys == nil {
			s.providerKeys = make(map[string]*rsa.PrivateKey)
		}
		s.providerKeys[name] = key
	}
	return key
}

// IssueToken returns a token of the identity provider with the name in [LoginProvider]: an ID token
// or, for the ARN of a SAML provider, a response in base64. The members of changes replace the
// token's claims: iss, sub, aud, iat, exp and any other. A value of nil omits the claim. A SAML
// response has the claims sub, aud, iat, exp and, for the attribute Role, cognito:roles.
func (s *Server) IssueToken(provider string, changes map[string]any) string {
	s.start.Do(s.load)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issueToken(provider, changes)
}

func (s *Server) issueToken(provider string, changes map[string]any) string {
	now := time.Now()
	c := claims{
		"iss": "https://" + provider,
		"sub": "example-subject",
		"iat": now.Unix(),
		"exp": now.Add(5 * time.Minute).Unix(),
	}
	for _, pool := range s.IdentityPools {
		for _, p := range pool.Providers {
			if p.Name == provider && len(p.ClientIDs) > 0 {
				c["aud"] = p.ClientIDs[0]
			}
		}
	}
	if isSAML(provider) {
		c["aud"] = samlAudience
	}
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	key := s.providerKey(provider)
	if isSAML(provider) {
		text := newAssertion(c).sign(provider, key)
		return base64.StdEncoding.EncodeToString([]byte(text))
	}
	return signJWT(key, keyIDOf(key, provider), c)
}

// providerLogin checks a token of a provider.
func (s *Server) providerLogin(p LoginProvider, token string) (claims, error) {
	if isSAML(p.Name) {
		return s.verifyAssertion(p.Name, token)
	}
	c, err := verifyJWT(token, providerSkew, func(issuer string) (*rsa.PublicKey, string) {
		if strings.TrimPrefix(issuer, "https://") != p.Name {
			return nil, ""
		}
		key := s.providerKey(p.Name)
		return &key.PublicKey, keyIDOf(key, p.Name)
	})
	audiences := append(c.texts("aud"), c.text("aud"))
	if azp := c.text("azp"); azp != "" {
		audiences = []string{azp}
	}
	known := slices.ContainsFunc(audiences, func(audience string) bool {
		return slices.Contains(p.ClientIDs, audience)
	})
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, errTokenAudience
	case c.text("sub") == "":
		return nil, errTokenForm
	}
	return claims{"sub": c["sub"]}, nil // others, such as cognito:roles, mean nothing
}

// developerLogin checks the token of a developer provider, and returns its identity.
func (s *Server) developerLogin(pool *IdentityPool, token string) (identity, claims, error) {
	c, err := s.verifyToken(token)
	known, ok := s.identities.get(c.text("sub"))
	switch {
	case err != nil:
		return identity{}, nil, err
	case c.text("iss") != identityIssuer || c.text("aud") != pool.ID ||
		pool.DeveloperProvider == "" || !slices.Contains(c.texts("amr"), pool.DeveloperProvider):
		return identity{}, nil, errTokenAudience
	case !ok:
		return identity{}, nil, errTokenForm
	}
	return *known, c, nil
}

// Limits of TokenDuration (API reference of GetOpenIdTokenForDeveloperIdentity).
const (
	developerTokenValidity    = 15 * time.Minute
	maxDeveloperTokenValidity = 24 * time.Hour
)

// byDeveloper finds the identity pool, and checks that the request is signed. Any credentials of
// the server may sign it, because IAM policies are not modelled.
func byDeveloper(s *Server, r *request) error {
	pool, err := s.identityPool(r)
	if err != nil {
		return err
	}
	key, _, err := sigv4check.Verify(r.http, r.body, sigv4check.Rules{
		Service: "cognito-identity",
		Region:  before(pool.ID, ":"),
		Now:     time.Now(),
		Lookup:  s.lookup,
	})
	if err != nil {
		return err
	}
	if _, ok := s.issued.get(key); !ok { // it is not signed
		return refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	user := r.Logins[pool.DeveloperProvider]
	if pool.DeveloperProvider == "" || user == "" || len(r.Logins) != 1 {
		return invalid("Please provide a valid developer provider")
	}
	r.identity = identity{pool, pool.DeveloperProvider, user}
	return nil
}

// getOpenIDTokenForDeveloperIdentity returns a token for a user of the developer's backend.
func getOpenIDTokenForDeveloperIdentity(s *Server, r *request) (object, error) {
	life := developerTokenValidity
	if r.TokenDuration != 0 {
		life = time.Duration(r.TokenDuration) * time.Second
	}
	if r.TokenDuration < 0 || life > maxDeveloperTokenValidity {
		return nil, invalid("1 validation error detected: Value '%d' at 'tokenDuration' failed to "+
			"satisfy constraint: Member must have value from 1 to 86400", r.TokenDuration)
	}
	id := s.identityID(r.identity)
	if r.IdentityId != "" && r.IdentityId != id { // linking is not modelled
		return nil, refuse("ResourceConflictException", "Logins don't match identity '%s'.",
			r.IdentityId)
	}
	return object{"IdentityId": id, "Token": s.signOpenID(id, r.identity, life)}, nil
}

// isActions reports whether r, to a host that is not one of AWS's services, is for the token
// endpoint of GitHub Actions. An identity pool must have that provider.
func (s *Server) isActions(r *http.Request) bool {
	return r.URL.Path == "/idtoken" &&
		slices.ContainsFunc(s.IdentityPools, func(pool IdentityPool) bool {
			return pool.provider(actionsProvider) != nil
		})
}

// serveActions responds as the token endpoint of GitHub Actions: it returns the ID token of a job
// (GitHub documentation, "OpenID Connect reference").
func (s *Server) serveActions(w http.ResponseWriter, r *http.Request) func() {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case r.Method != http.MethodGet:
		return func() { http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed) }
	case !strings.EqualFold(scheme, "bearer") || !equal(bearer, ExampleActionsToken):
		return func() { http.Error(w, "401 unauthorized", http.StatusUnauthorized) }
	}
	audience := r.URL.Query().Get("audience")
	if audience == "" {
		audience = "https://github.com/octo-org"
	}
	token := s.issueToken(actionsProvider, claims{
		"aud":              audience,
		"sub":              "repo:octo-org/octo-repo:ref:refs/heads/main",
		"jti":              newUUID(),
		"nbf":              time.Now().Add(-10 * time.Minute).Unix(),
		"repository":       "octo-org/octo-repo",
		"repository_owner": "octo-org",
		"ref":              "refs/heads/main",
		"actor":            "octocat",
	})
	return writeJSON(w, http.StatusOK, "application/json; charset=utf-8",
		object{"count": len(token), "value": token})
}

// provider returns a provider of the pool, or nil.
func (p *IdentityPool) provider(name string) *LoginProvider {
	for i := range p.Providers {
		if p.Providers[i].Name == name {
			return &p.Providers[i]
		}
	}
	return nil
}
