package interop

import (
	"strings"
	"testing"
)

// More error codes of cognito-idp, for challenges.
const (
	codeMismatch     = "CodeMismatchException"
	codeExpired      = "ExpiredCodeException"
	invalidPassword  = "InvalidPasswordException"
	userNotConfirmed = "UserNotConfirmedException"
	resetRequired    = "PasswordResetRequiredException"
)

// signedIn checks that outcomes are valid sessions. kinds maps the name of an outcome to the user,
// without the digit at the end of the user's name.
func signedIn(t *testing.T, got map[string]outcome, kinds map[string]string) {
	t.Helper()
	for name, kind := range kinds {
		r := value[struct {
			Username, RefreshToken string
			Valid                  bool
		}](t, got, name)
		if strings.TrimRight(r.Username, "0123456789") != kind || !r.Valid || r.RefreshToken == "" {
			t.Errorf("%s: user %q, valid %t, refresh token of %d bytes, want a session of %q", name,
				r.Username, r.Valid, len(r.RefreshToken), kind)
		}
	}
}

// TestIdentityChallenges answers the stand-in's challenges with amazon-cognito-identity-js.
func TestIdentityChallenges(t *testing.T) {
	t.Parallel()
	got := script(t, node(t, "testdata/js/identity_challenges.mjs"), nil, challenging(t),
		map[string]string{
			"SMS_MFA":                             "",
			"SMS_MFA, by email address":           "",
			"SMS_MFA, USER_PASSWORD_AUTH":         "",
			"SMS_MFA, wrong password":             notAuthorized,
			"SMS_MFA, wrong code":                 codeMismatch,
			"SMS_MFA, empty code":                 invalidParameter,
			"SMS_MFA, as another challenge":       notAuthorized + "|" + invalidParameter,
			"SMS_MFA, the right code again":       notAuthorized,
			"SMS_MFA, code of an earlier sign-in": codeMismatch,

			"SOFTWARE_TOKEN_MFA":                                    "",
			"SOFTWARE_TOKEN_MFA, wrong code":                        codeMismatch,
			"SOFTWARE_TOKEN_MFA, code of an hour ago":               codeMismatch,
			"SOFTWARE_TOKEN_MFA, the same code at the next sign-in": codeExpired,
			"SOFTWARE_TOKEN_MFA, three wrong codes":                 notAuthorized,
			"preferred factor":                                      "",

			"SELECT_MFA_TYPE, SMS_MFA":             "",
			"SELECT_MFA_TYPE, SMS_MFA, wrong code": codeMismatch,
			"SELECT_MFA_TYPE, SOFTWARE_TOKEN_MFA":  "",
			"SELECT_MFA_TYPE, unavailable choice":  invalidParameter,

			"MFA_SETUP":             "",
			"MFA_SETUP, wrong code": "EnableSoftwareTokenMFAException",
			"MFA_SETUP, not set up": "SoftwareTokenMFANotFoundException",
			"after MFA_SETUP":       "",

			"NEW_PASSWORD_REQUIRED":                        "",
			"NEW_PASSWORD_REQUIRED, too short":             invalidPassword,
			"NEW_PASSWORD_REQUIRED, existing attribute":    notAuthorized,
			"after NEW_PASSWORD_REQUIRED":                  "",
			"after NEW_PASSWORD_REQUIRED, old password":    notAuthorized,
			"NEW_PASSWORD_REQUIRED, with an attribute":     "",
			"NEW_PASSWORD_REQUIRED, without the attribute": invalidParameter,
			"NEW_PASSWORD_REQUIRED, then SMS_MFA":          "",

			"CUSTOM_AUTH":                            "",
			"CUSTOM_AUTH, two wrong answers":         notAuthorized,
			"CUSTOM_AUTH, pool without triggers":     invalidParameter,
			"CUSTOM_AUTH with SRP_A":                 "",
			"CUSTOM_AUTH with SRP_A, wrong password": notAuthorized,
			"CUSTOM_AUTH with SRP_A, wrong answers":  notAuthorized,

			"unconfirmed":                 userNotConfirmed,
			"unconfirmed, wrong password": notAuthorized,
			"reset":                       resetRequired,
			"reset, wrong password":       notAuthorized,
			"disabled":                    notAuthorized,
			"disabled, wrong password":    notAuthorized,
		})
	signedIn(t, got, map[string]string{
		"SMS_MFA":                                  "sms",
		"SMS_MFA, by email address":                "sms",
		"SMS_MFA, USER_PASSWORD_AUTH":              "sms",
		"SOFTWARE_TOKEN_MFA":                       "totp",
		"preferred factor":                         "preferring",
		"SELECT_MFA_TYPE, SMS_MFA":                 "several",
		"SELECT_MFA_TYPE, SOFTWARE_TOKEN_MFA":      "several",
		"MFA_SETUP":                                "plain",
		"after MFA_SETUP":                          "plain",
		"NEW_PASSWORD_REQUIRED":                    "invited",
		"after NEW_PASSWORD_REQUIRED":              "invited",
		"NEW_PASSWORD_REQUIRED, with an attribute": "without-email",
		"NEW_PASSWORD_REQUIRED, then SMS_MFA":      "invited-sms",
		"CUSTOM_AUTH":                              "plain",
		"CUSTOM_AUTH with SRP_A":                   "plain",
	})
}
