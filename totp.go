package cognito

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TOTP returns the 6-digit code that an authenticator app with this TOTP secret shows at t, as the
// challenge SOFTWARE_TOKEN_MFA requires: RFC 6238 with SHA-1 and steps of 30 seconds.
//
// The secret is base32, as returned by [Challenge.SetUpTOTP]. White space, lower case and missing
// padding are accepted. A program that has both the password and the TOTP secret has both factors,
// so keep them apart if you can.
//
// Do not let a server choose t: it would obtain a code of a later time. Correct the local time by
// a few minutes at most. With GODEBUG=fips140=only, Go refuses SHA-1, and TOTP returns an error.
func TOTP(secret string, t time.Time) (string, error) {
	text := strings.ToUpper(strings.Join(strings.Fields(secret), ""))
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	key, err := encoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(key) == 0 {
		return "", errors.New("cognito: TOTP: the secret is not base32: " +
			"it must consist of the letters A to Z and the digits 2 to 7")
	}
	// RFC 6238 section 4.2: the HOTP value of the number of steps; RFC 4226 section 5.3.
	var sum []byte
	if err := permitted(func() {
		mac := hmac.New(sha1.New, key)
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(t.Unix())/30))
		sum = mac.Sum(nil)
	}); err != nil {
		return "", fmt.Errorf("cognito: TOTP: %w", err)
	}
	offset := sum[len(sum)-1] & 15
	truncated := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", truncated%1_000_000), nil
}

// permitted calls compute. It returns an error if a package of crypto panics, which refuses SHA-1
// and short keys in this way with GODEBUG=fips140=only.
func permitted(compute func()) (err error) {
	defer func() {
		if refusal := recover(); refusal != nil {
			err = fmt.Errorf("%v", refusal)
		}
	}()
	compute()
	return nil
}

// TOTPURI returns the URI that authenticator apps read from a QR code:
// otpauth://totp/issuer:account?secret=... (github.com/google/google-authenticator, "Key Uri
// Format"). It contains the TOTP secret. The app displays the issuer, which may be empty, and the
// account.
func TOTPURI(issuer, account, secret string) string {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	label, query := escape(account), "?secret="+escape(secret)
	if issuer != "" {
		label = escape(issuer) + ":" + label
		query += "&issuer=" + escape(issuer)
	}
	return "otpauth://totp/" + label + query
}
