package sigv4

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPresignRefusals(t *testing.T) {
	expiring := func(d time.Duration) Credentials {
		c := example
		c.Expires = at.Add(d)
		return c
	}
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	const day = 24 * time.Hour
	for _, test := range []struct {
		name, service string
		creds         Credentials
		expires       time.Duration
		change        func(*http.Request)
		want          string
	}{
		{"a second", "s3", example, time.Second, nil, ""},
		{"a week", "s3", example, 7 * day, nil, ""},
		{"a week and a bit of a second", "s3", example, 7*day + time.Millisecond, nil, ""},
		{"zero", "s3", example, 0, nil, "1 second to 7 days"},
		{"less than a second", "s3", example, time.Second - 1, nil, "1 second to 7 days"},
		{"negative", "s3", example, -time.Hour, nil, "1 second to 7 days"},
		{"above a week", "s3", example, 7*day + time.Second, nil, "1 second to 7 days"},
		{"far above a week", "s3", example, 1<<63 - 1, nil, "1 second to 7 days"},
		{"as long as the credentials", "s3", expiring(time.Hour), time.Hour, nil, ""},
		{"what is left of them", "s3", expiring(90*time.Second + 7), 90*time.Second + 7, nil, ""},
		{"longer", "s3", expiring(time.Hour), time.Hour + time.Second, nil, "until 2023-11-05T07:08:10Z with credentials that expire at 2023-11-05T07:08:09Z: ask for 1h0m0s at most"},
		{"expired", "s3", expiring(-time.Hour), time.Second, nil, "ask for 0s at most, or get newer credentials"},
		{"no credentials", "s3", Credentials{}, time.Hour, nil, "no access key ID"},
		{"own signature", "s3", example, time.Hour, func(r *http.Request) { r.URL.RawQuery = "X-Amz-Signature=00" }, "X-Amz-Signature already"},
		{"own date", "s3", example, time.Hour, header("X-Amz-Date", "20231105T060809Z"), "X-Amz-Date is set already"},
		{"own token", "s3", example, time.Hour, header("X-Amz-Security-Token", "hunter2"), "X-Amz-Security-Token is set already"},
		{"plain http", "s3", example, time.Hour, func(r *http.Request) { r.URL.Scheme = "http" }, "needs https"},
		{"plain http under the name of loopback", "s3", example, time.Hour, func(r *http.Request) { r.URL.Scheme, r.URL.Host = "http", "localhost" }, "needs https"},
		{"loopback", "s3", example, time.Hour, func(r *http.Request) { r.URL.Scheme, r.Host = "http", "[::1]:9000" }, ""},
		{"host that is none in a URL", "s3", example, time.Hour, func(r *http.Request) { r.Host = "[" }, `host "[" cannot stand in a URL`},
		{"own hash", "s3", example, time.Hour, header("X-Amz-Content-Sha256", emptySHA256), "X-Amz-Content-Sha256 is set already"},
		{"wrong length", "sts", example, time.Hour, func(r *http.Request) { r.ContentLength = 5 }, "Request.ContentLength says 5"},
		{"any length", "s3", example, time.Hour, func(r *http.Request) { r.ContentLength = 5 }, ""},
	} {
		req := newRequest(t, "PUT", "https://example.com/a", strings.NewReader("body"))
		if test.change != nil {
			test.change(req)
		}
		before := req.Header.Clone()
		got, err := (&Signer{Region: "us-east-1", Service: test.service}).Presign(req, test.creds, test.expires, at)
		if diff := cmp.Diff(before, req.Header); diff != "" {
			t.Errorf("%s: header changed:\n%s", test.name, diff)
		}
		switch {
		case test.want != "":
			checkRefusal(t, test.name, err, test.want)
			if got != "" {
				t.Errorf("%s: an error and %s", test.name, got)
			}
		case err != nil:
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestPresignForm shows what a presigned URL is made of.
func TestPresignForm(t *testing.T) {
	s := &Signer{Region: "eu-west-1", Service: "s3"}
	for _, test := range []struct{ url, host, prefix string }{
		{"https://example.com", "", "https://example.com/?X-Amz-Algorithm="},
		{"https://Example.com:443/a+b?x=1+2&%41#part", "", "https://example.com/a%2Bb?x=1%202&A&X-Amz-Algorithm="},
		{"https://10.0.0.1/k", "s3.Example.com", "https://s3.example.com/k?X-Amz-Algorithm="}, // the host that was signed
		{"http://localhost:9000//a/../b/", "", "http://localhost:9000//a/../b/?X-Amz-Algorithm="},
	} {
		req := newRequest(t, "", test.url, nil)
		if test.host != "" {
			req.Host = test.host
		}
		target := *req.URL
		got, err := s.Presign(req, example, 90*time.Second, at)
		if err != nil || !strings.HasPrefix(got, test.prefix) {
			t.Errorf("%s (%v), want one that begins with %s", got, err, test.prefix)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if q.Get("X-Amz-Security-Token") != example.SessionToken || q.Get("X-Amz-Expires") != "90" || strings.Contains(got, example.SecretAccessKey) {
			t.Errorf("%s has not what it should", got)
		}
		if diff := cmp.Diff(target, *req.URL); diff != "" {
			t.Errorf("the request's URL changed:\n%s", diff)
		}
	}
	permanent := example
	permanent.SessionToken = ""
	if got, err := s.Presign(newRequest(t, "GET", "https://example.com/", nil), permanent, time.Hour, at); err != nil || strings.Contains(got, "Token") {
		t.Errorf("%s, %v: want no session token", got, err)
	}
}
