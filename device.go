package cognito

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/srp"
)

// A Device is a device that a user pool knows, of one user. Where the pool remembers devices, a sign-in that names one in
// [Login.Device] is asked no code: the device's own password is proven by SRP instead. Store it as carefully as a
// password, under Username, which is the name that the pool uses and not an alias that the user typed.
type Device struct {
	Username string
	Key      string // DeviceKey, such as "us-east-1_01234567-89ab-cdef-0123-456789abcdef"
	GroupKey string // DeviceGroupKey
	Password string // made here at random; the pool has only a verifier of it
}

// Reveal returns JSON with the password in it, for storing. json.Unmarshal into a Device reads it.
func (d Device) Reveal() ([]byte, error) {
	type device Device // without the methods that redact
	return json.Marshal(device(d))
}

// Device returns the device of the sign-in: the one in [Login.Device], or a new one, which the caller should store. It is
// the zero value where the pool does not track devices, and as long as it has not confirmed a new one, which is tried again
// before the first refresh. Where ask is true the pool wants the user to be asked whether to remember the new device: pass
// the answer to [Session.RememberDevice].
func (s *Session) Device() (d Device, ask bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device, s.askDevice
}

// RememberDevice tells the pool whether it shall remember the session's device, and so ask it for no codes.
func (s *Session) RememberDevice(ctx context.Context, remember bool) error {
	device, _ := s.Device()
	if device.Key == "" {
		return errors.New("cognito: the session has no device: the user pool does not track devices, or did not confirm this one")
	}
	status := cognitoidp.DeviceNotRemembered
	if remember {
		status = cognitoidp.DeviceRemembered
	}
	tokens, err := s.Tokens(ctx)
	if err != nil {
		return err
	}
	err = s.client.services.idp.UpdateDeviceStatus(ctx, cognitoidp.UpdateDeviceStatusInput{
		AccessToken: tokens.Access, DeviceKey: device.Key, DeviceRememberedStatus: status,
	})
	if err != nil {
		return Explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.askDevice = false
	return nil
}

// newDevice makes a device of what the pool calls it.
func (s *Session) newDevice(name cognitoidp.NewDeviceMetadata) Device {
	random := make([]byte, 40) // as many as amazon-cognito-identity-js takes
	rand.Read(random)
	return Device{
		Username: s.UnverifiedClaims().Username,
		Key:      name.DeviceKey,
		GroupKey: name.DeviceGroupKey,
		Password: base64.StdEncoding.EncodeToString(random),
	}
}

// confirmDevice gives the pool a verifier of a new device's password. Until that is done the pool refuses the refresh
// token. A failure is kept for the refresh, which tries again, to tell: the sign-in itself is good.
func (s *Session) confirmDevice(ctx context.Context, accessToken string, device Device) error {
	verifier, err := srp.NewVerifier(srp.Identity{Pool: device.GroupKey, User: device.Key, Password: device.Password})
	var ask bool
	if err == nil {
		ask, err = s.client.services.idp.ConfirmDevice(ctx, cognitoidp.ConfirmDeviceInput{
			AccessToken: accessToken,
			DeviceKey:   device.Key,
			DeviceSecretVerifierConfig: cognitoidp.DeviceSecretVerifierConfig{
				PasswordVerifier: base64.StdEncoding.EncodeToString(verifier.PasswordVerifier),
				Salt:             base64.StdEncoding.EncodeToString(verifier.Salt),
			},
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var e *awserr.Error
	if s.deviceErr != nil && errors.As(err, &e) && e.Code == cognitoidp.CodeDeviceKeyExists {
		err = nil // of the first attempt the answer was lost only
	}
	if err != nil {
		s.unready, s.deviceErr = device, cmp.Or(s.deviceErr, err)
		return s.deviceErr
	}
	s.device, s.askDevice, s.unready, s.deviceErr = device, ask, Device{}, nil
	return nil
}

// A deviceError is a refusal of the proof that the program has the device.
type deviceError struct{ error }

func (e *deviceError) Unwrap() error { return e.error }

// refusedDevice makes a deviceError of err. Its text is that of a wrong password, which this is not.
func refusedDevice(err error) error {
	var e *awserr.Error
	if errors.As(err, &e) && e.Code == cognitoidp.CodeNotAuthorized {
		return &deviceError{&explained{err, "the stored device is damaged, or is of another user, or the pool has forgotten it; or the answer came too late: sign in again without the device"}}
	}
	return &deviceError{Explain(err)}
}

// deviceForgotten tells whether the pool does not know the device any more: by the message, as Amazon's clients do
// (amplify-js retryOnResourceNotFoundException.ts), or because it refused the device's proof.
func deviceForgotten(err error) bool {
	var e *awserr.Error
	if !errors.As(err, &e) {
		return false
	}
	var proof *deviceError
	return e.Code == cognitoidp.CodeResourceNotFound && strings.Contains(strings.ToLower(e.Message), "device") ||
		e.Code == cognitoidp.CodeInvalidParameter && strings.Contains(strings.ToLower(e.Message), "device key") ||
		e.Code == cognitoidp.CodeNotAuthorized && errors.As(err, &proof)
}
