package cognitotest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// A request that was given up does not read the fields of the server any more: a test may set them. The race detector
// is the judge.
func TestFieldsAfterGivenUpRequest(t *testing.T) {
	for range 10 {
		server := cognitotest.Example()
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://cognito-identity.us-east-1.amazonaws.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
		}
		server.Fault = func(*http.Request) *http.Response { return nil }
		server.UserPools, server.IdentityPools, server.Buckets = nil, nil, nil
	}
}
