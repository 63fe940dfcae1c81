package sigv4

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Credentials are what AWS calls security credentials: an access key and, when they are temporary, a session token.
//
// They print, log and encode as text that names the access key ID and the expiry only: neither secret appears under any
// fmt verb, slog handler or in encoding/json. Two limits are fmt's: it calls no methods for the verb %p, which go vet
// refuses here, and none on unexported fields. A struct that keeps Credentials in one needs a Format method of its own.
type Credentials struct {
	// AccessKeyID names the key, for example AKIAIOSFODNN7EXAMPLE. It is sent in clear and is no secret.
	AccessKeyID string

	// SecretAccessKey signs. It is never sent.
	SecretAccessKey string

	// SessionToken goes with temporary credentials and is sent with every request. Empty: the key is a permanent one.
	SessionToken string

	// Expires is when the service stops accepting them. Zero: never, or not known. Sign does not refuse what has
	// expired, since clocks differ; Presign does.
	Expires time.Time
}

// Format implements fmt.Formatter: every verb prints the same.
func (c Credentials) Format(f fmt.State, _ rune) { io.WriteString(f, c.redacted()) }

// MarshalText implements encoding.TextMarshaler, which encoding/json and log/slog use. There is no way back from it:
// a program that stores credentials writes the fields one by one.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.redacted()), nil }

func (c Credentials) redacted() string {
	s := "sigv4.Credentials{AccessKeyID:" + c.AccessKeyID + " SecretAccessKey:REDACTED SessionToken:REDACTED"
	if !c.Expires.IsZero() {
		s += " Expires:" + c.Expires.UTC().Format(time.RFC3339)
	}
	return s + "}"
}

// check refuses what no service could accept or what would break out of its place in a header.
func (c *Credentials) check() error {
	switch {
	case c.AccessKeyID == "":
		return errors.New("sigv4: the credentials have no access key ID: get credentials first")
	case c.SecretAccessKey == "":
		return errors.New("sigv4: the credentials have no secret access key: get credentials first")
	case strings.ContainsAny(c.AccessKeyID, " \t\r\n/,"):
		return errors.New("sigv4: the access key ID holds a character that is not allowed in one: check where it was read from")
	case strings.TrimSpace(c.SecretAccessKey) != c.SecretAccessKey:
		return errors.New("sigv4: the secret access key begins or ends with white space: trim it where it is read")
	case blank(c.SessionToken):
		return errors.New("sigv4: the session token holds white space: check where it was read from")
	}
	return nil
}

// blank reports whether s holds white space. What else cannot stand in a header net/http refuses to send.
func blank(s string) bool {
	return strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, '\t') >= 0 || strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0
}
