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

// Client answers an HTTP client that reaches s in memory, under the host names that AWS uses: regional, FIPS and
// dual-stack ones of every partition, and for S3 with the bucket in the host name or in the path. Host names of this
// machine (localhost, 127.0.0.1) work too. Any other name fails as if it did not exist. No socket is opened, so it can be
// used inside testing/synctest. A request whose context ends is given up. Close the bodies of responses, as always.
func (s *Server) Client() *http.Client {
	s.start.Do(s.load)
	return &http.Client{Transport: memory{s}}
}

// memory is the transport of [Server.Client].
type memory struct{ server *Server }

// RoundTrip hands r to the server as it would have arrived over a connection.
func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	in, err := arrived(r, body)
	if err != nil {
		body.Close() // a RoundTripper closes the body also when it fails
		return nil, err
	}
	done := make(chan *recorder, 1)
	var decided atomic.Bool // that the request is given up, or that it is not
	decide := func() bool { return decided.CompareAndSwap(false, true) }
	go func(fault func(*http.Request) *http.Response) {
		defer body.Close()
		rec := &recorder{header: make(http.Header)}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				rec.panic = p
			} else {
				rec.cut = p != nil
			}
			done <- rec
		}()
		m.server.serve(rec, in, fault, decide)
	}(m.server.Fault)
	select {
	case <-ctx.Done():
		body.Close() // ends a handler that still reads it
		if !decide() {
			<-done // so that the caller may change the server's fields
		}
		return nil, context.Cause(ctx)
	case rec := <-done:
		if rec.panic != nil {
			panic(rec.panic) // in the caller's goroutine, where a test sees it
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return rec.response(r)
	}
}

// arrived is r as a server sees it.
func arrived(r *http.Request, body io.ReadCloser) (*http.Request, error) {
	h := parseHost(r.URL.Host)
	switch {
	case loopback(r.URL.Host):
	case h.service == "":
		return nil, fmt.Errorf("cognitotest: no such host: %q is not one of AWS's for Cognito, STS or S3", r.URL.Host)
	case r.URL.Scheme != "https":
		return nil, fmt.Errorf("cognitotest: connection refused: %s is served over https only", r.URL.Host)
	case strings.Contains(h.bucket, "."):
		return nil, fmt.Errorf("cognitotest: certificate is valid for one name below s3, not for %s", r.URL.Host)
	}
	target, err := url.ParseRequestURI(r.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.URL, in.RequestURI = target, r.URL.RequestURI()
	in.Body, in.GetBody = body, nil
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if r.ContentLength == 0 && body != http.NoBody {
		in.ContentLength = -1 // net/http: 0 with a body means unknown
	}
	return in, nil
}

// recorder keeps what a handler writes.
type recorder struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
	cut          bool // the handler aborted: the connection ends here
	panic        any  // any other panic of the handler
}

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status, rec.sent = status, rec.header.Clone()
	}
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(p)
}

// response is what has been written, as a client sees it.
func (rec *recorder) response(r *http.Request) (*http.Response, error) {
	if rec.status == 0 {
		if rec.cut {
			return nil, fmt.Errorf("cognitotest: connection cut: %w", io.EOF)
		}
		rec.WriteHeader(http.StatusOK)
	}
	var body io.Reader = bytes.NewReader(rec.body.Bytes())
	length := int64(rec.body.Len())
	if rec.cut {
		body, length = io.MultiReader(body, broken{}), -1
	}
	if r.Method == http.MethodHead {
		body, length = http.NoBody, -1
		if n, err := strconv.ParseInt(rec.sent.Get("Content-Length"), 10, 64); err == nil {
			length = n
		}
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", rec.status, http.StatusText(rec.status)), StatusCode: rec.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: rec.sent, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// broken is the end of a connection that was cut.
type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, errors.Join(errors.New("cognitotest: connection cut"), io.ErrUnexpectedEOF)
}
