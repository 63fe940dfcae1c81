package environments

import (
	"errors"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

var imported = cognito.Environment{
	UserPoolID: cognitotest.ExampleUserPoolID,
	ClientID:   cognitotest.ExampleClientID, IdentityPoolID: cognitotest.ExampleIdentityPoolID,
	RoleARN: cognitotest.ExampleRoleARN, BucketName: cognitotest.ExampleBucket,
}

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
			"lambda_role_arn": {
				"sensitive": false, "value": "arn:aws:iam::123456789012:role/lambda"},
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
		"CliClientSecret": "2secret23456789abcdefghij",
		"ABucket": "bucket-a", "BBucket": "bucket-b"}}`,
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
	given := cognito.Environment{ClientID: "x", ClientSecret: "y", BucketName: "z"}
	got, _, err := Import(text, given)
	if e := got[Default]; err != nil ||
		e != (cognito.Environment{UserPoolID: cognitotest.ExampleUserPoolID}) {
		t.Error(err)
	}
}

// Optional settings stay empty, with a note, if they are ambiguous or do not look like what users
// get.
func TestImportOptional(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:role/"
	for _, test := range []struct{ name, outputs, role, note string }{
		{"authenticated", `"AuthenticatedRoleArn": "` + arn + `a"`, arn + "a", ""},
		{"one", `"RoleArn": "` + arn + `a"`, arn + "a", ""},
		{"identity pool", `"IdentityPoolRole": "` + arn + `a"`, arn + "a", ""},
		{"guest too", `"AuthRole": "` + arn + `a", "UnauthRole": "` + arn + `b"`, arn + "a", ""},
		{"service too", `"AuthRole": "` + arn + `a", "AuthLambdaRole": "` + arn + `b"`, arn + "a",
			""},
		{"sms", `"UserPoolSmsRoleArn": "` + arn + `x"`, "", "role_arn"},
		{"user pool", `"UserPoolRole": "` + arn + `x"`, "", "role_arn"},
		{"lambda", `"AuthFunctionRole": "` + arn + `x"`, "", "role_arn"},
		{"execution", `"UserExecutionRoleArn": "` + arn + `x"`, "", "role_arn"},
		{"service", `"CognitoServiceRole": "` + arn + `x"`, "", "role_arn"},
		{"authorized", `"AuthorizedRole": "` + arn + `a"`, arn + "a", ""},
		{"author", `"AuthorRole": "` + arn + `x"`, "", "role_arn"},
		{"program", `"GithubUserRole": "` + arn + `x"`, "", "role_arn"},
		{"authorizer", `"AuthorizerRole": "` + arn + `x"`, "", "role_arn"},
		{"named role, of a service", `"RoleArn": "` + arn + `service-role/x"`, "", "role_arn"},
		{"two", `"AuthRole": "` + arn + `a", "AuthenticatedRole": "` + arn + `b"`, "",
			"role_arn is not set: each of S.AuthRole, S.AuthenticatedRole can be it"},
		{"two Regions", `"Region": "us-east-1", "AwsRegion": "us-west-2"`, "",
			"aws_region is not set: each of S.AwsRegion, S.Region can be it"},
	} {
		got, notes, err := Import([]byte(fill(`{"S": {"UserPoolId": "POOL", "ClientId": "CLIENT", `+
			test.outputs+`}}`)), cognito.Environment{})
		e := got[Default]
		if err != nil || e.RoleARN != test.role || e.Region != "" || e.ClientID == "" {
			t.Errorf("%s: Import = role %q, %v, want %q", test.name, e.RoleARN, err, test.role)
		}
		if note := strings.Join(notes, "\n"); !strings.HasPrefix(note, test.note) ||
			(note == "") != (test.note == "") {
			t.Errorf("%s: Import: note %q, want %q", test.name, note, test.note)
		}
	}
}

// Required settings that are ambiguous are errors that name the outputs.
func TestImportAmbiguousPools(t *testing.T) {
	for name, text := range map[string]string{
		"stacks": `{"Stacks": [{"StackName": "A", "Outputs": [
			{"OutputKey": "Pool", "OutputValue": "us-east-1_One"}]}, {"StackName": "B", "Outputs": [
			{"OutputKey": "Pool", "OutputValue": "us-east-1_Two"}]}]}`,
		"cdk":  `{"A": {"Pool": "us-east-1_One"}, "B": {"Pool": "us-east-1_Two"}}`,
		"flat": `{"A": {"Pool": "us-east-1_One"}, "B.Pool": "us-east-1_Two"}`,
	} {
		_, _, err := Import([]byte(text), cognito.Environment{})
		if !errors.Is(err, ErrAmbiguous) ||
			!strings.Contains(err.Error(), "each of A.Pool, B.Pool can be user_pool_id") {
			t.Errorf("%s: Import: %v, want ErrAmbiguous with the outputs", name, err)
		}
	}
}

// Forms of outputs of a deployment.
func TestImportOutputForms(t *testing.T) {
	want := cognito.Environment{UserPoolID: imported.UserPoolID, ClientID: imported.ClientID}
	const list = `[{"OutputKey": "UserPoolId", "OutputValue": "POOL", "ExportName": "x"},
		{"OutputKey": "ClientId", "OutputValue": "CLIENT"}]`
	for name, text := range map[string]string{
		"list":             list,
		"one stack":        `{"Outputs": ` + list + `}`,
		"stacks":           `{"Stacks": [{"StackName": "s", "Outputs": ` + list + `}]}`,
		"stack without":    `{"Stacks": [{"StackName": "s"}, {"Outputs": ` + list + `}]}`,
		"flat":             `{"userPoolId": "POOL", "userPoolClientId": "CLIENT", "port": 3000}`,
		"flat, upper case": `{"USERS": "POOL", "MY_client": "CLIENT", "FLAGS": [true]}`,
		"nested":           `{"stack": {"auth": {"userPoolId": "POOL", "clientId": "CLIENT"}}}`,
		"two levels":       `{"userPoolId": "POOL", "web": {"clientId": "CLIENT"}}`,
		"script":           `module.exports = {userPoolId: 'POOL', clientId: 'CLIENT'}`,
		"emulate": `{"Auth": {"Cognito": {"userPoolId": "POOL",
			"userPoolClientId": "CLIENT"}}}`,
		"lists": `[` + list + `, []]`,
		"pairs": `[["UserPoolId", "POOL"], ["ClientId", "CLIENT"]]`,
		"exports": `{"Exports": [{"ExportingStackId": "s", "Name": "UserPoolId", "Value": "POOL"},
			{"Name": "a:ClientId", "Value": "CLIENT"}]}`,
		"parameters": `{"Parameters": [{"Name": "/app/pool", "Type": "String", "Value": "POOL"},
			{"Name": "/app/client_id", "Value": "CLIENT"}], "InvalidParameters": []}`,
		"Terraform without sensitive": `{"user_pool_id": {"type": "string", "value": "POOL"},
			"client_id": {"type": "string", "value": "CLIENT"}}`,
		"Terraform state": `{"version": 4, "terraform_version": "1.9.0", "serial": 3,
			"outputs": {"user_pool_id": {"value": "POOL", "type": "string"},
			"client_id": {"value": "CLIENT", "type": "string"}}, "resources": [{"name": "POOL"}]}`,
		"terraform show": `{"format_version": "1.0", "terraform_version": "1.9.0", "values":
			{"outputs": {"user_pool_id": {"sensitive": false, "value": "POOL", "type": "string"},
			"client_id": {"sensitive": false, "value": "CLIENT"}}, "root_module": {}}}`,
	} {
		got, err := Parse([]byte(fill(text)))
		if e := got[Default]; err != nil || len(got) != 1 || e != want {
			t.Errorf("%s: Parse = %q, %q, %v", name, e.UserPoolID, e.ClientID, err)
		}
	}
	// Misspelled keys of our own format make no outputs.
	for _, text := range []string{
		`{"DEV": {"user_pool": "POOL"}}`, `{"user_pool": "POOL", "clientId": "CLIENT"}`,
		`{"DEV": {"UserPoolId": "POOL", "issuer": "https://example.com"}}`,
		`{"DEV": {"UserPoolId": "POOL", "endpoints": {}}}`,
		`{"UserPoolId": "POOL", "client_id": "CLIENT"}`,
	} {
		if _, err := Parse([]byte(fill(text))); err == nil ||
			!strings.Contains(err.Error(), "the keys are aws_region") {
			t.Errorf("Parse(%s): %v, want the known keys", text, err)
		}
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
	f.Add([]byte(fill(`{"Stacks": [{"Outputs": [{"OutputKey": "Id", "OutputValue": "POOL"}]}]}`)))
	f.Add([]byte(fill(`{"UserPoolId": "POOL", "RoleArn": "ROLE", "Web": {"ClientId": "CLIENT"}}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := Import(data, cognito.Environment{})
		for name, e := range got {
			if err != nil || e == (cognito.Environment{}) {
				t.Errorf("Import: environment %q without settings, or %v", name, err)
			}
		}
	})
}
