package cognitotest

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	domainURL = "https://" + ExampleDomain

	// The example of RFC 7636 appendix B.
	testVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// authorizeURL returns a URL of the authorize endpoint. Pairs replace parameters; "" removes one.
func authorizeURL(pairs ...string) string {
	q := url.Values{
		"response_type":         {"code"},
		"client_id":             {ExampleClientID},
		"redirect_uri":          {ExampleCallbackURL},
		"state":                 {"STATE"},
		"nonce":                 {"NONCE"},
		"scope":                 {"openid email"},
		"code_challenge":        {testChallenge},
		"code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return domainURL + "/oauth2/authorize?" + q.Encode()
}

// tab is a browser with one window.
type tab struct {
	t      *testing.T
	client *http.Client
	at     *url.URL // of the page, or where the browser left the domain
	status int
	header http.Header
	page   string
}

func newTab(t *testing.T, s *Server) *tab {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := s.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return &tab{t: t, client: client}
}

// open opens a page and follows redirects, unless they leave the domain.
func (b *tab) open(address string) *tab {
	b.t.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.load(r)
}

// submit posts the form of the page with changed fields.
func (b *tab) submit(pairs ...string) *tab {
	b.t.Helper()
	form := formFields(b.page)
	if len(form) == 0 {
		b.t.Fatalf("%v has no form:\n%s", b.at, b.page)
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest("POST", b.at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", formType)
	return b.load(r)
}

// password submits the form of the login page.
func (b *tab) password(username, password string) *tab {
	b.t.Helper()
	return b.submit("username", username, "password", password)
}

func (b *tab) load(r *http.Request) *tab {
	b.t.Helper()
	for range 10 {
		resp, err := b.client.Do(r)
		if err != nil {
			b.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			b.t.Fatal(err)
		}
		b.at, b.status, b.header, b.page = r.URL, resp.StatusCode, resp.Header, string(body)
		if resp.StatusCode/100 != 3 {
			return b
		}
		if resp.StatusCode != http.StatusFound {
			b.t.Fatalf("%v redirects with status %d, want 302", r.URL, resp.StatusCode)
		}
		b.at, err = resp.Location()
		if err != nil {
			b.t.Fatal(err)
		}
		if b.at.Host != r.URL.Host {
			return b
		}
		if r, err = http.NewRequest("GET", b.at.String(), nil); err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatal("too many redirects")
	return nil
}

// message returns the error that the page shows.
func (b *tab) message() string {
	return unescapeXML(between(b.page, `<p class="error" role="alert">`, "</p>"))
}

// wantPage checks the title and the error of a page.
func (b *tab) wantPage(title, message string) *tab {
	b.t.Helper()
	got := between(b.page, "<title>", "</title>")
	if b.status != 200 || got != title || !strings.Contains(b.message(), message) ||
		(message == "") != (b.message() == "") {
		b.t.Fatalf("page %v = %d %q, error %q, want %q, error %q",
			b.at, b.status, got, b.message(), title, message)
	}
	return b
}

// wantCode checks that the browser came back with a code and the state, and returns the code.
func (b *tab) wantCode(state string) string {
	b.t.Helper()
	q := b.at.Query()
	if !strings.HasPrefix(b.at.String(), ExampleCallbackURL+"?code=") || len(q.Get("code")) != 36 ||
		q.Get("state") != state || len(q) != 2 {
		b.t.Fatalf("the browser is at %v (error %q), want a code with state %q",
			b.at, b.message(), state)
	}
	return q.Get("code")
}

// browse signs a user in with Browse and returns the code.
func browse(t *testing.T, s *Server, user string, pairs ...string) string {
	t.Helper()
	callback, err := s.Browse(authorizeURL(pairs...), user, ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	code := u.Query().Get("code")
	if code == "" {
		t.Fatalf("Browse = %s, want a code", callback)
	}
	return code
}

func TestLoginService(t *testing.T) {
	s := Example()
	for _, tt := range []struct{ method, url, contentType, want string }{
		{"GET", domainURL + "/oauth2/authorize", "", "managed-login"},
		{"POST", domainURL + "/oauth2/token", formType, "managed-login"},
		{"GET", domainURL + "/favicon.ico", "", "managed-login"},
		{"GET", "https://EXAMPLE.auth.us-east-1.amazoncognito.com:443/", "", "managed-login"},
		{"GET", "https://other.auth.us-east-1.amazoncognito.com/", "", "s3"},
		{"POST", "http://127.0.0.1:1/oauth2/token", formType, "managed-login"},
		{"POST", "http://127.0.0.1:1/login", formType, "managed-login"},
		{"GET", "http://localhost:1/logout", "", "managed-login"},
		{"POST", "http://127.0.0.1:1/", formType, "sts"},
		{"POST", "https://sts.amazonaws.com/oauth2/token", formType, "sts"},
		{"GET", "http://127.0.0.1:1/login/key", "", "s3"},
	} {
		r := httptest.NewRequest(tt.method, tt.url, nil)
		r.Header.Set("Content-Type", tt.contentType)
		if got := s.service(r); got != tt.want {
			t.Errorf("service(%s %s) = %s, want %s", tt.method, tt.url, got, tt.want)
		}
	}
	var none Server
	r := httptest.NewRequest("GET", "http://127.0.0.1:1/login", nil)
	if got := none.service(r); got != "s3" {
		t.Errorf("service without managed login = %s, want s3", got)
	}
	if _, err := none.Client().Get(domainURL + "/login"); err == nil {
		t.Error("a server without the domain serves it")
	}
	if _, err := s.Client().Get("http://" + ExampleDomain + "/login"); err == nil {
		t.Error("the domain is served over http")
	}
}

func TestAuthorize(t *testing.T) {
	s := Example()
	s.UserPools[0].Clients = append(s.UserPools[0].Clients, AppClient{
		ID:                         "narrow",
		CallbackURLs:               []string{"myapp://callback", "https://app.example/cb?a=b"},
		AllowedOAuthFlows:          []string{"client_credentials"},
		SupportedIdentityProviders: []string{"COGNITO"},
	}, AppClient{
		ID:                         "code",
		CallbackURLs:               []string{"myapp://callback", "https://app.example/cb?a=b"},
		AllowedOAuthScopes:         []string{"openid", "server/read"},
		SupportedIdentityProviders: []string{"COGNITO"},
	})
	const callback = ExampleCallbackURL
	for _, tt := range []struct {
		name  string
		pairs []string
		want  string // the start of the URL where the browser ends, or the code of the error page
		code  string // at the redirect URI
	}{
		{name: "correct", want: domainURL + "/login?"},
		{name: "without PKCE", want: domainURL + "/login?",
			pairs: []string{"code_challenge", "", "code_challenge_method", ""}},
		{name: "all scopes", want: domainURL + "/login?", pairs: []string{"scope", ""}},
		{name: "COGNITO", want: domainURL + "/login?",
			pairs: []string{"identity_provider", "COGNITO"}},
		{name: "another port that is registered", want: domainURL + "/login?",
			pairs: []string{"redirect_uri", "http://localhost:8402/callback"}},

		// The error page, because nothing may return to an address that is not registered.
		{name: "no client", want: "invalid_request", pairs: []string{"client_id", ""}},
		{name: "unknown client", want: "invalid_request", pairs: []string{"client_id", "x"}},
		{name: "no redirect URI", want: "redirect_mismatch", pairs: []string{"redirect_uri", ""}},
		{name: "another port", want: "redirect_mismatch",
			pairs: []string{"redirect_uri", "http://localhost:8403/callback"}},
		{name: "127.0.0.1 is not localhost", want: "redirect_mismatch",
			pairs: []string{"redirect_uri", "http://127.0.0.1:8400/callback"}},
		{name: "trailing slash", want: "redirect_mismatch",
			pairs: []string{"redirect_uri", callback + "/"}},
		{name: "upper case", want: "redirect_mismatch",
			pairs: []string{"redirect_uri", "http://localhost:8400/Callback"}},
		{name: "query", want: "redirect_mismatch", pairs: []string{"redirect_uri", callback + "?"}},

		// Errors that return.
		{name: "no response type", want: callback, code: "invalid_request",
			pairs: []string{"response_type", ""}},
		{name: "implicit", want: callback, code: "unauthorized_client",
			pairs: []string{"response_type", "token"}},
		{name: "method plain", want: callback, code: "invalid_request",
			pairs: []string{"code_challenge_method", "plain"}},
		{name: "no method", want: callback, code: "invalid_request",
			pairs: []string{"code_challenge_method", ""}},
		{name: "no challenge", want: callback, code: "invalid_request",
			pairs: []string{"code_challenge", ""}},
		{name: "short challenge", want: callback, code: "invalid_request",
			pairs: []string{"code_challenge", testChallenge[1:]}},
		{name: "challenge with padding", want: callback, code: "invalid_request",
			pairs: []string{"code_challenge", testChallenge[1:] + "="}},
		{name: "unknown scope", want: callback, code: "invalid_scope",
			pairs: []string{"scope", "openid server/read"}},
		{name: "email without openid", want: callback, code: "invalid_scope",
			pairs: []string{"scope", "email"}},
		{name: "unknown prompt", want: callback, code: "invalid_request",
			pairs: []string{"prompt", "never"}},
		{name: "prompt none with others", want: callback, code: "invalid_request",
			pairs: []string{"prompt", "none login"}},
		{name: "prompt none without a session", want: callback, code: "login_required",
			pairs: []string{"prompt", "none"}},
		{name: "unknown provider", want: callback, code: "invalid_request",
			pairs: []string{"identity_provider", "Google"}},
		{name: "unknown identifier", want: callback, code: "invalid_request",
			pairs: []string{"idp_identifier", "other.example"}},
		{name: "two providers", want: callback, code: "invalid_request",
			pairs: []string{"identity_provider", ExampleProvider,
				"idp_identifier", "contoso.example"}},
		{name: "flow that is not allowed", want: "myapp://callback?", code: "unauthorized_client",
			pairs: []string{"client_id", "narrow", "redirect_uri", "myapp://callback",
				"scope", ""}},
		{name: "callback with a query", want: "https://app.example/cb?a=b&error=",
			code: "invalid_scope",
			pairs: []string{"client_id", "code", "redirect_uri", "https://app.example/cb?a=b",
				"scope", "openid email"}},
		{name: "provider that is not supported", want: "myapp://callback?", code: "invalid_request",
			pairs: []string{"client_id", "code", "redirect_uri", "myapp://callback",
				"scope", "server/read", "identity_provider", ExampleProvider}},
	} {
		b := newTab(t, s).open(authorizeURL(tt.pairs...))
		q := b.at.Query()
		switch {
		case !strings.Contains(tt.want, ":"):
			if b.at.Path != "/error" || q.Get("error") != tt.want || b.status != 400 ||
				!strings.Contains(b.page, tt.want) {
				t.Errorf("%s: the browser is at %v, want the error page with %s",
					tt.name, b.at, tt.want)
			}
		case !strings.HasPrefix(b.at.String(), tt.want) || q.Get("error") != tt.code:
			t.Errorf("%s: the browser is at %v, want %s with error %q",
				tt.name, b.at, tt.want, tt.code)
		case tt.code != "" && (q.Has("state") || q.Has("code")):
			t.Errorf("%s: the error has a state or a code: %v", tt.name, b.at)
		}
	}
	b := newTab(t, s).open(authorizeURL() + "&state=2")
	if b.at.Path != "/error" || b.at.Query().Get("error") != "invalid_request" {
		t.Errorf("with a repeated parameter the browser is at %v, want the error page", b.at)
	}
	s.UserPools[0].ErrorState = true
	b = newTab(t, s).open(authorizeURL("prompt", "none"))
	if got := b.at.Query().Get("state"); got != "STATE" {
		t.Errorf("with ErrorState the browser is at %v, want the state", b.at)
	}
}

func TestLoginMethods(t *testing.T) {
	s := Example()
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/oauth2/authorize", 405},
		{"GET", "/oauth2/token", 405},
		{"GET", "/oauth2/revoke", 405},
		{"PUT", "/login", 405},
		{"DELETE", "/logout", 405},
		{"GET", "/", 404},
		{"GET", "/favicon.ico", 404},
		{"GET", "/.well-known/openid-configuration", 404},
		{"GET", "/error?error=%3Cscript%3E", 400},
		{"GET", "/oauth2/authorize?%zz", 302},
	} {
		r, err := http.NewRequest(tt.method, domainURL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := newTab(t, s).client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.want || strings.Contains(string(body), "<script") {
			t.Errorf("%s %s = %d, want %d", tt.method, tt.path, resp.StatusCode, tt.want)
		}
	}
}

// A browser with a session is not asked again.
func TestLoginSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		b := newTab(t, s)
		b.open(authorizeURL()).password(ExampleUser, ExamplePassword).wantCode("STATE")
		for _, c := range b.client.Jar.Cookies(b.at) {
			t.Errorf("the redirect URI gets the cookie %s", c.Name)
		}
		b.open(authorizeURL()).wantCode("STATE")
		b.open(authorizeURL("prompt", "none")).wantCode("STATE")
		b.open(authorizeURL("prompt", "login")).wantPage("Sign in", "")
		b.open(authorizeURL("identity_provider", ExampleProvider)).
			wantPage("Sign in with "+ExampleProvider, "")
		newTab(t, s).open(authorizeURL()).wantPage("Sign in", "")

		// Only unreserved characters survive a session.
		b.open(authorizeURL("state", "a-b._~9")).wantCode("a-b._~9")
		b.open(authorizeURL("state", "a+b/c==")).wantCode("a%2Bb%2Fc%3D%3D")

		// The session ends after an hour, or when the user does.
		s.accounts[accountID{ExampleUserPoolID, ExampleUser}].user.Disabled = true
		b.open(authorizeURL()).wantPage("Sign in", "")
		s.accounts[accountID{ExampleUserPoolID, ExampleUser}].user.Disabled = false
		time.Sleep(browserLife - time.Second)
		b.open(authorizeURL()).wantCode("STATE")
		time.Sleep(time.Second)
		b.open(authorizeURL()).wantPage("Sign in", "")
	})
}

func TestLogout(t *testing.T) {
	s := Example()
	const registered = "http://localhost:8400/"
	b := newTab(t, s)
	for _, tt := range []struct {
		query, want string
		ends        bool
	}{
		{"client_id=" + ExampleClientID + "&logout_uri=http://localhost:8400/", registered, true},
		{"client_id=" + ExampleClientID + "&response_type=code&redirect_uri=" + ExampleCallbackURL,
			domainURL + "/login?", true},
		{"client_id=x&logout_uri=" + registered, domainURL + "/error?", false},
		{"client_id=" + ExampleClientID, domainURL + "/error?", false},
		{"client_id=" + ExampleClientID + "&logout_uri=http://localhost:8401/",
			domainURL + "/error?", false},
		{"client_id=" + ExampleClientID + "&redirect_uri=http://evil.example/",
			domainURL + "/error?", false},
	} {
		b.open(authorizeURL("prompt", "login")).password(ExampleUser, ExamplePassword).
			wantCode("STATE")
		b.open(domainURL + "/logout?" + tt.query)
		if !strings.HasPrefix(b.at.String(), tt.want) {
			t.Errorf("/logout?%s leads to %v, want %s", tt.query, b.at, tt.want)
		}
		b.open(authorizeURL())
		if ended := b.at.Path == "/login"; ended != tt.ends {
			t.Errorf("/logout?%s ends the session: %v, want %v", tt.query, ended, tt.ends)
		}
	}
}

// Tokens and the browser's session end separately.
func TestRevokeKeepsSession(t *testing.T) {
	s := Example()
	b := newTab(t, s)
	code := b.open(authorizeURL()).password(ExampleUser, ExamplePassword).wantCode("STATE")
	tokens := redeem(t, s, codeForm(code))
	out := postForm(t, s, "/oauth2/revoke", url.Values{
		"token":     {tokens.Refresh},
		"client_id": {ExampleClientID},
	})
	if out.Status != 200 {
		t.Fatalf("revoke = %d %s", out.Status, out.Error)
	}
	tokens = redeem(t, s, codeForm(b.open(authorizeURL()).wantCode("STATE")))
	b.open(domainURL + "/logout?client_id=" + ExampleClientID +
		"&logout_uri=http%3A%2F%2Flocalhost%3A8400%2F")
	redeem(t, s, refreshForm(tokens.Refresh))
	b.open(authorizeURL()).wantPage("Sign in", "")
}

func TestLoginDiscovery(t *testing.T) {
	s := Example()
	for _, tt := range []struct{ base, want string }{
		{idpURL + ExampleUserPoolID, domainURL},
		{"http://127.0.0.1:8080/" + ExampleUserPoolID, "http://127.0.0.1:8080"},
	} {
		var doc map[string]any
		get(t, s, tt.base+"/.well-known/openid-configuration", &doc)
		for name, path := range map[string]string{
			"authorization_endpoint": "/oauth2/authorize",
			"token_endpoint":         "/oauth2/token",
			"revocation_endpoint":    "/oauth2/revoke",
			"userinfo_endpoint":      "/oauth2/userInfo",
			"end_session_endpoint":   "/logout",
		} {
			if doc[name] != tt.want+path {
				t.Errorf("%s: %s = %v, want %s", tt.base, name, doc[name], tt.want+path)
			}
		}
		if _, ok := doc["code_challenge_methods_supported"]; ok {
			t.Errorf("%s has code_challenge_methods_supported, unlike AWS", tt.base)
		}
	}
	s.UserPools[0].Domain = ""
	var doc map[string]any
	get(t, s, idpURL+ExampleUserPoolID+"/.well-known/openid-configuration", &doc)
	if doc["authorization_endpoint"] != nil {
		t.Errorf("authorization_endpoint without a domain = %v", doc["authorization_endpoint"])
	}
}

// The whole way works on a socket, too.
func TestLoopbackLogin(t *testing.T) {
	s := Example()
	web := httptest.NewServer(s)
	defer web.Close()
	address := web.URL + strings.TrimPrefix(authorizeURL(), domainURL)
	b := newTab(t, s)
	b.client.Transport = web.Client().Transport
	code := b.open(address).password(ExampleUser, ExamplePassword).wantCode("STATE")
	resp, err := web.Client().PostForm(web.URL+"/oauth2/token", codeForm(code))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var tokens tokenSet
	if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil || tokens.ID == "" {
		t.Errorf("tokens = %+v, %v", tokens, err)
	}
	callback, err := s.Browse(address, ExampleUser, ExamplePassword)
	if err != nil || !strings.HasPrefix(callback, ExampleCallbackURL+"?code=") {
		t.Errorf("Browse = %s, %v, want a code", callback, err)
	}
}

func TestBrowseErrors(t *testing.T) {
	s := Example()
	pool := &s.UserPools[0]
	for _, tt := range []struct {
		name, address, user, password, want string
	}{
		{"wrong password", authorizeURL(), ExampleUser, "guess", "Incorrect username or password."},
		{"unknown user", authorizeURL(), "nobody", ExamplePassword, "User does not exist."},
		{"new password", authorizeURL(), ExampleNewUser, ExamplePassword, "Choose a new password"},
		{"error page", authorizeURL("redirect_uri", "x:y"), ExampleUser, ExamplePassword,
			"redirect_mismatch"},
		{"not a URL", "%", ExampleUser, ExamplePassword, "not a URL"},
		{"elsewhere", "https://evil.example/", ExampleUser, ExamplePassword, "no such host"},
	} {
		callback, err := s.Browse(tt.address, tt.user, tt.password)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Browse = %q, %v, want error %q", tt.name, callback, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), ExamplePassword) {
			t.Errorf("%s: the error contains the password: %v", tt.name, err)
		}
	}
	callback, err := s.Browse(authorizeURL("scope", "x"), ExampleUser, ExamplePassword)
	if err != nil || !strings.Contains(callback, "error=invalid_scope") {
		t.Errorf("Browse = %q, %v, want the error at the redirect URI", callback, err)
	}
	pool.Clients[0].SupportedIdentityProviders = []string{ExampleProvider}
	callback, err = s.Browse(authorizeURL(), ExampleProviderUser, ExamplePassword)
	if err != nil || !strings.Contains(callback, "code=") {
		t.Errorf("Browse with the only provider = %q, %v, want a code", callback, err)
	}
}

// atHash is OpenID Connect Core 1.0 section 3.1.3.6, written independently.
func atHash(accessToken string) string {
	h := sha256.New()
	io.WriteString(h, accessToken)
	return base64url(h.Sum(nil)[:h.Size()/2])
}

// FuzzLogin checks that no request makes managed login fail, send a browser to an address that is
// not registered, or put a script into a page.
func FuzzLogin(f *testing.F) {
	s := Example()
	f.Add("GET", "/oauth2/authorize?"+strings.Split(authorizeURL(), "?")[1], "")
	f.Add("GET", "/login?"+strings.Split(authorizeURL("login_hint", "<script>"), "?")[1], "")
	f.Add("POST", "/login?"+strings.Split(authorizeURL(), "?")[1], "username=ada&_csrf=x")
	f.Add("POST", "/oauth2/token", codeForm("x").Encode())
	f.Add("POST", "/oauth2/revoke", "token=x&client_id="+ExampleClientID)
	f.Add("GET", "/logout?client_id="+ExampleClientID+"&logout_uri=http://evil.example/", "")
	f.Add("GET", "/error?error=%3Cscript%3E", "")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || u.Scheme != "" {
			return
		}
		r := &http.Request{
			Method:        method,
			URL:           u,
			Host:          ExampleDomain,
			Header:        http.Header{"Content-Type": {formType}, "Cookie": {formCookie + "=x"}},
			Body:          io.NopCloser(strings.NewReader(body)),
			ContentLength: int64(len(body)),
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		location := w.Header().Get("Location")
		registered := location == "" || strings.HasPrefix(location, "/login?") ||
			strings.HasPrefix(location, "/error?")
		for _, known := range s.UserPools[0].Clients[0].CallbackURLs {
			registered = registered || strings.HasPrefix(location, known+"?")
		}
		if !registered && location != s.UserPools[0].Clients[0].LogoutURLs[0] {
			t.Errorf("%s %s leads to %q", method, target, location)
		}
		if w.Code >= 500 || strings.Contains(strings.ToLower(w.Body.String()), "<script") {
			t.Errorf("%s %s = %d %s", method, target, w.Code, w.Body)
		}
	})
}
