package srp

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"math/big"
)

// Server is the verifying side of one exchange. It holds the secret value b and the public value
// B. Each exchange needs its own Server, made by [NewServer].
//
// Copies of a Server share its secret. A Server prints and marshals as "REDACTED".
type Server struct {
	redacted
	salt, v, bigB *big.Int
	b             chan *big.Int // holds b until the first call of Verify
}

// NewServer returns a Server that checks proofs against v. Its secret value b has 641 bits, of
// which crypto/rand provides 640; RFC 5054 section 2.5.3 recommends at least 256 bits. NewServer
// returns an error if the fields of v are not in the form that [Verifier] documents.
func NewServer(v Verifier) (*Server, error) {
	for {
		s, err := newServer(v, randomExponent())
		if err != nil || s.bigB.Sign() != 0 { // clients refuse B = 0
			return s, err
		}
	}
}

// newServer returns a Server with the given b.
func newServer(verifier Verifier, b *big.Int) (*Server, error) {
	gr := cognito()
	salt, err := integer("Salt", verifier.Salt, maxSaltDigits/2)
	if err != nil {
		return nil, err
	}
	v, err := integer("PasswordVerifier", verifier.PasswordVerifier, maxDigits/2)
	if err != nil {
		return nil, err
	}
	if v.Sign() == 0 || v.Cmp(gr.N) >= 0 {
		return nil, errors.New("srp: Verifier.PasswordVerifier is not between 1 and N-1")
	}
	s := &Server{salt: salt, v: v, bigB: gr.serverPublic(v, b), b: make(chan *big.Int, 1)}
	s.b <- b
	return s, nil
}

// integer parses a field of a Verifier. It is the inverse of pad and also accepts leading zero
// bytes.
func integer(field string, b []byte, limit int) (*big.Int, error) {
	switch {
	case len(b) == 0:
		return nil, fmt.Errorf("srp: Verifier.%s is empty", field)
	case len(b) > limit:
		return nil, fmt.Errorf("srp: Verifier.%s has %d bytes: the limit is %d",
			field, len(b), limit)
	case b[0] >= 0x80:
		return nil, fmt.Errorf("srp: Verifier.%s is negative: prepend a zero byte", field)
	}
	return new(big.Int).SetBytes(b), nil
}

// Salt returns SALT as Cognito sends it: in hexadecimal without leading zeros.
func (s *Server) Salt() string { return formatHex(s.salt) }

// B returns SRP_B as Cognito sends it: in hexadecimal without leading zeros.
func (s *Server) B() string { return formatHex(s.bigB) }

// ErrSignature is the error that [Server.Verify] returns for a signature that does not match.
// The client used another password, identity, secret block or timestamp.
var ErrSignature = errors.New("srp: signature does not match")

// Verify checks the proof of a client that sent srpA as SRP_A. It returns [ErrSignature] if the
// signature does not match, and another error if a parameter is malformed or if A modulo N is 0
// (RFC 5054 section 2.5.4). Signatures are compared in constant time.
//
// Verify uses Pool and User of id and ignores Password. secretBlock is the decoded block that
// the client received. Callers must check that it was not used before and that the timestamp is
// recent. Verify checks only the timestamp's form.
//
// Each Server can verify once, even if Verify returns an error, because each call is an attempt
// at the password.
func (s *Server) Verify(
	srpA string, id Identity, secretBlock []byte, timestamp string, signature []byte,
) error {
	var b *big.Int
	select {
	case b = <-s.b:
	default:
		return errors.New("srp: Server is used or not from NewServer: use one per exchange")
	}
	if id.Pool == "" || id.User == "" {
		return errors.New("srp: Identity.Pool or Identity.User is empty")
	}
	if err := checkTimestamp(timestamp); err != nil {
		return err
	}
	A, err := parseHex("SRP_A", srpA, maxDigits)
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

// key returns K as the server computes it.
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
