package s3list

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"
)

// An estimate is a guess at how the keys lie in what is left of a span, made from the last page of it or, before there
// is one, of the span that it was part of. It takes keys for numbers in which the character at each place is a digit,
// of those that keys have there. A wrong guess costs requests, never keys.
type estimate struct {
	prefix  string   // Input.Prefix, which all keys share
	last    string   // key of the page
	sample  [][]rune // keys of the page without the prefix, from the first to the last
	fresh   bool     // the page is the span's own, which goes on behind last
	guesses int      // how often it may still be divided without one
	pages   float64  // that are still to come, the one that is being asked for included; may be infinite
}

// How many keys of a page are looked at, and how many places of each, from the first one on where they differ.
const (
	samples = 16
	places  = 12
)

// measure looks at a page of a span that ends with bound.
func measure(page *page, prefix, bound string) estimate {
	e := estimate{prefix: prefix, fresh: true}
	for i := range samples {
		e.last = string(page.key(page.entries[i*(len(page.entries)-1)/(samples-1)]))
		e.sample = append(e.sample, e.runes(e.last))
	}
	e.pages = e.count(bound)
	return e
}

// rest is the estimate for what comes behind the first pages, when these become a span of their own.
func (e *estimate) rest(first float64) estimate {
	r := *e
	r.fresh = false
	if !math.IsInf(r.pages, 1) {
		r.pages -= first
	}
	return r
}

// divide returns a place where a span that begins behind after and ends with bound is to be divided, and how many pages
// come before it; "" if there is no use in it, or no such place is known.
func (e *estimate) divide(after, bound string) (at string, pages float64) {
	if !(e.pages >= 2) || !e.fresh && (e.guesses == 0 || e.pages < 64) {
		return "", 0
	}
	if e.fresh {
		// Where the keys of a page have much more in common than those of the span, halving the span would most often
		// find nothing. The ends of the directories in between, so to speak, are better places.
		after = e.last
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
	if pages < 100 { // a bit less than whole pages, so that no further one is needed
		part = (pages - 0.05) / e.pages
	}
	return e.point(after, bound, part), pages
}

// count is how many pages are left up to bound, if they go on like this one.
func (e *estimate) count(bound string) float64 {
	first, to := e.sample[0], e.runes(bound)
	from := common(first, to)
	end := 1.0
	if bound != "" {
		end = e.value(to, from)
	}
	last := e.value(e.sample[samples-1], from)
	if n := (end - last) / (last - e.value(first, from)); n >= 0 && n < 1e9 {
		return n
	}
	return math.Inf(1)
}

// point returns the key that lies at the given part of the way from after to bound; "" if there is none between them.
func (e *estimate) point(after, bound string, part float64) (at string) {
	lower, upper := e.runes(after), e.runes(bound)
	from := common(lower, upper)
	v, end := e.value(lower, from), 1.0
	if bound != "" {
		end = e.value(upper, from)
	}
	v += (end - v) * part
	key := e.prefix + string(lower[:from])
	for i, enough := from, 0; i < from+places && enough < 3; i++ {
		p := e.place(i)
		v *= float64(p.base())
		key += string(p.symbol(int(v)))
		v -= math.Floor(v)
		if between(after, key, bound) {
			at = key
			enough++
		}
	}
	return at
}

// value is a key as a number from 0 to 1, read from the given place on.
func (e *estimate) value(key []rune, from int) (v float64) {
	weight := 1.0
	for i := from; i < from+places && i < len(key); i++ {
		p := e.place(i)
		weight /= float64(p.base())
		v += float64(p.digit(key[i])) * weight
	}
	return v
}

// A place is what is known of the characters that keys have at one place: all in order, or that they are below limit.
type place struct {
	symbols []rune
	limit   rune
}

func (p *place) base() int { return max(len(p.symbols), int(p.limit)) }

func (p *place) digit(c rune) int {
	if p.limit > 0 {
		return int(min(c, p.limit))
	}
	digit, _ := slices.BinarySearch(p.symbols, c)
	return digit
}

func (p *place) symbol(digit int) rune {
	digit = max(0, min(digit, p.base()-1))
	if p.limit > 0 {
		return rune(digit)
	}
	return p.symbols[digit]
}

// place takes the characters that the sample has at a place, and all others of the same kind.
func (e *estimate) place(i int) (p place) {
	var seen []rune
	for _, key := range e.sample {
		if i < len(key) && !slices.Contains(seen, key[i]) {
			seen = append(seen, key[i])
		}
	}
	if len(seen) > 0 && slices.Max(seen) >= utf8.RuneSelf {
		for _, p.limit = range []rune{0x800, 0x10000, unicode.MaxRune + 1} {
			if slices.Max(seen) < p.limit {
				return p
			}
		}
	}
	has := func(from, to rune) bool {
		return slices.ContainsFunc(seen, func(c rune) bool { return c >= from && c <= to })
	}
	p.symbols = slices.Clone(seen)
	add := func(from, to rune) {
		for c := from; c <= to; c++ {
			if !slices.Contains(seen, c) {
				p.symbols = append(p.symbols, c)
			}
		}
	}
	digits := has('0', '9') || len(seen) == 0
	if digits {
		add('0', '9')
	}
	for _, a := range []rune{'a', 'A'} {
		if z := a + 'z' - 'a'; has(a+6, z) || !digits && has(a, z) {
			add(a, z)
		} else if has(a, z) { // hexadecimal
			add(a, a+5)
		}
	}
	slices.Sort(p.symbols)
	return p
}

// runes are the characters of a key behind the prefix.
func (e *estimate) runes(key string) []rune { return []rune(key[min(len(e.prefix), len(key)):]) }

// common is how many characters a and b have in common at their beginning.
func common(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// between reports whether a span from after to bound can be divided at key, which goes into a query.
func between(after, key, bound string) bool {
	return after < key && (bound == "" || key < bound) && utf8.ValidString(key)
}
