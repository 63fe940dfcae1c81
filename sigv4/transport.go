package sigv4

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// Transport is an http.RoundTripper that signs each request and sends it.
//
//	client := &http.Client{
//		Transport:     &sigv4.Transport{Region: "eu-west-1", Service: "execute-api", Credentials: session.Credentials},
//		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
//	}
//
// A redirect to another host, port or scheme is an error: it would hand the session token and a signature to whoever
// the answer names. With CheckRedirect as above the caller sees the answer itself.
//
// A request over plain http is an error, unless to a loopback address. See [Signer.Sign] for what else is refused and
// for how bodies are read.
type Transport struct {
	// Region and Service are those of [Signer]. Required.
	Region, Service string

	// Credentials returns the credentials for the next request. It is called for each one, by several goroutines at a
	// time, with the context of the request. Required.
	Credentials func(context.Context) (Credentials, error)

	// Now is the time to sign with, where the machine's clock may be off and the service's is known better. Nil: time.Now.
	Now func() time.Time

	// UnsignedPayload leaves request bodies for Amazon S3 out of the signature, as [UnsignedPayload] does, so that they are
	// not read before they are sent. Set Request.ContentLength with them: Amazon S3 wants to know it. False, another service,
	// or plain http: they are hashed as [Signer.Sign] says.
	UnsignedPayload bool

	// Base sends the signed requests. Nil: http.DefaultTransport.
	Base http.RoundTripper

	key atomic.Pointer[cachedKey] // of the Signer of the last request
}

// RoundTrip signs a clone of req with the present time and sends it. The Request of the answer is req, without a signature.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	signed, err := t.sign(req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	resp, err := t.base().RoundTrip(signed)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

func (t *Transport) sign(req *http.Request) (*http.Request, error) {
	switch {
	case t.Credentials == nil:
		return nil, errors.New("sigv4: Transport.Credentials is nil: set the function that returns credentials")
	case req.URL == nil:
		return nil, errors.New("sigv4: the request has no URL: set one")
	case req.URL.Scheme != "https" && !loopback(req.URL.Hostname()):
		return nil, fmt.Errorf("sigv4: signed requests to %s need https: change the URL's scheme", req.URL.Host)
	case req.Response != nil && !sameOrigin(req):
		return nil, fmt.Errorf("sigv4: not following a redirect to %s with a signed request: set http.Client.CheckRedirect to return http.ErrUseLastResponse", req.URL.Host)
	}
	creds, err := t.Credentials(req.Context())
	if err != nil {
		return nil, fmt.Errorf("sigv4: getting credentials: %w", err)
	}
	signed := req.Clone(req.Context())
	now := t.Now
	if now == nil {
		now = time.Now
	}
	signer := Signer{Region: t.Region, Service: t.Service}
	signer.key.Store(t.key.Load())
	hash := ""
	if t.UnsignedPayload && signer.s3() && req.URL.Scheme == "https" && req.Body != nil && req.Body != http.NoBody {
		hash = UnsignedPayload
	}
	err = signer.Sign(signed, creds, hash, now())
	t.key.Store(signer.key.Load())
	return signed, err
}

// CloseIdleConnections closes those of Base. http.Client.CloseIdleConnections calls it.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper { return cmp.Or(t.Base, http.DefaultTransport) }

// sameOrigin reports whether a request made by a redirect goes to where the redirect came from.
func sameOrigin(req *http.Request) bool {
	from := req.Response.Request
	return from != nil && from.URL != nil && from.URL.Scheme == req.URL.Scheme && strings.EqualFold(from.URL.Host, req.URL.Host)
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}
