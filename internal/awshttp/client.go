package awshttp

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// NewHTTPClient is an HTTP client fit for secrets: TLS 1.2 or better, HTTP/2, a time limit on each step and of one
// minute on a whole attempt, proxies from the environment (through https they see no more than the host name), and
// no redirects. Nothing is shared with http.DefaultClient or other clients.
func NewHTTPClient() *http.Client {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    64, // the most pages that s3list asks for at the same time
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true, // a TLSClientConfig turns it off otherwise
	}
	return noRedirects(&http.Client{Transport: t, Timeout: time.Minute})
}

// noRedirects is a copy of c that hands back a 3xx answer as it is. net/http would take the security token, and
// after a 307 the body too, to whatever host the answer names.
func noRedirects(c *http.Client) *http.Client {
	copied := *c
	copied.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &copied
}
