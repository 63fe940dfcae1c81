package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

// Shells and parsers read the values that Set was given.
func TestSet(t *testing.T) {
	const posix = `while IFS= read -r line; do
		unset V
		eval "$line"
		printf '%s\n' "$V"
	done <"$FILE"`
	for _, test := range []struct{ name, form, script string }{
		{"sh", "sh", posix},
		{"dash", "sh", posix},
		{"bash", "sh", posix},
		{"zsh", "sh", posix},
		{"fish", "fish", `while read line; set -e V; eval $line; printf '%s\n' "$V"; end <$FILE`},
		{"pwsh", "powershell", `foreach ($line in Get-Content $env:FILE) {
			Invoke-Expression $line
			[Console]::Out.Write($env:V + [char]10)
		}`},
		{"bash", "dotenv", `set -a; while IFS= read -r line; do
			unset V
			. /dev/stdin <<<"$line"
			printf '%s\n' "$V"
		done <"$FILE"`},
	} {
		t.Run(test.name+"/"+test.form, func(t *testing.T) {
			if _, err := exec.LookPath(test.name); err != nil && test.name == "pwsh" {
				t.Skip("NOT TESTED: pwsh is not installed, and no package of Debian, npm or PyPI " +
					"has it that runs no script to fetch it")
			}
			path := needs.Program(t, test.name)
			var lines []byte
			var want []string
			for _, value := range needs.Words() {
				line, err := Set(test.form, []Variable{{"V", value}})
				if err != nil && test.form == "dotenv" {
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				lines, want = append(lines, line...), append(want, value)
			}
			file := filepath.Join(t.TempDir(), "lines")
			if err := os.WriteFile(file, lines, 0o600); err != nil {
				t.Fatal(err)
			}
			c := exec.Command(path, "-c", test.script)
			c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "FILE=" + file}
			out, err := c.CombinedOutput()
			got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s reads %q, want %q: %v", test.name, got, want, err)
			}
			if len(want) < 25 {
				t.Errorf("only %d values were read", len(want))
			}
		})
	}
}

// The forms follow the documentation of the shells, which may be missing on a test machine.
func TestSetForms(t *testing.T) {
	for _, test := range []struct{ shell, value, want string }{
		{"sh", "a'b$", `export V='a'\''b$'`},
		{"fish", `a'b\c$"`, `set -gx V 'a\'b\\c$"'`},
		{"powershell", "a'b$`\"", "$env:V = 'a''b$`\"'"},
		{"cmd", `a/b+c=&|<>()`, `set "V=a/b+c=&|<>()"`},
		{"dotenv", "a/b+c==", "V=a/b+c=="},
		{"dotenv", "a$b", "V='a$b'"},
		{"cmd", `a"b`, ""}, {"cmd", "a%b", ""}, {"cmd", "a!b", ""}, {"cmd", "a^b", ""},
		{"dotenv", "a'b", ""}, {"dotenv", `a\b`, ""},
	} {
		got, err := Set(test.shell, []Variable{{"V", test.value}})
		if test.want == "" && (err == nil || len(got) > 0) || test.want != "" &&
			string(got) != test.want+"\n" {
			t.Errorf("%s of %q: %q, %v", test.shell, test.value, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "V has a character") {
			t.Errorf("%s of %q: %v", test.shell, test.value, err)
		}
	}
	for _, value := range []string{"a\nb", "a\r", "\x00", "\x1b[2J", "a\tb", "\u2018", "é", "\x7f",
		"\xff"} {
		for _, shell := range Formats() {
			if got, err := Set(shell, []Variable{{"V", value}}); err == nil || got != nil {
				t.Errorf("%s took %q: %q", shell, value, got)
			}
		}
	}
}

func TestWordIn(t *testing.T) {
	for _, test := range []struct{ format, word, want string }{
		{"sh", "a", "a"},
		{"sh", "it's", `'it'\''s'`},
		{"fish", "a b", "'a b'"},
		{"cmd", `C:\Users\ada\x.json`, `C:\Users\ada\x.json`},
		{"cmd", "it's", `"it's"`},
		{"cmd", `C:\a b\é.json`, `"C:\a b\é.json"`},
		{"cmd", "", `""`},
		{"powershell", "it's", "'it''s'"},
		{"powershell", `C:\a b`, `'C:\a b'`},
		{"powershell", "$x", "'$x'"},
		{"powershell", "PROD", "PROD"},
	} {
		if got := WordIn(test.format, test.word); got != test.want {
			t.Errorf("WordIn(%s, %q) = %s, want %s", test.format, test.word, got, test.want)
		}
	}
}

// A test is started by a shell or by go test, which may have none on Windows.
func TestCurrent(t *testing.T) {
	want := []string{"sh"}
	if runtime.GOOS == "windows" {
		want = []string{"sh", "cmd", "powershell"}
	}
	none := func(string) string { return "" }
	if got := Current(none); !slices.Contains(want, got) {
		t.Errorf("Current() = %q, want one of %q", got, want)
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	got := Public([]string{"AWS_SECRET_ACCESS_KEY=x", "aws_profile=x", "COGNITO_ENV=x", "HOME=/"})
	if want := []string{"HOME=/"}; !slices.Equal(got, want) {
		t.Errorf("Public = %q, want %q", got, want)
	}
}
