package interop

import "testing"

// TestIdentityDevices confirms devices with amazon-cognito-identity-js and signs in with them
// without a code. After a device is forgotten, the pool must ask for a code again.
func TestIdentityDevices(t *testing.T) {
	t.Parallel()
	got := script(t, node(t, "testdata/js/identity_devices.mjs"), nil, challenging(t),
		map[string]string{
			"always, first sign-in":                      "",
			"always, second sign-in":                     "",
			"always, second sign-in by email address":    "",
			"always, USER_PASSWORD_AUTH":                 "",
			"always, wrong password":                     notAuthorized,
			"always, wrong device password":              notAuthorized,
			"always, wrong device group":                 notAuthorized,
			"always, another device is asked for a code": "",
			"always, device of another user":             "",
			"always, device after CUSTOM_AUTH":           "",

			"operations":                 "",
			"ListDevices, a limit of 61": invalidParameter,
			"ForgetDevice":               "",
			"ForgetDevice, unknown":      resourceNotFound,
			"ForgetDevice, again":        resourceNotFound,
			"GetDevice, forgotten":       resourceNotFound,
			"forgotten device is asked for a code, and confirmed again": "",
			"device confirmed again":                                    "",

			"opt-in, first sign-in":      "",
			"opt-in, not remembered yet": "",
			"opt-in, wrong code":         codeMismatch,
			"opt-in, remembered":         "",
			"opt-in, TOTP":               "",

			"refresh":                                 "",
			"refresh, without a device":               notAuthorized,
			"refresh, on another device":              notAuthorized,
			"refresh after a sign-in with the device": "",
			"refresh on a forgotten device":           notAuthorized,
			"getSession refreshes by itself":          "",
		})
	signedIn(t, got, map[string]string{
		"always, first sign-in":                                     "sms",
		"always, second sign-in":                                    "sms",
		"always, second sign-in by email address":                   "sms",
		"always, USER_PASSWORD_AUTH":                                "sms",
		"always, device after CUSTOM_AUTH":                          "sms",
		"forgotten device is asked for a code, and confirmed again": "sms",
		"device confirmed again":                                    "sms",
		"opt-in, first sign-in":                                     "sms",
		"opt-in, not remembered yet":                                "sms",
		"opt-in, remembered":                                        "sms",
		"opt-in, TOTP":                                              "totp",
		"refresh":                                                   "sms",
		"refresh after a sign-in with the device":                   "sms",
		"getSession refreshes by itself":                            "sms",
	})
}
