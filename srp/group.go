package srp

import (
	"crypto/rand"
	"math/big"
	"sync"
)

// group is a group for SRP-6a: N a safe prime, g a generator, k the multiplier.
type group struct {
	N, g, k *big.Int
}

// primeN is the 3072-bit MODP prime of RFC 3526 section 4 (group 15),
// 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 pi) + 1690314), which RFC 5054
// appendix A uses too.
const primeN = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22" +
	"514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6" +
	"F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3D" +
	"C2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
	"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E8603" +
	"9B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D" +
	"B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
	"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB31" +
	"43DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// multiplierK is SHA-256( pad(N) | pad(g) ), that is over a zero byte, the 384
// bytes of N and the byte 2. RFC 5054 section 2.5.3 would fill g up to N's length.
const multiplierK = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"

// cognito returns Cognito's group.
var cognito = sync.OnceValue(func() *group {
	return &group{N: mustHex(primeN), g: big.NewInt(2), k: mustHex(multiplierK)}
})

func mustHex(s string) *big.Int {
	n, err := parseHex("constant", s, maxDigits)
	if err != nil {
		panic(err)
	}
	return n
}

// randomExponent draws a secret exponent.
func randomExponent() *big.Int {
	var b [80]byte
	rand.Read(b[:])
	return new(big.Int).SetBit(new(big.Int).SetBytes(b[:]), 640, 1)
}

// expG returns g^e mod N.
func (gr *group) expG(e *big.Int) *big.Int { return new(big.Int).Exp(gr.g, e, gr.N) }

// verifier returns v = g^x mod N.
func (gr *group) verifier(x *big.Int) *big.Int { return gr.expG(x) }

// clientSecret returns S = (B - k*g^x)^(a + u*x) mod N (RFC 5054 section 2.6).
func (gr *group) clientSecret(B, a, u, x *big.Int) *big.Int {
	base := new(big.Int).Mul(gr.k, gr.verifier(x))
	base.Mod(base.Sub(B, base), gr.N) // Mod is Euclidean: never negative
	e := new(big.Int).Mul(u, x)
	return base.Exp(base, e.Add(e, a), gr.N)
}

// serverPublic returns B = k*v + g^b mod N (RFC 5054 section 2.5.3).
func (gr *group) serverPublic(v, b *big.Int) *big.Int {
	B := new(big.Int).Mul(gr.k, v)
	return B.Mod(B.Add(B, gr.expG(b)), gr.N)
}

// serverSecret returns S = (A * v^u)^b mod N (RFC 5054 section 2.6).
func (gr *group) serverSecret(A, v, u, b *big.Int) *big.Int {
	S := new(big.Int).Exp(v, u, gr.N)
	S.Mod(S.Mul(S, A), gr.N)
	return S.Exp(S, b, gr.N)
}
