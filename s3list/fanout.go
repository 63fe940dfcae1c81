package s3list

import (
	"bytes"
	"slices"
	"sort"
)

// maxParallel is the largest Input.Parallel.
const maxParallel = 64

// maxWaiting is about how many pages wait in memory besides those that are asked for, with 0.12 MB for 1000 keys each. If
// more are asked for at once than that, as many as these.
const maxWaiting = 32

// fanOut says how many calls may be on the way. It is doubled with every round of answers up to limit, and halved when
// the server says SlowDown, as TCP does with its window (RFC 5681, 3.1).
type fanOut struct {
	limit     int
	window    float64 // calls that may be on the way now
	threshold float64 // from here on, the window grows by 1 with every round
	epoch     int     // counts how often it was halved
	divided   bool    // the key space has been
	pages     int     // that were of use
	alone     int     // calls in a row refused for their rate with no other on the way
}

// maxAlone is how many calls in a row may be refused for their rate after those of the fan-out have come to rest.
const maxAlone = 3

// grow takes note of a page that is of use. After the first one, nobody knows whether there are many; after the second,
// the window is as large as if both had been more.
func (f *fanOut) grow() {
	f.alone = 0
	if f.pages++; f.pages == 1 {
		return
	} else if f.pages == 2 && f.epoch == 0 {
		f.window += 2
	}
	if f.window < f.threshold {
		f.window++
	} else {
		f.window += 1 / f.window
	}
	f.window = min(f.window, float64(f.limit))
}

// slow takes note of a call that was made in the given epoch and refused for its rate: one shower of them counts once.
func (f *fanOut) slow(epoch int) {
	if epoch == f.epoch {
		f.epoch++
		f.window = max(1, f.window/2)
		f.threshold = f.window
	}
}

// retreat decides what to do about a call that failed for good. It reports whether the span is asked for again: that is
// so when the failure is ahead of what the caller has come to, where things may be different by then, and when it may
// be the other calls that were too much for the server. Fewer calls are made then.
func (l *listing) retreat(epoch int, head, throttled bool) bool {
	if l.ctx.Err() != nil || head && (!throttled || l.limit == 1) {
		return false
	}
	if head && l.running == 0 {
		if l.alone++; l.alone > maxAlone {
			return false
		}
	}
	l.slow(epoch)
	return true
}

// ask makes as many calls as are allowed now.
func (l *listing) ask() {
	for l.running < int(l.window) && l.askOne() {
	}
}

// askOne makes the call that is needed next: for what comes first in key order, dividing spans of several pages so that
// more than one of their pages is on the way. It returns false if there is none, or no room for one.
func (l *listing) askOne() bool {
	if l.limit == 1 {
		s := l.spans[0]
		if s.asked || s.complete || len(s.pages) > 0 {
			return false
		}
		l.send(s)
		return true
	}
	// Pages far ahead of the caller would take the room from those that are needed before them. Some are asked for
	// nevertheless, because they show where the keys are.
	room, distance := min(3*l.limit, l.limit+max(l.limit, maxWaiting)), 0.0
	for i, s := range l.spans {
		if used := l.running + l.held; (i > 0 || s.asked || len(s.pages) > 0) && (used >= room || distance > float64(room) && used >= room/2) {
			return false
		}
		if !s.complete && !s.asked {
			l.send(s)
			return true
		}
		if !s.complete {
			if after, left := s.ahead.divide(s.after, s.until); after != "" {
				l.divided = true
				next := &span{after: after, until: s.until, position: position{from: after}, ahead: s.ahead.rest(left), guessed: true}
				s.until, s.ahead.pages = after, left
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

// clip takes from a new page of span i what belongs to other spans, and notes what the page shows. It returns false if
// that is that the span was divided in the wrong place.
func (l *listing) clip(i int, a answer) bool {
	s, p := l.spans[i], a.into
	// A common prefix that begins before the place where the span does, and ends behind it, belongs to the span before.
	// So does what a listing before this one gave last, and what comes before the span when it is listed from further on
	// the left.
	split := s.after != l.in.StartAfter
	for len(p.entries) > 0 {
		e := p.entries[0]
		key, common := p.key(e), p.common[e.common].CommonPrefix
		if string(key) > s.after || !common && (!split || s.guessed) || common && !split && string(key) != s.after {
			break
		}
		p.entries = p.entries[1:]
	}
	if l.limit == 1 || len(p.entries) == 0 {
		return true
	}
	first, last := string(p.key(p.entries[0])), string(p.key(p.entries[len(p.entries)-1]))
	sorted := slices.IsSortedFunc(p.entries, func(a, b entry) int { return bytes.Compare(p.key(a), p.key(b)) })
	switch {
	case sorted && !(split && first <= s.after) && !(s.ahead.fresh && first < s.ahead.last):
	case l.divided:
		s.err, s.complete = l.wrap("the server does not list keys in the order of their UTF-8 bytes, or not from where it is asked to: set Input.Parallel to 0"), true
		p.entries = nil
		return true
	default:
		l.limit = 1
		return true
	}
	if s.guessed && s.first == "" {
		if s.first = first; s.want != "" && s.want != first {
			return !l.distrust(i)
		}
	}
	for s.until != "" && last > s.until {
		if i+1 == len(l.spans) { // there is more, whatever the server said there
			s.until = ""
			break
		}
		n := sort.Search(len(p.entries), func(i int) bool { return string(p.key(p.entries[i])) > s.until })
		next := l.spans[i+1]
		want := string(p.key(p.entries[n]))
		if want <= next.after || next.first != "" && next.first != want {
			l.distrust(i + 1)
			continue
		}
		next.want, next.back = want, a.position
		s.complete = true
		p.entries = p.entries[:n]
		break
	}
	if len(p.entries) > 0 {
		s.ahead = measure(p, l.in.Prefix, s.until)
	}
	return true
}
