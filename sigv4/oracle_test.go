package sigv4

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// received is a request as a service reads it: from the bytes on the wire. It is part of a second
// implementation of Signature Version 4, which checks the first. The second one was written from
// "Create a signed AWS API request" alone, by other means (net/url, regexp, maps, crypto/hmac),
// and shares no code with what it checks.
type received struct {
	method, target string
	url            *url.URL
	headers        map[string][]string
	body           string
	presigned      bool

	// The parts of the Authorization header, or of the query of a presigned request.
	day, region, service string
	signed               []string
	signature            string
	date                 string
}

var (
	authorizationForm = regexp.MustCompile("^AWS4-HMAC-SHA256 " +
		"Credential=([^/,]+)/(\\d{8})/([^/]+)/([^/]+)/aws4_request, " +
		"SignedHeaders=([a-z0-9;!#$%&'*+.^_`|~-]+), " +
		"Signature=([0-9a-f]{64})$")
	expiresForm = regexp.MustCompile(`^[1-9]\d{0,5}$`)
	spaces      = regexp.MustCompile("[ \t]+")
	slashes     = regexp.MustCompile(`/+`)
)

// oracle returns an error if the signature of the request in raw is not the one that secret gives.
func oracle(raw []byte, secret string, s3 bool) error {
	r, err := receive(raw)
	if err != nil {
		return err
	}
	canonical, err := r.canonical(s3)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(r.date, r.day+"T") {
		return fmt.Errorf("X-Amz-Date is %q, but the day of the scope is %s", r.date, r.day)
	}
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%x",
		r.date, r.day, r.region, r.service, sha256.Sum256([]byte(canonical)))
	key := []byte("AWS4" + secret)
	for _, part := range []string{r.day, r.region, r.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		io.WriteString(mac, part)
		key = mac.Sum(nil)
	}
	if hex.EncodeToString(key) != r.signature {
		return fmt.Errorf("signature is %s, want %x, for canonical request\n%s",
			r.signature, key, canonical)
	}
	return nil
}

// receive parses a request.
func receive(raw []byte) (*received, error) {
	head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
	if !ok {
		return nil, fmt.Errorf("no end of the headers in %q", raw)
	}
	lines := strings.Split(head, "\r\n")
	requestLine := strings.Split(lines[0], " ")
	if len(requestLine) != 3 {
		return nil, fmt.Errorf("request line is %q", lines[0])
	}
	u, err := url.ParseRequestURI("http://host" + requestLine[1])
	if err != nil {
		return nil, err
	}
	r := &received{
		method:  requestLine[0],
		target:  requestLine[1],
		url:     u,
		headers: map[string][]string{},
		body:    body,
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.Trim(value, " \t")
		r.headers[name] = append(r.headers[name], spaces.ReplaceAllString(value, " "))
	}

	authorization := strings.Join(r.headers["authorization"], "|")
	r.date = strings.Join(r.headers["x-amz-date"], "|")
	if r.presigned = r.headers["authorization"] == nil; r.presigned {
		if authorization, r.date, err = r.fromQuery(); err != nil {
			return nil, err
		}
	}
	m := authorizationForm.FindStringSubmatch(authorization)
	if m == nil {
		return nil, fmt.Errorf("Authorization is %q", authorization)
	}
	r.day, r.region, r.service = m[2], m[3], m[4]
	r.signed, r.signature = strings.Split(m[5], ";"), m[6]
	return r, nil
}

// fromQuery returns what Authorization and X-Amz-Date would be if they were headers.
func (r *received) fromQuery() (authorization, date string, err error) {
	q, err := url.ParseQuery(strings.ReplaceAll(r.url.RawQuery, ";", "%3B"))
	if err != nil {
		return "", "", fmt.Errorf("query is %q", r.url.RawQuery)
	}
	for _, name := range []string{
		"Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature",
	} {
		if len(q["X-Amz-"+name]) != 1 {
			return "", "", fmt.Errorf("X-Amz-%s is %q", name, q["X-Amz-"+name])
		}
	}
	expires := q.Get("X-Amz-Expires")
	if !expiresForm.MatchString(expires) || len(expires) == 6 && expires > "604800" {
		return "", "", fmt.Errorf("X-Amz-Expires is %q", expires)
	}
	if r.headers["x-amz-security-token"] != nil || r.headers["x-amz-date"] != nil {
		return "", "", errors.New("the signature is in the query and in the headers")
	}
	authorization = fmt.Sprintf("%s Credential=%s, SignedHeaders=%s, Signature=%s",
		q.Get("X-Amz-Algorithm"), q.Get("X-Amz-Credential"),
		q.Get("X-Amz-SignedHeaders"), q.Get("X-Amz-Signature"))
	return authorization, q.Get("X-Amz-Date"), nil
}

