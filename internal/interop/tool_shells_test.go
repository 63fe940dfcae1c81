package interop

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestToolShells evaluates the output of "cognito credentials" in several shells, which then list
// the bucket with the AWS CLI. Before that, a Region that contains special characters of the shells
// must arrive unchanged.
func TestToolShells(t *testing.T) {
	t.Parallel()
	m := newToolMachine(t, buildTool(t), 0, 0)
	m.login(t)
	const odd = "it's \"$HOME\" `id` $(id) \\ \\' !! %PATH% ;& #*?~"
	const posix = `set -eu
eval "$(cognito credentials -format sh -region "$ODD")"
[ "$AWS_REGION" = "$ODD" ]
unset AWS_REGION AWS_DEFAULT_REGION
eval "$(cognito credentials -format sh -region us-east-1)"
exec "$@"
`
	for _, test := range []struct {
		shell   string
		command []string
	}{
		{"bash", []string{"--norc", "-c", posix, "bash"}},
		{"dash", []string{"-c", posix, "dash"}},
		{"zsh", []string{"-f", "-c", posix, "zsh"}},
		{"fish", []string{"--no-config", "-c", `
cognito credentials -format fish -region "$ODD" | source
test "$AWS_REGION" = "$ODD"; or exit 9
set -e AWS_REGION AWS_DEFAULT_REGION
cognito credentials -format fish -region us-east-1 | source
exec $argv
`}},
		{"pwsh", []string{"-NoProfile", "-Command", `
cognito credentials -format powershell -region $env:ODD | Out-String | Invoke-Expression
if ($env:AWS_REGION -cne $env:ODD) { exit 9 }
Remove-Item Env:AWS_REGION, Env:AWS_DEFAULT_REGION
cognito credentials -format powershell -region us-east-1 | Out-String | Invoke-Expression
` + strings.Join(ls, " ")}},
	} {
		t.Run(test.shell, func(t *testing.T) {
			if _, err := exec.LookPath(test.shell); err != nil && test.shell == "pwsh" {
				t.Skip("NOT TESTED: pwsh is not installed. install.sh does not install it: no " +
					"package of Debian, npm or PyPI provides it without a script that downloads it")
			}
			arguments := ls
			if test.shell == "pwsh" {
				arguments = nil
			}
			line := slices.Concat([]string{tool(t, test.shell)}, test.command, arguments)
			checkLs(t, run(t, m.with("ODD="+odd), "", line...), 1)
		})
	}

	// The dotenv format is for programs such as node.
	t.Run("dotenv", func(t *testing.T) {
		file := m.write(t, "dotenv",
			m.must(t, "", "credentials", "-format", "dotenv", "-region", `"$HOME" & #a`), 0o600)
		r := run(t, environment(t)[:1], "", tool(t, "node"), "--env-file="+file, "-p",
			"process.env.AWS_REGION + process.env.AWS_SECRET_ACCESS_KEY.length")
		if want := `"$HOME" & #a40` + "\n"; r.stdout != want {
			t.Errorf("node read %q, want %q: %s", r.stdout, want, r.stderr)
		}
	})
}

// TestToolCompletion loads the completion scripts in shells that are set up as their manuals
// describe, and completes a flag.
func TestToolCompletion(t *testing.T) {
	t.Parallel()
	m := newToolMachine(t, buildTool(t), 0, 0)
	for _, test := range []struct {
		shell   string
		command []string
		want    string
	}{
		{"bash", []string{"--norc", "-c", `
source <(cognito completion bash)
COMP_WORDS=(cognito login -us) COMP_CWORD=2
$(complete -p cognito | sed 's/.*-F \([^ ]*\) .*/\1/')
echo "${COMPREPLY[@]}"`}, "-user\n"},
		{"zsh", []string{"-f", "-c", `
mkdir "$HOME/functions"
cognito completion zsh > "$HOME/functions/_cognito"
fpath=("$HOME/functions" $fpath)
autoload -U compinit
compinit -u -d "$HOME/dump"
_describe() { print -r -- "${${(P)2}%%:*}" }
echo ${_comps[cognito]}
words=(cognito login -us) CURRENT=3
_cognito`}, "_cognito\n-user\n"},
		{"fish", []string{"--no-config", "-c", `
cognito completion fish > $HOME/cognito.fish
source $HOME/cognito.fish
complete -C 'cognito login -us' | cut -f1`}, "-user\n"},
	} {
		t.Run(test.shell, func(t *testing.T) {
			env := m.with("XDG_DATA_HOME="+filepath.Join(m.dir, test.shell), "TERM=dumb")
			r := run(t, env, "", append([]string{tool(t, test.shell)}, test.command...)...)
			if r.status != 0 || r.stdout != test.want || r.stderr != "" {
				t.Errorf("exit status %d, printed %q, want %q: %s", r.status, r.stdout, test.want,
					r.stderr)
			}
		})
	}
}
