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
	m.writeProfiles(t)
	for typed, want := range map[string][]string{
		"cognito|conf":                     {"confirm", "configure"},
		"cognito|help|log":                 {"login", "logout"},
		"cognito|v":                        {"version"},
		"cognito|login|-us":                {"-user"},
		"cognito|login|--us":               {"--user"},
		"cognito|login|---us":              nil,
		"cognito|login|-user|":             nil,
		"cognito|login|-env|":              {"BARE", "DEV"},
		"cognito|login|-env|D":             {"DEV"},
		"cognito|login|-env=":              {"-env=BARE", "-env=DEV"},
		"cognito|login|--env=D":            {"--env=DEV"},
		"cognito|login|-env|=|D":           {"DEV"},
		"cognito|login|-env|DEV|":          nil,
		"cognito|login|-browser|D":         nil,
		"cognito|login|-config|none|-env|": nil,
		"cognito|login|-config=none|-env|": nil,
		"cognito|use|":                     {"BARE", "DEV"},
		"cognito|login| ":                  nil,
		"cognito|help|fl":                  {"flags"},
		"cognito|credentials|-format|p":    {"process", "powershell"},
		"cognito|serve|-format|":           {"sh", "fish", "powershell", "cmd", "dotenv"},
		"cognito|login|-flow|USER_A":       {"USER_AUTH"},
		"cognito|login|-challenge|E":       {"EMAIL_OTP"},
		"cognito|profile|-profile|":        {"default", "one", "two"},
		"cognito|completion|p":             {"powershell"},
		"cognito|login|-nonsense|-en":      {"-env"},
		"cognito|exec|--|l":                nil,
		"cognito|completion|z":             {"zsh"},
		"cognito|nonsense|-":               nil,
		"cognito":                          nil,
		"cognito|":                         append(slices.Collect(names()), "help", "version"),
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

// The names in a file are not commands for the terminal.
func TestCompleteControlCharacters(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	path := m.write(t, "names.json", `{"A\u001b[31m": {"user_pool_id": "us-east-1_EXAMPLE00"},
		"B\tC": {"user_pool_id": "us-east-1_EXAMPLE00"}}`)
	for _, words := range [][]string{
		{"cognito", "use", ""},
		{"cognito", "login", "-env", ""},
	} {
		a := m.app()
		a.getenv = func(string) string { return path }
		if got := a.complete(words); got != nil {
			t.Errorf("complete(%q) = %q", words, got)
		}
		if all := a.choices("env", words); len(all) != 2 {
			t.Errorf("the names are %q", all)
		}
	}
}

// writeProfiles writes files with the profiles default, one and two.
func (m *machine) writeProfiles(t *testing.T) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(m.dir, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.write(t, ".aws/config", "[default]\n[profile two]\n[profile 'x y']\n[services z]\n")
	m.write(t, ".aws/credentials", "[one]\n[two]\n[DEFAULT]\n")
}

// TestChoices checks that the commands accept the completions of their flags.
func TestChoices(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	for _, name := range []string{"credentials", "serve"} {
		for _, format := range m.app().choices("format", []string{"cognito", name}) {
			args := []string{name, "-format", format}
			if name == "serve" {
				args = append(args, "-addr", "192.0.2.1:1") // is refused after -format
			}
			_, _, stderr := m.run(t, "", args...)
			if strings.Contains(stderr, "-format") {
				t.Errorf("cognito %q: %s", args, stderr)
			}
			if usage := m.app().flagsOf(name).Lookup("format").Usage; !strings.Contains(usage,
				" "+format) {
				t.Errorf("the usage of cognito %s -format is %q, without %s", name, usage, format)
			}
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

// oddNames is a configuration whose environments have names that shells must not interpret.
const oddNames = `{"a b": {"user_pool_id": "x"}, "$(id)": {"user_pool_id": "x"}}`

func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.writeProfiles(t)
	m.write(t, "odd.json", oddNames)
	out := m.inShell(t, `
set -eu
source <(cognito completion bash)
complete -p cognito
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cognito; echo "${COMPREPLY[*]-}"; }
try cognito login -us
try ~/bin/../bin/cognito config
try cognito exec -- x
try cognito login -env D
try cognito credentials -profile = o
try cognito whoami -config odd.json -env ''
`, "bash", "--norc", "-c")
	want := "complete -o default -F _cognito cognito\n-user\nconfigure\n\nDEV\none\n" +
		"\\$\\(id\\) a\\ b\n"
	if out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// zsh completes in interactive shells only, so the test replaces _describe and _files.
func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.writeProfiles(t)
	out := m.inShell(t, `
compdef() { echo compdef "$@" }
_describe() { print -rl -- "${(@P)2}" }
_files() { echo files }
source <(cognito completion zsh)
try() { words=("$@"); CURRENT=$#; _cognito }
try cognito login -us
try cognito exec -- x
try cognito serve -format po
try cognito login -env D
try cognito credentials -profile o
try cognito curl -connect-to
`, "zsh", "-f", "-c")
	want := "compdef _cognito cognito\n-user:user name or alias (default\\: $COGNITO_USER, " +
		"that of the last sign-in, or of \"cognito use\")\nfiles\npowershell\nDEV\none\n" +
		"-connect-to:HOST\\:PORT to connect to, such as a tunnel's, without a proxy; TLS and the " +
		"signature keep the name in the URL\n"
	if out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.writeProfiles(t)
	m.write(t, "odd.json", oddNames)
	m.write(t, "a-file", "")
	out := m.inShell(t, `
cognito completion fish | source
complete -C 'cognito login -use'
complete -C 'cognito login -totp-file a-f'
complete -C 'cognito completion '
complete -C 'cognito login -env '
complete -C 'cognito whoami -config odd.json -env '
complete -C 'cognito profile -profile t'
complete -C 'cognito credentials -format=i'
`, "fish", "--no-config", "-c")
	var got []string
	for line := range strings.Lines(out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		got = append(got, word)
	}
	want := []string{"-user", "a-file", "bash", "fish", "powershell", "zsh", "BARE", "DEV",
		"$(id)", "a b", "two", "-format=ini"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
