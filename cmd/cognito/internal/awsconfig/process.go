package awsconfig

import (
	"fmt"
	"strings"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// ProcessLine returns the value of credential_process that runs the words of a command line.
func ProcessLine(words []string, windows bool) (string, error) {
	var line string
	for _, word := range words {
		quoted, err := processWord(word, windows)
		if err != nil {
			return "", err
		}
		line += " " + quoted
	}
	line = line[1:]
	// aws-sdk-go-v2 (internal/ini) removes a quote at each end, even if they are not a pair.
	if line[0] == '"' && line[len(line)-1] == '"' {
		line += " --"
	}
	// All SDKs accept quotes around the first word.
	if !ValidValue(strings.TrimPrefix(line, `"`)) {
		return "", fmt.Errorf("%s has a character that some SDKs do not read in a configuration "+
			"file: move the program, or rename the environment or its file", line)
	}
	return line, nil
}

// processWord quotes one word of a command line so that all SDKs read the same word. Some SDKs
// split the line themselves (botocore: shlex on Unix, the rules of the C runtime on Windows).
// Others pass it to a shell (sh -c, cmd.exe /C).
func processWord(word string, windows bool) (string, error) {
	switch {
	case windows && strings.ContainsAny(word, "\"%"), strings.ContainsAny(word, "\r\n\x00"):
		return "", fmt.Errorf("%q cannot be used in the command line of a profile: "+
			"move or rename it", word)
	case windows && word != "" && !strings.ContainsAny(word, " \t&|<>()^,;='`!"):
		return word, nil
	case windows: // double the backslashes that would escape the closing quote
		slashes := len(word) - len(strings.TrimRight(word, `\`))
		return `"` + word + strings.Repeat(`\`, slashes) + `"`, nil
	case shell.Word(word) == word:
		return word, nil
	case !strings.ContainsAny(word, "\"$`\\"):
		return `"` + word + `"`, nil
	}
	return shell.Quoted(word), nil
}
