package cognitotest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// listParameters are the query parameters of ListObjectsV2 in addition to list-type.
var listParameters = []string{
	"prefix",
	"delimiter",
	"max-keys",
	"continuation-token",
	"start-after",
	"fetch-owner",
	"encoding-type",
}

const maxPage = 1000

// bucketParameters are the query parameters of ListBuckets.
var bucketParameters = []string{"prefix", "max-buckets", "continuation-token"}

const maxBuckets = 10_000

// listing is a request to ListObjectsV2 and one page of the result.
type listing struct {
	prefix, delimiter string

	after listEntry // The page starts behind it.
	limit int

	entries   []listEntry
	truncated bool
}

// listEntry is a key, or a common prefix that represents a group of keys.
type listEntry struct {
	name  string
	group bool
}

// fill adds the entries of the page. The keys are sorted by their bytes.
func (l *listing) fill(keys []string) {
	behind := func(e listEntry) int { // the index of the first key behind e
		return sort.Search(len(keys), func(i int) bool {
			return keys[i] > e.name && !(e.group && strings.HasPrefix(keys[i], e.name))
		})
	}
	// Entry "" is before all keys except the empty one, which S3 does not allow.
	i := max(sort.SearchStrings(keys, l.prefix), behind(l.after))
	for i < len(keys) && strings.HasPrefix(keys[i], l.prefix) {
		if l.limit == len(l.entries) {
			l.truncated = l.limit > 0
			return
		}
		e := listEntry{name: keys[i]}
		_, rest, ok := strings.Cut(keys[i][len(l.prefix):], l.delimiter)
		if ok && l.delimiter != "" {
			e = listEntry{strings.TrimSuffix(keys[i], rest), true}
		}
		l.entries = append(l.entries, e)
		i = behind(e)
	}
}

// listBuckets lists the buckets that the caller's account owns, in the order of their names.
func (r *s3Request) listBuckets() (func(), error) {
	l := listing{prefix: r.form.Get("prefix"), limit: maxBuckets}
	if r.form.Has("max-buckets") {
		n, err := strconv.Atoi(r.form.Get("max-buckets"))
		if err != nil || n < 1 || n > maxBuckets {
			return nil, invalidArgument(r.form, "max-buckets",
				"Argument max-buckets must be an integer between 1 and 10000")
		}
		l.limit = n
	}
	ofAccount := &Bucket{Name: r.account + "/"} // the tokens of no bucket
	if token := r.form.Get("continuation-token"); r.form.Has("continuation-token") {
		var ok bool
		if l.after, ok = r.server.parseContinuationToken(ofAccount, token); !ok {
			return nil, invalidArgument(r.form, "continuation-token",
				"The continuation token provided is incorrect")
		}
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(r.server.buckets)), func(name string) bool {
		return r.server.buckets[name].owner() != r.account
	})
	l.fill(names)
	rest := ""
	if l.truncated {
		token := r.server.continuationToken(ofAccount, l.entries[len(l.entries)-1])
		rest = elements("ContinuationToken", token)
	}
	if l.prefix != "" {
		rest += elements("Prefix", l.prefix)
	}
	var buckets strings.Builder
	for _, e := range l.entries {
		buckets.WriteString(element("Bucket", elements("Name", e.name,
			"CreationDate", Object{}.lastModified().Format(s3Time))))
	}
	return writeXML(r.w, http.StatusOK, "application/xml",
		element(`ListAllMyBucketsResult xmlns="`+s3Namespace+`"`,
			element("Owner", elements("ID", canonicalID(r.account))),
			element("Buckets", buckets.String()), rest)), nil
}

// canonicalID returns the canonical user ID of an account.
func canonicalID(account string) string {
	sum := sha256.Sum256([]byte(account))
	return hex.EncodeToString(sum[:])
}

// s3Time is the layout of times in responses.
const s3Time = "2006-01-02T15:04:05.000Z"

