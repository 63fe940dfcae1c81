package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/loginwithcognito/cognito/managedlogin"
)

// These are the names of the steps that only environments with a domain have.
const (
	domainStep  = "domain"
	browserStep = "managed login"
)

// managedLogin checks that managed login accepts the app client, the scopes and each callback URL.
// If it does not, a browser shows an error page, and login -browser waits in vain.
func (d *doctor) managedLogin(ctx context.Context) (string, error) {
	e := d.s.env
	if e.RedirectURI == "" {
		return "", remark("skipped: redirect_uri is missing, which login -browser requires")
	}
	uris := strings.Split(e.RedirectURI, ",")
	for i, uri := range uris {
		uris[i] = strings.TrimSpace(uri)
		if err := d.authorize(ctx, uris[i]); err != nil {
			return "", fmt.Errorf("%s with the callback URL %s: %w", e.Domain, uris[i], err)
		}
	}
	return fmt.Sprintf("%s accepts %s", e.Domain, strings.Join(uris, ", ")), nil
}

// authorize begins a sign-in as a browser does, and stops at the first page.
func (d *doctor) authorize(ctx context.Context, uri string) error {
	e := d.s.env
	service := managedlogin.Client{Domain: e.Domain, ClientID: e.ClientID}
	address, err := service.AuthorizeURL(managedlogin.AuthorizeInput{
		RedirectURI:   uri,
		Scope:         e.Scopes,
		State:         rand.Text(),
		Nonce:         rand.Text(),
		CodeChallenge: managedlogin.CodeChallenge(rand.Text() + rand.Text()),
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := *d.s.client.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	response, err := client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer response.Body.Close()
	io.CopyN(io.Discard, response.Body, 64<<10)
	page, err := response.Location()
	switch {
	case err == nil && page.Query().Get("error") == "redirect_mismatch":
		return errors.New("redirect_mismatch: register it at the app client exactly as it is here")
	case err == nil && page.Query().Has("error"):
		q := page.Query()
		return fmt.Errorf("%.64q: %.256q: check the app client's flows, scopes and providers",
			q.Get("error"), q.Get("error_description"))
	case err != nil && response.StatusCode != http.StatusOK:
		return fmt.Errorf("unexpected response: HTTP %d: check domain", response.StatusCode)
	}
	return nil
}
