package awshttp

import (
	"context"
	"io"
	"net"
	"net/http"
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

func newPipes() pipes { return pipes{make(chan net.Conn), make(chan struct{})} }

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

// TestNoGoroutineLeaks runs net/http on both sides. A synctest bubble fails the test if a goroutine
// is left at its end.
func TestNoGoroutineLeaks(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"success", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		{"failure", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(400) }},
		{"503", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}},
		{"endless", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, endless{}) }},
		{"abort", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
		{"broke off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9")
			w.Write([]byte("x"))
		}},
		{"silent", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // so that the server notices that the client leaves
			<-r.Context().Done()
		}},
		{"slow", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				server := &http.Server{Handler: test.handler}
				go server.Serve(l)
				client := NewHTTPClient()
				client.Transport.(*http.Transport).DialContext = l.dial
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
				defer cancel()
				_, err := new(Sender).Do(ctx, Request{
					HTTPClient: client,
					New:        post("http://localhost/"),
					Idempotent: true,
				})
				if (err == nil) != (test.name == "success") {
					t.Errorf("Do = %v", err)
				}
				client.CloseIdleConnections()
				server.Close()
			})
		})
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestIdleConnectionIsReplaced checks that net/http replaces a connection that the server closed
// before the request, without an error.
func TestIdleConnectionIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		handler := func(w http.ResponseWriter, r *http.Request) {
			if b, _ := io.ReadAll(r.Body); !strings.HasPrefix(string(b), "what") {
				t.Errorf("the server received %q", b)
			}
		}
		server := &http.Server{IdleTimeout: time.Second, Handler: http.HandlerFunc(handler)}
		go server.Serve(l)
		client := NewHTTPClient()
		client.Transport.(*http.Transport).DialContext = l.dial
		var s Sender
		for range 3 {
			r := Request{HTTPClient: client, New: post("http://localhost/")}
			if _, err := s.Do(t.Context(), r); err != nil {
				t.Errorf("Do: %v", err)
			}
			time.Sleep(time.Minute)
		}
		client.CloseIdleConnections()
		server.Close()
	})
}
