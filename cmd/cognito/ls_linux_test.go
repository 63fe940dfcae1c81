package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// If the listing is written to a file, the terminal shows its progress, and clears it at the end.
func TestProgressAtTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for i := range 2500 {
		m.server.Buckets[0].Objects[fmt.Sprintf("many/%05d", i)] = cognitotest.Object{}
	}
	m.signedIn(t).must(t, "", "credentials", "-format", "process")
	tool, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(m.dir, "out")
	s := m.atTerminal(t, 20, 5, "exec", "--", "sh", "-c", shell.Word(tool)+" ls -r > "+
		shell.Word(out)+"; echo end")
	shown := s.expect("end")
	s.exits(0)
	if !regexp.MustCompile(`^(\r\d+ keys)+\r {9}\r$`).MatchString(shown) {
		t.Errorf("%q", shown)
	}
	for part := range strings.SplitSeq(shown, "\r") {
		if len(part) >= 20 {
			t.Errorf("%q is too wide for the window", part)
		}
	}
	if data, err := os.ReadFile(out); err != nil || strings.Count(string(data), "\n") != 2507 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// Keys and bodies are shown on a terminal without control characters.
func TestServersDoNotSteerTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, key := range oddKeys {
		m.server.Buckets[0].Objects[key] = cognitotest.Object{}
	}
	m.fault.set(func(r *http.Request) *http.Response {
		if r.URL.Path != "/evil" {
			return nil
		}
		response := answer(200, "\x1b[2Jbody\a\n")
		response.Header = http.Header{"X-Odd": {"\u009b2J"}}
		return response
	})
	m.signedIn(t).must(t, "", "credentials", "-format", "process")
	for _, args := range [][]string{{"ls", "-r"}, {"ls", "-r", "-l"}, {"ls", "-r", "-json"},
		{"curl", "-i", "-service", "s3", m.url + "/evil"}} {
		s := m.atTerminal(t, 40, 20, args...)
		if args[0] == "curl" {
			s.expect("?[2Jbody?")
		} else {
			s.expect(`\u202e`)
		}
		s.exits(0)
		checkPrintable(t, strings.ReplaceAll(s.text(), "\r\n", "\n"))
		if strings.Contains(s.text(), " keys") {
			t.Errorf("%v: progress among the keys:\n%s", args, s.text())
		}
	}
}

// TestLocalTimes checks that dates are local at a terminal, and that JSON has RFC 3339 in UTC.
func TestLocalTimes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.settings["TZ"] = "Asia/Tokyo" // UTC+9 without daylight saving
	m.signedIn(t).must(t, "", "credentials")
	show := func(end string, args ...string) string {
		s := m.atTerminal(t, 100, 24, args...)
		s.expect(end)
		s.exits(0)
		return s.text()
	}
	want := " 2009-10-13 02:50:30            13  hello.txt\r\n"
	if got := show("photos/", "ls", "-l"); !strings.Contains(got, want) {
		t.Errorf("ls -l shows %q, want a local date", got)
	}
	want = `"last_modified":"2009-10-12T17:50:30Z"`
	if got := show("photos/", "ls", "-json"); !strings.Contains(got, want) {
		t.Errorf("ls -json shows %q, want a date in UTC", got)
	}
	local := regexp.MustCompile(`tokens +until (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \((1h0|\d+)m`)
	shown := show("credentials", "whoami", "-offline")
	found := local.FindStringSubmatch(shown)
	if found == nil {
		t.Fatalf("whoami shows %q, want %v", shown, local)
	}
	expires, err := time.Parse(time.DateTime, found[1])
	if left := time.Until(expires); err != nil || left < 9*time.Hour || left > 11*time.Hour {
		t.Errorf("whoami shows an expiry in %v, want it in Tokyo's time", left)
	}
}
