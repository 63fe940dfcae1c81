package cognitotest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestStates(t *testing.T) {
	for want, change := range map[string]func(ada *User){
		"UserNotConfirmedException":      func(ada *User) { ada.Unconfirmed = true },
		"PasswordResetRequiredException": func(ada *User) { ada.ResetRequired = true },
		"NotAuthorizedException":         func(ada *User) { ada.Disabled = true },
	} {
		t.Run(want, func(t *testing.T) {
			s, p := choosing(t, func(pool *UserPool, ada *User) {
				change(ada)
				pool.Clients[0].ExplicitAuthFlows = append(pool.Clients[0].ExplicitAuthFlows, "ALLOW_CUSTOM_AUTH")
				pool.CustomAuth = script
				ada.ForceChangePassword, ada.MFA = true, []string{"EMAIL_OTP"}
			})
			p.password(ExampleUser).want(t, want)
			p.signIn(ExampleUser, ExamplePassword).want(t, want)
			p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).want(t, want)
			p.initiate("USER_AUTH", p.params(ExampleUser, "PREFERRED_CHALLENGE", "EMAIL_OTP")).want(t, want)
			if code(s) != "" {
				t.Error("a code was sent to who may not sign in")
			}
			wrong := p.signIn(ExampleUser, "wrong") // the state is told to who knows the password
			if wrong.Code != "NotAuthorizedException" || wrong.Message != "Incorrect username or password." {
				t.Errorf("wrong password: %s %s", wrong.Code, wrong.Message)
			}
		})
	}
}

// A user without a password has not the empty one.
func TestNoPassword(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { ada.Password = "" })
	p.signIn(ExampleUser, "").want(t, "NotAuthorizedException")
	p.password(ExampleUser).want(t, "NotAuthorizedException")
}

func TestForgotPassword(t *testing.T) {
	const changed = "another-Horse-8"
	s, p := example(t, func(pool *UserPool, ada *User) { ada.ResetRequired = true })
	p.password(ExampleUser).want(t, "PasswordResetRequiredException")
	a := p.public("ForgotPassword", ExampleEmail, nil)
	if d := a.CodeDeliveryDetails; d.Destination != "a***@e***" || d.AttributeName != "email" {
		t.Errorf("answer %s", a.Body)
	}
	reset := func(code, password string) answer {
		return p.public("ConfirmForgotPassword", ExampleUser, m{"ConfirmationCode": code, "Password": password})
	}
	right := code(s)
	reset(wrong(right), changed).want(t, "CodeMismatchException")
	reset(right, "1234567").want(t, "InvalidPasswordException")
	reset(right, "").want(t, "InvalidParameterException")
	p.public("ConfirmForgotPassword", ExampleUser, m{"Password": changed}).want(t, "InvalidParameterException")
	reset(right, changed).want(t, "")
	reset(right, changed).want(t, "ExpiredCodeException") // once
	p.password(ExampleUser).want(t, "NotAuthorizedException")
	p.signIn(ExampleUser, changed).tokens(t)

	p.public("ForgotPassword", ExampleNewUser, nil).want(t, "NotAuthorizedException") // must choose a password anyway
	for name, change := range map[string]func(ada *User){
		"InvalidParameterException": func(ada *User) { delete(ada.Attributes, "email_verified") },
		"NotAuthorizedException":    func(ada *User) { ada.Disabled = true },
	} {
		_, p := example(t, func(pool *UserPool, ada *User) { change(ada) })
		p.public("ForgotPassword", ExampleUser, nil).want(t, name)
	}
}

func TestChangePassword(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.LockOut = true })
	token := p.mustSignIn().AuthenticationResult.AccessToken
	change := func(previous, proposed any) answer {
		return p.idp("ChangePassword", m{"AccessToken": token, "PreviousPassword": previous, "ProposedPassword": proposed})
	}
	const changed = "another-Horse-8"
	change(nil, changed).want(t, "NotAuthorizedException")
	change("wrong", changed).want(t, "NotAuthorizedException")
	change(ExamplePassword, "1234567").want(t, "InvalidPasswordException")
	change(ExamplePassword, nil).want(t, "InvalidParameterException")
	p.idp("ChangePassword", m{"AccessToken": "x", "PreviousPassword": ExamplePassword, "ProposedPassword": changed}).want(t, "NotAuthorizedException")
	change(ExamplePassword, changed).want(t, "")
	p.signIn(ExampleUser, ExamplePassword).want(t, "NotAuthorizedException")
	p.signIn(ExampleUser, changed).tokens(t)
}

// With PreventUserExistenceErrors a stranger cannot tell an unknown user from a known one.
func TestPreventUserExistenceErrors(t *testing.T) {
	q := newPeer(t, Example()).withSecret()
	e := newProof()
	first, again, known := q.start(e, "nobody"), q.start(e, "nobody"), q.start(e, ExampleUser)
	if first["SALT"] != again["SALT"] || q.start(e, ExampleUser)["SALT"] != known["SALT"] {
		t.Error("the salt changes from one sign-in to the next")
	}
	if first["SRP_B"] == again["SRP_B"] || first["SECRET_BLOCK"] == again["SECRET_BLOCK"] {
		t.Error("B or the secret block repeats")
	}
	if len(first) != len(known) || len(first["SECRET_BLOCK"]) != len(known["SECRET_BLOCK"]) {
		t.Errorf("challenges differ in form: %d and %d parameters", len(first), len(known))
	}
	unknown := q.respond("PASSWORD_VERIFIER", q.claim(e, first, ExamplePassword, timestamp(time.Now())))
	wrong := q.respond("PASSWORD_VERIFIER", q.claim(e, known, "wrong", timestamp(time.Now())))
	if unknown.Code != "NotAuthorizedException" || string(unknown.Body) != string(wrong.Body) {
		t.Errorf("unknown user: %s; wrong password: %s", unknown.Body, wrong.Body)
	}
}

