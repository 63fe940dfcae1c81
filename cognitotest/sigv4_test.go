package cognitotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

var (
	testTime        = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	testCredentials = issuedCredentials{
		accessKeyID: "ASIATEST", secretAccessKey: "secret/+key", sessionToken: "tok/en+==", expires: testTime.Add(time.Hour),
		principal: principal{ExampleRoleARN, "ada"},
	}
)

func testVerifier(service string) *verifier {
	return &verifier{service: service, region: "us-east-1", now: testTime, credentials: known(testCredentials)}
}

func known(list ...issuedCredentials) func(string) (issuedCredentials, bool) {
	return func(id string) (issuedCredentials, bool) {
		at := slices.IndexFunc(list, func(c issuedCredentials) bool { return c.accessKeyID == id })
		if at < 0 {
			return issuedCredentials{}, false
		}
		return list[at], true
	}
}

// signer signs requests for these tests. It is written from the documentation, apart from the verifier: where that
// parses, this builds.
type signer struct {
	issuedCredentials
	region, service string
	time            time.Time
	unsigned        []string // headers to leave out of SignedHeaders
	payload         string   // x-amz-content-sha256; empty: the body's hash
}

func newSigner(service string) signer {
	return signer{issuedCredentials: testCredentials, region: "us-east-1", service: service, time: testTime}
}

func hmacText(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return string(h.Sum(nil))
}

func hashText(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func (s signer) key() string {
	return hmacText(hmacText(hmacText(hmacText("AWS4"+s.secretAccessKey, s.time.Format("20060102")), s.region), s.service), "aws4_request")
}

func (s signer) scope() string {
	return s.time.Format("20060102") + "/" + s.region + "/" + s.service + "/aws4_request"
}

// request makes a signed request, as it arrives at a server. target is a path and query that need no normalisation:
// what is sent is what is signed, with the query sorted.
func (s signer) request(method, target, body string, headers ...string) (*http.Request, string) {
	u, err := url.Parse("https://example-bucket.s3.us-east-1.amazonaws.com" + target)
	if err != nil {
		panic(err)
	}
	if s.service == "sts" {
		u.Host = "sts.us-east-1.amazonaws.com"
	}
	r := &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{}, RequestURI: target, ContentLength: int64(len(body))}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	payload := s.payload
	if payload == "" {
		payload = hashText(body)
	}
	r.Header.Set("X-Amz-Date", s.time.Format("20060102T150405Z"))
	if s.service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	if s.sessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", s.sessionToken)
	}
	s.sign(r, payload)
	return r, body
}

// sign sets Authorization for the headers that r has.
func (s signer) sign(r *http.Request, payload string) (signature string) {
	lines := []string{"host:" + r.Host}
	names := []string{"host"}
	for name, values := range r.Header {
		if name = strings.ToLower(name); name != "authorization" && !slices.Contains(s.unsigned, name) {
			lines, names = append(lines, name+":"+strings.Join(values, ",")), append(names, name)
		}
	}
	sort.Strings(lines)
	sort.Strings(names)
	path, query, _ := strings.Cut(r.RequestURI, "?")
	pairs := strings.Split(query, "&")
	sort.Slice(pairs, func(i, j int) bool { // by name, then by value: "a=" is before "a-="
		return strings.Replace(pairs[i], "=", "\x00", 1) < strings.Replace(pairs[j], "=", "\x00", 1)
	})
	canonical := r.Method + "\n" + path + "\n" + strings.Join(pairs, "&") + "\n" + strings.Join(lines, "\n") + "\n\n" + strings.Join(names, ";") + "\n" + payload
	toSign := "AWS4-HMAC-SHA256\n" + s.time.Format("20060102T150405Z") + "\n" + s.scope() + "\n" + hashText(canonical)
	signature = hex.EncodeToString([]byte(hmacText(s.key(), toSign)))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.accessKeyID+"/"+s.scope()+", SignedHeaders="+strings.Join(names, ";")+", Signature="+signature)
	return signature
}

// check verifies a request and answers the code of the refusal.
func (v *verifier) check(t *testing.T, r *http.Request, body string) string {
	t.Helper()
	code, _ := v.payload(t, r, body)
	return code
}

func (v *verifier) payload(t *testing.T, r *http.Request, body string) (code, payload string) {
	t.Helper()
	a, err := newArrival(r, []byte(body))
	if err != nil {
		return "InvalidURI", ""
	}
	who, got, no := v.verify(a)
	if no != nil {
		if who.accessKeyID != "" || got != nil {
			t.Error("a refusal comes with credentials or a body")
		}
		if no.status < 400 || no.message == "" || len(no.detail)%2 != 0 {
			t.Errorf("refusal %+v is not complete", *no)
		}
		return no.code, ""
	}
	return "", string(got)
}

