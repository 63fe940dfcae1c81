package cognito

import (
	"cmp"
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

// A BrowserError is what managed login sent in place of a code (RFC 6749 section 4.1.2.1).
type BrowserError struct {
	Code        string // such as "access_denied"
	Description string // may be empty

	// Doubtful is true if the error arrived without the state of the sign-in. Cognito sends such
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
	text := "cognito: managed login"
	if e.Doubtful {
		text += " or another page"
	}
	return strings.TrimSuffix(text+" refused the sign-in: "+e.Code+": "+e.Description, ": ")
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
	invalid := func(c rune) bool { return c <= ' ' || c > '~' || c == '#' }
	if err != nil || !u.IsAbs() || u.User != nil || len(uri) > 1024 ||
		strings.ContainsFunc(uri, invalid) {
		return nil, errors.New("cognito: redirect_uri is not a callback URL")
	}
	if u.Opaque != "" && u.Opaque[0] >= '0' && u.Opaque[0] <= '9' { // of localhost:8400/callback
		return nil, errors.New("cognito: redirect_uri has a host and a port, but no scheme")
	}
	port := callbackPort(u)
	n, err := strconv.Atoi(port)
	if u.Scheme == "http" && (err != nil || n > 65535 || strconv.Itoa(n) != port ||
		listed(badPorts, port) || !endpoint.Loopback(u.Hostname())) {
		return nil, errors.New("cognito: redirect_uri has http, but not a usable port on loopback")
	}
	return u, nil
}

func callbackPort(u *url.URL) string { return cmp.Or(u.Port(), "80") }

// place returns a URL without its query and fragment, in the form in which browsers send it.
func place(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" && u.Host != "" {
		path = "/"
	}
	return u.Scheme + ":" + u.Opaque + "//" + hostOf(u.Host) + path
}

func hostOf(host string) string { return strings.TrimSuffix(strings.ToLower(host), ":80") }

// listen selects the first callback URL on loopback whose port is free, and listens there. If none
// is on loopback, it selects the first one.
func (b *BrowserSignIn) listen(ctx context.Context, uris []string) error {
	var inUse []string
	for _, uri := range uris {
		u, err := parseRedirectURI(uri)
		if err != nil {
			return err
		}
		if u.Scheme != "http" {
			if b.callback == nil {
				b.callback, b.RedirectURI = u, uri
			}
			continue
		}
		listeners, err := listenOn(ctx, u)
		if err == nil {
			b.callback, b.RedirectURI, b.listeners = u, uri, listeners
			b.serve()
			return nil
		}
		inUse = append(inUse, err.Error())
	}
	if inUse != nil {
		return fmt.Errorf("cognito: no port in redirect_uri is free: %s", strings.Join(inUse, "; "))
	}
	return nil
}

// listenOn listens at every address that a browser may connect to. For localhost these are in both
// address families, because a program that has the port in one of them could receive the code.
func listenOn(ctx context.Context, u *url.URL) (all []net.Listener, err error) {
	hosts := []string{u.Hostname()}
	if hosts[0] == "localhost" {
		hosts = []string{"127.0.0.1", "::1"}
	}
	var config net.ListenConfig
	for _, host := range hosts {
		l, failed := config.Listen(ctx, "tcp", net.JoinHostPort(host, callbackPort(u)))
		if failed == nil {
			all = append(all, l)
			continue
		}
		err = failed
		other, absent := config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		if absent == nil { // the machine has this family, so the port is in use
			for _, l := range append(all, other) {
				l.Close()
			}
			return nil, err
		}
	}
	if all != nil {
		return all, nil
	}
	return nil, err
}

func (b *BrowserSignIn) serve() {
	b.server.Handler = http.HandlerFunc(b.handle)
	b.server.ReadTimeout = 10 * time.Second
	b.server.MaxHeaderBytes = 64 << 10 // all programs on localhost share their cookies
	b.server.ErrorLog = log.New(io.Discard, "", 0)
	b.server.SetKeepAlivesEnabled(false)
	for _, l := range b.listeners {
		go b.server.Serve(l) // returns after Close
	}
}

// handle responds to the browser after the exchange, so that the page is true. Other requests than
// callbacks change nothing: browsers request icons, and hostile pages rebind DNS names.
func (b *BrowserSignIn) handle(w http.ResponseWriter, r *http.Request) {
	b.pages.RLock()
	defer b.pages.RUnlock()
	at := url.URL{Scheme: "http", Host: b.callback.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	switch {
	case hostOf(r.Host) != hostOf(b.callback.Host):
		respond(w, http.StatusForbidden, unrelated)
		return
	case place(&at) != place(b.callback):
		respond(w, http.StatusNotFound, unrelated)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		respond(w, http.StatusMethodNotAllowed, unrelated)
		return
	}
	// Not with the context of the request: a code is valid once, even if the browser disconnects.
	err := b.deliver(b.ctx, r.URL.RawQuery)
	var refused *BrowserError
	switch {
	case err == nil:
		respond(w, http.StatusOK, "You are signed in")
		return
	case err == errState, err == errQuery:
		respond(w, http.StatusBadRequest, unrelated)
		return
	case errors.As(err, &refused) && refused.Doubtful && b.doubts.Add(1) <= maxDoubts:
		b.doubtful <- refused // has room for all
	}
	respond(w, http.StatusBadRequest, "The sign-in failed")
}

const (
	unrelated = "This page does not belong to a sign-in in progress"

	page = `<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>%[1]s</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif;
margin: 20vh auto; max-width: 26rem; padding: 0 1.5rem; text-align: center; text-wrap: balance }
h1 { font-size: 1.5rem; line-height: 1.2 }</style>
<h1>%[1]s</h1><p>You can close this page and return to the program.</p></html>
`
)

// respond sends a page. Its text is fixed: nothing of a request is in it.
func respond(w http.ResponseWriter, status int, title string) {
	for name, value := range map[string]string{
		"Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; " +
			"frame-ancestors 'none'",
		"Content-Type":           "text/html; charset=utf-8",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
	} {
		w.Header().Set(name, value)
	}
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(2 * time.Second))
	body := fmt.Sprintf(page, title)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	io.WriteString(w, body)
	control.Flush()
}

// Close releases the port after the browser has received its page. A Wait in progress returns an
// error. Sessions are not affected.
func (b *BrowserSignIn) Close() error {
	b.end(nil, errors.New("cognito: the sign-in with the browser was closed"))
	b.cancel()
	b.pages.Lock()
	defer b.pages.Unlock()
	err := b.server.Close() // Shutdown waits for connections that browsers open ahead
	for _, l := range b.listeners {
		l.Close() // again, because Serve may not have begun
	}
	return err
}
