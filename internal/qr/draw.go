package qr

import (
	"bytes"
	"math/bits"
)

// newCode returns a code with the function patterns of a version and without data (6.3):
//
//	F t t t F    F  finder pattern with its separator
//	t . . . .    t  timing pattern
//	t . . . .    A  alignment pattern; version 1 has none, and versions from 7 on have six
//	t . . A .
//	F . . . .
//
// The format information is beside the finder patterns, as is the version information, which
// versions from 7 on have.
func newCode(version int) Code {
	size := 17 + 4*version
	c := Code{Size: size, modules: make([]byte, size*size), function: make([]bool, size*size)}
	last := size - 1
	for i := range size {
		c.set(6, i, i+1)
		c.set(i, 6, i+1)
	}
	c.drawRings(3, 3, 4, 0b01011)
	c.drawRings(last-3, 3, 4, 0b01011)
	c.drawRings(3, last-3, 4, 0b01011)

	// The rows and columns of alignment patterns (Annex E, for versions up to 13). Of their
	// combinations, the first three are in the corners that have a finder pattern.
	centers := []int{6, last - 6, last / 2}
	if version < 7 {
		centers = centers[:2]
	}
	for i, x := range centers {
		for j, y := range centers {
			if version > 1 && i+j > 1 {
				c.drawRings(x, y, 2, 0b101)
			}
		}
	}

	c.drawFormat(0) // reserves the modules; mask draws them again
	if version >= 7 {
		word := bch(version, 0b1111100100101) // 7.10
		for i := range 18 {
			c.set(last-10+i%3, i/3, word>>i)
			c.set(i/3, last-10+i%3, word>>i)
		}
	}
	return c
}

// set makes a module part of a function pattern. The module is black if n is odd.
func (c *Code) set(x, y, n int) {
	c.modules[y*c.Size+x] = '0' | byte(n&1)
	c.function[y*c.Size+x] = true
}

// drawRings draws a finder pattern with its separator, or an alignment pattern. Both consist of
// square rings around a center, up to a radius. Ring i is black if bit i of rings is set. Modules
// outside the code are ignored.
func (c *Code) drawRings(centerX, centerY, radius, rings int) {
	for y := range c.Size {
		for x := range c.Size {
			ring := max(x-centerX, centerX-x, y-centerY, centerY-y)
			if ring <= radius {
				c.set(x, y, rings>>ring)
			}
		}
	}
}

// drawFormat draws the two copies of the format information: level L and the mask (7.9). One copy
// is around the finder pattern at the top left, and the other beside the other finder patterns.
func (c *Code) drawFormat(mask int) {
	const levelL = 0b01
	word := bch(levelL<<3|mask, 0b10100110111) ^ 0b101010000010010
	last := c.Size - 1
	for i := range 8 {
		at := i + i/6 // skips the timing pattern
		c.set(8, at, word>>i)
		c.set(last-i, 8, word>>i)
		c.set(at, 8, word>>(14-i))
		c.set(8, last-i, word>>(14-i))
	}
	c.set(8, last-7, 1) // always black
}

// bch returns data with the remainder after its division by a generator polynomial over GF(2)
// (Annex C, Annex D).
func bch(data, generator int) int {
	degree := bits.Len(uint(generator)) - 1
	rest := data << degree
	for n := bits.Len(uint(rest)); n > degree; n = bits.Len(uint(rest)) {
		rest ^= generator << (n - 1 - degree)
	}
	return data<<degree | rest
}

// drawData draws the bits of data into the modules that have no function pattern, two columns at
// a time, from right to left, alternately upwards and downwards (7.7.3).
func (c *Code) drawData(data []byte) {
	i := 0
	for right := c.Size - 1; right > 0; right -= 2 {
		if right == 6 { // the timing pattern
			right--
		}
		for row := range c.Size {
			y := row
			if (right+1)&2 == 0 { // the first pair of columns, the third, and so on
				y = c.Size - 1 - row
			}
			for x := right; x > right-2; x-- {
				at := y*c.Size + x
				if c.function[at] {
					continue
				}
				c.modules[at] = '0'
				if i < 8*len(data) {
					c.modules[at] |= data[i/8] >> (7 - i%8) & 1
				}
				i++
			}
		}
	}
}

// masked reports whether a mask inverts the module in column j of row i (Table 10).
func masked(mask, i, j int) bool {
	return [...]int{
		(i + j) % 2,
		i % 2,
		j % 3,
		(i + j) % 3,
		(i/2 + j/3) % 2,
		i*j%2 + i*j%3,
		(i*j%2 + i*j%3) % 2,
		((i+j)%2 + i*j%3) % 2,
	}[mask] == 0
}

// mask applies the mask that has the lowest penalty (7.8).
func (c *Code) mask() {
	best, lowest := 0, 0
	for mask := range 8 {
		c.apply(mask)
		if p := c.penalty(); mask == 0 || p < lowest {
			best, lowest = mask, p
		}
		c.apply(mask) // removes it
	}
	c.apply(best)
}

// apply inverts the modules that a mask selects, and draws the format information.
func (c *Code) apply(mask int) {
	for at, function := range c.function {
		if !function && masked(mask, at/c.Size, at%c.Size) {
			c.modules[at] ^= 1 // '0' and '1' differ by this bit
		}
	}
	c.drawFormat(mask)
}

// penalty returns the penalty for features that make a code hard to read (7.8.3.1, Table 11).
func (c *Code) penalty() (sum int) {
	m, size := c.modules, c.Size
	for i := range size {
		var column []byte
		for j := range size {
			at := j*size + i
			column = append(column, m[at])
			if i > 0 && j > 0 &&
				m[at] == m[at-1] && m[at] == m[at-size] && m[at] == m[at-size-1] {
				sum += 3
			}
		}
		sum += linePenalty(m[i*size:][:size]) + linePenalty(column)
	}
	total := len(m)
	off := 100*bytes.Count(m, []byte("1")) - 50*total // deviation from one half, in percent
	return sum + 10*(max(off, -off)/(5*total))
}

// linePenalty returns the penalty of a row or a column: for runs of modules of the same colour, and
// for patterns that look like a finder pattern with white modules on one side.
func linePenalty(line []byte) (sum int) {
	run := 0
	for j := range line {
		if j > 0 && line[j] != line[j-1] {
			run = 0
		}
		run++
		if run == 5 {
			sum += 3
		} else if run > 5 {
			sum++
		}
	}
	before := bytes.Count(line, []byte("00001011101"))
	after := bytes.Count(line, []byte("10111010000"))
	return sum + 40*(before+after)
}
