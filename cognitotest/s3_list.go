package cognitotest

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// listParameters are the query parameters of ListObjectsV2 beside list-type.
var listParameters = []string{"prefix", "delimiter", "max-keys", "continuation-token", "start-after", "fetch-owner", "encoding-type"}

const maxPage = 1000

// listing is a question to ListObjectsV2 and one page of the answer.
type listing struct {
	prefix, delimiter string
	after             string // only what sorts after this
	group             bool   // after is a common prefix: what it stands for is behind us too
	limit             int

	entries   []entryName
	truncated bool
}

// entryName is a key, or a common prefix that stands for many.
type entryName struct {
	name  string
	group bool
}

// fill collects the page from keys, which are sorted by their bytes.
func (l *listing) fill(keys []string) {
	past := func(e entryName) int { // the first key behind e
		return sort.Search(len(keys), func(i int) bool {
			return keys[i] > e.name && !(e.group && strings.HasPrefix(keys[i], e.name))
		})
	}
	i := sort.SearchStrings(keys, l.prefix)
	if l.after != "" {
		i = max(i, past(entryName{l.after, l.group}))
	}
	if i < len(keys) && keys[i] == "" { // is no key: S3's have one byte at least
		i++
	}
	for i < len(keys) && strings.HasPrefix(keys[i], l.prefix) {
		if l.limit == len(l.entries) {
			l.truncated = l.limit > 0
			return
		}
		e := entryName{name: keys[i]}
		if _, rest, ok := strings.Cut(keys[i][len(l.prefix):], l.delimiter); ok && l.delimiter != "" {
			e = entryName{strings.TrimSuffix(keys[i], rest), true}
		}
		l.entries = append(l.entries, e)
		i = past(e)
	}
}

// listObjectsV2 is ListObjectsV2 of the S3 API reference, for general purpose buckets: keys in the order of their UTF-8
// bytes. With max-keys=0 the page is empty and not truncated.
func listObjectsV2(s *Server, b *Bucket, w http.ResponseWriter, _ *http.Request, in *s3Request) *refusal {
	invalid := func(name, message string) *refusal {
		return &refusal{status: 400, code: "InvalidArgument", message: message, detail: []string{"ArgumentName", name, "ArgumentValue", in.form.Get(name)}}
	}
	q := in.form
	l := listing{prefix: q.Get("prefix"), delimiter: q.Get("delimiter"), after: q.Get("start-after"), limit: maxPage}
	if q.Get("list-type") != "2" {
		return invalid("list-type", "Invalid List Type specified in Request")
	}
	if text := q.Get("max-keys"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return invalid("max-keys", "Argument maxKeys must be an integer between 0 and 2147483647")
		}
		l.limit = min(int(n), maxPage)
	}
	encoding := q.Get("encoding-type")
	if q.Has("encoding-type") && encoding != "url" {
		return invalid("encoding-type", "Invalid Encoding Method specified in Request")
	}
	// A start at what would be a common prefix is a start behind all that it stands for.
	if _, rest, ok := strings.Cut(strings.TrimPrefix(l.after, l.prefix), l.delimiter); ok && rest == "" && l.delimiter != "" {
		l.group = strings.HasPrefix(l.after, l.prefix)
	}
	if token := q.Get("continuation-token"); q.Has("continuation-token") {
		last, ok := s.readToken(b, token)
		if !ok {
			return invalid("continuation-token", "The continuation token provided is incorrect")
		}
		l.after, l.group = last.name, last.group
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.keys == nil {
		for key := range b.Objects {
			b.keys = append(b.keys, key)
		}
		slices.Sort(b.keys)
	}
	l.fill(b.keys)

	name := func(text string) string { return text }
	if encoding == "url" {
		name = encodeName
	}
	var d document
	d.open("ListBucketResult", s3Namespace)
	d.element("Name", b.Name)
	d.element("Prefix", name(l.prefix))
	if after := q.Get("start-after"); after != "" {
		d.element("StartAfter", name(after))
	}
	if token := q.Get("continuation-token"); token != "" {
		d.element("ContinuationToken", token)
	}
	if l.truncated {
		d.element("NextContinuationToken", s.writeToken(b, l.entries[len(l.entries)-1]))
	}
	d.element("KeyCount", strconv.Itoa(len(l.entries)))
	d.element("MaxKeys", strconv.Itoa(l.limit))
	if l.delimiter != "" {
		d.element("Delimiter", name(l.delimiter))
	}
	if encoding != "" {
		d.element("EncodingType", encoding)
	}
	d.element("IsTruncated", strconv.FormatBool(l.truncated))
	for _, e := range l.entries {
		if e.group {
			continue
		}
		o := b.Objects[e.name]
		d.open("Contents", "")
		d.element("Key", name(e.name))
		d.element("LastModified", o.lastModified().Format("2006-01-02T15:04:05.000Z"))
		d.element("ETag", o.etag())
		d.element("Size", strconv.Itoa(len(o.Body)))
		if q.Get("fetch-owner") == "true" {
			d.open("Owner", "")
			d.element("ID", hexHash([]byte(b.owner())))
			d.close("Owner")
		}
		d.element("StorageClass", orText(o.StorageClass, "STANDARD"))
		d.close("Contents")
	}
	for _, e := range l.entries {
		if e.group {
			d.open("CommonPrefixes", "")
			d.element("Prefix", name(e.name))
			d.close("CommonPrefixes")
		}
	}
	d.close("ListBucketResult")
	d.send(w, http.StatusOK, "application/xml")
	return nil
}

// writeToken makes a continuation token that goes on behind e. It is opaque, and full of characters that a query must
// escape.
func (s *Server) writeToken(b *Bucket, e entryName) string {
	kind := "k"
	if e.group {
		kind = "p"
	}
	tag := mac(s.seed[:], b.Name+"\x00"+kind+e.name)
	return base64.StdEncoding.EncodeToString(append(tag[:20], kind+e.name...))
}

// readToken reads what writeToken made for the bucket.
func (s *Server) readToken(b *Bucket, token string) (e entryName, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) <= 20 {
		return e, false
	}
	e = entryName{string(raw[21:]), raw[20] == 'p'}
	return e, subtle.ConstantTimeCompare([]byte(s.writeToken(b, e)), []byte(token)) == 1
}
