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
	running int     // calls whose answer has not been taken from answers
	held    int     // pages that wait to be consumed
	free    []*page // to be used again
	buffers [][]byte
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
	err   error
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
		spans:   []*span{{after: in.StartAfter, position: position{from: in.StartAfter}}},
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
			p := s.pages[:1]
			s.pages = s.pages[1:]
			l.progress.Pages++
			if !l.give(ctx, p[0], yield, fail) {
				return
			}
			l.drop(p)
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
func (l *listing) give(ctx context.Context, p *page, yield func(Object, error) bool, fail func(error)) bool {
	i := 0
	for o := range p.objects() {
		if err := ctx.Err(); err != nil {
			fail(err)
			return false
		}
		if i == 1 { // who only wants to see whether there is an object at all does not pay for a second page
			l.ask()
		}
		l.progress.Keys++
		l.progress.Key = o.Key
		if !yield(o, nil) {
			return false
		}
		if i%64 == 0 && l.in.Progress != nil {
			l.tell(false)
		}
		i++
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
	ask := &call{in: l.in, versions: l.versions, position: s.position, into: pop(&l.free), buffer: pop(&l.buffers), attempts: &l.attempts}
	if ask.into == nil {
		ask.into = new(page)
	}
	s.asked = true
	l.running++
	epoch := l.epoch
	go func() {
		l.answers <- answer{ask, s, epoch, l.client.fetch(l.ctx, ask)}
	}()
}

// pop takes the last of list, if there is one.
func pop[T any](list *[]T) (last T) {
	if n := len(*list); n > 0 {
		last, *list = (*list)[n-1], (*list)[:n-1]
	}
	return last
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
	first := s.guessed && s.first == ""
	switch {
	case i < 0: // it has turned out that it is not needed
	case a.err != nil && first && !a.throttled && l.ctx.Err() == nil && l.distrust(i):
	case a.err != nil:
		if !l.retreat(a.epoch, i == 0, a.throttled) {
			s.err, s.complete = a.err, true
		}
	case first && len(a.into.entries) == 0 && a.into.next == (cursor{}): // nothing is there, nor behind it
		if i > 0 && !l.spans[i-1].complete {
			l.cut(i)
		} else if !l.distrust(i) {
			s.err, s.complete = l.wrap("the server says that nothing is behind a place where it has listed something: set Input.Parallel to 0"), true
		}
	default:
		l.arrivedPage(i, a)
	}
	if !slices.Contains(s.pages, a.into) {
		l.free = append(l.free, a.into)
	}
	if cap(a.buffer) <= bufferSize {
		l.buffers = append(l.buffers, a.buffer)
	}
}

// cut takes away the spans from the i-th one on.
func (l *listing) cut(i int) {
	for _, s := range l.spans[i:] {
		l.drop(s.pages)
		s.pages = nil
	}
	l.spans = l.spans[:i]
}

// arrivedPage puts a page at the end of span i.
func (l *listing) arrivedPage(i int, a answer) {
	s := a.span
	s.next = a.into.next
	switch {
	case s.next == (cursor{}): // up to the very end, so that what may have been found there is not needed
		l.cut(i + 1)
		s.complete, s.until = true, ""
	case s.endless():
		l.cut(i + 1)
		s.complete, s.until = true, ""
		s.err = l.wrap("the server sends the same marker of the next page twice: the listing would not end")
	}
	if !l.clip(i, a) {
		return
	}
	if len(a.into.entries) > 0 {
		s.pages = append(s.pages, a.into)
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
