package environments

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
)

// Keys of other tools that change where requests go are used, or refused by name.
// settingValues compares environments, which print without their secrets.
var settingValues = cmp.Transformer("settings", func(e cognito.Environment) (all []string) {
	for _, s := range e.Settings() {
		all = append(all, *s.Value)
	}
	return all
})

func TestForeignEndpoints(t *testing.T) {
	const proxy = "https://proxy.example.com"
	idp := cognito.Endpoints{CognitoIDP: proxy}
	identity := cognito.Endpoints{CognitoIdentity: proxy}
	mobile := func(key string) string {
		return `{"CognitoUserPool": {"Default": {"PoolId": "p", ` + key + `}}}`
	}
	plugin := func(key string) string {
		return `{"auth": {"plugins": {"awsCognitoAuthPlugin": ` + mobile(key) + `}}}`
	}
	outputs := func(key string) string {
		return `{"version": "1", "auth": {"user_pool_id": "p", ` + key + `}}`
	}
	exports := func(key string) string { return `{"aws_user_pools_id": "p", ` + key + `}` }
	v5 := func(key string) string { return `{"Auth": {"userPoolId": "p", ` + key + `}}` }
	v6 := func(key string) string {
		return `{"Auth": {"Cognito": {"userPoolId": "p", ` + key + `}}}`
	}
	for _, test := range []struct {
		name, file string
		want       cognito.Endpoints
		problem    string
	}{
		{"mobile", mobile(`"Endpoint": "` + proxy + `"`), idp, ""},
		{"mobile, host", mobile(`"Endpoint": "proxy.example.com"`), idp, ""},
		{"mobile, PoolEndpoint", mobile(`"PoolEndpoint": "` + proxy + `"`), idp, ""},
		{"mobile, both", mobile(`"Endpoint": "a", "PoolEndpoint": "b"`), idp,
			`"CognitoUserPool.Default.PoolEndpoint" differs from ` +
				`"CognitoUserPool.Default.Endpoint": remove one`},
		{"mobile, unknown", mobile(`"ProxyHost": "a"`), idp,
			`"CognitoUserPool.Default.ProxyHost" is unknown, and may change where requests go: ` +
				"remove it"},
		{"mobile, not a string", mobile(`"Endpoint": {}`), idp,
			`"CognitoUserPool.Default.Endpoint" must be a string in quotes`},
		{"plugin", plugin(`"Endpoint": "proxy.example.com"`), idp, ""},
		{"identity pool", `{"CredentialsProvider": {"CognitoIdentity": {"Default": {
			"PoolId": "p", "Endpoint": "proxy.example.com"}}}}`, identity, ""},
		{"testing mode", `{"CognitoUserPool": {"Default": {"PoolId": "p"}},
			"S3TransferUtility": {"Default": {"LocalTestingEnabled": true}}}`, idp,
			`"S3TransferUtility.Default.LocalTestingEnabled" changes where requests go, and is ` +
				"not supported: remove it"},
		{"outputs", outputs(`"user_pool_endpoint": "` + proxy + `"`), idp, ""},
		{"outputs, identity pool", outputs(`"identity_pool_endpoint": "` + proxy + `"`), identity,
			""},
		{"outputs, unknown", outputs(`"custom_endpoint": 1`), idp,
			`"auth.custom_endpoint" is unknown, and may change where requests go: remove it`},
		{"exports, testing mode",
			exports(`"aws_user_files_s3_dangerously_connect_to_http_endpoint_for_testing": true`),
			idp,
			`"aws_user_files_s3_dangerously_connect_to_http_endpoint_for_testing" changes where ` +
				"requests go, and is not supported: remove it"},
		{"exports, testing mode off",
			exports(`"aws_user_files_s3_dangerously_connect_to_http_endpoint_for_testing": false`),
			cognito.Endpoints{}, ""},
		{"exports with Auth", exports(`"Auth": {"endpoint": "` + proxy + `"}`), idp, ""},
		{"exports with another pool", exports(`"Auth": {"userPoolId": "q"}`), idp,
			`"Auth.userPoolId" differs from "aws_user_pools_id": remove one`},
		{"exports, other services", exports(`"aws_appsync_graphqlEndpoint": "https://a",
			"aws_cloud_logic_custom": [{"endpoint": "https://a"}]`), cognito.Endpoints{}, ""},
		{"version 5", v5(`"endpoint": "` + proxy + `"`), idp, ""},
		{"version 6", v6(`"userPoolEndpoint": "` + proxy + `"`), idp, ""},
		{"version 6, identity pool", v6(`"identityPoolEndpoint": "` + proxy + `"`), identity, ""},
		{"version 6, Cognito alone", `{"Cognito": {"userPoolId": "p", "userPoolEndpoint": "` +
			proxy + `"}}`, idp, ""},
		{"version 6, storage", `{"Auth": {"userPoolId": "p"}, "Storage": {"S3": {
			"dangerouslyConnectToHttpEndpointForTesting": "true"}}}`, idp,
			`"Storage.S3.dangerouslyConnectToHttpEndpointForTesting" changes where requests go, ` +
				"and is not supported: remove it"},
	} {
		got, err := Parse([]byte(test.file))
		problem := ""
		if err != nil {
			problem = strings.TrimPrefix(err.Error(), "environments: ")
		}
		if problem != test.problem || err == nil && got[Default].Endpoints != test.want {
			t.Errorf("%s: Parse = %v, %q, want %v, %q", test.name, got[Default].Endpoints, problem,
				test.want, test.problem)
		}
	}
}

