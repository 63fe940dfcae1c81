package s3list

import "slices"

// A span is a part of the key space: the keys with after < key <= until, or all keys above after if
// until is empty. Requests are bounded below only, so keys above until are cut off when they
// arrive.
//
// The spans of a listing follow one another. There are no keys between until and the next span's
// after, nor above the last span's until.
//
// A span other than the first begins at a guessed key. The server may be wrong about what follows
// such a key: MinIO finds nothing after some keys that do not exist, and refuses others. So the
// first key found there is compared with the first key that the span before cuts off, which it
// reaches by the server's own cursors. If they differ, the guess is taken back; see distrust.
type span struct {
	after, until string
	position              // of its next page
	asked        bool     // a call for it is in flight
	complete     bool     // no call for it is needed any more
	pages        []*page  // wait to be consumed
	err          error    // ends the listing after pages
	ahead        estimate // of the pages that are not requested yet

	guessed bool     // it begins at a guessed key
	first   string   // the first key that was found there
	want    string   // the first key that must be there, according to the span before
	back    position // of the page that showed it

	seen       cursor // the end of an earlier page; see endless
	seenFirst  string // its first version
	steps, lap int
}

// fail makes err the end of the listing, after the pages of the span.
func (s *span) fail(err error) { s.err, s.complete = err, true }

// endless reports whether the server's cursors, or the first versions of its pages, repeat; check
// compares keys, of which there may be any number of versions. It compares each page with an
// earlier one, which is replaced by the current one after 1, 2, 4, 8... pages (R. P. Brent, "An
// improved Monte Carlo factorization algorithm", 1980, section 3).
func (s *span) endless(p *page) bool {
	first := ""
	if len(p.entries) > 0 && p.entries[0].version > 0 {
		first = string(p.text[p.entries[0].at:p.entries[0].end()])
	}
	if s.next != (cursor{}) && s.next == s.seen || first != "" && first == s.seenFirst {
		return true
	}
	if s.steps++; s.steps > s.lap {
		s.seen, s.seenFirst, s.steps, s.lap = s.next, first, 0, 2*s.lap+1
	}
	return false
}

// distrust takes back the guess that span i begins with, and reports whether it did. If the span
// before is not complete, it continues through span i. Otherwise span i is listed again from the
// page in which the span before ended.
func (l *listing) distrust(i int) bool {
	s := l.spans[i]
	l.discard(s.pages...)
	s.pages = nil
	if i > 0 && !l.spans[i-1].complete {
		before := l.spans[i-1]
		before.until = s.until
		before.ahead.pages = 0 // so that it is not divided again before its next page
		l.spans = slices.Delete(l.spans, i, i+1)
		return true
	}
	if s.want == "" {
		return false
	}
	*s = span{after: s.after, until: s.until, position: s.back}
	return true
}

// cut removes span i and those after it.
func (l *listing) cut(i int) {
	for _, s := range l.spans[i:] {
		l.discard(s.pages...)
	}
	l.spans = l.spans[:i]
}
