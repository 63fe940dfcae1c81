package s3list

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// bucketIn returns a server that responds like S3 for a bucket in region. elsewhere responds to
// requests for other Regions. The Region is taken from the signature.
func bucketIn(region string, elsewhere func(req *http.Request) *http.Response) *server {
	return &server{respond: func(_ int, req *http.Request) *http.Response {
		if req.Method == http.MethodHead {
			return reply(403, "", "X-Amz-Bucket-Region", region)
		}
		if strings.Contains(req.Header.Get("Authorization"), "/"+region+"/s3/aws4_request") {
			return reply(200, pageOf("", "a"))
		}
		return elsewhere(req)
	}}
}

// TestRegionFound checks all forms in which a response says that the bucket is in another Region.
func TestRegionFound(t *testing.T) {
	const (
		here  = "b12.s3.us-east-1.amazonaws.com"
		there = "b12.s3.eu-west-1.amazonaws.com"
		evil  = "https://evil.example/"
	)
	direct := []string{"GET " + here + " /", "GET " + there + " /"}
	byHead := []string{"GET " + here + " /", "HEAD " + here + " /", "GET " + there + " /"}
	found := []string{"X-Amz-Bucket-Region", "eu-west-1"}
	for _, test := range []struct {
		name     string
		response *http.Response
		requests []string
		forgets  bool // the next listing begins in us-east-1 again
	}{
		{
			name: "301 with header",
			response: reply(301, errorOf(CodePermanentRedirect,
				"<Endpoint>evil.example</Endpoint>"), found...),
			requests: direct,
		},
		{
			name:     "301 with header, no body",
			response: reply(301, "", found...),
			requests: direct,
		},
		{
			name:     "301 with a Location",
			response: reply(301, "", append(found, "Location", evil)...),
			requests: direct,
		},
		{
			name:     "301 with element",
			response: reply(301, errorOf(CodePermanentRedirect, "<Region>eu-west-1</Region>")),
			requests: direct,
		},
		{
			name: "301 without a Region",
			response: reply(301, errorOf(CodePermanentRedirect,
				"<Endpoint>b12.s3.evil.example</Endpoint><Bucket>b12</Bucket>")),
			requests: byHead,
		},
		{
			name:     "301 with nothing",
			response: reply(301, ""),
			requests: byHead,
		},
		{
			name:     "302",
			response: reply(302, "", "Location", evil),
			requests: byHead,
			forgets:  true,
		},
		{
			name: "307",
			response: reply(307, errorOf(CodeTemporaryRedirect,
				"<Endpoint>b12.s3.evil.example</Endpoint>"), append(found, "Location", evil)...),
			requests: direct,
			forgets:  true,
		},
		{
			name: "400 with element",
			response: reply(400, errorOf(CodeAuthorizationHeaderMalformed,
				"<Region>eu-west-1</Region>")),
			requests: direct,
		},
		{
			name:     "400 with header",
			response: reply(400, errorOf(CodeAuthorizationHeaderMalformed, ""), found...),
			requests: direct,
		},
		{
			name:     "opt-in Region",
			response: reply(400, errorOf(CodeIllegalLocationConstraint, "")),
			requests: byHead,
		},
		{
			name: "header and another element",
			response: reply(301, errorOf(CodePermanentRedirect,
				"<Region>ap-south-1</Region>"), found...),
			requests: direct,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := bucketIn("eu-west-1", func(*http.Request) *http.Response {
				r := *test.response
				return &r
			})
			c := client(s)
			keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
			if err != nil || len(keys) != 1 {
				t.Fatalf("Objects = %q, %v, want one key", keys, err)
			}
			if got := s.requests(); !slices.Equal(got, test.requests) {
				t.Errorf("requests = %q, want %q", got, test.requests)
			}
			for _, req := range s.seen {
				if req.Method == http.MethodHead && req.Header.Get("Authorization") != "" {
					t.Error("HEAD is signed")
				}
			}
			if got := c.home("b12").Region; (got == "us-east-1") != test.forgets {
				t.Errorf("remembered Region = %s", got)
			}
			if test.forgets {
				return
			}
			s.seen = nil
			_, err = collect(t, c.Objects(t.Context(), "b12", ""))
			if got := s.requests(); err != nil || !slices.Equal(got, direct[1:]) {
				t.Errorf("second listing: error %v, requests %q, want %q", err, got, direct[1:])
			}
			if got := c.home("other").Region; got != "us-east-1" {
				t.Errorf("Region of another bucket = %s, want us-east-1", got)
			}
		})
	}
}

