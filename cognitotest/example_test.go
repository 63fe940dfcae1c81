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

// signIn stands for the code that you test: it sends a password to a user pool in us-east-1 and answers the ID token.
// It takes the HTTP client to use, and knows nothing of tests.
func signIn(client *http.Client, clientID, user, password string) (string, error) {
	body, err := json.Marshal(map[string]any{
		"ClientId":       clientID,
		"AuthFlow":       "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": user, "PASSWORD": password},
	})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest("POST", "https://cognito-idp.us-east-1.amazonaws.com/", bytes.NewReader(body))
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
	var answer struct {
		Code                 string `json:"__type"`
		AuthenticationResult struct{ IdToken string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	if answer.Code != "" {
		return "", fmt.Errorf("refused: %s", answer.Code)
	}
	return answer.AuthenticationResult.IdToken, nil
}

// A test of code that signs in: it reaches the server under AWS's own host name, in memory.
func Example_signIn() {
	server := cognitotest.Example()
	client := server.Client()

	token, err := signIn(client, cognitotest.ExampleClientID, "ada", cognitotest.ExamplePassword)
	fmt.Println("right password:", strings.Count(token, ".") == 2, err)
	_, err = signIn(client, cognitotest.ExampleClientID, "ada", "guess")
	fmt.Println("wrong password:", err)
	// Output:
	// right password: true <nil>
	// wrong password: refused: NotAuthorizedException
}

// A server with data of your own.
func ExampleServer() {
	server := &cognitotest.Server{UserPools: []cognitotest.UserPool{{
		ID:      "us-east-1_Mine",
		Clients: []cognitotest.AppClient{{ID: "desktop", ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH"}}},
		Users:   []cognitotest.User{{Name: "bob", Password: "a-Password-1"}},
	}}}

	_, err := signIn(server.Client(), "desktop", "bob", "a-Password-1")
	fmt.Println(err)
	_, err = signIn(server.Client(), "phone", "bob", "a-Password-1")
	fmt.Println(err)
	// Output:
	// <nil>
	// refused: ResourceNotFoundException
}

// Fault shows what your program does when AWS is busy: here the first request is throttled.
func ExampleServer_fault() {
	server := cognitotest.Example()
	first := true
	server.Fault = func(r *http.Request) *http.Response {
		if !first {
			return nil
		}
		first = false
		return &http.Response{StatusCode: 400, Body: io.NopCloser(strings.NewReader(`{"__type":"TooManyRequestsException"}`))}
	}

	for range 2 {
		_, err := signIn(server.Client(), cognitotest.ExampleClientID, "ada", cognitotest.ExamplePassword)
		fmt.Println(err)
	}
	// Output:
	// refused: TooManyRequestsException
	// <nil>
}

// On a socket, for programs that take the address of the services from their configuration.
func ExampleServer_ServeHTTP() {
	server := cognitotest.Example()
	web := httptest.NewServer(server)
	defer web.Close()
	server.UserPools[0].Issuer = web.URL + "/" + cognitotest.ExampleUserPoolID // what the tokens name

	resp, err := http.Get(server.UserPools[0].Issuer + "/.well-known/jwks.json")
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

// A user pool that asks for a code by e-mail: the fields are set before the first request, and the code is read from the
// server.
func ExampleServer_Code() {
	server := cognitotest.Example()
	pool := &server.UserPools[0]
	pool.MFAConfiguration = "OPTIONAL"
	pool.Users[0].MFA = []string{"EMAIL_OTP"}

	token, err := signIn(server.Client(), cognitotest.ExampleClientID, "ada", cognitotest.ExamplePassword)
	fmt.Println("token:", len(token), err) // this program does not know of challenges
	fmt.Println("digits of the code:", len(server.Code(cognitotest.ExampleUserPoolID, "ada")))
	// Output:
	// token: 0 <nil>
	// digits of the code: 6
}