// listObjectsV2 lists keys in the order of their UTF-8 bytes, as general purpose buckets do. With
// max-keys=0 the page is empty and not truncated.
func (r *s3Request) listObjectsV2() (func(), error) {
	b := r.bucket
	l, err := r.server.parseListing(b, r.form)
	if err != nil {
		return nil, err
	}
	if b.keys == nil {
		b.keys = slices.Sorted(maps.Keys(b.Objects))
	}
	l.fill(b.keys)

	name := func(text string) string { return text }
	if r.form.Get("encoding-type") == "url" {
		name = encodeName
	}
	fields := []string{"Name", b.Name, "Prefix", name(l.prefix)}
	add := func(name, text string) {
		if text != "" {
			fields = append(fields, name, text)
		}
	}
	add("StartAfter", name(r.form.Get("start-after")))
	add("ContinuationToken", r.form.Get("continuation-token"))
	if l.truncated {
		add("NextContinuationToken", r.server.continuationToken(b, l.entries[len(l.entries)-1]))
	}
	add("KeyCount", strconv.Itoa(len(l.entries)))
	add("MaxKeys", strconv.Itoa(l.limit))
	add("Delimiter", name(l.delimiter))
	add("EncodingType", r.form.Get("encoding-type"))
	add("IsTruncated", strconv.FormatBool(l.truncated))

	owner := ""
	if r.form.Get("fetch-owner") == "true" {
		owner = element("Owner", elements("ID", canonicalID(b.owner())))
	}
	var contents, groups strings.Builder
	for _, e := range l.entries {
		if e.group {
			groups.WriteString(element("CommonPrefixes", elements("Prefix", name(e.name))))
			continue
		}
		o := b.Objects[e.name]
		contents.WriteString(element("Contents", elements(
			"Key", name(e.name),
			"LastModified", o.lastModified().Format(s3Time),
			"ETag", o.etag(),
			"Size", strconv.Itoa(len(o.Body)),
		), owner, elements("StorageClass", cmp.Or(o.StorageClass, "STANDARD"))))
	}
	return writeXML(r.w, http.StatusOK, "application/xml",
		element(`ListBucketResult xmlns="`+s3Namespace+`"`,
			elements(fields...), contents.String(), groups.String())), nil
}

// invalidArgument returns the error for a query parameter.
func invalidArgument(q url.Values, name, message string) error {
	return deny(400, "InvalidArgument", message,
		"ArgumentName", name, "ArgumentValue", q.Get(name))
}

// parseListing reads the query of ListObjectsV2.
func (s *Server) parseListing(b *Bucket, q url.Values) (*listing, error) {
	invalid := func(name, message string) (*listing, error) {
		return nil, invalidArgument(q, name, message)
	}
	l := &listing{
		prefix:    q.Get("prefix"),
		delimiter: q.Get("delimiter"),
		after:     listEntry{name: q.Get("start-after")},
		limit:     maxPage,
	}
	if q.Get("list-type") != "2" {
		return invalid("list-type", "Invalid List Type specified in Request")
	}
	if text := q.Get("max-keys"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return invalid("max-keys",
				"Argument maxKeys must be an integer between 0 and 2147483647")
		}
		l.limit = min(int(n), maxPage)
	}
	if q.Has("encoding-type") && q.Get("encoding-type") != "url" {
		return invalid("encoding-type", "Invalid Encoding Method specified in Request")
	}
	// If start-after is a common prefix, the page starts behind all keys of its group.
	if rest, ok := strings.CutPrefix(l.after.name, l.prefix); ok && l.delimiter != "" {
		_, rest, ok = strings.Cut(rest, l.delimiter)
		l.after.group = ok && rest == ""
	}
	if token := q.Get("continuation-token"); q.Has("continuation-token") {
		after, ok := s.parseContinuationToken(b, token)
		if !ok {
			return invalid("continuation-token",
				"The continuation token provided is incorrect")
		}
		l.after = after
	}
	return l, nil
}

// continuationToken returns the token of the page behind e. It is opaque, and contains many
// characters that a query must escape.
func (s *Server) continuationToken(b *Bucket, e listEntry) string {
	kind := "k"
	if e.group {
		kind = "p"
	}
	tag := mac(s.seed[:], []byte(b.Name+"\x00"+kind+e.name))
	return base64.StdEncoding.EncodeToString(append(tag[:20], kind+e.name...))
}

// parseContinuationToken decodes a token that continuationToken returned for the bucket.
func (s *Server) parseContinuationToken(b *Bucket, token string) (e listEntry, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) <= 20 {
		return e, false
	}
	e = listEntry{string(raw[21:]), raw[20] == 'p'}
	return e, equal(s.continuationToken(b, e), token)
}
