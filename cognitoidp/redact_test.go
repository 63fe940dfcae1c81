package cognitoidp

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestSecretsDoNotPrint puts a marker in every secret of every type and prints each in every way.
func TestSecretsDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	m := map[string]string{"PASSWORD": mark}
	result := AuthenticationResult{AccessToken: mark, IDToken: mark, RefreshToken: mark, TokenType: "Bearer"}
	for _, v := range append(accountSecrets(mark),
		InitiateAuthInput{ClientID: clientID, AuthFlow: "F", AuthParameters: m, ClientMetadata: m, Session: mark, UserContextData: &UserContextData{EncodedData: mark}},
		RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "N", Session: mark, ChallengeResponses: m, ClientMetadata: m, UserContextData: &UserContextData{EncodedData: mark}},
		AuthOutput{ChallengeName: "N", Session: mark, ChallengeParameters: m},
		AuthOutput{AuthenticationResult: &result},
		result,
		GetTokensFromRefreshTokenInput{RefreshToken: mark, ClientID: clientID, ClientSecret: mark, ClientMetadata: m},
		RevokeTokenInput{Token: mark, ClientID: clientID, ClientSecret: mark},
	) {
		var log strings.Builder
		for _, v := range []any{v, &v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
				fmt.Fprintf(&log, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
			b, err := json.Marshal(v)
			if err != nil {
				t.Error(err)
			}
			log.Write(b)
		}
		for _, hidden := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
			if strings.Contains(log.String(), hidden) {
				t.Errorf("%T prints its secret: %s", v, log.String())
			}
		}
		if !strings.Contains(fmt.Sprint(v), "redacted}") {
			t.Errorf("%T prints as %v", v, v)
		}
	}
}
