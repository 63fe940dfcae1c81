package cognito_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A line end, which encoding/base64 passes over, does not make another spelling of a token.
func TestTokenHasNoLineEnds(t *testing.T) {
	p := newPool(t, "k1")
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: &http.Client{Transport: p}}
	token := p.sign(map[string]any{"alg": "RS256", "kid": "k1"}, map[string]any{
		"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "token_use": "id",
		"aud": cognitotest.ExampleClientID, "exp": time.Now().Add(time.Hour).Unix(),
	})
	for _, end := range []string{"\n", "\r\n"} {
		for _, other := range []string{token + end, token[:len(token)-9] + end + token[len(token)-9:], end + token} {
			if _, err := client.VerifyIDToken(t.Context(), other); err == nil || !strings.Contains(err.Error(), "not base64url") {
				t.Errorf("error %v", err)
			}
		}
	}
}
