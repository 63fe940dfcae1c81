package s3list

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// bucketIn answers like S3 for a bucket in the given Region; elsewhere is its answer in all other Regions. The Region is
// taken from the signature.
func bucketIn(region string, elsewhere func(req *http.Request) *http.Response) *server {
	return &server{answer: func(_ int, req *http.Request) *http.Response {
		if req.Method == http.MethodHead {
			return reply(403, "", "X-Amz-Bucket-Region", region)
		}
		if strings.Contains(req.Header.Get("Authorization"), "/"+region+"/s3/aws4_request") {
			return reply(200, pageOf("", "a"))
		}
		return elsewhere(req)
	}}
}

// Every form in which an answer says that the bucket is somewhere else.
func TestRegionFound(t *testing.T) {
	const here, there = "b12.s3.us-east-1.amazonaws.com", "b12.s3.eu-west-1.amazonaws.com"
	direct := []string{"GET " + here + " /", "GET " + there + " /"}
	asking := []string{"GET " + here + " /", "HEAD " + here + " /", "GET " + there + " /"}
	for _, test := range []struct {
		name    string
		answer  *http.Response
		asked   []string
		forgets bool
	}{
		{"301 with header", reply(301, errorOf(CodePermanentRedirect, "<Endpoint>evil.example</Endpoint>"), "X-Amz-Bucket-Region", "eu-west-1"), direct, false},
		{"301 with header, no body", reply(301, "", "X-Amz-Bucket-Region", "eu-west-1"), direct, false},
		{"301 with a Location", reply(301, "", "X-Amz-Bucket-Region", "eu-west-1", "Location", "https://evil.example/"), direct, false},
		{"301 with element", reply(301, errorOf(CodePermanentRedirect, "<Region>eu-west-1</Region>")), direct, false},
		{"301 without a Region", reply(301, errorOf(CodePermanentRedirect, "<Endpoint>b12.s3.evil.example</Endpoint><Bucket>b12</Bucket>")), asking, false},
		{"301 with nothing", reply(301, ""), asking, false},
		{"302", reply(302, "", "Location", "https://evil.example/"), asking, true},
		{"307", reply(307, errorOf(CodeTemporaryRedirect, "<Endpoint>b12.s3.evil.example</Endpoint>"), "X-Amz-Bucket-Region", "eu-west-1", "Location", "https://evil.example/"), direct, true},
		{"400 of another Region", reply(400, errorOf(CodeAuthorizationHeaderMalformed, "<Region>eu-west-1</Region>")), direct, false},
		{"400 of another Region in a header", reply(400, errorOf(CodeAuthorizationHeaderMalformed, ""), "X-Amz-Bucket-Region", "eu-west-1"), direct, false},
		{"opt-in Region", reply(400, errorOf(CodeIllegalLocationConstraint, "")), asking, false},
		{"header before element", reply(301, errorOf(CodePermanentRedirect, "<Region>ap-south-1</Region>"), "X-Amz-Bucket-Region", "eu-west-1"), direct, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := test.answer
			s := bucketIn("eu-west-1", func(*http.Request) *http.Response { r := *answer; return &r })
			c := client(s)
			keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
			if err != nil || len(keys) != 1 {
				t.Fatalf("%q, %v", keys, err)
			}
			if !slices.Equal(s.asked(), test.asked) {
				t.Errorf("asked %q, want %q", s.asked(), test.asked)
			}
			for _, req := range s.seen {
				if req.Method == http.MethodHead && req.Header.Get("Authorization") != "" {
					t.Error("HEAD is signed")
				}
			}
			if got := c.region("b12"); (got == "us-east-1") != test.forgets {
				t.Errorf("remembered: %s", got)
			}
			if test.forgets {
				return
			}
			s.seen = nil // the next listing goes there at once
			if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil || !slices.Equal(s.asked(), []string{"GET " + there + " /"}) {
				t.Errorf("second listing: %v, %q", err, s.asked())
			}
			if got := c.region("other"); got != "us-east-1" {
				t.Errorf("another bucket is looked for in %s", got)
			}
		})
	}
}

// Answers that must not send us anywhere: one request, perhaps a HEAD to the same host, and the error.
func TestRegionNotFollowed(t *testing.T) {
	for _, region := range []string{
		"evil.example/", "evil.com/", "x.evil.example", "evil.example#", "a@evil.example", "evil.example:443", "EU-WEST-1", "eu_west_1", "-a", "a-",
		"../x", "eu-west-1?", "%65u-west-1", strings.Repeat("a", 64), "é", // not one label of a host name
		"cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1", // other partitions
		"us-east-1", // where we are
	} {
		for name, answer := range map[string]*http.Response{
			"header":    reply(301, "", "X-Amz-Bucket-Region", region, "Location", "https://evil.example/"),
			"temporary": reply(307, "", "X-Amz-Bucket-Region", region, "Location", "https://evil.example/"),
			"element":   reply(400, errorOf(CodeAuthorizationHeaderMalformed, "<Region>"+region+"</Region>")),
		} {
			s := &server{answer: func(int, *http.Request) *http.Response { return answer }}
			c := client(s)
			_, err := collect(t, c.Objects(t.Context(), "b12", ""))
			var e *Error
			if !errors.As(err, &e) || e.StatusCode != answer.StatusCode {
				t.Errorf("%q in %s: %v", region, name, err)
			}
			if len(s.seen) != 1 || c.region("b12") != "us-east-1" {
				t.Errorf("%q in %s: asked %q", region, name, s.asked())
			}
		}
		s := bucketIn(region, func(*http.Request) *http.Response { return reply(301, "") })
		s.answer = func(_ int, req *http.Request) *http.Response { // found by HEAD
			if req.Method == http.MethodHead {
				return reply(301, "", "X-Amz-Bucket-Region", region)
			}
			return reply(301, "")
		}
		c := client(s)
		if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil {
			t.Errorf("%q by HEAD: no error", region)
		}
		if len(s.seen) != 2 || s.seen[1].URL.Host != s.seen[0].URL.Host {
			t.Errorf("%q by HEAD: asked %q", region, s.asked())
		}
		if err := c.Connect(t.Context(), "b12"); err != nil || len(s.seen) != 3 || c.region("b12") != "us-east-1" {
			t.Errorf("%q by Connect: %v, asked %q", region, err, s.asked())
		}
	}
}

