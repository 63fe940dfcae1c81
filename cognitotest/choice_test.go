package cognitotest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// choosing is a pool for USER_AUTH: with a phone number, and passkeys whose right answer is {"answer":<challenge>}.
func choosing(t *testing.T, change func(p *UserPool, ada *User)) (*Server, *peer) {
	return example(t, func(pool *UserPool, ada *User) {
		for i := range pool.Clients {
			pool.Clients[i].ExplicitAuthFlows = []string{"ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"}
		}
		ada.Attributes["phone_number"], ada.Attributes["phone_number_verified"] = "+15551234567", "true"
		pool.WebAuthn = func(username, options, credential string) bool {
			var o struct{ Challenge string }
			return json.Unmarshal([]byte(options), &o) == nil && username == ExampleUser && credential == `{"answer":"`+o.Challenge+`"}`
		}
		if change != nil {
			change(pool, ada)
		}
	})
}

func TestAvailableChallenges(t *testing.T) {
	password := []string{"PASSWORD", "PASSWORD_SRP"}
	for name, tt := range map[string]struct {
		change func(p *UserPool, ada *User)
		want   []string
	}{
		"all":             {nil, append(password, "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")},
		"no passkeys":     {func(p *UserPool, ada *User) { p.WebAuthn = nil }, append(password, "EMAIL_OTP", "SMS_OTP")},
		"not verified":    {func(p *UserPool, ada *User) { delete(ada.Attributes, "email_verified") }, append(password, "SMS_OTP", "WEB_AUTHN")},
		"no password":     {func(p *UserPool, ada *User) { ada.Password = "" }, []string{"EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"}},
		"MFA of the pool": {func(p *UserPool, ada *User) { p.MFAConfiguration = "ON" }, password},
		"MFA of the user": {func(p *UserPool, ada *User) { p.MFAConfiguration = "OPTIONAL"; ada.MFA = []string{"SMS_MFA"} }, password},
		"MFA of others":   {func(p *UserPool, ada *User) { p.MFAConfiguration = "OPTIONAL" }, append(password, "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")},
	} {
		t.Run(name, func(t *testing.T) {
			_, p := choosing(t, tt.change)
			a := p.initiate("USER_AUTH", p.params(ExampleUser)).asks(t, "SELECT_CHALLENGE")
			if !slices.Equal(a.AvailableChallenges, tt.want) || a.ChallengeParameters["USERNAME"] != ExampleUser {
				t.Errorf("choices %v of %v, want %v", a.AvailableChallenges, a.ChallengeParameters, tt.want)
			}
			for _, preferred := range []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"} {
				want := preferred
				if !slices.Contains(tt.want, preferred) {
					want = "SELECT_CHALLENGE"
				}
				p.initiate("USER_AUTH", p.params(ExampleUser, "PREFERRED_CHALLENGE", preferred)).asks(t, want)
			}
		})
	}
}

