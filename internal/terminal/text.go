package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// OneLine returns s as one line that is safe to write to a terminal. Line ends become "; ", and
// control characters are replaced.
func OneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	return Printable(strings.Join(lines, "; "))
}

// Printable returns s with U+FFFD in place of each character that is not printable. Terminals
// interpret such characters as commands.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}

// Quoted returns s, quoted as in Go if it contains control characters, quotes or backslashes.
func Quoted(s string) string {
	if q := strconv.Quote(s); len(q) != len(s)+2 {
		return q
	}
	return s
}

// JSONLine returns v as one line of JSON. It escapes characters that are not printable.
func JSONLine(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	line := make([]byte, 0, text.Len())
	for _, r := range strings.TrimSuffix(text.String(), "\n") {
		if strconv.IsPrint(r) {
			line = append(line, string(r)...)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			line = fmt.Appendf(line, `\u%04x`, unit)
		}
	}
	return append(line, '\n'), nil
}

// A Writer replaces the control characters C0, DEL and C1 with "?", so that what is written cannot
// send commands to the terminal. It keeps tabs and line ends.
type Writer struct {
	Out  io.Writer
	last byte
}

// Write writes p to Out. It returns the result of Out's Write.
func (w *Writer) Write(p []byte) (int, error) {
	safe := make([]byte, len(p))
	for i, b := range p {
		c1 := w.last == 0xc2 && b >= 0x80 && b < 0xa0 // U+0080 to U+009F in UTF-8
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' || b == 0x7f || c1 {
			b = '?'
		}
		safe[i], w.last = b, b
	}
	return w.Out.Write(safe)
}