// For a client with PreventUserExistenceErrors unknown users are answered like known ones; for another they are not.
func TestExistence(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	const nobody = "nobody"
	confirm, reset := m{"ConfirmationCode": "000000"}, m{"ConfirmationCode": "000000", "Password": ExamplePassword}
	for operation, body := range map[string]m{"ForgotPassword": nil, "ResendConfirmationCode": nil, "ConfirmSignUp": confirm, "ConfirmForgotPassword": reset} {
		p.public(operation, nobody, body).want(t, "UserNotFoundException")
		a, again := q.public(operation, nobody, body), q.public(operation, nobody, body)
		if body != nil {
			a.want(t, "CodeMismatchException")
			continue
		}
		if a.want(t, ""); len(a.CodeDeliveryDetails.Destination) != 9 || string(a.Body) != string(again.Body) {
			t.Errorf("%s: %s, then %s", operation, a.Body, again.Body)
		}
	}
}

// Nor can a stranger tell that a user is disabled, or has no address that a code could go to.
func TestExistenceOfTheUnreachable(t *testing.T) {
	for name, change := range map[string]func(ada *User){
		"disabled":                func(ada *User) { ada.Disabled = true },
		"not verified":            func(ada *User) { delete(ada.Attributes, "email_verified") },
		"disabled, not confirmed": func(ada *User) { ada.Disabled, ada.Unconfirmed = true, true },
	} {
		s, p := example(t, func(pool *UserPool, ada *User) { change(ada) })
		p = p.withSecret()
		operations := map[string]m{"ForgotPassword": nil, "ConfirmForgotPassword": {"ConfirmationCode": "000000", "Password": ExamplePassword}}
		if name != "not verified" {
			operations["ResendConfirmationCode"] = nil
		}
		for operation, body := range operations {
			known, unknown := p.public(operation, ExampleUser, body), p.public(operation, "nobody", body)
			if known.Code != unknown.Code || known.Message != unknown.Message || len(known.Body) != len(unknown.Body) {
				t.Errorf("%s of a user who is %s: %s, of nobody: %s", operation, name, known.Body, unknown.Body)
			}
		}
		if code(s) != "" {
			t.Errorf("a code was sent to a user who is %s", name)
		}
	}
}

func TestLockOut(t *testing.T) {
	const exceeded = "Password attempts exceeded"
	guess := func(p *peer, user, password string) string {
		t.Helper()
		a := p.signIn(user, password)
		if a.Code != "NotAuthorizedException" && a.Code != "" {
			t.Errorf("%s: %s", user, a.Code)
		}
		return a.Message
	}
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, ada *User) { pool.LockOut = true })
		p = p.withSecret()
		for _, user := range []string{ExampleUser, "nobody"} { // of a stranger no less
			for i := range 5 {
				if got := guess(p, user, "wrong"); got != errIncorrect.(*serviceError).message {
					t.Errorf("%s, guess %d: %q", user, i, got)
				}
			}
			for wait := time.Second; wait < 10*time.Minute; wait *= 2 {
				if got := guess(p, user, ExamplePassword); got != exceeded {
					t.Errorf("%s, at once: %q", user, got)
				}
				time.Sleep(wait - time.Nanosecond)
				if got := guess(p, user, ExamplePassword); got != exceeded {
					t.Errorf("%s, before %v: %q", user, wait, got)
				}
				time.Sleep(time.Nanosecond)
				if got := guess(p, user, "wrong"); got == exceeded || got == "" {
					t.Errorf("%s, after %v: %q", user, wait, got)
				}
			}
			time.Sleep(15 * time.Minute) // the longest
		}
		p.signIn(ExampleUser, ExamplePassword).tokens(t) // and all is forgotten
		for range 4 {
			guess(p, ExampleUser, "wrong")
		}
		p.signIn(ExampleUser, ExamplePassword).tokens(t)
		for range 4 {
			guess(p, ExampleUser, "wrong")
		}
		p.signIn(ExampleUser, ExamplePassword).tokens(t)
	})
	synctest.Test(t, func(t *testing.T) { // a code by e-mail ends a lock-out
		s, p := example(t, func(pool *UserPool, ada *User) { pool.LockOut = true })
		for range 6 {
			guess(p, ExampleUser, "wrong")
		}
		p.public("ForgotPassword", ExampleUser, nil).want(t, "")
		p.public("ConfirmForgotPassword", ExampleUser, m{"ConfirmationCode": code(s), "Password": "another-Horse-8"}).want(t, "")
		p.signIn(ExampleUser, "another-Horse-8").tokens(t)
	})
	p := newPeer(t, Example()) // where LockOut is false
	for range 7 {
		guess(p, ExampleUser, "wrong")
	}
	p.mustSignIn()
}
