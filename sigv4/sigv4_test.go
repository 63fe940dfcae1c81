package sigv4

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	example = Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", SessionToken: "TOK/+="}
	at      = time.Date(2023, 11, 5, 7, 8, 9, 0, time.FixedZone("somewhere", 3600))
)

func newRequest(tb testing.TB, method, rawURL string, body io.Reader) *http.Request {
	tb.Helper()
	req, err := http.NewRequest(method, rawURL, body)
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

func listRequest(tb testing.TB) *http.Request {
	tb.Helper()
	req := newRequest(tb, "GET", "https://example-bucket.s3.us-west-2.amazonaws.com/?list-type=2&prefix=a%2B%2F%20%C3%A9&delimiter=%2F&max-keys=2&start-after=x%20y&fetch-owner=true&continuation-token=tok%2B1%2F%3D&encoding-type=url", nil)
	req.Header.Set("X-Amz-Request-Payer", "requester")
	req.Header.Set("X-Amz-Expected-Bucket-Owner", "111122223333")
	req.Header.Set("X-Amz-Optional-Object-Attributes", "RestoreStatus")
	return req
}

// TestRefusals shows that each kind of bad input is named, and that nothing is signed then.
func TestRefusals(t *testing.T) {
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
		{"authorization", header("Authorization", "AWS4-HMAC-SHA256 ..."), "Authorization is set already"},
		{"authorization in lower case", header("authorization", "x"), "authorization is set already"},
		{"date", header("X-Amz-Date", "20231105T070809Z"), "X-Amz-Date is set already"},
		{"date in lower case", header("x-amz-date", "20231105T070809Z"), "x-amz-date is set already"},
		{"content hash", header("X-Amz-Content-Sha256", UnsignedPayload), "X-Amz-Content-Sha256 is set already"},
		{"content hash as boto spells it", header("X-Amz-Content-SHA256", ""), "X-Amz-Content-SHA256 is set already"},
		{"session token", header("X-Amz-Security-Token", "t"), "X-Amz-Security-Token is set already"},
		{"host header", header("Host", "example.com"), "set Request.Host"},
		{"two spellings", func(r *http.Request) { r.Header["X-Foo"], r.Header["x-foo"] = []string{"a"}, []string{"b"} }, "two spellings"},
		{"header name", header("X Foo", "a"), `"X Foo" is not a header name`},
		{"empty header name", header("", "a"), `"" is not a header name`},
		{"header name with a line break", header("X-Foo\r\nX-Bar", "a"), "is not a header name"},
		{"header value with a line break", header("X-Foo", "hunter2\r\nX-Bar: b"), "X-Foo holds a control character"},
		{"unsigned header with a line break", header("User-Agent", "a\nb"), "User-Agent holds a control character"},
		{"second value with NUL", header("X-Foo", "a", "b\x00"), "X-Foo holds a control character"},
		{"algorithm", query("X-Amz-Algorithm=AWS4-HMAC-SHA256"), "X-Amz-Algorithm already"},
		{"credential", query("a=b&X-Amz-Credential=c"), "X-Amz-Credential already"},
		{"query date", query("X-Amz-Date"), "X-Amz-Date already"},
		{"expires", query("X-Amz-Expires=1"), "X-Amz-Expires already"},
		{"signed headers", query("X-Amz-SignedHeaders=host"), "X-Amz-SignedHeaders already"},
		{"signature", query("x-amz-signature=00"), "x-amz-signature already"},
		{"signature, encoded", query("X%2DAmz%2dSign%61ture=00"), "X-Amz-Signature already"},
		{"query session token", query("X-Amz-Security-Token=t"), "X-Amz-Security-Token already"},
		{"method with a line break", func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nX: " }, "cannot be signed"},
		{"CONNECT", func(r *http.Request) { r.Method = "CONNECT" }, "cannot be signed"},
		{"host with a line break", func(r *http.Request) { r.Host = "a\r\nb" }, `host "a\r\nb" cannot be sent`},
		{"host that is not ASCII", func(r *http.Request) { r.URL.Host, r.Host = "bücher.example", "" }, "punycode"},
		{"no host", func(r *http.Request) { r.URL.Host, r.Host = "", "" }, `host "" cannot be sent`},
		{"no URL", func(r *http.Request) { r.URL = nil }, "no scheme"},
		{"no scheme", func(r *http.Request) { r.URL.Scheme = "" }, "no scheme"},
		{"other scheme", func(r *http.Request) { r.URL.Scheme = "ftp" }, "https://"},
		{"user name", func(r *http.Request) { r.URL.User = url.UserPassword("u", "hunter2") }, "user name"},
		{"opaque", func(r *http.Request) { r.URL.Opaque = "//example.com/a" }, "opaque"},
		{"relative path", func(r *http.Request) { r.URL.Path = "a/b" }, `does not begin with "/"`},
		{"asterisk", func(r *http.Request) { r.Method, r.URL.Path = "OPTIONS", "*" }, `does not begin with "/"`},
	}
	for _, service := range []string{"s3", "execute-api"} {
		for _, test := range tests {
			req := newRequest(t, "GET", "https://example.com/a", nil)
			test.change(req)
			before := req.Header.Clone()
			err := (&Signer{Region: "us-east-1", Service: service}).Sign(req, example, "", at)
			checkRefusal(t, test.name, err, test.want)
			if diff := cmp.Diff(before, req.Header); diff != "" {
				t.Errorf("%s: header changed:\n%s", test.name, diff)
			}
		}
	}
}

func checkRefusal(t *testing.T, name string, err error, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "sigv4: ") || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: error is %q, want one with %q", name, err, want)
		return
	}
	for _, secret := range []string{example.SecretAccessKey, example.SessionToken, "hunter2"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %q tells a secret", name, err)
		}
	}
}

