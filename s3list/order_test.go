package s3list

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// versionsOfKeys returns versions, each "key version" or "key version!" for a delete marker.
func versionsOfKeys(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		key, version, _ := strings.Cut(text, " ")
		element := "Version"
		if strings.HasSuffix(version, "!") {
			element = "DeleteMarker"
		}
		fmt.Fprintf(&b, "<%s><Key>%s</Key><VersionId>%s</VersionId></%[1]s>",
			element, key, strings.TrimSuffix(version, "!"))
	}
	return b.String()
}

// objectsOfKeys returns objects with the given keys, and common prefixes for those that end in "/".
func objectsOfKeys(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		if strings.HasSuffix(key, "/") {
			b.WriteString(commonPrefix(key))
		} else {
			b.WriteString(contents(key))
		}
	}
	return b.String()
}

// TestOrder checks that keys that are repeated, are not in order, or were not requested, end a
// listing with an error after the pages before them, whether it is parallel or not.
func TestOrder(t *testing.T) {
	page, versions := objectsOfKeys, versionsOfKeys
	const (
		order  = "does not list keys in the order"
		twice  = "is repeated"
		prefix = "does not begin with ListInput.Prefix"
		start  = "StartAfter"
	)
	long := strings.Repeat("k", maxKey)
	for _, test := range []struct {
		name  string
		in    ListInput
		pages []string // versions, if they contain "<VersionId>"
		want  string   // the keys of objects, with their version
		err   string
	}{
		{
			name:  "sorted",
			pages: []string{page("a", "b"), page("c")},
			want:  "a b c",
		},
		{
			name:  "repeated",
			pages: []string{page("a", "b", "b")},
			err:   twice,
		},
		{
			name:  "repeated by a page",
			pages: []string{page("a", "b"), page("b", "c")},
			want:  "a b",
			err:   twice,
		},
		{
			name:  "page repeated",
			pages: []string{page("a", "b"), page("a", "b")},
			want:  "a b",
			err:   order,
		},
		{
			name:  "not sorted",
			pages: []string{page("b", "a")},
			err:   order,
		},
		{
			name:  "pages not sorted",
			pages: []string{page("b"), page("a")},
			want:  "b",
			err:   order,
		},
		{
			name:  "pages not sorted, one empty",
			pages: []string{page("b"), "", page("a")},
			want:  "b",
			err:   order,
		},
		{
			name:  "order of characters in UTF-16",
			pages: []string{page("\U0001f600", "\ufffd")},
			err:   order,
		},
		{
			name:  "order without case",
			pages: []string{page("a", "B")},
			err:   order,
		},
		{
			name:  "encoded",
			pages: []string{encoded + page("a%01", "a+b", "a%21")},
			want:  "a\x01 a\x20b a!",
		},
		{
			name:  "order of encoded keys",
			pages: []string{encoded + page("a%21", "a+b")},
			err:   order,
		},

		// Common prefixes are in order among themselves.
		{
			name:  "merged",
			pages: []string{page("a", "c", "b/"), page("d", "e/")},
			want:  "a b/ c d e/",
		},
		{
			name:  "kinds in pages of their own",
			pages: []string{page("a", "z"), page("b/", "c/")},
			want:  "a z b/ c/",
		},
		{
			name:  "prefixes not sorted",
			pages: []string{page("c/", "b/")},
			err:   order,
		},
		{
			name:  "pages of prefixes not sorted",
			pages: []string{page("c/"), page("b/")},
			want:  "c/",
			err:   order,
		},
		{
			name:  "prefix repeated",
			pages: []string{page("c/", "c/")},
			err:   twice,
		},
		{
			name:  "prefix in two pages",
			pages: []string{page("b/", "c/"), page("c/", "d/")},
			want:  "b/ c/ d/",
		},
		{
			name:  "prefix repeated later",
			pages: []string{page("c/"), page("d/", "c/")},
			want:  "c/",
			err:   order,
		},

		// Versions of a key are in any order.
		{
			name:  "versions",
			pages: []string{versions("a 2", "a 1!", "a 9", "b 1"), versions("b 0")},
			want:  "a,2 a,1 a,9 b,1 b,0",
		},
		{
			name:  "one kind after the other",
			pages: []string{versions("a 2", "b 2", "a 1!", "b 1!")},
			want:  "a,2 b,2 a,1 b,1",
		},
		{
			name:  "versions not sorted",
			pages: []string{versions("b 1", "a 1")},
			err:   order,
		},
		{
			name:  "pages of versions not sorted",
			pages: []string{versions("b 1"), versions("a 1")},
			want:  "b,1",
			err:   order,
		},
		{
			name:  "delete markers not sorted",
			pages: []string{versions("b 1!", "a 1!")},
			err:   order,
		},
		{
			name:  "version repeated",
			pages: []string{versions("a 1", "a 1")},
			err:   twice,
		},
		{
			name:  "page of versions repeated",
			pages: []string{versions("a 1", "a 2"), versions("a 1", "a 2")},
			want:  "a,1 a,2",
			err:   "twice",
		},
		{
			name: "key without versions repeated",
			pages: []string{"<!--<VersionId>-->" +
				"<Version><Key>a</Key></Version><Version><Key>a</Key></Version>"},
			err: twice,
		},

		// Keys that were not requested.
		{
			name:  "prefix",
			in:    ListInput{Prefix: "p/"},
			pages: []string{page("p/a", "q")},
			err:   prefix,
		},
		{
			name:  "shorter",
			in:    ListInput{Prefix: "p/"},
			pages: []string{page("p", "p/a")},
			err:   prefix,
		},
		{
			name:  "prefix of a later page",
			in:    ListInput{Prefix: "p/"},
			pages: []string{page("p/a"), page("z")},
			want:  "p/a",
			err:   prefix,
		},
		{
			name:  "common prefix outside",
			in:    ListInput{Prefix: "p"},
			pages: []string{page("pa", "q/")},
			err:   prefix,
		},
		{
			name:  "versions outside",
			in:    ListInput{Prefix: "p/"},
			pages: []string{versions("a 1")},
			err:   prefix,
		},
		{
			name:  "delete marker outside",
			in:    ListInput{Prefix: "p/"},
			pages: []string{versions("a 1!")},
			err:   prefix,
		},
		{
			name:  "start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{page("c", "d/")},
			want:  "c d/",
		},
		{
			name:  "before start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{page("a", "c")},
			err:   "follows \"b\"",
		},
		{
			name:  "at start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{page("b", "c")},
			err:   twice,
		},
		{
			name:  "prefix before start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{page("a/")},
			err:   start,
		},
		{
			name:  "prefix around start",
			in:    ListInput{StartAfter: "b/c"},
			pages: []string{page("b/", "c")},
			want:  "b/ c",
		},
		{
			name:  "prefix around start in two pages",
			in:    ListInput{StartAfter: "b/c"},
			pages: []string{page("b/"), page("b/", "c")},
			want:  "b/ c",
		},
		{
			name:  "prefix around start repeated",
			in:    ListInput{StartAfter: "b/c"},
			pages: []string{page("b/", "b/")},
			err:   twice,
		},
		{
			name:  "prefix at start",
			in:    ListInput{StartAfter: "b/"},
			pages: []string{page("b/", "c/")},
			want:  "c/",
		},
		{
			name:  "version before start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{versions("a 1")},
			err:   "follows \"b\"",
		},
		{
			name:  "version at start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{versions("b 1")},
			err:   "follows \"b\"",
		},
		{
			name:  "delete marker at start",
			in:    ListInput{StartAfter: "b"},
			pages: []string{versions("b 1!")},
			err:   "follows \"b\"",
		},
		{
			name:  "versions after marker",
			in:    ListInput{StartAfter: "b", VersionIDMarker: "2"},
			pages: []string{versions("b 1", "b 0!", "c 1")},
			want:  "b,1 b,0 c,1",
		},
		{
			name:  "long",
			pages: []string{page(long)},
			want:  long,
		},
		{
			name:  "too long",
			pages: []string{page(long + "k")},
			err:   "1024 bytes",
		},
		{
			name:  "long prefix",
			pages: []string{page(long + "/")},
			err:   "1024 bytes",
		},
		{
			name:  "long encoded",
			pages: []string{encoded + page(strings.Repeat("%20", maxKey))},
			want:  strings.Repeat("\x20", maxKey),
		},
		{
			name:  "long version",
			pages: []string{versions(long + "k 1")},
			err:   "1024 bytes",
		},
	} {
		for _, parallel := range []int{0, 4} {
			ofVersions := strings.Contains(test.pages[0], "<VersionId>")
			s := &server{respond: func(n int, _ *http.Request) *http.Response {
				if n > len(test.pages) {
					t.Errorf("%s: request %d", test.name, n)
					return nil
				}
				head := notTruncated
				if n < len(test.pages) {
					next := fmt.Sprint(n)
					head = truncated + "<NextContinuationToken>" + next +
						"</NextContinuationToken><NextKeyMarker>" + next + "</NextKeyMarker>"
				}
				if ofVersions {
					return reply(200, versionsPage(head+test.pages[n-1]))
				}
				return reply(200, root+head+test.pages[n-1]+end)
			}}
			c, in := client(s), test.in
			in.Bucket, in.Parallel = "b12", parallel
			listing := c.List(t.Context(), in)
			if ofVersions {
				listing = c.Versions(t.Context(), in)
			}
			var got []string
			var err error
			for o, e := range listing {
				if err = e; err != nil {
					break
				}
				key := o.Key
				if o.VersionID != "" {
					key += "," + o.VersionID
				}
				got = append(got, key)
			}
			if strings.Join(got, " ") != test.want || (err == nil) != (test.err == "") ||
				err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, parallel %d: List = %.100q, %v, want %.100q and an error with %q",
					test.name, parallel, got, err, test.want, test.err)
			}
		}
	}
}

