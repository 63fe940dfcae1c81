package cognitotest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// public calls an operation that names a user.
func (p *peer) public(operation, user string, body m) answer {
	p.t.Helper()
	send := m{"ClientId": p.client, "Username": user}
	if p.secret != "" {
		send["SecretHash"] = p.secretHash(user)
	}
	for key, value := range body {
		send[key] = value
	}
	return p.idp(operation, send)
}

func attributes(keyValues ...string) (list []m) {
	for i := 0; i < len(keyValues); i += 2 {
		list = append(list, m{"Name": keyValues[i], "Value": keyValues[i+1]})
	}
	return list
}

const newcomer, newcomerMail = "mary", "mary@example.com"

func (p *peer) signUp(user string) answer {
	p.t.Helper()
	return p.public("SignUp", user, m{"Password": ExamplePassword, "UserAttributes": attributes("email", newcomerMail)})
}

func TestSignUp(t *testing.T) {
	for _, secret := range []bool{false, true} {
		s := Example()
		s.UserPools[0].Clients[1].ExplicitAuthFlows = []string{"ALLOW_USER_PASSWORD_AUTH"}
		p := newPeer(t, s)
		if secret {
			p = p.withSecret()
		}
		a := p.signUp(newcomer)
		a.want(t, "")
		if d := a.CodeDeliveryDetails; !strings.Contains(string(a.Body), `"UserConfirmed":false`) || d.Destination != "m***@e***" || d.DeliveryMedium != "EMAIL" || d.AttributeName != "email" || a.Session != nil {
			t.Errorf("answer %s", a.Body)
		}
		p.password(newcomer).want(t, "UserNotConfirmedException")
		p.initiate("USER_PASSWORD_AUTH", p.params(newcomer, "PASSWORD", "wrong")).want(t, "NotAuthorizedException")
		p.signUp(newcomer).want(t, "UsernameExistsException")
		p.signUp(ExampleUser).want(t, "UsernameExistsException") // also where errors tell nothing else

		first := s.Code(ExampleUserPoolID, newcomer)
		p.public("ResendConfirmationCode", newcomer, nil).want(t, "")
		right := s.Code(ExampleUserPoolID, newcomer)
		confirm := func(code string) answer { return p.public("ConfirmSignUp", newcomer, m{"ConfirmationCode": code}) }
		if first != right {
			confirm(first).want(t, "CodeMismatchException")
		}
		confirm(wrong(right)).want(t, "CodeMismatchException")
		p.public("ConfirmForgotPassword", newcomer, m{"ConfirmationCode": right, "Password": "stolen-Horse-9"}).
			want(t, map[bool]string{false: "ExpiredCodeException", true: "CodeMismatchException"}[secret]) // the address is not verified
		confirm(right).want(t, "")
		confirm(right).want(t, "NotAuthorizedException")
		p.public("ResendConfirmationCode", newcomer, nil).want(t, "InvalidParameterException")
		token := payload(t, p.password(newcomer).tokens(t).AuthenticationResult.IdToken)
		if token["sub"] != a.UserSub || token["email_verified"] != true || token["email"] != newcomerMail {
			t.Errorf("claims %v, UserSub %s", token, a.UserSub)
		}
		p.password(newcomerMail).tokens(t) // the address is an alias now
	}
}

