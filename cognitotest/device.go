package cognitotest

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"slices"
	"time"
)

// device is one that a user signed in on. Its verifier is nil until it is confirmed.
type device struct {
	key, group, name string
	salt, verifier   *big.Int
	remembered       bool

	created, modified, signedIn time.Time
}

var errNoDevice error = &serviceError{"ResourceNotFoundException", "Device does not exist."}

// newDevice gives the device of a sign-in a key. The caller holds the server's mutex.
func (a *account) newDevice() *device {
	now := time.Now()
	d := &device{key: a.pool.region() + "_" + newUUID(), group: "-" + rand.Text()[:8], created: now, modified: now, signedIn: now}
	a.devices.put(d.key, d, now.AddDate(10, 0, 0))
	return d
}

// confirmedDevice finds a device of the user that was confirmed, nil for none.
func (a *account) confirmedDevice(key string) *device {
	if d, ok := a.devices.get(key); ok && d.verifier != nil {
		return d
	}
	return nil
}

// askDevice asks a remembered device for its password, in place of a second factor. It answers nothing for a device that
// is not remembered, and an error for a DEVICE_KEY that is not known.
func (s *Server) askDevice(c *session) (object, error) {
	if c.account.pool.DeviceTracking == "" || c.deviceKey == "" || c.second {
		return nil, nil
	}
	s.mu.Lock()
	d := c.account.confirmedDevice(c.deviceKey)
	remembered := d != nil && d.remembered
	s.mu.Unlock()
	if d == nil {
		return nil, errNoDevice
	}
	if !remembered {
		return nil, nil
	}
	c.device = d
	return s.ask(c, "DEVICE_SRP_AUTH", map[string]string{}), nil
}

// startDevice checks the answer to DEVICE_SRP_AUTH.
func (s *Server) startDevice(c *session, answers map[string]string) (object, error) {
	d := c.device
	if answers["DEVICE_KEY"] != d.key {
		return nil, errNoDevice
	}
	return s.askSRP(c, "DEVICE_PASSWORD_VERIFIER", d.group, d.key, d.salt, d.verifier, answers["SRP_A"], map[string]string{
		"USERNAME": c.account.user.Name, "DEVICE_KEY": d.key,
	})
}

// checkDevice checks the answer to DEVICE_PASSWORD_VERIFIER.
func (s *Server) checkDevice(c *session, answers map[string]string) (object, error) {
	s.mu.Lock()
	known := c.account.confirmedDevice(c.device.key) != nil // it may have been forgotten since
	s.mu.Unlock()
	if !known || answers["DEVICE_KEY"] != c.device.key {
		return nil, errNoDevice
	}
	if !c.proves(answers) {
		return nil, errIncorrect
	}
	c.second = true
	return s.proceed(c)
}

