package srp

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"testing"
)

// TestGenerated repeats sign-ins that amazon-cognito-identity-js made with given a, b and clock,
// on both sides.
func TestGenerated(t *testing.T) {
	var file struct {
		K     string `json:"k_hex"`
		Cases []struct {
			signIn
			HKDF   string `json:"hkdf_key_hex"`
			K      string `json:"k_hex"`
			Server struct {
				V string `json:"v_hex"`
				S string `json:"S_hex"`
				U string `json:"u_hex"`
			}
			Requests []struct {
				Op     string
				Params struct{ AuthParameters, ChallengeResponses map[string]string }
			}
		}
		NegativeB []struct {
			B string `json:"big_B_hex"`
		} `json:"negative_B"`
	}
	decode(t, "cognito_js_generated", &file)
	if len(file.Cases) != 18 || len(file.NegativeB) != 3 {
		t.Fatalf("the file has %d cases and %d refused B, want 18 and 3",
			len(file.Cases), len(file.NegativeB))
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if len(c.Requests) != 2 {
				t.Fatalf("the case has %d requests, want 2", len(c.Requests))
			}
			c.KeyHex = c.HKDF
			clientA := c.signIn.check(t)

			// The request bodies, and the server's view of them.
			srpA := c.Requests[0].Params.AuthParameters["SRP_A"]
			responses := c.Requests[1].Params.ChallengeResponses
			pool := must[string](t)(PoolName(c.PoolID))
			id := Identity{Pool: pool, User: c.User, Password: c.Password}
			verifier := must[Verifier](t)(newVerifier(id, bigHex(c.SaltHex)))
			server := must[*Server](t)(newServer(verifier, bigHex(c.BHex)))
			u := scramble(bigHex(srpA), server.bigB)
			S := cognito().serverSecret(bigHex(srpA), server.v, u, bigHex(c.BHex))
			for _, value := range []struct{ name, got, want string }{
				{"k", cognito().k.Text(16), c.K},
				{"SRP_A", clientA, srpA},
				{"v", server.v.Text(16), c.Server.V},
				{"B", server.B(), c.PublicBHex},
				{"SALT", server.Salt(), bigHex(c.SaltHex).Text(16)},
				{"u", u.Text(16), c.Server.U},
				{"S", S.Text(16), c.Server.S},
				{"TIMESTAMP", responses["TIMESTAMP"], c.Timestamp},
				{"signature", responses["PASSWORD_CLAIM_SIGNATURE"], c.Signature},
			} {
				if value.got != value.want {
					t.Errorf("%s = %s, want %s", value.name, value.got, value.want)
				}
			}
			id.Password = "" // a server does not have it
			block := unbase64(t, responses["PASSWORD_CLAIM_SECRET_BLOCK"])
			signature := unbase64(t, responses["PASSWORD_CLAIM_SIGNATURE"])
			err := server.Verify(srpA, id, block, responses["TIMESTAMP"], signature)
			if err != nil {
				t.Errorf("Verify = %v, want nil", err)
			}
		})
	}
	for _, n := range file.NegativeB {
		ch := Challenge{Salt: "1", B: n.B, SecretBlock: testBlock}
		_, err := NewClient().Sign(testID, ch, testTimestamp)
		checkError(t, "Sign", err, "SRP_B is 0 modulo N")
	}
}

// deviceScenario is a pair of sign-ins with a password. The first registers a device with
// ConfirmDevice, and the second contains the exchange of that device.
type deviceScenario struct {
	Name           string
	PoolID         string `json:"pool_id"`
	User           string `json:"user_id_for_srp"`
	Password       string
	Salt           string   `json:"salt_hex"`
	B              string   `json:"user_b_hex"`
	Key            string   `json:"device_key"`
	Group          string   `json:"device_group_key"`
	DevicePassword string   `json:"device_password"`
	DeviceSalt     string   `json:"device_salt_hex"`
	DeviceVerifier string   `json:"device_verifier_hex"`
	DeviceB        string   `json:"device_b_hex"`
	A              []string `json:"small_a_hex"` // one for each exchange
	Transcript     []struct {
		Request struct {
			AuthParameters, ChallengeResponses map[string]string
			DeviceSecretVerifierConfig         struct{ Salt, PasswordVerifier string }
		}
		Response struct{ ChallengeParameters map[string]string }
	}
}

