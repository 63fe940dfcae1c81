package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// try runs the program with a password on its standard input, which is not a terminal.
func try(
	t *testing.T, ctx context.Context, password string, args ...string,
) (code int, stdout, stderr string) {
	t.Helper()
	stdin, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	go func() { // the system's buffer may be small
		io.WriteString(w, password)
		w.Close()
	}()
	var out, errs bytes.Buffer
	code = run(ctx, args, stdin, &out, &errs)
	return code, out.String(), errs.String()
}

func TestOffline(t *testing.T) {
	code, stdout, stderr := try(t, t.Context(), "")
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{
		"InitiateAuth", "SRP_A", "RespondToAuthChallenge", "PASSWORD_CLAIM_SIGNATURE",
		"GetCredentialsForIdentity",
		"Signed in as ada", "us-east-1:", "hello.txt", `"notes/\x01control"`, "7 objects",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "\x01") {
		t.Error("a control character reached the terminal")
	}
}

func TestOfflineClassicJSON(t *testing.T) {
	code, stdout, stderr := try(t, t.Context(), "",
		"-json", "-duration", "1h", "-prefix", "photos/")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	types := map[string]int{}
	operations := map[string]int{}
	for line := range strings.Lines(stdout) {
		var event struct{ Type, Operation string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		types[event.Type]++
		operations[event.Operation]++
	}
	if types["object"] != 3 || types["session"] != 1 || types["credentials"] != 1 ||
		types["end"] != 1 {
		t.Errorf("events %v", types)
	}
	if operations["GetOpenIdToken"] != 1 || operations["AssumeRoleWithWebIdentity"] != 1 ||
		operations["GetCredentialsForIdentity"] != 0 {
		t.Errorf("operations %v", operations)
	}
}

// onPort serves the example on a port and writes its configuration.
func onPort(t *testing.T) (config string) {
	t.Helper()
	server := httptest.NewServer(cognitotest.Example())
	t.Cleanup(server.Close)
	const nowhere = "http://" + fakehttp.Nowhere
	endpoints := map[string]string{"cognito_idp": server.URL, "cognito_identity": server.URL,
		"sts": server.URL, "s3": server.URL}
	text, err := json.Marshal(map[string]any{
		"DEV": map[string]any{
			"user_pool_id": cognitotest.ExampleUserPoolID, "client_id": cognitotest.ExampleClientID,
			"identity_pool_id": cognitotest.ExampleIdentityPoolID,
			"role_arn":         cognitotest.ExampleRoleARN,
			"bucket_name":      cognitotest.ExampleBucket, "endpoints": endpoints,
		},
		"BARE": map[string]any{
			"user_pool_id": cognitotest.ExampleUserPoolID,
			"client_id":    cognitotest.ExampleClientID, "endpoints": endpoints,
		},
		"DOWN": map[string]any{
			"user_pool_id":     cognitotest.ExampleUserPoolID,
			"client_id":        cognitotest.ExampleClientID,
			"identity_pool_id": cognitotest.ExampleIdentityPoolID,
			"bucket_name":      cognitotest.ExampleBucket,
			"endpoints": map[string]string{"cognito_idp": nowhere, "cognito_identity": nowhere,
				"sts": nowhere, "s3": nowhere},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(t.TempDir(), "environments.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// utf16LE encodes ASCII text as PowerShell 5.1 does for a pipe or file.
func utf16LE(text string) string {
	encoded := []byte("\xFF\xFE")
	for _, c := range []byte(text) {
		encoded = append(encoded, c, 0)
	}
	return string(encoded)
}

func TestConfigured(t *testing.T) {
	config := onPort(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name, password string
		args           []string
		code           int
		want           string // in what it prints
	}{
		{"enhanced", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DEV", "-user", "ada"}, 0, "7 objects"},
		{"line ends", cognitotest.ExamplePassword + "\r\n",
			[]string{"-config", config, "-env", "DEV", "-user", "ada"}, 0, "7 objects"},
		{"UTF-8 with a mark", "\xEF\xBB\xBF" + cognitotest.ExamplePassword + "\r\n",
			[]string{"-config", config, "-env", "DEV", "-user", "ada"}, 0, "7 objects"},
		{"UTF-16LE", utf16LE(cognitotest.ExamplePassword + "\r\n"),
			[]string{"-config", config, "-env", "DEV", "-user", "ada"}, 0, "7 objects"},
		{"classic", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DEV", "-user", "ada", "-duration", "15m"}, 0,
			"7 objects"},
		{"wrong password", "wrong", []string{"-config", config, "-env", "DEV", "-user", "ada"}, 1,
			"probably"},
		{"challenge", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DEV", "-user", "grace"}, 3,
			"NEW_PASSWORD_REQUIRED"},
		{"other bucket", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DEV", "-user", "ada", "-bucket", "none"}, 1,
			"NoSuchBucket"},
		{"short life", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DEV", "-user", "ada", "-duration", "1m"}, 2,
			"15m"},
		{"interrupted", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DEV", "-user", "ada"}, 130, "interrupted"},
		{"no bucket", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "BARE", "-user", "ada"}, 2, "bucket_name"},
		{"no identity pool", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "BARE", "-user", "ada", "-bucket", "b"}, 1,
			"identity_pool_id"},
		{"unreachable", cognitotest.ExamplePassword,
			[]string{"-config", config, "-env", "DOWN", "-user", "ada"}, 1, "failed"},
		{"no environment", "x", []string{"-config", config, "-user", "ada"}, 2, "BARE, DEV, DOWN"},
		{"wrong environment", "x", []string{"-config", config, "-env", "dev", "-user", "ada"}, 2,
			"DEV"},
		{"no password", "", []string{"-config", config, "-env", "DEV", "-user", "ada"}, 2,
			"password"},
		{"no user", "x", []string{"-config", config}, 2, "-user"},
		{"no file", "x", []string{"-config", config + "x", "-user", "ada"}, 2,
			"environments.jsonx"},
		{"user without file", "x", []string{"-user", "ada"}, 2, "-config"},
		{"password as argument", "x",
			[]string{"-config", config, "-user", "ada", cognitotest.ExamplePassword}, 2,
			"never an argument"},
		{"unknown flag", "x", []string{"-password", "secret"}, 2, "Usage"},
		{"help", "", []string{"-h"}, 0, "Exit status"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := t.Context()
			if test.code == exitInterrupted {
				ctx = cancelled
			}
			code, stdout, stderr := try(t, ctx, test.password, test.args...)
			if code != test.code || !strings.Contains(stdout+stderr, test.want) {
				t.Errorf("exit %d, want %d; no %q in:\n%s%s", code, test.code, test.want, stdout,
					stderr)
			}
			if code != 0 && code != 2 && strings.Count(stderr, "\n") != 1 {
				t.Errorf("the error is not one line:\n%s", stderr)
			}
			if strings.Contains(stdout+stderr, cognitotest.ExamplePassword) {
				t.Error("the password is shown")
			}
		})
	}
}

// A signal ends the program with 128 and the signal's number.
func TestSignals(t *testing.T) {
	config := onPort(t)
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		want := 128 + int(sent)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(terminal.Interrupted{Signal: sent})
		args := []string{"-config", config, "-env", "DEV", "-user", "ada"}
		code, _, stderr := try(t, ctx, cognitotest.ExamplePassword, args...)
		if code != want || stderr != "demo: interrupted\n" {
			t.Errorf("%v: exit %d, want %d: %s", sent, code, want, stderr)
		}
	}
}

// docs/demo.md shows flags that exist.
func TestDocumentedFlags(t *testing.T) {
	data, err := os.ReadFile("../../docs/demo.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(string(data)) {
		if args, ok := strings.CutPrefix(line, "go run ./cmd/demo "); ok {
			if _, err := parseFlags(strings.Fields(args), io.Discard); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			count++
		}
	}
	if count == 0 {
		t.Error("docs/demo.md shows no use of the demo")
	}
}
