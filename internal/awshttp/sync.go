package awshttp

import (
	"context"
	"net/http"
	"net/url"
)

// Sync learns the time of the server of u from its response to an empty HEAD request. Errors are
// ignored.
func (s *Sender) Sync(ctx context.Context, client *http.Client, u *url.URL) {
	if client == nil {
		client = s.ownClient()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return
	}
	if resp, err := noRedirects(client).Do(req); err == nil {
		resp.Body.Close()
		s.learn(u, resp.Header)
	}
}
