// Package awshttp sends requests to AWS endpoints.
//
//	var s awshttp.Sender
//	resp, err := s.Do(ctx, awshttp.Request{
//		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
//			return http.NewRequestWithContext(ctx, "POST", "https://sts.amazonaws.com/", body())
//		},
//		Idempotent: true,
//		Failure:    readError,
//	})
//
// It applies the rules that all services share:
//
//   - It uses https only, and http on the loopback address (awshttp.go, client.go).
//   - It returns an error if a setting of the environment is unreadable (settings.go).
//   - It does not follow redirects, because the next host would receive the secrets (client.go).
//   - It bounds the bytes that it reads (response.go).
//   - It retries requests that were not processed, and others if they are idempotent (retry.go).
//   - It signs with the server's time if the local clock is wrong (clock.go).
//   - Its errors contain neither requests nor URLs (failure.go).
//
// Callers turn a [Failure] into their own error. [Wrap] makes an *awserr.Error of it.
// [Sender.DoJSON] calls services that use the AWS JSON 1.1 protocol.
package awshttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/trace"
)

// A Sender sends requests and holds what they share: the retry quota, the clock offset, and the
// HTTP client for requests that have none. The zero value is ready to use. A Sender is safe for
// concurrent use and must not be copied.
type Sender struct {
	mu     sync.Mutex
	spent  int           // part of the retry quota that is in use
	offset time.Duration // added to the local clock
	client *http.Client
}

// A Request describes one call of a service.
type Request struct {
	// HTTPClient sends the attempts. If it is nil, the Sender uses one client made by
	// NewHTTPClient. Its CheckRedirect is not called.
	HTTPClient *http.Client

	// New returns a request for one attempt, signed with the time now if the service requires a
	// signature. New is required. Do returns its errors unchanged and does not retry after them.
	New func(ctx context.Context, now time.Time) (*http.Request, error)

	// Idempotent permits retries of attempts that the server may have processed: after a lost
	// connection, a timeout or a 5xx status.
	Idempotent bool

	// Read reads the body of a response with status 200 while it arrives. Response.Body is then
	// nil. If the connection breaks, a retry calls Read again with the body from its start. Do
	// returns the errors of Read. If Read is nil, Do reads the body into memory.
	Read func(body io.Reader) error

	// MaxBody limits the bytes of a body. 0 means 1 MiB.
	MaxBody int64

	// Failure reads the error code and message of a response whose status is not 200. It may leave
	// fields empty. It returns nil if the service did not send the response.
	Failure func(*Response) *Failure

	// Permanent lists codes that are not retried although the general rules allow it.
	Permanent []string

	// Transient lists codes that are retried if the request is idempotent.
	Transient []string
}

// Do sends r until the response has status 200, and returns that response. A response with
// another status is a *Failure, which Do returns unwrapped. If ctx ends between attempts, or would
// end before the next one, the error is that of the last attempt and wraps the error of ctx.
func (s *Sender) Do(ctx context.Context, r Request) (*Response, error) {
	client := r.HTTPClient
	if client == nil {
		client = s.ownClient()
	}
	client = noRedirects(client)
	var last error
	cost, signedAgain := 0, false
	for retries := 0; ; retries++ {
		now, offset := s.now()
		attempt := ctx
		if signedAgain {
			attempt = trace.WithRetries(ctx, retries+1)
		} else if retries > 0 {
			attempt = trace.WithRetries(ctx, retries)
		}
		req, err := r.New(attempt, now)
		if err != nil {
			return nil, err // not retried, even if it is a Failure of another service
		}
		resp, err := s.attempt(client, &r, req)
		if err == nil {
			s.refund(cost)
			return resp, nil
		}
		f, refused := err.(*Failure)
		if refused && !signedAgain && s.skewed(f, offset) {
			signedAgain = true
			retries--
			continue
		}
		if why := ctx.Err(); why != nil && !refused {
			if last != nil {
				return nil, notRetried(last, why) // it says more than a timeout
			}
			if !errors.Is(err, why) { // net/http returns the cause of ctx instead
				err = fmt.Errorf("%w: %w", err, why)
			}
			return nil, err
		}
		retry, throttled := r.retryable(err)
		cost = otherCost
		if throttled {
			cost = throttleCost
		}
		if !retry || retries+1 >= maxAttempts || !s.spend(cost) {
			return nil, err
		}
		var header http.Header
		if refused {
			header = f.Header
		}
		if why := wait(ctx, delay(retries, throttled, header, s.Now())); why != nil {
			return nil, notRetried(err, why)
		}
		last = err
	}
}

// notRetried adds to err the reason why there was no further attempt.
func notRetried(err, why error) error {
	if f, ok := err.(*Failure); ok {
		f.Err = why
		return f
	}
	return fmt.Errorf("%w; not retried: %w", err, why)
}

func (s *Sender) ownClient() *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		s.client = NewHTTPClient()
	}
	return s.client
}

// attempt sends one request and reads the response. Its error is a *Failure, a *connectionError,
// or one that is not retried.
func (s *Sender) attempt(client *http.Client, r *Request, req *http.Request) (*Response, error) {
	u := req.URL
	if u.Scheme != "https" && !(u.Scheme == "http" && endpoint.Loopback(u.Hostname())) {
		return nil, fmt.Errorf("%s: refused to send over %q: only https is allowed,"+
			" and http on the loopback address", u.Host, u.Scheme)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "cognito-go")
	}
	if !r.Idempotent {
		// net/http would send the body again after GOAWAY or REFUSED_STREAM (RFC 9113 section 8.7).
		req.GetBody = nil
	}
	// net/http calls GetConn, then GotConn before it writes. A transport that calls neither leaves
	// open whether it sent the request.
	var dialing, connected, remote atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { dialing.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			connected.Store(true)
			to, ok := info.Conn.RemoteAddr().(*net.TCPAddr)
			if ok && u.Scheme == "http" && !to.IP.IsLoopback() {
				remote.Store(true)
				info.Conn.Close() // net/http has not written to it
			}
		},
	}))
	resp, err := client.Do(req)
	if err != nil && remote.Load() {
		return nil, fmt.Errorf("%s: refused to send over http: the address is that of another"+
			" machine", u.Host)
	}
	if err != nil {
		return nil, disconnected(u.Host, err, dialing.Load() && !connected.Load())
	}
	defer resp.Body.Close()
	s.learn(u, resp.Header)
	return r.read(resp, u.Host)
}

// A connectionError is a failure to get a whole response from a host.
type connectionError struct {
	host   string
	err    error
	unsent bool // There was no connection to send the request over.
}

// disconnected returns the error of net/http as a connectionError, without the URL in it.
func disconnected(host string, err error, unsent bool) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	var dns *net.DNSError
	dial := errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
	return &connectionError{host, err, unsent || dial || errors.As(err, &dns)}
}

func (e *connectionError) Error() string { return e.host + ": " + Clean(e.err.Error(), 512) }

func (e *connectionError) Unwrap() error { return e.err }
