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

const testSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // 12345678901234567890, the key of RFC 6238 Appendix B

// totp is what an authenticator app shows, computed with numbers where the server works on bytes.
func totp(secret string, at time.Time) string {
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(big.NewInt(at.Unix() / 30).FillBytes(make([]byte, 8)))
	sum := new(big.Int).SetBytes(mac.Sum(nil))
	last := new(big.Int).And(sum, big.NewInt(15)).Int64()
	sum.Rsh(sum, uint(8*(20-4-last))).And(sum, big.NewInt(0x7fffffff)).Mod(sum, big.NewInt(1_000_000))
	return fmt.Sprintf("%06d", sum)
}

func TestMatchTOTP(t *testing.T) {
	for seconds, want := range map[int64]string{ // RFC 6238 Appendix B, of which these are the last six digits
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		at := time.Unix(seconds, 0)
		if got := totp(testSecret, at); got != want {
			t.Errorf("the test's own code at %d is %s, want %s", seconds, got, want)
		}
		for _, secret := range []string{testSecret, "gezdgnbvgy3tqojqgezdgnbvgy3tqojq", testSecret[:4] + " " + testSecret[4:] + "="} {
			for step := int64(-1); step <= 2; step++ {
				number, ok := matchTOTP(secret, want, at.Add(time.Duration(step)*30*time.Second))
				if near := step*step <= 1; ok != near || ok && number != seconds/30 {
					t.Errorf("code of %d, %d steps later: %d, %v", seconds, step, number, ok)
				}
			}
		}
		for _, bad := range []string{"", want[:5], want + "0", " " + want, wrong(want)} {
			if _, ok := matchTOTP(testSecret, bad, at); ok {
				t.Errorf("%q is accepted for %s", bad, want)
			}
		}
	}
	for _, secret := range []string{"", "=", "!", "GEZ"} {
		if _, ok := matchTOTP(secret, "000000", time.Unix(59, 0)); ok {
			t.Errorf("secret %q is accepted", secret)
		}
	}
}

// A factor that is sent: SMS_MFA and EMAIL_OTP.
func TestSentCodes(t *testing.T) {
	for factor, tt := range map[string]struct{ medium, destination string }{
		"SMS_MFA":   {"SMS", "+*******4567"},
		"EMAIL_OTP": {"EMAIL", "a***@e***"},
	} {
		t.Run(factor, func(t *testing.T) {
			s, p := example(t, func(pool *UserPool, ada *User) {
				pool.MFAConfiguration, ada.MFA = "OPTIONAL", []string{factor}
				ada.Attributes["phone_number"] = "+15551234567"
			})
			if got := code(s); got != "" {
				t.Errorf("code %q before the sign-in", got)
			}
			a := p.signIn(ExampleEmail, ExamplePassword).asks(t, factor)
			if c := a.ChallengeParameters; c["CODE_DELIVERY_DELIVERY_MEDIUM"] != tt.medium || c["CODE_DELIVERY_DESTINATION"] != tt.destination || c["USER_ID_FOR_SRP"] != ExampleUser {
				t.Errorf("parameters %v", c)
			}
			right := s.Code(ExampleUserPoolID, ExampleEmail)
			if len(right) != 6 || right != code(s) || s.Code(ExampleUserPoolID, "nobody") != "" || s.Code("x", ExampleUser) != "" {
				t.Errorf("code %q, by name %q", right, code(s))
			}
			p.reply(a).want(t, "InvalidParameterException") // and no try used
			p.reply(a, factor+"_CODE", wrong(right)).want(t, "CodeMismatchException")
			p.withSecret().reply(a, factor+"_CODE", right).want(t, "NotAuthorizedException")
			p.reply(a, factor+"_CODE", "").want(t, "InvalidParameterException")
			p.reply(a, factor+"_CODE", right).tokens(t) // the same Session
			p.reply(a, factor+"_CODE", right).want(t, "NotAuthorizedException")

			a = p.password(ExampleUser).asks(t, factor)
			for range maxTries {
				p.reply(a, factor+"_CODE", wrong(code(s))).want(t, "CodeMismatchException")
			}
			p.reply(a, factor+"_CODE", code(s)).want(t, "NotAuthorizedException")

			first := p.password(ExampleUser)
			old := code(s)
			second := p.password(ExampleUser)
			p.reply(first, factor+"_CODE", old).tokens(t) // a code belongs to its Session
			if old != code(s) {
				p.reply(second, factor+"_CODE", old).want(t, "CodeMismatchException")
			}
		})
	}
}

func TestSoftwareToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, ada *User) {
			pool.MFAConfiguration, ada.MFA, ada.TOTPSecret = "ON", []string{"SOFTWARE_TOKEN_MFA"}, testSecret
		})
		start := func() answer { return p.signIn(ExampleUser, ExamplePassword).asks(t, "SOFTWARE_TOKEN_MFA") }
		const key = "SOFTWARE_TOKEN_MFA_CODE"
		a := start()
		now := totp(testSecret, time.Now())
		p.reply(a, key, wrong(now)).want(t, "CodeMismatchException")
		p.reply(a, key, totp(testSecret, time.Now().Add(time.Minute))).want(t, "CodeMismatchException")
		p.reply(a, key, now).tokens(t)
		p.reply(start(), key, now).want(t, "ExpiredCodeException") // each code once
		time.Sleep(30 * time.Second)
		p.reply(start(), key, now).want(t, "ExpiredCodeException")
		p.reply(start(), key, totp(testSecret, time.Now().Add(30*time.Second))).tokens(t) // an app that is ahead
		p.reply(start(), key, totp(testSecret, time.Now())).want(t, "ExpiredCodeException")
		time.Sleep(90 * time.Second)
		p.reply(start(), key, totp(testSecret, time.Now().Add(-30*time.Second))).tokens(t) // and one that is late

		a = start()
		time.Sleep(3 * time.Minute)
		p.reply(a, key, totp(testSecret, time.Now())).want(t, "NotAuthorizedException")
	})
}

func TestWhichFactor(t *testing.T) {
	both := []string{"SMS_MFA", "EMAIL_OTP"}
	for name, tt := range map[string]struct {
		change func(p *UserPool, ada *User)
		want   string // "": tokens
	}{
		"none":                {func(p *UserPool, ada *User) {}, ""},
		"pool is OFF":         {func(p *UserPool, ada *User) { ada.MFA = both; p.MFAConfiguration = "OFF" }, ""},
		"pool is silent":      {func(p *UserPool, ada *User) { ada.MFA = both; ada.PreferredMFA = "EMAIL_OTP" }, ""},
		"optional, none":      {func(p *UserPool, ada *User) { p.MFAConfiguration = "OPTIONAL" }, ""},
		"on, none":            {func(p *UserPool, ada *User) { p.MFAConfiguration = "ON" }, "MFA_SETUP"},
		"on, no phone":        {func(p *UserPool, ada *User) { ada.MFA = both[:1]; p.MFAConfiguration = "ON" }, "MFA_SETUP"},
		"on, no secret":       {func(p *UserPool, ada *User) { ada.MFA = []string{"SOFTWARE_TOKEN_MFA"}; p.MFAConfiguration = "ON" }, "MFA_SETUP"},
		"on, nonsense":        {func(p *UserPool, ada *User) { ada.MFA = []string{"x"}; p.MFAConfiguration = "ON" }, "MFA_SETUP"},
		"one of two is left":  {func(p *UserPool, ada *User) { ada.MFA = both; p.MFAConfiguration = "OPTIONAL" }, "EMAIL_OTP"},
		"preferred cannot be": {func(p *UserPool, ada *User) { ada.MFA, ada.PreferredMFA = both, "SMS_MFA"; p.MFAConfiguration = "ON" }, "EMAIL_OTP"},
		"preferred is not on": {func(p *UserPool, ada *User) {
			ada.MFA, ada.PreferredMFA, ada.TOTPSecret = both, "SOFTWARE_TOKEN_MFA", testSecret
			p.MFAConfiguration = "ON"
		}, "EMAIL_OTP"},
		"two": {func(p *UserPool, ada *User) {
			ada.MFA = both
			p.MFAConfiguration = "OPTIONAL"
			ada.Attributes["phone_number"] = "+1"
		}, "SELECT_MFA_TYPE"},
		"two and preferred one": {func(p *UserPool, ada *User) {
			ada.MFA, ada.PreferredMFA = both, "SMS_MFA"
			p.MFAConfiguration = "OPTIONAL"
			ada.Attributes["phone_number"] = "+1"
		}, "SMS_MFA"},
	} {
		t.Run(name, func(t *testing.T) {
			_, p := example(t, tt.change)
			if a := p.password(ExampleUser); a.ChallengeName != tt.want || (a.AuthenticationResult.IdToken == "") != (tt.want != "") {
				t.Errorf("answer is %q, want %q: %s", a.ChallengeName, tt.want, a.Body)
			}
		})
	}
}

