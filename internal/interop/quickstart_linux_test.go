package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// varying are the parts of a screen that differ from run to run.
var varying = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ])\d\d:\d\d(?::\d\d)?(Z| UTC)?`), "DATE${1}TIME$2"},
	{regexp.MustCompile(`\((1h)?[0-9dhms]+\)`), "(DURATION)"},
	{regexp.MustCompile(`ASIA[0-9A-Z]{16}`), "KEY"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
}

func normalized(screen string) string {
	var lines []string
	for line := range strings.Lines(screen) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.replacement)
	}
	return text
}

// TestQuickstart does what docs/quickstart.md describes, from an empty home directory. After each
// step, the screen must be the one in the document. Ports, times, keys and identifiers may differ.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs/quickstart.md"))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	tools := t.TempDir()
	cli := "#!/bin/sh\nexec '" + python(t)[0] + "' -m awscli \"$@\"\n"
	if err := os.WriteFile(filepath.Join(tools, "aws"), []byte(cli), 0o700); err != nil {
		t.Fatal(err)
	}
	start := filepath.Join(tools, "start") // of interactive shells
	if err := os.WriteFile(start, []byte("PS1='$ '\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "PATH=" + tools + ":" + os.Getenv("PATH"), "ENV=" + start,
		"TZ=UTC", "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX_TMPDIR=" + t.TempDir(),
		"COGNITO_TOOLS=" + toolsDir(t), "PYTHONDONTWRITEBYTECODE=1"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	w := openWindow(t, env, "80", "24", "-c", root)

	var steps []string
	for i, part := range strings.Split(string(page), "```") {
		if step, ok := strings.CutPrefix(part, "console\n"); ok && i%2 == 1 {
			steps = append(steps, step)
		}
	}
	for _, command := range []string{"go build", "cognito emulate", "cognito login",
		"cognito exec -- aws s3 ls", "cognito ls", "cognito whoami", "cognito logout"} {
		if !strings.Contains(strings.Join(steps, ""), "\n$ "+command) &&
			!strings.Contains("\n"+strings.Join(steps, "\n"), command) {
			t.Errorf("the document does not show %s", command)
		}
	}
	for _, step := range steps {
		w.write("clear", "Enter")
		w.until("", func(screen string) bool { return screen == "$" })
		for line := range strings.Lines(step) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
				w.command(command)
			}
		}
		got := strings.TrimSpace(strings.TrimSuffix(normalized(w.screen()), "$"))
		if want := normalized(step); got != want {
			t.Errorf("the screen differs from the document. The screen:\n%s\n\nThe document:\n%s",
				got, want)
		}
	}
}

// command types a command and the answers to its prompts, until the shell's prompt is back.
func (w window) command(command string) {
	w.t.Helper()
	w.write(command, "Enter")
	answers := map[string]string{
		"User name:": cognitotest.ExampleUser,
		"Password:":  cognitotest.ExamplePassword,
		"Add the profile EMULATED for the AWS CLI and SDKs? [y/N]": "",
	}
	w.until(command, func(screen string) bool {
		last := screen[strings.LastIndex(screen, "\n")+1:]
		if answer, asked := answers[last]; asked {
			delete(answers, last)
			w.write(answer, "Enter")
		}
		return strings.Contains(screen, "$ "+command) && last == "$"
	})
}

// until waits until done returns true for the screen without the spaces at the ends of lines.
func (w window) until(what string, done func(screen string) bool) {
	w.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		screen := normalized(w.screen())
		if done(screen) {
			return
		} else if time.Now().After(deadline) {
			w.t.Fatalf("after %q, the screen does not change:\n%s", what, screen)
		}
	}
}
