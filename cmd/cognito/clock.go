package main

import (
	"net/http"
	"sync/atomic"
	"time"
)

// A clock is a RoundTripper that measures the offset of this machine's clock. It compares the clock
// with the Date header of responses.
type clock struct {
	base http.RoundTripper
	off  atomic.Int64 // the server's time minus this machine's, a time.Duration
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
		c.off.Store(int64(off))
	}
	return response, nil
}

// CloseIdleConnections closes those of the base. http.Client.CloseIdleConnections calls it.
func (c *clock) CloseIdleConnections() { (&http.Client{Transport: c.base}).CloseIdleConnections() }

// offset returns the server's time minus this machine's.
func (c *clock) offset() time.Duration { return time.Duration(c.off.Load()) }

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
