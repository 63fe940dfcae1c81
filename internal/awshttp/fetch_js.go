package awshttp

import (
	"net/http"
	"strings"
	"syscall/js"
)

// NoFetchRedirects returns a transport that sends requests with t, and prevents that fetch follows
// redirects. fetch ignores http.Client.CheckRedirect.
func NoFetchRedirects(t http.RoundTripper) http.RoundTripper {
	if t == nil {
		t = http.DefaultTransport
	}
	n, ok := t.(*http.Transport)
	dials := ok && (n.Dial != nil || n.DialContext != nil || n.DialTLS != nil ||
		n.DialTLSContext != nil)
	if dials || !fetches() {
		return t // which would refuse the option, because it is not a valid header field
	}
	return manual{t}
}

// fetches reports whether net/http uses fetch. Under Node.js, it does not
// (net/http/roundtrip_js.go, jsFetchMissing and jsFetchDisabled).
func fetches() bool {
	process := js.Global().Get("process")
	node := process.Type() == js.TypeObject &&
		strings.HasPrefix(process.Get("argv0").String(), "node")
	return !node && !js.Global().Get("fetch").IsUndefined()
}

// manual sets the redirect option of fetch to "manual". The response to a redirect then has status
// 0 in browsers.
type manual struct{ base http.RoundTripper }

// RoundTrip sends a copy of req that has the option.
func (m manual) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("js.fetch:redirect", "manual")
	return m.base.RoundTrip(req)
}
