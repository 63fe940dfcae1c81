package cognitotest

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Provider is an identity provider of a user pool, such as Google or a SAML provider, with users of
// its own. Managed login shows a sign-in page in its place.
type Provider struct {
	// Name is the name of the provider in the user pool. A user's name in the pool is the name of
	// the provider, "_", and the user's name at the provider.
	Name string

	// Identifiers are values of idp_identifier that select the provider, such as email domains.
	Identifiers []string

	// Users are the provider's users. Only Name, Password and Attributes are used.
	Users []User
}

// loginEndpoints are the endpoints of managed login, with the methods that each allows ("User pool
// endpoints and managed login reference", Amazon Cognito developer guide).
var loginEndpoints = map[string]struct {
	methods string
	serve   func(s *Server, r *loginRequest) func()
}{
	"/oauth2/authorize": {"GET HEAD", serveAuthorize},
	"/oauth2/token":     {"POST", serveToken},
	"/oauth2/revoke":    {"POST", serveRevoke},
	"/oauth2/userInfo":  {"GET POST", serveUserInfo},
	"/login":            {"GET HEAD POST", serveLogin},
	"/logout":           {"GET HEAD", serveLogout},
	"/error":            {"GET HEAD", serveErrorPage},
}

// loginRequest is a request to managed login.
type loginRequest struct {
	*http.Request
	w     http.ResponseWriter
	query url.Values
	form  url.Values // nil if the body is not a form

	secure bool // The browser uses https.
}

// oauthError is an error of OAuth 2.0 (RFC 6749 sections 4.1.2.1 and 5.2).
type oauthError struct{ code, description string }

func (e *oauthError) Error() string { return e.code + ": " + e.description }

// domainPool returns the user pool whose Domain is hostport, or nil.
func (s *Server) domainPool(hostport string) *UserPool {
	if h, port, err := net.SplitHostPort(hostport); err == nil && port == "443" {
		hostport = h
	}
	for i := range s.UserPools {
		if p := &s.UserPools[i]; p.Domain != "" && strings.EqualFold(p.Domain, hostport) {
			return p
		}
	}
	return nil
}

// isLogin reports whether r, to a host that is not one of AWS's services, is for managed login.
func (s *Server) isLogin(r *http.Request) bool {
	if s.domainPool(r.Host) != nil {
		return true
	}
	_, known := loginEndpoints[r.URL.Path]
	return known && slices.ContainsFunc(s.UserPools, func(p UserPool) bool { return p.hasLogin() })
}

func (p *UserPool) hasLogin() bool {
	return slices.ContainsFunc(p.Clients, func(c AppClient) bool { return c.hasLogin() })
}

func (c *AppClient) hasLogin() bool {
	return len(c.CallbackURLs) > 0 || len(c.AllowedOAuthFlows) > 0
}

// loginClient returns an app client that may use managed login at a host, or nil.
func (s *Server) loginClient(hostport, id string) (*UserPool, *AppClient) {
	only := s.domainPool(hostport)
	for i := range s.UserPools {
		p := &s.UserPools[i]
		for j := range p.Clients {
			c := &p.Clients[j]
			if c.ID == id && c.hasLogin() && (only == nil || only == p) {
				return p, c
			}
		}
	}
	return nil, nil
}