// The whole output of "cognito emulate" can be parsed: its JSON and the lines around it.
func TestEmulate(t *testing.T) {
	got, err := Parse([]byte("# AWS CLI, boto3, AWS SDKs and cognito:\n" +
		"export AWS_ENDPOINT_URL=http://127.0.0.1:9400\nexport AWS_REGION=us-east-1\n" +
		"export COGNITO_CONFIG='/home/ada/a b.json'\n# Amplify.configure:\n" +
		`{"Auth":{"Cognito":{"identityPoolEndpoint":"http://127.0.0.1:9400",` +
		`"identityPoolId":"us-east-1:0","userPoolClientId":"1example",` +
		`"userPoolEndpoint":"http://127.0.0.1:9400","userPoolId":"us-east-1_EXAMPLE00"}}}` + "\n"))
	want := map[string]cognito.Environment{"default": {
		UserPoolID:     "us-east-1_EXAMPLE00",
		ClientID:       "1example",
		IdentityPoolID: "us-east-1:0",
		Endpoints: cognito.Endpoints{
			CognitoIDP:      "http://127.0.0.1:9400",
			CognitoIdentity: "http://127.0.0.1:9400",
		},
	}}
	if diff := cmp.Diff(want, got, settingValues); diff != "" || err != nil {
		t.Errorf("Parse: %v\n%s", err, diff)
	}
}

// The endpoint of an entry does not apply to an entry with another pool.
func TestForeignEndpointOfAnotherEntry(t *testing.T) {
	got, err := Parse([]byte(`{"CognitoUserPool": {"Default": {"PoolId": "p", "Endpoint": "a"},
		"B": {"PoolId": "q"}}, "CredentialsProvider": {"CognitoIdentity": {
		"Default": {"PoolId": "r", "Endpoint": "b"}, "B": {"PoolId": "s"}}}}`))
	want := map[string]cognito.Environment{
		"default": {
			UserPoolID:     "p",
			IdentityPoolID: "r",
			Endpoints: cognito.Endpoints{
				CognitoIDP:      "https://a",
				CognitoIdentity: "https://b",
			},
		},
		"B": {UserPoolID: "q", IdentityPoolID: "s"},
	}
	if diff := cmp.Diff(want, got, settingValues); diff != "" || err != nil {
		t.Errorf("Parse: %v\n%s", err, diff)
	}
}

// Unknown keys are named in notes, and those of the tables are not.
func TestForeignKeysNotes(t *testing.T) {
	for _, test := range []struct {
		file string
		want []string
	}{
		{`{"version": "1",
			"auth": {"user_pool_id": "p", "oauth": {"domain": "d.example"}, "new": {"a": 1}},
			"custom": {"a": 1}, "unknown": 1}`,
			[]string{`"auth.new" is unknown and ignored`, `"unknown" is unknown and ignored`}},
		{`{"aws_user_pools_id": "p", "aws_cognito_mfa_types": [], "$comment": "c"}`,
			[]string{`"$comment" is unknown and ignored`}},
		{`{"Auth": {"userPoolId": "p", "oauth": {}, "other": 1}, "API": {}, "ssr": true}`,
			[]string{`"Auth.other" is unknown and ignored`}},
		{`{"CognitoUserPool": {"Default": {"PoolId": "p", "HostedUI": {"AppClientSecret": "s"},
			"Other": 1}}}`, []string{`"CognitoUserPool.Default.Other" is unknown and ignored`}},
	} {
		_, notes, err := Import([]byte(test.file), cognito.Environment{})
		if err != nil || !slices.Equal(notes, test.want) {
			t.Errorf("Import(%s): notes %q, %v, want %q", test.file, notes, err, test.want)
		}
	}
	_, notes, err := Import([]byte(`{"version": "1", "auth": {"user_pool_id": "p", "x": {`+
		strings.Repeat(`}, "y": {`, 1)+`}}`+strings.Repeat(` `, 9)+`}`), cognito.Environment{})
	if err != nil || len(notes) != 2 {
		t.Errorf("Import: notes %q, %v, want two", notes, err)
	}
}

// Every table names settings of an environment, and each key once.
func TestTables(t *testing.T) {
	known := []string{"ignored", "refused", "identity_pool_region"}
	for _, s := range new(cognito.Environment).Settings() {
		known = append(known, s.Key)
	}
	for _, table := range []string{outputsKeys, exportsKeys, mobileKeys} {
		seen := map[string]bool{}
		for _, r := range rules(table, "base.") {
			key := strings.Join(r.keys, ".")
			if !slices.Contains(known, r.treatment) || seen[key] {
				t.Errorf("%s %s: an unknown setting, or twice", r.treatment, key)
			}
			seen[key] = true
		}
		if len(seen) < 20 {
			t.Errorf("%d rules, want more", len(seen))
		}
	}
}
