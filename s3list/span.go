package s3list

import "slices"

// A span is a part of the key space: the keys behind after, up to and including until, or to the end if that is "".
// What is asked for is bounded below only; keys that belong to the next span are cut off. Nothing is between until and the
// next span's after, nor behind the last span's until, says the server where it was asked to begin there.
//
// A span that is not the first begins at a place that was guessed, where the server may know nothing, or be wrong: MinIO
// finds nothing behind some places that have keys behind them, and refuses others. So the first key there must be the
// first that the span before cuts off, when it comes to it by the server's own markers; if not, the span is listed again
// by these.
type span struct {
	after    string
	until    string
	position      // where its next page begins
	asked    bool // a call is on the way
	complete bool
	pages    []*page // that wait to be consumed
	err      error   // what ends the listing, once these are consumed
	ahead    estimate

	guessed bool     // it began at a place that was guessed, and not again
	first   string   // the first key found there
	want    string   // the first key there, says the span before
	back    position // where the page that said so begins

	seen       cursor // where one of its pages ended; see endless
	steps, lap int
}

// endless reports whether the server sends the same markers in a circle (R. P. Brent: An improved Monte Carlo
// factorization algorithm, 1980, section 3): each marker is held against one from before, which is replaced by the
// current one after 1, 2, 4, 8... pages.
func (s *span) endless() bool {
	if s.next == s.seen {
		return true
	}
	if s.steps++; s.steps > s.lap {
		s.seen, s.steps, s.lap = s.next, 0, 2*s.lap+1
	}
	return false
}

// distrust takes back the guess where span i begins: the span before goes on in its place or, if it is complete, the span
// is listed from where that was. It reports whether it did.
func (l *listing) distrust(i int) bool {
	s := l.spans[i]
	l.drop(s.pages)
	s.pages = nil
	if i > 0 && !l.spans[i-1].complete {
		before := l.spans[i-1]
		before.until, before.ahead.pages = s.until, 0 // it is not divided again before its next page
		l.spans = slices.Delete(l.spans, i, i+1)
		return true
	}
	if s.want == "" {
		return false
	}
	*s = span{after: s.after, until: s.until, position: s.back}
	return true
}

// drop takes pages back that nobody needs any more.
func (l *listing) drop(pages []*page) {
	l.held -= len(pages)
	l.free = append(l.free, pages...)
}
