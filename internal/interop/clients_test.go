package interop

import (
	"net/http/httptest"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// newPassword is what ExampleNewUser chooses.
const newPassword = "Another-Horse-8-battery"

// standIn starts cognitotest.Example on a loopback address and returns what a script has to know of it.
func standIn(t *testing.T) map[string]string {
	t.Helper()
	server := httptest.NewServer(cognitotest.Example())
	t.Cleanup(server.Close)
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
