package cognito_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
)

// foreign returns a token of another identity provider.
func foreign(issuer, subject, audience string) string {
	return part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss": issuer, "sub": subject, "aud": audience,
		"exp": time.Now().Add(time.Hour).Unix(),
	}) + ".AAAA"
}

// A token is sent under the name of its provider, and a new one is requested with credentials.
func TestFederate(t *testing.T) {
	const github = "https://token.actions.githubusercontent.com"
	pool := exampleEnvironment().IdentityPoolID
	oidc := foreign(github, "repo:octo/hello", "cognito-identity.amazonaws.com")
	developer := foreign("https://cognito-identity.amazonaws.com", identityB, pool)
	for _, test := range []struct {
		name, provider, token, key string
		identity                   string
	}{
		{"OpenID Connect", "", oidc, "token.actions.githubusercontent.com", identityA},
		{"issuer with a path", "", foreign("https://a.example/Path/", "s", "a"), "a.example/Path/",
			identityA},
		{"issuer without a scheme", "", foreign("accounts.google.com", "s", "a"),
			"accounts.google.com", identityA},
		{"named", "accounts.google.com", oidc, "accounts.google.com", identityA},
		{"opaque", "graph.facebook.com", "EAAB", "graph.facebook.com", identityA},
		{"SAML", "arn:aws:iam::123456789012:saml-provider/Contoso", "PHNhbWw+",
			"arn:aws:iam::123456789012:saml-provider/Contoso", identityA},
		{"developer", "", developer, "cognito-identity.amazonaws.com", identityB},
	} {
		client, log := scripted(t, map[string]string{
			"GetId":                     `{"IdentityId":"` + identityA + `"}`,
			"GetCredentialsForIdentity": credentialsOf(test.identity),
		})
		c := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: client}
		asked := 0
		s, err := c.Federate(cognito.Federation{
			Provider: test.provider,
			Token: func(context.Context) (string, error) {
				asked++
				return test.token, nil
			},
		})
		if err != nil {
			t.Errorf("%s: Federate: %v", test.name, err)
			continue
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Errorf("%s: Credentials: %v", test.name, err)
		}
		var operations []string
		for _, sent := range *log {
			operations = append(operations, sent.operation)
			want := map[string]any{test.key: test.token}
			if diff := cmp.Diff(want, sent.members["Logins"]); diff != "" {
				t.Errorf("%s: Logins of %s: want-got:\n%s", test.name, sent.operation, diff)
			}
		}
		want := []string{"GetId", "GetCredentialsForIdentity"}
		if test.name == "developer" {
			want = want[1:]
		}
		if diff := cmp.Diff(want, operations); diff != "" || asked != 1 {
			t.Errorf("%s: %d tokens, requests: want-got:\n%s", test.name, asked, diff)
		}
		if id, err := s.IdentityID(t.Context()); err != nil || id != test.identity {
			t.Errorf("%s: IdentityID = %q, %v, want %q", test.name, id, err, test.identity)
		}
		if _, err := s.Tokens(t.Context()); err == nil {
			t.Errorf("%s: Tokens: nil, want an error", test.name)
		}
		if err := s.SignOut(t.Context()); err != nil {
			t.Errorf("%s: SignOut: %v", test.name, err)
		}
		if _, err := s.Credentials(t.Context()); err == nil {
			t.Errorf("%s: Credentials after SignOut: nil, want an error", test.name)
		}
	}
}

func TestFederateRefuses(t *testing.T) {
	failed := errors.New("no token today")
	give := func(token string, err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return token, err }
	}
	for _, test := range []struct {
		name       string
		federation cognito.Federation
		duration   time.Duration
		want       string
	}{
		{"no function", cognito.Federation{}, 0, "Token is missing"},
		{"SAML in the classic flow", cognito.Federation{
			Provider: "arn:aws:iam::123456789012:saml-provider/Contoso",
			Token:    give("PHNhbWw+", nil),
		}, time.Hour, "enhanced flow"},
		{"no token", cognito.Federation{Token: give("", failed)}, 0, "no token today"},
		{"opaque token without a provider", cognito.Federation{Token: give("EAAB", nil)}, 0,
			"set Federation.Provider"},
		{"no issuer", cognito.Federation{Token: give(foreign("", "s", "a"), nil)}, 0,
			"set Federation.Provider"},
		{"developer token of another pool", cognito.Federation{
			Token: give(foreign("https://cognito-identity.amazonaws.com", identityB, "other"), nil),
		}, 0, "another identity pool"},
	} {
		client, _ := scripted(t, nil)
		c := &cognito.Client{
			Environment: exampleEnvironment(),
			HTTPClient:  client,
			Duration:    test.duration,
		}
		s, err := c.Federate(test.federation)
		if err == nil {
			_, err = s.Credentials(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), "EAAB") {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
}
