package cognitotest

import (
	"strings"
	"testing"
	"time"
)

func TestLoginPage(t *testing.T) {
	s := Example()
	b := newTab(t, s).open(authorizeURL("login_hint", `ada"><script>`)).wantPage("Sign in", "")
	if strings.Contains(b.page, "<script") {
		t.Errorf("the page has a script:\n%s", b.page)
	}
	if got := formFields(b.page).Get("username"); got != `ada"><script>` {
		t.Errorf("username = %q, want login_hint", got)
	}
	b.password(ExampleUser, "guess").wantPage("Sign in", "Incorrect username or password.")
	b.password("nobody", ExamplePassword).wantPage("Sign in", "User does not exist.")
	b.password(ExampleEmail, ExamplePassword).wantCode("STATE")

	b = newTab(t, s).open(authorizeURL("client_id", ExampleSecretClientID))
	b.password("nobody", ExamplePassword).wantPage("Sign in", "Incorrect username or password.")
	b.password(ExampleUser, ExamplePassword).wantCode("STATE")
}

func TestLoginPageHeaders(t *testing.T) {
	s := Example()
	b := newTab(t, s).open(authorizeURL())
	policy := b.header.Get("Content-Security-Policy")
	if strings.Contains(policy, "form-action") {
		t.Errorf("the policy %q blocks the redirect after the form in Chrome", policy)
	}
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("Content-Security-Policy = %q, want %s in it", policy, want)
		}
	}
	for _, tt := range []struct{ name, want string }{
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
		{"Content-Type", "text/html; charset=utf-8"},
	} {
		if got := b.header.Get(tt.name); got != tt.want {
			t.Errorf("%s = %q, want %q", tt.name, got, tt.want)
		}
	}
	b.password(ExampleUser, ExamplePassword).wantCode("STATE")
	cookie := b.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "Secure", "SameSite=Lax", "Max-Age=3600", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("Set-Cookie = %q, want %s in it", cookie, want)
		}
	}
}

// Other sites cannot post the form.
func TestLoginFormToken(t *testing.T) {
	s := Example()
	for _, token := range []string{"", "x"} {
		b := newTab(t, s).open(authorizeURL())
		b.submit("username", ExampleUser, "password", ExamplePassword, "_csrf", token)
		if b.status != 403 {
			t.Errorf("with token %q the status is %d, want 403", token, b.status)
		}
	}
	b := newTab(t, s).open(authorizeURL())
	other := newTab(t, s) // without the cookie
	other.at, other.page = b.at, b.page
	if other.password(ExampleUser, ExamplePassword); other.status != 403 {
		t.Errorf("without the cookie the status is %d, want 403", other.status)
	}
}

func TestLoginCodes(t *testing.T) {
	for _, factor := range []string{smsMFA, mailMFA} {
		s, _ := example(t, func(p *UserPool, ada *User) {
			p.MFAConfiguration = "OPTIONAL"
			ada.MFA = []string{factor}
			ada.Attributes["phone_number"] = "+15555550123"
		})
		b := newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
		b.wantPage("Enter the code", "")
		b.submit(factor+"_CODE", wrong(code(s))).wantPage("Enter the code", "Invalid code")
		b.submit(factor+"_CODE", "").wantPage("Enter the code", "Missing required parameter")
		b.submit(factor+"_CODE", code(s)).wantCode("STATE")

		b = newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
		for range maxTries - 1 {
			b.submit(factor+"_CODE", wrong(code(s))).wantPage("Enter the code", "Invalid code")
		}
		b.submit(factor+"_CODE", wrong(code(s))).wantPage("Sign in", "Invalid code")
	}
}

func TestLoginChoice(t *testing.T) {
	s, _ := example(t, func(p *UserPool, ada *User) {
		p.MFAConfiguration = "ON"
		ada.MFA = []string{mailMFA, totpMFA}
		ada.TOTPSecret = testSecret
	})
	b := newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
	b.wantPage("Choose how to receive a code", "")
	b.submit("ANSWER", smsMFA).wantPage("Choose how to receive a code", "not one of")
	b.submit("ANSWER", totpMFA).wantPage("Enter the code", "")
	b.submit(totpMFA+"_CODE", totp(testSecret, time.Now())).wantCode("STATE")
}

func TestLoginSetUp(t *testing.T) {
	s, _ := example(t, func(p *UserPool, _ *User) { p.MFAConfiguration = "ON" })
	b := newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
	b.wantPage("Set up an authenticator app", "")
	secret := between(b.page, "TOTP secret: ", "<")
	b.submit(totpMFA+"_CODE", "12").wantPage("Set up an authenticator app", "Code mismatch")
	if got := between(b.page, "TOTP secret: ", "<"); got != secret {
		t.Errorf("after a wrong code the secret is %q, want %q", got, secret)
	}
	b.submit(totpMFA+"_CODE", totp(secret, time.Now())).wantCode("STATE")
	b.open(authorizeURL("prompt", "login")).password(ExampleUser, ExamplePassword)
	b.wantPage("Enter the code", "")
}

