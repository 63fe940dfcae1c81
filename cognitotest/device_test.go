package cognitotest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// testDevice is what a client stores about its device.
type testDevice struct{ key, group, password string }

// testSalt has its highest bit set, so that it is encoded in 17 bytes.
var testSalt = new(big.Int).Lsh(big.NewInt(0xf36e5b96), 96)

func newTestDevice(t *testing.T, a response) testDevice {
	t.Helper()
	metadata := a.wantTokens(t).AuthenticationResult.NewDeviceMetadata
	if metadata == nil {
		t.Fatalf("response = %s, want NewDeviceMetadata", a.Body)
	}
	return testDevice{metadata.DeviceKey, metadata.DeviceGroupKey, "a device's password"}
}

// verifier returns DeviceSecretVerifierConfig, encoded as the JavaScript client does.
func (d testDevice) verifier() params {
	x := number(sum(padHex(testSalt), sum([]byte(d.group+d.key+":"+d.password))))
	verifier := new(big.Int).Exp(big.NewInt(2), x, testN())
	return params{
		"PasswordVerifier": base64.StdEncoding.EncodeToString(padHex(verifier)),
		"Salt":             base64.StdEncoding.EncodeToString(padHex(testSalt)),
	}
}

func (p *peer) confirmDevice(token, key string, verifier any) response {
	p.t.Helper()
	return p.idp("ConfirmDevice", object{
		"AccessToken":                token,
		"DeviceKey":                  key,
		"DeviceName":                 "laptop",
		"DeviceSecretVerifierConfig": verifier,
	})
}

// confirm confirms the device of the sign-in a.
func (p *peer) confirm(a response, d testDevice) response {
	p.t.Helper()
	return p.confirmDevice(a.AuthenticationResult.AccessToken, d.key, d.verifier())
}

func (p *peer) forgetDevice(token, key string) response {
	p.t.Helper()
	return p.idp("ForgetDevice", object{"AccessToken": token, "DeviceKey": key})
}

