package cognitotest

import (
	"encoding/base64"
	"slices"
)

// choices lists the first factors that a user may choose in USER_AUTH. A user with a second factor
// must present the password first ("Authentication flows", Amazon Cognito developer guide:
// choice-based sign-in and MFA).
func (a *account) choices() (list []string) {
	u, p := &a.user, a.pool
	if u.Password != "" {
		list = append(list, "PASSWORD", "PASSWORD_SRP")
	}
	if p.MFAConfiguration == "ON" || len(u.factors(p)) > 0 {
		return list
	}
	if u.verified("email") {
		list = append(list, mailMFA)
	}
	if u.verified("phone_number") {
		list = append(list, "SMS_OTP")
	}
	if p.WebAuthn != nil {
		list = append(list, "WEB_AUTHN")
	}
	return list
}

// startChoice starts USER_AUTH with PREFERRED_CHALLENGE if the user has it. Otherwise it asks.
func startChoice(s *Server, c *session, p params) (object, error) {
	list := c.account.choices()
	if slices.Contains(list, p["PREFERRED_CHALLENGE"]) {
		return s.choose(c, p["PREFERRED_CHALLENGE"], p)
	}
	out := s.ask(c, "SELECT_CHALLENGE", params{"USERNAME": c.account.user.Name})
	out["AvailableChallenges"] = list
	return out, nil
}

// selectChallenge checks the response to SELECT_CHALLENGE.
func selectChallenge(s *Server, c *session, responses params) (object, error) {
	choice := responses["ANSWER"]
	if !slices.Contains(c.account.choices(), choice) {
		return nil, invalid("ANSWER %q is not one of AvailableChallenges", choice)
	}
	return s.choose(c, choice, responses)
}

// choose continues with one of the choices. The password, or SRP_A, may have been sent with it.
func (s *Server) choose(c *session, choice string, p params) (object, error) {
	u := &c.account.user
	c.challenge = ""
	out := params{"USERNAME": u.Name}
	switch {
	case choice == "PASSWORD" && p["PASSWORD"] != "":
		return checkPassword(s, c, p)
	case choice == "PASSWORD_SRP" && p["SRP_A"] != "":
		return startSRP(s, c, p)
	case choice == "PASSWORD", choice == "PASSWORD_SRP":
		return s.ask(c, choice, out), nil
	}
	if err := u.checkState(); err != nil {
		return nil, err // before a code is sent
	}
	if choice != "WEB_AUTHN" {
		return s.askFactor(c, choice), nil
	}
	c.expected = `{"challenge":"` + base64.RawURLEncoding.EncodeToString(random(32)) + `",` +
		`"timeout":180000,"rpId":"example.com","allowCredentials":[],` +
		`"userVerification":"preferred"}`
	out["CREDENTIAL_REQUEST_OPTIONS"] = c.expected
	return s.ask(c, choice, out), nil
}

// checkPasskey lets the pool's WebAuthn check the response to WEB_AUTHN.
func checkPasskey(s *Server, c *session, responses params) (object, error) {
	name := c.account.user.Name
	accepted := false
	s.unlocked(func() {
		accepted = c.account.pool.WebAuthn(name, c.expected, responses["CREDENTIAL"])
	})
	if !accepted {
		return nil, errIncorrect
	}
	return s.proceed(c)
}
