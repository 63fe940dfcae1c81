package interop

import "testing"

// TestIdentityAccounts registers users with amazon-cognito-identity-js, and changes passwords and
// second factors.
func TestIdentityAccounts(t *testing.T) {
	t.Parallel()
	got := script(t, node(t, "testdata/js/identity_accounts.mjs"), nil, challenging(t),
		map[string]string{
			"SignUp":                               "",
			"SignUp, name that is taken":           "UsernameExistsException",
			"SignUp, password too short":           invalidPassword,
			"SignUp, attribute missing":            invalidParameter,
			"SignUp, email_verified":               notAuthorized,
			"SignUp, address that is taken":        "",
			"ConfirmSignUp":                        "",
			"ConfirmSignUp, wrong code":            codeMismatch,
			"ConfirmSignUp, unknown user":          userNotFound,
			"ConfirmSignUp, again":                 notAuthorized,
			"ConfirmSignUp, address that is taken": "AliasExistsException",
			"ResendConfirmationCode":               "",
			"ResendConfirmationCode, confirmed":    invalidParameter,
			"sign-in before ConfirmSignUp":         userNotConfirmed,
			"sign-in after ConfirmSignUp":          "",
			"sign-in by the confirmed address":     "",

			"ForgotPassword":                               "",
			"ForgotPassword before ConfirmSignUp":          invalidParameter,
			"ForgotPassword, unknown user":                 userNotFound,
			"ForgotPassword, disabled":                     notAuthorized,
			"ForgotPassword, invited":                      notAuthorized,
			"ConfirmForgotPassword":                        "",
			"ConfirmForgotPassword, wrong code":            codeMismatch,
			"ConfirmForgotPassword, password too short":    invalidPassword,
			"ConfirmForgotPassword, again":                 codeExpired,
			"ConfirmForgotPassword without ForgotPassword": codeExpired,
			"sign-in with the old password":                notAuthorized,
			"sign-in with the new password":                "",
			"reset required":                               "",

			"ChangePassword":                      "",
			"ChangePassword, wrong password":      notAuthorized,
			"ChangePassword, too short":           invalidPassword,
			"sign-in with the changed password":   "",
			"sign-in with the unchanged password": notAuthorized,

			"GetUser":                              "",
			"sign-in without a second factor":      "",
			"VerifySoftwareToken":                  "",
			"VerifySoftwareToken, not associated":  "SoftwareTokenMFANotFoundException",
			"VerifySoftwareToken, wrong code":      "EnableSoftwareTokenMFAException",
			"SetUserMFAPreference":                 "",
			"SetUserMFAPreference, not associated": invalidParameter,
			"SetUserMFAPreference, not verified":   invalidParameter,
			"SetUserMFAPreference, two preferred":  invalidParameter,
			"sign-in with the preferred factor":    "",

			"GlobalSignOut":               "",
			"GlobalSignOut, again":        notAuthorized,
			"GetUser after GlobalSignOut": notAuthorized,
			"refresh after GlobalSignOut": notAuthorized,
			"sign-in after GlobalSignOut": "",
		})
	signedIn(t, got, map[string]string{
		"sign-in after ConfirmSignUp":       "eve",
		"sign-in by the confirmed address":  "eve",
		"sign-in with the new password":     "plain",
		"reset required":                    "reset",
		"sign-in with the changed password": "plain",
		"sign-in without a second factor":   "sms",
		"sign-in with the preferred factor": "plain",
		"sign-in after GlobalSignOut":       "plain",
	})
}
