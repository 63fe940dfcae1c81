package sigv4

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func provide(context.Context) (Credentials, error) { return example, nil }

// body counts how often it is closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error { b.closed++; return nil }

func TestTransport(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") == "" || r.ContentLength != int64(len(content)) {
			w.WriteHeader(http.StatusForbidden)
		}
		w.Write(content)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a dial that lost the race is closed in its handshake
	server.StartTLS()
	defer server.Close()
	client := server.Client()
	transport := &Transport{Region: "eu-west-1", Service: "execute-api", Credentials: provide, Base: client.Transport}
	client.Transport = transport
	defer client.CloseIdleConnections()

	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			resp, err := client.Post(server.URL+"/prod/items", "text/plain", io.MultiReader(strings.NewReader("a "), strings.NewReader("stream")))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if content, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(content) != "a stream" {
				t.Errorf("status %d, body %q, %v", resp.StatusCode, content, err)
			}
			if len(resp.Request.Header) != 1 || resp.Request.URL.Host == "" {
				t.Errorf("the answer's request is not the one that was made: %v", resp.Request.Header)
			}
		})
	}
	wait.Wait()
}

// TestTransportTime shows that each request is signed with the time of its own sending, on a clone.
func TestTransportTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dates []string
		transport := &Transport{Region: "eu-west-1", Service: "s3", Credentials: provide, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			dates = append(dates, r.Header.Get("X-Amz-Date"))
			raw, err := wire(r)
			if err != nil {
				return nil, err
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody}, oracle(raw, example.SecretAccessKey, true)
		})}
		req := newRequest(t, "PUT", "https://Example.com:443/a+b?c=d e", bytes.NewReader([]byte("body")))
		req.Header.Set("X-Amz-Acl", "private")
		header, target := req.Header.Clone(), *req.URL
		for range 2 {
			if _, err := transport.RoundTrip(req); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(header, req.Header) + cmp.Diff(target, *req.URL); diff != "" || req.Host != "Example.com:443" {
				t.Errorf("the request was changed: %s", diff)
			}
			req.Body, _ = req.GetBody()
			time.Sleep(20 * time.Minute)
		}
		transport.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		if _, err := transport.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"20000101T000000Z", "20000101T002000Z", "19991231T234000Z"}, dates); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTransportRefusals(t *testing.T) {
	locked := errors.New("locked out")
	sent := errors.New("sent")
	elsewhere := newRequest(t, "GET", "https://example.org/", nil)
	tests := []struct {
		name   string
		url    string
		change func(*Transport, *http.Request)
		want   string
	}{
		{"plain http", "http://example.com/", nil, "need https"},
		{"plain http to what looks like loopback", "http://localhost.example.com/", nil, "need https"},
		{"plain http under a loopback Host header", "http://203.0.113.1/", func(_ *Transport, r *http.Request) { r.Host = "localhost" }, "need https"},
		{"no credentials function", "https://example.com/", func(t *Transport, _ *http.Request) { t.Credentials = nil }, "Transport.Credentials is nil"},
		{"no credentials", "https://example.com/", func(t *Transport, _ *http.Request) {
			t.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, locked }
		}, "getting credentials: locked out"},
		{"empty credentials", "https://example.com/", func(t *Transport, _ *http.Request) {
			t.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, nil }
		}, "no access key ID"},
		{"no region", "https://example.com/", func(t *Transport, _ *http.Request) { t.Region = "" }, `Region ""`},
		{"own Authorization", "https://example.com/", func(_ *Transport, r *http.Request) { r.SetBasicAuth("u", "hunter2") }, "Authorization is set already"},
		{"no URL", "https://example.com/", func(_ *Transport, r *http.Request) { r.URL = nil }, "no URL"},
		{"redirect to another host", "https://example.com/", func(_ *Transport, r *http.Request) { r.Response = &http.Response{Request: elsewhere} }, "redirect to example.com"},
		{"redirect from nowhere", "https://example.com/", func(_ *Transport, r *http.Request) { r.Response = &http.Response{} }, "redirect to example.com"},
		{"redirect on the host", "https://example.org/other", func(_ *Transport, r *http.Request) { r.Response = &http.Response{Request: elsewhere} }, ""},
		{"https", "https://example.com/", nil, ""},
		{"localhost", "http://localhost:9000/", nil, ""},
		{"loopback IPv4", "http://127.1.2.3/", nil, ""},
		{"loopback IPv6", "http://[::1]:9000/", nil, ""},
		{"loopback in IPv6 form", "http://[::ffff:127.0.0.1]/", nil, ""},
	}
	for _, test := range tests {
		transport := &Transport{Region: "us-east-1", Service: "s3", Credentials: provide, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			r.Body.Close()
			return nil, sent
		})}
		content := &body{Reader: strings.NewReader("body")}
		req := newRequest(t, "PUT", test.url, content)
		if test.change != nil {
			test.change(transport, req)
		}
		_, err := transport.RoundTrip(req)
		if test.want == "" {
			if !errors.Is(err, sent) {
				t.Errorf("%s: %v", test.name, err)
			}
		} else {
			checkRefusal(t, test.name, err, test.want)
		}
		if content.closed == 0 {
			t.Errorf("%s: the body was not closed", test.name)
		}
	}
}

// TestTransportRedirect shows what a client does with redirects: none leads a signed request to another server.
func TestTransportRedirect(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other server was asked") }))
	defer foreign.Close()
	var dates []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dates = append(dates, r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, foreign.URL, http.StatusTemporaryRedirect)
		case "/near":
			http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Region: "us-east-1", Service: "execute-api", Credentials: provide}}
	defer client.CloseIdleConnections()
	if _, err := client.Post(server.URL+"/away", "text/plain", strings.NewReader("body")); err == nil || !strings.Contains(err.Error(), "CheckRedirect") {
		t.Errorf("error is %v", err)
	}
	resp, err := client.Post(server.URL+"/near", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(dates) != 3 || dates[1] == dates[2] {
		t.Errorf("a redirect on the same host was not signed anew: %q", dates)
	}
}
