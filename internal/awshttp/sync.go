package awshttp

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Sync learns the time of the server of u from its response to an empty HEAD request. Errors are
// ignored, as is a server that does not respond within 5 seconds.
func (s *Sender) Sync(ctx context.Context, client *http.Client, u *url.URL) {
	if client == nil {
		client = s.ownClient()
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return
	}
	if resp, err := noRedirects(client).Do(req); err == nil {
		resp.Body.Close()
		s.learn(u, resp.Header)
	}
}
