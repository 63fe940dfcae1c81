package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var ours = []variable{{"credential_process", "/bin/cognito credentials -format process -env DEV"}, {"region", "eu-west-1"}}

const (
	written  = "[profile dev]\ncredential_process = /bin/cognito credentials -format process -env DEV\nregion = eu-west-1\n"
	writtenR = "[profile dev]\r\ncredential_process = /bin/cognito credentials -format process -env DEV\r\nregion = eu-west-1\r\n"
	older    = "credential_process = /old/cognito credentials -format process -env OLD"
	newer    = "credential_process = /bin/cognito credentials -format process -env DEV"
)

// files are what people have, and what becomes of it.
var files = []struct {
	name, before, after, refused string
	force                        bool
}{
	{name: "nothing", before: "", after: written},
	{name: "an empty line", before: "\n", after: "\n" + written},
	{name: "another profile", before: "[default]\nregion=x\n", after: "[default]\nregion=x\n\n" + written},
	{name: "an empty line at the end", before: "[a]\n\n", after: "[a]\n\n" + written},
	{name: "no line end at the end", before: "[default]\nregion = x", after: "[default]\nregion = x\n\n" + written},
	{name: "CRLF", before: "[default]\r\nregion = x\r\n", after: "[default]\r\nregion = x\r\n\r\n" + writtenR},
	{name: "CRLF, no line end at the end", before: "[default]\r\nregion = x", after: "[default]\r\nregion = x\r\n\r\n" + writtenR},
	{name: "comments and nesting", before: "# c\n; d\n[default]\ns3 =\n  a = b\n\n  # e\n\tc = d \n", after: "# c\n; d\n[default]\ns3 =\n  a = b\n\n  # e\n\tc = d \n\n" + written},
	{name: "other sections of the name", before: "[dev2]\n[sso-session dev]\nsso_region = x\n[services dev]\n", after: "[dev2]\n[sso-session dev]\nsso_region = x\n[services dev]\n\n" + written},
	{name: "a header in a value", before: "[a]\nx =\n  [profile dev]\n", after: "[a]\nx =\n  [profile dev]\n\n" + written},
	{name: "other bytes", before: "# \xff\xfe\n[a]\n", after: "# \xff\xfe\n[a]\n\n" + written},
	{name: "a mark at the beginning", before: "\ufeff[profile dev]\n" + older + "\n", after: "\ufeff[profile dev]\nregion = eu-west-1\n" + newer + "\n"},
	{name: "ours", before: written, after: written},
	{name: "ours, older", before: "[a]\n[profile dev]\n# keep\n" + older + "\noutput=json\nregion=x\n\n[b]\nregion=y", after: "[a]\n[profile dev]\n# keep\n" + newer + "\noutput=json\nregion = eu-west-1\n\n[b]\nregion=y"},
	{name: "ours, CRLF", before: "[profile dev]\r\nregion = x\r\n" + older + "\r\n[b]\r\n", after: "[profile dev]\r\nregion = eu-west-1\r\n" + newer + "\r\n[b]\r\n"},
	{name: "ours, without a Region", before: "[profile dev]\n" + older, after: "[profile dev]\nregion = eu-west-1\n" + newer},
	{name: "ours, indented", before: "[profile dev]\n  " + older + "\n  output = json\n", after: "[profile dev]\n  region = eu-west-1\n  " + newer + "\n  output = json\n"},
	{name: "ours, spelt otherwise", before: "[profile 'dev'] # c\nCredential_Process: /x credentials -format process -env Y\nREGION=eu-west-1\n", after: "[profile 'dev'] # c\n" + newer + "\nREGION=eu-west-1\n"},
	{name: "somebody's", before: "[profile dev]\noutput = json\n", refused: "line 1: profile dev is there already"},
	{name: "somebody's process", before: "\n[profile dev]\ncredential_process = x\n", refused: "line 2: profile dev is there already"},
	{name: "somebody's, force", before: "[profile dev]\noutput = json\n", force: true, after: "[profile dev]\n" + newer + "\nregion = eu-west-1\noutput = json\n"},
	{name: "a header alone, force", before: "[profile dev]", force: true, after: written},
	{name: "single sign-on", before: "[profile dev]\nsso_session = x\n", force: true, refused: "line 2: profile dev has sso_session"},
	{name: "a role", before: "[profile dev]\nregion = x\nrole_arn = x\n", force: true, refused: "line 3: profile dev has role_arn"},
	{name: "a role, indented", before: "[profile dev]\n  region = x\n  role_arn = x\n", force: true, refused: "line 3: profile dev has role_arn"},
	{name: "keys", before: "[profile dev]\nAWS_Access_Key_ID=x\n", force: true, refused: "line 2: profile dev has aws_access_key_id"},
	{name: "two of them", before: "[profile dev]\n[x]\n[ profile  dev ]\n", force: true, refused: "lines 1 and 3"},
	{name: "a value of two lines", before: "[profile dev]\n" + older + "\n  more\n", refused: "line 2: the value of credential_process goes on"},
	{name: "UTF-16", before: "[\x00a\x00]\x00\n\x00", refused: "UTF-8"},
	{name: "lines that end in CR", before: "[profile dev]\rregion = x\r", refused: "CR"},
}

