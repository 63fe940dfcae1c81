package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for typed, want := range map[string][]string{
		"cognito|conf":                {"configure", "confirm"},
		"cognito|help|log":            {"login", "logout"},
		"cognito|v":                   {"version"},
		"cognito|login|-us":           {"-user"},
		"cognito|login|--us":          {"--user"},
		"cognito|login|---us":         nil,
		"cognito|login|-user|":        nil,
		"cognito|login|-env|":         nil,
		"cognito|login|-nonsense|-en": {"-env"},
		"cognito|exec|--|l":           nil,
		"cognito|completion|z":        {"zsh"},
		"cognito|nonsense|-":          nil,
		"cognito":                     nil,
		"cognito|":                    append(slices.Collect(names()), "help", "version"),
	} {
		stdout := m.must(t, "",
			append([]string{"completion", "-words", "--"}, strings.Split(typed, "|")...)...)
		var got []string
		for line := range strings.Lines(stdout) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			got = append(got, word)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

func names() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, c := range commands() {
			if !yield(c.name) {
				return
			}
		}
	}
}

// The flags of every command are known without running it, and have descriptions.
func TestFlagsOfEveryCommand(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for name := range names() {
		a := &app{getenv: func(name string) string { return m.settings[name] }}
		if flags := a.flagsOf(name); flags == nil {
			t.Errorf("%s: no flags", name)
		}
		for _, line := range a.complete([]string{"cognito", name, "-"}) {
			if flag, meaning, _ := strings.Cut(line, "\t"); meaning == "" ||
				!strings.HasPrefix(flag, "-") {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}

// inShell runs a script in a shell, where "cognito" is the tool.
func (m *machine) inShell(t *testing.T, script string, command ...string) string {
	t.Helper()
	c := m.process(t)
	bin := filepath.Join(m.dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(c.Path, filepath.Join(bin, "cognito")); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	program := needs.Program(t, command[0])
	run := exec.CommandContext(t.Context(), program, append(command[1:], script)...)
	run.Env = append(c.Env, "PATH="+bin+":"+os.Getenv("PATH"), "TERM=dumb")
	run.Dir = m.dir
	var stderr strings.Builder
	run.Stderr = &stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &stderr)
	}
	if stderr.Len() > 0 {
		t.Errorf("%s", &stderr)
	}
	return string(out)
}

func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	out := m.inShell(t, `
set -eu
source <(cognito completion bash)
complete -p cognito
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cognito; echo "${COMPREPLY[*]-}"; }
try cognito login -us
try ~/bin/../bin/cognito config
try cognito exec -- x
`, "bash", "--norc", "-c")
	if want := "complete -o default -F _cognito cognito\n-user\nconfigure\n\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// zsh completes in interactive shells only, so the test replaces compadd and _files.
func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	out := m.inShell(t, `
compdef() { echo compdef "$@" }
compadd() { shift; echo "$@" }
_files() { echo files }
source <(cognito completion zsh)
try() { words=("$@"); CURRENT=$#; _cognito }
try cognito login -us
try cognito exec -- x
`, "zsh", "-f", "-c")
	if want := "compdef _cognito cognito\n-user\nfiles\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "a-file", "")
	out := m.inShell(t, `
cognito completion fish | source
complete -C 'cognito login -use'
complete -C 'cognito login -totp-file a-f'
complete -C 'cognito completion '
`, "fish", "--no-config", "-c")
	var got []string
	for line := range strings.Lines(out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		got = append(got, word)
	}
	if want := []string{"-user", "a-file", "bash", "fish", "zsh"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
