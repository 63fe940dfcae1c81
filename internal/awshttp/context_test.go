package awshttp

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// When ctx ends in the pause, or would, the service's answer is returned at once, with ctx's error beside it.
func TestContextInPause(t *testing.T) {
	throttled := func() *http.Response {
		return answer(400, `{"__type":"TooManyRequestsException","message":"Rate exceeded"}`, "X-Amz-Retry-After", "3000")
	}
	check := func(t *testing.T, err, why error) {
		t.Helper()
		var f *Failure
		if !errors.As(err, &f) || f.Code != "TooManyRequestsException" || !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
		if want := "TooManyRequestsException: Rate exceeded (status 400); not retried: " + why.Error(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	t.Run("deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			begin := time.Now()
			_, err := pauses(t, ctx, new(Sender), throttled(), nil)
			check(t, err, context.DeadlineExceeded)
			if waited := time.Since(begin); waited != 0 {
				t.Errorf("waited %v for nothing", waited)
			}
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			begin := time.Now()
			_, err := pauses(t, ctx, new(Sender), throttled(), nil)
			check(t, err, context.Canceled)
			if waited := time.Since(begin); waited != time.Second {
				t.Errorf("waited %v", waited)
			}
		})
	})
	t.Run("cancelled while answering", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				cancel()
				return throttled(), nil
			})}
			_, err := new(Sender).Do(ctx, Request{HTTPClient: client, New: post(address), Failure: JSONFailure})
			check(t, err, context.Canceled)
		})
	})
	t.Run("in the second attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			n := 0
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if n++; n == 1 {
					return throttled(), nil
				}
				<-r.Context().Done()
				return nil, r.Context().Err()
			})}
			_, err := new(Sender).Do(ctx, Request{HTTPClient: client, New: post(address), Failure: JSONFailure})
			check(t, err, context.DeadlineExceeded)
		})
	})
}

func TestContextInFirstAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine := errors.New("the user went away")
		for _, cause := range []error{nil, mine} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, context.Cause(r.Context())
			})}
			_, err := new(Sender).Do(ctx, Request{HTTPClient: client, New: post(address), Idempotent: true})
			if !errors.Is(err, context.Canceled) || cause != nil && !errors.Is(err, cause) {
				t.Errorf("%v", err)
			}
		}
	})
}
