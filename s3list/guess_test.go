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

// wrongFrom is wrong about places in a directory that it is asked to begin at: it finds nothing there although there are
// keys, as MinIO does beside certain others, or refuses to be asked, or leaves out the first keys, or finds some that are
// not there. By its own markers it lists everything.
type wrongFrom struct {
	*bucket
	how string
}

func (w wrongFrom) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	if from := q.Get("start-after"); q.Has("continuation-token") || !strings.HasPrefix(from, "dash/") {
		return w.bucket.RoundTrip(r)
	}
	resp, err := w.bucket.RoundTrip(r)
	if err != nil || resp.StatusCode != 200 {
		return resp, err
	}
	body, _ := io.ReadAll(resp.Body)
	answer := string(body)
	first, last := strings.Index(answer, "<Contents>"), strings.Index(answer, "</ListBucketResult>")
	switch w.how {
	case "empty":
		answer = `<ListBucketResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated></ListBucketResult>`
	case "empty page":
		answer = answer[:first] + answer[last:]
	case "refuses":
		return reply(400, `<Error><Code>XMinioInvalidResourceName</Code><Message>no</Message></Error>`), nil
	case "skips":
		const mark = "</Contents>"
		for range 3 {
			if i := strings.Index(answer[first:last], mark); i >= 0 {
				answer = answer[:first] + answer[first+i+len(mark):]
				last -= i + len(mark)
			}
		}
	case "invents":
		answer = answer[:first] + contents(q.Get("start-after")+"%01") + answer[first:]
	}
	return reply(200, answer), nil
}

// A server that is wrong about a guessed place makes a listing slower; no key is lost, nor comes twice.
func TestWrongGuess(t *testing.T) {
	var keys []string
	for _, directory := range []string{"a/", "dash-/", "dash/", "deep/er/", "z/"} {
		for i := range 2000 {
			keys = append(keys, fmt.Sprintf("%s%06d", directory, i*7))
		}
	}
	slices.Sort(keys)
	for _, how := range []string{"empty", "empty page", "refuses", "skips", "invents"} {
		for _, page := range []int{10, 50, 150, 1000} {
			synctest.Test(t, func(t *testing.T) {
				b := bucketOf(keys)
				b.page, b.latency = page, 30*time.Millisecond
				start := time.Now()
				got, err := collect(t, client(wrongFrom{b, how}).List(t.Context(), Input{Bucket: "b12", Parallel: 8}))
				if err != nil || !slices.Equal(got, keys) {
					t.Errorf("%s, page %d: %d of %d keys, %v", how, page, len(got), len(keys), err)
				}
				t.Logf("%s, page %d: %d requests, %d rounds", how, page, b.requests.Load(), time.Since(start)/b.latency)
			})
		}
	}
}

// A server whose markers go round in a circle is noticed soon, also where the circle does not begin at once.
func TestEndless(t *testing.T) {
	for _, parallel := range []int{0, 8} {
		for circle := 1; circle < 40; circle += 3 {
			for _, before := range []int{0, 1, 5, 30} {
				s := &server{answer: func(n int, _ *http.Request) *http.Response {
					token := fmt.Sprint("token", min(n, before+(n-before)%circle))
					if parallel > 0 { // without keys it is not divided
						return reply(200, pageOf(token))
					}
					return reply(200, pageOf(token, fmt.Sprintf("%06d", n)))
				}}
				got, err := collect(t, client(s).List(t.Context(), Input{Bucket: "b12", Parallel: parallel}))
				if err == nil || !strings.Contains(err.Error(), "twice") || len(s.seen) > 4*(circle+before)+2 || parallel == 0 && len(got) != len(s.seen) {
					t.Errorf("%d markers after %d others, parallel %d: %d keys, %v after %d requests", circle, before, parallel, len(got), err, len(s.seen))
				}
			}
		}
	}
}
