package qr

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"
	"testing"
)

// That the codes can be read is shown by internal/interop, with somebody else's decoder. Here are the standard's own
// numbers, and what holds for every code.

// Annex I of ISO/IEC 18004 encodes 01234567 in version 1-M: these are its 16 codewords and the 10 of their correction.
func TestRemainderOfTheStandardsExample(t *testing.T) {
	data := []byte{0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11}
	want := []byte{0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55}
	if got := remainder(data, 10); !bytes.Equal(got, want) {
		t.Errorf("% X, want % X", got, want)
	}
}

// A codeword's polynomial is zero at every root of the generator. Powers of 2 come from a table made by shifting, not from
// multiply.
func TestSyndromesAreZero(t *testing.T) {
	var exp [510]byte
	log := map[byte]int{}
	for i, v := 0, 1; i < 255; i++ {
		exp[i], exp[i+255], log[byte(v)] = byte(v), byte(v), i
		if v <<= 1; v > 255 {
			v ^= 0x11D
		}
	}
	for _, v := range versions {
		data := []byte(strings.Repeat("cognito?", 60))[:(v.total-v.correction*v.blocks)/v.blocks]
		word := append(bytes.Clone(data), remainder(data, v.correction)...)
		for root := range v.correction {
			var sum byte
			for _, b := range word {
				if sum != 0 {
					sum = exp[log[sum]+root]
				}
				sum ^= b
			}
			if sum != 0 {
				t.Errorf("%v: syndrome %d is %#x", v, root, sum)
			}
		}
	}
}

// The table of versions against the room that the function patterns leave: as many codewords as whole bytes fit, and at
// most 7 bits left over (Table 1).
func TestVersionsFillTheCode(t *testing.T) {
	for i, v := range versions {
		c := Code{Size: 17 + 4*(i+1)}
		c.black, c.function = make([]bool, c.Size*c.Size), make([]bool, c.Size*c.Size)
		c.drawFunction(i + 1)
		free := 0
		for _, function := range c.function {
			if !function {
				free++
			}
		}
		if free/8 != v.total || free%8 != 0 && free%8 != 7 {
			t.Errorf("version %d: %d modules are free for %d codewords", i+1, free, v.total)
		}
	}
}

