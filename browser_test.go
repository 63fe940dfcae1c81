package cognito_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// browserEnvironment is exampleEnvironment with managed login. The callback URL is not on loopback,
// so that nothing listens.
func browserEnvironment() cognito.Environment {
	e := exampleEnvironment()
	e.Domain = cognitotest.ExampleDomain
	e.RedirectURI = "com.example.program:/callback"
	e.Scopes = "openid email"
	return e
}

// browserServer is cognitotest.Example with the callback URL of browserEnvironment.
func browserServer() *cognitotest.Server {
	server := cognitotest.Example()
	client := &server.UserPools[0].Clients[0]
	client.CallbackURLs = append(client.CallbackURLs, browserEnvironment().RedirectURI)
	return server
}

func browserClient(server *cognitotest.Server) *cognito.Client {
	return &cognito.Client{Environment: browserEnvironment(), HTTPClient: server.Client()}
}

func startBrowser(t *testing.T, c *cognito.Client, l cognito.BrowserLogin) *cognito.BrowserSignIn {
	t.Helper()
	b, err := c.StartBrowser(t.Context(), l)
	if err != nil {
		t.Fatalf("StartBrowser: %v", err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// browse signs in at managed login and returns the address that the browser ends at.
func browse(t *testing.T, server *cognitotest.Server, b *cognito.BrowserSignIn) string {
	t.Helper()
	address, err := server.Browse(b.URL, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatalf("Browse: %v", err)
	}
	return address
}

// signInByBrowser signs in with an address that is delivered.
func signInByBrowser(t *testing.T, server *cognitotest.Server, c *cognito.Client) *cognito.Session {
	t.Helper()
	b := startBrowser(t, c, cognito.BrowserLogin{})
	if err := b.Deliver(t.Context(), browse(t, server, b)); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	s, err := b.Wait(t.Context())
	if err != nil {
		t.Fatalf("Wait: %v", err)
	}
	return s
}

func TestBrowserSignIn(t *testing.T) {
	server := browserServer()
	s := signInByBrowser(t, server, browserClient(server))
	if got := s.UnverifiedClaims().Username; got != cognitotest.ExampleUser {
		t.Errorf("Username = %q, want %q", got, cognitotest.ExampleUser)
	}
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Errorf("Credentials: %v", err)
	}
	if !savedSession(s).ManagedLogin {
		t.Error("ManagedLogin = false, want true")
	}
}

// get loads a page as a browser does.
func get(t *testing.T, address string) (status int, page string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	return resp.StatusCode, string(body)
}

func TestBrowserLoopback(t *testing.T) {
	server := cognitotest.Example()
	c := browserClient(server)
	uri := cognitotest.ExampleCallbackURL
	c.Environment.RedirectURI = strings.Join(server.UserPools[0].Clients[0].CallbackURLs, ",")
	b := startBrowser(t, c, cognito.BrowserLogin{})
	_ = uri
	status, page := get(t, browse(t, server, b))
	if status != 200 || !strings.Contains(page, "You are signed in") {
		t.Errorf("status %d, page %s", status, page)
	}
	s, err := b.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	_ = errors.New
}
