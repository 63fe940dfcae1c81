package s3list

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/sigv4"
)

func TestListPages(t *testing.T) {
	s := &server{respond: threePages}
	listing := client(s).List(t.Context(), ListInput{
		Bucket:     "b12",
		Prefix:     "é +&=",
		Delimiter:  "/",
		StartAfter: "0",
		PageSize:   3,
		FetchOwner: true,
	})
	if len(s.seen) != 0 {
		t.Error("a request was sent before the range")
	}
	for range 2 { // each range is a new listing
		s.seen = nil
		keys, err := collect(t, listing)
		const prefix = "é +&="
		want := []string{"a", "b", "c", "d", "e", "f"}
		for i := range want {
			want[i] = prefix + want[i]
		}
		if err != nil || !slices.Equal(keys, want) {
			t.Fatalf("List = %q, %v, want %q", keys, err, want)
		}
		if len(s.seen) != 3 {
			t.Errorf("%d requests, want 3", len(s.seen))
		}
		const query = "delimiter=%2F&encoding-type=url&fetch-owner=true&list-type=2&max-keys=3" +
			"&prefix=%C3%A9+%2B%26%3D&start-after=0"
		for i, req := range s.seen { // apart from the token, all queries are equal
			q := req.URL.Query()
			q.Del("continuation-token")
			if q.Encode() != query {
				t.Errorf("query of page %d = %s, want %s", i+1, q.Encode(), query)
			}
			if strings.Contains(req.URL.RawQuery, "+") {
				t.Errorf("query of page %d = %s, which has a raw +", i+1, req.URL.RawQuery)
			}
		}
	}
}

func TestObjects(t *testing.T) {
	s := &server{respond: threePages}
	keys, err := collect(t, client(s).Objects(t.Context(), "b12", "p/"))
	if err != nil || len(keys) != 6 {
		t.Errorf("Objects = %q, %v, want six keys", keys, err)
	}
	const want = "list-type=2&prefix=p%2F&encoding-type=url"
	if got := s.seen[0].URL.RawQuery; got != want {
		t.Errorf("query = %s, want %s", got, want)
	}
}

func TestListEmpty(t *testing.T) {
	keys, err := collect(t, client(always(200, pageOf(""))).Objects(t.Context(), "b12", ""))
	if err != nil || len(keys) != 0 {
		t.Errorf("Objects = %q, %v, want no keys", keys, err)
	}
}

func TestListEndless(t *testing.T) {
	t.Run("the same token", func(t *testing.T) {
		s := always(200, pageOf("same", "a"))
		keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		if err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("error = %v, want one about a marker that is sent twice", err)
		}
		if len(keys) != 1 || len(s.seen) != 2 {
			t.Errorf("%d keys after %d requests, want 1 after 2", len(keys), len(s.seen))
		}
	})
	t.Run("new tokens and no keys", func(t *testing.T) {
		s := &server{respond: func(n int, _ *http.Request) *http.Response {
			return reply(200, pageOf(fmt.Sprint("t", n)))
		}}
		keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		if err == nil || !strings.Contains(err.Error(), "without new keys") ||
			len(keys) != 0 || len(s.seen) != maxEmpty {
			t.Errorf("Objects = %q, %v after %d requests, want an error after %d",
				keys, err, len(s.seen), maxEmpty)
		}
	})
	t.Run("new tokens and no keys until the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &server{respond: func(n int, _ *http.Request) *http.Response {
			if n == 500 {
				cancel()
			}
			return reply(200, pageOf(fmt.Sprint("t", n)))
		}}
		keys, err := collect(t, client(s).Objects(ctx, "b12", ""))
		if !errors.Is(err, context.Canceled) || len(keys) != 0 || len(s.seen) != 500 {
			t.Errorf("Objects = %q, %v after %d requests, want %v after 500",
				keys, err, len(s.seen), context.Canceled)
		}
	})
}

