package interop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestChromium signs in at the stand-in's managed login with a real browser, which opens Cognito's
// host names over TLS. All cases share one browser. Each has a domain of its own.
func TestChromium(t *testing.T) {
	t.Parallel()
	b := startChromium(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *chromium)
	}{
		{"sign in", chromiumSignsIn},
		{"wrong password", chromiumWrongPassword},
		{"code", chromiumCode},
		{"new password", chromiumNewPassword},
		{"provider", chromiumProvider},
		{"cancel", chromiumCancels},
		{"cookie", chromiumCookie},
		{"IPv6 neighbor", chromiumNeighbor},
		{"hostile page", chromiumHostilePage},
		{"form-action", chromiumFormAction},
		{"layout", chromiumLayout},
		{"oauth2cli", chromiumOAuth2CLI},
		{"amplify", chromiumAmplify},
		{"tool", chromiumTool},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

// A browserTest is a sign-in in a browser.
type browserTest struct {
	*chromium
	server *cognitotest.Server
	pool   *cognitotest.UserPool
	client *cognito.Client
	*cognito.BrowserSignIn
}

// prepare returns a test whose pool can be changed until begin is called.
func (b *chromium) prepare(t *testing.T) *browserTest {
	t.Helper()
	s := &browserTest{chromium: b}
	s.server, s.pool = b.pool(t)
	s.client = &cognito.Client{
		Environment: cognito.Environment{
			UserPoolID:     s.pool.ID,
			ClientID:       cognitotest.ExampleClientID,
			IdentityPoolID: cognitotest.ExampleIdentityPoolID,
			Domain:         s.pool.Domain,
			RedirectURI:    callbackOn("localhost", freePort(t)),
		},
	}
	s.pool.Clients[0].CallbackURLs = []string{s.client.Environment.RedirectURI}
	return s
}

// callbackOn returns a callback URL with the port of a loopback address.
func callbackOn(host, address string) string {
	return "http://" + host + address[strings.LastIndex(address, ":"):] + "/callback"
}

// begin starts a sign-in and opens its URL.
func (s *browserTest) begin(t *testing.T, login cognito.BrowserLogin) {
	t.Helper()
	s.client.HTTPClient = s.server.Client()
	var err error
	if s.BrowserSignIn, err = s.client.StartBrowser(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.open(t, s.URL)
}

// password signs the example's user in.
func (s *browserTest) password(t *testing.T) {
	t.Helper()
	s.signIn(t, cognitotest.ExampleUser, cognitotest.ExamplePassword)
}

// ends closes the sign-in as soon as there is a session, as programs do, and then checks that the
// browser has the whole page. The session must belong to a user and must have credentials.
func (s *browserTest) ends(t *testing.T, user string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	session, err := s.Wait(ctx)
	if err != nil {
		t.Fatalf("Wait: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	s.heading(t, "You are signed in")
	s.find(t, "//p[starts-with(., 'You can close this page')]")
	if got := session.UnverifiedClaims().Username; got != user {
		t.Errorf("signed in as %q, want %q", got, user)
	}
	if _, err := session.Credentials(t.Context()); err != nil {
		t.Errorf("Credentials: %v", err)
	}
}

// The browser resolves localhost to the address of IPv6 first.
func chromiumSignsIn(t *testing.T, b *chromium) {
	s := b.prepare(t)
	s.begin(t, cognito.BrowserLogin{LoginHint: cognitotest.ExampleUser})
	s.find(t, "//input[@name='username'][@value='"+cognitotest.ExampleUser+"']")
	s.fill(t, "password", cognitotest.ExamplePassword)
	s.click(t, "//button[.='Continue']")
	s.ends(t, cognitotest.ExampleUser)
	want := "127.0.0.1"
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		want = "[::1]"
	}
	if got := s.remote(t, s.RedirectURI); got != want {
		t.Errorf("the browser returned to %q, want %q", got, want)
	}
}

func chromiumWrongPassword(t *testing.T, b *chromium) {
	s := b.prepare(t)
	s.begin(t, cognito.BrowserLogin{})
	s.signIn(t, cognitotest.ExampleUser, "wrong")
	s.find(t, "//p[@role='alert'][contains(., 'Incorrect username or password')]")
	s.find(t, "//input[@name='username'][@value='"+cognitotest.ExampleUser+"']")
	s.fill(t, "password", cognitotest.ExamplePassword)
	s.click(t, "//button[.='Continue']")
	s.ends(t, cognitotest.ExampleUser)
}

func chromiumCode(t *testing.T, b *chromium) {
	s := b.prepare(t)
	s.pool.MFAConfiguration = "OPTIONAL"
	s.pool.Users[0].MFA = []string{"EMAIL_OTP"}
	s.begin(t, cognito.BrowserLogin{})
	s.password(t)
	const field = "EMAIL_OTP_CODE"
	s.fill(t, field, "00")
	s.click(t, "//button[.='Continue']")
	s.find(t, "//p[@role='alert']")
	s.fill(t, field, s.server.Code(s.pool.ID, cognitotest.ExampleUser))
	s.click(t, "//button[.='Continue']")
	s.ends(t, cognitotest.ExampleUser)
}

func chromiumNewPassword(t *testing.T, b *chromium) {
	s := b.prepare(t)
	s.begin(t, cognito.BrowserLogin{})
	s.signIn(t, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	s.fill(t, "NEW_PASSWORD", newPassword)
	s.click(t, "//button[.='Continue']")
	s.ends(t, cognitotest.ExampleNewUser)
}

// A user of a provider signs in through the link on the page, and with the name of the provider.
func chromiumProvider(t *testing.T, b *chromium) {
	const user = cognitotest.ExampleProvider + "_" + cognitotest.ExampleProviderUser
	s := b.prepare(t)
	s.begin(t, cognito.BrowserLogin{})
	s.click(t, "//a[.='Continue with "+cognitotest.ExampleProvider+"']")
	s.signIn(t, cognitotest.ExampleProviderUser, cognitotest.ExamplePassword)
	s.ends(t, user)

	s.begin(t, cognito.BrowserLogin{Provider: cognitotest.ExampleProvider, Prompt: "login"})
	s.heading(t, "Sign in with "+cognitotest.ExampleProvider)
	s.signIn(t, cognitotest.ExampleProviderUser, cognitotest.ExamplePassword)
	s.ends(t, user)
}

// The user cancels at a provider. Without a state, the sign-in continues; with one, it ends.
func chromiumCancels(t *testing.T, b *chromium) {
	s := b.prepare(t)
	provider := cognito.BrowserLogin{Provider: cognitotest.ExampleProvider}
	for _, withState := range []bool{false, true} {
		s.pool.ErrorState = withState
		s.begin(t, provider)
		s.click(t, "//button[.='Cancel']")
		s.heading(t, "The sign-in failed")
		var refused *cognito.BrowserError
		_, err := s.Wait(t.Context())
		if !errors.As(err, &refused) || refused.Code != "access_denied" ||
			refused.Doubtful == withState {
			t.Errorf("Wait: error %v, want access_denied, doubtful: %t", err, !withState)
		}
		if !withState {
			s.open(t, s.URL)
			s.signIn(t, cognitotest.ExampleProviderUser, cognitotest.ExamplePassword)
			s.ends(t, cognitotest.ExampleProvider+"_"+cognitotest.ExampleProviderUser)
			s.open(t, "https://"+s.pool.Domain+"/logout?client_id="+cognitotest.ExampleClientID+
				"&logout_uri=x") // the cookie remains
			provider.Prompt = "login"
		}
	}
}

// The second sign-in shows no page, because the browser has a cookie. Prompt and the logout URL
// show the page again.
func chromiumCookie(t *testing.T, b *chromium) {
	s := b.prepare(t)
	home := strings.TrimSuffix(s.client.Environment.RedirectURI, "callback")
	s.pool.Clients[0].LogoutURLs = []string{home}
	s.begin(t, cognito.BrowserLogin{})
	s.password(t)
	s.ends(t, cognitotest.ExampleUser)

	s.begin(t, cognito.BrowserLogin{})
	s.ends(t, cognitotest.ExampleUser)

	s.begin(t, cognito.BrowserLogin{Prompt: "login"})
	s.password(t)
	s.ends(t, cognitotest.ExampleUser)

	s.begin(t, cognito.BrowserLogin{Prompt: "login"}) // listens, so that the page exists
	out, err := s.client.LogoutURL(home)
	if err != nil {
		t.Fatal(err)
	}
	s.open(t, out)
	s.heading(t, "This page does not belong to a sign-in in progress")
	s.Close()
	s.begin(t, cognito.BrowserLogin{})
	s.password(t)
	s.ends(t, cognitotest.ExampleUser)
}

// Another program listens on the port in one of the address families. The sign-in uses the next
// callback URL, and the other program receives nothing.
func chromiumNeighbor(t *testing.T, b *chromium) {
	s := b.prepare(t)
	address := freePort(t)
	family := "[::1]" + address[strings.LastIndex(address, ":"):]
	l, err := net.Listen("tcp", family)
	if err != nil {
		if l, err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
	}
	var requests atomic.Int32
	neighbor := httptest.NewUnstartedServer(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	neighbor.Listener.Close()
	neighbor.Listener = l
	neighbor.Start()
	defer neighbor.Close()
	free := s.client.Environment.RedirectURI
	s.pool.Clients[0].CallbackURLs = []string{callbackOn("localhost", address), free}
	s.client.Environment.RedirectURI = strings.Join(s.pool.Clients[0].CallbackURLs, ",")
	s.begin(t, cognito.BrowserLogin{})
	s.password(t)
	s.ends(t, cognitotest.ExampleUser)
	if s.RedirectURI != free || requests.Load() != 0 {
		t.Errorf("RedirectURI = %q, want %q; the neighbor received %d requests, want 0",
			s.RedirectURI, free, requests.Load())
	}
}

// hostilePage sends every kind of request that a page can send to a listener, and opens idle
// connections. Its title is the number of responses that it could read.
const hostilePage = `<!DOCTYPE html><title>busy</title>
<link rel="icon" href="%[1]s/favicon.ico"><link rel="preconnect" href="%[1]s">
<link rel="preconnect" href="%[1]s" crossorigin>
<img src="%[1]s/callback?code=x&state=y"><iframe src="%[1]s/callback?code=x&state=y"></iframe>
<iframe name="in"></iframe><form target="in" method="post" action="%[1]s/callback?code=x"></form>
<script>
document.forms[0].submit();
const urls = ['/', '/favicon.ico', '/callback', '/callback?error=x', '/callback?code=x&state=y',
	'/callback?code=x&code=y', '/callback?error=x&state=y'];
(async () => {
	let read = 0;
	for (const method of ['GET', 'POST', 'PUT']) for (const url of urls) {
		await fetch('%[1]s' + url, { method }).then(() => read++, () => {});
		await fetch('%[1]s' + url, { mode: 'no-cors' }).catch(() => {});
	}
	document.title = 'read ' + read;
})();
</script>`

// Another page in the same browser cannot end the sign-in, and cannot read the listener's pages.
func chromiumHostilePage(t *testing.T, b *chromium) {
	s := b.prepare(t)
	listener := strings.TrimSuffix(s.client.Environment.RedirectURI, "/callback")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, hostilePage, listener)
	}))
	defer page.Close()
	s.begin(t, cognito.BrowserLogin{})
	s.open(t, page.URL)
	s.find(t, "//title[.='read 0']")
	var refused *cognito.BrowserError
	if _, err := s.Wait(t.Context()); !errors.As(err, &refused) || !refused.Doubtful {
		t.Errorf("Wait: error %v, want a doubtful one", err)
	}
	s.open(t, s.URL)
	s.password(t)
	for { // the other doubtful errors
		session, err := s.Wait(t.Context())
		if errors.As(err, &refused) && refused.Doubtful {
			continue
		}
		if err != nil || session == nil {
			t.Fatalf("Wait: %v", err)
		}
		break
	}
	s.ends(t, cognitotest.ExampleUser)
}

// A policy with form-action on the login page would block the way to the callback URL, which is
// why the stand-in's page has none.
func chromiumFormAction(t *testing.T, b *chromium) {
	s := b.prepare(t)
	s.domains.serve(s.pool.Domain, http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			response := httptest.NewRecorder()
			s.server.ServeHTTP(response, r)
			maps.Copy(w.Header(), response.Header())
			w.Header().Add("Content-Security-Policy", "form-action 'self'")
			w.WriteHeader(response.Code)
			w.Write(response.Body.Bytes())
		}))
	s.begin(t, cognito.BrowserLogin{})
	s.log(t, "browser")
	s.password(t)
	var log string
	for tries := 0; !strings.Contains(log, "form-action"); tries++ {
		if tries == 1000 {
			t.Fatalf("the browser's log does not name form-action: %s", log)
		}
		log += strings.Join(s.log(t, "browser"), "\n")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if session, err := s.Wait(ctx); session != nil || err == nil {
		t.Error("the policy did not block the callback")
	}
}

