package srp

import (
	"crypto/subtle"
	_ "embed"
	"math/big"
	"math/bits"
)

// A comb computes powers of a fixed base g with a precomputed table (C. H. Lim and P. J. Lee,
// "More Flexible Exponentiation with Precomputation", CRYPTO '94). For an exponent of 640 bits
// it takes 63 squarings and 128 multiplications, where big.Int.Exp takes 640 and 160.
//
// # Example
//
// A comb with 2 teeth and 2 columns computes g^(d + 15) for d = 13, which is 1101 in binary. The
// bits of d are written in two rows, the teeth, and are read by column:
//
//	           column 1   column 0
//	tooth 1:    bit 3=1    bit 2=1     weight of the row: 2^2
//	tooth 0:    bit 1=0    bit 0=1     weight of the row: 2^0
//
// The table has an entry g^((1 + c1)*2^2 + (1 + c0)) for each column with the bits c1 and c0.
// Each step squares the result and multiplies it by the entry of the next column:
//
//	column 1:  c1 c0 = 1 0    z = 1   * g^(8+1)  = g^9
//	column 0:  c1 c0 = 1 1    z = z^2 * g^(8+2)  = g^28 = g^(13 + 15)
//
// The entries use 1 + c where a plain comb uses c, so that none of them is 1. Each column then
// costs one multiplication of full length, whatever its bits are, and the exponent grows by
// 2^4 - 1 = 15.
//
// # Layout
//
// This comb has 5 teeth and 128 columns, and computes g^(d + offset) for d of 640 bits:
//
//	           column 127 ... column 64   column 63 ... column 0
//	tooth 4:     bit 639  ...  bit 576     bit 575  ... bit 512
//	  ...
//	tooth 0:     bit 127  ...  bit 64      bit 63   ... bit 0
//	            ------- high -------      ------- low -------
//
// Columns i and i + 64 share one squaring. For this, the table has a second half for the high
// columns, in which each entry is raised to the power 2^64.
//
// # Timing
//
// The sequence of operations does not depend on the exponent. Each look-up reads a whole half of
// the table, so that the addresses do not depend on it either. The values of the operands still
// influence the branches and the time of multiplication and division in math/big.
type comb struct {
	powers [2 * combHalf][]big.Word // for the low columns, then for the high ones
	unmask *big.Int                 // g^-M mod N, see group
}

const (
	combTeeth   = 5
	combColumns = 128
	combBits    = combTeeth * combColumns
	combHalf    = 1 << combTeeth // table entries for the low or for the high columns
)

// combTable is the table for Cognito's group: powers and unmask, as 65 big-endian integers of 384
// bytes, the length of N. TestCombTable recomputes each of them from N and g.
//
//go:embed comb.bin
var combTable string

// newComb returns the comb with the given table.
func newComb(table string) *comb {
	c := new(comb)
	size := len(table) / (len(c.powers) + 1)
	entry := func(i int) *big.Int {
		return new(big.Int).SetBytes([]byte(table[i*size : (i+1)*size]))
	}
	for i := range c.powers {
		c.powers[i] = make([]big.Word, size*8/bits.UintSize)
		copy(c.powers[i], entry(i).Bits())
	}
	c.unmask = entry(len(c.powers))
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
	low, high := c.powers[:combHalf], c.powers[combHalf:]
	words := make([]big.Word, len(low[0]))
	var entry, product, quotient big.Int
	z := big.NewInt(1)
	times := func(f *big.Int) {
		product.Mul(z, f)
		quotient.QuoRem(&product, N, z)
	}
	for i := combColumns/2 - 1; i >= 0; i-- {
		times(z) // 1 * 1 in the first step
		times(entry.SetBits(choose(words, high, column(i+combColumns/2))))
		times(entry.SetBits(choose(words, low, column(i))))
	}
	return z
}

// choose copies the entry with the given index to words. It reads all entries of half.
func choose(words []big.Word, half [][]big.Word, index int) []big.Word {
	clear(words)
	for i := range half {
		mask := -big.Word(subtle.ConstantTimeEq(int32(i), int32(index)))
		for w, word := range half[i][:len(words)] {
			words[w] |= word & mask
		}
	}
	return words
}
