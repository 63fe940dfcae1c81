package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// A serve is the tool as a process that serves, and what it printed.
func (m *machine) serve(t *testing.T, args ...string) (c *exec.Cmd, settings map[string]string) {
	t.Helper()
	c = m.process(t, append([]string{"serve"}, args...)...)
	return c, settingsOf(t, c)
}

// settingsOf starts a process and reads what it prints of an endpoint.
func settingsOf(t *testing.T, c *exec.Cmd) (settings map[string]string) {
	t.Helper()
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	settings = map[string]string{}
	for lines := bufio.NewScanner(stdout); len(settings) < 4 && lines.Scan(); {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !ok || !strings.HasPrefix(lines.Text(), "export ") {
			t.Fatalf("printed %q", lines.Text())
		}
		settings[name] = strings.Trim(value, "'")
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return settings
}

func get(t *testing.T, settings map[string]string) (int, map[string]string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET",
		settings["AWS_CONTAINER_CREDENTIALS_FULL_URI"], nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", settings["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var object map[string]string
	if err := json.NewDecoder(response.Body).Decode(&object); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, object
}

func TestServe(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).signedIn(t)
	for _, signal := range endingSignals() {
		c, settings := m.serve(t, "-region", "eu-west-1")
		if settings["AWS_REGION"] != "eu-west-1" {
			t.Fatalf("printed %v", settings)
		}
		code, object := get(t, settings)
		expires, err := time.Parse(time.RFC3339, object["Expiration"])
		if code != http.StatusOK || err != nil || time.Until(expires) < 50*time.Minute {
			t.Fatalf("%d: %v", code, err)
		}
		c.Process.Signal(signal)
		if err := c.Wait(); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
	}
}

// Credentials of the default profile come first in most SDKs: the user is told.
func TestServeWarnsOfDefault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ credentials, config, want string }{
		{"", "", ""},
		{"[other]\naws_access_key_id = x\n",
			"[default]\nregion = x\n[profile other]\nrole_arn = x\n", ""},
		{"[default]\naws_access_key_id = x\n", "", "credentials has aws_access_key_id"},
		{"", "[default]\nsso_session = x\n", "config has sso_session"},
		{"", "[profile default]\nsso_session = x\n", "config has sso_session"},
		{"", "[default]\ncredential_process = x\n", "config has credential_process"},
		{"", "[default]\ncredential_process = /x credentials -format process -env DEV\n", ""},
	} {
		m := newMachine(t)
		for name, text := range map[string]string{"credentials": test.credentials,
			"config": test.config} {
			if err := os.MkdirAll(filepath.Join(m.dir, ".aws"), 0o700); err != nil {
				t.Fatal(err)
			}
			err := os.WriteFile(filepath.Join(m.dir, ".aws", name), []byte(text), 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}
		m.settings["AWS_CONFIG_FILE"] = filepath.Join(m.dir, ".aws", "config")
		m.settings["AWS_SHARED_CREDENTIALS_FILE"] = filepath.Join(m.dir, ".aws", "credentials")
		var said strings.Builder
		(&app{getenv: func(name string) string {
			return m.settings[name]
		}, stderr: &said}).warnOfDefault()
		if test.want == "" && said.Len() > 0 || !strings.Contains(said.String(), test.want) {
			t.Errorf("%+v: %q", test, said.String())
		}
	}
}

// After a sign-out or the end of the session, serve returns no credentials until the next sign-in.
func TestServeWithoutSession(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).signedIn(t)
	_, settings := m.serve(t)
	if code, _ := get(t, settings); code != http.StatusOK {
		t.Fatal(code)
	}
	files, _ := filepath.Glob(filepath.Join(m.settings["COGNITO_STATE_DIR"], "*.json"))
	for _, file := range files {
		os.Remove(file)
	}
	code, object := get(t, settings)
	if code != http.StatusForbidden || object["code"] != "SignInNeeded" ||
		!strings.Contains(object["message"], "cognito login") {
		t.Fatalf("%d: %v", code, object)
	}
	m.signedIn(t)
	for deadline := time.Now().Add(20 * time.Second); code != http.StatusOK &&
		time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		code, _ = get(t, settings)
	}
	if code != http.StatusOK {
		t.Errorf("after a new sign-in: %d", code)
	}
}

func TestServeForms(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	if code, _, _ := m.run(t, "", "serve", "-format", "xml"); code != exitUsage {
		t.Errorf("exit %d", code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := (&app{getenv: func(name string) string {
		return m.settings[name]
	}, stderr: io.Discard, config: m.settings["COGNITO_CONFIG"], env: "DEV"}).open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range shell.Formats() {
		var out strings.Builder
		s.a.stdout = &out
		if err := s.serve(ctx, "127.0.0.1:0", form); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI",
			"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_REGION"} {
			if !strings.Contains(out.String(), name) {
				t.Errorf("%s does not set %s", form, name)
			}
		}
	}
}

// boto3 and the AWS command line fetch credentials from a running endpoint.
func TestServeBoto3(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	needs.Boto3(t)
	m := newMachine(t).signedIn(t)
	for _, args := range [][]string{nil, {"-addr", "[::1]:0"}} {
		if slices.Contains(args, "[::1]:0") {
			if probe, err := net.Listen("tcp", "[::1]:0"); err != nil {
				continue // no IPv6 here
			} else {
				probe.Close()
			}
		}
		_, settings := m.serve(t, args...)
		env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.dir, "AWS_ENDPOINT_URL=" + m.url}
		for name, value := range settings {
			env = append(env, name+"="+value)
		}
		out, err := needs.Python(t, env, listWithBoto3("boto3"))
		if err != nil || !strings.HasPrefix(out, "container-role ") {
			t.Errorf("%v: %s: %v", args, out, err)
		}
	}
}

// serve listens only on addresses that other machines cannot reach.
func TestServeRefusesAddress(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, addr := range []string{
		"", ":0", ":8080", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "127.0.0.1", "localhost",
		"example.com:80", "localhost.example.com:80", "127.0.0.1:http", "[::ffff:192.0.2.1]:0",
	} {
		code, stdout, stderr := m.run(t, "", "serve", "-addr", addr)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "-addr") {
			t.Errorf("serve -addr %q: exit %d: %s", addr, code, stderr)
		}
	}
}
