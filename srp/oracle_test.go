package srp

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// oracle is a second implementation of the client's computation, which the tests compare with the
// first. It works on hexadecimal text like the clients in JavaScript, uses big.Int.Exp for every
// power, and builds HKDF from two HMACs. It shares no code with what it checks.
type oracle struct {
	A, u, x, S, key string // in hexadecimal
	signature       string // in base64
}

const oracleN = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22" +
	"514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6" +
	"f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3d" +
	"c2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb" +
	"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603" +
	"9b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510" +
	"15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d" +
	"b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864" +
	"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab31" +
	"43db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

// padHex is the function of that name in AuthenticationHelper.js.
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

// run computes all values for a given a and B.
func (o *oracle) run(a, B, salt string, id Identity, block []byte, timestamp string) {
	N, g := bigHex(oracleN), big.NewInt(2)
	k := bigHex(hashHex(padHex(oracleN) + padHex("2")))
	o.A = new(big.Int).Exp(g, bigHex(a), N).Text(16)
	inner := sha256.Sum256([]byte(id.Pool + id.User + ":" + id.Password))
	o.x = hashHex(padHex(salt) + hex.EncodeToString(inner[:]))
	v := new(big.Int).Exp(g, bigHex(o.x), N)
	o.u = hashHex(padHex(o.A) + padHex(B))

	// S in two powers: (B - k*v)^a * ((B - k*v)^u)^x.
	base := new(big.Int).Sub(bigHex(B), new(big.Int).Mul(k, v))
	base.Mod(base, N)
	S := new(big.Int).Exp(base, bigHex(o.u), N)
	S.Exp(S, bigHex(o.x), N)
	S.Mul(S, new(big.Int).Exp(base, bigHex(a), N)).Mod(S, N)
	o.S = S.Text(16)

	prk := hmacSHA256(unhex(padHex(o.u)), unhex(padHex(o.S)))
	K := hmacSHA256(prk, []byte("Caldera Derived Key\x01"))[:16]
	o.key = hex.EncodeToString(K)
	message := slices.Concat([]byte(id.Pool), []byte(id.User), block, []byte(timestamp))
	o.signature = base64.StdEncoding.EncodeToString(hmacSHA256(K, message))
}

// TestOracleMultiplier checks that the oracle's own k is the one of the package.
func TestOracleMultiplier(t *testing.T) {
	got, want := hashHex(padHex(oracleN)+padHex("2")), cognito().k.Text(16)
	if got != want {
		t.Errorf("k of the oracle = %s, want %s", got, want)
	}
}

// TestHKDF runs the test vectors of RFC 5869 through crypto/hkdf and through the two HMACs of the
// oracle, which are HKDF for up to 32 bytes.
func TestHKDF(t *testing.T) {
	var file struct {
		Cases []struct {
			Name                      string
			IKM, Salt, Info, PRK, OKM string
			L                         int
		}
	}
	decode(t, "rfc5869_hkdf_sha256", &file)
	if len(file.Cases) == 0 {
		t.Fatal("the file has no cases")
	}
	for _, c := range file.Cases {
		prk, err := hkdf.Extract(sha256.New, unhex(c.IKM), unhex(c.Salt))
		if err != nil || hex.EncodeToString(prk) != c.PRK {
			t.Errorf("%s: PRK = %x, %v, want %s", c.Name, prk, err, c.PRK)
		}
		okm, err := hkdf.Key(sha256.New, unhex(c.IKM), unhex(c.Salt), string(unhex(c.Info)), c.L)
		if err != nil || hex.EncodeToString(okm) != c.OKM {
			t.Errorf("%s: OKM = %x, %v, want %s", c.Name, okm, err, c.OKM)
		}
		first := hmacSHA256(hmacSHA256(unhex(c.Salt), unhex(c.IKM)), append(unhex(c.Info), 1))
		if n := min(c.L, len(first)); !bytes.Equal(first[:n], okm[:n]) {
			t.Errorf("%s: two HMACs = %x, want %x", c.Name, first[:n], okm[:n])
		}
	}
}