// canonical returns the canonical request.
func (r *received) canonical(s3 bool) (string, error) {
	headers, err := r.canonicalHeaders()
	if err != nil {
		return "", err
	}
	path, err := r.canonicalPath(s3)
	if err != nil {
		return "", err
	}
	query, err := r.canonicalQuery()
	if err != nil {
		return "", err
	}
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(r.body)))
	if given := r.headers["x-amz-content-sha256"]; len(given) == 1 {
		if given[0] != hash && given[0] != "UNSIGNED-PAYLOAD" {
			return "", fmt.Errorf("X-Amz-Content-Sha256 is %s, want %s", given[0], hash)
		}
		hash = given[0]
	} else if s3 && r.presigned {
		hash = "UNSIGNED-PAYLOAD"
	} else if s3 {
		return "", errors.New("X-Amz-Content-Sha256 is missing")
	}
	return strings.Join([]string{
		r.method,
		path,
		query,
		headers,
		"",
		strings.Join(r.signed, ";"),
		hash,
	}, "\n"), nil
}

// canonicalHeaders checks that each header is signed, apart from those that net/http adds and
// those that are never signed.
func (r *received) canonicalHeaders() (string, error) {
	unsigned := strings.Fields("authorization accept-encoding connection expect keep-alive " +
		"proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade " +
		"user-agent x-amzn-trace-id content-length")
	for name := range r.headers {
		if !slices.Contains(unsigned, name) && !slices.Contains(r.signed, name) {
			return "", fmt.Errorf("header %s was sent and is not signed", name)
		}
	}
	var lines []string
	for _, name := range r.signed {
		if r.headers[name] == nil {
			return "", fmt.Errorf("header %s is signed and was not sent", name)
		}
		lines = append(lines, name+":"+strings.Join(r.headers[name], ","))
	}
	if !slices.IsSorted(r.signed) {
		return "", fmt.Errorf("signed headers are not sorted: %q", r.signed)
	}
	return strings.Join(lines, "\n"), nil
}

func (r *received) canonicalPath(s3 bool) (string, error) {
	sent, _, _ := strings.Cut(r.target, "?")
	if s3 {
		// Amazon S3 decodes the key and encodes it again. The result must be what was sent.
		segments := strings.Split(r.url.Path, "/")
		for i := range segments {
			segments[i] = uriEncode(segments[i])
		}
		if path := strings.Join(segments, "/"); path != sent {
			return "", fmt.Errorf("path was sent as %q, but Amazon S3 signs %q", sent, path)
		}
		return sent, nil
	}
	var stack []string
	for _, segment := range slashes.Split(sent, -1) {
		if segment == ".." {
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		} else if segment != "." && segment != "" {
			stack = append(stack, uriEncode(segment))
		}
	}
	path := "/" + strings.Join(stack, "/")
	if sent[len(sent)-1] == '/' && path != "/" {
		path += "/"
	}
	return path, nil
}

