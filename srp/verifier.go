package srp

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
)

// Verifier is what the verifying side keeps in place of a password: the salt
// and v = g^x mod N. Whoever has it can try passwords against it and can
// impersonate the server, but cannot sign in.
//
// Both are integers in minimal big-endian two's complement, as Java's
// BigInteger.toByteArray makes them: a zero byte precedes a first byte of 0x80
// or more. In base64 they are Salt and PasswordVerifier of ConfirmDevice's
// DeviceSecretVerifierConfig.
//
// A Verifier prints and marshals as "srp.Verifier(redacted)".
type Verifier struct {
	Salt     []byte // at most 256 bytes
	Verifier []byte // at most 385 bytes
}

// Format implements [fmt.Formatter] and shows no field.
func (Verifier) Format(f fmt.State, _ rune) { redact(f, "srp.Verifier") }

// MarshalText implements [encoding.TextMarshaler] and shows no field.
func (Verifier) MarshalText() ([]byte, error) { return []byte("srp.Verifier(redacted)"), nil }

// NewVerifier makes the verifier of an identity with a random 16-byte salt.
func NewVerifier(id Identity) (Verifier, error) {
	var salt [16]byte
	rand.Read(salt[:])
	return newVerifier(id, new(big.Int).SetBytes(salt[:]))
}

func newVerifier(id Identity, salt *big.Int) (Verifier, error) {
	if err := id.check(); err != nil {
		return Verifier{}, err
	}
	gr, r := cognito(), randomExponent()
	v := gr.verifier(id.x(salt), r, gr.expG(r))
	return Verifier{Salt: pad(salt), Verifier: pad(v)}, nil
}

// Server is the verifier side of one exchange: the secret b and the public B.
// Make one with [NewServer] for each exchange. Copies share the secret.
//
// A Server prints and marshals as "srp.Server(redacted)".
type Server struct {
	salt, v, bigB *big.Int
	b             chan *big.Int // holds b until the first Verify takes it
}

// Format implements [fmt.Formatter] and shows no field.
func (Server) Format(f fmt.State, _ rune) { redact(f, "srp.Server") }

// MarshalText implements [encoding.TextMarshaler] and shows no field.
func (Server) MarshalText() ([]byte, error) { return []byte("srp.Server(redacted)"), nil }

// NewServer draws a secret b of 641 bits, 640 of them random, from crypto/rand
// and computes B = k*v + g^b mod N (RFC 5054 section 2.5.3). It fails if v is
// not a verifier.
func NewServer(v Verifier) (*Server, error) {
	for {
		s, err := newServer(v, randomExponent())
		if err != nil || s.bigB.Sign() != 0 { // B = 0 would be refused by the client
			return s, err
		}
	}
}

func newServer(v Verifier, b *big.Int) (*Server, error) {
	gr := cognito()
	salt, err := integer("Salt", v.Salt, maxSaltDigits/2)
	if err != nil {
		return nil, err
	}
	gx, err := integer("Verifier", v.Verifier, maxDigits/2)
	if err != nil {
		return nil, err
	}
	if gx.Sign() == 0 || gx.Cmp(gr.N) >= 0 {
		return nil, errors.New("srp: Verifier.Verifier is not between 1 and N-1")
	}
	s := &Server{salt: salt, v: gx, bigB: gr.serverPublic(gx, b), b: make(chan *big.Int, 1)}
	s.b <- b
	return s, nil
}

// integer is the inverse of pad; it also takes leading zero bytes.
func integer(name string, b []byte, max int) (*big.Int, error) {
	switch {
	case len(b) == 0:
		return nil, fmt.Errorf("srp: Verifier.%s is empty", name)
	case len(b) > max:
		return nil, fmt.Errorf("srp: Verifier.%s has %d bytes, more than %d", name, len(b), max)
	case b[0] >= 0x80:
		return nil, fmt.Errorf("srp: Verifier.%s is negative: a zero byte is missing before a first byte of 0x80 or more", name)
	}
	return new(big.Int).SetBytes(b), nil
}

// Salt returns SALT as Cognito sends it: hexadecimal without leading zeros.
func (s *Server) Salt() string { return text(s.salt) }

// B returns SRP_B as Cognito sends it: hexadecimal without leading zeros.
func (s *Server) B() string { return text(s.bigB) }

// ErrSignature is the error of [Server.Verify] for a signature that does not
// match: the password, the identity, the secret block or the timestamp is
// another one than the client's.
var ErrSignature = errors.New("srp: signature does not match")

// Verify checks the proof of a client that sent a as SRP_A, and returns
// [ErrSignature] if it is wrong. Of id only Pool and User are used. The secret
// block is the one that was sent to the client, decoded; that it has not been
// used before, and how old the timestamp may be, is for the caller to check.
// Verify checks the timestamp's form, that A modulo N is not 0 (RFC 5054
// section 2.5.4), and compares in constant time.
//
// Verify can be called once, whatever comes of it: each call is one try at the
// password.
func (s *Server) Verify(a string, id Identity, secretBlock []byte, timestamp string, signature []byte) error {
	var b *big.Int
	select {
	case b = <-s.b:
	default:
		return errors.New("srp: Server has been used, or was not made by NewServer: one is needed for each exchange")
	}
	if id.Pool == "" || id.User == "" {
		return errors.New("srp: Identity.Pool or Identity.User is empty")
	}
	if err := checkTimestamp(timestamp); err != nil {
		return err
	}
	A, err := parseHex("SRP_A", a, maxDigits)
	if err != nil {
		return err
	}
	K, err := s.key(A, b)
	if err != nil {
		return err
	}
	if !hmac.Equal(signature, sign(K, id, secretBlock, timestamp)) {
		return ErrSignature
	}
	return nil
}

// key is the verifier's half of the agreement on K.
func (s *Server) key(A, b *big.Int) ([]byte, error) {
	gr := cognito()
	if new(big.Int).Mod(A, gr.N).Sign() == 0 {
		return nil, errors.New("srp: SRP_A is 0 modulo N")
	}
	u := scramble(A, s.bigB)
	if u.Sign() == 0 {
		return nil, errors.New("srp: the hash of SRP_A and SRP_B is 0")
	}
	return key(gr.serverSecret(A, s.v, u, b), u)
}
