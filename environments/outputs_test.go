package environments

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

var imported = cognito.Environment{
	UserPoolID: cognitotest.ExampleUserPoolID,
	ClientID:   cognitotest.ExampleClientID, IdentityPoolID: cognitotest.ExampleIdentityPoolID,
	RoleARN: cognitotest.ExampleRoleARN, BucketName: cognitotest.ExampleBucket,
}

// settingValues compares environments, which print without their secrets.
var settingValues = cmp.Transformer("settings", func(e cognito.Environment) (all []string) {
	for _, s := range e.Settings() {
		all = append(all, *s.Value)
	}
	return all
})

// fill puts the example's values in place of POOL, CLIENT, IDENTITY, ROLE, GUEST and BUCKET.
func fill(s string) string {
	return strings.NewReplacer(
		"POOL", cognitotest.ExampleUserPoolID, "CLIENT", cognitotest.ExampleClientID, "CLIENT2",
		cognitotest.ExampleSecretClientID,
		"IDENTITY", cognitotest.ExampleIdentityPoolID, "ROLE", cognitotest.ExampleRoleARN, "GUEST",
		cognitotest.ExampleGuestRoleARN,
		"BUCKET", cognitotest.ExampleBucket, "SECRET", cognitotest.ExampleClientSecret,
	).Replace(s)
}

func TestImportOutputs(t *testing.T) {
	withSecret := imported
	withSecret.ClientSecret = cognitotest.ExampleClientSecret
	for name, test := range map[string]struct {
		text string
		want cognito.Environment
	}{
		"terraform": {`{
			"user_pool_id": {"sensitive": false, "value": "POOL"},
			"user_pool_arn": {"sensitive": false, "type": "string",
				"value": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/POOL"},
			"user_pool_client_id": {"sensitive": false, "value": "CLIENT"},
			"app_client_name": {"sensitive": false, "value": "averylongnameofanappclient"},
			"app_client_secret": {"sensitive": true, "type": "string", "value": "SECRET"},
			"identity_pool_id": {"sensitive": false, "value": "IDENTITY"},
			"authenticated_role_arn": {"sensitive": false, "value": "ROLE"},
			"unauthenticated_role_arn": {"sensitive": false, "value": "GUEST"},
			"lambda_role_arn": {"sensitive": false, "value": "arn:aws:iam::123456789012:role/lambda"},
			"bucket": {"sensitive": false, "value": "BUCKET"},
			"bucket_id": {"sensitive": false, "value": "BUCKET"},
			"bucket_arn": {"sensitive": false, "value": "arn:aws:s3:::BUCKET"},
			"bucket_domain_name": {"sensitive": false, "value": "BUCKET.s3.amazonaws.com"},
			"count": {"sensitive": false, "type": "number", "value": 3}
		}`, withSecret},
		"terraform, nested": {`{"cognito": {"sensitive": false, "type": ["object", {}], "value": {
			"pool": "POOL",
				"clients": {"client_id": "CLIENT"}, "identity": ["IDENTITY"],
				"role": {"auth": "ROLE"}, "bucket": "BUCKET"}}}`, imported},
		"cdk": {`{"Auth-dev": {
			"UserPoolIdA1B2C3D4": "POOL", "UserPoolClientIdE5F6": "CLIENT",
				"IdentityPoolId": "IDENTITY",
			"AuthRoleArn": "ROLE", "UnauthRoleArn": "GUEST",
				"ExportsOutputRefClientName": "averylongnameofanappclient"},
			"Storage-dev": {"UploadBucketName": "BUCKET",
				"WebsiteURL": "https://example.com/"}}`, imported},
		"cdk, region": {
			`{"S": {"UserPoolId": "POOL", "AwsRegion": "us-east-1", "ClientId": "CLIENT"}}`,
			cognito.Environment{
				Region:     "us-east-1",
				UserPoolID: imported.UserPoolID,
				ClientID:   imported.ClientID,
			},
		},
		"environments": {`{"default": {"user_pool_id": "POOL", "client_id": "CLIENT"}}`,
			cognito.Environment{UserPoolID: imported.UserPoolID, ClientID: imported.ClientID}},
		"amplify": {
			`{"version": "1.4", "auth": {"aws_region": "us-east-1", "user_pool_id": "POOL",
				"user_pool_client_id": "CLIENT"}}`,
			cognito.Environment{
				Region:     "us-east-1",
				UserPoolID: imported.UserPoolID,
				ClientID:   imported.ClientID,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := Import([]byte(fill(test.text)), cognito.Environment{})
			if err != nil || len(got) != 1 || got[Default] != test.want {
				e := got[Default]
				t.Errorf("Import() = %v, %v, want %v", e.Settings(), err, test.want)
			}
		})
	}
}

func TestImportAmbiguous(t *testing.T) {
	text := []byte(
		fill(
			`{"S": {"UserPoolId": "POOL", "WebClientId": "CLIENT",
		"CliClientId": "2example23456789abcdefghij",
		"WebClientSecret": "1secret23456789abcdefghij",
		"CliClientSecret": "2secret23456789abcdefghij", "ABucket": "bucket-a", "BBucket": "bucket-b"}}`,
		),
	)
	_, notes, err := Import(text, cognito.Environment{})
	if !errors.Is(err, ErrAmbiguous) {
		t.Fatalf("Import() = %v, want ErrAmbiguous", err)
	}
	for _, want := range []string{"S.CliClientId, S.WebClientId can be client_id",
		"S.CliClientSecret, S.WebClientSecret can be client_secret"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %s", err, want)
		}
	}
	const note = "bucket_name is not set: each of S.ABucket, S.BBucket can be it"
	if len(notes) != 1 || notes[0] != note {
		t.Errorf("Import: notes %q, want %q", notes, note)
	}
	if strings.Contains(err.Error(), "1secret") || strings.Contains(err.Error(), "2example") {
		t.Errorf("values are shown: %v", err)
	}
	// the flags decide
	got, _, err := Import(text, cognito.Environment{ClientID: "x", ClientSecret: "y", BucketName: "z"})
	if e := got[Default]; err != nil ||
		e != (cognito.Environment{UserPoolID: cognitotest.ExampleUserPoolID}) {
		t.Error(err)
	}
}

func TestImportRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"a": {"sensitive": false, "value": 1}}`,
		`{"S": {"Url": "https://example.com"}}`, "\x00", strings.Repeat("[", 100000)} {
		if _, _, err := Import([]byte(text), cognito.Environment{}); err == nil {
			t.Errorf("%.50q: no error", text)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(fill(`{"S": {"UserPoolId": "POOL", "WebClientId": "CLIENT"}}`)))
	f.Add([]byte(fill(`{"a": {"sensitive": true, "value": ["POOL", {"client": "CLIENT"}]}}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := Import(data, cognito.Environment{})
		for name, e := range got {
			if err != nil || e == (cognito.Environment{}) {
				t.Errorf("Import: environment %q without settings, or %v", name, err)
			}
		}
	})
}
