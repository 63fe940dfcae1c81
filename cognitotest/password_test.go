package cognitotest

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newPassword is a password that differs from ExamplePassword.
const newPassword = "another-Horse-8"

// The empty password does not sign in a user who has no password.
func TestNoPassword(t *testing.T) {
	_, p := example(t, func(_ *UserPool, ada *User) { ada.Password = "" })
	p.signIn(ExampleUser, "").want(t, "NotAuthorizedException")
	p.password(ExampleUser).want(t, "NotAuthorizedException")
}

func TestForgotPassword(t *testing.T) {
	s, p := example(t, func(_ *UserPool, ada *User) { ada.ResetRequired = true })
	p.password(ExampleUser).want(t, "PasswordResetRequiredException")
	a := p.public("ForgotPassword", ExampleEmail, nil)
	if d := a.CodeDeliveryDetails; d.Destination != "a***@e***" || d.AttributeName != "email" {
		t.Errorf("ForgotPassword = %s", a.Body)
	}
	reset := func(code, password any) response {
		return p.public("ConfirmForgotPassword", ExampleUser,
			object{"ConfirmationCode": code, "Password": password})
	}
	correct := code(s)
	reset(wrong(correct), newPassword).want(t, "CodeMismatchException")
	reset(correct, "1234567").want(t, "InvalidPasswordException")
	reset(correct, "").want(t, "InvalidParameterException")
	reset(nil, newPassword).want(t, "InvalidParameterException")
	reset(correct, newPassword).want(t, "")
	reset(correct, newPassword).want(t, "ExpiredCodeException") // valid once
	p.password(ExampleUser).want(t, "NotAuthorizedException")
	p.signIn(ExampleUser, newPassword).wantTokens(t)

	// This user must choose a password in any case.
	p.public("ForgotPassword", ExampleNewUser, nil).want(t, "NotAuthorizedException")
	for _, tt := range []struct {
		change func(ada *User)
		want   string
	}{
		{func(ada *User) { delete(ada.Attributes, "email_verified") }, "InvalidParameterException"},
		{func(ada *User) { ada.Disabled = true }, "NotAuthorizedException"},
	} {
		_, p := example(t, func(_ *UserPool, ada *User) { tt.change(ada) })
		p.public("ForgotPassword", ExampleUser, nil).want(t, tt.want)
	}
}

func TestChangePassword(t *testing.T) {
	_, p := example(t, func(pool *UserPool, _ *User) { pool.Lockout = true })
	token := p.mustSignIn().AuthenticationResult.AccessToken
	change := func(token, previous, proposed any) response {
		return p.idp("ChangePassword", object{
			"AccessToken":      token,
			"PreviousPassword": previous,
			"ProposedPassword": proposed,
		})
	}
	change(token, nil, newPassword).want(t, "NotAuthorizedException")
	change(token, "wrong", newPassword).want(t, "NotAuthorizedException")
	change(token, ExamplePassword, "1234567").want(t, "InvalidPasswordException")
	change(token, ExamplePassword, nil).want(t, "InvalidParameterException")
	change("x", ExamplePassword, newPassword).want(t, "NotAuthorizedException")
	change(token, ExamplePassword, newPassword).want(t, "")
	p.signIn(ExampleUser, ExamplePassword).want(t, "NotAuthorizedException")
	p.signIn(ExampleUser, newPassword).wantTokens(t)
}

func TestLockout(t *testing.T) {
	const exceeded = "Password attempts exceeded"
	const incorrect = "Incorrect username or password."
	// guess returns the message of a sign-in.
	guess := func(p *peer, user, password string) string {
		t.Helper()
		a := p.signIn(user, password)
		if a.Code != "NotAuthorizedException" && a.Code != "" {
			t.Errorf("%s: code = %s", user, a.Code)
		}
		return a.Message
	}
	lockout := func(pool *UserPool, _ *User) { pool.Lockout = true }
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, lockout)
		p = p.withSecret()
		for _, user := range []string{ExampleUser, "nobody"} {
			for i := range 5 {
				if got := guess(p, user, "wrong"); got != incorrect {
					t.Errorf("%s, guess %d: message = %q, want %q", user, i, got, incorrect)
				}
			}
			for wait := time.Second; wait < 10*time.Minute; wait *= 2 {
				if got := guess(p, user, ExamplePassword); got != exceeded {
					t.Errorf("%s, immediately: message = %q, want %q", user, got, exceeded)
				}
				time.Sleep(wait - time.Nanosecond)
				if got := guess(p, user, ExamplePassword); got != exceeded {
					t.Errorf("%s, before %v: message = %q, want %q", user, wait, got, exceeded)
				}
				time.Sleep(time.Nanosecond)
				if got := guess(p, user, "wrong"); got != incorrect {
					t.Errorf("%s, after %v: message = %q, want %q", user, wait, got, incorrect)
				}
			}
			time.Sleep(15 * time.Minute) // the longest lockout
		}
		// A correct password resets the count.
		for range 3 {
			p.signIn(ExampleUser, ExamplePassword).wantTokens(t)
			for range 4 {
				guess(p, ExampleUser, "wrong")
			}
		}
		p.signIn(ExampleUser, ExamplePassword).wantTokens(t)
	})
	synctest.Test(t, func(t *testing.T) { // ConfirmForgotPassword ends a lockout.
		s, p := example(t, lockout)
		for range 6 {
			guess(p, ExampleUser, "wrong")
		}
		p.public("ForgotPassword", ExampleUser, nil).want(t, "")
		p.public("ConfirmForgotPassword", ExampleUser, object{
			"ConfirmationCode": code(s),
			"Password":         newPassword,
		}).want(t, "")
		p.signIn(ExampleUser, newPassword).wantTokens(t)
	})
	p := newPeer(t, Example()) // without Lockout
	for range 7 {
		guess(p, ExampleUser, "wrong")
	}
	p.mustSignIn()
}

