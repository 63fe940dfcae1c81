package interop

import "testing"

// TestDevicesJS confirms devices and signs in with them using the AWS SDK for JavaScript and
// cognito-srp-helper. The stand-in must refuse forged proofs.
func TestDevicesJS(t *testing.T) {
	t.Parallel()
	script(t, node(t, "testdata/js/devices.mjs"), nil, challenging(t), map[string]string{
		"ConfirmDevice":                      "",
		"ConfirmDevice, again":               "DeviceKeyExistsException",
		"ConfirmDevice, altered token":       notAuthorized,
		"ConfirmDevice, key of another user": invalidParameter,
		"ConfirmDevice, unknown key":         invalidParameter,
		"ConfirmDevice, no verifier":         invalidParameter,
		"ConfirmDevice, negative verifier":   invalidParameter,
		"ConfirmDevice, padded salt":         invalidParameter,
		"ConfirmDevice, verifier not base64": invalidParameter,

		"sign-in with a device":                              "",
		"sign-in with a device, one bit of the signature":    notAuthorized,
		"sign-in with a device, one bit of the secret block": notAuthorized,
		"sign-in with a device, another timestamp":           notAuthorized,
		"sign-in with a device, no signature":                invalidParameter,
		"sign-in with a device, another key":                 notAuthorized + "|" + resourceNotFound,
		"sign-in with a device, another session":             notAuthorized,
		"sign-in with a device, wrong device password":       notAuthorized,
		"sign-in with a device, another group":               notAuthorized,
		"sign-in with a device, another user":                resourceNotFound,
		"sign-in with a device, forgotten":                   resourceNotFound,
		"refresh with its device":                            "",
		"refresh without its device":                         notAuthorized,
		"refresh with another device":                        notAuthorized,

		"ListDevices":                           "",
		"ListDevices, unknown pagination token": invalidParameter,
		"ListDevices, altered token":            notAuthorized,
		"GetDevice":                             "",
		"UpdateDeviceStatus":                    "",
		"UpdateDeviceStatus, unknown device":    resourceNotFound,
		"UpdateDeviceStatus, unknown status":    invalidParameter,
		"ForgetDevice":                          "",
		"ForgetDevice, again":                   resourceNotFound,
	})
}
