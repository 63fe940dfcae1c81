package interop

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

// This file checks what every S3 server must do with listings that our code signs: accept them, and
// refuse them if they were changed in transit.

// xmlKeys are object keys that a careless path, query or XML encoding breaks. An XML 1.0 document
// can contain each of them.
var xmlKeys = []string{
	"%41",
	"&<>\"'",
	"*",
	"100%",
	"a b",
	"a+b",
	"a=b&c=d;e",
	"dir/back\\slash",
	"dir/q?x=1#f",
	"nbsp\u00a0",
	"photos/\u00e9\u0301/\u4e16\u754c",
	"plain",
	"trailing ",
	"~-_.",
	"\U0001f600",
}

// controlKeys are object keys that an XML 1.0 document cannot contain, or not unchanged. A listing
// must request encoding-type=url to return them.
var controlKeys = []string{
	"\x01\x02\x10",
	"line\nfeed",
	"return\r",
	"tab\there",
	"\x7f",
	"\ufffe",
}

// list returns the keys of a listing, up to the first error.
func list(t *testing.T, l *s3list.Client, in s3list.ListInput) ([]string, error) {
	t.Helper()
	var keys []string
	for object, err := range l.List(t.Context(), in) {
		if err != nil {
			return keys, err
		}
		if !object.CommonPrefix && object.Size != 3 {
			t.Errorf("%q has size %d, want 3", object.Key, object.Size)
		}
		keys = append(keys, object.Key)
	}
	return keys, nil
}

// checkListing lists a bucket that holds keys in several ways. Each must return the keys, complete
// and in order.
func checkListing(t *testing.T, l *s3list.Client, bucket string, keys []string) {
	t.Helper()
	// S3 sorts keys by their UTF-8 bytes, as Go sorts strings.
	want := slices.Sorted(slices.Values(keys))
	for _, pageSize := range []int{0, 1, 4} {
		got, err := list(t, l, s3list.ListInput{Bucket: bucket, PageSize: pageSize})
		if err != nil {
			t.Fatalf("page size %d: %v", pageSize, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("page size %d: listed keys (-want +got):\n%s", pageSize, diff)
		}
	}
	var rolled []string
	for _, key := range want {
		if directory, _, ok := strings.Cut(key, "/"); ok {
			key = directory + "/"
		}
		rolled = append(rolled, key)
	}
	got, err := list(t, l, s3list.ListInput{Bucket: bucket, Delimiter: "/", PageSize: 3})
	if err != nil {
		t.Fatalf("delimiter: %v", err)
	}
	if diff := cmp.Diff(slices.Compact(rolled), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("delimiter: listed keys and common prefixes (-want +got):\n%s", diff)
	}
	// Every key is a prefix once, so that each is signed and sent in a query.
	for _, prefix := range want {
		got, err := list(t, l, s3list.ListInput{Bucket: bucket, Prefix: prefix})
		if err != nil {
			t.Fatalf("prefix %q: %v", prefix, err)
		}
		if !slices.Contains(got, prefix) {
			t.Errorf("prefix %q: listed %q", prefix, got)
		}
	}

	for i, after := range want {
		got, err := list(t, l, s3list.ListInput{Bucket: bucket, StartAfter: after})
		if err != nil {
			t.Fatalf("start after %q: %v", after, err)
		}
		if !slices.Equal(got, want[i+1:]) {
			t.Errorf("start after %q: listed %q, want %q", after, got, want[i+1:])
		}
	}
}

// roundTrip is an http.RoundTripper that calls itself.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// tamperings are changes to a signed listing request by an attacker who has the valid credentials
// of another session, but not this session's secret key. codes are the expected error codes,
// separated by "|" where those of MinIO and versitygw differ.
var tamperings = []struct {
	name, codes string
	alter       func(r *http.Request, other sigv4.Credentials)
}{
	{"signature", "SignatureDoesNotMatch", func(r *http.Request, _ sigv4.Credentials) {
		r.Header.Set("Authorization", changeLast(r.Header.Get("Authorization")))
	}},
	{"session token of another session", "InvalidTokenId|InvalidToken",
		func(r *http.Request, other sigv4.Credentials) {
			r.Header.Set("X-Amz-Security-Token", other.SessionToken)
		}},
	{"session token changed", "InvalidTokenId|InvalidToken",
		func(r *http.Request, _ sigv4.Credentials) {
			r.Header.Set("X-Amz-Security-Token", changeLast(r.Header.Get("X-Amz-Security-Token")))
		}},
	{"session token removed", "AccessDenied|InvalidAccessKeyId",
		func(r *http.Request, _ sigv4.Credentials) {
			r.Header.Del("X-Amz-Security-Token")
		}},
	{"access key of another session", "InvalidTokenId|InvalidToken", changeAccessKey},
	{"access key and token of another session", "SignatureDoesNotMatch",
		func(r *http.Request, other sigv4.Credentials) {
			changeAccessKey(r, other)
			r.Header.Set("X-Amz-Security-Token", other.SessionToken)
		}},
	{"query value", "SignatureDoesNotMatch", func(r *http.Request, _ sigv4.Credentials) {
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "prefix=pl", "prefix=a", 1)
	}},
	{"query parameter added", "SignatureDoesNotMatch", func(r *http.Request, _ sigv4.Credentials) {
		r.URL.RawQuery += "&max-keys=1"
	}},
	{"query parameter removed", "SignatureDoesNotMatch",
		func(r *http.Request, _ sigv4.Credentials) {
			q := strings.Split(r.URL.RawQuery, "&")
			q = slices.DeleteFunc(q, func(p string) bool { return strings.HasPrefix(p, "prefix=") })
			r.URL.RawQuery = strings.Join(q, "&")
		}},
	{"method", "HTTP 403", func(r *http.Request, _ sigv4.Credentials) {
		r.Method = http.MethodHead
	}},
	{"date", "SignatureDoesNotMatch", func(r *http.Request, _ sigv4.Credentials) {
		const layout = "20060102T150405Z"
		at, err := time.Parse(layout, r.Header.Get("X-Amz-Date"))
		if err != nil {
			panic(err)
		}
		r.Header.Set("X-Amz-Date", at.Add(time.Second).Format(layout))
	}},
	{"payload hash", "SignatureDoesNotMatch", func(r *http.Request, _ sigv4.Credentials) {
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	}},
}

