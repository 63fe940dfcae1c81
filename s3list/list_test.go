package s3list

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// threePages answers six keys in three pages, the second of which is empty.
func threePages(n int, req *http.Request) *http.Response {
	switch req.URL.Query().Get("continuation-token") {
	case "":
		return reply(200, pageOf("t+1/=", "a", "b", "c"))
	case "t+1/=":
		return reply(200, pageOf("t%202"))
	case "t%202":
		return reply(200, pageOf("", "d", "e", "f"))
	}
	return reply(400, errorOf(CodeInvalidArgument, "<ArgumentName>continuation-token</ArgumentName>"))
}

func TestListPages(t *testing.T) {
	s := &server{answer: threePages}
	listing := client(s).List(t.Context(), Input{Bucket: "b12", Prefix: "é +&=", Delimiter: "/", StartAfter: "0", PageSize: 3, FetchOwner: true})
	if len(s.seen) != 0 {
		t.Error("a request before the range")
	}
	for range 2 { // each range is a listing of its own
		s.seen = nil
		keys, err := collect(t, listing)
		if err != nil || !slices.Equal(keys, []string{"a", "b", "c", "d", "e", "f"}) {
			t.Fatalf("%q, %v", keys, err)
		}
		for i, req := range s.seen { // all else stays the same
			q := req.URL.Query()
			q.Del("continuation-token")
			if want := "delimiter=%2F&encoding-type=url&fetch-owner=true&list-type=2&max-keys=3&prefix=%C3%A9+%2B%26%3D&start-after=0"; q.Encode() != want {
				t.Errorf("page %d: %s, want %s", i+1, q.Encode(), want)
			}
			if strings.Contains(req.URL.RawQuery, "+") {
				t.Errorf("a raw + in %s", req.URL.RawQuery)
			}
		}
		if len(s.seen) != 3 {
			t.Errorf("%d requests", len(s.seen))
		}
	}
}

func TestObjects(t *testing.T) {
	s := &server{answer: threePages}
	keys, err := collect(t, client(s).Objects(t.Context(), "b12", "p/"))
	if err != nil || len(keys) != 6 {
		t.Errorf("%q, %v", keys, err)
	}
	if q := s.seen[0].URL.RawQuery; q != "list-type=2&prefix=p%2F&encoding-type=url" {
		t.Error(q)
	}
}

// A page is asked for when the one before it has been consumed, and not at all after a break.
func TestListBreak(t *testing.T) {
	for stop := 1; stop <= 6; stop++ {
		s := &server{answer: threePages}
		n := 0
		for _, err := range client(s).Objects(t.Context(), "b12", "") {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == stop {
				break
			}
		}
		want := 1
		if stop > 3 {
			want = 3
		}
		if len(s.seen) != want {
			t.Errorf("%d requests for %d objects", len(s.seen), stop)
		}
	}
	// Also when the body of the loop says no to an error.
	s := &server{answer: func(int, *http.Request) *http.Response { return reply(403, errorOf(CodeAccessDenied, "")) }}
	calls := 0
	client(s).Objects(t.Context(), "b12", "")(func(Object, error) bool { calls++; return false })
	if calls != 1 {
		t.Errorf("yield was called %d times", calls)
	}
}

func TestListEmpty(t *testing.T) {
	s := &server{answer: func(int, *http.Request) *http.Response { return reply(200, pageOf("")) }}
	if keys, err := collect(t, client(s).Objects(t.Context(), "b12", "")); err != nil || len(keys) != 0 {
		t.Errorf("%q, %v", keys, err)
	}
}

func TestListEndless(t *testing.T) {
	// The same token again: the listing would turn in a circle.
	s := &server{answer: func(int, *http.Request) *http.Response { return reply(200, pageOf("same", "a")) }}
	keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
	if err == nil || !strings.Contains(err.Error(), "same NextContinuationToken") || len(keys) != 2 || len(s.seen) != 2 {
		t.Errorf("%q, %v", keys, err)
	}
	// Always a new one, and nothing else: only ctx ends it.
	ctx, cancel := context.WithCancel(t.Context())
	s = &server{answer: func(n int, _ *http.Request) *http.Response {
		if n == 500 {
			cancel()
		}
		return reply(200, pageOf(fmt.Sprint("t", n)))
	}}
	if keys, err = collect(t, client(s).Objects(ctx, "b12", "")); !errors.Is(err, context.Canceled) || len(keys) != 0 || len(s.seen) != 500 {
		t.Errorf("%q, %v, %d requests", keys, err, len(s.seen))
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

// Credentials are asked for before every page, in case they have been renewed.
func TestListCredentials(t *testing.T) {
	s := &server{answer: threePages}
	c := client(s)
	n := 0
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		n++
		return sigv4.Credentials{AccessKeyID: fmt.Sprint("AKIA", n), SecretAccessKey: "secret", SessionToken: fmt.Sprint("token", n)}, nil
	}
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatal(err)
	}
	for i, req := range s.seen {
		if !strings.Contains(req.Header.Get("Authorization"), fmt.Sprintf("Credential=AKIA%d/", i+1)) || req.Header.Get("X-Amz-Security-Token") != fmt.Sprint("token", i+1) {
			t.Errorf("page %d: %v", i+1, req.Header)
		}
	}

	refused := errors.New("signed out")
	c.Credentials = func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, refused }
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); !errors.Is(err, refused) {
		t.Error(err)
	}
	c.Credentials = func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, nil }
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil || !strings.Contains(err.Error(), "access key") {
		t.Error(err)
	}
	if len(s.seen) != 3 {
		t.Error("a request without credentials")
	}
}