// TestOrderEndless checks that a server with new tokens, and nothing new in its pages, ends the
// listing with an error.
func TestOrderEndless(t *testing.T) {
	for _, test := range []struct {
		name     string
		page     func(n int) string
		requests int
	}{
		{
			name:     "no keys",
			page:     func(int) string { return "" },
			requests: maxEmpty,
		},
		{
			name: "no keys after some",
			page: func(n int) string {
				if n <= 10 {
					return objectsOfKeys(fmt.Sprintf("%02d", n))
				}
				return ""
			},
			requests: maxEmpty + 10,
		},
		{
			name:     "a key",
			page:     func(int) string { return objectsOfKeys("a") },
			requests: 2,
		},
		{
			name:     "a common prefix",
			page:     func(int) string { return objectsOfKeys("a/") },
			requests: maxEmpty + 1,
		},
		{
			name:     "keys in turns",
			page:     func(n int) string { return objectsOfKeys(fmt.Sprint(n % 7)) },
			requests: 7,
		},
		{
			name:     "a version",
			page:     func(int) string { return versionsOfKeys("a 1") },
			requests: maxEmpty + 1,
		},
		{
			name:     "versions in turns",
			page:     func(n int) string { return versionsOfKeys(fmt.Sprint("a ", n%7)) },
			requests: 20,
		},
		{
			name:     "versions within pages",
			page:     func(int) string { return versionsOfKeys("a 1", "a 2", "a 3!") },
			requests: 2,
		},
	} {
		for _, parallel := range []int{0, 8} {
			versions := strings.Contains(test.page(11)+test.page(1), "<VersionId>")
			s := &server{respond: func(n int, _ *http.Request) *http.Response {
				if n > 20*maxEmpty {
					return nil
				}
				next := fmt.Sprint(n)
				body := truncated + "<NextContinuationToken>" + next + "</NextContinuationToken>" +
					"<NextKeyMarker>" + next + "</NextKeyMarker>" + test.page(n)
				if versions {
					return reply(200, versionsPage(body))
				}
				return reply(200, root+body+end)
			}}
			c, in := client(s), ListInput{Bucket: "b12", Parallel: parallel}
			listing := c.List(t.Context(), in)
			if versions {
				listing = c.Versions(t.Context(), in)
			}
			_, err := collect(t, listing)
			limit := test.requests
			if parallel > 0 { // each of up to 10 pages with keys may arrive after many empty ones
				limit = 11*maxEmpty + parallel
			}
			if err == nil || len(s.seen) > limit {
				t.Errorf("%s, parallel %d: List = %v after %d requests, want an error after %d",
					test.name, parallel, err, len(s.seen), limit)
			}
		}
	}
}

