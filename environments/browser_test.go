package environments

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
)

// The settings of browser sign-in are read from every format.
func TestBrowserSettings(t *testing.T) {
	const host = "example.auth.us-east-1.amazoncognito.com"
	const pool = "us-east-1_EXAMPLE00"
	want := [3]string{host, "http://localhost:8400/callback,myapp://callback/", "openid email"}
	for _, test := range []struct {
		name, file string
		want       [3]string // domain, redirect_uri, scopes
		notes      []string
	}{
		{"ours", `{"user_pool_id": "p", "domain": "` + host + `",
			"redirect_uri": "http://localhost:8400/callback,myapp://callback/",
			"scopes": "openid email"}`, want, nil},
		{"ours, lists", `{"DEV": {"user_pool_id": "p", "domain": "` + host + `",
			"redirect_uri": ["http://localhost:8400/callback", "myapp://callback/"],
			"scopes": ["openid", "email"]}}`, want, nil},
		{"outputs", `{"version": "1", "auth": {"user_pool_id": "p", "oauth": {
			"identity_providers": ["GOOGLE"], "domain": "` + host + `",
			"scopes": ["openid", "email"], "response_type": "code",
			"redirect_sign_in_uri": ["http://localhost:8400/callback", "myapp://callback/"],
			"redirect_sign_out_uri": ["http://localhost:8400/"]}}}`, want, nil},
		{"exports", `{"aws_user_pools_id": "p", "aws_cognito_social_providers": ["GOOGLE"],
			"oauth": {"domain": "` + host + `", "scope": ["openid", "email"],
			"redirectSignIn": "http://localhost:8400/callback,myapp://callback/",
			"redirectSignOut": "myapp://out/", "responseType": "code"}}`, want, nil},
		{"exports without managed login", `{"aws_user_pools_id": "p", "oauth": {}}`,
			[3]string{}, nil},
		{"version 5", `{"Auth": {"userPoolId": "p", "oauth": {"domain": "` + host + `",
			"scope": ["openid", "email"], "clientId": "x",
			"redirectSignIn": "http://localhost:8400/callback, myapp://callback/"}}}`, want, nil},
		{"version 6", `{"Auth": {"Cognito": {"userPoolId": "p", "loginWith": {"email": true,
			"oauth": {"domain": "` + host + `", "scopes": ["openid", "email"],
			"redirectSignIn": ["http://localhost:8400/callback", "myapp://callback/"],
			"redirectSignOut": ["a"], "responseType": "code", "providers": ["Google"]}}}}}`,
			want, nil},
		{"mobile", `{"CognitoUserPool": {"Default": {"PoolId": "p"}}, "Auth": {"Default": {
			"authenticationFlowType": "USER_SRP_AUTH", "OAuth": {"WebDomain": "` + host + `",
			"AppClientId": "x", "SignInRedirectURI":
				"http://localhost:8400/callback,myapp://callback/",
			"SignOutRedirectURI": "myapp://out/", "Scopes": ["openid", "email"]}}}}`, want, nil},
		{"plugin", `{"auth": {"plugins": {"awsCognitoAuthPlugin": {
			"CognitoUserPool": {"Default": {"PoolId": "p"}}, "Auth": {"Default": {
			"OAuth": {"WebDomain": "` + host + `",
			"SignInRedirectURI": "http://localhost:8400/callback,myapp://callback/",
			"Scopes": ["openid", "email"]}}}}}}}`, want, nil},
		{"terraform", `{"user_pool_id": {"sensitive": false, "value": "` + pool + `"},
			"auth_domain": {"sensitive": false, "value": "` + host + `"},
			"auth_domain_cloudfront": {"sensitive": false, "value": "d1.cloudfront.net"},
			"callback_urls": {"sensitive": false, "value":
				["http://localhost:8400/callback", "myapp://callback/"]},
			"logout_urls": {"sensitive": false, "value": ["http://localhost:8400/"]},
			"oauth_scopes": {"sensitive": false, "value": ["openid", "email"]}}`, want, nil},
		{"cdk", `{"Auth": {"UserPoolId": "` + pool + `", "Callback": "` + want[1] + `",
			"LoginUrl": "https://` + host + `/login?client_id=1", "BaseUrl": "https://` + host +
			`", "Scopes": "openid email"}}`, want, nil},
		{"cloudformation", `{"Stacks": [{"StackName": "s", "Outputs": [
			{"OutputKey": "Pool", "OutputValue": "` + pool + `"},
			{"OutputKey": "UserPoolDomain", "OutputValue": "login.example.com"},
			{"OutputKey": "TelescopeBucket", "OutputValue": "telescope"}]}]}`,
			[3]string{"login.example.com"}, nil},
		{"prefix alone", `{"S": {"UserPoolId": "` + pool + `", "UserPoolDomain": "example"}}`,
			[3]string{}, nil},
		{"two domains", `{"S": {"UserPoolId": "` + pool + `", "LoginDomainA": "a.example.com",
			"LoginDomainB": "b.example.com"}}`, [3]string{},
			[]string{"domain is not set: each of S.LoginDomainA, S.LoginDomainB can be it"}},
		{"unusable", `{"version": "1", "auth": {"user_pool_id": "p", "oauth": {"domain": "prefix",
			"scopes": ["openid"], "redirect_sign_in_uri": ["http://example.com/",
			"http://localhost:6000/", "http://localhost:8400/"]}}}`,
			[3]string{"", "http://localhost:8400/", "openid"}, []string{
				`"auth.oauth.domain" has a value that cannot be domain, which is ignored`,
				`"auth.oauth.redirect_sign_in_uri" has a value that cannot be redirect_uri, ` +
					`which is ignored`,
				`"auth.oauth.redirect_sign_in_uri" has a value that cannot be redirect_uri, ` +
					`which is ignored`,
			}},
	} {
		found, notes, err := Import([]byte(test.file), cognito.Environment{})
		if err != nil || len(found) != 1 {
			t.Errorf("%s: Import = %d environments, %v, want one", test.name, len(found), err)
			continue
		}
		for _, e := range found {
			got := [3]string{e.Domain, e.RedirectURI, e.Scopes}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: Import: want-got:\n%s", test.name, diff)
			}
		}
		if diff := cmp.Diff(test.notes, notes); diff != "" {
			t.Errorf("%s: notes: want-got:\n%s", test.name, diff)
		}
		data, err := Marshal(found)
		if err != nil {
			t.Errorf("%s: Marshal: %v", test.name, err)
		}
		again, err := Parse(data)
		if diff := cmp.Diff(found, again, settingValues); diff != "" || err != nil {
			t.Errorf("%s: Parse(Marshal): %v, want-got:\n%s", test.name, err, diff)
		}
	}
}
