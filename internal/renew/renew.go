// Package renew keeps a value that expires, such as tokens, credentials or keys, and renews it in
// time.
//
// Any number of callers share one renewal. A renewal that fails has no effect until the old value
// has expired.
//
//	 value set         due: Early before it expires            expires
//	    |                 |                                       |
//	----+-----------------+---------------------------------------+--------->
//	    | Get returns it  | Get starts a renewal and waits up to  | Get waits for
//	    |                 | 10 s for it, then returns the old     | the renewal, or
//	    |                 | value; after a failure the next       | returns its error
//	    |                 | renewal is due 30 s later             |
//
// A renewal keeps the values of the context of the caller that started it, but not its
// cancellation. It continues after all callers have gone, because a token refresh that is cut off
// loses the rotated refresh token.
package renew

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// timeout bounds one renewal, including retries, so that a hung server cannot block it forever.
	timeout = 2 * time.Minute

	// Pause is how long a failed renewal is not retried while the old value is valid.
	Pause = 30 * time.Second

	// patience bounds how long callers wait for a renewal while the old value is valid, so that a
	// hung server does not delay callers that still hold a valid value.
	patience = 10 * time.Second
)

// A Value is a value that expires. Set the fields before the first call. A Value must not be
// copied.
type Value[T any] struct {
	// Early is how long before the expiry a renewal is due, limited to a third of the value's
	// lifetime.
	Early time.Duration

	// Now returns the current time, by the server's clock if it is known.
	Now func() time.Time

	// Renew makes a new value from the old one, and returns when it expires. With an error it
	// returns the value to continue with: the old one, possibly with changes that cannot be undone,
	// such as a rotated refresh token.
	Renew func(ctx context.Context, old T) (T, time.Time, error)

	mu      sync.Mutex
	value   T
	expires time.Time // zero if there is no value
	due     time.Time
	begun   time.Time // when the last renewal started, by the local clock
	call    *call[T]  // the renewal in flight, or nil
}

// A call is a renewal in flight.
type call[T any] struct {
	done  chan struct{} // closed when value and err are set
	value T
	err   error
}

// Set stores a value from another source.
func (v *Value[T]) Set(value T, expires time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.store(value, expires)
}

// store requires v.mu.
func (v *Value[T]) store(value T, expires time.Time) {
	early := max(0, min(v.Early, expires.Sub(v.Now())/3))
	v.value, v.expires, v.due = value, expires, expires.Add(-early)
}

// Get returns the value, after renewing it if that is due. If ctx ends first, the error includes
// that of ctx and its cause.
func (v *Value[T]) Get(ctx context.Context) (T, error) {
	v.mu.Lock()
	if v.Now().Before(v.due) {
		defer v.mu.Unlock()
		return v.value, nil
	}
	var none T
	if ctx.Err() != nil {
		v.mu.Unlock()
		return none, contextError(ctx)
	}
	c := v.call
	if c == nil {
		c = &call[T]{done: make(chan struct{})}
		v.call, v.begun = c, time.Now()
		go v.run(context.WithoutCancel(ctx), c, v.value)
	}
	old := v.value
	left := max(0, patience-time.Since(v.begun))
	var enough <-chan time.Time // nil, so never ready, if the old value expires earlier
	if v.Now().Add(left).Before(v.expires) {
		timer := time.NewTimer(left)
		defer timer.Stop()
		enough = timer.C
	}
	v.mu.Unlock()
	select {
	case <-c.done:
		return c.value, c.err
	case <-enough:
		return old, nil
	case <-ctx.Done():
		return none, contextError(ctx)
	}
}

func (v *Value[T]) run(ctx context.Context, c *call[T], old T) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, expires, err := v.Renew(ctx, old)

	v.mu.Lock()
	defer v.mu.Unlock()
	defer close(c.done)
	if v.call != c { // Clear was called
		c.value, c.err = value, err
		return
	}
	v.call = nil
	now := v.Now()
	if err == nil && !now.Before(expires) {
		err = errors.New("cognito: the service issued something that has expired already: " +
			"check the clock of this machine")
	}
	// The value is stored even with an error, because it may hold the only valid refresh token.
	v.value = value
	switch {
	case err == nil:
		v.store(value, expires)
		c.value = value
	case now.Before(v.expires): // the old value is used until it expires
		v.due = now.Add(Pause)
		if v.due.After(v.expires) {
			v.due = v.expires
		}
		c.value = v.value
	default:
		c.err = err
	}
}

// Expire makes the next Get renew the value, or wait for the renewal in flight, unless the last
// renewal started less than pause ago. If the renewal fails, the value is used until it expires.
func (v *Value[T]) Expire(pause time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.begun) >= pause {
		v.due = time.Time{}
	}
}

// Settle waits for the renewal in flight, if there is one.
func (v *Value[T]) Settle(ctx context.Context) error {
	v.mu.Lock()
	c := v.call
	v.mu.Unlock()
	if c == nil {
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// Peek returns the value without renewing it, even if it has expired.
func (v *Value[T]) Peek() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.value
}

// Clear removes the value. A renewal in flight has no effect on it any more.
func (v *Value[T]) Clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	var none T
	v.call = nil
	v.store(none, time.Time{})
}

// contextError returns the error of ctx, and its cause if it has one.
func contextError(ctx context.Context) error {
	if err, cause := ctx.Err(), context.Cause(ctx); cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return ctx.Err()
}
