package sigv4

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPresignRefuses(t *testing.T) {
	const day = 24 * time.Hour
	type input struct {
		signer  Signer
		req     *http.Request
		creds   Credentials
		expires time.Duration
	}
	header := func(name, value string) func(*input) {
		return func(in *input) { in.req.Header[name] = []string{value} }
	}
	expires := func(d time.Duration) func(*input) {
		return func(in *input) { in.expires = d }
	}
	until := func(credentials, d time.Duration) func(*input) {
		return func(in *input) { in.creds.Expires, in.expires = at.Add(credentials), d }
	}
	for _, test := range []struct {
		name   string
		change func(*input)
		want   string // in the error, or empty for none
	}{
		{"a second", expires(time.Second), ""},
		{"a week", expires(7 * day), ""},
		{"a week and a fraction of a second", expires(7*day + time.Millisecond), ""},
		{"zero", expires(0), "1 second to 7 days"},
		{"less than a second", expires(time.Second - 1), "1 second to 7 days"},
		{"negative", expires(-time.Hour), "1 second to 7 days"},
		{"more than a week", expires(7*day + time.Second), "1 second to 7 days"},
		{"much more than a week", expires(1<<63 - 1), "1 second to 7 days"},
		{"as long as the credentials", until(time.Hour, time.Hour), ""},
		{"the rest of the credentials", until(90*time.Second+7, 90*time.Second+7), ""},
		{
			"longer than the credentials",
			until(time.Hour, time.Hour+time.Second),
			"expire at 2023-11-05T07:08:09Z: use at most 1h0m0s",
		},
		{
			"expired credentials",
			until(-time.Hour, time.Second),
			"use at most 0s or newer credentials",
		},
		{
			"no credentials",
			func(in *input) { in.creds = Credentials{} },
			"no access key ID",
		},
		{
			"signature in the query",
			func(in *input) { in.req.URL.RawQuery = "X-Amz-Signature=00" },
			"already has X-Amz-Signature",
		},
		{
			"date header",
			header("X-Amz-Date", "20231105T060809Z"),
			"X-Amz-Date is already set",
		},
		{
			"token header",
			header("X-Amz-Security-Token", "hunter2"),
			"X-Amz-Security-Token is already set",
		},
		{
			"hash header",
			header("X-Amz-Content-Sha256", emptySHA256),
			"X-Amz-Content-Sha256 is neither",
		},
		{
			"http",
			func(in *input) { in.req.URL.Scheme = "http" },
			"needs the scheme https",
		},
		{
			"http to a loopback address with another Host",
			func(in *input) { in.req.URL.Scheme, in.req.URL.Host = "http", "localhost" },
			"needs the scheme https",
		},
		{
			"http with a loopback Host",
			func(in *input) { in.req.URL.Scheme, in.req.Host = "http", "[::1]:9000" },
			"",
		},
		{
			"host that no URL can have",
			func(in *input) { in.req.Host = "[" },
			`host "[" is invalid in a URL`,
		},
		{
			"wrong length",
			func(in *input) { in.req.ContentLength, in.signer.Service = 5, "sts" },
			"Request.ContentLength is 5",
		},
		{
			"any length for Amazon S3",
			func(in *input) { in.req.ContentLength = 5 },
			"",
		},
	} {
		in := input{
			signer:  Signer{Region: "us-east-1", Service: "s3"},
			req:     newRequest(t, "PUT", "https://example.com/a", strings.NewReader("body")),
			creds:   example,
			expires: time.Hour,
		}
		test.change(&in)
		before := in.req.Header.Clone()
		got, err := in.signer.Presign(in.req, in.creds, in.expires, at)
		if diff := cmp.Diff(before, in.req.Header); diff != "" {
			t.Errorf("%s: Presign changed the header (-before +after):\n%s", test.name, diff)
		}
		if test.want != "" {
			checkError(t, test.name, err, test.want)
			if got != "" {
				t.Errorf("%s: Presign = %s with an error, want an empty URL", test.name, got)
			}
		} else if err != nil {
			t.Errorf("%s: Presign = %v, want nil", test.name, err)
		}
	}
}