func TestLoginNewPassword(t *testing.T) {
	s, p := example(t, func(p *UserPool, _ *User) {
		p.RequiredAttributes = []string{"email", "given_name"}
	})
	b := newTab(t, s).open(authorizeURL()).password(ExampleNewUser, ExamplePassword)
	b.wantPage("Choose a new password", "")
	b.submit("NEW_PASSWORD", "short", "userAttributes.given_name", "Grace").
		wantPage("Choose a new password", "Password not long enough")
	b.submit("NEW_PASSWORD", "a-New-password-1", "userAttributes.given_name", "").
		wantPage("Choose a new password", "required")
	b.submit("NEW_PASSWORD", "a-New-password-1", "userAttributes.given_name", "Grace").
		wantCode("STATE")
	p.signIn(ExampleNewUser, "a-New-password-1").wantTokens(t)
}

// A sign-in at the page and one with the API do not mix.
func TestLoginSessionsAreSeparate(t *testing.T) {
	s, p := example(t, func(p *UserPool, ada *User) {
		p.MFAConfiguration = "OPTIONAL"
		ada.MFA = []string{mailMFA}
	})
	b := newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
	b.wantPage("Enter the code", "")
	session := formFields(b.page).Get("session")
	p.respondWith(mailMFA, session, p.params(ExampleUser, mailMFA+"_CODE", code(s))).
		want(t, "NotAuthorizedException")
	b.submit(mailMFA+"_CODE", code(s)).wantCode("STATE")

	a := p.password(ExampleUser).wantChallenge(t, mailMFA)
	b = newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
	b.submit("session", *a.Session, mailMFA+"_CODE", code(s)).
		wantPage("Sign in", "session is expired")
}

func TestLoginProvider(t *testing.T) {
	s := Example()
	b := newTab(t, s).open(authorizeURL()).wantPage("Sign in", "")
	link := unescapeXML(between(b.page, `class="provider" href="`, `"`))
	b.open(domainURL+link).wantPage("Sign in with Contoso", "")
	b.password(ExampleProviderUser, "guess").wantPage("Sign in with Contoso", "Incorrect")
	b.password(ExampleUser, ExamplePassword).wantPage("Sign in with Contoso", "Incorrect")
	b.password(ExampleProviderUser, ExamplePassword).wantCode("STATE")
	b.open(authorizeURL("idp_identifier", "contoso.example")).wantCode("STATE")
	b.open(authorizeURL("identity_provider", "COGNITO")).wantPage("Sign in", "")
	if strings.Contains(b.page, "Contoso") {
		t.Error("with identity_provider=COGNITO the page shows providers")
	}
	b.password("Contoso_alan", ExamplePassword).wantPage("Sign in", "Incorrect")

	b = newTab(t, s).open(authorizeURL("identity_provider", ExampleProvider)).submit("cancel", "1")
	if got := b.at.Query(); got.Get("error") != "access_denied" || got.Has("state") {
		t.Errorf("cancel leads to %v, want access_denied without a state", b.at)
	}

	s.UserPools[0].Clients[0].SupportedIdentityProviders = []string{"COGNITO"}
	b = newTab(t, s).open(authorizeURL()).wantPage("Sign in", "")
	if strings.Contains(b.page, "Contoso") {
		t.Error("the page shows a provider that the client does not support")
	}
	s.UserPools[0].Clients[0].SupportedIdentityProviders = []string{}
	newTab(t, s).open(authorizeURL())
	s.UserPools[0].Clients[0].SupportedIdentityProviders = []string{ExampleProvider}
	newTab(t, s).open(authorizeURL()).wantPage("Sign in with Contoso", "")
}

func TestLoginStates(t *testing.T) {
	for _, tt := range []struct {
		change func(*User)
		want   string
	}{
		{func(u *User) { u.Disabled = true }, "User is disabled."},
		{func(u *User) { u.Unconfirmed = true }, "User is not confirmed."},
		{func(u *User) { u.ResetRequired = true }, "Password reset required"},
		{func(u *User) { u.Password = "" }, "Incorrect username or password."},
	} {
		s, _ := example(t, func(_ *UserPool, ada *User) { tt.change(ada) })
		b := newTab(t, s).open(authorizeURL()).password(ExampleUser, ExamplePassword)
		b.wantPage("Sign in", tt.want)
	}
}

// The device of a sign-in with the API is not one of managed login.
func TestLoginWithDeviceTracking(t *testing.T) {
	s, _ := example(t, func(p *UserPool, _ *User) { p.DeviceTracking = "ALWAYS" })
	tokens := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	if tokens.Refresh == "" {
		t.Fatalf("tokens = %+v", tokens)
	}
	refreshed := redeem(t, s, refreshForm(tokens.Refresh))
	if refreshed.Access == "" {
		t.Errorf("refreshed tokens = %+v", refreshed)
	}
}
