package qr

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestRemainder checks the example of Annex I, which encodes 01234567 in version 1-M: 16 codewords
// and 10 of error correction.
func TestRemainder(t *testing.T) {
	data := []byte{
		0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11,
		0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11,
	}
	want := []byte{0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55}
	if got := remainder(data, 10); !bytes.Equal(got, want) {
		t.Errorf("remainder = % X, want % X", got, want)
	}
}

// TestSyndromes checks that the polynomial of a block with its error correction is zero at each
// root of the generator. It computes powers of 2 with a table and not with multiply.
func TestSyndromes(t *testing.T) {
	var exp [510]byte
	log := map[byte]int{}
	for i, v := 0, 1; i < 255; i++ {
		exp[i], exp[i+255], log[byte(v)] = byte(v), byte(v), i
		if v <<= 1; v > 255 {
			v ^= 0x11D
		}
	}
	for i, v := range versions {
		n := (v.total - v.correction*v.blocks) / v.blocks
		data := []byte(strings.Repeat("cognito?", 60))[:n]
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
				t.Errorf("version %d: syndrome %d = %#x, want 0", i+1, root, sum)
			}
		}
	}
}

// TestVersions checks the table of versions against the modules that the function patterns leave:
// they are the codewords, and at most 7 bits more (Table 1).
func TestVersions(t *testing.T) {
	for i, v := range versions {
		free := 0
		for _, function := range newCode(i + 1).function {
			if !function {
				free++
			}
		}
		if free/8 != v.total || free%8 != 0 && free%8 != 7 {
			t.Errorf("version %d has %d free modules, want those of %d codewords",
				i+1, free, v.total)
		}
	}
}

// TestBCH checks the format information in Table C.1, for level L, and the version information in
// Table D.1.
func TestBCH(t *testing.T) {
	for mask, want := range []int{
		0x77C4, 0x72F3, 0x7DAA, 0x789D, 0x662F, 0x6318, 0x6C41, 0x6976,
	} {
		if got := bch(0b01<<3|mask, 0x537) ^ 0x5412; got != want {
			t.Errorf("format information of mask %d = %#x, want %#x", mask, got, want)
		}
	}
	for i, want := range []int{
		0x07C94, 0x085BC, 0x09A99, 0x0A4D3, 0x0BBF6, 0x0C762, 0x0D847,
	} {
		if got := bch(i+7, 0x1F25); got != want {
			t.Errorf("version information of %d = %#x, want %#x", i+7, got, want)
		}
	}
}

// TestSizes checks the longest text of each version at level L (Table 7).
func TestSizes(t *testing.T) {
	for _, test := range []struct{ length, size int }{
		{0, 21},
		{17, 21},
		{18, 25},
		{32, 25},
		{53, 29},
		{78, 33},
		{106, 37},
		{134, 41},
		{154, 45},
		{192, 49},
		{230, 53},
		{231, 57},
		{271, 57},
		{321, 61},
		{367, 65},
		{425, 69},
		{426, 0},
		{5000, 0},
	} {
		c, err := Encode(strings.Repeat("x", test.length))
		if c.Size != test.size || (err != nil) != (test.size == 0) {
			t.Errorf("Encode of %d bytes: Size = %d, %v, want %d",
				test.length, c.Size, err, test.size)
		}
	}
}

// TestEncode decodes codes of all versions. That other decoders can read them is tested in
// internal/interop.
func TestEncode(t *testing.T) {
	for length := 0; length <= 425; length += 17 {
		text := strings.Repeat("\x00ä日=&?", 50)[:length]
		c, err := Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(c); err != nil || got != text {
			t.Errorf("decode(Encode(%q)) = %q, %v", text, got, err)
		}
		for i := range c.Size {
			if c.Black(-1, i) || c.Black(i, -1) || c.Black(c.Size, i) || c.Black(i, c.Size) {
				t.Fatalf("Size = %d: a module outside the code is black", c.Size)
			}
		}
	}
}

