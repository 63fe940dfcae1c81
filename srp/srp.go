// Package srp implements the password proof of Amazon Cognito user pools: SRP-6a, as specified
// in RFC 5054, with Cognito's group, hash and encodings.
//
// [Client] is the side that signs in and [Server] the side that verifies. [NewVerifier] makes
// the verifiers that remembered devices register. The package performs no input or output.
//
//	client := srp.NewClient()
//	// Send InitiateAuth (USER_SRP_AUTH) with client.A() as SRP_A.
//	// The response holds SALT, SRP_B, SECRET_BLOCK and USER_ID_FOR_SRP.
//	id := srp.Identity{Pool: poolName, User: userIDForSRP, Password: password}
//	challenge := srp.Challenge{Salt: salt, B: srpB, SecretBlock: secretBlock}
//	timestamp := srp.Timestamp(time.Now())
//	signature, err := client.Sign(id, challenge, timestamp)
//	// Send RespondToAuthChallenge (PASSWORD_VERIFIER) with the signature, in base64, as
//	// PASSWORD_CLAIM_SIGNATURE and with timestamp as TIMESTAMP.
//
// # Differences from RFC 5054
//
// Variables have the names of RFC 5054: N and g are the group, k is the multiplier, a and b are
// the secret ephemeral values, A and B the public ones, u is the scrambling parameter, x the
// private key derived from the password, v = g^x the password verifier, and S the premaster
// secret. The formulas are those of sections 2.4 to 2.6.
//
// Cognito has no public specification. Where it departs from the RFC, this package does what
// Amazon's client amazon-cognito-identity-js does (AuthenticationHelper.js, CognitoUser.js):
//
//   - N is the 3072-bit prime of RFC 3526 section 4, with that RFC's generator g = 2.
//     RFC 5054 appendix A combines the same prime with g = 5.
//   - The hash is SHA-256, and x also covers the name of the user pool.
//   - Integers are hashed in minimal two's complement form, not padded to the length of N.
//   - The proof is an HMAC under a key that HKDF derives from S. Cognito sends no proof of its
//     own, so SRP does not authenticate the server: TLS must.
//
// # Secrets in memory
//
// The arithmetic uses math/big, which is not constant-time. No exponent is therefore x itself:
// each is combined with a random mask that is new in each exchange. The comments of group and
// comb describe what this hides and what it does not hide.
//
// Secrets are not wiped from memory, because math/big leaves copies that callers cannot reach.
package srp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Identity holds the values from which x is derived.
//
// For a user, Pool is the name of the user pool (see [PoolName]), User is the USER_ID_FOR_SRP
// of the challenge and Password is the password. USER_ID_FOR_SRP can differ from the user name
// that was typed. For a remembered device, the three are the DeviceGroupKey, the DeviceKey and
// the device's password.
//
// All three must be valid UTF-8 and must not be empty. They are hashed as they are. Callers
// that normalize Unicode must do so both when a password is set and when it is used.
//
// An Identity prints and marshals as "REDACTED". Package fmt cannot redact an Identity in an
// unexported field of another struct, because it does not call the methods of such fields.
type Identity struct {
	redacted
	Pool, User, Password string
}

// redacted is embedded in each type that holds a secret. Its methods hide all fields from
// package fmt, whatever the verb, and from log/slog and encoding/json.
type redacted struct{}

// Format implements [fmt.Formatter].
func (redacted) Format(f fmt.State, _ rune) { io.WriteString(f, "REDACTED") }

// MarshalText implements [encoding.TextMarshaler].
func (redacted) MarshalText() ([]byte, error) { return []byte("REDACTED"), nil }

// GobEncode returns an error, because encoding/gob would write the fields.
func (redacted) GobEncode() ([]byte, error) {
	return nil, errors.New("srp: a value with secrets is not encoded as gob")
}

// check returns an error that names the first field that is empty or not UTF-8. Invalid UTF-8
// must not pass: encoding/json would replace it on the way to Cognito, and Cognito would then
// derive another x.
func (id Identity) check() error {
	for _, field := range []struct{ name, value string }{
		{"Pool", id.Pool},
		{"User", id.User},
		{"Password", id.Password},
	} {
		if field.value == "" {
			return fmt.Errorf("srp: Identity.%s is empty", field.name)
		}
		if !utf8.ValidString(field.value) {
			return fmt.Errorf("srp: Identity.%s is not valid UTF-8", field.name)
		}
	}
	return nil
}

// x returns SHA-256( pad(salt) | SHA-256( Pool | User | ":" | Password ) ), which is x of
// RFC 5054 section 2.4 with Pool added. The inner hash is 32 bytes, without padding.
func (id Identity) x(salt *big.Int) *big.Int {
	inner := sha256.Sum256([]byte(id.Pool + id.User + ":" + id.Password))
	return hashInt(pad(salt), inner[:])
}

