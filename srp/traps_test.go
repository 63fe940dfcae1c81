package srp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// A form is a client that does each step by itself, so that a test can do one of them as other programs do.
type form struct {
	k                   []byte // what is hashed for the multiplier
	salt                func(string) []byte
	ab, s, u            func(*big.Int) []byte // A and B for u; S and u for the key
	base                func(B, kgx *big.Int) *big.Int
	key                 func(u, S []byte) []byte
	pool, user, between string // of x
	signedPool          string
	block               []byte
	timestamp           string
}

func filled(n *big.Int) []byte { return n.FillBytes(make([]byte, 384)) }
func bare(n *big.Int) []byte   { return n.Bytes() }
func padded(n *big.Int) []byte { return unhex(padHex(n.Text(16))) }

func hkdfOf(salt, ikm []byte, info string, size int) []byte {
	return hmacSHA256(hmacSHA256(salt, ikm), []byte(info))[:size]
}

// cognitoForm is the form of amazon-cognito-identity-js.
func cognitoForm(id Identity, block []byte, timestamp string) form {
	return form{
		k:    unhex(padHex(oracleN) + padHex("2")),
		salt: func(s string) []byte { return unhex(padHex(s)) },
		ab:   padded, s: padded, u: padded,
		base: func(B, kgx *big.Int) *big.Int { return new(big.Int).Sub(B, kgx) },
		key:  func(u, S []byte) []byte { return hkdfOf(u, S, "Caldera Derived Key\x01", 16) },
		pool: id.Pool, user: id.User, between: ":", signedPool: id.Pool, block: block, timestamp: timestamp,
	}
}

func (f form) sign(a, A, B *big.Int, salt, password string) []byte {
	number := func(parts ...[]byte) *big.Int {
		sum := sha256.Sum256(slices.Concat(parts...))
		return new(big.Int).SetBytes(sum[:])
	}
	N, g := bigHex(oracleN), big.NewInt(2)
	inner := sha256.Sum256([]byte(f.pool + f.user + f.between + password))
	x, u := number(f.salt(salt), inner[:]), number(f.ab(A), f.ab(B))
	kgx := new(big.Int).Mul(number(f.k), new(big.Int).Exp(g, x, N))
	e := new(big.Int).Mul(u, x)
	S := new(big.Int).Exp(f.base(B, kgx), e.Add(e, a), N)
	return hmacSHA256(f.key(f.u(u), f.s(S)), bytes.Join([][]byte{[]byte(f.signedPool + f.user), f.block, []byte(f.timestamp)}, nil))
}

