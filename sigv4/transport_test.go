package sigv4

import (
	"bufio"
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
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// provide is the Credentials function of a Transport.
func provide(context.Context) (Credentials, error) { return example, nil }

// body counts the bytes that are read from it and the calls of Close.
type body struct {
	io.Reader
	read, closed int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *body) Close() error {
	b.closed++
	return nil
}

func TestTransport(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			content, _ := io.ReadAll(r.Body)
			if r.Header.Get("Authorization") == "" || r.ContentLength != int64(len(content)) {
				w.WriteHeader(http.StatusForbidden)
			}
			w.Write(content)
		}))
	// net/http closes surplus connections in the handshake, which the server would log.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client := server.Client()
	client.Transport = &Transport{
		Region:      "eu-west-1",
		Service:     "execute-api",
		Credentials: provide,
		Base:        client.Transport,
	}
	defer client.CloseIdleConnections()

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			stream := io.MultiReader(strings.NewReader("a "), strings.NewReader("stream"))
			resp, err := client.Post(server.URL+"/prod/items", "text/plain", stream)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			content, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 200 || string(content) != "a stream" {
				t.Errorf("status = %d, content = %q, %v, want 200 and %q",
					resp.StatusCode, content, err, "a stream")
			}
			if len(resp.Request.Header) != 1 || resp.Request.URL.Host == "" {
				t.Errorf("header of resp.Request = %v, want the one that was sent to RoundTrip",
					resp.Request.Header)
			}
		})
	}
	wg.Wait()
}

// TestTransportTime checks that each request is signed with the time at which it is sent, and that
// RoundTrip signs a clone.
func TestTransportTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dates []string
		transport := &Transport{
			Region:      "eu-west-1",
			Service:     "s3",
			Credentials: provide,
			Base: roundTripper(func(r *http.Request) (*http.Response, error) {
				dates = append(dates, r.Header.Get("X-Amz-Date"))
				raw, err := wire(r)
				if err != nil {
					return nil, err
				}
				return &http.Response{StatusCode: 200, Body: http.NoBody},
					oracle(raw, example.SecretAccessKey, true)
			}),
		}
		content := bytes.NewReader([]byte("body"))
		req := newRequest(t, "PUT", "https://Example.com:443/a+b?c=d e", content)
		req.Header.Set("X-Amz-Acl", "private")
		header, target, host := req.Header.Clone(), *req.URL, req.Host
		for range 2 {
			if _, err := transport.RoundTrip(req); err != nil {
				t.Fatal(err)
			}
			diff := cmp.Diff(header, req.Header) + cmp.Diff(target, *req.URL)
			if diff += cmp.Diff(host, req.Host); diff != "" {
				t.Errorf("RoundTrip changed the request (-before +after):\n%s", diff)
			}
			req.Body, _ = req.GetBody()
			time.Sleep(20 * time.Minute)
		}
		transport.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		if _, err := transport.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		want := []string{"20000101T000000Z", "20000101T002000Z", "19991231T234000Z"}
		if diff := cmp.Diff(want, dates); diff != "" {
			t.Errorf("X-Amz-Date differs (-want +got):\n%s", diff)
		}
	})
}

func TestTransportRefuses(t *testing.T) {
	locked, sent := errors.New("locked out"), errors.New("sent")
	elsewhere := newRequest(t, "GET", "https://example.org/", nil)
	for _, test := range []struct {
		name   string
		url    string
		change func(*Transport, *http.Request)
		want   string // in the error, or empty if the request is sent
	}{
		{
			name: "http",
			url:  "http://example.com/",
			want: "needs the scheme https",
		},
		{
			name: "http to a name that begins with localhost",
			url:  "http://localhost.example.com/",
			want: "needs the scheme https",
		},
		{
			name:   "http with a loopback Host",
			url:    "http://203.0.113.1/",
			change: func(_ *Transport, r *http.Request) { r.Host = "localhost" },
			want:   "needs the scheme https",
		},
		{
			name:   "no Credentials function",
			url:    "https://example.com/",
			change: func(t *Transport, _ *http.Request) { t.Credentials = nil },
			want:   "Transport.Credentials is nil",
		},
		{
			name: "Credentials error",
			url:  "https://example.com/",
			change: func(t *Transport, _ *http.Request) {
				t.Credentials = func(context.Context) (Credentials, error) {
					return Credentials{}, locked
				}
			},
			want: "obtaining credentials: locked out",
		},
		{
			name: "empty credentials",
			url:  "https://example.com/",
			change: func(t *Transport, _ *http.Request) {
				t.Credentials = func(context.Context) (Credentials, error) {
					return Credentials{}, nil
				}
			},
			want: "no access key ID",
		},
		{
			name:   "no Region",
			url:    "https://example.com/",
			change: func(t *Transport, _ *http.Request) { t.Region = "" },
			want:   `Region ""`,
		},
		{
			name:   "Authorization header",
			url:    "https://example.com/",
			change: func(_ *Transport, r *http.Request) { r.SetBasicAuth("u", "hunter2") },
			want:   "Authorization is already set",
		},
		{
			name:   "no URL",
			url:    "https://example.com/",
			change: func(_ *Transport, r *http.Request) { r.URL = nil },
			want:   "no URL",
		},
		{
			name: "redirect to another host",
			url:  "https://example.com/",
			change: func(_ *Transport, r *http.Request) {
				r.Response = &http.Response{Request: elsewhere}
			},
			want: "redirect to example.com",
		},
		{
			name:   "redirect from an unknown request",
			url:    "https://example.com/",
			change: func(_ *Transport, r *http.Request) { r.Response = &http.Response{} },
			want:   "redirect to example.com",
		},
		{
			name: "redirect to the same host",
			url:  "https://example.org/other",
			change: func(_ *Transport, r *http.Request) {
				r.Response = &http.Response{Request: elsewhere}
			},
		},
		{
			name: "https",
			url:  "https://example.com/",
		},
		{
			name: "localhost",
			url:  "http://localhost:9000/",
		},
		{
			name: "loopback IPv4",
			url:  "http://127.1.2.3/",
		},
		{
			name: "loopback IPv6",
			url:  "http://[::1]:9000/",
		},
		{
			name: "loopback IPv4 in IPv6 form",
			url:  "http://[::ffff:127.0.0.1]/",
		},
	} {
		transport := &Transport{
			Region:      "us-east-1",
			Service:     "s3",
			Credentials: provide,
			Base: roundTripper(func(r *http.Request) (*http.Response, error) {
				r.Body.Close()
				return nil, sent
			}),
		}
		content := &body{Reader: strings.NewReader("body")}
		req := newRequest(t, "PUT", test.url, content)
		if test.change != nil {
			test.change(transport, req)
		}
		_, err := transport.RoundTrip(req)
		if test.want != "" {
			checkError(t, test.name, err, test.want)
		} else if !errors.Is(err, sent) {
			t.Errorf("%s: RoundTrip = %v, want %v", test.name, err, sent)
		}
		if content.closed == 0 {
			t.Errorf("%s: RoundTrip did not close the body", test.name)
		}
	}
}

