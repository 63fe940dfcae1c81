package cognitotest

import "testing"

// reply answers the challenge that came as a.
func (p *peer) reply(a answer, keyValues ...string) answer {
	p.t.Helper()
	user := a.ChallengeParameters["USERNAME"]
	if user == "" {
		user = a.ChallengeParameters["USER_ID_FOR_SRP"]
	}
	if user == "" {
		user = ExampleUser
	}
	return p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": a.ChallengeName, "Session": a.Session,
		"ChallengeResponses": p.params(user, keyValues...)})
}

// asks fails the test unless the answer is the challenge, with a Session.
func (a answer) asks(t *testing.T, challenge string) answer {
	t.Helper()
	if a.ChallengeName != challenge || a.Session == nil || len(*a.Session) < 20 || len(*a.Session) > 2048 || a.AuthenticationResult.IdToken != "" {
		t.Fatalf("answer is %s %s (%s), want %s with a Session", a.ChallengeName, a.Code, a.Message, challenge)
	}
	return a
}

// tokens fails the test unless the answer is tokens.
func (a answer) tokens(t *testing.T) answer {
	t.Helper()
	if a.Status != 200 || a.AuthenticationResult.IdToken == "" || a.ChallengeName != "" || a.Session != nil {
		t.Fatalf("answer is %d %s %s (%s), want tokens", a.Status, a.ChallengeName, a.Code, a.Message)
	}
	return a
}

// password begins a sign-in with the password itself.
func (p *peer) password(user string, keyValues ...string) answer {
	p.t.Helper()
	return p.initiate("USER_PASSWORD_AUTH", p.params(user, append(keyValues, "PASSWORD", ExamplePassword)...))
}

// example is Example with a change to its user pool, and a peer.
func example(t *testing.T, change func(p *UserPool, ada *User)) (*Server, *peer) {
	s := Example()
	pool := &s.UserPools[0]
	change(pool, &pool.Users[0])
	return s, newPeer(t, s)
}

// code is the last code that was sent to ExampleUser.
func code(s *Server) string { return s.Code(ExampleUserPoolID, ExampleUser) }

// wrong is a code of six digits that is not the given one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}
