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
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// refuse returns a transport that responds with a status and a code.
func refuse(status int, code string) fakehttp.Transport {
	return func(*http.Request) (*http.Response, error) {
		return fakehttp.Response(status, `{"__type":"`+code+`"}`), nil
	}
}

func fail(err error) fakehttp.Transport {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func TestRetries(t *testing.T) {
	op := func(name string, err error) error {
		return &net.OpError{Op: name, Net: "tcp", Err: err}
	}
	const never, ifIdempotent, always = 0, 1, 2
	for _, test := range []struct {
		name      string
		transport fakehttp.Transport
		want      int
	}{
		{"wrong password", refuse(400, "NotAuthorizedException"), never},
		{"forbidden", refuse(403, "ForbiddenException"), never},
		{"throttled, status 400", refuse(400, "TooManyRequestsException"), always},
		{"throttled, status 503", refuse(503, "SlowDown"), always},
		{"throttled by STS", refuse(400, "Throttling"), always},
		{"status 429", refuse(429, ""), always},
		{"permanent code", refuse(400, "LimitExceededException"), never},
		{"permanent code with status 429", refuse(429, "LimitExceededException"), never},
		{"status 500", refuse(500, "InternalErrorException"), ifIdempotent},
		{"status 502", refuse(502, ""), ifIdempotent},
		{"status 503", refuse(503, ""), ifIdempotent},
		{"status 504", refuse(504, ""), ifIdempotent},
		{"status 501", refuse(501, ""), never},
		{"status 404", refuse(404, ""), never},
		{"status 302", refuse(302, ""), never},
		{"timeout of the server", refuse(400, "RequestTimeout"), ifIdempotent},
		{"transient code", refuse(400, "IDPCommunicationError"), ifIdempotent},
		{"refused connection", fail(op("dial", syscall.ECONNREFUSED)), always},
		{"refused by the proxy", fail(op("proxyconnect", syscall.ECONNREFUSED)), always},
		{"unknown host", fail(&net.DNSError{Err: "no such host", IsNotFound: true}), always},
		{"connection reset", fail(op("read", syscall.ECONNRESET)), ifIdempotent},
		{"broken pipe", fail(op("write", syscall.EPIPE)), ifIdempotent},
		{"end of file", fail(io.EOF), ifIdempotent},
		{"timeout of the client", fail(context.DeadlineExceeded), ifIdempotent},
		{
			"unknown certificate",
			fail(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
			never,
		},
		{"response broke off", func(*http.Request) (*http.Response, error) {
			return fakehttp.Stream(200, &failingReader{}), nil
		}, ifIdempotent},
	} {
		for _, idempotent := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, idempotent %v", test.name, idempotent), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					attempts, want := 0, 1
					if test.want == always || test.want == ifIdempotent && idempotent {
						want = 3
					}
					transport := func(r *http.Request) (*http.Response, error) {
						attempts++
						if body := fakehttp.Body(r); body != "what-is-sent" {
							t.Errorf("attempt %d sent %q, want what-is-sent", attempts, body)
						}
						return test.transport(r)
					}
					_, err := new(Sender).Do(t.Context(), Request{
						HTTPClient: &http.Client{Transport: fakehttp.Transport(transport)},
						New:        post(address),
						Failure:    JSONFailure,
						Idempotent: idempotent,
						Permanent:  []string{"LimitExceededException"},
						Transient:  []string{"IDPCommunicationError"},
					})
					if err == nil || attempts != want {
						t.Errorf("Do = %v after %d attempts, want an error after %d",
							err, attempts, want)
					}
				})
			})
		}
	}
}

// TestQuota checks that 35 retries, of 14 each, use up the quota of 500. A success returns the cost
// of its retry, or 1.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts, healthy := 0, false
		client := fakehttp.Client(func(*http.Request) *http.Response {
			if attempts++; healthy {
				return fakehttp.Response(200, "")
			}
			return fakehttp.Response(500, "")
		})
		var s Sender
		call := func() int {
			before := attempts
			r := Request{HTTPClient: client, New: post(address), Idempotent: true}
			if _, err := s.Do(t.Context(), r); (err == nil) != healthy {
				t.Errorf("Do = %v, want success %v", err, healthy)
			}
			return attempts - before
		}
		for range 100 {
			call()
		}
		if retries := attempts - 100; retries != quota/otherCost {
			t.Errorf("%d retries, want %d", retries, quota/otherCost)
		}
		if n := call(); n != 1 {
			t.Errorf("%d attempts without a quota, want 1", n)
		}
		healthy = true
		for range otherCost {
			call()
		}
		healthy = false
		if n := call(); n != 2 {
			t.Errorf("%d attempts after %d successes, want 2", n, otherCost)
		}
		healthy = true
		for range 1000 {
			call()
		}
		if s.spent != 0 {
			t.Errorf("%d of the quota is spent, want 0", s.spent)
		}
	})
}

