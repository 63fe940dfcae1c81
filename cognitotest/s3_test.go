package cognitotest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// s3Peer is a client of S3 for these tests.
type s3Peer struct {
	t *testing.T
	signer
	http *http.Client
	host string // of the bucket
	anon bool
}

func newS3Peer(t *testing.T, s *Server) *s3Peer {
	c := s.issue(principal{ExampleRoleARN, "ada"}, time.Hour)
	return &s3Peer{t: t, signer: signer{issuedCredentials: c, region: "us-east-1", service: "s3"}, http: s.Client(), host: ExampleBucket + ".s3.us-east-1.amazonaws.com"}
}

// s3Answer is what S3 said.
type s3Answer struct {
	status int
	header http.Header
	body   string

	Code, Message, Region                    string
	Bucket, Endpoint, BucketName             string
	Prefix                                   string
	ContinuationToken, NextContinuationToken string
	KeyCount                                 int
	IsTruncated                              bool
	Contents                                 []struct{ Key string }
	CommonPrefixes                           []struct{ Prefix string }
}

func (p *s3Peer) do(method, target, body string, headers ...string) s3Answer {
	p.t.Helper()
	u, err := url.Parse("https://" + p.host + target)
	if err != nil {
		p.t.Fatal(err)
	}
	r := &http.Request{Method: method, URL: u, Host: p.host, Header: http.Header{}, RequestURI: target, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if !p.anon {
		p.time = time.Now().UTC()
		r.Header.Set("X-Amz-Date", p.time.Format("20060102T150405Z"))
		r.Header.Set("X-Amz-Content-Sha256", hashText(body))
		r.Header.Set("X-Amz-Security-Token", p.sessionToken)
		p.sign(r, hashText(body))
	}
	r.RequestURI = ""
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := s3Answer{status: resp.StatusCode, header: resp.Header, body: string(b)}
	if a.header.Get("x-amz-request-id") == "" || a.header.Get("x-amz-id-2") == "" {
		p.t.Errorf("%s %s: no request IDs", method, target)
	}
	if a.header.Get("Content-Type") == "application/xml" && len(b) > 0 {
		if err := xml.Unmarshal(b, &a); err != nil && !strings.Contains(err.Error(), "illegal character") {
			p.t.Errorf("%s %s: %v in %s", method, target, err, b)
		}
	}
	return a
}

func (a s3Answer) want(t *testing.T, what string, status int, code string) {
	t.Helper()
	if a.status != status || a.Code != code {
		t.Errorf("%s: %d %q %s, want %d %q", what, a.status, a.Code, a.Message, status, code)
	}
}

func TestListObjectsDocument(t *testing.T) {
	s := &Server{Buckets: []Bucket{{Name: ExampleBucket, Objects: map[string]Object{
		"a b+c/d~e*f":   {Body: []byte("hello"), StorageClass: "GLACIER"},
		"a&<>\"'\u0001": {LastModified: time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.FixedZone("", 3600))},
		"ü/1":           {},
		"ü2":            {},
	}}}}
	p := newS3Peer(t, s)
	for _, test := range []struct{ target, want string }{
		{"/?delimiter=%2F&encoding-type=url&fetch-owner=true&list-type=2&max-keys=3&start-after=A%20%2B", `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>example-bucket</Name><Prefix></Prefix><StartAfter>A+%2B</StartAfter><NextContinuationToken>TOKEN</NextContinuationToken>` +
			`<KeyCount>3</KeyCount><MaxKeys>3</MaxKeys><Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>` +
			`<Contents><Key>a%26%3C%3E%22%27%01</Key><LastModified>2026-02-03T03:05:06.007Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size>` +
			`<Owner><ID>OWNER</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>` +
			`<CommonPrefixes><Prefix>a+b%2Bc/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>%C3%BC/</Prefix></CommonPrefixes></ListBucketResult>`},
		{"/?list-type=2&prefix=a", `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>example-bucket</Name><Prefix>a</Prefix>` +
			`<KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>` +
			`<Contents><Key>a b+c/d~e*f</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size><StorageClass>GLACIER</StorageClass></Contents>` +
			`<Contents><Key>a&amp;&lt;&gt;&quot;'&#x1;</Key><LastModified>2026-02-03T03:05:06.007Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>`},
		{"/?encoding-type=url&list-type=2&prefix=a%20b", `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>example-bucket</Name><Prefix>a+b</Prefix>` +
			`<KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>` +
			`<Contents><Key>a+b%2Bc/d%7Ee*f</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size><StorageClass>GLACIER</StorageClass></Contents></ListBucketResult>`},
		{"/?list-type=2&max-keys=0", `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>example-bucket</Name><Prefix></Prefix><KeyCount>0</KeyCount><MaxKeys>0</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>`},
	} {
		a := p.do("GET", test.target, "")
		want := strings.NewReplacer("OWNER", hashText("123456789012"), "TOKEN", a.NextContinuationToken).Replace(test.want)
		if a.status != 200 || a.body != want {
			t.Errorf("%s\n got %s\nwant %s", test.target, a.body, want)
		}
	}
}