func TestSignUpRefuses(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.RequiredAttributes = []string{"email", "name"} })
	good := attributes("email", newcomerMail, "name", "Mary")
	const no = "InvalidParameterException"
	for name, tt := range map[string]struct {
		body m
		code string
	}{
		"no password":       {m{"UserAttributes": good}, "InvalidPasswordException"},
		"short password":    {m{"UserAttributes": good, "Password": "1234567"}, "InvalidPasswordException"},
		"attribute missing": {m{"UserAttributes": good[:1], "Password": ExamplePassword}, no},
		"no attributes":     {m{"Password": ExamplePassword}, no},
		"verified by hand":  {m{"UserAttributes": append(attributes("email_verified", "true"), good...), "Password": ExamplePassword}, "NotAuthorizedException"},
		"role by hand":      {m{"UserAttributes": append(attributes("cognito:preferred_role", ExampleAdminRoleARN), good...), "Password": ExamplePassword}, "NotAuthorizedException"},
		"sub by hand":       {m{"UserAttributes": append(attributes("sub", "x"), good...), "Password": ExamplePassword}, "NotAuthorizedException"},
		"no name":           {m{"UserAttributes": good, "Password": ExamplePassword, "Username": nil}, no},
		"no client":         {m{"UserAttributes": good, "Password": ExamplePassword, "ClientId": nil}, no},
		"unknown client":    {m{"UserAttributes": good, "Password": ExamplePassword, "ClientId": "x"}, "ResourceNotFoundException"},
		"hash missing":      {m{"UserAttributes": good, "Password": ExamplePassword, "ClientId": ExampleSecretClientID}, "NotAuthorizedException"},
		"hash wrong":        {m{"UserAttributes": good, "Password": ExamplePassword, "ClientId": ExampleSecretClientID, "SecretHash": "AAAA"}, "NotAuthorizedException"},
		"nothing":           {m{"UserAttributes": good, "Password": ExamplePassword}, ""},
	} {
		t.Run(name, func(t *testing.T) { p.public("SignUp", newcomer, tt.body).want(t, tt.code) })
	}
	t.Run("no address", func(t *testing.T) {
		p := newPeer(t, Example())
		a := p.public("SignUp", newcomer, m{"Password": ExamplePassword})
		if a.want(t, ""); a.CodeDeliveryDetails.Destination != "" {
			t.Errorf("answer %s", a.Body)
		}
		p.public("ResendConfirmationCode", newcomer, nil).want(t, no)
		p.public("ConfirmSignUp", newcomer, m{"ConfirmationCode": "000000"}).want(t, "ExpiredCodeException")
	})
	t.Run("SMS", func(t *testing.T) {
		p := newPeer(t, Example())
		a := p.public("SignUp", newcomer, m{"Password": ExamplePassword, "UserAttributes": attributes("phone_number", "+15551234567")})
		if d := a.CodeDeliveryDetails; d.Destination != "+*******4567" || d.DeliveryMedium != "SMS" || d.AttributeName != "phone_number" {
			t.Errorf("answer %s", a.Body)
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

// Who has just confirmed the sign-up need not give the password, once.
func TestSignUpIntoSignIn(t *testing.T) {
	s, p := choosing(t, nil)
	a := p.public("SignUp", newcomer, m{"UserAttributes": attributes("email", newcomerMail)}) // without a password
	a.want(t, "")
	confirm := m{"ConfirmationCode": s.Code(ExampleUserPoolID, newcomer), "Session": a.Session}
	continued := func(user string, session *string) answer {
		return p.idp("InitiateAuth", m{"ClientId": p.client, "AuthFlow": "USER_AUTH", "AuthParameters": p.params(user), "Session": session})
	}
	const no = "NotAuthorizedException"
	continued(newcomer, a.Session).want(t, no) // not confirmed
	b := p.public("ConfirmSignUp", newcomer, confirm)
	if b.want(t, ""); b.Session == nil {
		t.Fatalf("ConfirmSignUp: %s", b.Body)
	}
	continued(ExampleUser, b.Session).want(t, no)
	p.idp("InitiateAuth", m{"ClientId": p.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": p.params(newcomer, "SRP_A", "12"), "Session": b.Session}).want(t, no)
	continued(newcomer, b.Session).tokens(t) // those refusals have not used it up
	c := p.public("SignUp", "second", m{"UserAttributes": attributes("email", "second@example.com")})
	if d := p.public("ConfirmSignUp", "second", m{"ConfirmationCode": s.Code(ExampleUserPoolID, "second")}); d.Session == nil || d.Code != "" || c.Session == nil {
		t.Errorf("no Session for a client that sends none, as aws-amplify's: %s", d.Body)
	} else {
		continued("second", d.Session).tokens(t)
	}
	d := p.public("SignUp", "third", m{"UserAttributes": attributes("email", "third@example.com")})
	b = p.public("ConfirmSignUp", "third", m{"ConfirmationCode": s.Code(ExampleUserPoolID, "third"), "Session": d.Session})
	token := continued("third", b.Session).tokens(t).AuthenticationResult
	if payload(t, token.IdToken)["cognito:username"] != "third" {
		t.Error("tokens of someone else")
	}
	continued("third", b.Session).want(t, no)
	p.initiate("USER_PASSWORD_AUTH", p.params("third", "PASSWORD", "x")).want(t, no) // who has no password
	p.idp("ChangePassword", m{"AccessToken": token.AccessToken, "ProposedPassword": ExamplePassword}).want(t, "")
	p.password("third").tokens(t)
}

func TestAliasExists(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	p.public("SignUp", newcomer, m{"Password": ExamplePassword, "UserAttributes": attributes("email", ExampleEmail)}).want(t, "")
	confirm := m{"ConfirmationCode": s.Code(ExampleUserPoolID, newcomer)}
	p.public("ConfirmSignUp", newcomer, confirm).want(t, "AliasExistsException")
	confirm["ForceAliasCreation"] = true
	p.public("ConfirmSignUp", newcomer, confirm).want(t, "")
	for user, want := range map[string]string{ExampleEmail: newcomer, newcomer: newcomer, ExampleUser: ExampleUser} {
		c := payload(t, p.password(user).tokens(t).AuthenticationResult.IdToken)
		if c["cognito:username"] != want || c["email_verified"] != (want == newcomer) {
			t.Errorf("%s signs in with claims %v, want %s", user, c, want)
		}
	}
}

func TestCodesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		p := newPeer(t, s)
		p.signUp(newcomer).want(t, "")
		confirm := func(code string) answer { return p.public("ConfirmSignUp", newcomer, m{"ConfirmationCode": code}) }
		time.Sleep(24 * time.Hour)
		confirm(s.Code(ExampleUserPoolID, newcomer)).want(t, "ExpiredCodeException")
		p.public("ResendConfirmationCode", newcomer, nil).want(t, "")
		right := s.Code(ExampleUserPoolID, newcomer)
		for range 5 {
			confirm(wrong(right)).want(t, "CodeMismatchException")
		}
		confirm(right).want(t, "LimitExceededException")
		p.public("ResendConfirmationCode", newcomer, nil).want(t, "")
		time.Sleep(24*time.Hour - time.Second)
		confirm(s.Code(ExampleUserPoolID, newcomer)).want(t, "")

		reset := func() answer {
			return p.public("ConfirmForgotPassword", ExampleUser, m{"ConfirmationCode": code(s), "Password": "another-Horse-8"})
		}
		p.public("ForgotPassword", ExampleUser, nil).want(t, "")
		time.Sleep(time.Hour)
		reset().want(t, "ExpiredCodeException")
		p.public("ForgotPassword", ExampleUser, nil).want(t, "")
		time.Sleep(time.Hour - time.Second)
		reset().want(t, "")
	})
}