// TestPresignURL checks the form of presigned URLs.
func TestPresignURL(t *testing.T) {
	s := &Signer{Region: "eu-west-1", Service: "s3"}
	for _, test := range []struct{ url, host, want string }{
		{
			url:  "https://example.com",
			want: "https://example.com/?X-Amz-Algorithm=",
		},
		{
			url:  "https://Example.com:443/a+b?x=1+2&%41#part",
			want: "https://example.com/a%2Bb?x=1%202&A&X-Amz-Algorithm=",
		},
		{
			url:  "https://10.0.0.1/k",
			host: "s3.Example.com",
			want: "https://s3.example.com/k?X-Amz-Algorithm=",
		},
		{
			url:  "http://localhost:9000//a/../b/",
			want: "http://localhost:9000//a/../b/?X-Amz-Algorithm=",
		},
	} {
		req := newRequest(t, "", test.url, nil)
		if test.host != "" {
			req.Host = test.host
		}
		before := *req.URL
		got, err := s.Presign(req, example, 90*time.Second, at)
		if err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("Presign(%s) = %s, %v, want prefix %s", test.url, got, err, test.want)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if token := q.Get("X-Amz-Security-Token"); token != example.SessionToken {
			t.Errorf("X-Amz-Security-Token = %s, want %s", token, example.SessionToken)
		}
		if expires := q.Get("X-Amz-Expires"); expires != "90" {
			t.Errorf("X-Amz-Expires = %s, want 90", expires)
		}
		if strings.Contains(got, example.SecretAccessKey) {
			t.Errorf("Presign(%s) = %s, which has the secret access key", test.url, got)
		}
		if diff := cmp.Diff(before, *req.URL); diff != "" {
			t.Errorf("Presign(%s) changed req.URL (-before +after):\n%s", test.url, diff)
		}
	}
	permanent := example
	permanent.SessionToken = ""
	req := newRequest(t, "GET", "https://example.com/", nil)
	got, err := s.Presign(req, permanent, time.Hour, at)
	if err != nil || strings.Contains(got, "Token") {
		t.Errorf("Presign without a session token = %s, %v, want none in the URL", got, err)
	}
}

// TestPresignWebSocket checks schemes of WebSocket URLs.
func TestPresignWebSocket(t *testing.T) {
	s := &Signer{Region: "us-east-1", Service: "kinesisvideo"}
	for _, test := range []struct{ url, want, err string }{
		{
			url:  "wss://m-1.kinesisvideo.us-east-1.amazonaws.com:443/?X-Amz-ClientId=a",
			want: "wss://m-1.kinesisvideo.us-east-1.amazonaws.com/?X-Amz-ClientId=a&X-Amz-Alg",
		},
		{
			url:  "ws://localhost:8080/mqtt",
			want: "ws://localhost:8080/mqtt?X-Amz-Algorithm=",
		},
		{
			url:  "ws://127.0.0.1:80/mqtt",
			want: "ws://127.0.0.1/mqtt?X-Amz-Algorithm=",
		},
		{
			url: "ws://m-1.kinesisvideo.us-east-1.amazonaws.com/",
			err: "needs the scheme https",
		},
		{
			url: "wsss://example.com/",
			err: "no scheme",
		},
	} {
		got, err := s.Presign(newRequest(t, "GET", test.url, nil), example, time.Minute, at)
		if test.err != "" {
			checkError(t, test.url, err, test.err)
			continue
		}
		if err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("Presign(%s) = %s, %v, want prefix %s", test.url, got, err, test.want)
			continue
		}
		// The oracle reads requests as a service does: GET of the URL without its scheme.
		_, target := splitURL(t, got)
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		raw := "GET " + target + " HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n"
		if err := oracle([]byte(raw), example.SecretAccessKey, false); err != nil {
			t.Errorf("%s: oracle = %v, want nil", test.url, err)
		}
	}
}

// TestOmitSessionToken checks the rule of AWS IoT: the token is sent, and the signature is that of
// credentials without it.
func TestOmitSessionToken(t *testing.T) {
	omits := &Signer{
		Region:           "us-east-1",
		Service:          "iotdevicegateway",
		OmitSessionToken: true,
	}
	permanent := example
	permanent.SessionToken = ""
	mqtt := newRequest(t, "GET", "wss://a1-ats.iot.us-east-1.amazonaws.com/mqtt", nil)
	want, err := omits.Presign(mqtt, permanent, time.Minute, at)
	if err != nil {
		t.Fatal(err)
	}
	got, err := omits.Presign(mqtt, example, time.Minute, at)
	want += "&X-Amz-Security-Token=" + url.QueryEscape(example.SessionToken)
	if err != nil || got != want {
		t.Errorf("Presign = %s, %v, want %s", got, err, want)
	}

	signed := newRequest(t, "GET", "https://a1-ats.iot.us-east-1.amazonaws.com/mqtt", nil)
	plain := signed.Clone(t.Context())
	if err := omits.Sign(signed, example, "", at); err != nil {
		t.Fatal(err)
	}
	if err := omits.Sign(plain, permanent, "", at); err != nil {
		t.Fatal(err)
	}
	if token := signed.Header.Get("X-Amz-Security-Token"); token != example.SessionToken {
		t.Errorf("X-Amz-Security-Token = %q, want %q", token, example.SessionToken)
	}
	if diff := cmp.Diff(plain.Header["Authorization"], signed.Header["Authorization"]); diff != "" {
		t.Errorf("Authorization differs from that without a token (-want +got):\n%s", diff)
	}
}
