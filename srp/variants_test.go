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

// variant is a client that performs each step of the computation by itself, so that a test can
// replace one step by what another program does.
type variant struct {
	k       []byte                           // the input of the hash for k
	salt    func(string) []byte              // SALT in the hash for x
	ab      func(*big.Int) []byte            // A and B in the hash for u
	s, u    func(*big.Int) []byte            // S and u in HKDF
	base    func(B, kgx *big.Int) *big.Int   // the base of S
	key     func(u, S []byte) []byte         // K
	pool    string                           // in x
	user    string                           // in x and in the signature
	between string                           // between the user and the password in x
	signed  struct{ pool, timestamp string } // in the signature
	block   []byte
}

func padTo384(n *big.Int) []byte    { return n.FillBytes(make([]byte, 384)) }
func unsigned(n *big.Int) []byte    { return n.Bytes() }
func asCognito(n *big.Int) []byte   { return unhex(padHex(n.Text(16))) }
func hexAsText(n *big.Int) []byte   { return []byte(n.Text(16)) }
func saltAsText(salt string) []byte { return []byte(salt) }

// hkdfOf returns HKDF with a given input of the second HMAC.
func hkdfOf(salt, ikm []byte, info string, size int) []byte {
	return hmacSHA256(hmacSHA256(salt, ikm), []byte(info))[:size]
}

// standardVariant returns the variant of amazon-cognito-identity-js.
func standardVariant(id Identity, block []byte, timestamp string) variant {
	v := variant{
		k:       unhex(padHex(oracleN) + padHex("2")),
		salt:    func(s string) []byte { return unhex(padHex(s)) },
		ab:      asCognito,
		s:       asCognito,
		u:       asCognito,
		base:    func(B, kgx *big.Int) *big.Int { return new(big.Int).Sub(B, kgx) },
		key:     func(u, S []byte) []byte { return hkdfOf(u, S, "Caldera Derived Key\x01", 16) },
		pool:    id.Pool,
		user:    id.User,
		between: ":",
		block:   block,
	}
	v.signed.pool, v.signed.timestamp = id.Pool, timestamp
	return v
}

func (v variant) sign(a, A, B *big.Int, salt, password string) []byte {
	number := func(parts ...[]byte) *big.Int {
		sum := sha256.Sum256(slices.Concat(parts...))
		return new(big.Int).SetBytes(sum[:])
	}
	N, g := bigHex(oracleN), big.NewInt(2)
	inner := sha256.Sum256([]byte(v.pool + v.user + v.between + password))
	x, u := number(v.salt(salt), inner[:]), number(v.ab(A), v.ab(B))
	kgx := new(big.Int).Mul(number(v.k), new(big.Int).Exp(g, x, N))
	e := new(big.Int).Mul(u, x)
	S := new(big.Int).Exp(v.base(B, kgx), e.Add(e, a), N)
	message := slices.Concat([]byte(v.signed.pool+v.user), v.block, []byte(v.signed.timestamp))
	return hmacSHA256(v.key(v.u(u), v.s(S)), message)
}

