package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// domain checks that the environment's domain resolves, has a valid certificate, serves managed
// login, and belongs to the environment's user pool. A user pool can have two domains, but its
// discovery document names only one of them.
func (d *doctor) domain(ctx context.Context) (string, error) {
	e := d.s.env
	at, err := baseOf(e.Domain)
	if err != nil {
		return "", err
	}
	own, err := d.discover(ctx)
	if err != nil {
		return "", fmt.Errorf("the user pool's discovery document: %w", err)
	}
	_, status, err := d.fetch(ctx, at.JoinPath("oauth2", "userInfo"))
	other := own != "" && !strings.EqualFold(own, at.Host)
	set := "check domain, and the DNS record if it is a custom domain"
	if other {
		set = "the user pool's domain is " + own + ": set domain to it"
	}
	var dns *net.DNSError
	var name x509.HostnameError
	switch {
	case errors.As(err, &dns):
		return "", fmt.Errorf("%s does not resolve: %s", at.Host, set)
	case errors.As(err, &name):
		return "", fmt.Errorf("the certificate at %s is for another name: %s", at.Host, set)
	case err != nil && refusedConnection(err):
		return "", fmt.Errorf("nothing listens at %s: %s", at.Host, set)
	case err != nil:
		return "", err
	case status != http.StatusUnauthorized: // the status for a request without an access token
		return "", fmt.Errorf("%s does not answer as managed login (HTTP %d): %s", at.Host, status,
			set)
	case !other:
		return at.Host + " is the user pool's domain", nil
	}
	// A second domain of the user pool knows the app client. Domains of other pools do not.
	first, _, _ := strings.Cut(e.RedirectURI, ",")
	if first == "" {
		return "", remark(at.Host + " may belong to another user pool: " + set)
	} else if d.authorize(ctx, strings.TrimSpace(first)) != nil {
		return "", fmt.Errorf("%s does not accept the app client: %s", at.Host, set)
	}
	return at.Host + " is a domain of the user pool, as is " + own, nil
}

// baseOf returns the URL of a domain, which may be a host name.
func baseOf(domain string) (*url.URL, error) {
	if !strings.Contains(domain, "://") {
		domain = "https://" + domain
	}
	return endpoint.Parse(domain)
}

// discover returns the host of managed login in the user pool's discovery document (OpenID Connect
// Discovery 1.0), or "" if it has none.
func (d *doctor) discover(ctx context.Context) (string, error) {
	e := d.s.env
	fips, dualStack := d.a.hosts()
	home, _, _ := strings.Cut(e.UserPoolID, "_")
	at, err := endpoint.URL("cognito-idp", cmp.Or(e.UserPoolRegion, home),
		e.Endpoints.CognitoIDP, endpoint.Options{FIPS: fips, DualStack: dualStack})
	if err != nil {
		return "", err
	}
	body, status, err := d.fetch(ctx,
		at.JoinPath(e.UserPoolID, ".well-known", "openid-configuration"))
	if err != nil || status != http.StatusOK {
		return "", cmp.Or(err, fmt.Errorf("%s returned HTTP %d: check user_pool_id and aws_region",
			at.Host, status))
	}
	var document map[string]json.RawMessage // a struct would match names in any case
	var authorize string
	if json.Unmarshal(body, &document) != nil {
		return "", fmt.Errorf("%s returned no JSON object: check endpoints.cognito_idp", at.Host)
	}
	json.Unmarshal(document["authorization_endpoint"], &authorize) // it may be missing
	u, err := url.Parse(authorize)
	if err != nil {
		return "", nil
	}
	return u.Host, nil
}

// fetch sends a GET request without secrets, and reads at most 64 KiB of the response.
func (d *doctor) fetch(ctx context.Context, u *url.URL) (body []byte, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, 0, err
	}
	response, err := d.s.client.HTTPClient.Do(request) // it does not follow redirects
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", u.Host, withoutURL(err))
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return body, response.StatusCode, err
}