func TestSelectMFAType(t *testing.T) {
	s, p := example(t, func(pool *UserPool, ada *User) {
		pool.MFAConfiguration, ada.MFA, ada.TOTPSecret = "ON", []string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}, testSecret
	})
	start := func() answer { return p.password(ExampleUser).asks(t, "SELECT_MFA_TYPE") }
	a := start()
	if got := a.ChallengeParameters["MFAS_CAN_CHOOSE"]; got != `["EMAIL_OTP","SOFTWARE_TOKEN_MFA"]` || code(s) != "" {
		t.Errorf("MFAS_CAN_CHOOSE %q, code %q before the choice", got, code(s))
	}
	p.reply(a, "ANSWER", "SMS_MFA").want(t, "InvalidParameterException")
	p.reply(a).want(t, "InvalidParameterException")
	mail := p.reply(a, "ANSWER", "EMAIL_OTP").asks(t, "EMAIL_OTP")
	p.reply(a, "ANSWER", "SOFTWARE_TOKEN_MFA").want(t, "NotAuthorizedException") // the Session is used
	p.reply(mail, "EMAIL_OTP_CODE", code(s)).tokens(t)
	app := p.reply(start(), "ANSWER", "SOFTWARE_TOKEN_MFA").asks(t, "SOFTWARE_TOKEN_MFA")
	p.reply(app, "SOFTWARE_TOKEN_MFA_CODE", totp(testSecret, time.Now())).tokens(t)
}