// checkTampering signs listings with mine, changes each with one of tamperings, and checks that the
// server refuses it. other are the valid credentials of another session.
func checkTampering(t *testing.T, endpoint, bucket string, mine, other sigv4.Credentials) {
	for _, tampering := range tamperings {
		t.Run(tampering.name, func(t *testing.T) {
			sent, altered := 0, 0
			l := &s3list.Client{Region: region, Endpoint: endpoint, Credentials: static(mine)}
			l.HTTPClient = &http.Client{
				Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					sent++
					r = r.Clone(r.Context())
					before := fmt.Sprint(r.Method, r.URL, r.Header)
					tampering.alter(r, other)
					if fmt.Sprint(r.Method, r.URL, r.Header) != before {
						altered++
					}
					return http.DefaultTransport.RoundTrip(r)
				}),
			}
			keys, err := list(t, l, s3list.ListInput{Bucket: bucket, Prefix: "pl"})
			if sent == 0 || altered != sent {
				t.Fatalf("altered %d of %d requests, want all", altered, sent)
			}
			if len(keys) != 0 {
				t.Errorf("an altered request listed %q, want nothing", keys)
			}
			refused(t, err, tampering.codes)
		})
	}
	t.Run("secret key", func(t *testing.T) {
		forged := mine
		forged.SecretAccessKey = other.SecretAccessKey
		l := &s3list.Client{Region: region, Endpoint: endpoint, Credentials: static(forged)}
		_, err := list(t, l, s3list.ListInput{Bucket: bucket})
		refused(t, err, "SignatureDoesNotMatch")
	})
	t.Run("unchanged", func(t *testing.T) {
		l := &s3list.Client{Region: region, Endpoint: endpoint, Credentials: static(mine)}
		keys, err := list(t, l, s3list.ListInput{Bucket: bucket, Prefix: "pl"})
		if err != nil || len(keys) != 1 {
			t.Errorf("listed %q, %v, want one key", keys, err)
		}
	})
}

// changeAccessKey replaces the access key ID in the Authorization header.
func changeAccessKey(r *http.Request, other sigv4.Credentials) {
	before, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	_, after, _ := strings.Cut(rest, "/")
	r.Header.Set("Authorization", before+"Credential="+other.AccessKeyID+"/"+after)
}

// changeLast returns s with a different last character.
func changeLast(s string) string {
	last := "0"
	if strings.HasSuffix(s, last) {
		last = "1"
	}
	return s[:len(s)-1] + last
}

// refused checks that err is a server's error response to a listing, with one of the codes, which
// are separated by "|".
func refused(t *testing.T, err error, codes string) {
	t.Helper()
	var e *s3list.Error
	if !errors.As(err, &e) || !slices.Contains(strings.Split(codes, "|"), e.Code) {
		t.Errorf("error %v, want a response with %s", err, codes)
	}
}
