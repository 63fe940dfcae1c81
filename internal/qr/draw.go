package qr

import "math/bits"

// set makes a module part of a function pattern.
func (c *Code) set(x, y int, black bool) {
	c.black[y*c.Size+x], c.function[y*c.Size+x] = black, true
}

// drawFunction draws what is the same for all texts, and keeps the place of the format (6.3).
func (c *Code) drawFunction(version int) {
	last := c.Size - 1
	for i := range c.Size { // timing patterns
		c.set(6, i, i%2 == 0)
		c.set(i, 6, i%2 == 0)
	}
	square := func(centerX, centerY, radius int, white func(ring int) bool) {
		for dy := -radius; dy <= radius; dy++ {
			for dx := -radius; dx <= radius; dx++ {
				if x, y := centerX+dx, centerY+dy; x >= 0 && y >= 0 && x <= last && y <= last {
					c.set(x, y, !white(max(dx, -dx, dy, -dy)))
				}
			}
		}
	}
	for _, center := range [][2]int{{3, 3}, {last - 3, 3}, {3, last - 3}} { // finder patterns and their separators
		square(center[0], center[1], 4, func(ring int) bool { return ring == 2 || ring == 4 })
	}
	var centers []int // of alignment patterns (Annex E, which this is up to version 13)
	switch {
	case version >= 7:
		centers = []int{6, last / 2, last - 6}
	case version >= 2:
		centers = []int{6, last - 6}
	}
	for i, x := range centers {
		for j, y := range centers {
			if i+j > 0 && (i+j != len(centers)-1 || i > 0 && j > 0) { // the others would lie on finder patterns
				square(x, y, 2, func(ring int) bool { return ring == 1 })
			}
		}
	}
	c.drawFormat(0) // is drawn anew with the mask
	if version >= 7 {
		word := version<<12 | bch(version<<12, 0b1111100100101) // 7.10
		for i := range 18 {
			black := word>>i&1 != 0
			c.set(last-10+i%3, i/3, black)
			c.set(i/3, last-10+i%3, black)
		}
	}
}

// drawFormat draws the level and the mask, twice (7.9).
func (c *Code) drawFormat(mask int) {
	const levelL = 0b01
	data := (levelL<<3 | mask) << 10
	word := (data | bch(data, 0b10100110111)) ^ 0b101010000010010
	last := c.Size - 1
	for i := range 15 {
		black := word>>i&1 != 0
		switch { // around the finder pattern at the top left
		case i < 6:
			c.set(8, i, black)
		case i < 8:
			c.set(8, i+1, black)
		case i == 8:
			c.set(7, 8, black)
		default:
			c.set(14-i, 8, black)
		}
		if i < 8 { // beside those at the top right and the bottom left
			c.set(last-i, 8, black)
		} else {
			c.set(8, last-14+i, black)
		}
	}
	c.set(8, last-7, true)
}

// bch is what data leaves when divided by a generator polynomial over GF(2) (Annex C, Annex D).
func bch(data, generator int) int {
	for bits.Len(uint(data)) >= bits.Len(uint(generator)) {
		data ^= generator << (bits.Len(uint(data)) - bits.Len(uint(generator)))
	}
	return data
}

// drawData places the codewords: two columns at a time, from the right, up and down in turn (7.7.3).
func (c *Code) drawData(data []byte) {
	i, up := 0, true
	for right := c.Size - 1; right > 0; right -= 2 {
		if right == 6 { // the timing pattern
			right--
		}
		for row := range c.Size {
			y := row
			if up {
				y = c.Size - 1 - row
			}
			for x := right; x > right-2; x-- {
				if at := y*c.Size + x; !c.function[at] && i < 8*len(data) {
					c.black[at] = data[i/8]>>(7-i%8)&1 != 0
					i++
				}
			}
		}
		up = !up
	}
}

// masks are the conditions under which a module of data is turned over, i being the row and j the column (Table 10).
var masks = [...]func(i, j int) bool{
	func(i, j int) bool { return (i+j)%2 == 0 },
	func(i, j int) bool { return i%2 == 0 },
	func(i, j int) bool { return j%3 == 0 },
	func(i, j int) bool { return (i+j)%3 == 0 },
	func(i, j int) bool { return (i/2+j/3)%2 == 0 },
	func(i, j int) bool { return i*j%2+i*j%3 == 0 },
	func(i, j int) bool { return (i*j%2+i*j%3)%2 == 0 },
	func(i, j int) bool { return ((i+j)%2+i*j%3)%2 == 0 },
}

// mask applies the mask that leaves the least penalty.
func (c *Code) mask() {
	best, least := 0, 0
	for mask := range masks {
		c.apply(mask)
		if p := c.penalty(); mask == 0 || p < least {
			best, least = mask, p
		}
		c.apply(mask)
	}
	c.apply(best)
}

// apply turns over what a mask says, and so takes back what it did before.
func (c *Code) apply(mask int) {
	for at, function := range c.function {
		if !function && masks[mask](at/c.Size, at%c.Size) {
			c.black[at] = !c.black[at]
		}
	}
	c.drawFormat(mask)
}

// penalty weighs what makes a code hard to read (7.8.3.1, Table 11).
func (c *Code) penalty() int {
	sum, black := 0, 0
	for i := range c.Size {
		sum += c.linePenalty(func(j int) bool { return c.Black(j, i) }) + c.linePenalty(func(j int) bool { return c.Black(i, j) })
		for j := range c.Size {
			if c.Black(j, i) {
				black++
			}
			if b := c.Black(j, i); i > 0 && j > 0 && b == c.Black(j-1, i) && b == c.Black(j, i-1) && b == c.Black(j-1, i-1) {
				sum += 3
			}
		}
	}
	off := 100*black - 50*c.Size*c.Size // of one half, in per cent of all modules
	return sum + 10*(max(off, -off)/(5*c.Size*c.Size))
}

// linePenalty is that of a row or a column: for runs, and for what looks like a finder pattern with white on one side.
func (c *Code) linePenalty(black func(int) bool) (sum int) {
	run, seen := 0, 0
	for j := range c.Size {
		if run++; j > 0 && black(j) != black(j-1) {
			run = 1
		}
		if run == 5 {
			sum += 3
		} else if run > 5 {
			sum++
		}
		seen = seen << 1 & (1<<11 - 1)
		if black(j) {
			seen |= 1
		}
		if j >= 10 && (seen == 0b00001011101 || seen == 0b10111010000) {
			sum += 40
		}
	}
	return sum
}
