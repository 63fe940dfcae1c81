package srp

import (
	"crypto/subtle"
	_ "embed"
	"math/big"
	"math/bits"
)

// A comb computes powers of a fixed base with a table of powers computed
// beforehand (C. H. Lim and P. J. Lee, "More Flexible Exponentiation with
// Precomputation", CRYPTO '94): 63 squarings and 128 multiplications for an
// exponent of 640 bits, where big.Int.Exp takes 640 and 160.
//
// The exponent's bits are laid out as 5 teeth of 128 bits, one above the other,
// and are taken by column, 5 bits at a time:
//
//	tooth 0:  bit   0  bit   1  ...  bit 127
//	tooth 1:  bit 128  bit 129  ...  bit 255
//	  ...
//	tooth 4:  bit 512  bit 513  ...  bit 639
//
// A column with bits c4 c3 c2 c1 c0 chooses the entry g^(sum of (1+cj) 2^(128 j)).
// Entries for columns 64 to 127 are raised to 2^64 beforehand, so that columns i
// and i+64 need one squaring. Because it is 1+cj and not cj, no entry is 1: each
// column costs one multiplication of full length whatever its bits, and the
// result is g^(d + 2^640 - 1), which is what offset is for.
//
// The sequence of operations does not depend on the exponent, and each look-up
// reads the whole half of the table, so neither do the addresses that are read.
// What remains is what the operands' values do to the branches and the time of
// a multiplication or a division in math/big.
type comb struct {
	low, high [1 << combTeeth][]big.Word // for columns 0-63 and 64-127
	unmask    *big.Int                   // g^-M mod N; M is group.verifier's
}

const (
	combTeeth   = 5
	combColumns = 128
	combBits    = combTeeth * combColumns
	entrySize   = 384 // bytes of N
)

// table is low, high and unmask of the comb for g = 2 and Cognito's N: 65
// integers of 384 bytes, big-endian. TestTable computes each of them anew from
// N and g alone.
//
//go:embed comb.bin
var table string

func newComb() *comb {
	c, rest := new(comb), table
	next := func() *big.Int {
		n := new(big.Int).SetBytes([]byte(rest[:entrySize]))
		rest = rest[entrySize:]
		return n
	}
	for _, half := range []*[1 << combTeeth][]big.Word{&c.low, &c.high} {
		for i := range half {
			half[i] = make([]big.Word, entrySize*8/bits.UintSize)
			copy(half[i], next().Bits())
		}
	}
	c.unmask = next()
	return c
}

// exp returns g^e mod N for e in [2^640 - 1, 2^641 - 2].
func (c *comb) exp(e, N *big.Int) *big.Int {
	d := new(big.Int).Sub(e, offset())
	digits := d.FillBytes(make([]byte, combBits/8))
	column := func(i int) (index int) {
		for j := combTeeth - 1; j >= 0; j-- {
			bit := j*combColumns + i
			index = index<<1 | int(digits[len(digits)-1-bit/8]>>(bit%8)&1)
		}
		return index
	}
	var product, quotient, entry big.Int
	words := make([]big.Word, len(c.low[0]))
	z := big.NewInt(1)
	times := func(f *big.Int) {
		product.Mul(z, f)
		quotient.QuoRem(&product, N, z)
	}
	for i := combColumns/2 - 1; i >= 0; i-- {
		times(z) // 1 * 1 the first time
		times(entry.SetBits(choose(words, &c.high, column(i+combColumns/2))))
		times(entry.SetBits(choose(words, &c.low, column(i))))
	}
	return z
}

// choose copies entry index of half to words, reading all entries.
func choose(words []big.Word, half *[1 << combTeeth][]big.Word, index int) []big.Word {
	clear(words)
	for i := range half {
		mask := -big.Word(subtle.ConstantTimeEq(int32(i), int32(index)))
		for w, word := range half[i][:len(words)] {
			words[w] |= word & mask
		}
	}
	return words
}
