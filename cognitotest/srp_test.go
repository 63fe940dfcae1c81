package cognitotest

import (
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/longtest"
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
		t.Error("modulus() differs from the prime of RFC 3526 section 5")
	}
	k := hashNumber(javaBytes(modulus()), javaBytes(big.NewInt(2)))
	if k.Cmp(hexInt(t, v.KHex)) != 0 {
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
			continue // SRP has no negative numbers.
		}
		checked++
		if got := hex.EncodeToString(javaBytes(big.NewInt(n))); !strings.EqualFold(got, want) {
			t.Errorf("javaBytes(%d) = %s, want %s", n, got, want)
		}
	}
	if checked == 0 {
		t.Error("no vector checked")
	}
}

// referenceProof is a proof of AWS's JavaScript client, with the server's b, v and B.
type referenceProof struct {
	Name        string
	PoolID      string `json:"pool_id"`
	User        string `json:"user_id_for_srp"`
	Password    string
	SmallB      string `json:"small_b_hex"`
	Salt        string `json:"salt_hex"`
	Timestamp   string
	SecretBlock []byte `json:"secret_block_b64"`
	BigA        string `json:"big_A_hex"`
	BigB        string `json:"big_B_hex"`
	Signature   []byte `json:"signature_b64"`
	Server      struct {
		V string `json:"v_hex"`
	}
}

func TestExchangeWithReferenceClient(t *testing.T) {
	var v struct{ Cases []referenceProof }
	if err := testvectors.Decode("cognito_js_generated", &v); err != nil {
		t.Fatal(err)
	}
	for _, tt := range v.Cases {
		t.Run(tt.Name, func(t *testing.T) {
			pool := UserPool{ID: tt.PoolID}
			salt := hexInt(t, tt.Salt)
			verifier := newVerifier(pool.name(), tt.User, tt.Password, salt)
			if verifier.Cmp(hexInt(t, tt.Server.V)) != 0 {
				t.Fatalf("v = %x, want %s", verifier, tt.Server.V)
			}
			for _, a := range []string{tt.BigA, strings.ToUpper(tt.BigA), "0" + tt.BigA} {
				e, err := newExchange(pool.name(), tt.User, verifier, a)
				if err != nil {
					t.Fatal(err)
				}
				e.setSecret(hexInt(t, tt.SmallB))
				if e.serverB.Cmp(hexInt(t, tt.BigB)) != 0 {
					t.Fatalf("B = %x, want %s", e.serverB, tt.BigB)
				}
				if !e.accepts(tt.Signature, tt.SecretBlock, tt.Timestamp) {
					t.Error("the correct proof is refused")
				}
			}
		})
	}
}

// A proof with one changed input is refused.
func TestExchangeRefusesProof(t *testing.T) {
	var v struct{ Cases []referenceProof }
	if err := testvectors.Decode("cognito_js_generated", &v); err != nil {
		t.Fatal(err)
	}
	step := longtest.Step(t, 4)
	for i := 0; i < len(v.Cases); i += step {
		tt := v.Cases[i]
		t.Run(tt.Name, func(t *testing.T) {
			pool := UserPool{ID: tt.PoolID}
			verifier := newVerifier(pool.name(), tt.User, tt.Password, hexInt(t, tt.Salt))
			e, err := newExchange(pool.name(), tt.User, verifier, tt.BigA)
			if err != nil {
				t.Fatal(err)
			}
			e.setSecret(hexInt(t, tt.SmallB))
			changed := append([]byte{tt.Signature[0] ^ 1}, tt.Signature[1:]...)
			for _, c := range []struct {
				name      string
				signature []byte
				block     []byte
				timestamp string
			}{
				{"changed signature", changed, tt.SecretBlock, tt.Timestamp},
				{"truncated signature", tt.Signature[:31], tt.SecretBlock, tt.Timestamp},
				{"no signature", nil, tt.SecretBlock, tt.Timestamp},
				{"another block", tt.Signature, tt.SecretBlock[1:], tt.Timestamp},
				{"another timestamp", tt.Signature, tt.SecretBlock, tt.Timestamp + " "},
			} {
				if e.accepts(c.signature, c.block, c.timestamp) {
					t.Errorf("a proof with %s is accepted", c.name)
				}
			}
			e.user += "x"
			if e.accepts(tt.Signature, tt.SecretBlock, tt.Timestamp) {
				t.Error("a proof of another user is accepted")
			}
		})
	}
}

