package srp

import (
	"errors"
	"fmt"
	"math/big"
)

// Client is the client side of one exchange: the secret a and the public A.
// Make one with [NewClient] for each exchange, also for a device's, which
// follows a user's in the same sign-in. Copies share the secret.
//
// A Client prints and marshals as "srp.Client(redacted)".
type Client struct {
	bigA *big.Int
	a    chan *big.Int // holds a until the first Sign takes it
}

// Format implements [fmt.Formatter] and shows no field.
func (Client) Format(f fmt.State, _ rune) { redact(f, "srp.Client") }

// MarshalText implements [encoding.TextMarshaler] and shows no field.
func (Client) MarshalText() ([]byte, error) { return []byte("srp.Client(redacted)"), nil }

// NewClient draws a secret a of 641 bits, 640 of them random, from crypto/rand
// and computes A = g^a mod N (RFC 5054 section 2.5.4, which asks for at least
// 256 bits). It is the part of the work that can be done before anything is
// known about the user.
func NewClient() *Client { return newClient(randomExponent()) }

// newClient takes a > 0 of any length. A is never 0: g is a unit modulo N.
func newClient(a *big.Int) *Client {
	c := &Client{bigA: cognito().expG(a), a: make(chan *big.Int, 1)}
	c.a <- a
	return c
}

// A returns SRP_A: g^a mod N in lower-case hexadecimal without leading zeros,
// so that its number of digits may be odd.
func (c *Client) A() string { return text(c.bigA) }

// Challenge is what Cognito sends in a PASSWORD_VERIFIER or
// DEVICE_PASSWORD_VERIFIER challenge.
type Challenge struct {
	Salt        string // SALT: hexadecimal, at most 512 digits
	B           string // SRP_B: hexadecimal, at most 770 digits
	SecretBlock []byte // SECRET_BLOCK, decoded from base64
}

// Sign returns PASSWORD_CLAIM_SIGNATURE, 32 bytes to be sent in base64, which
// proves to Cognito that the client knows the password. The timestamp comes from
// [Timestamp] and is sent with it.
//
// Sign can be called once, whatever comes of it: a masks the password's exponent,
// and no mask is used twice. It returns an error that names the field if id is
// not complete, if the challenge is not one that Cognito can have sent, or if B
// modulo N is 0 (RFC 5054 section 2.5.3); then no answer must be sent.
func (c *Client) Sign(id Identity, ch Challenge, timestamp string) ([]byte, error) {
	var a *big.Int
	select {
	case a = <-c.a:
	default:
		return nil, errors.New("srp: Client has been used, or was not made by NewClient: one is needed for each exchange")
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

// clientKey is the client's half of the agreement on K. Errors tell that the
// other side is not Cognito, or is broken: an answer must not be sent.
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
		return nil, errors.New("srp: SRP_B makes the shared secret 0")
	}
	return key(S, u)
}
