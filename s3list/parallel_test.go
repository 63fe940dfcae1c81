package s3list

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// TestParallelDistributions checks that a parallel listing of any keys yields them in order, and is
// several times faster than a sequential one.
func TestParallelDistributions(t *testing.T) {
	step := longtest.Step(t, 2)
	for i := 0; i < len(distributions); i += step {
		d := distributions[i]
		speedup, overhead := 6, 3
		switch d.name {
		case "any byte": // S3 has no such keys, and a query cannot contain what is between two
			speedup = 1
		case "sparse", "zipf": // there are large gaps, so most guesses find nothing
			speedup, overhead = 3, 6
		}
		testParallel(t, d.name, d.keys(10_000), 50, 32, speedup, overhead)
	}
	if longtest.Enabled(t, "not with 200,000 keys") {
		for _, name := range []string{"numbers", "hashes", "directories", "zipf"} {
			testParallel(t, name, keysOf(name, 200_000), 1000, 64, 8, 3)
		}
	}
}

// testParallel checks that a parallel listing is at least speedup times faster than a sequential
// one, and sends at most overhead times as many requests. Time is measured in latencies of the
// server.
func testParallel(t *testing.T, name string, keys []string, page, parallel, speedup, overhead int) {
	t.Run(fmt.Sprint(name, " ", len(keys)), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := bucketOf(keys)
			b.page, b.latency = page, 30*time.Millisecond
			start := time.Now()
			in := ListInput{Bucket: "b12", Parallel: parallel}
			got, err := collect(t, client(b).List(t.Context(), in))
			if err != nil || !slices.Equal(got, keys) {
				t.Fatalf("List = %d keys, %v, want %d in order", len(got), err, len(keys))
			}
			pages := (len(keys) + page - 1) / page
			latencies := int(time.Since(start) / b.latency)
			requests, most := int(b.requests.Load()), int(b.most.Load())
			t.Logf("%d pages in %d latencies, %d requests, %d at once",
				pages, latencies, requests, most)
			if latencies*speedup > pages {
				t.Errorf("%d pages in %d latencies, want at most %d",
					pages, latencies, pages/speedup)
			}
			if requests > pages*overhead {
				t.Errorf("%d requests for %d pages, want at most %d",
					requests, pages, pages*overhead)
			}
			if most > parallel {
				t.Errorf("%d requests at once, want at most %d", most, parallel)
			}
		})
	})
}

// TestParallelInputs compares parallel and sequential listings with all fields that narrow a
// listing down, with small pages.
func TestParallelInputs(t *testing.T) {
	step := longtest.Step(t, 9)
	for d, distribution := range distributions {
		keys := distribution.keys(200)
		b := bucketOf(keys)
		some := keys[len(keys)/3]
		prefix := some[:min(len(some), 4)]
		inputs := []ListInput{
			{},
			{PageSize: 7},
			{PageSize: 1, Prefix: prefix},
			{PageSize: 3, Prefix: prefix},
			{PageSize: 13, StartAfter: some},
			{PageSize: 13, StartAfter: some + "x"},
			{PageSize: 13, Prefix: prefix, StartAfter: some},
			{PageSize: 5, Delimiter: "/"},
			{PageSize: 5, Delimiter: "0"},
			{PageSize: 1, Delimiter: "00"},
			{PageSize: 5, Delimiter: "/", Prefix: prefix},
			{PageSize: 5, Delimiter: "0", StartAfter: some},
			{PageSize: 5, Prefix: "there is none"},
		}
		for i := d % step; i < len(inputs); i += step {
			in := inputs[i]
			want := all(t, b, in)
			for _, parallel := range []int{2, 16} {
				in.Parallel = parallel
				if diff := gocmp.Diff(want, all(t, b, in)); diff != "" {
					t.Fatalf("%s: List(%+v) (-sequential +parallel):\n%s",
						distribution.name, in, diff)
				}
			}
		}
	}
}

