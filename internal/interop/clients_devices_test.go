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

		"device sign-in": "",
		"device sign-in, one bit of the signature":    notAuthorized,
		"device sign-in, one bit of the secret block": notAuthorized,
		"device sign-in, another timestamp":           notAuthorized,
		"device sign-in, no signature":                invalidParameter,
		"device sign-in, another key":                 notAuthorized + "|" + resourceNotFound,
		"device sign-in, another session":             notAuthorized,
		"device sign-in, wrong device password":       notAuthorized,
		"device sign-in, another group":               notAuthorized,
		"device sign-in, another user":                resourceNotFound,
		"device sign-in, forgotten":                   resourceNotFound,
		"refresh with its device":                     "",
		"refresh without its device":                  notAuthorized,
		"refresh with another device":                 notAuthorized,

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
