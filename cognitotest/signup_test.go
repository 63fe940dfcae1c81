package cognitotest

import (
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// public calls an operation that names a user and needs no access token.
func (p *peer) public(operation, user string, body object) response {
	p.t.Helper()
	in := object{"ClientId": p.client, "Username": user}
	if p.secret != "" {
		in["SecretHash"] = p.secretHash(user)
	}
	maps.Copy(in, body)
	return p.idp(operation, in)
}

// attributes returns UserAttributes of alternating names and values.
func attributes(pairs ...string) (list []object) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, object{"Name": pairs[i], "Value": pairs[i+1]})
	}
	return list
}

const newcomer, newcomerMail = "mary", "mary@example.com"

func (p *peer) signUp(user string) response {
	p.t.Helper()
	return p.public("SignUp", user, object{
		"Password":       ExamplePassword,
		"UserAttributes": attributes("email", newcomerMail),
	})
}

func (p *peer) confirmSignUp(user, code string) response {
	p.t.Helper()
	return p.public("ConfirmSignUp", user, object{"ConfirmationCode": code})
}

// continueSignUp starts USER_AUTH with the Session of ConfirmSignUp.
func (p *peer) continueSignUp(user string, session any) response {
	p.t.Helper()
	return p.idp("InitiateAuth", object{
		"ClientId":       p.client,
		"AuthFlow":       "USER_AUTH",
		"AuthParameters": p.params(user),
		"Session":        session,
	})
}

func TestSignUp(t *testing.T) {
	test := func(t *testing.T, secret bool, beforeConfirmation string) {
		s, p := example(t, func(pool *UserPool, _ *User) {
			pool.Clients[1].ExplicitAuthFlows = []string{"ALLOW_USER_PASSWORD_AUTH"}
		})
		if secret {
			p = p.withSecret()
		}
		a := p.signUp(newcomer)
		a.want(t, "")
		d := a.CodeDeliveryDetails
		if !strings.Contains(string(a.Body), `"UserConfirmed":false`) ||
			d.Destination != "m***@e***" || d.DeliveryMedium != "EMAIL" ||
			d.AttributeName != "email" || a.Session != nil {
			t.Errorf("SignUp = %s", a.Body)
		}
		p.password(newcomer).want(t, "UserNotConfirmedException")
		p.initiate("USER_PASSWORD_AUTH", p.params(newcomer, "PASSWORD", "wrong")).
			want(t, "NotAuthorizedException")
		// PreventUserExistenceErrors does not hide this.
		p.signUp(newcomer).want(t, "UsernameExistsException")
		p.signUp(ExampleUser).want(t, "UsernameExistsException")

		first := s.Code(ExampleUserPoolID, newcomer)
		p.public("ResendConfirmationCode", newcomer, nil).want(t, "")
		correct := s.Code(ExampleUserPoolID, newcomer)
		if first != correct {
			p.confirmSignUp(newcomer, first).want(t, "CodeMismatchException")
		}
		p.confirmSignUp(newcomer, wrong(correct)).want(t, "CodeMismatchException")
		// The address is not verified yet, so the code must not reset the password.
		p.public("ConfirmForgotPassword", newcomer, object{
			"ConfirmationCode": correct,
			"Password":         "stolen-Horse-9",
		}).want(t, beforeConfirmation)
		p.confirmSignUp(newcomer, correct).want(t, "")
		p.confirmSignUp(newcomer, correct).want(t, "NotAuthorizedException")
		p.public("ResendConfirmationCode", newcomer, nil).want(t, "InvalidParameterException")
		token := p.password(newcomer).wantTokens(t).AuthenticationResult.IdToken
		wantClaims(t, "ID token", payload(t, token), claims{
			"sub":            a.UserSub,
			"email":          newcomerMail,
			"email_verified": true,
		})
		p.password(newcomerMail).wantTokens(t) // The address is an alias now.
	}
	t.Run("public client", func(t *testing.T) { test(t, false, "ExpiredCodeException") })
	t.Run("client with secret", func(t *testing.T) { test(t, true, "CodeMismatchException") })
}