// TestListBreak checks that the next page is requested with the second object of a page, and that
// no page after that is requested before.
func TestListBreak(t *testing.T) {
	for stop := 1; stop <= 6; stop++ {
		synctest.Test(t, func(t *testing.T) {
			s := &server{respond: threePages}
			n := 0
			for _, err := range client(s).Objects(t.Context(), "b12", "") {
				if err != nil {
					t.Fatalf("Objects = %v, want no error", err)
				}
				synctest.Wait() // for the responses
				if n++; n == stop {
					break
				}
			}
			if want := []int{1, 2, 2, 3, 3, 3}[stop-1]; len(s.seen) != want {
				t.Errorf("%d requests for %d objects, want %d", len(s.seen), stop, want)
			}
		})
	}
	t.Run("at the error", func(t *testing.T) {
		s := always(403, errorOf(CodeAccessDenied, ""))
		calls := 0
		client(s).Objects(t.Context(), "b12", "")(func(Object, error) bool {
			calls++
			return false
		})
		if calls != 1 {
			t.Errorf("yield was called %d times, want 1", calls)
		}
	})
}

// TestBreakCancels checks that a loop that breaks cancels the request in flight and does not wait.
func TestBreakCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cancelled := false
		s := &server{respond: func(n int, req *http.Request) *http.Response {
			if n == 1 {
				return reply(200, pageOf("t", "a", "b", "c"))
			}
			select {
			case <-req.Context().Done():
				cancelled = true
			case <-time.After(time.Minute):
			}
			return nil
		}}
		start := time.Now()
		for o, err := range client(s).Objects(t.Context(), "b12", "") {
			synctest.Wait() // for the second request
			if err != nil || o.Key == "b" {
				break
			}
		}
		if len(s.seen) != 2 || !cancelled || time.Since(start) != 0 {
			t.Errorf("%d requests, cancelled %t after %v, want 2, true, 0s",
				len(s.seen), cancelled, time.Since(start))
		}
	})
}

// TestListCancelled checks that a listing whose context ends always yields the error.
func TestListCancelled(t *testing.T) {
	for after := range 7 { // number of objects
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &server{respond: threePages}
		if after == 0 {
			cancel()
		}
		n := 0
		var last error
		for _, err := range client(s).Objects(ctx, "b12", "") {
			if last = err; err != nil {
				continue
			}
			if n++; n == after {
				cancel()
			}
		}
		if n != after || !errors.Is(last, context.Canceled) {
			t.Errorf("cancelled after %d objects: %d objects, error %v", after, n, last)
		}
		if after == 0 && len(s.seen) != 0 {
			t.Error("a request was sent after the end of the context")
		}
	}

	t.Run("in flight", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := collect(t, client(blocking{}).Objects(ctx, "b12", ""))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
			}
		})
	})
	// In these two cases, the refusal by the server is not lost.
	t.Run("during back-off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &server{respond: func(int, *http.Request) *http.Response {
				time.AfterFunc(time.Second, cancel)
				return reply(503, errorOf(CodeSlowDown, ""), "Retry-After", "4")
			}}
			_, err := collect(t, client(s).Objects(ctx, "b12", ""))
			var e *Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Code != CodeSlowDown {
				t.Errorf("error = %v, want SlowDown and %v", err, context.Canceled)
			}
		})
	})
	t.Run("during HEAD", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &server{respond: func(_ int, req *http.Request) *http.Response {
			if req.Method == http.MethodHead {
				cancel()
				return nil
			}
			return reply(301, errorOf(CodePermanentRedirect, ""))
		}}
		_, err := collect(t, client(s).Objects(ctx, "b12", ""))
		var e *Error
		if !errors.Is(err, context.Canceled) || !errors.As(err, &e) ||
			e.Code != CodePermanentRedirect {
			t.Errorf("error = %v, want PermanentRedirect and %v", err, context.Canceled)
		}
	})
	t.Run("in a retry", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &server{respond: func(n int, req *http.Request) *http.Response {
				if n == 1 {
					return reply(503, errorOf(CodeSlowDown, "<ArgumentName>a</ArgumentName>"))
				}
				r := reply(200, "")
				r.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
					cancel()
					return 0, ctx.Err()
				}))
				return r
			}}
			_, err := collect(t, client(s).Objects(ctx, "b12", ""))
			var e *Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Argument != "a" {
				t.Errorf("error = %v, want SlowDown and %v", err, context.Canceled)
			}
		})
	})
	t.Run("getting credentials", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := client(new(server))
		c.Credentials = func(ctx context.Context) (sigv4.Credentials, error) {
			cancel()
			return sigv4.Credentials{}, ctx.Err()
		}
		if _, err := collect(t, c.Objects(ctx, "b12", "")); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want %v", err, context.Canceled)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestListLeavesNothing checks that listings leave no goroutine: synctest.Test fails if there is
// one.
func TestListLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(&server{respond: threePages})
		var consumers sync.WaitGroup
		for i := range 50 {
			consumers.Go(func() {
				n := 0
				for _, err := range c.Objects(t.Context(), fmt.Sprintf("bucket-%d", i%3), "") {
					if err != nil {
						t.Errorf("Objects = %v, want no error", err)
					}
					if n++; n == i%7 {
						break
					}
				}
			})
		}
		consumers.Wait()
	})
}

