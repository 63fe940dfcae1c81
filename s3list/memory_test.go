package s3list

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sort"
	"strconv"
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
	head := fmt.Sprintf("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%t</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", to < int(n), n.key(to-1))
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(&written{n, []byte(head), from, to}), ContentLength: -1, Request: req}, nil
}

// written is an answer that is written while it is read, so that the memory of a test is that of the listing.
type written struct {
	millions
	text     []byte
	from, to int
}

func (w *written) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(w.text) == 0 {
			switch {
			case w.from < w.to:
				w.text = append(w.text, "<Contents><Key>"...)
				w.text = append(w.text, w.key(w.from)...)
				w.text = append(w.text, "</Key><LastModified>2026-03-01T10:11:12.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>"+
					"<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"...)
			case w.from == w.to:
				w.text = append(w.text, end...)
			default:
				return n, io.EOF
			}
			w.from++
		}
		copied := copy(p[n:], w.text)
		w.text = w.text[copied:]
		n += copied
	}
	return n, nil
}

// Memory does not grow with the number of keys: 2,000,000 of them take less than 40 MB, also when there are many requests
// at once.
func TestMemory(t *testing.T) {
	keys, limit := 2_000_000, uint64(40<<20)
	if testing.Short() {
		keys = 200_000
		t.Logf("SHORTENED because of -short: %d keys in place of 2,000,000", keys)
	}
	for _, parallel := range []int{0, 32} {
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