// startDevice responds to DEVICE_SRP_AUTH. It returns the next challenge, and the correct responses
// to it.
func (p *peer) startDevice(a response, d testDevice) (response, []string) {
	p.t.Helper()
	e, stamp := newSRPClient(), timestamp(time.Now())
	a.wantChallenge(p.t, "DEVICE_SRP_AUTH")
	a = p.reply(a, "DEVICE_KEY", d.key, "SRP_A", e.A.Text(16)).
		wantChallenge(p.t, "DEVICE_PASSWORD_VERIFIER")
	c := a.ChallengeParameters
	return a, []string{
		"DEVICE_KEY", d.key,
		"TIMESTAMP", stamp,
		"PASSWORD_CLAIM_SECRET_BLOCK", c["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE", e.signature(d.group, d.key, d.password, c, stamp),
	}
}

// In a pool with MFA, a remembered device signs in without a code until it is forgotten.
func TestRememberedDevice(t *testing.T) {
	for _, tracking := range []string{"ALWAYS", "OPT_IN"} {
		t.Run(tracking, func(t *testing.T) {
			s, p := example(t, func(pool *UserPool, ada *User) {
				pool.MFAConfiguration = "ON"
				pool.DeviceTracking = tracking
				ada.MFA = []string{"EMAIL_OTP"}
			})
			a := p.signIn(ExampleUser, ExamplePassword).wantChallenge(t, "EMAIL_OTP")
			first := p.reply(a, "EMAIL_OTP_CODE", code(s))
			d := newTestDevice(t, first)
			token := first.AuthenticationResult.AccessToken
			if !strings.HasPrefix(d.key, "us-east-1_") || len(d.key) > 55 || d.group == "" {
				t.Errorf("device key = %q, group = %q", d.key, d.group)
			}
			signIn := func() response { return p.password(ExampleUser, "DEVICE_KEY", d.key) }
			setStatus := func(status string) response {
				return p.idp("UpdateDeviceStatus", object{
					"AccessToken":            token,
					"DeviceKey":              d.key,
					"DeviceRememberedStatus": status,
				})
			}
			signIn().want(t, "ResourceNotFoundException") // not confirmed yet
			confirmed := p.confirm(first, d)
			confirmed.want(t, "")
			want := fmt.Sprintf(`{"UserConfirmationNecessary":%t}`, tracking == "OPT_IN")
			if string(confirmed.Body) != want {
				t.Errorf("ConfirmDevice = %s, want %s", confirmed.Body, want)
			}
			if tracking == "OPT_IN" {
				signIn().wantChallenge(t, "EMAIL_OTP") // not remembered yet
				setStatus("remembered").want(t, "")
			}
			e := newSRPClient()
			stamp := timestamp(time.Now())
			claim := p.claim(e, p.start(e, ExampleUser), ExamplePassword, stamp)
			claim["DEVICE_KEY"] = d.key
			a, responses := p.startDevice(p.respond("PASSWORD_VERIFIER", claim), d)
			c := a.ChallengeParameters
			if c["DEVICE_KEY"] != d.key || c["USERNAME"] != ExampleUser ||
				c["SALT"] != testSalt.Text(16) {
				t.Errorf("ChallengeParameters = %v", c)
			}
			second := p.reply(a, responses...).wantTokens(t).AuthenticationResult
			if second.NewDeviceMetadata != nil {
				t.Error("a remembered device gets another key")
			}
			p.reply(a, responses...).want(t, "NotAuthorizedException") // used up
			p.refresh(second.RefreshToken, d.key).want(t, "")

			setStatus("not_remembered").want(t, "")
			signIn().wantChallenge(t, "EMAIL_OTP")
			setStatus("forgotten").want(t, "InvalidParameterException")
			p.forgetDevice(token, d.key).want(t, "")
			gone := signIn()
			gone.want(t, "ResourceNotFoundException")
			if gone.Message != "Device does not exist." {
				t.Errorf("forgotten device: message = %q", gone.Message)
			}
			p.refresh(second.RefreshToken, d.key).want(t, "NotAuthorizedException")
			p.password(ExampleUser).wantChallenge(t, "EMAIL_OTP")
		})
	}
}

// trackDevices is a change for example.
func trackDevices(pool *UserPool, _ *User) { pool.DeviceTracking = "ALWAYS" }

func TestDeviceProofs(t *testing.T) {
	_, p := example(t, trackDevices)
	first := p.password(ExampleUser)
	d := newTestDevice(t, first)
	p.confirm(first, d).want(t, "")
	start := func() response {
		return p.password(ExampleUser, "DEVICE_KEY", d.key).wantChallenge(t, "DEVICE_SRP_AUTH")
	}
	other := d
	other.password = "a guess"
	unknown := "us-east-1_" + newUUID()
	hourAgo := timestamp(time.Now().Add(-time.Hour))
	set := func(name, value string) func(params) {
		return func(c params) { c[name] = value }
	}
	const (
		no        = "NotAuthorizedException"
		notFound  = "ResourceNotFoundException"
		parameter = "InvalidParameterException"
	)
	for _, tt := range []struct {
		name   string
		device testDevice
		spoil  func(responses params)
		code   string
	}{
		{"nothing", d, func(params) {}, ""},
		{"password", other, func(params) {}, no},
		{"signature", d, func(c params) {
			c["PASSWORD_CLAIM_SIGNATURE"] = changeFirst(c["PASSWORD_CLAIM_SIGNATURE"])
		}, no},
		{"block", d, set("PASSWORD_CLAIM_SECRET_BLOCK", "AAAA"), no},
		{"timestamp", d, set("TIMESTAMP", hourAgo), no},
		{"key", d, set("DEVICE_KEY", unknown), notFound},
		{"no key", d, set("DEVICE_KEY", ""), parameter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, responses := p.startDevice(start(), tt.device)
			c := p.params(ExampleUser, responses...)
			tt.spoil(c)
			p.respondWith(a.ChallengeName, a.Session, c).want(t, tt.code)
			if tt.code != parameter { // Every other response uses the Session up.
				p.reply(a, responses...).want(t, no)
			}
		})
	}
	p.reply(start(), "DEVICE_KEY", d.key, "SRP_A", "0").want(t, parameter)
	p.reply(start(), "DEVICE_KEY", unknown, "SRP_A", "12").want(t, notFound)
	a := start()
	a.Session = nil
	p.reply(a, "DEVICE_KEY", d.key, "SRP_A", "12").want(t, no)
	t.Run("forgotten in between", func(t *testing.T) {
		a, responses := p.startDevice(start(), d)
		p.forgetDevice(first.AuthenticationResult.AccessToken, d.key).want(t, "")
		p.reply(a, responses...).want(t, notFound)
	})
	t.Run("of another user", func(t *testing.T) {
		a := p.password(ExampleNewUser).wantChallenge(t, "NEW_PASSWORD_REQUIRED")
		grace := p.reply(a, "NEW_PASSWORD", newPassword)
		device := newTestDevice(t, grace)
		p.confirm(grace, device).want(t, "")
		p.password(ExampleUser, "DEVICE_KEY", device.key).want(t, notFound)
	})
}

