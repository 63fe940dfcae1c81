package sigv4

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSignRefuses checks that the error for a request that cannot be signed names the cause, and
// that the request is not changed.
func TestSignRefuses(t *testing.T) {
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	query := func(raw string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = raw }
	}
	tests := []struct {
		name   string
		change func(*http.Request)
		want   string
	}{
		{
			"Authorization header",
			header("Authorization", "AWS4-HMAC-SHA256 ..."),
			"Authorization is already set",
		},
		{
			"authorization header in lower case",
			header("authorization", "x"),
			"authorization is already set",
		},
		{
			"date header",
			header("X-Amz-Date", "20231105T070809Z"),
			"X-Amz-Date is already set",
		},
		{
			"date header in lower case",
			header("x-amz-date", "20231105T070809Z"),
			"x-amz-date is already set",
		},
		{
			"hash header of another body",
			header("X-Amz-Content-Sha256", strings.Repeat("0a", 32)),
			"X-Amz-Content-Sha256 is neither",
		},
		{
			"hash header in the spelling of boto3",
			header("X-Amz-Content-SHA256", ""),
			"X-Amz-Content-Sha256 is neither",
		},
		{
			"hash header with two values",
			header("X-Amz-Content-Sha256", emptySHA256, emptySHA256),
			"X-Amz-Content-Sha256 is neither",
		},
		{
			"hash header of a body in chunks",
			header("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
			"X-Amz-Content-Sha256 is neither",
		},
		{
			"hash header in two spellings",
			func(r *http.Request) {
				r.Header["X-Amz-Content-Sha256"] = []string{emptySHA256}
				r.Header["x-amz-content-sha256"] = []string{emptySHA256}
			},
			"two spellings",
		},
		{
			"unsigned payload header over http",
			func(r *http.Request) {
				r.URL.Scheme = "http"
				r.Header.Set("X-Amz-Content-Sha256", UnsignedPayload)
			},
			"needs the scheme https",
		},
		{
			"token header",
			header("X-Amz-Security-Token", "t"),
			"X-Amz-Security-Token is already set",
		},
		{
			"Host header",
			header("Host", "example.com"),
			"set Request.Host",
		},
		{
			"two spellings",
			func(r *http.Request) {
				r.Header["X-Foo"], r.Header["x-foo"] = []string{"a"}, []string{"b"}
			},
			"two spellings",
		},
		{
			"space in a header name",
			header("X Foo", "a"),
			`header name "X Foo" is invalid`,
		},
		{
			"empty header name",
			header("", "a"),
			`header name "" is invalid`,
		},
		{
			"line break in a header name",
			header("X-Foo\r\nX-Bar", "a"),
			`header name "X-Foo\r\nX-Bar" is invalid`,
		},
		{
			"line break in a header value",
			header("X-Foo", "hunter2\r\nX-Bar: b"),
			"X-Foo has a control character",
		},
		{
			"line break in the value of an unsigned header",
			header("User-Agent", "a\nb"),
			"User-Agent has a control character",
		},
		{
			"NUL in a second header value",
			header("X-Foo", "a", "b\x00"),
			"X-Foo has a control character",
		},
		{
			"algorithm parameter",
			query("X-Amz-Algorithm=AWS4-HMAC-SHA256"),
			"already has X-Amz-Algorithm",
		},
		{
			"credential parameter",
			query("a=b&X-Amz-Credential=c"),
			"already has X-Amz-Credential",
		},
		{
			"date parameter",
			query("X-Amz-Date"),
			"already has X-Amz-Date",
		},
		{
			"expires parameter",
			query("X-Amz-Expires=1"),
			"already has X-Amz-Expires",
		},
		{
			"signed headers parameter",
			query("X-Amz-SignedHeaders=host"),
			"already has X-Amz-SignedHeaders",
		},
		{
			"signature parameter",
			query("x-amz-signature=00"),
			"already has x-amz-signature",
		},
		{
			"encoded signature parameter",
			query("X%2DAmz%2dSign%61ture=00"),
			"already has X-Amz-Signature",
		},
		{
			"token parameter",
			query("X-Amz-Security-Token=t"),
			"already has X-Amz-Security-Token",
		},
		{
			"line break in the method",
			func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nX: " },
			"cannot be signed",
		},
		{
			"CONNECT",
			func(r *http.Request) { r.Method = "CONNECT" },
			"cannot be signed",
		},
		{
			"line break in the host",
			func(r *http.Request) { r.Host = "a\r\nb" },
			`host "a\r\nb" is invalid`,
		},
		{
			"host that is not ASCII",
			func(r *http.Request) { r.URL.Host, r.Host = "bücher.example", "" },
			"punycode",
		},
		{
			"no host",
			func(r *http.Request) { r.URL.Host, r.Host = "", "" },
			`host "" is invalid`,
		},
		{
			"no URL",
			func(r *http.Request) { r.URL = nil },
			"no scheme",
		},
		{
			"no scheme",
			func(r *http.Request) { r.URL.Scheme = "" },
			"no scheme",
		},
		{
			"other scheme",
			func(r *http.Request) { r.URL.Scheme = "ftp" },
			"https://",
		},
		{
			"user name",
			func(r *http.Request) { r.URL.User = url.UserPassword("u", "hunter2") },
			"user name",
		},
		{
			"opaque URL",
			func(r *http.Request) { r.URL.Opaque = "//example.com/a" },
			"opaque",
		},
		{
			"relative path",
			func(r *http.Request) { r.URL.Path = "a/b" },
			`does not begin with "/"`,
		},
		{
			"asterisk",
			func(r *http.Request) { r.Method, r.URL.Path = "OPTIONS", "*" },
			`does not begin with "/"`,
		},
	}
	for _, service := range []string{"s3", "execute-api"} {
		for _, test := range tests {
			req := newRequest(t, "GET", "https://example.com/a", nil)
			test.change(req)
			before := req.Header.Clone()
			err := (&Signer{Region: "us-east-1", Service: service}).Sign(req, example, "", at)
			checkError(t, test.name, err, test.want)
			if diff := cmp.Diff(before, req.Header); diff != "" {
				t.Errorf("%s: Sign changed the header (-before +after):\n%s", test.name, diff)
			}
		}
	}
}

