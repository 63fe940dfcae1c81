package cognitotest

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

func hexInt(t *testing.T, s string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		t.Fatalf("%q is not hexadecimal", s)
	}
	return n
}

func TestGroup(t *testing.T) {
	var v struct {
		NHex string `json:"N_hex"`
		KHex string `json:"cognito_k_hex"`
	}
	if err := testvectors.Decode("cognito_group", &v); err != nil {
		t.Fatal(err)
	}
	if modulus().Cmp(hexInt(t, v.NHex)) != 0 {
		t.Error("N is not the prime of RFC 3526 section 5")
	}
	if k := hashNumber(javaBytes(modulus()), javaBytes(big.NewInt(2))); k.Cmp(hexInt(t, v.KHex)) != 0 {
		t.Errorf("k = %x, want %s", k, v.KHex)
	}
}

func TestJavaBytes(t *testing.T) {
	var v struct {
		PadHex struct{ Cases [][2]any }
	}
	if err := testvectors.Decode("cognito_srp_published", &v); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, c := range v.PadHex.Cases {
		n, want := int64(c[0].(float64)), c[1].(string)
		if n < 0 {
			continue // SRP has no negative numbers
		}
		checked++
		if got := hex.EncodeToString(javaBytes(big.NewInt(n))); !strings.EqualFold(got, want) {
			t.Errorf("javaBytes(%d) = %s, want %s", n, got, want)
		}
	}
	if checked == 0 {
		t.Error("no vector")
	}
}

// The proofs that AWS's own JavaScript client makes are accepted, with the values of b, v and B that belong to them.
func TestVerificationOfReferenceClient(t *testing.T) {
	var v struct {
		Cases []struct {
			Name         string
			PoolID       string `json:"pool_id"`
			User         string `json:"user_id_for_srp"`
			Password     string
			SmallB       string `json:"small_b_hex"`
			Salt         string `json:"salt_hex"`
			Timestamp    string
			SecretBlock  string `json:"secret_block_b64"`
			BigA         string `json:"big_A_hex"`
			BigB         string `json:"big_B_hex"`
			SignatureB64 string `json:"signature_b64"`
			Server       struct {
				V string `json:"v_hex"`
			}
		}
	}
	if err := testvectors.Decode("cognito_js_generated", &v); err != nil {
		t.Fatal(err)
	}
	for _, tt := range v.Cases {
		t.Run(tt.Name, func(t *testing.T) {
			pool := UserPool{ID: tt.PoolID}
			verifier := newVerifier(pool.name(), tt.User, tt.Password, hexInt(t, tt.Salt))
			if verifier.Cmp(hexInt(t, tt.Server.V)) != 0 {
				t.Fatal("v differs")
			}
			for _, a := range []string{tt.BigA, strings.ToUpper(tt.BigA), "0" + tt.BigA} {
				e, err := newVerification(pool.name(), tt.User, verifier, a)
				if err != nil {
					t.Fatal(err)
				}
				e.offer(hexInt(t, tt.SmallB))
				if e.serverB.Cmp(hexInt(t, tt.BigB)) != 0 {
					t.Fatal("B differs")
				}
				block, _ := base64.StdEncoding.DecodeString(tt.SecretBlock)
				signature, _ := base64.StdEncoding.DecodeString(tt.SignatureB64)
				if !e.accepts(signature, block, tt.Timestamp) {
					t.Error("right proof is refused")
				}
				for name, accepted := range map[string]bool{
					"signature": e.accepts(append([]byte{signature[0] ^ 1}, signature[1:]...), block, tt.Timestamp),
					"shorter":   e.accepts(signature[:31], block, tt.Timestamp),
					"none":      e.accepts(nil, block, tt.Timestamp),
					"block":     e.accepts(signature, block[1:], tt.Timestamp),
					"timestamp": e.accepts(signature, block, tt.Timestamp+" "),
				} {
					if accepted {
						t.Errorf("proof with another %s is accepted", name)
					}
				}
				e.user += "x"
				if e.accepts(signature, block, tt.Timestamp) {
					t.Error("proof of another user is accepted")
				}
			}
		})
	}
}

func TestVerificationRefusesA(t *testing.T) {
	n := modulus()
	for name, a := range map[string]string{
		"zero":         "0",
		"zeros":        strings.Repeat("0", 768),
		"N":            n.Text(16),
		"N upper case": strings.ToUpper(n.Text(16)),
		"two N":        new(big.Int).Lsh(n, 1).Text(16),
		"sign":         "-1",
		"plus":         "+1",
		"prefix":       "0x12",
		"underscore":   "1_2",
		"space":        " 12",
		"letters":      "xyz",
		"771 digits":   strings.Repeat("1", 771),
		"a megabyte":   strings.Repeat("f", 1<<20),
		"empty":        "",
	} {
		if _, err := newVerification("EXAMPLE00", "ada", big.NewInt(4), a); err == nil {
			t.Errorf("SRP_A %s is accepted", name)
		}
	}
	for name, a := range map[string]string{"one": "1", "N-1": new(big.Int).Sub(n, big.NewInt(1)).Text(16), "N+1": new(big.Int).Add(n, big.NewInt(1)).Text(16), "770 digits": strings.Repeat("1", 770)} {
		if _, err := newVerification("EXAMPLE00", "ada", big.NewInt(4), a); err != nil {
			t.Errorf("SRP_A %s: %v", name, err)
		}
	}
}

func TestTimestamp(t *testing.T) {
	now := time.Date(2026, 9, 5, 15, 4, 5, 999, time.UTC) // a Saturday
	for text, want := range map[string]bool{
		"Sat Sep 5 15:04:05 UTC 2026":     true,
		"Sat Sep 5 15:19:05 UTC 2026":     true,
		"Sat Sep 5 14:49:06 UTC 2026":     true,
		"Sat Sep 5 15:19:06 UTC 2026":     false,
		"Sat Sep 5 14:49:05 UTC 2026":     false, // a fraction of a second more than the limit
		"Sat Sep 05 15:04:05 UTC 2026":    false, // zero-padded day
		"Sat Sep  5 15:04:05 UTC 2026":    false, // space-padded day
		"Sun Sep 5 15:04:05 UTC 2026":     false, // wrong weekday
		"Sat Sep 5 03:04:05 UTC 2026":     false, // a 12-hour clock
		"Sat Sep 5 3:04:05 UTC 2026":      false,
		"Sat Sep 5 15:04:05 GMT 2026":     false,
		"Sat Sep 5 15:04:05 +0000 2026":   false,
		"Sat Sep 5 17:04:05 CEST 2026":    false,
		"Sam Sep 5 15:04:05 UTC 2026":     false, // another language
		"sat sep 5 15:04:05 utc 2026":     false,
		"Sat Sep 5 15:04:05 UTC 2569":     false, // Buddhist calendar
		"Sat Sep 5 15:04:05.1 UTC 2026":   false,
		"Sat Sep 5 15:04:05 UTC 2026 ":    false,
		"2026-09-05T15:04:05Z":            false,
		"":                                false,
		"Sat Sep 5 15:04:05 UTC 20260905": false,
	} {
		if got := goodTimestamp(text, now); got != want {
			t.Errorf("goodTimestamp(%q) = %v, want %v", text, got, want)
		}
	}
}