// TestHostileKeys checks that long keys, and other long elements, cost little memory, also if many
// requests are in flight.
func TestHostileKeys(t *testing.T) {
	longest, long := strings.Repeat("k", 15<<20), strings.Repeat("k", 2<<20)
	b := bucketOf(keysOf("numbers", 1500))
	b.page = 100
	step := longtest.Step(t, 2)
	for i, element := range []string{
		contents(longest),
		contents(strings.Repeat("&amp;", 1<<20)),
		commonPrefix(long),
		"<Contents><Key>a</Key><ETag>" + long + "</ETag></Contents>",
		"<Unknown>" + long + "</Unknown>",
		"<Unknown " + long + "='x'/>",
		"<NextContinuationToken>" + long + "</NextContinuationToken>",
		"<!--" + long + "-->",
	} {
		if i%step != 0 {
			continue
		}
		hostile := root + encoded + element + end
		rt := roundTripper(func(req *http.Request) (*http.Response, error) {
			if b.requests.Load() < 8 {
				return b.RoundTrip(req)
			}
			return reply(200, hostile), nil
		})
		b.requests.Store(0)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		in := ListInput{Bucket: "b12", Parallel: 8}
		keys, err := collect(t, client(rt).List(t.Context(), in))
		runtime.ReadMemStats(&after)
		if err == nil || len(err.Error()) > 1000 || slices.Contains(keys, longest) {
			t.Errorf("%.40s...: List = %d keys, %.200v, want an error", element, len(keys), err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 200 {
			t.Errorf("%.40s...: %d MB were allocated, want at most 200", element, used)
		}
	}
}