func TestSignUpRefuses(t *testing.T) {
	_, p := example(t, func(pool *UserPool, _ *User) {
		pool.RequiredAttributes = []string{"email", "name"}
	})
	good := attributes("email", newcomerMail, "name", "Mary")
	with := func(name, value string) []object { return append(attributes(name, value), good...) }
	const (
		parameter = "InvalidParameterException"
		no        = "NotAuthorizedException"
		policy    = "InvalidPasswordException"
		notFound  = "ResourceNotFoundException"
	)
	for _, tt := range []struct {
		name   string
		change object // of a valid request
		code   string
	}{
		{"no password", object{"Password": nil}, policy},
		{"short password", object{"Password": "1234567"}, policy},
		{"attribute missing", object{"UserAttributes": good[:1]}, parameter},
		{"no attributes", object{"UserAttributes": nil}, parameter},
		{"verified", object{"UserAttributes": with("email_verified", "true")}, no},
		{"role", object{
			"UserAttributes": with("cognito:preferred_role", ExampleAdminRoleARN),
		}, no},
		{"sub", object{"UserAttributes": with("sub", "x")}, no},
		{"no name", object{"Username": nil}, parameter},
		{"no client", object{"ClientId": nil}, parameter},
		{"unknown client", object{"ClientId": "x"}, notFound},
		{"hash missing", object{"ClientId": ExampleSecretClientID}, no},
		{"wrong hash", object{"ClientId": ExampleSecretClientID, "SecretHash": "AAAA"}, no},
		{"nothing", object{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := object{"UserAttributes": good, "Password": ExamplePassword}
			maps.Copy(in, tt.change)
			p.public("SignUp", newcomer, in).want(t, tt.code)
		})
	}
	t.Run("no address", func(t *testing.T) {
		p := newPeer(t, Example())
		a := p.public("SignUp", newcomer, object{"Password": ExamplePassword})
		if a.want(t, ""); a.CodeDeliveryDetails.Destination != "" {
			t.Errorf("SignUp = %s, want no CodeDeliveryDetails", a.Body)
		}
		p.public("ResendConfirmationCode", newcomer, nil).want(t, parameter)
		p.confirmSignUp(newcomer, "000000").want(t, "ExpiredCodeException")
	})
	t.Run("SMS", func(t *testing.T) {
		p := newPeer(t, Example())
		a := p.public("SignUp", newcomer, object{
			"Password":       ExamplePassword,
			"UserAttributes": attributes("phone_number", "+15551234567"),
		})
		d := a.CodeDeliveryDetails
		if d.Destination != "+*******4567" || d.DeliveryMedium != "SMS" ||
			d.AttributeName != "phone_number" {
			t.Errorf("SignUp = %s", a.Body)
		}
	})
	t.Run("limit", func(t *testing.T) {
		s := Example()
		p := newPeer(t, s)
		p.signUp(newcomer).want(t, "")
		for i := range maxAccounts {
			s.accounts[accountID{"x", string(rune(i))}] = nil
		}
		p.signUp("one more").want(t, "LimitExceededException")
	})
}