// The pages fit into narrow and wide windows, in light and dark colors.
func chromiumLayout(t *testing.T, b *chromium) {
	s := b.prepare(t)
	s.begin(t, cognito.BrowserLogin{})
	colors := make(map[string]bool)
	for _, page := range []string{s.URL, s.RedirectURI} {
		s.open(t, page)
		for _, width := range []int{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				s.look(t, width, scheme)
				var got struct {
					Width, Left, Right float64
					Color              string
				}
				s.evaluate(t, `(() => {
					const heading = document.querySelector('h1');
					const { left, right } = heading.getBoundingClientRect();
					const width = document.documentElement.scrollWidth;
					return { width, left, right, color: getComputedStyle(heading).color };
				})()`, &got)
				if got.Width > float64(width) || got.Left < 16 || got.Right > float64(width)-16 {
					t.Errorf("%d %s: %s is %v wide, its heading from %v to %v", width, scheme, page,
						got.Width, got.Left, got.Right)
				}
				colors[page+got.Color] = true
			}
		}
	}
	if len(colors) != 4 {
		t.Errorf("the headings have the colors %v, want a light and a dark one per page", colors)
	}
	s.command(t, "Emulation.clearDeviceMetricsOverride", struct{}{})
	s.command(t, "Emulation.setEmulatedMedia", map[string]any{"features": []any{}})
}

// look sets the width of the window and the color scheme.
func (b *chromium) look(t *testing.T, width int, scheme string) {
	t.Helper()
	height := 800
	if width < 600 {
		height = 640
	}
	b.command(t, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width":             width,
		"height":            height,
		"deviceScaleFactor": 1,
		"mobile":            width < 600,
	})
	b.command(t, "Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	})
}
