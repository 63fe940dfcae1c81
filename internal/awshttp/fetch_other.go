//go:build !js

package awshttp

import "net/http"

// NoFetchRedirects returns t: http.Client.CheckRedirect prevents redirects on this system.
func NoFetchRedirects(t http.RoundTripper) http.RoundTripper { return t }
