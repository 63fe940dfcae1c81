package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// shellWord quotes s for a POSIX shell (POSIX.1-2024, XCU 2.2.2), where it needs it.
func shellWord(s string) string {
	if s != "" &&
		strings.Trim(s,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,") == "" {
		return s
	}
	return shellQuoted(s)
}

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// A variable is an environment variable, or another setting that has a name. Its value may be a
// secret.
type variable struct{ name, value string }

// Format leaves the value out.
func (v variable) Format(f fmt.State, _ rune) { io.WriteString(f, v.name+"=REDACTED") }

// shells are the forms in which environment variables can be set.
func shells() []string { return []string{"sh", "fish", "powershell", "cmd", "dotenv"} }

// setLines are the lines that set variables in one of the forms of shells. What goes into them is
// evaluated by a shell: a value that has no sure form there is refused, and so is everything but
// printable ASCII, which AWS never sends.
func setLines(shell string, variables []variable) ([]byte, error) {
	var b bytes.Buffer
	for _, v := range variables {
		var line, unsure string
		switch shell {
		case "sh":
			line = "export " + v.name + "=" + shellQuoted(v.value)
		case "fish": // fish-shell documentation, "Quotes": \ escapes \ and ' between single quotes
			line = "set -gx " + v.name + " '" +
				strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.value) + "'"
		case "powershell": // PowerShell documentation, about_Quoting_Rules
			line = "$env:" + v.name + " = '" + strings.ReplaceAll(v.value, "'", "''") + "'"
		case "cmd": // a typed line and a batch file read these characters differently
			line, unsure = `set "`+v.name+"="+v.value+`"`, `"%!^`
		// some readers take quotes as part of the value, and they disagree on what escapes a quote
		case "dotenv":
			line, unsure = v.name+"="+shellWord(v.value), `'\`
		default:
			return nil,
				usagef("there is no -format %q: choose one of %s", shell,
					strings.Join(shells(), ", "))
		}
		if !plainText(v.value) || strings.ContainsAny(v.value, unsure) {
			return nil,
				fmt.Errorf("%s holds a character that has no safe form in -format %s: choose "+
					"another one", v.name, shell)
		}
		b.WriteString(line + "\n")
	}
	return b.Bytes(), nil
}

// plainText tells whether s is printable ASCII.
func plainText(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c > '~' })
}
