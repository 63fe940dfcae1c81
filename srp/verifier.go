package srp

import (
	"crypto/rand"
	"math/big"
)

// Verifier holds the values that the verifying side stores in place of a password (RFC 5054
// section 2.4). A party that has them can try passwords offline and can impersonate the server,
// but cannot sign in.
//
// Both fields are non-negative integers in minimal big-endian two's complement form, as Java's
// BigInteger.toByteArray returns them: a zero byte precedes a first byte of 0x80 or more. In
// base64 they are the fields of the same names in DeviceSecretVerifierConfig of ConfirmDevice.
//
// A Verifier prints and marshals as "REDACTED".
type Verifier struct {
	redacted
	// Salt is the salt, at most 256 bytes.
	Salt []byte

	// PasswordVerifier is v = g^x mod N, at most 385 bytes.
	PasswordVerifier []byte
}

// NewVerifier returns a verifier for id with a random 16-byte salt. It returns an error if id is
// incomplete.
func NewVerifier(id Identity) (Verifier, error) {
	var salt [16]byte
	rand.Read(salt[:]) // never returns an error
	return newVerifier(id, new(big.Int).SetBytes(salt[:]))
}

// newVerifier returns the verifier for id and salt.
func newVerifier(id Identity, salt *big.Int) (Verifier, error) {
	if err := id.check(); err != nil {
		return Verifier{}, err
	}
	gr, r := cognito(), randomExponent()
	v := gr.verifier(id.x(salt), r, gr.expG(r))
	return Verifier{Salt: pad(salt), PasswordVerifier: pad(v)}, nil
}