// TestRegionNotFollowed checks that no response leads to another host than one of AWS in the same
// partition. There is one request, or a HEAD to the same host, and the error.
func TestRegionNotFollowed(t *testing.T) {
	for _, region := range []string{
		// Not a single label of a host name.
		"evil.example/",
		"evil.com/",
		"x.evil.example",
		"evil.example#",
		"a@evil.example",
		"evil.example:443",
		"EU-WEST-1",
		"eu_west_1",
		"-a",
		"a-",
		"../x",
		"eu-west-1?",
		"%65u-west-1",
		strings.Repeat("a", 64),
		"é",
		// Another partition.
		"cn-north-1",
		"us-gov-west-1",
		"eusc-de-east-1",
		"us-iso-east-1",
		// The Region that the request was sent to.
		"us-east-1",
	} {
		header := []string{"X-Amz-Bucket-Region", region, "Location", "https://evil.example/"}
		malformed := errorOf(CodeAuthorizationHeaderMalformed, "<Region>"+region+"</Region>")
		for _, s := range []*server{
			always(301, "", header...),
			always(307, "", header...),
			always(400, malformed),
		} {
			c := client(s)
			_, err := collect(t, c.Objects(t.Context(), "b12", ""))
			want := s.respond(0, nil).StatusCode
			var e *Error
			if !errors.As(err, &e) || e.StatusCode != want {
				t.Errorf("status %d with Region %q: error %v", want, region, err)
			}
			if len(s.seen) != 1 || c.home("b12").Region != "us-east-1" {
				t.Errorf("status %d with Region %q: requests %q", want, region, s.requests())
			}
		}

		s := &server{respond: func(_ int, req *http.Request) *http.Response {
			if req.Method == http.MethodHead {
				return reply(301, "", header...)
			}
			return reply(301, "")
		}}
		c := client(s)
		if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil {
			t.Errorf("Region %q in the response to HEAD: no error", region)
		}
		if len(s.seen) != 2 || s.seen[1].URL.Host != s.seen[0].URL.Host {
			t.Errorf("Region %q in the response to HEAD: requests %q", region, s.requests())
		}
		err := c.Connect(t.Context(), "b12")
		if err != nil || len(s.seen) != 3 || c.home("b12").Region != "us-east-1" {
			t.Errorf("Region %q in the response to Connect: error %v, requests %q",
				region, err, s.requests())
		}
	}
}

// TestRegionNotMeant checks refusals that name a Region, or look like a redirect, for another
// reason.
func TestRegionNotMeant(t *testing.T) {
	header := []string{"X-Amz-Bucket-Region", "eu-west-1"}
	for _, s := range []*server{
		always(403, errorOf(CodeAccessDenied, ""), header...),
		always(404, errorOf(CodeNoSuchBucket, ""), header...),
		always(400, errorOf(CodeInvalidToken, "<Region>eu-west-1</Region>")),
		always(400, errorOf(CodeAuthorizationHeaderMalformed, "")),
		always(304, ""),
	} {
		_, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		if err == nil || len(s.seen) != 1 {
			status := s.respond(0, nil).StatusCode
			t.Errorf("status %d: error %v, requests %q", status, err, s.requests())
		}
	}
}

// TestRegionOnce checks that two Regions that redirect to each other lead to an error.
func TestRegionOnce(t *testing.T) {
	s := &server{respond: func(n int, req *http.Request) *http.Response {
		region := fmt.Sprintf("eu-west-%d", n)
		return reply(301, errorOf(CodePermanentRedirect, ""), "X-Amz-Bucket-Region", region)
	}}
	c := client(s)
	_, err := collect(t, c.Objects(t.Context(), "b12", ""))
	var e *Error
	if !errors.As(err, &e) || e.Code != CodePermanentRedirect || e.Region != "eu-west-2" ||
		len(s.seen) != 2 {
		t.Errorf("error = %v after requests %q, want the redirect to eu-west-2", err, s.requests())
	}
	if got := c.home("b12").Region; got != "us-east-1" {
		t.Errorf("remembered Region = %s, want us-east-1", got)
	}
}

