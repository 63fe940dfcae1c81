package s3list

import (
	"errors"
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

// A token is sent back as it came, encoded once, also where the keys beside it are encoded and have to be decoded.
func TestTokensAreOpaque(t *testing.T) {
	for _, token := range []string{"a+b", "a%2Bb", "a%20b", "100%", "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="} {
		s := &server{answer: func(n int, req *http.Request) *http.Response {
			if n == 1 {
				return reply(200, strings.Replace(pageOf(token, "k+1%2B"), "<IsTruncated>", encoded+"<IsTruncated>", 1))
			}
			if got := req.URL.Query().Get("continuation-token"); got != token {
				t.Errorf("token %q was sent back as %q: %s", token, got, req.URL.RawQuery)
			}
			return reply(200, pageOf(""))
		}}
		if keys, err := collect(t, client(s).Objects(t.Context(), "b12", "")); err != nil || !slices.Equal(keys, []string{"k 1+"}) || len(s.seen) != 2 {
			t.Errorf("token %q: %q, %v, %d requests", token, keys, err, len(s.seen))
		}
	}
}

// A custom endpoint may say any name of a Region, but nothing that could not be one: then its own refusal is the error.
func TestRegionOfCustomEndpointIsChecked(t *testing.T) {
	for _, region := range []string{"evil.example/", "a/b", "EU", "-", strings.Repeat("a", 64), "a b"} {
		s := &server{answer: func(int, *http.Request) *http.Response {
			return reply(400, errorOf(CodeAuthorizationHeaderMalformed, "<Region>"+region+"</Region>"))
		}}
		c := client(s)
		c.Endpoint = "https://objects.example.com:9000"
		_, err := collect(t, c.Objects(t.Context(), "b12", ""))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeAuthorizationHeaderMalformed || len(s.seen) != 1 {
			t.Errorf("Region %q: %v, asked %q", region, err, s.asked())
		}
	}
}

// Who breaks off does not wait for what is still on the way: it is cancelled.
func TestBreakCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cancelled := false
		s := &server{answer: func(n int, req *http.Request) *http.Response {
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
		begun := time.Now()
		for o, err := range client(s).Objects(t.Context(), "b12", "") {
			synctest.Wait() // the next page is asked for
			if err != nil || o.Key == "b" {
				break
			}
		}
		if len(s.seen) != 2 || !cancelled || time.Since(begun) != 0 {
			t.Errorf("%d requests, cancelled %v, after %v", len(s.seen), cancelled, time.Since(begun))
		}
	})
}