func TestUserAuth(t *testing.T) {
	s, p := choosing(t, nil)
	select_ := func(keyValues ...string) answer {
		t.Helper()
		return p.reply(p.initiate("USER_AUTH", p.params(ExampleEmail)), keyValues...)
	}
	const no = "NotAuthorizedException"
	for _, begin := range []struct {
		name  string
		first func(choice string, keyValues ...string) answer
	}{
		{"SELECT_CHALLENGE", func(choice string, keyValues ...string) answer {
			return select_(append(keyValues, "ANSWER", choice)...)
		}},
		{"PREFERRED_CHALLENGE", func(choice string, keyValues ...string) answer {
			return p.initiate("USER_AUTH", p.params(ExampleEmail, append(keyValues, "PREFERRED_CHALLENGE", choice)...))
		}},
	} {
		t.Run(begin.name, func(t *testing.T) {
			begin.first("PASSWORD", "PASSWORD", ExamplePassword).tokens(t)
			begin.first("PASSWORD", "PASSWORD", "wrong").want(t, no)
			p.reply(begin.first("PASSWORD").asks(t, "PASSWORD"), "PASSWORD", ExamplePassword).tokens(t)
			p.reply(begin.first("PASSWORD").asks(t, "PASSWORD"), "PASSWORD", "wrong").want(t, no)

			e, stamp := newProof(), timestamp(time.Now())
			for name, a := range map[string]answer{
				"at once": begin.first("PASSWORD_SRP", "SRP_A", e.A.Text(16)),
				"later":   p.reply(begin.first("PASSWORD_SRP").asks(t, "PASSWORD_SRP"), "SRP_A", e.A.Text(16)),
			} {
				t.Run(name, func(t *testing.T) {
					claim := p.claim(e, a.asks(t, "PASSWORD_VERIFIER").ChallengeParameters, ExamplePassword, stamp)
					body := m{"ClientId": p.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": claim}
					p.idp("RespondToAuthChallenge", body).want(t, no) // this one has a Session
					body["Session"] = a.Session
					p.idp("RespondToAuthChallenge", body).want(t, "")
					p.idp("RespondToAuthChallenge", body).want(t, no)
				})
			}

			for _, otp := range []string{"EMAIL_OTP", "SMS_OTP"} {
				a := begin.first(otp).asks(t, otp)
				p.reply(a, otp+"_CODE", wrong(code(s))).want(t, "CodeMismatchException")
				p.reply(a, otp+"_CODE", code(s)).tokens(t)
			}
			for answer, want := range map[string]string{"right": "", "wrong": no} {
				a := begin.first("WEB_AUTHN").asks(t, "WEB_AUTHN")
				var options struct{ Challenge, RpID string }
				if err := json.Unmarshal([]byte(a.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), &options); err != nil || len(options.Challenge) < 22 {
					t.Fatalf("options %v, %v", a.ChallengeParameters, err)
				}
				p.reply(a, "CREDENTIAL", strings.ReplaceAll(`{"answer":"`+options.Challenge+`"}`, "answer", map[string]string{"right": "answer", "wrong": "x"}[answer])).want(t, want)
			}
		})
	}
	a := p.initiate("USER_AUTH", p.params(ExampleUser))
	p.reply(a, "ANSWER", "SMS_MFA").want(t, "InvalidParameterException")
	p.reply(a).want(t, "InvalidParameterException")
	p.reply(a, "ANSWER", "PASSWORD", "PASSWORD", "wrong").want(t, no)
	p.reply(a, "ANSWER", "PASSWORD", "PASSWORD", ExamplePassword).want(t, no) // used up by a wrong password
	p.initiate("USER_AUTH", p.params(ExampleUser, "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", "0")).want(t, "InvalidParameterException")
	body := m{"ClientId": p.client, "AuthFlow": "USER_AUTH", "AuthParameters": p.params(ExampleUser), "Session": strings.Repeat("x", 30)}
	p.idp("InitiateAuth", body).want(t, no)
	body["Session"] = p.initiate("USER_AUTH", p.params(ExampleUser)).Session
	p.idp("InitiateAuth", body).want(t, no) // not one of ConfirmSignUp
	p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).want(t, "InvalidParameterException")
	_, off := example(t, func(*UserPool, *User) {})
	off.initiate("USER_AUTH", p.params(ExampleUser)).want(t, "InvalidParameterException")
}

// A second factor follows a password that USER_AUTH asked for.
func TestUserAuthWithMFA(t *testing.T) {
	s, p := choosing(t, func(pool *UserPool, ada *User) { pool.MFAConfiguration, ada.MFA = "ON", []string{"SMS_MFA"} })
	a := p.initiate("USER_AUTH", p.params(ExampleUser, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", ExamplePassword)).asks(t, "SMS_MFA")
	p.reply(a, "SMS_MFA_CODE", code(s)).tokens(t)
}

// Nothing that an unknown user answers is right, and nothing tells that they are not known.
func TestUserAuthOfNoOne(t *testing.T) {
	s, p := choosing(t, func(pool *UserPool, ada *User) {
		pool.WebAuthn = func(string, string, string) bool { return true }
		pool.CustomAuth = func(CustomAuth) CustomAuthAnswer { return CustomAuthAnswer{IssueTokens: true} }
		pool.Clients[1].ExplicitAuthFlows = append(pool.Clients[1].ExplicitAuthFlows, "ALLOW_CUSTOM_AUTH")
	})
	p.initiate("USER_AUTH", p.params("nobody")).want(t, "UserNotFoundException")
	q := p.withSecret()
	a := q.initiate("USER_AUTH", q.params("nobody")).asks(t, "SELECT_CHALLENGE")
	if !slices.Equal(a.AvailableChallenges, []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"}) {
		t.Errorf("choices %v", a.AvailableChallenges)
	}
	const no = "NotAuthorizedException"
	q.reply(a, "ANSWER", "PASSWORD", "PASSWORD", ExamplePassword).want(t, no)
	passkey := q.initiate("USER_AUTH", q.params("nobody", "PREFERRED_CHALLENGE", "WEB_AUTHN")).asks(t, "WEB_AUTHN")
	q.reply(passkey, "CREDENTIAL", "{}").want(t, no)
	otp := q.initiate("USER_AUTH", q.params("nobody", "PREFERRED_CHALLENGE", "EMAIL_OTP")).asks(t, "EMAIL_OTP")
	again := q.initiate("USER_AUTH", q.params("nobody", "PREFERRED_CHALLENGE", "EMAIL_OTP"))
	if d := otp.ChallengeParameters["CODE_DELIVERY_DESTINATION"]; len(d) != 9 || d != again.ChallengeParameters["CODE_DELIVERY_DESTINATION"] {
		t.Errorf("code sent to %q, then %v", d, again.ChallengeParameters)
	}
	q.reply(otp, "EMAIL_OTP_CODE", "000000").want(t, "CodeMismatchException")
	if got := s.Code(ExampleUserPoolID, "nobody"); got != "" {
		t.Errorf("code %q", got)
	}
	q.initiate("CUSTOM_AUTH", q.params("nobody")).want(t, no)
}