func TestConfirmDeviceRefuses(t *testing.T) {
	_, p := example(t, trackDevices)
	first, second := p.password(ExampleUser), p.password(ExampleUser)
	d := newTestDevice(t, first)
	tokens := first.AuthenticationResult
	token := tokens.AccessToken
	good := d.verifier()
	with := func(name, value string) params {
		changed := params{"PasswordVerifier": good["PasswordVerifier"], "Salt": good["Salt"]}
		changed[name] = value
		return changed
	}
	b64 := base64.StdEncoding.EncodeToString
	n := modulus()
	huge := new(big.Int).Lsh(n, 64)
	unknown := "us-east-1_" + newUUID()
	const (
		parameter = "InvalidParameterException"
		verifier  = "PasswordVerifier"
	)
	for _, tt := range []struct {
		name, token, key string
		verifier         any
		code             string
	}{
		{"token of another sign-in", second.AuthenticationResult.AccessToken, d.key, good,
			parameter},
		{"ID token", tokens.IdToken, d.key, good, "NotAuthorizedException"},
		{"another key", token, unknown, good, parameter},
		{"no key", token, "", good, parameter},
		{"no verifier", token, d.key, nil, parameter},
		{"empty verifier", token, d.key, params{}, parameter},
		{"negative salt", token, d.key, with("Salt", b64(testSalt.Bytes())), parameter},
		{"salt not minimal", token, d.key, with("Salt", b64([]byte{0, 0, 1})), parameter},
		{"salt 0", token, d.key, with("Salt", "AA=="), parameter},
		{"salt not base64", token, d.key, with("Salt", "!"), parameter},
		{"verifier 0", token, d.key, with(verifier, "AA=="), parameter},
		{"verifier N", token, d.key, with(verifier, b64(javaBytes(n))), parameter},
		{"verifier huge", token, d.key, with(verifier, b64(javaBytes(huge))), parameter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.confirmDevice(tt.token, tt.key, tt.verifier).want(t, tt.code)
		})
	}
	want := "Invalid device key given."
	if a := p.confirmDevice(token, "us-east-1_0", good); a.Message != want {
		t.Errorf("message = %q, want %q", a.Message, want)
	}
	p.confirm(first, d).want(t, "")
	p.confirm(first, d).want(t, "DeviceKeyExistsException")
}

// A refresh token is valid for the device of its sign-in, once that is confirmed.
func TestRefreshNeedsDevice(t *testing.T) {
	_, p := example(t, func(pool *UserPool, _ *User) { pool.DeviceTracking = "OPT_IN" })
	first, second := p.password(ExampleUser), p.password(ExampleUser)
	d, other := newTestDevice(t, first), newTestDevice(t, second)
	token := first.AuthenticationResult.RefreshToken
	const no = "NotAuthorizedException"
	p.refresh(token, "").want(t, no)
	p.refresh(token, d.key).want(t, no) // not confirmed
	p.confirm(first, d).want(t, "")
	p.confirm(second, other).want(t, "")
	p.refresh(token, "").want(t, no)
	p.refresh(token, other.key).want(t, no)
	p.refresh(token, d.key).want(t, "")
	p.refreshAuth(params{"REFRESH_TOKEN": token}).want(t, no)
	p.refreshAuth(params{"REFRESH_TOKEN": token, "DEVICE_KEY": d.key}).want(t, "")
}