// serveManagedLogin responds as the domain of a user pool.
func (s *Server) serveManagedLogin(w http.ResponseWriter, r *http.Request, body []byte) func() {
	in := &loginRequest{Request: r, w: w, secure: r.TLS != nil || s.domainPool(r.Host) != nil}
	endpoint, ok := loginEndpoints[r.URL.Path]
	switch {
	case !ok:
		return func() { http.NotFound(w, r) }
	case !slices.Contains(strings.Fields(endpoint.methods), r.Method):
		w.Header().Set("Allow", strings.ReplaceAll(endpoint.methods, " ", ", "))
		return func() { http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed) }
	}
	var err error
	in.query, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return in.refuse(&oauthError{"invalid_request", "the query is malformed"})
	}
	if r.Method == http.MethodPost {
		form, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		in.form, err = url.ParseQuery(string(body))
		if !strings.EqualFold(strings.TrimSpace(form), formType) || err != nil {
			in.form = nil
		}
	}
	for _, values := range []url.Values{in.query, in.form} {
		for _, value := range values {
			if len(value) > 1 { // RFC 6749 section 3.1
				return in.refuse(&oauthError{"invalid_request", "a parameter is repeated"})
			}
		}
	}
	return endpoint.serve(s, in)
}

// refuse responds with an error that does not return to the redirect URI: as JSON to a program, and
// with a redirect to the error page to a browser.
func (r *loginRequest) refuse(e *oauthError) func() {
	if strings.HasPrefix(r.URL.Path, "/oauth2/") && r.URL.Path != "/oauth2/authorize" {
		return r.json(http.StatusBadRequest, errorObject(e))
	}
	q := url.Values{"error": {e.code}, "error_description": {e.description}}
	if id := r.query.Get("client_id"); id != "" {
		q.Set("client_id", id)
	}
	return r.redirect("/error?" + q.Encode())
}

func errorObject(e *oauthError) object {
	return object{"error": e.code, "error_description": e.description}
}

// json responds to a program. The response must not be cached (RFC 6749 section 5.1).
func (r *loginRequest) json(status int, v object) func() {
	r.w.Header().Set("Cache-Control", "no-store")
	return writeJSON(r.w, status, "application/json;charset=UTF-8", v)
}

// redirect sends the browser to a URL, which may have a scheme that is not http. It always becomes
// a GET request, unlike with status 307 (RFC 9700 section 4.12).
func (r *loginRequest) redirect(location string) func() {
	h := r.w.Header()
	h.Set("Location", location)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	return func() { r.w.WriteHeader(http.StatusFound) }
}

// setCookie sets a cookie of the domain. A value of "" deletes it.
func (r *loginRequest) setCookie(name, value string, life time.Duration) {
	c := http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   int(life.Seconds()),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
		Secure:   r.secure,
	}
	if value == "" {
		c.MaxAge = -1
	}
	r.w.Header().Add("Set-Cookie", c.String())
}

func (r *loginRequest) cookie(name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// browser is a sign-in that a browser has a cookie of.
type browser struct {
	account  *account
	authTime time.Time
}

const (
	browserCookie = "cognito"
	browserLife   = time.Hour // "Managed login session", Amazon Cognito developer guide
	formCookie    = "XSRF-TOKEN"
)

// serveLogout ends the browser's session. It continues at logout_uri, or at redirect_uri after a
// new sign-in. Tokens remain valid.
func serveLogout(s *Server, r *loginRequest) func() {
	_, client := s.loginClient(r.Host, r.query.Get("client_id"))
	logoutURI := r.query.Get("logout_uri")
	switch {
	case client == nil:
		return r.refuse(&oauthError{"invalid_request", "client_id is missing or unknown"})
	case logoutURI == "" && !r.query.Has("redirect_uri"):
		return r.refuse(&oauthError{"invalid_request", "logout_uri is missing"})
	case logoutURI != "" && !slices.Contains(client.LogoutURLs, logoutURI):
		return r.refuse(&oauthError{"redirect_mismatch", "logout_uri is not registered"})
	case logoutURI == "" && !slices.Contains(client.CallbackURLs, r.query.Get("redirect_uri")):
		return r.refuse(&oauthError{"redirect_mismatch", "redirect_uri is not registered"})
	}
	s.browsers.take(r.cookie(browserCookie))
	r.setCookie(browserCookie, "", 0)
	if logoutURI != "" {
		return r.redirect(logoutURI)
	}
	return r.redirect("/login?" + r.URL.RawQuery)
}
