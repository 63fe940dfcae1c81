package cognitotest

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewPasswordRequired(t *testing.T) {
	const newPassword = "another-Horse-8"
	challenge := func(p *peer) (string, map[string]string) {
		t.Helper()
		a := p.signIn(ExampleNewUser, ExamplePassword)
		if a.ChallengeName != "NEW_PASSWORD_REQUIRED" || a.Session == nil || a.AuthenticationResult.IdToken != "" {
			t.Fatalf("answer: %s", a.Body)
		}
		return *a.Session, a.ChallengeParameters
	}
	answerWith := func(p *peer, session string, responses map[string]string) answer {
		t.Helper()
		return p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": "NEW_PASSWORD_REQUIRED",
			"Session": session, "ChallengeResponses": responses})
	}
	p := newPeer(t, Example())
	session, parameters := challenge(p)
	var attributes map[string]string
	if err := json.Unmarshal([]byte(parameters["userAttributes"]), &attributes); err != nil || attributes["email"] != "grace@example.com" {
		t.Errorf("userAttributes: %q, %v", parameters["userAttributes"], err)
	}
	if len(session) < 20 || len(session) > 2048 || parameters["requiredAttributes"] != "[]" {
		t.Errorf("Session of %d bytes, requiredAttributes %q", len(session), parameters["requiredAttributes"])
	}
	good := p.params(ExampleNewUser, "NEW_PASSWORD", newPassword, "userAttributes.name", "Grace")
	for name, tt := range map[string]struct {
		peer      *peer
		session   string
		responses map[string]string
		code      string
	}{
		"no session":       {p, strings.Repeat("x", 40), good, "NotAuthorizedException"},
		"another user":     {p, session, p.params(ExampleUser, "NEW_PASSWORD", newPassword), "NotAuthorizedException"},
		"another client":   {p.withSecret(), session, p.withSecret().params(ExampleNewUser, "NEW_PASSWORD", newPassword), "NotAuthorizedException"},
		"no password":      {p, session, p.params(ExampleNewUser), "InvalidParameterException"},
		"short password":   {p, session, p.params(ExampleNewUser, "NEW_PASSWORD", "1234567"), "InvalidPasswordException"},
		"attribute is set": {p, session, p.params(ExampleNewUser, "NEW_PASSWORD", newPassword, "userAttributes.email", "g@example.com"), "NotAuthorizedException"},
	} {
		t.Run(name, func(t *testing.T) { answerWith(tt.peer, tt.session, tt.responses).want(t, tt.code) })
	}
	a := answerWith(p, session, good)
	a.want(t, "")
	if c := payload(t, a.AuthenticationResult.IdToken); c["name"] != "Grace" || c["email"] != "grace@example.com" {
		t.Errorf("claims: %v", c)
	}
	answerWith(p, session, good).want(t, "NotAuthorizedException") // used up
	p.signIn(ExampleNewUser, ExamplePassword).want(t, "NotAuthorizedException")
	again := p.signIn(ExampleNewUser, newPassword)
	if again.want(t, ""); again.ChallengeName != "" {
		t.Errorf("challenge %s again", again.ChallengeName)
	}
}

func TestSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, Example())
		session := p.signIn(ExampleNewUser, ExamplePassword).Session
		time.Sleep(3 * time.Minute)
		p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session,
			"ChallengeResponses": p.params(ExampleNewUser, "NEW_PASSWORD", "another-Horse-8")}).want(t, "NotAuthorizedException")
	})
}

// A pool may require attributes: those that have no value are asked for, and only those.
func TestRequiredAttributes(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.RequiredAttributes = []string{"email", "name", "custom:team"} })
	a := p.password(ExampleNewUser).asks(t, "NEW_PASSWORD_REQUIRED")
	if got := a.ChallengeParameters["requiredAttributes"]; got != `["userAttributes.name","userAttributes.custom:team"]` {
		t.Errorf("requiredAttributes %s", got)
	}
	const password = "another-Horse-8"
	p.reply(a, "NEW_PASSWORD", password, "userAttributes.name", "Grace").want(t, "InvalidParameterException")
	p.reply(a, "NEW_PASSWORD", password, "userAttributes.name", "", "userAttributes.custom:team", "blue").want(t, "InvalidParameterException")
	for _, attribute := range []string{"cognito:roles", "phone_number_verified", "sub", "token_use", "no such"} {
		p.reply(a, "NEW_PASSWORD", password, "userAttributes.name", "Grace", "userAttributes.custom:team", "blue", "userAttributes."+attribute, "x").want(t, "NotAuthorizedException")
	}
	r := p.reply(a, "NEW_PASSWORD", password, "userAttributes.name", "Grace", "userAttributes.custom:team", "blue").tokens(t)
	if c := payload(t, r.AuthenticationResult.IdToken); c["name"] != "Grace" || c["custom:team"] != "blue" || c["email"] != "grace@example.com" {
		t.Errorf("claims %v", c)
	}
}

// After the new password comes the second factor.
func TestNewPasswordThenMFA(t *testing.T) {
	s, p := example(t, func(pool *UserPool, ada *User) {
		pool.MFAConfiguration, pool.Users[1].MFA = "ON", []string{"EMAIL_OTP"}
	})
	a := p.reply(p.password(ExampleNewUser).asks(t, "NEW_PASSWORD_REQUIRED"), "NEW_PASSWORD", "another-Horse-8").asks(t, "EMAIL_OTP")
	p.reply(a, "EMAIL_OTP_CODE", s.Code(ExampleUserPoolID, ExampleNewUser)).tokens(t)
}
