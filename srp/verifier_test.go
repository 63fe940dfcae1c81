package srp

import (
	"math/big"
	"testing"
)

func TestNewVerifierRefuses(t *testing.T) {
	for _, test := range []struct {
		id   Identity
		want string
	}{
		{Identity{}, "Identity.Pool is empty"},
		{Identity{User: "u", Password: "p"}, "Identity.Pool is empty"},
		{Identity{Pool: "p", User: "u", Password: "\x80"}, "Identity.Password is not valid UTF-8"},
	} {
		v, err := NewVerifier(test.id)
		if v.Salt != nil || v.PasswordVerifier != nil {
			t.Errorf("%s: NewVerifier returned a verifier, want none", test.want)
		}
		checkError(t, "NewVerifier", err, test.want)
	}
}

// TestFreshSecrets checks that each exchange and each verifier has its own random values, and
// that every bit of them is random.
func TestFreshSecrets(t *testing.T) {
	verifier := must[Verifier](t)(NewVerifier(testID))
	seen := map[string]bool{}
	var salts, exponents []*big.Int
	for range 48 {
		again := must[Verifier](t)(NewVerifier(testID))
		client, server := NewClient(), must[*Server](t)(NewServer(verifier))
		for _, public := range []string{
			client.A(),
			server.B(),
			string(again.Salt),
			string(again.PasswordVerifier),
		} {
			if seen[public] {
				t.Fatalf("value %.16x occurs twice", public)
			}
			seen[public] = true
		}
		salts = append(salts, new(big.Int).SetBytes(again.Salt))
		for _, e := range []*big.Int{<-client.a, <-server.b} {
			exponents = append(exponents, e.Sub(e, offset()))
		}
	}
	for _, test := range []struct {
		name   string
		values []*big.Int
		bits   int
	}{
		{"salt", salts, 128},
		{"exponent", exponents, combBits},
	} {
		for bit := range test.bits {
			ones := 0
			for _, n := range test.values {
				ones += int(n.Bit(bit))
			}
			// By chance, this happens less than once in 2^36 runs.
			if ones == 0 || ones == len(test.values) {
				t.Errorf("bit %d of every %s is the same", bit, test.name)
			}
		}
	}
}
