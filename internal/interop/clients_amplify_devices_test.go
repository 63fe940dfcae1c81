package interop

import "testing"

// TestAmplifyDevices confirms devices and signs in with them using aws-amplify, and refreshes
// tokens that rotate.
func TestAmplifyDevices(t *testing.T) {
	t.Parallel()
	got := script(t, node(t, "testdata/js/amplify_devices.mjs"), nil, challenging(t),
		map[string]string{
			"always, first sign-in":                   "",
			"always, second sign-in":                  "",
			"always, second sign-in by email address": "",
			"always, USER_PASSWORD_AUTH":              "",
			"always, CUSTOM_WITHOUT_SRP":              "",
			"always, wrong password":                  notAuthorized,
			"always, wrong device password":           notAuthorized,
			"always, wrong device group":              notAuthorized,
			"always, fetchDevices":                    "",
			"always, forgetDevice":                    "",
			"always, forgetDevice, unknown":           resourceNotFound,
			"always, forgotten elsewhere":             "",
			"always, confirmed again":                 "",

			"opt-in, not remembered":             "",
			"opt-in, wrong code":                 codeMismatch,
			"opt-in, rememberDevice":             "",
			"opt-in, rememberDevice after TOTP":  "",
			"opt-in, rememberDevice, signed out": "UserUnAuthenticatedException",

			"refresh": "",
			"refresh after a sign-in with the device": "",
			"refresh, without a device":               notAuthorized,
			"refresh, altered token":                  notAuthorized,
			"rotation":                                "",
			"rotation without grace":                  "RefreshTokenReuseException",
			"rotation on a device":                    "",
		})
	signedIn(t, got, map[string]string{
		"always, first sign-in":                   "sms",
		"always, second sign-in":                  "sms",
		"always, second sign-in by email address": "sms",
		"always, USER_PASSWORD_AUTH":              "sms",
		"always, CUSTOM_WITHOUT_SRP":              "sms",
		"always, forgetDevice":                    "sms",
		"always, forgotten elsewhere":             "sms",
		"always, confirmed again":                 "sms",
		"opt-in, not remembered":                  "sms",
		"opt-in, rememberDevice":                  "sms",
		"opt-in, rememberDevice after TOTP":       "totp",
		"refresh":                                 "sms",
		"refresh after a sign-in with the device": "sms",
		"rotation":             "plain",
		"rotation on a device": "sms",
	})
}
