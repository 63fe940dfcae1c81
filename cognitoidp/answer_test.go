package cognitoidp

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBadAnswer(t *testing.T) {
	for body, want := range map[string]string{
		``:                                 "neither a challenge nor tokens",
		`{}`:                               "neither a challenge nor tokens",
		`null`:                             "neither a challenge nor tokens",
		`{"AuthenticationResult":null}`:    "neither a challenge nor tokens",
		`{"Session":"s"}`:                  "neither a challenge nor tokens",
		`{"AuthenticationResult":{}}`:      "no access token",
		`{"AuthenticationResult":[]}`:      "not the JSON object",
		`<html>`:                           "not the JSON object",
		`{"ChallengeName":"X","Session":1`: "not the JSON object",
		`{"ChallengeName":"X","ChallengeParameters":{"a":{}}}`:                                                   "not the JSON object",
		`{"AuthenticationResult":{"AccessToken":"hunter2\r\nX: y"}}`:                                             "AccessToken is not a token",
		`{"AuthenticationResult":{"AccessToken":"a","IdToken":"hunter 2"}}`:                                      "IdToken is not a token",
		`{"AuthenticationResult":{"AccessToken":"a","RefreshToken":"` + strings.Repeat("hunter2", 10000) + `"}}`: "RefreshToken is not a token",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":-1}}`:                                            "ExpiresIn",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":1e300}}`:                                         "ExpiresIn",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":1e400}}`:                                         "not the JSON object",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":"3600"}}`:                                        "not the JSON object",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":315360001}}`:                                     "ExpiresIn",
	} {
		c, _ := answering(200, body)
		out, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter") || out.AuthenticationResult != nil {
			t.Errorf("%.60s: %v, want %s", body, err, want)
		}
	}
}

// A refresh token that came is not lost with the rest of its answer.
func TestRefreshTokenBesideError(t *testing.T) {
	for body, want := range map[string]*AuthenticationResult{
		`{"AuthenticationResult":{"RefreshToken":"r"}}`:                                            {RefreshToken: "r"},
		`{"AuthenticationResult":{"AccessToken":"a b","IdToken":"i","RefreshToken":"r"}}`:          {RefreshToken: "r"},
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":"1","RefreshToken":"r"},"X":1}`:    {RefreshToken: "r"},
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":-1,"RefreshToken":"r r"}}`:         nil,
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3600,"RefreshToken":"r"},"Sessio"`: nil, // no JSON
	} {
		c, _ := answering(200, body)
		out, err := c.GetTokensFromRefreshToken(t.Context(), GetTokensFromRefreshTokenInput{ClientID: clientID, RefreshToken: "old"})
		if err == nil || !cmp.Equal(out, AuthOutput{AuthenticationResult: want}) {
			t.Errorf("%s: %+v, %v", body, out.AuthenticationResult, err)
		}
	}
}

func TestGoodAnswer(t *testing.T) {
	for body, want := range map[string]AuthenticationResult{
		`{"AuthenticationResult":{"AccessToken":"a"}}`: {AccessToken: "a"},
		`{"AuthenticationResult":{"AccessToken":"a","IdToken":"b.c-d_e=","RefreshToken":null,"ExpiresIn":3600,"TokenType":"Bearer","New":{}},"ChallengeParameters":{}}`: {AccessToken: "a", IDToken: "b.c-d_e=", TokenType: "Bearer", ExpiresIn: time.Hour},
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3.6E3,"accessTOKEN":"A"}}`:                                                                              {AccessToken: "A", ExpiresIn: time.Hour},
		`{"AuthenticationResult":{"AccessToken":"a","NewDeviceMetadata":{"DeviceKey":"k","DeviceGroupKey":"g"}}}`:                                                       {AccessToken: "a", NewDeviceMetadata: &NewDeviceMetadata{"k", "g"}},
	} {
		c, _ := answering(200, body)
		out, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowRefreshToken})
		if err != nil || out.AuthenticationResult == nil || !cmp.Equal(*out.AuthenticationResult, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	// What there is to choose from is a list of its own; a Session may be there or not.
	c, _ := answering(200, `{"ChallengeName":"SELECT_CHALLENGE","Session":"s","AvailableChallenges":["PASSWORD_SRP","EMAIL_OTP"],"ChallengeParameters":{"USERNAME":"u"}}`)
	out, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUser})
	if err != nil || out.ChallengeName != ChallengeSelectChallenge || out.Session != "s" || !cmp.Equal(out.AvailableChallenges, []string{ChallengePasswordSRP, ChallengeEmailOTP}) {
		t.Error(out, err)
	}
	// RevokeToken answers with nothing, or with an empty object.
	for _, body := range []string{"", "{}"} {
		c, _ := answering(200, body)
		if err := c.RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "r"}); err != nil {
			t.Error(err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"AuthenticationResult":{"AccessToken":"a","IdToken":"b","ExpiresIn":3.6e3,"NewDeviceMetadata":{"DeviceKey":"k"}}}`)
	f.Add(200, `{"ChallengeName":"PASSWORD_VERIFIER","challengename":null,"ChallengeParameters":{"SALT":"ab"},"AvailableChallenges":["A"]}`)
	f.Add(400, `{"__type":"NotAuthorizedException","message":"m"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c, _ := answering(status, body)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // mostly too short for a pause
		defer cancel()
		out, err := c.RespondToAuthChallenge(ctx, RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X"})
		if err != nil {
			return
		}
		if r := out.AuthenticationResult; r == nil && out.ChallengeName == "" || r != nil && (!isToken(r.AccessToken) || r.ExpiresIn < 0) {
			t.Errorf("%q passes", body)
		}
	})
}
