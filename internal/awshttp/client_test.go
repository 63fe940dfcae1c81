package awshttp

import (
	"crypto/fips140"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// serveTLS starts a server with TLS, and returns a NewHTTPClient that trusts it.
func serveTLS(
	t *testing.T, config *tls.Config, h http.HandlerFunc,
) (*httptest.Server, *http.Client) {
	s := httptest.NewUnstartedServer(h)
	s.TLS = config
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	c := NewHTTPClient()
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	t.Cleanup(c.CloseIdleConnections)
	return s, c
}

func TestNewHTTPClient(t *testing.T) {
	s, c := serveTLS(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.TLS.Version < tls.VersionTLS12 {
			t.Errorf("request over %s and %s, want HTTP/2 and TLS 1.2 or later",
				r.Proto, tls.VersionName(r.TLS.Version))
		}
	})
	if _, err := new(Sender).Do(t.Context(), Request{HTTPClient: c, New: post(s.URL)}); err != nil {
		t.Fatalf("Do: %v", err)
	}
	tr := c.Transport.(*http.Transport)
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"Timeout", int64(c.Timeout)},
		{"TLSHandshakeTimeout", int64(tr.TLSHandshakeTimeout)},
		{"ResponseHeaderTimeout", int64(tr.ResponseHeaderTimeout)},
		{"IdleConnTimeout", int64(tr.IdleConnTimeout)},
		{"MaxResponseHeaderBytes", tr.MaxResponseHeaderBytes},
	} {
		if limit.value == 0 {
			t.Errorf("%s is 0", limit.name)
		}
	}
	if tr == http.DefaultTransport || c == http.DefaultClient ||
		NewHTTPClient().Transport == c.Transport {
		t.Error("the client or its transport is shared")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	requests := 0
	old := &tls.Config{
		MinVersion: tls.VersionTLS10,
		MaxVersion: tls.VersionTLS11,
		NextProtos: []string{"http/1.1"},
	}
	s, c := serveTLS(t, old, func(http.ResponseWriter, *http.Request) { requests++ })
	r := Request{HTTPClient: c, New: post(s.URL)}
	if _, err := new(Sender).Do(t.Context(), r); err == nil || requests != 0 {
		t.Errorf("Do = %v with %d requests, want an error with TLS 1.1", err, requests)
	}
	if fips140.Enabled() {
		return // no TLS before 1.2, so there is nothing to compare with
	}
	// The server is usable otherwise.
	c.Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS10
	if _, err := new(Sender).Do(t.Context(), r); err != nil || requests != 1 {
		t.Errorf("Do = %v with %d requests, want 1 with TLS 1.0 allowed", err, requests)
	}
}

func TestUnknownCertificateIsRefusedOnce(t *testing.T) {
	var attempts atomic.Int32
	s, c := serveTLS(t, nil, func(http.ResponseWriter, *http.Request) {
		t.Error("the server received a request")
	})
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs = nil
	r := Request{HTTPClient: c, Idempotent: true, New: counted(&attempts, s.URL)}
	if _, err := new(Sender).Do(t.Context(), r); err == nil || attempts.Load() != 1 {
		t.Errorf("Do = %v after %d attempts, want an error after 1", err, attempts.Load())
	}
}

// TestRedirectIsNotFollowed checks that a 3xx status is an error, whatever the client's
// CheckRedirect returns, and that the second host receives nothing.
func TestRedirectIsNotFollowed(t *testing.T) {
	second := serve(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the second host received %s %s", r.Method, r.URL)
	})
	const malformed = "http://%zz/"
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, location := range []string{second.URL, "", malformed} {
			first := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(status)
			})
			client := first.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
			r := Request{HTTPClient: client, New: post(first.URL)}
			_, err := new(Sender).Do(t.Context(), r)
			want := fmt.Sprintf("HTTP %d: the server redirects to another address", status)
			if err == nil || location != malformed && !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%d to %q: Do = %v, want %s", status, location, err, want)
			}
			if client.CheckRedirect(nil, nil) != nil {
				t.Error("Do changed the caller's client")
			}
		}
	}
}

// TestUnsent uses real sockets, because it depends on how net/http reports failures. Requests that
// fail before there is a connection were not sent, and are retried even if they are not idempotent.
// After that it is unknown whether the server processed them.
func TestUnsent(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, test := range []struct {
		name string
		url  string
		want int32
	}{
		{"closed port", "http://" + fakehttp.Nowhere, 3},
		{"connection closed in the TLS handshake", "https://" + closeAfter(t, 1), 3},
		{"no TLS", "https://" + plain.Listener.Addr().String(), 3},
		{"connection closed after the request", "http://" + closeAfter(t, 100), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewHTTPClient()
			defer c.CloseIdleConnections()
			var n atomic.Int32
			r := Request{HTTPClient: c, New: counted(&n, test.url)}
			if _, err := new(Sender).Do(t.Context(), r); err == nil || n.Load() != test.want {
				t.Errorf("Do = %v after %d attempts, want an error after %d",
					err, n.Load(), test.want)
			}
		})
	}
}

// closeAfter returns the address of a listener that closes each connection after it has read a
// number of bytes.
func closeAfter(t *testing.T, bytes int) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, bytes))
			c.Close()
		}
	}()
	return l.Addr().String()
}
