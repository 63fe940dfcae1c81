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

// The server's side of SRP-6a (RFC 5054) as Cognito speaks it: the group of RFC 3526 section 5 with g = 2, SHA-256,
// integers hashed as Java's BigInteger.toByteArray writes them, the session key by HKDF (RFC 5869), and in place of
// the protocol's M1 an HMAC over the secret block and a timestamp. AWS documents none of it; the source is what its
// clients compute (amazon-cognito-identity-js AuthenticationHelper.js, amplify-android SRPHelper.kt).

const prime3072 = "" +
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd" +
	"ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f" +
	"83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b" +
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510" +
	"15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7" +
	"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c" +
	"bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

// verification is the server's half of one SRP exchange.
type verification struct {
	poolName, user    string
	modulus, verifier *big.Int
	clientA           *big.Int // A
	secret, serverB   *big.Int // b and B
}

// newVerification takes SRP_A, which must be hexadecimal digits of either case, at most 770 of them (the .NET client
// puts a zero in front), of a number that is not a multiple of N: A = 0 would make the key independent of the password.
func newVerification(poolName, user string, verifier *big.Int, srpA string) (*verification, error) {
	v := &verification{poolName: poolName, user: user, verifier: verifier, modulus: modulus()}
	if len(srpA) > 770 || strings.Trim(srpA, "0123456789abcdefABCDEF") != "" {
		return nil, errors.New("SRP_A must be at most 770 hexadecimal digits")
	}
	var ok bool
	if v.clientA, ok = new(big.Int).SetString(srpA, 16); !ok || new(big.Int).Mod(v.clientA, v.modulus).Sign() == 0 {
		return nil, errors.New("SRP_A must not be 0 mod N")
	}
	for v.serverB == nil || v.serverB.Sign() == 0 { // RFC 5054 2.5.3: B % N must not be 0
		v.offer(new(big.Int).SetBytes(random(32)))
	}
	return v, nil
}

// offer makes B = k*v + g^b (RFC 5054 2.5.3).
func (v *verification) offer(b *big.Int) {
	k := hashNumber(javaBytes(v.modulus), javaBytes(big.NewInt(2)))
	v.secret, v.serverB = b, new(big.Int).Exp(big.NewInt(2), b, v.modulus)
	v.serverB.Add(v.serverB, k.Mul(k, v.verifier)).Mod(v.serverB, v.modulus)
}

// accepts reports whether the signature over secret block and timestamp proves that the client knows the password.
func (v *verification) accepts(signature, secretBlock []byte, timestamp string) bool {
	u := hashNumber(javaBytes(v.clientA), javaBytes(v.serverB))
	if u.Sign() == 0 {
		return false
	}
	shared := new(big.Int).Exp(v.verifier, u, v.modulus) // S = (A * v^u) ^ b, RFC 5054 2.6
	shared.Mul(shared, v.clientA).Exp(shared, v.secret, v.modulus)
	key := hmac256(hmac256(javaBytes(u), javaBytes(shared)), []byte("Caldera Derived Key\x01"))[:16]
	want := hmac256(key, []byte(v.poolName), []byte(v.user), secretBlock, []byte(timestamp))
	return subtle.ConstantTimeCompare(want, signature) == 1
}

// newVerifier makes v = g^x, what a server keeps in place of the password.
func newVerifier(poolName, user, password string, salt *big.Int) *big.Int {
	inner := sha256.Sum256([]byte(poolName + user + ":" + password))
	x := hashNumber(javaBytes(salt), inner[:])
	return x.Exp(big.NewInt(2), x, modulus())
}

func modulus() *big.Int {
	n, _ := new(big.Int).SetString(prime3072, 16)
	return n
}

// javaBytes is n as Java's BigInteger.toByteArray: as few bytes as hold it and a sign bit, at least one.
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

func hmac256(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// timestampSkew is how far TIMESTAMP may be off. AWS documents no limit for it; this is the one of signed requests.
const timestampSkew = 15 * time.Minute

// goodTimestamp reports whether TIMESTAMP is of the one form that Cognito takes, EEE MMM d HH:mm:ss 'UTC' yyyy with
// the day not padded and the right weekday, and near now.
func goodTimestamp(text string, now time.Time) bool {
	const form = "Mon Jan 2 15:04:05 UTC 2006"
	t, err := time.Parse(form, text)
	return err == nil && t.Format(form) == text && t.Sub(now).Abs() <= timestampSkew
}
