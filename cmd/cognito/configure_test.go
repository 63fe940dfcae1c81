package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// blank is a machine without a configuration.
func blank(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	delete(m.settings, "COGNITO_ENV")
	m.settings["COGNITO_CONFIG"] = filepath.Join(m.dir, "new", "config.json")
	return m
}

func (m *machine) configuration(t *testing.T) map[string]cognito.Environment {
	t.Helper()
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	all, err := environments.Parse(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return all
}

func (m *machine) write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(m.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigureByFlags(t *testing.T) {
	t.Parallel()
	m := blank(t)
	m.must(t, "", "configure", "-env", "DEV", "-user-pool-id", imported.UserPoolID, "-client-id",
		imported.ClientID,
		"-identity-pool-id", imported.IdentityPoolID, "-role-arn", imported.RoleARN, "-bucket",
		imported.BucketName)
	if got := m.configuration(t); len(got) != 1 || got["DEV"] != imported {
		t.Errorf("%s", marshaled(t, got))
	}
	path := m.settings["COGNITO_CONFIG"]
	if runtime.GOOS != "windows" {
		for path, want := range map[string]os.FileMode{
			path:               0o600,
			filepath.Dir(path): 0o700 | os.ModeDir,
		} {
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
			}
		}
	}
	m.signedIn(t) // it works

	// Another environment is added. A new setting in an existing environment needs no -force, but a
	// different value does.
	secret := m.write(t, "secret", cognitotest.ExampleClientSecret+"\n")
	m.must(t, "", "configure", "-env", "PROD", "-user-pool-id", imported.UserPoolID, "-client-id",
		cognitotest.ExampleSecretClientID, "-client-secret-file", secret)
	m.must(t, "", "configure", "-env", "PROD", "-bucket", "one-bucket")
	before := m.configuration(t)
	code, _, stderr := m.run(t, "", "configure", "-env", "PROD", "-bucket", "another-bucket")
	if code != exitUsage || !strings.Contains(stderr, "bucket_name") ||
		!strings.Contains(stderr, "-force") || !maps.Equal(before, m.configuration(t)) {
		t.Errorf("exit %d, %s", code, stderr)
	}
	m.must(t, "", "configure", "-env", "PROD", "-bucket", "another-bucket", "-force")
	got := m.configuration(t)
	if got["DEV"] != imported || got["PROD"].BucketName != "another-bucket" ||
		got["PROD"].ClientSecret != cognitotest.ExampleClientSecret {
		t.Errorf("%s", marshaled(t, got))
	}
}

func TestConfigureSaysWhatNext(t *testing.T) {
	t.Parallel()
	m := blank(t)
	code, stdout, stderr := m.run(t, fill(`{"S": {"UserPoolId": "POOL", "ClientId": "CLIENT"}}`),
		"configure", "-from", "-")
	if code != 0 || stdout != "" || !strings.Contains(stderr, `run "cognito login -user NAME"`) {
		t.Errorf("exit %d, %q, %s", code, stdout, stderr)
	}
	code, _, stderr = m.run(t, fill(`{"S": {"UserPoolId": "POOL", "ClientId": "CLIENT"}}`),
		"configure", "-from", "-", "-env", "A B")
	if code != 0 || !strings.Contains(stderr, `run "cognito login -env 'A B' -user NAME"`) {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// configure -from names the settings that it leaves out, and saves the others.
func TestConfigureNotes(t *testing.T) {
	m := blank(t)
	code, stdout, stderr := m.run(t, fill(`{"S": {"UserPoolId": "POOL", "ClientId": "CLIENT",
		"ABucket": "bucket-a", "BBucket": "bucket-b"}}`), "configure", "-from", "-")
	const note = "-from -: bucket_name is not set: each of S.ABucket, S.BBucket can be it\n"
	if code != 0 || stdout != "" || !strings.Contains(stderr, note) {
		t.Errorf("configure: exit %d, %q, %s, want %s", code, stdout, stderr, note)
	}
	want := cognito.Environment{UserPoolID: imported.UserPoolID, ClientID: imported.ClientID}
	if got := m.configuration(t)[environments.Default]; got != want {
		t.Errorf("%s", marshaled(t, m.configuration(t)))
	}
}

func TestConfigureFromSeveral(t *testing.T) {
	t.Parallel()
	m := blank(t)
	text := fill(
		`{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT"}, "PROD": {
			"user_pool_id": "eu-west-1_Prod", "client_id": "CLIENT"}}`,
	)
	file := m.write(t, "environments.json", text)
	code, _, stderr := m.run(t, "", "configure", "-from", file, "-bucket", "x-bucket")
	if code != exitUsage {
		t.Errorf("flags for several: exit %d, %s", code, stderr)
	}
	code, _, stderr = m.run(t, "", "configure", "-from", file, "-env", "TEST")
	if code != exitUsage || !strings.Contains(stderr, "DEV, PROD") {
		t.Errorf("no such: exit %d, %s", code, stderr)
	}
	m.must(t, "", "configure", "-from", file, "-env", "PROD")
	if got := m.configuration(t); len(got) != 1 || got["PROD"].UserPoolID != "eu-west-1_Prod" {
		t.Errorf("%s", marshaled(t, got))
	}
	m.must(t, "", "configure", "-from", file)
	if got := m.configuration(t); len(got) != 2 {
		t.Errorf("%s", marshaled(t, got))
	}
	m.must(t, text, "configure", "-from", "-") // once more: nothing differs
}

// A wrong value is refused before anything is written, and no value is repeated that may be a
// secret.
func TestConfigureRefuses(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"user pool in place of identity pool": {"-user-pool-id", imported.UserPoolID, "-client-id",
			imported.ClientID, "-identity-pool-id", imported.UserPoolID},
		"not a Region": {"-user-pool-id", imported.UserPoolID, "-client-id",
			imported.ClientID, "-region", "Ireland"},
		"ARN of another partition": {"-user-pool-id", imported.UserPoolID, "-client-id",
			imported.ClientID, "-role-arn", "arn:aws-cn:iam::123456789012:role/x"},
		"no client":    {"-user-pool-id", imported.UserPoolID},
		"nothing":      {},
		"no such file": {"-from", "no-such-file"},
		"a password":   {"-user-pool-id", imported.UserPoolID, "-client-id", "my secret!"},
	} {
		t.Run(name, func(t *testing.T) {
			m := blank(t)
			code, _, stderr := m.run(t, "", append([]string{"configure"}, args...)...)
			if code != exitUsage || strings.Count(stderr, "\n") != 1 ||
				strings.Contains(stderr, "my secret") {
				t.Errorf("exit %d, %s", code, stderr)
			}
			if _, err := os.Stat(m.settings["COGNITO_CONFIG"]); err == nil {
				t.Error("a file was written")
			}
		})
	}
}

// A file is not changed if content of it would be lost.
func TestConfigureKeepsForeignFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"damaged": `{"DEV": {"user_pool_id": "us-`,
		"amplify": fill(
			`{"version": "1.4", "auth": {"user_pool_id": "POOL", "user_pool_client_id": "CLIENT"},
				"data": {"url": "x"}}`,
		),
		"comments":  fill("{\"DEV\": {\"user_pool_id\": \"POOL\"} // ours\n}"),
		"alone":     fill(`{"user_pool_id": "POOL", "client_id": "CLIENT"}`),
		"a script":  "export const x = 1",
		"null":      fill(`{"DEV": {"user_pool_id": "POOL", "client_id": null}}`),
		"misspelt":  fill(`{"DEV": {"user_pool": "POOL"}}`),
		"not ASCII": "{\"D\xff\": {}}",
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.write(t, "config.json", text)
			code, _, stderr := m.run(t, "", "configure", "-env", "NEW", "-user-pool-id",
				imported.UserPoolID, "-client-id", imported.ClientID, "-force")
			if code != exitUsage || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, %s", code, stderr)
			}
			if after, err := os.ReadFile(m.settings["COGNITO_CONFIG"]); err != nil ||
				string(after) != text {
				t.Errorf("%v, %s", err, after)
			}
		})
	}
}