// PoolName returns the part of a user pool ID after the first "_", such as "AbCdEfGhI" for
// "us-east-1_AbCdEfGhI". It returns an error if the ID does not consist of a Region, a "_" and
// a name of letters, digits and "_", or if it is longer than 55 bytes (UserPoolIdType in the
// Amazon Cognito user pools API Reference).
func PoolName(userPoolID string) (string, error) {
	const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	region, name, _ := strings.Cut(userPoolID, "_")
	if region == "" || name == "" || len(userPoolID) > 55 ||
		strings.Trim(region, alphanumeric+"-") != "" || strings.Trim(name, alphanumeric+"_") != "" {
		return "", fmt.Errorf("srp: user pool ID %.60q does not have the form us-east-1_AbCdEfGhI",
			userPoolID)
	}
	return name, nil
}

// timestampLayout is the form of TIMESTAMP: English names, a day without leading zero and a
// 24-hour clock (DateHelper.js in amazon-cognito-identity-js).
const timestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// Timestamp returns t, converted to UTC, in the form of TIMESTAMP:
// "Tue Apr 5 06:07:08 UTC 2022". Clients must sign and send the same text.
func Timestamp(t time.Time) string { return t.UTC().Format(timestampLayout) }

// checkTimestamp returns an error if s is not a result of [Timestamp]. Cognito's response to a
// day with a leading zero or to a wrong weekday is "Incorrect username or password", which does
// not lead to the cause.
func checkTimestamp(s string) error {
	t, err := time.Parse(timestampLayout, s)
	if err != nil || Timestamp(t) != s {
		return errors.New(`srp: timestamp is not like "Tue Apr 5 06:07:08 UTC 2022": use Timestamp`)
	}
	return nil
}

// pad returns n, which is not negative, in minimal big-endian two's complement form. The bit
// before the highest one bit is the sign and belongs to the result, so that 0x7f is one byte,
// 0x80 is two bytes (00 80) and 0 is one byte. It is BigInteger.toByteArray of Java and padHex
// of AuthenticationHelper.js. It is not PAD of RFC 5054, which fills up to the length of N.
func pad(n *big.Int) []byte { return n.FillBytes(make([]byte, n.BitLen()/8+1)) }

// hashInt returns the SHA-256 of the concatenated parts as an integer.
func hashInt(parts ...[]byte) *big.Int {
	sum := sha256.Sum256(slices.Concat(parts...))
	return new(big.Int).SetBytes(sum[:])
}

// scramble returns u = SHA-256( pad(A) | pad(B) ) (RFC 5054 section 2.6).
func scramble(A, B *big.Int) *big.Int { return hashInt(pad(A), pad(B)) }

// key derives K, the key of the proof, from S. It is 16 bytes of HKDF-SHA-256 (RFC 5869) with
// the salt u and the info "Caldera Derived Key" (computehkdf in AuthenticationHelper.js).
func key(S, u *big.Int) ([]byte, error) {
	return hkdf.Key(sha256.New, pad(S), pad(u), "Caldera Derived Key", 16)
}

// sign returns the proof: the HMAC-SHA-256 of Pool | User | SECRET_BLOCK | TIMESTAMP under K
// (authenticateUserDefaultAuth in CognitoUser.js).
func sign(K []byte, id Identity, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, K)
	mac.Write(slices.Concat([]byte(id.Pool+id.User), secretBlock, []byte(timestamp)))
	return mac.Sum(nil)
}

// Limits for numbers in hexadecimal, so that a hostile peer cannot cause long computations.
const (
	// maxDigits is for A and B. Values modulo N have up to 768 digits, and some clients send
	// one or two leading zeros.
	maxDigits = 770

	// maxSaltDigits is for SALT. Cognito's salts have up to 32 digits. A salt is only hashed,
	// so the limit is generous.
	maxSaltDigits = 512
)

// parseHex parses a non-negative integer of at most limit hexadecimal digits. Both cases, odd
// lengths and leading zeros are valid, because Cognito sends the output of Java's
// BigInteger.toString(16). Signs are not.
func parseHex(name, s string, limit int) (*big.Int, error) {
	switch {
	case s == "":
		return nil, fmt.Errorf("srp: %s is empty", name)
	case len(s) > limit:
		return nil, fmt.Errorf("srp: %s has %d digits: the limit is %d", name, len(s), limit)
	case strings.Trim(s, "0123456789abcdefABCDEF") != "":
		return nil, fmt.Errorf("srp: %s is not an unsigned hexadecimal number", name)
	}
	n, _ := new(big.Int).SetString(s, 16)
	return n, nil
}

// formatHex returns n in hexadecimal, or "" if n is nil, which it is in the zero value of
// Client and Server.
func formatHex(n *big.Int) string {
	if n == nil {
		return ""
	}
	return n.Text(16)
}
