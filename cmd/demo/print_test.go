package main

import (
	"errors"
	"testing"
)

// An error's text may come from a server, which must not steer the terminal.
func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain: \"text\" — ü": "plain: \"text\" — ü",
		"one\ntwo\n":          "one; two",
		"a\x1b[2J\r\x00b":     "a\uFFFD[2J\uFFFD\uFFFDb",
		"\u202eright to left": "\uFFFDright to left",
	} {
		if got := oneLine(errors.New(text)); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", text, got, want)
		}
	}
}
