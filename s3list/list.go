package s3list

import (
	"context"
	"iter"
	"slices"
	"time"
)

// A listing is one range over a sequence. It belongs to the goroutine that ranges. Other goroutines
// only fetch pages; each sends its call through the channel calls when it is complete.
type listing struct {
	operation
	window
	client *Client
	ctx    context.Context // of the requests; ends with the range

	spans   []*span    // what is left of the listing, in key order
	divided bool       // there was more than one span
	calls   chan *call // complete calls
	running int        // calls that were not received from the channel yet
	held    int        // pages that wait to be consumed
	empty   int        // pages in a row that had no new keys
	free    []*page    // for reuse
	buffers [][]byte   // for reuse

	progress Progress
	reported time.Time // when Progress was called last
}

// list returns the sequence of a listing.
func (c *Client) list(ctx context.Context, name string, in ListInput) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		limit := max(1, in.Parallel)
		start := position{from: in.StartAfter, next: cursor{versionIDMarker: in.VersionIDMarker}}
		start.last[objectKind] = mark{[]byte(in.StartAfter), []byte(in.VersionIDMarker)}
		start.last[markerKind] = start.last[objectKind]
		l := &listing{
			operation: operation{name: name, ListInput: in},
			window:    window{limit: limit, size: 1, threshold: maxParallel},
			client:    c,
			spans:     []*span{{after: in.StartAfter, position: start}},
			calls:     make(chan *call, limit), // its senders never wait
			reported:  time.Now(),
		}
		if err := c.check(&l.operation); err != nil {
			yield(Object{}, l.wrap(err))
			return
		}
		l.run(ctx, yield)
	}
}

// run yields the objects of the listing and its error.
func (l *listing) run(ctx context.Context, yield func(Object, error) bool) {
	var cancel context.CancelFunc
	l.ctx, cancel = context.WithCancel(ctx)
	defer func() {
		cancel()
		for ; l.running > 0; l.running-- {
			<-l.calls
		}
		l.report(true)
	}()
	for {
		l.receive(false)
		s := l.spans[0]
		switch err := ctx.Err(); {
		case s.err != nil && len(s.pages) == 0: // includes the error of ctx if it has ended
			yield(Object{}, s.err)
			return
		case err != nil:
			yield(Object{}, l.wrap(err))
			return
		case len(s.pages) > 0:
			p := s.pages[0]
			s.pages = s.pages[1:]
			l.progress.Pages++
			if !l.yieldPage(ctx, p, yield) {
				return
			}
			l.discard(p)
		case !s.complete:
			l.request()
			l.receive(true)
		case len(l.spans) > 1:
			l.spans = l.spans[1:]
		default:
			return
		}
	}
}

// yieldPage yields the objects of a page. It returns false when the range is over.
func (l *listing) yieldPage(ctx context.Context, p *page, yield func(Object, error) bool) bool {
	i := 0
	for o := range p.objects {
		if err := ctx.Err(); err != nil {
			yield(Object{}, l.wrap(err))
			return false
		}
		if i == 1 { // a caller that needs only the first object does not pay for more pages
			l.request()
		}
		l.progress.Keys++
		l.progress.Key = o.Key
		if !yield(o, nil) {
			return false
		}
		if i%64 == 0 {
			l.report(false)
		}
		i++
	}
	return true
}

// report calls Progress, at most ten times a second and at the end.
func (l *listing) report(end bool) {
	if l.Progress == nil {
		return
	}
	if now := time.Now(); end || now.Sub(l.reported) >= time.Second/10 {
		l.reported = now
		l.progress.Requests = l.attempts.Load()
		l.Progress(l.progress)
	}
}

// send requests the next page of a span.
func (l *listing) send(s *span) {
	ask := &call{
		operation: &l.operation,
		position:  s.position,
		page:      pop(&l.free),
		buffer:    pop(&l.buffers),
		span:      s,
		epoch:     l.epoch,
	}
	if ask.page == nil {
		ask.page = new(page)
	}
	s.asked = true
	l.running++
	go func() {
		if ask.err = l.client.fetch(l.ctx, ask); ask.err == nil {
			ask.wrong = ask.check()
		}
		l.calls <- ask
	}()
}

// pop removes the last element of a list and returns it, or zero if the list is empty.
func pop[T any](list *[]T) (last T) {
	if n := len(*list); n > 0 {
		last, *list = (*list)[n-1], (*list)[:n-1]
	}
	return last
}

// discard releases pages for reuse.
func (l *listing) discard(pages ...*page) {
	l.held -= len(pages)
	l.free = append(l.free, pages...)
}

// receive takes in all calls that are complete. If wait is true, it waits for the first one.
func (l *listing) receive(wait bool) {
	for ; l.running > 0 && (wait || len(l.calls) > 0); wait = false {
		ask := <-l.calls
		l.running--
		ask.span.asked = false
		l.arrived(ask)
		if !slices.Contains(ask.span.pages, ask.page) {
			l.free = append(l.free, ask.page)
		}
		if cap(ask.buffer) <= bufferSize {
			l.buffers = append(l.buffers, ask.buffer)
		}
	}
}
