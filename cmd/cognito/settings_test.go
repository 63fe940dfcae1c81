package main

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Without HOME, as in services and IDEs, the directories are those of the user database.
func TestNoHome(t *testing.T) {
	me, err := user.Current()
	if err != nil || me.HomeDir == "" || runtime.GOOS == "windows" {
		t.Skipf("SKIPPED: this system has no home directory in its user database: %v", err)
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	a := &app{getenv: func(string) string { return "" }}
	config, state := ".config/cognito/config.json", ".local/state/cognito"
	if runtime.GOOS == "darwin" {
		config = "Library/Application Support/cognito/config.json"
		state = "Library/Application Support/cognito/state"
	}
	if got, err := a.configPath(); got != filepath.Join(me.HomeDir, config) {
		t.Errorf("configPath() = %q, %v, want %s in %s", got, err, config, me.HomeDir)
	}
	if got, err := a.stateDir(); got != filepath.Join(me.HomeDir, state) {
		t.Errorf("stateDir() = %q, %v, want %s in %s", got, err, state, me.HomeDir)
	}
}

// A variable with a relative path is an error. Its value depends on the current directory.
func TestRelativeDirectories(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SKIPPED: this system does not use XDG_CONFIG_HOME")
	}
	t.Setenv("XDG_CONFIG_HOME", "relative")
	a := &app{getenv: func(name string) string {
		if strings.HasPrefix(name, "XDG_") {
			return "relative"
		}
		return ""
	}}
	if got, err := a.configPath(); err == nil || !strings.Contains(err.Error(), "XDG_CONFIG_HOME") {
		t.Errorf("configPath() = %q, %v, want an error that names XDG_CONFIG_HOME", got, err)
	}
	if got, err := a.stateDir(); err == nil || !strings.Contains(err.Error(), "XDG_STATE_HOME") {
		t.Errorf("stateDir() = %q, %v, want an error that names XDG_STATE_HOME", got, err)
	}
}

// An unreadable variable is an error that names it and does not have its value.
func TestUnreadableVariables(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value string }{
		{"AWS_USE_FIPS_ENDPOINT", "secret"},
		{"AWS_USE_FIPS_ENDPOINT", "1"},
		{"AWS_USE_FIPS_ENDPOINT", "no"},
		{"AWS_USE_DUALSTACK_ENDPOINT", "secret"},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "secret"},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true "},
		{"AWS_REGION", "eu secret 1"},
		{"AWS_REGION", "secret/../x"},
		{"AWS_DEFAULT_REGION", "<secret>"},
		{"AWS_ENDPOINT_URL", "https://user:secret@host"},
		{"AWS_ENDPOINT_URL", "http://secret.example.com"},
		{"AWS_ENDPOINT_URL", "secret"},
		{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "ftp://secret"},
		{"AWS_ENDPOINT_URL_COGNITO_IDENTITY", "https://h?secret"},
		{"AWS_ENDPOINT_URL_STS", "%secret"},
		{"AWS_ENDPOINT_URL_S3", "https://"},
		{"AWS_CA_BUNDLE", "/none/secret"},
		{"AWS_CA_BUNDLE", os.DevNull},
	} {
		for _, command := range [][]string{
			{"credentials"},
			{"exec", "--", os.Args[0]}, // any program
			{"login", "-user", "ada"},
			{"profile"},
		} {
			if test.name == "AWS_CA_BUNDLE" && command[0] == "profile" {
				continue // it sends no request
			}
			m := newMachine(t)
			m.settings[test.name] = test.value
			code, stdout, stderr := m.run(t, "", command...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, test.name+" ") ||
				strings.Contains(stderr, "secret") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%s=%s: %q: exit %d, %q, want 2 and an error that names the variable",
					test.name, test.value, command, code, stderr)
			}
		}
	}
}

// doctor names variables of other credentials and unsupported proxies, without their values.
func TestDoctorVariables(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, test := range []struct{ name, value, want string }{
		{"ALL_PROXY", "http://secret@h", "--    proxy             ALL_PROXY is set"},
		{"all_proxy", "socks5://secret", "--    proxy             all_proxy is set"},
		{"NO_PROXY", "h", "ok    proxy             NO_PROXY\n"},
		{"HTTPS_PROXY", "http://u:secret%zz@h",
			"FAIL  proxy             the environment variable HTTPS_PROXY is not the URL"},
		{"no_proxy", "secret/33", "FAIL  proxy             the environment variable no_proxy"},
		{"AWS_BEARER_TOKEN_BEDROCK", "secret", "AWS_BEARER_TOKEN_BEDROCK is set"},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", "secret", "AWS_WEB_IDENTITY_TOKEN_FILE is set"},
		{"AMAZON_ACCESS_KEY_ID", "secret", "AMAZON_ACCESS_KEY_ID is set"},
		{"AWS_CREDENTIAL_FILE", "secret", "AWS_CREDENTIAL_FILE is set"},
		{"AWS_PROFILE", "ours", "ok    other keys        none"},
	} {
		if runtime.GOOS == "windows" && test.name == strings.ToLower(test.name) {
			continue // names of variables have no case
		}
		c := m.process(t, "doctor")
		c.Env = append(c.Env, test.name+"="+test.value)
		out, _ := c.Output() // there is no session
		if !strings.Contains(string(out), test.want) || strings.Contains(string(out), "secret") {
			t.Errorf("with %s, doctor prints %s, want %q", test.name, out, test.want)
		}
	}
}
