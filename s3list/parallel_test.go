package s3list

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// all ranges over a listing of b.
func all(t *testing.T, b http.RoundTripper, in Input) []Object {
	t.Helper()
	in.Bucket = "b12"
	var objects []Object
	for o, err := range client(b).List(t.Context(), in) {
		if err != nil {
			t.Fatalf("%+v: %v", in, err)
		}
		objects = append(objects, o)
	}
	return objects
}

// Whatever the keys are, a parallel listing gives them as a sequential one does, at least 8 times sooner, and does not
// send many more requests for it. Time is counted in answers that were waited for.
func TestParallelDistributions(t *testing.T) {
	small, page := distributions(20_000), 100
	for name, keys := range small {
		parallelListing(t, name, keys, page)
	}
	if testing.Short() {
		t.Log("SKIPPED because of -short: the same with 200,000 keys")
		return
	}
	large := distributions(200_000)
	for _, name := range []string{"numbers", "hashes", "directories"} {
		parallelListing(t, name, large[name], 1000)
	}
}

func parallelListing(t *testing.T, name string, keys []string, page int) {
	t.Run(fmt.Sprint(name, " ", len(keys)), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := bucketOf(keys)
			b.page, b.latency = page, 30*time.Millisecond
			start := time.Now()
			got, err := collect(t, client(b).List(t.Context(), Input{Bucket: "b12", Parallel: 32}))
			if err != nil || !slices.Equal(got, keys) {
				t.Fatalf("%d of %d keys, %v", len(got), len(keys), err)
			}
			pages, rounds, requests := (len(keys)+page-1)/page, int(time.Since(start)/b.latency), int(b.requests.Load())
			t.Logf("%d pages in the time of %d, %d requests, at most %d at once", pages, rounds, requests, b.most.Load())
			if b.most.Load() > 32 {
				t.Errorf("%d requests at once", b.most.Load())
			}
			if name == "any byte" { // S3 has no such keys, and no place between them can be named in a query
				return
			}
			times := 8
			if name == "sparse" { // numbers of which one in 200 is taken: guesses in between find nothing
				times = 5
			}
			if rounds*times > pages || requests > pages*4 {
				t.Errorf("%d pages took the time of %d, and %d requests", pages, rounds, requests)
			}
		})
	})
}

// All that narrows a listing down, with all numbers of requests at once, on small pages.
func TestParallelInputs(t *testing.T) {
	for name, keys := range distributions(200) {
		b := bucketOf(keys)
		some := keys[len(keys)/3]
		prefix := some[:min(len(some), 4)]
		for _, in := range []Input{
			{}, {PageSize: 7}, {PageSize: 1, Prefix: prefix}, {PageSize: 3, Prefix: prefix}, {PageSize: 13, StartAfter: some}, {PageSize: 13, StartAfter: some + "x"}, {PageSize: 13, Prefix: prefix, StartAfter: some},
			{PageSize: 5, Delimiter: "/"}, {PageSize: 5, Delimiter: "0"}, {PageSize: 1, Delimiter: "00"}, {PageSize: 5, Delimiter: "/", Prefix: prefix}, {PageSize: 5, Delimiter: "0", StartAfter: some}, {PageSize: 5, Prefix: "there is none"},
		} {
			want := all(t, b, in)
			for _, parallel := range []int{2, 16} {
				in.Parallel = parallel
				if diff := gocmp.Diff(want, all(t, b, in)); diff != "" {
					t.Fatalf("%s, %+v (-sequential +parallel)\n%s", name, in, diff)
				}
			}
		}
	}
}

// A listing can be broken off at any object and taken up there.
func TestCursor(t *testing.T) {
	for name, keys := range distributions(60) {
		b := bucketOf(keys)
		for _, in := range []Input{{PageSize: 7}, {PageSize: 7, Delimiter: "/"}, {PageSize: 7, Delimiter: "/", Parallel: 4}} {
			want := all(t, b, in)
			for i, o := range want {
				in.StartAfter = o.Key
				if diff := gocmp.Diff(want[i+1:], all(t, b, in)); i+1 < len(want) && diff != "" {
					t.Fatalf("%s, %+v (-want +got)\n%s", name, in, diff)
				}
			}
		}
	}
}

