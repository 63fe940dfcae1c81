package cognitotest

import (
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestListObjectsDocument(t *testing.T) {
	s := &Server{Buckets: []Bucket{{Name: ExampleBucket, Objects: map[string]Object{
		"a b+c/d~e*f": {Body: []byte("hello"), StorageClass: "GLACIER"},
		"a&<>\"'\u0001": {
			LastModified: time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.FixedZone("", 3600)),
		},
		"ü/1": {},
		"ü2":  {},
	}}}}
	p := newS3Peer(t, s)
	const (
		start = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
			`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
			`<Name>example-bucket</Name>`
		hello = `<LastModified>2009-10-12T17:50:30.000Z</LastModified>` +
			`<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size>` +
			`<StorageClass>GLACIER</StorageClass></Contents>`
		empty = `<LastModified>2026-02-03T03:05:06.007Z</LastModified>` +
			`<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size>`
		standard = `<StorageClass>STANDARD</StorageClass></Contents>`
	)
	for _, tt := range []struct{ target, want string }{
		{
			"/?delimiter=%2F&encoding-type=url&fetch-owner=true&list-type=2&max-keys=3" +
				"&start-after=A%20%2B",
			start + `<Prefix></Prefix><StartAfter>A+%2B</StartAfter>` +
				`<NextContinuationToken>TOKEN</NextContinuationToken>` +
				`<KeyCount>3</KeyCount><MaxKeys>3</MaxKeys><Delimiter>/</Delimiter>` +
				`<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>` +
				`<Contents><Key>a%26%3C%3E%22%27%01</Key>` + empty +
				`<Owner><ID>OWNER</ID></Owner>` + standard +
				`<CommonPrefixes><Prefix>a+b%2Bc/</Prefix></CommonPrefixes>` +
				`<CommonPrefixes><Prefix>%C3%BC/</Prefix></CommonPrefixes></ListBucketResult>`,
		},
		{
			"/?list-type=2&prefix=a",
			start + `<Prefix>a</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>` +
				`<IsTruncated>false</IsTruncated><Contents><Key>a b+c/d~e*f</Key>` + hello +
				`<Contents><Key>a&amp;&lt;&gt;&quot;'&#x1;</Key>` + empty + standard +
				`</ListBucketResult>`,
		},
		{
			"/?encoding-type=url&list-type=2&prefix=a%20b",
			start + `<Prefix>a+b</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>` +
				`<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>` +
				`<Contents><Key>a+b%2Bc/d%7Ee*f</Key>` + hello + `</ListBucketResult>`,
		},
		{
			"/?list-type=2&max-keys=0",
			start + `<Prefix></Prefix><KeyCount>0</KeyCount><MaxKeys>0</MaxKeys>` +
				`<IsTruncated>false</IsTruncated></ListBucketResult>`,
		},
	} {
		a := p.do("GET", tt.target, "")
		want := strings.NewReplacer(
			"OWNER", hex.EncodeToString(sum([]byte("123456789012"))),
			"TOKEN", a.NextContinuationToken).Replace(tt.want)
		if a.status != 200 || a.body != want {
			t.Errorf("%s = %s\nwant %s", tt.target, a.body, want)
		}
	}
}

// wantNames lists the keys and common prefixes of sorted keys.
func wantNames(keys []string, prefix, delimiter, after string) (want []string) {
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || key <= after {
			continue
		}
		name := key
		if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
			name = prefix + rest[:i+len(delimiter)]
		}
		if !slices.Contains(want, name) && (name != after || name == key) {
			want = append(want, name)
		}
	}
	return want
}

