package cognitotest

import (
	"cmp"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// serveLogin shows the login page, and processes its forms. Each form belongs to one step of a
// sign-in: the password, or the response to a challenge.
func serveLogin(s *Server, r *loginRequest) func() {
	a, e := s.authorize(r)
	if e != nil {
		return r.refuseAt(a, e)
	}
	if r.Method != http.MethodPost {
		return r.loginPage(a, "")
	}
	token := r.cookie(formCookie)
	if token == "" || !equal(token, r.form.Get("_csrf")) {
		return r.page(http.StatusForbidden, "Error",
			paragraph("error", "The form is not from this browser. Reload the page."))
	}
	switch {
	case r.form.Has("cancel"):
		return r.refuseAt(a, &oauthError{"access_denied", "The user cancelled the sign-in"})
	case r.form.Has("challenge"):
		return r.answer(s, a)
	case a.provider != nil:
		return r.federate(s, a)
	case !a.client.supports("COGNITO"):
		return r.loginPage(a, "Choose an identity provider.")
	}
	account, err := s.find(a.pool, a.client, r.form.Get("username"))
	if err != nil {
		return r.loginPage(a, err.(*refusal).Message)
	}
	c := &session{account: account, client: a.client, page: true}
	out, err := checkPassword(s, c, params{"PASSWORD": r.form.Get("password")})
	return r.proceed(s, a, c, out, err)
}

// federate signs a user of a provider in. The pool has an account of that user from then on.
func (r *loginRequest) federate(s *Server, a *authorization) func() {
	p := a.provider
	for _, u := range p.Users {
		if u.Name != r.form.Get("username") || !equal(u.Password, r.form.Get("password")) {
			continue
		}
		id := accountID{a.pool.ID, p.Name + "_" + u.Name}
		user := s.accounts[id]
		if user == nil {
			group := a.pool.ID + "_" + p.Name
			user = s.newAccount(a.pool, User{Name: id.name, Groups: []string{group}})
			user.provider = p.Name
			user.providerUser = u.Name
			s.accounts[id] = user
		}
		maps.Copy(user.user.Attributes, u.Attributes) // "Attribute mapping": at each sign-in
		return r.proceed(s, a, &session{account: user}, nil, user.user.checkState())
	}
	return r.loginPage(a, "Incorrect username or password at "+p.Name+".")
}

// answer processes the response to a challenge.
func (r *loginRequest) answer(s *Server, a *authorization) func() {
	id, name := r.form.Get("session"), r.form.Get("challenge")
	c, ok := s.sessions.get(id)
	if !ok || !c.page || c.challenge != name || c.client != a.client {
		return r.loginPage(a, errSession.(*refusal).Message)
	}
	challenge := challenges[name]
	p := make(params)
	for key := range r.form {
		p[key] = r.form.Get(key)
	}
	if err := requireParams(p, challenge.required); err != nil {
		return r.challengePage(c, id, err.(*refusal).Message)
	}
	s.sessions.take(id)
	var out object
	var err error
	if name == "MFA_SETUP" {
		err = c.setUpTOTP(p["SOFTWARE_TOKEN_MFA_CODE"])
	}
	if err == nil {
		out, err = challenge.check(s, c, p)
	}
	if err != nil && challenge.retries {
		s.keep(id, name, c)
		if _, ok := s.sessions.get(id); ok {
			return r.challengePage(c, id, err.(*refusal).Message)
		}
	}
	return r.proceed(s, a, c, out, err)
}

// setUpTOTP verifies a code of the TOTP secret that the page shows.
func (c *session) setUpTOTP(code string) error {
	step, ok := matchTOTP(c.expected, code, time.Now())
	if !ok {
		c.tries++
		return refuse("EnableSoftwareTokenMFAException", "Code mismatch")
	}
	c.account.user.TOTPSecret = c.expected
	c.account.totpStep = step
	c.verified = true
	return nil
}

// proceed shows the next step of a sign-in, or ends it with a session of the browser and a code.
func (r *loginRequest) proceed(
	s *Server, a *authorization, c *session, out object, err error,
) func() {
	switch {
	case err != nil:
		return r.loginPage(a, err.(*refusal).Message)
	case c.challenge != "":
		id, _ := out["Session"].(string)
		return r.challengePage(c, id, "")
	}
	b := &browser{c.account, time.Now()}
	cookie := rand.Text() + rand.Text()
	s.browsers.take(r.cookie(browserCookie))
	s.browsers.put(cookie, b, b.authTime.Add(browserLife))
	r.setCookie(browserCookie, cookie, browserLife)
	return r.finish(s, a, b, false)
}

// loginPage shows the forms that start a sign-in.
func (r *loginRequest) loginPage(a *authorization, message string) func() {
	title, content := "Sign in", paragraph("error", message)
	user := field("Username", "username", "text", "username",
		cmp.Or(r.form.Get("username"), a.hint))
	password := field("Password", "password", "password", "current-password", "")
	switch {
	case a.provider != nil:
		title = "Sign in with " + a.provider.Name
		content += r.formOf(user+password,
			`<button name="cancel" value="1" formnovalidate>Cancel</button>`)
	case a.client.supports("COGNITO"):
		content += r.formOf(user + password)
	}
	if a.provider == nil && !a.local {
		for i := range a.pool.Providers {
			name := a.pool.Providers[i].Name
			if !a.client.supports(name) {
				continue
			}
			q := maps.Clone(r.query)
			q.Set("identity_provider", name)
			content += `<a class="provider" href="/oauth2/authorize?` +
				escapeXML(q.Encode()) + `">Continue with ` + escapeXML(name) + `</a>`
		}
	}
	return r.page(http.StatusOK, title, content)
}

// challengePage shows the form of a challenge.
func (r *loginRequest) challengePage(c *session, id, message string) func() {
	title, content := "Enter the code", ""
	code := c.challenge + "_CODE"
	switch c.challenge {
	case smsMFA, mailMFA:
		content = paragraph("", "The code was sent to "+
			c.parameters["CODE_DELIVERY_DESTINATION"]+".") +
			field("Code", code, "text", "one-time-code", "")
	case totpMFA:
		content = field("Authenticator code", code, "text", "one-time-code", "")
	case "SELECT_MFA_TYPE":
		title = "Choose how to receive a code"
		content = choice(c.parameters["MFAS_CAN_CHOOSE"])
	case "MFA_SETUP":
		title = "Set up an authenticator app"
		if c.expected == "" {
			c.expected = base32.StdEncoding.EncodeToString(random(20))
		}
		content = paragraph("", "TOTP secret: "+c.expected) +
			field("Authenticator code", totpMFA+"_CODE", "text", "one-time-code", "")
	case "NEW_PASSWORD_REQUIRED":
		title = "Choose a new password"
		content = field("New password", "NEW_PASSWORD", "password", "new-password", "")
		for _, name := range missing(c.account.pool, c.account.user.Attributes) {
			label := strings.TrimPrefix(name, "userAttributes.")
			content += field(label, name, "text", "", "")
		}
	}
	return r.page(http.StatusOK, title, paragraph("error", message)+
		r.formOf(hidden("challenge", c.challenge)+hidden("session", id)+content))
}

// choice returns radio buttons for a JSON list of second factors.
func choice(list string) (content string) {
	var factors []string
	if json.Unmarshal([]byte(list), &factors) != nil {
		return ""
	}
	labels := params{smsMFA: "Text message", mailMFA: "Email", totpMFA: "Authenticator app"}
	for i, factor := range factors {
		checked := ""
		if i == 0 {
			checked = " checked"
		}
		content += `<label class="choice"><input type="radio" name="ANSWER" value="` +
			escapeXML(factor) + `"` + checked + `> ` + labels[factor] + `</label>`
	}
	return content
}

// formOf returns a form that posts to the URL of the page. Its token is that of a cookie, so that
// other sites cannot post it.
func (r *loginRequest) formOf(content string, more ...string) string {
	token := r.cookie(formCookie)
	if token == "" {
		token = rand.Text()
		r.setCookie(formCookie, token, browserLife)
	}
	return `<form method="post">` + hidden("_csrf", token) + content +
		`<button class="main">Continue</button>` + strings.Join(more, "") + `</form>`
}

func hidden(name, value string) string {
	return fmt.Sprintf(`<input type="hidden" name="%s" value="%s">`,
		escapeXML(name), escapeXML(value))
}

func field(label, name, kind, autocomplete, value string) string {
	return fmt.Sprintf(`<label>%s<input name="%s" type="%s" autocomplete="%s" value="%s" required>`+
		`</label>`, escapeXML(label), escapeXML(name), kind, autocomplete,
		escapeXML(value))
}

// paragraph returns a paragraph unless the text is empty.
func paragraph(class, text string) string {
	if text == "" {
		return ""
	}
	role := ""
	if class == "error" {
		role = ` role="alert"`
	}
	return `<p class="` + class + `"` + role + `>` + escapeXML(text) + `</p>`
}

const pageStyle = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; align-items: center; justify-content: center;
	padding: 1rem; font: 16px/1.5 system-ui, sans-serif; background: #f2f4f7; color: #16191f; }
main { width: 100%; max-width: 24rem; padding: 2rem; border-radius: .75rem; background: #fff;
	box-shadow: 0 1px 4px rgb(0 0 0 / .15); overflow-wrap: anywhere; }
h1 { margin: 0 0 1.5rem; font-size: 1.4rem; line-height: 1.2; }
p { margin: 0 0 1rem; }
.error { padding: .5rem .75rem; border-radius: .4rem; background: #fdecea; color: #8a1c12; }
label { display: block; margin-bottom: 1rem; font-size: .9rem; }
input:not([type=radio]) { display: block; width: 100%; margin-top: .25rem; padding: .6rem;
	border: 1px solid #8d99a8; border-radius: .4rem; font: inherit; background: inherit;
	color: inherit; }
button, .provider { display: block; width: 100%; margin-top: .75rem; padding: .65rem;
	border: 1px solid #8d99a8; border-radius: .4rem; font: inherit; text-align: center;
	text-decoration: none; background: transparent; color: inherit; cursor: pointer; }
button.main { border-color: #0b5cad; background: #0b5cad; color: #fff; }
@media (prefers-color-scheme: dark) {
	body { background: #12161c; color: #e8ebef; }
	main { background: #1d232c; }
	.error { background: #4a1a16; color: #ffd9d5; }
}
`

// page shows a page without scripts. The policy has no form-action, because Chrome applies it to
// the redirect after the form too, and so would block the way to the redirect URI (kanidm issue
// 3354).
func (r *loginRequest) page(status int, title, content string) func() {
	h := r.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	title = escapeXML(title)
	text := `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<title>` + title + `</title><style>` + pageStyle + `</style></head><body><main><h1>` +
		title + `</h1>` + content + `</main></body></html>`
	return func() {
		r.w.WriteHeader(status)
		if r.Method != http.MethodHead {
			r.w.Write([]byte(text))
		}
	}
}
