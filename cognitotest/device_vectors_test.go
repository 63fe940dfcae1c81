package cognitotest

import (
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// What AWS's JavaScript client sends to confirm a device, and to sign in with it later, is right for the stand-in.
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
					AuthParameters             map[string]string
					ChallengeResponses         map[string]string
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
			var verifier, salt *big.Int
			var user, dev *verification
			proofs := 0
			for _, step := range tt.Transcript {
				exchange := func(group, name string, v *big.Int, a, b string) *verification {
					e, err := newVerification(group, name, v, a)
					if err != nil {
						t.Fatal(err)
					}
					e.offer(hexInt(t, b))
					return e
				}
				proves := func(e *verification, block string) {
					t.Helper()
					proofs++
					c := &session{verification: e, secretBlock: block}
					responses := step.Request.ChallengeResponses
					raw, _ := base64.StdEncoding.DecodeString(block)
					signature, _ := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"])
					if !e.accepts(signature, raw, responses["TIMESTAMP"]) {
						t.Errorf("right proof in %s is refused", step.Request.ChallengeName)
					}
					if c.proves(responses) {
						t.Error("a proof of years ago is accepted")
					}
				}
				switch step.Op + step.Request.ChallengeName {
				case "InitiateAuth":
					user = exchange(pool.name(), tt.User, userVerifier, step.Request.AuthParameters["SRP_A"], tt.UserSmallB)
				case "RespondToAuthChallengePASSWORD_VERIFIER":
					proves(user, tt.UserBlock)
				case "ConfirmDevice":
					config := step.Request.DeviceSecretVerifierConfig
					verifier, salt = javaNumber(config.PasswordVerifier), javaNumber(config.Salt)
					if verifier == nil || salt == nil || verifier.Cmp(hexInt(t, tt.VerifierHex)) != 0 || salt.Cmp(hexInt(t, tt.Salt)) != 0 {
						t.Fatalf("verifier %x, salt %x", verifier, salt)
					}
				case "RespondToAuthChallengeDEVICE_SRP_AUTH":
					dev = exchange(tt.Group, tt.Key, verifier, step.Request.ChallengeResponses["SRP_A"], tt.SmallB)
				case "RespondToAuthChallengeDEVICE_PASSWORD_VERIFIER":
					proves(dev, tt.SecretBlock)
				default:
					t.Fatalf("step %s %s", step.Op, step.Request.ChallengeName)
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
