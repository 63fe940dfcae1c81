package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMarked(t *testing.T) {
	const says = `The user pool says: "`
	for _, test := range []struct {
		name, text string
		columns    int
		want       []string
	}{
		{"plain", "question: Who is it?", 80, []string{`question: Who is it?"`}},
		{"empty", "", 80, []string{`"`}},
		{"line ends", "a\nb\r\nc\u2028d\x85", 80, []string{`a\nb\r\nc\u2028d�"`}},
		{"escapes", "\x1b[2J\u009b2J\t", 80, []string{`\x1b[2J\u009b2J\t"`}},
		{"quotation marks", `yes" \ Password: `, 80, []string{`yes\" \\ Password: "`}},
		{"directions, hidden characters", "\u202ea\u2066\u200b\ufeff", 80,
			[]string{`\u202ea\u2066\u200b\ufeff"`}},
		{"other scripts", "Как зовут? 日本 हिन्दी", 80,
			[]string{`Как зовут? 日本 हिन्दी"`}},
		{"marks on letters", "e\u0301\u0302\u0303", 80, []string{"e\u0301\u0302\\u0303\""}},
		{"marks on others", "\u0338a \u0338", 80, []string{`\u0338a \u0338"`}},
		{"two rows", strings.Repeat("0123456789", 6), 80,
			[]string{strings.Repeat("0123456789", 5) + `0"`, `123456789"`}},
		{"words", strings.Repeat("0123456789 ", 6), 80,
			[]string{strings.Repeat("0123456789 ", 4) + `"`, `0123456789 0123456789 "`}},
		{"a long word", "a " + strings.Repeat("\x1b", 5), 40,
			[]string{`a \x1b\x1b"`, `\x1b\x1b"`, `\x1b"`}},
		{"wide characters", strings.Repeat("日", 26), 80,
			[]string{strings.Repeat("日", 25) + `"`, `日"`}},
		{"a narrow window", "0123456789", 10, []string{`01234567"`, `89"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.want {
				test.want[i] = says + test.want[i]
			}
			if got := marked(test.text, test.columns); !slices.Equal(got, test.want) {
				t.Errorf("marked(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
			}
		})
	}
	for _, r := range []string{"a", "日", "\u0301", "\x1b", "\U000e0041", "a\u0301\u0302"} {
		lines := marked(strings.Repeat(r, 10_000), 80)
		last := lines[len(lines)-1]
		if len(lines) > 8 || !strings.HasSuffix(last, `"…`) {
			t.Errorf("10,000 times %q: %d lines, of which the last is %q", r, len(lines), last)
		}
	}
}
