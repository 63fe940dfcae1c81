package cognitotest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// signIn represents the code under test. It sends a password to a user pool in us-east-1 and
// returns the ID token.
func signIn(client *http.Client, clientID, user, password string) (string, error) {
	body, err := json.Marshal(map[string]any{
		"ClientId":       clientID,
		"AuthFlow":       "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": user, "PASSWORD": password},
	})
	if err != nil {
		return "", err
	}
	const url = "https://cognito-idp.us-east-1.amazonaws.com/"
	req, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var out struct {
		Code                 string `json:"__type"`
		AuthenticationResult struct{ IdToken string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return "", fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	if out.Code != "" {
		return "", fmt.Errorf("refused: %s", out.Code)
	}
	return out.AuthenticationResult.IdToken, nil
}

// This example tests a sign-in. The client reaches the server in memory, under AWS's host name.
func Example_signIn() {
	server := cognitotest.Example()
	client := server.Client()
	clientID := cognitotest.ExampleClientID

	token, err := signIn(client, clientID, "ada", cognitotest.ExamplePassword)
	fmt.Println("correct password:", strings.Count(token, ".") == 2, err)
	_, err = signIn(client, clientID, "ada", "guess")
	fmt.Println("wrong password:", err)
	// Output:
	// correct password: true <nil>
	// wrong password: refused: NotAuthorizedException
}

// This example defines its own user pool.
func ExampleServer() {
	server := &cognitotest.Server{UserPools: []cognitotest.UserPool{{
		ID: "us-east-1_Mine",
		Clients: []cognitotest.AppClient{{
			ID:                "desktop",
			ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH"},
		}},
		Users: []cognitotest.User{{Name: "bob", Password: "a-Password-1"}},
	}}}

	_, err := signIn(server.Client(), "desktop", "bob", "a-Password-1")
	fmt.Println(err)
	_, err = signIn(server.Client(), "phone", "bob", "a-Password-1")
	fmt.Println(err)
	// Output:
	// <nil>
	// refused: ResourceNotFoundException
}

// This example throttles the first request.
func ExampleServer_fault() {
	server := cognitotest.Example()
	first := true
	server.Fault = func(r *http.Request) *http.Response {
		if !first {
			return nil
		}
		first = false
		body := strings.NewReader(`{"__type":"TooManyRequestsException"}`)
		return &http.Response{StatusCode: 400, Body: io.NopCloser(body)}
	}

	client, clientID := server.Client(), cognitotest.ExampleClientID
	for range 2 {
		_, err := signIn(client, clientID, "ada", cognitotest.ExamplePassword)
		fmt.Println(err)
	}
	// Output:
	// refused: TooManyRequestsException
	// <nil>
}

// This example runs the server on a socket, for programs that read the address of the services from
// their configuration.
func ExampleServer_ServeHTTP() {
	server := cognitotest.Example()
	web := httptest.NewServer(server)
	defer web.Close()
	issuer := web.URL + "/" + cognitotest.ExampleUserPoolID
	server.UserPools[0].Issuer = issuer // the claim iss of the tokens

	resp, err := http.Get(issuer + "/.well-known/jwks.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var set struct{ Keys []struct{ Kty, Alg string } }
	err = json.NewDecoder(resp.Body).Decode(&set)
	fmt.Println(set.Keys, err)
	// Output: [{RSA RS256}] <nil>
}

// This example requires a code by email, and reads the code from the server.
func ExampleServer_Code() {
	server := cognitotest.Example()
	pool := &server.UserPools[0]
	pool.MFAConfiguration = "OPTIONAL"
	pool.Users[0].MFA = []string{"EMAIL_OTP"}

	client, clientID := server.Client(), cognitotest.ExampleClientID
	token, err := signIn(client, clientID, "ada", cognitotest.ExamplePassword)
	fmt.Println("token:", len(token), err) // signIn does not support challenges
	fmt.Println("digits of the code:", len(server.Code(pool.ID, "ada")))
	// Output:
	// token: 0 <nil>
	// digits of the code: 6
}
