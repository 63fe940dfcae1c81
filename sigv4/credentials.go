package sigv4

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Credentials are AWS security credentials: an access key and, if they are temporary, a session
// token.
//
// Credentials print and marshal as text that contains the access key ID and the expiry and no
// secrets, for every verb of package fmt but %p, and with log/slog and encoding/json. Package fmt
// does not call the methods of unexported fields. A struct with Credentials in an unexported
// field therefore needs its own Format method.
type Credentials struct {
	// AccessKeyID is the public name of the key, such as AKIAIOSFODNN7EXAMPLE.
	AccessKeyID string

	// SecretAccessKey is the secret from which signing keys are derived. It is never sent.
	SecretAccessKey string

	// SessionToken is sent with each request. It is empty for permanent credentials.
	SessionToken string

	// Expires is the time at which the credentials expire. It is zero if that is unknown or if
	// they do not expire. Sign accepts expired credentials, because the clocks of client and
	// service can differ. Presign does not.
	Expires time.Time
}

// Format implements [fmt.Formatter]. All verbs print the same text.
func (c Credentials) Format(f fmt.State, _ rune) {
	text, _ := c.MarshalText()
	f.Write(text)
}

// MarshalText implements [encoding.TextMarshaler]. The text cannot be unmarshaled. A program that
// stores credentials must write each field.
func (c Credentials) MarshalText() ([]byte, error) {
	text := "sigv4.Credentials{AccessKeyID:" + c.AccessKeyID +
		" SecretAccessKey:REDACTED SessionToken:REDACTED"
	if !c.Expires.IsZero() {
		text += " Expires:" + c.Expires.UTC().Format(time.RFC3339)
	}
	return []byte(text + "}"), nil
}

// GobEncode returns an error, because package encoding/gob would write the secrets.
func (Credentials) GobEncode() ([]byte, error) {
	return nil, errors.New("sigv4: Credentials are not encoded as gob: write each field")
}

// check returns an error for credentials that no service accepts, and for characters that would
// end a value in the Authorization header.
func (c *Credentials) check() error {
	switch {
	case c.AccessKeyID == "":
		return errors.New("sigv4: credentials have no access key ID")
	case c.SecretAccessKey == "":
		return errors.New("sigv4: credentials have no secret access key")
	case strings.ContainsAny(c.AccessKeyID, " \t\r\n/,"):
		return errors.New("sigv4: access key ID has an invalid character")
	case strings.TrimSpace(c.SecretAccessKey) != c.SecretAccessKey:
		return errors.New("sigv4: secret access key begins or ends with white space: remove it")
	case hasWhiteSpace(c.SessionToken):
		return errors.New("sigv4: session token has white space: remove it")
	}
	return nil
}

// hasWhiteSpace reports whether s has white space. For a long token, it is faster than
// strings.ContainsAny.
func hasWhiteSpace(s string) bool {
	for _, c := range []byte(" \t\r\n") {
		if strings.IndexByte(s, c) >= 0 {
			return true
		}
	}
	return false
}
