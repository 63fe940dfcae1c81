package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// directories returns the end of a profile's command line. After a quote, the line ends with --.
func directories(config, state string) string {
	line := " -config " + config + " -state-dir " + state + "\n"
	if strings.Contains(config, " ") { // that of the temporary directory
		line = " -config \"" + config + "\" -state-dir \"" + state + "\"\n"
	}
	return line
}

func TestProfile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	config := filepath.Join(m.dir, ".aws", "config")
	run := func(code int, part string, args ...string) {
		t.Helper()
		got, stdout, stderr := m.run(t, "", append([]string{"profile"}, args...)...)
		if got != code || stdout != "" || !strings.Contains(stderr, part) {
			t.Errorf("%q: exit %d, %q, %q", args, got, stdout, stderr)
		}
	}
	run(0, "--profile DEV")
	text, err := os.ReadFile(config)
	if err != nil || !strings.HasPrefix(string(text), "[profile DEV]\ncredential_process = ") ||
		!strings.Contains(string(text), "\nregion = us-east-1\n") {
		t.Fatalf("%q, %v", text, err)
	}
	want := " credentials -format process -env DEV" +
		directories(m.settings["COGNITO_CONFIG"], m.settings["COGNITO_STATE_DIR"])
	if !strings.Contains(strings.ReplaceAll(string(text), " --\n", "\n"), want) {
		t.Errorf("%q has no %q", text, want)
	}
	info, err := os.Stat(config)
	if err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("a new file: %v, %v", info.Mode(), err)
	}
	run(0, "already")
	for _, args := range [][]string{{"-profile", "a b"}, {"-profile", "a]b"}, {"-profile", "é"},
		{"-region", "a\nb"}, {"-duration", "1m"}, {"x"}} {
		run(exitUsage, "", args...)
	}
	if again, err := os.ReadFile(config); err != nil || !bytes.Equal(again, text) {
		t.Errorf("became %q, %v", again, err)
	}

	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: links and modes, which this system does not have for all users")
	}
	// A link stays one, the mode stays, and keys that win are named.
	real := filepath.Join(m.dir, "real")
	if err := os.WriteFile(real, []byte("[a]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	m.settings["AWS_CONFIG_FILE"] = filepath.Join(m.dir, "link")
	if err := os.Symlink("real", m.settings["AWS_CONFIG_FILE"]); err != nil {
		t.Skip("SKIPPED: no symbolic links here: ", err)
	}
	m.settings["AWS_SHARED_CREDENTIALS_FILE"] = filepath.Join(m.dir, "credentials")
	err = os.WriteFile(m.settings["AWS_SHARED_CREDENTIALS_FILE"],
		[]byte("[x]\naws_access_key_id = AKIDNOTSHOWN\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	run(0, "under [x]", "-profile", "x", "-duration", "1h", "-region", "eu-west-1")
	if link, err := os.Readlink(m.settings["AWS_CONFIG_FILE"]); err != nil || link != "real" {
		t.Errorf("the link is %q, %v", link, err)
	}
	text, err = os.ReadFile(real)
	if info, _ := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 ||
		!strings.HasPrefix(string(text), "[a]\n\n[profile x]\n") ||
		!strings.Contains(string(text), " -duration 1h0m0s\nregion = eu-west-1\n") {
		t.Errorf("%v: %q, %v", info.Mode(), text, err)
	}
	if err := os.Remove(real); err != nil {
		t.Fatal(err)
	}
	run(exitUsage, "symbolic link")
	m.settings["AWS_CONFIG_FILE"] = os.DevNull // a root that replaced it would break the machine
	run(exitUsage, "regular file")
	m.settings["AWS_CONFIG_FILE"] = m.dir
	run(exitUsage, "regular file")
	if left, _ := filepath.Glob(filepath.Join(m.dir, "*.new")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// boto3 and the aws command line list a bucket through the profile.
func TestProfileBoto3(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	needs.Boto3(t)
	m := newMachine(t).signedIn(t)
	moved := filepath.Join(m.dir, `a b$'"`)
	if err := os.Mkdir(moved, 0o700); err != nil {
		t.Fatal(err)
	}
	odd := filepath.Join(moved, "config.json")
	if err := os.Rename(m.settings["COGNITO_CONFIG"], odd); err != nil {
		t.Fatal(err)
	}
	m.settings["COGNITO_CONFIG"] = odd
	m.must(t, "", "profile", "-profile", "dev")
	delete(m.settings, "COGNITO_CONFIG")
	env := m.process(t).Env
	out, err := needs.Python(t, env, listWithBoto3(`boto3.Session(profile_name="dev")`))
	if err != nil || !strings.HasPrefix(out, "custom-process ") {
		t.Errorf("boto3: %s: %v", out, err)
	}
	_, err = exec.LookPath("aws")
	if err != nil || !longtest.Enabled(t, "without the aws command") {
		return
	}
	c := exec.CommandContext(t.Context(), "aws", "s3", "ls", "s3://example-bucket",
		"--profile", "dev")
	c.Env = env
	if out, err := c.CombinedOutput(); err != nil || len(out) == 0 {
		t.Errorf("aws: %s: %v", out, err)
	}
}