func TestExchangeRefusesA(t *testing.T) {
	n := modulus()
	plus := func(n *big.Int, i int64) string { return new(big.Int).Add(n, big.NewInt(i)).Text(16) }
	for _, tt := range []struct {
		name, a string
		ok      bool
	}{
		{"zero", "0", false},
		{"zeros", strings.Repeat("0", 768), false},
		{"N", n.Text(16), false},
		{"N in upper case", strings.ToUpper(n.Text(16)), false},
		{"2N", new(big.Int).Lsh(n, 1).Text(16), false},
		{"minus sign", "-1", false},
		{"plus sign", "+1", false},
		{"prefix", "0x12", false},
		{"underscore", "1_2", false},
		{"space", " 12", false},
		{"letters", "xyz", false},
		{"771 digits", strings.Repeat("1", 771), false},
		{"a megabyte", strings.Repeat("f", 1<<20), false},
		{"empty", "", false},
		{"one", "1", true},
		{"N-1", plus(n, -1), true},
		{"N+1", plus(n, 1), true},
		{"770 digits", strings.Repeat("1", 770), true},
	} {
		_, err := newExchange("EXAMPLE00", "ada", big.NewInt(4), tt.a)
		if (err == nil) != tt.ok {
			t.Errorf("newExchange(%s) = %v, want success %v", tt.name, err, tt.ok)
		}
	}
}

func TestTimestamp(t *testing.T) {
	now := time.Date(2026, 9, 5, 15, 4, 5, 999, time.UTC) // a Saturday
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"Sat Sep 5 15:04:05 UTC 2026", true},
		{"Sat Sep 5 15:19:05 UTC 2026", true},
		{"Sat Sep 5 14:49:06 UTC 2026", true},
		{"Sat Sep 5 15:19:06 UTC 2026", false},
		{"Sat Sep 5 14:49:05 UTC 2026", false},  // a fraction of a second over the limit
		{"Sat Sep 05 15:04:05 UTC 2026", false}, // day padded with a zero
		{"Sat Sep  5 15:04:05 UTC 2026", false}, // day padded with a space
		{"Sun Sep 5 15:04:05 UTC 2026", false},  // wrong weekday
		{"Sat Sep 5 03:04:05 UTC 2026", false},  // 12-hour clock
		{"Sat Sep 5 3:04:05 UTC 2026", false},
		{"Sat Sep 5 15:04:05 GMT 2026", false},
		{"Sat Sep 5 15:04:05 +0000 2026", false},
		{"Sat Sep 5 17:04:05 CEST 2026", false},
		{"Sam Sep 5 15:04:05 UTC 2026", false}, // another language
		{"sat sep 5 15:04:05 utc 2026", false},
		{"Sat Sep 5 15:04:05 UTC 2569", false}, // Buddhist calendar
		{"Sat Sep 5 15:04:05.1 UTC 2026", false},
		{"Sat Sep 5 15:04:05 UTC 2026 ", false},
		{"2026-09-05T15:04:05Z", false},
		{"", false},
		{"Sat Sep 5 15:04:05 UTC 20260905", false},
	} {
		if got := validTimestamp(tt.text, now); got != tt.want {
			t.Errorf("validTimestamp(%q) = %v, want %v", tt.text, got, tt.want)
		}
	}
}

// FuzzSRP checks that every SRP_A yields an error or a valid B, and that arbitrary proofs are
// refused.
func FuzzSRP(f *testing.F) {
	verifier := newVerifier("EXAMPLE00", "ada", ExamplePassword, big.NewInt(1))
	f.Add("1234", []byte("signature"), []byte("block"), "Sat Sep 5 15:04:05 UTC 2026")
	f.Add("0", []byte{}, []byte{}, "")
	f.Fuzz(func(t *testing.T, a string, signature, block []byte, timestamp string) {
		validTimestamp(timestamp, time.Unix(0, 0))
		e, err := newExchange("EXAMPLE00", "ada", verifier, a)
		if err != nil {
			return
		}
		if e.serverB.Sign() <= 0 || e.accepts(signature, block, timestamp) {
			t.Errorf("SRP_A %q: B = %x, or the proof %x is accepted", a, e.serverB, signature)
		}
	})
}