// names lists the keys and common prefixes of a listing in pages.
func (p *s3Peer) names(prefix, delimiter, after string, size int) (names []string) {
	p.t.Helper()
	token := ""
	for range 100 {
		q := url.Values{
			"list-type":     {"2"},
			"prefix":        {prefix},
			"delimiter":     {delimiter},
			"max-keys":      {fmt.Sprint(size)},
			"encoding-type": {"url"},
			"start-after":   {after},
		}
		if token != "" {
			q.Set("continuation-token", token)
		}
		query := strings.ReplaceAll(q.Encode(), "+", "%20")
		a := p.do("GET", "/?"+query, "")
		a.want(p.t, query, 200, "")
		n := len(a.Contents) + len(a.CommonPrefixes)
		if n != a.KeyCount || n > size || a.IsTruncated && n < size ||
			a.IsTruncated != (a.NextContinuationToken != "") || a.ContinuationToken != token {
			p.t.Fatalf("%s = %+v", query, a)
		}
		var page []string
		for _, c := range a.Contents {
			page = append(page, c.Key)
		}
		for _, c := range a.CommonPrefixes {
			page = append(page, c.Prefix)
		}
		for i := range page {
			page[i], _ = url.QueryUnescape(page[i])
		}
		slices.Sort(page)
		names = append(names, page...)
		if token = a.NextContinuationToken; token == "" {
			return names
		}
	}
	p.t.Fatalf("prefix %q, delimiter %q: more than 100 pages", prefix, delimiter)
	return nil
}

