package cognitotest

import (
	"slices"
	"testing"
	"time"
)

// script asks two questions; the answer to the second is in the request's ClientMetadata.
func script(c CustomAuth) CustomAuthAnswer {
	asked := 0
	for _, step := range c.History {
		if !step.Passed {
			return CustomAuthAnswer{Fail: true}
		}
		if step.Challenge == "CUSTOM_CHALLENGE" {
			asked++
		}
	}
	switch asked {
	case 0:
		return CustomAuthAnswer{Parameters: map[string]string{"question": "first of " + c.Username}, Answer: "one"}
	case 1:
		return CustomAuthAnswer{Answer: c.Metadata["second"]}
	}
	return CustomAuthAnswer{IssueTokens: true}
}

func TestCustomAuth(t *testing.T) {
	custom := func(pool *UserPool, ada *User) {
		pool.CustomAuth = script
		pool.Clients[0].ExplicitAuthFlows = []string{"ALLOW_CUSTOM_AUTH"}
	}
	const no = "NotAuthorizedException"
	_, p := example(t, custom)
	respond := func(a answer, text string, metadata any) answer {
		t.Helper()
		return p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": a.ChallengeName, "Session": a.Session,
			"ChallengeResponses": p.params(ExampleUser, "ANSWER", text), "ClientMetadata": metadata})
	}
	finish := func(a answer) {
		t.Helper()
		if c := a.asks(t, "CUSTOM_CHALLENGE").ChallengeParameters; c["question"] != "first of ada" || c["USERNAME"] != "ada" || len(c) != 2 {
			t.Errorf("parameters %v", c)
		}
		second := respond(a, "one", m{"second": "two"}).asks(t, "CUSTOM_CHALLENGE")
		respond(a, "one", nil).want(t, no) // the first Session is used
		respond(second, "two", nil).tokens(t)
		respond(second, "two", nil).want(t, no)
	}
	t.Run("without SRP", func(t *testing.T) {
		finish(p.initiate("CUSTOM_AUTH", p.params(ExampleEmail)))
		a := p.initiate("CUSTOM_AUTH", p.params(ExampleUser))
		respond(a, "three", nil).want(t, no)
		respond(a, "one", nil).want(t, no)
		second := respond(p.initiate("CUSTOM_AUTH", p.params(ExampleUser)), "one", nil) // no answer is expected: none passes
		respond(second, "", nil).want(t, "InvalidParameterException")
		respond(second, "two", nil).want(t, no)
	})
	t.Run("with SRP", func(t *testing.T) {
		for password, good := range map[string]bool{ExamplePassword: true, "wrong": false} {
			e := newProof()
			a := p.initiate("CUSTOM_AUTH", p.params(ExampleUser, "CHALLENGE_NAME", "SRP_A", "SRP_A", e.A.Text(16))).asks(t, "PASSWORD_VERIFIER")
			claim := p.claim(e, a.ChallengeParameters, password, timestamp(time.Now()))
			a = p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": "PASSWORD_VERIFIER", "Session": a.Session, "ChallengeResponses": claim})
			if good {
				finish(a)
			} else {
				a.want(t, no)
			}
		}
		p.initiate("CUSTOM_AUTH", p.params(ExampleUser, "CHALLENGE_NAME", "SRP_A")).want(t, "InvalidParameterException")
		p.initiate("CUSTOM_AUTH", p.params(ExampleUser, "CHALLENGE_NAME", "x")).want(t, "InvalidParameterException")
	})
	t.Run("history", func(t *testing.T) {
		var seen []CustomAuthStep
		_, p := example(t, func(pool *UserPool, ada *User) {
			custom(pool, ada)
			pool.CustomAuth = func(c CustomAuth) CustomAuthAnswer {
				seen = c.History
				return CustomAuthAnswer{IssueTokens: len(c.History) == 3, Answer: "right"}
			}
		})
		e := newProof()
		a := p.initiate("CUSTOM_AUTH", p.params(ExampleUser, "CHALLENGE_NAME", "SRP_A", "SRP_A", e.A.Text(16)))
		a = p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": "PASSWORD_VERIFIER", "Session": a.Session,
			"ChallengeResponses": p.claim(e, a.ChallengeParameters, ExamplePassword, timestamp(time.Now()))})
		p.reply(a, "ANSWER", "wrong").tokens(t) // this script does not mind
		want := []CustomAuthStep{{"SRP_A", true}, {"PASSWORD_VERIFIER", true}, {"CUSTOM_CHALLENGE", false}}
		if !slices.Equal(seen, want) {
			t.Errorf("history %v, want %v", seen, want)
		}
	})
	t.Run("no script", func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, ada *User) { custom(pool, ada); pool.CustomAuth = nil })
		p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).want(t, "InvalidParameterException")
	})
}
