package cognitotest

import (
	"slices"
	"testing"
	"time"
)

// twoQuestions asks two questions. The answer to the second is in the ClientMetadata of the
// request.
func twoQuestions(in CustomAuthRequest) CustomAuthResponse {
	asked := 0
	for _, result := range in.History {
		if !result.Passed {
			return CustomAuthResponse{FailAuthentication: true}
		}
		if result.ChallengeName == "CUSTOM_CHALLENGE" {
			asked++
		}
	}
	switch asked {
	case 0:
		return CustomAuthResponse{
			Parameters: params{"question": "first of " + in.Username},
			Answer:     "one",
		}
	case 1:
		return CustomAuthResponse{Answer: in.Metadata["second"]}
	}
	return CustomAuthResponse{IssueTokens: true}
}

// customPeer returns a peer of a pool with CUSTOM_AUTH.
func customPeer(t *testing.T, f func(CustomAuthRequest) CustomAuthResponse) *peer {
	_, p := example(t, func(pool *UserPool, _ *User) {
		pool.CustomAuth = f
		pool.Clients[0].ExplicitAuthFlows = []string{"ALLOW_CUSTOM_AUTH"}
	})
	return p
}

// customSRP starts CUSTOM_AUTH with the password and responds to PASSWORD_VERIFIER.
func (p *peer) customSRP(password string) response {
	p.t.Helper()
	e := newSRPClient()
	in := p.params(ExampleUser, "CHALLENGE_NAME", "SRP_A", "SRP_A", e.A.Text(16))
	a := p.initiate("CUSTOM_AUTH", in).wantChallenge(p.t, "PASSWORD_VERIFIER")
	claim := p.claim(e, a.ChallengeParameters, password, timestamp(time.Now()))
	return p.respondWith("PASSWORD_VERIFIER", a.Session, claim)
}

func TestCustomAuth(t *testing.T) {
	const no = "NotAuthorizedException"
	p := customPeer(t, twoQuestions)
	start := func() response { return p.initiate("CUSTOM_AUTH", p.params(ExampleUser)) }
	respond := func(a response, answer string, metadata params) response {
		t.Helper()
		return p.idp("RespondToAuthChallenge", object{
			"ClientId":           p.client,
			"ChallengeName":      a.ChallengeName,
			"Session":            a.Session,
			"ChallengeResponses": p.params(ExampleUser, "ANSWER", answer),
			"ClientMetadata":     metadata,
		})
	}
	finish := func(a response) {
		t.Helper()
		c := a.wantChallenge(t, "CUSTOM_CHALLENGE").ChallengeParameters
		if c["question"] != "first of ada" || c["USERNAME"] != "ada" || len(c) != 2 {
			t.Errorf("ChallengeParameters = %v", c)
		}
		second := respond(a, "one", params{"second": "two"}).wantChallenge(t, "CUSTOM_CHALLENGE")
		respond(a, "one", nil).want(t, no) // used up
		respond(second, "two", nil).wantTokens(t)
		respond(second, "two", nil).want(t, no)
	}
	t.Run("without SRP", func(t *testing.T) {
		finish(p.initiate("CUSTOM_AUTH", p.params(ExampleEmail)))
		a := start()
		respond(a, "three", nil).want(t, no)
		respond(a, "one", nil).want(t, no)
		second := respond(start(), "one", nil) // without Answer every response fails
		respond(second, "", nil).want(t, "InvalidParameterException")
		respond(second, "two", nil).want(t, no)
	})
	t.Run("with SRP", func(t *testing.T) {
		finish(p.customSRP(ExamplePassword))
		p.customSRP("wrong").want(t, no)
		for _, first := range []string{"SRP_A", "x"} { // without SRP_A, and unknown
			in := p.params(ExampleUser, "CHALLENGE_NAME", first)
			p.initiate("CUSTOM_AUTH", in).want(t, "InvalidParameterException")
		}
	})
	t.Run("history", func(t *testing.T) {
		var seen []ChallengeResult
		p := customPeer(t, func(in CustomAuthRequest) CustomAuthResponse {
			seen = in.History
			return CustomAuthResponse{IssueTokens: len(seen) == 3, Answer: "correct"}
		})
		// This function accepts a wrong answer.
		p.reply(p.customSRP(ExamplePassword), "ANSWER", "wrong").wantTokens(t)
		want := []ChallengeResult{
			{"SRP_A", true},
			{"PASSWORD_VERIFIER", true},
			{"CUSTOM_CHALLENGE", false},
		}
		if !slices.Equal(seen, want) {
			t.Errorf("History = %v, want %v", seen, want)
		}
	})
	t.Run("no function", func(t *testing.T) {
		p := customPeer(t, nil)
		p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).want(t, "InvalidParameterException")
	})
}
