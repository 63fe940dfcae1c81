package cognitotest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// s3Peer is a client of S3 for these tests.
type s3Peer struct {
	t           *testing.T
	http        *http.Client
	credentials *issuedCredentials // nil: requests are not signed
	host        string
	region      string
}

func newS3Peer(t *testing.T, s *Server) *s3Peer {
	return &s3Peer{
		t:           t,
		http:        s.Client(),
		credentials: s.issue(principal{ExampleRoleARN, "ada"}, time.Hour),
		host:        ExampleBucket + ".s3.us-east-1.amazonaws.com",
		region:      "us-east-1",
	}
}

// s3Response is a response of S3.
type s3Response struct {
	status int
	header http.Header
	body   string

	Code, Message, Region        string
	Bucket, Endpoint, BucketName string

	Prefix                string
	ContinuationToken     string
	NextContinuationToken string
	KeyCount              int
	IsTruncated           bool
	Contents              []struct{ Key string }
	CommonPrefixes        []struct{ Prefix string }
}

// request returns a signed request with alternating header names and values.
func (p *s3Peer) request(method, target, body string, headers ...string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequest(method, "https://"+p.host+target, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if p.credentials != nil {
		p.credentials.sign(r, body, p.region, "s3")
	}
	return r
}

func (p *s3Peer) do(method, target, body string, headers ...string) s3Response {
	p.t.Helper()
	resp, err := p.http.Do(p.request(method, target, body, headers...))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := s3Response{status: resp.StatusCode, header: resp.Header, body: string(b)}
	if a.header.Get("x-amz-request-id") == "" || a.header.Get("x-amz-id-2") == "" {
		p.t.Errorf("%s %s: request IDs are missing", method, target)
	}
	if a.header.Get("Content-Type") == "application/xml" && len(b) > 0 {
		err := xml.Unmarshal(b, &a)
		if err != nil && !strings.Contains(err.Error(), "illegal character") {
			p.t.Errorf("%s %s: %v in %s", method, target, err, b)
		}
	}
	return a
}

func (a s3Response) want(t *testing.T, what string, status int, code string) {
	t.Helper()
	if a.status != status || a.Code != code {
		t.Errorf("%s: response = %d %q (%s), want %d %q",
			what, a.status, a.Code, a.Message, status, code)
	}
}

// escapePath escapes every byte of a key that Signature Version 4 escapes.
func escapePath(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func TestObjects(t *testing.T) {
	s := Example()
	p := newS3Peer(t, s)
	for _, key := range []string{
		"k",
		"/k",
		"a//b",
		"../x",
		".",
		"a b",
		"a+b",
		"a%b",
		"a%2Fb",
		"ü/日本",
		"\x01",
		"a\nb",
		"~t*'()!,;:@$=&?#",
		strings.Repeat("k", 1024),
	} {
		target := "/" + escapePath(key)
		body := "body of " + key
		a := p.do("PUT", target, body, "Content-Type", "text/plain")
		a.want(t, key, 200, "")
		if o, ok := s.Object(ExampleBucket, key); !ok || string(o.Body) != body {
			t.Errorf("Object(%q) = %q, %v, want %q", key, o.Body, ok, body)
		}
		get := p.do("GET", target, "")
		if get.status != 200 || get.body != body ||
			get.header.Get("ETag") != a.header.Get("ETag") ||
			get.header.Get("Content-Type") != "text/plain" {
			t.Errorf("GET %q = %+v", key, get)
		}
		head := p.do("HEAD", target, "")
		if head.status != 200 || head.body != "" ||
			head.header.Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("HEAD %q = %+v", key, head)
		}
		p.do("DELETE", target, "").want(t, key, 204, "")
		p.do("DELETE", target, "").want(t, key+", deleted", 204, "")
		p.do("GET", target, "").want(t, key+", deleted", 404, "NoSuchKey")
		if a := p.do("HEAD", target, ""); a.status != 404 || a.body != "" {
			t.Errorf("HEAD %q, deleted = %+v, want 404", key, a)
		}
	}
	p.do("PUT", "/"+strings.Repeat("k", 1025), "").want(t, "long key", 400, "KeyTooLongError")
	p.do("PUT", "/%FF", "").want(t, "key that is not UTF-8", 400, "InvalidURI")
	for _, header := range []string{"X-Amz-Copy-Source", "If-None-Match", "If-Match"} {
		p.do("PUT", "/hello.txt", "", header, "*").want(t, header, 501, "NotImplemented")
	}
	p.do("PUT", "/hello.txt?uploadId=1", "").want(t, "part", 501, "NotImplemented")
	p.do("POST", "/hello.txt", "").want(t, "POST", 501, "NotImplemented")
	a := p.do("GET", "/hello.txt", "", "Range", "bytes=1-3")
	if a.status != 206 || a.body != "ell" {
		t.Errorf("GET of a range = %d %q, want 206 ell", a.status, a.body)
	}
	a = p.do("GET", "/?location=", "")
	want := `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
		`</LocationConstraint>`
	if a.status != 200 || !strings.HasSuffix(a.body, want) {
		t.Errorf("GetBucketLocation = %d %s, want %s", a.status, a.body, want)
	}
	a = p.do("HEAD", "/", "")
	if a.status != 200 || a.header.Get("x-amz-bucket-region") != "us-east-1" {
		t.Errorf("HeadBucket = %+v", a)
	}
}

func TestBucketAddressing(t *testing.T) {
	p := newS3Peer(t, Example())
	const (
		list     = "/?list-type=2"
		listPath = "/" + ExampleBucket + "?list-type=2"
		otherKey = "/" + ExampleBucketElsewhere + "?list-type=2"

		useast = "s3.us-east-1.amazonaws.com"
		euwest = "s3.eu-west-1.amazonaws.com"

		redirect  = "PermanentRedirect"
		malformed = "AuthorizationHeaderMalformed"
		missing   = "NoSuchBucket"
	)
	other := ExampleBucketElsewhere + "."
	for _, tt := range []struct {
		name, host, target, region string // region is the signed one

		status int
		code   string
		want   string // the Region that the response names
	}{
		{"virtual host", ExampleBucket + "." + useast, list, "us-east-1", 200, "", ""},
		{"dual stack", ExampleBucket + ".s3.dualstack.us-east-1.amazonaws.com", list, "us-east-1",
			200, "", ""},
		{"path", useast, listPath, "us-east-1", 200, "", ""},
		{"path with /", useast, "/" + ExampleBucket + "/?list-type=2", "us-east-1", 200, "", ""},
		{"key in path", useast, "/" + ExampleBucket + "/photos//twice", "us-east-1", 200, "", ""},
		{"global host", "s3.amazonaws.com", listPath, "us-east-1", 200, "", ""},
		{"loopback", "127.0.0.1:8080", listPath, "us-east-1", 200, "", ""},
		{"loopback, other Region", "localhost", otherKey, "eu-west-1", 200, "", ""},
		{"other Region", other + euwest, list, "eu-west-1", 200, "", ""},
		{"wrong host", other + useast, list, "us-east-1", 301, redirect, "eu-west-1"},
		{"wrong host, correct scope", other + useast, list, "eu-west-1", 301, redirect,
			"eu-west-1"},
		{"wrong host, path", useast, otherKey, "us-east-1", 301, redirect, "eu-west-1"},
		{"global host, other Region", other + "s3.amazonaws.com", list, "us-east-1", 301,
			redirect, "eu-west-1"},
		{"wrong scope", other + euwest, list, "us-east-1", 400, malformed, "eu-west-1"},
		{"loopback, wrong scope", "localhost", otherKey, "us-east-1", 400, malformed,
			"eu-west-1"},
		{"unknown bucket", "nothing." + useast, list, "us-east-1", 404, missing, ""},
		{"unknown bucket, path", useast, "/nothing/hello.txt", "us-east-1", 404, missing, ""},
		{"unknown bucket, wrong scope", "nothing." + useast, list, "eu-west-1", 400, malformed,
			"us-east-1"},
		{"no bucket", useast, "/", "us-east-1", 200, "", ""},
		{"no bucket, other query", useast, "/?prefixes=a", "us-east-1", 501, "NotImplemented", ""},
		{"escaped slash", useast, "/" + ExampleBucket + "%2Fhello.txt?list-type=2", "us-east-1",
			404, missing, ""},
	} {
		p.host = tt.host
		p.region = tt.region
		a := p.do("GET", tt.target, "")
		a.want(t, tt.name, tt.status, tt.code)
		region := a.header.Get("x-amz-bucket-region")
		switch {
		case tt.code == redirect && (region != tt.want || a.Bucket == "" || a.Endpoint == "" ||
			a.header.Get("Location") != ""),
			tt.code == malformed && a.Region != tt.want,
			tt.code == missing && a.BucketName == "":
			t.Errorf("%s: response = %s %v", tt.name, a.body, a.header)
		}
		if tt.want == "eu-west-1" {
			head := p.do("HEAD", tt.target, "")
			region := head.header.Get("x-amz-bucket-region")
			if head.status != tt.status || region != tt.want || head.body != "" {
				t.Errorf("%s: HEAD = %+v", tt.name, head)
			}
		}
	}
}

func TestBucketAccess(t *testing.T) {
	const (
		denied = "AccessDenied"
		other  = "111122223333"
		owner  = "X-Amz-Expected-Bucket-Owner"
	)
	peers := func(b Bucket) (signed, anonymous *s3Peer) {
		b.Name = ExampleBucket
		b.Objects = map[string]Object{"k": {Body: []byte("v")}}
		signed = newS3Peer(t, &Server{Buckets: []Bucket{b}})
		copied := *signed
		copied.credentials = nil
		return signed, &copied
	}
	shared := Bucket{Owner: other, RequesterPays: true, Public: true}
	for _, tt := range []struct {
		name      string
		bucket    Bucket
		headers   []string
		signed    string // error codes
		anonymous string
		charged   string
	}{
		{name: "private", anonymous: denied},
		{name: "public", bucket: Bucket{Public: true}},
		{
			name:      "role",
			bucket:    Bucket{Roles: []string{ExampleRoleARN}},
			anonymous: denied,
		},
		{
			name:      "other role",
			bucket:    Bucket{Roles: []string{ExampleGuestRoleARN}},
			signed:    denied,
			anonymous: denied,
		},
		{
			name:      "empty list of roles",
			bucket:    Bucket{Roles: []string{}},
			signed:    denied,
			anonymous: denied,
		},
		{name: "expected owner", headers: []string{owner, "123456789012"}, anonymous: denied},
		{
			name:      "other expected owner",
			bucket:    Bucket{Public: true},
			headers:   []string{owner, other},
			signed:    denied,
			anonymous: denied,
		},
		{
			name:      "requester pays without agreement",
			bucket:    shared,
			signed:    denied,
			anonymous: denied,
		},
		{
			name:      "requester pays",
			bucket:    shared,
			headers:   []string{"X-Amz-Request-Payer", "requester"},
			anonymous: denied,
			charged:   "requester",
		},
		{
			name:      "requester is the owner",
			bucket:    Bucket{RequesterPays: true},
			anonymous: denied,
		},
	} {
		check := func(kind string, p *s3Peer, code, charged string) {
			t.Helper()
			status := 200
			if code != "" {
				status = 403
				charged = ""
			}
			a := p.do("GET", "/?list-type=2", "", tt.headers...)
			a.want(t, tt.name+", "+kind, status, code)
			if got := a.header.Get("x-amz-request-charged"); got != charged {
				t.Errorf("%s, %s: charged = %q, want %q", tt.name, kind, got, charged)
			}
		}
		signed, anonymous := peers(tt.bucket)
		check("signed", signed, tt.signed, tt.charged)
		check("anonymous", anonymous, tt.anonymous, tt.charged)
	}
	_, p := peers(Bucket{Public: true})
	p.do("PUT", "/k", "x").want(t, "anonymous PUT", 403, denied)
	p.do("DELETE", "/k", "").want(t, "anonymous DELETE", 403, denied)
	p.do("GET", "/k", "").want(t, "anonymous GET", 200, "")
	p.do("GET", "/k?X-Amz-Signature=0", "").
		want(t, "incomplete signature", 400, "AuthorizationQueryParametersError")
}

func TestIssuedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newS3Peer(t, Example())
		own := p.credentials
		other := (&Server{}).issue(principal{ExampleRoleARN, "ada"}, time.Hour)
		mixed := *own
		mixed.sessionToken = other.sessionToken
		list := func(c *issuedCredentials) s3Response {
			p.credentials = c
			return p.do("GET", "/?list-type=2", "")
		}
		list(own).want(t, "new", 200, "")
		list(other).want(t, "another server's", 403, "InvalidAccessKeyId")
		list(&mixed).want(t, "another token", 400, "InvalidToken")
		time.Sleep(time.Hour - time.Second)
		list(own).want(t, "last second", 200, "")
		time.Sleep(time.Second)
		list(own).want(t, "expired", 400, "ExpiredToken")
	})
}

func TestConcurrentBucket(t *testing.T) {
	p := newS3Peer(t, &Server{Buckets: []Bucket{{Name: ExampleBucket}}})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 20 {
				key := fmt.Sprintf("/%d-%d", i, j)
				p.do("PUT", key, "x").want(t, key, 200, "")
				p.do("GET", "/?list-type=2", "").want(t, "list", 200, "")
				if j%2 == 0 {
					p.do("DELETE", key, "").want(t, key, 204, "")
				}
			}
		})
	}
	group.Wait()
	if a := p.do("GET", "/?list-type=2", ""); a.KeyCount != 80 {
		t.Errorf("KeyCount = %d, want 80", a.KeyCount)
	}
}
