package cognitotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
)

// Client returns an HTTP client that reaches s in memory, under the host names that AWS uses:
// regional, FIPS and dual-stack hosts of every partition. For S3 the bucket may be in the host name
// or in the path. The Domain of a user pool and loopback hosts (localhost, 127.0.0.1) work too. All
// other host names fail as if they did not exist. The client opens no socket, so it works inside
// testing/synctest.
func (s *Server) Client() *http.Client {
	s.start.Do(s.load)
	return &http.Client{Transport: memory{s}}
}

// memory is the transport of [Server.Client].
type memory struct{ server *Server }

// RoundTrip passes r to the server as if it had arrived over a connection.
func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	in, err := m.server.arrived(r, body)
	if err != nil {
		body.Close() // A RoundTripper closes the body even if it fails.
		return nil, err
	}
	done := make(chan *recorder, 1)
	var decided atomic.Bool // whether the request is abandoned or committed
	decide := func() bool { return decided.CompareAndSwap(false, true) }
	go func(fault func(*http.Request) *http.Response) {
		rec := &recorder{header: make(http.Header)}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				rec.panic = p
			} else {
				rec.closed = p != nil
			}
			body.Close()
			done <- rec
		}()
		m.server.serve(rec, in, fault, decide)
	}(m.server.Fault)
	select {
	case <-ctx.Done():
		body.Close() // unblocks a handler that reads it
		if !decide() {
			<-done // Afterwards the caller may change the server's fields.
		}
		return nil, context.Cause(ctx)
	case rec := <-done:
		if rec.panic != nil {
			panic(rec.panic) // in the caller's goroutine, so that the test sees it
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return rec.response(r)
	}
}

// arrived returns r as a server receives it.
func (s *Server) arrived(r *http.Request, body io.ReadCloser) (*http.Request, error) {
	h := parseHost(r.URL.Host)
	switch {
	case loopback(r.URL.Host):
	case h.service == "" && s.domainPool(r.URL.Host) == nil:
		return nil, fmt.Errorf(
			"cognitotest: no such host: %q is not an AWS host of Cognito, STS or S3", r.URL.Host)
	case r.URL.Scheme != "https":
		return nil, fmt.Errorf(
			"cognitotest: connection refused: %s is served over https only", r.URL.Host)
	case strings.Contains(h.bucket, "."):
		return nil, fmt.Errorf(
			"cognitotest: certificate is valid for one label below s3, not for %s", r.URL.Host)
	}
	target, err := url.ParseRequestURI(r.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.URL = target
	in.RequestURI = r.URL.RequestURI()
	in.Body = body
	in.GetBody = nil
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if r.ContentLength == 0 && body != http.NoBody {
		in.ContentLength = -1 // In net/http, 0 with a body means unknown.
	}
	in.Header = make(http.Header)
	for name, values := range r.Header {
		for _, value := range values {
			in.Header.Add(name, value) // in its canonical form
		}
	}
	return in, nil
}

// recorder records the response that a handler writes.
type recorder struct {
	header http.Header
	sent   http.Header // header at the time of WriteHeader
	status int
	body   bytes.Buffer
	closed bool // The handler panicked with ErrAbortHandler.
	panic  any  // any other panic of the handler
}

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
		rec.sent = rec.header.Clone()
	}
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(p)
}

// response returns the recorded response as a client receives it.
func (rec *recorder) response(r *http.Request) (*http.Response, error) {
	if rec.status == 0 && rec.closed {
		return nil, fmt.Errorf("cognitotest: connection closed: %w", io.EOF)
	}
	rec.WriteHeader(http.StatusOK)
	var body io.Reader = &rec.body
	length := int64(rec.body.Len())
	if rec.closed {
		body = io.MultiReader(body, broken{})
		length = -1
	}
	if r.Method == http.MethodHead {
		body = http.NoBody
		length = -1
		if n, err := strconv.ParseInt(rec.sent.Get("Content-Length"), 10, 64); err == nil {
			length = n
		}
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", rec.status, http.StatusText(rec.status)),
		StatusCode:    rec.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        rec.sent,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Request:       r,
	}, nil
}

// broken is the end of a connection that was closed early.
type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, errors.Join(errors.New("cognitotest: connection closed"), io.ErrUnexpectedEOF)
}
