package cognito_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
)

func Example() {
	ctx := context.Background()
	password, httpClient := cognitotest.ExamplePassword, cognitotest.Example().Client()
	env := cognito.Environment{
		UserPoolID:     "us-east-1_EXAMPLE00",
		ClientID:       "1example23456789abcdefghij",
		IdentityPoolID: "us-east-1:5f2b7c1e-8a4d-4e6f-9b3a-0123456789ab",
		BucketName:     "example-bucket",
	}
	// If httpClient is nil, requests go to AWS. A test can use that of a cognitotest.Server.
	client := &cognito.Client{Environment: env, HTTPClient: httpClient}
	session, err := client.SignIn(ctx, "ada", password)
	if err != nil {
		log.Fatal(err) // a *cognito.Challenge if the pool asks for more
	}
	bucket := &s3list.Client{
		Region: "us-east-1", Credentials: session.Credentials, HTTPClient: httpClient,
	}
	for object, err := range bucket.Objects(ctx, env.BucketName, "photos/") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(object.Size, object.Key)
	}
	// Output:
	// 24 photos//twice
	// 21 photos/2026/ærøskøbing.jpg
	// 23 photos/2026/東京.jpg
}

// A user that an administrator created must choose a password at the first sign-in.
func ExampleChallenge() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	var challenge *cognito.Challenge
	for errors.As(err, &challenge) {
		answers := map[string]string{}
		for _, key := range challenge.AnswerKeys() {
			fmt.Println(challenge.Name, "needs", key)
			answers[key] = "Another-Horse-8-battery" // from the user
		}
		session, err = challenge.Respond(ctx, answers)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UnverifiedClaims().Username)
	// Output:
	// NEW_PASSWORD_REQUIRED needs NEW_PASSWORD
	// grace
}

// The answers depend on the challenge.
func ExampleChallenge_Respond() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	var challenge *cognito.Challenge
	for errors.As(err, &challenge) {
		fmt.Println(challenge.Name)
		switch challenge.Name {
		case "NEW_PASSWORD_REQUIRED":
			answers := map[string]string{"NEW_PASSWORD": "Another-Horse-8-battery"}
			session, err = challenge.Respond(ctx, answers)
		default:
			log.Fatal(err)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UnverifiedClaims().Username)
	// Output:
	// NEW_PASSWORD_REQUIRED
	// grace
}

// A web server saves the challenge between the request that has the password and the request that
// has the answer.
func ExampleClient_ResumeChallenge() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	_, err := client.SignIn(ctx, cognitotest.ExampleNewUser, cognitotest.ExamplePassword)
	var challenge *cognito.Challenge
	if !errors.As(err, &challenge) {
		log.Fatal(err)
	}
	saved, err := challenge.Save()
	if err != nil {
		log.Fatal(err)
	}

	// Later, in this or another process:
	challenge, err = client.ResumeChallenge(saved)
	if err != nil {
		log.Fatal(err)
	}
	answers := map[string]string{"NEW_PASSWORD": "Another-Horse-8-battery"}
	session, err := challenge.Respond(ctx, answers)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UnverifiedClaims().Username)
	// Output: grace
}

// A program that runs again continues its session without a password.
func ExampleClient_Resume() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	saved := session.Save() // store it as carefully as a password

	// Later, in this or another process:
	session, err = client.Resume(ctx, saved)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UnverifiedClaims().Username)
	// Output: ada
}

// Two processes share a refresh token that is valid once. The first refreshes it, and the second
// finds the new one in the store.
func ExampleRefreshFunc() {
	ctx := context.Background()
	server := cognitotest.Example()
	server.UserPools[0].Clients[0].RefreshTokenRotation = true
	first := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
	second := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
	session, err := first.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}

	// In a program, these are a file and a lock of the operating system.
	var lock sync.Mutex
	store := session.Save()

	refreshWith := func(process string) cognito.RefreshFunc {
		return func(ctx context.Context, current cognito.SavedSession,
			refresh func(context.Context, cognito.SavedSession) (cognito.SavedSession, error),
		) (cognito.SavedSession, error) {
			lock.Lock()
			defer lock.Unlock()
			var stored cognito.SavedSession
			if err := stored.Load(store); err != nil {
				return current, err
			}
			if stored.Tokens.Expires.After(current.Tokens.Expires) {
				fmt.Println(process, "takes the stored tokens")
				return stored, nil
			}
			fmt.Println(process, "refreshes")
			newer, err := refresh(ctx, stored)
			store = newer.Save() // even with an error: the refresh token may have changed
			return newer, err
		}
	}
	first.RefreshWith = refreshWith("first")
	second.RefreshWith = refreshWith("second")

	// Both processes resume a session with tokens that have expired.
	var expired cognito.SavedSession
	if err := expired.Load(store); err != nil {
		log.Fatal(err)
	}
	expired.Tokens = cognito.Tokens{Refresh: expired.Tokens.Refresh}
	store = expired.Save()
	for _, client := range []*cognito.Client{first, second} {
		session, err := client.Resume(ctx, expired.Save())
		if err != nil {
			log.Fatal(err)
		}
		if _, err := session.Credentials(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// first refreshes
	// second takes the stored tokens
}

// A guest uses AWS without signing in.
func ExampleClient_Guest() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	guest, err := client.Guest()
	if err != nil {
		log.Fatal(err)
	}
	credentials, err := guest.Credentials(ctx)
	if err != nil {
		log.Fatal(err)
	}
	id, err := guest.IdentityID(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials.SessionToken != "", strings.HasPrefix(id, "us-east-1:"))
	// Output: true true
}