// TestParallelExample checks the example in parallel.go.
func TestParallelExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucketOf(nil)
		b.n, b.latency = 10_000, 100*time.Millisecond
		b.key = func(i int) string { return fmt.Sprintf("key-%04d", i) }
		guesses := map[string]bool{}
		var mu sync.Mutex
		rt := roundTripper(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			guesses[req.URL.Query().Get("start-after")] = true
			mu.Unlock()
			return b.RoundTrip(req)
		})
		start := time.Now()
		if n := len(all(t, rt, ListInput{Prefix: "key-", Parallel: 4})); n != b.n {
			t.Errorf("%d objects, want %d", n, b.n)
		}
		rounds, requests := time.Since(start)/b.latency, b.requests.Load()
		if rounds != 6 || requests != 13 {
			t.Errorf("%d rounds, %d requests, want 6, 13", rounds, requests)
		}
		want := []string{"", "key-291", "key-392", "key-594", "key-788"}
		if got := slices.Sorted(maps.Keys(guesses)); !slices.Equal(got, want) {
			t.Errorf("start-after in the requests = %q, want %q", got, want)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestParallelTiny checks that a bucket of one or two pages costs no more requests than a
// sequential listing, and a bucket of a few pages not many more.
func TestParallelTiny(t *testing.T) {
	for _, test := range []struct {
		keys int
		most int64 // requests
	}{
		{0, 1},
		{1, 1},
		{999, 1},
		{1000, 1},
		{1001, 2},
		{2000, 2},
		{2001, 10},
		{4000, 12},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &bucket{
				n:       test.keys,
				key:     func(i int) string { return fmt.Sprintf("k%06d", i) },
				latency: time.Millisecond,
			}
			got := len(all(t, b, ListInput{Parallel: 64}))
			if requests := b.requests.Load(); got != test.keys || requests > test.most {
				t.Errorf("%d of %d keys with %d requests, want at most %d",
					got, test.keys, requests, test.most)
			}
		})
	}
}

// TestParallelSlowDown checks that a server that refuses more than a few requests at once is not
// sent many more, and that no key is lost.
func TestParallelSlowDown(t *testing.T) {
	const n = 20_000
	limitedBucket := func(refuse func(b *bucket, running int64) bool) *bucket {
		b := bucketOf(keysOf("numbers", n))
		b.page, b.latency = 100, 30*time.Millisecond
		b.refuse = func(running int64) bool { return refuse(b, running) }
		return b
	}
	for _, limit := range []int64{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			var refused atomic.Int64
			b := limitedBucket(func(_ *bucket, running int64) bool {
				if running > limit {
					refused.Add(1)
				}
				return running > limit
			})
			got := len(all(t, b, ListInput{Parallel: 32}))
			if got != n || refused.Load()*2 > b.requests.Load() {
				t.Errorf("limit %d: %d of %d keys, %d of %d requests refused, want at most half",
					limit, got, n, refused.Load(), b.requests.Load())
			}
		})
	}
	// A server that refuses everything from some time on ends the listing.
	synctest.Test(t, func(t *testing.T) {
		b := limitedBucket(func(b *bucket, _ int64) bool { return b.requests.Load() > 50 })
		got, err := collect(t, client(b).List(t.Context(), ListInput{Bucket: "b12", Parallel: 32}))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeSlowDown {
			t.Errorf("error = %v, want SlowDown", err)
		}
		if requests := b.requests.Load(); len(got) == 0 || requests > 300 {
			t.Errorf("%d keys with %d requests, want some with at most 300", len(got), requests)
		}
	})
}

// TestParallelError checks that an error comes after all keys before it, wherever it occurs.
func TestParallelError(t *testing.T) {
	keys := keysOf("hashes", 5000)
	for _, bad := range []int{0, 1, 99, 100, 101, 2500, 4999} {
		b := bucketOf(keys)
		b.page = 100
		b.key = func(i int) string {
			if i == bad {
				return keys[i] + "\x00" // marks the page that is refused
			}
			return keys[i]
		}
		s := &server{respond: func(_ int, req *http.Request) *http.Response {
			body := b.objects(req.URL.Query())
			if strings.Contains(body, "%00<") {
				return reply(403, errorOf(CodeAccessDenied, ""))
			}
			return reply(200, body)
		}}
		got, err := collect(t, client(s).List(t.Context(), ListInput{Bucket: "b12", Parallel: 16}))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeAccessDenied {
			t.Errorf("error at key %d: List = %v, want AccessDenied", bad, err)
		}
		if n := len(got); n > bad || n < bad-200 || !slices.Equal(got, keys[:n]) {
			t.Errorf("error at key %d: List yields %d keys, want those before", bad, n)
		}
	}
}

