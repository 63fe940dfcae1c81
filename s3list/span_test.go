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

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// A wrongBucket gives wrong responses to requests that start after a key in dash/. With the
// server's own tokens, its listing is right. MinIO does this for some keys that do not exist.
type wrongBucket struct {
	*bucket
	how string
}

func (w wrongBucket) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.bucket.RoundTrip(req)
	q := req.URL.Query()
	after := q.Get("start-after")
	if q.Has("continuation-token") || !strings.HasPrefix(after, "dash/") || err != nil ||
		resp.StatusCode != 200 {
		return resp, err
	}
	data, _ := io.ReadAll(resp.Body)
	body := string(data)
	first, last := strings.Index(body, "<Contents>"), strings.Index(body, end)
	switch w.how {
	case "finds nothing":
		body = "<ListBucketResult>" + encoded + notTruncated + end
	case "finds nothing at first":
		body = body[:first] + body[last:]
	case "refuses":
		body = "<Error><Code>XMinioInvalidResourceName</Code><Message>no</Message></Error>"
		return reply(400, body), nil
	case "skips three keys":
		const mark = "</Contents>"
		for range 3 {
			if i := strings.Index(body[first:last], mark); i >= 0 {
				body = body[:first] + body[first+i+len(mark):]
				last -= i + len(mark)
			}
		}
	case "invents a key":
		body = body[:first] + contents(after+"%01") + body[first:]
	}
	return reply(200, body), nil
}

// TestWrongGuess checks that wrong responses to a guess make a listing slower, but that no key is
// lost or repeated.
func TestWrongGuess(t *testing.T) {
	n := 250
	if longtest.Enabled(t, "250 keys in each directory instead of 2000") {
		n = 2000
	}
	var keys []string
	for _, directory := range []string{"a/", "dash-/", "dash/", "deep/er/", "z/"} {
		for i := range n {
			keys = append(keys, fmt.Sprintf("%s%06d", directory, i*7))
		}
	}
	slices.Sort(keys)
	for _, how := range []string{
		"finds nothing",
		"finds nothing at first",
		"refuses",
		"skips three keys",
		"invents a key",
	} {
		for _, page := range []int{10, 50, 150, 1000} {
			synctest.Test(t, func(t *testing.T) {
				b := bucketOf(keys)
				b.page, b.latency = page, 30*time.Millisecond
				start := time.Now()
				c := client(wrongBucket{b, how})
				got, err := collect(t, c.List(t.Context(), ListInput{Bucket: "b12", Parallel: 8}))
				if err != nil || !slices.Equal(got, keys) {
					t.Errorf("%s, page %d: %d of %d keys, error %v",
						how, page, len(got), len(keys), err)
				}
				t.Logf("%s, page %d: %d requests, %d latencies",
					how, page, b.requests.Load(), time.Since(start)/b.latency)
			})
		}
	}
}

// TestEndless checks that a server whose markers repeat is noticed soon, also if they begin to
// repeat only after some pages.
func TestEndless(t *testing.T) {
	for _, parallel := range []int{0, 8} {
		for period := 1; period < 40; period += 3 {
			for _, before := range []int{0, 1, 5, 30} {
				s := &server{respond: func(n int, _ *http.Request) *http.Response {
					token := fmt.Sprint("token", min(n, before+(n-before)%period))
					if parallel > 0 { // without keys, the listing is not divided
						return reply(200, pageOf(token))
					}
					return reply(200, pageOf(token, fmt.Sprintf("%06d", n)))
				}}
				in := ListInput{Bucket: "b12", Parallel: parallel}
				got, err := collect(t, client(s).List(t.Context(), in))
				requests, limit := len(s.seen), 4*(period+before)+2
				if err == nil || !strings.Contains(err.Error(), "twice") || requests > limit {
					t.Errorf("parallel %d, period %d after %d: error %v, %d requests, limit %d",
						parallel, period, before, err, requests, limit)
				}
				if parallel == 0 && len(got) != requests-1 {
					t.Errorf("period %d after %d: %d keys from %d pages",
						period, before, len(got), requests)
				}
			}
		}
	}
}
