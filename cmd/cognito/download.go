package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// isURL reports whether the argument of -from has the form of a URL. "C:\file" does not.
func isURL(from string) bool { return strings.Contains(from, "://") }

// withoutQuery returns the argument of -from for messages. The query of a URL may hold a secret,
// such as a signature.
func withoutQuery(from string) string {
	if isURL(from) {
		from, _, _ = strings.Cut(from, "?")
	}
	return from
}

// download returns the file at a URL, or an error if the file has more than most bytes. Redirects
// are not followed: TLS proves which host sent the file, and the user named that host.
func (a *app) download(ctx context.Context, address string, most int64) ([]byte, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "": // err quotes the URL
		return nil, usagef("-from: the URL is invalid: it should look like https://HOST/FILE")
	case u.User != nil:
		return nil, usagef("-from: the URL has a user name: remove it, or download the file")
	case !secure(u):
		return nil, usagef("-from: the URL starts with %q: it must be https (or http to a "+
			"loopback host)", u.Scheme+":")
	}
	client, err := a.httpClient()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, usagef("-from: the URL is invalid: it should look like https://HOST/FILE")
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("-from %s: %w", withoutQuery(address), withoutURL(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("-from %s: the server returned %s%s", withoutQuery(address),
			response.Status, redirected(response))
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("the file has more than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("-from %s: %w", withoutQuery(address), err)
	}
	return data, nil
}