// TestVariants checks that Server accepts the computation of Amazon's clients, that Client does
// the same computation, and that Server refuses each known error of other programs. Some of those
// errors depend on the first bits of a random number, so that not every exchange shows them.
func TestVariants(t *testing.T) {
	const (
		timestamp = "Tue Apr 5 16:07:08 UTC 2022"
		salt      = "0012edf2d634e9195b93091818277fc4"
		poolID    = "us-east-1_AbCdEfGhI"
	)
	id, block := testID, []byte("\x00secret block\xff")
	verifier := must[Verifier](t)(newVerifier(id, bigHex(salt)))
	type exchange struct {
		a, b   *big.Int
		client *Client
		server *Server
	}
	var exchanges []exchange
	for i := range byte(6) {
		a, b := hashInt([]byte{'a', i}), hashInt([]byte{'b', i})
		server := must[*Server](t)(newServer(verifier, b))
		exchanges = append(exchanges, exchange{a, b, newClient(a), server})
	}
	// refused returns how many exchanges end with ErrSignature.
	refused := func(v variant, exchanges []exchange) (n int) {
		for _, e := range exchanges {
			signature := v.sign(e.a, e.client.bigA, e.server.bigB, salt, id.Password)
			user := Identity{Pool: id.Pool, User: id.User}
			err := serverWith(e.server, e.b).Verify(
				e.client.A(), user, block, timestamp, signature)
			if errors.Is(err, ErrSignature) {
				n++
			} else if err != nil {
				t.Fatalf("Verify = %v, want nil or ErrSignature", err)
			}
		}
		return n
	}

	standard := standardVariant(id, block, timestamp)
	if n := refused(standard, exchanges); n != 0 {
		t.Errorf("Verify refused the standard variant %d times, want 0", n)
	}
	for _, e := range exchanges {
		ch := Challenge{Salt: salt, B: e.server.B(), SecretBlock: block}
		got := must[[]byte](t)(e.client.Sign(id, ch, timestamp))
		want := standard.sign(e.a, e.client.bigA, e.server.bigB, salt, id.Password)
		if !bytes.Equal(got, want) {
			t.Errorf("Sign = %x, want %x", got, want)
		}
	}

	for _, test := range []struct {
		name   string
		always bool // whether every exchange must be refused, not only one of six
		change func(*variant)
	}{
		{
			name:   "k with N as 384 bytes",
			always: true,
			change: func(v *variant) { v.k = unhex(oracleN + "02") },
		},
		{
			name:   "k with g padded to 384 bytes",
			always: true,
			change: func(v *variant) {
				v.k = unhex("00" + oracleN + strings.Repeat("00", 383) + "02")
			},
		},
		{
			name:   "k of RFC 5054",
			always: true,
			change: func(v *variant) { v.k = unhex(oracleN + strings.Repeat("00", 383) + "02") },
		},
		{
			name:   "A and B padded to 384 bytes",
			change: func(v *variant) { v.ab = padTo384 },
		},
		{
			name:   "A and B without a sign",
			change: func(v *variant) { v.ab = unsigned },
		},
		{
			name:   "A and B as text",
			always: true,
			change: func(v *variant) { v.ab = hexAsText },
		},
		{
			name:   "S padded to 384 bytes",
			change: func(v *variant) { v.s = padTo384 },
		},
		{
			name:   "S without a sign",
			change: func(v *variant) { v.s = unsigned },
		},
		{
			name:   "u padded to 384 bytes",
			always: true,
			change: func(v *variant) { v.u = padTo384 },
		},
		{
			name:   "u without a sign",
			change: func(v *variant) { v.u = unsigned },
		},
		{
			name:   "salt with its leading zero bytes",
			always: true,
			change: func(v *variant) { v.salt = unhex },
		},
		{
			name:   "salt as text",
			always: true,
			change: func(v *variant) { v.salt = saltAsText },
		},
		{
			name: "absolute value of B - k*g^x",
			change: func(v *variant) {
				v.base = func(B, kgx *big.Int) *big.Int {
					difference := new(big.Int).Sub(B, kgx)
					return difference.Abs(difference)
				}
			},
		},
		{
			name:   "HKDF with salt and key exchanged",
			always: true,
			change: func(v *variant) {
				v.key = func(u, S []byte) []byte {
					return hkdfOf(S, u, "Caldera Derived Key\x01", 16)
				}
			},
		},
		{
			name:   "HKDF without salt",
			always: true,
			change: func(v *variant) {
				v.key = func(_, S []byte) []byte {
					return hkdfOf(make([]byte, 32), S, "Caldera Derived Key\x01", 16)
				}
			},
		},
		{
			name:   "HKDF without its counter",
			always: true,
			change: func(v *variant) {
				v.key = func(u, S []byte) []byte { return hkdfOf(u, S, "Caldera Derived Key", 16) }
			},
		},
		{
			name:   "HKDF of 32 bytes",
			always: true,
			change: func(v *variant) {
				v.key = func(u, S []byte) []byte {
					return hkdfOf(u, S, "Caldera Derived Key\x01", 32)
				}
			},
		},
		{
			name:   "user pool ID for its name",
			always: true,
			change: func(v *variant) { v.pool, v.signed.pool = poolID, poolID },
		},
		{
			name:   "user pool ID in x",
			always: true,
			change: func(v *variant) { v.pool = poolID },
		},
		{
			name:   "user pool ID in the signature",
			always: true,
			change: func(v *variant) { v.signed.pool = poolID },
		},
		{
			name:   "alias for the user name",
			always: true,
			change: func(v *variant) { v.user = "ada@example.com" },
		},
		{
			name:   "no colon",
			always: true,
			change: func(v *variant) { v.between = "" },
		},
		{
			name:   "secret block in base64",
			always: true,
			change: func(v *variant) {
				v.block = []byte(base64.StdEncoding.EncodeToString(v.block))
			},
		},
		{
			name:   "12-hour clock",
			always: true,
			change: func(v *variant) { v.signed.timestamp = "Tue Apr 5 04:07:08 UTC 2022" },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := standard
			test.change(&v)
			tried, want := exchanges, 1
			if test.always {
				if !long {
					tried = exchanges[:2]
				}
				want = len(tried)
			}
			if n := refused(v, tried); n < want {
				t.Errorf("Verify refused %d of %d exchanges, want at least %d", n, len(tried), want)
			}
		})
	}
}
