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

// bucket is a bucket that can be listed and nothing else. Its keys need no escaping, neither in XML
// nor in a URL.
type bucket struct {
	keys []string // in order

	// The keys' <Contents>, one after the other, and where each begins; nil: they are made for
	// every answer.
	contents []byte
	begins   []int
}

// deepKeys are keys in folders by day and hour, as logs have them.
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

// flatKeys are keys without any folder, spread evenly as hashes are.
func flatKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%016x-%012x.json", uint64(i)*(^uint64(0)/uint64(n)),
			uint64(i)*0x9e3779b97f4a7c15>>16)
	}
	return keys
}

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

// appendContents is what S3 tells of an object today. Its size is its place in the bucket.
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

// page answers one page of ListObjectsV2 (Amazon S3 API Reference) in two parts, or false for a
// query that is not one.
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
		if delimiter != "" { // a common prefix that is not after it is not listed
			if rest, found := strings.CutPrefix(after, prefix); found &&
				strings.HasSuffix(rest, delimiter) {
				begin = b.past(begin, end, after)
			}
		}
	}
	var prefixes []string
	next, count := begin, 0
	var single []int // keys that are not in a common prefix
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

// past is the first key at or behind begin that does not have the prefix.
func (b *bucket) past(begin, end int, prefix string) int {
	if begin >= end {
		return begin
	}
	return begin + sort.Search(end-begin, func(i int) bool {
		return !strings.HasPrefix(b.keys[begin+i], prefix)
	})
}

// listing serves buckets by name, every answer after a delay.
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
		http.Error(w, "only ListObjectsV2 is served here", http.StatusNotImplemented)
		return
	}
	head, contents, ok := b.page(q)
	if !ok {
		http.Error(w, "a query that is not understood", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Write(head)
	w.Write(contents)
	io.WriteString(w, "</ListBucketResult>")
}