// A bucket that fits into a page costs one request, and one that does not at most what is allowed at once.
func TestParallelTiny(t *testing.T) {
	for n, most := range map[int]int64{0: 1, 1: 1, 999: 1, 1000: 1, 1001: 4, 2000: 4, 3000: 8} {
		synctest.Test(t, func(t *testing.T) {
			b := &bucket{n: n, key: func(i int) string { return fmt.Sprintf("k%06d", i) }, latency: time.Millisecond}
			if got := all(t, b, Input{Parallel: 64}); len(got) != n || b.requests.Load() > most {
				t.Errorf("%d of %d keys with %d requests, want at most %d", len(got), n, b.requests.Load(), most)
			}
		})
	}
}

// A server that can do only so much at once is not asked for much more, and every key still comes.
func TestParallelSlowDown(t *testing.T) {
	for _, most := range []int64{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			keys := distributions(20_000)["numbers"]
			b := bucketOf(keys)
			b.page, b.latency = 100, 30*time.Millisecond
			var refused atomic.Int64
			b.refuse = func(running int64) bool {
				if running > most {
					refused.Add(1)
				}
				return running > most
			}
			got := all(t, b, Input{Parallel: 32})
			t.Logf("%d at once: %d requests, %d refused", most, b.requests.Load(), refused.Load())
			if len(got) != len(keys) || refused.Load()*2 > b.requests.Load() {
				t.Errorf("%d at once: %d of %d keys, %d of %d requests refused", most, len(got), len(keys), refused.Load(), b.requests.Load())
			}
		})
	}
	// One that has had enough for good ends the listing, as it does a sequential one.
	synctest.Test(t, func(t *testing.T) {
		b := bucketOf(distributions(20_000)["numbers"])
		b.page, b.latency = 100, 30*time.Millisecond
		b.refuse = func(int64) bool { return b.requests.Load() > 50 }
		got, err := collect(t, client(b).List(t.Context(), Input{Bucket: "b12", Parallel: 32}))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeSlowDown || len(got) == 0 || b.requests.Load() > 300 {
			t.Errorf("%d keys, %v, %d requests", len(got), err, b.requests.Load())
		}
	})
}

// An error comes after all keys before it, and none after it, wherever it strikes.
func TestParallelError(t *testing.T) {
	keys := distributions(5000)["hashes"]
	for _, bad := range []int{0, 1, 99, 100, 101, 2500, 4999} {
		b := bucketOf(keys)
		b.page = 100
		b.key = func(i int) string {
			if i == bad {
				return keys[i] + "\x00" // stands for a page that cannot be had
			}
			return keys[i]
		}
		s := &server{answer: func(_ int, req *http.Request) *http.Response {
			body := b.objects(req.URL.Query())
			if strings.Contains(body, "%00<") {
				return reply(403, errorOf(CodeAccessDenied, ""))
			}
			return reply(200, body)
		}}
		got, err := collect(t, client(s).List(t.Context(), Input{Bucket: "b12", Parallel: 16}))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeAccessDenied || len(got) > bad || len(got) < bad-200 || !slices.Equal(got, keys[:len(got)]) {
			t.Errorf("with an error at key %d: %d keys, %v", bad, len(got), err)
		}
	}
}

// A break or the end of ctx stops all that is on the way; the bubble fails if a goroutine is left.
func TestParallelStops(t *testing.T) {
	keys := distributions(20_000)["numbers"]
	for _, stop := range []int{1, 2, 100, 101, 777, 5000, 19_999, 20_000} {
		for _, cancelled := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				b := bucketOf(keys)
				b.page, b.latency = 100, 30*time.Millisecond
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				n := 0
				var last error
				for _, err := range client(b).List(ctx, Input{Bucket: "b12", Parallel: 16}) {
					if last = err; err != nil {
						continue
					}
					if n++; n == stop && !cancelled {
						break
					} else if n == stop {
						cancel()
					}
				}
				if b.running.Load() != 0 {
					t.Errorf("%d requests are still on the way", b.running.Load())
				}
				if n != stop || cancelled != errors.Is(last, context.Canceled) {
					t.Errorf("stopped at %d of %d, %v", n, stop, last)
				}
			})
		}
	}
	// Also by a panic in the loop, and while waiting.
	synctest.Test(t, func(t *testing.T) {
		b := bucketOf(keys)
		b.page, b.latency = 100, 30*time.Millisecond
		func() {
			defer func() { recover() }()
			for range client(b).List(t.Context(), Input{Bucket: "b12", Parallel: 16}) {
				if b.requests.Load() > 50 {
					panic("in the loop")
				}
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := collect(t, client(b).List(ctx, Input{Bucket: "b12", Parallel: 16})); !errors.Is(err, context.DeadlineExceeded) || b.running.Load() != 0 {
			t.Errorf("%v, %d on the way", err, b.running.Load())
		}
	})
}

// A consumer that takes its time does not make the listing run ahead without end.
func TestParallelStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := distributions(20_000)["numbers"]
		b := bucketOf(keys)
		b.page, b.latency = 100, time.Millisecond
		n := 0
		for _, err := range client(b).List(t.Context(), Input{Bucket: "b12", Parallel: 4}) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if n++; b.requests.Load() > int64(n/100*2+3*4+4) {
				t.Fatalf("%d requests for %d keys", b.requests.Load(), n)
			}
			if n == 3000 {
				break
			}
		}
	})
}

