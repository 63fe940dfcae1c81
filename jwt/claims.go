package jwt

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// maxToken bounds a token, in bytes. Identity pools accept no longer value in a Logins map.
const maxToken = 50_000

// Claims are the statements of a user pool about a user in an ID or access token (RFC 7519; AWS:
// "Understanding user pool JSON web tokens"). The field of a missing claim is zero. So is that of a
// claim with an unexpected type, which a [Verifier] refuses except for email.
type Claims struct {
	Issuer        string    // iss: "https://cognito-idp.<region>.amazonaws.com/<user pool ID>"
	Subject       string    // sub: the user's UUID, which never changes
	TokenUse      string    // token_use: "id" or "access"
	Audience      string    // aud: the app client of an ID token; a list is joined by spaces
	ClientID      string    // client_id: the app client of an access token
	Scope         string    // scope: those of an access token, separated by spaces
	Username      string    // cognito:username in an ID token, username in an access token
	Email         string    // email, in an ID token
	Groups        []string  // cognito:groups
	Roles         []string  // cognito:roles: ARNs of the roles of the user's groups
	PreferredRole string    // cognito:preferred_role
	IssuedAt      time.Time // iat
	ExpiresAt     time.Time // exp
	NotBefore     time.Time // nbf
	JSON          string    // the whole payload as received, with custom claims
}

// ParseUnverified returns the claims of a token without verifying it. Use it for display, or to
// learn which pool issued it. Do not use the result for authorization: see [Verifier].
func ParseUnverified(token string) (Claims, error) {
	t, err := parseToken(token)
	if err = cmp.Or(err, t.misspelt); err != nil {
		return Claims{}, err
	}
	return t.claims, nil
}

// A signedToken is a JWS in compact serialization (RFC 7515 section 7.1).
type signedToken struct {
	algorithm, keyID string
	critical         bool   // whether the header has "crit" (RFC 7515 section 4.1.11)
	signed           string // the bytes that are signed: the first two parts as received
	signature        []byte
	claims           Claims
	misspelt         error // a claim has the name of another one in another case
	odd              error // a claim has an unexpected type
}

func parseToken(token string) (t signedToken, err error) {
	if len(token) > maxToken {
		return t, errorf(Malformed, "the token has %d bytes, more than %d", len(token), maxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return t, errorf(Malformed, "the token has %d parts, not the 3 of a signed JSON Web Token "+
			"(refresh tokens are opaque and have no claims)", len(parts))
	}
	var decoded [3][]byte
	for i, name := range []string{"header", "payload", "signature"} {
		decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil || strings.ContainsAny(parts[i], "\r\n") { // encoding/base64 ignores these
			return t, errorf(Malformed, "the %s of the token is not base64url", name)
		}
	}
	t.signed = token[:len(parts[0])+1+len(parts[1])]
	t.signature = decoded[2]

	header, err := parseMembers(decoded[0])
	if err == nil {
		t.critical = header.has("crit")
		err = errors.Join(header.text("alg", &t.algorithm), header.text("kid", &t.keyID),
			header.misspelt)
	}
	if err != nil {
		return t, errorf(Malformed, "the header of the token: %w", err)
	}
	payload, err := parseMembers(decoded[1])
	if err != nil {
		return t, errorf(Malformed, "the payload of the token: %w", err)
	}
	c := Claims{JSON: string(decoded[1])}
	var idName, accessName string
	var audience []string
	odd := errors.Join(
		payload.text("iss", &c.Issuer),
		payload.text("sub", &c.Subject),
		payload.text("token_use", &c.TokenUse),
		payload.text("aud", &c.Audience),
		payload.text("client_id", &c.ClientID),
		payload.text("scope", &c.Scope),
		payload.text("cognito:username", &idName),
		payload.text("username", &accessName),
		payload.texts("cognito:groups", &c.Groups),
		payload.texts("cognito:roles", &c.Roles),
		payload.text("cognito:preferred_role", &c.PreferredRole),
		payload.date("iat", &c.IssuedAt),
		payload.date("exp", &c.ExpiresAt),
		payload.date("nbf", &c.NotBefore),
	)
	payload.text("email", &c.Email) // optional: an unexpected type is ignored
	if odd != nil {
		t.odd = errorf(Malformed, "the payload of the token: %w", odd)
		payload.texts("aud", &audience)
		c.Audience = cmp.Or(c.Audience, strings.Join(audience, " "))
	}
	if payload.misspelt != nil {
		t.misspelt = errorf(Malformed, "the payload of the token: %w", payload.misspelt)
	}
	c.Username = cmp.Or(idName, accessName)
	t.claims = c
	return t, nil
}

// members is a JSON object with exact names. encoding/json would accept "ISS" for "iss" in a
// struct.
type members struct {
	values   map[string]json.RawMessage
	misspelt error // set by the methods if a name has another case
}

func parseMembers(data []byte) (m members, err error) {
	if err := strictjson.Unmarshal(data, &m.values); err != nil {
		return m, fmt.Errorf("not a JSON object with unique names (%w)", err)
	}
	if m.values == nil {
		return m, errors.New("not a JSON object")
	}
	return m, nil
}

func (m *members) has(name string) bool {
	for other := range m.values {
		if other != name && strings.EqualFold(other, name) {
			m.misspelt = fmt.Errorf("%.64q instead of %q", other, name)
		}
	}
	_, ok := m.values[name]
	return ok
}

// read decodes a member if it exists. The error does not quote its value.
func read[T any](m *members, name, want string, v *T) error {
	var value T
	if !m.has(name) {
		return nil
	}
	raw := m.values[name]
	if json.Unmarshal(raw, &value) != nil || string(raw) == "null" {
		return fmt.Errorf("%q is not %s", name, want)
	}
	*v = value
	return nil
}

func (m *members) text(name string, v *string) error { return read(m, name, "a string", v) }

func (m *members) texts(name string, v *[]string) error {
	const want = "a list of strings"
	var elements []*string // nil for null
	if err := read(m, name, want, &elements); err != nil || elements == nil {
		return err
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		if element == nil {
			return fmt.Errorf("%q is not %s", name, want)
		}
		texts[i] = *element
	}
	*v = texts
	return nil
}

// date reads a NumericDate (RFC 7519 section 2): seconds since 1970, possibly with a fraction.
func (m *members) date(name string, v *time.Time) error {
	var seconds float64
	if err := read(m, name, "a number", &seconds); err != nil {
		return err
	}
	const year9999 = 253402300799
	if seconds < 0 || seconds > year9999 {
		return fmt.Errorf("%q is not a date", name)
	}
	if m.has(name) {
		*v = time.Unix(int64(seconds), 0).UTC()
	}
	return nil
}
