// Package srp is the password proof of Amazon Cognito: SRP-6a (RFC 5054
// sections 2.4 to 2.6) with Cognito's group, hash and byte encodings.
// It has the client side, the verifier side, and the verifiers a remembered
// device registers. It does no input or output.
//
//	c := srp.NewClient()
//	// InitiateAuth, USER_SRP_AUTH: send c.A() as SRP_A.
//	// Cognito answers SALT, SRP_B, SECRET_BLOCK and USER_ID_FOR_SRP.
//	id := srp.Identity{Pool: pool, User: userIDForSRP, Password: password}
//	timestamp := srp.Timestamp(time.Now())
//	signature, err := c.Sign(id, srp.Challenge{Salt: salt, B: b, SecretBlock: block}, timestamp)
//	// RespondToAuthChallenge, PASSWORD_VERIFIER: send base64 of signature
//	// as PASSWORD_CLAIM_SIGNATURE and the same timestamp as TIMESTAMP.
//
// The names are those of RFC 5054: N and g are the group, k the multiplier,
// a and b the ephemeral secrets, A and B their public values, u the scrambling
// parameter, x the exponent made from the password, v the verifier g^x and
// S the premaster secret. Three things are Cognito's own, and are what
// amazon-cognito-identity-js (AuthenticationHelper.js, CognitoUser.js) does:
//
//   - N is the 3072-bit prime that RFC 3526 and RFC 5054 share, with g = 2
//     from RFC 3526, not RFC 5054's g = 5;
//   - integers are hashed in minimal two's complement form (see pad), not
//     filled up to the length of N;
//   - the proof is an HMAC with a key derived from S by HKDF. Cognito sends
//     no proof of its own, so nothing here authenticates the server: TLS must.
//
// Arithmetic is math/big, which does not run in constant time. In powers, x is
// therefore only used together with a random mask that is fresh in each exchange;
// group.verifier, group.clientSecret and comb say what that hides and what not.
// Secrets are not wiped from memory: math/big leaves copies that cannot be reached.
package srp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"
)

// Identity is what x is bound to.
//
// For a user, Pool is the pool's name (see [PoolName]), User the
// USER_ID_FOR_SRP of the challenge, which is not always the name that was
// typed, and Password the password. For a remembered device they are the
// DeviceGroupKey, the DeviceKey and the device's password.
//
// All three are UTF-8, must not be empty, and are used as they are: there is no
// Unicode normalisation, so the password must be encoded as it was when it was set.
//
// An Identity prints and marshals as "srp.Identity(redacted)", unless it is an
// unexported field of another struct: fmt does not call methods there.
type Identity struct {
	Pool, User, Password string
}

// Format implements [fmt.Formatter] and shows no field.
func (Identity) Format(f fmt.State, _ rune) { redact(f, "srp.Identity") }

// MarshalText implements [encoding.TextMarshaler] and shows no field.
func (Identity) MarshalText() ([]byte, error) { return []byte("srp.Identity(redacted)"), nil }

func redact(f fmt.State, name string) { fmt.Fprintf(f, "%s(redacted)", name) }

// check reports the first field of id that is empty or is not UTF-8. Bytes
// that are not UTF-8 would be replaced in JSON on the way to Cognito and then
// give another x than the one the user meant.
func (id Identity) check() error {
	for _, f := range []struct{ name, value string }{{"Pool", id.Pool}, {"User", id.User}, {"Password", id.Password}} {
		if f.value == "" {
			return fmt.Errorf("srp: Identity.%s is empty", f.name)
		}
		if !utf8.ValidString(f.value) {
			return fmt.Errorf("srp: Identity.%s is not valid UTF-8", f.name)
		}
	}
	return nil
}

// x is SHA-256( pad(salt) | SHA-256( Pool | User | ":" | Password ) ), the
// exponent of RFC 5054 section 2.4 in Cognito's encoding. The inner hash is
// 32 raw bytes.
func (id Identity) x(salt *big.Int) *big.Int {
	inner := sha256.Sum256([]byte(id.Pool + id.User + ":" + id.Password))
	return hashInt(pad(salt), inner[:])
}