// TestHeaders checks that Sign signs all headers except those that proxies may change.
func TestHeaders(t *testing.T) {
	req := newRequest(t, "POST", "https://example.com/", strings.NewReader("{}"))
	for _, name := range strings.Fields("Connection Expect Keep-Alive Proxy-Authenticate " +
		"Proxy-Authorization Te Trailer Transfer-Encoding Upgrade User-Agent X-Amzn-Trace-Id " +
		"Content-Length Accept-Encoding Forwarded From Max-Forwards Pragma Proxy-Connection " +
		"Referer Sec-Websocket-Key Via X-Forwarded-For X-Forwarded-Proto " +
		"Accept Cache-Control Content-Type Content-Md5 Cookie Date Range " +
		"X-Amz-Target X-Custom") {
		req.Header.Set(name, "1")
	}
	req.Header["X-Nothing"] = nil
	s := Signer{Region: "us-east-1", Service: "execute-api"}
	if err := s.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	const want = ", SignedHeaders=accept;cache-control;content-md5;content-type;cookie;date;" +
		"host;range;x-amz-date;x-amz-security-token;x-amz-target;x-custom, "
	if got := req.Header.Get("Authorization"); !strings.Contains(got, want) {
		t.Errorf("Authorization = %s, want one with %s", got, want)
	}
	for _, test := range []struct{ name, want string }{
		{"X-Amz-Content-Sha256", ""}, // other services need it
		{"X-Amz-Date", "20231105T060809Z"},
		{"X-Amz-Security-Token", example.SessionToken},
	} {
		if got := req.Header.Get(test.name); got != test.want {
			t.Errorf("%s = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestHost(t *testing.T) {
	for _, test := range []struct{ url, host, want string }{
		{"https://example.com/", "", "example.com"},
		{"https://example.com:443/", "", "example.com"},
		{"https://example.com:80/", "", "example.com:80"},
		{"http://example.com:80/", "", "example.com"},
		{"http://localhost:9000/", "", "localhost:9000"},
		{"https://Example.COM/", "", "example.com"},
		{"https://127.0.0.1:8443/", "Bucket.s3.amazonaws.com:443", "bucket.s3.amazonaws.com"},
		{"https://[::1]:443/", "", "[::1]"},
		{"https://[::1]:8443/", "", "[::1]:8443"},
		{"https://example.com:/", "", "example.com"},
	} {
		req := newRequest(t, "GET", test.url, nil)
		if test.host != "" {
			req.Host = test.host
		}
		s := Signer{Region: "us-east-1", Service: "s3"}
		if err := s.Sign(req, example, "", at); err != nil {
			t.Fatal(err)
		}
		raw, err := wire(req)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(raw, []byte("\r\nHost: "+test.want+"\r\n")) {
			t.Errorf("%s, Host %q: sent %q, want Host %s", test.url, test.host, raw, test.want)
		}
		if err := oracle(raw, example.SecretAccessKey, true); err != nil {
			t.Errorf("%s, Host %q: oracle = %v, want nil", test.url, test.host, err)
		}
	}
}
