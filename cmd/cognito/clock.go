package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
)

// A clock is a RoundTripper that measures the offset of this machine's clock. It compares the clock
// with the Date header of responses.
type clock struct {
	base http.RoundTripper
	last atomic.Pointer[measurement] // nil before the first response
}

// A measurement holds the server's time minus this machine's.
type measurement struct {
	offset time.Duration
	at     time.Time
}

// RoundTrip sends the request and measures the offset.
func (c *clock) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.base.RoundTrip(request)
	if err != nil || response.Header.Get("Age") != "" {
		return response, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		off := time.Until(date)
		if off.Abs() < 5*time.Second { // Date has whole seconds, and the response took time
			off = 0
		}
		c.last.Store(&measurement{offset: off, at: time.Now()})
	}
	return response, nil
}

// CloseIdleConnections closes those of the base. http.Client.CloseIdleConnections calls it.
func (c *clock) CloseIdleConnections() { (&http.Client{Transport: c.base}).CloseIdleConnections() }

// offset returns the server's time minus this machine's, or 0 before the first response.
func (c *clock) offset() time.Duration {
	if last := c.last.Load(); last != nil {
		return last.offset
	}
	return 0
}

// recent reports whether the offset was measured within the last minute. This machine's clock can
// be set at any time. The monotonic clock measures the minute.
func (c *clock) recent() bool {
	last := c.last.Load()
	return last != nil && time.Since(last.at) < time.Minute
}

const (
	// maxTOTPOffset is the largest difference of clocks that TOTP codes follow. A server must not
	// obtain a code of a later time, which is valid without the authenticator app.
	maxTOTPOffset = 15 * time.Minute
	// maxSigningOffset is the largest difference that signatures follow, as in the library.
	maxSigningOffset = 366 * 24 * time.Hour
)

// corrected returns the server's time, or this machine's if they differ by more than limit.
func corrected(offset, limit time.Duration) time.Time {
	if offset.Abs() > limit {
		offset = 0
	}
	return time.Now().Add(offset)
}

// now returns the server's time. The offset comes from the last response of this run or, without
// one, from the stored record as it was last read.
func (s *signedIn) now() time.Time {
	off := s.clock.offset()
	if s.clock.last.Load() == nil {
		if s.seen.Load() == nil {
			s.load()
		}
		if r := s.seen.Load(); r != nil {
			off = r.ClockOffset
		}
	}
	return corrected(off, maxSigningOffset)
}

// learn requests the user pool's time through client, which then uses it too. Errors are ignored.
func (s *signedIn) learn(ctx context.Context, client *cognito.Client) {
	if pool, err := client.UserPool(); err == nil {
		pool.Sync(ctx)
	}
}

// late returns the server's time. Unless that was measured within the last minute, this machine's
// clock may have been set since, and late returns the later one of both times.
func (s *signedIn) late() time.Time {
	now, local := s.now(), time.Now()
	if !s.clock.recent() && local.After(now) {
		return local
	}
	return now
}

// fresh reports whether credentials need no refresh by the server's time. If the result depends on
// whether this machine's clock was set, fresh learns the time from the user pool.
func (s *signedIn) fresh(ctx context.Context, have *state.Credentials) bool {
	if !have.Fresh(s.late()) && (have.Fresh(s.now()) || have.Fresh(time.Now())) &&
		!s.clock.recent() {
		s.learn(ctx, s.client)
	}
	return have.Fresh(s.late())
}

// keepOffset stores the offset in the record, if it was measured.
func (s *signedIn) keepOffset(r *state.Record) {
	if s.clock.last.Load() != nil {
		r.ClockOffset = s.clock.offset()
	}
}
