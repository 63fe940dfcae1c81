package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// shellWord quotes s for a POSIX shell, if it needs quotes (POSIX.1-2024, XCU 2.2.2).
func shellWord(s string) string {
	const safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,"
	if s != "" && strings.Trim(s, safe) == "" {
		return s
	}
	return shellQuoted(s)
}

// shellQuoted returns s in single quotes for a POSIX shell.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// A variable is an environment variable or another named setting. Its value may be a secret.
type variable struct{ name, value string }

// Format redacts the value.
func (v variable) Format(f fmt.State, _ rune) { io.WriteString(f, v.name+"=REDACTED") }

// shells returns the formats of setLines.
func shells() []string { return []string{"sh", "fish", "powershell", "cmd", "dotenv"} }

// setLines returns lines that set variables, in the syntax of a shell or as a dotenv file. A shell
// evaluates these lines, so setLines rejects values that it cannot quote safely. It also rejects
// values that are not printable ASCII, which AWS never sends.
func setLines(shell string, variables []variable) ([]byte, error) {
	var b bytes.Buffer
	for _, v := range variables {
		var line, unsure string
		switch shell {
		case "sh":
			line = "export " + v.name + "=" + shellQuoted(v.value)
		case "fish": // fish-shell documentation, "Quotes": \ escapes \ and ' in single quotes
			line = "set -gx " + v.name + " '" +
				strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.value) + "'"
		case "powershell": // PowerShell documentation, about_Quoting_Rules
			line = "$env:" + v.name + " = '" + strings.ReplaceAll(v.value, "'", "''") + "'"
		case "cmd": // the unsafe characters differ between the prompt and batch files
			line, unsure = `set "`+v.name+"="+v.value+`"`, `"%!^`
		case "dotenv": // parsers disagree on quotes and on how to escape them
			line, unsure = v.name+"="+shellWord(v.value), `'\`
		default:
			return nil,
				usagef("unknown -format %q: choose one of %s", shell, strings.Join(shells(), ", "))
		}
		if !plainText(v.value) || strings.ContainsAny(v.value, unsure) {
			return nil,
				fmt.Errorf("%s has a character that -format %s cannot quote safely: use another "+
					"-format", v.name, shell)
		}
		b.WriteString(line + "\n")
	}
	return b.Bytes(), nil
}

// plainText reports whether s is printable ASCII.
func plainText(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c > '~' })
}
