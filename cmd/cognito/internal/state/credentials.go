package state

import (
	"fmt"
	"io"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// Credentials holds AWS credentials in the form in which they are stored.
type Credentials struct {
	// For identifies the settings with which the credentials were obtained.
	For             string    `json:"for"`
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	SessionToken    string    `json:"session_token"`
	Expires         time.Time `json:"expires"`
	Obtained        time.Time `json:"obtained"`
	// Offset is the server's time minus the local time when the credentials were obtained.
	Offset time.Duration `json:"clock_offset"`
}

// Format implements [fmt.Formatter]. It prints no field.
func (c Credentials) Format(f fmt.State, _ rune) { io.WriteString(f, "Credentials{REDACTED}") }

// Value returns c in the type that the library uses.
func (c *Credentials) Value() sigv4.Credentials {
	return sigv4.Credentials{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey,
		SessionToken:    c.SessionToken,
		Expires:         c.Expires,
	}
}

// Left returns how long the credentials remain valid, where now is the server's time.
func (c *Credentials) Left(now time.Time) time.Duration { return c.Expires.Sub(now) }

// Fresh reports whether the credentials need no refresh, where now is the server's time. They are
// fresh while more than 15 minutes remain or, if their lifetime is under 45 minutes, more than a
// third of it. botocore and the SDKs refresh later than that. If more than the lifetime remains,
// the clock was set back, and the credentials are not fresh.
func (c *Credentials) Fresh(now time.Time) bool {
	life, left := c.Expires.Sub(c.Obtained.Add(c.Offset)), c.Left(now)
	return left > min(15*time.Minute, life/3) && left < life+time.Minute
}
