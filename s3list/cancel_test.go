package s3list

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// The next page is asked for once the second object of a page has been, and no other page before that one is consumed.
func TestListBreak(t *testing.T) {
	for stop := 1; stop <= 6; stop++ {
		synctest.Test(t, func(t *testing.T) {
			s := &server{answer: threePages}
			n := 0
			for _, err := range client(s).Objects(t.Context(), "b12", "") {
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // what has been asked for is there
				if n++; n == stop {
					break
				}
			}
			if want := []int{1, 2, 2, 3, 3, 3}[stop-1]; len(s.seen) != want {
				t.Errorf("%d requests for %d objects, want %d", len(s.seen), stop, want)
			}
		})
	}
	// Also when the body of the loop says no to an error.
	s := &server{answer: func(int, *http.Request) *http.Response { return reply(403, errorOf(CodeAccessDenied, "")) }}
	calls := 0
	client(s).Objects(t.Context(), "b12", "")(func(Object, error) bool { calls++; return false })
	if calls != 1 {
		t.Errorf("yield was called %d times", calls)
	}
}

// However and whenever ctx ends, the consumer is told.
func TestListCancelled(t *testing.T) {
	for after := range 7 { // objects seen
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &server{answer: threePages}
		if after == 0 {
			cancel()
		}
		n := 0
		var last error
		for _, err := range client(s).Objects(ctx, "b12", "") {
			if last = err; err == nil {
				if n++; n == after {
					cancel()
				}
			}
		}
		if n != after || !errors.Is(last, context.Canceled) {
			t.Errorf("cancelled after %d: %d objects, %v", after, n, last)
		}
		if after == 0 && len(s.seen) != 0 {
			t.Error("a request though ctx had ended")
		}
	}
	t.Run("in flight", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			c := client(blocking{})
			_, err := collect(t, c.Objects(ctx, "b12", ""))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	})
	t.Run("during back-off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &server{answer: func(int, *http.Request) *http.Response {
				time.AfterFunc(time.Second, cancel)
				return reply(503, errorOf(CodeSlowDown, ""), "Retry-After", "4")
			}}
			_, err := collect(t, client(s).Objects(ctx, "b12", ""))
			var e *Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Code != CodeSlowDown {
				t.Error(err) // what the server said is not lost
			}
		})
	})
	t.Run("asking for the Region", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &server{answer: func(_ int, req *http.Request) *http.Response {
			if req.Method == http.MethodHead {
				cancel()
				return nil
			}
			return reply(301, errorOf(CodePermanentRedirect, ""))
		}}
		_, err := collect(t, client(s).Objects(ctx, "b12", ""))
		var e *Error
		if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Code != CodePermanentRedirect {
			t.Error(err)
		}
	})
	t.Run("getting credentials", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := client(new(server))
		c.Credentials = func(ctx context.Context) (sigv4.Credentials, error) {
			cancel()
			return sigv4.Credentials{}, ctx.Err()
		}
		if _, err := collect(t, c.Objects(ctx, "b12", "")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

type blocking struct{}

func (blocking) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// Nothing is left running: synctest.Test fails if a goroutine of its bubble never ends.
func TestListLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: threePages}
		c := client(s)
		var consumers sync.WaitGroup
		for i := range 50 {
			consumers.Go(func() {
				n := 0
				for _, err := range c.Objects(t.Context(), fmt.Sprintf("bucket-%d", i%3), "") {
					if err != nil {
						t.Error(err)
					}
					if n++; n == i%7 {
						break
					}
				}
			})
		}
		consumers.Wait()
	})
}
