package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sts"
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

// Tokens of identity providers give credentials at the stand-in, which verifies them.
func TestFederateStandIn(t *testing.T) {
	const github = "token.actions.githubusercontent.com"
	for _, test := range []struct {
		name, provider, issuer string
		changes                map[string]any
		custom                 string // CustomRoleARN
		duration               time.Duration
		role, want             string
	}{
		{
			name:   "OpenID Connect",
			issuer: github,
			role:   cognitotest.ExampleRoleARN,
		},
		{
			name:     "OpenID Connect, classic flow",
			issuer:   github,
			duration: time.Hour,
			role:     cognitotest.ExampleRoleARN,
		},
		{
			name:     "SAML",
			provider: cognitotest.ExampleSAMLProvider,
			issuer:   cognitotest.ExampleSAMLProvider,
			role:     cognitotest.ExampleRoleARN,
		},
		{
			name:     "SAML role",
			provider: cognitotest.ExampleSAMLProvider,
			issuer:   cognitotest.ExampleSAMLProvider,
			changes: map[string]any{
				"cognito:roles": []string{cognitotest.ExampleAdminRoleARN},
			},
			custom: cognitotest.ExampleAdminRoleARN,
			role:   cognitotest.ExampleAdminRoleARN,
		},
		{
			name:    "expired",
			issuer:  github,
			changes: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()},
			want:    "probably the token has expired",
		},
		{
			name:    "another audience",
			issuer:  github,
			changes: map[string]any{"aud": "sts.amazonaws.com"},
			want:    "check the token's exp, iss and aud",
		},
		{
			name:   "unknown provider",
			issuer: "idp.example.org",
			want:   "check the token's exp, iss and aud",
		},
		{
			name:     "another name",
			provider: cognitotest.ExampleSAMLProvider,
			issuer:   github,
			want:     "check the token's exp, iss and aud",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := cognitotest.Example()
			env := exampleEnvironment()
			env.CustomRoleARN, env.RoleARN = test.custom, cognitotest.ExampleRoleARN
			c := &cognito.Client{
				Environment: env,
				HTTPClient:  server.Client(),
				Duration:    test.duration,
			}
			s, err := c.Federate(cognito.Federation{
				Provider: test.provider,
				Token: func(context.Context) (string, error) {
					return server.IssueToken(test.issuer, test.changes), nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			role, err := roleOf(t, server, s)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("Credentials: error %v, want %q", err, test.want)
				}
				return
			}
			if name := test.role[strings.LastIndex(test.role, "/"):]; err != nil ||
				!strings.Contains(role, name+"/") {
				t.Errorf("role = %q, %v, want %s", role, err, test.role)
			}
		})
	}
}

// roleOf returns the ARN that STS has for the credentials of a session.
func roleOf(t *testing.T, server *cognitotest.Server, s *cognito.Session) (string, error) {
	t.Helper()
	if _, err := s.Credentials(t.Context()); err != nil {
		return "", err
	}
	client := &sts.Client{
		Region:      "us-east-1",
		HTTPClient:  server.Client(),
		Credentials: s.Credentials,
	}
	caller, err := client.GetCallerIdentity(t.Context())
	return caller.ARN, err
}

// A backend signs its request for the token of a user. Each token names the identity, also if the
// session has had another one.
func TestFederateDeveloper(t *testing.T) { synctest.Test(t, federateDeveloper) }

func federateDeveloper(t *testing.T) {
	server := cognitotest.Example()
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
	backend, err := client.Guest()
	if err != nil {
		t.Fatal(err)
	}
	api := backend.HTTPClient("cognito-identity", "")
	obtain := func(user string) (out struct{ IdentityId, Token string }) {
		in := `{"IdentityPoolId":"` + cognitotest.ExampleIdentityPoolID +
			`","Logins":{"login.example.com":"` + user + `"}}`
		r, err := http.NewRequest(http.MethodPost,
			"https://cognito-identity.us-east-1.amazonaws.com/", strings.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target",
			"AWSCognitoIdentityService.GetOpenIdTokenForDeveloperIdentity")
		resp, err := api.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.Token == "" {
			t.Fatalf("%s: %v, %v", resp.Status, out, err)
		}
		return out
	}
	user := "ada"
	s, err := client.Federate(cognito.Federation{
		Token: func(context.Context) (string, error) { return obtain(user).Token, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, user = range []string{"ada", "bob"} {
		time.Sleep(time.Hour) // the next call renews the credentials
		_, err := s.Credentials(t.Context())
		id, failed := s.IdentityID(t.Context())
		if want := obtain(user).IdentityId; err != nil || failed != nil || id != want {
			t.Errorf("IdentityID of %s = %q, %v, %v, want %q", user, id, err, failed, want)
		}
	}
}
