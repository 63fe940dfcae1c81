package s3list

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A bucket is an http.RoundTripper that lists sorted keys as S3 does, without looking at signatures. It is quick, and
// shares nothing with the code under test.
type bucket struct {
	n       int
	key     func(i int) string       // the i-th of n keys, in order
	latency time.Duration            // of every answer, and up to a hundredth more
	refuse  func(running int64) bool // 503 SlowDown, if it is not nil and says so
	page    int                      // the most keys of a page; 0: 1000

	requests, running, most atomic.Int64
}

func bucketOf(keys []string) *bucket {
	return &bucket{n: len(keys), key: func(i int) string { return keys[i] }}
}

func (b *bucket) RoundTrip(req *http.Request) (*http.Response, error) {
	b.requests.Add(1)
	running := b.running.Add(1)
	defer b.running.Add(-1)
	for most := b.most.Load(); running > most && !b.most.CompareAndSwap(most, running); most = b.most.Load() {
	}
	refused := b.refuse != nil && b.refuse(running)
	if b.latency > 0 {
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(b.latency + b.more(req.URL.RawQuery)):
		}
	}
	if refused {
		return reply(503, errorOf(CodeSlowDown, "")), nil
	}
	q := req.URL.Query()
	body := ""
	if q.Has("versions") {
		body = b.versions(q)
	} else {
		body = b.objects(q)
	}
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: req}, nil
}

// more is different for most queries and the same in every run: in a bubble, answers then come in the same order each time.
func (b *bucket) more(query string) time.Duration {
	sum := fnv.New32a()
	io.WriteString(sum, query)
	return time.Duration(sum.Sum32()) % max(1, b.latency/100)
}

func (b *bucket) size(q url.Values) int {
	size := 1000
	if b.page > 0 {
		size = b.page
	}
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		size = min(n, size)
	}
	return size
}

// objects is one page of ListObjectsV2. Its token is the last entry.
func (b *bucket) objects(q url.Values) string {
	prefix, delimiter, after, size := q.Get("prefix"), q.Get("delimiter"), q.Get("start-after"), b.size(q)
	resumed := q.Has("continuation-token")
	if resumed {
		token, err := hex.DecodeString(q.Get("continuation-token"))
		if err != nil {
			return errorOf(CodeInvalidArgument, "")
		}
		after = string(token)
	}
	i := sort.Search(b.n, func(i int) bool { return b.key(i) > after })
	i = max(i, sort.Search(b.n, func(i int) bool { return b.key(i) >= prefix }))
	var doc, prefixes strings.Builder
	n, last, truncated := 0, "", false
	for i < b.n {
		key := b.key(i)
		if !strings.HasPrefix(key, prefix) {
			break
		}
		head, _, rolled := strings.Cut(key[len(prefix):], delimiter)
		rolled = rolled && delimiter != ""
		common := prefix + head + delimiter
		if rolled && resumed && common == after {
			i += sort.Search(b.n-i, func(j int) bool { return !strings.HasPrefix(b.key(i+j), common) })
			continue
		}
		if n == size {
			truncated = true
			break
		}
		n++
		if rolled {
			prefixes.WriteString("<CommonPrefixes><Prefix>" + url.QueryEscape(common) + "</Prefix></CommonPrefixes>")
			i += sort.Search(b.n-i, func(j int) bool { return !strings.HasPrefix(b.key(i+j), common) })
			last = common
			continue
		}
		doc.WriteString("<Contents><Key>" + url.QueryEscape(key) + "</Key><LastModified>2026-03-01T10:11:12.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>")
		last = key
		i++
	}
	head := fmt.Sprintf("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%t</IsTruncated>", truncated)
	if truncated {
		head += "<NextContinuationToken>" + hex.EncodeToString([]byte(last)) + "</NextContinuationToken>"
	}
	return head + doc.String() + prefixes.String() + end
}

// versions is one page of ListObjectVersions. The i-th key has 1 + i%3 versions, v0 first; each second one of them is a
// delete marker.
func (b *bucket) versions(q url.Values) string {
	prefix, size := q.Get("prefix"), b.size(q)
	key, version := q.Get("key-marker"), q.Get("version-id-marker")
	i := sort.Search(b.n, func(i int) bool { return b.key(i) >= prefix && (b.key(i) > key || b.key(i) == key && version != "") })
	v := 0
	if version != "" && i < b.n && b.key(i) == key {
		v, _ = strconv.Atoi(version[1:])
		v++
	}
	var doc strings.Builder
	n, truncated := 0, false
	for ; i < b.n && strings.HasPrefix(b.key(i), prefix); i, v = i+1, 0 {
		for ; v < versionsOf(i); v++ {
			if n == size {
				truncated = true
				break
			}
			key, version = b.key(i), fmt.Sprint("v", v)
			element, extra := "Version", "<Size>1</Size>"
			if v%2 == 1 {
				element, extra = "DeleteMarker", ""
			}
			fmt.Fprintf(&doc, "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%t</IsLatest><LastModified>2026-03-01T10:11:12.000Z</LastModified>%s</%[1]s>", element, url.QueryEscape(key), version, v == 0, extra)
			n++
		}
		if truncated {
			break
		}
	}
	head := fmt.Sprintf("<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>%t</IsTruncated>", truncated)
	if truncated {
		head += "<NextKeyMarker>" + url.QueryEscape(key) + "</NextKeyMarker><NextVersionIdMarker>" + version + "</NextVersionIdMarker>"
	}
	return head + doc.String() + "</ListVersionsResult>"
}

func versionsOf(i int) int { return 1 + i%3 }