// TestParallelStops checks that a break, a panic and the end of the context stop all requests.
// synctest.Test fails if a goroutine is left.
func TestParallelStops(t *testing.T) {
	keys := keysOf("numbers", 20_000)
	in := ListInput{Bucket: "b12", Parallel: 16}
	slowBucket := func() *bucket {
		b := bucketOf(keys)
		b.page, b.latency = 100, 30*time.Millisecond
		return b
	}
	for _, stop := range []int{1, 2, 100, 101, 777, 5000, 19_999, 20_000} {
		for _, cancelled := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				b := slowBucket()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				n := 0
				var last error
				for _, err := range client(b).List(ctx, in) {
					if last = err; err != nil {
						continue
					}
					if n++; n < stop {
						continue
					}
					if !cancelled {
						break
					}
					cancel()
				}
				if running := b.running.Load(); running != 0 {
					t.Errorf("%d requests are still in flight", running)
				}
				if n != stop || cancelled != errors.Is(last, context.Canceled) {
					t.Errorf("stopped after %d keys, want %d; error %v", n, stop, last)
				}
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := slowBucket()
		func() {
			defer func() { recover() }()
			for range client(b).List(t.Context(), in) {
				if b.requests.Load() > 50 {
					panic("in the loop")
				}
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := collect(t, client(b).List(ctx, in))
		if running := b.running.Load(); !errors.Is(err, context.DeadlineExceeded) || running != 0 {
			t.Errorf("error = %v with %d requests in flight, want %v with 0",
				err, running, context.DeadlineExceeded)
		}
	})
}

// TestParallelStalls checks that a listing does not run far ahead of a slow consumer.
func TestParallelStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucketOf(keysOf("numbers", 20_000))
		b.page, b.latency = 100, time.Millisecond
		n := 0
		for _, err := range client(b).List(t.Context(), ListInput{Bucket: "b12", Parallel: 4}) {
			if err != nil {
				t.Fatalf("List = %v, want no error", err)
			}
			time.Sleep(time.Second)
			n++
			limit := int64(n/100*2 + 3*4 + 4)
			if requests := b.requests.Load(); requests > limit {
				t.Fatalf("%d requests for %d keys, want at most %d", requests, n, limit)
			}
			if n == 3000 {
				break
			}
		}
	})
}

// TestParallelUnsorted checks that servers that sort keys in another way, or ignore start-after,
// are refused.
func TestParallelUnsorted(t *testing.T) {
	keys := keysOf("numbers", 2000)
	reversed := slices.Clone(keys)
	slices.Reverse(reversed)
	for _, test := range []struct {
		name    string
		keys    []string
		ignores bool   // start-after
		want    string // in the error
	}{
		{"reversed", reversed, false, "order of their UTF-8 bytes"},
		{"reversed later", slices.Concat(keys[:500], reversed[:1500]), false,
			"order of their UTF-8 bytes"},
		{"ignores start-after", keys, true, "ListInput.Parallel"},
	} {
		s := &server{respond: func(_ int, req *http.Request) *http.Response {
			q := req.URL.Query()
			from := 0
			if token := q.Get("continuation-token"); token != "" {
				from = slices.Index(test.keys, token) + 1
			} else if after := q.Get("start-after"); after != "" && !test.ignores {
				from = slices.IndexFunc(test.keys, func(k string) bool { return k > after })
				if from < 0 {
					return reply(200, pageOf(""))
				}
			}
			next := ""
			if from+100 < len(test.keys) {
				next = test.keys[from+99]
			}
			return reply(200, pageOf(next, test.keys[from:min(from+100, len(test.keys))]...))
		}}
		got, err := collect(t, client(s).List(t.Context(), ListInput{Bucket: "b12", Parallel: 8}))
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			!slices.Equal(got, keys[:len(got)]) {
			t.Errorf("%s: List = %d keys, %v, want an error with %q",
				test.name, len(got), err, test.want)
		}
	}
}
