package interop

import (
	"net/http/httptest"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// openid-client signs in at the stand-in's managed login, which it finds by discovery, and
// aws-jwt-verify accepts the tokens.
func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	const machine = "3example23456789abcdefghij"
	stand := cognitotest.Example()
	pool := &stand.UserPools[0]
	pool.Clients = append(pool.Clients, cognitotest.AppClient{
		ID:                 machine,
		Secret:             cognitotest.ExampleClientSecret,
		AllowedOAuthFlows:  []string{"client_credentials"},
		AllowedOAuthScopes: []string{"server/read"},
	})
	server := httptest.NewServer(stand)
	defer server.Close()
	given := parameters(server)
	given["callback"] = cognitotest.ExampleCallbackURL
	given["provider"] = cognitotest.ExampleProvider
	given["providerUser"] = cognitotest.ExampleProviderUser
	given["machineId"] = machine
	given["machineSecret"] = cognitotest.ExampleClientSecret
	script(t, node(t, "testdata/js/openid.mjs"), nil, given, map[string]string{
		"discovery":                         "",
		"public client":                     "",
		"ID token":                          "",
		"access token":                      "",
		"ID token of another client":        "CognitoJwtInvalidClientIdError",
		"user information":                  "",
		"refresh":                           "",
		"refresh with another token":        "invalid_grant",
		"revocation":                        "",
		"refresh after revocation":          "invalid_grant",
		"another verifier":                  "invalid_grant",
		"another state":                     "OAUTH_INVALID_RESPONSE",
		"another nonce":                     "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
		"scope that is not allowed":         "OAUTH_INVALID_RESPONSE",
		"provider":                          "",
		"provider without a nonce":          "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
		"secret in the header":              "",
		"wrong secret in the header":        "invalid_client",
		"secret in the form":                "",
		"wrong secret in the form":          "invalid_client",
		"client credentials":                "",
		"client credentials, another scope": "invalid_scope",
	})
}
