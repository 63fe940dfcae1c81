package awshttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
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
					_, err := s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Failure: JSONFailure, Idempotent: repeatable,
						Permanent: []string{"LimitExceededException"}, Transient: []string{"IDPCommunicationError"}})
					if err == nil || attempts != want {
						t.Errorf("%d attempts, want %d; error %v", attempts, want, err)
					}
				})
			})
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
			s.Do(t.Context(), Request{HTTPClient: client, New: post(address), Idempotent: true})
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
