package cognito_test

import (
	"maps"
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

// Who makes a token up does not choose how long the lines of a log are.
func TestErrorsRepeatLittleOfToken(t *testing.T) {
	p, long := newPool(t, "k1"), strings.Repeat("x", 30_000)
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: &http.Client{Transport: p}}
	good := map[string]any{
		"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "token_use": "id",
		"aud": cognitotest.ExampleClientID, "exp": time.Now().Add(time.Hour).Unix(),
	}
	check := func(header map[string]any, name, want string) {
		t.Helper()
		claims := maps.Clone(good)
		if name != "" {
			claims[name] = long
		}
		_, err := client.VerifyIDToken(t.Context(), p.sign(header, claims))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "xx") || len(err.Error()) > 600 {
			t.Errorf("%s: error %.1000v", want, err)
		}
	}
	check(map[string]any{"alg": long, "kid": "xx"}, "", "algorithm")
	check(map[string]any{"alg": "RS256", "kid": long}, "", "no key")
	header := map[string]any{"alg": "RS256", "kid": "k1"}
	check(header, "iss", "issuer")
	check(header, "token_use", "token_use")
	check(header, "aud", "app client")
}

// A date of the last hours of the year 9999 stays one that JSON can hold, wherever the machine is.
func TestDatesAreUTC(t *testing.T) {
	claims, err := cognito.ParseUnverified(unsigned(time.Unix(253402300799, 0)))
	if err != nil || claims.ExpiresAt.Location() != time.UTC || claims.ExpiresAt.Year() != 9999 {
		t.Errorf("%v, error %v", claims.ExpiresAt, err)
	}
}
