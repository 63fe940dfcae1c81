package srp

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"testing"
)

// TestGenerated runs what amazon-cognito-identity-js sent for given a, b and clock.
func TestGenerated(t *testing.T) {
	var f struct {
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
	decode(t, "cognito_js_generated", &f)
	if len(f.Cases) != 18 || len(f.NegativeB) != 3 {
		t.Fatalf("%d cases, %d refused B", len(f.Cases), len(f.NegativeB))
	}
	for _, v := range f.Cases {
		t.Run(v.Name, func(t *testing.T) {
			v.KeyHex = v.HKDF
			if v.K != cognito().k.Text(16) || len(v.Requests) != 2 {
				t.Errorf("k = %s, %d requests", v.K, len(v.Requests))
			}
			v.signIn.check(t)

			// The request bodies, and the other side's view of them.
			answers := v.Requests[1].Params.ChallengeResponses
			srpA := v.Requests[0].Params.AuthParameters["SRP_A"]
			if a := newClient(bigHex(v.AHex)).A(); a != srpA {
				t.Errorf("SRP_A = %s, want %s", a, srpA)
			}
			pool, _ := PoolName(v.PoolID)
			id := Identity{Pool: pool, User: v.User, Password: v.Password}
			verifier, err := newVerifier(id, bigHex(v.SaltHex))
			if err != nil {
				t.Fatal(err)
			}
			server, err := newServer(verifier, bigHex(v.BHex))
			if err != nil {
				t.Fatal(err)
			}
			u := scramble(bigHex(srpA), server.bigB)
			S := cognito().serverSecret(bigHex(srpA), server.v, u, bigHex(v.BHex))
			for _, c := range [][3]string{
				{"v", server.v.Text(16), v.Server.V},
				{"B", server.B(), v.PublicBHex},
				{"SALT", server.Salt(), bigHex(v.SaltHex).Text(16)},
				{"u", u.Text(16), v.Server.U},
				{"S", S.Text(16), v.Server.S},
				{"TIMESTAMP", answers["TIMESTAMP"], v.Timestamp},
				{"PASSWORD_CLAIM_SIGNATURE", answers["PASSWORD_CLAIM_SIGNATURE"], v.Signature},
			} {
				if c[1] != c[2] {
					t.Errorf("%s = %s, want %s", c[0], c[1], c[2])
				}
			}
			id.Password = "" // the server has none
			err = server.Verify(srpA, id, unbase64(t, answers["PASSWORD_CLAIM_SECRET_BLOCK"]), answers["TIMESTAMP"],
				unbase64(t, answers["PASSWORD_CLAIM_SIGNATURE"]))
			if err != nil {
				t.Error(err)
			}
		})
	}
	for _, v := range f.NegativeB {
		ch := Challenge{Salt: "1", B: v.B, SecretBlock: []byte("block")}
		_, err := NewClient().Sign(Identity{"p", "u", "p"}, ch, "Tue Apr 5 06:07:08 UTC 2022")
		if err == nil || err.Error() != "srp: SRP_B is 0 modulo N" {
			t.Errorf("B = %.20s: %v", v.B, err)
		}
	}
}

// TestGeneratedDevice runs the whole transcripts: two sign-ins by password, the
// verifier of ConfirmDevice, and the device's own exchange in the second.
func TestGeneratedDevice(t *testing.T) {
	var f struct {
		Scenarios []struct {
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
	}
	decode(t, "cognito_js_device_generated", &f)
	if len(f.Scenarios) != 2 {
		t.Fatalf("%d scenarios", len(f.Scenarios))
	}
	for _, s := range f.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			pool, err := PoolName(s.PoolID)
			if err != nil {
				t.Fatal(err)
			}
			user := Identity{Pool: pool, User: s.User, Password: s.Password}
			device := Identity{Pool: s.Group, User: s.Key, Password: s.DevicePassword}
			deviceVerifier, err := newVerifier(device, bigHex(s.DeviceSalt))
			if err != nil {
				t.Fatal(err)
			}
			if got := deviceVerifier.Verifier; new(big.Int).SetBytes(got).Cmp(bigHex(s.DeviceVerifier)) != 0 {
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
						!bytes.Equal(unbase64(t, c.PasswordVerifier), deviceVerifier.Verifier) {
						t.Errorf("ConfirmDevice has %+v", c)
					}
				}
				if want := req.ChallengeResponses["PASSWORD_CLAIM_SIGNATURE"]; want != "" {
					id, salt, b := user, s.Salt, s.B
					if challenge["DEVICE_KEY"] != "" {
						id, salt, b = device, s.DeviceSalt, s.DeviceB
					}
					c := newClient(bigHex(s.A[proofs]))
					if c.A() != srpA {
						t.Errorf("SRP_A = %s, want %s", c.A(), srpA)
					}
					block, timestamp := unbase64(t, challenge["SECRET_BLOCK"]), req.ChallengeResponses["TIMESTAMP"]
					got, err := c.Sign(id, Challenge{challenge["SALT"], challenge["SRP_B"], block}, timestamp)
					if err != nil || base64.StdEncoding.EncodeToString(got) != want {
						t.Errorf("signature = %x, %v; want %s", got, err, want)
					}
					verifier, err := newVerifier(id, bigHex(salt))
					if err != nil {
						t.Fatal(err)
					}
					server, err := newServer(verifier, bigHex(b))
					if err != nil {
						t.Fatal(err)
					}
					if server.B() != challenge["SRP_B"] || server.Salt() != bigHex(challenge["SALT"]).Text(16) {
						t.Errorf("server sends SRP_B = %s, SALT = %s", server.B(), server.Salt())
					}
					if err := server.Verify(srpA, id, block, timestamp, unbase64(t, want)); err != nil {
						t.Error(err)
					}
					proofs++
				}
				if a := req.AuthParameters["SRP_A"] + req.ChallengeResponses["SRP_A"]; a != "" {
					srpA, challenge = a, step.Response.ChallengeParameters
				}
			}
			if confirmed != 1 || proofs != 3 || len(s.A) != 3 {
				t.Errorf("%d ConfirmDevice, %d proofs, %d a in the transcript", confirmed, proofs, len(s.A))
			}
		})
	}
}
