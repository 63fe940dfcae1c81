package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// awsCLI runs the AWS CLI against one endpoint.
type awsCLI struct {
	t   *testing.T
	env []string
}

// run runs one command. Secrets belong in input, which run passes as a file, not in args.
func (c awsCLI) run(input any, args ...string) result {
	c.t.Helper()
	command := append(python(c.t, "-m", "awscli"), args...)
	if input != nil {
		data, err := json.Marshal(input)
		if err != nil {
			c.t.Fatal(err)
		}
		file := filepath.Join(c.t.TempDir(), "input.json")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			c.t.Fatal(err)
		}
		command = append(command, "--cli-input-json", "file://"+file)
	}
	return run(c.t, c.env, "", command...)
}

// ok runs a command that must succeed, and decodes its output into v unless v is nil.
func (c awsCLI) ok(v, input any, args ...string) string {
	c.t.Helper()
	r := c.run(input, args...)
	if r.status != 0 {
		c.t.Fatalf("aws %s: exit status %d\n%s", strings.Join(args, " "), r.status, r.stderr)
	}
	if v != nil {
		if err := json.Unmarshal([]byte(r.stdout), v); err != nil {
			c.t.Fatalf("aws %s: %v in %s", strings.Join(args, " "), err, r.stdout)
		}
	}
	return r.stdout
}

// refused runs a command that must fail with an error code.
func (c awsCLI) refused(code string, input any, args ...string) {
	c.t.Helper()
	if r := c.run(input, args...); r.status == 0 || !strings.Contains(r.stderr, "("+code+")") {
		c.t.Errorf("aws %s: exit status %d, want a failure with %s\n%s%s", strings.Join(args, " "),
			r.status, code, r.stdout, r.stderr)
	}
}

// with returns c with additional environment variables.
func (c awsCLI) with(env ...string) awsCLI {
	return awsCLI{c.t, slices.Concat(c.env, env)}
}

// TestAWSCLI uses the AWS CLI to sign in with a password, to get credentials in both flows, and to
// list and copy objects.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	params := standIn(t)
	aws := awsCLI{t, environment(t, "AWS_ENDPOINT_URL="+params["endpoint"], "AWS_MAX_ATTEMPTS=1")}

	type auth map[string]any
	signIn := func(password string) auth {
		return auth{
			"ClientId": cognitotest.ExampleClientID,
			"AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters": map[string]string{"USERNAME": cognitotest.ExampleUser,
				"PASSWORD": password},
		}
	}
	aws.refused(notAuthorized, signIn("wrong"), "cognito-idp", "initiate-auth")
	var signedIn struct {
		AuthenticationResult struct{ IdToken, AccessToken, RefreshToken string }
	}
	aws.ok(&signedIn, signIn(cognitotest.ExamplePassword), "cognito-idp", "initiate-auth")
	tokens := signedIn.AuthenticationResult
	aws.ok(nil, auth{
		"ClientId":     cognitotest.ExampleClientID,
		"RefreshToken": tokens.RefreshToken,
	}, "cognito-idp", "get-tokens-from-refresh-token")

	login := "cognito-idp.us-east-1.amazonaws.com/" + cognitotest.ExampleUserPoolID
	logins := map[string]string{login: tokens.IdToken}
	var id struct{ IdentityId string }
	aws.ok(&id, auth{"IdentityPoolId": cognitotest.ExampleIdentityPoolID, "Logins": logins},
		"cognito-identity", "get-id")
	aws.refused(notAuthorized, auth{
		"IdentityPoolId": cognitotest.ExampleIdentityPoolID,
		"Logins":         map[string]string{login: tokens.AccessToken},
	}, "cognito-identity", "get-id")
	var enhanced struct {
		Credentials struct{ AccessKeyId, SecretKey, SessionToken string }
	}
	aws.ok(&enhanced, auth{"IdentityId": id.IdentityId, "Logins": logins}, "cognito-identity",
		"get-credentials-for-identity")
	credentials := enhanced.Credentials
	mine := aws.with("AWS_ACCESS_KEY_ID="+credentials.AccessKeyId,
		"AWS_SECRET_ACCESS_KEY="+credentials.SecretKey,
		"AWS_SESSION_TOKEN="+credentials.SessionToken)

	const session = "arn:aws:sts::123456789012:assumed-role/example/"
	var who struct{ Account, Arn, UserId string }
	mine.ok(&who, nil, "sts", "get-caller-identity")
	if !strings.HasPrefix(who.Arn, session) {
		t.Errorf("enhanced flow: caller %s, want %s...", who.Arn, session)
	}
	forged := mine.with("AWS_SECRET_ACCESS_KEY=" + strings.Repeat("x", 40))
	forged.refused("SignatureDoesNotMatch", nil, "sts", "get-caller-identity")

	// The AWS SDKs perform the classic flow themselves if the environment names a role and a file
	// that contains the token.
	var openID struct{ Token string }
	aws.ok(&openID, auth{"IdentityId": id.IdentityId, "Logins": logins}, "cognito-identity",
		"get-open-id-token")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(openID.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	web := aws.with("AWS_WEB_IDENTITY_TOKEN_FILE="+file, "AWS_ROLE_ARN="+cognitotest.ExampleRoleARN,
		"AWS_ROLE_SESSION_NAME=interop")
	web.ok(&who, nil, "sts", "get-caller-identity")
	if who.Arn != session+"interop" {
		t.Errorf("classic flow: caller %s, want %sinterop", who.Arn, session)
	}

	bucket := "s3://" + cognitotest.ExampleBucket + "/"
	if listing := mine.ok(nil, nil, "s3", "ls", bucket); !strings.Contains(listing, "PRE notes/") ||
		!strings.Contains(listing, "13 hello.txt") {
		t.Errorf("s3 ls printed %s, want notes/ and hello.txt", listing)
	}
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, []byte("copied\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a b", "a+b & 100%=c", "\u00e9/\u65e5\u672c", "a//b"} {
		mine.ok(nil, nil, "s3", "cp", "--no-progress", source, bucket+"cli/"+key)
		got := mine.ok(nil, nil, "s3", "cp", "--no-progress", bucket+"cli/"+key, "-")
		if want := "copied\n"; got != want {
			t.Errorf("s3 cp of %q = %q, want %q", key, got, want)
		}
	}
	listing := web.ok(nil, nil, "s3", "ls", "--recursive", bucket+"cli/")
	for _, key := range []string{"a b", "a+b & 100%=c", "\u00e9/\u65e5\u672c", "a//b"} {
		if !strings.Contains(listing, " cli/"+key+"\n") {
			t.Errorf("s3 ls --recursive does not list %q:\n%s", key, listing)
		}
	}
	forged.refused("SignatureDoesNotMatch", nil, "s3", "ls", bucket)
	mine.refused("NoSuchBucket", nil, "s3", "ls", "s3://no-such-bucket")
}
