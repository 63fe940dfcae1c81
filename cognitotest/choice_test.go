package cognitotest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// choosing returns a server and a peer for USER_AUTH. The user has a phone number, and a passkey
// whose correct response is {"answer":<challenge>}.
func choosing(t *testing.T, change func(p *UserPool, ada *User)) (*Server, *peer) {
	return example(t, func(pool *UserPool, ada *User) {
		for i := range pool.Clients {
			pool.Clients[i].ExplicitAuthFlows = []string{
				"ALLOW_USER_AUTH",
				"ALLOW_USER_PASSWORD_AUTH",
				"ALLOW_USER_SRP_AUTH",
			}
		}
		ada.Attributes["phone_number"] = "+15551234567"
		ada.Attributes["phone_number_verified"] = "true"
		pool.WebAuthn = func(username, options, credential string) bool {
			var o struct{ Challenge string }
			return json.Unmarshal([]byte(options), &o) == nil && username == ExampleUser &&
				credential == `{"answer":"`+o.Challenge+`"}`
		}
		if change != nil {
			change(pool, ada)
		}
	})
}

// prefer starts USER_AUTH with PREFERRED_CHALLENGE.
func (p *peer) prefer(user, challenge string, pairs ...string) response {
	p.t.Helper()
	pairs = append(pairs, "PREFERRED_CHALLENGE", challenge)
	return p.initiate("USER_AUTH", p.params(user, pairs...))
}

func TestAvailableChallenges(t *testing.T) {
	const (
		password = "PASSWORD PASSWORD_SRP"
		all      = password + " EMAIL_OTP SMS_OTP WEB_AUTHN"
	)
	for _, tt := range []struct {
		name   string
		change func(p *UserPool, ada *User)
		want   string
	}{
		{"all", nil, all},
		{
			"no passkeys",
			func(p *UserPool, _ *User) { p.WebAuthn = nil },
			password + " EMAIL_OTP SMS_OTP",
		},
		{
			"email address not verified",
			func(_ *UserPool, ada *User) { delete(ada.Attributes, "email_verified") },
			password + " SMS_OTP WEB_AUTHN",
		},
		{
			"no password",
			func(_ *UserPool, ada *User) { ada.Password = "" },
			"EMAIL_OTP SMS_OTP WEB_AUTHN",
		},
		{
			"pool requires MFA",
			func(p *UserPool, _ *User) { p.MFAConfiguration = "ON" },
			password,
		},
		{
			"user has MFA",
			func(p *UserPool, ada *User) {
				p.MFAConfiguration = "OPTIONAL"
				ada.MFA = []string{"SMS_MFA"}
			},
			password,
		},
		{
			"user has no MFA",
			func(p *UserPool, _ *User) { p.MFAConfiguration = "OPTIONAL" },
			all,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, p := choosing(t, tt.change)
			a := p.initiate("USER_AUTH", p.params(ExampleUser)).
				wantChallenge(t, "SELECT_CHALLENGE")
			if got := strings.Join(a.AvailableChallenges, " "); got != tt.want {
				t.Errorf("AvailableChallenges = %s, want %s", got, tt.want)
			}
			if got := a.ChallengeParameters["USERNAME"]; got != ExampleUser {
				t.Errorf("USERNAME = %q, want %q", got, ExampleUser)
			}
			for preferred := range strings.FieldsSeq(all) {
				want := preferred
				if !slices.Contains(a.AvailableChallenges, preferred) {
					want = "SELECT_CHALLENGE"
				}
				p.prefer(ExampleUser, preferred).wantChallenge(t, want)
			}
		})
	}
}

