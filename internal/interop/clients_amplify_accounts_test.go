package interop

import "testing"

// TestAmplifyAccounts registers users with aws-amplify, signs them in after the confirmation, and
// changes passwords and second factors.
func TestAmplifyAccounts(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"signUp":                      "",
		"signUp, name that is taken":  "UsernameExistsException",
		"signUp, password too short":  invalidPassword,
		"signUp, attribute missing":   invalidParameter,
		"signIn before confirmSignUp": "",
		"signIn after confirmSignUp":  "",
		"resendSignUpCode":            "",
		"confirmSignUp":               "",
		"confirmSignUp, wrong code":   codeMismatch,
		"confirmSignUp, again":        notAuthorized,

		"resetPassword":                    "",
		"resetPassword, unknown user":      userNotFound,
		"confirmResetPassword":             "",
		"confirmResetPassword, wrong code": codeMismatch,
		"confirmResetPassword, too short":  invalidPassword,
		"confirmResetPassword, again":      codeExpired,
		"signIn with the old password":     notAuthorized,
		"signIn with the new password":     "",
		"reset required":                   "",

		"updatePassword":                   "",
		"updatePassword, wrong password":   notAuthorized,
		"updatePassword, too short":        invalidPassword,
		"signIn with the updated password": "",

		"fetchUserAttributes":             "",
		"setUpTOTP":                       "",
		"verifyTOTPSetup, not set up":     "SoftwareTokenMFANotFoundException",
		"verifyTOTPSetup, wrong code":     "EnableSoftwareTokenMFAException",
		"updateMFAPreference, not set up": invalidParameter,

		"signOut":         notAuthorized,
		"signOut, global": notAuthorized,
		"fetchUserAttributes after a global signOut": notAuthorized,
	}
	users := map[string]string{
		"signIn after confirmSignUp":       "eve",
		"signIn with the new password":     "plain",
		"signIn with the updated password": "plain",
		"reset required":                   "reset",
		"setUpTOTP":                        "plain",
	}
	for name, user := range map[string]string{
		"autoSignIn":                            "frank",
		"autoSignIn, USER_AUTH":                 "heidi",
		"autoSignIn, USER_AUTH with a password": "ivan",
	} {
		want[name] = ""
		want[name+", wrong code"] = codeMismatch
		want[name+", again"] = "AutoSignInException"
		users[name] = user
	}
	got := script(t, node(t, "testdata/js/amplify_accounts.mjs"), nil, challenging(t), want)
	signedIn(t, got, users)
}