func TestSetProfile(t *testing.T) {
	for _, test := range files {
		t.Run(test.name, func(t *testing.T) {
			got, err := setProfile([]byte(test.before), "dev", ours, test.force)
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) || got != nil {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
			if err != nil || string(got) != test.after {
				t.Fatalf("got\n%q, want\n%q: %v", got, test.after, err)
			}
			if again, err := setProfile(got, "dev", ours, false); err != nil || !bytes.Equal(again, got) {
				t.Errorf("the second time: %q, %v", again, err)
			}
		})
	}
	if got, err := setProfile(nil, "default", ours, false); err != nil || !strings.HasPrefix(string(got), "[default]\n") {
		t.Errorf("%q, %v", got, err)
	}
}

// What botocore reads in the files of the table is what was meant, and in the other profiles what was there before.
func TestBotocoreReadsProfile(t *testing.T) {
	python := needsBotocore(t)
	dir, read := t.TempDir(), 0
	for i, test := range files {
		if test.refused == "" && test.name != "other bytes" && test.name != "a header in a value" && test.name != "a mark at the beginning" && test.name != "ours, spelt otherwise" {
			read++
			for when, text := range map[string]string{"before": test.before, "after": test.after} {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d-%s", i, when)), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	c := exec.Command(python, "-c", `
import glob, json, shlex, sys
from botocore.configloader import load_config
for after in sorted(glob.glob(sys.argv[1] + "/*-after")):
    old, new = load_config(after.replace("-after", "-before")), load_config(after)
    dev = new["profiles"].pop("dev")
    old["profiles"].pop("dev", None)
    assert old == new, (after, old, new)
    assert dev["region"] == "eu-west-1", (after, dev)
    assert shlex.split(dev["credential_process"]) == ["/bin/cognito", "credentials", "-format", "process", "-env", "DEV"], (after, dev)
    print(after)`, dir)
	out, err := c.CombinedOutput()
	if err != nil || strings.Count(string(out), "\n") != read || read < 12 {
		t.Errorf("%d files, read: %s: %v", read, out, err)
	}
}

// Words mean the same to those who split a command by themselves and to shells.
func TestProcessWord(t *testing.T) {
	for _, test := range []struct {
		word    string
		windows bool
		want    string
	}{
		{"/usr/bin/cognito", false, "/usr/bin/cognito"},
		{"/Users/Ada L/cognito", false, `"/Users/Ada L/cognito"`},
		{"/a'b/c", false, `"/a'b/c"`},
		{"/a$b c", false, `'/a$b c'`},
		{`/a"b'c`, false, `'/a"b'\''c'`},
		{"", false, `""`},
		{`C:\Program Files\cognito.exe`, true, `"C:\Program Files\cognito.exe"`},
		{`C:\bin\cognito.exe`, true, `C:\bin\cognito.exe`},
		{`C:\a b\`, true, `"C:\a b\\"`},
		{`C:\a&b`, true, `"C:\a&b"`},
		{"", true, `""`},
		{`C:\%TEMP%\x`, true, ""},
		{`a"b`, true, ""},
		{"a\nb", false, ""}, {"a\rb", true, ""}, {"a\x00", false, ""},
	} {
		got, err := processWord(test.word, test.windows)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q, windows %v: %s, want %s: %v", test.word, test.windows, got, test.want, err)
		}
	}
}

func TestOthersSplitProcessWords(t *testing.T) {
	words := append([]string{"/a b/c", "a", `C:\Program Files\x.exe`, `C:\a b\`, `\\server\share`, `/a"b'c$d`}, odd...)
	type split struct {
		Unix, Windows string
		Word          string
	}
	var all []split
	for _, word := range words {
		s := split{Word: word}
		var err error
		if s.Unix, err = processWord(word, false); err != nil {
			t.Fatal(err)
		}
		s.Windows, _ = processWord(word, true)
		all = append(all, s)
	}
	t.Run("sh", func(t *testing.T) {
		onUnix(t)
		for _, s := range all {
			if out, err := exec.Command("sh", "-c", "printf %s "+s.Unix).Output(); s.Word != "-n" && (err != nil || string(out) != s.Word) {
				t.Errorf("%s is %q: %v", s.Unix, out, err)
			}
		}
	})
	t.Run("botocore", func(t *testing.T) {
		c := exec.Command(needsBotocore(t), "-c", `
import json, sys
from botocore.compat import compat_shell_split as split
for s in json.load(sys.stdin):
    assert split("x " + s["Unix"] + " y", "linux") == ["x", s["Word"], "y"], s
    if s["Windows"]:
        assert split("x " + s["Windows"] + " y", "win32") == ["x", s["Word"], "y"], s
    print("read")`)
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		c.Stdin = bytes.NewReader(text)
		if out, err := c.CombinedOutput(); err != nil || strings.Count(string(out), "read\n") != len(all) {
			t.Errorf("%s: %v", out, err)
		}
	})
}

func TestProfile(t *testing.T) {
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
	if err != nil || !strings.HasPrefix(string(text), "[profile DEV]\ncredential_process = ") || !strings.Contains(string(text), "\nregion = us-east-1\n") {
		t.Fatalf("%q, %v", text, err)
	}
	if want := " credentials -format process -env DEV -config " + m.settings["COGNITO_CONFIG"] + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("%q has no %q", text, want)
	}
	info, err := os.Stat(config)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new file: %v, %v", info.Mode(), err)
	}
	run(0, "already")
	for _, args := range [][]string{{"-profile", "a b"}, {"-profile", "a]b"}, {"-profile", "é"}, {"-region", "a\nb"}, {"-duration", "1m"}, {"x"}} {
		run(exitUsage, "", args...)
	}
	if again, err := os.ReadFile(config); err != nil || !bytes.Equal(again, text) {
		t.Errorf("became %q, %v", again, err)
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
	if err := os.WriteFile(m.settings["AWS_SHARED_CREDENTIALS_FILE"], []byte("[x]\naws_access_key_id = AKIDNOTSHOWN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(0, "under [x]", "-profile", "x", "-duration", "1h", "-region", "eu-west-1")
	if link, err := os.Readlink(m.settings["AWS_CONFIG_FILE"]); err != nil || link != "real" {
		t.Errorf("the link is %q, %v", link, err)
	}
	text, err = os.ReadFile(real)
	if info, _ := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 || !strings.HasPrefix(string(text), "[a]\n\n[profile x]\n") || !strings.Contains(string(text), " -duration 1h0m0s\nregion = eu-west-1\n") {
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
	onUnix(t)
	python := needsBotocore(t)
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
	tool := m.process(t)
	for name, command := range map[string]*exec.Cmd{
		"boto3": exec.CommandContext(t.Context(), python, "-c", listWithBoto3(`boto3.Session(profile_name="dev")`)),
		"aws":   exec.CommandContext(t.Context(), "aws", "s3", "ls", "s3://example-bucket", "--profile", "dev"),
	} {
		if name == "aws" && command.Err != nil {
			t.Log("SKIPPED: aws is not installed")
			continue
		}
		command.Env = tool.Env
		out, err := command.CombinedOutput()
		if err != nil || len(out) == 0 || name == "boto3" && !strings.HasPrefix(string(out), "custom-process ") {
			t.Errorf("%s: %s: %v", name, out, err)
		}
	}
}

// Whatever is in the file stays: only lines that are ours are added or replaced.
func FuzzSetProfile(f *testing.F) {
	for _, file := range files {
		f.Add([]byte(file.before))
	}
	other := []variable{{"credential_process", "/x credentials -format process -env OTHER"}, {"region", "x"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, force := range []bool{false, true} {
			first, err := setProfile(data, "dev", ours, force)
			if err != nil {
				continue
			}
			known := strings.Contains(string(data), "dev")
			if !known && !bytes.HasPrefix(first, data) {
				t.Fatalf("%q became %q", data, first)
			}
			if len(first) < len(data) && !known {
				t.Fatalf("%q became %q", data, first)
			}
			second, err := setProfile(first, "dev", other, false)
			if err != nil {
				t.Fatalf("%q became %q, and then %v", data, first, err)
			}
			if back, err := setProfile(second, "dev", ours, false); err != nil || !bytes.Equal(back, first) && !known {
				t.Fatalf("%q became %q by way of %q: %v", first, back, second, err)
			}
			if a, b := rest(data), rest(second); !bytes.Equal(a, b) {
				t.Fatalf("beside ours: %q became %q", a, b)
			}
			n := 0
			for _, part := range iniSections(second) {
				if part.profile == "dev" {
					n++
					for _, s := range other {
						if i := part.index(s.name); i < 0 || part.keys[i].value != s.value {
							t.Fatalf("%q has %v", second, part.keys)
						}
					}
				}
			}
			if n != 1 {
				t.Fatalf("%d profiles in %q", n, second)
			}
		}
	})
}

// rest is a file without lines that set what we set, without our header, and without line ends, which may be added.
func rest(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		text := strings.ToLower(strings.TrimSpace(string(line)))
		name := text
		if i := strings.IndexAny(text, "=:"); i >= 0 {
			name = strings.TrimSpace(text[:i])
		}
		if name == "credential_process" || name == "region" || text == "[profile dev]" {
			continue
		}
		out = append(out, bytes.TrimRight(line, "\r\n")...)
	}
	return out
}
