package srp

import (
	"math/big"
	"testing"
	"time"
)

// The client side of one sign-in, and the three exponentiations that a client
// written with big.Int.Exp alone does: g^a and S with an a of 1024 bits, and
// g^x. Compare them within one run:
//
//	go test -run '^$' -bench Client -count 5 ./srp
func BenchmarkClient(b *testing.B) {
	id := Identity{Pool: "AbCdEfGhI", User: "ada", Password: "correct horse"}
	v, err := NewVerifier(id)
	if err != nil {
		b.Fatal(err)
	}
	s, err := NewServer(v)
	if err != nil {
		b.Fatal(err)
	}
	ch := Challenge{Salt: s.Salt(), B: s.B(), SecretBlock: []byte("block")}
	timestamp := Timestamp(time.Unix(0, 0))
	b.Run("srp", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := NewClient().Sign(id, ch, timestamp); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		gr := cognito()
		one := big.NewInt(1)
		a := new(big.Int).Sub(new(big.Int).Lsh(one, 1024), big.NewInt(12345))
		a.Quo(a, big.NewInt(7)).Mul(a, big.NewInt(6)) // no long run of ones
		x := hashInt([]byte("x"))
		base := new(big.Int).Quo(gr.N, big.NewInt(3))
		b.ReportAllocs()
		for b.Loop() {
			new(big.Int).Exp(gr.g, a, gr.N)
			new(big.Int).Exp(gr.g, x, gr.N)
			new(big.Int).Exp(base, a, gr.N)
		}
	})
}

// The two exponentiations with base g, and what the comb is measured against.
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
