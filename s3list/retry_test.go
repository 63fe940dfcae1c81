package s3list

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
