package cognito

import (
	"fmt"
	"io"
	"time"

	"github.com/loginwithcognito/cognito/internal/redact"
)

// What holds a secret shows what is not one, whatever prints or marshals it. See package redact.

func (e Environment) shown() []string {
	return []string{"Region", e.Region, "UserPoolID", e.UserPoolID, "ClientID", e.ClientID, "IdentityPoolID", e.IdentityPoolID,
		"RoleARN", e.RoleARN, "BucketName", e.BucketName}
}

func (t Tokens) shown() []string {
	if t.Expires.IsZero() {
		return nil
	}
	return []string{"Expires", t.Expires.UTC().Format(time.RFC3339)}
}

// Format leaves out the client secret.
func (e Environment) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognito.Environment", e.shown()...)
}

// MarshalText leaves out the client secret.
func (e Environment) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Environment", e.shown()...), nil
}

// Format leaves out the client secret of the environment.
func (c *Client) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognito.Client", c.Environment.shown()...)
}

// MarshalText leaves out the client secret of the environment.
func (c *Client) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Client", c.Environment.shown()...), nil
}

// Format leaves out the tokens.
func (t Tokens) Format(f fmt.State, _ rune) { redact.Format(f, "cognito.Tokens", t.shown()...) }

// MarshalText leaves out the tokens.
func (t Tokens) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Tokens", t.shown()...), nil
}

// Format leaves out the password.
func (d Device) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognito.Device", "Username", d.Username, "Key", d.Key)
}

// MarshalText leaves out the password.
func (d Device) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Device", "Username", d.Username, "Key", d.Key), nil
}

// Format leaves out the password.
func (l Login) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognito.Login", "Username", l.Username, "Flow", l.Flow)
}

// MarshalText leaves out the password.
func (l Login) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Login", "Username", l.Username, "Flow", l.Flow), nil
}

// Format leaves out the tokens.
func (s Saved) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognito.Saved", "IdentityID", s.IdentityID)
}

// MarshalText leaves out the tokens.
func (s Saved) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Saved", "IdentityID", s.IdentityID), nil
}

// Format leaves out tokens and credentials.
func (s *Session) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognito.Session", "Username", s.UnverifiedClaims().Username)
}

// MarshalText leaves out tokens and credentials.
func (s *Session) MarshalText() ([]byte, error) {
	return redact.Text("cognito.Session", "Username", s.UnverifiedClaims().Username), nil
}

// Format writes what [Challenge.Error] says, for every verb.
func (ch Challenge) Format(f fmt.State, _ rune) { io.WriteString(f, ch.Error()) }

// MarshalText returns what [Challenge.Error] says.
func (ch Challenge) MarshalText() ([]byte, error) { return []byte(ch.Error()), nil }
