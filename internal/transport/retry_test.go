package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatIsRepeated(t *testing.T) {
	code := func(status int, code string) roundTrip {
		return func(*http.Request) (*http.Response, error) { return answer(status, `{"__type":"`+code+`"}`), nil }
	}
	fails := func(err error) roundTrip {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	op := func(name string) error { return &net.OpError{Op: name, Net: "tcp", Err: syscall.ECONNREFUSED} }
	const never, ifRepeatable, always = 0, 1, 2
	for _, test := range []struct {
		name string
		does roundTrip
		want int
	}{
		{"wrong password", code(400, "NotAuthorizedException"), never},
		{"forbidden", code(403, "ForbiddenException"), never},
		{"throttled, status 400", code(400, "TooManyRequestsException"), always},
		{"throttled, status 503", code(503, "SlowDown"), always},
		{"throttled by STS", code(400, "Throttling"), always},
		{"status 429", code(429, ""), always},
		{"a limit that is permanent here", code(400, "LimitExceededException"), never},
		{"permanent even with status 429", code(429, "LimitExceededException"), never},
		{"status 500", code(500, "InternalErrorException"), ifRepeatable},
		{"status 502", code(502, ""), ifRepeatable},
		{"status 503", code(503, ""), ifRepeatable},
		{"status 504", code(504, ""), ifRepeatable},
		{"status 501", code(501, ""), never},
		{"status 404", code(404, ""), never},
		{"status 302", code(302, ""), never},
		{"timeout at the server", code(400, "RequestTimeout"), ifRepeatable},
		{"transient here", code(400, "IDPCommunicationError"), ifRepeatable},
		{"refused connection", fails(op("dial")), always},
		{"refused by the proxy", fails(op("proxyconnect")), always},
		{"no such host", fails(&net.DNSError{Err: "no such host", IsNotFound: true}), always},
		{"connection reset", fails(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), ifRepeatable},
		{"broken pipe", fails(&net.OpError{Op: "write", Err: syscall.EPIPE}), ifRepeatable},
		{"end of file", fails(io.EOF), ifRepeatable},
		{"timeout of the client", fails(context.DeadlineExceeded), ifRepeatable},
		{"certificate", fails(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), never},
		{"answer broke off", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(&failingReader{})}, nil
		}, ifRepeatable},
	} {
		for _, repeatable := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, repeatable %v", test.name, repeatable), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					attempts, want := 0, 1
					if test.want == always || test.want == ifRepeatable && repeatable {
						want = 3
					}
					client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
						attempts++
						if body, err := io.ReadAll(r.Body); err != nil || string(body) != "what-is-sent" {
							t.Errorf("attempt %d sent %q, %v", attempts, body, err)
						}
						return test.does(r)
					})}
					var s Sender
					_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Failure: JSONFailure, Repeatable: repeatable,
						Permanent: []string{"LimitExceededException"}, Transient: []string{"IDPCommunicationError"}})
					if err == nil || attempts != want {
						t.Errorf("%d attempts, want %d; error %v", attempts, want, err)
					}
				})
			})
		}
	}
}

// pauses returns how long Do waited before the second and the third attempt, and its error.
func pauses(t *testing.T, ctx context.Context, s *Sender, first, second *http.Response) (d [2]time.Duration, err error) {
	t.Helper()
	var at []time.Time
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		at = append(at, time.Now())
		return []*http.Response{first, second, answer(200, "")}[len(at)-1], nil
	})}
	_, err = s.Do(ctx, Request{HTTPClient: client, New: post(address), Failure: JSONFailure, Repeatable: true})
	for i := 1; i < len(at); i++ {
		d[i-1] = at[i].Sub(at[i-1])
	}
	return d, err
}

