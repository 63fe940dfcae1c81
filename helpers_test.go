package cognito_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// exampleEnvironment is that of cognitotest.Example.
func exampleEnvironment() cognito.Environment {
	return cognito.Environment{
		UserPoolID:     cognitotest.ExampleUserPoolID,
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		RoleARN:        cognitotest.ExampleRoleARN,
		BucketName:     cognitotest.ExampleBucket,
	}
}

func secretEnvironment() cognito.Environment {
	e := exampleEnvironment()
	e.ClientID, e.ClientSecret = cognitotest.ExampleSecretClientID, cognitotest.ExampleClientSecret
	return e
}

func exampleClient(server *cognitotest.Server) *cognito.Client {
	return &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
}

func signIn(t *testing.T, client *cognito.Client) *cognito.Session {
	t.Helper()
	s, err := client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refresher is the type of the last argument of a [cognito.RefreshFunc].
type refresher = func(context.Context, cognito.SavedSession) (cognito.SavedSession, error)

// savedSession returns the state of a session.
func savedSession(s *cognito.Session) (saved cognito.SavedSession) {
	if err := saved.Load(s.Save()); err != nil {
		panic(err)
	}
	return saved
}

// watch counts the requests of each operation that reach server, and lets answer replace their
// answers.
func watch(server *cognitotest.Server,
	answer func(operation string, n int) *http.Response) (count func(operation string) int) {
	var mu sync.Mutex
	calls := map[string]int{}
	server.Fault = func(r *http.Request) *http.Response {
		_, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if !ok {
			operation = r.Method + " " + r.Host
			if r.Method == http.MethodPost && r.ParseForm() == nil {
				operation = r.PostForm.Get("Action")
			}
		}
		mu.Lock()
		calls[operation]++
		n := calls[operation]
		mu.Unlock()
		if answer == nil {
			return nil
		}
		return answer(operation, n)
	}
	return func(operation string) int {
		mu.Lock()
		defer mu.Unlock()
		return calls[operation]
	}
}

// asChallenge returns the challenge that err is, or nil.
func asChallenge(err error) *cognito.Challenge {
	var challenge *cognito.Challenge
	errors.As(err, &challenge)
	return challenge
}

// refusal is an error answer as the JSON services give it.
func refusal(status int, code, message string) *http.Response {
	return answer(status, `{"__type":"`+code+`","message":"`+message+`"}`)
}

func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// spyOn tells whether a text was part of a request.
func spyOn(server *cognitotest.Server, text string) (seen func() bool) {
	var mu sync.Mutex
	found := false
	server.Fault = func(r *http.Request) *http.Response {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		found = found || strings.Contains(string(body), text)
		return nil
	}
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return found
	}
}

// part returns a part of a JSON Web Token.
func part(v any) string {
	text, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(text)
}
