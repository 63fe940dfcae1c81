package cognitoidp

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
)

// Values of DeviceRememberedStatus.
const (
	DeviceRemembered    = "remembered"
	DeviceNotRemembered = "not_remembered"
)

// A Device is a device that the pool tracks for a user.
type Device struct {
	// DeviceKey is the ID: a Region, "_" and a UUID.
	DeviceKey string
	// DeviceAttributes includes "device_name" and "last_ip_used".
	DeviceAttributes []Attribute
	// The dates are zero if the response does not have them.
	DeviceCreateDate            time.Time
	DeviceLastModifiedDate      time.Time
	DeviceLastAuthenticatedDate time.Time
}

// DeviceSecretVerifierConfig lets the pool check the device's password by SRP. The fields are
// big-endian two's-complement integers of minimal length in base64 (amazon-cognito-identity-js,
// AuthenticationHelper.generateHashDevice).
type DeviceSecretVerifierConfig struct {
	redact.Fields
	// PasswordVerifier is g^x mod N.
	PasswordVerifier string
	// Salt is 16 random bytes.
	Salt string
}

// ConfirmDeviceInput is the request of [Client.ConfirmDevice]. AccessToken and DeviceKey are
// required.
type ConfirmDeviceInput struct {
	redact.Fields
	// AccessToken is that of the sign-in that returned the NewDeviceMetadata.
	AccessToken                string
	DeviceKey                  string
	DeviceSecretVerifierConfig DeviceSecretVerifierConfig
	// DeviceName is a name for people, of at most 1024 characters.
	DeviceName string
}

// ConfirmDevice sends the verifier of a new device. The pool refuses the refresh token of the
// sign-in until then. If ask is true, the user decides with UpdateDeviceStatus whether the device
// is remembered. The operation is not idempotent: the pool confirms a device once.
func (c *Client) ConfirmDevice(ctx context.Context, in ConfirmDeviceInput) (ask bool, err error) {
	const operation = "ConfirmDevice"
	v := in.DeviceSecretVerifierConfig
	_, err1 := base64.StdEncoding.DecodeString(v.PasswordVerifier)
	_, err2 := base64.StdEncoding.DecodeString(v.Salt)
	if err1 != nil || err2 != nil || (v.PasswordVerifier == "") != (v.Salt == "") {
		err = errors.New("DeviceSecretVerifierConfig does not have" +
			" both a PasswordVerifier and a Salt in base64")
		return false, awshttp.Wrap(service, operation, err)
	}
	type output struct{ UserConfirmationNecessary bool }
	out, err := call[output](ctx, c, operation, notIdempotent, members{
		"AccessToken": in.AccessToken,
		"DeviceKey":   in.DeviceKey,
		"DeviceName":  in.DeviceName,
		"DeviceSecretVerifierConfig": members{
			"PasswordVerifier": v.PasswordVerifier,
			"Salt":             v.Salt,
		},
	}, "AccessToken", "DeviceKey")
	return out.UserConfirmationNecessary, err
}

// UpdateDeviceStatusInput is the request of [Client.UpdateDeviceStatus]. All fields are required.
type UpdateDeviceStatusInput struct {
	redact.Fields
	AccessToken string
	DeviceKey   string
	// DeviceRememberedStatus is DeviceRemembered or DeviceNotRemembered.
	DeviceRememberedStatus string
}

// UpdateDeviceStatus sets whether a device is remembered. A remembered device replaces MFA.
func (c *Client) UpdateDeviceStatus(ctx context.Context, in UpdateDeviceStatusInput) error {
	return c.send(ctx, "UpdateDeviceStatus", idempotent, members{
		"AccessToken":            in.AccessToken,
		"DeviceKey":              in.DeviceKey,
		"DeviceRememberedStatus": in.DeviceRememberedStatus,
	}, new(none), "AccessToken", "DeviceKey", "DeviceRememberedStatus")
}

// ForgetDevice removes a device of a user from the pool. If the service processed a request and its
// response was lost, the retry returns CodeResourceNotFound.
func (c *Client) ForgetDevice(ctx context.Context, accessToken, deviceKey string) error {
	in := members{"AccessToken": accessToken, "DeviceKey": deviceKey}
	return c.send(ctx, "ForgetDevice", idempotent, in, new(none), "AccessToken", "DeviceKey")
}

// GetDevice returns one device of a user.
func (c *Client) GetDevice(ctx context.Context, accessToken, deviceKey string) (Device, error) {
	const operation = "GetDevice"
	type output struct{ Device deviceResponse }
	in := members{"AccessToken": accessToken, "DeviceKey": deviceKey}
	out, err := call[output](ctx, c, operation, idempotent, in, "AccessToken", "DeviceKey")
	if err != nil {
		return Device{}, err
	}
	d, err := out.Device.device()
	return d, awshttp.Wrap(service, operation, err)
}

// ListDevicesInput is the request of [Client.ListDevices]. AccessToken is required.
type ListDevicesInput struct {
	redact.Fields
	AccessToken string
	// Limit is the maximum number of devices in one response, up to 60. 0 means the service's
	// default.
	Limit int
	// PaginationToken is that of the previous response, or empty for the first devices.
	PaginationToken string
}

// ListDevicesOutput is the result of [Client.ListDevices].
type ListDevicesOutput struct {
	Devices []Device
	// PaginationToken is for the next devices. It is empty after the last ones.
	PaginationToken string
}

// ListDevices returns one page of the devices of a user.
func (c *Client) ListDevices(ctx context.Context, in ListDevicesInput) (ListDevicesOutput, error) {
	const operation = "ListDevices"
	if in.Limit < 0 || in.Limit > 60 {
		err := errors.New("Limit is not in 0 to 60")
		return ListDevicesOutput{}, awshttp.Wrap(service, operation, err)
	}
	type output struct {
		Devices         []deviceResponse
		PaginationToken string
	}
	resp, err := call[output](ctx, c, operation, idempotent, members{
		"AccessToken":     in.AccessToken,
		"Limit":           in.Limit,
		"PaginationToken": in.PaginationToken,
	}, "AccessToken")
	out := ListDevicesOutput{PaginationToken: resp.PaginationToken}
	for _, r := range resp.Devices {
		d, bad := r.device()
		err = cmp.Or(err, awshttp.Wrap(service, operation, bad))
		out.Devices = append(out.Devices, d)
	}
	if err != nil {
		return ListDevicesOutput{}, err
	}
	return out, nil
}

// deviceResponse is a Device as the service sends it, with dates in seconds since 1970.
type deviceResponse struct {
	Device
	DeviceCreateDate            float64
	DeviceLastModifiedDate      float64
	DeviceLastAuthenticatedDate float64
}

func (r deviceResponse) device() (Device, error) {
	if !isDeviceKey(r.DeviceKey) {
		return Device{}, errors.New("the response has a device without a valid DeviceKey")
	}
	d := r.Device
	for _, date := range []struct {
		t       *time.Time
		seconds float64
	}{
		{&d.DeviceCreateDate, r.DeviceCreateDate},
		{&d.DeviceLastModifiedDate, r.DeviceLastModifiedDate},
		{&d.DeviceLastAuthenticatedDate, r.DeviceLastAuthenticatedDate},
	} {
		if date.seconds == 0 {
			continue
		}
		var ok bool
		if *date.t, ok = awshttp.Time(date.seconds); !ok {
			return Device{}, errors.New("the response has a device with a date out of range")
		}
	}
	return d, nil
}
