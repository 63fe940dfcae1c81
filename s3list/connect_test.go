package s3list

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestConnect(t *testing.T) {
	for _, status := range []int{200, 301, 400, 403, 404, 500, 503} { // any answer will do
		s := &server{answer: func(int, *http.Request) *http.Response { return reply(status, "") }}
		c := client(s)
		if err := c.Connect(t.Context(), "b12"); err != nil || !slices.Equal(s.asked(), []string{"HEAD b12.s3.us-east-1.amazonaws.com /"}) {
			t.Errorf("status %d: %v, asked %q", status, err, s.asked())
		}
		for name := range s.seen[0].Header {
			if name != "User-Agent" {
				t.Errorf("header %s", name)
			}
		}
		if s.seen[0].URL.RawQuery != "" {
			t.Errorf("query %s", s.seen[0].URL.RawQuery)
		}
	}

	// It learns where the bucket is, and connects there.
	s := bucketIn("eu-west-1", nil)
	c := client(s)
	if err := c.Connect(t.Context(), "b12"); err != nil {
		t.Fatal(err)
	}
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatal(err)
	}
	want := []string{"HEAD b12.s3.us-east-1.amazonaws.com /", "HEAD b12.s3.eu-west-1.amazonaws.com /", "GET b12.s3.eu-west-1.amazonaws.com /"}
	if !slices.Equal(s.asked(), want) {
		t.Errorf("asked %q, want %q", s.asked(), want)
	}

	// A host that cannot be reached, and a context that ends.
	s = &server{answer: func(int, *http.Request) *http.Response { return nil }}
	if err := client(s).Connect(t.Context(), "b12"); err == nil || len(s.seen) != 1 {
		t.Errorf("%v after %d requests", err, len(s.seen))
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		if err := client(blocking{}).Connect(ctx, "b12"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// Over real connections: one is opened, and the listing uses it.
func TestConnectReuse(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Write([]byte(pageOf("", "a", "b")))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := &Client{Region: "us-east-1", Endpoint: s.URL}
	if err := c.Connect(t.Context(), "b12"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if keys, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil || len(keys) != 2 {
			t.Fatal(keys, err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections were opened", n)
	}
}

// An answer that is shorter than it says is asked for again, and then an error.
func TestShortBody(t *testing.T) {
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		body := pageOf("", "a", "b")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.Write([]byte(body))
	}))
	defer s.Close()
	c := &Client{Region: "us-east-1", Endpoint: s.URL}
	if keys, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil || len(keys) != 0 || n.Load() != 3 {
		t.Errorf("%q, %v, %d requests", keys, err, n.Load())
	}
}
