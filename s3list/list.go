package s3list

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// A listing is one range over a sequence. All of it belongs to the goroutine that ranges; others only fetch pages, and
// hand them over through answers.
type listing struct {
	client   *Client
	in       *Input
	versions bool
	ctx      context.Context // of what is fetched; ends with the range at the latest

	spans   []*span // of what is still to come: one after the other, in key order
	answers chan answer
	running int        // calls whose answer has not been taken from answers
	held    int        // pages that wait to be consumed
	free    [][]Object // of consumed pages, to be used again
	fanOut

	progress Progress
	attempts atomic.Int64
	told     time.Time
}

// An answer is what came of one call.
type answer struct {
	*call
	span  *span
	epoch int
	page  page
	err   error
}

// A span is a part of the key space: the keys behind after, up to and including until, or to the end if that is "".
// What is asked for is bounded below only; keys that belong to the next span are cut off.
type span struct {
	after    string
	until    string
	next     cursor // where its next page begins
	asked    bool   // a call is on the way
	complete bool
	split    bool       // after is a place that was guessed
	last     bool       // nothing is behind until, if the server is right
	pages    [][]Object // that wait to be consumed
	err      error      // what ends the listing, once these are consumed
	ahead    estimate
}

// guessed reports whether what the span asks for first begins at a place that was guessed, where the server may know
// nothing, or be wrong: MinIO finds nothing behind some places that have keys behind them, and refuses others.
func (s *span) guessed() bool { return s.split && s.next == (cursor{}) }

// drop takes back the place where span i begins, if the span before has not come to it yet. It reports whether it did.
func (l *listing) drop(i int) bool {
	if i == 0 || l.spans[i-1].complete {
		return false
	}
	before := l.spans[i-1]
	before.until, before.ahead.pages = l.spans[i].until, 0 // it is not divided again before its next page
	l.spans = slices.Delete(l.spans, i, i+1)
	return true
}

func (c *Client) list(ctx context.Context, in Input, versions bool, yield func(Object, error) bool) {
	operation := (&call{versions: versions}).operation()
	fail := func(err error) { yield(Object{}, wrap(operation, in.Bucket, err)) }
	if err := c.check(in, versions); err != nil {
		fail(err)
		return
	}
	inner, cancel := context.WithCancel(ctx)
	l := &listing{
		client: c, in: &in, versions: versions, ctx: inner,
		spans:   []*span{{after: in.StartAfter}},
		answers: make(chan answer, max(1, in.Parallel)), // nobody waits to hand over
		fanOut:  fanOut{limit: max(1, in.Parallel), window: 1, threshold: maxParallel},
		told:    time.Now(),
	}
	defer func() {
		cancel()
		for ; l.running > 0; l.running-- {
			<-l.answers
		}
		l.tell(true)
	}()
	for {
		l.take(false)
		s := l.spans[0]
		switch err := ctx.Err(); {
		case s.err != nil && len(s.pages) == 0: // if ctx has ended, that is in it, and what the server said too
			yield(Object{}, s.err)
			return
		case err != nil:
			fail(err)
			return
		case len(s.pages) > 0:
			p := s.pages[0]
			s.pages = s.pages[1:]
			l.held--
			l.progress.Pages++
			if !l.give(ctx, p, yield, fail) {
				return
			}
			l.free = append(l.free, p)
		case !s.complete:
			l.ask()
			l.take(true)
		case len(l.spans) > 1:
			l.spans = l.spans[1:]
		default:
			return
		}
	}
}

// give hands the objects of a page to the caller. It returns false when the range is over.
func (l *listing) give(ctx context.Context, objects []Object, yield func(Object, error) bool, fail func(error)) bool {
	for i := range objects {
		if err := ctx.Err(); err != nil {
			fail(err)
			return false
		}
		if i == 1 { // who only wants to see whether there is an object at all does not pay for a second page
			l.ask()
		}
		l.progress.Keys++
		l.progress.Key = objects[i].Key
		if !yield(objects[i], nil) {
			return false
		}
		if i%64 == 0 && l.in.Progress != nil {
			l.tell(false)
		}
	}
	return true
}

// tell reports the progress, if it is the end or if the last time was long enough ago.
func (l *listing) tell(end bool) {
	if l.in.Progress == nil {
		return
	}
	if now := time.Now(); end || now.Sub(l.told) >= time.Second/10 {
		l.told = now
		l.progress.Requests = l.attempts.Load()
		l.in.Progress(l.progress)
	}
}

// send asks for the next page of a span.
func (l *listing) send(s *span) {
	ask := &call{in: l.in, versions: l.versions, after: s.after, next: s.next, attempts: &l.attempts}
	if n := len(l.free); n > 0 {
		ask.into, l.free = l.free[n-1], l.free[:n-1]
	}
	s.asked = true
	l.running++
	epoch := l.epoch
	go func() {
		p, err := l.client.fetch(l.ctx, ask)
		l.answers <- answer{ask, s, epoch, p, err}
	}()
}

// take takes in the answers that have come, at least one if it is to wait.
func (l *listing) take(wait bool) {
	for l.running > 0 {
		if wait {
			l.arrived(<-l.answers)
			wait = false
			continue
		}
		select {
		case a := <-l.answers:
			l.arrived(a)
		default:
			return
		}
	}
}

// arrived puts an answer where it belongs.
func (l *listing) arrived(a answer) {
	l.running--
	s := a.span
	s.asked = false
	if a.throttled {
		l.slow(a.epoch)
	}
	i := slices.Index(l.spans, s)
	switch {
	case i < 0: // it has turned out that nothing is there
		return
	case s.guessed() && a.err != nil && !a.throttled && l.ctx.Err() == nil && l.drop(i):
		return // the span before goes on in its place, by the server's own markers
	case a.err != nil:
		if !l.retreat(a.epoch, i == 0, a.throttled) {
			s.err, s.complete = a.err, true
		}
		return
	case s.guessed() && len(a.page.objects) == 0 && a.page.next == (cursor{}) && (i == 0 || l.spans[i-1].complete):
		// The span before ended because there is more behind it.
		s.err, s.complete = l.wrap("the server says that nothing is behind a place where it has listed something: the bucket changed meanwhile, or the server does not list from where it is asked to; set Input.Parallel to 0"), true
		return
	case a.page.next == (cursor{}): // up to the very end, so that what may have been found there is not needed
		for _, later := range l.spans[i+1:] {
			l.held -= len(later.pages)
		}
		l.spans = l.spans[:i+1]
		s.complete, s.until = true, ""
		if i > 0 && s.guessed() && len(a.page.objects) == 0 {
			l.spans[i-1].last = true
		}
	case a.page.next == s.next:
		s.err, s.complete = l.wrap("the server sends the same marker of the next page twice: the listing would not end"), true
	}
	s.next = a.page.next
	if objects := l.clip(s, a.page.objects); len(objects) > 0 {
		s.pages = append(s.pages, objects)
		l.held++
		if !a.throttled {
			l.grow() // not for guesses that found nothing
		}
	} else if i > 0 && s.complete && s.err == nil && len(s.pages) == 0 {
		l.spans = slices.Delete(l.spans, i, i+1)
	}
}

// wrap makes an error of what is wrong with the server.
func (l *listing) wrap(text string) error {
	return wrap((&call{versions: l.versions}).operation(), l.in.Bucket, errors.New(text))
}