// PoolName returns the text after the first "_" of a user pool's id:
// "AbCdEfGhI" for "us-east-1_AbCdEfGhI". It fails if the id is not a Region,
// "_" and a name of letters, digits and "_", at most 55 bytes in all (Amazon
// Cognito API Reference, UserPoolIdType).
func PoolName(userPoolID string) (string, error) {
	const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	region, name, _ := strings.Cut(userPoolID, "_")
	if region == "" || name == "" || len(userPoolID) > 55 ||
		strings.Trim(region, alphanumeric+"-") != "" || strings.Trim(name, alphanumeric+"_") != "" {
		return "", fmt.Errorf("srp: user pool id %.60q does not have the form us-east-1_AbCdEfGhI", userPoolID)
	}
	return name, nil
}

// layout is the form of TIMESTAMP: English names, no zero before the day of
// the month, hours from 00 to 23 (amazon-cognito-identity-js, DateHelper.js).
const layout = "Mon Jan 2 15:04:05 UTC 2006"

// Timestamp returns t in the form TIMESTAMP has, "Tue Apr 5 06:07:08 UTC 2022",
// in UTC whatever t's location is. The text that is signed and the text that is
// sent must be the same.
func Timestamp(t time.Time) string { return t.UTC().Format(layout) }

// checkTimestamp refuses what [Timestamp] cannot have made. Cognito answers a
// zero before the day or a weekday of another date with "Incorrect username or
// password", which would send the user looking in the wrong place.
func checkTimestamp(s string) error {
	t, err := time.Parse(layout, s)
	if err != nil || Timestamp(t) != s {
		return errors.New(`srp: timestamp does not have the form "Tue Apr 5 06:07:08 UTC 2022": use srp.Timestamp`)
	}
	return nil
}

// pad returns n >= 0 as minimal big-endian two's complement: no leading zero
// bytes but one where the first bit would be set, and one zero byte for 0. It
// is Java's BigInteger.toByteArray and padHex of amazon-cognito-identity-js,
// and it is not RFC 5054's PAD, which fills up to the length of N.
func pad(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return b
}

// hashInt is SHA-256 over the parts, as an integer.
func hashInt(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// scramble is u = SHA-256( pad(A) | pad(B) ) (RFC 5054 section 2.6).
func scramble(A, B *big.Int) *big.Int { return hashInt(pad(A), pad(B)) }

// key derives K, the 16-byte HMAC key of the proof, from S by HKDF-SHA-256
// (RFC 5869) with the salt u and the info "Caldera Derived Key"
// (AuthenticationHelper.js, computehkdf).
func key(S, u *big.Int) ([]byte, error) {
	return hkdf.Key(sha256.New, pad(S), pad(u), "Caldera Derived Key", 16)
}

// sign is HMAC-SHA-256 with K over Pool | User | SECRET_BLOCK | TIMESTAMP
// (CognitoUser.js, authenticateUserDefaultAuth).
func sign(K []byte, id Identity, secretBlock []byte, timestamp string) []byte {
	h := hmac.New(sha256.New, K)
	h.Write([]byte(id.Pool + id.User))
	h.Write(secretBlock)
	h.Write([]byte(timestamp))
	return h.Sum(nil)
}

// Most digits that are read. The values of the group have 768, and some
// clients send one or two zeros before them. Cognito's salts have 32; a salt is
// only hashed, so its bound is generous.
const (
	maxDigits     = 770
	maxSaltDigits = 512
)

// parseHex reads a non-negative integer of at most max hexadecimal digits of
// either case. An odd number of them and leading zeros are fine: Cognito sends
// what Java's BigInteger.toString(16) makes. Signs and underscores, which
// big.Int.SetString may take, are not.
func parseHex(name, s string, max int) (*big.Int, error) {
	switch {
	case s == "":
		return nil, fmt.Errorf("srp: %s is empty", name)
	case len(s) > max:
		return nil, fmt.Errorf("srp: %s has %d digits, more than %d", name, len(s), max)
	case strings.Trim(s, "0123456789abcdefABCDEF") != "":
		return nil, fmt.Errorf("srp: %s is not a non-negative hexadecimal number", name)
	}
	n, _ := new(big.Int).SetString(s, 16)
	return n, nil
}

// text is the inverse of parseHex, and "" for the value that a Client or Server
// which was not made by its function does not have.
func text(n *big.Int) string {
	if n == nil {
		return ""
	}
	return n.Text(16)
}