// confirmDevice is ConfirmDevice, for the device to which the sign-in of the access token gave its key.
func confirmDevice(s *Server, in call) (object, error) {
	var key, name string
	var secrets struct{ PasswordVerifier, Salt string }
	g, err := s.authorize(in)
	if err == nil {
		err = in.read(map[string]any{"DeviceKey": &key, "DeviceName": &name, "DeviceSecretVerifierConfig": &secrets}, "DeviceKey", "DeviceSecretVerifierConfig")
	}
	if err != nil {
		return nil, err
	}
	verifier, salt := javaNumber(secrets.PasswordVerifier), javaNumber(secrets.Salt)
	if verifier == nil || salt == nil || verifier.Cmp(modulus()) >= 0 {
		return nil, refuse("InvalidParameterException", "PasswordVerifier and Salt must be base64 of positive integers as Java's BigInteger.toByteArray writes them")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := g.account.devices.get(key)
	switch {
	case !ok || key != g.deviceKey:
		return nil, refuse("InvalidParameterException", "Invalid device key given.")
	case d.verifier != nil:
		return nil, refuse("DeviceKeyExistsException", "Device already exists.")
	}
	d.salt, d.verifier, d.name, d.modified = salt, verifier, name, time.Now()
	d.remembered = g.account.pool.DeviceTracking == "ALWAYS"
	return object{"UserConfirmationNecessary": !d.remembered}, nil
}

// javaNumber reads base64 of what javaBytes writes, of a number above 0, nil for anything else.
func javaNumber(text string) *big.Int {
	b, err := base64.StdEncoding.DecodeString(text)
	n := new(big.Int).SetBytes(b)
	if err != nil || n.Sign() == 0 || len(b) > len(prime3072)/2+1 || string(javaBytes(n)) != string(b) {
		return nil
	}
	return n
}

// ownDevice reads the access token and DeviceKey of a request, and answers with the server's mutex held if err is nil.
func (s *Server) ownDevice(in call, members map[string]any) (*grant, *device, error) {
	var key string
	g, err := s.authorize(in)
	if err == nil {
		members["DeviceKey"] = &key
		err = in.read(members, "DeviceKey")
	}
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	d := g.account.confirmedDevice(key)
	if d == nil {
		s.mu.Unlock()
		return nil, nil, errNoDevice
	}
	return g, d, nil
}

// forgetDevice is ForgetDevice. Refresh tokens that belong to the device go with it.
func forgetDevice(s *Server, in call) (object, error) {
	g, d, err := s.ownDevice(in, map[string]any{})
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	g.account.devices.take(d.key)
	return object{}, nil
}

// updateDeviceStatus is UpdateDeviceStatus.
func updateDeviceStatus(s *Server, in call) (object, error) {
	var status string
	_, d, err := s.ownDevice(in, map[string]any{"DeviceRememberedStatus": &status})
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if status != "remembered" && status != "not_remembered" {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%s' at 'deviceRememberedStatus' failed to satisfy constraint: Member must satisfy enum value set: [not_remembered, remembered]", status)
	}
	d.remembered, d.modified = status == "remembered", time.Now()
	return object{}, nil
}

// getDevice is GetDevice.
func getDevice(s *Server, in call) (object, error) {
	_, d, err := s.ownDevice(in, map[string]any{})
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return object{"Device": d.wire()}, nil
}

// listDevices is ListDevices. The PaginationToken is the key of the last device that was listed.
func listDevices(s *Server, in call) (object, error) {
	var limit int
	var after string
	g, err := s.authorize(in)
	if err == nil {
		err = in.read(map[string]any{"Limit": &limit, "PaginationToken": &after})
	}
	if err == nil && (limit < 0 || limit > 60) {
		err = refuse("InvalidParameterException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must be between 0 and 60", limit)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*device
	for key := range g.account.devices.entries {
		if d := g.account.confirmedDevice(key); d != nil {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *device) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.key, b.key)) })
	start := slices.IndexFunc(all, func(d *device) bool { return d.key == after }) + 1
	if after != "" && start == 0 {
		return nil, refuse("InvalidParameterException", "Invalid pagination token")
	}
	list, out := []object{}, object{}
	for _, d := range all[start:] {
		if len(list) == cmp.Or(limit, 60) {
			out["PaginationToken"] = all[start+len(list)-1].key
			break
		}
		list = append(list, d.wire())
	}
	out["Devices"] = list
	return out, nil
}

// wire is the device as GetDevice and ListDevices show it.
func (d *device) wire() object {
	status := "not_remembered"
	if d.remembered {
		status = "remembered"
	}
	attributes := []object{{"Name": "device_status", "Value": "valid"}, {"Name": "dev:device_remembered_status", "Value": status}}
	if d.name != "" {
		attributes = append(attributes, object{"Name": "device_name", "Value": d.name})
	}
	return object{
		"DeviceKey": d.key, "DeviceAttributes": attributes, "DeviceCreateDate": javaSeconds(d.created),
		"DeviceLastModifiedDate": javaSeconds(d.modified), "DeviceLastAuthenticatedDate": javaSeconds(d.signedIn),
	}
}
