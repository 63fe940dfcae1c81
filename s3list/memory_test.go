package s3list

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// millions lists n numbered keys, as fast as they can be written.
type millions int

func (n millions) key(i int) string {
	digits := strconv.Itoa(100_000_000 + i)
	return "key-" + digits[1:]
}

func (n millions) RoundTrip(req *http.Request) (*http.Response, error) {
	q := req.URL.Query()
	after := q.Get("continuation-token")
	if after == "" {
		after = q.Get("start-after")
	}
	from := sort.Search(int(n), func(i int) bool { return n.key(i) > after })
	to := min(int(n), from+1000)
	body := make([]byte, 0, 300_000)
	body = fmt.Appendf(body, "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%t</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", to < int(n), n.key(to-1))
	for i := from; i < to; i++ {
		body = append(body, "<Contents><Key>"...)
		body = append(body, n.key(i)...)
		body = append(body, "</Key><LastModified>2026-03-01T10:11:12.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>"+
			"<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"...)
	}
	body = append(body, end...)
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body))), ContentLength: -1, Request: req}, nil
}

// Memory does not grow with the number of keys: 2,000,000 of them take less than 40 MB, although the server is in the
// same process.
func TestMemory(t *testing.T) {
	keys, limit := 2_000_000, uint64(40<<20)
	if testing.Short() {
		keys = 200_000
		t.Logf("SHORTENED because of -short: %d keys in place of 2,000,000", keys)
	}
	for _, parallel := range []int{0, 4} {
		keys := keys / max(1, parallel) // fewer when there are many at once, which is the same but for the pages held
		runtime.GC()
		var peak uint64
		n, wrong := 0, 0
		for o, err := range client(millions(keys)).List(t.Context(), Input{Bucket: "b12", Parallel: parallel}) {
			if err != nil {
				t.Fatal(err)
			}
			if n%10_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse+m.StackInuse)
			}
			if n%100 == 0 && o.Key != millions(keys).key(n) {
				wrong++
			}
			n++
		}
		t.Logf("parallel %d: %d keys, at most %d MB", parallel, n, peak>>20)
		if n != keys || wrong > 0 || peak > limit {
			t.Errorf("parallel %d: %d keys, %d MB", parallel, n, peak>>20)
		}
	}
}
