// Package qr encodes short texts as QR codes (ISO/IEC 18004).
//
//	code, err := qr.Encode("otpauth://totp/...")
//	for y := range code.Size {
//		for x := range code.Size {
//			draw(x, y, code.Black(x, y))
//		}
//	}
//
// It implements the part of the standard that a code on a screen needs: byte mode, error
// correction level L, because a screen does not damage a code, and versions 1 to 13, because
// larger ones are wider than 80 columns.
//
// The comments cite the clauses and tables of ISO/IEC 18004:2015.
package qr

import (
	"encoding/hex"
	"fmt"
)

// Code is a QR code: a square of black and white modules. A margin of four white modules must
// surround it (6.3.8).
type Code struct {
	// Size is the number of modules on each side.
	Size int

	modules  []byte // '1' for black and '0' for white, row by row
	function []bool // whether a module belongs to a function pattern
}

// Black reports whether the module in column x of row y is black. Both numbers start at 0. All
// modules outside the code are white.
func (c Code) Black(x, y int) bool {
	return x >= 0 && y >= 0 && x < c.Size && y < c.Size && c.modules[y*c.Size+x] == '1'
}

// versions holds the number of codewords in a code, of error correction codewords in each block,
// and of blocks, for level L and versions 1 to 13 (Table 9).
var versions = [...]struct{ total, correction, blocks int }{
	{26, 7, 1},
	{44, 10, 1},
	{70, 15, 1},
	{100, 20, 1},
	{134, 26, 1},
	{172, 18, 2},
	{196, 20, 2},
	{242, 24, 2},
	{292, 30, 2},
	{346, 18, 4},
	{404, 20, 4},
	{466, 24, 4},
	{532, 26, 4},
}

// Encode returns the code of a text of at most 425 bytes, in the smallest version that holds it.
// It does not convert the text.
func Encode(text string) (Code, error) {
	for i, v := range versions {
		data := codewords(text, i+1, v.total-v.correction*v.blocks)
		if data == nil {
			continue
		}
		c := newCode(i + 1)
		c.drawData(interleave(data, v.correction, v.blocks))
		c.mask()
		return c, nil
	}
	return Code{}, fmt.Errorf("qr: text has %d bytes, too many for version %d",
		len(text), len(versions))
}

// codewords returns the text in byte mode: the mode, the length of the text, the text, a
// terminator, and pad codewords up to the capacity (7.4). It returns nil if the text does not fit.
func codewords(text string, version, capacity int) []byte {
	lengthDigits := 2
	if version > 9 {
		lengthDigits = 4 // Table 3
	}
	// The mode and the terminator are half a byte each, so that hexadecimal digits suit them.
	digits := fmt.Sprintf("4%0*x%x0", lengthDigits, len(text), text)
	data, _ := hex.DecodeString(digits)
	if len(data) > capacity {
		return nil
	}
	for pad := byte(0xEC); len(data) < capacity; pad ^= 0xEC ^ 0x11 {
		data = append(data, pad)
	}
	return data
}

// interleave divides data into blocks, computes the error correction of each, and returns the
// codewords of all blocks in turn (7.5, 7.6). The last blocks may be longer by one codeword.
func interleave(data []byte, correction, blocks int) []byte {
	var parts, corrections [][]byte
	rest := data
	for i := range blocks {
		n := (len(data) + i) / blocks
		parts = append(parts, rest[:n])
		corrections = append(corrections, remainder(rest[:n], correction))
		rest = rest[n:]
	}
	var all []byte
	for _, group := range [][][]byte{parts, corrections} {
		for i := range group[blocks-1] {
			for _, block := range group {
				if i < len(block) {
					all = append(all, block[i])
				}
			}
		}
	}
	return all
}

// remainder returns the Reed-Solomon error correction of data: the remainder of its polynomial
// after division by the generator (x-1)(x-2)(x-4)... of the given degree, over GF(2^8) (7.5.2).
func remainder(data []byte, degree int) []byte {
	// The coefficients of the generator, from the highest power down, without the leading 1.
	generator := make([]byte, degree)
	generator[degree-1] = 1
	root := byte(1)
	for range degree {
		for j := range generator {
			generator[j] = multiply(generator[j], root)
			if j+1 < degree {
				generator[j] ^= generator[j+1]
			}
		}
		root = multiply(root, 2)
	}
	rest := make([]byte, degree)
	for _, b := range data {
		factor := b ^ rest[0]
		rest = append(rest[1:], 0)
		for j, g := range generator {
			rest[j] ^= multiply(g, factor)
		}
	}
	return rest
}

// multiply returns the product of a and b in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (7.5.2).
func multiply(a, b byte) (product byte) {
	for ; b > 0; b >>= 1 {
		product ^= a * (b & 1)
		a = a<<1 ^ (a>>7)*0b11101
	}
	return product
}