func TestDelay(t *testing.T) {
	const throttled = `{"__type":"ThrottlingException"}`
	for _, test := range []struct {
		name     string
		status   int
		body     string
		header   []string
		min, max [2]time.Duration
	}{
		{"5xx", 500, "", nil, [2]time.Duration{}, [2]time.Duration{50 * time.Millisecond, 100 * time.Millisecond}},
		{"throttled", 400, throttled, nil, [2]time.Duration{}, [2]time.Duration{time.Second, 2 * time.Second}},
		{"asked for 4 s", 400, throttled, []string{"X-Amz-Retry-After", "4000"}, [2]time.Duration{4 * time.Second, 4 * time.Second}, [2]time.Duration{4 * time.Second, 4 * time.Second}},
		{"asked for an hour", 503, "", []string{"X-Amz-Retry-After", "3600000"}, [2]time.Duration{5 * time.Second, 5 * time.Second}, [2]time.Duration{5050 * time.Millisecond, 5100 * time.Millisecond}},
		{"asked for ages", 503, "", []string{"X-Amz-Retry-After", "9223372036854775807"}, [2]time.Duration{5 * time.Second, 5 * time.Second}, [2]time.Duration{5050 * time.Millisecond, 5100 * time.Millisecond}},
		{"asked for nothing", 503, "", []string{"X-Amz-Retry-After", "0"}, [2]time.Duration{}, [2]time.Duration{50 * time.Millisecond, 100 * time.Millisecond}},
		{"negative", 503, "", []string{"X-Amz-Retry-After", "-4000"}, [2]time.Duration{}, [2]time.Duration{50 * time.Millisecond, 100 * time.Millisecond}},
		{"nonsense", 503, "", []string{"X-Amz-Retry-After", "soon"}, [2]time.Duration{}, [2]time.Duration{50 * time.Millisecond, 100 * time.Millisecond}},
		{"seconds", 503, "", []string{"Retry-After", "3"}, [2]time.Duration{3 * time.Second, 3 * time.Second}, [2]time.Duration{3 * time.Second, 3 * time.Second}},
		{"too many seconds", 503, "", []string{"Retry-After", "9223372036854775807"}, [2]time.Duration{5 * time.Second, 5 * time.Second}, [2]time.Duration{5050 * time.Millisecond, 5100 * time.Millisecond}},
		{"milliseconds go first", 503, "", []string{"X-Amz-Retry-After", "1000", "Retry-After", "3"}, [2]time.Duration{time.Second, time.Second}, [2]time.Duration{time.Second, time.Second}},
		{"date in the past", 503, "", []string{"Retry-After", "Fri, 31 Dec 1999 23:00:00 GMT"}, [2]time.Duration{}, [2]time.Duration{50 * time.Millisecond, 100 * time.Millisecond}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var longest [2]time.Duration
				for range 200 {
					var s Sender
					d, err := pauses(t, t.Context(), &s, answer(test.status, test.body, test.header...), answer(test.status, test.body, test.header...))
					if err != nil {
						t.Fatal(err)
					}
					for i := range d {
						if d[i] < test.min[i] || d[i] > test.max[i] {
							t.Fatalf("waited %v before attempt %d, want %v to %v", d[i], i+2, test.min[i], test.max[i])
						}
						longest[i] = max(longest[i], d[i])
					}
				}
				for i := range longest { // the jitter uses the whole range
					if spread := test.max[i] - test.min[i]; longest[i] < test.min[i]+spread*3/4 {
						t.Errorf("never waited more than %v before attempt %d, of %v", longest[i], i+2, test.max[i])
					}
				}
			})
		})
	}
}

func TestRetryAfterDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.Header{"Retry-After": {time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)}}
		if d, ok := retryAfter(h, time.Now()); !ok || d != 2*time.Second {
			t.Error(d, ok)
		}
		if _, ok := retryAfter(http.Header{"Retry-After": {"Wed, 32 Oct 2015 07:28:00 GMT"}}, time.Now()); ok {
			t.Error("a date that does not exist was read")
		}
	})
}

func TestDelayIsCapped(t *testing.T) {
	for range 1000 {
		if d := delay(10, true, nil, time.Time{}); d < 0 || d > maxDelay {
			t.Fatal(d)
		}
	}
}

// The quota allows 35 retries of 14 in a row, then calls are tried once; a success gives back what its retry cost.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts, healthy := 0, false
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if attempts++; healthy {
				return answer(200, ""), nil
			}
			return answer(500, ""), nil
		})}
		var s Sender
		call := func() int {
			before := attempts
			s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Repeatable: true})
			return attempts - before
		}
		for range 100 {
			call()
		}
		if retries := attempts - 100; retries != quota/otherCost {
			t.Errorf("%d retries, want %d", retries, quota/otherCost)
		}
		if n := call(); n != 1 {
			t.Errorf("%d attempts with the quota used up", n)
		}
		healthy = true
		for range otherCost {
			call()
		}
		healthy = false
		if n := call(); n != 2 {
			t.Errorf("%d attempts after 14 successes, want 2", n)
		}
		healthy = true
		for range 1000 {
			call()
		}
		if s.spent != 0 {
			t.Errorf("%d still spent", s.spent)
		}
	})
}

func TestRetryIsRefunded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Sender
		for range 200 { // 200 times 14 is far above the quota
			if _, err := pauses(t, t.Context(), &s, answer(500, ""), answer(200, "")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

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
		if want := "TooManyRequestsException: Rate exceeded (status 400); not repeated: " + why.Error(); err == nil || err.Error() != want {
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
			_, err := new(Sender).Do(ctx, Request{HTTPClient: client, New: post(address), Repeatable: true})
			if !errors.Is(err, context.Canceled) || cause != nil && !errors.Is(err, cause) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestRetryAfterIsNeverNegative(t *testing.T) {
	for _, text := range []string{"0", "1", "9223372036854775", "9223372036854776", "9223372036854775807", "-1", "+5", "1.5", "1e3", "Sun, 06 Nov 9994 08:49:37 GMT"} {
		for _, name := range []string{"X-Amz-Retry-After", "Retry-After"} {
			d, _ := retryAfter(http.Header{name: {text}}, time.Unix(0, 0))
			if d < 0 || d > math.MaxInt64 {
				t.Errorf("%s: %s is %v", name, text, d)
			}
		}
	}
}
