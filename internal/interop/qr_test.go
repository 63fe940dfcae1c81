package interop

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/qr"
)

// readCodes has jsQR read codes. A nil element is a code that it could not read.
func readCodes(t *testing.T, codes [][]string) (read []*struct {
	Version int
	Bytes   []byte
}) {
	t.Helper()
	input, err := json.Marshal(map[string]any{"codes": codes})
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, environment(t), string(input), node(t, "testdata/js/qr.mjs")...)
	if err := json.Unmarshal([]byte(got.stdout), &read); err != nil || got.status != 0 ||
		len(read) != len(codes) {
		t.Fatalf("exit %d, %d codes read of %d: %v\n%s", got.status, len(read), len(codes), err,
			got.stderr)
	}
	return read
}

func bitmap(c qr.Code) (rows []string) {
	for y := range c.Size {
		row := make([]byte, c.Size)
		for x := range row {
			row[x] = '0'
			if c.Black(x, y) {
				row[x] = '1'
			}
		}
		rows = append(rows, string(row))
	}
	return rows
}

// Codes of every version, full and with a byte to spare, and of odd texts, are read by another
// program.
func TestQR(t *testing.T) {
	texts := []string{
		cognito.TOTPURI("cognito", "ada", strings.Repeat("ABCDEFG2345672ZY", 4)[:52]),
		cognito.TOTPURI("a b", "ærø+東京@example.com", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
		"0", "01234567", "HELLO WORLD", " ", "\x00", "\xff\xfe\x80", "\r\n\t", "日本語",
		strings.Repeat("\xec\x11", 8), strings.Repeat("\x00", 60), strings.Repeat("\xff", 60),
	}
	for length := 1; length <= 425; length += 3 {
		texts = append(texts,
			strings.Repeat("otpauth://totp/x?secret=ABCDEFGH&issuer=%C3%A6 ", 10)[:length])
	}
	// the most that a version holds
	for _, length := range []int{17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425} {
		texts = append(texts, strings.Repeat("z~!7", 107)[:length])
	}
	var codes [][]string
	for _, text := range texts {
		c, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, bitmap(c))
	}
	versions := map[int]bool{}
	for i, read := range readCodes(t, codes) {
		if read == nil {
			t.Errorf("%d bytes: not read: %.40q", len(texts[i]), texts[i])
			continue
		}
		versions[read.Version] = true
		if string(read.Bytes) != texts[i] || 17+4*read.Version != len(codes[i]) {
			t.Errorf("version %d: read %q, want %q", read.Version, read.Bytes, texts[i])
		}
	}
	if len(versions) != 13 {
		t.Errorf("%d versions were read, not 13", len(versions))
	}
}