// TestRegionMemory checks that the remembered Region of a bucket is replaced when the bucket moves,
// and that the number of remembered buckets is limited.
func TestRegionMemory(t *testing.T) {
	home := "eu-west-1"
	s := &server{respond: func(_ int, req *http.Request) *http.Response {
		if strings.Contains(req.Header.Get("Authorization"), "/"+home+"/") {
			return reply(200, pageOf("", "a"))
		}
		return reply(301, "", "X-Amz-Bucket-Region", home)
	}}
	c := client(s)
	for _, home = range []string{"eu-west-1", "ap-south-1", "us-east-1"} {
		_, err := collect(t, c.Objects(t.Context(), "b12", ""))
		if got := c.home("b12").Region; err != nil || got != home {
			t.Errorf("bucket in %s: error %v, remembered Region %s", home, err, got)
		}
	}
	for i := range 3 * maxHomes {
		c.remember(fmt.Sprint("bucket-", i), newSigner("eu-west-1"))
		if len(c.homes) > maxHomes {
			t.Fatalf("%d buckets are remembered, want at most %d", len(c.homes), maxHomes)
		}
	}
}

// TestRegionMidway checks that after a redirect the same page is requested again, not the first
// one.
func TestRegionMidway(t *testing.T) {
	s := &server{respond: func(n int, req *http.Request) *http.Response {
		switch n {
		case 1:
			return reply(200, pageOf("t1", "a"))
		case 2:
			return reply(301, "", "X-Amz-Bucket-Region", "eu-west-1")
		}
		return reply(200, pageOf("", req.URL.Query().Get("continuation-token")))
	}}
	keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
	if want := []string{"a", "t1"}; err != nil || !slices.Equal(keys, want) {
		t.Errorf("Objects = %q, %v, want %q", keys, err, want)
	}
}

// TestRegionCustomEndpoint checks that with an endpoint only the Region in the signature changes.
func TestRegionCustomEndpoint(t *testing.T) {
	for _, region := range []string{"eu-west-1", "garage"} {
		s := bucketIn(region, func(*http.Request) *http.Response {
			element := "<Region>" + region + "</Region>"
			return reply(400, errorOf(CodeAuthorizationHeaderMalformed, element))
		})
		c := client(s)
		c.Endpoint = "https://objects.example.com:9000"
		keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
		if err != nil || len(keys) != 1 {
			t.Errorf("Objects in %s = %q, %v, want one key", region, keys, err)
		}
		const get = "GET objects.example.com:9000 /b12"
		if got, want := s.requests(), []string{get, get}; !slices.Equal(got, want) {
			t.Errorf("requests for %s = %q, want %q", region, got, want)
		}
	}
}

// TestRegionOfOtherServers checks Regions that are not a label of a host name. With an endpoint the
// Region is only a part of the signature.
func TestRegionOfOtherServers(t *testing.T) {
	for _, region := range []string{"RegionOne", "GRA", "US", "zg_publicru", "eu.west-1", "a"} {
		s := always(200, pageOf("", "a"))
		c := client(s)
		c.Region, c.Endpoint = region, "https://objects.example.com"
		keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
		if err != nil || len(keys) != 1 {
			t.Errorf("Objects in Region %s = %q, %v, want one key", region, keys, err)
			continue
		}
		want := []string{"GET objects.example.com /b12"}
		scope := "/" + region + "/s3/aws4_request"
		if got := s.requests(); !slices.Equal(got, want) ||
			!strings.Contains(s.seen[0].Header.Get("Authorization"), scope) {
			t.Errorf("requests = %q with %s, want %q with %s",
				got, s.seen[0].Header.Get("Authorization"), want, scope)
		}
	}
	for _, region := range []string{"a/b", "a b", "a\nb", "é", "a,b", strings.Repeat("a", 65)} {
		c := client(new(server)) // a request would panic
		c.Region, c.Endpoint = region, "https://objects.example.com"
		_, err := collect(t, c.Objects(t.Context(), "b12", ""))
		if err == nil || !strings.Contains(err.Error(), "cannot be part of a signature") {
			t.Errorf("Objects in Region %q = %v, want an error", region, err)
		}
	}
}

