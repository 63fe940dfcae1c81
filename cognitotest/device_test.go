package cognitotest

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// testDevice is a device as a client remembers it.
type testDevice struct{ key, group, password string }

// verifier is what ConfirmDevice sends: base64 of the verifier and of the salt, in the padding of the JavaScript client.
func (d testDevice) verifier(salt *big.Int) m {
	n := testN()
	x := number(sum(padHex(salt), sum([]byte(d.group+d.key+":"+d.password))))
	return m{
		"PasswordVerifier": base64.StdEncoding.EncodeToString(padHex(new(big.Int).Exp(big.NewInt(2), x, n))),
		"Salt":             base64.StdEncoding.EncodeToString(padHex(salt)),
	}
}

var testSalt = new(big.Int).Lsh(big.NewInt(0xf36e5b96), 96) // its first bit is set: 17 bytes

func newTestDevice(t *testing.T, a answer) testDevice {
	t.Helper()
	metadata := a.tokens(t).AuthenticationResult.NewDeviceMetadata
	if metadata == nil {
		t.Fatalf("no NewDeviceMetadata: %s", a.Body)
	}
	return testDevice{metadata.DeviceKey, metadata.DeviceGroupKey, "a device's password"}
}

func (p *peer) confirm(a answer, d testDevice) answer {
	p.t.Helper()
	return p.idp("ConfirmDevice", m{"AccessToken": a.AuthenticationResult.AccessToken, "DeviceKey": d.key,
		"DeviceName": "laptop", "DeviceSecretVerifierConfig": d.verifier(testSalt)})
}

