package srp

import (
	"crypto/sha1"
	"math/big"
	"math/bits"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// N from RFC 3526's formula, with pi by Machin's: pi/4 = 4 atan(1/5) - atan(1/239).
func TestNFromPi(t *testing.T) {
	const precision = 2942 + 64
	atan := func(n int64) *big.Int { // atan(1/n) * 2^precision
		sum, term := new(big.Int), new(big.Int).Lsh(big.NewInt(1), precision)
		term.Quo(term, big.NewInt(n))
		for i := int64(1); term.Sign() != 0; i += 2 {
			part := new(big.Int).Quo(term, big.NewInt(i))
			if i%4 == 1 {
				sum.Add(sum, part)
			} else {
				sum.Sub(sum, part)
			}
			term.Quo(term, big.NewInt(n*n))
		}
		return sum
	}
	pi := atan(5)
	pi.Mul(pi, big.NewInt(4)).Sub(pi, atan(239)).Mul(pi, big.NewInt(4)).Rsh(pi, precision-2942)

	power := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	want := pi.Add(pi, big.NewInt(1690314))
	want.Lsh(want, 64).Add(want, power(3072)).Sub(want, power(3008)).Sub(want, big.NewInt(1))
	if got := cognito().N; got.Cmp(want) != 0 {
		t.Errorf("N = %x, want %x", got, want)
	}
}

func TestNIsSafePrime(t *testing.T) {
	N := cognito().N
	if !N.ProbablyPrime(4) {
		t.Error("N is not prime")
	}
	if !new(big.Int).Rsh(N, 1).ProbablyPrime(4) {
		t.Error("(N-1)/2 is not prime")
	}
}

func TestGroupPublished(t *testing.T) {
	var f struct {
		N string `json:"N_hex"`
		G string `json:"cognito_g"`
		K string `json:"cognito_k_hex"`
	}
	if err := testvectors.Decode("cognito_group", &f); err != nil {
		t.Fatal(err)
	}
	gr := cognito()
	if gr.N.Text(16) != f.N || gr.g.String() != f.G || gr.k.Text(16) != f.K {
		t.Errorf("group is N = %x, g = %d, k = %x; want %s, %s, %s", gr.N, gr.g, gr.k, f.N, f.G, f.K)
	}
	if got := hashInt(pad(gr.N), pad(gr.g)); got.Cmp(gr.k) != 0 {
		t.Errorf("k = %x, want SHA-256(pad(N) | pad(g)) = %x", gr.k, got)
	}
}

// TestTable computes each integer of the comb anew, by big.Int.Exp.
func TestTable(t *testing.T) {
	gr := cognito()
	power := func(e *big.Int) string {
		return string(new(big.Int).Exp(gr.g, e, gr.N).FillBytes(make([]byte, 384)))
	}
	var want string
	for half := range 2 {
		for column := range 32 {
			e := new(big.Int)
			for tooth := range 5 {
				digit := big.NewInt(int64(1 + column>>tooth&1))
				e.Add(e, digit.Lsh(digit, uint(128*tooth+64*half)))
			}
			want += power(e)
		}
	}
	M := new(big.Int).Lsh(big.NewInt(1), 640)
	M.Sub(M, big.NewInt(1)).Mul(M, big.NewInt(3))
	// g^-M = g^(N-1-M), as the order of g divides N-1.
	want += power(M.Sub(new(big.Int).Sub(gr.N, big.NewInt(1)), M))
	if len(want) > 25_000 {
		t.Errorf("the table has %d bytes", len(want))
	}
	if table != want {
		t.Error("comb.bin is not what N and g give")
	}
	if entries := len(gr.comb.low) + len(gr.comb.high); entries != 64 || len(gr.comb.low[0])*bits.UintSize != 3072 {
		t.Errorf("comb has %d entries of %d words", entries, len(gr.comb.low[0]))
	}
}

func TestExpG(t *testing.T) {
	gr, one := cognito(), big.NewInt(1)
	top := new(big.Int).Lsh(offset(), 1)
	exponents := map[string]*big.Int{
		"1":               one,
		"2^640-2":         new(big.Int).Sub(offset(), one),
		"2^640-1, first":  offset(),
		"2^640":           new(big.Int).Add(offset(), one),
		"2^641-2, last":   top,
		"2^641-1":         new(big.Int).Add(top, one),
		"2^1024":          new(big.Int).Lsh(one, 1024),
		"N-1":             new(big.Int).Sub(gr.N, one),
		"longer than N":   new(big.Int).Lsh(big.NewInt(3), 8000),
		"one bit per end": new(big.Int).Add(new(big.Int).Add(offset(), one), new(big.Int).Lsh(one, 639)),
	}
	for i := range uint(combBits) { // each digit by itself
		if i%7 == 0 || i%64 == 63 {
			exponents["bit "+big.NewInt(int64(i)).String()] = new(big.Int).Add(offset(), new(big.Int).Lsh(one, i))
		}
	}
	for range 20 {
		e := randomExponent()
		exponents["random "+e.Text(16)] = e
	}
	for name, e := range exponents {
		before := e.Text(16)
		if got, want := gr.expG(e), new(big.Int).Exp(gr.g, e, gr.N); got.Cmp(want) != 0 {
			t.Errorf("%s: g^e is wrong", name)
		}
		if e.Text(16) != before {
			t.Errorf("%s: expG changed its argument", name)
		}
	}
	if suitsComb(new(big.Int).Add(top, one)) || !suitsComb(top) || !suitsComb(offset()) {
		t.Error("suitsComb has other limits than [2^640-1, 2^641-2]")
	}
}

func TestRandomExponent(t *testing.T) {
	seen := map[string]bool{}
	for range 64 {
		e := randomExponent()
		if !suitsComb(e) || seen[e.Text(16)] {
			t.Fatal("randomExponent repeats itself or leaves its range")
		}
		seen[e.Text(16)] = true
	}
}

// The masked power is g^x for any x of 256 bits and any mask, also one that
// does not suit and has to be replaced.
func TestVerifierMasked(t *testing.T) {
	gr, one := cognito(), big.NewInt(1)
	full := new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)
	for _, x := range []*big.Int{new(big.Int), one, full, hashInt([]byte("x"))} {
		for _, r := range []*big.Int{
			one, offset(), new(big.Int).Lsh(offset(), 1), new(big.Int).Add(offset(), x),
			randomExponent(), new(big.Int).Lsh(one, 1023), gr.N,
		} {
			got := gr.verifier(x, r, new(big.Int).Exp(gr.g, r, gr.N))
			if want := new(big.Int).Exp(gr.g, x, gr.N); got.Cmp(want) != 0 {
				t.Errorf("x = %x, r = %x: g^x is wrong", x, r)
			}
		}
	}
}

