package srp

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzChallenge checks that Sign returns a signature or an error for any challenge, and that its
// signatures are those of the oracle.
func FuzzChallenge(f *testing.F) {
	N := cognito().N
	for _, seed := range []struct{ salt, B string }{
		{"333edf2d634e9195b93091818277fc41", "5f5742285787604e"},
		{"5", "0"},
		{"00ab", "1ff"},
		{"-1", "-1"},
		{"", ""},
		{"0x1", "1_0"},
		{"F", N.Text(16)},
		{"f", strings.Repeat("f", 771)},
		{"g", "+1"},
	} {
		f.Add(seed.salt, seed.B, []byte("block"), testTimestamp)
	}
	f.Fuzz(func(t *testing.T, salt, B string, block []byte, timestamp string) {
		ch := Challenge{Salt: salt, B: B, SecretBlock: block}
		signature, err := newClient(big.NewInt(0x1234567)).Sign(testID, ch, timestamp)
		if (err == nil) != (len(signature) == 32) {
			t.Fatalf("Sign = %x, %v, want 32 bytes or an error", signature, err)
		}
		if err != nil {
			checkError(t, "Sign", err, "")
			return
		}
		var o oracle
		o.run("1234567", B, salt, testID, block, timestamp)
		if want := unbase64(t, o.signature); string(signature) != string(want) {
			t.Errorf("Sign = %x, want %x", signature, want)
		}
	})
}

// FuzzVerify checks that Verify returns an error for any forged proof.
func FuzzVerify(f *testing.F) {
	f.Add("5", "AbCdEfGhI", "ada", []byte("block"), testTimestamp, make([]byte, 32))
	f.Add("0", "", "", []byte(nil), "", []byte(nil))
	verifier := Verifier{Salt: []byte{5}, PasswordVerifier: []byte{7}}
	f.Fuzz(func(t *testing.T, a, pool, user string, block []byte, ts string, signature []byte) {
		s := must[*Server](t)(NewServer(verifier))
		if s.Verify(a, Identity{Pool: pool, User: user}, block, ts, signature) == nil {
			t.Error("Verify = nil for a forged proof, want an error")
		}
	})
}

// FuzzAgreement checks that client and server agree for each identity that both accept, and that
// the server refuses other passwords.
func FuzzAgreement(f *testing.F) {
	f.Add("AbCdEfGhI", "ada", "correct horse", []byte("block"), "wrong")
	f.Add("-FDRunwQv", "eu-west-2_627477ae", "p:\u00e9\u0301 \U0001f511", []byte{0}, "")
	f.Add("p", "\xff", "p", []byte("block"), "p")
	f.Fuzz(func(t *testing.T, pool, user, password string, block []byte, other string) {
		valid := true
		for _, s := range []string{pool, user, password} {
			valid = valid && s != "" && utf8.ValidString(s)
		}
		id := Identity{Pool: pool, User: user, Password: password}
		verifier, err := NewVerifier(id)
		if (err == nil) != valid {
			t.Fatalf("NewVerifier: error = %v, want ok = %t", err, valid)
		}
		if err != nil || len(block) == 0 {
			return
		}
		for _, p := range []string{password, other} {
			server := must[*Server](t)(NewServer(verifier))
			client := NewClient()
			ch := Challenge{Salt: server.Salt(), B: server.B(), SecretBlock: block}
			typed := Identity{Pool: pool, User: user, Password: p}
			signature, err := client.Sign(typed, ch, testTimestamp)
			if err != nil {
				if p == password {
					t.Fatalf("Sign = %v, want a signature", err)
				}
				continue
			}
			var want error
			if p != password {
				want = ErrSignature
			}
			err = server.Verify(client.A(), id, block, testTimestamp, signature)
			if !errors.Is(err, want) {
				t.Errorf("Verify of password %q against %q = %v, want %v", p, password, err, want)
			}
		}
	})
}
