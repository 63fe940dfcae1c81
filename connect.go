package cognito

import (
	"context"
	"crypto/x509"
	"net/http"
	"sync"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// connectAhead uses the time in which a sign-in or a refresh waits for the user pool: it loads the system's root
// certificates, which the first TLS handshake needs, and opens connections to the hosts that credentials will come from,
// by a HEAD request that carries nothing. It does not matter whether that works. What is still under way at stop is given
// up.
func (c *Client) connectAhead(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { x509.SystemCertPool() })
	open := func(service, region, custom string) {
		u, err := endpoint.URL(service, region, custom, endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack})
		if err != nil {
			return // the call itself will tell
		}
		running.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
			if err != nil {
				return
			}
			if response, err := c.services.http.Do(request); err == nil {
				response.Body.Close()
			}
		})
	}
	e := c.Environment
	if e.IdentityPoolID != "" {
		open("cognito-identity", e.identityPoolRegion(), e.Endpoints.CognitoIdentity)
		if c.Duration != 0 {
			open("sts", e.AWSRegion(), e.Endpoints.STS)
		}
	}
	return func() {
		cancel()
		running.Wait()
	}
}
