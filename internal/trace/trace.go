// Package trace describes HTTP requests to AWS services without their secrets: it shows no query,
// no body, and no header value except the request ID.
package trace

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An Exchange is a request and the header of its response.
type Exchange struct {
	Method, Host string
	Operation    string // the path of the URL if the operation is unknown
	Retries      int    // how many attempts preceded this one
	Status       int    // 0 if there is no response
	RequestID    string
	Took         time.Duration
	Offset       time.Duration // the server's clock minus this machine's, or 0 if it is below 5 s
	Err          error
}

// String returns the exchange in one line. The request ID and the error may have characters that
// are not printable.
func (e *Exchange) String() string {
	result := fmt.Sprint(e.Status)
	if e.Err != nil {
		result = "failed"
	}
	text := fmt.Sprintf("%s %s %s: %s in %v, retry %d, clock offset %v", e.Method, e.Host,
		e.Operation, result, e.Took, e.Retries, e.Offset)
	if e.RequestID != "" {
		text += ", request " + e.RequestID
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// A Transport is an [http.RoundTripper] that reports its requests.
type Transport struct {
	Base http.RoundTripper
	// Begin is called before each request. It returns a function that is called with the result
	// when the header of the response has arrived or the request has failed.
	Begin func(*http.Request) (end func(*Exchange))
}

// RoundTrip sends the request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r, form, err := withForm(r)
	if err != nil {
		return nil, err
	}
	e := &Exchange{
		Method:    r.Method,
		Host:      r.URL.Host,
		Operation: Operation(r, form),
		Retries:   retries(r.Context()),
	}
	if e.Operation == "" {
		e.Operation = r.URL.EscapedPath()
	}
	end := t.Begin(r)
	begin := time.Now()
	response, err := t.Base.RoundTrip(r)
	e.Took = time.Since(begin).Round(time.Millisecond)
	if e.Err = err; err == nil {
		e.Status = response.StatusCode
		e.RequestID = requestID(response.Header)
		e.Offset = offset(response.Header)
	}
	end(e)
	return response, err
}

// CloseIdleConnections closes the idle connections of Base, for the method of [http.Client].
func (t *Transport) CloseIdleConnections() {
	(&http.Client{Transport: t.Base}).CloseIdleConnections()
}

// maxForm is the largest form that is read. The requests of AWS STS are smaller.
const maxForm = 64 << 10

// withForm returns the form in the body of r, and a request that sends the body. It reads no body
// of another type, because that may be large.
func withForm(r *http.Request) (*http.Request, url.Values, error) {
	const formType = "application/x-www-form-urlencoded"
	if r.Body == nil || !strings.HasPrefix(r.Header.Get("Content-Type"), formType) {
		return r, nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	if err != nil {
		r.Body.Close()
		return r, nil, err
	}
	copied := *r // RoundTrip must not change the caller's request
	copied.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
	form, _ := url.ParseQuery(string(data))
	return &copied, form, nil
}

// Operation returns the name of the operation that r requests, such as InitiateAuth, or "" if it is
// unknown. form is the form in the body, or nil.
func Operation(r *http.Request, form url.Values) string {
	if _, target, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return target
	}
	query := r.URL.Query()
	switch {
	case form.Has("Action"):
		return form.Get("Action")
	case query.Get("list-type") == "2":
		return "ListObjectsV2"
	case query.Has("versions"):
		return "ListObjectVersions"
	}
	return ""
}

// requestID returns the ID with which the server logs the request, or "".
func requestID(h http.Header) string {
	id := cmp.Or(h.Get("X-Amzn-Requestid"), h.Get("X-Amz-Request-Id"))
	return id[:min(len(id), 100)]
}

// offset returns the server's clock minus this machine's, if it is 5 seconds or more: a Date header
// has whole seconds, and the response took time.
func offset(h http.Header) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	off := time.Until(date).Round(time.Second)
	if err != nil || off.Abs() < 5*time.Second || h.Get("Age") != "" {
		return 0
	}
	return off
}

type retriesKey struct{}

// WithRetries returns a context for the requests of an attempt that n attempts preceded.
func WithRetries(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, retriesKey{}, n)
}

// retries returns the n of [WithRetries], or 0.
func retries(ctx context.Context) int {
	n, _ := ctx.Value(retriesKey{}).(int)
	return n
}