// deviceAnswers answers DEVICE_SRP_AUTH and gives the answers to DEVICE_PASSWORD_VERIFIER.
func (p *peer) deviceAnswers(a answer, d testDevice) (answer, []string) {
	p.t.Helper()
	e, stamp := newProof(), timestamp(time.Now())
	a = p.reply(a.asks(p.t, "DEVICE_SRP_AUTH"), "DEVICE_KEY", d.key, "SRP_A", e.A.Text(16)).asks(p.t, "DEVICE_PASSWORD_VERIFIER")
	return a, []string{"DEVICE_KEY", d.key, "TIMESTAMP", stamp, "PASSWORD_CLAIM_SECRET_BLOCK", a.ChallengeParameters["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE", e.signature(d.group, d.key, d.password, a.ChallengeParameters, stamp)}
}

func (p *peer) refresh(token, deviceKey string) answer {
	p.t.Helper()
	body := m{"ClientId": p.client, "RefreshToken": token}
	if deviceKey != "" {
		body["DeviceKey"] = deviceKey
	}
	return p.idp("GetTokensFromRefreshToken", body)
}

// A pool with MFA and device tracking: the first sign-in asks for the code, the second one not, the third one, after the
// device is forgotten, again.
func TestRememberedDevice(t *testing.T) {
	for _, tracking := range []string{"ALWAYS", "OPT_IN"} {
		t.Run(tracking, func(t *testing.T) {
			s, p := example(t, func(pool *UserPool, ada *User) {
				pool.MFAConfiguration, pool.DeviceTracking, ada.MFA = "ON", tracking, []string{"EMAIL_OTP"}
			})
			first := p.reply(p.signIn(ExampleUser, ExamplePassword).asks(t, "EMAIL_OTP"), "EMAIL_OTP_CODE", code(s))
			d := newTestDevice(t, first)
			r := first.AuthenticationResult
			if !strings.HasPrefix(d.key, "us-east-1_") || len(d.key) > 55 || d.group == "" {
				t.Errorf("device %q in group %q", d.key, d.group)
			}
			p.password(ExampleUser, "DEVICE_KEY", d.key).want(t, "ResourceNotFoundException") // not confirmed yet
			confirmed := p.confirm(first, d)
			confirmed.want(t, "")
			if want := fmt.Sprintf(`{"UserConfirmationNecessary":%t}`, tracking == "OPT_IN"); string(confirmed.Body) != want {
				t.Errorf("ConfirmDevice: %s, want %s", confirmed.Body, want)
			}
			status := func(value string) answer {
				return p.idp("UpdateDeviceStatus", m{"AccessToken": r.AccessToken, "DeviceKey": d.key, "DeviceRememberedStatus": value})
			}
			if tracking == "OPT_IN" {
				p.password(ExampleUser, "DEVICE_KEY", d.key).asks(t, "EMAIL_OTP") // not remembered
				status("remembered").want(t, "")
			}
			e := newProof()
			claim := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
			claim["DEVICE_KEY"] = d.key
			a, answers := p.deviceAnswers(p.respond("PASSWORD_VERIFIER", claim), d)
			if c := a.ChallengeParameters; c["DEVICE_KEY"] != d.key || c["USERNAME"] != ExampleUser || c["SALT"] != testSalt.Text(16) {
				t.Errorf("parameters %v", c)
			}
			second := p.reply(a, answers...).tokens(t)
			if second.AuthenticationResult.NewDeviceMetadata != nil {
				t.Errorf("a remembered device got another key")
			}
			p.reply(a, answers...).want(t, "NotAuthorizedException") // once
			p.refresh(second.AuthenticationResult.RefreshToken, d.key).want(t, "")

			status("not_remembered").want(t, "")
			p.password(ExampleUser, "DEVICE_KEY", d.key).asks(t, "EMAIL_OTP")
			status("forgotten").want(t, "InvalidParameterException")
			p.idp("ForgetDevice", m{"AccessToken": r.AccessToken, "DeviceKey": d.key}).want(t, "")
			if gone := p.password(ExampleUser, "DEVICE_KEY", d.key); gone.Code != "ResourceNotFoundException" || gone.Message != "Device does not exist." {
				t.Errorf("forgotten device: %s %s", gone.Code, gone.Message)
			}
			p.refresh(second.AuthenticationResult.RefreshToken, d.key).want(t, "NotAuthorizedException")
			p.password(ExampleUser).asks(t, "EMAIL_OTP")
		})
	}
}

func TestDeviceProofs(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.DeviceTracking = "ALWAYS" })
	first := p.password(ExampleUser)
	d := newTestDevice(t, first)
	p.confirm(first, d).want(t, "")
	start := func() answer { return p.password(ExampleUser, "DEVICE_KEY", d.key).asks(t, "DEVICE_SRP_AUTH") }
	other := d
	other.password = "a guess"
	const no = "NotAuthorizedException"
	for name, tt := range map[string]struct {
		device testDevice
		spoil  func(answers map[string]string)
		code   string
	}{
		"nothing":   {d, func(map[string]string) {}, ""},
		"password":  {other, func(map[string]string) {}, no},
		"signature": {d, func(c map[string]string) { c["PASSWORD_CLAIM_SIGNATURE"] = otherFirst(c["PASSWORD_CLAIM_SIGNATURE"]) }, no},
		"block":     {d, func(c map[string]string) { c["PASSWORD_CLAIM_SECRET_BLOCK"] = "AAAA" }, no},
		"timestamp": {d, func(c map[string]string) { c["TIMESTAMP"] = timestamp(time.Now().Add(-time.Hour)) }, no},
		"key":       {d, func(c map[string]string) { c["DEVICE_KEY"] = "us-east-1_" + newUUID() }, "ResourceNotFoundException"},
		"no key":    {d, func(c map[string]string) { delete(c, "DEVICE_KEY") }, "InvalidParameterException"},
	} {
		t.Run(name, func(t *testing.T) {
			a, answers := p.deviceAnswers(start(), tt.device)
			c := p.params(ExampleUser, answers...)
			tt.spoil(c)
			body := m{"ClientId": p.client, "ChallengeName": a.ChallengeName, "Session": a.Session, "ChallengeResponses": c}
			p.idp("RespondToAuthChallenge", body).want(t, tt.code)
			body["ChallengeResponses"] = p.params(ExampleUser, answers...)
			if name != "no key" {
				p.idp("RespondToAuthChallenge", body).want(t, no) // used up, right or wrong
			}
		})
	}
	p.reply(start(), "DEVICE_KEY", d.key, "SRP_A", "0").want(t, "InvalidParameterException")
	p.reply(start(), "DEVICE_KEY", "us-east-1_"+newUUID(), "SRP_A", "12").want(t, "ResourceNotFoundException")
	a := start()
	a.Session = nil
	p.reply(a, "DEVICE_KEY", d.key, "SRP_A", "12").want(t, no)
	t.Run("forgotten on the way", func(t *testing.T) {
		a, answers := p.deviceAnswers(start(), d)
		p.idp("ForgetDevice", m{"AccessToken": first.AuthenticationResult.AccessToken, "DeviceKey": d.key}).want(t, "")
		p.reply(a, answers...).want(t, "ResourceNotFoundException")
	})
	t.Run("of another user", func(t *testing.T) {
		grace := p.reply(p.password(ExampleNewUser).asks(t, "NEW_PASSWORD_REQUIRED"), "NEW_PASSWORD", "another-Horse-8")
		device := newTestDevice(t, grace)
		p.confirm(grace, device).want(t, "")
		p.password(ExampleUser, "DEVICE_KEY", device.key).want(t, "ResourceNotFoundException")
	})
}

