package cognito_test

import (
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
)

// The vectors of RFC 6238, appendix B, for SHA-1. Cognito's codes are their last 6 digits.
func TestTOTP(t *testing.T) {
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
		2000000000: "69279037", 20000000000: "65353130",
	} {
		for _, secret := range []string{secret, strings.ToLower(secret), secret[:4] + " " +
			secret[4:],
			strings.TrimRight(secret, "=")} {
			if got, err := cognito.TOTP(secret, time.Unix(seconds, 0)); err != nil ||
				got != want[2:] {
				t.Errorf("at %d: %q, %v, want %q", seconds, got, err, want[2:])
			}
		}
	}
	padded := base32.StdEncoding.EncodeToString([]byte("1234567890123456"))
	want, err := cognito.TOTP(strings.TrimRight(padded, "="), time.Unix(59, 0))
	for _, secret := range []string{padded, padded + "\n", "\t" + strings.ToLower(padded),
		strings.ReplaceAll(padded, "DG", "D\u00a0G") + "\r\n"} {
		if got, gotErr := cognito.TOTP(secret, time.Unix(59, 0)); err != nil || gotErr != nil ||
			got != want {
			t.Errorf("%q: %q, %v, %v, want %q", secret, got, err, gotErr, want)
		}
	}
	for _, secret := range []string{"", "1", "not base32!", "A"} {
		if code, err := cognito.TOTP(secret, time.Now()); err == nil {
			t.Errorf("%q: %q, %v", secret, code, err)
		}
	}
}

func TestTOTPURI(t *testing.T) {
	u, err := url.Parse(cognito.TOTPURI("My App: test", "ada & co@example.com", "ABCD2345"))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/My App: test:ada & co@example.com" {
		t.Errorf("%v", u)
	}
	if got := cognito.TOTPURI("", "ada", "ABCD2345"); got != "otpauth://totp/ada?secret=ABCD2345" {
		t.Error(got)
	}
	if q := u.Query(); q.Get("secret") != "ABCD2345" || q.Get("issuer") != "My App: test" {
		t.Errorf("%v", q)
	}
}
