package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
)

// example are credentials in the form of AWS's.
func example(life time.Duration) sigv4.Credentials {
	return sigv4.Credentials{
		AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		SessionToken:    "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVz+/==",
		Expires:         time.Now().Add(life),
	}
}

func TestProcessFormat(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	code, stdout, stderr := m.run(t, "", "credentials", "-format", "process")
	if code != exitSignIn || stdout != "" || strings.Count(stderr, "\n") != 1 ||
		!strings.Contains(stderr, `run "cognito login`) {
		t.Fatalf("before the sign-in: exit %d, %q, %q", code, stdout, stderr)
	}
	m.signedIn(t)
	var got map[string]any
	text := m.must(t, "", "credentials", "-format", "process")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	expires, err := time.Parse(time.RFC3339, got["Expiration"].(string))
	if err != nil || time.Until(expires) < 50*time.Minute || got["Version"] != 1.0 ||
		len(got) != 5 || got["SessionToken"] == "" {
		t.Errorf("got %v", got)
	}
	if again := m.must(t, "", "credentials", "-format", "process"); again != text {
		t.Error("credentials were not kept")
	}
	code, _, stderr = m.run(t, "wrong\n", "login", "-user", cognitotest.ExampleUser)
	if code != exitFailed || strings.Count(stderr, "\n") != 1 {
		t.Errorf("wrong password: exit %d, %s", code, stderr)
	}
}

// An SDK that runs credential_process passes on its own standard input, which must not be read.
func TestProcessFormatAsksNothing(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, args := range [][]string{
		{}, {"-user", cognitotest.ExampleUser}, {"-password-fd", "0"},
	} {
		args = append([]string{"credentials", "-format", "process", "-no-store"}, args...)
		code, stdout, stderr := m.run(t, cognitotest.ExamplePassword+"\n", args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "-password-fd") ||
			strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: commands inherit only the standard streams on this system")
	}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(cognitotest.ExamplePassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(password)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := m.process(t, "credentials", "-format", "process", "-no-store", "-user",
		cognitotest.ExampleUser, "-password-fd", "3")
	c.ExtraFiles = []*os.File{file}
	if out, err := c.Output(); err != nil || !strings.HasPrefix(string(out), `{"Version":1,`) {
		t.Errorf("with a password: %v, %q", err, out)
	}
	if entries, err := os.ReadDir(m.settings["COGNITO_STATE_DIR"]); err == nil && len(entries) > 0 {
		t.Errorf("-no-store left %v", entries)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	var want struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration, Region string }
	text := m.must(t, "", "credentials", "-region", "eu-west-1")
	if err := json.Unmarshal([]byte(text), &want); err != nil || want.Region != "eu-west-1" ||
		want.SessionToken == "" {
		t.Fatalf("json: %v: %+v", err, want)
	}
	if len(want.Expiration) != len("2006-01-02T15:04:05Z") {
		t.Errorf("Expiration is %s", want.Expiration)
	}
	values := map[string]string{
		"AWS_ACCESS_KEY_ID":     want.AccessKeyId,
		"AWS_SECRET_ACCESS_KEY": want.SecretAccessKey, "AWS_SESSION_TOKEN": want.SessionToken,
		"AWS_CREDENTIAL_EXPIRATION": want.Expiration,
		"AWS_REGION":                want.Region, "AWS_DEFAULT_REGION": want.Region,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS":        "false",
		"AWS_ENDPOINT_URL":                           m.url,
		"AWS_ENDPOINT_URL_S3":                        m.url,
		"AWS_ENDPOINT_URL_STS":                       m.url,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY":          m.url,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": m.url,
	}
	for _, format := range shell.Formats() {
		lines := m.must(t, "", "credentials", "-region", "eu-west-1", "-format", format)
		if n := strings.Count(lines, "\n"); n != len(values) {
			t.Errorf("%s has %d lines", format, n)
		}
		for name, value := range values {
			if !strings.Contains(lines, name) || !strings.Contains(lines, value) {
				t.Errorf("%s does not set %s", format, name)
			}
		}
	}
	for profile, header := range map[string]string{"": "[default]", "a.b-c": "[a.b-c]"} {
		lines := m.must(t, "", "credentials", "-region", "eu-west-1", "-format", "ini", "-profile",
			profile)
		if !strings.HasPrefix(lines, header+"\n") ||
			!strings.Contains(lines, "\naws_session_token = "+want.SessionToken+"\n") {
			t.Errorf("ini with %q begins with %.20q", profile, lines)
		}
	}
	for _, args := range [][]string{
		{"-format", "xml"}, {"-profile", "x"}, {"-format", "sh", "-profile", "x"},
		{"-format", "ini", "-profile", "a]\nb"},
		{"-format", "ini", "-profile", "a b"}, {"word"},
	} {
		code, stdout, _ := m.run(t, "", append([]string{"credentials"}, args...)...)
		if code != exitUsage || stdout != "" {
			t.Errorf("%q: exit %d", args, code)
		}
	}
}

func TestUnusableCredentials(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	env := cognito.Environment{Region: "us-east-1"}
	for name, creds := range map[string]sigv4.Credentials{
		"expired":    example(-time.Second),
		"no expiry":  {AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"},
		"no token":   {AccessKeyID: "a", SecretAccessKey: "b", Expires: time.Now().Add(time.Hour)},
		"no key":     {SecretAccessKey: "b", SessionToken: "c", Expires: time.Now().Add(time.Hour)},
		"no secret":  {AccessKeyID: "a", SessionToken: "c", Expires: time.Now().Add(time.Hour)},
		"zero value": {},
	} {
		for _, format := range append(shell.Formats(), "json", "process", "ini") {
			text, err := a.formatted(format, "", creds, env, time.Now())
			if err == nil || text != nil {
				t.Errorf("%s: %s is %q", name, format, text)
			}
		}
	}
	o := credentialsObject{SecretAccessKey: "secret"}
	v := shell.Variable{Name: "NAME", Value: "secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		s := fmt.Sprintf(verb, o) + fmt.Sprintf(verb, []shell.Variable{v})
		if strings.Contains(s, "secret") || strings.Contains(s, fmt.Sprintf("%x", "secret")) {
			t.Errorf("%s shows %s", verb, s)
		}
	}
}
