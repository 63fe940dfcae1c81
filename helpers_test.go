package cognito_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// exampleEnvironment returns the environment of cognitotest.Example.
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
		t.Fatalf("SignIn: %v", err)
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

// watch counts the requests for each operation, and lets answer replace the responses.
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

// refusal returns an error response of the JSON services.
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

// spyOn reports whether a request contained text.
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

// processes are what another process of this test binary can run, with a client and a text.
var processes = map[string]func(client *cognito.Client, text string) error{
	"share":    shareTokens,
	"device":   signInWithDevice,
	"continue": resumeChallenge,
}

// TestMain runs one of processes if COGNITO_TEST_PROCESS is set.
func TestMain(m *testing.M) {
	process, ok := processes[os.Getenv("COGNITO_TEST_PROCESS")]
	if !ok {
		os.Exit(m.Run())
	}
	env, endpoint := exampleEnvironment(), os.Getenv("COGNITO_TEST_ENDPOINT")
	env.Endpoints = cognito.Endpoints{
		CognitoIDP:      endpoint,
		CognitoIdentity: endpoint,
		STS:             endpoint,
		S3:              endpoint,
	}
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = process(&cognito.Client{Environment: env}, string(text))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// anotherProcess runs one of processes.
func anotherProcess(t *testing.T, what, endpoint, text string) (output string, err error) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatalf("Executable: %v", err)
	}
	process := exec.CommandContext(t.Context(), executable)
	process.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "COGNITO_TEST_PROCESS="+what,
		"COGNITO_TEST_ENDPOINT="+endpoint, "SSL_CERT_DIR="+os.DevNull, "SSL_CERT_FILE="+os.DevNull)
	process.Stdin = strings.NewReader(text)
	out, err := process.CombinedOutput()
	return string(out), err
}

// signInWithDevice signs in with a saved device, or none, and prints the challenge and the device.
func signInWithDevice(client *cognito.Client, stored string) error {
	login := cognito.Login{
		Username: cognitotest.ExampleEmail,
		Password: cognitotest.ExamplePassword,
	}
	if stored != "" {
		if err := json.Unmarshal([]byte(stored), &login.Device); err != nil {
			return err
		}
	}
	s, err := client.Start(context.Background(), login)
	if challenge := asChallenge(err); challenge != nil {
		fmt.Println("asked:", challenge.Name)
		code, err := cognito.TOTP(exampleTOTPSecret, time.Now())
		if err != nil {
			return err
		}
		s, err = challenge.Respond(context.Background(),
			map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if _, err := s.Credentials(context.Background()); err != nil {
		return err
	}
	device, _ := s.Device()
	fmt.Println(string(device.Save()))
	return nil
}

// resumeChallenge resumes a saved challenge and completes the sign-in.
func resumeChallenge(client *cognito.Client, stored string) error {
	challenge, err := client.ResumeChallenge([]byte(stored))
	if err != nil {
		return err
	}
	code, err := cognito.TOTP(exampleTOTPSecret, time.Now())
	if err != nil {
		return err
	}
	s, err := challenge.Respond(context.Background(),
		map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
	if err != nil {
		return err
	}
	_, err = s.Credentials(context.Background())
	return err
}

// unsigned returns an ID token of the example's pool without a valid signature.
func unsigned(expires time.Time) string {
	return part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss":       "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00",
		"aud":       cognitotest.ExampleClientID,
		"token_use": "id", "cognito:username": "ada", "exp": expires.Unix(),
	}) + ".AAAA"
}

func hasCode(err error, code string) bool {
	var e *awserr.Error
	return errors.As(err, &e) && e.Code == code
}

// sent is a request, from a JSON object or a form.
type sent struct {
	operation string
	members   map[string]any
}

// bodyOf returns a copy of the body of r, which can still be sent.
func bodyOf(r *http.Request) (io.Reader, error) {
	if r.Body == nil {
		return http.NoBody, nil
	}
	data, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(data))
	return bytes.NewReader(data), err
}

// scripted returns a client that gets a fixed response for each operation, and a log of requests.
// Unlike cognitotest it checks nothing, so that it can imitate other services and partitions.
func scripted(t *testing.T, answers map[string]string) (client *http.Client, log *[]sent) {
	log = new([]sent)
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodHead {
			return answer(404, ""), nil
		}
		body, err := bodyOf(r)
		if err != nil {
			return nil, err
		}
		s := sent{members: map[string]any{}}
		if _, s.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), "."); s.operation != "" {
			err = json.NewDecoder(body).Decode(&s.members)
		} else if err = r.ParseForm(); err == nil {
			s.operation = r.PostForm.Get("Action")
			for name := range r.PostForm {
				s.members[name] = r.PostForm.Get(name)
			}
		}
		*log = append(*log, s)
		text, ok := answers[s.operation]
		if err != nil || !ok {
			t.Errorf("unexpected %s: %v", s.operation, err)
			return refusal(400, "UnknownOperationException", ""), nil
		}
		return answer(200, text), nil
	})}, log
}

const (
	identityA = "us-east-1:00000000-0000-0000-0000-00000000000a"
	identityB = "us-east-1:00000000-0000-0000-0000-00000000000b"
)

// tokensOf returns a response with the tokens of a user.
func tokensOf(issuer, user string) string {
	id := part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss": issuer,
		"aud": exampleEnvironment().ClientID, "token_use": "id", "cognito:username": user,
		"exp": time.Now().Add(time.Hour).Unix(),
	}) + ".AAAA"
	return issued(id, "r")
}

// issued returns a response with tokens that live an hour.
func issued(id, refresh string) string {
	return fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3600,`+
		`"IdToken":%q,"RefreshToken":%q}}`, id, refresh)
}

// credentialsOf returns the response of GetCredentialsForIdentity.
func credentialsOf(identity string) string {
	return credentialsUntil(identity, "ASIA", time.Now().Add(time.Hour))
}

func credentialsUntil(identity, key string, expires time.Time) string {
	return fmt.Sprintf(`{"IdentityId":%q,"Credentials":{"AccessKeyId":%q,"SecretKey":"s",`+
		`"SessionToken":"t","Expiration":%d}}`, identity, key, expires.Unix())
}
