// Package ascii checks the characters of identifiers and tokens.
package ascii

import "strings"

// Sets of characters for [Only].
const (
	Digits       = "0123456789"
	Lower        = "abcdefghijklmnopqrstuvwxyz"
	Upper        = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	Alphanumeric = Digits + Lower + Upper
	LowerHex     = Digits + "abcdef"
)

// Only reports whether s has 1 to limit bytes, all of which are in set.
func Only(s, set string, limit int) bool {
	return s != "" && len(s) <= limit && strings.Trim(s, set) == ""
}

// Word reports whether s has 1 to limit bytes, all of which are printable ASCII other than space.
// Keys and tokens have that form.
func Word(s string, limit int) bool {
	return s != "" && len(s) <= limit && strings.IndexFunc(s, notGraphic) < 0
}

func notGraphic(c rune) bool { return c <= ' ' || c > '~' }
