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

// emptyHash is the SHA-256 of an empty body. S3 requires it in a header that curl sets from version
// 8 on.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// TestCurl signs requests with curl, using credentials of our sign-in. The stand-in must accept
// them, and refuse them if the secret key or the signed Region is wrong or the session token is
// missing.
func TestCurl(t *testing.T) {
	t.Parallel()
	params := standIn(t)
	curl := tool(t, "curl")
	session, err := newClient(params).SignIn(t.Context(), cognitotest.ExampleUser,
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
		want        string // the response, or the root element of its XML
		code        string // the error code, if want is Error
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
			// Secrets are written to standard input, not to the command line.
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
			var response struct {
				XMLName xml.Name
				Code    string
			}
			if err := xml.Unmarshal([]byte(r.stdout), &response); err != nil {
				t.Fatalf("%v in %s", err, r.stdout)
			}
			if response.XMLName.Local != test.want || response.Code != test.code {
				t.Errorf("response %s %s, want %s %s\n%s", response.XMLName.Local, response.Code,
					test.want, test.code, r.stdout)
			}
		})
	}
}

// newClient returns our client for the stand-in that standIn started.
func newClient(params map[string]string) *cognito.Client {
	url := params["endpoint"]
	return &cognito.Client{Environment: cognito.Environment{
		UserPoolID:     cognitotest.ExampleUserPoolID,
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		Endpoints:      cognito.Endpoints{CognitoIDP: url, CognitoIdentity: url, STS: url, S3: url},
	}}
}
