package terminal

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The functions return text that cannot send commands to a terminal and that represents the input.
func FuzzText(f *testing.F) {
	for _, text := range []string{
		"esc\x1b[31mred", "bell\a", "line\nend", "return\r!", `quote"`, `back\slash`,
		"c1\u009b31m", "bidi\u202e", "del\x7f", "blank ", " before", "\u00a0", "emoji 👩‍🚀",
		"tab\t", "'single'", "<&>", "\u2028", "\U000e0001", "\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line, err := JSONLine(map[string]string{"text": text})
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]string{
			"Quoted":    Quoted(text),
			"OneLine":   OneLine(text),
			"Printable": Printable(text),
			"JSONLine":  strings.TrimSuffix(string(line), "\n"),
		}
		for name, got := range shown {
			if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s(%q) = %q, which is not printable", name, text, got)
			}
		}
		if got := shown["Quoted"]; got != text {
			if back, err := strconv.Unquote(got); err != nil || back != text {
				t.Errorf("Quoted(%q) = %q, which means %q, %v", text, got, back, err)
			}
		}
		var back struct{ Text string }
		if err := json.Unmarshal(line, &back); err != nil ||
			back.Text != text && utf8.ValidString(text) {
			t.Errorf("JSONLine(%q) = %s, which means %q, %v", text, line, back.Text, err)
		}
	})
}
