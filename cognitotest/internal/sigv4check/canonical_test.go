package sigv4check

import (
	"strings"
	"testing"
)

// A space in a query is signed and sent as %20, and a "+" is a plus sign. Parameters are sorted by
// encoded name and then by encoded value, whatever the order in which they were sent.
func TestQueryForms(t *testing.T) {
	const mismatch = "SignatureDoesNotMatch"
	for _, tt := range []struct{ signed, sent, want string }{
		{"/a?x=1%202", "/a?x=1%202", ""},
		{"/a?x=1%202", "/a?x=1+2", mismatch},
		{"/a?x=1+2", "/a?x=1+2", mismatch}, // the form of url.Values.Encode
		{"/a?x=1%2B2", "/a?x=1+2", ""},
		{"/a?x=1%2B2", "/a?x=1%202", mismatch},
		{"/a?x=~%2F%3D", "/a?x=%7e/=", ""}, // the same after decoding
		{"/a?x=%7E", "/a?x=%7E", mismatch},
		{"/a?x=2f%2f", "/a?x=2f%2f", mismatch}, // lower-case digits
		{"/a?b=1&b=2&b-=0", "/a?b-=0&b=2&b=1", ""},
		{"/a?b=1&b=2", "/a?b=2", mismatch},
		{"/a?x=", "/a?x", ""},
	} {
		for _, service := range []string{"s3", "sts"} {
			r, body := newSigner(service).request("GET", tt.signed, "")
			r.RequestURI = tt.sent
			r.URL.RawQuery = strings.TrimPrefix(tt.sent, "/a?")
			if got := testRules(service).code(t, r, body); got != tt.want {
				t.Errorf("%s: signed %s, sent %s: code = %q, want %q",
					service, tt.signed, tt.sent, got, tt.want)
			}
		}
	}
}
