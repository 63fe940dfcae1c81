package cognitotest

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
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

// factors lists the user's second factors, as far as the pool asks for any.
func (u *User) factors(p *UserPool) (list []string) {
	for _, factor := range u.MFA {
		if u.can(factor) && (p.MFAConfiguration == "ON" || p.MFAConfiguration == "OPTIONAL") {
			list = append(list, factor)
		}
	}
	return list
}

// askSecond asks for the second factor, nil when none is needed.
func (s *Server) askSecond(c *session, u *User) object {
	pool := c.account.pool
	list := u.factors(pool)
	switch {
	case c.second, len(list) == 0 && pool.MFAConfiguration != "ON":
		return nil
	case len(list) == 0:
		return s.ask(c, "MFA_SETUP", map[string]string{"USER_ID_FOR_SRP": u.Name, "MFAS_CAN_SETUP": jsonText([]string{totpMFA, mailMFA})})
	case slices.Contains(list, u.PreferredMFA):
		return s.askFactor(c, u, u.PreferredMFA)
	case len(list) == 1:
		return s.askFactor(c, u, list[0])
	}
	return s.ask(c, "SELECT_MFA_TYPE", map[string]string{"USER_ID_FOR_SRP": u.Name, "MFAS_CAN_CHOOSE": jsonText(list)})
}

// askFactor asks for the code of one factor, and sends it.
func (s *Server) askFactor(c *session, u *User, factor string) object {
	switch factor {
	case totpMFA:
		params := map[string]string{"USER_ID_FOR_SRP": u.Name}
		s.mu.Lock()
		if name := c.account.totpName; name != "" {
			params["FRIENDLY_DEVICE_NAME"] = name
		}
		s.mu.Unlock()
		return s.ask(c, factor, params)
	case mailMFA:
		return s.askCode(c, factor, "email", u.Attributes["email"])
	}
	return s.askCode(c, factor, "phone_number", u.Attributes["phone_number"]) // SMS_MFA, SMS_OTP
}

func (s *Server) askCode(c *session, challenge, attribute, address string) object {
	s.mu.Lock()
	code, medium, destination := c.account.send(attribute, address)
	s.mu.Unlock()
	c.expected = code
	return s.ask(c, challenge, map[string]string{
		"USER_ID_FOR_SRP": c.account.user.Name, "CODE_DELIVERY_DELIVERY_MEDIUM": medium, "CODE_DELIVERY_DESTINATION": destination,
	})
}

// selectMFA checks the answer to SELECT_MFA_TYPE.
func (s *Server) selectMFA(c *session, answers map[string]string) (object, error) {
	u := s.snapshot(c.account)
	if !slices.Contains(u.factors(c.account.pool), answers["ANSWER"]) {
		return nil, refuse("InvalidParameterException", "ANSWER %q is not one of MFAS_CAN_CHOOSE", answers["ANSWER"])
	}
	return s.askFactor(c, &u, answers["ANSWER"]), nil
}

// wrongCode counts a wrong code.
func (c *session) wrongCode(code, message string) error {
	c.tries++
	return refuse(code, "%s", message)
}

// checkCode checks a code that was sent: as second factor, as first one, or to set up EMAIL_OTP.
func (s *Server) checkCode(c *session, answers map[string]string) (object, error) {
	if subtle.ConstantTimeCompare([]byte(answers[c.challenge+"_CODE"]), []byte(c.expected)) != 1 {
		return nil, c.wrongCode("CodeMismatchException", "Invalid code or auth state for the user.")
	}
	if c.email != "" {
		s.enable(c.account, mailMFA, c.email)
	}
	c.second = true
	return s.proceed(c)
}

// checkTOTP checks the answer to SOFTWARE_TOKEN_MFA. A code is good once (RFC 6238 section 5.2).
func (s *Server) checkTOTP(c *session, answers map[string]string) (object, error) {
	s.mu.Lock()
	a := c.account
	number, ok := matchTOTP(a.user.TOTPSecret, answers["SOFTWARE_TOKEN_MFA_CODE"], time.Now())
	used := ok && number <= a.totpStep
	if ok && !used {
		a.totpStep = number
	}
	s.mu.Unlock()
	if used {
		return nil, c.wrongCode("ExpiredCodeException", "Your software token has already been used once.")
	}
	if !ok {
		return nil, c.wrongCode("CodeMismatchException", "Invalid code received for user")
	}
	c.second = true
	return s.proceed(c)
}

