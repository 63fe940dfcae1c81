package cognitotest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

type s3Documentation struct {
	Credentials struct {
		AccessKey string `json:"access_key"`
		SecretKey string `json:"secret_key"`
	}
	Single []struct {
		Name, Method, Target, Payload, Authorization string
		Headers                                      [][2]string
	} `json:"single_chunk"`
	Presigned      struct{ URL string }
	Chunked        chunkedExample
	ChunkedTrailer chunkedExample `json:"chunked_trailer"`
}

type chunkedExample struct {
	Method, Path  string
	Headers       [][2]string
	SignedHeaders string `json:"signed_headers"`
	Seed          string `json:"seed_signature"`
	Chunks        []struct {
		Byte      string
		Size      int
		Signature string
	}
	Trailers         [][2]string
	TrailerSignature string `json:"trailer_signature"`
}

// arrived makes a request of headers as they were sent.
func arrivedWith(method, target string, headers [][2]string) *http.Request {
	r := &http.Request{Method: method, URL: &url.URL{}, RequestURI: target, Header: http.Header{}, ContentLength: -1}
	for _, h := range headers {
		switch strings.ToLower(h[0]) {
		case "host":
			r.Host = h[1]
		case "content-length":
			fmt.Sscan(h[1], &r.ContentLength)
		default:
			r.Header.Add(h[0], h[1]) // as net/http does with what arrives
		}
	}
	return r
}

func loadS3Documentation(t testing.TB) (d s3Documentation, v *verifier) {
	if err := testvectors.Decode("s3_docs_examples", &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Single) == 0 || len(d.Chunked.Chunks) == 0 || len(d.ChunkedTrailer.Trailers) == 0 || d.Presigned.URL == "" {
		t.Fatal("examples are missing")
	}
	return d, &verifier{service: "s3", region: "us-east-1", now: time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC),
		credentials: known(issuedCredentials{accessKeyID: d.Credentials.AccessKey, secretAccessKey: d.Credentials.SecretKey})}
}

// request makes the request and its framed body.
func (e chunkedExample) request(key string) (*http.Request, string) {
	r := arrivedWith(e.Method, e.Path, e.Headers)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20130524/us-east-1/s3/aws4_request,SignedHeaders="+e.SignedHeaders+",Signature="+e.Seed)
	var b strings.Builder
	for _, c := range e.Chunks {
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s", c.Size, c.Signature, strings.Repeat(c.Byte, c.Size))
		if c.Size > 0 {
			b.WriteString("\r\n")
		}
	}
	for _, h := range e.Trailers {
		fmt.Fprintf(&b, "%s:%s\r\n", h[0], h[1])
	}
	if e.Trailers != nil {
		fmt.Fprintf(&b, "x-amz-trailer-signature:%s\r\n", e.TrailerSignature)
	}
	b.WriteString("\r\n")
	return r, b.String()
}

func TestS3DocumentationExamples(t *testing.T) {
	d, v := loadS3Documentation(t)
	for _, e := range d.Single {
		r := arrivedWith(e.Method, e.Target, append(e.Headers, [2]string{"Authorization", e.Authorization}))
		if code := v.check(t, r, e.Payload); code != "" {
			t.Errorf("%s: %s", e.Name, code)
		}
		r.Method = "POST"
		if code := v.check(t, r, e.Payload); code != "SignatureDoesNotMatch" {
			t.Errorf("%s with another method: %q", e.Name, code)
		}
	}
	u, err := url.Parse(d.Presigned.URL)
	if err != nil {
		t.Fatal(err)
	}
	if code := v.check(t, &http.Request{Method: "GET", URL: u, Host: u.Host}, ""); code != "" {
		t.Errorf("presigned: %s", code)
	}
	for i, e := range []chunkedExample{d.Chunked, d.ChunkedTrailer} {
		r, body := e.request(d.Credentials.AccessKey)
		if i == 0 && int64(len(body)) != r.ContentLength {
			t.Errorf("framed body has %d bytes, the documentation says %d", len(body), r.ContentLength)
		}
		if code, got := v.payload(t, r, body); code != "" || got != strings.Repeat("a", 66560) {
			t.Errorf("chunked example %d: %q, %d bytes", i, code, len(got))
		}
	}
}

