package s3list

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"
)

// An estimate says how many pages are left in a span, and where to divide it. It is made from the
// last page of the span. A wrong estimate costs requests, never keys.
//
// It treats keys as fractions, with the character at each place as a digit. For example, a page
// has the keys key-0000 to key-0999, and the prefix is key-. In the sample, every place has only
// decimal digits, so the page extends from 0.0 to 0.0999. If keys go on like this up to the end,
// at 1.0, then (1 - 0.0999) / 0.0999 = 9.01 pages are left. To have 4 of them before the dividing
// point, the point must be at
//
//	0.0999 + (1 - 0.0999) * 3.95/9.01 = 0.4945
//
// which is the key key-494. If the sample had hexadecimal digits at a place, the base there would
// be 16, and so on; see newPlace.
type estimate struct {
	prefix  string   // ListInput.Prefix, which all keys have
	last    string   // the last key of the page
	sample  [][]rune // keys of the page without prefix, from the first to the last
	fresh   bool     // the page is from this span, not from a larger one that was divided
	guesses int      // how often the span may still be divided if it is not fresh
	pages   float64  // pages left, including the one that is requested; may be infinite
}

const (
	samples = 16 // keys of a page that are in the sample
	places  = 12 // places of a key that count, from the first one where the keys differ
)

// measure returns the estimate for a span that ends with bound, from its last page.
func measure(page *page, prefix, bound string) estimate {
	e := estimate{prefix: prefix, fresh: true}
	for i := range samples {
		e.last = string(page.key(page.entries[i*(len(page.entries)-1)/(samples-1)]))
		e.sample = append(e.sample, e.runes(e.last))
	}
	e.pages = e.count(bound)
	return e
}

// rest returns the estimate for what follows the first pages of a span, as a span of its own.
func (e *estimate) rest(first float64) estimate {
	r := *e
	r.fresh = false
	if !math.IsInf(r.pages, 1) {
		r.pages -= first
	}
	return r
}

// divide returns the key at which to divide a span with after < key <= bound, and the number of
// pages before that key. It returns "" if the span should not be divided, or no suitable key is
// known.
func (e *estimate) divide(after, bound string) (at string, pages float64) {
	if !(e.pages >= 2) || !e.fresh && (e.guesses == 0 || e.pages < 64) {
		return "", 0
	}
	if e.fresh {
		after = e.last
		// If the keys of the page have much more in common with each other than with bound, most
		// of the span is probably empty, and halving it would find nothing. For example, the page
		// is in the directory a/b/c/ and bound is z. Then a better place is where a directory
		// ends.
		first, last := e.sample[0], e.sample[samples-1]
		inner, outer := common(first, last), common(last, e.runes(bound))
		for n := (inner + outer + 1) / 2; n > outer && inner-outer >= 2 && e.pages > 64; n-- {
			at = e.prefix + string(last[:n-1]) + string(last[n-1]+1)
			if pages = e.count(at); pages >= 1 && pages <= e.pages && between(after, at, bound) {
				e.guesses = 4
				return at, pages
			}
		}
		e.guesses = 1
	}
	pages = math.Floor(e.pages / 2)
	e.guesses = max(0, e.guesses-1)
	part := 0.5
	if pages < 100 { // slightly less than whole pages, so that there is not one page more
		part = (pages - 0.05) / e.pages
	}
	return e.point(after, bound, part), pages
}

// count returns the number of pages between the last key and bound.
func (e *estimate) count(bound string) float64 {
	first, to := e.sample[0], e.runes(bound)
	from := common(first, to)
	last := e.value(e.sample[samples-1], from)
	n := (e.end(bound, from) - last) / (last - e.value(first, from))
	if n >= 0 && n < 1e9 {
		return n
	}
	return math.Inf(1)
}

// point returns the key at a part, from 0 to 1, of the way from after to bound. It returns "" if
// there is no key between the two.
func (e *estimate) point(after, bound string, part float64) (at string) {
	lower := e.runes(after)
	from := common(lower, e.runes(bound))
	v := e.value(lower, from)
	v += (e.end(bound, from) - v) * part
	key := e.prefix + string(lower[:from])
	for i, digits := from, 0; i < from+places && digits < 3; i++ {
		p := e.newPlace(i)
		v *= p.base()
		key += string(p.symbol(int(v)))
		v -= math.Floor(v)
		if between(after, key, bound) {
			at = key
			digits++
		}
	}
	return at
}

// end returns the value of bound, as value does.
func (e *estimate) end(bound string, from int) float64 {
	if bound == "" {
		return 1
	}
	return e.value(e.runes(bound), from)
}

// value returns the places of a key, starting at from, as a number from 0 to 1.
func (e *estimate) value(key []rune, from int) (v float64) {
	weight := 1.0
	for i := from; i < from+places && i < len(key); i++ {
		p := e.newPlace(i)
		weight /= p.base()
		v += float64(p.digit(key[i])) * weight
	}
	return v
}

// A place is the set of characters that keys can have at one place: those in symbols, which are
// sorted, or if limit is not zero, all characters below it.
type place struct {
	symbols []rune
	limit   rune
}

func (p *place) base() float64 { return float64(max(len(p.symbols), int(p.limit))) }

func (p *place) digit(c rune) int {
	if p.limit > 0 {
		return int(min(c, p.limit))
	}
	digit, _ := slices.BinarySearch(p.symbols, c)
	return digit
}

func (p *place) symbol(digit int) rune {
	if p.limit > 0 {
		return rune(max(0, min(digit, int(p.limit)-1)))
	}
	return p.symbols[max(0, min(digit, len(p.symbols)-1))]
}

// newPlace returns the characters that the sample has at place i, and all others of their kind:
// decimal digits, hexadecimal digits, letters, or any character.
func (e *estimate) newPlace(i int) (p place) {
	for _, key := range e.sample {
		if i < len(key) && !slices.Contains(p.symbols, key[i]) {
			p.symbols = append(p.symbols, key[i])
		}
	}
	seen := p.symbols
	if len(seen) > 0 && slices.Max(seen) >= utf8.RuneSelf {
		for _, limit := range []rune{0x800, 0x10000, unicode.MaxRune + 1} {
			if slices.Max(seen) < limit {
				return place{limit: limit}
			}
		}
	}
	has := func(from, to rune) bool {
		return slices.ContainsFunc(seen, func(c rune) bool { return c >= from && c <= to })
	}
	add := func(from, to rune) {
		for c := from; c <= to; c++ {
			if !slices.Contains(seen, c) {
				p.symbols = append(p.symbols, c)
			}
		}
	}
	digits := len(seen) == 0 || has('0', '9')
	if digits {
		add('0', '9')
	}
	for _, a := range []rune{'a', 'A'} {
		z := a + 'z' - 'a'
		if digits && !has(a+6, z) { // hexadecimal
			z = a + 5
		}
		if has(a, z) {
			add(a, z)
		}
	}
	slices.Sort(p.symbols)
	return p
}

// runes returns the characters of a key after the prefix.
func (e *estimate) runes(key string) []rune { return []rune(key[min(len(e.prefix), len(key)):]) }

// common returns the number of characters that a and b have in common at their beginning.
func common(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// between reports whether a span from after to bound can be divided at key. The key must be valid
// UTF-8, because it becomes part of a query.
func between(after, key, bound string) bool {
	return after < key && (bound == "" || key < bound) && utf8.ValidString(key)
}
