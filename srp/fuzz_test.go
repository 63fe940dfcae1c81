package srp

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a server sends, Sign returns a signature or an error; and what it
// accepts is what the oracle's reading of hexadecimal accepts.
func FuzzChallenge(f *testing.F) {
	N := cognito().N
	for _, s := range [][2]string{
		{"333edf2d634e9195b93091818277fc41", "5f5742285787604e"}, {"5", "0"}, {"00ab", "1ff"}, {"-1", "-1"},
		{"", ""}, {"0x1", "1_0"}, {"F", N.Text(16)}, {"f", strings.Repeat("f", 771)}, {"g", "+1"},
	} {
		f.Add(s[0], s[1], []byte("block"), testTimestamp)
	}
	f.Fuzz(func(t *testing.T, salt, B string, block []byte, timestamp string) {
		signature, err := newClient(big.NewInt(0x1234567)).Sign(testID, Challenge{salt, B, block}, timestamp)
		if (err == nil) != (len(signature) == 32) {
			t.Fatalf("%x, %v", signature, err)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "srp: ") || len(err.Error()) > 200 {
				t.Errorf("error %q", err)
			}
			return
		}
		var o oracle
		o.run("1234567", "", B, salt, testID.Pool, testID.User, testID.Password, block, timestamp)
		if got := unbase64(t, o.signature); string(got) != string(signature) {
			t.Errorf("signature = %x, the oracle's %x", signature, got)
		}
	})
}

// Whatever a client sends, Verify returns an error.
func FuzzVerify(f *testing.F) {
	f.Add("5", "AbCdEfGhI", "ada", []byte("block"), testTimestamp, make([]byte, 32))
	f.Add("0", "", "", []byte(nil), "", []byte(nil))
	v := Verifier{Salt: []byte{5}, Verifier: []byte{7}}
	f.Fuzz(func(t *testing.T, a, pool, user string, block []byte, timestamp string, signature []byte) {
		s, err := NewServer(v)
		if err != nil {
			t.Fatal(err)
		}
		if s.Verify(a, Identity{Pool: pool, User: user}, block, timestamp, signature) == nil {
			t.Error("a forged proof was accepted")
		}
	})
}

// Both sides agree for every identity that either accepts, and not if the
// password is another one.
func FuzzAgreement(f *testing.F) {
	f.Add("AbCdEfGhI", "ada", "correct horse", []byte("block"), "wrong")
	f.Add("-FDRunwQv", "eu-west-2_627477ae", "p:\u00e9\u0301 \U0001f511", []byte{0}, "")
	f.Add("p", "\xff", "p", []byte("block"), "p")
	f.Fuzz(func(t *testing.T, pool, user, password string, block []byte, other string) {
		id := Identity{pool, user, password}
		v, err := NewVerifier(id)
		if valid := pool != "" && user != "" && password != "" && utf8.ValidString(pool) &&
			utf8.ValidString(user) && utf8.ValidString(password); (err == nil) != valid {
			t.Fatalf("NewVerifier: %v", err)
		}
		if err != nil || len(block) == 0 {
			return
		}
		for _, p := range []string{password, other} {
			s, err := NewServer(v)
			if err != nil {
				t.Fatal(err)
			}
			c := NewClient()
			signature, err := c.Sign(Identity{pool, user, p}, Challenge{s.Salt(), s.B(), block}, testTimestamp)
			if err != nil {
				if p == password {
					t.Fatal(err)
				}
				continue
			}
			err = s.Verify(c.A(), id, block, testTimestamp, signature)
			if p == password && err != nil || p != password && !errors.Is(err, ErrSignature) {
				t.Errorf("password %q at the client, %q at the server: %v", p, password, err)
			}
		}
	})
}
