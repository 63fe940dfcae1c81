package cognito

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/strictjson"
	"github.com/loginwithcognito/cognito/srp"
)

// A Device identifies this machine to a user pool, for one user. If the pool remembers the device,
// a sign-in with [Login.Device] proves the device's password by SRP and needs no code.
//
// Store a Device as carefully as a password, under its Username. That is the name that the pool
// uses. A sign-in finds the device under its Alias too.
type Device struct {
	redact.Fields
	Username string
	Alias    string // what the user typed last, if it is not the Username
	Key      string // DeviceKey, such as "us-east-1_01234567-89ab-cdef-0123-456789abcdef"
	GroupKey string // DeviceGroupKey
	Password string // random; the pool stores only its verifier
}

// Save returns d as JSON, with the password.
func (d Device) Save() []byte {
	saved, _ := json.Marshal(struct{ Username, Alias, Key, GroupKey, Password string }{
		d.Username, d.Alias, d.Key, d.GroupKey, d.Password,
	}) // errors are impossible
	return saved
}

// Load sets d to what [Device.Save] returned.
func (d *Device) Load(saved []byte) error {
	var loaded Device
	if strictjson.Unmarshal(saved, &loaded) != nil {
		return errors.New("cognito: this is not a saved device")
	}
	*d = loaded
	return nil
}

// deviceState is what a session knows about its device.
type deviceState struct {
	current     Device // zero until the pool has confirmed it
	ask         bool   // whether the pool wants the user to decide
	unconfirmed Device // a new device that could not be confirmed
	err         error  // why unconfirmed is not confirmed
}

// Device returns the device of the sign-in: the one in [Login.Device] or a new one, which the
// caller should store. It is zero if the pool does not track devices, or has not yet confirmed the
// new one. The session retries that before its first refresh.
//
// If ask is true, the pool wants the user to decide whether to remember the new device. Pass the
// decision to [Session.RememberDevice].
func (s *Session) Device() (d Device, ask bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device.current, s.device.ask
}

// RememberDevice sets whether the pool remembers the session's device. Sign-ins with a remembered
// device need no code.
func (s *Session) RememberDevice(ctx context.Context, remember bool) error {
	device, _ := s.Device()
	if device.Key == "" {
		return errors.New("cognito: the session has no device: " +
			"the user pool does not track devices or did not confirm this one")
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
		AccessToken:            tokens.Access,
		DeviceKey:              device.Key,
		DeviceRememberedStatus: status,
	})
	if err != nil {
		return Explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.device.ask = false
	return nil
}

// deviceName returns the name of new devices in the form that the pool requires (AWS:
// ConfirmDevice): at most 1024 printable characters.
func (c *Client) deviceName() string {
	name := c.DeviceName
	if name == "" {
		name, _ = os.Hostname()
	}
	return awshttp.Clean(name, 1024)
}

// newDevice returns a device with the pool's names and a random password.
func (s *Session) newDevice(names cognitoidp.NewDeviceMetadata) Device {
	random := make([]byte, 40) // the length in amazon-cognito-identity-js
	rand.Read(random)
	return Device{
		Username: s.UnverifiedClaims().Username,
		Key:      names.DeviceKey,
		GroupKey: names.DeviceGroupKey,
		Password: base64.StdEncoding.EncodeToString(random),
	}
}

// confirmDevice sends the pool a verifier of a new device's password. Until then the pool refuses
// the refresh token. The sign-in succeeds even if that fails: the error is kept for the first
// refresh, which retries.
func (s *Session) confirmDevice(ctx context.Context, accessToken string, device Device) error {
	verifier, err := srp.NewVerifier(srp.Identity{
		Pool:     device.GroupKey,
		User:     device.Key,
		Password: device.Password,
	})
	var ask bool
	if err == nil {
		ask, err = s.client.services.idp.ConfirmDevice(ctx, cognitoidp.ConfirmDeviceInput{
			AccessToken: accessToken,
			DeviceKey:   device.Key,
			DeviceName:  s.client.deviceName(),
			DeviceSecretVerifierConfig: cognitoidp.DeviceSecretVerifierConfig{
				PasswordVerifier: base64.StdEncoding.EncodeToString(verifier.PasswordVerifier),
				Salt:             base64.StdEncoding.EncodeToString(verifier.Salt),
			},
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device.err != nil && refusal(err).Code == cognitoidp.CodeDeviceKeyExists {
		err = nil // the first attempt succeeded, but its response was lost
	}
	if err != nil {
		s.device.unconfirmed, s.device.err = device, cmp.Or(s.device.err, err)
		return s.device.err
	}
	s.device = deviceState{current: device, ask: ask}
	return nil
}

// takeStored makes s use the device of a stored session, and refresh its tokens at managed login or
// the user pool's API, as they were issued. A refresh token is valid only with the device of its
// sign-in.
func (s *Session) takeStored(stored SavedSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := stored.Device
	s.byBrowser = stored.ManagedLogin
	if d.Key != "" && d.Key != s.device.current.Key {
		s.device = deviceState{current: d}
	}
}

// A deviceError says that the pool refused the device itself, with or without its proof.
type deviceError struct{ error }

func (e *deviceError) Unwrap() error { return e.error }

// refusedDevice returns err as a deviceError. The pool's message names the password of the user,
// which was not the cause.
func refusedDevice(err error) error {
	if refusal(err).Code == cognitoidp.CodeNotAuthorized {
		return &deviceError{&explained{err, "the stored device is damaged, belongs to another " +
			"user or was forgotten by the pool, or the response came too late: " +
			"sign in again without the device"}}
	}
	return &deviceError{Explain(err)}
}

// deviceForgotten reports whether err means that the pool no longer knows the device. It examines
// the message, as Amazon's clients do (amplify-js retryOnResourceNotFoundException.ts). A refused
// proof of the device means the same.
func deviceForgotten(err error) bool {
	e := refusal(err)
	message := strings.ToLower(e.Message)
	var proof *deviceError
	switch e.Code {
	case cognitoidp.CodeResourceNotFound:
		return strings.Contains(message, "device")
	case cognitoidp.CodeInvalidParameter:
		return strings.Contains(message, "device key")
	case cognitoidp.CodeNotAuthorized:
		return errors.As(err, &proof)
	}
	return false
}
