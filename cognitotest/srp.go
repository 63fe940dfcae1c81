package cognitotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"math/big"
	"strings"
	"time"
)

// This file is the server's side of SRP-6a (RFC 5054) in Cognito's dialect. The group is the one of
// RFC 3526 section 5 with g = 2, and the hash is SHA-256. Integers are hashed in the form of Java's
// BigInteger.toByteArray. The session key is derived with HKDF (RFC 5869). An HMAC over the secret
// block and a timestamp replaces the M1 of the protocol. AWS does not document the dialect. Its
// clients do (amazon-cognito-identity-js AuthenticationHelper.js, amplify-android SRPHelper.kt).

const prime3072 = "" +
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
	"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05" +
	"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb" +
	"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b" +
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718" +
	"3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33" +
	"a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7" +
	"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864" +
	"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2" +
	"08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

// exchange is the server's half of one SRP exchange.
type exchange struct {
	poolName string // the group key, if a device proves its password
	user     string
	modulus  *big.Int
	verifier *big.Int
	clientA  *big.Int // A
	secret   *big.Int // b
	serverB  *big.Int // B
}

// newExchange starts an exchange with the client's SRP_A. It must have at most 770 hexadecimal
// digits of either case, because the .NET client prepends a zero. It must not be a multiple of N,
// because A = 0 would make the key independent of the password.
func newExchange(poolName, user string, verifier *big.Int, srpA string) (*exchange, error) {
	e := &exchange{poolName: poolName, user: user, verifier: verifier, modulus: modulus()}
	if len(srpA) > 770 || strings.Trim(srpA, "0123456789abcdefABCDEF") != "" {
		return nil, errors.New("SRP_A must be at most 770 hexadecimal digits")
	}
	var ok bool
	e.clientA, ok = new(big.Int).SetString(srpA, 16)
	if !ok || new(big.Int).Mod(e.clientA, e.modulus).Sign() == 0 {
		return nil, errors.New("SRP_A must not be 0 mod N")
	}
	for e.serverB == nil || e.serverB.Sign() == 0 { // RFC 5054 section 2.5.3: B % N must not be 0
		e.setSecret(new(big.Int).SetBytes(random(32)))
	}
	return e, nil
}

// setSecret sets b, and B = k*v + g^b (RFC 5054 section 2.5.3).
func (e *exchange) setSecret(b *big.Int) {
	k := hashNumber(javaBytes(e.modulus), javaBytes(big.NewInt(2)))
	e.secret = b
	e.serverB = new(big.Int).Exp(big.NewInt(2), b, e.modulus)
	e.serverB.Add(e.serverB, k.Mul(k, e.verifier)).Mod(e.serverB, e.modulus)
}

// accepts reports whether the signature over the secret block and the timestamp proves that the
// client knows the password.
func (e *exchange) accepts(signature, secretBlock []byte, timestamp string) bool {
	u := hashNumber(javaBytes(e.clientA), javaBytes(e.serverB))
	if u.Sign() == 0 {
		return false
	}
	shared := new(big.Int).Exp(e.verifier, u, e.modulus) // S = (A * v^u) ^ b, RFC 5054 section 2.6
	shared.Mul(shared, e.clientA).Exp(shared, e.secret, e.modulus)
	key := mac(mac(javaBytes(u), javaBytes(shared)), []byte("Caldera Derived Key\x01"))[:16]
	want := mac(key, []byte(e.poolName), []byte(e.user), secretBlock, []byte(timestamp))
	return subtle.ConstantTimeCompare(want, signature) == 1
}

// newVerifier returns v = g^x, which a server stores instead of the password.
func newVerifier(poolName, user, password string, salt *big.Int) *big.Int {
	inner := sha256.Sum256([]byte(poolName + user + ":" + password))
	x := hashNumber(javaBytes(salt), inner[:])
	return x.Exp(big.NewInt(2), x, modulus())
}

func modulus() *big.Int {
	n, _ := new(big.Int).SetString(prime3072, 16)
	return n
}

// javaBytes encodes n like Java's BigInteger.toByteArray: the fewest bytes, at least one, that hold
// n and a sign bit.
func javaBytes(n *big.Int) []byte {
	b := make([]byte, n.BitLen()/8+1)
	return n.FillBytes(b)
}

func hashNumber(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// mac returns the HMAC-SHA256 of the concatenated parts.
func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// equal compares two texts in constant time.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// timestampSkew is the largest accepted difference of TIMESTAMP from the server's clock. AWS does
// not document one. This is the limit for signed requests.
const timestampSkew = 15 * time.Minute

// validTimestamp reports whether TIMESTAMP is near now and in the only form that Cognito accepts:
// EEE MMM d HH:mm:ss 'UTC' yyyy, with the correct weekday and without padding of the day.
func validTimestamp(text string, now time.Time) bool {
	const form = "Mon Jan 2 15:04:05 UTC 2006"
	t, err := time.Parse(form, text)
	return err == nil && t.Format(form) == text && t.Sub(now).Abs() <= timestampSkew
}
