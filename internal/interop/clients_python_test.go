package interop

import (
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestBoto3 runs the AWS SDK for Python against the stand-in. The SDK does not implement SRP.
func TestBoto3(t *testing.T) {
	t.Parallel()
	t.Run("http", func(t *testing.T) { boto3(t, standIn(t), nil) })
	t.Run("https", func(t *testing.T) {
		params, env := standInTLS(t)
		boto3(t, params, env)
	})
}

// boto3 runs boto3_clients.py and checks its outcomes.
func boto3(t *testing.T, params map[string]string, env []string) {
	got := script(t, python(t, "testdata/python/boto3_clients.py"), env, params, map[string]string{
		"USER_PASSWORD_AUTH":                  "",
		"email address":                       "",
		"wrong password":                      notAuthorized,
		"unknown user":                        userNotFound,
		"flow that the client does not allow": invalidParameter,
		"REFRESH_TOKEN_AUTH":                  "",
		"GetTokensFromRefreshToken":           "",

		"GetId":                     "",
		"GetId, access token":       notAuthorized,
		"GetCredentialsForIdentity": "",
		"GetOpenIdToken":            "",

		"AssumeRoleWithWebIdentity":                   "",
		"AssumeRoleWithWebIdentity, altered token":    "InvalidIdentityToken",
		"AssumeRoleWithWebIdentity, unknown role":     "AccessDenied",
		"GetCallerIdentity, enhanced flow":            "",
		"GetCallerIdentity, classic flow":             "",
		"GetCallerIdentity, wrong secret key":         "SignatureDoesNotMatch",
		"GetCallerIdentity, token of another session": "InvalidClientTokenId",

		"PutObject and GetObject": "",
		"ListObjectsV2":           "",
		"ListObjectsV2 with each key as prefix and as StartAfter": "",
		"ListObjectsV2 with Delimiter":                            "",
		"ListObjectsV2, wrong secret key":                         "SignatureDoesNotMatch",
		"ListObjectsV2, altered session token":                    "InvalidToken",
		"ListObjectsV2, no such bucket":                           "NoSuchBucket",
		"GetObject, no such key":                                  "NoSuchKey",
		"ListObjectsV2, bucket in another Region":                 "",
	})
	checkCallers(t, got, cognitotest.ExampleRoleARN, "GetCallerIdentity, enhanced flow",
		"GetCallerIdentity, classic flow")
}
