package s3list

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
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

// Whatever the keys are, a parallel listing gives them as a sequential one does, and is several times faster: at least 8
// times with 64 requests at once. Time is counted in answers that were waited for, one after the other.
func TestParallelDistributions(t *testing.T) {
	for name, keys := range distributions(10_000) {
		times, most := 6, 3
		switch name {
		case "any byte": // S3 has no such keys, and a place between them cannot be named in a query
			times = 1
		case "sparse", "zipf": // directories are far from full, or each has another size: most guesses find nothing
			times, most = 3, 6
		}
		parallelListing(t, name, keys, 50, 32, times, most)
	}
	if testing.Short() {
		t.Log("SKIPPED because of -short: the same with 200,000 keys")
		return
	}
	large := distributions(200_000)
	for _, name := range []string{"numbers", "hashes", "directories", "zipf"} {
		parallelListing(t, name, large[name], 1000, 64, 8, 3)
	}
}

// parallelListing lists keys, and wants that to be so many times faster than a sequential listing, with at most so many
// times its requests.
func parallelListing(t *testing.T, name string, keys []string, page, parallel, times, most int) {
	t.Run(fmt.Sprint(name, " ", len(keys)), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := bucketOf(keys)
			b.page, b.latency = page, 30*time.Millisecond
			start := time.Now()
			got, err := collect(t, client(b).List(t.Context(), Input{Bucket: "b12", Parallel: parallel}))
			if err != nil || !slices.Equal(got, keys) {
				t.Fatalf("%d of %d keys, %v", len(got), len(keys), err)
			}
			pages, rounds, requests := (len(keys)+page-1)/page, int(time.Since(start)/b.latency), int(b.requests.Load())
			t.Logf("%d pages in the time of %d, %d requests, at most %d at once", pages, rounds, requests, b.most.Load())
			if rounds*times > pages || requests > pages*most || int(b.most.Load()) > parallel {
				t.Errorf("%d pages took the time of %d, and %d requests, %d at once", pages, rounds, requests, b.most.Load())
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

// A bucket of one or two pages costs no more requests than one page after the other, and one of few not many more.
func TestParallelTiny(t *testing.T) {
	for n, most := range map[int]int64{0: 1, 1: 1, 999: 1, 1000: 1, 1001: 2, 2000: 2, 2001: 10, 4000: 12} {
		synctest.Test(t, func(t *testing.T) {
			b := &bucket{n: n, key: func(i int) string { return fmt.Sprintf("k%06d", i) }, latency: time.Millisecond}
			got := all(t, b, Input{Parallel: 64})
			t.Logf("%d keys with %d requests", n, b.requests.Load())
			if len(got) != n || b.requests.Load() > most {
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
