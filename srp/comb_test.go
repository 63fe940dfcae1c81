package srp

import (
	"fmt"
	"math/big"
	"testing"
)

// newTable returns the table of a comb for a group, computed with big.Int.Exp.
func newTable(N, g *big.Int) string {
	var table []byte
	add := func(e *big.Int) {
		entry := new(big.Int).Exp(g, e, N)
		table = append(table, entry.FillBytes(make([]byte, len(N.Bytes())))...)
	}
	for half := range 2 {
		for column := range 32 {
			e := new(big.Int)
			for tooth := range 5 {
				digit := big.NewInt(int64(1 + column>>tooth&1))
				e.Add(e, digit.Lsh(digit, uint(128*tooth+64*half)))
			}
			add(e)
		}
	}
	one := big.NewInt(1)
	M := power2(640)
	M.Sub(M, one).Mul(M, big.NewInt(3))
	// g^-M = g^(n*(N-1) - M), because the order of g divides N-1.
	order := new(big.Int).Sub(N, one)
	add(new(big.Int).Mod(M.Neg(M), order))
	return string(table)
}

func TestCombTable(t *testing.T) {
	gr := cognito()
	want := newTable(gr.N, gr.g)
	if size := 65 * 384; len(want) != size || len(combTable) != size {
		t.Fatalf("len(combTable) = %d, computed table %d, want %d", len(combTable), len(want), size)
	}
	for i := range 65 {
		if combTable[i*384:(i+1)*384] != want[i*384:(i+1)*384] {
			t.Errorf("entry %d of comb.bin is not the one that N and g give", i)
		}
	}
	for i, words := range gr.comb.powers {
		if got := new(big.Int).SetBits(words).FillBytes(make([]byte, 384)); string(got) !=
			want[i*384:(i+1)*384] {
			t.Errorf("powers[%d] = %x, want %x", i, got, want[i*384:(i+1)*384])
		}
	}
}

func TestExpG(t *testing.T) {
	gr, one := cognito(), big.NewInt(1)
	last := new(big.Int).Lsh(offset(), 1)
	type test struct {
		name    string
		e, want *big.Int
	}
	tests := []test{
		{name: "1", e: one},
		{name: "2^640 - 2", e: new(big.Int).Sub(offset(), one)},
		{name: "2^640 - 1, the first", e: offset()},
		{name: "2^640", e: new(big.Int).Add(offset(), one)},
		{name: "2^641 - 2, the last", e: last},
		{name: "2^641 - 1", e: new(big.Int).Add(last, one)},
		{name: "2^1024", e: power2(1024)},
		{name: "N - 1", e: new(big.Int).Sub(gr.N, one)},
		{name: "longer than N", e: new(big.Int).Lsh(big.NewInt(3), 8000)},
		{name: "bits 0 and 639", e: new(big.Int).Add(power2(640), power2(639))},
	}
	for i := range 20 {
		tests = append(tests, test{name: fmt.Sprint("random ", i), e: randomExponent()})
	}
	for i, test := range tests {
		tests[i].want = new(big.Int).Exp(gr.g, test.e, gr.N)
	}
	// Each bit of d alone. The wanted g^(offset + 2^i) is g^offset * g^(2^i).
	first, square := tests[2].want, new(big.Int).Set(gr.g)
	for i := range uint(combBits) {
		if i%7 == 0 || i%64 == 63 || long {
			want := new(big.Int).Mul(first, square)
			e := new(big.Int).Add(offset(), power2(i))
			tests = append(tests, test{fmt.Sprint("bit ", i), e, want.Mod(want, gr.N)})
		}
		square.Mod(square.Mul(square, square), gr.N)
	}
	for _, test := range tests {
		before := test.e.Text(16)
		if got := gr.expG(test.e); got.Cmp(test.want) != 0 {
			t.Errorf("%s: expG(%x) = %x, want %x", test.name, test.e, got, test.want)
		}
		if test.e.Text(16) != before {
			t.Errorf("%s: expG changed its argument", test.name)
		}
	}
}