// What Cognito's own clients do is accepted, and is what Client does. Each way in which other programs have done a step
// differently is refused, if only now and then: where it depends on the first bits of numbers that differ in each exchange.
func TestWrongForms(t *testing.T) {
	const timestamp, salt = "Tue Apr 5 16:07:08 UTC 2022", "0012edf2d634e9195b93091818277fc4"
	id, block := Identity{Pool: "AbCdEfGhI", User: "ada", Password: "correct horse"}, []byte("\x00secret block\xff")
	verifier := must[Verifier](t)(newVerifier(id, bigHex(salt)))
	type exchange struct{ a, b *big.Int }
	var exchanges []exchange
	for i := range byte(6) {
		exchanges = append(exchanges, exchange{hashInt([]byte{'a', i}), hashInt([]byte{'b', i})})
	}
	refused := func(f form) (n int) {
		for _, e := range exchanges {
			client, server := newClient(e.a), must[*Server](t)(newServer(verifier, e.b))
			err := server.Verify(client.A(), Identity{Pool: id.Pool, User: id.User}, block, timestamp, f.sign(e.a, client.bigA, server.bigB, salt, id.Password))
			if err != nil && !errors.Is(err, ErrSignature) {
				t.Fatal(err)
			}
			if err != nil {
				n++
			}
		}
		return n
	}
	right := cognitoForm(id, block, timestamp)
	if n := refused(right); n != 0 {
		t.Errorf("the right form was refused %d times", n)
	}
	for _, e := range exchanges {
		client, server := newClient(e.a), must[*Server](t)(newServer(verifier, e.b))
		want := right.sign(e.a, client.bigA, server.bigB, salt, id.Password)
		got := must[[]byte](t)(client.Sign(id, Challenge{Salt: salt, B: server.B(), SecretBlock: block}, timestamp))
		if !bytes.Equal(got, want) {
			t.Errorf("signature %x, want %x", got, want)
		}
	}
	always := len(exchanges)
	for _, test := range []struct {
		name   string
		least  int
		change func(*form)
	}{
		{"k with N as 384 bytes", always, func(f *form) { f.k = unhex(oracleN + "02") }},
		{"k with g filled up", always, func(f *form) { f.k = unhex("00" + oracleN + strings.Repeat("00", 383) + "02") }},
		{"k of RFC 5054", always, func(f *form) { f.k = unhex(oracleN + strings.Repeat("00", 383) + "02") }},
		{"A and B filled up", 1, func(f *form) { f.ab = filled }},
		{"A and B without a zero byte", 1, func(f *form) { f.ab = bare }},
		{"A and B as text", always, func(f *form) { f.ab = func(n *big.Int) []byte { return []byte(n.Text(16)) } }},
		{"S filled up", 1, func(f *form) { f.s = filled }},
		{"S without a zero byte", 1, func(f *form) { f.s = bare }},
		{"u filled up", always, func(f *form) { f.u = filled }},
		{"u without a zero byte", 1, func(f *form) { f.u = bare }},
		{"salt with its zero bytes", always, func(f *form) { f.salt = unhex }},
		{"salt as text", always, func(f *form) { f.salt = func(s string) []byte { return []byte(s) } }},
		{"difference without its sign", 1, func(f *form) {
			f.base = func(B, kgx *big.Int) *big.Int { return new(big.Int).Abs(new(big.Int).Sub(B, kgx)) }
		}},
		{"HKDF with salt and key exchanged", always, func(f *form) {
			f.key = func(u, S []byte) []byte { return hkdfOf(S, u, "Caldera Derived Key\x01", 16) }
		}},
		{"HKDF without salt", always, func(f *form) {
			f.key = func(_, S []byte) []byte { return hkdfOf(make([]byte, 32), S, "Caldera Derived Key\x01", 16) }
		}},
		{"HKDF without its counter", always, func(f *form) {
			f.key = func(u, S []byte) []byte { return hkdfOf(u, S, "Caldera Derived Key", 16) }
		}},
		{"HKDF of 32 bytes", always, func(f *form) {
			f.key = func(u, S []byte) []byte { return hkdfOf(u, S, "Caldera Derived Key\x01", 32) }
		}},
		{"whole user pool id", always, func(f *form) { f.pool, f.signedPool = "us-east-1_AbCdEfGhI", "us-east-1_AbCdEfGhI" }},
		{"whole user pool id in x", always, func(f *form) { f.pool = "us-east-1_AbCdEfGhI" }},
		{"whole user pool id in the signature", always, func(f *form) { f.signedPool = "us-east-1_AbCdEfGhI" }},
		{"alias for the user", always, func(f *form) { f.user = "ada@example.com" }},
		{"no colon", always, func(f *form) { f.between = "" }},
		{"secret block as text", always, func(f *form) { f.block = []byte(base64.StdEncoding.EncodeToString(f.block)) }},
		{"12-hour clock", always, func(f *form) { f.timestamp = "Tue Apr 5 04:07:08 UTC 2022" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := right
			test.change(&f)
			if n := refused(f); n < test.least {
				t.Errorf("refused %d times of %d", n, always)
			}
		})
	}
}

// The exponent of g that is made from x and the mask is always one that suits the comb. In a group whose g is wrong
// everything else would show, because only the comb still knows the right one.
func TestVerifierStaysInRange(t *testing.T) {
	gr := *cognito()
	right := gr.g
	gr.g = big.NewInt(3)
	one := big.NewInt(1)
	full := new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)
	for _, x := range []*big.Int{one, full} {
		want := new(big.Int).Exp(right, x, gr.N)
		for name, r := range map[string]*big.Int{
			"1": one, "first": offset(), "last": new(big.Int).Lsh(offset(), 1), "after the last": new(big.Int).Add(new(big.Int).Lsh(offset(), 1), big.NewInt(2)),
			"1024 bits": new(big.Int).Lsh(one, 1023), "random": randomExponent(),
		} {
			before := r.Text(16)
			if got := gr.verifier(x, r, new(big.Int).Exp(right, r, gr.N)); got.Cmp(want) != 0 {
				t.Errorf("x = %x, mask %s: an exponent left the range of the comb", x, name)
			}
			if r.Text(16) != before {
				t.Errorf("mask %s was changed", name)
			}
		}
	}
}

// No two exchanges have the same secret, and every bit of it is drawn; so it is with salts.
func TestFreshSecrets(t *testing.T) {
	verifier := must[Verifier](t)(NewVerifier(testID))
	seen := map[string]bool{}
	salts, exponents := []*big.Int{}, []*big.Int{}
	for range 48 {
		again := must[Verifier](t)(NewVerifier(testID))
		client, server := NewClient(), must[*Server](t)(NewServer(verifier))
		for _, public := range []string{client.A(), server.B(), string(again.Salt), string(again.Verifier)} {
			if seen[public] {
				t.Fatalf("%.16x twice", public)
			}
			seen[public] = true
		}
		salts = append(salts, new(big.Int).SetBytes(again.Salt))
		for _, e := range []*big.Int{<-client.a, <-server.b} {
			exponents = append(exponents, e.Sub(e, offset()))
		}
	}
	for name, list := range map[string][]*big.Int{"salt": salts, "secret": exponents} {
		for bit := range map[string]int{"salt": 128, "secret": combBits}[name] {
			ones := 0
			for _, n := range list {
				ones += int(n.Bit(bit))
			}
			if ones == 0 || ones == len(list) { // by chance less than once in 2^36 runs
				t.Errorf("bit %d of every %s is the same", bit, name)
			}
		}
	}
}
