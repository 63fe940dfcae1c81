package main

import (
	"context"
	"flag"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/awsconfig"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func completionCommand() command {
	return command{
		name: "completion", args: "bash|zsh|fish|powershell",
		summary: `Print a shell script that completes commands and flags.
It also completes the names of environments and profiles, and the values of flags such as -format.
The script runs this program to find completions, so it stays valid when the program is updated.`,
		example: `source <(cognito completion bash)
cognito completion zsh > "${fpath[1]}/_cognito"
cognito completion fish > ~/.config/fish/completions/cognito.fish
cognito completion powershell | Out-String | Invoke-Expression`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.bareFlags()
			typed := f.Bool("words", false,
				"print the completions of the last argument, one per line (used by the scripts)")
			words, err := a.parse(f, args, 1, 1000)
			if err != nil {
				return err
			}
			text := completionScripts[words[0]]
			if *typed {
				text = strings.Join(a.complete(words), "\n")
				if text != "" {
					text += "\n"
				}
			} else if text == "" || len(words) > 1 {
				return usagef("unsupported shell: choose one of %s",
					strings.Join(completionShells(), ", "))
			}
			_, err = io.WriteString(a.stdout, text)
			return err
		},
	}
}

// completionShells returns the names of the supported shells, sorted.
func completionShells() []string { return slices.Sorted(maps.Keys(completionScripts)) }

// completionScripts holds a script for each shell. The scripts pass the words of the command line
// to "cognito completion -words". If it prints nothing, they complete file names.
var completionScripts = map[string]string{
	"bash": `# bash completion for cognito
_cognito() {
	local word
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		COMPREPLY+=("$(printf %q "$word")")
	done < <("${COMP_WORDS[0]/#\~/$HOME}" completion -words -- \
		"${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -o default -F _cognito cognito
`,
	"zsh": `#compdef cognito
_cognito() {
	local -a found
	found=("${(@f)$("${words[1]/#\~/$HOME}" completion -words -- \
		"${(@)words[1,CURRENT]}" 2>/dev/null)}")
	if [[ -n ${found[1]} ]]; then
		found=("${(@)found//\\/\\\\}")
		found=("${(@)found//:/\\:}")
		found=("${(@)found/$'\t'/:}")
		_describe cognito found
	else
		_files
	fi
}
if [[ ${funcstack[1]} == _cognito ]]; then
	_cognito "$@"
else
	compdef _cognito cognito
fi
`,
	"fish": `# fish completion for cognito
function __cognito_complete
	set -l token (commandline -ct)
	set -l found (cognito completion -words -- (commandline -opc) "$token" 2>/dev/null)
	if set -q found[1]
		printf '%s\n' $found
	else
		__fish_complete_path "$token"
	end
end
complete -c cognito -f -a '(__cognito_complete)'
`,
	// Older versions of PowerShell drop empty arguments, so the script passes a space for an empty
	// word.
	"powershell": `# PowerShell completion for cognito
Register-ArgumentCompleter -Native -CommandName cognito -ScriptBlock {
	param($word, $ast, $cursor)
	$words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } |
		ForEach-Object { "$_" }) + @(if ($word) { $word } else { ' ' })
	& $words[0] completion -words -- $words 2>$null | ForEach-Object {
		$value, $meaning = $_ -split "` + "`" + `t", 2
		$text = $value
		if ($text -match '[^\w./:@=-]') { $text = "'" + $text.Replace("'", "''") + "'" }
		if (-not $meaning) { $meaning = $value }
		[System.Management.Automation.CompletionResult]::new(
			$text, $value, 'ParameterValue', $meaning)
	}
}
`,
}

