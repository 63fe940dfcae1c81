package cognitotest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
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
		{"/?continuation-token=" + otherFirst(token) + "&list-type=2", 400, "InvalidArgument"},
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
