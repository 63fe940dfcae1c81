package cognitotest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	smsMFA  = "SMS_MFA"
	mailMFA = "EMAIL_OTP"
	totpMFA = "SOFTWARE_TOKEN_MFA"
)

// can reports whether the user has what a second factor needs.
func (u *User) can(factor string) bool {
	switch factor {
	case smsMFA:
		return u.Attributes["phone_number"] != ""
	case mailMFA:
		return u.Attributes["email"] != ""
	case totpMFA:
		return u.TOTPSecret != ""
	}
	return false
}

// factors lists the user's second factors that the pool requires.
func (u *User) factors(p *UserPool) (list []string) {
	if p.MFAConfiguration != "ON" && p.MFAConfiguration != "OPTIONAL" {
		return nil
	}
	for _, factor := range u.MFA {
		if u.can(factor) {
			list = append(list, factor)
		}
	}
	return list
}

// askSecond asks for a second factor. It returns nil if none is needed.
func (s *Server) askSecond(c *session) object {
	u, pool := &c.account.user, c.account.pool
	list := u.factors(pool)
	out := params{"USER_ID_FOR_SRP": u.Name}
	switch {
	case c.second, len(list) == 0 && pool.MFAConfiguration != "ON":
		return nil
	case len(list) == 0:
		out["MFAS_CAN_SETUP"] = jsonText([]string{totpMFA, mailMFA})
		return s.ask(c, "MFA_SETUP", out)
	case slices.Contains(list, u.PreferredMFA):
		return s.askFactor(c, u.PreferredMFA)
	case len(list) == 1:
		return s.askFactor(c, list[0])
	}
	out["MFAS_CAN_CHOOSE"] = jsonText(list)
	return s.ask(c, "SELECT_MFA_TYPE", out)
}

// askFactor asks for the code of one factor. If the factor is not an authenticator app, it sends
// the code first.
func (s *Server) askFactor(c *session, factor string) object {
	u := &c.account.user
	switch factor {
	case totpMFA:
		out := params{"USER_ID_FOR_SRP": u.Name}
		if name := c.account.totpName; name != "" {
			out["FRIENDLY_DEVICE_NAME"] = name
		}
		return s.ask(c, factor, out)
	case mailMFA:
		return s.askCode(c, factor, "email", u.Attributes["email"])
	}
	return s.askCode(c, factor, "phone_number", u.Attributes["phone_number"]) // SMS_MFA, SMS_OTP
}

func (s *Server) askCode(c *session, challenge, attribute, address string) object {
	medium, destination := c.account.newCode(attribute, address)
	c.expected = c.account.code
	return s.ask(c, challenge, params{
		"USER_ID_FOR_SRP":               c.account.user.Name,
		"CODE_DELIVERY_DELIVERY_MEDIUM": medium,
		"CODE_DELIVERY_DESTINATION":     destination,
	})
}

// selectMFA checks the response to SELECT_MFA_TYPE.
func selectMFA(s *Server, c *session, responses params) (object, error) {
	factor := responses["ANSWER"]
	if !slices.Contains(c.account.user.factors(c.account.pool), factor) {
		return nil, invalid("ANSWER %q is not one of MFAS_CAN_CHOOSE", factor)
	}
	return s.askFactor(c, factor), nil
}

// checkCode checks a code that was sent: as a first or second factor, or to set up EMAIL_OTP.
func checkCode(s *Server, c *session, responses params) (object, error) {
	if !equal(c.expected, responses[c.challenge+"_CODE"]) {
		c.tries++
		return nil, refuse("CodeMismatchException", "Invalid code or auth state for the user.")
	}
	if c.email != "" {
		c.account.user.Attributes["email"] = c.email
		c.account.user.Attributes["email_verified"] = "true"
		s.addAliases(c.account)
		c.account.user.enable(mailMFA)
	}
	c.second = true
	return s.proceed(c)
}

// checkTOTP checks the response to SOFTWARE_TOKEN_MFA. A code is valid once (RFC 6238 section 5.2).
func checkTOTP(s *Server, c *session, responses params) (object, error) {
	a := c.account
	step, ok := matchTOTP(a.user.TOTPSecret, responses["SOFTWARE_TOKEN_MFA_CODE"], time.Now())
	if !ok {
		c.tries++
		return nil, refuse("CodeMismatchException", "Invalid code received for user")
	}
	if step <= a.totpStep {
		c.tries++
		return nil, refuse("ExpiredCodeException",
			"Your software token has already been used once.")
	}
	a.totpStep = step
	c.second = true
	return s.proceed(c)
}

