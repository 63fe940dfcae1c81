package main

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// rivals returns variables that select other credentials, with invalid values: those of the table,
// and others that only its patterns name.
func rivals() map[string]string {
	all := map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://127.0.0.1:1/stale",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/stale",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN":      "stale",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/stale",
		"AWS_BEARER_TOKEN_BEDROCK":               "stale",
		"AWS_BEARER_TOKEN_BEDROCK_RUNTIME":       "stale",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS":    "true",
		"AWS_ENDPOINT_URL":                       "http://127.0.0.1:1/stale",
		"AWS_ENDPOINT_URL_DYNAMODB":              "http://127.0.0.1:1/stale",
	}
	for _, name := range credentialNames {
		if !strings.HasSuffix(name, "*") {
			all[name] = "stale"
		}
	}
	return all
}

// held starts a waiting command with exec, and returns the environment of the command.
func (m *machine) held(t *testing.T, flags ...string) (env []string) {
	t.Helper()
	c := m.process(t, append(flags, "--", "sh", "-c", "env; echo; read line")...)
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // ends the command
		c.Wait()
	})
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != ""; {
		env = append(env, lines.Text())
	}
	return env
}

// A command uses the user's credentials, even if variables and files select others. Its requests go
// to the environment's endpoints. The test asks boto3.
func TestExecIdentity(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	needs.Boto3(t)
	m := newMachine(t).signedIn(t)
	var want struct{ AccessKeyId string }
	if err := json.Unmarshal([]byte(m.must(t, "", "credentials")), &want); err != nil {
		t.Fatal(err)
	}
	const keys = "aws_access_key_id = stale\naws_secret_access_key = stale\n"
	for name, text := range map[string]string{
		".aws/credentials": "[default]\n" + keys + "[other]\n" + keys,
		".aws/config": "[default]\nignore_configured_endpoint_urls = true\n" +
			"credential_process = echo stale\n[profile stale]\n" + keys,
		".boto": "[Credentials]\n" + keys,
	} {
		path := filepath.Join(m.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The endpoints are in the configuration only.
	delete(m.settings, "AWS_ENDPOINT_URL")
	m.must(t, "", "configure", "-env", "HERE", "-from", m.configWithEndpoints(t), "-force")
	m.settings["COGNITO_ENV"] = "HERE"
	m.signedIn(t)
	if err := json.Unmarshal([]byte(m.must(t, "", "credentials")), &want); err != nil {
		t.Fatal(err)
	}
	before := m.settings
	var envs [][]string
	add := func(flags ...string) {
		env := m.held(t, flags...)
		for _, entry := range env {
			if strings.HasSuffix(entry, "stale") {
				t.Errorf("%v: %s remains", flags, entry)
			}
		}
		envs = append(envs, env)
	}
	all := rivals()
	if longtest.Enabled(t, "all variables at once, not each alone") {
		for name, text := range all {
			if strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
				continue // these are the user's choice, unless they are ignored
			}
			m.settings = map[string]string{name: text}
			maps.Copy(m.settings, before)
			add("exec")
		}
	}
	m.settings = maps.Clone(before)
	maps.Copy(m.settings, all)
	add("exec")
	add("exec", "-serve")
	cases, err := json.Marshal(envs)
	if err != nil {
		t.Fatal(err)
	}
	out, err := needs.Python(t, nil, `
import boto3, json, os, sys
for env in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update(entry.split("=", 1) for entry in env)
    session = boto3.Session()
    assert session.get_credentials().access_key == sys.argv[2], env
    for service in "s3", "sts", "cognito-idp", "cognito-identity", "dynamodb":
        client = session.client(service)
        assert client.meta.endpoint_url == sys.argv[3], (service, client.meta.endpoint_url)
    assert ":assumed-role/" in session.client("sts").get_caller_identity()["Arn"]
    print("ours")`, string(cases), want.AccessKeyId, m.url)
	if err != nil || strings.Count(out, "ours\n") != len(envs) {
		t.Errorf("%d of %d: %v", strings.Count(out, "ours\n"), len(envs), err)
	}
}

// configWithEndpoints writes a configuration with the environment HERE, whose endpoints are those
// of the stand-in.
func (m *machine) configWithEndpoints(t *testing.T) (path string) {
	t.Helper()
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	all["DEV"]["endpoints"] = map[string]string{
		"cognito_idp": m.url, "cognito_identity": m.url, "sts": m.url, "s3": m.url,
	}
	if data, err = json.Marshal(map[string]any{"HERE": all["DEV"]}); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(m.dir, "here.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Only the endpoints of the environment are set. Other services get one only if all are equal.
func TestPlaceVariables(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	for _, test := range []struct {
		endpoints cognito.Endpoints
		want      []string
	}{
		{cognito.Endpoints{}, nil},
		{cognito.Endpoints{S3: "https://a"}, []string{"AWS_ENDPOINT_URL_S3=https://a"}},
		{
			cognito.Endpoints{S3: "https://a", STS: "https://a", CognitoIDP: "https://a"},
			[]string{
				"AWS_ENDPOINT_URL_S3=https://a",
				"AWS_ENDPOINT_URL_STS=https://a",
				"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=https://a",
			},
		},
		{
			cognito.Endpoints{
				CognitoIDP:      "https://a",
				CognitoIdentity: "https://a",
				STS:             "https://a",
				S3:              "https://a",
			},
			[]string{
				"AWS_ENDPOINT_URL_S3=https://a",
				"AWS_ENDPOINT_URL_STS=https://a",
				"AWS_ENDPOINT_URL_COGNITO_IDENTITY=https://a",
				"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=https://a",
				"AWS_ENDPOINT_URL=https://a",
			},
		},
	} {
		e := cognito.Environment{Region: "eu-west-1", Endpoints: test.endpoints}
		region := []string{"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1"}
		want := append(region, test.want...)
		if test.want != nil {
			want = append(want, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false")
		}
		if got := environ(nil, a.placeVariables(e)); !slices.Equal(got, want) {
			t.Errorf("placeVariables(%+v) = %q, want %q", test.endpoints, got, want)
		}
	}
}

// The lines for shells unset what tools would prefer.
func TestShellLinesUnset(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	for name, value := range rivals() {
		if selects(name) {
			m.settings[name] = value
		}
	}
	for _, test := range []struct{ format, want string }{
		{"sh", "unset AWS_PROFILE\n"},
		{"fish", "set -eg AWS_PROFILE\n"},
		{"powershell", "Remove-Item Env:AWS_PROFILE "},
		{"cmd", "set \"AWS_PROFILE=\"\n"},
	} {
		lines := m.must(t, "", "credentials", "-format", test.format)
		if !strings.Contains(lines, test.want) || strings.Contains(lines, "stale") {
			t.Errorf("-format %s prints %q, want %q", test.format, lines, test.want)
		}
	}
	_, _, stderr := m.run(t, "", "credentials", "-format", "dotenv")
	if !strings.Contains(stderr, "AWS_PROFILE") || strings.Contains(stderr, "stale") {
		t.Errorf("-format dotenv notes %q, want AWS_PROFILE", stderr)
	}
	got := shell.Unset("sh", []string{"AWS_BEARER_TOKEN_$(id)", "A"})
	if string(got) != "unset A\n" {
		t.Errorf("Unset() = %q, want only valid names", got)
	}
}
