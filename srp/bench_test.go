package srp

import (
	"math/big"
	"testing"
)

// BenchmarkClient is the client side of one sign-in, and BenchmarkPlainSum the
// three exponentiations that a client written with big.Int.Exp alone does: g^a
// and S with an a of 1024 bits, and g^x. Compare them within one run:
//
//	go test -run '^$' -bench 'Client|PlainSum' -count 5 ./srp
func BenchmarkClient(b *testing.B) {
	s, err := NewServer(Verifier{Salt: []byte{5}, Verifier: []byte{7}})
	if err != nil {
		b.Fatal(err)
	}
	ch := Challenge{Salt: s.Salt(), B: s.B(), SecretBlock: testBlock}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewClient().Sign(testID, ch, testTimestamp); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainSum(b *testing.B) {
	gr := cognito()
	seed := make([]byte, 128)
	for i := range seed {
		seed[i] = byte(i*151 + 137)
	}
	a, x := new(big.Int).SetBytes(seed), new(big.Int).SetBytes(seed[:32])
	base := new(big.Int).Quo(gr.N, big.NewInt(3))
	b.ReportAllocs()
	for b.Loop() {
		new(big.Int).Exp(gr.g, a, gr.N)
		new(big.Int).Exp(gr.g, x, gr.N)
		new(big.Int).Exp(base, a, gr.N)
	}
}

// BenchmarkExpG is one power of g with 640 random bits in the exponent, by the
// comb and by big.Int.Exp.
func BenchmarkExpG(b *testing.B) {
	gr := cognito()
	e := randomExponent()
	b.Run("comb", func(b *testing.B) {
		for b.Loop() {
			gr.expG(e)
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			new(big.Int).Exp(gr.g, e, gr.N)
		}
	})
}
