package interop

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// newPassword is what ExampleNewUser chooses.
const newPassword = "Another-Horse-8-battery"

// standIn starts cognitotest.Example on a loopback address and returns what a script has to know of
// it.
func standIn(t *testing.T) map[string]string {
	t.Helper()
	server := httptest.NewServer(cognitotest.Example())
	t.Cleanup(server.Close)
	return parameters(server)
}

// standInTLS is standIn behind TLS, and the environment that makes a program trust it. Over TLS
// boto3 leaves the body of an upload out of the signature and sends it in chunks, with a checksum
// after it.
func standInTLS(t *testing.T) (params map[string]string, env []string) {
	t.Helper()
	server := httptest.NewTLSServer(cognitotest.Example())
	t.Cleanup(server.Close)
	certificate := filepath.Join(t.TempDir(), "certificate.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return parameters(server),
		[]string{"NODE_EXTRA_CA_CERTS=" + certificate, "AWS_CA_BUNDLE=" + certificate}
}

func parameters(server *httptest.Server) map[string]string {
	return map[string]string{
		"endpoint":        server.URL,
		"region":          cognitotest.ExampleRegion,
		"userPoolId":      cognitotest.ExampleUserPoolID,
		"clientId":        cognitotest.ExampleClientID,
		"secretClientId":  cognitotest.ExampleSecretClientID,
		"clientSecret":    cognitotest.ExampleClientSecret,
		"identityPoolId":  cognitotest.ExampleIdentityPoolID,
		"roleArn":         cognitotest.ExampleRoleARN,
		"guestRoleArn":    cognitotest.ExampleGuestRoleARN,
		"user":            cognitotest.ExampleUser,
		"email":           cognitotest.ExampleEmail,
		"password":        cognitotest.ExamplePassword,
		"newUser":         cognitotest.ExampleNewUser,
		"newPassword":     newPassword,
		"bucket":          cognitotest.ExampleBucket,
		"bucketElsewhere": cognitotest.ExampleBucketElsewhere,
	}
}

// The error codes of cognito-idp that a sign-in may meet.
const (
	notAuthorized    = "NotAuthorizedException"
	userNotFound     = "UserNotFoundException"
	resourceNotFound = "ResourceNotFoundException"
	invalidParameter = "InvalidParameterException"
)
