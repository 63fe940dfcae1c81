package interop

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// newPassword is the password that ExampleNewUser chooses.
const newPassword = "Another-Horse-8-battery"

// standIn starts cognitotest.Example on a loopback address and returns the parameters that a script
// needs.
func standIn(t *testing.T) map[string]string {
	t.Helper()
	server := httptest.NewServer(cognitotest.Example())
	t.Cleanup(server.Close)
	return parameters(server)
}

// standInTLS is like standIn, but serves over TLS. It also returns the environment variables that
// make a program trust the certificate. Over TLS, boto3 does not sign the body of an upload: it
// sends the body in chunks, followed by a checksum.
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

// parameters describes a server that serves cognitotest.Example to a script.
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

// Error codes of cognito-idp.
const (
	notAuthorized    = "NotAuthorizedException"
	userNotFound     = "UserNotFoundException"
	resourceNotFound = "ResourceNotFoundException"
	invalidParameter = "InvalidParameterException"
)
