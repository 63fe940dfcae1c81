package sigv4

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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

// This file is a second implementation, which reads a request the way a service does: from the bytes received. It is
// written from "Create a signed AWS API request" alone, with other means than the code it checks (net/url, regexp, maps,
// crypto/hmac), and shares nothing with it.

var authorizationForm = regexp.MustCompile("^AWS4-HMAC-SHA256 Credential=([^/,]+)/(\\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;!#$%&'*+.^_`|~-]+), Signature=([0-9a-f]{64})$")

// oracle returns an error when the signature of the request in raw is not the one that secret makes.
func oracle(raw []byte, secret string, s3 bool) error {
	head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
	if !ok {
		return fmt.Errorf("no end of headers in %q", raw)
	}
	lines := strings.Split(head, "\r\n")
	requestLine := strings.Split(lines[0], " ")
	if len(requestLine) != 3 {
		return fmt.Errorf("request line is %q", lines[0])
	}
	target, err := url.ParseRequestURI("http://host" + requestLine[1])
	if err != nil {
		return err
	}
	headers := map[string][]string{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(name)
		headers[name] = append(headers[name], regexp.MustCompile("[ \t]+").ReplaceAllString(strings.Trim(value, " \t"), " "))
	}
	authorization, date := strings.Join(headers["authorization"], "|"), strings.Join(headers["x-amz-date"], "|")
	presigned := headers["authorization"] == nil
	if presigned { // the same, but for where it stands
		q, err := url.ParseQuery(strings.ReplaceAll(target.RawQuery, ";", "%3B"))
		if err != nil {
			return fmt.Errorf("query was sent as %q", target.RawQuery)
		}
		var found []string
		for _, name := range []string{"Algorithm", "Credential", "SignedHeaders", "Signature", "Date", "Expires"} {
			if len(q["X-Amz-"+name]) != 1 {
				return fmt.Errorf("X-Amz-%s is %q", name, q["X-Amz-"+name])
			}
			found = append(found, q.Get("X-Amz-"+name))
		}
		authorization, date = fmt.Sprintf("%s Credential=%s, SignedHeaders=%s, Signature=%s", found[0], found[1], found[2], found[3]), found[4]
		if !regexp.MustCompile(`^[1-9]\d{0,5}$`).MatchString(found[5]) || len(found[5]) == 6 && found[5] > "604800" {
			return fmt.Errorf("X-Amz-Expires is %q", found[5])
		}
		if headers["x-amz-security-token"] != nil || headers["x-amz-date"] != nil {
			return fmt.Errorf("in the query and in the headers")
		}
	}
	m := authorizationForm.FindStringSubmatch(authorization)
	if m == nil {
		return fmt.Errorf("Authorization is %q", authorization)
	}
	day, region, service, signed, sent := m[2], m[3], m[4], strings.Split(m[5], ";"), m[6]

	// What must be signed: whatever was sent, but for what net/http adds and what is never signed.
	unsigned := strings.Fields("authorization accept-encoding connection expect keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade user-agent x-amzn-trace-id content-length")
	for name := range headers {
		if !slices.Contains(unsigned, name) && !slices.Contains(signed, name) {
			return fmt.Errorf("header %s was sent and not signed", name)
		}
	}
	var lineBlock []string
	for _, name := range signed {
		if headers[name] == nil {
			return fmt.Errorf("header %s was signed and not sent", name)
		}
		lineBlock = append(lineBlock, name+":"+strings.Join(headers[name], ","))
	}
	if !slices.IsSorted(signed) {
		return fmt.Errorf("signed headers are not sorted: %q", signed)
	}

	rawPath, _, _ := strings.Cut(requestLine[1], "?")
	path := rawPath
	if s3 {
		// Amazon S3 decodes the key and encodes it again: what was sent must have been in that form already.
		segments := strings.Split(target.Path, "/")
		for i := range segments {
			segments[i] = uriEncode(segments[i])
		}
		if again := strings.Join(segments, "/"); again != path {
			return fmt.Errorf("path was sent as %q, Amazon S3 signs %q", path, again)
		}
	} else {
		var stack []string
		for _, segment := range regexp.MustCompile(`/+`).Split(rawPath, -1) {
			if segment == ".." {
				if len(stack) > 0 {
					stack = stack[:len(stack)-1]
				}
			} else if segment != "." && segment != "" {
				stack = append(stack, uriEncode(segment))
			}
		}
		path = "/" + strings.Join(stack, "/")
		if rawPath[len(rawPath)-1] == '/' && path != "/" {
			path += "/"
		}
	}

	if strings.Contains(target.RawQuery, "+") {
		return fmt.Errorf("a raw + was sent in %q", target.RawQuery)
	}
	parameters := map[string][]string{}
	for _, p := range strings.Split(target.RawQuery, "&") {
		if p == "" || presigned && strings.HasPrefix(p, "X-Amz-Signature=") {
			continue
		}
		name, value, _ := strings.Cut(p, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("query was sent as %q", target.RawQuery)
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

	bodyHash := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	if given := headers["x-amz-content-sha256"]; len(given) == 1 {
		if given[0] != bodyHash && given[0] != "UNSIGNED-PAYLOAD" {
			return fmt.Errorf("X-Amz-Content-Sha256 is %s, the body's is %s", given[0], bodyHash)
		}
		bodyHash = given[0]
	} else if s3 && presigned {
		bodyHash = "UNSIGNED-PAYLOAD"
	} else if s3 {
		return fmt.Errorf("X-Amz-Content-Sha256 is missing")
	}
	canonical := strings.Join([]string{requestLine[0], path, strings.Join(pairs, "&"),
		strings.Join(lineBlock, "\n"), "", strings.Join(signed, ";"), bodyHash}, "\n")

	if !strings.HasPrefix(date, day+"T") {
		return fmt.Errorf("X-Amz-Date is %q, the scope's day is %s", date, day)
	}
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%x", date, day, region, service, sha256.Sum256([]byte(canonical)))
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		io.WriteString(mac, part)
		key = mac.Sum(nil)
	}
	if hex.EncodeToString(key) != sent {
		return fmt.Errorf("signature is %s, want %x, for canonical request\n%s", sent, key, canonical)
	}
	return nil
}

func uriEncode(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// wire returns the bytes net/http would send over a connection of its own.
func wire(req *http.Request) ([]byte, error) {
	var b bytes.Buffer
	err := req.Write(&b)
	return b.Bytes(), err
}

// FuzzSign signs and presigns whatever net/http can send and lets the oracle read it.
func FuzzSign(f *testing.F) {
	f.Add("GET", "/a b/../%2F//c%20d", "b=2&a=1&a=0&a-=3&c", "X-Foo", " a  b ", "s3.example.com:443", []byte("body"), "s3", "token", "secret")
	f.Add("POST", "/", "x=%zz&y=a+b&;=%e9&%", "Content-Type", "text/plain", "EXAMPLE.com:80", []byte(nil), "execute-api", "", strings.Repeat("k", 70))
	f.Add("PUT", "/./a/..//b/.", "==&&=", "Te", "trailers", "[::1]:8080", []byte{0}, "sts", "t/+=", "s")
	f.Add("PUT", "", "", "X-Amz-Meta-`|", "\u00a0a\u0085", "a", []byte{0}, "s3express", "t\x00", "s")
	f.Fuzz(func(t *testing.T, method, path, query, name, value, host string, body []byte, service, token, secret string) {
		s := Signer{Region: "eu-west-1", Service: service}
		creds := Credentials{AccessKeyID: "AKID", SecretAccessKey: secret, SessionToken: token}
		for _, presign := range []bool{false, true} {
			req := &http.Request{Method: method, URL: &url.URL{Scheme: "https", Host: host, Path: path, RawQuery: query}, Header: http.Header{}, ContentLength: int64(len(body))}
			if name != "" {
				req.Header[name] = []string{value, "second " + value}
			}
			if len(body) > 0 {
				req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
				req.Body, _ = req.GetBody()
			}
			var err error
			if presign {
				var presigned string
				if presigned, err = s.Presign(req, creds, time.Hour, time.Unix(1700000000, 0)); err == nil {
					header := req.Header
					if req, err = http.NewRequest(method, presigned, bytes.NewReader(body)); err != nil {
						t.Fatalf("net/http does not take the URL %q: %v", presigned, err)
					}
					req.Header = header
				}
			} else {
				err = s.Sign(req, creds, "", time.Unix(1700000000, 0))
			}
			if err != nil {
				if !strings.HasPrefix(err.Error(), "sigv4: ") || req.Header.Get("Authorization") != "" && !strings.EqualFold(name, "Authorization") {
					t.Fatalf("error %q, header %v", err, req.Header)
				}
				continue
			}
			if strings.ContainsFunc(token, func(c rune) bool { return c < ' ' || c == 0x7f }) {
				continue // http.Transport refuses to send it, http.Request.Write does not
			}
			raw, err := wire(req)
			if err != nil {
				t.Fatalf("net/http does not send what was signed: %v", err)
			}
			if presign && strings.EqualFold(name, "Content-Length") {
				continue // who uses the URL must send that length
			}
			if err := oracle(raw, secret, slices.Contains(strings.Fields("s3 s3express s3-object-lambda s3-outposts"), service)); err != nil {
				t.Fatalf("%v\n%s", err, raw)
			}
			if got, _ := url.PathUnescape(req.URL.EscapedPath()); got != path && !(got == "/" && path == "") {
				t.Fatalf("path %q is sent as %q", path, got)
			}
		}
	})
}
