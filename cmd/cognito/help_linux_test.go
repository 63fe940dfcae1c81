package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestHelpInNarrowWindow checks that no line of the help wraps in a window of 60 columns.
func TestHelpInNarrowWindow(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, test := range []struct{ page, end string }{
		{"", " page."},
		{"login", " details."},
		{"flags", "-totp-file"},
		{"variables", "colours"},
		{"-all credentials", " @%i"},
	} {
		page := test.page
		s := m.atTerminal(t, 60, 20, strings.Fields("help "+page)...)
		s.expect(test.end)
		s.exits(0)
		for line := range strings.Lines(s.text()) {
			if n := len(strings.TrimSuffix(line, "\r\n")); n > 59 {
				t.Errorf("cognito help %s: %q has %d columns, want at most 59", page, line, n)
			}
		}
	}
}

// TestMessagesInNarrowWindow checks that an error, and the lines of doctor, break between words at
// a terminal.
func TestMessagesInNarrowWindow(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := m.atTerminal(t, 60, 20, "credentials")
	s.expect(" DEV\"\r\n")
	s.exits(exitSignIn)
	want := `: run "cognito login -env DEV"` + "\r\n"
	got := s.text()
	if !strings.HasSuffix(unfolded(got), want) || strings.Index(got, "\r\n") > 59 {
		t.Errorf("cognito credentials shows %q, want %q in lines of at most 59 columns", got, want)
	}
	m.signedIn(t)
	s = m.atTerminal(t, 60, 20, "whoami", "-offline")
	s.expect("custom hosts ")
	s.expect("\r\n             ") // the list of settings goes on below
	s.expect("tokens ")
	s.exits(0)
	m.must(t, "", "logout")
	s = m.atTerminal(t, 60, 20, "doctor")
	s.expect("first problem")
	s.expect(" DEV\"\r\n")
	s.exits(exitSignIn)
	lines := regexp.MustCompile(`^(?:(?:ok|--|FAIL) +\w.{16,}|(?: {24}|  )\S+|cognito: .*)`)
	for line := range strings.Lines(s.text()) {
		line = strings.TrimSuffix(line, "\r\n")
		wide := len(line) > 59 && strings.Contains(line[24:], " ")
		if wide || line != "" && !lines.MatchString(line) {
			t.Errorf("cognito doctor shows the line %q", line)
		}
	}
}