func TestUserAuth(t *testing.T) {
	s, p := choosing(t, nil)
	const (
		no        = "NotAuthorizedException"
		parameter = "InvalidParameterException"
	)
	for _, start := range []struct {
		name   string
		choose func(choice string, pairs ...string) response
	}{
		{"SELECT_CHALLENGE", func(choice string, pairs ...string) response {
			a := p.initiate("USER_AUTH", p.params(ExampleEmail))
			return p.reply(a, append(pairs, "ANSWER", choice)...)
		}},
		{"PREFERRED_CHALLENGE", func(choice string, pairs ...string) response {
			return p.prefer(ExampleEmail, choice, pairs...)
		}},
	} {
		t.Run(start.name, func(t *testing.T) {
			choose := start.choose
			choose("PASSWORD", "PASSWORD", ExamplePassword).wantTokens(t)
			choose("PASSWORD", "PASSWORD", "wrong").want(t, no)
			a := choose("PASSWORD").wantChallenge(t, "PASSWORD")
			p.reply(a, "PASSWORD", ExamplePassword).wantTokens(t)
			a = choose("PASSWORD").wantChallenge(t, "PASSWORD")
			p.reply(a, "PASSWORD", "wrong").want(t, no)

			e := newSRPClient()
			srpA := e.A.Text(16)
			later := choose("PASSWORD_SRP").wantChallenge(t, "PASSWORD_SRP")
			for _, tt := range []struct {
				name string
				a    response
			}{
				{"SRP_A with the choice", choose("PASSWORD_SRP", "SRP_A", srpA)},
				{"SRP_A later", p.reply(later, "SRP_A", srpA)},
			} {
				t.Run(tt.name, func(t *testing.T) {
					a := tt.a.wantChallenge(t, "PASSWORD_VERIFIER")
					stamp := timestamp(time.Now())
					claim := p.claim(e, a.ChallengeParameters, ExamplePassword, stamp)
					// Unlike in USER_SRP_AUTH, the challenge has a Session.
					p.respond("PASSWORD_VERIFIER", claim).want(t, no)
					p.respondWith("PASSWORD_VERIFIER", a.Session, claim).want(t, "")
					p.respondWith("PASSWORD_VERIFIER", a.Session, claim).want(t, no)
				})
			}

			for _, otp := range []string{"EMAIL_OTP", "SMS_OTP"} {
				a := choose(otp).wantChallenge(t, otp)
				p.reply(a, otp+"_CODE", wrong(code(s))).want(t, "CodeMismatchException")
				p.reply(a, otp+"_CODE", code(s)).wantTokens(t)
			}
			passkey := func(member string) response {
				a := choose("WEB_AUTHN").wantChallenge(t, "WEB_AUTHN")
				var o struct{ Challenge string }
				text := a.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]
				if err := json.Unmarshal([]byte(text), &o); err != nil || len(o.Challenge) < 22 {
					t.Fatalf("CREDENTIAL_REQUEST_OPTIONS = %s, %v", text, err)
				}
				return p.reply(a, "CREDENTIAL", `{"`+member+`":"`+o.Challenge+`"}`)
			}
			passkey("answer").wantTokens(t)
			passkey("x").want(t, no)
		})
	}
	a := p.initiate("USER_AUTH", p.params(ExampleUser))
	p.reply(a, "ANSWER", "SMS_MFA").want(t, parameter)
	p.reply(a).want(t, parameter)
	p.reply(a, "ANSWER", "PASSWORD", "PASSWORD", "wrong").want(t, no)
	// The wrong password used the Session up.
	p.reply(a, "ANSWER", "PASSWORD", "PASSWORD", ExamplePassword).want(t, no)
	p.prefer(ExampleUser, "PASSWORD_SRP", "SRP_A", "0").want(t, parameter)
	p.continueSignUp(ExampleUser, strings.Repeat("x", 30)).want(t, no)
	other := p.initiate("USER_AUTH", p.params(ExampleUser)).Session // not of ConfirmSignUp
	p.continueSignUp(ExampleUser, other).want(t, no)
	p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).want(t, parameter)
	_, off := example(t, func(*UserPool, *User) {})
	off.initiate("USER_AUTH", p.params(ExampleUser)).want(t, parameter)
}

// A second factor follows a password that USER_AUTH asked for.
func TestUserAuthWithMFA(t *testing.T) {
	s, p := choosing(t, func(pool *UserPool, ada *User) {
		pool.MFAConfiguration = "ON"
		ada.MFA = []string{"SMS_MFA"}
	})
	a := p.prefer(ExampleUser, "PASSWORD", "PASSWORD", ExamplePassword)
	p.reply(a.wantChallenge(t, "SMS_MFA"), "SMS_MFA_CODE", code(s)).wantTokens(t)
}

// An unknown user cannot sign in, and the responses do not reveal that the user is unknown.
func TestUserAuthOfUnknownUser(t *testing.T) {
	s, p := choosing(t, func(pool *UserPool, _ *User) {
		pool.WebAuthn = func(string, string, string) bool { return true }
		pool.CustomAuth = func(CustomAuthRequest) CustomAuthResponse {
			return CustomAuthResponse{IssueTokens: true}
		}
		flows := &pool.Clients[1].ExplicitAuthFlows
		*flows = append(*flows, "ALLOW_CUSTOM_AUTH")
	})
	p.initiate("USER_AUTH", p.params("nobody")).want(t, "UserNotFoundException")
	q := p.withSecret()
	a := q.initiate("USER_AUTH", q.params("nobody")).wantChallenge(t, "SELECT_CHALLENGE")
	want := []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"}
	if !slices.Equal(a.AvailableChallenges, want) {
		t.Errorf("AvailableChallenges = %v, want %v", a.AvailableChallenges, want)
	}
	const no = "NotAuthorizedException"
	q.reply(a, "ANSWER", "PASSWORD", "PASSWORD", ExamplePassword).want(t, no)
	passkey := q.prefer("nobody", "WEB_AUTHN").wantChallenge(t, "WEB_AUTHN")
	q.reply(passkey, "CREDENTIAL", "{}").want(t, no)
	otp := q.prefer("nobody", "EMAIL_OTP").wantChallenge(t, "EMAIL_OTP")
	again := q.prefer("nobody", "EMAIL_OTP").wantChallenge(t, "EMAIL_OTP")
	const destination = "CODE_DELIVERY_DESTINATION"
	first, second := otp.ChallengeParameters[destination], again.ChallengeParameters[destination]
	if len(first) != 9 || first != second {
		t.Errorf("%s = %q, then %q, want one masked address", destination, first, second)
	}
	q.reply(otp, "EMAIL_OTP_CODE", "00000000").want(t, "CodeMismatchException")
	if got := s.Code(ExampleUserPoolID, "nobody"); got != "" {
		t.Errorf("Code(nobody) = %q, want none", got)
	}
	q.initiate("CUSTOM_AUTH", q.params("nobody")).want(t, no)
}