// complete returns the completions of the last word of a command line whose first word is the
// program's name. A tab and a description follow each completion that has a description. complete
// derives both from the commands and their flags.
func (a *app) complete(words []string) (found []string) {
	if len(words) < 2 {
		return nil
	}
	last := strings.TrimSpace(words[len(words)-1])
	offer := func(word, meaning string) {
		if strings.HasPrefix(word, last) && terminal.OneLine(word) == word {
			found = append(found, strings.TrimSuffix(word+"\t"+terminal.OneLine(meaning), "\t"))
		}
	}
	if len(words) == 2 || len(words) == 3 && words[1] == "help" {
		for _, c := range commands() {
			offer(c.name, c.first())
		}
		if len(words) == 3 {
			for _, t := range topics() {
				offer(t.name, t.summary)
			}
		} else {
			offer("help", "Show the flags of a command")
			offer("version", "Print the version")
		}
		return found
	}
	flags := a.flagsOf(words[1])
	if flags == nil || slices.Contains(words[2:len(words)-1], "--") {
		return nil
	}
	if name, start, ok := valueFlag(flags, words); ok {
		value := last[len(start):]
		for _, choice := range a.choices(name, words) {
			if strings.HasPrefix(choice, value) && terminal.OneLine(choice) == choice {
				found = append(found, start+choice)
			}
		}
		return found
	}
	switch {
	case strings.HasPrefix(last, "-"):
		dash := "-"
		if strings.HasPrefix(last, "--") {
			dash = "--"
		}
		flags.VisitAll(func(f *flag.Flag) {
			_, usage := flag.UnquoteUsage(f)
			offer(dash+f.Name, usage)
		})
	case words[1] == "use":
		for _, name := range a.choices("env", words) {
			offer(name, "")
		}
	case words[1] == "completion":
		for _, shell := range completionShells() {
			offer(shell, "")
		}
	}
	return found
}

// valueFlag returns the name of the flag whose value is the last word, which then begins with
// start. Bash makes "=" a word of its own.
func valueFlag(flags *flag.FlagSet, words []string) (name, start string, ok bool) {
	last, before := words[len(words)-1], words[len(words)-2]
	if before == "=" {
		before = words[len(words)-3]
	}
	if text, _, found := strings.Cut(last, "="); found && strings.HasPrefix(text, "-") {
		before, start = text, text+"="
	}
	f := flags.Lookup(strings.TrimPrefix(strings.TrimPrefix(before, "-"), "-"))
	if f == nil || !strings.HasPrefix(before, "-") {
		return "", "", false
	}
	boolean, _ := f.Value.(interface{ IsBoolFlag() bool })
	return f.Name, start, boolean == nil || !boolean.IsBoolFlag()
}

// choices returns the known values of the flag with this name, or nil.
func (a *app) choices(name string, words []string) []string {
	switch name {
	case "env":
		probe := &app{getenv: a.getenv, config: a.getenv("COGNITO_CONFIG")}
		for i, word := range words[1:] {
			if strings.TrimLeft(words[i], "-") == "config" {
				probe.config = word
			} else if path, ok := strings.CutPrefix(strings.TrimLeft(word, "-"), "config="); ok {
				probe.config = path
			}
		}
		all, _ := probe.environments()
		return slices.Sorted(maps.Keys(all))
	case "format":
		if words[1] == "credentials" {
			return append([]string{"json", "process", "ini"}, shell.Formats()...)
		}
		return shell.Formats()
	case "profile":
		return awsconfig.Profiles(a.getenv)
	case "flow":
		return flows
	case "challenge":
		return challenges
	}
	return nil
}

// flagsOf returns the flags of a command without running it, or nil if there is no such command.
func (a *app) flagsOf(name string) (flags *flag.FlagSet) {
	for _, c := range commands() {
		if c.name == name {
			probe := &app{
				stdin:  a.stdin,
				stdout: io.Discard,
				stderr: io.Discard,
				getenv: a.getenv,
				now:    c,
			}
			probe.inspect = func(f *flag.FlagSet) { flags = f }
			c.run(context.Background(), probe, []string{"-help"})
		}
	}
	return flags
}
