package s3list

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
