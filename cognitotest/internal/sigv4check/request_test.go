package sigv4check

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// presigned returns a presigned request.
func (s signer) presigned(expires string) *http.Request {
	v := url.Values{
		"X-Amz-Algorithm":      {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":     {s.accessKeyID + "/" + s.scope()},
		"X-Amz-Date":           {s.stamp()},
		"X-Amz-Expires":        {expires},
		"X-Amz-SignedHeaders":  {"host"},
		"X-Amz-Security-Token": {s.token},
	}
	const host = "example-bucket.s3.us-east-1.amazonaws.com"
	query := v.Encode() // None of the values has a space.
	canonical := "GET\n/k\n" + query + "\nhost:" + host + "\n\nhost\nUNSIGNED-PAYLOAD"
	return &http.Request{
		Method:     "GET",
		Host:       host,
		Header:     http.Header{},
		URL:        &url.URL{},
		RequestURI: "/k?" + query + "&X-Amz-Signature=" + s.signText(canonical),
	}
}

func TestPresigned(t *testing.T) {
	replace := func(old, new string) func(*http.Request, *Rules) {
		return func(r *http.Request, _ *Rules) {
			r.RequestURI = strings.Replace(r.RequestURI, old, new, 1)
		}
	}
	at := func(d time.Duration) func(*http.Request, *Rules) {
		return func(_ *http.Request, rules *Rules) { rules.Now = testTime.Add(d) }
	}
	header := func(name, value string) func(*http.Request, *Rules) {
		return func(r *http.Request, _ *Rules) { r.Header.Set(name, value) }
	}
	const (
		parameters = "AuthorizationQueryParametersError"
		mismatch   = "SignatureDoesNotMatch"
		denied     = "AccessDenied"
	)
	for _, tt := range []struct {
		name, expires string
		change        func(*http.Request, *Rules)
		want          string
	}{
		{"valid", "60", at(0), ""},
		{"header of a browser", "60", header("Content-Type", "text/plain"), ""},
		{"at the end", "60", at(60 * time.Second), ""},
		{"too late", "60", at(61 * time.Second), denied},
		{"too early", "60", at(-16 * time.Minute), denied},
		{"a week", "604800", at(0), ""},
		{"more than a week", "604801", at(0), parameters},
		{"zero", "0", at(0), parameters},
		{"negative", "-1", at(0), parameters},
		{"longer than signed", "60", replace("Expires=60", "Expires=600"), mismatch},
		{"path", "60", replace("/k", "/l"), mismatch},
		{"header added", "60", header("X-Amz-Acl", "private"), denied},
		{"parameter added", "60", replace("?", "?versionId=1&"), mismatch},
		{"no signature", "60", replace("X-Amz-Signature", "X-Amz-Sign"), parameters},
		{"no token", "60", replace("X-Amz-Security-Token", "X-Amz-Sec"), "InvalidAccessKeyId"},
		{"algorithm", "60", replace("HMAC-SHA256", "HMAC-SHA1"), "InvalidRequest"},
		{"method", "60", func(r *http.Request, _ *Rules) { r.Method = "DELETE" }, mismatch},
	} {
		r, rules := newSigner("s3").presigned(tt.expires), testRules("s3")
		rules.Lookup = lookup(expiring(testTime.Add(30 * 24 * time.Hour)))
		tt.change(r, rules)
		if got := rules.code(t, r, ""); got != tt.want {
			t.Errorf("%s: code = %q, want %q", tt.name, got, tt.want)
		}
	}
	rules := testRules("s3")
	rules.Now = testTime.Add(2 * time.Hour)
	if got := rules.code(t, newSigner("s3").presigned("86400"), ""); got != "ExpiredToken" {
		t.Errorf("URL that outlives its credentials: code = %q, want ExpiredToken", got)
	}
}