func (r *received) canonicalQuery() (string, error) {
	if strings.Contains(r.url.RawQuery, "+") {
		return "", fmt.Errorf("query has a +: %q", r.url.RawQuery)
	}
	parameters := map[string][]string{}
	for _, p := range strings.Split(r.url.RawQuery, "&") {
		if p == "" || r.presigned && strings.HasPrefix(p, "X-Amz-Signature=") {
			continue
		}
		name, value, _ := strings.Cut(p, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return "", fmt.Errorf("query is %q", r.url.RawQuery)
		}
		parameters[uriEncode(n)] = append(parameters[uriEncode(n)], uriEncode(v))
	}
	var names, pairs []string
	for name := range parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		slices.Sort(parameters[name])
		for _, value := range parameters[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	return strings.Join(pairs, "&"), nil
}

func uriEncode(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// wire returns the bytes that net/http sends for req.
func wire(req *http.Request) ([]byte, error) {
	var b bytes.Buffer
	err := req.Write(&b)
	return b.Bytes(), err
}

// TestOracle checks that the oracle refuses requests that were changed after they were signed.
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
	for _, change := range []struct{ old, new string }{
		{"PUT", "GET"},
		{"a%20b", "a%20c"},
		{"x=1", "x=2"},
		{"&y=2", ""},
		{"private", "public-read"},
		{"example.com", "example.org"},
		{"TOK", "TOM"},
		{"20231105T060809Z", "20231105T060810Z"},
		{"20231105/", "20231106/"},
		{"eu-west-1", "eu-west-2"},
		{"/s3/", "/sts/"},
		{"\r\n\r\nbody", "\r\n\r\nBody"},
		{"X-Amz-Acl: private\r\n", ""},
		{"Signature=", "Signature=0"},
		{"\r\n\r\n", "\r\nX-Amz-Tagging: a\r\n\r\n"},
	} {
		changed := strings.Replace(string(raw), change.old, change.new, 1)
		if changed == string(raw) {
			t.Fatalf("the request does not contain %q", change.old)
		}
		if oracle([]byte(changed), example.SecretAccessKey, true) == nil {
			t.Errorf("oracle with %q in place of %q = nil, want an error", change.new, change.old)
		}
	}
	if oracle(raw, "another secret", true) == nil {
		t.Error("oracle with another secret = nil, want an error")
	}
}

// FuzzSign signs and presigns any request that net/http can send, and checks the result with the
// oracle.
func FuzzSign(f *testing.F) {
	f.Add("GET", "/a b/../%2F//c%20d", "b=2&a=1&a=0&a-=3&c", "X-Foo", " a  b ",
		"s3.example.com:443", []byte("body"), "s3", "token", "secret")
	f.Add("POST", "/", "x=%zz&y=a+b&;=%e9&%", "Content-Type", "text/plain",
		"EXAMPLE.com:80", []byte(nil), "execute-api", "", strings.Repeat("k", 70))
	f.Add("PUT", "/./a/..//b/.", "==&&=", "Te", "trailers",
		"[::1]:8080", []byte{0}, "sts", "t/+=", "s")
	f.Add("PUT", "", "", "X-Amz-Meta-`|", "\u00a0a\u0085",
		"a", []byte{0}, "s3express", "t\x00", "s")
	f.Fuzz(func(t *testing.T, method, path, query, name, value, host string, body []byte,
		service, token, secret string) {
		s := Signer{Region: "eu-west-1", Service: service}
		services := []string{"s3", "s3express", "s3-object-lambda", "s3-outposts"}
		s3 := slices.Contains(services, service)
		creds := Credentials{AccessKeyID: "AKID", SecretAccessKey: secret, SessionToken: token}
		now := time.Unix(1700000000, 0)
		for _, presign := range []bool{false, true} {
			req := &http.Request{
				Method:        method,
				URL:           &url.URL{Scheme: "https", Host: host, Path: path, RawQuery: query},
				Header:        http.Header{},
				ContentLength: int64(len(body)),
			}
			if name != "" {
				req.Header[name] = []string{value, "second " + value}
			}
			if len(body) > 0 {
				req.GetBody = func() (io.ReadCloser, error) {
					return io.NopCloser(bytes.NewReader(body)), nil
				}
				req.Body, _ = req.GetBody()
			}
			var err error
			if presign {
				var presigned string
				presigned, err = s.Presign(req, creds, time.Hour, now)
				if err == nil {
					header := req.Header
					req, err = http.NewRequest(method, presigned, bytes.NewReader(body))
					if err != nil {
						t.Fatalf("net/http refuses the presigned URL %q: %v", presigned, err)
					}
					req.Header = header
				}
			} else {
				err = s.Sign(req, creds, "", now)
			}
			if err != nil {
				if !strings.HasPrefix(err.Error(), "sigv4: ") {
					t.Fatalf("error = %q, want prefix sigv4:", err)
				}
				signed := req.Header.Get("Authorization") != ""
				if signed && !strings.EqualFold(name, "Authorization") {
					t.Fatalf("error %q, but the request is signed: %v", err, req.Header)
				}
				continue
			}
			if strings.ContainsFunc(token, func(c rune) bool { return c < ' ' || c == 0x7f }) {
				continue // http.Transport refuses to send it; http.Request.Write does not
			}
			raw, err := wire(req)
			if err != nil {
				t.Fatalf("net/http refuses to send the signed request: %v", err)
			}
			if presign && strings.EqualFold(name, "Content-Length") {
				continue // the user of the URL must send that length
			}
			if err := oracle(raw, secret, s3); err != nil {
				t.Fatalf("oracle = %v, want nil, for\n%s", err, raw)
			}
			got, _ := url.PathUnescape(req.URL.EscapedPath())
			if got != path && !(got == "/" && path == "") {
				t.Fatalf("path = %q, want %q", got, path)
			}
		}
	})
}