// Not every refusal is about the Region, even when it names one.
func TestRegionNotMeant(t *testing.T) {
	for _, answer := range []*http.Response{
		reply(403, errorOf(CodeAccessDenied, ""), "X-Amz-Bucket-Region", "eu-west-1"),
		reply(404, errorOf(CodeNoSuchBucket, ""), "X-Amz-Bucket-Region", "eu-west-1"),
		reply(400, errorOf(CodeInvalidToken, "<Region>eu-west-1</Region>")),
		reply(400, errorOf(CodeAuthorizationHeaderMalformed, "")),
		reply(304, ""),
	} {
		s := &server{answer: func(int, *http.Request) *http.Response { return answer }}
		_, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		if err == nil || len(s.seen) != 1 {
			t.Errorf("status %d: %v, asked %q", answer.StatusCode, err, s.asked())
		}
	}
}

// Once: servers that send each other's clients around in a circle get an error.
func TestRegionOnce(t *testing.T) {
	s := &server{answer: func(n int, req *http.Request) *http.Response {
		return reply(301, errorOf(CodePermanentRedirect, ""), "X-Amz-Bucket-Region", fmt.Sprintf("eu-west-%d", n))
	}}
	c := client(s)
	_, err := collect(t, c.Objects(t.Context(), "b12", ""))
	var e *Error
	if !errors.As(err, &e) || e.Code != CodePermanentRedirect || e.Region != "eu-west-2" || len(s.seen) != 2 {
		t.Errorf("%v, asked %q", err, s.asked())
	}
	if got := c.region("b12"); got != "us-east-1" {
		t.Errorf("remembered %s", got)
	}
}

// What is remembered is corrected when the bucket has moved, and has an end.
func TestRegionMemory(t *testing.T) {
	home := "eu-west-1"
	s := &server{answer: func(_ int, req *http.Request) *http.Response {
		if strings.Contains(req.Header.Get("Authorization"), "/"+home+"/") {
			return reply(200, pageOf("", "a"))
		}
		return reply(301, "", "X-Amz-Bucket-Region", home)
	}}
	c := client(s)
	for _, home = range []string{"eu-west-1", "ap-south-1", "us-east-1"} {
		if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil || c.region("b12") != home {
			t.Errorf("%v; remembered %s, want %s", err, c.region("b12"), home)
		}
	}
	for i := range 3 * maxRegions {
		c.remember(fmt.Sprint("bucket-", i), "eu-west-1")
		if len(c.regions) > maxRegions {
			t.Fatalf("%d Regions are remembered", len(c.regions))
		}
	}
}

// A page in the middle of a listing may be answered with a redirect too: it is asked for again, not the first one.
func TestRegionMidway(t *testing.T) {
	s := &server{answer: func(n int, req *http.Request) *http.Response {
		switch n {
		case 1:
			return reply(200, pageOf("t1", "a"))
		case 2:
			return reply(301, "", "X-Amz-Bucket-Region", "eu-west-1")
		}
		return reply(200, pageOf("", req.URL.Query().Get("continuation-token")))
	}}
	if keys, err := collect(t, client(s).Objects(t.Context(), "b12", "")); err != nil || !slices.Equal(keys, []string{"a", "t1"}) {
		t.Errorf("%q, %v", keys, err)
	}
}

// With an endpoint of one's own only the signature changes.
func TestRegionCustomEndpoint(t *testing.T) {
	for _, region := range []string{"eu-west-1", "garage"} {
		s := bucketIn(region, func(*http.Request) *http.Response {
			return reply(400, errorOf(CodeAuthorizationHeaderMalformed, "<Region>"+region+"</Region>"))
		})
		c := client(s)
		c.Endpoint = "https://objects.example.com:9000"
		keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
		one := "GET objects.example.com:9000 /b12"
		if err != nil || len(keys) != 1 || !slices.Equal(s.asked(), []string{one, one}) {
			t.Errorf("%s: %q, %v, asked %q", region, keys, err, s.asked())
		}
	}
}

// A caller's HTTP client that would follow redirects does not get to.
func TestRedirectNotFollowed(t *testing.T) {
	s := &server{answer: func(_ int, req *http.Request) *http.Response {
		if req.URL.Host != "b12.s3.us-east-1.amazonaws.com" {
			t.Errorf("sent to %s", req.URL.Host)
		}
		return reply(307, "", "Location", "https://evil.example/")
	}}
	c := client(s)
	c.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err == nil {
		t.Error("no error")
	}
	if err := c.Connect(t.Context(), "b12"); err != nil {
		t.Error(err)
	}
}
