package cognitotest

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"slices"
	"time"
)

// device is a device on which a user signed in. It is confirmed if it has a verifier.
type device struct {
	key        string
	group      string
	name       string
	salt       *big.Int
	verifier   *big.Int
	remembered bool

	created  time.Time
	modified time.Time
	signedIn time.Time
}

var errNoDevice = refuse("ResourceNotFoundException", "Device does not exist.")

// newDevice gives the device of a sign-in a key.
func (a *account) newDevice() *device {
	now := time.Now()
	d := &device{
		key:      a.pool.region() + "_" + newUUID(),
		group:    "-" + rand.Text()[:8],
		created:  now,
		modified: now,
		signedIn: now,
	}
	a.devices.put(d.key, d, now.AddDate(10, 0, 0))
	return d
}

// confirmedDevice returns a confirmed device of the user, or nil.
func (a *account) confirmedDevice(key string) *device {
	if d, ok := a.devices.get(key); ok && d.verifier != nil {
		return d
	}
	return nil
}

// knowsDevice reports whether a sign-in of the account, which may be nil, may name the device key.
func (a *account) knowsDevice(key string) bool {
	return a == nil || key == "" || a.pool.DeviceTracking == "" || a.confirmedDevice(key) != nil
}

// askDevice asks a remembered device for its password, instead of a second factor. It returns nil
// for a device that is not remembered, and an error for an unknown DEVICE_KEY.
func (s *Server) askDevice(c *session) (object, error) {
	if c.account.pool.DeviceTracking == "" || c.deviceKey == "" || c.second {
		return nil, nil
	}
	d := c.account.confirmedDevice(c.deviceKey)
	if d == nil {
		return nil, errNoDevice
	}
	if !d.remembered {
		return nil, nil
	}
	c.device = d
	return s.ask(c, "DEVICE_SRP_AUTH", params{}), nil
}

// startDevice checks the response to DEVICE_SRP_AUTH.
func startDevice(s *Server, c *session, responses params) (object, error) {
	d := c.device
	if responses["DEVICE_KEY"] != d.key {
		return nil, errNoDevice
	}
	return s.askSRP(c, "DEVICE_PASSWORD_VERIFIER", d.group, d.key, d.salt, d.verifier,
		responses["SRP_A"], params{"USERNAME": c.account.user.Name, "DEVICE_KEY": d.key})
}

// checkDevice checks the response to DEVICE_PASSWORD_VERIFIER.
func checkDevice(s *Server, c *session, responses params) (object, error) {
	key := c.device.key
	// The device may have been forgotten since the challenge.
	if c.account.confirmedDevice(key) == nil || responses["DEVICE_KEY"] != key {
		return nil, errNoDevice
	}
	if !c.proves(responses) {
		return nil, errIncorrect
	}
	c.second = true
	return s.proceed(c)
}

// confirmDevice confirms the device that got its key in the sign-in of the access token.
func confirmDevice(_ *Server, r *request) (object, error) {
	verifier := javaNumber(r.DeviceSecretVerifierConfig.PasswordVerifier)
	salt := javaNumber(r.DeviceSecretVerifierConfig.Salt)
	if verifier == nil || salt == nil || verifier.Cmp(modulus()) >= 0 {
		return nil, invalid("PasswordVerifier and Salt must be base64 of positive integers " +
			"in the form of Java's BigInteger.toByteArray")
	}
	d, ok := r.account.devices.get(r.DeviceKey)
	switch {
	case !ok || r.DeviceKey != r.grant.deviceKey:
		return nil, invalid("Invalid device key given.")
	case d.verifier != nil:
		return nil, refuse("DeviceKeyExistsException", "Device already exists.")
	}
	d.salt = salt
	d.verifier = verifier
	d.name = r.DeviceName
	d.modified = time.Now()
	d.remembered = r.account.pool.DeviceTracking == "ALWAYS"
	return object{"UserConfirmationNecessary": !d.remembered}, nil
}

// javaNumber decodes base64 of the output of javaBytes. It returns nil for 0 and for anything else.
func javaNumber(text string) *big.Int {
	b, err := base64.StdEncoding.DecodeString(text)
	n := new(big.Int).SetBytes(b)
	if err != nil || n.Sign() == 0 || len(b) > len(prime3072)/2+1 ||
		string(javaBytes(n)) != string(b) {
		return nil
	}
	return n
}

// forgetDevice removes a device, which makes its refresh tokens invalid.
func forgetDevice(_ *Server, r *request) (object, error) {
	r.account.devices.take(r.DeviceKey)
	return object{}, nil
}

func updateDeviceStatus(_ *Server, r *request) (object, error) {
	status := r.DeviceRememberedStatus
	if status != "remembered" && status != "not_remembered" {
		return nil, invalid("1 validation error detected: Value '%s' at 'deviceRememberedStatus' "+
			"failed to satisfy constraint: Member must satisfy enum value set: "+
			"[not_remembered, remembered]", status)
	}
	r.device.remembered = status == "remembered"
	r.device.modified = time.Now()
	return object{}, nil
}

func getDevice(_ *Server, r *request) (object, error) {
	return object{"Device": r.device.wire()}, nil
}

// listDevices lists the confirmed devices, oldest first. PaginationToken is the key of the last
// device of the page.
func listDevices(_ *Server, r *request) (object, error) {
	if r.Limit < 0 || r.Limit > 60 {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy "+
			"constraint: Member must be between 0 and 60", r.Limit)
	}
	var all []*device
	for key := range r.account.devices.entries {
		if d := r.account.confirmedDevice(key); d != nil {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *device) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.key, b.key))
	})
	after := r.PaginationToken
	last := slices.IndexFunc(all, func(d *device) bool { return d.key == after })
	if after != "" && last < 0 {
		return nil, invalid("Invalid pagination token")
	}
	all = all[last+1:]
	list, out := []object{}, object{}
	if limit := cmp.Or(r.Limit, 60); len(all) > limit {
		all = all[:limit]
		out["PaginationToken"] = all[limit-1].key
	}
	for _, d := range all {
		list = append(list, d.wire())
	}
	out["Devices"] = list
	return out, nil
}

// wire returns the device in the form of GetDevice and ListDevices.
func (d *device) wire() object {
	status := "not_remembered"
	if d.remembered {
		status = "remembered"
	}
	attributes := []object{
		{"Name": "device_status", "Value": "valid"},
		{"Name": "dev:device_remembered_status", "Value": status},
	}
	if d.name != "" {
		attributes = append(attributes, object{"Name": "device_name", "Value": d.name})
	}
	return object{
		"DeviceKey":                   d.key,
		"DeviceAttributes":            attributes,
		"DeviceCreateDate":            javaSeconds(d.created),
		"DeviceLastModifiedDate":      javaSeconds(d.modified),
		"DeviceLastAuthenticatedDate": javaSeconds(d.signedIn),
	}
}
