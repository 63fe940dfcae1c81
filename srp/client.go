package srp

import (
	"errors"
	"math/big"
)

// Client is the client side of one exchange. It holds the secret value a and the public value
// A. Each exchange needs its own Client, made by [NewClient]. The exchange of a remembered
// device, which follows the user's in the same sign-in, is a separate one.
//
// Copies of a Client share its secret. A Client prints and marshals as "REDACTED".
type Client struct {
	redacted
	bigA *big.Int
	a    chan *big.Int // holds a until the first call of Sign
}

// NewClient returns a Client whose secret value a has 641 bits, of which crypto/rand provides
// 640. RFC 5054 section 2.5.4 recommends at least 256 bits.
//
// NewClient also computes A = g^a mod N, the part of the work that does not depend on the user.
func NewClient() *Client { return newClient(randomExponent()) }

// newClient returns a Client with the given a, which is greater than 0. A is never 0 modulo N,
// because no power of g is.
func newClient(a *big.Int) *Client {
	c := &Client{bigA: cognito().expG(a), a: make(chan *big.Int, 1)}
	c.a <- a
	return c
}

// A returns SRP_A, which is A in lower-case hexadecimal without leading zeros. The number of
// digits can be odd.
func (c *Client) A() string { return formatHex(c.bigA) }

// Challenge holds the parameters of a PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER challenge.
type Challenge struct {
	// Salt is SALT, at most 512 hexadecimal digits.
	Salt string

	// B is SRP_B, at most 770 hexadecimal digits.
	B string

	// SecretBlock is SECRET_BLOCK, decoded from base64.
	SecretBlock []byte
}

// Sign returns the 32 bytes of PASSWORD_CLAIM_SIGNATURE, which prove that the client knows the
// password. Clients send them in base64, together with the timestamp, which must be a result of
// [Timestamp].
//
// Sign returns an error that names the parameter if id is incomplete, if ch cannot be from
// Cognito, or if B modulo N is 0 (RFC 5054 section 2.5.3). Clients must then end the sign-in
// without a response.
//
// Each Client can sign once, even if Sign returns an error: a masks the exponent derived from
// the password, and a mask must not be used twice.
func (c *Client) Sign(id Identity, ch Challenge, timestamp string) ([]byte, error) {
	var a *big.Int
	select {
	case a = <-c.a:
	default:
		return nil, errors.New("srp: Client is used or not from NewClient: use one per exchange")
	}
	if err := id.check(); err != nil {
		return nil, err
	}
	if err := checkTimestamp(timestamp); err != nil {
		return nil, err
	}
	salt, err := parseHex("SALT", ch.Salt, maxSaltDigits)
	if err != nil {
		return nil, err
	}
	B, err := parseHex("SRP_B", ch.B, maxDigits)
	if err != nil {
		return nil, err
	}
	if len(ch.SecretBlock) == 0 {
		return nil, errors.New("srp: SECRET_BLOCK is empty")
	}
	K, err := clientKey(a, c.bigA, B, salt, id)
	if err != nil {
		return nil, err
	}
	return sign(K, id, ch.SecretBlock, timestamp), nil
}

// clientKey returns K as the client computes it. Its errors mean that the peer is broken or is
// not Cognito, and that a proof could help it to guess the password.
func clientKey(a, A, B, salt *big.Int, id Identity) ([]byte, error) {
	gr := cognito()
	if new(big.Int).Mod(B, gr.N).Sign() == 0 {
		return nil, errors.New("srp: SRP_B is 0 modulo N")
	}
	u := scramble(A, B)
	if u.Sign() == 0 {
		return nil, errors.New("srp: the hash of SRP_A and SRP_B is 0")
	}
	S := gr.clientSecret(A, B, a, u, id.x(salt))
	if S.Sign() == 0 {
		return nil, errors.New("srp: SRP_B makes the premaster secret 0")
	}
	return key(S, u)
}