func TestRetryIsRefunded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Sender
		for range 200 { // 200 times 14 is far above the quota
			failed, done := fakehttp.Response(500, ""), fakehttp.Response(200, "")
			if _, err := pauses(t.Context(), &s, failed, done); err != nil {
				t.Fatalf("Do: %v", err)
			}
		}
	})
}

// pauses returns how long Do waited before the second and the third attempt, and its error.
func pauses(
	ctx context.Context, s *Sender, first, second *http.Response,
) (d [2]time.Duration, err error) {
	var at []time.Time
	client := fakehttp.Client(func(*http.Request) *http.Response {
		at = append(at, time.Now())
		return []*http.Response{first, second, fakehttp.Response(200, "")}[len(at)-1]
	})
	_, err = s.Do(ctx, Request{
		HTTPClient: client,
		New:        post(address),
		Failure:    JSONFailure,
		Idempotent: true,
	})
	for i := 1; i < len(at); i++ {
		d[i-1] = at[i].Sub(at[i-1])
	}
	return d, err
}

func TestDelay(t *testing.T) {
	type span struct{ min, max time.Duration }
	const ms, s = time.Millisecond, time.Second
	const throttled = `{"__type":"ThrottlingException"}`
	const amz, standard = "X-Amz-Retry-After", "Retry-After"
	jitter := [2]span{{0, 50 * ms}, {0, 100 * ms}}
	most := [2]span{{5 * s, 5050 * ms}, {5 * s, 5100 * ms}} // more than the server may ask for
	fixed := func(d time.Duration) [2]span { return [2]span{{d, d}, {d, d}} }
	for _, test := range []struct {
		name   string
		status int
		body   string
		header []string
		want   [2]span
	}{
		{"5xx", 500, "", nil, jitter},
		{"throttled", 400, throttled, nil, [2]span{{0, s}, {0, 2 * s}}},
		{"4 seconds", 400, throttled, []string{amz, "4000"}, fixed(4 * s)},
		{"an hour", 503, "", []string{amz, "3600000"}, most},
		{"292 million years", 503, "", []string{amz, "9223372036854775807"}, most},
		{"zero", 503, "", []string{amz, "0"}, jitter},
		{"negative", 503, "", []string{amz, "-4000"}, jitter},
		{"not a number", 503, "", []string{amz, "soon"}, jitter},
		{"seconds", 503, "", []string{standard, "3"}, fixed(3 * s)},
		{"too many seconds", 503, "", []string{standard, "9223372036854775807"}, most},
		{"both headers", 503, "", []string{amz, "1000", standard, "3"}, fixed(s)},
		{"past date", 503, "", []string{standard, "Fri, 31 Dec 1999 23:00:00 GMT"}, jitter},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var longest [2]time.Duration
				for range 200 {
					first := fakehttp.Response(test.status, test.body, test.header...)
					second := fakehttp.Response(test.status, test.body, test.header...)
					d, err := pauses(t.Context(), new(Sender), first, second)
					if err != nil {
						t.Fatalf("Do: %v", err)
					}
					for i, want := range test.want {
						// net/http and the rest of Do take no time in a bubble.
						if d[i] < want.min || d[i] > want.max {
							t.Fatalf("waited %v before attempt %d, want %v to %v",
								d[i], i+2, want.min, want.max)
						}
						longest[i] = max(longest[i], d[i])
					}
				}
				for i, want := range test.want { // the jitter uses the whole range
					if longest[i] < want.min+(want.max-want.min)*3/4 {
						t.Errorf("waited at most %v before attempt %d, want up to %v",
							longest[i], i+2, want.max)
					}
				}
			})
		})
	}
}

func TestDelayIsCapped(t *testing.T) {
	for range 1000 {
		if d := delay(10, true, nil, time.Time{}); d < 0 || d > maxDelay {
			t.Fatalf("delay(10) = %v, want at most %v", d, maxDelay)
		}
	}
}

func TestRetryAfterDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
		h := http.Header{"Retry-After": {date}}
		if d, ok := retryAfter(h, time.Now()); !ok || d != 2*time.Second {
			t.Errorf("retryAfter(%s) = %v, %v, want 2s", date, d, ok)
		}
		const invalid = "Wed, 32 Oct 2015 07:28:00 GMT"
		h = http.Header{"Retry-After": {invalid}}
		if d, ok := retryAfter(h, time.Now()); ok {
			t.Errorf("retryAfter(%s) = %v, want none", invalid, d)
		}
	})
}

func TestRetryAfterIsNeverNegative(t *testing.T) {
	for _, text := range []string{
		"0",
		"1",
		"9223372036854775",
		"9223372036854776",
		"9223372036854775807",
		"-1",
		"+5",
		"1.5",
		"1e3",
		"Sun, 06 Nov 9994 08:49:37 GMT",
	} {
		for _, name := range []string{"X-Amz-Retry-After", "Retry-After"} {
			d, _ := retryAfter(http.Header{name: {text}}, time.Unix(0, 0))
			if d < 0 {
				t.Errorf("retryAfter(%s: %s) = %v, want 0 or more", name, text, d)
			}
		}
	}
}