func TestChunksRefused(t *testing.T) {
	d, v := loadS3Documentation(t)
	key := d.Credentials.AccessKey
	plain, plainBody := d.Chunked.request(key)
	r, body := d.ChunkedTrailer.request(key)
	for at := 0; at < len(body); at++ {
		if at > 200 && at < 65000 {
			at += 997
		}
		changed := []byte(body)
		changed[at] ^= 1
		code := v.check(t, r, string(changed))
		if code == "" {
			t.Errorf("byte %d changed from %q to %q: accepted", at, body[at], changed[at])
		}
	}
	for _, n := range []int{0, 1, 100, 65536, 66000, len(body) - 2, len(body) - 1} {
		if code := v.check(t, r, body[:n]); code == "" {
			t.Errorf("body cut to %d bytes: accepted", n)
		}
	}
	first := strings.Index(body, "\r\n400;")
	for _, test := range []struct {
		name string
		r    *http.Request
		body string
		want string
	}{
		{"chunk left out", r, body[:first+2] + body[strings.Index(body, "\r\n0;")+2:], "SignatureDoesNotMatch"},
		{"end left out", r, body[:strings.Index(body, "\r\n0;")+2], "IncompleteBody"},
		{"trailer left out", r, body[:strings.Index(body, "x-amz-checksum")] + "\r\n", "MalformedTrailerError"},
		{"signature without its name", r, strings.Replace(body, "chunk-signature=", "", 1), "SignatureDoesNotMatch"},
		{"trailer changed", r, strings.Replace(body, "sOO8/Q==", "sOO8/A==", 1), "SignatureDoesNotMatch"},
		{"trailer signature left out", r, body[:strings.Index(body, "x-amz-trailer")] + "\r\n", "SignatureDoesNotMatch"},
		{"more behind the end", r, body + "x", "MalformedTrailerError"},
		{"trailer where none was announced", plain, strings.TrimSuffix(plainBody, "\r\n") + "a:b\r\n\r\n", "MalformedTrailerError"},
		{"size too large", r, "7fffffff" + body[5:], "IncompleteBody"},
		{"size negative", r, "-1" + body[5:], "IncompleteBody"},
		{"size with a prefix", r, "0x" + body, "IncompleteBody"},
		{"empty", r, "", "IncompleteBody"},
	} {
		if code := v.check(t, test.r, test.body); code != test.want {
			t.Errorf("%s: %q, want %q", test.name, code, test.want)
		}
	}
}

func TestUnsignedChunks(t *testing.T) {
	const crc = "x-amz-checksum-crc32"
	good := "3\r\nabc\r\n0\r\n" + crc + ":NSRBwg==\r\n\r\n"
	for _, test := range []struct{ name, body, length, trailer, want string }{
		{"good", good, "3", crc, ""},
		{"wrong checksum", strings.Replace(good, "abc", "abd", 1), "3", crc, "BadDigest"},
		{"other length", good, "4", crc, "IncompleteBody"},
		{"no length", good, "", crc, "IncompleteBody"},
		{"other trailer", good, "3", "x-amz-checksum-crc32c", "MalformedTrailerError"},
		{"small chunks", "1\r\na\r\n2\r\nbc\r\n0\r\n" + crc + ":NSRBwg==\r\n\r\n", "3", crc, "InvalidChunkSizeError"},
		{"large chunk first", "2000\r\n" + strings.Repeat("a", 8192) + "\r\n1\r\nb\r\n0\r\n\r\n", "8193", "", ""},
		{"no line end", "3\r\nabcd\r\n0\r\n\r\n", "4", "", "IncompleteBody"},
	} {
		s := newSigner("s3")
		s.payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
		r, body := s.request("PUT", "/k", test.body, "Content-Encoding", "aws-chunked", "X-Amz-Decoded-Content-Length", test.length, "X-Amz-Trailer", test.trailer)
		if code := testVerifier("s3").check(t, r, body); code != test.want {
			t.Errorf("%s: %q, want %q", test.name, code, test.want)
		}
	}
}

// TestSignedChunksWithoutTrailer signs an empty body in chunks, and adds a trailer that the signature does not cover.
func TestSignedChunksWithoutTrailer(t *testing.T) {
	s := newSigner("s3")
	s.payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	r, _ := s.request("PUT", "/k", "", "X-Amz-Decoded-Content-Length", "0", "X-Amz-Trailer", "x-amz-meta")
	seed := s.sign(r, s.payload)
	chunk := hmacText(s.key(), "AWS4-HMAC-SHA256-PAYLOAD\n20260203T040506Z\n"+s.scope()+"\n"+seed+"\n"+hashText("")+"\n"+hashText(""))
	body := fmt.Sprintf("0;chunk-signature=%x\r\nx-amz-meta:v\r\n\r\n", chunk)
	if code := testVerifier("s3").check(t, r, body); code != "MalformedTrailerError" {
		t.Errorf("trailer that is not signed: %q", code)
	}
	r.Header.Del("X-Amz-Trailer")
	body = strings.Replace(body, "x-amz-meta:v\r\n", "", 1)
	if seed = s.sign(r, s.payload); testVerifier("s3").check(t, r, body) != "SignatureDoesNotMatch" {
		t.Error("chunk that was signed for another request: accepted")
	}
	chunk = hmacText(s.key(), "AWS4-HMAC-SHA256-PAYLOAD\n20260203T040506Z\n"+s.scope()+"\n"+seed+"\n"+hashText("")+"\n"+hashText(""))
	if code := testVerifier("s3").check(t, r, fmt.Sprintf("0;chunk-signature=%x\r\n\r\n", chunk)); code != "" {
		t.Errorf("good chunk: %q", code)
	}
}