// TestListObjectsPages walks listings of every kind and compares them with what sorting and grouping the keys gives.
func TestListObjectsPages(t *testing.T) {
	keys := []string{"a", "a/", "a/b", "a/b/c", "a/b/d", "a//x", "a-b", "a0", "ab", "b/", "b/1", "b/2", "b/3", "c\x01", "c\U0001F600", "c\uFFFD", "d d", "d+d", "d%d", "é/1", "é/2"}
	objects := make(map[string]Object)
	for _, key := range keys {
		objects[key] = Object{Body: []byte(key)}
	}
	slices.Sort(keys)
	p := newS3Peer(t, &Server{Buckets: []Bucket{{Name: ExampleBucket, Objects: objects}}})
	for _, prefix := range []string{"", "a", "a/", "a/b", "b/", "d", "é", "nothing"} {
		for _, delimiter := range []string{"", "/", "b", "//", "é/"} {
			for _, after := range []string{"", "a/", "a/b", "b/2"} {
				var want []string
				seen := map[string]bool{}
				for _, key := range keys {
					if !strings.HasPrefix(key, prefix) || key <= after {
						continue
					}
					name := key
					if i := strings.Index(strings.TrimPrefix(key, prefix), delimiter); delimiter != "" && i >= 0 {
						name = key[:len(prefix)+i+len(delimiter)]
					}
					if !seen[name] && !(name == after && name != key) {
						seen[name] = true
						want = append(want, name)
					}
				}
				for _, size := range []int{1, 3, 1000} {
					var got []string
					token := ""
					for page := 0; page < 100; page++ {
						q := url.Values{"list-type": {"2"}, "prefix": {prefix}, "delimiter": {delimiter}, "max-keys": {fmt.Sprint(size)}, "encoding-type": {"url"}}
						if q.Set("start-after", after); token != "" {
							q.Set("continuation-token", token)
						}
						a := p.do("GET", "/?"+strings.ReplaceAll(q.Encode(), "+", "%20"), "")
						a.want(t, q.Encode(), 200, "")
						if n := len(a.Contents) + len(a.CommonPrefixes); n != a.KeyCount || n > size || a.IsTruncated && n < size || a.IsTruncated != (a.NextContinuationToken != "") || a.ContinuationToken != token {
							t.Fatalf("%s: %+v", q.Encode(), a)
						}
						var names []string
						for _, c := range a.Contents {
							names = append(names, c.Key)
						}
						for _, c := range a.CommonPrefixes {
							names = append(names, c.Prefix)
						}
						for i := range names {
							names[i], _ = url.QueryUnescape(names[i])
						}
						slices.Sort(names)
						got = append(got, names...)
						if token = a.NextContinuationToken; token == "" {
							break
						}
					}
					if !slices.Equal(got, want) {
						t.Errorf("prefix %q, delimiter %q, start-after %q, %d at a time:\n got %q\nwant %q", prefix, delimiter, after, size, got, want)
					}
				}
			}
		}
	}
}

func TestListObjectsLongPage(t *testing.T) {
	objects := make(map[string]Object)
	for i := range 1001 {
		objects[fmt.Sprint(i)] = Object{}
	}
	p := newS3Peer(t, &Server{Buckets: []Bucket{{Name: ExampleBucket, Objects: objects}}})
	for _, target := range []string{"/?list-type=2", "/?list-type=2&max-keys=1001"} {
		if a := p.do("GET", target, ""); a.KeyCount != 1000 || !a.IsTruncated || !strings.Contains(a.body, "<MaxKeys>1000</MaxKeys>") {
			t.Errorf("%s: %d keys, truncated %t", target, a.KeyCount, a.IsTruncated)
		}
	}
}

