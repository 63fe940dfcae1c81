package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// marked returns lines that show a text from a server. The text cannot imitate a prompt of the
// tool: each line begins with the tool's words and quotes the text. Characters that do not print
// are escaped as in Go. Each line fits into the given number of columns, because a terminal would
// continue a longer one at the start of the next line, and breaks between words if possible. A long
// text is truncated.
func marked(text string, columns int) []string {
	const says, most, marksPerLetter = `The user pool says: "`, 300, 2
	room := max(columns-len(says)-len(`"…`)-2*marksPerLetter, 8)
	var lines []string
	line, width, total, marks, end := "", 0, 0, marksPerLetter, `"`
	word, before := 0, 0 // where the last word of line begins: bytes and columns
	for _, r := range text {
		shown, joined := strconv.Quote(string(r)), unicode.Is(unicode.M, r)
		switch {
		case joined && marks < marksPerLetter: // combines with the letter before it
			marks++
		case joined: // would combine with a quotation mark, or is one of too many
			shown, joined = strconv.QuoteToASCII(string(r)), false
		case unicode.IsLetter(r):
			marks = 0
		default:
			marks = marksPerLetter
		}
		shown = shown[1 : len(shown)-1]
		columns := len(shown)
		if shown[0] >= 0x80 {
			columns = 2 // at most
		}
		if total += columns; total > most {
			end = `"…`
			break
		}
		if width+columns > room && !joined {
			if word == 0 || r == ' ' || width-before+columns > room {
				word, before = len(line), width
			}
			lines = append(lines, says+line[:word]+`"`)
			line, width, word, before = line[word:], width-before, 0, 0
		}
		line, width = line+shown, width+columns
		if r == ' ' {
			word, before = len(line), width
		}
	}
	return append(lines, says+line+end)
}

// says shows a server's text on the terminal.
func (a *app) says(text string) {
	if !terminal.Is(a.answersFile()) {
		return
	}
	columns, _ := terminal.Size(a.answersFile())
	for _, line := range marked(text, columns) {
		fmt.Fprintln(a.stderr, line)
	}
}

// describe returns the description of an authentication factor by its AWS name. It returns "" for
// unknown names.
func describe(choice string) string {
	switch choice {
	case "SMS_MFA", "SMS_OTP":
		return "a code by text message (" + choice + ")"
	case "EMAIL_OTP":
		return "a code by email (EMAIL_OTP)"
	case "SOFTWARE_TOKEN_MFA":
		return "a code from an authenticator app (SOFTWARE_TOKEN_MFA)"
	case "PASSWORD_SRP":
		return "the password, which is not sent (PASSWORD_SRP)"
	case "PASSWORD":
		return "the password, which is sent (PASSWORD)"
	case "WEB_AUTHN":
		return "a passkey, which only a browser can use (WEB_AUTHN)"
	}
	return ""
}

// standardAttributes are the attribute names that a prompt may contain (OpenID Connect Core,
// section 5.1).
var standardAttributes = []string{
	"address", "birthdate", "email", "family_name", "gender", "given_name", "locale", "middle_name",
	"name", "nickname", "phone_number", "picture", "preferred_username", "profile", "website",
	"zoneinfo",
}

// askFor asks for one answer to a challenge. The prompt contains no text from the server.
func (a *app) askFor(
	ctx context.Context, challenge *cognito.Challenge, key string,
) (string, error) {
	switch key {
	case "NEW_PASSWORD":
		return a.newPassword(ctx)
	case "PASSWORD":
		return a.password(ctx, "Password: ")
	case "SOFTWARE_TOKEN_MFA_CODE":
		return a.code(ctx, "Authenticator code: ")
	case "EMAIL":
		return a.ask(ctx, "Email address for codes: ", false)
	case "ANSWER": // of a custom challenge; its public parameters are the question
		names := slices.Sorted(maps.Keys(challenge.Parameters))
		names = slices.DeleteFunc(names, func(name string) bool {
			return name == "USERNAME" || name == "USER_ID_FOR_SRP"
		})
		for _, name := range names[:min(len(names), maxShown)] {
			a.says(name + ": " + challenge.Parameters[name])
		}
		return a.ask(ctx, "Answer to the user pool's question (not your password): ", true)
	}
	if attribute, ok := strings.CutPrefix(key, "userAttributes."); ok {
		if slices.Contains(standardAttributes, attribute) {
			return a.ask(ctx, "Your "+attribute+": ", false)
		}
		a.says(attribute)
		return a.ask(ctx, "Your attribute of this name (not your password): ", false)
	}
	return a.code(ctx, a.sentCode(challenge, key))
}

// sentCode returns the prompt for a code that was sent. It includes the destination if that looks
// like a masked phone number or email address.
func (a *app) sentCode(challenge *cognito.Challenge, key string) string {
	prompt := "Code sent by SMS"
	if strings.HasPrefix(key, "EMAIL") {
		prompt = "Code sent by email"
	}
	_, to := challenge.Delivery()
	return a.sentTo(prompt, to)
}

// sentTo adds the destination of a code to its prompt.
func (a *app) sentTo(prompt, to string) string {
	const usual = "*+@.-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	columns, _ := terminal.Size(a.answersFile())
	switch named := prompt + " to " + to; {
	case to == "":
	case strings.Trim(to, usual) == "" && strings.ContainsAny(to, "*+@") && len(named) < columns-2:
		prompt = named
	default:
		a.says(to)
	}
	return prompt + ": "
}

// code asks for a code. It ignores spaces, because users type codes in groups. Codes of Cognito
// contain only digits. Other input may be a password and is not sent.
func (a *app) code(ctx context.Context, prompt string) (string, error) {
	for attempt := 1; ; attempt++ {
		line, err := a.ask(ctx, prompt, false)
		code := strings.ReplaceAll(strings.TrimSpace(line), " ", "")
		switch {
		case err != nil || strings.Trim(code, "0123456789") == "":
			return code, err
		case attempt == attempts || !terminal.Is(a.answersFile()):
			return "", errors.New("a code contains digits only: nothing was sent")
		}
		a.notef("a code contains digits only")
	}
}

// newPassword asks for a new password, twice on a terminal.
func (a *app) newPassword(ctx context.Context) (string, error) {
	for attempt := 1; ; attempt++ {
		password, err := a.password(ctx, "New password: ")
		if err != nil || !terminal.Is(a.answersFile()) {
			return password, err
		}
		again, err := a.ask(ctx, "Retype new password: ", true)
		if err != nil || password == again {
			return password, err
		}
		if attempt == attempts {
			return "", errors.New("the passwords do not match")
		}
		a.notef("the passwords do not match")
	}
}