func TestConfirmDeviceRefuses(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.DeviceTracking = "ALWAYS" })
	first, second := p.password(ExampleUser), p.password(ExampleUser)
	d := newTestDevice(t, first)
	token := first.AuthenticationResult.AccessToken
	good := d.verifier(testSalt)
	with := func(name, value string) m {
		secrets := m{"PasswordVerifier": good["PasswordVerifier"], "Salt": good["Salt"]}
		secrets[name] = value
		return secrets
	}
	n := modulus()
	const no = "InvalidParameterException"
	for name, tt := range map[string]struct {
		token, key string
		secrets    any
		code       string
	}{
		"token of another sign-in": {second.AuthenticationResult.AccessToken, d.key, good, no},
		"ID token":                 {first.AuthenticationResult.IdToken, d.key, good, "NotAuthorizedException"},
		"another key":              {token, "us-east-1_" + newUUID(), good, no},
		"no key":                   {token, "", good, no},
		"no secrets":               {token, d.key, nil, no},
		"empty secrets":            {token, d.key, m{}, no},
		"negative salt":            {token, d.key, with("Salt", base64.StdEncoding.EncodeToString(testSalt.Bytes())), no},
		"salt not minimal":         {token, d.key, with("Salt", base64.StdEncoding.EncodeToString([]byte{0, 0, 1})), no},
		"salt 0":                   {token, d.key, with("Salt", "AA=="), no},
		"salt hex":                 {token, d.key, with("Salt", "!"), no},
		"verifier 0":               {token, d.key, with("PasswordVerifier", "AA=="), no},
		"verifier N":               {token, d.key, with("PasswordVerifier", base64.StdEncoding.EncodeToString(javaBytes(n))), no},
		"verifier huge":            {token, d.key, with("PasswordVerifier", base64.StdEncoding.EncodeToString(javaBytes(new(big.Int).Lsh(n, 64)))), no},
	} {
		t.Run(name, func(t *testing.T) {
			p.idp("ConfirmDevice", m{"AccessToken": tt.token, "DeviceKey": tt.key, "DeviceSecretVerifierConfig": tt.secrets}).want(t, tt.code)
		})
	}
	if a := p.idp("ConfirmDevice", m{"AccessToken": token, "DeviceKey": "us-east-1_0", "DeviceSecretVerifierConfig": good}); a.Message != "Invalid device key given." {
		t.Errorf("message %q", a.Message)
	}
	p.confirm(first, d).want(t, "")
	p.confirm(first, d).want(t, "DeviceKeyExistsException")
}

// A refresh token belongs to the device of its sign-in, once that is confirmed.
func TestRefreshNeedsDevice(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.DeviceTracking = "OPT_IN" })
	first, other := p.password(ExampleUser), p.password(ExampleUser)
	d, d2 := newTestDevice(t, first), newTestDevice(t, other)
	token := first.AuthenticationResult.RefreshToken
	const no = "NotAuthorizedException"
	p.refresh(token, "").want(t, no)
	p.refresh(token, d.key).want(t, no) // not confirmed
	p.confirm(first, d).want(t, "")
	p.confirm(other, d2).want(t, "")
	p.refresh(token, "").want(t, no)
	p.refresh(token, d2.key).want(t, no)
	p.refresh(token, d.key).want(t, "")
	p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", token)).want(t, no)
	p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", token, "DEVICE_KEY", d.key)).want(t, "")
}

// A client that is told that its device is not known sends the same answer again without it, as Amazon's clients do.
func TestUnknownDeviceKeepsSession(t *testing.T) {
	s := Example()
	s.UserPools[0].DeviceTracking = "ALWAYS"
	p := newPeer(t, s)
	e := newProof()
	answers := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
	answers["DEVICE_KEY"] = "us-east-1_00000000-0000-0000-0000-000000000000"
	p.respond("PASSWORD_VERIFIER", answers).want(t, "ResourceNotFoundException")
	delete(answers, "DEVICE_KEY")
	p.respond("PASSWORD_VERIFIER", answers).tokens(t)
}

// That holds also for a device that InitiateAuth named already.
func TestUnknownDeviceIsLeftOut(t *testing.T) {
	s, p := choosing(t, nil)
	s.UserPools[0].DeviceTracking = "ALWAYS"
	unknown := "us-east-1_" + newUUID()
	a := p.initiate("USER_AUTH", p.params(ExampleUser, "DEVICE_KEY", unknown)).asks(t, "SELECT_CHALLENGE")
	p.reply(a, "ANSWER", "PASSWORD", "PASSWORD", ExamplePassword, "DEVICE_KEY", unknown).want(t, "ResourceNotFoundException")
	p.reply(a, "ANSWER", "PASSWORD", "PASSWORD", ExamplePassword).tokens(t)
}
