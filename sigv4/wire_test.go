package sigv4

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// recorder is a server that keeps the bytes of each request, which httptest.Server does not show.
func recorder(t *testing.T) (address string, requests <-chan []byte) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	received := make(chan []byte, 1)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			var raw bytes.Buffer
			req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(connection, &raw)))
			if err == nil {
				_, err = io.Copy(io.Discard, req.Body)
			}
			if err == nil {
				io.WriteString(connection, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			}
			connection.Close()
			received <- raw.Bytes()
		}
	}()
	return listener.Addr().String(), received
}

// TestWire sends odd keys and queries and lets the oracle read the bytes that arrive.
func TestWire(t *testing.T) {
	address, requests := recorder(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	for _, test := range []struct{ path, wireS3, wireOther string }{
		{"", "/", "/"},
		{"/", "/", "/"},
		{"/plain-key_1.txt~", "/plain-key_1.txt~", "/plain-key_1.txt~"},
		{"/a b", "/a%20b", "/a%20b"},
		{"/a+b", "/a%2Bb", "/a+b"},
		{"/100%", "/100%25", "/100%25"},
		{"/a%2Fb", "/a%252Fb", "/a%252Fb"}, // a key that looks encoded
		{"/%41%zz", "/%2541%25zz", "/%2541%25zz"},
		{"/k&l=m@n:o;p,q$r", "/k%26l%3Dm%40n%3Ao%3Bp%2Cq%24r", "/k&l=m@n:o;p,q$r"},
		{"/it's(a)*key!", "/it%27s%28a%29%2Akey%21", "/it%27s%28a%29%2Akey%21"},
		{"/what?#[x]", "/what%3F%23%5Bx%5D", "/what%3F%23%5Bx%5D"},
		{"/日本/é", "/%E6%97%A5%E6%9C%AC/%C3%A9", "/%E6%97%A5%E6%9C%AC/%C3%A9"},
		{"//a//b/", "//a//b/", "//a//b/"},
		{"/a/../b/./c/..", "/a/../b/./c/..", "/a/../b/./c/.."},
		{"/..", "/..", "/.."},
		{"/a\\b\"<>^`{|}", "/a%5Cb%22%3C%3E%5E%60%7B%7C%7D", "/a%5Cb%22%3C%3E%5E%60%7B%7C%7D"},
		{"/\x00\x10\x7f\r\n\t\xff", "/%00%10%7F%0D%0A%09%FF", "/%00%10%7F%0D%0A%09%FF"},
	} {
		for _, service := range []string{"s3", "execute-api"} {
			want := test.wireOther
			if service == "s3" {
				want = test.wireS3
			}
			raw := send(t, client, requests, service, &url.URL{Scheme: "http", Host: address, Path: test.path}, "PUT", "body")
			if got := target(raw); got != want {
				t.Errorf("%s: path %q was sent as %s, want %s", service, test.path, got, want)
			}
		}
	}

	for _, test := range []struct{ query, want string }{
		{"", ""},
		{"list-type=2&prefix=a%2F", "list-type=2&prefix=a%2F"},
		{"b=2&a=1&a=0", "b=2&a=1&a=0"}, // the order sent is the caller's
		{"versions", "versions"},
		{"a-b=1&a=2&a.b=3&aa=4", "a-b=1&a=2&a.b=3&aa=4"},
		{url.Values{"q": {"a b+c"}}.Encode(), "q=a%20b%2Bc"},
		{"q=a b", "q=a%20b"},
		{"q=a=b=", "q=a%3Db%3D"},
		{"q=%e9%41%7e", "q=%E9A~"},
		{"q=100%&r=%zz&s=%4", "q=100%25&r=%25zz&s=%254"},
		{"q=é/日本;'()*!@:,$", "q=%C3%A9%2F%E6%97%A5%E6%9C%AC%3B%27%28%29%2A%21%40%3A%2C%24"},
		{"&&a=1&&=2&=&", "&&a=1&&=2&=&"},
		{"a\r\nb", "a%0D%0Ab"},
	} {
		for _, service := range []string{"s3", "execute-api"} {
			raw := send(t, client, requests, service, &url.URL{Scheme: "http", Host: address, Path: "/k", RawQuery: test.query}, "GET", "")
			if _, got, _ := strings.Cut(target(raw), "?"); got != test.want {
				t.Errorf("%s: query %q was sent as %s, want %s", service, test.query, got, test.want)
			}
		}
	}

	// An escaped slash stays escaped, except for Amazon S3, which knows keys only.
	for service, want := range map[string]string{"s3": "/a/b", "execute-api": "/a%2fb"} {
		u, err := url.Parse("http://" + address + "/a%2fb")
		if err != nil {
			t.Fatal(err)
		}
		if got := target(send(t, client, requests, service, u, "GET", "")); got != want {
			t.Errorf("%s: /a%%2fb was sent as %s, want %s", service, got, want)
		}
	}
}

func target(raw []byte) string { return strings.Split(string(raw), " ")[1] }

// send signs a request, sends it, and has the oracle check what arrived.
func send(t *testing.T, client *http.Client, requests <-chan []byte, service string, u *url.URL, method, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://host/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL, req.Host = u, ""
	req.Header.Add("X-Amz-Meta-Odd", "  many   spaces\tand tabs  ")
	req.Header.Add("X-Amz-Meta-Odd", "second, é")
	s := Signer{Region: "eu-west-1", Service: service}
	if err := s.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	raw := <-requests
	if err := oracle(raw, example.SecretAccessKey, service == "s3"); err != nil {
		t.Errorf("%s %q: %v\n%s", service, u, err, raw)
	}
	return raw
}

// TestOracle shows that the oracle refuses what it should: otherwise the tests above would prove nothing.
func TestOracle(t *testing.T) {
	req := newRequest(t, "PUT", "https://example.com/a%20b?x=1&y=2", strings.NewReader("body"))
	req.Header.Set("X-Amz-Acl", "private")
	s := Signer{Region: "eu-west-1", Service: "s3"}
	if err := s.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	raw, err := wire(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := oracle(raw, example.SecretAccessKey, true); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"PUT", "GET"}, {"a%20b", "a%20c"}, {"x=1", "x=2"}, {"&y=2", ""}, {"private", "public-read"}, {"example.com", "example.org"},
		{"TOK", "TOM"}, {"20231105T060809Z", "20231105T060810Z"}, {"20231105/", "20231106/"}, {"eu-west-1", "eu-west-2"}, {"/s3/", "/sts/"},
		{"\r\n\r\nbody", "\r\n\r\nBody"}, {"X-Amz-Acl: private\r\n", ""}, {"Signature=", "Signature=0"}, {"\r\n\r\n", "\r\nX-Amz-Tagging: a\r\n\r\n"},
	} {
		tampered := strings.Replace(string(raw), change[0], change[1], 1)
		if tampered == string(raw) {
			t.Fatalf("%q is not in the request", change[0])
		}
		if oracle([]byte(tampered), example.SecretAccessKey, true) == nil {
			t.Errorf("the oracle accepts %q in place of %q", change[1], change[0])
		}
	}
	if oracle(raw, "another secret", true) == nil {
		t.Error("the oracle accepts another secret")
	}
}
