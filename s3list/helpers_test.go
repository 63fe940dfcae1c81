package s3list

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// A server is an http.RoundTripper that responds in memory and records the requests.
type server struct {
	// respond returns the response to the nth request, counted from 1. Nil breaks the connection.
	respond func(n int, req *http.Request) *http.Response

	mu   sync.Mutex
	seen []*http.Request
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen = append(s.seen, req)
	n := len(s.seen)
	s.mu.Unlock()
	resp := s.respond(n, req)
	if resp == nil {
		return nil, io.ErrUnexpectedEOF
	}
	resp.Request = req
	if req.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp, nil
}

// requests returns the requests as "METHOD host path", in order.
func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.seen {
		all = append(all, r.Method+" "+r.URL.Host+" "+r.URL.Path)
	}
	return all
}

// always returns a server whose responses are all the same.
func always(status int, body string, header ...string) *server {
	return &server{respond: func(int, *http.Request) *http.Response {
		return reply(status, body, header...)
	}}
}

// blocking is an http.RoundTripper that waits for the end of the context.
type blocking struct{}

func (blocking) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// reply returns a response. header is a list of names and values.
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode:    status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        h,
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
}

// Parts of a response.
const (
	root = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	notTruncated = "<IsTruncated>false</IsTruncated>"
	truncated    = "<IsTruncated>true</IsTruncated>"
	encoded      = "<EncodingType>url</EncodingType>"
	end          = "</ListBucketResult>"
)

// contents returns the smallest valid <Contents> with a key.
func contents(key string) string {
	return "<Contents><Key>" + key + "</Key>" +
		"<LastModified>2009-10-12T17:50:30.000Z</LastModified><Size>1</Size></Contents>"
}

// commonPrefix returns a <CommonPrefixes>.
func commonPrefix(prefix string) string {
	return "<CommonPrefixes><Prefix>" + prefix + "</Prefix></CommonPrefixes>"
}

// versionsPage returns a response of ListObjectVersions.
func versionsPage(children string) string {
	return "<ListVersionsResult>" + children + "</ListVersionsResult>"
}

