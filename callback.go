package cognito

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// A BrowserError is what the user pool or a provider sent in place of a code (RFC 6749 section
// 4.1.2.1).
type BrowserError struct {
	Code        string // such as "access_denied"
	Description string // may be empty; control characters are removed

	// Doubtful is true if the error arrived without the state of this sign-in. Cognito sends such
	// errors, but any page in the browser can too. The sign-in continues.
	Doubtful bool
}

func newBrowserError(code, description string) *BrowserError {
	return &BrowserError{
		Code:        awshttp.Clean(code, 64),
		Description: awshttp.Clean(description, 512),
	}
}

// Error returns one line with the code and the description.
func (e *BrowserError) Error() string {
	text := "cognito: managed login refused the sign-in: " + e.Code
	if e.Doubtful {
		text = "cognito: managed login, or another page in the browser, refused the sign-in: " +
			e.Code
	}
	if e.Description != "" {
		text += ": " + e.Description
	}
	return text
}

// badPorts are the ports that browsers do not open (WHATWG: Fetch, "port blocking").
const badPorts = "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 " +
	"104 109 110 111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 " +
	"530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 " +
	"4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080"

// parseRedirectURI reads a callback URL: absolute, without a fragment, and with http only on
// loopback (AWS: CreateUserPoolClient, CallbackURLs).
func parseRedirectURI(uri string) (*url.URL, error) {
	u, err := url.Parse(uri)
	switch {
	case err != nil, !u.IsAbs(), u.User != nil, len(uri) > 1024,
		strings.ContainsFunc(uri, func(c rune) bool { return c <= ' ' || c > '~' || c == '#' }):
		return nil, errors.New("not a callback URL")
	case u.Scheme != "http":
		return u, nil
	}
	port := portOf(u)
	n, err := strconv.Atoi(port)
	if err != nil || n > 65535 || strconv.Itoa(n) != port || listed(badPorts, port) ||
		!endpoint.Loopback(u.Hostname()) {
		return nil, errors.New("not a callback URL on this machine")
	}
	return u, nil
}

// portOf returns the port of an http or https URL.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	case u.Scheme == "https":
		return "443"
	}
	return ""
}

// sameURL reports whether two URLs differ at most in query and fragment, and in what browsers
// normalize.
func sameURL(a, b *url.URL) bool {
	path := func(u *url.URL) string {
		if u.EscapedPath() == "" && u.Host != "" {
			return "/"
		}
		return u.EscapedPath()
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) &&
		portOf(a) == portOf(b) && a.User == nil && a.Opaque == b.Opaque && path(a) == path(b)
}

// listen selects the first callback URL on loopback whose port is free, and listens there. If none
// is on loopback, it selects the first one.
func (b *BrowserSignIn) listen(ctx context.Context, uris []string) error {
	b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	var failed []string
	for _, uri := range uris {
		u, err := parseRedirectURI(uri)
		if err != nil {
			return fmt.Errorf("cognito: the callback URL %.200q is invalid: see "+
				"Environment.RedirectURI", uri)
		}
		if u.Scheme != "http" {
			if b.callback == nil {
				b.callback, b.RedirectURI = u, uri
			}
			continue
		}
		listeners, err := listenOn(ctx, u)
		if err == nil {
			b.callback, b.RedirectURI = u, uri
			b.serve(listeners)
			return nil
		}
		failed = append(failed, err.Error())
	}
	if failed != nil {
		return fmt.Errorf("cognito: no port of redirect_uri is free: %s",
			strings.Join(failed, "; "))
	}
	return nil
}

