package srp

import (
	"crypto/sha1"
	"math/big"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// power2 returns 2^n.
func power2(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

// TestPrimeFromPi computes N by the formula of RFC 3526, with pi from Machin's formula:
// pi/4 = 4*atan(1/5) - atan(1/239).
func TestPrimeFromPi(t *testing.T) {
	const precision = 2942 + 64
	atan := func(n int64) *big.Int { // atan(1/n) * 2^precision
		sum, term := new(big.Int), power2(precision)
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

	want := pi.Add(pi, big.NewInt(1690314))
	want.Lsh(want, 64).Add(want, power2(3072)).Sub(want, power2(3008)).Sub(want, big.NewInt(1))
	if got := cognito().N; got.Cmp(want) != 0 {
		t.Errorf("N = %x, want %x", got, want)
	}
}

func TestSafePrime(t *testing.T) {
	N := cognito().N
	if !N.ProbablyPrime(4) {
		t.Error("N is not prime")
	}
	if !new(big.Int).Rsh(N, 1).ProbablyPrime(4) {
		t.Error("(N-1)/2 is not prime")
	}
}

func TestPublishedGroup(t *testing.T) {
	var file struct {
		N string `json:"N_hex"`
		G string `json:"cognito_g"`
		K string `json:"cognito_k_hex"`
	}
	if err := testvectors.Decode("cognito_group", &file); err != nil {
		t.Fatal(err)
	}
	gr := cognito()
	if got := gr.N.Text(16); got != file.N {
		t.Errorf("N = %s, want %s", got, file.N)
	}
	if got := gr.g.String(); got != file.G {
		t.Errorf("g = %s, want %s", got, file.G)
	}
	if got := gr.k.Text(16); got != file.K {
		t.Errorf("k = %s, want %s", got, file.K)
	}
}

func TestRandomExponent(t *testing.T) {
	seen := map[string]bool{}
	for range 64 {
		e := randomExponent()
		if !suitsComb(e) {
			t.Fatal("randomExponent returned a value outside its range")
		}
		if seen[e.Text(16)] {
			t.Fatal("randomExponent returned the same value twice")
		}
		seen[e.Text(16)] = true
	}
}

// TestSuitsComb checks both limits of the range.
func TestSuitsComb(t *testing.T) {
	first, last, one := offset(), new(big.Int).Lsh(offset(), 1), big.NewInt(1)
	for _, test := range []struct {
		name string
		e    *big.Int
		want bool
	}{
		{"1", one, false},
		{"2^640 - 2", new(big.Int).Sub(first, one), false},
		{"2^640 - 1", first, true},
		{"2^641 - 2", last, true},
		{"2^641 - 1", new(big.Int).Add(last, one), false},
	} {
		if got := suitsComb(test.e); got != test.want {
			t.Errorf("suitsComb(%s) = %t, want %t", test.name, got, test.want)
		}
	}
}

// TestVerifierMasked checks that the result of verifier is g^x for any x of 256 bits and any
// mask, including masks that must be replaced because s does not suit the comb.
//
// The group under test has 3 as its g, while its comb still has powers of 2. An exponent that
// does not suit the comb would therefore give a wrong result.
func TestVerifierMasked(t *testing.T) {
	gr, g, one := *cognito(), big.NewInt(2), big.NewInt(1)
	gr.g = big.NewInt(3)
	last := new(big.Int).Lsh(offset(), 1)
	for _, x := range []*big.Int{
		new(big.Int),
		one,
		new(big.Int).Sub(power2(256), one),
		hashInt([]byte("x")),
	} {
		want := new(big.Int).Exp(g, x, gr.N)
		for _, test := range []struct {
			name string
			r    *big.Int
		}{
			{"1", one},
			{"first", offset()},
			{"first that needs no replacement", new(big.Int).Add(offset(), x)},
			{"last", last},
			{"above last", new(big.Int).Add(last, big.NewInt(2))},
			{"2^1023", power2(1023)},
			{"N", gr.N},
			{"random", randomExponent()},
		} {
			before := test.r.Text(16)
			got := gr.verifier(x, test.r, new(big.Int).Exp(g, test.r, gr.N))
			if got.Cmp(want) != 0 {
				t.Errorf("verifier(x = %x, r = %s) = %x, want %x", x, test.name, got, want)
			}
			if test.r.Text(16) != before {
				t.Errorf("verifier(x = %x, r = %s) changed r", x, test.name)
			}
		}
	}
}

// TestRFC5054AppendixB runs the RFC's test vectors through the arithmetic of group. The RFC has
// another prime, hash and padding than Cognito, so that k, u and x are inputs of the arithmetic
// and the test computes them itself.
func TestRFC5054AppendixB(t *testing.T) {
	file := map[string]any{}
	if err := testvectors.Decode("rfc5054_appendix_b", &file); err != nil {
		t.Fatal(err)
	}
	text := func(name string) string {
		s, ok := file[name].(string)
		if !ok {
			t.Fatalf("the vectors have no %s", name)
		}
		return s
	}
	n := func(name string) *big.Int { return bigHex(text(name)) }
	N, g, k, u, x := n("N"), n("g"), n("k"), n("u"), n("x")
	a, b, A, B, v, S := n("small_a"), n("small_b"), n("big_A"), n("big_B"), n("v"),
		n("premaster_secret_S")

	gr := &group{N: N, g: g, k: k, comb: newComb(newTable(N, g))}
	r := randomExponent()
	inner := sha1.Sum([]byte(text("I") + ":" + text("P")))
	outer := sha1.Sum(append(unhex(text("s")), inner[:]...))
	for _, test := range []struct {
		name      string
		got, want *big.Int
	}{
		{"expG(a)", gr.expG(a), A},
		{"verifier(x)", gr.verifier(x, r, gr.expG(r)), v},
		{"serverPublic(v, b)", gr.serverPublic(v, b), B},
		{"clientSecret", gr.clientSecret(A, B, a, u, x), S},
		{"serverSecret", gr.serverSecret(A, v, u, b), S},
		{"k by the RFC", rfc5054Hash(N, g), k},
		{"u by the RFC", rfc5054Hash(A, B), u},
		{"x by the RFC", new(big.Int).SetBytes(outer[:]), x},
	} {
		if test.got.Cmp(test.want) != 0 {
			t.Errorf("%s = %x, want %x", test.name, test.got, test.want)
		}
	}
}

// rfc5054Hash returns the SHA-1 of parts that are padded to the 128 bytes of the RFC's N.
func rfc5054Hash(parts ...*big.Int) *big.Int {
	h := sha1.New()
	for _, p := range parts {
		h.Write(p.FillBytes(make([]byte, 128)))
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}
