package awshttp

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// NewHTTPClient returns an HTTP client for requests with secrets. It uses TLS 1.2 or later and
// HTTP/2, and does not follow redirects. Each step has a time limit, and a whole attempt one
// minute. The environment's proxies are used; they see no more of https than the host name. The
// client shares nothing with http.DefaultClient.
func NewHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return noRedirects(&http.Client{Timeout: time.Minute, Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    64, // the largest number of pages that s3list requests at once
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true, // net/http disables it if there is a TLSClientConfig
	}})
}

// noRedirects returns a copy of c that does not follow redirects. net/http would send the security
// token, and after a 307 also the body, to any host that the response names.
func noRedirects(c *http.Client) *http.Client {
	copied := *c
	copied.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return &copied
}
