package awshttp

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Retries follow the standard mode of AWS's SDKs in its 2026 form (botocore retries/standard.py): three attempts in
// all, full jitter, and a quota that keeps many failing calls from doubling the load of a service in trouble.
const (
	maxAttempts  = 3
	maxDelay     = 20 * time.Second
	maxExtra     = 5 * time.Second // what a server may add to the delay we chose
	quota        = 500
	throttleCost = 5
	otherCost    = 14
)

// Codes that refuse a request because of its rate: it was not carried out, whatever it was.
var throttlingCodes = []string{
	"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "TooManyRequestsException",
	"ProvisionedThroughputExceededException", "TransactionInProgressException", "RequestLimitExceeded",
	"BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
	"EC2ThrottledException",
}

// Codes that may pass; whether the request was carried out is not known.
var transientCodes = []string{"RequestTimeout", "RequestTimeoutException"}

// retryable tells whether r may be sent again after err, an error of attempt, and whether err is a throttling answer.
func (r *Request) retryable(err error) (retry, throttled bool) {
	if f, ok := err.(*Failure); ok {
		switch {
		case slices.Contains(r.Permanent, f.Code):
			return false, false
		case slices.Contains(throttlingCodes, f.Code), f.StatusCode == http.StatusTooManyRequests:
			return true, true
		case slices.Contains(transientCodes, f.Code), slices.Contains(r.Transient, f.Code):
			return r.Repeatable, false
		}
		switch f.StatusCode {
		case 500, 502, 503, 504:
			return r.Repeatable, false
		}
		return false, false
	}
	var certificate *tls.CertificateVerificationError
	network, ok := err.(*connectionError)
	if !ok || errors.As(err, &certificate) {
		return false, false // our own refusals, and what a repetition cannot mend
	}
	return r.Repeatable || network.unsent, false
}

// delay is the time to wait before retry i, counted from 0. h are the headers of the last answer, nil if none.
func delay(i int, throttled bool, h http.Header, now time.Time) time.Duration {
	scale := 50 * time.Millisecond
	if throttled {
		scale = time.Second
	}
	t := time.Duration(rand.Float64() * float64(min(scale<<i, maxDelay)))
	if after, ok := retryAfter(h, now); ok {
		t = max(t, min(after, t+maxExtra))
	}
	return t
}

// retryAfter reads how long the server asks to wait: x-amz-retry-after in milliseconds, else Retry-After in
// seconds or as a date (RFC 9110 10.2.3). What cannot be read, or lies in the past, is as if it were not there.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	number := func(name string, unit time.Duration) (time.Duration, bool) {
		n, err := strconv.ParseInt(h.Get(name), 10, 64)
		return time.Duration(min(n, math.MaxInt64/int64(unit))) * unit, err == nil && n >= 0
	}
	if d, ok := number("X-Amz-Retry-After", time.Millisecond); ok {
		return d, true
	}
	if d, ok := number("Retry-After", time.Second); ok {
		return d, true
	}
	if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// wait sleeps for d. It does not begin when ctx would end first: the caller gets the last answer now instead.
func wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if at, ok := ctx.Deadline(); ok && time.Until(at) <= d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// take takes the cost of a retry from the quota, if there is so much.
func (s *Sender) take(cost int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent+cost > quota {
		return false
	}
	s.spent += cost
	return true
}

// giveBack returns after a success what the last retry cost, or 1 if there was none.
func (s *Sender) giveBack(cost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spent = max(0, s.spent-max(1, cost))
}
