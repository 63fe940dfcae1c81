// Package fakehttp serves HTTP requests in memory, for tests.
//
//	client := fakehttp.Client(func(r *http.Request) *http.Response {
//		return fakehttp.Response(400, `{"__type":"TooManyRequestsException"}`, "Retry-After", "3")
//	})
package fakehttp

import (
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
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

// Nowhere is the address of a port on which nothing listens. Systems do not assign it to a server
// (RFC 6335 section 6), unlike a port that was free a moment ago.
const Nowhere = "127.0.0.1:1"

// FreePort returns an unused TCP port of 127.0.0.1. It is outside the ranges from which systems
// assign ports, so that no other test's server receives it in the meantime. Until a function runs
// that it passes to cleanup, FreePort returns the port to no other test of any process: it holds
// the UDP port of the same number.
func FreePort(cleanup func(func())) (port string, err error) {
	for range 100 {
		n, _ := rand.Int(rand.Reader, big.NewInt(19_900)) // crypto/rand returns no error
		port = strconv.FormatInt(10_100+n.Int64(), 10)
		var held net.PacketConn
		if held, err = net.ListenPacket("udp", "127.0.0.1:"+port); err != nil {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			cleanup(func() { held.Close() })
			return port, l.Close()
		}
		held.Close()
	}
	return "", err
}
