package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/s3list"
)

var oddKeys = []string{
	"esc\x1b[31mred", "bell\a", "line\nend", "return\r!", `quote"`, `back\slash`, "c1\u009b31m",
	"bidi\u202e", "del\x7f", "blank ",
	" before", "\u00a0", "emoji 👩‍🚀", "tab\t", "'single'", "<&>", "\u2028", "\U000e0001",
}

func checkPrintable(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%q is in what is printed", r)
		}
	}
}

func TestProgress(t *testing.T) {
	var screen bytes.Buffer
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0) // itself a terminal
	if err != nil || runtime.GOOS == "windows" {            // Wine has the file, but not the terminal
		t.Skipf("NOT TESTED: there is no pseudo-terminal: %v", err)
	}
	defer terminal.Close()
	for _, test := range []struct {
		stdout, stderr io.Writer
		term           string
		want           bool
	}{
		{&screen, &screen, "xterm", false},
		{&screen, terminal, "xterm", true},
		{terminal, terminal, "xterm", false}, // the listing is on it already
		{&screen, terminal, "dumb", false},
	} {
		a := &app{stdout: test.stdout, stderr: test.stderr, getenv: func(string) string {
			return test.term
		}}
		if shown := progressTo(a) != io.Discard; shown != test.want {
			t.Errorf("%v: %v", test, shown)
		}
	}
}

func TestHumanSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1229: "1.2 KiB", 1048524: "1023.9 KiB",
		1048525: "1.0 MiB", 1 << 20: "1.0 MiB",
		5 << 30: "5.0 GiB", 5 << 40: "5.0 TiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := humanSize(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}

// A printed name contains no control characters, and can be converted back to the name.
func FuzzNames(f *testing.F) {
	for _, key := range oddKeys {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, name string) {
		shown := terminal.Quoted(name)
		checkPrintable(t, shown)
		if strings.Contains(shown, "\n") {
			t.Errorf("%q has a line end", shown)
		}
		if shown != name {
			if back, err := strconv.Unquote(shown); err != nil || back != name {
				t.Errorf("%q became %q: %v", name, back, err)
			}
		}
		object := s3list.Object{Key: name, LastModified: time.Unix(0, 0)}
		line, err := terminal.JSONLine(jsonOf(object, false))
		if err != nil {
			t.Fatal(err)
		}
		checkPrintable(t, string(line))
		var back struct{ Key string }
		if err := json.Unmarshal(line, &back); err != nil || back.Key != name &&
			utf8.ValidString(name) {
			t.Errorf("%q became %q: %v", name, back.Key, err)
		}
	})
}

// TestWriteMissing checks that a missing date is not printed as one.
func TestWriteMissing(t *testing.T) {
	for _, test := range []struct {
		listing listing
		want    string
	}{
		{listing{long: true}, strings.Repeat(" ", 20) + "         0 B  dir/\n"},
		{listing{json: true}, `{"key":"dir/","size":0}` + "\n"},
	} {
		var out bytes.Buffer
		err := test.listing.write(&out, s3list.Object{Key: "dir/"})
		if got := out.String(); err != nil || got != test.want {
			t.Errorf("write of an object without a date = %q, %v, want %q", got, err, test.want)
		}
	}
}
