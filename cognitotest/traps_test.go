package cognitotest

import (
	"strings"
	"testing"
)

// A space of a query is %20, signed and sent; a "+" stands for itself. Parameters are in the order of their encoded names,
// and those of one name in the order of their values, whatever order they were sent in.
func TestQueryForms(t *testing.T) {
	const mismatch = "SignatureDoesNotMatch"
	for _, test := range []struct{ signed, sent, want string }{
		{"/a?x=1%202", "/a?x=1%202", ""},
		{"/a?x=1%202", "/a?x=1+2", mismatch},
		{"/a?x=1+2", "/a?x=1+2", mismatch}, // as url.Values.Encode writes it
		{"/a?x=1%2B2", "/a?x=1+2", ""},
		{"/a?x=1%2B2", "/a?x=1%202", mismatch},
		{"/a?x=~%2F%3D", "/a?x=%7e/=", ""}, // the same once decoded
		{"/a?x=%7E", "/a?x=%7E", mismatch},
		{"/a?x=2f%2f", "/a?x=2f%2f", mismatch}, // digits in lower case
		{"/a?b=1&b=2&b-=0", "/a?b-=0&b=2&b=1", ""},
		{"/a?b=1&b=2", "/a?b=2", mismatch},
		{"/a?x=", "/a?x", ""},
	} {
		for _, service := range []string{"s3", "sts"} {
			r, body := newSigner(service).request("GET", test.signed, "")
			r.RequestURI = test.sent
			r.URL.RawQuery = strings.TrimPrefix(test.sent, "/a?")
			if got := testVerifier(service).check(t, r, body); got != test.want {
				t.Errorf("%s: signed %s, sent %s: %q, want %q", service, test.signed, test.sent, got, test.want)
			}
		}
	}
}
