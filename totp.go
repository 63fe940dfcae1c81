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

// TOTP returns the 6-digit code that a password generator with this seed shows at t, as Cognito's SOFTWARE_TOKEN_MFA asks
// for: RFC 6238 with SHA-1 and steps of 30 seconds. The seed is base32 as [Challenge.SetUpTOTP] returned it; white space,
// lower case and missing padding do no harm. A program that has both the password and the seed has both factors: keep
// them apart where you can.
func TOTP(seed string, t time.Time) (string, error) {
	seed = strings.TrimRight(strings.ToUpper(strings.Join(strings.Fields(seed), "")), "=")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed)
	if err != nil || len(key) == 0 {
		return "", errors.New("cognito: TOTP: the seed is not base32: letters A to Z and digits 2 to 7")
	}
	// RFC 6238 section 4.2: the HOTP value of the number of steps; RFC 4226 section 5.3.
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(t.Unix())/30))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	truncated := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", truncated%1_000_000), nil
}

// TOTPURI returns the URI that password generators read, mostly from a QR code: otpauth://totp/issuer:account?secret=...
// (github.com/google/google-authenticator, "Key Uri Format"). It holds the seed. The issuer, which may be empty, and the
// account are what the generator shows.
func TOTPURI(issuer, account, seed string) string {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	if issuer == "" {
		return "otpauth://totp/" + escape(account) + "?secret=" + escape(seed)
	}
	return "otpauth://totp/" + escape(issuer) + ":" + escape(account) + "?secret=" + escape(seed) + "&issuer=" + escape(issuer)
}
