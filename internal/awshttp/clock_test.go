package awshttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func date(offset time.Duration) string {
	return time.Now().Add(offset).UTC().Format(http.TimeFormat)
}

// The monotonic clock stands still while a machine sleeps. What expires by the server's clock must not be reckoned by it,
// and a time has it in its text (package time, String).
func TestNowIsWallClock(t *testing.T) {
	for _, offset := range []time.Duration{0, time.Hour} {
		s := Sender{offset: offset}
		if now := s.Now(); strings.Contains(now.String(), "m=") {
			t.Errorf("offset %v: %v", offset, now)
		}
	}
}

func TestOffset(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name   string
		from   string
		header map[string]string
		offset time.Duration // of the Date header
		want   time.Duration // of Now
	}{
		{"right", "https://a.example", nil, 0, 0},
		{"just too little", "https://a.example", nil, 4*time.Minute - time.Second, 0},
		{"enough", "https://a.example", nil, 4 * time.Minute, 4 * time.Minute},
		{"behind", "https://a.example", nil, -4 * time.Minute, -4 * time.Minute},
		{"a time zone", "https://a.example", nil, -11 * time.Hour, -11 * time.Hour},
		{"most", "https://a.example", nil, 366 * day, 366 * day},
		{"too much", "https://a.example", nil, 366*day + time.Second, 0},
		{"far too little", "https://a.example", nil, -40 * 365 * day, 0},
		{"from a cache", "https://a.example", map[string]string{"Age": "0"}, time.Hour, 0},
		{"loopback", "http://127.0.0.1:80", nil, time.Hour, time.Hour},
		{"clear text", "http://a.example", nil, time.Hour, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s Sender
				u, _ := url.Parse(test.from)
				h := http.Header{"Date": {date(test.offset)}}
				for k, v := range test.header {
					h.Set(k, v)
				}
				s.learn(u, h)
				time.Sleep(time.Minute)
				if got := s.Now().Sub(time.Now()); got != test.want {
					t.Errorf("off by %v, want %v", got, test.want)
				}
				// What says nothing about the time leaves it alone; a right clock ends the correction.
				for _, text := range []string{"", "yesterday", "Thu, 01 Jan 1970 00:00:00 CET"} {
					s.learn(u, http.Header{"Date": {text}})
				}
				if got := s.Now().Sub(time.Now()); got != test.want {
					t.Errorf("off by %v after headers without a time, want %v", got, test.want)
				}
				s.learn(u, http.Header{"Date": {date(0)}})
				if got := s.Now().Sub(time.Now()); got != 0 {
					t.Errorf("off by %v after the clock was set right", got)
				}
			})
		})
	}
}

// signed makes attempts that carry the time they were signed with.
func signed(ctx context.Context, now time.Time) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	req.Header.Set("X-Amz-Date", now.UTC().Format(time.RFC3339))
	return req, err
}

func TestSkewedSignature(t *testing.T) {
	for _, test := range []struct {
		code     string
		offset   time.Duration
		attempts int
		ok       bool
	}{
		{"RequestTimeTooSkewed", 20 * time.Minute, 2, true},
		{"RequestTimeTooSkewed", -8 * time.Hour, 2, true},
		{"InvalidSignatureException", 5 * time.Minute, 2, true},
		{"SignatureDoesNotMatch", time.Hour, 2, true},
		{"RequestExpired", time.Hour, 2, true},
		{"AccessDenied", time.Hour, 1, false},            // it says nothing about time
		{"SignatureDoesNotMatch", time.Minute, 1, false}, // a wrong key, then
		{"RequestTimeTooSkewed", 0, 1, false},
	} {
		t.Run(fmt.Sprint(test.code, test.offset), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts, begin := 0, time.Now()
				client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					attempts++
					at, err := time.Parse(time.RFC3339, r.Header.Get("X-Amz-Date"))
					if err != nil {
						t.Error(err)
					}
					if test.ok && at.Sub(time.Now().Add(test.offset)).Abs() < time.Minute {
						return answer(200, "", "Date", date(test.offset)), nil
					}
					return answer(403, `{"__type":"`+test.code+`"}`, "Date", date(test.offset)), nil
				})}
				var s Sender
				_, err := s.Do(t.Context(), Request{HTTPClient: client, New: signed, Failure: JSONFailure})
				if attempts != test.attempts || (err == nil) != test.ok {
					t.Errorf("%d attempts, error %v", attempts, err)
				}
				if time.Since(begin) != 0 {
					t.Error("waited before signing again")
				}
			})
		})
	}
}

// A server whose clock runs away is not chased: the request is signed again once.
func TestSignedAgainOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			attempts++
			return answer(403, `{"__type":"RequestTimeTooSkewed"}`, "Date", date(time.Duration(attempts)*time.Hour)), nil
		})}
		var s Sender
		_, err := s.Do(t.Context(), Request{HTTPClient: client, New: signed, Failure: JSONFailure, Idempotent: true})
		var f *Failure
		if attempts != 2 || !errors.As(err, &f) {
			t.Errorf("%d attempts, error %v", attempts, err)
		}
	})
}
