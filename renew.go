package cognito

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// renewTimeout bounds one renewal, retries included, so that a server that never answers can't hold it for ever.
	renewTimeout = 2 * time.Minute
	// renewPause is how long a failed renewal is not tried again while the old value is still good.
	renewPause = 30 * time.Second
	// renewPatience is how long callers wait for a renewal while the old value is still good: a server that does not answer
	// must not hold up who has what he needs.
	renewPatience = 10 * time.Second
)

// A renewing keeps a value that expires, and renews it in time: any number of callers share one renewal, and a renewal
// that fails does no harm until the old value has expired.
//
// A renewal keeps the values of the context of the caller that started it but not its cancellation. It runs to its end
// even when every caller has gone, because a refresh that is cut off in the middle loses a rotated refresh token.
type renewing[T any] struct {
	// early is how long before the expiry a renewal is due, and at most a third of the value's life.
	early time.Duration
	// now is the server's clock as far as it is known.
	now func() time.Time
	// renew makes a new value from the old one and tells when it expires. With an error it returns the value to go on with:
	// the old one, or the old one with what has changed for good, such as a rotated refresh token.
	renew func(ctx context.Context, old T) (T, time.Time, error)

	mu      sync.Mutex
	value   T
	expires time.Time // zero: there is no value
	due     time.Time // when to renew
	begun   time.Time // when the last renewal began, by the local clock
	call    *renewal[T]
}

// A renewal is one call of renew that is under way.
type renewal[T any] struct {
	done  chan struct{} // closed when value and err are set
	value T
	err   error
}

// set stores a value that came from elsewhere.
func (r *renewing[T]) set(value T, expires time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store(value, expires)
}

// store needs r.mu.
func (r *renewing[T]) store(value T, expires time.Time) {
	early := max(0, min(r.early, expires.Sub(r.now())/3))
	r.value, r.expires, r.due = value, expires, expires.Add(-early)
}

// get returns the value, renewed first if it is due. It returns early with ctx's error.
func (r *renewing[T]) get(ctx context.Context) (T, error) {
	r.mu.Lock()
	if r.now().Before(r.due) {
		defer r.mu.Unlock()
		return r.value, nil
	}
	var none T
	if err := ctx.Err(); err != nil {
		r.mu.Unlock()
		return none, gaveUp(ctx)
	}
	call := r.call
	if call == nil {
		call = &renewal[T]{done: make(chan struct{})}
		r.call, r.begun = call, time.Now()
		go r.run(context.WithoutCancel(ctx), call, r.value)
	}
	old := r.value
	left := max(0, renewPatience-time.Since(r.begun))
	var patience <-chan time.Time // stays nil, and never comes, where the old value would have expired by then
	if r.now().Add(left).Before(r.expires) {
		timer := time.NewTimer(left)
		defer timer.Stop()
		patience = timer.C
	}
	r.mu.Unlock()
	select {
	case <-call.done:
		return call.value, call.err
	case <-patience:
		return old, nil
	case <-ctx.Done():
		return none, gaveUp(ctx)
	}
}

func (r *renewing[T]) run(ctx context.Context, call *renewal[T], old T) {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	value, expires, err := r.renew(ctx, old)

	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(call.done)
	if r.call != call { // cleared meanwhile
		call.value, call.err = value, err
		return
	}
	r.call = nil
	now := r.now()
	if err == nil && !now.Before(expires) {
		err = errors.New("cognito: what the service issued has expired already: check this machine's clock")
	}
	r.value = value // also beside an error: the refresh token in it may be the only one that is still good
	switch {
	case err == nil:
		r.store(value, expires)
		call.value = value
	case now.Before(r.expires): // the old value serves until it expires
		r.due = now.Add(renewPause)
		if r.due.After(r.expires) {
			r.due = r.expires
		}
		call.value = r.value
	default:
		call.err = err
	}
}

// expire makes the next get renew, or wait for the renewal that is under way, unless the last one began less than pause
// ago: then what it brought is what there is. The value still serves if the renewal fails.
func (r *renewing[T]) expire(pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.begun) >= pause {
		r.due = time.Time{}
	}
}

// settle waits for the renewal that is under way, if there is one.
func (r *renewing[T]) settle(ctx context.Context) error {
	r.mu.Lock()
	call := r.call
	r.mu.Unlock()
	if call == nil {
		return nil
	}
	select {
	case <-call.done:
		return nil
	case <-ctx.Done():
		return gaveUp(ctx)
	}
}

// peek returns the value as it is, expired or not.
func (r *renewing[T]) peek() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value
}

// clear forgets the value, and lets a renewal that is under way end without effect.
func (r *renewing[T]) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var none T
	r.call = nil
	r.store(none, time.Time{})
}

// gaveUp is why ctx has ended: its error and, if it was given one, the cause.
func gaveUp(ctx context.Context) error {
	if err, cause := ctx.Err(), context.Cause(ctx); cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return ctx.Err()
}
