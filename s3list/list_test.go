package s3list

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// threePages answers six keys in three pages, the second of which is empty.
func threePages(n int, req *http.Request) *http.Response {
	switch req.URL.Query().Get("continuation-token") {
	case "":
		return reply(200, pageOf("t+1/=", "a", "b", "c"))
	case "t+1/=":
		return reply(200, pageOf("t%202"))
	case "t%202":
		return reply(200, pageOf("", "d", "e", "f"))
	}
	return reply(400, errorOf(CodeInvalidArgument, "<ArgumentName>continuation-token</ArgumentName>"))
}

func TestListPages(t *testing.T) {
	s := &server{answer: threePages}
	listing := client(s).List(t.Context(), Input{Bucket: "b12", Prefix: "é +&=", Delimiter: "/", StartAfter: "0", PageSize: 3, FetchOwner: true})
	if len(s.seen) != 0 {
		t.Error("a request before the range")
	}
	for range 2 { // each range is a listing of its own
		s.seen = nil
		keys, err := collect(t, listing)
		if err != nil || !slices.Equal(keys, []string{"a", "b", "c", "d", "e", "f"}) {
			t.Fatalf("%q, %v", keys, err)
		}
		for i, req := range s.seen { // all else stays the same
			q := req.URL.Query()
			q.Del("continuation-token")
			if want := "delimiter=%2F&encoding-type=url&fetch-owner=true&list-type=2&max-keys=3&prefix=%C3%A9+%2B%26%3D&start-after=0"; q.Encode() != want {
				t.Errorf("page %d: %s, want %s", i+1, q.Encode(), want)
			}
			if strings.Contains(req.URL.RawQuery, "+") {
				t.Errorf("a raw + in %s", req.URL.RawQuery)
			}
		}
		if len(s.seen) != 3 {
			t.Errorf("%d requests", len(s.seen))
		}
	}
}

func TestObjects(t *testing.T) {
	s := &server{answer: threePages}
	keys, err := collect(t, client(s).Objects(t.Context(), "b12", "p/"))
	if err != nil || len(keys) != 6 {
		t.Errorf("%q, %v", keys, err)
	}
	if q := s.seen[0].URL.RawQuery; q != "list-type=2&prefix=p%2F&encoding-type=url" {
		t.Error(q)
	}
}

func TestListEmpty(t *testing.T) {
	s := &server{answer: func(int, *http.Request) *http.Response { return reply(200, pageOf("")) }}
	if keys, err := collect(t, client(s).Objects(t.Context(), "b12", "")); err != nil || len(keys) != 0 {
		t.Errorf("%q, %v", keys, err)
	}
}

func TestListEndless(t *testing.T) {
	// The same token again: the listing would turn in a circle.
	s := &server{answer: func(int, *http.Request) *http.Response { return reply(200, pageOf("same", "a")) }}
	keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
	if err == nil || !strings.Contains(err.Error(), "twice") || len(keys) != 2 || len(s.seen) != 2 {
		t.Errorf("%q, %v", keys, err)
	}
	// Always a new one, and nothing else: only ctx ends it.
	ctx, cancel := context.WithCancel(t.Context())
	s = &server{answer: func(n int, _ *http.Request) *http.Response {
		if n == 500 {
			cancel()
		}
		return reply(200, pageOf(fmt.Sprint("t", n)))
	}}
	if keys, err = collect(t, client(s).Objects(ctx, "b12", "")); !errors.Is(err, context.Canceled) || len(keys) != 0 || len(s.seen) != 500 {
		t.Errorf("%q, %v, %d requests", keys, err, len(s.seen))
	}
}

// Credentials are asked for before every page, in case they have been renewed.
func TestListCredentials(t *testing.T) {
	s := &server{answer: threePages}
	c := client(s)
	n := 0
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		n++
		return sigv4.Credentials{AccessKeyID: fmt.Sprint("AKIA", n), SecretAccessKey: "secret", SessionToken: fmt.Sprint("token", n)}, nil
	}
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatal(err)
	}
	for i, req := range s.seen {
		if !strings.Contains(req.Header.Get("Authorization"), fmt.Sprintf("Credential=AKIA%d/", i+1)) || req.Header.Get("X-Amz-Security-Token") != fmt.Sprint("token", i+1) {
			t.Errorf("page %d: %v", i+1, req.Header)
		}
	}

	refused := errors.New("signed out")
	c.Credentials = func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, refused }
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); !errors.Is(err, refused) {
		t.Error(err)
	}
	// A refusal by the service that the credentials come from is not one by S3.
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		return sigv4.Credentials{}, &transport.Failure{Code: CodePermanentRedirect, StatusCode: 301}
	}
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil || errors.As(err, new(*Error)) || !strings.Contains(err.Error(), "getting credentials") {
		t.Error(err)
	}
	c.Credentials = func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, nil }
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil || !strings.Contains(err.Error(), "access key") {
		t.Error(err)
	}
	if len(s.seen) != 3 {
		t.Error("a request without credentials")
	}
}

func TestListUnsigned(t *testing.T) {
	s := &server{answer: threePages}
	c := client(s)
	c.Credentials = nil
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatal(err)
	}
	for _, req := range s.seen {
		for name := range req.Header {
			if name != "User-Agent" {
				t.Errorf("header %s", name)
			}
		}
	}
}