// TestObjectsOfTheFuture checks that objects are not filtered by a local clock that is slow.
func TestObjectsOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock starts in 2000, and objects are from 2009
		for _, parallel := range []int{0, 4} {
			s := &server{respond: func(_ int, req *http.Request) *http.Response {
				if req.URL.Query().Get("continuation-token") == "" {
					return reply(200, pageOf("t", "a", "b"))
				}
				return reply(200, pageOf("", "c"))
			}}
			var keys []string
			for _, o := range all(t, s, ListInput{Parallel: parallel}) {
				if !o.LastModified.After(time.Now()) {
					t.Errorf("%s is from %v, want a time in the future", o.Key, o.LastModified)
				}
				keys = append(keys, o.Key)
			}
			if want := []string{"a", "b", "c"}; !slices.Equal(keys, want) {
				t.Errorf("parallel %d: keys %q, want %q", parallel, keys, want)
			}
		}
	})
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, parallel := range []int{0, 8} {
			b := bucketOf(keysOf("numbers", 20_000))
			b.page, b.latency = 100, 30*time.Millisecond
			var reports []Progress
			var at []time.Time
			start := time.Now()
			all(t, b, ListInput{Parallel: parallel, Progress: func(p Progress) {
				reports = append(reports, p)
				at = append(at, time.Now())
			}})
			last := reports[len(reports)-1]
			want := Progress{
				Keys:     20_000,
				Pages:    last.Pages,
				Requests: b.requests.Load(),
				Key:      "key-00019999",
			}
			if last != want || last.Pages < 200 {
				t.Errorf("last report = %+v, want %+v with at least 200 pages", last, want)
			}
			n := int(time.Since(start) / (time.Second / 10))
			if len(reports) < n/2 || len(reports) > n+1 {
				t.Errorf("%d reports in %v, want about %d", len(reports), time.Since(start), n)
			}
			for i := 1; i < len(reports)-1; i++ {
				earlier, later := reports[i-1], reports[i]
				if pause := at[i].Sub(at[i-1]); pause < time.Second/10 {
					t.Errorf("report %d follows after %v, want at least 0.1 s", i, pause)
				}
				if later.Keys < earlier.Keys || later.Key < earlier.Key {
					t.Errorf("report %+v follows %+v", later, earlier)
				}
			}
		}
	})
	for n := range 3 {
		calls := 0
		in := ListInput{Bucket: "b12", Progress: func(Progress) { calls++ }}
		for range client(bucketOf([]string{"a", "b"}[:n])).List(t.Context(), in) {
			break
		}
		if calls != 1 {
			t.Errorf("listing of %d keys that breaks: %d reports, want 1", n, calls)
		}
	}
}

