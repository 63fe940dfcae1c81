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

// knowsDevice tells whether a key is one that may be named in a sign-in of the account: of a confirmed device, or none.
func (s *Server) knowsDevice(a *account, key string) bool {
	if a == nil || key == "" || a.pool.DeviceTracking == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return a.confirmedDevice(key) != nil
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
func (s *Server) confirmDevice(r *request) (object, error) {
	verifier, salt := javaNumber(r.secrets.PasswordVerifier), javaNumber(r.secrets.Salt)
	if verifier == nil || salt == nil || verifier.Cmp(modulus()) >= 0 {
		return nil, refuse("InvalidParameterException", "PasswordVerifier and Salt must be base64 of positive integers as Java's BigInteger.toByteArray writes them")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := r.account.devices.get(r.deviceKey)
	switch {
	case !ok || r.deviceKey != r.grant.deviceKey:
		return nil, refuse("InvalidParameterException", "Invalid device key given.")
	case d.verifier != nil:
		return nil, refuse("DeviceKeyExistsException", "Device already exists.")
	}
	d.salt, d.verifier, d.name, d.modified = salt, verifier, r.name, time.Now()
	d.remembered = r.account.pool.DeviceTracking == "ALWAYS"
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

// forgetDevice is ForgetDevice. Refresh tokens that belong to the device go with it.
func (s *Server) forgetDevice(r *request) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.account.devices.take(r.deviceKey)
	return object{}, nil
}

// updateDeviceStatus is UpdateDeviceStatus.
func (s *Server) updateDeviceStatus(r *request) (object, error) {
	if r.status != "remembered" && r.status != "not_remembered" {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%s' at 'deviceRememberedStatus' failed to satisfy constraint: Member must satisfy enum value set: [not_remembered, remembered]", r.status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.device.remembered, r.device.modified = r.status == "remembered", time.Now()
	return object{}, nil
}

// getDevice is GetDevice.
func (s *Server) getDevice(r *request) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return object{"Device": r.device.wire()}, nil
}

// listDevices is ListDevices. The PaginationToken is the key of the last device that was listed.
func (s *Server) listDevices(r *request) (object, error) {
	if r.limit < 0 || r.limit > 60 {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must be between 0 and 60", r.limit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*device
	for key := range r.account.devices.entries {
		if d := r.account.confirmedDevice(key); d != nil {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *device) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.key, b.key)) })
	last := slices.IndexFunc(all, func(d *device) bool { return d.key == r.after })
	if r.after != "" && last < 0 {
		return nil, refuse("InvalidParameterException", "Invalid pagination token")
	}
	all = all[last+1:]
	list, out := []object{}, object{}
	if limit := cmp.Or(r.limit, 60); len(all) > limit {
		all, out["PaginationToken"] = all[:limit], all[limit-1].key
	}
	for _, d := range all {
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