// TestListObjectsPages compares listings in pages with sorted and grouped keys.
func TestListObjectsPages(t *testing.T) {
	keys := []string{
		"a", "a/", "a/b", "a/b/c", "a/b/d", "a//x", "a-b", "a0", "ab", "b/", "b/1", "b/2", "b/3",
		"c\x01", "c\U0001F600", "c\uFFFD", "d d", "d+d", "d%d", "é/1", "é/2",
	}
	slices.Sort(keys)
	objects := make(map[string]Object)
	for _, key := range keys {
		objects[key] = Object{Body: []byte(key)}
	}
	p := newS3Peer(t, &Server{Buckets: []Bucket{{Name: ExampleBucket, Objects: objects}}})
	for _, prefix := range []string{"", "a", "a/", "a/b", "b/", "d", "é", "nothing"} {
		for _, delimiter := range []string{"", "/", "b", "//", "é/"} {
			for _, after := range []string{"", "a/", "a/b", "b/2"} {
				want := wantNames(keys, prefix, delimiter, after)
				for _, size := range []int{1, 3, 1000} {
					got := p.names(prefix, delimiter, after, size)
					if !slices.Equal(got, want) {
						t.Errorf("prefix %q, delimiter %q, start-after %q, max-keys %d = %q, "+
							"want %q", prefix, delimiter, after, size, got, want)
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
		a := p.do("GET", target, "")
		if a.KeyCount != 1000 || !a.IsTruncated ||
			!strings.Contains(a.body, "<MaxKeys>1000</MaxKeys>") {
			t.Errorf("%s: %d keys, truncated %t, want 1000 keys", target, a.KeyCount, a.IsTruncated)
		}
	}
}

func TestListObjectsRefused(t *testing.T) {
	s := Example()
	s.Buckets = append(s.Buckets, Bucket{Name: "other", Objects: s.Buckets[0].Objects})
	p := newS3Peer(t, s)
	next := p.do("GET", "/?list-type=2&max-keys=2", "").NextContinuationToken
	token := strings.ReplaceAll(url.QueryEscape(next), "+", "%20")
	withToken := func(token string) string {
		return "/?continuation-token=" + token + "&list-type=2"
	}
	const (
		argument       = "InvalidArgument"
		notImplemented = "NotImplemented"
	)
	for _, tt := range []struct {
		target string
		status int
		code   string
	}{
		{withToken(token), 200, ""},
		{"/?list-type=1", 400, argument},
		{"/?list-type=2&max-keys=x", 400, argument},
		{"/?list-type=2&max-keys=-1", 400, argument},
		{"/?list-type=2&max-keys=99999999999", 400, argument},
		{"/?list-type=2&max-keys=2000", 200, ""},
		{"/?encoding-type=xml&list-type=2", 400, argument},
		{withToken(""), 400, argument},
		{withToken("hello.txt"), 400, argument},
		{withToken(changeFirst(token)), 400, argument},
		{withToken(token + "A"), 400, argument},
		{"/", 501, notImplemented},
		{"/?acl=", 501, notImplemented},
		{"/?list-type=2&versions=", 501, notImplemented},
		{"/hello.txt?acl=", 501, notImplemented},
		{"/hello.txt?list-type=2", 501, notImplemented},
		{"/hello.txt?prefix=x", 501, notImplemented},
	} {
		p.do("GET", tt.target, "").want(t, tt.target, tt.status, tt.code)
	}
	p.host = "other.s3.us-east-1.amazonaws.com"
	p.do("GET", withToken(token), "").want(t, "token of another bucket", 400, argument)
}

// S3 decodes a "+" in a query as a space, whatever was signed, and accepts a bare semicolon.
func TestListObjectsQuery(t *testing.T) {
	s := Example()
	p := newS3Peer(t, s)
	// send signs one query and sends another.
	send := func(signed, sent string) string {
		r := p.request("GET", "/?"+signed, "")
		r.RequestURI = "/?" + sent
		r.Body = http.NoBody
		rec := &recorder{header: make(http.Header)}
		s.ServeHTTP(rec, r)
		return rec.body.String()
	}
	token := ""
	for i := 0; !strings.Contains(token, "+"); i++ {
		token = s.continuationToken(&s.Buckets[0], listEntry{name: fmt.Sprint(i)})
	}
	bare := "continuation-token=" + strings.NewReplacer("/", "%2F", "=", "%3D").Replace(token) +
		"&list-type=2"
	escaped := strings.ReplaceAll(bare, "+", "%2B")
	p.do("GET", "/?"+escaped, "").want(t, "escaped token", 200, "")
	if got := send(escaped, bare); !strings.Contains(got, "<Code>InvalidArgument</Code>") {
		t.Errorf("token with a bare + = %s, want InvalidArgument", got)
	}
	got := send("list-type=2&prefix=a%3Bb", "list-type=2&prefix=a;b")
	if !strings.Contains(got, "<Prefix>a;b</Prefix>") {
		t.Errorf("bare semicolon = %s, want the prefix a;b", got)
	}
}

// A control character in a key makes the document invalid XML, unlike with encoding-type=url.
func TestControlCharacter(t *testing.T) {
	p := newS3Peer(t, Example())
	plain := p.do("GET", "/?list-type=2&prefix=notes%2F%01", "")
	err := xml.Unmarshal([]byte(plain.body), &s3Response{})
	if err == nil || !strings.Contains(plain.body, "&#x1;") {
		t.Errorf("Unmarshal = %v, want an error for &#x1; in %s", err, plain.body)
	}
	a := p.do("GET", "/?encoding-type=url&list-type=2&prefix=notes%2F%01", "")
	if a.KeyCount != 1 || a.Contents[0].Key != "notes/%01control" || a.Prefix != "notes/%01" {
		t.Errorf("encoding-type=url = %s", a.body)
	}
}

// FuzzListing checks that pages of any size have the entries of one page, and that these cover all
// keys.
func FuzzListing(f *testing.F) {
	f.Add("a/b\x00a/c\x00b", "a", "/", "a/b", 1)
	f.Add("0\x00", "", "0", "", 8) // S3 does not allow an empty key.
	f.Fuzz(func(t *testing.T, text, prefix, delimiter, after string, limit int) {
		keys := strings.Split(text, "\x00")
		slices.Sort(keys)
		keys = slices.Compact(keys)
		limit = 1 + limit&7
		l := listing{
			prefix:    prefix,
			delimiter: delimiter,
			after:     listEntry{name: after},
			limit:     limit,
		}
		whole := l
		whole.limit = len(keys) + 1
		whole.fill(keys)
		var got []listEntry
		for range len(keys) + 1 {
			l.entries = nil
			l.truncated = false
			l.fill(keys)
			got = append(got, l.entries...)
			if !l.truncated {
				break
			}
			l.after = l.entries[len(l.entries)-1]
		}
		if l.truncated || !slices.Equal(got, whole.entries) {
			t.Errorf("%q in pages of %d = %v, want %v", keys, limit, got, whole.entries)
		}
		covered := 0
		for _, key := range keys {
			if key == "" || !strings.HasPrefix(key, prefix) || key <= after {
				continue
			}
			covered++
			if !slices.ContainsFunc(got, func(e listEntry) bool {
				return e.name == key || e.group && strings.HasPrefix(key, e.name)
			}) {
				t.Errorf("%q is missing in %v", key, got)
			}
		}
		if len(got) > covered {
			t.Errorf("%d entries for %d keys", len(got), covered)
		}
	})
}

// TestListBuckets lists the buckets of the caller's account only.
func TestListBuckets(t *testing.T) {
	s := Example()
	s.Buckets[1].Owner = "210987654321"
	p := newS3Peer(t, s)
	p.host = "localhost"
	a := p.do("GET", "/", "")
	const want = "<Buckets><Bucket><Name>" + ExampleBucket +
		"</Name><CreationDate>2009-10-12T17:50:30.000Z</CreationDate></Bucket></Buckets>"
	if a.status != 200 || !strings.Contains(a.body, want) {
		t.Errorf("ListBuckets = %d %s, want %s", a.status, a.body, want)
	}
	for _, other := range []string{"list-type=2", "bucket-region=us-east-1"} {
		p.do("GET", "/?"+other, "").want(t, other, 501, "NotImplemented")
	}
}

// TestListBucketsPages lists buckets in pages, and with a prefix.
func TestListBucketsPages(t *testing.T) {
	s := Example()
	s.Buckets = nil
	for _, name := range []string{"b-3", "a-1", "b-2", "a-2", "b-1"} {
		s.Buckets = append(s.Buckets, Bucket{Name: name})
	}
	s.Buckets = append(s.Buckets, Bucket{Name: "a-0", Owner: "210987654321"})
	p := newS3Peer(t, s)
	p.host = "localhost"
	type result struct {
		Names  []string `xml:"Buckets>Bucket>Name"`
		Prefix string
		Token  string `xml:"ContinuationToken"`
	}
	page := func(query string) (got result) {
		t.Helper()
		a := p.do("GET", "/"+query, "")
		if err := xml.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 {
			t.Fatalf("ListBuckets %s = %d, %v, %s", query, a.status, err, a.body)
		}
		return got
	}
	all := []string{"a-1", "a-2", "b-1", "b-2", "b-3"}
	if got := page(""); !slices.Equal(got.Names, all) || got.Token != "" {
		t.Errorf("ListBuckets = %+v, want %q", got, all)
	}
	token := ""
	for size := 1; size <= len(all)+1; size++ {
		var names []string
		rest := ""
		for range len(all) {
			got := page("?" + rest + "max-buckets=" + strconv.Itoa(size))
			names = append(names, got.Names...)
			if len(got.Names) > size {
				t.Errorf("max-buckets=%d: %+v", size, got)
			}
			if got.Token == "" {
				break
			}
			token = got.Token
			rest = "continuation-token=" + url.QueryEscape(token) + "&"
		}
		if !slices.Equal(names, all) {
			t.Errorf("max-buckets=%d: %q, want %q", size, names, all)
		}
	}
	got := page("?max-buckets=2&prefix=a")
	if !slices.Equal(got.Names, []string{"a-1", "a-2"}) || got.Prefix != "a" || got.Token != "" {
		t.Errorf("ListBuckets with a prefix = %+v", got)
	}
	for _, query := range []string{
		"max-buckets=0",
		"max-buckets=10001",
		"max-buckets=",
		"max-buckets=x",
		"continuation-token=",
		"continuation-token=a-1",
		"continuation-token=" + url.QueryEscape(s.continuationToken(&s.Buckets[0],
			listEntry{name: "a-1"})),
	} {
		p.do("GET", "/?"+query, "").want(t, query, 400, "InvalidArgument")
	}
	if token == "" {
		t.Error("no page has a token")
	}
}
