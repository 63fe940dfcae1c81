package cognitotest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

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
	f.Add("0\x00", "", "0", "", 8) // a key of no bytes is none
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
			if key != "" && strings.HasPrefix(key, prefix) && key > after {
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
