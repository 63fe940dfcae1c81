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

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func date(offset time.Duration) string {
	return time.Now().Add(offset).UTC().Format(http.TimeFormat)
}

// TestNowIsWallClock checks that the time has no monotonic reading, which String shows as "m=".
func TestNowIsWallClock(t *testing.T) {
	for _, offset := range []time.Duration{0, time.Hour} {
		s := Sender{offset: offset}
		if now := s.Now(); strings.Contains(now.String(), "m=") {
			t.Errorf("Now with offset %v = %v, want no monotonic reading", offset, now)
		}
	}
}

func TestOffset(t *testing.T) {
	const day = 24 * time.Hour
	const aws = "https://a.example"
	for _, test := range []struct {
		name   string
		from   string
		age    string
		offset time.Duration // of the Date header
		want   time.Duration // of Now
	}{
		{"right", aws, "", 0, 0},
		{"just too little", aws, "", 4*time.Minute - time.Second, 0},
		{"enough", aws, "", 4 * time.Minute, 4 * time.Minute},
		{"behind", aws, "", -4 * time.Minute, -4 * time.Minute},
		{"a time zone", aws, "", -11 * time.Hour, -11 * time.Hour},
		{"most", aws, "", 366 * day, 366 * day},
		{"too much", aws, "", 366*day + time.Second, 0},
		{"decades behind", aws, "", -40 * 365 * day, 0},
		{"from a cache", aws, "0", time.Hour, 0},
		{"loopback", "http://127.0.0.1:80", "", time.Hour, time.Hour},
		{"clear text", "http://a.example", "", time.Hour, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s Sender
				check := func(when string, want time.Duration) {
					t.Helper()
					if got := time.Until(s.Now()); got != want {
						t.Errorf("Now is off by %v %s, want %v", got, when, want)
					}
				}
				u, err := url.Parse(test.from)
				if err != nil {
					t.Fatal(err)
				}
				h := http.Header{"Date": {date(test.offset)}}
				if test.age != "" {
					h.Set("Age", test.age)
				}
				s.learn(u, h)
				time.Sleep(time.Minute)
				check("after a response", test.want)
				for _, text := range []string{"", "yesterday", "Thu, 01 Jan 1970 00:00:00 CET"} {
					s.learn(u, http.Header{"Date": {text}})
				}
				check("after responses without a time", test.want)
				s.learn(u, http.Header{"Date": {date(0)}})
				check("after the clock was corrected", 0)
			})
		})
	}
}

// signed is a function for Request.New whose requests have the time that they are signed with.
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
		{"AccessDenied", time.Hour, 1, false},            // not about the time
		{"SignatureDoesNotMatch", time.Minute, 1, false}, // probably a wrong key
		{"RequestTimeTooSkewed", 0, 1, false},
	} {
		t.Run(fmt.Sprint(test.code, test.offset), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts, begin := 0, time.Now()
				client := fakehttp.Client(func(r *http.Request) *http.Response {
					attempts++
					at, err := time.Parse(time.RFC3339, r.Header.Get("X-Amz-Date"))
					if err != nil {
						t.Errorf("X-Amz-Date: %v", err)
					}
					now := date(test.offset)
					if test.ok && at.Sub(time.Now().Add(test.offset)).Abs() < time.Minute {
						return fakehttp.Response(200, "", "Date", now)
					}
					return fakehttp.Response(403, `{"__type":"`+test.code+`"}`, "Date", now)
				})
				r := Request{HTTPClient: client, New: signed, Failure: JSONFailure}
				_, err := new(Sender).Do(t.Context(), r)
				if attempts != test.attempts || (err == nil) != test.ok {
					t.Errorf("Do = %v after %d attempts, want success %v after %d",
						err, attempts, test.ok, test.attempts)
				}
				if waited := time.Since(begin); waited != 0 {
					t.Errorf("Do waited %v before it signed again, want 0", waited)
				}
			})
		})
	}
}

// TestSignedAgainOnce checks that a request is signed again at most once, even if the server's
// clock changes each time.
func TestSignedAgainOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		client := fakehttp.Client(func(*http.Request) *http.Response {
			attempts++
			now := date(time.Duration(attempts) * time.Hour)
			return fakehttp.Response(403, `{"__type":"RequestTimeTooSkewed"}`, "Date", now)
		})
		_, err := new(Sender).Do(t.Context(), Request{
			HTTPClient: client,
			New:        signed,
			Failure:    JSONFailure,
			Idempotent: true,
		})
		var f *Failure
		if attempts != 2 || !errors.As(err, &f) {
			t.Errorf("Do = %v after %d attempts, want a *Failure after 2", err, attempts)
		}
	})
}
