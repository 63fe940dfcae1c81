package cognitotest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// testSecret is base32 of 12345678901234567890, the key of RFC 6238 Appendix B.
const testSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// totp returns the code of an authenticator app. It computes with numbers, whereas the server
// computes with bytes.
func totp(secret string, at time.Time) string {
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(big.NewInt(at.Unix() / 30).FillBytes(make([]byte, 8)))
	n := number(mac.Sum(nil))
	last := new(big.Int).And(n, big.NewInt(15)).Int64()
	n.Rsh(n, uint(8*(20-4-last)))
	n.And(n, big.NewInt(0x7fffffff)).Mod(n, big.NewInt(1_000_000))
	return fmt.Sprintf("%06d", n)
}

func TestMatchTOTP(t *testing.T) {
	for _, tt := range []struct {
		seconds int64
		code    string // the last six digits of RFC 6238 Appendix B
	}{
		{59, "287082"},
		{1111111109, "081804"},
		{1111111111, "050471"},
		{1234567890, "005924"},
		{2000000000, "279037"},
		{20000000000, "353130"},
	} {
		at := time.Unix(tt.seconds, 0)
		if got := totp(testSecret, at); got != tt.code {
			t.Errorf("totp(%d) of the test = %s, want %s", tt.seconds, got, tt.code)
		}
		for _, secret := range []string{
			testSecret,
			"gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
			testSecret[:4] + " " + testSecret[4:] + "=",
		} {
			for late := int64(-1); late <= 2; late++ {
				now := at.Add(time.Duration(late) * 30 * time.Second)
				step, ok := matchTOTP(secret, tt.code, now)
				if ok != (late <= 1) || ok && step != tt.seconds/30 {
					t.Errorf("matchTOTP of the code of %d, %d steps late = %d, %v",
						tt.seconds, late, step, ok)
				}
			}
		}
		for _, bad := range []string{
			"",
			tt.code[:5],
			tt.code + "0",
			" " + tt.code,
			wrong(tt.code),
		} {
			if _, ok := matchTOTP(testSecret, bad, at); ok {
				t.Errorf("matchTOTP accepts %q, want only %s", bad, tt.code)
			}
		}
	}
	for _, secret := range []string{"", "=", "!", "GEZ"} {
		if _, ok := matchTOTP(secret, "000000", time.Unix(59, 0)); ok {
			t.Errorf("matchTOTP accepts the secret %q", secret)
		}
	}
}

// TestSentCodes tests the factors whose code is sent.
func TestSentCodes(t *testing.T) {
	for _, tt := range []struct{ factor, medium, destination string }{
		{"SMS_MFA", "SMS", "+*******4567"},
		{"EMAIL_OTP", "EMAIL", "a***@e***"},
	} {
		t.Run(tt.factor, func(t *testing.T) {
			key := tt.factor + "_CODE"
			s, p := example(t, func(pool *UserPool, ada *User) {
				pool.MFAConfiguration = "OPTIONAL"
				ada.MFA = []string{tt.factor}
				ada.Attributes["phone_number"] = "+15551234567"
			})
			if got := code(s); got != "" {
				t.Errorf("code before the sign-in = %q, want none", got)
			}
			a := p.signIn(ExampleEmail, ExamplePassword).wantChallenge(t, tt.factor)
			c := a.ChallengeParameters
			if c["CODE_DELIVERY_DELIVERY_MEDIUM"] != tt.medium ||
				c["CODE_DELIVERY_DESTINATION"] != tt.destination ||
				c["USER_ID_FOR_SRP"] != ExampleUser {
				t.Errorf("ChallengeParameters = %v", c)
			}
			correct := s.Code(ExampleUserPoolID, ExampleEmail)
			if len(correct) != 6 || correct != code(s) {
				t.Errorf("Code = %q by alias, %q by name", correct, code(s))
			}
			if s.Code(ExampleUserPoolID, "nobody") != "" || s.Code("x", ExampleUser) != "" {
				t.Error("Code returns the code of another user")
			}
			p.reply(a).want(t, "InvalidParameterException") // uses no try
			p.reply(a, key, wrong(correct)).want(t, "CodeMismatchException")
			p.withSecret().reply(a, key, correct).want(t, "NotAuthorizedException")
			p.reply(a, key, "").want(t, "InvalidParameterException")
			p.reply(a, key, correct).wantTokens(t) // with the same Session
			p.reply(a, key, correct).want(t, "NotAuthorizedException")

			a = p.password(ExampleUser).wantChallenge(t, tt.factor)
			for range maxTries {
				p.reply(a, key, wrong(code(s))).want(t, "CodeMismatchException")
			}
			p.reply(a, key, code(s)).want(t, "NotAuthorizedException")

			first := p.password(ExampleUser)
			old := code(s)
			second := p.password(ExampleUser)
			p.reply(first, key, old).wantTokens(t) // A code belongs to its Session.
			if old != code(s) {
				p.reply(second, key, old).want(t, "CodeMismatchException")
			}
		})
	}
}

func TestSoftwareToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, ada *User) {
			pool.MFAConfiguration = "ON"
			ada.MFA = []string{"SOFTWARE_TOKEN_MFA"}
			ada.TOTPSecret = testSecret
		})
		start := func() response {
			return p.signIn(ExampleUser, ExamplePassword).wantChallenge(t, "SOFTWARE_TOKEN_MFA")
		}
		reply := func(a response, code string) response {
			return p.reply(a, "SOFTWARE_TOKEN_MFA_CODE", code)
		}
		at := func(d time.Duration) string { return totp(testSecret, time.Now().Add(d)) }
		a := start()
		now := at(0)
		reply(a, wrong(now)).want(t, "CodeMismatchException")
		reply(a, at(time.Minute)).want(t, "CodeMismatchException")
		reply(a, now).wantTokens(t)
		reply(start(), now).want(t, "ExpiredCodeException") // valid once
		time.Sleep(30 * time.Second)
		reply(start(), now).want(t, "ExpiredCodeException")
		reply(start(), at(30*time.Second)).wantTokens(t) // from an app whose clock is ahead
		reply(start(), at(0)).want(t, "ExpiredCodeException")
		time.Sleep(90 * time.Second)
		reply(start(), at(-30*time.Second)).wantTokens(t) // from an app whose clock is behind

		a = start()
		time.Sleep(3 * time.Minute)
		reply(a, at(0)).want(t, "NotAuthorizedException")
	})
}

func TestWhichFactor(t *testing.T) {
	both := []string{"SMS_MFA", "EMAIL_OTP"}
	for _, tt := range []struct {
		name      string
		pool      string // MFAConfiguration
		mfa       []string
		preferred string
		phone     string
		secret    string
		want      string // empty: tokens
	}{
		{name: "none"},
		{name: "pool is OFF", pool: "OFF", mfa: both},
		{name: "pool has no setting", mfa: both, preferred: "EMAIL_OTP"},
		{name: "optional, none", pool: "OPTIONAL"},
		{name: "on, none", pool: "ON", want: "MFA_SETUP"},
		{name: "on, no phone", pool: "ON", mfa: both[:1], want: "MFA_SETUP"},
		{
			name: "on, no secret",
			pool: "ON",
			mfa:  []string{"SOFTWARE_TOKEN_MFA"},
			want: "MFA_SETUP",
		},
		{name: "on, unknown factor", pool: "ON", mfa: []string{"x"}, want: "MFA_SETUP"},
		{name: "one of two is usable", pool: "OPTIONAL", mfa: both, want: "EMAIL_OTP"},
		{
			name:      "preferred factor is not usable",
			pool:      "ON",
			mfa:       both,
			preferred: "SMS_MFA",
			want:      "EMAIL_OTP",
		},
		{
			name:      "preferred factor is not enabled",
			pool:      "ON",
			mfa:       both,
			preferred: "SOFTWARE_TOKEN_MFA",
			secret:    testSecret,
			want:      "EMAIL_OTP",
		},
		{name: "two", pool: "OPTIONAL", mfa: both, phone: "+1", want: "SELECT_MFA_TYPE"},
		{
			name:      "two, one is preferred",
			pool:      "OPTIONAL",
			mfa:       both,
			preferred: "SMS_MFA",
			phone:     "+1",
			want:      "SMS_MFA",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, p := example(t, func(pool *UserPool, ada *User) {
				pool.MFAConfiguration = tt.pool
				ada.MFA = tt.mfa
				ada.PreferredMFA = tt.preferred
				ada.TOTPSecret = tt.secret
				ada.Attributes["phone_number"] = tt.phone
			})
			a := p.password(ExampleUser)
			if tt.want == "" {
				a.wantTokens(t)
			} else {
				a.wantChallenge(t, tt.want)
			}
		})
	}
}

