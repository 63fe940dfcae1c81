package awsconfig

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// settings are the settings of a profile with a process and a Region.
func settings(process, region string) []shell.Variable {
	return []shell.Variable{
		{Name: "credential_process", Value: process},
		{Name: "region", Value: region},
	}
}

var ours = settings("/bin/cognito credentials -format process -env DEV", "eu-west-1")

const (
	written = "[profile dev]\ncredential_process = /bin/cognito credentials -format process " +
		"-env DEV\nregion = eu-west-1\n"
	writtenR = "[profile dev]\r\ncredential_process = /bin/cognito credentials -format process " +
		"-env DEV\r\nregion = eu-west-1\r\n"
	older = "credential_process = /old/cognito credentials -format process -env OLD"
	newer = "credential_process = /bin/cognito credentials -format process -env DEV"
)

// edits has files of users and the results of SetProfile.
var edits = []struct {
	name, before, after, refused string
	force                        bool
}{
	{name: "nothing", before: "", after: written},
	{name: "an empty line", before: "\n", after: "\n" + written},
	{
		name:   "another profile",
		before: "[default]\nregion=x\n",
		after:  "[default]\nregion=x\n\n" + written,
	},
	{name: "an empty line at the end", before: "[a]\n\n", after: "[a]\n\n" + written},
	{
		name:   "no line end at the end",
		before: "[default]\nregion = x",
		after:  "[default]\nregion = x\n\n" + written,
	},
	{
		name:   "CRLF",
		before: "[default]\r\nregion = x\r\n",
		after:  "[default]\r\nregion = x\r\n\r\n" + writtenR,
	},
	{
		name:   "CRLF, no line end at the end",
		before: "[default]\r\nregion = x",
		after:  "[default]\r\nregion = x\r\n\r\n" + writtenR,
	},
	{
		name:   "comments and nesting",
		before: "# c\n; d\n[default]\ns3 =\n  a = b\n\n  # e\n\tc = d \n",
		after:  "# c\n; d\n[default]\ns3 =\n  a = b\n\n  # e\n\tc = d \n\n" + written,
	},
	{
		name:   "other sections of the name",
		before: "[dev2]\n[sso-session dev]\nsso_region = x\n[services dev]\n",
		after:  "[dev2]\n[sso-session dev]\nsso_region = x\n[services dev]\n\n" + written,
	},
	{
		name:   "a section that is no profile",
		before: "[dev]\nregion = x\n",
		after:  "[dev]\nregion = x\n\n" + written,
	},
	{
		name:    "a header in a value",
		before:  "[a]\nx =\n  [profile dev]\n",
		refused: "line 3",
	},
	{name: "other bytes", before: "# \xff\xfe\n[a]\n", refused: "UTF-8"},
	{
		name:   "a mark at the beginning",
		before: "\ufeff[profile dev]\n" + older + "\n",
		after:  "[profile dev]\nregion = eu-west-1\n" + newer + "\n",
	},
	{name: "ours", before: written, after: written},
	{
		name:   "ours, older",
		before: "[a]\n[profile dev]\n# keep\n" + older + "\noutput=json\nregion=x\n\n[b]\nregion=y",
		after: "[a]\n[profile dev]\n# keep\n" + newer +
			"\noutput=json\nregion = eu-west-1\n\n[b]\nregion=y",
	},
	{
		name:   "ours, CRLF",
		before: "[profile dev]\r\nregion = x\r\n" + older + "\r\n[b]\r\n",
		after:  "[profile dev]\r\nregion = eu-west-1\r\n" + newer + "\r\n[b]\r\n",
	},
	{
		name:   "ours, without a Region",
		before: "[profile dev]\n" + older,
		after:  "[profile dev]\nregion = eu-west-1\n" + newer,
	},
	{
		name:   "ours, indented",
		before: "[profile dev]\n  " + older + "\n  output = json\n",
		after:  "[profile dev]\n  region = eu-west-1\n  " + newer + "\n  output = json\n",
	},
	{
		name: "ours, spelt otherwise",
		before: "[profile 'dev'] # c\nCredential_Process: /x credentials -format process -env " +
			"Y\nREGION=eu-west-1\n",
		after: "[profile 'dev'] # c\n" + newer + "\nREGION=eu-west-1\n",
	},
	{
		name:    "another program's",
		before:  "[profile dev]\noutput = json\n",
		refused: "line 1: profile dev already exists",
	},
	{
		name:    "another program's process",
		before:  "\n[profile dev]\ncredential_process = x\n",
		refused: "line 2: profile dev already exists",
	},
	{
		name:   "another program's, force",
		before: "[profile dev]\noutput = json\n",
		force:  true,
		after:  "[profile dev]\n" + newer + "\nregion = eu-west-1\noutput = json\n",
	},
	{name: "a header alone, force", before: "[profile dev]", force: true, after: written},
	{
		name:   "a header alone, the next one indented, force",
		before: "[profile dev]\n# c\n  [profile b]\n  region = y\n",
		force:  true,
		after: "[profile dev]\n  " + newer +
			"\n  region = eu-west-1\n# c\n  [profile b]\n  region = y\n",
	},
	{
		name:    "single sign-on",
		before:  "[profile dev]\nsso_session = x\n",
		force:   true,
		refused: "line 2: profile dev has sso_session",
	},
	{
		name:    "a role",
		before:  "[profile dev]\nregion = x\nrole_arn = x\n",
		force:   true,
		refused: "line 3: profile dev has role_arn",
	},
	{
		name:    "a role, indented",
		before:  "[profile dev]\n  region = x\n  role_arn = x\n",
		force:   true,
		refused: "line 3: profile dev has role_arn",
	},
	{
		name:    "keys",
		before:  "[profile dev]\nAWS_Access_Key_ID=x\n",
		force:   true,
		refused: "line 2: profile dev has aws_access_key_id",
	},
	{
		name:    "two of them",
		before:  "[profile dev]\n[x]\n[ profile  dev ]\n",
		force:   true,
		refused: "lines 1 and 3",
	},
	{
		name:    "a value of two lines",
		before:  "[profile dev]\n" + older + "\n  more\n",
		refused: "line 2: the value of credential_process continues",
	},
	{
		name:    "a header for some tools",
		before:  "[ profile dev ]\nregion = x\n",
		refused: "line 1: only some tools",
	},
	{
		name:    "a header with another bracket",
		before:  "[profile dev]]\nregion = x\n",
		refused: "line 1: only some tools",
	},
	{
		name:    "a header with a no-break space",
		before:  "[profile\u00a0dev]\nregion = x\n",
		refused: "line 1: only some tools",
	},
	{
		name:    "another word before the name",
		before:  "[profiles dev]\nregion = x\n",
		refused: "line 1: only some tools",
	},
	{
		name:    "a key after a no-break space",
		before:  "[profile dev]\n\u00a0" + older + "\n",
		refused: "line 2: only some tools",
	},
	{
		name:    "a role for all",
		before:  "[DEFAULT]\nrole_arn = x\n[a]\n",
		refused: "line 2: section DEFAULT has role_arn",
	},
	{name: "a section twice", before: "[a]\n[a]\n", refused: "line 2: it repeats line 1"},
	{name: "a key twice", before: "[a]\nb=c\nB=d\n", refused: "line 3: it repeats line 2"},
	{name: "no section", before: "a = b\n", refused: "line 1"},
	{name: "no value", before: "[a]\nb\n", refused: "line 2"},
	{name: "UTF-16", before: "[\x00a\x00]\x00\n\x00", refused: "UTF-8"},
	{name: "lines that end in CR", before: "[profile dev]\rregion = x\r", refused: "CR"},
}

