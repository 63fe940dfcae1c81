package s3list

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func pageFrom(keys ...string) *page {
	p := new(page)
	for _, key := range keys {
		p.entries = append(p.entries, entry{at: int32(len(p.text)), key: int32(len(key))})
		p.text = append(p.text, key...)
	}
	return p
}

// Where keys are evenly spread, the estimate is right.
func TestEstimate(t *testing.T) {
	numbers := func(format string, from, step int) (keys []string) {
		for i := range 1000 {
			keys = append(keys, fmt.Sprintf(format, from+i*step))
		}
		return keys
	}
	for _, test := range []struct {
		page          []string
		prefix, bound string
		pages         float64
	}{
		{numbers("key-%08d", 0, 1), "", "key-0001", 9},
		{numbers("key-%08d", 5000, 1), "", "key-00010000", 4},
		{numbers("key-%08d", 0, 1), "key-", "key-1", 9999},
		{numbers("key-%06d", 0, 1), "key-", "", 999},
		{numbers("key-%06d", 500_000, 1), "key-", "", 499},
		{numbers("a/%c", 0x4e00, 1), "a/", "a/" + string(rune(0x4e00+3000)), 2},
	} {
		e := measure(pageFrom(test.page...), test.prefix, test.bound)
		if math.Abs(e.pages-test.pages) > 0.02*test.pages+0.1 {
			t.Errorf("%q to %q, then up to %q: %v pages, want %v", test.page[0], test.page[999], test.bound, e.pages, test.pages)
		}
		at, left := e.divide("", test.bound)
		second := measure(pageFrom(test.page...), test.prefix, at)
		if !between(e.last, at, test.bound) || left > e.pages || test.bound != "" && e.pages < 64 && math.Abs(second.pages-left) > 0.1*left+0.2 {
			t.Errorf("%q up to %q is divided at %q, %v pages ahead: these are %v", e.last, test.bound, at, left, second.pages)
		}
	}
}

// Whatever the keys are, a span is divided inside it, at a text that can go into a query, and estimates are numbers.
func FuzzDivide(f *testing.F) {
	f.Add("key-0001 key-0002", "", "")
	f.Add("a/1 a/2 a/3", "a/", "b")
	f.Add("\x00 \xff", "", "")
	f.Add("\u00e9 \ud7ff \U0010ffff", "", "\U0010ffff\U0010ffff")
	f.Add(strings.Repeat("x", 1024)+"a "+strings.Repeat("x", 1024)+"b", "x", "y")
	f.Fuzz(func(t *testing.T, text, prefix, bound string) {
		var keys []string
		for _, s := range strings.Split(text, " ") {
			keys = append(keys, prefix+s)
		}
		slices.Sort(keys)
		last := keys[len(keys)-1]
		if bound != "" && bound <= last || last == "" {
			return
		}
		e := measure(pageFrom(keys...), prefix, bound)
		after := ""
		for range 20 {
			if !(e.pages >= 0) {
				t.Fatalf("%v pages", e.pages)
			}
			at, left := e.divide(after, bound)
			if at == "" {
				break
			}
			if lower := max(after, last); !between(lower, at, bound) || !utf8.ValidString(at) || !(left >= 0) {
				t.Fatalf("%q is not between %q and %q", at, lower, bound)
			}
			rest := e.rest(left)
			if e.pages = left; len(text)%2 == 0 {
				bound = at
			} else {
				e, after = rest, at
			}
		}
	})
}
