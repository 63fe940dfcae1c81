package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// bucket is a bucket that supports only ListObjectsV2. Its keys need no escaping in XML and URLs.
type bucket struct {
	keys []string // sorted

	// contents holds the <Contents> elements of all keys. begins holds the offset of each element,
	// and last the length of contents. If both are nil, each response renders its elements.
	contents []byte
	begins   []int
}

// deepKeys returns keys in folders by day and hour, such as those of logs.
func deepKeys(n int) []string {
	keys := make([]string, n)
	const perHour = 400
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range keys {
		hour := start.Add(time.Duration(i/perHour) * time.Hour)
		keys[i] = fmt.Sprintf("logs/%s/server-07/%06d.json.gz", hour.Format("2006/01/02/15"),
			i%perHour)
	}
	return keys
}

// flatKeys returns keys without folders, which are spread evenly, like hashes.
func flatKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%016x-%012x.json", uint64(i)*(^uint64(0)/uint64(n)),
			uint64(i)*0x9e3779b97f4a7c15>>16)
	}
	return keys
}

// newBucket returns a bucket with sorted keys. If rendered is set, it renders the elements of all
// keys now.
func newBucket(keys []string, rendered bool) *bucket {
	b := &bucket{keys: keys}
	if rendered {
		for i, key := range keys {
			b.begins = append(b.begins, len(b.contents))
			b.contents = appendContents(b.contents, key, i)
		}
		b.begins = append(b.begins, len(b.contents))
	}
	return b
}

// appendContents appends the element of an object, with the fields that S3 returns in 2026. The
// object's size is i, its index in the bucket.
func appendContents(dst []byte, key string, i int) []byte {
	dst = append(dst, "<Contents><Key>"...)
	dst = append(dst, key...)
	dst = append(dst, "</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;"...)
	dst = fmt.Appendf(dst, "%032x", uint64(i)*0x9e3779b97f4a7c15)
	dst = append(dst,
		"&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"+
			"<ChecksumType>FULL_OBJECT</ChecksumType><Size>"...)
	dst = strconv.AppendInt(dst, int64(i), 10)
	return append(dst, "</Size><StorageClass>STANDARD</StorageClass></Contents>"...)
}

// page returns a page of ListObjectsV2 (Amazon S3 API Reference), without the end tag of its root,
// in two parts. ok is false if the query is invalid.
func (b *bucket) page(q url.Values) (head, contents []byte, ok bool) {
	limit := 1000
	if text := q.Get("max-keys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, nil, false
		}
		limit = min(n, limit)
	}
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	begin := sort.SearchStrings(b.keys, prefix)
	end := begin + sort.Search(len(b.keys)-begin, func(i int) bool {
		return !strings.HasPrefix(b.keys[begin+i], prefix)
	})
	if token := q.Get("continuation-token"); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(b.keys) {
			return nil, nil, false
		}
		begin = max(begin, n)
	} else if after := q.Get("start-after"); after != "" {
		begin = max(begin, sort.Search(len(b.keys), func(i int) bool { return b.keys[i] > after }))
		if delimiter != "" { // a common prefix equal to start-after is not listed
			if rest, found := strings.CutPrefix(after, prefix); found &&
				strings.HasSuffix(rest, delimiter) {
				begin = b.past(begin, end, after)
			}
		}
	}
	var prefixes []string
	next, count := begin, 0
	var single []int // indexes of keys without a common prefix
	for next < end && count < limit {
		count++
		if delimiter != "" {
			rest := b.keys[next][len(prefix):]
			if i := strings.Index(rest, delimiter); i >= 0 {
				common := prefix + rest[:i+len(delimiter)]
				prefixes = append(prefixes, common)
				next = b.past(next, end, common)
				continue
			}
			single = append(single, next)
		}
		next++
	}
	head = fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
		`<Name>bench</Name><Prefix>%s</Prefix>`, prefix)
	if next < end {
		head = fmt.Appendf(head, "<NextContinuationToken>%d</NextContinuationToken>", next)
	}
	if encoding := q.Get("encoding-type"); encoding != "" {
		head = fmt.Appendf(head, "<EncodingType>%s</EncodingType>", encoding)
	}
	head = fmt.Appendf(head,
		"<KeyCount>%d</KeyCount><MaxKeys>%d</MaxKeys><IsTruncated>%t</IsTruncated>", count, limit,
		next < end)
	switch {
	case delimiter != "":
		for _, i := range single {
			contents = appendContents(contents, b.keys[i], i)
		}
		for _, common := range prefixes {
			contents = fmt.Appendf(contents, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>",
				common)
		}
	case b.begins != nil:
		contents = b.contents[b.begins[begin]:b.begins[max(begin, next)]]
	default:
		for i := begin; i < next; i++ {
			contents = appendContents(contents, b.keys[i], i)
		}
	}
	return head, contents, true
}

// past returns the index of the first key from begin on, but at most end, that does not have the
// prefix.
func (b *bucket) past(begin, end int, prefix string) int {
	if begin >= end {
		return begin
	}
	return begin + sort.Search(end-begin, func(i int) bool {
		return !strings.HasPrefix(b.keys[begin+i], prefix)
	})
}

// listing serves buckets by name, and delays each response.
type listing struct {
	buckets  map[string]*bucket
	delay    time.Duration
	requests atomic.Int64
}

func (l *listing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.requests.Add(1)
	time.Sleep(l.delay)
	b := l.buckets[strings.Trim(r.URL.Path, "/")]
	q := r.URL.Query()
	if b == nil || r.Method != http.MethodGet || q.Get("list-type") != "2" {
		http.Error(w, "unsupported operation or bucket", http.StatusNotImplemented)
		return
	}
	head, contents, ok := b.page(q)
	if !ok {
		http.Error(w, "invalid query", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Write(head)
	w.Write(contents)
	io.WriteString(w, "</ListBucketResult>")
}
