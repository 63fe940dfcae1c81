package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

// A program that a desktop starts, without the shell's variables and without HOME, uses a profile.
// Its requests go to the endpoints of the environment.
func TestProfileWithoutVariables(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	needs.Boto3(t)
	m := newMachine(t)
	delete(m.settings, "AWS_ENDPOINT_URL")
	m.settings["COGNITO_CONFIG"] = m.configWithEndpoints(t)
	m.settings["COGNITO_ENV"] = "HERE"
	m.signedIn(t)
	m.must(t, "", "profile", "-profile", "dev")
	config := filepath.Join(m.dir, ".aws", "config")
	env := []string{"AWS_CONFIG_FILE=" + config, "COGNITO_TEST_TOOL=1", "PATH=/usr/bin:/bin"}
	script := `
import boto3
session = boto3.Session(profile_name="dev")
for service in "s3", "sts", "cognito-identity", "cognito-idp":
    print(session.client(service).meta.endpoint_url)
print(session.client("dynamodb").meta.endpoint_url)
` + listWithBoto3(`boto3.Session(profile_name="dev")`)
	out, err := needs.Python(t, env, script)
	if want := strings.Repeat(m.url+"\n", 5) + "custom-process "; err != nil ||
		!strings.HasPrefix(out, want) {
		t.Errorf("boto3 prints %q, want %q: %v", out, want, err)
	}

	// One endpoint is not that of services of another name. An edit replaces all.
	text, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(text), `"s3":"`+m.url, `"s3":"https://s3.example.com`, 1)
	if err := os.WriteFile(m.settings["COGNITO_CONFIG"], []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	m.must(t, "", "profile", "-profile", "dev")
	out, err = needs.Python(t, env, strings.Split(script, "\n\n")[0])
	want := "https://s3.example.com\n" + strings.Repeat(m.url+"\n", 3) +
		"https://dynamodb.us-east-1.amazonaws.com\n"
	if err != nil || out != want {
		t.Errorf("with other endpoints, boto3 prints %q, want %q: %v", out, want, err)
	}

	// Without endpoints, the profile has none.
	a, rest, _ := strings.Cut(other, `"endpoints":{`)
	_, b, _ := strings.Cut(rest, "},")
	if err := os.WriteFile(m.settings["COGNITO_CONFIG"], []byte(a+b), 0o600); err != nil {
		t.Fatal(err)
	}
	m.must(t, "", "profile", "-profile", "dev")
	data, err := os.ReadFile(config)
	profile, _, _ := strings.Cut(string(data), "[services")
	if err != nil || strings.Contains(profile, "services") || strings.Contains(string(data),
		"\nendpoint_url") {
		t.Errorf("without endpoints, the file is %q, %v", data, err)
	}
}

// The command line of a profile has the directories that depend on variables.
func TestProfileDirectories(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t)
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(m.dir, "cognito"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(m.dir, "cognito", "config.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	delete(m.settings, "COGNITO_CONFIG")
	delete(m.settings, "COGNITO_STATE_DIR")
	m.settings["XDG_CONFIG_HOME"], m.settings["XDG_STATE_HOME"] = m.dir, m.dir
	c := m.process(t, "profile")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v", out, err)
	} else if !strings.Contains(string(out), "also need these environment variables: "+
		"AWS_ENDPOINT_URL\n") {
		t.Errorf("profile notes %q, want AWS_ENDPOINT_URL", out)
	}
	data, err = os.ReadFile(filepath.Join(m.dir, ".aws", "config"))
	want := " -env DEV" + directories(path, filepath.Dir(path))
	if err != nil || !strings.Contains(strings.ReplaceAll(string(data), " --\n", "\n"), want) {
		t.Errorf("the file is %q, %v, want %q", data, err, want)
	}
}
