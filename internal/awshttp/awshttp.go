// Package transport sends a request to an AWS service and brings back its answer, its error, or what kept them.
//
//	var s transport.Sender
//	resp, err := s.Do(ctx, transport.Request{
//		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
//			return http.NewRequestWithContext(ctx, "POST", "https://sts.us-east-1.amazonaws.com/", strings.NewReader(form))
//		},
//		Repeatable: true,
//		Failure:    readError,
//	})
//
// It holds the rules that are the same for every service: https only, no redirects, a limit on what is read, which
// failures are repeated and when, and the difference between the server's clock and the local one.
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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

const defaultMaxBody = 1 << 20

// A Sender sends requests and remembers what they have in common: the retry quota, the clock offset and, unless the
// caller brings one, the HTTP client. Its zero value is ready. It is safe for concurrent use and must not be copied.
type Sender struct {
	mu     sync.Mutex
	spent  int           // of the retry quota
	offset time.Duration // to add to the local clock
	client *http.Client
}

// A Request is one call of a service: how to make an attempt, and what may be done when it fails.
type Request struct {
	// HTTPClient sends the attempts. Nil means one that the Sender makes once with NewHTTPClient.
	// Redirects are not followed, whatever its CheckRedirect says. (In a browser, net/http has no say in it.)
	HTTPClient *http.Client

	// New makes one attempt: a request that has not been sent, with a body that nobody else reads, signed if need
	// be with the time now. Required. An error of New ends the call and is returned as it is.
	New func(ctx context.Context, now time.Time) (*http.Request, error)

	// Repeatable says that the call may be sent again when it is not known whether it was carried out: after a
	// lost connection, a timeout or a 5xx answer. Otherwise it is repeated only when it certainly was not.
	Repeatable bool

	// Read reads the body of an answer whose status is 200 as it comes; Response.Body is nil then. It is called again,
	// from the start, when the answer broke off and is asked for once more. Its error ends the call. Nil means that the
	// body is read into memory.
	Read func(body io.Reader) error

	// MaxBody is the longest body that is accepted, in bytes. 0 means 1 MiB.
	MaxBody int64

	// Failure reads the code and the message out of an answer whose status is not 200. Nil, or a nil result, or
	// an empty Code, means that the answer did not come from the service; what is left out is filled in.
	Failure func(*Response) *Failure

	// Permanent are codes of this service that no repetition mends, although the general rules say so.
	Permanent []string

	// Transient are codes of this service that may pass, for calls that are Repeatable.
	Transient []string
}

// Do sends r until there is an answer of status 200, and returns it. An answer with another status is a *Failure, which
// is returned as it is. When ctx ends between attempts, or would end before the next one, the error is that of the last
// attempt, with the error of ctx inside. No error holds a URL's path or query, a body, or a header of the request.
func (s *Sender) Do(ctx context.Context, r Request) (*Response, error) {
	client := r.HTTPClient
	if client == nil {
		client = s.ownClient()
	}
	client = noRedirects(client)
	var last error
	cost, signedAgain := 0, false
	for i := 0; ; i++ {
		now, offset := s.now()
		req, err := r.New(ctx, now)
		if err != nil {
			return nil, err // also if it is the failure of another service, that of credentials for instance
		}
		resp, err := s.attempt(client, &r, req)
		if err == nil {
			s.giveBack(cost)
			return resp, nil
		}
		f, answered := err.(*Failure)
		if answered && !signedAgain && s.skewed(f, offset) {
			signedAgain = true
			i--
			continue
		}
		if why := ctx.Err(); why != nil && !answered {
			if last != nil { // what went before is worth more than that the time ran out
				return nil, ended(last, why)
			} else if !errors.Is(err, why) { // net/http gives the cause of ctx instead
				err = fmt.Errorf("%w: %w", err, why)
			}
			return nil, err
		}
		retry, throttled := r.retryable(err)
		cost = otherCost
		if throttled {
			cost = throttleCost
		}
		if !retry || i+1 >= maxAttempts || !s.take(cost) {
			return nil, err
		}
		var header http.Header
		if answered {
			header = f.Header
		}
		if why := wait(ctx, delay(i, throttled, header, s.Now())); why != nil {
			return nil, ended(err, why)
		}
		last = err
	}
}

// ended is err with the reason why there was no further attempt.
func ended(err, why error) error {
	if f, ok := err.(*Failure); ok {
		f.Ended = why
		return f
	}
	return fmt.Errorf("%w; not repeated: %w", err, why)
}

func (s *Sender) ownClient() *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		s.client = NewHTTPClient()
	}
	return s.client
}

// attempt sends once and reads the answer. Its errors are a *Failure, a *connectionError, or final.
func (s *Sender) attempt(client *http.Client, r *Request, req *http.Request) (*Response, error) {
	if req.URL.Scheme != "https" && !(req.URL.Scheme == "http" && endpoint.Loopback(req.URL.Hostname())) {
		return nil, fmt.Errorf("%s: refused to send over %q: only https is used, and http on the loopback address", req.URL.Host, req.URL.Scheme)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "cognito-go")
	}
	// A transport that calls GetConn is net/http's, and calls GotConn before it writes. One that calls neither says
	// nothing.
	var asked, got atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	}))
	answer, err := client.Do(req)
	if err != nil {
		return nil, lost(req.URL.Host, err, asked.Load() && !got.Load())
	}
	defer answer.Body.Close()
	s.learn(req.URL, answer.Header)
	limit := r.MaxBody
	if limit == 0 {
		limit = defaultMaxBody
	}
	return r.read(answer, req.URL.Host, limit)
}

// A connectionError is a failure to get a whole answer from a host.
type connectionError struct {
	host   string
	err    error
	unsent bool // there was no connection to send the request by
}

// lost makes a connectionError of what net/http returns, without the URL that it names.
func lost(host string, err error, unsent bool) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	var dns *net.DNSError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &dns) {
		unsent = true
	}
	return &connectionError{host, err, unsent}
}

func (e *connectionError) Error() string { return e.host + ": " + Clean(e.err.Error(), 512) }

func (e *connectionError) Unwrap() error { return e.err }

// Word reports whether s is one word of at most limit bytes, as keys and tokens are: printable ASCII without spaces.
func Word(s string, limit int) bool {
	return s != "" && len(s) <= limit && strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}
