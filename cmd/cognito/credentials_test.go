package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sigv4"
)

// needs is the path of somebody else's program. Where it is missing the test is skipped, but not
// where everything is meant to be tested.
func needs(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", name)
	} else if err != nil {
		t.Skipf("SKIPPED: %s is not installed: what it would say is not known", name)
	}
	return path
}

// needsBotocore is python3 with botocore and boto3.
func needsBotocore(t *testing.T) string {
	t.Helper()
	python := needs(t, "python3")
	if out, err := exec.Command(python, "-c",
		"import boto3, botocore").CombinedOutput(); err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("boto3 is missing: %s", out)
	} else if err != nil {
		t.Skip("SKIPPED: boto3 is not installed: what it would say is not known")
	}
	return python
}

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
	if code, _, stderr := m.run(t, "wrong\n", "login", "-user",
		cognitotest.ExampleUser); code != exitFailed || strings.Count(stderr, "\n") != 1 {
		t.Errorf("wrong password: exit %d, %s", code, stderr)
	}
}

// What the SDKs run has their standard input, and must leave it alone.
func TestProcessFormatAsksNothing(t *testing.T) {
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
	}
	for _, shell := range shells() {
		lines := m.must(t, "", "credentials", "-region", "eu-west-1", "-format", shell)
		if n := strings.Count(lines, "\n"); n != len(values) {
			t.Errorf("%s has %d lines", shell, n)
		}
		for name, value := range values {
			if !strings.Contains(lines, name) || !strings.Contains(lines, value) {
				t.Errorf("%s does not set %s", shell, name)
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
		if code, stdout, _ := m.run(t, "",
			append([]string{"credentials"}, args...)...); code != exitUsage || stdout != "" {
			t.Errorf("%q: exit %d", args, code)
		}
	}
}

// odd are values that AWS does not send, and that would run as commands if they were not quoted.
var odd = []string{
	"plain", "", " ", "a b ", "a'b", "''", `a"b`, `a\b`, `\`, `\'`, `a\\`, "$HOME", "${HOME}",
	"$(id)", "`id`", "!!", "!x", "%PATH%", "%",
	"^&|<>", "a;id", "#a", "a #b", "*", "?", "~", "=ls", "-n", "{a,b}", "(a)", "[a]", "@(a)", "a=b",
	"a:~/b",
}

func TestShellsReadWhatIsMeant(t *testing.T) {
	for _, shell := range []struct{ name, form, script string }{
		{"sh", "sh", `eval "$FORM"; printf %s "$V"`},
		{"dash", "sh", `eval "$FORM"; printf %s "$V"`},
		{"bash", "sh", `eval "$FORM"; printf %s "$V"`},
		{"zsh", "sh", `eval "$FORM"; printf %s "$V"`},
		{"fish", "fish", `eval $FORM; printf %s "$V"`},
		{"pwsh", "powershell", `Invoke-Expression $env:FORM; [Console]::Out.Write($env:V)`},
		{"bash", "dotenv", `set -a; . "$FILE"; printf %s "$V"`},
	} {
		t.Run(shell.name+"/"+shell.form, func(t *testing.T) {
			if _, err := exec.LookPath(shell.name); err != nil && shell.name == "pwsh" {
				t.Skip("NOT TESTED: pwsh is not installed, and no package of Debian, npm or PyPI " +
					"has it that runs no script to fetch it")
			}
			path := needs(t, shell.name)
			read := 0
			for _, value := range odd {
				form, err := setLines(shell.form, []variable{{"V", value}})
				if err != nil && shell.form == "dotenv" {
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				read++
				file := filepath.Join(t.TempDir(), "form")
				if err := os.WriteFile(file, form, 0o600); err != nil {
					t.Fatal(err)
				}
				c := exec.Command(path, "-c", shell.script)
				c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "FORM=" +
					string(form), "FILE=" + file}
				if out, err := c.CombinedOutput(); err != nil || string(out) != value {
					t.Errorf("%s is read as %q: %v", form, out, err)
				}
			}
			if read < 25 {
				t.Errorf("only %d values were read", read)
			}
		})
	}
}

// Forms that no program on a test machine may read are compared with what their documentation says.
func TestShellForms(t *testing.T) {
	for _, test := range []struct{ shell, value, want string }{
		{"sh", "a'b$", `export V='a'\''b$'`},
		{"fish", `a'b\c$"`, `set -gx V 'a\'b\\c$"'`},
		{"powershell", "a'b$`\"", "$env:V = 'a''b$`\"'"},
		{"cmd", `a/b+c=&|<>()`, `set "V=a/b+c=&|<>()"`},
		{"dotenv", "a/b+c==", "V=a/b+c=="},
		{"dotenv", "a$b", "V='a$b'"},
		{"cmd", `a"b`, ""}, {"cmd", "a%b", ""}, {"cmd", "a!b", ""}, {"cmd", "a^b", ""},
		{"dotenv", "a'b", ""}, {"dotenv", `a\b`, ""},
	} {
		got, err := setLines(test.shell, []variable{{"V", test.value}})
		if test.want == "" && (err == nil || len(got) > 0) || test.want != "" &&
			string(got) != test.want+"\n" {
			t.Errorf("%s of %q: %q, %v", test.shell, test.value, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "V has a character") {
			t.Errorf("%s of %q: %v", test.shell, test.value, err)
		}
	}
	for _, value := range []string{"a\nb", "a\r", "\x00", "\x1b[2J", "a\tb", "\u2018", "é", "\x7f",
		"\xff"} {
		for _, shell := range shells() {
			if got, err := setLines(shell, []variable{{"V", value}}); err == nil || got != nil {
				t.Errorf("%s took %q: %q", shell, value, got)
			}
		}
		creds := example(time.Hour)
		creds.SessionToken += value
		if got, err := iniSection("", creds, "us-east-1"); err == nil ||
			strings.Contains(err.Error(), "IQo") {
			t.Errorf("ini took %q: %q, %v", value, got, err)
		}
	}
}

func TestBotocoreReadsINI(t *testing.T) {
	python := needsBotocore(t)
	creds, dir, read := example(time.Hour), t.TempDir(), 0
	for i, value := range odd {
		creds.SessionToken = value
		text, err := iniSection("some.name", creds, "eu-west-1")
		if err != nil {
			continue
		}
		read++
		for name, data := range map[string][]byte{fmt.Sprintf("%02d", i): text,
			fmt.Sprintf("%02d.token", i): []byte(value)} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := exec.Command(python, "-c", `
import glob, os, sys, botocore.session
for name in glob.glob(sys.argv[1] + "/*.token"):
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = name.removesuffix(".token")
    s = botocore.session.Session(profile="some.name")
    c = s.get_credentials()
    got = (c.access_key, c.secret_key, c.token, s.get_config_variable("region"))
    assert got == (sys.argv[2], sys.argv[3], open(name).read(), "eu-west-1"), (name, got)
    print("read")`, dir, creds.AccessKeyID, creds.SecretAccessKey)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_CONFIG_FILE=" +
		os.DevNull}
	if out, err := c.CombinedOutput(); err != nil || strings.Count(string(out), "read\n") != read ||
		read < 20 {
		t.Errorf("%d values: %s: %v", read, out, err)
	}
}

func TestUnusableCredentials(t *testing.T) {
	for name, creds := range map[string]sigv4.Credentials{
		"expired":    example(-time.Second),
		"no expiry":  {AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"},
		"no token":   {AccessKeyID: "a", SecretAccessKey: "b", Expires: time.Now().Add(time.Hour)},
		"no key":     {SecretAccessKey: "b", SessionToken: "c", Expires: time.Now().Add(time.Hour)},
		"no secret":  {AccessKeyID: "a", SessionToken: "c", Expires: time.Now().Add(time.Hour)},
		"zero value": {},
	} {
		for _, format := range append(shells(), "json", "process", "ini") {
			if text, err := formatted(format, "", creds, "us-east-1"); err == nil || text != nil {
				t.Errorf("%s: %s is %q", name, format, text)
			}
		}
	}
	o := credentialsObject{SecretAccessKey: "secret"}
	v := variable{"NAME", "secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if s := fmt.Sprintf(verb, o) +
			fmt.Sprintf(verb, []variable{v}); strings.Contains(s, "secret") ||
			strings.Contains(s, fmt.Sprintf("%x", "secret")) {
			t.Errorf("%s shows %s", verb, s)
		}
	}
}
