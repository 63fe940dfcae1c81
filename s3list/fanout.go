package s3list

import (
	"slices"
	"strings"
)

// maxParallel is the largest Input.Parallel.
const maxParallel = 64

// fanOut says how many calls may be on the way. It is doubled with every round of answers up to limit, and halved when
// the server says SlowDown, as TCP does with its window (RFC 5681, 3.1).
type fanOut struct {
	limit     int
	window    float64 // calls that may be on the way now
	threshold float64 // from here on, the window grows by 1 with every round
	epoch     int     // counts how often it was halved
	divided   bool    // the key space has been
	alone     int     // calls in a row refused for their rate with no other on the way
}

// maxAlone is how many calls in a row may be refused for their rate after those of the fan-out have come to rest.
const maxAlone = 3

func (f *fanOut) grow() {
	f.alone = 0
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
	room, distance := 3*l.limit, 0.0
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
				next := &span{after: after, until: s.until, ahead: s.ahead.rest(left), split: true, last: s.last}
				s.until, s.last, s.ahead.pages = after, false, left
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

// clip takes from a new page of s what belongs to other spans, and notes what the page shows.
func (l *listing) clip(s *span, objects []Object) []Object {
	split := s.after != l.in.StartAfter
	// A common prefix that begins before the place where the span does, and ends behind it, belongs to the span before.
	// So does what a listing before this one gave last.
	for len(objects) > 0 && objects[0].CommonPrefix && (objects[0].Key == s.after || split && objects[0].Key < s.after) {
		objects = objects[1:]
	}
	if l.limit == 1 || len(objects) == 0 {
		return objects
	}
	first := objects[0].Key
	sorted := slices.IsSortedFunc(objects, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
	switch {
	case sorted && !(split && first <= s.after) && !(s.ahead.fresh && first < s.ahead.last):
	case l.divided:
		s.err, s.complete = l.wrap("the server does not list keys in the order of their UTF-8 bytes, or not from where it is asked to: set Input.Parallel to 0"), true
		return nil
	default:
		l.limit = 1
		return objects
	}
	if s.until != "" {
		n, _ := slices.BinarySearchFunc(objects, s.until, func(o Object, until string) int {
			if o.Key <= until {
				return -1
			}
			return 1
		})
		if s.last && n < len(objects) { // there is more, whatever the server said where it was asked to begin at until
			s.until, s.last = "", false
		} else {
			s.complete = s.complete || n < len(objects) || objects[n-1].Key == s.until && !l.versions && !s.last
			objects = objects[:n]
		}
	}
	if len(objects) > 0 {
		s.ahead = measure(objects, l.in.Prefix, s.until)
	}
	return objects
}
