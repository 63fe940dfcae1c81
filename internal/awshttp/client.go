package awshttp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// NewHTTPClient returns an HTTP client for requests with secrets. It uses TLS 1.2 or later and
// HTTP/2, and does not follow redirects. Each step has a time limit, and a whole attempt one
// minute. The environment's proxies are used; they see no more of https than the host name.
// Requests to localhost use neither a proxy nor an address outside this machine. The client shares
// nothing with http.DefaultClient.
func NewHTTPClient() *http.Client {
	t := &http.Transport{
		Proxy:                  proxy,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    64, // the largest number of pages that s3list requests at once
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true, // net/http disables it if there is a TLSClientConfig
	}
	if runtime.GOOS != "js" { // where net/http uses the browser's fetch if it has no dialer
		t.DialContext = dialContext(t)
	}
	return &http.Client{Timeout: time.Minute, Transport: t, CheckRedirect: lastResponse}
}

// dialContext returns the DialContext of t. It checks the settings for root certificates, and that
// localhost is this machine.
func dialContext(t *http.Transport) func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	local := *dialer
	local.ControlContext = loopbackOnly
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(address); loopback(host) {
			return local.DialContext(ctx, network, address)
		}
		if t.TLSClientConfig == nil || t.TLSClientConfig.RootCAs == nil {
			if err := checkRoots(); err != nil {
				return nil, err
			}
		}
		return dialer.DialContext(ctx, network, address)
	}
}

// loopback is endpoint.Loopback for host names in any case.
func loopback(host string) bool { return endpoint.Loopback(strings.ToLower(host)) }

// loopbackOnly is a net.Dialer.ControlContext that refuses addresses of other machines. The name
// localhost can have one where DNS resolves it, and http does not authenticate the server.
func loopbackOnly(_ context.Context, _, address string, _ syscall.RawConn) error {
	if host, _, _ := net.SplitHostPort(address); !loopback(host) {
		return fmt.Errorf("localhost has the address %s, which is not a loopback address", host)
	}
	return nil
}

// noRedirects returns a copy of c that does not follow redirects. net/http would send the security
// token, and after a 307 also the body, to any host that the response names.
func noRedirects(c *http.Client) *http.Client {
	copied := *c
	copied.CheckRedirect = lastResponse
	copied.Transport = NoFetchRedirects(copied.Transport)
	return &copied
}

// lastResponse is an http.Client.CheckRedirect that follows no redirect.
func lastResponse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