// Names that would make Parse recognize another format are refused.
func TestConfigureNames(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"DEV":       true,
		"a b":       true,
		"ø/東":       true,
		`q"\`:       true,
		"auth":      true,
		"<>&":       true,
		"endpoints": false, "user_pool_id": false, "CognitoUserPool": false, "Default": false,
	} {
		m := blank(t)
		code, _, stderr := m.run(t, "", "configure", "-env", name, "-user-pool-id",
			imported.UserPoolID, "-client-id", imported.ClientID)
		if good != (code == 0) {
			t.Errorf("%q: exit %d, %s", name, code, stderr)
		}
		if good && m.configuration(t)[name].ClientID != imported.ClientID {
			t.Errorf("%q is not there", name)
		}
	}
}

// Concurrent runs lose no environment, and remove what killed runs have left.
func TestConfigureConcurrent(t *testing.T) {
	t.Parallel()
	rounds := 20
	if !longtest.Enabled(t, "fewer rounds") {
		rounds = 2
	}
	for range rounds {
		m := blank(t)
		path := m.settings["COGNITO_CONFIG"]
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		left := filepath.Join(filepath.Dir(path), "config.123.new")
		if err := os.WriteFile(left, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		const runs = 8
		var running sync.WaitGroup
		for i := range runs {
			running.Go(func() {
				code, _, stderr := m.run(t, "", "configure", "-env", fmt.Sprintf("ENV%d", i),
					"-user-pool-id", imported.UserPoolID, "-client-id", imported.ClientID)
				if code != 0 {
					t.Errorf("configure: exit %d: %s", code, stderr)
				}
			})
		}
		running.Wait()
		if got := m.configuration(t); len(got) != runs {
			t.Errorf("the file has %d environments, want %d", len(got), runs)
		}
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want %v", left, err, fs.ErrNotExist)
		}
	}
}

func TestConfigureFollowsALink(t *testing.T) {
	t.Parallel()
	m := blank(t)
	target := m.write(t, "target.json", "")
	link := filepath.Join(m.dir, "link.json")
	err := os.Symlink(target, link)
	if _, missing := os.Readlink(link); err == nil {
		err = missing // Wine creates a link, but does not follow it
	}
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	m.must(t, "", "configure", "-config", link, "-user-pool-id", imported.UserPoolID, "-client-id",
		imported.ClientID)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if data, err := os.ReadFile(target); err != nil || len(data) == 0 {
		t.Error(err)
	}
}

// Every field of an environment is written to the file and read from it.
func TestMarshalEnvironments(t *testing.T) {
	var e cognito.Environment
	var set func(v reflect.Value)
	set = func(v reflect.Value) {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Struct {
				set(f)
			} else {
				f.SetString(v.Type().Field(i).Name + ` "quoted" & <more>`)
			}
		}
	}
	set(reflect.ValueOf(&e).Elem())
	all := map[string]cognito.Environment{"A": e, "B": {UserPoolID: "x"}}
	data := marshaled(t, all)
	if got, err := environments.Parse(data); err != nil || !maps.Equal(got, all) ||
		!json.Valid(data) {
		t.Errorf("%v\n%s", err, data)
	}
}

// imported is the environment that the files of these tests hold.
var imported = cognito.Environment{
	UserPoolID:     cognitotest.ExampleUserPoolID,
	ClientID:       cognitotest.ExampleClientID,
	IdentityPoolID: cognitotest.ExampleIdentityPoolID,
	RoleARN:        cognitotest.ExampleRoleARN,
	BucketName:     cognitotest.ExampleBucket,
}

// fill replaces POOL, CLIENT, IDENTITY, ROLE and BUCKET by the values of the example.
func fill(s string) string {
	return strings.NewReplacer(
		"POOL", imported.UserPoolID, "CLIENT", imported.ClientID, "IDENTITY",
		imported.IdentityPoolID,
		"ROLE", imported.RoleARN, "BUCKET", imported.BucketName,
	).Replace(s)
}

// marshaled returns environments as the file holds them.
func marshaled(t *testing.T, all map[string]cognito.Environment) []byte {
	t.Helper()
	data, err := environments.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