func TestMFASetup(t *testing.T) {
	on := func(pool *UserPool, ada *User) { pool.MFAConfiguration = "ON" }
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, on)
		start := func() answer { return p.signIn(ExampleUser, ExamplePassword).asks(t, "MFA_SETUP") }
		associate := func(session *string) answer { return p.idp("AssociateSoftwareToken", m{"Session": session}) }
		verify := func(session *string, code string) answer {
			return p.idp("VerifySoftwareToken", m{"Session": session, "UserCode": code})
		}
		a := start()
		if got := a.ChallengeParameters["MFAS_CAN_SETUP"]; got != `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
			t.Errorf("MFAS_CAN_SETUP %q", got)
		}
		p.reply(a).want(t, "SoftwareTokenMFANotFoundException")
		verify(a.Session, "000000").want(t, "SoftwareTokenMFANotFoundException")
		first := associate(a.Session)
		first.want(t, "")
		associate(a.Session).want(t, "NotAuthorizedException") // each step has its own Session (used once)
		verify(a.Session, totp(first.SecretCode, time.Now())).want(t, "NotAuthorizedException")
		right := totp(first.SecretCode, time.Now())
		verify(first.Session, wrong(right)).want(t, "EnableSoftwareTokenMFAException")
		a.Session = first.Session
		p.reply(a).want(t, "SoftwareTokenMFANotFoundException") // not verified yet
		second := verify(first.Session, right)
		second.want(t, "")
		p.reply(a).want(t, "NotAuthorizedException")
		verify(second.Session, right).want(t, "EnableSoftwareTokenMFAException") // each code once; the Session stays
		a.Session = second.Session
		token := p.reply(a).tokens(t).AuthenticationResult.AccessToken
		user := p.idp("GetUser", m{"AccessToken": token})
		if !slices.Equal(user.UserMFASettingList, []string{"SOFTWARE_TOKEN_MFA"}) {
			t.Errorf("UserMFASettingList %v", user.UserMFASettingList)
		}
		app := p.signIn(ExampleUser, ExamplePassword).asks(t, "SOFTWARE_TOKEN_MFA")
		p.reply(app, "SOFTWARE_TOKEN_MFA_CODE", right).want(t, "ExpiredCodeException") // it was used for the setup
		time.Sleep(30 * time.Second)
		p.reply(app, "SOFTWARE_TOKEN_MFA_CODE", totp(first.SecretCode, time.Now())).tokens(t)

		associate(app.Session).want(t, "NotAuthorizedException") // not a Session of MFA_SETUP
		p.idp("AssociateSoftwareToken", m{}).want(t, "InvalidParameterException")
		p.idp("VerifySoftwareToken", m{"Session": app.Session}).want(t, "InvalidParameterException")
	})
	t.Run("tries", func(t *testing.T) {
		_, p := example(t, on)
		a := p.idp("AssociateSoftwareToken", m{"Session": p.password(ExampleUser).Session})
		right := totp(a.SecretCode, time.Now())
		for range maxTries {
			p.idp("VerifySoftwareToken", m{"Session": a.Session, "UserCode": wrong(right)}).want(t, "EnableSoftwareTokenMFAException")
		}
		p.idp("VerifySoftwareToken", m{"Session": a.Session, "UserCode": right}).want(t, "NotAuthorizedException")
	})
	t.Run("EMAIL_OTP", func(t *testing.T) {
		s, p := example(t, on)
		a := p.password(ExampleUser)
		p.reply(a, "EMAIL", "lovelace").want(t, "InvalidParameterException")
		a = p.reply(a, "EMAIL", "lovelace@example.org").asks(t, "EMAIL_OTP")
		if a.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "l***@e***" {
			t.Errorf("parameters %v", a.ChallengeParameters)
		}
		p.reply(a, "EMAIL_OTP_CODE", wrong(code(s))).want(t, "CodeMismatchException")
		token := p.reply(a, "EMAIL_OTP_CODE", code(s)).tokens(t).AuthenticationResult.IdToken
		if c := payload(t, token); c["email"] != "lovelace@example.org" || c["email_verified"] != true {
			t.Errorf("claims %v", c)
		}
		p.password("lovelace@example.org").asks(t, "EMAIL_OTP")
	})
}

func TestMFAPreference(t *testing.T) {
	_, p := example(t, func(pool *UserPool, ada *User) { pool.MFAConfiguration = "OPTIONAL" })
	token := p.password(ExampleUser).tokens(t).AuthenticationResult.AccessToken
	type settings = m
	set := func(body m) answer {
		body["AccessToken"] = token
		return p.idp("SetUserMFAPreference", body)
	}
	on, preferred := settings{"Enabled": true}, settings{"Enabled": true, "PreferredMfa": true}
	const no = "InvalidParameterException"
	set(m{"SMSMfaSettings": on}).want(t, no)
	set(m{"SoftwareTokenMfaSettings": on}).want(t, no) // not verified
	set(m{"EmailMfaSettings": settings{"Enabled": false, "PreferredMfa": true}}).want(t, no)
	p.idp("SetUserMFAPreference", m{"EmailMfaSettings": on}).want(t, no)
	p.idp("SetUserMFAPreference", m{"EmailMfaSettings": on, "AccessToken": "x"}).want(t, "NotAuthorizedException")

	p.idp("VerifySoftwareToken", m{"AccessToken": token, "UserCode": "000000"}).want(t, "SoftwareTokenMFANotFoundException")
	a := p.idp("AssociateSoftwareToken", m{"AccessToken": token})
	if len(a.SecretCode) < 16 || a.Session != nil {
		t.Errorf("answer %s", a.Body)
	}
	right := totp(a.SecretCode, time.Now())
	p.idp("VerifySoftwareToken", m{"AccessToken": token, "UserCode": wrong(right)}).want(t, "EnableSoftwareTokenMFAException")
	if v := p.idp("VerifySoftwareToken", m{"AccessToken": token, "UserCode": right, "FriendlyDeviceName": "phone"}); v.Session != nil || v.Code != "" {
		t.Errorf("answer %s", v.Body)
	}
	p.password(ExampleUser).tokens(t) // verified, and not switched on yet
	set(m{"SoftwareTokenMfaSettings": preferred, "EmailMfaSettings": preferred}).want(t, no)
	set(m{"SoftwareTokenMfaSettings": on, "EmailMfaSettings": on}).want(t, "")
	p.password(ExampleUser).asks(t, "SELECT_MFA_TYPE")
	set(m{"EmailMfaSettings": preferred}).want(t, "")
	p.password(ExampleUser).asks(t, "EMAIL_OTP")
	user := p.idp("GetUser", m{"AccessToken": token})
	if user.PreferredMfaSetting != "EMAIL_OTP" || !slices.Equal(user.UserMFASettingList, []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}) {
		t.Errorf("GetUser: %s", user.Body)
	}
	set(m{"EmailMfaSettings": settings{"Enabled": false}}).want(t, "")
	if c := p.password(ExampleUser).asks(t, "SOFTWARE_TOKEN_MFA").ChallengeParameters; c["FRIENDLY_DEVICE_NAME"] != "phone" {
		t.Errorf("parameters %v", c)
	}
	set(m{"SoftwareTokenMfaSettings": settings{"Enabled": false}}).want(t, "")
	p.password(ExampleUser).tokens(t)
}
