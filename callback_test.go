package cognito_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// freePort returns a port that is free in both address families.
func freePort(t *testing.T) string {
	t.Helper()
	port, err := fakehttp.FreePort(t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// hasIPv6 reports whether the machine has the loopback address of IPv6.
func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// loopback returns a server and a client with callback URLs of the given hosts, on free ports.
func loopback(t *testing.T, hosts ...string) (*cognitotest.Server, *cognito.Client, []string) {
	t.Helper()
	var uris []string
	for _, host := range hosts {
		uris = append(uris, "http://"+host+":"+freePort(t)+"/callback")
	}
	server := cognitotest.Example()
	server.UserPools[0].Clients[0].CallbackURLs = uris
	c := browserClient(server)
	c.Environment.RedirectURI = strings.Join(uris, ",")
	return server, c, uris
}

// load requests a page as a browser does.
func load(t *testing.T, method, address string, change func(*http.Request)) (
	resp *http.Response, page string) {
	t.Helper()
	r, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	if resp, err = http.DefaultTransport.RoundTrip(r); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return resp, string(body)
}

// The browser finds the listener in each spelling of loopback and in both address families, and
// gets its page even if the program closes the sign-in at once. Idle connections do not delay that.
func TestListener(t *testing.T) {
	for _, test := range []struct{ host, dial string }{
		{"localhost", "127.0.0.1"},
		{"localhost", "[::1]"},
		{"127.0.0.1", "127.0.0.1"},
		{"[::1]", "[::1]"},
	} {
		if strings.Contains(test.dial, ":") && !hasIPv6() {
			continue
		}
		server, c, uris := loopback(t, test.host)
		b := startBrowser(t, c)
		address := browse(t, server, b)
		at, err := url.Parse(address)
		if err != nil || b.RedirectURI != uris[0] {
			t.Fatalf("RedirectURI = %q, %v, want %q", b.RedirectURI, err, uris[0])
		}
		idle, err := net.Dial("tcp", test.dial+":"+at.Port())
		if err != nil {
			t.Errorf("%s by %s: %v", test.host, test.dial, err)
			continue
		}
		defer idle.Close()
		closed := make(chan time.Duration)
		go func() {
			_, err := b.Wait(t.Context())
			start := time.Now()
			if err := errors.Join(err, b.Close()); err != nil {
				t.Errorf("%s: Wait, Close: %v", test.host, err)
			}
			closed <- time.Since(start)
		}()
		host := at.Host
		at.Host = test.dial + ":" + at.Port()
		resp, page := load(t, "GET", at.String(), func(r *http.Request) { r.Host = host })
		if resp.StatusCode != 200 || !strings.Contains(page, "You are signed in") ||
			!strings.HasSuffix(page, "</html>\n") {
			t.Errorf("%s: status %d, page %q", test.host, resp.StatusCode, page)
		}
		if took := <-closed; took > 3*time.Second {
			t.Errorf("%s: Close took %v", test.host, took)
		}
		if l, err := net.Listen("tcp", at.Host); err != nil {
			t.Errorf("%s: the port is in use after Close: %v", test.host, err)
		} else {
			l.Close()
		}
	}
}

// Requests that are not the callback change nothing, and learn nothing.
func TestListenerIgnores(t *testing.T) {
	server, c, _ := loopback(t, "localhost")
	b := startBrowser(t, c)
	good := browse(t, server, b)
	q := queryOf(t, good)
	code, state := q.Get("code"), q.Get("state")
	root := strings.TrimSuffix(b.RedirectURI, "/callback")
	rebound := func(r *http.Request) { r.Host = "evil.example" }
	for _, test := range []struct {
		name, method, address string
		change                func(*http.Request)
		status                int
	}{
		{"rebound Host", "GET", good, rebound, 403},
		{"rebound Host with the port", "GET", good, func(r *http.Request) {
			r.Host = "evil.example:" + r.URL.Port()
		}, 403},
		{"another spelling of loopback", "GET", good, func(r *http.Request) {
			r.Host = "127.0.0.1:" + r.URL.Port()
		}, 403},
		{"no port in Host", "GET", good, func(r *http.Request) { r.Host = "localhost" }, 403},
		{"root", "GET", root + "/", nil, 404},
		{"icon", "GET", root + "/favicon.ico", nil, 404},
		{"another path", "GET", strings.Replace(good, "/callback", "/Callback", 1), nil, 404},
		{"path in another spelling", "GET", strings.Replace(good, "/callback", "/call%62ack", 1),
			nil, 404},
		{"form", "POST", good, nil, 405},
		{"preflight", "OPTIONS", good, nil, 405},
		{"head", "HEAD", good, nil, 405},
		{"wrong state", "GET", b.RedirectURI + "?code=" + code + "&state=x", nil, 400},
		{"no state", "GET", b.RedirectURI + "?code=" + code, nil, 400},
		{"no query", "GET", b.RedirectURI, nil, 400},
		{"two states", "GET", good + "&state=" + state, nil, 400},
		{"two codes", "GET", good + "&code=x", nil, 400},
		{"error, wrong state", "GET", b.RedirectURI + "?error=<script>&state=x", nil, 400},
		{"error, no state", "GET", b.RedirectURI + "?error=<script>&error_description=<b>", nil,
			400},
	} {
		resp, page := load(t, test.method, test.address, test.change)
		if resp.StatusCode != test.status || strings.Contains(page, "script") ||
			strings.Contains(page, code) || strings.Contains(page, state) ||
			resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: status %d, want %d, page %q", test.name, resp.StatusCode, test.status,
				page)
		}
		for name, want := range map[string]string{
			"Cache-Control":           "no-store",
			"Content-Security-Policy": "default-src 'none'",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"Connection":              "close",
		} {
			got := resp.Header.Get(name)
			if name == "Connection" && resp.Close {
				got = "close" // net/http removes the field
			}
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s = %q, want %q", test.name, name, got, want)
			}
		}
	}
	var refused *cognito.BrowserError
	if _, err := b.Wait(t.Context()); !errors.As(err, &refused) || !refused.Doubtful {
		t.Errorf("Wait: error %v, want a doubtful one", err)
	}
	if resp, page := load(t, "GET", good, nil); resp.StatusCode != 200 {
		t.Errorf("the callback: status %d, page %q", resp.StatusCode, page)
	}
	if _, err := b.Wait(t.Context()); err != nil {
		t.Errorf("Wait: %v", err)
	}
	// The browser loads the page again: the code is not sent again.
	server.Fault = func(r *http.Request) *http.Response {
		t.Errorf("unexpected request to %s%s", r.Host, r.URL.Path)
		return nil
	}
	if resp, _ := load(t, "GET", good, nil); resp.StatusCode != 200 {
		t.Errorf("the callback again: status %d, want 200", resp.StatusCode)
	}
	server.Fault = nil
}