func TestListObjectsRefused(t *testing.T) {
	s := Example()
	s.Buckets = append(s.Buckets, Bucket{Name: "other", Objects: s.Buckets[0].Objects})
	p := newS3Peer(t, s)
	first := p.do("GET", "/?list-type=2&max-keys=2", "")
	token := strings.ReplaceAll(url.QueryEscape(first.NextContinuationToken), "+", "%20")
	p.do("GET", "/?continuation-token="+token+"&list-type=2", "").want(t, "token", 200, "")
	for _, test := range []struct {
		target string
		status int
		code   string
	}{
		{"/?list-type=1", 400, "InvalidArgument"},
		{"/?list-type=2&max-keys=x", 400, "InvalidArgument"},
		{"/?list-type=2&max-keys=-1", 400, "InvalidArgument"},
		{"/?list-type=2&max-keys=99999999999", 400, "InvalidArgument"},
		{"/?list-type=2&max-keys=2000", 200, ""},
		{"/?encoding-type=xml&list-type=2", 400, "InvalidArgument"},
		{"/?continuation-token=&list-type=2", 400, "InvalidArgument"},
		{"/?continuation-token=hello.txt&list-type=2", 400, "InvalidArgument"},
		{"/?continuation-token=A" + token[1:] + "&list-type=2", 400, "InvalidArgument"},
		{"/?continuation-token=" + token + "A&list-type=2", 400, "InvalidArgument"},
		{"/", 501, "NotImplemented"},
		{"/?acl=", 501, "NotImplemented"},
		{"/?list-type=2&versions=", 501, "NotImplemented"},
		{"/hello.txt?acl=", 501, "NotImplemented"},
		{"/hello.txt?list-type=2", 501, "NotImplemented"},
		{"/hello.txt?prefix=x", 501, "NotImplemented"},
	} {
		p.do("GET", test.target, "").want(t, test.target, test.status, test.code)
	}
	p.host = "other.s3.us-east-1.amazonaws.com"
	p.do("GET", "/?continuation-token="+token+"&list-type=2", "").want(t, "token of another bucket", 400, "InvalidArgument")

	// A "+" in a query is a space to S3, whatever was signed: a token that is not escaped is another token.
	p.host = ExampleBucket + ".s3.us-east-1.amazonaws.com"
	for i := 0; !strings.Contains(first.NextContinuationToken, "+"); i++ {
		first.NextContinuationToken = s.writeToken(&s.Buckets[0], entryName{name: fmt.Sprint(i)})
	}
	escaped := strings.NewReplacer("/", "%2F", "=", "%3D").Replace(first.NextContinuationToken)
	q := "continuation-token=" + strings.ReplaceAll(escaped, "+", "%2B") + "&list-type=2"
	p.do("GET", "/?"+q, "").want(t, "escaped token", 200, "")
	r, _ := p.signer.request("GET", "/?"+q, "")
	r.RequestURI = "/?continuation-token=" + escaped + "&list-type=2" // "+" and "%2B" are signed alike
	r.Body = http.NoBody
	rec := &recorder{header: make(http.Header)}
	s.ServeHTTP(rec, r)
	if !strings.Contains(rec.body.String(), "<Code>InvalidArgument</Code>") {
		t.Errorf("token with a bare +: %s", rec.body.String())
	}
	// A bare ";" is signed as %3B, and net/url does not take it.
	r, _ = p.signer.request("GET", "/?list-type=2&prefix=a%3Bb", "")
	r.RequestURI, r.Body, rec = "/?list-type=2&prefix=a;b", http.NoBody, &recorder{header: make(http.Header)}
	if s.ServeHTTP(rec, r); !strings.Contains(rec.body.String(), "<Prefix>a;b</Prefix>") {
		t.Errorf("bare semicolon: %s", rec.body.String())
	}
}

