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

// Retries follow the standard mode of AWS's SDKs in its 2026 form (botocore retries/standard.py):
// three attempts in all, full jitter, and a quota, so that many failing calls do not double the
// load of a service in trouble.
const (
	maxAttempts  = 3
	maxDelay     = 20 * time.Second
	maxExtra     = 5 * time.Second // the most that a server can add to the delay
	quota        = 500
	throttleCost = 5
	otherCost    = 14
)

// throttlingCodes are codes that refuse a request because of its rate. The request was not
// processed.
var throttlingCodes = []string{
	"BandwidthLimitExceeded",
	"EC2ThrottledException",
	"LimitExceededException",
	"PriorRequestNotComplete",
	"ProvisionedThroughputExceededException",
	"RequestLimitExceeded",
	"RequestThrottled",
	"RequestThrottledException",
	"SlowDown",
	"ThrottledException",
	"Throttling",
	"ThrottlingException",
	"TooManyRequestsException",
	"TransactionInProgressException",
}

// transientCodes are codes after which it is unknown whether the request was processed.
var transientCodes = []string{"RequestTimeout", "RequestTimeoutException"}

// retryable reports whether r may be retried after err, an error of attempt, and whether err says
// that the service throttles requests.
func (r *Request) retryable(err error) (retry, throttled bool) {
	switch err := err.(type) {
	case *Failure:
		switch {
		case slices.Contains(r.Permanent, err.Code):
			return false, false
		case slices.Contains(throttlingCodes, err.Code), err.StatusCode == 429:
			return true, true
		case slices.Contains(transientCodes, err.Code), slices.Contains(r.Transient, err.Code):
			return r.Idempotent, false
		}
		return r.Idempotent && slices.Contains([]int{500, 502, 503, 504}, err.StatusCode), false
	case *connectionError:
		var certificate *tls.CertificateVerificationError
		var setting settingError
		final := errors.As(err, &certificate) || errors.As(err, &setting)
		return (r.Idempotent || err.unsent) && !final, false
	}
	return false, false
}

// delay returns the time to wait before a retry. retries counts the retries so far, and h has the
// headers of the last response, if there is one.
func delay(retries int, throttled bool, h http.Header, now time.Time) time.Duration {
	scale := 50 * time.Millisecond
	if throttled {
		scale = time.Second
	}
	t := time.Duration(rand.Float64() * float64(min(scale<<retries, maxDelay)))
	if after, ok := retryAfter(h, now); ok {
		t = max(t, min(after, t+maxExtra))
	}
	return t
}

// retryAfter returns how long the server asks to wait: x-amz-retry-after in milliseconds, or
// Retry-After in seconds or as a date (RFC 9110 section 10.2.3). It ignores values that it cannot
// read.
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
	at, err := http.ParseTime(h.Get("Retry-After"))
	return max(0, at.Sub(now)), err == nil
}

// wait sleeps for d. If ctx would end first, it returns at once, so that the caller gets the last
// error early.
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

// spend takes the cost of a retry from the quota. It reports false if too little is left.
func (s *Sender) spend(cost int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent+cost > quota {
		return false
	}
	s.spent += cost
	return true
}

// refund returns the cost of the last retry to the quota after a success, or 1 if there was no
// retry.
func (s *Sender) refund(cost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spent = max(0, s.spent-max(1, cost))
}