// finishSetup checks the response to MFA_SETUP. It is either EMAIL, to which a code is then sent,
// or empty after VerifySoftwareToken.
func finishSetup(s *Server, c *session, responses params) (object, error) {
	switch c.email = responses["EMAIL"]; {
	case strings.Contains(c.email, "@"):
		return s.askCode(c, mailMFA, "email", c.email), nil
	case c.email != "":
		return nil, invalid("EMAIL is not an email address")
	case !c.verified:
		return nil, refuse("SoftwareTokenMFANotFoundException",
			"Software token MFA has not been verified")
	}
	c.account.user.enable(totpMFA)
	c.second = true
	return s.proceed(c)
}

// enable switches a second factor on.
func (u *User) enable(factor string) {
	if !slices.Contains(u.MFA, factor) {
		u.MFA = append(u.MFA, factor)
	}
}

func associateSoftwareToken(s *Server, r *request) (object, error) {
	secret := base32.StdEncoding.EncodeToString(random(20))
	out := object{"SecretCode": secret}
	if c := r.session; c != nil {
		c.expected = secret
		c.verified = false
		out["Session"] = s.wait(c, "MFA_SETUP")
	} else {
		r.account.newTOTP = secret
	}
	return out, nil
}

// verifySoftwareToken verifies a code of the new TOTP secret. With an access token, the client
// switches the factor on with SetUserMFAPreference.
func verifySoftwareToken(s *Server, r *request) (object, error) {
	a, c := r.account, r.session
	secret := a.newTOTP
	if c != nil {
		secret = c.expected
	}
	step, ok := matchTOTP(secret, r.UserCode, time.Now())
	if ok && (secret != a.user.TOTPSecret || step > a.totpStep) {
		a.user.TOTPSecret = secret
		a.totpName = r.FriendlyDeviceName
		a.totpStep = step
		a.newTOTP = ""
		out := object{"Status": "SUCCESS"}
		if c != nil {
			c.verified = true
			out["Session"] = s.wait(c, "MFA_SETUP")
		}
		return out, nil
	}
	if c != nil {
		if secret != "" {
			c.tries++
		}
		s.keep(r.Session, "MFA_SETUP", c)
	}
	if secret == "" {
		return nil, refuse("SoftwareTokenMFANotFoundException",
			"Software token MFA has not been associated")
	}
	return nil, refuse("EnableSoftwareTokenMFAException", "Code mismatch")
}

// setUserMFAPreference changes only the factors that the request names.
func setUserMFAPreference(_ *Server, r *request) (object, error) {
	u, preferred := r.account.user, 0
	u.MFA = slices.Clone(u.MFA)
	for _, wish := range []struct {
		factor string
		*factorSettings
	}{
		{smsMFA, r.SMSMfaSettings},
		{mailMFA, r.EmailMfaSettings},
		{totpMFA, r.SoftwareTokenMfaSettings},
	} {
		if wish.factorSettings == nil {
			continue
		}
		u.MFA = slices.DeleteFunc(u.MFA, func(factor string) bool { return factor == wish.factor })
		if u.PreferredMFA == wish.factor {
			u.PreferredMFA = ""
		}
		if wish.Enabled {
			u.MFA = append(u.MFA, wish.factor)
		}
		if wish.PreferredMfa {
			u.PreferredMFA = wish.factor
			preferred++
		}
		impossible := wish.Enabled && !u.can(wish.factor)
		switch {
		case impossible && wish.factor == totpMFA:
			return nil, invalid("User has not verified software token mfa")
		case impossible:
			return nil, invalid("User has no address for %s", wish.factor)
		case wish.PreferredMfa && !wish.Enabled, preferred > 1:
			return nil, invalid("Only one factor, and one that is enabled, can be preferred")
		}
	}
	r.account.user = u
	return object{}, nil
}

// matchTOTP returns the time step of a code. The parameters are the defaults of RFC 6238:
// HMAC-SHA-1, 30 seconds and 6 digits. The code may be one step early or late.
func matchTOTP(secret, code string, now time.Time) (step int64, ok bool) {
	secret = strings.TrimRight(strings.ReplaceAll(secret, " ", ""), "=")
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	key, err := encoding.DecodeString(strings.ToUpper(secret))
	if err != nil || len(key) == 0 {
		return 0, false
	}
	for step := now.Unix()/30 + 1; step >= now.Unix()/30-1; step-- {
		mac := hmac.New(sha1.New, key)
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
		sum := mac.Sum(nil)
		number := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff // RFC 4226 section 5.3
		if equal(fmt.Sprintf("%06d", number%1_000_000), code) {
			return step, true
		}
	}
	return 0, false
}