// After an unknown device, the same response without it succeeds. Amazon's clients rely on that.
func TestUnknownDeviceKeepsSession(t *testing.T) {
	_, p := example(t, trackDevices)
	e := newSRPClient()
	claim := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
	claim["DEVICE_KEY"] = "us-east-1_" + newUUID()
	p.respond("PASSWORD_VERIFIER", claim).want(t, "ResourceNotFoundException")
	delete(claim, "DEVICE_KEY")
	p.respond("PASSWORD_VERIFIER", claim).wantTokens(t)
}

// The same holds if InitiateAuth already named the device.
func TestUnknownDeviceOfInitiateAuth(t *testing.T) {
	_, p := choosing(t, trackDevices)
	unknown := "us-east-1_" + newUUID()
	a := p.initiate("USER_AUTH", p.params(ExampleUser, "DEVICE_KEY", unknown)).
		wantChallenge(t, "SELECT_CHALLENGE")
	in := []string{"ANSWER", "PASSWORD", "PASSWORD", ExamplePassword}
	p.reply(a, append(in, "DEVICE_KEY", unknown)...).want(t, "ResourceNotFoundException")
	p.reply(a, in...).wantTokens(t)
}

// wireDevice is a device in the form of GetDevice and ListDevices.
type wireDevice struct {
	DeviceKey        string
	DeviceAttributes []struct{ Name, Value string }

	DeviceCreateDate            float64
	DeviceLastModifiedDate      float64
	DeviceLastAuthenticatedDate float64
}

func TestListDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, trackDevices)
		token, all := "", []string(nil)
		created := time.Now()
		for range 3 {
			a := p.password(ExampleUser)
			d := newTestDevice(t, a)
			p.confirm(a, d).want(t, "")
			token = a.AuthenticationResult.AccessToken
			all = append(all, d.key)
			time.Sleep(time.Second)
		}
		p.password(ExampleUser) // a device that is not confirmed

		list := func(body object) (keys []string, next string) {
			t.Helper()
			body["AccessToken"] = token
			var page struct {
				Devices         []wireDevice
				PaginationToken string
			}
			a := p.idp("ListDevices", body)
			a.want(t, "")
			if err := json.Unmarshal(a.Body, &page); err != nil {
				t.Fatal(err)
			}
			for _, d := range page.Devices {
				keys = append(keys, d.DeviceKey)
			}
			return keys, page.PaginationToken
		}
		if keys, next := list(object{}); !slices.Equal(keys, all) || next != "" {
			t.Errorf("ListDevices = %v, %q, want %v", keys, next, all)
		}
		keys, next := list(object{"Limit": 2})
		rest, end := list(object{"Limit": 2, "PaginationToken": next})
		if !slices.Equal(append(keys, rest...), all) || len(keys) != 2 || end != "" {
			t.Errorf("pages = %v and %v, then %q, want %v", keys, rest, end, all)
		}
		var one struct{ Device wireDevice }
		a := p.idp("GetDevice", object{"AccessToken": token, "DeviceKey": all[0]})
		if err := json.Unmarshal(a.Body, &one); err != nil {
			t.Fatal(err)
		}
		d := one.Device
		if d.DeviceKey != all[0] || d.DeviceCreateDate != float64(created.Unix()) {
			t.Errorf("GetDevice = %s", a.Body)
		}
		for _, want := range []string{
			"{dev:device_remembered_status remembered}",
			"{device_name laptop}",
		} {
			if got := fmt.Sprint(d.DeviceAttributes); !strings.Contains(got, want) {
				t.Errorf("DeviceAttributes = %s, want %s in it", got, want)
			}
		}
		const parameter = "InvalidParameterException"
		for _, tt := range []struct {
			operation, name string
			value           any
			code            string
		}{
			{"ListDevices", "Limit", 61, parameter},
			{"ListDevices", "PaginationToken", "x", parameter},
			{"GetDevice", "DeviceKey", "us-east-1_0", "ResourceNotFoundException"},
			{"ForgetDevice", "DeviceKey", "us-east-1_0", "ResourceNotFoundException"},
			{"UpdateDeviceStatus", "DeviceKey", "us-east-1_0", "ResourceNotFoundException"},
		} {
			body := object{tt.name: tt.value}
			p.idp(tt.operation, body).want(t, parameter) // no access token
			body["AccessToken"] = token
			p.idp(tt.operation, body).want(t, tt.code)
			body["AccessToken"] = "x"
			p.idp(tt.operation, body).want(t, "NotAuthorizedException")
		}
	})
}

