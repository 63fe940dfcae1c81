package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is a transport in memory.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func post(url string) func(context.Context, time.Time) (*http.Request, error) {
	return func(ctx context.Context, _ time.Time) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, "POST", url, strings.NewReader("secret"))
	}
}

func TestRetryThenSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Sender
		n := 0
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if n++; n < 3 {
				return answer(400, `{"__type":"a#TooManyRequestsException","message":"slow"}`), nil
			}
			return answer(200, `{}`), nil
		})}
		_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post("https://a.example/"), Failure: JSONFailure})
		if err != nil || n != 3 {
			t.Fatal(n, err)
		}
		n = -10
		_, err = s.Do(t.Context(), Request{HTTPClient: client, New: post("https://a.example/"), Failure: JSONFailure})
		var f *Failure
		if !errors.As(err, &f) || f.Code != "TooManyRequestsException" || n != -7 {
			t.Fatal(n, err)
		}
	})
}
