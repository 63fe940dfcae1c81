// Package fakehttp serves HTTP requests in memory, for tests.
//
//	client := fakehttp.Client(func(r *http.Request) *http.Response {
//		return fakehttp.Response(400, `{"__type":"TooManyRequestsException"}`, "Retry-After", "3")
//	})
package fakehttp

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// A Transport is a function that implements [http.RoundTripper].
type Transport func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f Transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ErrDisconnected is the error of a [Client] whose function returns no response.
var ErrDisconnected = errors.New("fakehttp: disconnected")

// Client returns a client that answers requests with respond. If respond returns nil, the request
// fails with [ErrDisconnected].
func Client(respond func(*http.Request) *http.Response) *http.Client {
	return &http.Client{Transport: Transport(func(r *http.Request) (*http.Response, error) {
		resp := respond(r)
		if resp == nil {
			return nil, ErrDisconnected
		}
		return resp, nil
	})}
}

// Canned returns a client that gives every request the same response, and the number of requests
// so far. It is not safe for concurrent use.
func Canned(status int, body string, header ...string) (client *http.Client, sent *int) {
	sent = new(int)
	return Client(func(*http.Request) *http.Response {
		*sent++
		return Response(status, body, header...)
	}), sent
}

// Response returns a response. header has names and values in turn.
func Response(status int, body string, header ...string) *http.Response {
	return Stream(status, strings.NewReader(body), header...)
}

// Stream returns a response with a body that is read from body.
func Stream(status int, body io.Reader, header ...string) *http.Response {
	h := make(http.Header)
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        h,
		Body:          io.NopCloser(body),
		ContentLength: -1,
	}
}

// Body returns the body of a request that arrives at a [Transport].
func Body(r *http.Request) string {
	if r.Body == nil {
		return ""
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
