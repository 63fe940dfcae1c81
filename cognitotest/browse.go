package cognitotest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Browse signs in at managed login as a user with a new browser would, without a browser.
// authorizeURL is a URL of the authorize endpoint, at the pool's Domain or on the loopback address.
// Browse fills the form with username and password, and returns the URL that the browser then
// opens: the redirect URI with a code or an error. With identity_provider in authorizeURL the user
// is one of that provider. Browse does not open a socket.
//
// Browse returns an error if the pages show one, or ask for more than a password.
func (s *Server) Browse(authorizeURL, username, password string) (callback string, err error) {
	start, err := url.Parse(authorizeURL)
	if err != nil {
		return "", errors.New("cognitotest: Browse: the authorize URL is not a URL")
	}
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	cookies := make(map[string]*http.Cookie)
	next, form := start, url.Values(nil)
	for range 10 {
		status, location, page, err := visit(client, next, form, cookies)
		switch {
		case err != nil:
			return "", fmt.Errorf("cognitotest: Browse: %w", err)
		case location != nil && (location.Scheme != start.Scheme || location.Host != start.Host):
			return location.String(), nil
		case location != nil:
			next, form = location, nil
			continue
		}
		message := between(page, `<p class="error" role="alert">`, "</p>")
		fields := formFields(page)
		if message != "" || status != http.StatusOK || !fields.Has("username") {
			title := between(page, "<title>", "</title>")
			return "", fmt.Errorf("cognitotest: Browse: the page %q (status %d) says %q",
				unescapeXML(title), status, unescapeXML(message))
		}
		fields.Set("username", username)
		fields.Set("password", password)
		form = fields
	}
	return "", errors.New("cognitotest: Browse: too many redirects")
}

// visit requests a page, with a form unless it is nil.
func visit(
	client *http.Client, u *url.URL, form url.Values, cookies map[string]*http.Cookie,
) (status int, location *url.URL, page string, err error) {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", formType)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		cookies[c.Name] = c
	}
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode/100 == 3 && err == nil {
		location, err = resp.Location()
	}
	return resp.StatusCode, location, string(body), err
}

// formFields returns the fields of the first form of a page, with their values.
func formFields(page string) url.Values {
	fields := make(url.Values)
	for _, tag := range strings.Split(between(page, "<form", "</form>"), "<input ")[1:] {
		name := between(tag, `name="`, `"`)
		fields.Set(unescapeXML(name), unescapeXML(between(tag, `value="`, `"`)))
	}
	return fields
}

// between returns the text between two marks, or "".
func between(text, start, end string) string {
	_, text, ok := strings.Cut(text, start)
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, end)
	return text
}

// unescapeXML replaces the references of escapeXML, except for control characters.
func unescapeXML(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(text)
}
