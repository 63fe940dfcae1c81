package interop

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/qr"
)

// readCodes reads QR codes with jsQR. A nil element is a code that jsQR could not read.
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
		t.Fatalf("qr.mjs: exit status %d, %d results, want %d: %v\n%s", got.status, len(read),
			len(codes), err, got.stderr)
	}
	return read
}

// bitmap returns the modules of a code as rows of 0 and 1, where 1 is black.
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

// TestQR encodes texts in codes of every version and reads them with jsQR. The texts include odd
// bytes, and the longest text that each version can hold.
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
	// The capacity of each version in bytes.
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
			t.Errorf("jsQR cannot read the code of %d bytes %.40q", len(texts[i]), texts[i])
			continue
		}
		versions[read.Version] = true
		if string(read.Bytes) != texts[i] || 17+4*read.Version != len(codes[i]) {
			t.Errorf("read %q from a code of version %d and %d modules, want %q", read.Bytes,
				read.Version, len(codes[i]), texts[i])
		}
	}
	if len(versions) != 13 {
		t.Errorf("read codes of %d versions, want 13", len(versions))
	}
}
