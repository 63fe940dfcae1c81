package main

import (
	"context"
	"flag"
	"io"
	"maps"
	"slices"
	"strings"
)

func completionCommand() command {
	return command{
		name: "completion", args: "bash|zsh|fish",
		summary: `Print a script that completes commands and flags in a shell.
The script asks this program what can follow, so it need not be made anew when the program is replaced.`,
		example: `source <(cognito completion bash)
cognito completion zsh > "${fpath[1]}/_cognito"
cognito completion fish > ~/.config/fish/completions/cognito.fish`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.bareFlags()
			typed := f.Bool("words", false,
				"print what can be the last of the words that follow, a line each: for the scripts")
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
				return usagef("there is a script for each of %s, and for no other shell",
					strings.Join(completionShells(), ", "))
			}
			_, err = io.WriteString(a.stdout, text)
			return err
		},
	}
}

func completionShells() []string { return slices.Sorted(maps.Keys(completionScripts)) }

// completionScripts hand the words that are typed to "cognito completion -words". Where it knows
// nothing they complete names of files.
var completionScripts = map[string]string{
	"bash": `# bash completion for cognito
_cognito() {
	local word
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		COMPREPLY+=("$word")
	done < <("${COMP_WORDS[0]/#\~/$HOME}" completion -words -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -o default -F _cognito cognito
`,
	"zsh": `#compdef cognito
_cognito() {
	local -a found
	found=("${(@f)$("${words[1]/#\~/$HOME}" completion -words -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
	found=("${(@)found%%$'\t'*}")
	if [[ -n ${found[1]} ]]; then
		compadd -- "${found[@]}"
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
}

// complete answers what can stand in place of the last word, the first being the program's name:
// each with a tab and what it means. All of it comes from the commands and their flags.
func (a *app) complete(words []string) (found []string) {
	if len(words) < 2 {
		return nil
	}
	last := words[len(words)-1]
	offer := func(word, meaning string) {
		if strings.HasPrefix(word, last) {
			found = append(found, strings.TrimSuffix(word+"\t"+oneLine(meaning), "\t"))
		}
	}
	if len(words) == 2 || len(words) == 3 && words[1] == "help" {
		for _, c := range commands() {
			meaning, _, _ := strings.Cut(c.summary, ".")
			offer(c.name, meaning)
		}
		if len(words) == 2 {
			offer("help", "Show what a command takes")
			offer("version", "Print the version")
		}
		return found
	}
	switch flags := a.flagsOf(words[1]); {
	case flags == nil || slices.Contains(words[2:len(words)-1], "--"):
	case strings.HasPrefix(last, "-"):
		dash := "-"
		if strings.HasPrefix(last, "--") {
			dash = "--"
		}
		flags.VisitAll(func(f *flag.Flag) {
			_, usage := flag.UnquoteUsage(f)
			offer(dash+f.Name, usage)
		})
	case words[1] == "completion":
		for _, shell := range completionShells() {
			offer(shell, "")
		}
	}
	return found
}

// flagsOf are the flags of a command, which does not run.
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