func TestVerifyAccepts(t *testing.T) {
	for _, target := range []string{
		"/", "/?list-type=2", "/?a=&b=1&b=2", "/?prefix=a%20b%2Bc%2Fd", "//x", "/a/../b", "/a/./b", "/a%20b%2Bc%25d", "/%C3%BC/%E6%9D%B1", "/~t%2A%27%28%29",
		"/?a-=1&a=2", "/?a=b%3Dc",
	} {
		r, body := newSigner("s3").request("GET", target, "")
		if code := testVerifier("s3").check(t, r, body); code != "" {
			t.Errorf("%s: %s", target, code)
		}
	}
	for _, headers := range [][]string{
		{"X-Amz-Meta-A", "b"}, {"Content-Type", "text/plain", "Content-Md5", "C6eVCkOvt4HeAyHBgNuSNw=="}, {"X-Amz-Two", "1", "X-Amz-Two", "2"}, {"X-Empty", ""},
	} {
		r, body := newSigner("sts").request("POST", "/", "Action=GetCallerIdentity", headers...)
		if code := testVerifier("sts").check(t, r, body); code != "" {
			t.Errorf("%q: %s", headers, code)
		}
	}
	// The Date header in place of X-Amz-Date, white space that proxies may change, a Host with a port.
	s := newSigner("sts")
	r, body := s.request("POST", "/", "x", "X-Amz-Meta", "a b")
	r.Header.Del("X-Amz-Date")
	r.Header.Set("Date", s.time.Format(http.TimeFormat))
	r.Host = "127.0.0.1:8080"
	s.sign(r, hashText(body))
	r.Header.Set("X-Amz-Meta", "  a \t  b ")
	if code := testVerifier("sts").check(t, r, body); code != "" {
		t.Error(code)
	}
	// Not everything need be signed.
	s = newSigner("s3")
	s.unsigned = []string{"content-type", "user-agent", "x-amzn-trace-id"}
	r, body = s.request("PUT", "/k", "x", "Content-Type", "text/plain", "User-Agent", "x", "X-Amzn-Trace-Id", "Root=1")
	if code := testVerifier("s3").check(t, r, body); code != "" {
		t.Error(code)
	}
}

