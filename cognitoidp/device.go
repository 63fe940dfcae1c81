package cognitoidp

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"time"
)

// Values of DeviceRememberedStatus.
const (
	DeviceRemembered    = "remembered"
	DeviceNotRemembered = "not_remembered"
)

// A Device is one that the pool tracks for a user.
type Device struct {
	DeviceKey                   string      // its id: the Region, "_" and a UUID
	DeviceAttributes            []Attribute // "device_name", "last_ip_used" and others
	DeviceCreateDate            time.Time   // this and the next are zero if the answer does not say
	DeviceLastModifiedDate      time.Time
	DeviceLastAuthenticatedDate time.Time
}

// DeviceSecretVerifierConfig is what the pool keeps to check the device's password by SRP: both are minimal big-endian
// two's-complement integers in base64 (amazon-cognito-identity-js AuthenticationHelper.generateHashDevice).
type DeviceSecretVerifierConfig struct {
	PasswordVerifier string // g^x mod N
	Salt             string // 16 random bytes, as an integer
}

// ConfirmDeviceInput is the request of ConfirmDevice. Empty fields are not sent.
type ConfirmDeviceInput struct {
	AccessToken                string // of the sign-in that NewDeviceMetadata came with; required
	DeviceKey                  string // of NewDeviceMetadata; required
	DeviceSecretVerifierConfig DeviceSecretVerifierConfig
	DeviceName                 string // for people; at most 1024 characters
}

// ConfirmDeviceOutput is the answer of ConfirmDevice.
type ConfirmDeviceOutput struct {
	UserConfirmationNecessary bool // the user decides, with UpdateDeviceStatus, whether the device is remembered
}

// ConfirmDevice gives the pool the verifier of a new device. Until then the refresh token of that sign-in is refused. As a
// device can be confirmed once, it is repeated only when it certainly was not carried out.
func (c *Client) ConfirmDevice(ctx context.Context, in ConfirmDeviceInput) (ConfirmDeviceOutput, error) {
	v := in.DeviceSecretVerifierConfig
	_, err1 := base64.StdEncoding.DecodeString(v.PasswordVerifier)
	_, err2 := base64.StdEncoding.DecodeString(v.Salt)
	var err error
	if err1 != nil || err2 != nil || (v.PasswordVerifier == "") != (v.Salt == "") {
		err = errors.New("DeviceSecretVerifierConfig does not have both a PasswordVerifier and a Salt in base64")
	}
	return ask[ConfirmDeviceOutput](ctx, c, "ConfirmDevice", false, request{
		AccessToken: in.AccessToken, DeviceKey: in.DeviceKey, DeviceSecretVerifierConfig: wireVerifier(v), DeviceName: in.DeviceName,
	}, checkToken("AccessToken", in.AccessToken), checkDeviceKey(in.DeviceKey), err)
}

// UpdateDeviceStatusInput is the request of UpdateDeviceStatus.
type UpdateDeviceStatusInput struct {
	AccessToken            string // of the user, as in GetUserInput; required
	DeviceKey              string // required
	DeviceRememberedStatus string // DeviceRemembered or DeviceNotRemembered; required
}

// UpdateDeviceStatus says whether a device is remembered, and by that takes the place of MFA. It is repeated after a
// failure that may pass.
func (c *Client) UpdateDeviceStatus(ctx context.Context, in UpdateDeviceStatusInput) error {
	_, err := ask[struct{}](ctx, c, "UpdateDeviceStatus", true, request{
		AccessToken: in.AccessToken, DeviceKey: in.DeviceKey, DeviceRememberedStatus: in.DeviceRememberedStatus,
	}, checkToken("AccessToken", in.AccessToken), checkDeviceKey(in.DeviceKey), given("DeviceRememberedStatus", in.DeviceRememberedStatus))
	return err
}

// ForgetDeviceInput is the request of ForgetDevice.
type ForgetDeviceInput struct {
	AccessToken string // of the user, as in GetUserInput; required
	DeviceKey   string // required
}

// ForgetDevice makes the pool forget a device. It is repeated after a failure that may pass; if an attempt was carried out
// and its answer got lost, the next one gets CodeResourceNotFound.
func (c *Client) ForgetDevice(ctx context.Context, in ForgetDeviceInput) error {
	_, err := ask[struct{}](ctx, c, "ForgetDevice", true, request{AccessToken: in.AccessToken, DeviceKey: in.DeviceKey},
		checkToken("AccessToken", in.AccessToken), checkDeviceKey(in.DeviceKey))
	return err
}