func TestSetProfile(t *testing.T) {
	for _, test := range edits {
		t.Run(test.name, func(t *testing.T) {
			got, err := SetProfile([]byte(test.before), "dev", ours, test.force)
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) || got != nil {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
			if err != nil || string(got) != test.after {
				t.Fatalf("got\n%q, want\n%q: %v", got, test.after, err)
			}
			if again, err := SetProfile(got, "dev", ours, false); err != nil ||
				!bytes.Equal(again, got) {
				t.Errorf("the second time: %q, %v", again, err)
			}
		})
	}
	if got, err := SetProfile(nil, "default", ours, false); err != nil ||
		!strings.HasPrefix(string(got), "[default]\n") {
		t.Errorf("%q, %v", got, err)
	}
}

// botocore reads the new profile as intended from the files of the table, and the other profiles as
// they were.
func TestBotocoreReadsProfile(t *testing.T) {
	dir, read := t.TempDir(), 0
	for i, test := range edits {
		if test.refused == "" && test.name != "a mark at the beginning" {
			read++
			for when, text := range map[string]string{"before": test.before, "after": test.after} {
				err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d-%s", i, when)),
					[]byte(text), 0o600)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	out, err := needs.Python(t, nil, `
import glob, json, shlex, sys
from botocore.configloader import load_config
for after in sorted(glob.glob(sys.argv[1] + "/*-after")):
    old, new = load_config(after.replace("-after", "-before")), load_config(after)
    dev = new["profiles"].pop("dev")
    old["profiles"].pop("dev", None)
    assert old == new, (after, old, new)
    assert dev["region"] == "eu-west-1", (after, dev)
    words = ["/bin/cognito", "credentials", "-format", "process", "-env", "DEV"]
    assert shlex.split(dev["credential_process"]) == words, (after, dev)
    print(after)`, dir)
	if err != nil || strings.Count(out, "\n") != read || read < 12 {
		t.Errorf("%d files, read: %s: %v", read, out, err)
	}
}

// The content of the file is kept. Only lines of this program are added or replaced.
func FuzzSetProfile(f *testing.F) {
	for _, file := range edits {
		f.Add([]byte(file.before))
	}
	f.Add([]byte("[dev\n ["))
	other := settings("/x credentials -format process -env OTHER", "x")
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, force := range []bool{false, true} {
			first, err := SetProfile(data, "dev", ours, force)
			if err != nil {
				continue
			}
			known := strings.Contains(string(data), "dev")
			if !known && !bytes.HasPrefix(first, bytes.TrimPrefix(data, []byte(mark))) {
				t.Fatalf("%q became %q", data, first)
			}
			if len(first) < len(bytes.TrimPrefix(data, []byte(mark))) && !known {
				t.Fatalf("%q became %q", data, first)
			}
			second, err := SetProfile(first, "dev", other, false)
			if err != nil {
				t.Fatalf("%q became %q, and then %v", data, first, err)
			}
			if back, err := SetProfile(second, "dev", ours, false); err != nil ||
				!bytes.Equal(back, first) && !known {
				t.Fatalf("%q became %q by way of %q: %v", first, back, second, err)
			}
			if a, b := rest(data), rest(second); !bytes.Equal(a, b) {
				t.Fatalf("beside ours: %q became %q", a, b)
			}
			n := 0
			parts, err := parse(second, true)
			if err != nil {
				t.Fatalf("%q: %v", second, err)
			}
			for _, part := range parts {
				if part.profile == "dev" {
					n++
					for _, s := range other {
						if i := part.index(s.Name); i < 0 || part.keys[i].Value != s.Value {
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

// rest is a file without lines that set what we set, without our header, and without line ends,
// which may be added.
func rest(data []byte) []byte {
	var out []byte
	data = bytes.TrimPrefix(data, []byte(mark))
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
