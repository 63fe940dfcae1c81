package srp

import (
	"crypto/rand"
	"math/big"
	"sync"
)

// group is a group for SRP-6a: N a safe prime, g a generator, k the multiplier.
type group struct {
	N, g, k *big.Int
	comb    *comb // nil in a group that has none: nothing is masked
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
	N, _ := new(big.Int).SetString(primeN, 16)
	k, _ := new(big.Int).SetString(multiplierK, 16)
	return &group{N: N, g: big.NewInt(2), k: k, comb: newComb()}
})

// offset is 2^640 - 1. Secret exponents are drawn from [offset, 2*offset],
// the range that suits the comb.
var offset = sync.OnceValue(func() *big.Int {
	one := big.NewInt(1)
	return new(big.Int).Sub(new(big.Int).Lsh(one, combBits), one)
})

// randomExponent draws a secret exponent. It has 640 random bits, 128 more than
// u*x can have, so that added to u*x, or subtracted from x, it hides x: the
// distribution of the result moves by less than 2^-128 with x.
func randomExponent() *big.Int {
	var b [combBits / 8]byte
	rand.Read(b[:]) // never fails
	e := new(big.Int).SetBytes(b[:])
	return e.Add(e, offset())
}

// suitsComb reports whether e is in [offset, 2*offset].
func suitsComb(e *big.Int) bool {
	d := new(big.Int).Sub(e, offset())
	return d.Sign() >= 0 && d.BitLen() <= combBits
}

// expG returns g^e mod N.
func (gr *group) expG(e *big.Int) *big.Int {
	if gr.comb != nil && suitsComb(e) {
		return gr.comb.exp(e, gr.N)
	}
	return new(big.Int).Exp(gr.g, e, gr.N)
}

// verifier returns v = g^x mod N for an x of at most 256 bits, given R = g^r mod
// N with r from randomExponent. It computes R * g^s * g^-M with s = M + x - r,
// where M = 3*offset puts s in the range of r. Neither r nor s depends on x by
// itself, so that nothing the time of one exponentiation tells about its
// exponent is about x, or adds up over many sign-ins. Compared within one
// exchange, the times of both may tell of r + s, and so of x.
//
// g^r and g^s are not computed in one pass with shared squarings, which would be
// faster: r would cancel out in the accumulator.
func (gr *group) verifier(x, r, R *big.Int) *big.Int {
	if gr.comb == nil {
		return gr.expG(x)
	}
	top := new(big.Int).Mul(offset(), big.NewInt(3))
	top.Add(top, x)
	s := new(big.Int).Sub(top, r)
	for !suitsComb(s) { // once in 2^384 times, or if r is the a of a test vector
		r = randomExponent()
		R = gr.expG(r)
		s.Sub(top, r)
	}
	v := gr.expG(s)
	v.Mod(v.Mul(v, R), gr.N)
	return v.Mod(v.Mul(v, gr.comb.unmask), gr.N)
}

// clientSecret returns S = (B - k*g^x)^(a + u*x) mod N (RFC 5054 section 2.6),
// given A = g^a mod N. The random a of the exchange masks both exponents.
//
// Two things are not hidden. big.Int.Exp looks up powers of the base by 4 bits
// of the exponent at a time: who learns all of a + u*x in one exchange, say from
// the cache lines that are touched, can try passwords offline, because A is
// public. And the last steps to g^x, its product with k, the difference to B and
// the power of that difference are operations on values that depend on x.
func (gr *group) clientSecret(A, B, a, u, x *big.Int) *big.Int {
	base := new(big.Int).Mul(gr.k, gr.verifier(x, a, A))
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
