package awshttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is a transport in memory.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer makes a response; header is names and values in turn.
func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// post makes attempts that send a body to url.
func post(url string) func(context.Context, time.Time) (*http.Request, error) {
	return func(ctx context.Context, _ time.Time) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, "POST", url, strings.NewReader("what-is-sent"))
	}
}

const address = "https://service.example/path?query=secret"

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name     string
		response *http.Response
		want     string // the error; "" for none
	}{
		{"success", answer(200, "body"), ""},
		{"empty success", answer(200, ""), ""},
		{"at the limit", answer(200, strings.Repeat("x", 96)), ""},
		{"over the limit", answer(200, strings.Repeat("x", 97)), "service.example: the response (status 200) is longer than 96 bytes"},
		{"error over the limit", answer(400, strings.Repeat("x", 97)), "service.example: the response (status 400) is longer than 96 bytes"},
		{"other success", answer(204, ""), "HTTP 204: the response has no error code of the service: a proxy or firewall may have sent it (status 204)"},
		{"html", answer(403, "<html>no</html>", "X-Amzn-Requestid", "r-1"), "HTTP 403: the response has no error code of the service: a proxy or firewall may have sent it (status 403, request id r-1)"},
		{"S3's request id", answer(403, "", "X-Amz-Request-Id", "r-2", "X-Amzn-Errortype", "A"), "A (status 403, request id r-2)"},
		{"named", answer(400, `{"__type":"a#B","message":"c"}`), "B: c (status 400)"},
		{"control characters", answer(400, `{"__type":"a#B","message":"one\r\ntwo\u001b[31m\u2028\ttab\u202e"}`), "B: one two [31m tab (status 400)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return test.response, nil })}
			var s Sender
			resp, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Failure: JSONFailure, MaxBody: 96})
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Fatalf("got  %v\nwant %s", err, test.want)
				}
				return
			}
			if err != nil || resp.StatusCode != 200 {
				t.Fatal(resp, err)
			}
		})
	}
}

func TestLongMessageIsCut(t *testing.T) {
	long := strings.Repeat("ä", 2000)
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return answer(400, fmt.Sprintf(`{"__type":%q,"message":%q,"reasonCode":%q}`, long, long, long), "X-Amzn-Requestid", long), nil
	})}
	var s Sender
	_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Failure: JSONFailure})
	var f *Failure
	if !errors.As(err, &f) || len(f.Code) > 128 || len(f.Message) != 1024 || len(f.RequestID) > 128 || len(f.ReasonCode) > 128 {
		t.Fatalf("%q", err)
	}
}

// What is compressed on the way counts as long as it is, not as short as it travelled.
func TestCompressedBodyIsBounded(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write(make([]byte, 2<<20))
	w.Close()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped.Bytes())
	})
	var s Sender
	_, err := s.Do(t.Context(), Request{HTTPClient: server.Client(), New: post(server.URL)})
	if err == nil || !strings.Contains(err.Error(), "longer than 1048576 bytes") {
		t.Fatal(err)
	}
}

func TestPlainHTTPIsRefused(t *testing.T) {
	for url, want := range map[string]bool{
		"https://service.example/":    true,
		"http://127.0.0.1:1/":         true,
		"http://[::1]:1/":             true,
		"http://localhost/":           true,
		"http://service.example/":     false,
		"http://localhost.example/":   false,
		"http://127.0.0.1.example/":   false,
		"http://10.0.0.1/":            false,
		"ftp://127.0.0.1/":            false,
		"http://localhost@evil.test/": false,
	} {
		sent := false
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			sent = true
			return answer(200, ""), nil
		})}
		var s Sender
		_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(url)})
		if sent != want || (err == nil) != want {
			t.Errorf("%s: sent %v, error %v", url, sent, err)
		}
	}
}

// A 3xx is an error, whatever the caller's client would do, and the second host hears nothing.
func TestRedirectIsNotFollowed(t *testing.T) {
	second := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("followed to", r.URL) })
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, location := range []string{second.URL, "", "http://%zz/"} {
			first := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(status)
			})
			client := first.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
			var s Sender
			_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(first.URL)})
			if err == nil || location != "http://%zz/" && !strings.HasPrefix(err.Error(), fmt.Sprintf("HTTP %d: the server redirects to another address, which is not followed", status)) {
				t.Error(status, location, err)
			}
			if client.CheckRedirect(nil, nil) != nil {
				t.Error("the caller's client was changed")
			}
		}
	}
}

func TestUserAgent(t *testing.T) {
	for set, want := range map[string]string{"": "cognito-go", "mine/1.0": "mine/1.0"} {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("User-Agent"); got != want {
				t.Errorf("User-Agent %q, want %q", got, want)
			}
			return answer(200, ""), nil
		})}
		var s Sender
		_, err := s.Do(t.Context(), Request{HTTPClient: client, New: func(ctx context.Context, now time.Time) (*http.Request, error) {
			req, err := post(address)(ctx, now)
			if set != "" {
				req.Header.Set("User-Agent", set)
			}
			return req, err
		}})
		if err != nil {
			t.Error(err)
		}
	}
}

// No error shows what was sent or where in the host it went.
func TestErrorsAreDiscreet(t *testing.T) {
	fails := []roundTrip{
		func(*http.Request) (*http.Response, error) { return nil, errors.New("broken\npipe") },
		func(r *http.Request) (*http.Response, error) {
			b, _ := io.ReadAll(r.Body)
			return answer(500, string(b)), nil
		},
		func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(&failingReader{})}, nil
		},
		func(*http.Request) (*http.Response, error) { return answer(302, "", "Location", "http://%zz/"), nil },
	}
	for i, f := range fails {
		var s Sender
		_, err := s.Do(t.Context(), Request{HTTPClient: &http.Client{Transport: f}, New: post(address)})
		if err == nil {
			t.Fatal(i)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			for _, hidden := range []string{"query", "secret", "/path", "what-is-sent"} {
				if text := fmt.Sprintf("%v %+v", e, e); strings.Contains(text, hidden) {
					t.Errorf("%d: %q in %q", i, hidden, text)
				}
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q", err)
		}
	}
}

type failingReader struct{}

func (*failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestNewEndsTheCall(t *testing.T) {
	mine := errors.New("no credentials")
	var s Sender
	_, err := s.Do(t.Context(), Request{New: func(context.Context, time.Time) (*http.Request, error) { return nil, mine }, Idempotent: true})
	if err != mine {
		t.Fatal(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Sender
		var mu sync.Mutex
		n := 0
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			n++
			return answer(map[bool]int{true: 200, false: 503}[n%2 == 0], ""), nil
		})}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				s.Now()
				s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Idempotent: true})
			})
		}
		wg.Wait()
	})
}

func TestOwnClientIsMadeOnce(t *testing.T) {
	var s Sender
	if a, b := s.ownClient(), s.ownClient(); a == nil || a != b {
		t.Fatal("made twice")
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"plain text":            "plain text",
		" a \t\r\n b ":          "a b",
		"a\x00b\x1b[0m":         "a b [0m",
		"\xff\xfea":             "a",
		"žluťoučký":             "žluťoučký",
		"a\u202eb\u2028c\ufeff": "a b c",
		"0123456789012345678":   "0123456789012345",
		"012345678901234ä":      "012345678901234",
	} {
		if got := Clean(in, 16); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
