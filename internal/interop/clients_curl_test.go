package interop

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
)

// emptyHash is the SHA-256 of an empty body. S3 wants it as a header, which curl before version 8
// does not add.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// TestCurl: the stand-in accepts the signatures of curl, a signer by other authors, made with
// credentials of our sign-in, and refuses them where the request is not the one signed or the
// secret key is another.
func TestCurl(t *testing.T) {
	t.Parallel()
	params := standIn(t)
	curl := tool(t, "curl")
	session,
		err := signInTo(params).SignIn(t.Context(), cognitotest.ExampleUser,
		cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := session.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := credentials
	other.SecretAccessKey = strings.Repeat("x", 40)

	list := params["endpoint"] + "/" + cognitotest.ExampleBucket +
		"?encoding-type=url&list-type=2&prefix=notes%2F"
	for _, test := range []struct {
		name        string
		credentials sigv4.Credentials
		url, region string
		want        string // the root element of the answer
		code        string
	}{
		{"list", credentials, list, "us-east-1", "ListBucketResult", ""},
		{"object", credentials, params["endpoint"] + "/" + cognitotest.ExampleBucket + "/hello.txt",
			"us-east-1", "hello, world\n", ""},
		{"another secret key", other, list, "us-east-1", "Error", "SignatureDoesNotMatch"},
		{"another Region", credentials, list, "eu-west-1", "Error", "AuthorizationHeaderMalformed"},
		{"no session token", sigv4.Credentials{
			AccessKeyID:     credentials.AccessKeyID,
			SecretAccessKey: credentials.SecretAccessKey,
		}, list, "us-east-1", "Error", "InvalidAccessKeyId"},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Secrets go in by standard input, not by the command line.
			var config strings.Builder
			fmt.Fprintf(&config, "url = %q\naws-sigv4 = \"aws:amz:%s:s3\"\n", test.url, test.region)
			fmt.Fprintf(&config, "header = \"x-amz-content-sha256: %s\"\n", emptyHash)
			fmt.Fprintf(&config, "user = \"%s:%s\"\n", test.credentials.AccessKeyID,
				test.credentials.SecretAccessKey)
			if test.credentials.SessionToken != "" {
				fmt.Fprintf(&config, "header = \"x-amz-security-token: %s\"\n",
					test.credentials.SessionToken)
			}
			r := run(t, environment(t), config.String(), curl, "--silent", "--show-error",
				"--max-time", "20", "--config", "-")
			if r.status != 0 {
				t.Fatalf("curl: exit status %d: %s", r.status, r.stderr)
			}
			if test.want == r.stdout {
				return
			}
			var answer struct {
				XMLName xml.Name
				Code    string
			}
			if err := xml.Unmarshal([]byte(r.stdout), &answer); err != nil {
				t.Fatalf("%v in %s", err, r.stdout)
			}
			if answer.XMLName.Local != test.want || answer.Code != test.code {
				t.Errorf("answer %s %s, want %s %s\n%s", answer.XMLName.Local, answer.Code,
					test.want, test.code, r.stdout)
			}
		})
	}
}

// signInTo is our client of the stand-in that standIn started.
func signInTo(params map[string]string) *cognito.Client {
	url := params["endpoint"]
	return &cognito.Client{Environment: cognito.Environment{
		UserPoolID:     cognitotest.ExampleUserPoolID,
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		Endpoints:      cognito.Endpoints{CognitoIDP: url, CognitoIdentity: url, STS: url, S3: url},
	}}
}
