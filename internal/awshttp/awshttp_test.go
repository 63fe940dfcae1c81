package awshttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

const address = "https://service.example/path?query=secret"

// post returns a function for Request.New that posts a body to url.
func post(url string) func(context.Context, time.Time) (*http.Request, error) {
	return func(ctx context.Context, _ time.Time) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, "POST", url, strings.NewReader("what-is-sent"))
	}
}

// counted is post, and counts the attempts.
func counted(n *atomic.Int32, url string) func(context.Context, time.Time) (*http.Request, error) {
	return func(ctx context.Context, now time.Time) (*http.Request, error) {
		n.Add(1)
		return post(url)(ctx, now)
	}
}

// serve starts a server on the loopback address.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestPlainHTTPIsRefused(t *testing.T) {
	for _, test := range []struct {
		url  string
		want bool
	}{
		{"https://service.example/", true},
		{"http://127.0.0.1:1/", true},
		{"http://[::1]:1/", true},
		{"http://localhost/", true},
		{"http://service.example/", false},
		{"http://localhost.example/", false},
		{"http://127.0.0.1.example/", false},
		{"http://10.0.0.1/", false},
		{"ftp://127.0.0.1/", false},
		{"http://localhost@evil.test/", false},
	} {
		client, sent := fakehttp.Canned(200, "")
		var s Sender
		_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(test.url)})
		if (*sent == 1) != test.want || (err == nil) != test.want {
			t.Errorf("Do to %s: sent %d times, error %v, want sent %v",
				test.url, *sent, err, test.want)
		}
	}
}

func TestUserAgent(t *testing.T) {
	for _, test := range []struct{ set, want string }{
		{"", "cognito-go"},
		{"mine/1.0", "mine/1.0"},
	} {
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			if got := r.Header.Get("User-Agent"); got != test.want {
				t.Errorf("User-Agent = %q, want %q", got, test.want)
			}
			return fakehttp.Response(200, "")
		})
		r := Request{
			HTTPClient: client,
			New: func(ctx context.Context, now time.Time) (*http.Request, error) {
				req, err := post(address)(ctx, now)
				if test.set != "" {
					req.Header.Set("User-Agent", test.set)
				}
				return req, err
			},
		}
		if _, err := new(Sender).Do(t.Context(), r); err != nil {
			t.Errorf("Do: %v", err)
		}
	}
}

// TestErrorsAreDiscreet checks that no error shows a request or a URL.
func TestErrorsAreDiscreet(t *testing.T) {
	for _, test := range []struct {
		name      string
		roundTrip fakehttp.Transport
	}{
		{"transport fails", func(*http.Request) (*http.Response, error) {
			return nil, errors.New("broken\npipe")
		}},
		{"server echoes", func(r *http.Request) (*http.Response, error) {
			return fakehttp.Response(500, fakehttp.Body(r)), nil
		}},
		{"body breaks off", func(*http.Request) (*http.Response, error) {
			return fakehttp.Stream(200, &failingReader{}), nil
		}},
		{"redirect", func(*http.Request) (*http.Response, error) {
			return fakehttp.Response(302, "", "Location", "http://%zz/"), nil
		}},
	} {
		client := &http.Client{Transport: test.roundTrip}
		_, err := new(Sender).Do(t.Context(), Request{HTTPClient: client, New: post(address)})
		if err == nil {
			t.Fatalf("%s: Do succeeds", test.name)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			text := fmt.Sprintf("%v %+v", e, e)
			for _, hidden := range []string{"query", "secret", "/path", "what-is-sent"} {
				if strings.Contains(text, hidden) {
					t.Errorf("%s: the error %q contains %q", test.name, text, hidden)
				}
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error %q is not one line", test.name, err)
		}
	}
}

type failingReader struct{}

func (*failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestErrorOfNew checks that errors of New end the call and are not taken for those of the service.
// New may call another service, for credentials.
func TestErrorOfNew(t *testing.T) {
	for _, want := range []error{
		errors.New("no credentials"),
		&Failure{Code: "ThrottlingException", StatusCode: 400},
		&Failure{Code: "RequestTimeTooSkewed", StatusCode: 403},
		fmt.Errorf("other: %w", &Failure{Code: "HTTP 503", StatusCode: 503}),
		disconnected("other.example", io.EOF, true),
		&net.OpError{Op: "dial", Err: errors.New("refused")},
	} {
		calls := 0
		r := Request{
			Idempotent: true,
			New: func(context.Context, time.Time) (*http.Request, error) {
				calls++
				return nil, want
			},
		}
		_, err := new(Sender).Do(t.Context(), r)
		if err != want || calls != 1 {
			t.Errorf("Do = %v after %d calls of New, want %v after 1", err, calls, want)
		}
	}
}

// TestTraceOfNew checks that the connections of New are not taken for those of the request.
func TestTraceOfNew(t *testing.T) {
	sent := 0
	client := fakehttp.Client(func(*http.Request) *http.Response {
		sent++
		return nil // It may have been sent.
	})
	r := Request{
		HTTPClient: client,
		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
			if httptrace.ContextClientTrace(ctx) != nil {
				t.Error("the context of New has the trace of the request")
			}
			return post(address)(ctx, now)
		},
	}
	_, err := new(Sender).Do(t.Context(), r)
	if !errors.Is(err, fakehttp.ErrDisconnected) || sent != 1 {
		t.Errorf("Do = %v after %d attempts, want %v after 1", err, sent, fakehttp.ErrDisconnected)
	}
}

func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Sender
		var n atomic.Int32
		client := fakehttp.Client(func(*http.Request) *http.Response {
			if n.Add(1)%2 == 0 {
				return fakehttp.Response(200, "")
			}
			return fakehttp.Response(503, "")
		})
		var running sync.WaitGroup
		for range 100 {
			running.Go(func() {
				s.Now()
				r := Request{HTTPClient: client, New: post(address), Idempotent: true}
				s.Do(t.Context(), r) // the errors depend on the order
			})
		}
		running.Wait()
	})
}

func TestOwnClientIsMadeOnce(t *testing.T) {
	var s Sender
	if a, b := s.ownClient(), s.ownClient(); a == nil || a != b {
		t.Errorf("ownClient = %p, then %p, want the same client", a, b)
	}
}