func TestNewPasswordRequired(t *testing.T) {
	p := newPeer(t, Example())
	a := p.signIn(ExampleNewUser, ExamplePassword).wantChallenge(t, "NEW_PASSWORD_REQUIRED")
	c := a.ChallengeParameters
	var attributes params
	err := json.Unmarshal([]byte(c["userAttributes"]), &attributes)
	if err != nil || attributes["email"] != "grace@example.com" {
		t.Errorf("userAttributes = %q, %v", c["userAttributes"], err)
	}
	if c["requiredAttributes"] != "[]" {
		t.Errorf("requiredAttributes = %q, want []", c["requiredAttributes"])
	}
	const (
		no        = "NotAuthorizedException"
		parameter = "InvalidParameterException"
	)
	q := p.withSecret()
	good := p.params(ExampleNewUser, "NEW_PASSWORD", newPassword, "userAttributes.name", "Grace")
	for _, tt := range []struct {
		name      string
		peer      *peer
		session   any
		responses params
		code      string
	}{
		{"unknown session", p, strings.Repeat("x", 40), good, no},
		{"another user", p, a.Session, p.params(ExampleUser, "NEW_PASSWORD", newPassword), no},
		{"another client", q, a.Session,
			q.params(ExampleNewUser, "NEW_PASSWORD", newPassword), no},
		{"no password", p, a.Session, p.params(ExampleNewUser), parameter},
		{"short password", p, a.Session,
			p.params(ExampleNewUser, "NEW_PASSWORD", "1234567"), "InvalidPasswordException"},
		{"attribute is set", p, a.Session, p.params(ExampleNewUser, "NEW_PASSWORD", newPassword,
			"userAttributes.email", "g@example.com"), no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.peer.respondWith("NEW_PASSWORD_REQUIRED", tt.session, tt.responses).want(t, tt.code)
		})
	}
	b := p.respondWith("NEW_PASSWORD_REQUIRED", a.Session, good).wantTokens(t)
	wantClaims(t, "ID token", payload(t, b.AuthenticationResult.IdToken),
		claims{"name": "Grace", "email": "grace@example.com"})
	p.respondWith("NEW_PASSWORD_REQUIRED", a.Session, good).want(t, no) // used up
	p.signIn(ExampleNewUser, ExamplePassword).want(t, no)
	p.signIn(ExampleNewUser, newPassword).wantTokens(t)
}

// NEW_PASSWORD_REQUIRED asks for the required attributes that have no value.
func TestRequiredAttributes(t *testing.T) {
	_, p := example(t, func(pool *UserPool, _ *User) {
		pool.RequiredAttributes = []string{"email", "name", "custom:team"}
	})
	a := p.password(ExampleNewUser).wantChallenge(t, "NEW_PASSWORD_REQUIRED")
	want := `["userAttributes.name","userAttributes.custom:team"]`
	if got := a.ChallengeParameters["requiredAttributes"]; got != want {
		t.Errorf("requiredAttributes = %s, want %s", got, want)
	}
	reply := func(pairs ...string) response {
		return p.reply(a, append(pairs, "NEW_PASSWORD", newPassword)...)
	}
	const name, team = "userAttributes.name", "userAttributes.custom:team"
	reply(name, "Grace").want(t, "InvalidParameterException")
	reply(name, "", team, "blue").want(t, "InvalidParameterException")
	for _, attribute := range []string{
		"cognito:roles",
		"phone_number_verified",
		"sub",
		"token_use",
		"no such",
	} {
		reply(name, "Grace", team, "blue", "userAttributes."+attribute, "x").
			want(t, "NotAuthorizedException")
	}
	r := reply(name, "Grace", team, "blue").wantTokens(t)
	wantClaims(t, "ID token", payload(t, r.AuthenticationResult.IdToken), claims{
		"name":        "Grace",
		"custom:team": "blue",
		"email":       "grace@example.com",
	})
}

// The second factor follows the new password.
func TestNewPasswordThenMFA(t *testing.T) {
	s, p := example(t, func(pool *UserPool, _ *User) {
		pool.MFAConfiguration = "ON"
		pool.Users[1].MFA = []string{"EMAIL_OTP"}
	})
	a := p.password(ExampleNewUser).wantChallenge(t, "NEW_PASSWORD_REQUIRED")
	a = p.reply(a, "NEW_PASSWORD", newPassword).wantChallenge(t, "EMAIL_OTP")
	p.reply(a, "EMAIL_OTP_CODE", s.Code(ExampleUserPoolID, ExampleNewUser)).wantTokens(t)
}
