package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer pipe.Close()
	for _, test := range []struct {
		name           string
		stdout, stderr io.Writer
		term           string
		sorted, debug  bool
		want           bool
	}{
		{"no terminal", &screen, &screen, "xterm", false, false, false},
		{"a buffer", &screen, terminal, "xterm", false, false, true},
		{"a file", file, terminal, "xterm", false, false, true},
		{"a file, with -debug", file, terminal, "xterm", false, true, false},
		{"a pipe", pipe, terminal, "xterm", false, false, false},
		{"a pipe, sorted", pipe, terminal, "xterm", true, false, false},
		{"the terminal", terminal, terminal, "xterm", false, false, false},
		{"the terminal, sorted", terminal, terminal, "xterm", true, false, true},
		{"a dumb terminal", file, terminal, "dumb", false, false, false},
	} {
		a := &app{
			stdout: test.stdout,
			stderr: test.stderr,
			getenv: func(string) string { return test.term },
			debug:  test.debug,
		}
		if shown := progressTo(a, test.sorted) != io.Discard; shown != test.want {
			t.Errorf("progress of a listing to %s = %v, want %v", test.name, shown, test.want)
		}
	}
}

// TestSort checks the order of the lines of a listing. Lines with equal dates or sizes stay in the
// order of the server.
func TestSort(t *testing.T) {
	lines := []s3list.Object{
		{Key: "a", Size: 2, LastModified: time.Unix(30, 0)},
		{Key: "b", Size: 1},
		{Key: "c/", CommonPrefix: true},
		{Key: "d", Size: 3, LastModified: time.Unix(20, 0)},
		{Key: "e", Size: 3, LastModified: time.Unix(30, 0)},
		{Key: "f/", CommonPrefix: true},
	}
	for _, test := range []struct {
		listing listing
		want    string
	}{
		{listing{byTime: true}, "c/ f/ a e d b"},
		{listing{bySize: true}, "c/ f/ d e a b"},
		{listing{bySize: true, reverse: true}, "b a e d f/ c/"},
		{listing{reverse: true}, "f/ e d c/ b a"},
	} {
		sorted := slices.Clone(lines)
		test.listing.sort(sorted)
		var keys []string
		for _, o := range sorted {
			keys = append(keys, o.Key)
		}
		if got := strings.Join(keys, " "); got != test.want || !test.listing.sorts() {
			t.Errorf("sort with %+v = %s, want %s", test.listing, got, test.want)
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
		{listing{long: true}, strings.Repeat(" ", 20) + "             0  dir/\n"},
		{listing{json: true}, `{"key":"dir/","size":0}` + "\n"},
	} {
		var out bytes.Buffer
		err := test.listing.write(&out, s3list.Object{Key: "dir/"})
		if got := out.String(); err != nil || got != test.want {
			t.Errorf("write of an object without a date = %q, %v, want %q", got, err, test.want)
		}
	}
}
