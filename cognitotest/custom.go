package cognitotest

import (
	"maps"
	"slices"
)

// startCustom starts CUSTOM_AUTH. With CHALLENGE_NAME=SRP_A it starts with the password.
func startCustom(s *Server, c *session, p params) (object, error) {
	c.custom = true
	switch first := p["CHALLENGE_NAME"]; {
	case c.account.pool.CustomAuth == nil:
		return nil, invalid("Custom auth lambda trigger is not configured for the user pool.")
	case first == "SRP_A":
		if err := requireParams(p, "SRP_A"); err != nil {
			return nil, err
		}
		c.history = []ChallengeResult{{"SRP_A", true}}
		return startSRP(s, c, p)
	case first != "":
		return nil, invalid("CHALLENGE_NAME must be SRP_A or absent")
	}
	return s.proceed(c)
}

// proceedCustom lets the pool's CustomAuth decide what follows.
func (s *Server) proceedCustom(c *session) (object, error) {
	in := CustomAuthRequest{c.account.user.Name, slices.Clone(c.history), c.metadata}
	var decision CustomAuthResponse
	s.unlocked(func() { decision = c.account.pool.CustomAuth(in) })
	switch {
	case decision.FailAuthentication:
		return nil, errIncorrect
	case decision.IssueTokens:
		c.custom = false
		return s.proceed(c)
	}
	c.expected = decision.Answer
	out := params{"USERNAME": in.Username}
	maps.Copy(out, decision.Parameters)
	return s.ask(c, "CUSTOM_CHALLENGE", out), nil
}

// checkCustom checks the response to CUSTOM_CHALLENGE, which is never empty. CustomAuth decides
// what a wrong one means.
func checkCustom(s *Server, c *session, responses params) (object, error) {
	passed := equal(c.expected, responses["ANSWER"])
	c.history = append(c.history, ChallengeResult{"CUSTOM_CHALLENGE", passed})
	return s.proceed(c)
}