// TestRegionOfCustomEndpointIsChecked checks Regions that cannot be a label of a host name. A
// custom endpoint may have Regions with any name, but not these.
func TestRegionOfCustomEndpointIsChecked(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, region := range []string{"evil.example/", "a/b", "EU", "-", long, "a b"} {
		s := always(400, errorOf(CodeAuthorizationHeaderMalformed, "<Region>"+region+"</Region>"))
		c := client(s)
		c.Endpoint = "https://objects.example.com:9000"
		_, err := collect(t, c.Objects(t.Context(), "b12", ""))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeAuthorizationHeaderMalformed || len(s.seen) != 1 {
			t.Errorf("Region %q: error %v, requests %q, want one request",
				region, err, s.requests())
		}
	}
}

// TestRedirectNotFollowed checks that redirects are not followed by an HTTP client that would.
func TestRedirectNotFollowed(t *testing.T) {
	s := &server{respond: func(_ int, req *http.Request) *http.Response {
		if req.URL.Host != "b12.s3.us-east-1.amazonaws.com" {
			t.Errorf("request to %s", req.URL.Host)
		}
		return reply(307, "", "Location", "https://evil.example/")
	}}
	c := client(s)
	c.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil {
		t.Error("Objects succeeds after a redirect, want an error")
	}
	if err := c.Connect(t.Context(), "b12"); err != nil {
		t.Errorf("Connect = %v, want no error", err)
	}
}

func TestConnect(t *testing.T) {
	for _, status := range []int{200, 301, 400, 403, 404, 500, 503} { // any response is sufficient
		s := always(status, "")
		err := client(s).Connect(t.Context(), "b12")
		want := []string{"HEAD b12.s3.us-east-1.amazonaws.com /"}
		if got := s.requests(); err != nil || !slices.Equal(got, want) {
			t.Errorf("status %d: Connect = %v, requests %q, want %q", status, err, got, want)
		}
		for name := range s.seen[0].Header {
			if name != "User-Agent" {
				t.Errorf("header %s is sent", name)
			}
		}
		if q := s.seen[0].URL.RawQuery; q != "" {
			t.Errorf("query = %s, want none", q)
		}
	}

	t.Run("another Region", func(t *testing.T) {
		s := bucketIn("eu-west-1", nil)
		c := client(s)
		if err := c.Connect(t.Context(), "b12"); err != nil {
			t.Fatalf("Connect = %v, want no error", err)
		}
		if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
			t.Fatalf("Objects = %v, want no error", err)
		}
		want := []string{
			"HEAD b12.s3.us-east-1.amazonaws.com /",
			"HEAD b12.s3.eu-west-1.amazonaws.com /",
			"GET b12.s3.eu-west-1.amazonaws.com /",
		}
		if got := s.requests(); !slices.Equal(got, want) {
			t.Errorf("requests = %q, want %q", got, want)
		}
	})
	t.Run("unreachable host", func(t *testing.T) {
		s := &server{respond: func(int, *http.Request) *http.Response { return nil }}
		if err := client(s).Connect(t.Context(), "b12"); err == nil || len(s.seen) != 1 {
			t.Errorf("Connect = %v after %d requests, want an error after 1", err, len(s.seen))
		}
	})
	t.Run("end of the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 1)
			defer cancel()
			err := client(blocking{}).Connect(ctx, "b12")
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Connect = %v, want %v", err, context.DeadlineExceeded)
			}
		})
	})
}

// TestConnectReuse checks, with a real server, that listings use the connection that Connect
// opened.
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
		t.Fatalf("Connect = %v, want no error", err)
	}
	for range 3 {
		keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
		if err != nil || len(keys) != 2 {
			t.Fatalf("Objects = %q, %v, want two keys", keys, err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections were opened, want 1", n)
	}
}
