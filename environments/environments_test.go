package environments_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/bom"
)

// shown compares environments by their settings. They print without their secrets.
var shown = cmp.Transformer("settings", func(e cognito.Environment) (all []string) {
	for _, s := range e.Settings() {
		all = append(all, s.Key+"="+*s.Value)
	}
	return all
})

var (
	devEnvironment = cognito.Environment{
		Region:     "us-west-2",
		UserPoolID: "us-west-2_DevPool01", ClientID: "4dev0example0client0000001",
		IdentityPoolID: "us-west-2:0d0d0d0d-1111-4222-8333-444444444444",
		RoleARN:        "arn:aws:iam::111122223333:role/dev/signed-in",
		BucketName:     "example-dev-files",
	}
	testEnvironment = cognito.Environment{
		Region:     "eu-central-1",
		UserPoolID: "eu-central-1_TestPool1", ClientID: "5test0example0client000001",
		ClientSecret:   "1testexamplesecret2of3the4app5client6in7the8test9pool",
		IdentityPoolID: "eu-west-1:0e0e0e0e-1111-4222-8333-444444444444",
		RoleARN:        "arn:minio:iam:::role/dummy-internal_Zx9",
		CustomRoleARN:  "arn:aws:iam::111122223333:role/analysts",
		BucketName:     "Example_Test.Files",
		Endpoints: cognito.Endpoints{
			CognitoIDP:      "http://127.0.0.1:9229",
			CognitoIdentity: "https://identity.example.com/base/",
			STS:             "http://localhost:9000", S3: "http://[::1]:9000",
		},
	}
	prodEnvironment = cognito.Environment{
		UserPoolID: "cn-north-1_ProdPool1",
		ClientID:   "6prod0example0client000001",
		RoleARN:    "arn:aws-cn:iam::444455556666:role/signed-in",
	}
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// inUTF16 returns text as PowerShell 5.1 writes it.
func inUTF16(text string) []byte {
	data := []byte("\xFF\xFE")
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return data
}

// fieldEnvironments are those of files that users sent, with other ids.
var fieldEnvironments = map[string]cognito.Environment{
	"cdk_many_buckets.json": fieldOutputs("us-east-1_EXAMPLE00"),
	"cdk_sms_role.json": {
		UserPoolID: "us-east-1_EXAMPLE00",
		ClientID:   "1example23456789abcdefghij",
	},
	"flat_outputs.json": withRegion(fieldOutputs("us-east-1_EXAMPLE00"), "us-east-1"),
	"gen1_config.dart":  withRegion(fieldAmplify, "eu-west-1"),
	"gen2_outputs.dart": withRegion(fieldAmplify, "eu-west-1"),
	"outputs_bom.json": {
		Region:     "us-east-1",
		UserPoolID: "us-east-1_EXAMPLE00",
		ClientID:   "1example23456789abcdefghij",
	},
	"sam_list.json": {
		UserPoolID: "us-east-1_EXAMPLE00",
		ClientID:   "1example23456789abcdefghij",
	},
	"stack_describe.json":           fieldOutputs("us-east-1_EXAMPLE00"),
	"terraform-output-utf16le.json": fieldOutputs("us-east-1_AbCdEfGhI"),
	"v5_configure.js": {
		Region:         "eu-west-1",
		UserPoolID:     "eu-west-1_AbCdEfGhI",
		ClientID:       "1example23456789abcdefghij",
		IdentityPoolID: "us-east-1:01234567-89ab-cdef-0123-456789abcdef",
	},
	"v6_config.json": fieldAmplify,
	"v6_configure.js": {
		UserPoolID:     "eu-west-1_AbCdEfGhI",
		ClientID:       "1example23456789abcdefghij",
		IdentityPoolID: "eu-west-1:01234567-89ab-cdef-0123-456789abcdef",
		BucketName:     "example-bucket",
	},
}

var fieldAmplify = cognito.Environment{
	UserPoolID:     "eu-west-1_AbCdEfGhI",
	ClientID:       "1example23456789abcdefghij",
	IdentityPoolID: "eu-west-1:01234567-89ab-cdef-0123-456789abcdef",
}

func fieldOutputs(userPoolID string) cognito.Environment {
	return cognito.Environment{
		UserPoolID:     userPoolID,
		ClientID:       "1example23456789abcdefghij",
		IdentityPoolID: "us-east-1:01234567-89ab-cdef-0123-456789abcdef",
	}
}

func withRegion(e cognito.Environment, region string) cognito.Environment {
	e.Region = region
	return e
}

// Every format is read unchanged, with Windows line ends, with a byte order mark, in UTF-16, and
// surrounded by white space.
func TestParse(t *testing.T) {
	tests := map[string]map[string]cognito.Environment{
		"environments.json": {"DEV": devEnvironment, "TEST": testEnvironment,
			"PROD": prodEnvironment},
		"module-exports.js": {
			"DEV": {
				Region:     "us-west-2",
				UserPoolID: "us-west-2_DevPool01",
				ClientID:   "4dev0example0client0000001",
			},
			"PROD": {
				Region:     "us-west-2",
				UserPoolID: "us-west-2_ProdPool1",
				ClientID:   "6prod0example0client000001",
			},
		},
		"amplify_outputs.json": {"default": {
			Region:     "eu-west-1",
			UserPoolID: "eu-west-1_Outputs01", ClientID: "1outputs0example0client001",
			IdentityPoolID: "eu-west-1:aaaaaaaa-1111-4222-8333-444444444444",
			BucketName:     "amplify-example-drive",
		}},
		"amplifyconfiguration.json": {"default": {
			Region:     "us-east-2",
			UserPoolID: "us-east-2_Mobile001", ClientID: "1mobile0example0client0001",
			ClientSecret:   "1mobileexamplesecret2of3the4app5client6of7the8phone9s",
			Domain:         "example.auth.us-east-2.amazoncognito.com",
			IdentityPoolID: "us-east-2:bbbbbbbb-1111-4222-8333-444444444444",
			BucketName:     "example-mobile-files",
		}},
		"awsconfiguration.json": {
			"default": {
				Region:     "ap-south-1",
				UserPoolID: "ap-south-1_AppPool01", ClientID: "1app0example0client0000001",
				IdentityPoolID: "ap-south-1:cccccccc-1111-4222-8333-444444444444",
				BucketName:     "example-app-files",
			},
			"Partners": {
				UserPoolID: "ap-south-1_Partners1", ClientID: "2partners0example0client01",
				IdentityPoolID: "ap-south-1:dddddddd-1111-4222-8333-444444444444",
				BucketName:     "example-partner-files",
			},
			"Staff": { // has neither an identity pool nor a bucket of its own
				Region:     "ap-south-1",
				UserPoolID: "ap-south-1_Staff0001", ClientID: "3staff0example0client00001",
				IdentityPoolID: "ap-south-1:cccccccc-1111-4222-8333-444444444444",
				BucketName:     "example-app-files",
			},
		},
		"aws-exports.js": {"default": {
			Region:     "sa-east-1",
			UserPoolID: "sa-east-1_Exports01", ClientID: "1exports0example0client001",
			IdentityPoolID: "sa-east-1:eeeeeeee-1111-4222-8333-444444444444",
			BucketName:     "example-exports-files",
		}},
		"aws-exports-edited.ts": {"default": {
			Region:     "ca-central-1",
			UserPoolID: "ca-central-1_Edited001", ClientID: "1edited0example0client0001",
			IdentityPoolID: "ca-central-1:ffffffff-1111-4222-8333-444444444444",
			BucketName:     "example-edited-files",
		}},
		"aws-exports.json": {"default": {
			Region:     "us-gov-west-1",
			UserPoolID: "us-gov-west-1_Json00001",
			ClientID:   "1json0example0client000001", BucketName: "example-json-files",
		}},
		"aws-exports-guests.js": {"default": {
			Region: "us-east-1", IdentityPoolID: "eu-west-1:abababab-1111-4222-8333-444444444444",
		}},
	}
	for _, name := range []string{"cdk_many_buckets.json", "cdk_sms_role.json",
		"flat_outputs.json", "gen1_config.dart", "gen2_outputs.dart", "outputs_bom.json",
		"sam_list.json", "stack_describe.json", "terraform-output-utf16le.json",
		"v5_configure.js", "v6_config.json", "v6_configure.js"} {
		tests[name] = map[string]cognito.Environment{"default": fieldEnvironments[name]}
	}
	files, err := os.ReadDir(filepath.Join("testdata"))
	if err != nil || len(files) != len(tests) {
		t.Errorf("%d files, %d tests, %v", len(files), len(tests), err)
	}
	for name, want := range tests {
		data, err := bom.Decode(readFile(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		for how, data := range map[string][]byte{
			"in the file":            readFile(t, name),
			"in UTF-16":              inUTF16(string(data)),
			"as it is":               data,
			"with CRLF":              bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")),
			"with a byte order mark": append([]byte("\xef\xbb\xbf"), data...),
			"in white space": append([]byte("\n\t \r\n"),
				append(bytes.Clone(data), " \n\n"...)...),
		} {
			got, err := environments.Parse(data)
			if diff := cmp.Diff(want, got, shown); diff != "" || err != nil {
				t.Errorf("%s %s: %v\n%s", name, how, err, diff)
			}
		}
		for name, e := range want {
			if err := e.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Small files that each differ from a valid one in one detail.
func TestParseAccepts(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       map[string]cognito.Environment
	}{
		{"one that stands alone", `{"client_id": "a"}`,
			map[string]cognito.Environment{"default": {ClientID: "a"}}},
		{"endpoints alone", `{"endpoints": {"s3": "b"}}`,
			map[string]cognito.Environment{"default": {Endpoints: cognito.Endpoints{S3: "b"}}}},
		{"names of other formats",
			`{"auth": {"user_pool_id": "u", "client_id": "a"}, "version": {"client_id": "b"},
				"__proto__": {"client_id": "c"}, "Default": {"client_id": "d"}}`,
			map[string]cognito.Environment{"auth": {
				UserPoolID: "u",
				ClientID:   "a",
			}, "version": {
				ClientID: "b",
			}, "__proto__": {ClientID: "c"}, "default": {ClientID: "d"}}},
		{"escapes", `{"\u0044EV": {"client_id": "\ud83d\ude00\u0000\/\\\"\'\b\f\n\r\t\x41"}}`,
			map[string]cognito.Environment{"DEV": {ClientID: "😀\x00/\\\"'\b\f\n\r\tA"}}},
		{"U+FFFD", "{\"D\uFFFDV\": {\"client_id\": \"\uFFFD\"}}",
			map[string]cognito.Environment{"D\uFFFDV": {ClientID: "\uFFFD"}}},
		{"comments in JSON",
			"// one\n{/* two */\"client_id\" /**/ : // three\n\"a//b/*c*/\",/***/} // four",
			map[string]cognito.Environment{"default": {
				ClientID: "a//b/*c*/",
			}}},
		{"null", `{"client_id": "a", "endpoints": null, "role_arn": null}`,
			map[string]cognito.Environment{"default": {ClientID: "a"}}},
		{"outputs without a version",
			`{"auth": {"aws_region": "r", "user_pool_id": "u", "user_pool_client_id": "c"},
				"storage": null}`,
			map[string]cognito.Environment{"default": {
				Region:     "r",
				UserPoolID: "u",
				ClientID:   "c",
			}}},
		{"outputs without auth",
			`{"version": "1", "storage": {"aws_region": "r", "bucket_name": "b"}}`,
			map[string]cognito.Environment{"default": {
				BucketName: "b",
			}}},
		{"mobile, guests",
			`{"CredentialsProvider": {"CognitoIdentity": {"Default": {"PoolId": "eu-west-1:0",
				"Region": "eu-west-1"}}}}`,
			map[string]cognito.Environment{"default": {IdentityPoolID: "eu-west-1:0"}}},
		{"mobile, sign-in only",
			`{"auth": {"plugins": {"awsCognitoAuthPlugin": {"CognitoUserPool": {"Default": {
				"PoolId": "u", "AppClientId": "c", "Region": "r"}}}}},
				"storage": {"plugins": {"awsS3StoragePlugin": {"bucket": "b"}}}}`,
			map[string]cognito.Environment{"default": {
				Region:     "r",
				UserPoolID: "u",
				ClientID:   "c",
				BucketName: "b",
			}}},
		{"mobile, not filled in",
			`{"CognitoUserPool": {"Default": {"PoolId": "[USER POOL]"}}, "CredentialsProvider": {
				"CognitoIdentity": {"Default": {
				"PoolId": "[IDENTITY POOL]", "Region": "[REGION]"}}}}`,
			map[string]cognito.Environment{"default": {
				UserPoolID:     "[USER POOL]",
				IdentityPoolID: "[IDENTITY POOL]",
			}}},
		{"exports, the pools' Region",
			`{"aws_project_region": "p", "aws_cognito_region": null, "aws_user_pools_id": "u"}`,
			map[string]cognito.Environment{"default": {
				Region:     "p",
				UserPoolID: "u",
			}}},
	} {
		got, err := environments.Parse([]byte(test.text))
		if diff := cmp.Diff(test.want, got, shown); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", test.name, err, diff)
		}
	}
}

const (
	knownKeys = `aws_region, user_pool_id, user_pool_region, issuer, client_id, client_secret, ` +
		`domain, redirect_uri, scopes, identity_pool_id, role_arn, custom_role_arn, bucket_name, ` +
		`endpoints`
	knownEndpoints = `cognito_idp, cognito_identity, sts, s3`
)

// The error has one line for each problem in the file, in a fixed order.
func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string // without the prefix that all have
	}{
		{`{}`, []string{`the file has no environment`}},
		{`{"CognitoUserPool": {}}`, []string{`the file has no environment`}},
		{`{"auth": {"plugins": {"another": {}}}}`, []string{`the file has no environment`}},
		{`{"DEV": {}}`,
			[]string{`environment "DEV" has no name or no settings: complete or remove it`}},
		{`{"": {"client_id": "a"}}`,
			[]string{`environment "" has no name or no settings: complete or remove it`}},
		{`{"client_id": null}`,
			[]string{`environment "default" has no name or no settings: complete or remove it`}},
		{`{"DEV": null}`,
			[]string{`"DEV" is not an environment, nor a key of one: the keys are ` + knownKeys}},
		{`{"version": "1"}`,
			[]string{`environment "default" has no name or no settings: complete or remove it`}},
		{`{"Default": {"client_id": "a"}, "default": {"client_id": "b"}}`,
			[]string{`two environments have the name "default": rename one`}},
		{`{"client_id": 123}`, []string{`"client_id" must be a string in quotes`}},
		{`{"client_id": ["a"]}`, []string{`"client_id" must be a string in quotes`}},
		{`{"client_id": {"a": "b"}}`, []string{`"client_id" must be a string in quotes`}},
		{`{"client_id": true}`, []string{`"client_id" must be a string in quotes`}},
		{`{"DEV": {"client_id": "a", "endpoints": "b"}}`,
			[]string{`"DEV.endpoints" must be an object`}},
		{`{"DEV": {"client_id": "a", "endpoints": {"sts": 1, "s4": "x"}}}`,
			[]string{`"DEV.endpoints.sts" must be a string in quotes`,
				`"DEV.endpoints.s4" is unknown: the keys are ` + knownEndpoints}},
		{`{"DEV": {"clientId": "a"}}`,
			[]string{`"DEV.clientId" is unknown: the keys are ` + knownKeys}},
		{`{"DEV": {"Client_id": "a"}}`,
			[]string{`"DEV.Client_id" is unknown: the keys are ` + knownKeys}},
		{`{"client_id": "a", "endpoints.s3": "b"}`,
			[]string{`"endpoints.s3" is unknown: the keys are ` + knownKeys}},
		{`{"client_id": "a", "DEV": {}}`, []string{`"DEV" is unknown: the keys are ` + knownKeys}},
		{`{"DEV": {"client_id": "a"}, "comment": "b"}`,
			[]string{`"comment" is not an environment, nor a key of one: the keys are ` +
				knownKeys}},
		{`{"Z": {"b": 1, "a": 1, "client_id": 2}, "Y": 1}`, []string{
			`"Y" is not an environment, nor a key of one: the keys are ` +
				knownKeys, `"Z.client_id" must be a string in quotes`,
			`"Z.a" is unknown: the keys are ` + knownKeys, `"Z.b" is unknown: the keys are ` +
				knownKeys}},
		{`{"\u001b[31m\nDEV": {"x": "a"}}`,
			[]string{`"\x1b[31m\nDEV.x" is unknown: the keys are ` + knownKeys}},
		{`{"auth": {"user_pool_client_id": 1, "aws_region": "a"}, "storage": "b"}`,
			[]string{`"auth.user_pool_client_id" must be a string in quotes`,
				`"storage" must be an object`}},
		{`{"version": "1", "auth": []}`, []string{`"auth" must be an object`}},
		{`{"aws_project_region": "r", "aws_user_pools_id": 7}`,
			[]string{`"aws_user_pools_id" must be a string in quotes`}},
		{`{"CognitoUserPool": {"Default": "x"}}`,
			[]string{`"CognitoUserPool.Default" must be an object`}},
		{`{"CognitoUserPool": "x"}`, []string{`"CognitoUserPool" must be an object`}},
		{`{"CognitoUserPool": {"Default": {"PoolId": "p"}}, "CredentialsProvider": []}`,
			[]string{`"CredentialsProvider" must be an object`}},
		{
			`{"CognitoUserPool": {"A": {"PoolId": "p"}}, "CredentialsProvider": {
				"CognitoIdentity": {"A": 1}}}`,
			[]string{`"CredentialsProvider.CognitoIdentity.A" must be an object`},
		},
		{`{"CognitoUserPool": {"A": {"PoolId": 1}, "B": {"AppClientSecret": 2}}}`, []string{
			`"CognitoUserPool.A.PoolId" must be a string in quotes`,
			`"CognitoUserPool.B.AppClientSecret" must be a string in quotes`}},
		{
			`{"CognitoUserPool": {"Default": {"PoolId": "p"}}, "CredentialsProvider": {
				"CognitoIdentity": {"Default": {"PoolId": "eu-west-1:0", "Region": "us-east-1"}}}}`,
			[]string{
				`"CredentialsProvider.CognitoIdentity.Default.Region" is not the Region in ` +
					`the ID of the identity pool: correct one`,
			},
		},
		{`{"CognitoUserPool": {"Default": {"PoolId": "p"}, "default": {"PoolId": "q"}}}`,
			[]string{`two environments have the name "default": rename one`}},
	} {
		for range 10 {
			got, err := environments.Parse([]byte(test.text))
			want := "environments: " + strings.Join(test.want, "\nenvironments: ")
			if got != nil || err == nil || err.Error() != want {
				t.Errorf("%s:\n got %v\nwant %s", test.text, err, want)
				break
			}
		}
	}
}

func TestSelect(t *testing.T) {
	one := map[string]cognito.Environment{"DEV": devEnvironment}
	three := map[string]cognito.Environment{"DEV": devEnvironment, "TEST": testEnvironment,
		"PR\nOD": prodEnvironment}
	unnamed := map[string]cognito.Environment{"": devEnvironment, "TEST": testEnvironment}
	many := map[string]cognito.Environment{}
	for i := range 100 {
		many[strings.Repeat("n", i)+"!"] = devEnvironment
	}
	for _, test := range []struct {
		all     map[string]cognito.Environment
		name    string
		want    cognito.Environment
		problem string
	}{
		{one, "", devEnvironment, ""},
		{one, "DEV", devEnvironment, ""},
		{three, "TEST", testEnvironment, ""},
		{unnamed, "", devEnvironment, ""},
		{three, "", cognito.Environment{},
			`environments: there are several environments: choose one of DEV, PR\nOD, TEST`},
		{three, "dev", cognito.Environment{},
			`environments: unknown environment "dev": choose one of DEV, PR\nOD, TEST`},
		{one, "\x1b", cognito.Environment{},
			`environments: unknown environment "\x1b": choose one of DEV`},
		{nil, "", cognito.Environment{}, `environments: the file has no environment`},
		{nil, "DEV", cognito.Environment{}, `environments: the file has no environment`},
	} {
		got, err := environments.Select(test.all, test.name)
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if got != test.want || problem != test.problem {
			t.Errorf("%q: %v, %s", test.name, got, problem)
		}
	}
	if _, err := environments.Select(many, strings.Repeat("x", 1000)); err == nil ||
		len(err.Error()) > 2000 {
		t.Error(err)
	}
}