// TestDeviceTranscripts replays sign-ins of AWS's JavaScript client: one that confirms a device,
// and one with that device.
func TestDeviceTranscripts(t *testing.T) {
	var v struct {
		Scenarios []struct {
			Name        string
			Key         string `json:"device_key"`
			Group       string `json:"device_group_key"`
			Salt        string `json:"device_salt_hex"`
			SmallB      string `json:"device_b_hex"`
			SecretBlock string `json:"device_secret_block_b64"`
			VerifierHex string `json:"device_verifier_hex"`
			UserSmallB  string `json:"user_b_hex"`
			UserBlock   string `json:"user_secret_block_b64"`
			PoolID      string `json:"pool_id"`
			User        string `json:"user_id_for_srp"`
			Password    string
			UserSalt    string `json:"salt_hex"`
			Transcript  []struct {
				Op      string
				Request struct {
					ChallengeName              string
					AuthParameters             params
					ChallengeResponses         params
					DeviceSecretVerifierConfig struct{ PasswordVerifier, Salt string }
				}
			}
		}
	}
	if err := testvectors.Decode("cognito_js_device_generated", &v); err != nil {
		t.Fatal(err)
	}
	for _, tt := range v.Scenarios {
		t.Run(tt.Name, func(t *testing.T) {
			pool := UserPool{ID: tt.PoolID}
			userVerifier := newVerifier(pool.name(), tt.User, tt.Password, hexInt(t, tt.UserSalt))
			start := func(group, name string, verifier *big.Int, a, b string) *exchange {
				t.Helper()
				e, err := newExchange(group, name, verifier, a)
				if err != nil {
					t.Fatal(err)
				}
				e.setSecret(hexInt(t, b))
				return e
			}
			checkProof := func(e *exchange, block string, responses params) {
				t.Helper()
				c := &session{exchange: e, secretBlock: block}
				raw, _ := base64.StdEncoding.DecodeString(block)
				signature, _ := base64.StdEncoding.DecodeString(
					responses["PASSWORD_CLAIM_SIGNATURE"])
				if !e.accepts(signature, raw, responses["TIMESTAMP"]) {
					t.Error("the correct proof is refused")
				}
				if c.proves(responses) {
					t.Error("a proof with an old timestamp is accepted")
				}
			}
			var verifier, salt *big.Int
			var user, device *exchange
			proofs := 0
			for _, step := range tt.Transcript {
				in := step.Request
				switch step.Op + " " + in.ChallengeName {
				case "InitiateAuth ":
					user = start(pool.name(), tt.User, userVerifier,
						in.AuthParameters["SRP_A"], tt.UserSmallB)
				case "RespondToAuthChallenge PASSWORD_VERIFIER":
					checkProof(user, tt.UserBlock, in.ChallengeResponses)
					proofs++
				case "ConfirmDevice ":
					config := in.DeviceSecretVerifierConfig
					verifier, salt = javaNumber(config.PasswordVerifier), javaNumber(config.Salt)
					if verifier == nil || verifier.Cmp(hexInt(t, tt.VerifierHex)) != 0 ||
						salt == nil || salt.Cmp(hexInt(t, tt.Salt)) != 0 {
						t.Fatalf("verifier = %x, salt = %x", verifier, salt)
					}
				case "RespondToAuthChallenge DEVICE_SRP_AUTH":
					device = start(tt.Group, tt.Key, verifier,
						in.ChallengeResponses["SRP_A"], tt.SmallB)
				case "RespondToAuthChallenge DEVICE_PASSWORD_VERIFIER":
					checkProof(device, tt.SecretBlock, in.ChallengeResponses)
					proofs++
				default:
					t.Fatalf("unknown step %s %s", step.Op, in.ChallengeName)
				}
			}
			if proofs != 3 {
				t.Errorf("%d proofs, want 3", proofs)
			}
		})
	}
	if len(v.Scenarios) == 0 {
		t.Error("no vector")
	}
}
