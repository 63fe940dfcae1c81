package cognito_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// What is for the pool's triggers and its threat protection goes with every call that takes it.
func TestMetadataReachesEveryCall(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			seen := map[string]int{}
			server.Fault = func(r *http.Request) *http.Response {
				operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
				if !ok {
					return nil
				}
				var in struct {
					ClientMetadata  map[string]string
					UserContextData struct{ EncodedData string }
				}
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
					t.Error(err)
				}
				if in.ClientMetadata["app"] != "test" {
					t.Errorf("%s has no ClientMetadata", operation)
				}
				if operation != "GetTokensFromRefreshToken" && in.UserContextData.EncodedData != "fingerprint" {
					t.Errorf("%s has no UserContextData", operation)
				}
				seen[operation]++
				if legacy && operation == "GetTokensFromRefreshToken" {
					return refusal(400, "UnknownOperationException", "")
				}
				return nil
			}
			client := exampleClient(server)
			client.ClientMetadata = map[string]string{"app": "test"}
			client.UserContextData = &cognitoidp.UserContextData{EncodedData: "fingerprint"}
			_, err := client.SignIn(t.Context(), cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
			challenge := asChallenge(err)
			if challenge == nil {
				t.Fatal(err)
			}
			s, err := challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": newPassword})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Fatal(err)
			}
			if seen["InitiateAuth"] == 0 || seen["RespondToAuthChallenge"] != 2 || seen["GetTokensFromRefreshToken"] != 1 {
				t.Errorf("calls %v", seen)
			}
		})
	}
}