func TestRefusedArguments(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	tests := []struct {
		region, service, id, secret, token, hash, scheme string
		at                                               time.Time
		want                                             string
	}{
		{"", "s3", "AKID", "s", "", "", "https", at, `Region ""`},
		{"us-east-1/s3", "s3", "AKID", "s", "", "", "https", at, `Region "us-east-1/s3"`},
		{"us\neast", "s3", "AKID", "s", "", "", "https", at, `Region "us\neast"`},
		{"us-east-1", "", "AKID", "s", "", "", "https", at, `Service ""`},
		{"us-east-1", "s3\r", "AKID", "s", "", "", "https", at, `Service "s3\r"`},
		{"us-east-1", "s3", "", "s", "", "", "https", at, "no access key ID"},
		{"us-east-1", "s3", "AKID", "", "", "", "https", at, "no secret access key"},
		{"us-east-1", "s3", "AK/ID", "s", "", "", "https", at, "access key ID holds"},
		{"us-east-1", "s3", "AKID, Signature", "s", "", "", "https", at, "access key ID holds"},
		{"us-east-1", "s3", "AKID", "hunter2\n", "", "", "https", at, "white space"},
		{"us-east-1", "s3", "AKID", "s", "hunter2\r\nX: y", "", "https", at, "session token holds"},
		{"us-east-1", "s3", "AKID", "s", "", hash[1:], "https", at, "payload hash"},
		{"us-east-1", "s3", "AKID", "s", "", strings.ToUpper(hash), "https", at, "payload hash"},
		{"us-east-1", "s3", "AKID", "s", "", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "https", at, "payload hash"},
		{"us-east-1", "s3", "AKID", "s", "", UnsignedPayload, "http", at, "use https"},
		{"us-east-1", "s3", "AKID", "s", "", "", "https", time.Time{}, "time.Now()"},
		{"us-east-1", "s3", "AKID", "s", "t", hash, "http", at, ""},
		{"us-east-1", "s3", "AKID", "s", "t", UnsignedPayload, "https", at, ""},
		{"Garage_1.local", "my-service", "user@example.com", "s p a c e", "", "", "http", at, ""},
	}
	for i, test := range tests {
		req := newRequest(t, "PUT", test.scheme+"://localhost:9000/bucket/key", strings.NewReader("body"))
		s := Signer{Region: test.region, Service: test.service}
		err := s.Sign(req, Credentials{AccessKeyID: test.id, SecretAccessKey: test.secret, SessionToken: test.token}, test.hash, test.at)
		if test.want != "" {
			checkRefusal(t, fmt.Sprint(i), err, test.want)
			if len(req.Header) != 0 {
				t.Errorf("%d: header is %v after an error", i, req.Header)
			}
		} else if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestHeaders shows which headers are signed: all that are set, but for those that may change on the way.
func TestHeaders(t *testing.T) {
	req := newRequest(t, "POST", "https://example.com/", strings.NewReader("{}"))
	for _, name := range strings.Fields("Connection Expect Keep-Alive Proxy-Authenticate Proxy-Authorization Te Trailer Transfer-Encoding Upgrade User-Agent X-Amzn-Trace-Id Content-Length " +
		"Accept Accept-Encoding Content-Type Content-Md5 Cookie Date Range X-Amz-Target X-Custom") {
		req.Header.Set(name, "1")
	}
	req.Header["X-Nothing"] = nil
	s := Signer{Region: "us-east-1", Service: "execute-api"}
	if err := s.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	const want = ", SignedHeaders=accept;accept-encoding;content-md5;content-type;cookie;date;host;range;x-amz-date;x-amz-security-token;x-amz-target;x-custom, "
	if got := req.Header.Get("Authorization"); !strings.Contains(got, want) {
		t.Errorf("Authorization is %s, want%s", got, want)
	}
	if req.Header.Get("X-Amz-Content-Sha256") != "" {
		t.Error("X-Amz-Content-Sha256 is sent to a service that does not ask for it")
	}
	if got := req.Header.Get("X-Amz-Date"); got != "20231105T060809Z" {
		t.Errorf("X-Amz-Date is %s, want the time in UTC", got)
	}
	if req.Header.Get("X-Amz-Security-Token") != example.SessionToken {
		t.Error("the session token is not sent")
	}
}

func TestHost(t *testing.T) {
	tests := []struct{ url, host, want string }{
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
	}
	for _, test := range tests {
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
			t.Errorf("%s, Host %q: sent %q, want host %s", test.url, test.host, raw, test.want)
		}
		if err := oracle(raw, example.SecretAccessKey, true); err != nil {
			t.Errorf("%s, Host %q: %v", test.url, test.host, err)
		}
	}
}

func TestSignAgain(t *testing.T) {
	s := Signer{Region: "us-east-1", Service: "s3"}
	req := newRequest(t, "PUT", "https://example.com/a+b", strings.NewReader("body"))
	shared := *req.URL
	for i := range 3 {
		attempt := req.Clone(t.Context())
		if err := s.Sign(attempt, example, "", at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.Sign(attempt, example, "", at); err == nil {
			t.Error("a signed request was signed again")
		}
	}
	// WithContext shares the URL and the header: the URL must stay as it is.
	if err := s.Sign(req.WithContext(t.Context()), example, "", at); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shared, *req.URL); diff != "" {
		t.Errorf("Sign wrote to a shared URL:\n%s", diff)
	}
}