func TestObjects(t *testing.T) {
	s := Example()
	p := newS3Peer(t, s)
	for _, key := range []string{"k", "/k", "a//b", "../x", ".", "a b", "a+b", "a%b", "a%2Fb", "ü/日本", "\x01", "a\nb", "~t*'()!,;:@$=&?#", strings.Repeat("k", 1024)} {
		target := "/" + strings.ReplaceAll(encode(key), "%2F", "/")
		a := p.do("PUT", target, "body of "+key, "Content-Type", "text/plain")
		a.want(t, key, 200, "")
		if o, ok := s.Object(ExampleBucket, key); !ok || string(o.Body) != "body of "+key {
			t.Errorf("%q was not stored", key)
		}
		get := p.do("GET", target, "")
		if get.status != 200 || get.body != "body of "+key || get.header.Get("ETag") != a.header.Get("ETag") || get.header.Get("Content-Type") != "text/plain" {
			t.Errorf("%q: %+v", key, get)
		}
		head := p.do("HEAD", target, "")
		if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(get.body)) {
			t.Errorf("HEAD %q: %+v", key, head)
		}
		p.do("DELETE", target, "").want(t, key, 204, "")
		p.do("DELETE", target, "").want(t, "again", 204, "")
		p.do("GET", target, "").want(t, key, 404, "NoSuchKey")
		if a := p.do("HEAD", target, ""); a.status != 404 || a.body != "" {
			t.Errorf("HEAD of what is gone: %+v", a)
		}
	}
	p.do("PUT", "/"+strings.Repeat("k", 1025), "").want(t, "long key", 400, "KeyTooLongError")
	p.do("PUT", "/%FF", "").want(t, "key that is not UTF-8", 400, "InvalidURI")
	for _, header := range []string{"X-Amz-Copy-Source", "If-None-Match", "If-Match"} {
		p.do("PUT", "/hello.txt", "", header, "*").want(t, header, 501, "NotImplemented")
	}
	p.do("PUT", "/hello.txt?uploadId=1", "").want(t, "part", 501, "NotImplemented")
	p.do("POST", "/hello.txt", "").want(t, "POST", 501, "NotImplemented")
	if a := p.do("GET", "/hello.txt", "", "Range", "bytes=1-3"); a.status != 206 || a.body != "ell" {
		t.Errorf("range: %+v", a)
	}
	if a := p.do("GET", "/?location=", ""); a.status != 200 || !strings.HasSuffix(a.body, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`) {
		t.Errorf("location: %+v", a)
	}
	if a := p.do("HEAD", "/", ""); a.status != 200 || a.header.Get("x-amz-bucket-region") != "us-east-1" {
		t.Errorf("HEAD bucket: %+v", a)
	}
}

func TestBucketAddressing(t *testing.T) {
	s := Example()
	p := newS3Peer(t, s)
	const list, elsewhere = "/?list-type=2", "/" + ExampleBucketElsewhere
	for _, test := range []struct {
		name, host, target, region string
		status                     int
		code, want                 string // want: the Region that the answer names
	}{
		{"virtual host", ExampleBucket + ".s3.us-east-1.amazonaws.com", list, "us-east-1", 200, "", ""},
		{"dual stack", ExampleBucket + ".s3.dualstack.us-east-1.amazonaws.com", list, "us-east-1", 200, "", ""},
		{"path", "s3.us-east-1.amazonaws.com", "/" + ExampleBucket + "?list-type=2", "us-east-1", 200, "", ""},
		{"path with /", "s3.us-east-1.amazonaws.com", "/" + ExampleBucket + "/?list-type=2", "us-east-1", 200, "", ""},
		{"key in path", "s3.us-east-1.amazonaws.com", "/" + ExampleBucket + "/photos//twice", "us-east-1", 200, "", ""},
		{"global host", "s3.amazonaws.com", "/" + ExampleBucket + "?list-type=2", "us-east-1", 200, "", ""},
		{"loopback", "127.0.0.1:8080", "/" + ExampleBucket + "?list-type=2", "us-east-1", 200, "", ""},
		{"loopback, any Region", "localhost", elsewhere + "?list-type=2", "eu-west-1", 200, "", ""},
		{"its own Region", ExampleBucketElsewhere + ".s3.eu-west-1.amazonaws.com", list, "eu-west-1", 200, "", ""},
		{"other Region's host", ExampleBucketElsewhere + ".s3.us-east-1.amazonaws.com", list, "us-east-1", 301, "PermanentRedirect", "eu-west-1"},
		{"other Region's host, right scope", ExampleBucketElsewhere + ".s3.us-east-1.amazonaws.com", list, "eu-west-1", 301, "PermanentRedirect", "eu-west-1"},
		{"other Region's host, path", "s3.us-east-1.amazonaws.com", elsewhere + "?list-type=2", "us-east-1", 301, "PermanentRedirect", "eu-west-1"},
		{"global host, other Region", ExampleBucketElsewhere + ".s3.amazonaws.com", list, "us-east-1", 301, "PermanentRedirect", "eu-west-1"},
		{"wrong scope", ExampleBucketElsewhere + ".s3.eu-west-1.amazonaws.com", list, "us-east-1", 400, "AuthorizationHeaderMalformed", "eu-west-1"},
		{"loopback, wrong scope", "localhost", elsewhere + "?list-type=2", "us-east-1", 400, "AuthorizationHeaderMalformed", "eu-west-1"},
		{"no bucket", "nothing.s3.us-east-1.amazonaws.com", list, "us-east-1", 404, "NoSuchBucket", ""},
		{"no bucket, path", "s3.us-east-1.amazonaws.com", "/nothing/hello.txt", "us-east-1", 404, "NoSuchBucket", ""},
		{"no bucket, wrong scope", "nothing.s3.us-east-1.amazonaws.com", list, "eu-west-1", 400, "AuthorizationHeaderMalformed", "us-east-1"},
		{"no name", "s3.us-east-1.amazonaws.com", "/", "us-east-1", 501, "NotImplemented", ""},
		{"escaped slash in the path", "s3.us-east-1.amazonaws.com", "/" + ExampleBucket + "%2Fhello.txt?list-type=2", "us-east-1", 404, "NoSuchBucket", ""},
	} {
		p.host, p.region = test.host, test.region
		a := p.do("GET", test.target, "")
		a.want(t, test.name, test.status, test.code)
		if a.Code == "PermanentRedirect" && (a.header.Get("x-amz-bucket-region") != test.want || a.Bucket == "" || a.Endpoint == "" || a.header.Get("Location") != "") ||
			a.Code == "AuthorizationHeaderMalformed" && a.Region != test.want || a.Code == "NoSuchBucket" && a.BucketName == "" {
			t.Errorf("%s: %s %v", test.name, a.body, a.header)
		}
		if test.code == "PermanentRedirect" || test.code == "AuthorizationHeaderMalformed" && test.want == "eu-west-1" {
			head := p.do("HEAD", test.target, "")
			if head.status != test.status || head.header.Get("x-amz-bucket-region") != test.want || head.body != "" {
				t.Errorf("%s, HEAD: %+v", test.name, head)
			}
		}
	}
}

func TestBucketAccess(t *testing.T) {
	objects := map[string]Object{"k": {Body: []byte("v")}}
	bucket := func(b Bucket) *s3Peer {
		b.Name, b.Objects = ExampleBucket, objects
		return newS3Peer(t, &Server{Buckets: []Bucket{b}})
	}
	const list = "/?list-type=2"
	for _, test := range []struct {
		name    string
		bucket  Bucket
		headers []string
		signed  string // codes
		anon    string
	}{
		{"plain", Bucket{}, nil, "", "AccessDenied"},
		{"public", Bucket{Public: true}, nil, "", ""},
		{"role", Bucket{Roles: []string{ExampleRoleARN}}, nil, "", "AccessDenied"},
		{"other role", Bucket{Roles: []string{ExampleGuestRoleARN}}, nil, "AccessDenied", "AccessDenied"},
		{"no role", Bucket{Roles: []string{}}, nil, "AccessDenied", "AccessDenied"},
		{"owner expected", Bucket{}, []string{"X-Amz-Expected-Bucket-Owner", "123456789012"}, "", "AccessDenied"},
		{"other owner expected", Bucket{Public: true}, []string{"X-Amz-Expected-Bucket-Owner", "111122223333"}, "AccessDenied", "AccessDenied"},
		{"requester pays, does not say so", Bucket{Owner: "111122223333", RequesterPays: true, Public: true}, nil, "AccessDenied", "AccessDenied"},
		{"requester pays", Bucket{Owner: "111122223333", RequesterPays: true, Public: true}, []string{"X-Amz-Request-Payer", "requester"}, "", "AccessDenied"},
		{"requester is the owner", Bucket{RequesterPays: true}, nil, "", "AccessDenied"},
	} {
		p := bucket(test.bucket)
		for anon, code := range map[bool]string{false: test.signed, true: test.anon} {
			p.anon = anon
			want := 200
			if code != "" {
				want = 403
			}
			a := p.do("GET", list, "", test.headers...)
			a.want(t, fmt.Sprintf("%s, anonymous %t", test.name, anon), want, code)
			if charged := a.header.Get("x-amz-request-charged"); (charged == "requester") != (code == "" && test.name == "requester pays") {
				t.Errorf("%s: charged %q", test.name, charged)
			}
		}
	}
	p := bucket(Bucket{Public: true})
	p.anon = true
	p.do("PUT", "/k", "x").want(t, "anonymous PUT", 403, "AccessDenied")
	p.do("DELETE", "/k", "").want(t, "anonymous DELETE", 403, "AccessDenied")
	p.do("GET", "/k", "").want(t, "anonymous GET", 200, "")
	p.do("GET", "/k?X-Amz-Signature=0", "").want(t, "half a signature", 400, "AuthorizationQueryParametersError")
}

// TestIssuedCredentials goes through the clock with credentials that the server issued.
func TestIssuedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newS3Peer(t, Example())
		stranger, theirs := *p, (&Server{}).issue(principal{ExampleRoleARN, "ada"}, time.Hour)
		stranger.issuedCredentials = theirs
		p.do("GET", "/?list-type=2", "").want(t, "new", 200, "")
		stranger.do("GET", "/?list-type=2", "").want(t, "another server's", 403, "InvalidAccessKeyId")
		token := p.sessionToken
		p.sessionToken = theirs.sessionToken
		p.do("GET", "/?list-type=2", "").want(t, "another's token", 400, "InvalidToken")
		p.sessionToken = token
		time.Sleep(time.Hour - time.Second)
		p.do("GET", "/?list-type=2", "").want(t, "last second", 200, "")
		time.Sleep(time.Second)
		p.do("GET", "/?list-type=2", "").want(t, "expired", 400, "ExpiredToken")
	})
}

func TestConcurrentBucket(t *testing.T) {
	s := &Server{Buckets: []Bucket{{Name: ExampleBucket}}}
	p := newS3Peer(t, s)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			p := *p
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
		t.Errorf("%d keys, want 80", a.KeyCount)
	}
}

// TestControlCharacter shows why encoding-type=url is there.
func TestControlCharacter(t *testing.T) {
	p := newS3Peer(t, Example())
	plain := p.do("GET", "/?list-type=2&prefix=notes%2F%01", "")
	if err := xml.NewDecoder(bytes.NewReader([]byte(plain.body))).Decode(&s3Answer{}); err == nil || !strings.Contains(plain.body, "&#x1;") {
		t.Errorf("%v in %s", err, plain.body)
	}
	if a := p.do("GET", "/?encoding-type=url&list-type=2&prefix=notes%2F%01", ""); a.KeyCount != 1 || a.Contents[0].Key != "notes/%01control" || a.Prefix != "notes/%01" {
		t.Errorf("%s", a.body)
	}
}

func FuzzListing(f *testing.F) {
	f.Add("a/b\x00a/c\x00b", "a", "/", "a/b", 1)
	f.Fuzz(func(t *testing.T, text, prefix, delimiter, after string, limit int) {
		keys := strings.Split(text, "\x00")
		slices.Sort(keys)
		keys = slices.Compact(keys)
		limit = 1 + limit&7
		var got []entryName
		l := listing{prefix: prefix, delimiter: delimiter, after: after, limit: limit}
		for range len(keys) + 1 {
			l.entries, l.truncated = nil, false
			l.fill(keys)
			got = append(got, l.entries...)
			if !l.truncated {
				break
			}
			last := l.entries[len(l.entries)-1]
			l.after, l.group = last.name, last.group
		}
		whole := listing{prefix: prefix, delimiter: delimiter, after: after, limit: len(keys) + 1}
		if whole.fill(keys); l.truncated || !slices.Equal(got, whole.entries) {
			t.Errorf("%q in pages of %d: %v, at once %v", keys, limit, got, whole.entries)
		}
		covered := 0
		for _, key := range keys {
			if strings.HasPrefix(key, prefix) && (after == "" || key > after) {
				covered++
				if !slices.ContainsFunc(got, func(e entryName) bool { return e.name == key || e.group && strings.HasPrefix(key, e.name) }) {
					t.Errorf("%q is missing", key)
				}
			}
		}
		if len(got) > covered {
			t.Errorf("%d entries for %d keys", len(got), covered)
		}
	})
}
