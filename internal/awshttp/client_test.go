package awshttp

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server on the loopback address.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// serveTLS starts a server with TLS, and gives a NewHTTPClient that trusts it.
func serveTLS(t *testing.T, config *tls.Config, h http.HandlerFunc) (*httptest.Server, *http.Client) {
	s := httptest.NewUnstartedServer(h)
	s.TLS = config
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	c := NewHTTPClient()
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	t.Cleanup(c.CloseIdleConnections)
	return s, c
}

func TestNewHTTPClient(t *testing.T) {
	s, c := serveTLS(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.TLS.Version < tls.VersionTLS12 {
			t.Errorf("%s with TLS %x", r.Proto, r.TLS.Version)
		}
	})
	var sender Sender
	if _, err := sender.Do(t.Context(), Request{HTTPClient: c, New: post(s.URL)}); err != nil {
		t.Fatal(err)
	}
	tr := c.Transport.(*http.Transport)
	if c.Timeout == 0 || tr.TLSHandshakeTimeout == 0 || tr.ResponseHeaderTimeout == 0 || tr.IdleConnTimeout == 0 || tr.MaxResponseHeaderBytes == 0 {
		t.Error("a limit is missing")
	}
	if tr == http.DefaultTransport || c == http.DefaultClient || NewHTTPClient().Transport == c.Transport {
		t.Error("something is shared")
	}
	if reflect.ValueOf(tr.Proxy).Pointer() != reflect.ValueOf(http.ProxyFromEnvironment).Pointer() {
		t.Error("the proxies of the environment are not used")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	reached := 0
	s, c := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, NextProtos: []string{"http/1.1"}},
		func(http.ResponseWriter, *http.Request) { reached++ })
	var sender Sender
	if _, err := sender.Do(t.Context(), Request{HTTPClient: c, New: post(s.URL)}); err == nil || reached != 0 {
		t.Fatal("TLS 1.1 was accepted")
	}
	c.Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS10
	if _, err := sender.Do(t.Context(), Request{HTTPClient: c, New: post(s.URL)}); err != nil || reached != 1 {
		t.Fatal("refused for another reason, so that the above shows nothing:", err)
	}
}

func TestUnknownCertificateIsRefusedOnce(t *testing.T) {
	var connections atomic.Int32
	s, c := serveTLS(t, nil, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs = nil
	var sender Sender
	_, err := sender.Do(t.Context(), Request{HTTPClient: c, Idempotent: true, New: counted(&connections, s.URL)})
	if err == nil || connections.Load() != 1 {
		t.Fatal(connections.Load(), err)
	}
}

func counted(n *atomic.Int32, url string) func(ctx context.Context, now time.Time) (*http.Request, error) {
	return func(ctx context.Context, now time.Time) (*http.Request, error) {
		n.Add(1)
		return post(url)(ctx, now)
	}
}

// What fails before a connection is had was not sent, so that also a call that may not be repeated is. Once the request
// is out, nobody knows. These are real sockets: how net/http reports both is what matters.
func TestUnsent(t *testing.T) {
	cut := func(after int) string { // a listener that closes every connection after reading so many bytes
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
				io.ReadFull(c, make([]byte, after))
				c.Close()
			}
		}()
		return l.Addr().String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, test := range []struct {
		name string
		url  string
		want int32
	}{
		{"nobody listens", "http://" + closed.Addr().String(), 3},
		{"TLS handshake cut", "https://" + cut(1), 3},
		{"no TLS there", "https://" + serve(t, func(http.ResponseWriter, *http.Request) {}).Listener.Addr().String(), 3},
		{"cut after sending", "http://" + cut(100), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewHTTPClient()
			defer c.CloseIdleConnections()
			var n atomic.Int32
			var sender Sender
			if _, err := sender.Do(t.Context(), Request{HTTPClient: c, New: counted(&n, test.url)}); err == nil || n.Load() != test.want {
				t.Errorf("%d attempts, want %d; %v", n.Load(), test.want, err)
			}
		})
	}
}