// TestCursor checks that a listing can be resumed after each object.
func TestCursor(t *testing.T) {
	step := longtest.Step(t, 10)
	for d, distribution := range distributions {
		b := bucketOf(distribution.keys(60))
		for _, in := range []ListInput{
			{PageSize: 7},
			{PageSize: 7, Delimiter: "/"},
			{PageSize: 7, Delimiter: "/", Parallel: 4},
		} {
			want := all(t, b, in)
			for i := d % step; i < len(want); i += step {
				in.StartAfter = want[i].Key
				rest := append([]Object(nil), want[i+1:]...) // nil after the last object
				if diff := gocmp.Diff(rest, all(t, b, in)); diff != "" {
					t.Fatalf("%s: List(%+v) (-want +got):\n%s", distribution.name, in, diff)
				}
			}
		}
	}
}

// A writer lists n numbered keys. It writes responses while they are read, so that the memory of
// TestMemory is that of the listing.
type writer int

func (n writer) key(i int) string {
	digits := strconv.Itoa(100_000_000 + i)
	return "key-" + digits[1:]
}

func (n writer) RoundTrip(req *http.Request) (*http.Response, error) {
	q := req.URL.Query()
	after := q.Get("continuation-token")
	if after == "" {
		after = q.Get("start-after")
	}
	from := sort.Search(int(n), func(i int) bool { return n.key(i) > after })
	to := min(int(n), from+1000)
	head := fmt.Sprintf("<ListBucketResult>%s<IsTruncated>%t</IsTruncated>"+
		"<NextContinuationToken>%s</NextContinuationToken>", encoded, to < int(n), n.key(to-1))
	resp := reply(200, "")
	resp.Request = req
	resp.ContentLength = -1
	text := []byte(head)
	i := from
	resp.Body = io.NopCloser(readerFunc(func(p []byte) (written int, err error) {
		for written < len(p) {
			if len(text) == 0 {
				switch {
				case i < to:
					text = append(text, "<Contents><Key>"...)
					text = append(text, n.key(i)...)
					text = append(text, "</Key>"...)
					text = append(text, objectFields...)
				case i == to:
					text = append(text, end...)
				default:
					return written, io.EOF
				}
				i++
			}
			copied := copy(p[written:], text)
			text = text[copied:]
			written += copied
		}
		return written, nil
	}))
	return resp, nil
}

// TestMemory checks that a listing needs less than 40 MB for any number of keys, sequential or not.
func TestMemory(t *testing.T) {
	keys, limit := 200_000, uint64(40<<20)
	if longtest.Enabled(t, "200,000 keys instead of 2,000,000") {
		keys = 2_000_000
	}
	for _, parallel := range []int{0, 32} {
		runtime.GC()
		var peak uint64
		n, wrong := 0, 0
		in := ListInput{Bucket: "b12", Parallel: parallel}
		for o, err := range client(writer(keys)).List(t.Context(), in) {
			if err != nil {
				t.Fatalf("List = %v, want no error", err)
			}
			if n%10_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse+m.StackInuse)
			}
			if n%100 == 0 && o.Key != writer(keys).key(n) {
				wrong++
			}
			n++
		}
		t.Logf("parallel %d: %d keys in %d MB", parallel, n, peak>>20)
		if n != keys || wrong > 0 || peak > limit {
			t.Errorf("parallel %d: %d keys in %d MB, %d wrong, want %d in %d MB",
				parallel, n, peak>>20, wrong, keys, limit>>20)
		}
	}
}

// allVersions returns the versions in b as "key version", with "!" after a delete marker.
func allVersions(t *testing.T, b http.RoundTripper, in ListInput) (all []string) {
	t.Helper()
	in.Bucket = "b12"
	for o, err := range client(b).Versions(t.Context(), in) {
		if err != nil {
			t.Fatalf("Versions(%+v) = %v, want no error", in, err)
		}
		if o.IsLatest != (o.VersionID == "v0") || o.DeleteMarker == (o.Size == 1) ||
			o.LastModified.IsZero() {
			t.Fatalf("Versions(%+v) yields %+v", in, o)
		}
		text := o.Key + " " + o.VersionID
		if o.DeleteMarker {
			text += "!"
		}
		all = append(all, text)
	}
	return all
}

