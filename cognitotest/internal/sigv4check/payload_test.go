package sigv4check

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// toBase64 converts hexadecimal text to base64.
func toBase64(hexText string) string {
	b, err := hex.DecodeString(hexText)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestPayload(t *testing.T) {
	const body = "123456789"
	sha1 := toBase64("f7c3bc1d808e04732adf679965ccc34ca7ae3441")
	for _, tt := range []struct {
		name          string
		declared      string // x-amz-content-sha256; empty: the hash of the body
		header, value string
		want          string
	}{
		{name: "hash"},
		{name: "unsigned", declared: "UNSIGNED-PAYLOAD"},
		{name: "other hash", declared: hashText("x"), want: "XAmzContentSHA256Mismatch"},
		{name: "not a hash", declared: "abc", want: "InvalidArgument"},
		{
			name:     "ECDSA",
			declared: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
			want:     "InvalidArgument",
		},
		{
			name:   "Content-MD5",
			header: "Content-Md5",
			value:  toBase64("25f9e794323b453885f5181f1b624d0b"),
		},
		{
			name:   "wrong Content-MD5",
			header: "Content-Md5",
			value:  toBase64("25d55ad283aa400af464c76d713c07ad"),
			want:   "BadDigest",
		},
		// These are the check values of the catalogue of parametrised CRC algorithms (reveng).
		{name: "CRC-32", header: "X-Amz-Checksum-Crc32", value: toBase64("cbf43926")},
		{name: "CRC-32C", header: "X-Amz-Checksum-Crc32c", value: toBase64("e3069283")},
		{
			name:   "CRC-64/NVME",
			header: "X-Amz-Checksum-Crc64nvme",
			value:  toBase64("ae8b14860a799888"),
		},
		{name: "SHA-1", header: "X-Amz-Checksum-Sha1", value: sha1},
		{name: "SHA-256", header: "X-Amz-Checksum-Sha256", value: toBase64(hashText(body))},
		{
			name:   "unsupported checksum",
			header: "X-Amz-Checksum-Xxhash3",
			value:  "x",
			want:   "NotImplemented",
		},
		{name: "name of the algorithm", header: "X-Amz-Checksum-Algorithm", value: "CRC32"},
		{
			name:   "wrong CRC-32",
			header: "X-Amz-Checksum-Crc32",
			value:  toBase64("cbf43927"),
			want:   "BadDigest",
		},
		{
			name:   "wrong CRC-64/NVME",
			header: "X-Amz-Checksum-Crc64nvme",
			value:  "x",
			want:   "BadDigest",
		},
	} {
		s := newSigner("s3")
		s.payload = tt.declared
		var headers []string
		if tt.header != "" {
			headers = []string{tt.header, tt.value}
		}
		r, _ := s.request("PUT", "/k", body, headers...)
		if got := testRules("s3").code(t, r, body); got != tt.want {
			t.Errorf("%s: code = %q, want %q", tt.name, got, tt.want)
		}
	}
	r, _ := newSigner("s3").request("PUT", "/k", body)
	r.Header.Del("X-Amz-Content-Sha256")
	newSigner("s3").sign(r, hashText(body))
	if got := testRules("s3").code(t, r, body); got != "InvalidRequest" {
		t.Errorf("no x-amz-content-sha256: code = %q, want InvalidRequest", got)
	}
	r, _ = newSigner("sts").request("POST", "/", "body")
	if got := testRules("sts").code(t, r, "bodz"); got != "SignatureDoesNotMatch" {
		t.Errorf("STS, other body: code = %q, want SignatureDoesNotMatch", got)
	}
}

// s3Documentation holds the examples of the S3 API reference.
type s3Documentation struct {
	Credentials struct {
		AccessKey string `json:"access_key"`
		SecretKey string `json:"secret_key"`
	}
	Single []struct {
		Name, Method, Target, Payload, Authorization string

		Headers [][2]string
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

func loadS3Documentation(t testing.TB) (d s3Documentation, rules *Rules) {
	t.Helper()
	if err := testvectors.Decode("s3_docs_examples", &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Single) == 0 || len(d.Chunked.Chunks) == 0 || len(d.ChunkedTrailer.Trailers) == 0 ||
		d.Presigned.URL == "" {
		t.Fatal("examples are missing")
	}
	return d, &Rules{
		Service: "s3",
		Region:  "us-east-1",
		Now:     time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC),
		Lookup: lookup(credentials{
			accessKeyID: d.Credentials.AccessKey,
			secret:      d.Credentials.SecretKey,
		}),
	}
}

// request returns the request and its framed body.
func (e chunkedExample) request(key string) (*http.Request, string) {
	r := arrivedWith(e.Method, e.Path, e.Headers)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+
		"Credential="+key+"/20130524/us-east-1/s3/aws4_request,"+
		"SignedHeaders="+e.SignedHeaders+",Signature="+e.Seed)
	var b strings.Builder
	for _, c := range e.Chunks {
		data := strings.Repeat(c.Byte, c.Size)
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s", c.Size, c.Signature, data)
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
	d, rules := loadS3Documentation(t)
	for _, e := range d.Single {
		headers := append(e.Headers, [2]string{"Authorization", e.Authorization})
		r := arrivedWith(e.Method, e.Target, headers)
		if code := rules.code(t, r, e.Payload); code != "" {
			t.Errorf("%s: code = %s", e.Name, code)
		}
		r.Method = "POST"
		if code := rules.code(t, r, e.Payload); code != "SignatureDoesNotMatch" {
			t.Errorf("%s, other method: code = %q, want SignatureDoesNotMatch", e.Name, code)
		}
	}
	u, err := url.Parse(d.Presigned.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Method: "GET", URL: u, Host: u.Host}
	if code := rules.code(t, r, ""); code != "" {
		t.Errorf("presigned: code = %s", code)
	}
	for i, e := range []chunkedExample{d.Chunked, d.ChunkedTrailer} {
		r, body := e.request(d.Credentials.AccessKey)
		if i == 0 && int64(len(body)) != r.ContentLength {
			t.Errorf("framed body has %d bytes, want %d", len(body), r.ContentLength)
		}
		code, got := rules.content(t, r, body)
		if code != "" || got != strings.Repeat("a", 66560) {
			t.Errorf("chunked example %d: code = %q, %d bytes", i, code, len(got))
		}
	}
}

func TestChunksRefused(t *testing.T) {
	d, rules := loadS3Documentation(t)
	key := d.Credentials.AccessKey
	plain, plainBody := d.Chunked.request(key)
	r, body := d.ChunkedTrailer.request(key)
	// before returns the body in front of text.
	before := func(text string) string { return body[:strings.Index(body, text)] }
	second, last := len(before("\r\n400;"))+2, len(before("\r\n0;"))+2
	long := longtest.Enabled(t, "all bytes of the framing and some of the data are changed")
	for at := range len(body) {
		framing := at < 200 || at > second-10 && at < second+100 || at > last-10
		if !framing && !(long && at > 65000) && at%997 != 0 {
			continue
		}
		changed := []byte(body)
		changed[at] ^= 1
		if code := rules.code(t, r, string(changed)); code == "" {
			t.Errorf("byte %d changed from %q to %q: accepted", at, body[at], changed[at])
		}
	}
	for _, n := range []int{0, 1, 100, 65536, 66000, len(body) - 2, len(body) - 1} {
		if code := rules.code(t, r, body[:n]); code == "" {
			t.Errorf("body truncated to %d bytes: accepted", n)
		}
	}
	const (
		mismatch   = "SignatureDoesNotMatch"
		incomplete = "IncompleteBody"
		trailer    = "MalformedTrailerError"
	)
	for _, tt := range []struct {
		name string
		r    *http.Request
		body string
		want string
	}{
		{"chunk removed", r, body[:second] + body[last:], mismatch},
		{"last chunk removed", r, body[:last], incomplete},
		{"trailer removed", r, before("x-amz-checksum") + "\r\n", trailer},
		{"signature without its name", r, strings.Replace(body, "chunk-signature=", "", 1),
			mismatch},
		{"trailer changed", r, strings.Replace(body, "sOO8/Q==", "sOO8/A==", 1), mismatch},
		{"trailer signature removed", r, before("x-amz-trailer") + "\r\n", mismatch},
		{"trailing data", r, body + "x", trailer},
		{"undeclared trailer", plain, strings.TrimSuffix(plainBody, "\r\n") + "a:b\r\n\r\n",
			trailer},
		{"size too large", r, "7fffffff" + body[5:], incomplete},
		{"size negative", r, "-1" + body[5:], incomplete},
		{"size with a prefix", r, "0x" + body, incomplete},
		{"empty", r, "", incomplete},
	} {
		if code := rules.code(t, tt.r, tt.body); code != tt.want {
			t.Errorf("%s: code = %q, want %q", tt.name, code, tt.want)
		}
	}
}

func TestUnsignedChunks(t *testing.T) {
	const crc = "x-amz-checksum-crc32"
	const end = "0\r\n" + crc + ":NSRBwg==\r\n\r\n"
	const good = "3\r\nabc\r\n" + end
	large := "2000\r\n" + strings.Repeat("a", 8192) + "\r\n"
	for _, tt := range []struct{ name, body, length, trailer, want string }{
		{"valid", good, "3", crc, ""},
		{"wrong checksum", strings.Replace(good, "abc", "abd", 1), "3", crc, "BadDigest"},
		{"other length", good, "4", crc, "IncompleteBody"},
		{"no length", good, "", crc, "IncompleteBody"},
		{"other trailer", good, "3", "x-amz-checksum-crc32c", "MalformedTrailerError"},
		{"small chunks", "1\r\na\r\n2\r\nbc\r\n" + end, "3", crc, "InvalidChunkSizeError"},
		{"large chunk first", large + "1\r\nb\r\n0\r\n\r\n", "8193", "", ""},
		{"no line end", "3\r\nabcd\r\n0\r\n\r\n", "4", "", "IncompleteBody"},
	} {
		s := newSigner("s3")
		s.payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
		r, body := s.request("PUT", "/k", tt.body,
			"Content-Encoding", "aws-chunked",
			"X-Amz-Decoded-Content-Length", tt.length,
			"X-Amz-Trailer", tt.trailer)
		if code := testRules("s3").code(t, r, body); code != tt.want {
			t.Errorf("%s: code = %q, want %q", tt.name, code, tt.want)
		}
	}
}

// TestSignedChunksWithoutTrailer signs an empty body in chunks and adds a trailer that the
// signature does not cover.
func TestSignedChunksWithoutTrailer(t *testing.T) {
	s := newSigner("s3")
	s.payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	chunk := func(seed string) string { // returns the last chunk
		toSign := "AWS4-HMAC-SHA256-PAYLOAD\n" + s.stamp() + "\n" + s.scope() + "\n" + seed + "\n" +
			hashText("") + "\n" + hashText("")
		return fmt.Sprintf("0;chunk-signature=%x\r\n", hmacText(s.key(), toSign))
	}
	r, _ := s.request("PUT", "/k", "",
		"X-Amz-Decoded-Content-Length", "0",
		"X-Amz-Trailer", "x-amz-meta")
	old := chunk(s.sign(r, s.payload))
	code := testRules("s3").code(t, r, old+"x-amz-meta:v\r\n\r\n")
	if code != "MalformedTrailerError" {
		t.Errorf("unsigned trailer: code = %q, want MalformedTrailerError", code)
	}
	r.Header.Del("X-Amz-Trailer")
	seed := s.sign(r, s.payload)
	if code := testRules("s3").code(t, r, old+"\r\n"); code != "SignatureDoesNotMatch" {
		t.Errorf("chunk of another request: code = %q, want SignatureDoesNotMatch", code)
	}
	if code := testRules("s3").code(t, r, chunk(seed)+"\r\n"); code != "" {
		t.Errorf("valid chunk: code = %q", code)
	}
}

// FuzzUnchunk checks that the content is not longer than the body, and that chunks signed with
// another key are refused.
func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"), "x-amz-checksum-crc32")
	f.Add([]byte("0;chunk-signature=00\r\n\r\n"), "")
	f.Fuzz(func(t *testing.T, body []byte, trailer string) {
		c := &check{
			Rules:   Rules{Service: "s3"},
			headers: map[string][]string{"x-amz-trailer": {trailer}},
			body:    body,
			payload: streamingUnsigned,
		}
		content, _, refusal := c.unchunk()
		if refusal == nil && len(content) > len(body) {
			t.Errorf("content has %d bytes, body has %d", len(content), len(body))
		}
		c.key = []byte("key")
		c.payload = streamingPayload
		if _, _, refusal := c.unchunk(); refusal == nil {
			t.Error("chunks signed without the key are accepted")
		}
	})
}