// The Session of ConfirmSignUp replaces the password once.
func TestSignInAfterSignUp(t *testing.T) {
	s, p := choosing(t, nil)
	signUp := func(user, email string) response { // without a password
		a := p.public("SignUp", user, object{"UserAttributes": attributes("email", email)})
		if a.want(t, ""); a.Session == nil {
			t.Fatalf("SignUp = %s, want a Session", a.Body)
		}
		return a
	}
	confirm := func(user string, session any) response {
		a := p.public("ConfirmSignUp", user, object{
			"ConfirmationCode": s.Code(ExampleUserPoolID, user),
			"Session":          session,
		})
		if a.want(t, ""); a.Session == nil {
			t.Fatalf("ConfirmSignUp = %s, want a Session", a.Body)
		}
		return a
	}
	const no = "NotAuthorizedException"
	a := signUp(newcomer, newcomerMail)
	p.continueSignUp(newcomer, a.Session).want(t, no) // not confirmed
	b := confirm(newcomer, a.Session)
	p.continueSignUp(ExampleUser, b.Session).want(t, no)
	p.idp("InitiateAuth", object{
		"ClientId":       p.client,
		"AuthFlow":       "USER_SRP_AUTH",
		"AuthParameters": p.params(newcomer, "SRP_A", "12"),
		"Session":        b.Session,
	}).want(t, no)
	// The refusals did not use it up.
	p.continueSignUp(newcomer, b.Session).wantTokens(t)

	signUp("second", "second@example.com")
	b = confirm("second", nil) // aws-amplify sends no Session
	p.continueSignUp("second", b.Session).wantTokens(t)

	b = confirm("third", signUp("third", "third@example.com").Session)
	token := p.continueSignUp("third", b.Session).wantTokens(t).AuthenticationResult
	wantClaims(t, "ID token", payload(t, token.IdToken), claims{"cognito:username": "third"})
	p.continueSignUp("third", b.Session).want(t, no)
	// The user has no password yet.
	p.initiate("USER_PASSWORD_AUTH", p.params("third", "PASSWORD", "x")).want(t, no)
	p.idp("ChangePassword", object{
		"AccessToken":      token.AccessToken,
		"ProposedPassword": ExamplePassword,
	}).want(t, "")
	p.password("third").wantTokens(t)
}

func TestAliasExists(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	p.public("SignUp", newcomer, object{
		"Password":       ExamplePassword,
		"UserAttributes": attributes("email", ExampleEmail),
	}).want(t, "")
	correct := s.Code(ExampleUserPoolID, newcomer)
	p.confirmSignUp(newcomer, correct).want(t, "AliasExistsException")
	p.public("ConfirmSignUp", newcomer, object{
		"ConfirmationCode":   correct,
		"ForceAliasCreation": true,
	}).want(t, "")
	for _, tt := range []struct{ name, user string }{
		{ExampleEmail, newcomer},
		{newcomer, newcomer},
		{ExampleUser, ExampleUser},
	} {
		token := p.password(tt.name).wantTokens(t).AuthenticationResult.IdToken
		wantClaims(t, "ID token of "+tt.name, payload(t, token), claims{
			"cognito:username": tt.user,
			"email_verified":   tt.user == newcomer,
		})
	}
}

func TestCodesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		p := newPeer(t, s)
		p.signUp(newcomer).want(t, "")
		confirm := func(code string) response { return p.confirmSignUp(newcomer, code) }
		resend := func() string {
			p.public("ResendConfirmationCode", newcomer, nil).want(t, "")
			return s.Code(ExampleUserPoolID, newcomer)
		}
		time.Sleep(24 * time.Hour)
		confirm(s.Code(ExampleUserPoolID, newcomer)).want(t, "ExpiredCodeException")
		correct := resend()
		for range 5 {
			confirm(wrong(correct)).want(t, "CodeMismatchException")
		}
		confirm(correct).want(t, "LimitExceededException")
		correct = resend()
		time.Sleep(24*time.Hour - time.Second)
		confirm(correct).want(t, "")

		reset := func() response {
			return p.public("ConfirmForgotPassword", ExampleUser, object{
				"ConfirmationCode": code(s),
				"Password":         newPassword,
			})
		}
		p.public("ForgotPassword", ExampleUser, nil).want(t, "")
		time.Sleep(time.Hour)
		reset().want(t, "ExpiredCodeException")
		p.public("ForgotPassword", ExampleUser, nil).want(t, "")
		time.Sleep(time.Hour - time.Second)
		reset().want(t, "")
	})
}
