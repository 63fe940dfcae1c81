package srp

import (
	"crypto/rand"
	"math/big"
	"sync"
)

// group holds the parameters of SRP-6a and implements its arithmetic. N is a safe prime, g a
// generator and k the multiplier (RFC 5054 sections 2.5.3 and 2.6).
//
// # Masking of x
//
// The time of an exponentiation in math/big depends on the exponent. With x as the exponent, an
// observer could average that time over many sign-ins with the same password. The client
// therefore uses only exponents that contain a random number of 640 bits: a in the exchange of a
// [Client], and r in [NewVerifier]. Both are used once. In a sign-in, r is a and g^r is A.
//
//	g^r
//	g^s    with s = M + x - r  and  M = 3 * (2^640 - 1)
//	g^x    = g^r * g^s * g^-M
//	S      = (B - k*g^x)^(a + u*x)
//
// M moves s into the range of r. As x has 256 bits and u*x has 512, the distributions of s and of
// a + u*x differ by less than 2^-128 from those for any other x. One exponent, on its own,
// reveals nothing about x, and neither does its time, even over many sign-ins.
//
// Masking has these limits:
//
//   - Any two of r, s and a + u*x from one exchange determine x. An observer that correlates the
//     times of two exponentiations within one exchange can learn something about x.
//   - A is public. With the whole exponent a + u*x, for example from the cache lines that
//     big.Int.Exp touches, an observer can try passwords offline.
//   - The last multiplication to g^x, the product k*g^x, the difference B - k*g^x and the
//     exponentiation of that difference use values that depend on x. A server that always sends
//     the same salt and B causes the same values each time.
type group struct {
	N, g, k *big.Int
	comb    *comb
}

// primeN is the 3072-bit MODP prime of RFC 3526 section 4 (group 15), which RFC 5054 appendix A
// uses too: 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 * pi) + 1690314).
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

// cognito returns Cognito's group. Its k is the SHA-256 of a zero byte, the 384 bytes of N and the
// byte 2. RFC 5054 section 2.5.3 pads g to the length of N instead.
var cognito = sync.OnceValue(func() *group {
	N, _ := new(big.Int).SetString(primeN, 16)
	g := big.NewInt(2)
	return &group{N: N, g: g, k: hashInt(pad(N), pad(g)), comb: newComb(combTable)}
})

// offset returns 2^640 - 1. Random exponents are in [offset, 2*offset], which is the range of the
// comb.
var offset = sync.OnceValue(func() *big.Int {
	one := big.NewInt(1)
	return new(big.Int).Sub(new(big.Int).Lsh(one, combBits), one)
})

// randomExponent returns offset plus 640 random bits. That is 128 bits more than u*x has, so that
// a sum or a difference with u*x or x hides them.
func randomExponent() *big.Int {
	var b [combBits / 8]byte
	rand.Read(b[:]) // never returns an error
	e := new(big.Int).SetBytes(b[:])
	return e.Add(e, offset())
}

// suitsComb reports whether e is in [offset, 2*offset].
func suitsComb(e *big.Int) bool {
	d := new(big.Int).Sub(e, offset())
	return d.Sign() >= 0 && d.BitLen() <= combBits
}

// expG returns g^e mod N. Only test vectors use exponents that do not suit the comb.
func (gr *group) expG(e *big.Int) *big.Int {
	if suitsComb(e) {
		return gr.comb.exp(e, gr.N)
	}
	return new(big.Int).Exp(gr.g, e, gr.N)
}

// verifier returns v = g^x mod N (RFC 5054 section 2.4) for an x of at most 256 bits. It needs
// R = g^r mod N, with r from randomExponent, to mask x as the comment of group describes.
//
// It does not compute g^r and g^s in one pass with shared squarings, which would be faster: the
// two masks would cancel out in the accumulator.
func (gr *group) verifier(x, r, R *big.Int) *big.Int {
	top := new(big.Int).Mul(offset(), big.NewInt(3)) // M
	top.Add(top, x)
	s := new(big.Int).Sub(top, r)
	for !suitsComb(s) { // with probability 2^-384, or if a test chose r
		r = randomExponent()
		R = gr.expG(r)
		s.Sub(top, r)
	}
	v := gr.expG(s)
	v.Mod(v.Mul(v, R), gr.N)
	return v.Mod(v.Mul(v, gr.comb.unmask), gr.N)
}

// clientSecret returns S = (B - k*g^x)^(a + u*x) mod N (RFC 5054 section 2.6). It needs
// A = g^a mod N. a masks x in both powers.
func (gr *group) clientSecret(A, B, a, u, x *big.Int) *big.Int {
	base := new(big.Int).Mul(gr.k, gr.verifier(x, a, A))
	base.Mod(base.Sub(B, base), gr.N) // Mod is Euclidean, so that base is not negative
	e := new(big.Int).Mul(u, x)
	return base.Exp(base, e.Add(e, a), gr.N)
}

// serverPublic returns B = k*v + g^b mod N (RFC 5054 section 2.5.3).
func (gr *group) serverPublic(v, b *big.Int) *big.Int {
	B := new(big.Int).Mul(gr.k, v)
	return B.Mod(B.Add(B, gr.expG(b)), gr.N)
}

// serverSecret returns S = (A * v^u)^b mod N (RFC 5054 section 2.6). v is not masked; u is public.
func (gr *group) serverSecret(A, v, u, b *big.Int) *big.Int {
	S := new(big.Int).Exp(v, u, gr.N)
	S.Mod(S.Mul(S, A), gr.N)
	return S.Exp(S, b, gr.N)
}
