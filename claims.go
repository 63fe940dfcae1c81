package cognito

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxTokenSize bounds a JSON Web Token: the longest value that the identity pool takes in a Logins map.
const maxTokenSize = 50_000

// Claims are what a user pool states about a user in an ID or access token (RFC 7519; AWS: "Understanding user pool JSON
// web tokens"). Where a field's claim is missing, the field is zero.
type Claims struct {
	Issuer        string    // iss: "https://cognito-idp.<region>.amazonaws.com/<user pool id>"
	Subject       string    // sub: the user's UUID, which never changes
	TokenUse      string    // token_use: "id" or "access"
	Audience      string    // aud, in an ID token: the app client
	ClientID      string    // client_id, in an access token: the app client
	Username      string    // cognito:username in an ID token, username in an access token
	Groups        []string  // cognito:groups
	Roles         []string  // cognito:roles: ARNs of the roles that the user's groups give
	PreferredRole string    // cognito:preferred_role
	IssuedAt      time.Time // iat
	ExpiresAt     time.Time // exp
	NotBefore     time.Time // nbf
	JSON          string    // all claims as they came, the pool's custom ones among them
}

// ParseUnverified returns the claims of a token without checking who made it.
//
// What it returns may be shown, and may say where a token came from, but nobody may be let in by it: use
// [Client.VerifyIDToken] or [Client.VerifyAccessToken] for that.
func ParseUnverified(token string) (Claims, error) {
	t, err := parseToken(token)
	return t.claims, err
}

// A signedToken is a JWS in compact form (RFC 7515 section 7.1), taken apart.
type signedToken struct {
	algorithm, keyID string
	critical         bool   // the header has "crit", which nobody here understands (RFC 7515 section 4.1.11)
	signed           string // what the signature covers: the first two parts as sent
	signature        []byte
	claims           Claims
}

func parseToken(token string) (signedToken, error) {
	var t signedToken
	if len(token) > maxTokenSize {
		return t, fmt.Errorf("cognito: token has %d bytes, more than the %d that are accepted", len(token), maxTokenSize)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return t, fmt.Errorf("cognito: token has %d parts where a signed JSON Web Token has 3 (refresh tokens are opaque and have no claims)", len(parts))
	}
	var decoded [3][]byte
	for i, name := range []string{"header", "claims", "signature"} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil || strings.ContainsAny(parts[i], "\r\n") { // which encoding/base64 passes over
			return t, fmt.Errorf("cognito: token: the %s is not base64url", name)
		}
		decoded[i] = b
	}
	t.signed = token[:len(parts[0])+1+len(parts[1])]
	t.signature = decoded[2]

	header, err := parseMembers(decoded[0])
	if err != nil {
		return t, fmt.Errorf("cognito: token header: %w", err)
	}
	_, t.critical = header["crit"]
	if err := errors.Join(header.text("alg", &t.algorithm), header.text("kid", &t.keyID)); err != nil {
		return t, fmt.Errorf("cognito: token header: %w", err)
	}

	members, err := parseMembers(decoded[1])
	if err != nil {
		return t, fmt.Errorf("cognito: token claims: %w", err)
	}
	c := Claims{JSON: string(decoded[1])}
	var idName, accessName string
	err = errors.Join(
		members.text("iss", &c.Issuer), members.text("sub", &c.Subject), members.text("token_use", &c.TokenUse),
		members.text("aud", &c.Audience), members.text("client_id", &c.ClientID),
		members.text("cognito:username", &idName), members.text("username", &accessName),
		members.texts("cognito:groups", &c.Groups), members.texts("cognito:roles", &c.Roles),
		members.text("cognito:preferred_role", &c.PreferredRole),
		members.date("iat", &c.IssuedAt), members.date("exp", &c.ExpiresAt), members.date("nbf", &c.NotBefore),
	)
	if err != nil {
		return t, fmt.Errorf("cognito: token claims: %w", err)
	}
	c.Username = cmp.Or(idName, accessName)
	t.claims = c
	return t, nil
}

// members is a JSON object whose names are matched exactly: encoding/json would take "ISS" for "iss" in a struct.
type members map[string]json.RawMessage

func parseMembers(data []byte) (members, error) {
	var m members
	if err := json.Unmarshal(data, &m); err != nil || m == nil {
		return nil, errors.New("not a JSON object")
	}
	return m, nil
}

// read decodes one member, if it is there, without repeating its value in an error.
func (m members) read(name, want string, v any) error {
	raw, ok := m[name]
	if !ok {
		return nil
	}
	if json.Unmarshal(raw, v) != nil || string(raw) == "null" {
		return fmt.Errorf("%q is not %s", name, want)
	}
	return nil
}

func (m members) text(name string, v *string) error    { return m.read(name, "a string", v) }
func (m members) texts(name string, v *[]string) error { return m.read(name, "a list of strings", v) }

// date reads a NumericDate (RFC 7519 section 2): seconds since 1970, possibly with a fraction.
func (m members) date(name string, v *time.Time) error {
	var seconds float64
	if err := m.read(name, "a number", &seconds); err != nil {
		return err
	}
	const year9999 = 253402300799
	if seconds < 0 || seconds > year9999 {
		return fmt.Errorf("%q is not a date", name)
	}
	if _, ok := m[name]; ok {
		*v = time.Unix(int64(seconds), 0).UTC()
	}
	return nil
}
