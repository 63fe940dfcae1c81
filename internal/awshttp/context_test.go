package awshttp

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func throttled() *http.Response {
	const body = `{"__type":"TooManyRequestsException","message":"Rate exceeded"}`
	return fakehttp.Response(400, body, "X-Amz-Retry-After", "3000")
}

// checkThrottled fails the test if err is not the service's error together with that of a context.
func checkThrottled(t *testing.T, err, why error) {
	t.Helper()
	want := "TooManyRequestsException: Rate exceeded (status 400); not retried: " + why.Error()
	var f *Failure
	if !errors.As(err, &f) || !errors.Is(err, why) || err.Error() != want {
		t.Errorf("Do = %v, want %s", err, want)
	}
}

func TestDeadlineBeforeRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := pauses(ctx, new(Sender), throttled(), nil)
		checkThrottled(t, err, context.DeadlineExceeded)
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("Do waited %v for a retry after the deadline, want 0", waited)
		}
	})
}

func TestCancelBeforeRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin := time.Now()
		_, err := pauses(ctx, new(Sender), throttled(), nil)
		checkThrottled(t, err, context.Canceled)
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("Do waited %v, want 1s", waited)
		}
	})
}

func TestCancelDuringResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := fakehttp.Client(func(*http.Request) *http.Response {
			cancel()
			return throttled()
		})
		r := Request{HTTPClient: client, New: post(address), Failure: JSONFailure}
		_, err := new(Sender).Do(ctx, r)
		checkThrottled(t, err, context.Canceled)
	})
}

func TestDeadlineDuringRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		attempts := 0
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			if attempts++; attempts == 1 {
				return throttled()
			}
			<-r.Context().Done()
			return nil
		})
		r := Request{HTTPClient: client, New: post(address), Failure: JSONFailure}
		_, err := new(Sender).Do(ctx, r)
		checkThrottled(t, err, context.DeadlineExceeded)
	})
}

// TestCancelDuringFirstAttempt also cancels with a cause, which net/http returns in place of the
// error of the context.
func TestCancelDuringFirstAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cause := range []error{nil, errors.New("the user left")} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			transport := func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, context.Cause(r.Context())
			}
			_, err := new(Sender).Do(ctx, Request{
				HTTPClient: &http.Client{Transport: fakehttp.Transport(transport)},
				New:        post(address),
				Idempotent: true,
			})
			if !errors.Is(err, context.Canceled) || cause != nil && !errors.Is(err, cause) {
				t.Errorf("Do = %v, want context.Canceled and %v", err, cause)
			}
		}
	})
}