// RFC 5054 Appendix B has another group, hash and padding than Cognito. What it
// proves here is the arithmetic of group, the same code that Cognito's group runs:
// v, A, B and both sides' S from given k, u and x. The test computes k, u and x
// itself, which shows that it reads the RFC's values right, and no more.
func TestRFC5054AppendixB(t *testing.T) {
	f := map[string]any{}
	if err := testvectors.Decode("rfc5054_appendix_b", &f); err != nil {
		t.Fatal(err)
	}
	n := func(name string) *big.Int { return bigHex(f[name].(string)) }
	srp6aArithmetic(t, &group{N: n("N"), g: bigHex(f["g"].(string)), k: n("k")},
		n("small_a"), n("small_b"), n("big_A"), n("big_B"), n("u"), n("x"), n("v"), n("premaster_secret_S"))

	if k := rfc5054Hash(128, n("N"), n("g")); k.Cmp(n("k")) != 0 {
		t.Errorf("k = %x", k)
	}
	if u := rfc5054Hash(128, n("big_A"), n("big_B")); u.Cmp(n("u")) != 0 {
		t.Errorf("u = %x", u)
	}
	inner := sha1.Sum([]byte(f["I"].(string) + ":" + f["P"].(string)))
	x := sha1.Sum(append(unhex(f["s"].(string)), inner[:]...))
	if got := new(big.Int).SetBytes(x[:]); got.Cmp(n("x")) != 0 {
		t.Errorf("x = %x", got)
	}
}

func srp6aArithmetic(t *testing.T, gr *group, a, b, A, B, u, x, v, S *big.Int) {
	t.Helper()
	for _, c := range []struct {
		name      string
		got, want *big.Int
	}{
		{"A", gr.expG(a), A},
		{"v", gr.verifier(x, nil, nil), v},
		{"B", gr.serverPublic(v, b), B},
		{"client's S", gr.clientSecret(A, B, a, u, x), S},
		{"server's S", gr.serverSecret(A, v, u, b), S},
	} {
		if c.got.Cmp(c.want) != 0 {
			t.Errorf("%s = %x, want %x", c.name, c.got, c.want)
		}
	}
}
