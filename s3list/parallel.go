package s3list

import (
	"errors"
	"fmt"
	"slices"
	"sort"
)

// A parallel listing divides the keys into spans and lists several of them at once. For example, a
// bucket has the keys key-0000 to key-9999, a page has 1000 of them, and ListInput.Parallel is 4:
//
//	         key-0000                                  key-9999
//	round 1  =====
//	round 2       =====
//	round 3            ====|====|=====    |=====
//	round 4                           ====      ====|====
//	round 5                                              =====
//	round 6                                                   =
//
// A round is the time of one response. Each "=" stands for 200 new keys, and each "|" for a guess.
//
//   - After page 1, the number of keys is unknown, so there is one request. After page 2, the
//     window (window.go) allows 4.
//   - By the estimate (estimate.go) from page 2, 8 pages are left. They are one span (span.go). It
//     is halved at key-594, then at key-392 and at key-291. Now there is a request for each part.
//   - Requests have no upper bound. If a page extends past the end of its span, the keys of the
//     next span are cut off. The first of them must be the first that was found there.
//   - Round 4 halves the last span at key-788. Two requests are not shown: they find only the few
//     keys between the end of a page and the next span.
//
// The listing takes 6 rounds instead of 10, and 13 requests instead of 10. Pages wait in their
// spans until the consumer has read those before them, so the order of the objects is the same.

// maxWaiting is about how many pages may wait in memory besides those that are requested. A page of
// 1000 keys takes about 0.12 MB. If more are requested at once than this, as many may wait.
const maxWaiting = 32

// request makes as many calls as the window allows.
func (l *listing) request() {
	for l.running < int(l.size) && l.requestNext() {
	}
}

// requestNext makes the call that is needed first in key order. If the pages of a span are
// requested already, it divides the span, so that more than one page of it is in flight. It
// returns false if there is no call to make, or no room for its page.
func (l *listing) requestNext() bool {
	// Pages far ahead of the consumer would take the room of pages that are needed before them. A
	// few are requested nevertheless, because they show where the keys are.
	room := min(3*l.limit, l.limit+max(l.limit, maxWaiting))
	if l.limit == 1 {
		room = 1 // no page in advance of the next one
	}
	distance := 0.0 // pages between the consumer and the span
	for i, s := range l.spans {
		if used := l.running + l.held; i > 0 || s.asked || len(s.pages) > 0 {
			if used >= room || distance > float64(room) && used >= room/2 {
				return false
			}
		}
		if !s.complete && !s.asked {
			l.send(s)
			return true
		}
		if !s.complete {
			if at, left := s.ahead.divide(s.after, s.until); at != "" {
				l.divided = true
				next := &span{
					after:    at,
					until:    s.until,
					position: position{from: at},
					ahead:    s.ahead.rest(left),
					guessed:  true,
				}
				s.until, s.ahead.pages = at, left
				l.spans = slices.Insert(l.spans, i+1, next)
				l.send(next)
				return true
			}
			distance += s.ahead.pages
		}
		distance += float64(len(s.pages))
	}
	return false
}

// arrived takes in a complete call: it adds the page to its span, or acts on the error.
func (l *listing) arrived(ask *call) {
	s := ask.span
	if ask.throttled {
		l.shrink(ask.epoch)
	}
	if l.empty++; ask.err != nil || len(ask.page.entries) > 0 {
		l.empty = 0
	}
	i := slices.Index(l.spans, s)
	first := s.guessed && s.first == "" // the guess is not confirmed yet
	empty := ask.err == nil && len(ask.page.entries) == 0 && ask.page.next == (cursor{})
	switch {
	case i < 0: // the span has been removed
	case ask.err != nil && first && !ask.throttled && l.ctx.Err() == nil && l.distrust(i):
	case ask.wrong != nil && first && l.distrust(i):
	case ask.err != nil && l.retry(ask, i == 0):
	case ask.err != nil:
		s.fail(ask.err)
	case !first || !empty:
		l.arrivedPage(i, ask)
	case i > 0 && !l.spans[i-1].complete: // there are no keys after the guess
		l.cut(i)
	case !l.distrust(i):
		s.fail(l.wrap(errors.New("the server finds no keys where it listed some before: " +
			"set ListInput.Parallel to 0")))
	}
}

