package s3list

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito/sigv4"
)

// server is an http.RoundTripper that answers in memory and keeps what it was asked.
type server struct {
	answer func(n int, req *http.Request) *http.Response // n counts from 1; nil: the connection breaks

	mu   sync.Mutex
	seen []*http.Request
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen = append(s.seen, req)
	n := len(s.seen)
	s.mu.Unlock()
	resp := s.answer(n, req)
	if resp == nil {
		return nil, io.ErrUnexpectedEOF
	}
	resp.Request = req
	if req.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp, nil
}

// asked is what was sent, as "METHOD host path", in order.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.seen {
		all = append(all, r.Method+" "+r.URL.Host+" "+r.URL.Path)
	}
	return all
}

func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// pageOf is an answer with the given keys; next is the token of the page after it, if there is one.
func pageOf(next string, keys ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<ListBucketResult><IsTruncated>%t</IsTruncated>`, next != "")
	if next != "" {
		b.WriteString("<NextContinuationToken>" + next + "</NextContinuationToken>")
	}
	for _, k := range keys {
		b.WriteString("<Contents><Key>" + k + "</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><Size>1</Size></Contents>")
	}
	return b.String() + "</ListBucketResult>"
}

func errorOf(code, extra string) string {
	return "<Error><Code>" + code + "</Code><Message>m</Message>" + extra + "<RequestId>4442587FB7D0A2F9</RequestId><HostId>hid=</HostId></Error>"
}

// client is a Client for us-east-1 that signs and talks to s.
func client(s http.RoundTripper) *Client {
	return &Client{
		Region:      "us-east-1",
		HTTPClient:  &http.Client{Transport: s},
		Credentials: func(context.Context) (sigv4.Credentials, error) { return exampleCredentials, nil },
	}
}

// The keys of the AWS documentation's examples.
var exampleCredentials = sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

// collect ranges over a listing. It fails if anything comes after an error.
func collect(t *testing.T, listing iter.Seq2[Object, error]) (keys []string, err error) {
	t.Helper()
	for o, e := range listing {
		if err != nil {
			t.Errorf("%q, %v came after the error %v", o.Key, e, err)
		}
		if err = e; err == nil {
			keys = append(keys, o.Key)
		}
	}
	return keys, err
}
