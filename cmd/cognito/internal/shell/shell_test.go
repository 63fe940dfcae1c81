package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

func TestShellsReadWhatIsMeant(t *testing.T) {
	for _, test := range []struct{ name, form, script string }{
		{"sh", "sh", `eval "$FORM"; printf %s "$V"`},
		{"dash", "sh", `eval "$FORM"; printf %s "$V"`},
		{"bash", "sh", `eval "$FORM"; printf %s "$V"`},
		{"zsh", "sh", `eval "$FORM"; printf %s "$V"`},
		{"fish", "fish", `eval $FORM; printf %s "$V"`},
		{"pwsh", "powershell", `Invoke-Expression $env:FORM; [Console]::Out.Write($env:V)`},
		{"bash", "dotenv", `set -a; . "$FILE"; printf %s "$V"`},
	} {
		t.Run(test.name+"/"+test.form, func(t *testing.T) {
			if _, err := exec.LookPath(test.name); err != nil && test.name == "pwsh" {
				t.Skip("NOT TESTED: pwsh is not installed, and no package of Debian, npm or PyPI " +
					"has it that runs no script to fetch it")
			}
			path := needs.Program(t, test.name)
			read := 0
			for _, value := range needs.Words() {
				form, err := Set(test.form, []Variable{{"V", value}})
				if err != nil && test.form == "dotenv" {
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				read++
				file := filepath.Join(t.TempDir(), "form")
				if err := os.WriteFile(file, form, 0o600); err != nil {
					t.Fatal(err)
				}
				c := exec.Command(path, "-c", test.script)
				c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "FORM=" +
					string(form), "FILE=" + file}
				if out, err := c.CombinedOutput(); err != nil || string(out) != value {
					t.Errorf("%s is read as %q: %v", form, out, err)
				}
			}
			if read < 25 {
				t.Errorf("only %d values were read", read)
			}
		})
	}
}

// Forms that no program on a test machine may read are compared with what their documentation says.
func TestShellForms(t *testing.T) {
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