// retry decides about a call that failed after the retries of awshttp.Sender, and reports whether
// its span is requested again. It is if the span is ahead of the consumer, because the failure may
// have passed when its keys are needed. It also is if there may have been too many calls at once.
func (l *listing) retry(ask *call, head bool) bool {
	if l.ctx.Err() != nil || head && (!ask.throttled || l.limit == 1) {
		return false
	}
	if head && l.running == 0 {
		if l.alone++; l.alone > maxAlone {
			return false
		}
	}
	l.shrink(ask.epoch)
	return true
}

// arrivedPage adds a page to span i.
func (l *listing) arrivedPage(i int, ask *call) {
	s, p := ask.span, ask.page
	s.next = p.next
	last, err := s.next == (cursor{}), ask.wrong
	switch {
	case s.endless(p):
		err = errors.New("the server sends the same marker twice")
	case l.empty >= maxEmpty && !last && err == nil:
		err = fmt.Errorf("the server sends %d pages in a row without new keys", maxEmpty)
	}
	if last || err != nil {
		l.cut(i + 1) // the server says that nothing follows, so what was found there is not needed
		s.complete, s.until, s.err = true, "", l.wrap(err)
	}
	if err != nil {
		return
	}
	s.position = ask.following
	if !l.clip(i, ask) {
		return
	}
	if len(p.entries) > 0 {
		s.pages = append(s.pages, p)
		l.held++
		if !ask.throttled {
			l.grow()
		}
	} else if i > 0 && s.complete && s.err == nil && len(s.pages) == 0 {
		l.spans = slices.Delete(l.spans, i, i+1)
	}
}

// clip removes from a new page of span i the keys of other spans, and records what the page
// shows. It returns false if it shows that the guess where span i begins was wrong.
func (l *listing) clip(i int, ask *call) bool {
	s, p := l.spans[i], ask.page
	split := s.after != l.StartAfter
	for split && len(p.entries) > 0 {
		e := p.entries[0]
		// A common prefix below after belongs to the span before, even if it has keys above after.
		// So does a key below after, in a span that is listed again from an earlier key.
		if string(p.key(e)) > s.after || s.guessed && !p.common[e.common].CommonPrefix {
			break
		}
		p.entries = p.entries[1:]
	}
	if l.limit == 1 || len(p.entries) == 0 {
		return true
	}
	first, last := string(p.key(p.entries[0])), string(p.key(p.entries[len(p.entries)-1]))
	if !p.sorted || split && first <= s.after || s.ahead.fresh && first < s.ahead.last {
		if !l.divided {
			l.limit = 1
			return true
		}
		s.fail(l.wrap(errors.New("the server does not list keys in the order of their " +
			"UTF-8 bytes, or not from where requested: set ListInput.Parallel to 0")))
		p.entries = nil
		return true
	}
	if s.guessed && s.first == "" {
		s.first = first
		if s.want != "" && s.want != first {
			return !l.distrust(i)
		}
	}
	for s.until != "" && last > s.until {
		if i+1 == len(l.spans) { // there are keys after all where the server found none
			s.until = ""
			break
		}
		n := sort.Search(len(p.entries), func(i int) bool {
			return string(p.key(p.entries[i])) > s.until
		})
		next := l.spans[i+1]
		want := string(p.key(p.entries[n]))
		if want <= next.after || next.first != "" && next.first != want {
			l.distrust(i + 1) // span i continues through it
			continue
		}
		next.want, next.back = want, ask.position
		s.complete = true
		p.entries = p.entries[:n]
		break
	}
	if len(p.entries) > 0 {
		s.ahead = measure(p, l.Prefix, s.until)
	}
	return true
}