// pageOf returns a response with some keys. If next is not empty, it is the token of the next page.
func pageOf(next string, keys ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<ListBucketResult><IsTruncated>%t</IsTruncated>`, next != "")
	if next != "" {
		b.WriteString("<NextContinuationToken>" + next + "</NextContinuationToken>")
	}
	for _, k := range keys {
		b.WriteString(contents(k))
	}
	return b.String() + end
}

// threePages responds with six keys, a to f after the prefix, in three pages. The second one is
// empty.
func threePages(_ int, req *http.Request) *http.Response {
	q := req.URL.Query()
	key := func(name string) string { return references(q.Get("prefix") + name) }
	switch q.Get("continuation-token") {
	case "":
		return reply(200, pageOf("t+1/=", key("a"), key("b"), key("c")))
	case "t+1/=":
		return reply(200, pageOf("t%202"))
	case "t%202":
		return reply(200, pageOf("", key("d"), key("e"), key("f")))
	}
	argument := "<ArgumentName>continuation-token</ArgumentName>"
	return reply(400, errorOf(CodeInvalidArgument, argument))
}

// errorOf returns an error document with additional children.
func errorOf(code, children string) string {
	return "<Error><Code>" + code + "</Code><Message>m</Message>" + children +
		"<RequestId>4442587FB7D0A2F9</RequestId><HostId>hid=</HostId></Error>"
}

// exampleCredentials are those of the examples in the AWS documentation.
var exampleCredentials = sigv4.Credentials{
	AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
	SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}

// client returns a Client for us-east-1 that signs requests and sends them through rt.
func client(rt http.RoundTripper) *Client {
	return &Client{
		Region:     "us-east-1",
		HTTPClient: &http.Client{Transport: rt},
		Credentials: func(context.Context) (sigv4.Credentials, error) {
			return exampleCredentials, nil
		},
	}
}

// collect returns the keys and the error of a listing. The error must be the last element.
func collect(t *testing.T, listing iter.Seq2[Object, error]) (keys []string, err error) {
	t.Helper()
	for o, e := range listing {
		if err != nil {
			t.Errorf("the listing yields %q, %v after the error %v", o.Key, e, err)
		}
		if err = e; err == nil {
			keys = append(keys, o.Key)
		}
	}
	return keys, err
}

// all returns the objects of a listing through rt that must succeed.
func all(t *testing.T, rt http.RoundTripper, in ListInput) []Object {
	t.Helper()
	in.Bucket = "b12"
	var objects []Object
	for o, err := range client(rt).List(t.Context(), in) {
		if err != nil {
			t.Fatalf("List(%+v) = %v, want no error", in, err)
		}
		objects = append(objects, o)
	}
	return objects
}

// A bucket is an http.RoundTripper that lists sorted keys as S3 does. It ignores signatures, is
// fast, and shares no code with the package.
type bucket struct {
	n       int
	key     func(i int) string       // the ith of n keys, in order
	latency time.Duration            // of every response, plus up to a hundredth
	refuse  func(running int64) bool // if set and true, the response is 503 SlowDown
	page    int                      // maximum number of keys in a page; 0 means 1000

	requests, running, most atomic.Int64
}

func bucketOf(keys []string) *bucket {
	return &bucket{n: len(keys), key: func(i int) string { return keys[i] }}
}

func (b *bucket) RoundTrip(req *http.Request) (*http.Response, error) {
	b.requests.Add(1)
	running := b.running.Add(1)
	defer b.running.Add(-1)
	for {
		most := b.most.Load()
		if running <= most || b.most.CompareAndSwap(most, running) {
			break
		}
	}
	refused := b.refuse != nil && b.refuse(running)
	if b.latency > 0 {
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(b.latency + b.jitter(req.URL.RawQuery)):
		}
	}
	if refused {
		return reply(503, errorOf(CodeSlowDown, "")), nil
	}
	q := req.URL.Query()
	body := b.objects
	if q.Has("versions") {
		body = b.versions
	}
	resp := reply(200, body(q))
	resp.Request = req
	return resp, nil
}

// jitter depends only on the query, so that responses arrive in the same order in every run.
func (b *bucket) jitter(query string) time.Duration {
	sum := fnv.New32a()
	io.WriteString(sum, query)
	return time.Duration(sum.Sum32()) % max(1, b.latency/100)
}

func (b *bucket) pageSize(q url.Values) int {
	size := 1000
	if b.page > 0 {
		size = b.page
	}
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		size = min(n, size)
	}
	return size
}

// objects returns a page of ListObjectsV2. The token is the last entry in hexadecimal.
func (b *bucket) objects(q url.Values) string {
	prefix, delimiter, size := q.Get("prefix"), q.Get("delimiter"), b.pageSize(q)
	after := q.Get("start-after")
	resumed := q.Has("continuation-token")
	if resumed {
		token, err := hex.DecodeString(q.Get("continuation-token"))
		if err != nil {
			return errorOf(CodeInvalidArgument, "")
		}
		after = string(token)
	}
	i := sort.Search(b.n, func(i int) bool { return b.key(i) > after && b.key(i) >= prefix })
	var doc, prefixes strings.Builder
	n, last, more := 0, "", false
	for i < b.n {
		key := b.key(i)
		if !strings.HasPrefix(key, prefix) {
			break
		}
		head, _, rolled := strings.Cut(key[len(prefix):], delimiter)
		rolled = rolled && delimiter != ""
		common := prefix + head + delimiter
		repeated := rolled && resumed && common == after
		if n == size && !repeated {
			more = true
			break
		}
		if !rolled {
			doc.WriteString("<Contents><Key>" + url.QueryEscape(key) + "</Key>" + objectFields)
			last = key
			n++
			i++
			continue
		}
		if !repeated {
			prefixes.WriteString(commonPrefix(url.QueryEscape(common)))
			last = common
			n++
		}
		i += sort.Search(b.n-i, func(j int) bool {
			return !strings.HasPrefix(b.key(i+j), common)
		})
	}
	start := fmt.Sprintf("<ListBucketResult>%s<IsTruncated>%t</IsTruncated>", encoded, more)
	if more {
		token := hex.EncodeToString([]byte(last))
		start += "<NextContinuationToken>" + token + "</NextContinuationToken>"
	}
	return start + doc.String() + prefixes.String() + end
}

// objectFields is what follows the key in a <Contents>.
const objectFields = "<LastModified>2026-03-01T10:11:12.000Z</LastModified>" +
	"<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>1</Size>" +
	"<StorageClass>STANDARD</StorageClass></Contents>"

// versions returns a page of ListObjectVersions. The ith key has versionsOf(i) versions, v0 first.
// Every second version is a delete marker.
func (b *bucket) versions(q url.Values) string {
	prefix, size := q.Get("prefix"), b.pageSize(q)
	key, version := q.Get("key-marker"), q.Get("version-id-marker")
	i := sort.Search(b.n, func(i int) bool {
		k := b.key(i)
		return k >= prefix && (k > key || k == key && version != "")
	})
	v := 0
	if version != "" && i < b.n && b.key(i) == key {
		v, _ = strconv.Atoi(version[1:])
		v++
	}
	var doc strings.Builder
	n, more := 0, false
	for ; i < b.n && strings.HasPrefix(b.key(i), prefix) && !more; i, v = i+1, 0 {
		for ; v < versionsOf(i); v++ {
			if more = n == size; more {
				break
			}
			key, version = b.key(i), fmt.Sprint("v", v)
			element, size := "Version", "<Size>1</Size>"
			if v%2 == 1 {
				element, size = "DeleteMarker", ""
			}
			fmt.Fprintf(&doc, "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%t</IsLatest>"+
				"<LastModified>2026-03-01T10:11:12.000Z</LastModified>%s</%[1]s>",
				element, url.QueryEscape(key), version, v == 0, size)
			n++
		}
	}
	start := fmt.Sprintf("%s<IsTruncated>%t</IsTruncated>", encoded, more)
	if more {
		start += "<NextKeyMarker>" + url.QueryEscape(key) + "</NextKeyMarker>" +
			"<NextVersionIdMarker>" + version + "</NextVersionIdMarker>"
	}
	return versionsPage(start + doc.String())
}

func versionsOf(i int) int { return 1 + i%3 }

// A distribution is a way in which the keys of a bucket are spread.
type distribution struct {
	name string
	key  func(g *generator, i int) string
}

// keys returns about n sorted keys. They are the same in every run.
func (d *distribution) keys(n int) []string {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2)), n: n}
	var keys []string
	for i := range n {
		keys = append(keys, d.key(g, i))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keysOf returns about n keys of the distribution with the given name.
func keysOf(name string, n int) []string {
	i := slices.IndexFunc(distributions, func(d distribution) bool { return d.name == name })
	return distributions[i].keys(n)
}

// A generator has what the functions in distributions need.
type generator struct {
	*rand.Rand
	n     int // how many keys there will be
	words []string
}

// word returns a random word in which some letters are more frequent than others.
func (g *generator) word(size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = "etaoinshrdlucmfwypvbgkjqxz"[min(g.IntN(26), g.IntN(26))]
	}
	return string(b)
}

// dictionary returns a sorted list of words.
func (g *generator) dictionary() []string {
	if g.words == nil {
		for range g.n {
			g.words = append(g.words, g.word(3+g.IntN(3)))
		}
		slices.Sort(g.words)
		g.words = slices.Compact(g.words)
	}
	return g.words
}

func hash(i int) [sha256.Size]byte { return sha256.Sum256([]byte(fmt.Sprint(i))) }

var distributions = []distribution{
	{"numbers", func(_ *generator, i int) string {
		return fmt.Sprintf("key-%08d", i)
	}},
	{"deep numbers", func(_ *generator, i int) string {
		return fmt.Sprintf("data/warehouse/table=orders/year=2026/part-%08d.snappy.parquet", i)
	}},
	{"short numbers", func(_ *generator, i int) string {
		return fmt.Sprint(i)
	}},
	{"hashes", func(_ *generator, i int) string {
		return fmt.Sprintf("%x", hash(i))
	}},
	{"hashes below", func(_ *generator, i int) string {
		return fmt.Sprintf("objects/%02x/%x", i%256, hash(i))
	}},
	{"directories", func(g *generator, i int) string {
		return fmt.Sprintf("dir-%03d/%0*d.jpg", i*40/g.n, len(fmt.Sprint(g.n/4)), i%(g.n/40))
	}},
	{"sparse", func(g *generator, i int) string {
		return fmt.Sprintf("dir-%03d/%0*d.jpg", i*40/g.n, len(fmt.Sprint(g.n)), i%(g.n/40))
	}},
	{"many small", func(g *generator, i int) string {
		return fmt.Sprintf("users/%s-%d/profile/%d.json", g.word(6), i, i%7)
	}},
	{"dates", func(_ *generator, i int) string {
		t := time.Unix(1767225600, 0).Add(time.Duration(i) * 157 * time.Second)
		return t.UTC().Format("logs/2006/01/02/15/") + fmt.Sprintf("%x.gz", i*7919)
	}},
	{"one large", func(g *generator, i int) string {
		if i%10 > 0 {
			return fmt.Sprintf("m/large/%07d", i)
		}
		words := g.dictionary()
		return fmt.Sprintf("%s/%d", words[i%len(words)], i)
	}},
	{"zipf", func(g *generator, i int) string {
		words := g.dictionary()
		part := g.Float64() * g.Float64() * g.Float64() * g.Float64()
		return fmt.Sprintf("%s/%06d", words[int(float64(len(words)-1)*part)], i)
	}},
	{"words", func(g *generator, _ int) string {
		return g.word(2+g.IntN(4)) + "/" + g.word(8)
	}},
	{"not ASCII", func(g *generator, i int) string {
		return fmt.Sprintf("%c%c/%d", 0x4e00+g.IntN(5000), 0x4e00+g.IntN(5000), i)
	}},
	{"any character", func(g *generator, i int) string {
		return fmt.Sprintf("%c%c%c%d", g.IntN(0xd7ff), g.IntN(128), 0x10000+g.IntN(0xfffff), i)
	}},
	{"any byte", func(g *generator, i int) string {
		b := []byte{byte(g.IntN(256)), byte(g.IntN(256)), byte(g.IntN(256)), byte(g.IntN(256))}
		return string(b) + fmt.Sprint(i)
	}},
	{"long in common", func(_ *generator, i int) string {
		return strings.Repeat("deep/", 150) + fmt.Sprint(i*i)
	}},
	{"two clusters", func(_ *generator, i int) string {
		return fmt.Sprintf("%c/%09d", "az"[i%2], i*37)
	}},
	{"twins", func(_ *generator, i int) string {
		return fmt.Sprintf("x/%06d%s", i/2, strings.Repeat("\x00", i%2))
	}},
}