func TestSelectMFAType(t *testing.T) {
	s, p := example(t, func(pool *UserPool, ada *User) {
		pool.MFAConfiguration = "ON"
		ada.MFA = []string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}
		ada.TOTPSecret = testSecret
	})
	start := func() response {
		return p.password(ExampleUser).wantChallenge(t, "SELECT_MFA_TYPE")
	}
	a := start()
	want := `["EMAIL_OTP","SOFTWARE_TOKEN_MFA"]`
	if got := a.ChallengeParameters["MFAS_CAN_CHOOSE"]; got != want {
		t.Errorf("MFAS_CAN_CHOOSE = %s, want %s", got, want)
	}
	if got := code(s); got != "" {
		t.Errorf("code before the choice = %q, want none", got)
	}
	p.reply(a, "ANSWER", "SMS_MFA").want(t, "InvalidParameterException")
	p.reply(a).want(t, "InvalidParameterException")
	mail := p.reply(a, "ANSWER", "EMAIL_OTP").wantChallenge(t, "EMAIL_OTP")
	p.reply(a, "ANSWER", "SOFTWARE_TOKEN_MFA").want(t, "NotAuthorizedException") // used up
	p.reply(mail, "EMAIL_OTP_CODE", code(s)).wantTokens(t)
	app := p.reply(start(), "ANSWER", "SOFTWARE_TOKEN_MFA").wantChallenge(t, "SOFTWARE_TOKEN_MFA")
	p.reply(app, "SOFTWARE_TOKEN_MFA_CODE", totp(testSecret, time.Now())).wantTokens(t)
}

// requireMFA is a change for example.
func requireMFA(pool *UserPool, _ *User) { pool.MFAConfiguration = "ON" }

func (p *peer) associate(session *string) response {
	p.t.Helper()
	return p.idp("AssociateSoftwareToken", object{"Session": session})
}

func (p *peer) verify(session *string, code string) response {
	p.t.Helper()
	return p.idp("VerifySoftwareToken", object{"Session": session, "UserCode": code})
}

func TestMFASetup(t *testing.T) {
	const (
		no       = "NotAuthorizedException"
		notFound = "SoftwareTokenMFANotFoundException"
		mismatch = "EnableSoftwareTokenMFAException"
	)
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, requireMFA)
		a := p.signIn(ExampleUser, ExamplePassword).wantChallenge(t, "MFA_SETUP")
		want := `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`
		if got := a.ChallengeParameters["MFAS_CAN_SETUP"]; got != want {
			t.Errorf("MFAS_CAN_SETUP = %s, want %s", got, want)
		}
		p.reply(a).want(t, notFound)
		p.verify(a.Session, "000000").want(t, notFound)
		first := p.associate(a.Session)
		first.want(t, "")
		p.associate(a.Session).want(t, no) // A Session is valid for one step.
		correct := totp(first.SecretCode, time.Now())
		p.verify(a.Session, correct).want(t, no)
		p.verify(first.Session, wrong(correct)).want(t, mismatch)
		a.Session = first.Session
		p.reply(a).want(t, notFound) // not verified yet
		second := p.verify(first.Session, correct)
		second.want(t, "")
		p.reply(a).want(t, no)
		p.verify(second.Session, correct).want(t, mismatch) // A code is valid once.
		a.Session = second.Session
		token := p.reply(a).wantTokens(t).AuthenticationResult.AccessToken
		user := p.idp("GetUser", object{"AccessToken": token})
		if !slices.Equal(user.UserMFASettingList, []string{"SOFTWARE_TOKEN_MFA"}) {
			t.Errorf("UserMFASettingList = %v", user.UserMFASettingList)
		}
		app := p.signIn(ExampleUser, ExamplePassword).wantChallenge(t, "SOFTWARE_TOKEN_MFA")
		const key = "SOFTWARE_TOKEN_MFA_CODE"
		p.reply(app, key, correct).want(t, "ExpiredCodeException") // used for the setup
		time.Sleep(30 * time.Second)
		p.reply(app, key, totp(first.SecretCode, time.Now())).wantTokens(t)

		p.associate(app.Session).want(t, no) // not a Session of MFA_SETUP
		p.idp("AssociateSoftwareToken", object{}).want(t, "InvalidParameterException")
		p.idp("VerifySoftwareToken", object{"Session": app.Session}).
			want(t, "InvalidParameterException")
	})
	t.Run("tries", func(t *testing.T) {
		_, p := example(t, requireMFA)
		a := p.associate(p.password(ExampleUser).Session)
		correct := totp(a.SecretCode, time.Now())
		for range maxTries {
			p.verify(a.Session, wrong(correct)).want(t, mismatch)
		}
		p.verify(a.Session, correct).want(t, no)
	})
	t.Run("EMAIL_OTP", func(t *testing.T) {
		s, p := example(t, requireMFA)
		a := p.password(ExampleUser)
		p.reply(a, "EMAIL", "lovelace").want(t, "InvalidParameterException")
		a = p.reply(a, "EMAIL", "lovelace@example.org").wantChallenge(t, "EMAIL_OTP")
		if got := a.ChallengeParameters["CODE_DELIVERY_DESTINATION"]; got != "l***@e***" {
			t.Errorf("CODE_DELIVERY_DESTINATION = %s, want l***@e***", got)
		}
		p.reply(a, "EMAIL_OTP_CODE", wrong(code(s))).want(t, "CodeMismatchException")
		token := p.reply(a, "EMAIL_OTP_CODE", code(s)).wantTokens(t).AuthenticationResult.IdToken
		wantClaims(t, "ID token", payload(t, token),
			claims{"email": "lovelace@example.org", "email_verified": true})
		p.password("lovelace@example.org").wantChallenge(t, "EMAIL_OTP")
	})
}