// A page cannot fill the terminal with doubtful errors, nor end the sign-in with them.
func TestListenerManyErrors(t *testing.T) {
	server, c, _ := loopback(t, "localhost")
	b := startBrowser(t, c)
	n := 0
	for i := range 20 {
		load(t, "GET", fmt.Sprintf("%s?error=e%d", b.RedirectURI, i), nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		var refused *cognito.BrowserError
		if _, err := b.Wait(ctx); errors.As(err, &refused) {
			n++
		}
		cancel()
	}
	if n == 0 || n > 3 {
		t.Errorf("Wait returned %d errors, want 1 to 3", n)
	}
	if resp, _ := load(t, "GET", browse(t, server, b), nil); resp.StatusCode != 200 {
		t.Errorf("the callback: status %d, want 200", resp.StatusCode)
	}
	if _, err := b.Wait(t.Context()); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// The page says that the sign-in failed if the exchange does, and if the user pool refuses.
func TestListenerFailedPage(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		server, c, _ := loopback(t, "localhost")
		server.Fault = func(r *http.Request) *http.Response {
			if r.URL.Path == "/oauth2/token" {
				return answer(400, `{"error":"invalid_grant"}`)
			}
			return nil
		}
		b := startBrowser(t, c)
		address := browse(t, server, b)
		if refuse {
			address = b.RedirectURI + "?error=access_denied&state=" +
				queryOf(t, address).Get("state")
		}
		resp, page := load(t, "GET", address, nil)
		if resp.StatusCode != 400 || !strings.Contains(page, "The sign-in failed") {
			t.Errorf("status %d, page %q", resp.StatusCode, page)
		}
		if s, err := b.Wait(t.Context()); s != nil || err == nil {
			t.Errorf("Wait: %v, want an error", err)
		}
	}
}

// If another program has the port in either address family, the next callback URL is used.
func TestListenerNeighbor(t *testing.T) {
	for _, family := range []string{"127.0.0.1", "[::1]"} {
		if family == "[::1]" && !hasIPv6() {
			continue
		}
		_, c, uris := loopback(t, "localhost", "localhost")
		at, err := url.Parse(uris[0])
		if err != nil {
			t.Fatal(err)
		}
		neighbor, err := net.Listen("tcp", family+":"+at.Port())
		if err != nil {
			t.Fatalf("Listen: %v", err)
		}
		defer neighbor.Close()
		b := startBrowser(t, c)
		if b.RedirectURI != uris[1] || !strings.Contains(b.URL, url.QueryEscape(uris[1])) {
			t.Errorf("a neighbor on %s: RedirectURI = %q, want %q", family, b.RedirectURI, uris[1])
		}
		_, err = c.StartBrowser(t.Context(), cognito.BrowserLogin{})
		if err == nil || !strings.Contains(err.Error(), "no port in redirect_uri is free") ||
			!strings.Contains(err.Error(), at.Port()) {
			t.Errorf("no port is free: StartBrowser: error %v", err)
		}
		b.Close()
		again, err := c.StartBrowser(t.Context(), cognito.BrowserLogin{RedirectURI: uris[1]})
		if err != nil {
			t.Errorf("StartBrowser after Close: %v", err)
			continue
		}
		again.Close()
	}
}

// While the program listens, the user can also paste the address.
func TestListenerAndPaste(t *testing.T) {
	server, c, _ := loopback(t, "localhost")
	c.Environment.RedirectURI = "com.example.program:/callback," + c.Environment.RedirectURI
	b := startBrowser(t, c)
	if !strings.HasPrefix(b.RedirectURI, "http://localhost:") {
		t.Errorf("RedirectURI = %q, want one on loopback", b.RedirectURI)
	}
	address := browse(t, server, b)
	other := strings.Replace(address, "http://", "https://", 1)
	if err := b.Deliver(t.Context(), other); err == nil {
		t.Error("Deliver with another scheme: nil, want an error")
	}
	if err := b.Deliver(t.Context(), address); err != nil {
		t.Errorf("Deliver: %v", err)
	}
	if _, err := b.Wait(t.Context()); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// An outcome counts even if the context has ended too, or a doubtful error has arrived: the browser
// gets the true page, and a session is not lost.
func TestOutcomeBeforeContext(t *testing.T) {
	server, c, _ := loopback(t, "localhost")
	b := startBrowser(t, c)
	for range 3 {
		load(t, "GET", b.RedirectURI+"?error=access_denied", nil)
	}
	address := browse(t, server, b)
	if err := b.Deliver(t.Context(), address); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 32 { // select chooses at random
		if err := b.Deliver(ended, address); err != nil {
			t.Fatalf("Deliver again: %v", err)
		}
		if session, err := b.Wait(ended); err != nil || session == nil {
			t.Fatalf("Wait: %v, %v", session, err)
		}
	}
}

// Connections that never finish a request, and long requests, do not delay the browser.
func TestListenerSlowClients(t *testing.T) {
	server, c, uris := loopback(t, "localhost")
	b := startBrowser(t, c)
	at, err := url.Parse(uris[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, begun := range []string{
		"",
		"GET /callback?code=x",
		"GET /callback?code=x&state=y HTTP/1.1\r\nHost: " + at.Host + "\r\nX-A: ",
		"POST /callback HTTP/1.1\r\nHost: " + at.Host + "\r\nContent-Length: 1000000\r\n\r\n",
	} {
		slow, err := net.Dial("tcp", "127.0.0.1:"+at.Port())
		if err != nil {
			t.Fatalf("Dial: %v", err)
		}
		defer slow.Close()
		io.WriteString(slow, begun)
	}
	resp, _ := load(t, "GET", uris[0]+"?error=x&state="+strings.Repeat("y", 1<<20), nil)
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long query: status %d, want 431", resp.StatusCode)
	}
	if resp, _ := load(t, "GET", browse(t, server, b), nil); resp.StatusCode != 200 {
		t.Errorf("the callback: status %d, want 200", resp.StatusCode)
	}
	if _, err := b.Wait(t.Context()); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// Callbacks that arrive during the exchange wait for its outcome. Their codes are not sent.
func TestListenerSecondCallback(t *testing.T) {
	server, c, _ := loopback(t, "localhost")
	began, proceed := make(chan string, 2), make(chan bool)
	server.Fault = func(r *http.Request) *http.Response {
		if r.URL.Path == "/oauth2/token" {
			r.ParseForm()
			began <- r.Form.Get("code")
			<-proceed
		}
		return nil
	}
	b := startBrowser(t, c)
	good := browse(t, server, b)
	statuses := make(chan int, 2)
	visit := func(address string) {
		resp, err := http.Get(address)
		if err != nil {
			t.Errorf("GET: %v", err)
			statuses <- 0
			return
		}
		resp.Body.Close()
		statuses <- resp.StatusCode
	}
	go visit(good)
	code := <-began
	state := queryOf(t, good).Get("state")
	go visit(b.RedirectURI + "?error=access_denied&state=" + state)
	// A callback with another state is refused at once.
	if resp, _ := load(t, "GET", b.RedirectURI+"?code=x&state=y", nil); resp.StatusCode != 400 {
		t.Errorf("another state: status %d, want 400", resp.StatusCode)
	}
	close(proceed)
	for range 2 {
		if status := <-statuses; status != 200 {
			t.Errorf("a callback: status %d, want 200", status)
		}
	}
	if _, err := b.Wait(t.Context()); err != nil || code != queryOf(t, good).Get("code") {
		t.Errorf("Wait: %v after the code %q", err, code)
	}
	if len(began) != 0 {
		t.Errorf("the token endpoint received the code %q too", <-began)
	}
}
