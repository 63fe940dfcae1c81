package interop

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// caller is the response of GetCallerIdentity.
type caller struct{ Account, ARN, UserID string }

// checkCallers checks that the callers in the named outcomes are sessions of role.
func checkCallers(t *testing.T, got map[string]outcome, role string, names ...string) {
	t.Helper()
	want := strings.Replace(strings.Replace(role, ":iam:", ":sts:", 1), ":role/", ":assumed-role/",
		1) + "/"
	for _, name := range names {
		if c := value[caller](t, got, name); !strings.HasPrefix(c.ARN, want) ||
			c.Account != "123456789012" || c.UserID == "" {
			t.Errorf("%s: caller %+v, want a session of %s", name, c, role)
		}
	}
}

// TestCredentialsJS gets credentials from the stand-in's identity pool and STS with the AWS SDK for
// JavaScript. The stand-in's STS and S3 must accept requests signed with them and refuse altered
// ones.
func TestCredentialsJS(t *testing.T) {
	t.Parallel()
	t.Run("http", func(t *testing.T) { credentialsJS(t, standIn(t), nil) })
	t.Run("https", func(t *testing.T) {
		params, env := standInTLS(t)
		credentialsJS(t, params, env)
	})
}

// credentialsJS runs credentials.mjs and checks its outcomes.
func credentialsJS(t *testing.T, params map[string]string, env []string) {
	got := script(t, node(t, "testdata/js/credentials.mjs"), env, params, map[string]string{
		"GetId":                              "",
		"GetId again is the same":            "",
		"GetId of a guest":                   "",
		"GetId, altered ID token":            notAuthorized,
		"GetId, access token":                notAuthorized,
		"GetId, another pool in the login":   notAuthorized,
		"GetId, another Region in the login": notAuthorized,
		"GetId, no token":                    notAuthorized + "|" + invalidParameter,
		"GetId, unknown identity pool":       resourceNotFound,

		"GetCredentialsForIdentity":                   "",
		"GetCredentialsForIdentity of a guest":        "",
		"GetCredentialsForIdentity, no login":         notAuthorized,
		"GetCredentialsForIdentity, altered ID token": notAuthorized,
		"GetCredentialsForIdentity, unknown identity": resourceNotFound,
		"GetCredentialsForIdentity, a role that is not the user's": notAuthorized + "|" +
			invalidParameter,
		"fromCognitoIdentityPool": "",

		"GetOpenIdToken":                                "",
		"GetOpenIdToken, no login":                      notAuthorized,
		"AssumeRoleWithWebIdentity":                     "",
		"AssumeRoleWithWebIdentity, an hour by default": "",
		"AssumeRoleWithWebIdentity, 899 seconds":        "ValidationError",
		"AssumeRoleWithWebIdentity, 13 hours":           "ValidationError",
		"AssumeRoleWithWebIdentity, altered token":      "InvalidIdentityTokenException",
		"AssumeRoleWithWebIdentity, ID token of the user pool": "InvalidIdentityTokenException|" +
			"AccessDenied",
		"AssumeRoleWithWebIdentity, not a token": "InvalidIdentityTokenException|" +
			"ValidationError",
		"AssumeRoleWithWebIdentity, unknown role":     "AccessDenied",
		"AssumeRoleWithWebIdentity, bad session name": "ValidationError",

		"GetCallerIdentity, enhanced flow":            "",
		"GetCallerIdentity, classic flow":             "",
		"GetCallerIdentity, guest":                    "",
		"GetCallerIdentity, wrong secret key":         "SignatureDoesNotMatch",
		"GetCallerIdentity, unknown access key":       "InvalidClientTokenId",
		"GetCallerIdentity, no session token":         "InvalidClientTokenId",
		"GetCallerIdentity, altered session token":    "InvalidClientTokenId",
		"GetCallerIdentity, token of another session": "InvalidClientTokenId",
		"GetCallerIdentity, slow clock":               "SignatureDoesNotMatch",
		"GetCallerIdentity, slow clock corrected":     "",

		"PutObject and GetObject":                 "",
		"ListObjectsV2":                           "",
		"ListObjectsV2 in pages of two":           "",
		"ListObjectsV2 with each key as prefix":   "",
		"ListObjectsV2 with StartAfter":           "",
		"ListObjectsV2 with Delimiter":            "",
		"ListObjectsV2, no such bucket":           "NoSuchBucket",
		"GetObject, no such key":                  "NoSuchKey",
		"ListObjectsV2, wrong secret key":         "SignatureDoesNotMatch",
		"ListObjectsV2, unknown access key":       "InvalidAccessKeyId",
		"ListObjectsV2, no session token":         "InvalidAccessKeyId|InvalidToken",
		"ListObjectsV2, altered session token":    "InvalidToken",
		"ListObjectsV2, another Region signed":    "AuthorizationHeaderMalformed",
		"ListObjectsV2, bucket in another Region": "AuthorizationHeaderMalformed",
		"ListObjectsV2, its Region signed":        "",
		"ListObjectsV2, slow clock":               "RequestTimeTooSkewed",
		"ListObjectsV2, slow clock corrected":     "",
	})
	checkCallers(t, got, cognitotest.ExampleRoleARN, "GetCallerIdentity, enhanced flow",
		"GetCallerIdentity, classic flow", "fromCognitoIdentityPool")
	checkCallers(t, got, cognitotest.ExampleGuestRoleARN, "GetCallerIdentity, guest")
}