// The secret is that of RFC 6238, appendix B.
func ExampleTOTP() {
	code, err := cognito.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", time.Unix(1111111109, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(code)
	// Output: 081804
}

// A remembered device makes codes unnecessary.
func ExampleDevice() {
	ctx := context.Background()
	server := cognitotest.Example()
	server.UserPools[0].DeviceTracking = "ALWAYS"
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  server.Client(), // omit it to use AWS
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	device, _ := session.Device()
	saved := device.Save() // store it as carefully as a password, one for each user

	// Later, in this or another process:
	var login cognito.Login
	login.Username, login.Password = cognitotest.ExampleUser, cognitotest.ExamplePassword
	if err := login.Device.Load(saved); err != nil {
		log.Fatal(err)
	}
	session, err = client.Start(ctx, login)
	if err != nil {
		log.Fatal(err)
	}
	same, _ := session.Device()
	fmt.Println(same == device)
	// Output: true
}

// The classic flow assumes a role for as long as the caller requests.
func ExampleClient_classicFlow() {
	ctx := context.Background()
	env := exampleEnvironment()
	env.RoleARN = "arn:aws:iam::123456789012:role/example"
	client := &cognito.Client{
		Environment: env,
		Duration:    time.Hour,
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	credentials, err := session.Credentials(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials.SessionToken != "")
	// Output: true
}

// A signing client calls any AWS service, here Amazon S3 without a package for it.
func ExampleSession_HTTPClient() {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  cognitotest.Example().Client(), // omit it to use AWS
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	s3 := session.HTTPClient("s3", "") // in the environment's Region
	response, err := s3.Get("https://example-bucket.s3.us-east-1.amazonaws.com/hello.txt")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode == http.StatusOK)
	// Output: true
}

// Validate reports every setting that is wrong, in one line each.
func ExampleEnvironment_Validate() {
	env := cognito.Environment{
		Region:         "Ireland",
		UserPoolID:     "us-east-1_AbCdEfGhI",
		ClientID:       "my web client",
		IdentityPoolID: "us-east-1:01234567-89ab-cdef-0123-456789abcdef",
		RoleARN:        "arn:aws:iam::<account>:role/name",
	}
	fmt.Println(env.Validate())
	// Output:
	// cognito: aws_region should look like us-east-1
	// cognito: client_id should look like 1example23456789 (the ID of the app client, not its name)
	// cognito: role_arn still has a placeholder, such as <your value>: replace it
}

// Server.Browse stands for the user and a browser on another machine.
func ExampleClient_StartBrowser() {
	server := cognitotest.Example()
	app := &server.UserPools[0].Clients[0]
	app.CallbackURLs = []string{"com.example.program:/callback"}
	client := &cognito.Client{
		Environment: cognito.Environment{
			UserPoolID:  cognitotest.ExampleUserPoolID,
			ClientID:    cognitotest.ExampleClientID,
			Domain:      cognitotest.ExampleDomain,
			RedirectURI: app.CallbackURLs[0],
			Scopes:      "openid email",
		},
		HTTPClient: server.Client(),
	}
	ctx := context.Background()
	signIn, err := client.StartBrowser(ctx, cognito.BrowserLogin{})
	if err != nil {
		log.Fatal(err)
	}
	defer signIn.Close()
	// A program prints or opens signIn.URL here.
	address, err := server.Browse(signIn.URL, "ada", cognitotest.ExamplePassword)
	if err != nil {
		log.Fatal(err)
	}
	if err := signIn.Deliver(ctx, address); err != nil {
		log.Fatal(err)
	}
	session, err := signIn.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UnverifiedClaims().Email)
	// Output: ada@example.com
}
