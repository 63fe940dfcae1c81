// Package qr draws QR codes (ISO/IEC 18004) of short texts.
//
//	code, err := qr.Encode("otpauth://totp/...")
//	for y := range code.Size {
//		for x := range code.Size {
//			draw(x, y, code.Black(x, y))
//		}
//	}
//
// It knows what a code on a screen needs: byte mode, error correction level L, for a screen does no damage to a code, and
// versions 1 to 13, the largest that 80 columns hold. Clause and table numbers are those of ISO/IEC 18004:2015.
package qr

import "fmt"

// A Code is a QR code: a square of black and white modules. Around it must be four white ones (6.3.8).
type Code struct {
	Size     int // modules on a side
	black    []bool
	function []bool // modules that are not for data, while the code is made
}

// Black tells whether the module in column x of row y is black. The first of both is 0; outside of the code all is white.
func (c Code) Black(x, y int) bool {
	return x >= 0 && y >= 0 && x < c.Size && y < c.Size && c.black[y*c.Size+x]
}

// versions are the codewords of a code, those for correction in each block, and the blocks at level L, of version 1 and
// on (Table 9).
var versions = [...]struct{ total, correction, blocks int }{
	{26, 7, 1}, {44, 10, 1}, {70, 15, 1}, {100, 20, 1}, {134, 26, 1}, {172, 18, 2}, {196, 20, 2},
	{242, 24, 2}, {292, 30, 2}, {346, 18, 4}, {404, 20, 4}, {466, 24, 4}, {532, 26, 4},
}

// Encode returns the code of a text of at most 425 bytes, in the smallest version that holds it. The bytes are encoded as
// they are.
func Encode(text string) (Code, error) {
	for i, v := range versions {
		version, countBits := i+1, 8
		if version > 9 {
			countBits = 16 // Table 3
		}
		capacity := v.total - v.correction*v.blocks
		if 4+countBits+8*len(text) > 8*capacity {
			continue
		}
		c := Code{Size: 17 + 4*version}
		c.black, c.function = make([]bool, c.Size*c.Size), make([]bool, c.Size*c.Size)
		c.drawFunction(version)
		c.drawData(interleave(codewords(text, countBits, capacity), v.correction, v.blocks))
		c.mask()
		c.function = nil
		return c, nil
	}
	return Code{}, fmt.Errorf("qr: the text has %d bytes, too many for a code of version %d", len(text), len(versions))
}

// codewords are the text in byte mode, with its length, filled up (7.4.3, 7.4.5, 7.4.10).
func codewords(text string, countBits, capacity int) []byte {
	const byteMode = 0b0100
	data := make([]byte, 0, capacity)
	waiting, n := 0, 0 // bits that are no byte yet
	put := func(value, width int) {
		waiting, n = waiting<<width|value, n+width
		for ; n >= 8; n -= 8 {
			data = append(data, byte(waiting>>(n-8)))
		}
		waiting &= 1<<n - 1
	}
	put(byteMode, 4)
	put(len(text), countBits)
	for i := range len(text) {
		put(int(text[i]), 8)
	}
	put(0, 4) // the terminator, which also ends the last byte: 4 + countBits is 4 more than whole bytes
	for pad := byte(0b11101100); len(data) < capacity; pad ^= 0b11101100 ^ 0b00010001 {
		data = append(data, pad)
	}
	return data
}

// interleave divides data into blocks, appends to each its correction, and takes a codeword of each in turn (7.5, 7.6).
func interleave(data []byte, correction, blocks int) []byte {
	var parts, corrections [][]byte
	short, rest := len(data)/blocks, data
	for i := range blocks {
		n := short
		if i >= blocks-len(data)%blocks { // the last ones have a codeword more
			n++
		}
		parts = append(parts, rest[:n])
		corrections = append(corrections, remainder(rest[:n], correction))
		rest = rest[n:]
	}
	var all []byte
	for _, group := range [][][]byte{parts, corrections} {
		for i := range len(group[blocks-1]) { // the longest
			for _, block := range group {
				if i < len(block) {
					all = append(all, block[i])
				}
			}
		}
	}
	return all
}

// remainder is the Reed-Solomon code of data: what its polynomial leaves when divided by (x-1)(x-2)(x-4)..., of that
// degree, over GF(2^8) (7.5.2).
func remainder(data []byte, degree int) []byte {
	generator := make([]byte, degree) // without the leading 1, the highest power first
	generator[degree-1] = 1
	for root, i := byte(1), 0; i < degree; root, i = multiply(root, 2), i+1 {
		for j := range generator {
			generator[j] = multiply(generator[j], root)
			if j+1 < degree {
				generator[j] ^= generator[j+1]
			}
		}
	}
	rest := make([]byte, degree)
	for _, b := range data {
		factor := b ^ rest[0]
		copy(rest, rest[1:])
		rest[degree-1] = 0
		for j, g := range generator {
			rest[j] ^= multiply(g, factor)
		}
	}
	return rest
}

// multiply multiplies in GF(2^8) modulo x^8+x^4+x^3+x^2+1 (7.5.2).
func multiply(a, b byte) (product byte) {
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0b11101
	}
	return product
}