// TestVersions checks that every version of every key is yielded once and in order, with pages of
// any size, which end within a key, and with any number of requests at once.
func TestVersions(t *testing.T) {
	step, n := longtest.Step(t, 6), 500
	if step == 1 {
		n = 3000
	}
	inputs := []ListInput{{PageSize: 100, Parallel: 32}}
	for _, size := range []int{0, 1, 2, 7} {
		for _, parallel := range []int{0, 4, 16} {
			inputs = append(inputs, ListInput{PageSize: size, Parallel: parallel})
		}
	}
	for d, distribution := range distributions {
		small := newVersionedBucket(distribution.keys(60))
		large := newVersionedBucket(distribution.keys(n))
		for i := d % step; i < len(inputs); i += step {
			in, b := inputs[i], small
			if in.PageSize == 100 {
				b = large
			}
			if got := allVersions(t, b, in); !slices.Equal(got, b.want) {
				t.Fatalf("%s: Versions(%+v) (-want +got):\n%s",
					distribution.name, in, gocmp.Diff(b.want, got))
			}
		}
	}
}

// A versionedBucket has in want what allVersions must return.
type versionedBucket struct {
	*bucket
	want []string
}

func newVersionedBucket(keys []string) versionedBucket {
	b := versionedBucket{bucket: bucketOf(keys)}
	for i, key := range keys {
		for v := range versionsOf(i) {
			b.want = append(b.want, fmt.Sprintf("%s v%d%s", key, v, strings.Repeat("!", v%2)))
		}
	}
	return b
}

// TestVersionsCursor checks that a listing of versions can be resumed after each, also within a
// key.
func TestVersionsCursor(t *testing.T) {
	b := bucketOf(keysOf("any character", 40))
	want := allVersions(t, b, ListInput{})
	for i, text := range want {
		at := strings.LastIndexByte(text, ' ')
		for _, parallel := range []int{0, 4} {
			in := ListInput{
				StartAfter:      text[:at],
				VersionIDMarker: strings.TrimSuffix(text[at+1:], "!"),
				PageSize:        5,
				Parallel:        parallel,
			}
			if got := allVersions(t, b, in); !slices.Equal(got, want[i+1:]) {
				t.Fatalf("Versions(%+v) (-want +got):\n%s", in, gocmp.Diff(want[i+1:], got))
			}
		}
	}
}

// TestVersionsPages checks the errors of listings of versions.
func TestVersionsPages(t *testing.T) {
	const (
		key     = "<NextKeyMarker>k</NextKeyMarker>"
		version = "<NextVersionIdMarker>v</NextVersionIdMarker>"
		token   = "<NextContinuationToken>t</NextContinuationToken>"
	)
	long := strings.Repeat("x", maxToken+1)
	longKey := strings.Replace(key, "k<", long+"<", 1)
	longVersion := strings.Replace(version, "v<", long+"<", 1)
	malformed := strings.Replace(key, "k<", "100%<", 1)
	for _, test := range []struct{ name, body, want string }{
		{"no marker", versionsPage(truncated), "no NextKeyMarker"},
		{"only a version", versionsPage(truncated + version), "no NextKeyMarker"},
		{"only a token", versionsPage(truncated + token), "no NextKeyMarker"},
		{"malformed key", versionsPage(truncated + encoded + malformed), "not URL encoded"},
		{"long key", versionsPage(truncated + longKey), "8193 bytes"},
		{"long version", versionsPage(truncated + key + longVersion), "8193 bytes"},
		{"the other listing", pageOf(""), "<ListBucketResult>"},
		{"the same markers again", versionsPage(truncated + key + version), "twice"},
		{"refused", errorOf(CodeAccessDenied, ""), "s3:ListBucketVersions"},
	} {
		s := always(200, test.body)
		_, err := collect(t, client(s).Versions(t.Context(), ListInput{Bucket: "b12"}))
		const prefix = `s3list: ListObjectVersions of bucket "b12": `
		if err == nil || !strings.HasPrefix(err.Error(), prefix) ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v, want %s...%s", test.name, err, prefix, test.want)
		}
		if e := new(Error); errors.As(err, &e) && e.Operation != "ListObjectVersions" {
			t.Errorf("%s: Operation = %s, want ListObjectVersions", test.name, e.Operation)
		}
	}
}
