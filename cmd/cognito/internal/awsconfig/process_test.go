package awsconfig

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

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
			t.Errorf("%q, windows %v: %s, want %s: %v", test.word, test.windows, got, test.want,
				err)
		}
	}
}

func TestOthersSplitProcessWords(t *testing.T) {
	words := append(
		[]string{"/a b/c", "a", `C:\Program Files\x.exe`, `C:\a b\`, `\\server\share`, `/a"b'c$d`},
		needs.Words()...,
	)
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
		needs.Unix(t)
		script, want := "printf '%s\\n'", ""
		for _, s := range all {
			script += " " + s.Unix
			want += s.Word + "\n"
		}
		out, err := exec.Command("sh", "-c", script).Output()
		if err != nil || string(out) != want {
			t.Errorf("sh reads %s as %s, want %s: %v", script, out, want, err)
		}
	})
	t.Run("botocore", func(t *testing.T) {
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		out, err := needs.Python(t, nil, `
import json, sys
from botocore.compat import compat_shell_split as split
for s in json.loads(sys.argv[1]):
    assert split("x " + s["Unix"] + " y", "linux") == ["x", s["Word"], "y"], s
    if s["Windows"]:
        assert split("x " + s["Windows"] + " y", "win32") == ["x", s["Word"], "y"], s
    print("read")`, string(text))
		if err != nil || strings.Count(out, "read\n") != len(all) {
			t.Errorf("%s: %v", out, err)
		}
	})
}
