package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// A fault is a Server.Fault that can be changed while requests are in flight.
type fault struct {
	now atomic.Pointer[func(*http.Request) *http.Response]
}

func (f *fault) set(answer func(*http.Request) *http.Response) { f.now.Store(&answer) }

// faulty sets the fault of a server that does not listen yet.
func (m *machine) faulty() *fault {
	f := new(fault)
	m.server.Fault = func(r *http.Request) *http.Response {
		if answer := f.now.Load(); answer != nil && *answer != nil {
			return (*answer)(r)
		}
		return nil
	}
	return f
}

// operation is what a request asks a JSON service for.
func operation(r *http.Request) string {
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return name
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}
}

// refused is the answer of a JSON service that refuses.
func refused(code, message string) *http.Response {
	return answer(400, fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message))
}
