package ascii

import "testing"

func TestOnly(t *testing.T) {
	for _, test := range []struct {
		s    string
		want bool
	}{
		{"a", true},
		{"Z9z0", true},
		{"", false},
		{"abcde", false},
		{"a b", false},
		{"a-b", false},
		{"ä", false},
		{"a\xff", false},
		{"a\n", false},
	} {
		if got := Only(test.s, Alphanumeric, 4); got != test.want {
			t.Errorf("Only(%q, Alphanumeric, 4) = %v, want %v", test.s, got, test.want)
		}
	}
}

// TestSets counts the characters of each set: Only would accept a stray space in one silently.
func TestSets(t *testing.T) {
	for _, test := range []struct {
		set, name string
		want      int
	}{
		{Digits, "Digits", 10},
		{Lower, "Lower", 26},
		{Upper, "Upper", 26},
		{Alphanumeric, "Alphanumeric", 62},
		{LowerHex, "LowerHex", 16},
	} {
		seen := make(map[rune]bool)
		for _, c := range test.set {
			seen[c] = true
		}
		if len(seen) != test.want || len(test.set) != test.want || !Word(test.set, test.want) {
			t.Errorf("%s has %d characters, %d of them distinct, want %d",
				test.name, len(test.set), len(seen), test.want)
		}
	}
}

func TestWord(t *testing.T) {
	for _, test := range []struct {
		s    string
		want bool
	}{
		{"a", true},
		{"!~", true},
		{"12345678", true},
		{"", false},
		{"123456789", false},
		{"a b", false},
		{"a\n", false},
		{"ä", false},
		{"\x7f", false},
	} {
		if got := Word(test.s, 8); got != test.want {
			t.Errorf("Word(%q, 8) = %v, want %v", test.s, got, test.want)
		}
	}
}
