package awsconfig

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// botocore reads the values of a section unchanged.
func TestBotocoreReadsSection(t *testing.T) {
	dir, read := t.TempDir(), 0
	const id, secret = "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for i, value := range needs.Words() {
		text, err := Section("some.name", []shell.Variable{
			{Name: "aws_access_key_id", Value: id},
			{Name: "aws_secret_access_key", Value: secret},
			{Name: "aws_session_token", Value: value},
			{Name: "region", Value: "eu-west-1"},
		}, "a comment")
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
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_CONFIG_FILE=" +
		os.DevNull}
	out, err := needs.Python(t, env, `
import glob, os, sys, botocore.session
for name in glob.glob(sys.argv[1] + "/*.token"):
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = name.removesuffix(".token")
    s = botocore.session.Session(profile="some.name")
    c = s.get_credentials()
    got = (c.access_key, c.secret_key, c.token, s.get_config_variable("region"))
    assert got == (sys.argv[2], sys.argv[3], open(name).read(), "eu-west-1"), (name, got)
    print("read")`, dir, id, secret)
	if err != nil || strings.Count(out, "read\n") != read || read < 20 {
		t.Errorf("%d values: %s: %v", read, out, err)
	}
}

func TestSectionRefuses(t *testing.T) {
	for _, value := range []string{
		"a\nb", "a\r", "\x00", "\x1b[2J", "a\tb", "\u2018", "é", "\x7f", "\xff",
	} {
		settings := []shell.Variable{{Name: "aws_session_token", Value: "IQo" + value}}
		if got, err := Section("default", settings, ""); err == nil || got != nil ||
			strings.Contains(err.Error(), "IQo") {
			t.Errorf("Section(%q) = %q, %v, want an error without the value", value, got, err)
		}
	}
}

// Without HOME, the file is in the directory that the user database names.
func TestPathWithoutHome(t *testing.T) {
	needs.Unix(t)
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", "")
	for _, variable := range []string{"", "~/.aws/config"} {
		path, err := ConfigFile.Path(func(name string) string {
			if name == "AWS_CONFIG_FILE" {
				return variable
			}
			return ""
		})
		if want := filepath.Join(account.HomeDir, ".aws", "config"); path != want || err != nil {
			t.Errorf("AWS_CONFIG_FILE=%s: Path() = %q, %v, want %q", variable, path, err, want)
		}
	}
}