// TestTransportRedirect checks that a client does not follow a redirect to another server, and
// signs the request again for a redirect on the same server.
func TestTransportRedirect(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) {
			t.Error("the other server received a request")
		}))
	defer foreign.Close()
	var signatures []string
	server := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			signatures = append(signatures, r.Header.Get("Authorization"))
			switch r.URL.Path {
			case "/away":
				http.Redirect(w, r, foreign.URL, http.StatusTemporaryRedirect)
			case "/near":
				http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
			}
		}))
	defer server.Close()
	client := &http.Client{Transport: &Transport{
		Region:      "us-east-1",
		Service:     "execute-api",
		Credentials: provide,
	}}
	defer client.CloseIdleConnections()
	_, err := client.Post(server.URL+"/away", "text/plain", strings.NewReader("body"))
	if err == nil || !strings.Contains(err.Error(), "CheckRedirect") {
		t.Errorf("redirect to another server: error = %v, want one with CheckRedirect", err)
	}
	resp, err := client.Post(server.URL+"/near", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(signatures) != 3 || signatures[1] == signatures[2] {
		t.Errorf("signatures = %q, want 3, and another one after the redirect", signatures)
	}
}

// TestUnsignedPayload checks which bodies a Transport leaves unsigned, and that it does not read
// them before it sends them.
func TestUnsignedPayload(t *testing.T) {
	const hash = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"
	for _, test := range []struct {
		name, service, url string
		body               io.Reader
		unsigned           bool   // the field of the Transport
		want               string // X-Amz-Content-Sha256
	}{
		{
			name:     "stream",
			service:  "s3",
			url:      "https://example.com/k",
			body:     iotest.HalfReader(strings.NewReader("body")),
			unsigned: true,
			want:     UnsignedPayload,
		},
		{
			name:     "bytes",
			service:  "s3",
			url:      "https://example.com/k",
			body:     strings.NewReader("body"),
			unsigned: true,
			want:     UnsignedPayload,
		},
		{
			name:     "nil",
			service:  "s3",
			url:      "https://example.com/k",
			unsigned: true,
			want:     emptySHA256,
		},
		{
			name:     "NoBody",
			service:  "s3",
			url:      "https://example.com/k",
			body:     http.NoBody,
			unsigned: true,
			want:     emptySHA256,
		},
		{
			name:    "field not set",
			service: "s3",
			url:     "https://example.com/k",
			body:    strings.NewReader("body"),
			want:    hash,
		},
		{
			name:     "http",
			service:  "s3",
			url:      "http://localhost/k",
			body:     strings.NewReader("body"),
			unsigned: true,
			want:     hash,
		},
		{
			name:     "other service",
			service:  "execute-api",
			url:      "https://example.com/k",
			body:     strings.NewReader("body"),
			unsigned: true,
			want:     "",
		},
	} {
		var sent *http.Request
		transport := &Transport{
			Region:          "eu-west-1",
			Service:         test.service,
			Credentials:     provide,
			UnsignedPayload: test.unsigned,
			Base: roundTripper(func(r *http.Request) (*http.Response, error) {
				sent = r
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			}),
		}
		var counted *body
		content := test.body
		if content != nil && content != http.NoBody {
			counted = &body{Reader: content}
			content = counted
		}
		req := newRequest(t, "PUT", test.url, content)
		if _, err := transport.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if got := sent.Header.Get("X-Amz-Content-Sha256"); got != test.want {
			t.Errorf("%s: X-Amz-Content-Sha256 = %q, want %q", test.name, got, test.want)
		}
		if test.want == UnsignedPayload && (counted.read != 0 || sent.Body != req.Body) {
			t.Errorf("%s: %d bytes were read before Base sent them, want 0",
				test.name, counted.read)
		}
		raw, err := wire(sent)
		if err != nil {
			t.Fatal(err)
		}
		err = oracle(dechunk(t, raw), example.SecretAccessKey, test.service == "s3")
		if err != nil {
			t.Errorf("%s: oracle = %v, want nil", test.name, err)
		}
	}
}

// dechunk returns a request without its chunked transfer coding.
func dechunk(t *testing.T, raw []byte) []byte {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return append(append(head, "\r\n\r\n"...), body...)
}
