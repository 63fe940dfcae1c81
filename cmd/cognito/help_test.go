package main

import (
	"flag"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

// TestHelpFits checks that the help fits in a window of 80 columns and 24 rows, with a row for the
// next prompt.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	pages := []string{"", "flags", "variables", "exit-codes"}
	for name := range names() {
		pages = append(pages, name)
	}
	check := func(text string, rows int, args ...string) {
		t.Helper()
		if n := strings.Count(text, "\n"); n < 3 || n > rows {
			t.Errorf("cognito %q has %d rows, want at most %d:\n%s", args, n, rows, text)
		}
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(line) - 1; n > 79 || strings.HasSuffix(line, " \n") {
				t.Errorf("cognito %q has a line of %d columns: %q", args, n, line)
			}
		}
	}
	for _, page := range pages {
		args := strings.Fields("help " + page)
		check(m.must(t, "", args...), 23, args...)
		args = strings.Fields("help -all " + page)
		check(m.must(t, "", args...), 100, args...)
	}
}

// TestHelpIsComplete checks that the help shows every command, and every flag either as the
// command's own or as a common flag.
func TestHelpIsComplete(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	overview := m.must(t, "", "help")
	for _, want := range []string{"\nsign in  ", "\nuse      ", "\nlook     ", "\nset up   "} {
		if !strings.Contains("\n"+overview, want) {
			t.Errorf("cognito help has no group %q:\n%s", want, overview)
		}
	}
	manual := m.must(t, "", "help", "-man")
	for _, c := range commands() {
		page, all := m.must(t, "", "help", c.name), m.must(t, "", "help", "-all", c.name)
		if !strings.Contains(overview, " "+c.name+" ") || strings.Contains(overview, page) {
			t.Errorf("cognito help does not show %s:\n%s", c.name, overview)
		}
		if got := m.must(t, "", c.name, "-h"); got != page {
			t.Errorf("cognito %s -h differs from cognito help %s:\n%s", c.name, c.name,
				cmp.Diff(page, got))
		}
		own, common, _ := strings.Cut(all, "\nCommon flags:\n")
		flags := m.app().flagsOf(c.name)
		flags.VisitAll(func(f *flag.Flag) {
			if c.name != "login" && isSignIn(f) && flags.Lookup("no-store") != nil {
				return // in the help of login, and of -no-store
			}
			entry := regexp.MustCompile(`(?m)^  -` + f.Name + `\b`)
			isOwn := entry.MatchString(own)
			if isOwn == entry.MatchString(common) || isOwn != entry.MatchString(page) ||
				!strings.Contains(page, " -"+f.Name) {
				t.Errorf("cognito help %s does not show -%s:\n%s", c.name, f.Name, page)
			}
			if !strings.Contains(manual, "-"+strings.ReplaceAll(f.Name, "-", `\-`)) {
				t.Errorf("the manual page does not show -%s of %s", f.Name, c.name)
			}
		})
	}
}

// app returns a run of the tool.
func (m *machine) app() *app {
	return &app{getenv: func(name string) string { return m.settings[name] }}
}

// isSignIn reports whether f is a flag of a sign-in that commands have for -no-store.
func isSignIn(f *flag.Flag) bool {
	_, signIn := commonFlags()
	for _, other := range signIn {
		if f.Name == other.Name {
			return true
		}
	}
	return false
}

func TestFold(t *testing.T) {
	for _, test := range []struct {
		text                  string
		column, indent, width int
		want                  string
	}{
		{"", 0, 0, 10, ""},
		{"one two", 0, 0, 7, "one two"},
		{"one two", 1, 0, 7, "one\ntwo"},
		{"one two three", 0, 2, 7, "one two\n  three"},
		{"one https://host.example two", 0, 2, 7, "one\n  https://host.example\n  two"},
		{"arn:aws:iam::123456789012:role/x", 24, 24, 40, "\n  arn:aws:iam::123456789012:role/x"},
		{"a role arn:aws:iam::123456789012:role/x b", 10, 10, 40,
			"a role\n  arn:aws:iam::123456789012:role/x b"},
		{"a role arn:aws:iam::123456789012:role/x b", 10, 10, 35,
			"a role\n  arn:aws:iam::123456789012:role/x\n          b"},
		{"äöü äöü", 0, 0, 7, "äöü äöü"},
		{"run \"cognito login\" now", 0, 2, 15, "run\n  \"cognito login\"\n  now"},
		{"an open \" mark hides no spaces", 0, 2, 12, "an open \"\n  mark hides\n  no spaces"},
	} {
		if got := fold(test.text, test.column, test.indent, test.width); got != test.want {
			t.Errorf("fold(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

// A message starts with the name of the program only, not with that of a package.
func TestOnePrefix(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"cognito: s3list: no such bucket", "no such bucket"},
		{"terminal: nothing was entered", "nothing was entered"},
		{"no code: terminal: nothing was entered", "no code: nothing was entered"},
		{"cognitoidp: InitiateAuth: refused", "cognitoidp: InitiateAuth: refused"},
	} {
		if got := onePrefix(test.text); got != test.want {
			t.Errorf("onePrefix(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	got := blocksOf(`One
paragraph.
The list:
  a, b  first
  c
        second,
        on two lines
After it.

End.
`)
	want := []block{
		{"", "One paragraph. The list:"},
		{"a, b", "first"},
		{"c", "second, on two lines"},
		{"", "After it."},
		{"", "End."},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocksOf returns other blocks (-want +got):\n%s", diff)
	}
}

// TestManual checks that groff renders the manual page without a warning.
func TestManual(t *testing.T) {
	t.Parallel()
	needs.Program(t, "groff")
	m := newMachine(t)
	text := m.inShell(t, `cognito help -man | groff -man -Tutf8 -ww -P-cbou`,
		"sh", "-c")
	for _, want := range []string{
		"cognito - sign in to Amazon Cognito",
		"   cognito exec [--] [COMMAND [ARGUMENT ...]]\n",
		`for /f "delims=" %i in ('cognito credentials -format cmd') do @%i`,
		"       cognito completion zsh > \"${fpath[1]}/_cognito\"\n",
		"       -config FILE\n",
		"       2      the flags or the configuration are wrong\n",
		"       130    interrupted",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the manual page has no %q:\n%s", want, text)
		}
	}
}

func TestRoff(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", `\&`},
		{".TH\n'x' -a \\n", "\\&.TH\n\\(aqx\\(aq \\-a \\en"},
	} {
		if got := roff(test.text); got != test.want {
			t.Errorf("roff(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}