// TestVerifyRefuses changes one thing at a time in a request that is good.
func TestVerifyRefuses(t *testing.T) {
	auth := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			before := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(before, old, new, 1))
			if r.Header.Get("Authorization") == before {
				panic("no " + old)
			}
		}
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Del(name); value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	target := func(target string) func(*http.Request) { return func(r *http.Request) { r.RequestURI = target } }
	signatureOf := func(r *http.Request) string {
		_, s, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
		return s
	}
	const malformed, mismatch, incomplete = "AuthorizationHeaderMalformed", "SignatureDoesNotMatch", "IncompleteSignature"
	for _, test := range []struct {
		name    string
		change  func(*http.Request)
		s3, sts string // codes
	}{
		{"method", func(r *http.Request) { r.Method = "PUT" }, mismatch, mismatch},
		{"host", func(r *http.Request) { r.Host = "other-bucket.s3.us-east-1.amazonaws.com" }, mismatch, mismatch},
		{"path", target("/b?x=1&y=2"), mismatch, mismatch},
		{"double slash", target("//a?x=1&y=2"), mismatch, ""},
		{"dot segments", target("/b/../a?x=1&y=2"), mismatch, ""},
		{"trailing slash", target("/a/?x=1&y=2"), mismatch, mismatch},
		{"query value", target("/a?x=2&y=2"), mismatch, mismatch},
		{"query name", target("/a?z=1&y=2"), mismatch, mismatch},
		{"query value dropped", target("/a?x&y=2"), mismatch, mismatch},
		{"query parameter dropped", target("/a?x=1"), mismatch, mismatch},
		{"query parameter added", target("/a?x=1&y=2&z=3"), mismatch, mismatch},
		{"query parameter doubled", target("/a?x=1&y=2&y=2"), mismatch, mismatch},
		{"query order", target("/a?y=2&x=1"), "", ""},
		{"query escape broken", target("/a?x=%zz"), "InvalidURI", "InvalidURI"},
		{"signed header", header("Content-Type", "text/html"), mismatch, mismatch},
		{"signed header dropped", header("Content-Type", ""), mismatch, mismatch},
		{"signed header doubled", func(r *http.Request) { r.Header.Add("Content-Type", "text/html") }, mismatch, mismatch},
		{"signed header without value dropped", header("X-Empty", ""), mismatch, mismatch},
		{"x-amz header", header("X-Amz-Meta-A", "2"), mismatch, mismatch},
		{"x-amz header dropped", header("X-Amz-Meta-A", ""), mismatch, mismatch},
		{"x-amz header added", header("X-Amz-Acl", "public-read"), "AccessDenied", mismatch},
		{"other header added", header("X-Forwarded-For", "192.0.2.1"), "", ""},
		{"token dropped", header("X-Amz-Security-Token", ""), "InvalidAccessKeyId", "InvalidClientTokenId"},
		{"token of someone else", header("X-Amz-Security-Token", "other"), "InvalidToken", "InvalidClientTokenId"},
		{"other key", auth("ASIATEST", "ASIAOTHER"), "InvalidToken", "InvalidClientTokenId"},
		{"unknown key", auth("ASIATEST", "ASIANONE"), "InvalidAccessKeyId", "InvalidClientTokenId"},
		{"time", header("X-Amz-Date", "20260203T040507Z"), mismatch, mismatch},
		{"time dropped", header("X-Amz-Date", ""), "AccessDenied", incomplete},
		{"time with a fraction", header("X-Amz-Date", "20260203T040506.0Z"), "AccessDenied", incomplete},
		{"time in another form", header("X-Amz-Date", "2026-02-03T04:05:06Z"), "AccessDenied", incomplete},
		{"date in scope", auth("/20260203/", "/20260204/"), malformed, mismatch},
		{"other Region", auth("/us-east-1/", "/eu-west-1/"), malformed, mismatch},
		{"no Region", auth("/us-east-1/", "//"), malformed, mismatch},
		{"other service", auth("aws4_request", "x"), malformed, mismatch},
		{"scope too short", auth("/aws4_request", ""), malformed, incomplete},
		{"scope too long", auth("/aws4_request", "/aws4_request/x"), malformed, incomplete},
		{"algorithm", auth("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), "InvalidRequest", incomplete},
		{"basic authentication", header("Authorization", "Basic YTpi"), malformed, incomplete},
		{"no signature", auth(", Signature=", ", Sign="), malformed, incomplete},
		{"field twice", auth(", Signature=", ", Credential=x, Signature="), malformed, incomplete},
		{"signature twice", auth("Signature=", "Signature="+strings.Repeat("0", 64)+", Signature="), malformed, incomplete},
		{"signature empty", func(r *http.Request) { auth(signatureOf(r), "")(r) }, mismatch, mismatch},
		{"signature truncated", func(r *http.Request) { auth(signatureOf(r), signatureOf(r)[:62])(r) }, mismatch, mismatch},
		{"signature longer", func(r *http.Request) { auth(signatureOf(r), signatureOf(r)+"00")(r) }, mismatch, mismatch},
		{"signature in upper case", func(r *http.Request) { auth(signatureOf(r), strings.ToUpper(signatureOf(r)))(r) }, mismatch, mismatch},
		{"signature of zeros", func(r *http.Request) { auth(signatureOf(r), strings.Repeat("0", 64))(r) }, mismatch, mismatch},
		{"SignedHeaders without host", auth(";host;", ";"), "AccessDenied", mismatch},
		{"SignedHeaders without x-amz-date", auth(";x-amz-date;", ";"), "AccessDenied", mismatch},
		{"SignedHeaders without content-type", auth("content-type;", ""), mismatch, mismatch},
		{"SignedHeaders not sorted", auth("content-type;host;", "host;content-type;"), malformed, incomplete},
		{"SignedHeaders with one twice", auth("host;", "host;host;"), malformed, incomplete},
		{"SignedHeaders in upper case", auth("content-type;", "Content-Type;"), malformed, incomplete},
		{"SignedHeaders empty", auth("SignedHeaders=content-type;host;", "SignedHeaders=;"), "AccessDenied", mismatch},
		{"two Authorization headers", func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }, "InvalidArgument", incomplete},
		{"header and query", target("/a?x=1&y=2&X-Amz-Signature=0"), "InvalidArgument", incomplete},
	} {
		other := testCredentials
		other.accessKeyID, other.sessionToken = "ASIAOTHER", "other"
		for service, want := range map[string]string{"s3": test.s3, "sts": test.sts} {
			r, body := newSigner(service).request("GET", "/a?x=1&y=2", "body", "X-Amz-Meta-A", "1", "Content-Type", "text/plain", "X-Empty", "")
			test.change(r)
			v := testVerifier(service)
			v.credentials = known(testCredentials, other)
			if got := v.check(t, r, body); got != want {
				t.Errorf("%s, %s: %q, want %q", test.name, service, got, want)
			}
		}
	}
}
