package cognitotest

import (
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"slices"
)

// choices lists what a user may begin USER_AUTH with. A user whom the pool asks for a second factor has to have given
// the password ("Authentication flows", Amazon Cognito developer guide: choice-based sign-in and MFA).
func (s *Server) choices(c *session) (list []string) {
	u, p := s.snapshot(c.account), c.account.pool
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

// startChoice begins USER_AUTH: with PREFERRED_CHALLENGE where the user has that, and with the question otherwise.
func (s *Server) startChoice(c *session, params map[string]string) (object, error) {
	list := s.choices(c)
	if slices.Contains(list, params["PREFERRED_CHALLENGE"]) {
		return s.choose(c, params["PREFERRED_CHALLENGE"], params)
	}
	out := s.ask(c, "SELECT_CHALLENGE", map[string]string{"USERNAME": c.account.user.Name})
	out["AvailableChallenges"] = list
	return out, nil
}

// selectChallenge checks the answer to SELECT_CHALLENGE.
func (s *Server) selectChallenge(c *session, answers map[string]string) (object, error) {
	if !slices.Contains(s.choices(c), answers["ANSWER"]) {
		return nil, refuse("InvalidParameterException", "ANSWER %q is not one of AvailableChallenges", answers["ANSWER"])
	}
	return s.choose(c, answers["ANSWER"], answers)
}

// choose goes on with one of the choices. The password, or SRP_A, may have come with it.
func (s *Server) choose(c *session, choice string, params map[string]string) (object, error) {
	c.challenge = ""
	switch {
	case choice == "PASSWORD" && params["PASSWORD"] != "":
		return s.checkPassword(c, params)
	case choice == "PASSWORD_SRP" && params["SRP_A"] != "":
		return s.startSRP(c, params)
	case choice == "PASSWORD", choice == "PASSWORD_SRP":
		return s.ask(c, choice, map[string]string{"USERNAME": c.account.user.Name}), nil
	}
	u := s.snapshot(c.account)
	if err := checkState(&u); err != nil {
		return nil, err // before a code is sent
	}
	if choice != "WEB_AUTHN" {
		return s.askFactor(c, &u, choice), nil
	}
	c.expected = `{"challenge":"` + base64.RawURLEncoding.EncodeToString(random(32)) +
		`","timeout":180000,"rpId":"example.com","allowCredentials":[],"userVerification":"preferred"}`
	return s.ask(c, choice, map[string]string{"USERNAME": u.Name, "CREDENTIAL_REQUEST_OPTIONS": c.expected}), nil
}

// checkPasskey lets the pool's WebAuthn check the answer to WEB_AUTHN.
func (s *Server) checkPasskey(c *session, answers map[string]string) (object, error) {
	if !c.account.pool.WebAuthn(c.account.user.Name, c.expected, answers["CREDENTIAL"]) {
		return nil, errIncorrect
	}
	return s.proceed(c)
}

// startCustom begins CUSTOM_AUTH: with the script, or, with CHALLENGE_NAME=SRP_A, with the password.
func (s *Server) startCustom(c *session, params map[string]string) (object, error) {
	c.script = true
	switch first := params["CHALLENGE_NAME"]; {
	case c.account.pool.CustomAuth == nil:
		return nil, refuse("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool.")
	case first == "SRP_A":
		if err := parameters(params, "SRP_A"); err != nil {
			return nil, err
		}
		c.history = []CustomAuthStep{{"SRP_A", true}}
		return s.startSRP(c, params)
	case first != "":
		return nil, refuse("InvalidParameterException", "CHALLENGE_NAME must be SRP_A or absent")
	}
	return s.proceed(c)
}

// runScript lets the pool's CustomAuth decide what comes next.
func (s *Server) runScript(c *session) (object, error) {
	name := c.account.user.Name
	decision := c.account.pool.CustomAuth(CustomAuth{name, slices.Clone(c.history), c.metadata})
	switch {
	case decision.Fail:
		return nil, errIncorrect
	case decision.IssueTokens:
		c.script = false
		return s.proceed(c)
	}
	c.expected = decision.Answer
	params := map[string]string{"USERNAME": name}
	maps.Copy(params, decision.Parameters)
	return s.ask(c, "CUSTOM_CHALLENGE", params), nil
}

// answerCustom checks the answer to CUSTOM_CHALLENGE, which is never empty. What a wrong one means the script says.
func (s *Server) answerCustom(c *session, answers map[string]string) (object, error) {
	right := subtle.ConstantTimeCompare([]byte(c.expected), []byte(answers["ANSWER"])) == 1
	c.history = append(c.history, CustomAuthStep{"CUSTOM_CHALLENGE", right})
	return s.proceed(c)
}