// GetDeviceInput is the request of GetDevice.
type GetDeviceInput struct {
	AccessToken string // of the user, as in GetUserInput; required
	DeviceKey   string // required
}

// GetDeviceOutput is the answer of GetDevice.
type GetDeviceOutput struct {
	Device Device
}

// GetDevice returns one device of a user. It is repeated after a failure that may pass.
func (c *Client) GetDevice(ctx context.Context, in GetDeviceInput) (GetDeviceOutput, error) {
	const operation = "GetDevice"
	wire, err := ask[struct{ Device wireDevice }](ctx, c, operation, true, request{AccessToken: in.AccessToken, DeviceKey: in.DeviceKey},
		checkToken("AccessToken", in.AccessToken), checkDeviceKey(in.DeviceKey))
	if err != nil {
		return GetDeviceOutput{}, err
	}
	d, err := wire.Device.device()
	return GetDeviceOutput{d}, wrap(operation, err)
}

// ListDevicesInput is the request of ListDevices. Empty fields are not sent.
type ListDevicesInput struct {
	AccessToken     string // of the user, as in GetUserInput; required
	Limit           int    // of devices in one answer, at most 60; 0 leaves it to the service
	PaginationToken string // of the answer before; "" for the first
}

// ListDevicesOutput is the answer of ListDevices.
type ListDevicesOutput struct {
	Devices         []Device
	PaginationToken string // for the devices after these; "" if these are the last
}

// ListDevices returns the devices of a user, page by page. It is repeated after a failure that may pass.
func (c *Client) ListDevices(ctx context.Context, in ListDevicesInput) (ListDevicesOutput, error) {
	const operation = "ListDevices"
	err := checkToken("AccessToken", in.AccessToken)
	if in.Limit < 0 || in.Limit > 60 {
		err = errors.New("Limit is not in 0 to 60")
	}
	wire, err := ask[struct {
		Devices         []wireDevice
		PaginationToken string
	}](ctx, c, operation, true, request{AccessToken: in.AccessToken, Limit: in.Limit, PaginationToken: in.PaginationToken}, err)
	if err != nil {
		return ListDevicesOutput{}, err
	}
	out := ListDevicesOutput{PaginationToken: wire.PaginationToken}
	for _, w := range wire.Devices {
		d, err := w.device()
		if err != nil {
			return ListDevicesOutput{}, wrap(operation, err)
		}
		out.Devices = append(out.Devices, d)
	}
	return out, nil
}

// wireDevice is a Device as the service sends it. Times are in seconds since 1970: numbers that may have a fraction and
// an exponent.
type wireDevice struct {
	DeviceKey                                                             string
	DeviceAttributes                                                      []Attribute
	DeviceCreateDate, DeviceLastModifiedDate, DeviceLastAuthenticatedDate float64
}

func (w wireDevice) device() (Device, error) {
	if checkDeviceKey(w.DeviceKey) != nil {
		return Device{}, errors.New("the answer has a device without a valid DeviceKey")
	}
	var err error
	date := func(seconds float64) (t time.Time) {
		const last = 253402300799 // of the year 9999
		if !(seconds >= 0 && seconds <= last) {
			err = cmp.Or(err, errors.New("the answer has a device with a date that is out of range"))
		} else if seconds > 0 {
			t = time.UnixMilli(int64(seconds * 1000)).UTC()
		}
		return t
	}
	d := Device{w.DeviceKey, w.DeviceAttributes, date(w.DeviceCreateDate), date(w.DeviceLastModifiedDate), date(w.DeviceLastAuthenticatedDate)}
	if err != nil {
		return Device{}, err
	}
	return d, nil
}

// checkDeviceKey checks the form of a device key loosely: [\w-]+_[0-9a-f-]+ of at most 55 bytes in the service model.
func checkDeviceKey(key string) error {
	if !only(key, wordChars+"-", 55) {
		return errors.New("DeviceKey is missing or does not look like one: us-east-1_a1b2c3d4-5678-90ab-cdef-0123456789ab")
	}
	return nil
}
