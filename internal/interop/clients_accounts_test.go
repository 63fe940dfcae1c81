package interop

import "testing"

// TestAccountsJS registers users with the AWS SDK for JavaScript, and changes their passwords and
// second factors.
func TestAccountsJS(t *testing.T) {
	t.Parallel()
	script(t, node(t, "testdata/js/accounts.mjs"), nil, challenging(t), map[string]string{
		"SignUp":                                        "",
		"SignUp, name that is taken":                    "UsernameExistsException",
		"SignUp, no name":                               invalidParameter,
		"SignUp, password too short":                    invalidPassword,
		"SignUp, attribute missing":                     invalidParameter,
		"SignUp, wrong hash":                            notAuthorized,
		"SignUp, no hash":                               notAuthorized,
		"SignUp, unknown client":                        resourceNotFound,
		"ConfirmSignUp":                                 "",
		"ConfirmSignUp, wrong code":                     codeMismatch,
		"ConfirmSignUp, no code":                        invalidParameter,
		"ConfirmSignUp, wrong hash":                     notAuthorized,
		"ConfirmSignUp, no hash":                        notAuthorized,
		"ConfirmSignUp, unknown user":                   codeMismatch + "|" + codeExpired,
		"ResendConfirmationCode":                        "",
		"ResendConfirmationCode, confirmed":             invalidParameter,
		"ResendConfirmationCode, unknown user":          "",
		"session of ConfirmSignUp":                      "",
		"session of ConfirmSignUp, again":               notAuthorized,
		"session of ConfirmSignUp, another user":        notAuthorized,
		"session of ConfirmSignUp, another flow":        notAuthorized + "|" + invalidParameter,
		"session of SignUp in place of ConfirmSignUp's": notAuthorized,

		"ForgotPassword":                         "",
		"ForgotPassword, by email address":       "",
		"ForgotPassword, unknown user":           "",
		"ForgotPassword, wrong hash":             notAuthorized,
		"ConfirmForgotPassword":                  "",
		"ConfirmForgotPassword, wrong code":      codeMismatch,
		"ConfirmForgotPassword, too short":       invalidPassword,
		"ConfirmForgotPassword, again":           codeExpired,
		"ConfirmForgotPassword, six wrong codes": "LimitExceededException",
		"ConfirmForgotPassword, unknown user":    codeMismatch + "|" + codeExpired,
		"sign-in with the old password":          notAuthorized,
		"sign-in with the new password":          "",

		"GetUser":                        "",
		"GetUser, altered token":         notAuthorized,
		"GetUser, ID token":              notAuthorized,
		"GetUser, no token":              notAuthorized,
		"ChangePassword":                 "",
		"ChangePassword, wrong password": notAuthorized,
		"ChangePassword, no password":    notAuthorized + "|" + invalidParameter,
		"ChangePassword, too short":      invalidPassword,

		"AssociateSoftwareToken":                          "",
		"AssociateSoftwareToken, altered token":           notAuthorized,
		"AssociateSoftwareToken, unknown session":         notAuthorized,
		"VerifySoftwareToken":                             "",
		"VerifySoftwareToken, not associated":             "SoftwareTokenMFANotFoundException",
		"VerifySoftwareToken, wrong code":                 "EnableSoftwareTokenMFAException",
		"SetUserMFAPreference":                            "",
		"SetUserMFAPreference, none":                      "",
		"SetUserMFAPreference, not verified":              invalidParameter,
		"SetUserMFAPreference, two preferred":             invalidParameter,
		"SetUserMFAPreference, preferred and not enabled": invalidParameter,

		"GlobalSignOut":                "",
		"GlobalSignOut, again":         notAuthorized,
		"GlobalSignOut, altered token": notAuthorized,
		"GetUser after GlobalSignOut":  notAuthorized,
		"refresh after GlobalSignOut":  notAuthorized,

		"rotation":                          "",
		"rotation, REFRESH_TOKEN_AUTH":      invalidParameter,
		"rotation, within the grace period": "",
		"rotation, another client":          notAuthorized,
		"rotation without a grace period":   "RefreshTokenReuseException",
	})
}
