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
	"time"
)

// claims are the payload of a JWT, as encoding/json reads it.
type claims map[string]any

// text answers a claim that is a string, or "".
func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// texts answers a claim that is a list of strings; what is not a string is left out.
func (c claims) texts(name string) (list []string) {
	values, _ := c[name].([]any)
	for _, v := range values {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// identityIssuer is the issuer of the tokens of all identity pools ("OpenID Connect" in IAM's documentation of web
// identity federation).
const identityIssuer = "https://cognito-identity.amazonaws.com"

// signingKey answers the key that signs all tokens, made at the first call.
func (s *Server) signingKey() *rsa.PrivateKey {
	s.makeKey.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // only when there is no randomness
		}
		s.key = key
	})
	return s.key
}

// keyID names the signing key among the keys of one issuer, so that another issuer's token has another kid.
func (s *Server) keyID(issuer string) string {
	sum := sha256.Sum256(append(s.signingKey().N.Bytes(), issuer...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// sign makes an RS256 JWT (RFC 7515, RFC 7518 3.3) of claims that have an iss.
func (s *Server) sign(c claims) string {
	signed := segment(map[string]string{"alg": "RS256", "kid": s.keyID(c.text("iss"))}) + "." + segment(c)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, s.signingKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // only when the key is too short for the hash
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func segment(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // made here, of strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

var (
	errTokenForm      = errors.New("not a signed JWT of this server's issuers")
	errTokenSignature = errors.New("signature is wrong")
	errTokenExpired   = errors.New("expired")
)

// verifyToken checks form, algorithm, key, signature and expiry of a token that must be one of this server's own. What
// the claims say, token_use and aud among them, is for the caller to check. With errTokenExpired the claims are given.
func (s *Server) verifyToken(token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") { // line ends, which encoding/base64 skips
		return nil, errTokenForm
	}
	var header, c claims
	for i, into := range []*claims{&header, &c} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return nil, errTokenForm
		}
	}
	issuer := c.text("iss")
	if header.text("alg") != "RS256" || !s.issues(issuer) {
		return nil, errTokenForm
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || header.text("kid") != s.keyID(issuer) ||
		rsa.VerifyPKCS1v15(&s.signingKey().PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, errTokenSignature
	}
	if exp, _ := c["exp"].(float64); time.Now().Unix() >= int64(exp) {
		return c, errTokenExpired
	}
	return c, nil
}

// issues reports whether the server signs for the issuer.
func (s *Server) issues(issuer string) bool {
	for i := range s.UserPools {
		if s.UserPools[i].issuer() == issuer {
			return true
		}
	}
	return issuer == identityIssuer
}

// poolOf answers the user pool that a discovery request names in its path.
func (s *Server) poolOf(r *http.Request) *UserPool {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for i := range s.UserPools {
		if p := &s.UserPools[i]; p.ID == id && parseHost(r.Host).serves(p.region()) {
			return p
		}
	}
	return nil
}

// serveDiscovery answers GET of the key set (RFC 7517) and of the OpenID Connect Discovery 1.0 document: of a user
// pool below its ID, of the identity pools at the root.
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request, service string) {
	issuer, base := identityIssuer, ""
	if service != "cognito-identity" {
		pool := s.poolOf(r)
		if pool == nil {
			http.NotFound(w, r)
			return
		}
		issuer, base = pool.issuer(), "/"+pool.ID
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case base + "/.well-known/jwks.json":
		key := s.signingKey()
		writeJSON(w, http.StatusOK, object{"keys": []object{{
			"kid": s.keyID(issuer), "kty": "RSA", "alg": "RS256", "use": "sig",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}})
	case base + "/.well-known/openid-configuration":
		scheme := "https"
		if parseHost(r.Host).service == "" && r.TLS == nil {
			scheme = "http"
		}
		writeJSON(w, http.StatusOK, object{
			"issuer":                                issuer,
			"jwks_uri":                              fmt.Sprintf("%s://%s%s/.well-known/jwks.json", scheme, r.Host, base),
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"response_types_supported":              []string{"code", "token"},
			"subject_types_supported":               []string{"public"},
		})
	default:
		http.NotFound(w, r)
	}
}

// newUUID makes a random UUID (RFC 9562 5.4).
func newUUID() string { return formatUUID(random(16)) }

// stableUUID makes a UUID that is always the same for the same names.
func stableUUID(names ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return formatUUID(sum[:16])
}

func formatUUID(b []byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
