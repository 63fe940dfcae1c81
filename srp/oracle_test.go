package srp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
)

// The oracle: Cognito's SRP once more, on hexadecimal text as the JavaScript
// clients write it, with big.Int.Exp for every power and HKDF from its two HMACs.
// It calls nothing of what it checks.

type oracle struct{ A, B, u, x, v, S, key, signature string } // signature in base64, others hex

func padHex(h string) string {
	h = strings.TrimLeft(strings.ToLower(h), "0")
	if h == "" {
		h = "0"
	}
	if len(h)%2 == 1 {
		return "0" + h
	}
	if strings.ContainsRune("89abcdef", rune(h[0])) {
		return "00" + h
	}
	return h
}

func unhex(h string) []byte {
	b, err := hex.DecodeString(h)
	if err != nil {
		panic(err)
	}
	return b
}

func hashHex(h string) string {
	sum := sha256.Sum256(unhex(h))
	return strings.TrimLeft(hex.EncodeToString(sum[:]), "0")
}

func hmacSHA256(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

func bigHex(h string) *big.Int {
	n, ok := new(big.Int).SetString(h, 16)
	if !ok {
		panic("not a hexadecimal number: " + h)
	}
	return n
}

const oracleN = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

// run computes everything for the given a (hex), and B from b when B is "".
func (o *oracle) run(a, b, B, salt, pool, user, password string, block []byte, timestamp string) {
	N, g := bigHex(oracleN), big.NewInt(2)
	k := bigHex(hashHex(padHex(oracleN) + padHex("2")))
	o.A = new(big.Int).Exp(g, bigHex(a), N).Text(16)
	inner := sha256.Sum256([]byte(pool + user + ":" + password))
	o.x = hashHex(padHex(salt) + hex.EncodeToString(inner[:]))
	v := new(big.Int).Exp(g, bigHex(o.x), N)
	o.v = v.Text(16)
	kv := new(big.Int).Mul(k, v)
	o.B = B
	if B == "" {
		gb := new(big.Int).Exp(g, bigHex(b), N)
		o.B = gb.Add(gb, kv).Mod(gb, N).Text(16)
	}
	o.u = hashHex(padHex(o.A) + padHex(o.B))
	// S in two powers: (B - kv)^a * ((B - kv)^u)^x.
	base := new(big.Int).Sub(bigHex(o.B), kv)
	base.Mod(base, N)
	S := new(big.Int).Exp(base, bigHex(o.u), N)
	S.Exp(S, bigHex(o.x), N)
	S.Mul(S, new(big.Int).Exp(base, bigHex(a), N)).Mod(S, N)
	o.S = S.Text(16)
	prk := hmacSHA256(unhex(padHex(o.u)), unhex(padHex(o.S)))
	K := hmacSHA256(prk, []byte("Caldera Derived Key\x01"))[:16]
	o.key = hex.EncodeToString(K)
	message := bytes.Join([][]byte{[]byte(pool), []byte(user), block, []byte(timestamp)}, nil)
	o.signature = base64.StdEncoding.EncodeToString(hmacSHA256(K, message))
}

// The oracle itself must not depend on the constant k of the package.
func TestOracleK(t *testing.T) {
	if got := hashHex(padHex(oracleN) + padHex("2")); got != multiplierK {
		t.Errorf("k = %s, want %s", multiplierK, got)
	}
}

// rfc5054Hash is SHA-1 over parts filled up to size bytes, as RFC 5054 hashes.
func rfc5054Hash(size int, parts ...*big.Int) *big.Int {
	h := sha1.New()
	for _, p := range parts {
		h.Write(p.FillBytes(make([]byte, size)))
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}
