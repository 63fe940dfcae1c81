package srp

import (
	"math/big"
	"testing"
)

// BenchmarkClient measures the client side of one sign-in. Compare it with
// [BenchmarkExponentiations] in the same run:
//
//	go test -run '^$' -bench 'Client|Exponentiations' -count 5 ./srp
func BenchmarkClient(b *testing.B) {
	server, err := NewServer(Verifier{Salt: []byte{5}, PasswordVerifier: []byte{7}})
	if err != nil {
		b.Fatal(err)
	}
	ch := Challenge{Salt: server.Salt(), B: server.B(), SecretBlock: testBlock}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewClient().Sign(testID, ch, testTimestamp); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExponentiations measures the exponentiations of a client that uses only big.Int.Exp:
// g^a and S with an a of 1024 bits, and g^x.
func BenchmarkExponentiations(b *testing.B) {
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

// BenchmarkExpG measures one power of g with an exponent of 641 bits.
func BenchmarkExpG(b *testing.B) {
	gr := cognito()
	e := randomExponent()
	b.Run("comb", func(b *testing.B) {
		for b.Loop() {
			gr.expG(e)
		}
	})
	b.Run("big.Int.Exp", func(b *testing.B) {
		for b.Loop() {
			new(big.Int).Exp(gr.g, e, gr.N)
		}
	})
}
