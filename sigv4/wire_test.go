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

// recorder starts a server that passes on the bytes of each request. An httptest.Server does not
// show these.
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

// target returns the request target of a request.
func target(raw []byte) string { return strings.Split(string(raw), " ")[1] }

// sender signs requests, sends them to a recorder, and checks what arrives with the oracle.
type sender struct {
	address  string
	requests <-chan []byte
	client   *http.Client
}

func newSender(t *testing.T) sender {
	t.Helper()
	address, requests := recorder(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return sender{address, requests, client}
}

// send returns the bytes that arrive.
func (s sender) send(t *testing.T, service, method string, u *url.URL, body string) []byte {
	t.Helper()
	reader := strings.NewReader(body)
	req, err := http.NewRequestWithContext(t.Context(), method, "http://host/", reader)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme, u.Host = "http", s.address
	req.URL, req.Host = u, ""
	req.Header.Add("X-Amz-Meta-Odd", "  many   spaces\tand tabs  ")
	req.Header.Add("X-Amz-Meta-Odd", "second, é")
	signer := Signer{Region: "eu-west-1", Service: service}
	if err := signer.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	raw := <-s.requests
	if err := oracle(raw, example.SecretAccessKey, service == "s3"); err != nil {
		t.Errorf("%s %q: oracle = %v, want nil, for\n%s", service, u, err, raw)
	}
	return raw
}

func TestWirePath(t *testing.T) {
	s := newSender(t)
	for _, test := range []struct{ path, wantS3, wantOther string }{
		{
			path:      "",
			wantS3:    "/",
			wantOther: "/",
		},
		{
			path:      "/",
			wantS3:    "/",
			wantOther: "/",
		},
		{
			path:      "/plain-key_1.txt~",
			wantS3:    "/plain-key_1.txt~",
			wantOther: "/plain-key_1.txt~",
		},
		{
			path:      "/a b",
			wantS3:    "/a%20b",
			wantOther: "/a%20b",
		},
		{
			path:      "/a+b",
			wantS3:    "/a%2Bb",
			wantOther: "/a+b",
		},
		{
			path:      "/100%",
			wantS3:    "/100%25",
			wantOther: "/100%25",
		},
		{
			path:      "/a%2Fb", // looks encoded
			wantS3:    "/a%252Fb",
			wantOther: "/a%252Fb",
		},
		{
			path:      "/%41%zz",
			wantS3:    "/%2541%25zz",
			wantOther: "/%2541%25zz",
		},
		{
			path:      "/k&l=m@n:o;p,q$r",
			wantS3:    "/k%26l%3Dm%40n%3Ao%3Bp%2Cq%24r",
			wantOther: "/k&l=m@n:o;p,q$r",
		},
		{
			path:      "/it's(a)*key!",
			wantS3:    "/it%27s%28a%29%2Akey%21",
			wantOther: "/it%27s%28a%29%2Akey%21",
		},
		{
			path:      "/what?#[x]",
			wantS3:    "/what%3F%23%5Bx%5D",
			wantOther: "/what%3F%23%5Bx%5D",
		},
		{
			path:      "/日本/é",
			wantS3:    "/%E6%97%A5%E6%9C%AC/%C3%A9",
			wantOther: "/%E6%97%A5%E6%9C%AC/%C3%A9",
		},
		{
			path:      "//a//b/",
			wantS3:    "//a//b/",
			wantOther: "//a//b/",
		},
		{
			path:      "/a/../b/./c/..",
			wantS3:    "/a/../b/./c/..",
			wantOther: "/a/../b/./c/..",
		},
		{
			path:      "/..",
			wantS3:    "/..",
			wantOther: "/..",
		},
		{
			path:      "/a\\b\"<>^`{|}",
			wantS3:    "/a%5Cb%22%3C%3E%5E%60%7B%7C%7D",
			wantOther: "/a%5Cb%22%3C%3E%5E%60%7B%7C%7D",
		},
		{
			path:      "/\x00\x10\x7f\r\n\t\xff",
			wantS3:    "/%00%10%7F%0D%0A%09%FF",
			wantOther: "/%00%10%7F%0D%0A%09%FF",
		},
	} {
		for _, service := range []string{"s3", "execute-api"} {
			want := test.wantOther
			if service == "s3" {
				want = test.wantS3
			}
			raw := s.send(t, service, "PUT", &url.URL{Path: test.path}, "body")
			if got := target(raw); got != want {
				t.Errorf("%s: path %q was sent as %s, want %s", service, test.path, got, want)
			}
		}
	}

	// Amazon S3 has keys, so that a slash cannot be escaped. Other services have paths.
	for _, test := range []struct{ service, want string }{
		{"s3", "/a/b"},
		{"execute-api", "/a%2fb"},
	} {
		u := &url.URL{Path: "/a/b", RawPath: "/a%2fb"}
		if got := target(s.send(t, test.service, "GET", u, "")); got != test.want {
			t.Errorf("%s: path /a%%2fb was sent as %s, want %s", test.service, got, test.want)
		}
	}
}

func TestWireQuery(t *testing.T) {
	s := newSender(t)
	for _, test := range []struct{ query, want string }{
		{
			query: "",
			want:  "",
		},
		{
			query: "list-type=2&prefix=a%2F",
			want:  "list-type=2&prefix=a%2F",
		},
		{
			query: "b=2&a=1&a=0", // sorted in the canonical request only
			want:  "b=2&a=1&a=0",
		},
		{
			query: "versions",
			want:  "versions",
		},
		{
			query: "a-b=1&a=2&a.b=3&aa=4",
			want:  "a-b=1&a=2&a.b=3&aa=4",
		},
		{
			query: url.Values{"q": {"a b+c"}}.Encode(),
			want:  "q=a%20b%2Bc",
		},
		{
			query: "q=a b",
			want:  "q=a%20b",
		},
		{
			query: "q=a=b=",
			want:  "q=a%3Db%3D",
		},
		{
			query: "q=%e9%41%7e",
			want:  "q=%E9A~",
		},
		{
			query: "q=100%&r=%zz&s=%4",
			want:  "q=100%25&r=%25zz&s=%254",
		},
		{
			query: "q=é/日本;'()*!@:,$",
			want:  "q=%C3%A9%2F%E6%97%A5%E6%9C%AC%3B%27%28%29%2A%21%40%3A%2C%24",
		},
		{
			query: "q=%4",
			want:  "q=%254",
		},
		{
			query: "&&a=1&&=2&=&",
			want:  "&&a=1&&=2&=&",
		},
		{
			query: "a\r\nb",
			want:  "a%0D%0Ab",
		},
	} {
		for _, service := range []string{"s3", "execute-api"} {
			u := &url.URL{Path: "/k", RawQuery: test.query}
			_, got, _ := strings.Cut(target(s.send(t, service, "GET", u, "")), "?")
			if got != test.want {
				t.Errorf("%s: query %q was sent as %s, want %s",
					service, test.query, got, test.want)
			}
		}
	}
}
