package interop

import "testing"

// TestBoto3Accounts registers users with the AWS SDK for Python, changes their passwords and second
// factors, and manages devices.
func TestBoto3Accounts(t *testing.T) {
	t.Parallel()
	got := script(t, python(t, "testdata/python/boto3_accounts.py"), nil, challenging(t),
		map[string]string{
			"SignUp":                               "",
			"SignUp, name that is taken":           "UsernameExistsException",
			"SignUp, password too short":           invalidPassword,
			"SignUp, attribute missing":            invalidParameter,
			"SignUp, secret client without a hash": notAuthorized,
			"sign-in before ConfirmSignUp":         userNotConfirmed,
			"ResendConfirmationCode":               "",
			"ResendConfirmationCode, confirmed":    invalidParameter,
			"ConfirmSignUp":                        "",
			"ConfirmSignUp, wrong code":            codeMismatch,
			"ConfirmSignUp, unknown user":          userNotFound,
			"ConfirmSignUp, again":                 notAuthorized,
			"sign-in after ConfirmSignUp":          "",

			"ForgotPassword":                      "",
			"ForgotPassword, unknown user":        userNotFound,
			"ConfirmForgotPassword":               "",
			"ConfirmForgotPassword, wrong code":   codeMismatch,
			"ConfirmForgotPassword, too short":    invalidPassword,
			"ConfirmForgotPassword, another user": codeExpired,
			"ConfirmForgotPassword, again":        codeExpired,
			"sign-in with the old password":       notAuthorized,
			"sign-in with the new password":       "",

			"GetUser":                        "",
			"GetUser, altered token":         notAuthorized,
			"GetUser, ID token":              notAuthorized,
			"ChangePassword":                 "",
			"ChangePassword, wrong password": notAuthorized,
			"ChangePassword, too short":      invalidPassword,

			"AssociateSoftwareToken":              "",
			"AssociateSoftwareToken, ID token":    notAuthorized,
			"VerifySoftwareToken":                 "",
			"VerifySoftwareToken, not associated": "SoftwareTokenMFANotFoundException",
			"VerifySoftwareToken, wrong code":     "EnableSoftwareTokenMFAException",
			"SetUserMFAPreference":                "",
			"SetUserMFAPreference, not verified":  invalidParameter,
			"SetUserMFAPreference, two preferred": invalidParameter,
			"sign-in with the preferred factor":   "",

			"ConfirmDevice":                      "",
			"ConfirmDevice, another's key":       invalidParameter,
			"ConfirmDevice, again":               "DeviceKeyExistsException",
			"GetDevice, not confirmed":           resourceNotFound,
			"GetDevice, forgotten":               resourceNotFound,
			"ListDevices":                        "",
			"ListDevices, altered token":         notAuthorized,
			"UpdateDeviceStatus":                 "",
			"UpdateDeviceStatus, unknown status": invalidParameter,
			"UpdateDeviceStatus, another's key":  resourceNotFound,
			"ForgetDevice":                       "",
			"ForgetDevice, another's key":        resourceNotFound,
			"ForgetDevice, again":                resourceNotFound,

			"RevokeToken":                              "",
			"RevokeToken, access token":                "UnsupportedTokenTypeException",
			"RevokeToken, another client":              "UnauthorizedException",
			"GetTokensFromRefreshToken, rotation":      "",
			"GetTokensFromRefreshToken, the old token": "RefreshTokenReuseException",
			"GetTokensFromRefreshToken, altered token": notAuthorized,

			"GlobalSignOut":        "",
			"GlobalSignOut, again": notAuthorized,
		})
	if !value[bool](t, got, "ConfirmDevice") {
		t.Error("ConfirmDevice: UserConfirmationNecessary = false in an opt-in pool, want true")
	}
}