// listenOn listens where a browser may connect. For localhost that is both address families,
// because the one that another program has would receive the code.
func listenOn(ctx context.Context, u *url.URL) (all []net.Listener, err error) {
	hosts := []string{u.Hostname()}
	if hosts[0] == "localhost" {
		hosts = []string{"127.0.0.1", "::1"}
	}
	var config net.ListenConfig
	for _, host := range hosts {
		l, failed := config.Listen(ctx, "tcp", net.JoinHostPort(host, portOf(u)))
		if failed == nil {
			all = append(all, l)
			continue
		}
		err = failed
		if free, absent := config.Listen(ctx, "tcp", net.JoinHostPort(host, "0")); absent == nil {
			// The machine has this address family, so the port is in use.
			free.Close()
			for _, l := range all {
				l.Close()
			}
			return nil, err
		}
	}
	if all != nil {
		err = nil
	}
	return all, err
}

func (b *BrowserSignIn) serve(listeners []net.Listener) {
	b.server = &http.Server{
		Handler:        http.HandlerFunc(b.handle),
		ReadTimeout:    10 * time.Second,
		MaxHeaderBytes: 64 << 10, // all programs on localhost share cookies
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	b.server.SetKeepAlivesEnabled(false)
	for _, l := range listeners {
		go b.server.Serve(l) // returns at Close
	}
}

// handle responds to the browser, after the exchange. Requests that are not callbacks of this
// sign-in change nothing: a wrong Host is DNS rebinding, and others come from scanners, for icons
// and from hostile pages.
func (b *BrowserSignIn) handle(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.pages.Add(1)
	}
	b.mu.Unlock()
	if closed {
		return
	}
	defer b.pages.Done()

	host := func(s string) string { return strings.TrimSuffix(strings.ToLower(s), ":80") }
	at := &url.URL{Scheme: "http", Host: b.callback.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	switch {
	case host(r.Host) != host(b.callback.Host):
		respond(w, http.StatusForbidden, pageUnrelated)
		return
	case !sameURL(at, b.callback):
		respond(w, http.StatusNotFound, pageUnrelated)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		respond(w, http.StatusMethodNotAllowed, pageUnrelated)
		return
	}
	// Not the context of the request: if the browser disconnects, the code has been used.
	err := b.deliver(b.ctx, r.URL.RawQuery)
	var refused *BrowserError
	switch {
	case err == nil:
		respond(w, http.StatusOK, pageSignedIn)
	case errors.Is(err, errState), errors.Is(err, errQuery):
		respond(w, http.StatusBadRequest, pageUnrelated)
	default:
		if errors.As(err, &refused) && refused.Doubtful {
			b.doubt(refused)
		}
		respond(w, http.StatusBadRequest, pageFailed)
	}
}

// doubt passes a doubtful error to Wait.
func (b *BrowserSignIn) doubt(refused *BrowserError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.doubts < maxDoubts {
		b.doubts++
		b.doubtful <- refused // has room for all
	}
}

// A page is a fixed text: nothing of a request is in it.
type page struct{ title, text string }

var (
	pageSignedIn  = page{"You are signed in", "Close this page and return to the program."}
	pageFailed    = page{"The sign-in failed", "Return to the program, which shows the reason."}
	pageUnrelated = page{"This is not a sign-in in progress",
		"Return to the program and start again."}
)

const pageHTML = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%[1]s</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto 0; max-width: 26rem;
  padding: 0 1.5rem; text-align: center; }
h1 { font-size: 1.5rem; line-height: 1.25; }
</style>
<main>
<h1>%[1]s</h1>
<p>%[2]s</p>
</main>
</html>
`

// respond writes a page, and has sent all of it when it returns.
func respond(w http.ResponseWriter, status int, p page) {
	body := fmt.Sprintf(pageHTML, p.title, p.text)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(2 * time.Second))
	w.WriteHeader(status)
	io.WriteString(w, body)
	control.Flush()
}

// Close releases the ports, after the browser has received its page. A Wait in progress returns an
// error. Sessions are not affected.
func (b *BrowserSignIn) Close() error {
	b.end(nil, errClosed)
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.pages.Wait()
	if b.server == nil {
		return nil
	}
	// Shutdown would wait for connections that browsers open ahead and do not use.
	return b.server.Close()
}