func TestMFAPreference(t *testing.T) {
	_, p := example(t, func(pool *UserPool, _ *User) { pool.MFAConfiguration = "OPTIONAL" })
	token := p.password(ExampleUser).wantTokens(t).AuthenticationResult.AccessToken
	set := func(body object) response {
		body["AccessToken"] = token
		return p.idp("SetUserMFAPreference", body)
	}
	verify := func(code string) response {
		return p.idp("VerifySoftwareToken", object{
			"AccessToken":        token,
			"UserCode":           code,
			"FriendlyDeviceName": "phone",
		})
	}
	on := object{"Enabled": true}
	off := object{"Enabled": false}
	preferred := object{"Enabled": true, "PreferredMfa": true}
	impossible := object{"Enabled": false, "PreferredMfa": true}
	const (
		sms       = "SMSMfaSettings"
		email     = "EmailMfaSettings"
		app       = "SoftwareTokenMfaSettings"
		parameter = "InvalidParameterException"
	)
	set(object{sms: on}).want(t, parameter)
	set(object{app: on}).want(t, parameter) // not verified
	set(object{email: impossible}).want(t, parameter)
	p.idp("SetUserMFAPreference", object{email: on}).want(t, parameter)
	p.idp("SetUserMFAPreference", object{email: on, "AccessToken": "x"}).
		want(t, "NotAuthorizedException")

	verify("000000").want(t, "SoftwareTokenMFANotFoundException")
	a := p.idp("AssociateSoftwareToken", object{"AccessToken": token})
	if len(a.SecretCode) < 16 || a.Session != nil {
		t.Errorf("AssociateSoftwareToken = %s", a.Body)
	}
	correct := totp(a.SecretCode, time.Now())
	verify(wrong(correct)).want(t, "EnableSoftwareTokenMFAException")
	v := verify(correct)
	if v.want(t, ""); v.Session != nil {
		t.Errorf("VerifySoftwareToken = %s, want no Session", v.Body)
	}
	p.password(ExampleUser).wantTokens(t) // verified, but not enabled yet
	set(object{app: preferred, email: preferred}).want(t, parameter)
	set(object{app: on, email: on}).want(t, "")
	p.password(ExampleUser).wantChallenge(t, "SELECT_MFA_TYPE")
	set(object{email: preferred}).want(t, "")
	p.password(ExampleUser).wantChallenge(t, "EMAIL_OTP")
	user := p.idp("GetUser", object{"AccessToken": token})
	want := []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}
	if user.PreferredMfaSetting != "EMAIL_OTP" || !slices.Equal(user.UserMFASettingList, want) {
		t.Errorf("GetUser = %s", user.Body)
	}
	set(object{email: off}).want(t, "")
	c := p.password(ExampleUser).wantChallenge(t, "SOFTWARE_TOKEN_MFA").ChallengeParameters
	if c["FRIENDLY_DEVICE_NAME"] != "phone" {
		t.Errorf("ChallengeParameters = %v, want FRIENDLY_DEVICE_NAME phone", c)
	}
	set(object{app: off}).want(t, "")
	p.password(ExampleUser).wantTokens(t)
}