// TestGeneratedDevice repeats the transcripts of amazon-cognito-identity-js with a device.
func TestGeneratedDevice(t *testing.T) {
	var file struct{ Scenarios []deviceScenario }
	decode(t, "cognito_js_device_generated", &file)
	if len(file.Scenarios) != 2 {
		t.Fatalf("the file has %d scenarios, want 2", len(file.Scenarios))
	}
	for _, s := range file.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			s.check(t)
		})
	}
}

func (s deviceScenario) check(t *testing.T) {
	pool := must[string](t)(PoolName(s.PoolID))
	user := Identity{Pool: pool, User: s.User, Password: s.Password}
	device := Identity{Pool: s.Group, User: s.Key, Password: s.DevicePassword}
	deviceVerifier := must[Verifier](t)(newVerifier(device, bigHex(s.DeviceSalt)))
	got := new(big.Int).SetBytes(deviceVerifier.PasswordVerifier)
	if got.Cmp(bigHex(s.DeviceVerifier)) != 0 {
		t.Errorf("verifier = %x, want %s", got, s.DeviceVerifier)
	}
	confirmed, proofs := 0, 0
	var srpA string
	var challenge map[string]string
	for _, step := range s.Transcript {
		req := step.Request
		if c := req.DeviceSecretVerifierConfig; c.Salt != "" {
			confirmed++
			if !bytes.Equal(unbase64(t, c.Salt), deviceVerifier.Salt) ||
				!bytes.Equal(unbase64(t, c.PasswordVerifier), deviceVerifier.PasswordVerifier) {
				t.Errorf("ConfirmDevice has %+v, want salt %x and verifier %x",
					c, deviceVerifier.Salt, deviceVerifier.PasswordVerifier)
			}
		}
		if want := req.ChallengeResponses["PASSWORD_CLAIM_SIGNATURE"]; want != "" {
			id, salt, b := user, s.Salt, s.B
			if challenge["DEVICE_KEY"] != "" {
				id, salt, b = device, s.DeviceSalt, s.DeviceB
			}
			client := newClient(bigHex(s.A[proofs]))
			if client.A() != srpA {
				t.Errorf("A() = %s, want %s", client.A(), srpA)
			}
			ch := Challenge{
				Salt:        challenge["SALT"],
				B:           challenge["SRP_B"],
				SecretBlock: unbase64(t, challenge["SECRET_BLOCK"]),
			}
			timestamp := req.ChallengeResponses["TIMESTAMP"]
			got, err := client.Sign(id, ch, timestamp)
			if err != nil || base64.StdEncoding.EncodeToString(got) != want {
				t.Errorf("Sign = %x, %v, want %s", got, err, want)
			}

			verifier := must[Verifier](t)(newVerifier(id, bigHex(salt)))
			server := must[*Server](t)(newServer(verifier, bigHex(b)))
			if server.B() != challenge["SRP_B"] {
				t.Errorf("server.B() = %s, want %s", server.B(), challenge["SRP_B"])
			}
			if want := bigHex(challenge["SALT"]).Text(16); server.Salt() != want {
				t.Errorf("server.Salt() = %s, want %s", server.Salt(), want)
			}
			err = server.Verify(srpA, id, ch.SecretBlock, timestamp, unbase64(t, want))
			if err != nil {
				t.Errorf("Verify = %v, want nil", err)
			}
			proofs++
		}
		if a := req.AuthParameters["SRP_A"] + req.ChallengeResponses["SRP_A"]; a != "" {
			srpA, challenge = a, step.Response.ChallengeParameters
		}
	}
	if confirmed != 1 || proofs != 3 || len(s.A) != 3 {
		t.Errorf("the transcript has %d ConfirmDevice, %d proofs and %d a, want 1, 3 and 3",
			confirmed, proofs, len(s.A))
	}
}
