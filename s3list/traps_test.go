package s3list

import (
	"net/http"
	"slices"
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
