package srp

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

func decode(t *testing.T, name string, v any) {
	t.Helper()
	if err := testvectors.Decode(name, v); err != nil {
		t.Fatal(err)
	}
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// clientWith returns a Client with the given a and A. Unlike newClient, it computes nothing.
func clientWith(a, A *big.Int) *Client {
	c := &Client{bigA: A, a: make(chan *big.Int, 1)}
	c.a <- a
	return c
}

// serverWith returns a Server with the secrets of s and an unused b.
func serverWith(s *Server, b *big.Int) *Server {
	unused := *s
	unused.b = make(chan *big.Int, 1)
	unused.b <- b
	return &unused
}

// signIn is one sign-in of a vector file. Files leave out some of the fields. Those are empty and
// are not compared.
type signIn struct {
	Name        string
	PoolID      string `json:"pool_id"`
	PoolName    string `json:"pool_name"`
	User        string `json:"user_id_for_srp"`
	Password    string
	AHex        string `json:"small_a_hex"`
	ADec        string `json:"small_a_dec"`
	BHex        string `json:"small_b_hex"`
	PublicAHex  string `json:"big_A_hex"`
	PublicADec  string `json:"big_A_dec"`
	PublicBHex  string `json:"big_B_hex"`
	SaltHex     string `json:"salt_hex"`
	SecretBlock string `json:"secret_block_b64"`
	Timestamp   string
	UHex        string `json:"u_hex"`
	UDec        string `json:"u_dec"`
	XHex        string `json:"x_hex"`
	XDec        string `json:"x_dec"`
	SHex        string `json:"S_hex"`
	SDec        string `json:"S_dec"`
	KeyHex      string `json:"key_hex"`
	KeyBase64   string `json:"key_b64"`
	Signature   string `json:"signature_b64"`
}

// check computes a sign-in step by step and compares each value with the vector, if the vector
// has it, and with the oracle. It returns A.
func (v signIn) check(t *testing.T) (A string) {
	t.Helper()
	a := new(big.Int)
	if v.AHex != "" {
		a = bigHex(v.AHex)
	} else if _, ok := a.SetString(v.ADec, 10); !ok {
		t.Fatal("the vector has no a")
	}
	pool := v.PoolName
	if v.PoolID != "" {
		got, err := PoolName(v.PoolID)
		if err != nil || pool != "" && got != pool {
			t.Fatalf("PoolName(%q) = %q, %v, want %q", v.PoolID, got, err, pool)
		}
		pool = got
	}
	block := unbase64(t, v.SecretBlock)
	id := Identity{Pool: pool, User: v.User, Password: v.Password}

	salt := must[*big.Int](t)(parseHex("SALT", v.SaltHex, maxSaltDigits))
	B := must[*big.Int](t)(parseHex("SRP_B", v.PublicBHex, maxDigits))
	c := newClient(a)
	x, u := id.x(salt), scramble(c.bigA, B)
	S := cognito().clientSecret(c.bigA, B, a, u, x)
	K := must[[]byte](t)(key(S, u))

	compared := 0
	compare := func(name, got, want string) {
		t.Helper()
		if want == "" {
			return
		}
		compared++
		if got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	compare("A", c.A(), v.PublicAHex)
	compare("A", c.bigA.String(), v.PublicADec)
	compare("u", u.Text(16), v.UHex)
	compare("u", u.String(), v.UDec)
	compare("x", x.Text(16), v.XHex)
	compare("x", x.String(), v.XDec)
	compare("S", S.Text(16), v.SHex)
	compare("S", S.String(), v.SDec)
	compare("K", hex.EncodeToString(K), v.KeyHex)
	compare("K", base64.StdEncoding.EncodeToString(K), v.KeyBase64)
	if compared == 0 && v.Signature == "" {
		t.Fatal("the vector has no value to compare")
	}

	var o oracle
	o.run(a.Text(16), v.PublicBHex, v.SaltHex, id, block, v.Timestamp)
	compare("A", c.A(), o.A)
	compare("u", u.Text(16), o.u)
	compare("x", x.Text(16), o.x)
	compare("S", S.Text(16), o.S)
	compare("K", hex.EncodeToString(K), o.key)

	if v.Timestamp == "" {
		return c.A() // the vector has no signature
	}
	for i, ch := range []Challenge{
		{Salt: v.SaltHex, B: v.PublicBHex, SecretBlock: block},
		{Salt: strings.ToUpper(v.SaltHex), B: strings.ToUpper(v.PublicBHex), SecretBlock: block},
		{Salt: "000" + v.SaltHex, B: "0" + v.PublicBHex, SecretBlock: block},
	} {
		if i > 0 && !long {
			// The other forms are the same numbers, so that the signature is the same too.
			again := must[*big.Int](t)(parseHex("SALT", ch.Salt, maxSaltDigits))
			compare("SALT", again.Text(16), salt.Text(16))
			again = must[*big.Int](t)(parseHex("SRP_B", ch.B, maxDigits))
			compare("SRP_B", again.Text(16), B.Text(16))
			continue
		}
		got := must[[]byte](t)(clientWith(a, c.bigA).Sign(id, ch, v.Timestamp))
		compare("signature", base64.StdEncoding.EncodeToString(got), v.Signature)
		compare("signature", base64.StdEncoding.EncodeToString(got), o.signature)
	}
	return c.A()
}