func TestListUnsigned(t *testing.T) {
	s := &server{answer: threePages}
	c := client(s)
	c.Credentials = nil
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatal(err)
	}
	for _, req := range s.seen {
		for name := range req.Header {
			if name != "User-Agent" {
				t.Errorf("header %s", name)
			}
		}
	}
}

// What may pass is asked for again: with a new signature, and at most twice.
func TestListRetry(t *testing.T) {
	for _, test := range []struct {
		name   string
		first  func() *http.Response
		repeat bool
	}{
		{"slow down", func() *http.Response { return reply(503, errorOf(CodeSlowDown, "")) }, true},
		{"internal error", func() *http.Response { return reply(500, errorOf(CodeInternalError, "")) }, true},
		{"no document", func() *http.Response { return reply(502, "<html>") }, true},
		{"request timeout", func() *http.Response { return reply(400, errorOf("RequestTimeout", "")) }, true},
		{"connection lost", func() *http.Response { return nil }, true},
		{"body cut", func() *http.Response {
			r := reply(200, pageOf("", "x"))
			r.Body = http.MaxBytesReader(nil, r.Body, 10)
			return r
		}, true},
		{"access denied", func() *http.Response { return reply(403, errorOf(CodeAccessDenied, "")) }, false},
		{"no bucket", func() *http.Response { return reply(404, errorOf(CodeNoSuchBucket, "")) }, false},
		{"expired", func() *http.Response { return reply(400, errorOf(CodeExpiredToken, "")) }, false},
		{"malformed page", func() *http.Response { return reply(200, "<ListBucketResult>") }, false},
		{"error in a success", func() *http.Response { return reply(200, errorOf(CodeInternalError, "")) }, false},
		{"too long", func() *http.Response { return reply(200, strings.Repeat(" ", maxPage+1)) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{answer: func(n int, req *http.Request) *http.Response {
					time.Sleep(2 * time.Second)
					if n == 1 {
						return test.first()
					}
					return reply(200, pageOf("", "a"))
				}}
				keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
				if test.repeat != (err == nil) || len(keys) != len(s.seen)-1 {
					t.Fatalf("%q, %v, %d requests", keys, err, len(s.seen))
				}
				if test.repeat && s.seen[0].Header.Get("X-Amz-Date") == s.seen[1].Header.Get("X-Amz-Date") {
					t.Error("sent again with the old signature")
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: func(int, *http.Request) *http.Response { return reply(503, errorOf(CodeSlowDown, "")) }}
		_, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeSlowDown || e.StatusCode != 503 || len(s.seen) != 3 {
			t.Errorf("%v after %d requests", err, len(s.seen))
		}
	})
}

// A local clock that is wrong is corrected by the server's Date.
func TestListSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &server{answer: func(_ int, req *http.Request) *http.Response {
			now := time.Now().Add(time.Hour).UTC()
			signed, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
			if err != nil || now.Sub(signed).Abs() > 15*time.Minute {
				return reply(403, errorOf(CodeRequestTimeTooSkewed, "<ServerTime>x</ServerTime><MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"),
					"Date", now.Format(http.TimeFormat))
			}
			return reply(200, pageOf("", "a"), "Date", now.Format(http.TimeFormat))
		}}
		c := client(server)
		for range 2 {
			if keys, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil || len(keys) != 1 {
				t.Fatal(keys, err)
			}
		}
		if len(server.seen) != 3 {
			t.Errorf("%d requests: the second listing should know the time", len(server.seen))
		}
	})
}

// Nothing is left running: a bubble does not end while a goroutine in it does.
func TestListLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
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
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
