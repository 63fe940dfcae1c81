// Package shell quotes text for shells, and selects environment variables.
package shell

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// Word quotes s for a POSIX shell, if it needs quotes (POSIX.1-2024, XCU 2.2.2).
func Word(s string) string {
	const safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,"
	if s != "" && strings.Trim(s, safe) == "" {
		return s
	}
	return Quoted(s)
}

// Quoted returns s in single quotes for a POSIX shell.
func Quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// WordIn is Word for the shell of a format. Programs on Windows split their command line in the
// same way, whether cmd.exe or PowerShell has started them.
func WordIn(format, s string) string {
	const safe = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:+\`
	switch {
	case format != "cmd" && format != "powershell":
		return Word(s)
	case s != "" && strings.Trim(s, safe) == "":
		return s
	case format == "cmd":
		return `"` + s + `"` // names of files contain no quotes
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// Current returns the format of the shell in which this program runs. Where that cannot be found
// out, it is sh, or powershell on Windows.
func Current(getenv func(string) string) string {
	for name := range ancestors() {
		switch strings.TrimSuffix(strings.ToLower(name), ".exe") {
		case "cmd":
			return "cmd"
		case "powershell", "pwsh", "powershell_ise":
			return "powershell"
		case "bash", "sh", "dash", "zsh":
			return "sh"
		}
	}
	if runtime.GOOS == "windows" && getenv("MSYSTEM") == "" { // a terminal of MSYS2 or Git
		return "powershell"
	}
	return "sh"
}

// A Variable is an environment variable or another named setting. Its value may be a secret.
type Variable struct{ Name, Value string }

// Format redacts the value.
func (v Variable) Format(f fmt.State, _ rune) { io.WriteString(f, v.Name+"=REDACTED") }

// Public returns the environment variables that are neither AWS's nor this program's. Those may be
// secrets.
func Public(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, variable := range env {
		name := strings.ToUpper(variable)
		if !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "COGNITO_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// Formats returns the formats of [Set].
func Formats() []string { return []string{"sh", "fish", "powershell", "cmd", "dotenv"} }

// Set returns lines that set variables, in the syntax of a shell or as a dotenv file. A shell
// evaluates these lines, so Set rejects values that it cannot quote safely. It also rejects
// values that are not printable ASCII, which AWS never sends.
func Set(format string, variables []Variable) ([]byte, error) {
	var b bytes.Buffer
	for _, v := range variables {
		var line, unsure string
		switch format {
		case "sh":
			line = "export " + v.Name + "=" + Quoted(v.Value)
		case "fish": // fish-shell documentation, "Quotes": \ escapes \ and ' in single quotes
			line = "set -gx " + v.Name + " '" +
				strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.Value) + "'"
		case "powershell": // PowerShell documentation, about_Quoting_Rules
			line = "$env:" + v.Name + " = '" + strings.ReplaceAll(v.Value, "'", "''") + "'"
		case "cmd": // the unsafe characters differ between the prompt and batch files
			line, unsure = `set "`+v.Name+"="+v.Value+`"`, `"%!^`
		case "dotenv": // parsers disagree on quotes and on how to escape them
			line, unsure = v.Name+"="+Word(v.Value), `'\`
		default:
			return nil, fmt.Errorf("unknown -format %q", format)
		}
		if !Plain(v.Value) || strings.ContainsAny(v.Value, unsure) {
			return nil,
				fmt.Errorf("%s has a character that -format %s cannot quote safely: use another "+
					"-format", v.Name, format)
		}
		b.WriteString(line + "\n")
	}
	return b.Bytes(), nil
}

// Unset returns lines that remove variables, in the syntax of a shell. It omits names that are not
// letters, digits and _. A dotenv file cannot remove variables: Unset then returns nil.
func Unset(format string, names []string) (lines []byte) {
	form, ok := map[string]string{
		"sh":         "unset %s\n",
		"fish":       "set -eg %s\n",
		"powershell": "Remove-Item Env:%s -ErrorAction SilentlyContinue\n",
		"cmd":        "set \"%s=\"\n",
	}[format]
	for _, name := range names {
		const safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
		if ok && strings.Trim(name, safe) == "" {
			lines = fmt.Appendf(lines, form, name)
		}
	}
	return lines
}

// Plain reports whether s is printable ASCII.
func Plain(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c > '~' })
}