// Table C.1 (level L is 01) and Table D.1.
func TestFormatAndVersionWords(t *testing.T) {
	for mask, want := range []int{0x77C4, 0x72F3, 0x7DAA, 0x789D, 0x662F, 0x6318, 0x6C41, 0x6976} {
		data := (0b01<<3 | mask) << 10
		if got := (data | bch(data, 0x537)) ^ 0x5412; got != want {
			t.Errorf("mask %d: %#x, want %#x", mask, got, want)
		}
	}
	for i, want := range []int{0x07C94, 0x085BC, 0x09A99, 0x0A4D3, 0x0BBF6, 0x0C762, 0x0D847} {
		if got := (i+7)<<12 | bch((i+7)<<12, 0x1F25); got != want {
			t.Errorf("version %d: %#x, want %#x", i+7, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, test := range []struct{ length, size int }{ // Table 7: the most that each version holds at level L
		{0, 21}, {17, 21}, {18, 25}, {32, 25}, {53, 29}, {78, 33}, {106, 37}, {134, 41}, {154, 45}, {192, 49}, {230, 53}, {231, 57},
		{271, 57}, {321, 61}, {367, 65}, {425, 69}, {426, 0}, {5000, 0},
	} {
		c, err := Encode(strings.Repeat("x", test.length))
		if c.Size != test.size || (err != nil) != (test.size == 0) {
			t.Errorf("%d bytes: size %d, %v, want %d", test.length, c.Size, err, test.size)
		}
	}
}

// A decoder of its own, for whole codes alone: it reads the format from the code, takes the mask off, walks the columns and
// reads the first block or blocks.
func TestEncodeByWalking(t *testing.T) {
	for length := 0; length <= 425; length += 17 {
		text := strings.Repeat("\x00ä日=&?", 50)[:length]
		c, err := Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := walk(c); err != nil || got != text {
			t.Errorf("%d bytes: got %q, %v", length, got, err)
		}
		for i := range c.Size { // white around it, whatever is asked
			if c.Black(-1, i) || c.Black(i, -1) || c.Black(c.Size, i) || c.Black(i, c.Size) {
				t.Fatal("black outside")
			}
		}
	}
}

func walk(c Code) (string, error) {
	version := (c.Size - 17) / 4
	word := 0
	for _, at := range [][2]int{{0, 8}, {1, 8}, {2, 8}, {3, 8}, {4, 8}, {5, 8}, {7, 8}, {8, 8}, {8, 7}, {8, 5}, {8, 4}, {8, 3}, {8, 2}, {8, 1}, {8, 0}} {
		word <<= 1
		if c.Black(at[0], at[1]) {
			word |= 1
		}
	}
	mask := (word ^ 0x5412) >> 10 & 7
	if (word^0x5412)>>13 != 1 {
		return "", fmt.Errorf("format %#x", word)
	}
	plain := Code{Size: c.Size, black: make([]bool, c.Size*c.Size), function: make([]bool, c.Size*c.Size)}
	plain.drawFunction(version)
	var data []byte
	n, b := 0, byte(0)
	for column := 0; column < (c.Size-1)/2; column++ {
		x := c.Size - 1 - 2*column
		if x <= 6 {
			x--
		}
		for step := range 2 * c.Size {
			y := step / 2
			if column%2 == 0 {
				y = c.Size - 1 - y
			}
			if at := x - step%2; !plain.function[y*c.Size+at] {
				b <<= 1
				if c.Black(at, y) != masks[mask](y, at) {
					b |= 1
				}
				if n++; n%8 == 0 {
					data = append(data, b)
				}
			}
		}
	}
	v := versions[version-1]
	capacity := v.total - v.correction*v.blocks
	blocks := make([][]byte, v.blocks)
	for i := range capacity {
		block := i % v.blocks
		if short := capacity / v.blocks; i >= short*v.blocks { // a codeword more in the last ones
			block += v.blocks - capacity%v.blocks
		}
		blocks[block] = append(blocks[block], data[i])
	}
	stream := bytes.Join(blocks, nil)
	bit := func(at, width int) (v int) {
		for i := at; i < at+width; i++ {
			v = v<<1 | int(stream[i/8]>>(7-i%8)&1)
		}
		return v
	}
	width := 8
	if version > 9 {
		width = 16
	}
	if bit(0, 4) != 4 {
		return "", fmt.Errorf("mode %d", bit(0, 4))
	}
	text := make([]byte, bit(4, width))
	for i := range text {
		text[i] = byte(bit(4+width+8*i, 8))
	}
	return string(text), nil
}

// The mask that is chosen has the least penalty, by a count of its own.
func TestPenalty(t *testing.T) {
	for _, test := range []struct {
		rows []string
		want int
	}{
		{[]string{"#.#.#", ".#.#.", "#.#.#", ".#.#.", "#.#.#"}, 0}, // 52 %
		{[]string{"#####", "#####", "#####", "#####", "#####"}, 10*3 + 16*3 + 100},
	} {
		c := Code{Size: len(test.rows[0])}
		for _, row := range test.rows {
			for _, m := range row {
				c.black = append(c.black, m == '#')
			}
		}
		if got := c.penalty(); got != test.want {
			t.Errorf("%v: %d, want %d", test.rows, got, test.want)
		}
	}
	line := func(s string) int {
		c := Code{Size: len(s)}
		return c.linePenalty(func(i int) bool { return s[i] == '#' })
	}
	for s, want := range map[string]int{
		"#.###.#....#.#.#": 40, "#.#....#.###.#.#": 40, "....#.###.#....#": 80, "#.#####..#.#####": 6, "#.######.#.#.#.#": 4, "#.###.#...#.#.#.": 0,
	} {
		if got := line(s); got != want {
			t.Errorf("%s: %d, want %d", s, got, want)
		}
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("otpauth://totp/cognito:ada?secret=ABC&issuer=cognito")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Encode(text)
		if err != nil {
			if len(text) <= 425 {
				t.Error(err)
			}
			return
		}
		if got, err := walk(c); err != nil || got != text || bits.Len(uint(c.Size)) > 7 {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	})
}
