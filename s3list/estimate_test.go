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

// TestEstimate checks that the estimate is right if keys are evenly spread.
func TestEstimate(t *testing.T) {
	numbers := func(format string, from int) (keys []string) {
		for i := range 1000 {
			keys = append(keys, fmt.Sprintf(format, from+i))
		}
		return keys
	}
	for _, test := range []struct {
		page          []string
		prefix, bound string
		want          float64 // pages
	}{
		{numbers("key-%08d", 0), "", "key-0001", 9},
		{numbers("key-%08d", 5000), "", "key-00010000", 4},
		{numbers("key-%08d", 0), "key-", "key-1", 9999},
		{numbers("key-%06d", 0), "key-", "", 999},
		{numbers("key-%06d", 500_000), "key-", "", 499},
		{numbers("a/%c", 0x4e00), "a/", "a/" + string(rune(0x4e00+3000)), 2},
	} {
		name := fmt.Sprintf("%q to %q, up to %q", test.page[0], test.page[999], test.bound)
		e := measure(pageFrom(test.page...), test.prefix, test.bound)
		if math.Abs(e.pages-test.want) > 0.02*test.want+0.1 {
			t.Errorf("%s: %v pages, want %v", name, e.pages, test.want)
		}
		at, left := e.divide("", test.bound)
		if !between(e.last, at, test.bound) || left > e.pages {
			t.Errorf("%s: divided at %q after %v of %v pages", name, at, left, e.pages)
		}
		part := measure(pageFrom(test.page...), test.prefix, at)
		if test.bound != "" && e.pages < 64 && math.Abs(part.pages-left) > 0.1*left+0.2 {
			t.Errorf("%s: divided at %q after %v pages, want %v", name, at, left, part.pages)
		}
	}
}

// TestEstimateExample checks the numbers in the comment of estimate.
func TestEstimateExample(t *testing.T) {
	var keys []string
	for i := range 1000 {
		keys = append(keys, fmt.Sprintf("key-%04d", i))
	}
	e := measure(pageFrom(keys...), "key-", "")
	at, left := e.divide("", "")
	if got := math.Round(e.pages*100) / 100; got != 9.01 || at != "key-494" || left != 4 {
		t.Errorf("%v pages, divided at %q after %v, want 9.01, key-494, 4", got, at, left)
	}
}

// FuzzDivide checks that, for any keys, a span is divided inside it and at a text that a query can
// contain, and that numbers of pages are not negative and not NaN.
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
				t.Fatalf("estimate = %v pages", e.pages)
			}
			at, left := e.divide(after, bound)
			if at == "" {
				break
			}
			lower := max(after, last)
			if !between(lower, at, bound) || !utf8.ValidString(at) || !(left >= 0) {
				t.Fatalf("divide(%q, %q) = %q, %v", lower, bound, at, left)
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
