package interop

import (
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestAmplifyChallenges starts the sign-in flows of the stand-in with aws-amplify and answers the
// challenges.
func TestAmplifyChallenges(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"USER_SRP_AUTH":                      "",
		"USER_SRP_AUTH, by email address":    "",
		"USER_SRP_AUTH, wrong password":      notAuthorized,
		"USER_SRP_AUTH, unknown user":        userNotFound,
		"USER_PASSWORD_AUTH":                 "",
		"USER_PASSWORD_AUTH, wrong password": notAuthorized,
		"unconfirmed":                        "",
		"reset":                              "",
		"disabled":                           notAuthorized,

		"SMS_MFA":                        "",
		"SMS_MFA, wrong code":            codeMismatch,
		"SMS_MFA, the right code again":  "SignInException",
		"EMAIL_OTP":                      "",
		"EMAIL_OTP, wrong code":          codeMismatch,
		"SOFTWARE_TOKEN_MFA":             "",
		"SOFTWARE_TOKEN_MFA, wrong code": codeMismatch,
		"SOFTWARE_TOKEN_MFA, the same code at the next sign-in": codeExpired,

		"NEW_PASSWORD_REQUIRED":                        "",
		"NEW_PASSWORD_REQUIRED, too short":             invalidPassword,
		"after NEW_PASSWORD_REQUIRED":                  "",
		"after NEW_PASSWORD_REQUIRED, old password":    notAuthorized,
		"NEW_PASSWORD_REQUIRED, with an attribute":     "",
		"NEW_PASSWORD_REQUIRED, without the attribute": invalidParameter,

		"USER_AUTH, user without a password": "",
		"USER_AUTH, unavailable preference":  "",
		"USER_AUTH, unavailable choice":      invalidParameter,
		"USER_AUTH, unknown user":            userNotFound,

		"CUSTOM_WITHOUT_SRP":                    "",
		"CUSTOM_WITHOUT_SRP, two wrong answers": notAuthorized,
		"CUSTOM_WITH_SRP":                       "",
		"CUSTOM_WITH_SRP, two wrong answers":    notAuthorized,
		"CUSTOM_WITH_SRP, wrong password":       notAuthorized,

		"fetchAuthSession": "",

		"MFA_SETUP, TOTP":              "",
		"MFA_SETUP, TOTP, wrong code":  "EnableSoftwareTokenMFAException",
		"after MFA_SETUP, TOTP":        "",
		"MFA_SETUP, EMAIL":             "",
		"MFA_SETUP, EMAIL, wrong code": codeMismatch,
		"after MFA_SETUP, EMAIL":       "",
	}
	users := map[string]string{
		"USER_SRP_AUTH":                            "plain",
		"USER_SRP_AUTH, by email address":          "plain",
		"USER_PASSWORD_AUTH":                       "plain",
		"SMS_MFA":                                  "sms",
		"EMAIL_OTP":                                "mail",
		"SOFTWARE_TOKEN_MFA":                       "totp",
		"NEW_PASSWORD_REQUIRED":                    "invited",
		"after NEW_PASSWORD_REQUIRED":              "invited",
		"NEW_PASSWORD_REQUIRED, with an attribute": "without-email",
		"USER_AUTH, user without a password":       "without-password",
		"CUSTOM_WITHOUT_SRP":                       "plain",
		"CUSTOM_WITH_SRP":                          "plain",
		"MFA_SETUP, TOTP":                          "plain",
		"after MFA_SETUP, TOTP":                    "plain",
		"MFA_SETUP, EMAIL":                         "plain",
		"after MFA_SETUP, EMAIL":                   "plain",
	}
	for _, method := range []string{"SMS", "EMAIL", "TOTP"} {
		name := "SELECT_MFA_TYPE, " + method
		want[name], want[name+", wrong code"] = "", codeMismatch
		users[name] = "several"
	}
	for _, how := range []string{"chosen", "preferred"} {
		for _, choice := range []string{"PASSWORD", "PASSWORD_SRP"} {
			name := "USER_AUTH, " + choice + " " + how
			want[name], want[name+", wrong password"] = "", notAuthorized
			users[name] = "plain"
		}
		for _, choice := range []string{"EMAIL_OTP", "SMS_OTP"} {
			name := "USER_AUTH, " + choice + " " + how
			want[name], want[name+", wrong code"] = "", codeMismatch
			users[name] = "plain"
		}
	}
	for _, choice := range []string{"PASSWORD", "PASSWORD_SRP"} {
		name := "USER_AUTH, " + choice + " preferred, then SMS_MFA"
		want[name], users[name] = "", "sms"
	}
	got := script(t, node(t, "testdata/js/amplify_challenges.mjs"), nil, challenging(t), want)
	signedIn(t, got, users)
	checkCallers(t, got, cognitotest.ExampleRoleARN, "fetchAuthSession")
}
