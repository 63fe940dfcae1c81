package cognito_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// The pool's own script is told that the password was proven, where there was one, and is not reached with a wrong one.
func TestCustomAuthProvesPassword(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		for _, test := range []struct {
			password string
			want     []cognitotest.ChallengeResult
			refused  bool
		}{
			{cognitotest.ExamplePassword, []cognitotest.ChallengeResult{{ChallengeName: "SRP_A", Passed: true}, {ChallengeName: "PASSWORD_VERIFIER", Passed: true}}, false},
			{"", nil, false},
			{"wrong", []cognitotest.ChallengeResult{{ChallengeName: "SRP_A", Passed: true}}, true},
		} {
			var mu sync.Mutex
			var seen []cognitotest.ChallengeResult
			server := everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) {
				p.CustomAuth = func(c cognitotest.CustomAuthRequest) cognitotest.CustomAuthResponse {
					mu.Lock()
					defer mu.Unlock()
					seen = slices.Clone(c.History)
					return cognitotest.CustomAuthResponse{Answer: "2"}
				}
			})
			client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
			_, err := client.Start(t.Context(), cognito.Login{Flow: "CUSTOM_AUTH", Username: cognitotest.ExampleEmail, Password: test.password})
			if test.refused {
				if !hasCode(err, cognitoidp.CodeNotAuthorized) || slices.ContainsFunc(seen, func(s cognitotest.ChallengeResult) bool {
					return s.ChallengeName == "PASSWORD_VERIFIER" && s.Passed
				}) {
					t.Errorf("password %q: error %v after %v", test.password, err, seen)
				}
				continue
			}
			if challenge := asChallenge(err); challenge == nil || challenge.Name != "CUSTOM_CHALLENGE" || !slices.Equal(seen, test.want) {
				t.Errorf("password %q: error %v after %v, want %v", test.password, err, seen, test.want)
			}
		}
	}
}
