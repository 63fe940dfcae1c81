package awshttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are in memory.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.accept <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// However a call ends, with net/http on both sides, nothing of it stays behind: the end of a synctest bubble fails the
// test when a goroutine does.
func TestNoGoroutineStays(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"success":  func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) },
		"failure":  func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(400) },
		"503":      func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 307) },
		"endless":  func(w http.ResponseWriter, r *http.Request) { io.Copy(w, endless{}) },
		"cut":      func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"broke off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9")
			w.Write([]byte("x"))
		},
		"silent": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // else the server does not notice that the client leaves
			<-r.Context().Done()
		},
		"slow": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pipes{make(chan net.Conn), make(chan struct{})}
				server := &http.Server{Handler: handler}
				go server.Serve(l)
				client := NewHTTPClient()
				client.Transport.(*http.Transport).DialContext = l.dial
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
				defer cancel()
				var s Sender
				_, err := s.Do(ctx, Request{HTTPClient: client, New: post("http://localhost/"), Idempotent: true})
				if (err == nil) != (name == "success") {
					t.Error(err)
				}
				client.CloseIdleConnections()
				server.Close()
			})
		})
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// New may call another service, for credentials. What that answers is not this service's answer.
func TestFailureOfNew(t *testing.T) {
	for _, mine := range []error{
		&Failure{Code: "ThrottlingException", StatusCode: 400},
		&Failure{Code: "RequestTimeTooSkewed", StatusCode: 403},
		fmt.Errorf("other: %w", &Failure{Code: "HTTP 503", StatusCode: 503}),
		disconnected("other.example", io.EOF, true),
		&net.OpError{Op: "dial", Err: errors.New("refused")},
	} {
		n := 0
		var s Sender
		_, err := s.Do(t.Context(), Request{Idempotent: true, New: func(context.Context, time.Time) (*http.Request, error) {
			n++
			return nil, mine
		}})
		if err != mine || n != 1 {
			t.Errorf("asked %d times, %v", n, err)
		}
	}
}

// A connection that net/http found closed before it wrote, and replaced, changes nothing for the caller.
func TestIdleConnectionIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{IdleTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if b, _ := io.ReadAll(r.Body); !strings.HasPrefix(string(b), "what") {
				t.Errorf("received %q", b)
			}
		})}
		go server.Serve(l)
		client := NewHTTPClient()
		client.Transport.(*http.Transport).DialContext = l.dial
		var s Sender
		for range 3 {
			if _, err := s.Do(t.Context(), Request{HTTPClient: client, New: post("http://localhost/")}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		client.CloseIdleConnections()
		server.Close()
	})
}

// Nor do the connections that New makes tell anything about that of the request.
func TestConnectionOfNew(t *testing.T) {
	n := 0
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		n++
		return nil, io.ErrUnexpectedEOF // it may have been sent
	})}
	var s Sender
	_, err := s.Do(t.Context(), Request{HTTPClient: client, New: func(ctx context.Context, now time.Time) (*http.Request, error) {
		if trace := httptrace.ContextClientTrace(ctx); trace != nil {
			t.Error("the hooks of the request are seen by others")
		}
		return post(address)(ctx, now)
	}})
	if err == nil || n != 1 {
		t.Errorf("sent %d times, %v", n, err)
	}
}
