package awshttp

import (
	"context"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pauses returns how long Do waited before the second and the third attempt, and its error.
func pauses(t *testing.T, ctx context.Context, s *Sender, first, second *http.Response) (d [2]time.Duration, err error) {
	t.Helper()
	var at []time.Time
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		at = append(at, time.Now())
		return []*http.Response{first, second, answer(200, "")}[len(at)-1], nil
	})}
	_, err = s.Do(ctx, Request{HTTPClient: client, New: post(address), Failure: JSONFailure, Idempotent: true})
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
