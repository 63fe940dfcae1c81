package cognito_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// processes are what another process of this test binary can be told to do, with a client of the stand-in and a text.
var processes = map[string]func(client *cognito.Client, text string) error{
	"share":    shareTokens,
	"device":   signInWithDevice,
	"continue": continueChallenge,
}

// TestMain makes the test binary such a process, when it is told to.
func TestMain(m *testing.M) {
	process, ok := processes[os.Getenv("COGNITO_TEST_PROCESS")]
	if !ok {
		os.Exit(m.Run())
	}
	env, endpoint := exampleEnvironment(), os.Getenv("COGNITO_TEST_ENDPOINT")
	env.Endpoints = cognito.Endpoints{CognitoIDP: endpoint, CognitoIdentity: endpoint, STS: endpoint, S3: endpoint}
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
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), executable)
	process.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "COGNITO_TEST_PROCESS="+what, "COGNITO_TEST_ENDPOINT="+endpoint)
	process.Stdin = strings.NewReader(text)
	out, err := process.CombinedOutput()
	return string(out), err
}

// signInWithDevice signs in with a stored device, if there is one, and prints what it was asked, or the device.
func signInWithDevice(client *cognito.Client, stored string) error {
	login := cognito.Login{Username: cognitotest.ExampleEmail, Password: cognitotest.ExamplePassword}
	if stored != "" {
		if err := json.Unmarshal([]byte(stored), &login.Device); err != nil {
			return err
		}
	}
	s, err := client.Start(context.Background(), login)
	if challenge := asChallenge(err); challenge != nil {
		fmt.Println("asked:", challenge.Name)
		code, err := cognito.TOTP(exampleSeed, time.Now())
		if err != nil {
			return err
		}
		if s, err = challenge.Respond(context.Background(), map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code}); err != nil {
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

// continueChallenge takes up a stored challenge.
func continueChallenge(client *cognito.Client, stored string) error {
	challenge, err := client.ResumeChallenge([]byte(stored))
	if err != nil {
		return err
	}
	code, err := cognito.TOTP(exampleSeed, time.Now())
	if err != nil {
		return err
	}
	s, err := challenge.Respond(context.Background(), map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
	if err != nil {
		return err
	}
	_, err = s.Credentials(context.Background())
	return err
}

// What TestRememberedDevice and TestChallengeContinues show, with processes that have nothing in common but what was
// stored.
func TestProcesses(t *testing.T) {
	server := tracking("ALWAYS")
	listener := httptest.NewServer(server)
	defer listener.Close()

	first, err := anotherProcess(t, "device", listener.URL, "")
	asked, device, _ := strings.Cut(first, "\n")
	if err != nil || asked != "asked: SOFTWARE_TOKEN_MFA" {
		t.Fatalf("%v: %s", err, first)
	}
	second, err := anotherProcess(t, "device", listener.URL, device)
	if err != nil || second != device {
		t.Errorf("%v: %s", err, second)
	}

	login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword}
	if err := json.Unmarshal([]byte(device), &login.Device); err != nil {
		t.Fatal(err)
	}
	client := exampleClient(server)
	session, err := client.Start(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := client.UserPool()
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.ForgetDevice(t.Context(), cognitoidp.ForgetDeviceInput{AccessToken: tokens.Access, DeviceKey: login.Device.Key}); err != nil {
		t.Fatal(err)
	}
	third, _ := anotherProcess(t, "device", listener.URL, device) // its code may be that of the first, which is good once
	if !strings.HasPrefix(third, "asked: SOFTWARE_TOKEN_MFA\n") {
		t.Errorf("after ForgetDevice: %s", third)
	}

	server = tracking("") // another one, for the same reason
	listener2 := httptest.NewServer(server)
	defer listener2.Close()
	_, err = exampleClient(server).SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatal(err)
	}
	stored, err := challenge.Save()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := anotherProcess(t, "continue", listener2.URL, string(stored)); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
