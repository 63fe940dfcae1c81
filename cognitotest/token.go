package cognitotest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// claims are the payload of a JWT, as encoding/json decodes it.
type claims map[string]any

// text returns a claim that is a string, or "".
func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// texts returns the strings of a claim that is a list.
func (c claims) texts(name string) (list []string) {
	values, _ := c[name].([]any)
	for _, v := range values {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// identityIssuer is the issuer of the tokens of all identity pools ("OpenID Connect" in IAM's
// documentation of web identity federation).
const identityIssuer = "https://cognito-identity.amazonaws.com"

// processKey is the signing key of all servers without a key of their own. It is generated once,
// because that takes 50 ms.
var processKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // GenerateKey fails only if the random source fails.
	}
	return key
})

func (s *Server) signingKey() *rsa.PrivateKey {
	if s.SigningKey != nil {
		return s.SigningKey
	}
	return processKey()
}

// keyID returns the kid of the signing key for one issuer. Tokens of other issuers have other kids.
func (s *Server) keyID(issuer string) string { return keyIDOf(s.signingKey(), issuer) }

func keyIDOf(key *rsa.PrivateKey, issuer string) string {
	sum := sha256.Sum256(append(key.N.Bytes(), issuer...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// sign returns an RS256 JWT of claims that include iss (RFC 7515, RFC 7518 section 3.3).
func (s *Server) sign(c claims) string { return signJWT(s.signingKey(), s.keyID(c.text("iss")), c) }

func signJWT(key *rsa.PrivateKey, keyID string, c claims) string {
	header := object{"alg": "RS256", "kid": keyID}
	signed := segment(header) + "." + segment(c)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // The key is too short for the hash.
	}
	return signed + "." + base64url(signature)
}

func segment(v any) string { return base64url([]byte(jsonText(v))) }

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

var (
	errTokenForm      = errors.New("not a signed JWT of an issuer of this server")
	errTokenSignature = errors.New("wrong signature")
	errTokenExpired   = errors.New("expired")
	errTokenAudience  = errors.New("for another audience")
)

// verifyToken checks the form, the algorithm, the key, the signature and the expiry of a token,
// which must be one that this server signed. Callers check the claims, such as token_use and aud.
// If the error is errTokenExpired, verifyToken returns the claims too.
func (s *Server) verifyToken(token string) (claims, error) {
	return verifyJWT(token, 0, func(issuer string) (*rsa.PublicKey, string) {
		if !s.issues(issuer) {
			return nil, ""
		}
		return &s.signingKey().PublicKey, s.keyID(issuer)
	})
}

// verifyJWT is verifyToken for issuers with the key and the kid that keyOf returns, or nil. skew is
// the difference of clocks that it accepts.
func verifyJWT(
	token string, skew time.Duration, keyOf func(issuer string) (*rsa.PublicKey, string),
) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") { // encoding/base64 skips line ends
		return nil, errTokenForm
	}
	encoding := base64.RawURLEncoding.Strict()
	var header, c claims
	for i, into := range []*claims{&header, &c} {
		b, err := encoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return nil, errTokenForm
		}
	}
	key, keyID := keyOf(c.text("iss"))
	if header.text("alg") != "RS256" || key == nil {
		return nil, errTokenForm
	}
	signature, err := encoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || header.text("kid") != keyID ||
		rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return nil, errTokenSignature
	}
	now := time.Now()
	if exp, _ := c["exp"].(float64); now.Add(-skew).Unix() >= int64(exp) {
		return c, errTokenExpired
	}
	for _, name := range []string{"iat", "nbf"} {
		if from, _ := c[name].(float64); skew > 0 && int64(from) > now.Add(skew).Unix() {
			return nil, errTokenForm
		}
	}
	return c, nil
}

// issues reports whether the server signs tokens of the issuer.
func (s *Server) issues(issuer string) bool {
	for i := range s.UserPools {
		if s.UserPools[i].issuer() == issuer {
			return true
		}
	}
	return issuer == identityIssuer
}

// poolOf returns the user pool that a discovery request names in its path, or nil.
func (s *Server) poolOf(r *http.Request) *UserPool {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for i := range s.UserPools {
		if p := &s.UserPools[i]; p.ID == id && parseHost(r.Host).serves(p.region()) {
			return p
		}
	}
	return nil
}

// serveDiscovery responds with the key set (RFC 7517) or with the OpenID Connect Discovery 1.0
// document. Those of a user pool are below its ID, and those of identity pools are at the root.
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request, service string) func() {
	issuer, base := identityIssuer, ""
	if service != "cognito-identity" {
		pool := s.poolOf(r)
		if pool == nil {
			return func() { http.NotFound(w, r) }
		}
		issuer = pool.issuer()
		base = "/" + pool.ID
	}
	const keySet = "/.well-known/jwks.json"
	switch r.URL.Path {
	case base + keySet:
		key := s.signingKey()
		return writeJSON(w, http.StatusOK, "application/json", object{"keys": []object{{
			"kid": s.keyID(issuer),
			"kty": "RSA",
			"alg": "RS256",
			"use": "sig",
			"n":   base64url(key.N.Bytes()),
			"e":   base64url(big.NewInt(int64(key.E)).Bytes()),
		}}})
	case base + "/.well-known/openid-configuration":
		scheme := "https"
		if parseHost(r.Host).service == "" && r.TLS == nil {
			scheme = "http"
		}
		doc := object{
			"issuer":                                issuer,
			"jwks_uri":                              scheme + "://" + r.Host + base + keySet,
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"response_types_supported":              []string{"code", "token"},
			"subject_types_supported":               []string{"public"},
		}
		if pool := s.poolOf(r); pool != nil && pool.hasLogin() {
			addLoginEndpoints(doc, scheme, pool, r.Host)
		}
		return writeJSON(w, http.StatusOK, "application/json", doc)
	}
	return func() { http.NotFound(w, r) }
}

// addLoginEndpoints adds the endpoints of managed login to a discovery document. As on AWS, it does
// not have code_challenge_methods_supported, although PKCE is supported.
func addLoginEndpoints(doc object, scheme string, p *UserPool, hostport string) {
	if parseHost(hostport).service != "" {
		hostport = p.Domain
	}
	if hostport == "" {
		return
	}
	base := scheme + "://" + hostport
	doc["authorization_endpoint"] = base + "/oauth2/authorize"
	doc["token_endpoint"] = base + "/oauth2/token"
	doc["revocation_endpoint"] = base + "/oauth2/revoke"
	doc["userinfo_endpoint"] = base + "/oauth2/userInfo"
	doc["end_session_endpoint"] = base + "/logout"
	doc["scopes_supported"] = []string{"openid", "email", "phone", "profile"}
	doc["token_endpoint_auth_methods_supported"] = []string{
		"client_secret_basic",
		"client_secret_post",
	}
}

// newUUID returns a random UUID (RFC 9562 section 5.4).
func newUUID() string { return formatUUID(random(16)) }

// stableUUID returns a UUID that depends only on the names.
func stableUUID(names ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return formatUUID(sum[:16])
}

func formatUUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