// decode returns the text of a code without errors. It reads the format information, removes the
// mask, reads the modules in their order, and joins the blocks.
func decode(c Code) (string, error) {
	version := (c.Size - 17) / 4
	format := 0
	for _, at := range [][2]int{
		{0, 8}, {1, 8}, {2, 8}, {3, 8}, {4, 8}, {5, 8}, {7, 8}, {8, 8},
		{8, 7}, {8, 5}, {8, 4}, {8, 3}, {8, 2}, {8, 1}, {8, 0},
	} {
		format <<= 1
		if c.Black(at[0], at[1]) {
			format |= 1
		}
	}
	format ^= 0x5412
	if format>>13 != 1 {
		return "", fmt.Errorf("format information is %#x", format)
	}
	mask := format >> 10 & 7

	function := newCode(version).function
	var data []byte
	n, b := 0, byte(0)
	for column := range (c.Size - 1) / 2 {
		x := c.Size - 1 - 2*column
		if x <= 6 {
			x--
		}
		for step := range 2 * c.Size {
			y := step / 2
			if column%2 == 0 {
				y = c.Size - 1 - y
			}
			at := x - step%2
			if function[y*c.Size+at] {
				continue
			}
			b <<= 1
			if c.Black(at, y) != masked(mask, y, at) {
				b |= 1
			}
			if n++; n%8 == 0 {
				data = append(data, b)
			}
		}
	}

	v := versions[version-1]
	capacity := v.total - v.correction*v.blocks
	blocks := make([][]byte, v.blocks)
	for i := range capacity {
		block := i % v.blocks
		if short := capacity / v.blocks; i >= short*v.blocks {
			block += v.blocks - capacity%v.blocks // only the last blocks have this codeword
		}
		blocks[block] = append(blocks[block], data[i])
	}
	stream := bytes.Join(blocks, nil)
	number := func(at, width int) (v int) {
		for i := at; i < at+width; i++ {
			v = v<<1 | int(stream[i/8]>>(7-i%8)&1)
		}
		return v
	}
	width := 8
	if version > 9 {
		width = 16
	}
	if mode := number(0, 4); mode != 4 {
		return "", fmt.Errorf("mode is %d", mode)
	}
	text := make([]byte, number(4, width))
	for i := range text {
		text[i] = byte(number(4+width+8*i, 8))
	}
	return string(text), nil
}

func TestPenalty(t *testing.T) {
	for _, test := range []struct {
		name    string
		modules string
		want    int
	}{
		{
			"chessboard, 52 % black",
			"10101" + "01010" + "10101" + "01010" + "10101",
			0,
		},
		{
			"black: 10 runs, 16 squares, 50 % too many",
			strings.Repeat("1", 25),
			10*3 + 16*3 + 100,
		},
	} {
		c := Code{Size: 5, modules: []byte(test.modules)}
		if got := c.penalty(); got != test.want {
			t.Errorf("%s: penalty = %d, want %d", test.name, got, test.want)
		}
	}
}

func TestLinePenalty(t *testing.T) {
	for _, test := range []struct {
		line string
		want int
	}{
		{"1011101000010101", 40},
		{"1010000101110101", 40},
		{"0000101110100001", 80},
		{"1011111001011111", 6},
		{"1011111101010101", 4},
		{"1011101000101010", 0},
	} {
		if got := linePenalty([]byte(test.line)); got != test.want {
			t.Errorf("linePenalty(%s) = %d, want %d", test.line, got, test.want)
		}
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("otpauth://totp/cognito:ada?secret=ABC&issuer=cognito")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Encode(text)
		if err != nil {
			if len(text) <= 425 {
				t.Errorf("Encode(%q) = %v, want nil", text, err)
			}
			return
		}
		if got, err := decode(c); err != nil || got != text || c.Size > 69 {
			t.Errorf("decode(Encode(%q)) = %q, %v, Size = %d", text, got, err, c.Size)
		}
	})
}
