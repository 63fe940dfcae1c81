package s3list

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// wrongFrom finds nothing behind places in a directory where there are keys, as MinIO does beside certain others, or
// refuses to be asked for them. By its own markers it lists everything.
type wrongFrom struct {
	http.RoundTripper
	refuses bool
}

func (w wrongFrom) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	if q.Get("continuation-token") != "" || !strings.HasPrefix(q.Get("start-after"), "dash/") {
		return w.RoundTripper.RoundTrip(r)
	}
	status, body := 200, `<ListBucketResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated></ListBucketResult>`
	if w.refuses {
		status, body = 400, `<Error><Code>XMinioInvalidResourceName</Code><Message>no</Message></Error>`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A server that is wrong about a guessed place makes a listing slower, or ends it with an error; no key is lost silently.
func TestWrongGuess(t *testing.T) {
	var keys []string
	for _, directory := range []string{"a/", "dash-/", "dash/", "deep/er/", "z/"} {
		for i := range 2000 {
			keys = append(keys, fmt.Sprintf("%s%06d", directory, i*7))
		}
	}
	slices.Sort(keys)
	for _, refuses := range []bool{false, true} {
		for _, page := range []int{50, 150, 1000} {
			synctest.Test(t, func(t *testing.T) {
				b := bucketOf(keys)
				b.page, b.latency = page, 30*time.Millisecond
				c := client(wrongFrom{b, refuses})
				got, err := collect(t, c.List(t.Context(), Input{Bucket: "b12", Parallel: 8}))
				if err == nil && !slices.Equal(got, keys) {
					t.Errorf("refuses %v, page %d: %d of %d keys, and no error", refuses, page, len(got), len(keys))
				}
				t.Logf("refuses %v, page %d: %d of %d keys, %v", refuses, page, len(got), len(keys), err)
			})
		}
	}
}