// Servers that do not sort as S3 does, or do not heed start-after, are listed as they list, or refused; nothing is lost.
func TestParallelUnsorted(t *testing.T) {
	keys := distributions(2000)["numbers"]
	reversed := slices.Clone(keys)
	slices.Reverse(reversed)
	late := slices.Concat(keys[:500], reversed[:1500])
	for name, test := range map[string]struct {
		keys    []string
		ignores bool // start-after
		refused bool
	}{"reversed": {reversed, false, false}, "late": {late, false, true}, "deaf": {keys, true, true}} {
		s := &server{answer: func(_ int, req *http.Request) *http.Response {
			q := req.URL.Query()
			from := 0
			if after := q.Get("continuation-token"); after != "" {
				from = slices.Index(test.keys, after) + 1
			} else if after := q.Get("start-after"); after != "" && !test.ignores {
				if from = slices.IndexFunc(test.keys, func(k string) bool { return k > after }); from < 0 {
					return reply(200, pageOf(""))
				}
			}
			next := ""
			if from+100 < len(test.keys) {
				next = test.keys[from+99]
			}
			return reply(200, pageOf(next, test.keys[from:min(from+100, len(test.keys))]...))
		}}
		got, err := collect(t, client(s).List(t.Context(), Input{Bucket: "b12", Parallel: 8}))
		if test.refused != (err != nil) || !test.refused && !slices.Equal(got, test.keys) || test.refused && !strings.Contains(err.Error(), "Input.Parallel") {
			t.Errorf("%s: %d keys, %v", name, len(got), err)
		}
	}
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, parallel := range []int{0, 8} {
			b := bucketOf(distributions(20_000)["numbers"])
			b.page, b.latency = 100, 30*time.Millisecond
			var told []Progress
			var at []time.Time
			start := time.Now()
			all(t, b, Input{Parallel: parallel, Progress: func(p Progress) { told, at = append(told, p), append(at, time.Now()) }})
			last := told[len(told)-1]
			if want := (Progress{Keys: 20_000, Pages: last.Pages, Requests: b.requests.Load(), Key: "key-00019999"}); last != want || last.Pages < 200 {
				t.Errorf("at the end %+v, want %+v", last, want)
			}
			if n := int(time.Since(start) / (time.Second / 10)); len(told) < n/2 || len(told) > n+1 {
				t.Errorf("told %d times in %v", len(told), time.Since(start))
			}
			for i := 1; i < len(told)-1; i++ {
				if at[i].Sub(at[i-1]) < time.Second/10 || told[i].Keys < told[i-1].Keys || told[i].Key < told[i-1].Key {
					t.Errorf("%+v after %+v", told[i], told[i-1])
				}
			}
		}
	})
	// Once, however the listing ends: with an error before it began, with nothing, with a break.
	for n := range 3 {
		calls := 0
		in := Input{Bucket: "b12", Progress: func(Progress) { calls++ }}
		b := bucketOf(slices.Sorted(maps.Keys(map[string]bool{"a": true, "b": true}))[:n])
		for range client(b).List(t.Context(), in) {
			break
		}
		if calls != 1 {
			t.Errorf("%d keys: told %d times", n, calls)
		}
	}
}
