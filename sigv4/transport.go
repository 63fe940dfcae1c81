package sigv4

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper] that signs each request before it sends it.
//
//	client := &http.Client{
//		Transport: &sigv4.Transport{
//			Region:      "eu-west-1",
//			Service:     "execute-api",
//			Credentials: session.Credentials,
//		},
//		CheckRedirect: func(*http.Request, []*http.Request) error {
//			return http.ErrUseLastResponse
//		},
//	}
//
// A redirect to another scheme, host or port is an error, because Transport would send the session
// token and a signature to a server of the response's choice. With CheckRedirect as above, callers
// receive the redirect response instead.
//
// A request with the scheme http is an error unless its host is a loopback address. [Signer.Sign]
// describes other errors and how bodies are read.
type Transport struct {
	// Region and Service are those of [Signer]. They are required and must not change after the
	// first request.
	Region, Service string

	// Credentials returns the credentials for one request. It is called for each request, with
	// the context of the request, by several goroutines at the same time. It is required.
	Credentials func(context.Context) (Credentials, error)

	// Now returns the time of a signature. Set it to correct the local clock by the time of the
	// service. If it is nil, time.Now is used.
	Now func() time.Time

	// UnsignedPayload excludes the bodies of requests to Amazon S3 from the signature, so that
	// they are not read before they are sent (see the constant [UnsignedPayload]). Amazon S3
	// needs Request.ContentLength in such requests. For other services and over http, it has no
	// effect.
	UnsignedPayload bool

	// Base sends the signed requests. If it is nil, http.DefaultTransport is used.
	Base http.RoundTripper

	once   sync.Once
	signer Signer // set by the first request
}

// RoundTrip implements [http.RoundTripper]. It signs and sends a clone of req. The response's
// Request is req, without the signature.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	signed, err := t.sign(req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	resp, err := cmp.Or(t.Base, http.DefaultTransport).RoundTrip(signed)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// sign returns a signed clone of req.
func (t *Transport) sign(req *http.Request) (*http.Request, error) {
	switch {
	case t.Credentials == nil:
		return nil, errors.New("sigv4: Transport.Credentials is nil")
	case req.URL == nil:
		return nil, errors.New("sigv4: request has no URL")
	case !secure(req.URL):
		return nil, fmt.Errorf("sigv4: request to %s needs the scheme https", req.URL.Host)
	case req.Response != nil && !sameOrigin(req):
		return nil, fmt.Errorf("sigv4: redirect to %s is not signed: set Client.CheckRedirect "+
			"to return http.ErrUseLastResponse", req.URL.Host)
	}
	creds, err := t.Credentials(req.Context())
	if err != nil {
		return nil, fmt.Errorf("sigv4: obtaining credentials: %w", err)
	}
	signed := req.Clone(req.Context())
	now := t.Now
	if now == nil {
		now = time.Now
	}
	t.once.Do(func() { t.signer.Region, t.signer.Service = t.Region, t.Service })
	hash := ""
	if t.UnsignedPayload && t.signer.s3() && req.URL.Scheme == "https" &&
		req.Body != nil && req.Body != http.NoBody {
		hash = UnsignedPayload
	}
	return signed, t.signer.Sign(signed, creds, hash, now())
}

// CloseIdleConnections closes the idle connections of Base. http.Client.CloseIdleConnections
// calls it.
func (t *Transport) CloseIdleConnections() {
	base := cmp.Or(t.Base, http.DefaultTransport)
	if c, ok := base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// sameOrigin reports whether req, which a redirect caused, has the scheme and host of the request
// before it.
func sameOrigin(req *http.Request) bool {
	from := req.Response.Request
	return from != nil && from.URL != nil && from.URL.Scheme == req.URL.Scheme &&
		strings.EqualFold(from.URL.Host, req.URL.Host)
}

// secure reports whether u uses TLS, or its host is a loopback address or "localhost".
func secure(u *url.URL) bool {
	host := u.Hostname()
	address, err := netip.ParseAddr(host)
	return u.Scheme == "https" || u.Scheme == "wss" || strings.EqualFold(host, "localhost") ||
		err == nil && address.IsLoopback()
}