// finishSetup checks the answer to MFA_SETUP: EMAIL, to which a code is then sent, or nothing when VerifySoftwareToken
// was right.
func (s *Server) finishSetup(c *session, answers map[string]string) (object, error) {
	switch c.email = answers["EMAIL"]; {
	case strings.Contains(c.email, "@"):
		return s.askCode(c, mailMFA, "email", c.email), nil
	case c.email != "":
		return nil, refuse("InvalidParameterException", "EMAIL is not an e-mail address")
	case !c.verified:
		return nil, refuse("SoftwareTokenMFANotFoundException", "Software token MFA has not been verified")
	}
	s.enable(c.account, totpMFA, "")
	c.second = true
	return s.proceed(c)
}

// enable switches a second factor on, EMAIL_OTP with the address that has just been shown to be the user's.
func (s *Server) enable(a *account, factor, email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if email != "" {
		a.set("email", email)
		a.set("email_verified", "true")
		s.addAliases(a)
	}
	if !slices.Contains(a.user.MFA, factor) {
		a.user.MFA = append(slices.Clone(a.user.MFA), factor)
	}
}

// associateSoftwareToken is AssociateSoftwareToken, with the Session of MFA_SETUP or an access token.
func (s *Server) associateSoftwareToken(r *request) (object, error) {
	secret := base32.StdEncoding.EncodeToString(random(20))
	if c := r.waiting; c != nil {
		c.expected, c.verified = secret, false
		return object{"SecretCode": secret, "Session": s.wait(c, "MFA_SETUP")}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.account.newTOTP = secret
	return object{"SecretCode": secret}, nil
}

// verifySoftwareToken is VerifySoftwareToken. With an access token it leaves it to SetUserMFAPreference to switch the
// factor on.
func (s *Server) verifySoftwareToken(r *request) (object, error) {
	a, c := r.account, r.waiting
	s.mu.Lock()
	secret := a.newTOTP
	if c != nil {
		secret = c.expected
	}
	number, ok := matchTOTP(secret, r.code, time.Now())
	if ok = ok && (secret != a.user.TOTPSecret || number > a.totpStep); ok {
		a.user.TOTPSecret, a.totpName, a.totpStep, a.newTOTP = secret, r.friendly, number, ""
	}
	s.mu.Unlock()
	switch {
	case ok && c == nil:
		return object{"Status": "SUCCESS"}, nil
	case ok:
		c.verified = true
		return object{"Status": "SUCCESS", "Session": s.wait(c, "MFA_SETUP")}, nil
	}
	if c != nil {
		if secret != "" {
			c.tries++
		}
		s.keep(r.session, "MFA_SETUP", c)
	}
	if secret == "" {
		return nil, refuse("SoftwareTokenMFANotFoundException", "Software token MFA has not been associated")
	}
	return nil, refuse("EnableSoftwareTokenMFAException", "Code mismatch")
}

// setUserMFAPreference is SetUserMFAPreference. A factor that the request does not name stays as it is.
func (s *Server) setUserMFAPreference(r *request) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, preferred := *r.account.user, 0
	u.MFA = slices.Clone(u.MFA)
	for _, wish := range []struct {
		factor string
		*factorSettings
	}{{smsMFA, r.sms}, {mailMFA, r.mail}, {totpMFA, r.totp}} {
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
		switch {
		case wish.Enabled && !u.can(wish.factor) && wish.factor == totpMFA:
			return nil, refuse("InvalidParameterException", "User has not verified software token mfa")
		case wish.Enabled && !u.can(wish.factor):
			return nil, refuse("InvalidParameterException", "User has no address for %s", wish.factor)
		case wish.PreferredMfa && !wish.Enabled, preferred > 1:
			return nil, refuse("InvalidParameterException", "Only one factor, and one that is enabled, can be preferred")
		}
	}
	r.account.user.MFA, r.account.user.PreferredMFA = u.MFA, u.PreferredMFA
	return object{}, nil
}

// matchTOTP finds the time step of a code (RFC 6238 with its defaults: HMAC-SHA-1, 30 seconds, and 6 digits). It may be
// one step early or late.
func matchTOTP(secret, code string, now time.Time) (step int64, ok bool) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimRight(strings.ReplaceAll(secret, " ", ""), "=")))
	if err != nil || len(key) == 0 {
		return 0, false
	}
	for step := now.Unix()/30 + 1; step >= now.Unix()/30-1; step-- {
		mac := hmac.New(sha1.New, key)
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
		sum := mac.Sum(nil)
		number := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff // RFC 4226 5.3
		if subtle.ConstantTimeCompare(fmt.Appendf(nil, "%06d", number%1_000_000), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}
