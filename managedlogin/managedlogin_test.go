package managedlogin

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	testDomain   = "example.auth.us-east-1.amazoncognito.com"
	testClientID = "1example23456789"
	testRedirect = "http://localhost:8400/callback"
	testState    = "STATEABCDEFGHIJKLMNOPQR234"
	testNonce    = "NONCEABCDEFGHIJKLMNOPQR234"

	// The example of RFC 7636 appendix B.
	testVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestCodeChallenge(t *testing.T) {
	if got := CodeChallenge(testVerifier); got != testChallenge {
		t.Errorf("CodeChallenge(%q) = %q, want %q", testVerifier, got, testChallenge)
	}
}

// minimal is a request with the required fields.
func minimal() AuthorizeInput {
	return AuthorizeInput{
		RedirectURI:   testRedirect,
		State:         testState,
		Nonce:         testNonce,
		CodeChallenge: testChallenge,
	}
}

func TestAuthorizeURL(t *testing.T) {
	base := "https://" + testDomain + "/oauth2/authorize?client_id=" + testClientID +
		"&code_challenge=" + testChallenge + "&code_challenge_method=S256"
	rest := "&nonce=" + testNonce + "&redirect_uri=http%3A%2F%2Flocalhost%3A8400%2Fcallback" +
		"&response_type=code"
	for _, tt := range []struct {
		name   string
		change func(*AuthorizeInput)
		want   string
	}{
		{
			name:   "minimal",
			change: func(*AuthorizeInput) {},
			want:   base + rest + "&state=" + testState,
		},
		{
			name: "all",
			change: func(in *AuthorizeInput) {
				in.Scope = "openid email server/read+write"
				in.IdentityProvider = "Contoso AG"
				in.LoginHint = "ada+1@example.com"
				in.Lang = "pt-BR"
				in.Prompt = "login"
			},
			want: base + "&identity_provider=Contoso%20AG&lang=pt-BR" +
				"&login_hint=ada%2B1%40example.com" + rest + "&prompt=login" +
				"&scope=openid%20email%20server%2Fread%2Bwrite&state=" + testState,
		},
		{
			name:   "identifier",
			change: func(in *AuthorizeInput) { in.IDPIdentifier = "example.com" },
			want:   base + "&idp_identifier=example.com" + rest + "&state=" + testState,
		},
		{
			name: "redirect URIs are not normalized",
			change: func(in *AuthorizeInput) {
				in.RedirectURI = "HTTP://[::1]:8400/Callback/?a=b%2f"
			},
			want: strings.Replace(base+rest, "http%3A%2F%2Flocalhost%3A8400%2Fcallback",
				"HTTP%3A%2F%2F%5B%3A%3A1%5D%3A8400%2FCallback%2F%3Fa%3Db%252f", 1) +
				"&state=" + testState,
		},
		{
			name:   "custom scheme",
			change: func(in *AuthorizeInput) { in.RedirectURI = "com.example.app:/callback" },
			want: strings.Replace(base+rest, "http%3A%2F%2Flocalhost%3A8400%2Fcallback",
				"com.example.app%3A%2Fcallback", 1) + "&state=" + testState,
		},
	} {
		in := minimal()
		tt.change(&in)
		c := &Client{Domain: testDomain, ClientID: testClientID, ClientSecret: "topsecret"}
		got, err := c.AuthorizeURL(in)
		if diff := cmp.Diff(sortQuery(t, tt.want), got); err != nil || diff != "" {
			t.Errorf("%s: AuthorizeURL: %v, want-got:\n%s", tt.name, err, diff)
		}
	}
}

// sortQuery sorts the parameters of a URL by name, without decoding them.
func sortQuery(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = strings.ReplaceAll(u.Query().Encode(), "+", "%20")
	return u.String()
}

func TestAuthorizeURLRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*AuthorizeInput)
		want   string
	}{
		{"no redirect URI", func(in *AuthorizeInput) { in.RedirectURI = "" }, "redirect_uri"},
		{"relative", func(in *AuthorizeInput) { in.RedirectURI = "/callback" }, "redirect_uri"},
		{"fragment", func(in *AuthorizeInput) { in.RedirectURI += "#" }, "redirect_uri"},
		{"long", func(in *AuthorizeInput) { in.RedirectURI += strings.Repeat("x", 1024) },
			"redirect_uri"},
		{"not a URI", func(in *AuthorizeInput) { in.RedirectURI = "http://a b/" }, "redirect_uri"},
		{"no state", func(in *AuthorizeInput) { in.State = "" }, "state"},
		{"state in base64", func(in *AuthorizeInput) { in.State = "QQ==" }, "state"},
		{"state with a plus sign", func(in *AuthorizeInput) { in.State = "a+b" }, "state"},
		{"state with a slash", func(in *AuthorizeInput) { in.State = "a/b" }, "state"},
		{"state in JSON", func(in *AuthorizeInput) { in.State = `{"a":1}` }, "state"},
		{"state in percent encoding", func(in *AuthorizeInput) { in.State = "a%20b" }, "state"},
		{"long state", func(in *AuthorizeInput) { in.State = strings.Repeat("x", 129) }, "state"},
		{"no nonce", func(in *AuthorizeInput) { in.Nonce = "" }, "nonce"},
		{"nonce", func(in *AuthorizeInput) { in.Nonce = "a b" }, "nonce"},
		{"no challenge", func(in *AuthorizeInput) { in.CodeChallenge = "" }, "code_challenge"},
		{"short challenge", func(in *AuthorizeInput) { in.CodeChallenge = testChallenge[1:] },
			"code_challenge"},
		{"challenge with padding", func(in *AuthorizeInput) { in.CodeChallenge += "=" },
			"code_challenge"},
		{"quote in a scope", func(in *AuthorizeInput) { in.Scope = `openid "` }, "scope"},
		{"backslash in a scope", func(in *AuthorizeInput) { in.Scope = `openid\` }, "scope"},
		{"tab in a scope", func(in *AuthorizeInput) { in.Scope = "openid\temail" }, "scope"},
		{"two providers", func(in *AuthorizeInput) {
			in.IdentityProvider = "Google"
			in.IDPIdentifier = "example.com"
		}, "IdentityProvider"},
	} {
		in := minimal()
		tt.change(&in)
		c := &Client{Domain: testDomain, ClientID: testClientID}
		got, err := c.AuthorizeURL(in)
		want := "managedlogin: AuthorizeURL: " + tt.want + " "
		if got != "" || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: AuthorizeURL = %q, %v, want error %q", tt.name, got, err, want)
		}
	}
}

// A domain is given in the forms in which other tools write it.
func TestDomain(t *testing.T) {
	for _, tt := range []struct{ domain, want string }{
		{testDomain, "https://" + testDomain + "/logout?"},
		{testDomain + "/", "https://" + testDomain + "/logout?"},
		{"https://" + testDomain, "https://" + testDomain + "/logout?"},
		{"https://" + testDomain + "/", "https://" + testDomain + "/logout?"},
		{"login.example.com", "https://login.example.com/logout?"},
		{"example.auth-fips.us-gov-west-1.amazoncognito.com",
			"https://example.auth-fips.us-gov-west-1.amazoncognito.com/logout?"},
		{"http://localhost:8080", "http://localhost:8080/logout?"},
		{"http://[::1]:8080/", "http://[::1]:8080/logout?"},
		{"http://127.0.0.1:8080/base", "http://127.0.0.1:8080/base/logout?"},
		{"", ""},
		{"http://" + testDomain, ""},
		{"https://user:password@" + testDomain, ""},
		{testDomain + "?a=b", ""},
		{testDomain + "#a", ""},
		{"a b.example.com", ""},
		{"https://", ""},
		{"ftp://localhost", ""},
	} {
		c := &Client{Domain: tt.domain, ClientID: testClientID}
		got, err := c.LogoutURL("http://localhost:8400/")
		if tt.want == "" {
			if err == nil || !strings.HasPrefix(err.Error(), "managedlogin: LogoutURL: Domain: ") {
				t.Errorf("Domain %q: LogoutURL = %q, %v, want an error", tt.domain, got, err)
			}
			if err != nil && strings.Contains(err.Error(), "password") {
				t.Errorf("Domain %q: the error quotes the password: %v", tt.domain, err)
			}
			continue
		}
		want := tt.want + "client_id=" + testClientID +
			"&logout_uri=http%3A%2F%2Flocalhost%3A8400%2F"
		if err != nil || got != want {
			t.Errorf("Domain %q: LogoutURL = %q, %v, want %q", tt.domain, got, err, want)
		}
	}
	for _, id := range []string{"", "a b", "a&b", strings.Repeat("x", 129)} {
		c := &Client{Domain: testDomain, ClientID: id}
		if got, err := c.LogoutURL(testRedirect); err == nil {
			t.Errorf("ClientID %q: LogoutURL = %q, want an error", id, got)
		}
	}
	c := &Client{Domain: testDomain, ClientID: testClientID}
	if got, err := c.LogoutURL("elsewhere"); err == nil {
		t.Errorf("LogoutURL(elsewhere) = %q, want an error", got)
	}
}

// URLs appear in process lists and histories, so they have no secret.
func TestURLsHaveNoSecret(t *testing.T) {
	c := &Client{Domain: testDomain, ClientID: testClientID, ClientSecret: "topsecret"}
	address, err := c.AuthorizeURL(minimal())
	logout, errLogout := c.LogoutURL(testRedirect)
	if err := errors.Join(err, errLogout); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{address, logout, fmt.Sprintf("%v %+v %#v", c, c, c)} {
		if strings.Contains(text, "topsecret") || strings.Contains(text, testVerifier) {
			t.Errorf("a secret is in %s", text)
		}
	}
}
