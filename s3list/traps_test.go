package s3list

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A machine whose clock is slow lists objects that are newer than what it takes for now.
func TestObjectsOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble's clock starts in the year 2000, pages are of 2009
		for _, parallel := range []int{0, 4} {
			s := &server{answer: func(_ int, req *http.Request) *http.Response {
				if req.URL.Query().Get("continuation-token") == "" {
					return reply(200, pageOf("t", "a", "b"))
				}
				return reply(200, pageOf("", "c"))
			}}
			var keys []string
			for o, err := range client(s).List(t.Context(), Input{Bucket: "b12", Parallel: parallel}) {
				if err != nil {
					t.Fatal(err)
				}
				if !o.LastModified.After(time.Now()) {
					t.Errorf("%s is of %v: this shows nothing", o.Key, o.LastModified)
				}
				keys = append(keys, o.Key)
			}
			if !slices.Equal(keys, []string{"a", "b", "c"}) {
				t.Errorf("parallel %d: %q", parallel, keys)
			}
		}
	})
}

// A space is %20 on the wire and a plus %2B, also where no signature has the query written anew.
func TestSpacesInQuery(t *testing.T) {
	for _, signed := range []bool{true, false} {
		s := &server{answer: threePages}
		c := client(s)
		if !signed {
			c.Credentials = nil
		}
		if _, err := collect(t, c.List(t.Context(), Input{Bucket: "b12", Prefix: "a b+c~/", Delimiter: " ", StartAfter: "+ ~"})); err != nil {
			t.Fatal(err)
		}
		for i, req := range s.seen {
			q := req.URL.RawQuery
			for _, want := range []string{"prefix=a%20b%2Bc~%2F", "delimiter=%20", "start-after=%2B%20~"} {
				if !strings.Contains(q, want) {
					t.Errorf("signed %v, page %d: no %s in %s", signed, i+1, want, q)
				}
			}
		}
	}
}
