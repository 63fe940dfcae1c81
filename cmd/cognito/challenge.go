package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/bom"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// answersFile returns the file that passwords and codes are read from: the one that -password-fd
// names, or standard input.
func (a *app) answersFile() *os.File {
	if a.login.answers == nil {
		a.login.answers = a.stdin
		if a.login.passwordFD > 0 {
			a.login.answers = os.NewFile(uintptr(a.login.passwordFD), "-password-fd")
		}
	}
	return a.login.answers
}

// ask prompts for one line and returns it. It refuses the password that this sign-in proves by SRP,
// because lines are sent to the user pool.
func (a *app) ask(ctx context.Context, prompt string, secret bool) (line string, err error) {
	// The process must not exit before the terminal's echo is on again.
	release, err := a.ending.hold()
	if err != nil {
		return "", err
	}
	defer release()
	prompt = terminal.Printable(prompt)
	if a.login.text == nil {
		a.login.text = &terminal.Input{Reader: a.answersFile()}
		if !terminal.Is(a.answersFile()) {
			a.login.text.Reader = bom.NewReader(a.answersFile())
		}
	}
	if secret {
		line, err = terminal.ReadSecret(ctx, a.login.text, a.stderr, prompt)
	} else {
		line, err = terminal.ReadLine(ctx, a.login.text, a.stderr, prompt)
	}
	if err == nil && a.login.proven != "" && samePassword(line, a.login.proven) {
		return "", errors.New("this is the password, which SRP keeps secret: nothing was sent")
	}
	return line, err
}

const paddedText = "begins or ends with white space, which user pools do not allow: remove it"

// password asks for a password. It refuses white space at the ends before an attempt is counted.
func (a *app) password(ctx context.Context, prompt string) (string, error) {
	line, err := a.ask(ctx, prompt, true)
	if err == nil && strings.Trim(line, " \t\n\v\f\r") != line {
		return "", usagef("the password %s", paddedText)
	}
	return line, err
}

// samePassword reports whether a and b are equal, ignoring white space around them. It compares
// them in constant time.
func samePassword(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// mistyped reports whether the pool rejected an answer but accepts another one to the same
// challenge.
func mistyped(err error) bool {
	return poolSays(err, cognitoidp.CodeCodeMismatch, cognitoidp.CodeInvalidPassword,
		cognitoidp.CodePasswordHistoryPolicyViolation, cognitoidp.CodeEnableSoftwareTokenMFA)
}

// attempts is how many times users at a terminal may enter a value that is rejected.
const attempts = 3

// answer answers a challenge with input from the user, -password-fd and -totp-file. It records the
// user's choice of challenge and the password in login.
func (s *signedIn) answer(
	ctx context.Context, challenge *cognito.Challenge, login *cognito.Login,
) (*cognito.Session, error) {
	a := s.a
	seed, err := a.seed()
	if err != nil {
		return nil, err
	}
	asks, fixed := challenge.AnswerKeys(), make(map[string]string)
	switch challenge.Name {
	case "SELECT_CHALLENGE", "SELECT_MFA_TYPE", "MFA_SETUP":
		choice, err := a.choose(ctx, challenge, *login, seed != "")
		switch {
		case err != nil:
			return nil, unanswered(challenge, err)
		case challenge.Name != "MFA_SETUP":
			fixed["ANSWER"], asks = choice, nil
		case choice == "EMAIL_OTP":
			asks = []string{"EMAIL"}
		case choice != "SOFTWARE_TOKEN_MFA":
			asks = nil
		}
		if challenge.Name == "SELECT_CHALLENGE" {
			login.PreferredChallenge = choice
			if choice == "PASSWORD" || choice == "PASSWORD_SRP" {
				asks = []string{"PASSWORD"}
			}
		}
	}
	if slices.Contains(asks, "PASSWORD") && a.login.noPassword {
		return nil, unanswered(challenge, errors.New("-no-password is set: nothing was sent"))
	}
	chosen := challenge.Name == "SELECT_CHALLENGE" || challenge.Name == login.PreferredChallenge
	if slices.Contains(asks, "PASSWORD") && !(chosen && login.Flow == "USER_AUTH") {
		return nil, unanswered(challenge,
			errors.New("-flow and -challenge did not request it: nothing was sent"))
	}
	browser := slices.Contains(asks, "CREDENTIAL") || fixed["ANSWER"] == "WEB_AUTHN"
	if browser || len(asks)+len(fixed) == 0 {
		return nil, unanswered(challenge, errors.New(
			"it cannot be answered on the command line: "+
				"see -flow and -challenge for other ways to sign in"))
	}
	if challenge.Name == "MFA_SETUP" && asks[0] == "SOFTWARE_TOKEN_MFA_CODE" {
		if seed != "" {
			return nil, unanswered(challenge, errors.New(
				"-totp-file requires an authenticator app, and this user has none: "+
					"set it up once at a terminal"))
		}
		if challenge, err = a.setUp(ctx, challenge, login.Username); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		answers := maps.Clone(fixed)
		for _, key := range asks {
			switch {
			case key == "SOFTWARE_TOKEN_MFA_CODE" && seed != "" && a.login.codes == attempts:
				err = fmt.Errorf("-totp-file gave %d codes, which is the maximum", attempts)
			case key == "SOFTWARE_TOKEN_MFA_CODE" && seed != "":
				a.login.codes++
				answers[key], err = cognito.TOTP(seed, corrected(s.clock.offset(), maxTOTPOffset))
			case key == "PASSWORD" && login.Password != "":
				// -challenge names PASSWORD or PASSWORD_SRP.
				answers[key] = login.Password
			default:
				answers[key], err = a.askFor(ctx, challenge, key)
			}
			if err != nil {
				return nil, unanswered(challenge, err)
			}
		}
		if password := answers["PASSWORD"]; password != "" {
			login.Password = password
			a.login.proven = proven(*login)
		}
		session, err := challenge.Respond(ctx, answers)
		switch {
		case err == nil || attempt == attempts:
			return session, err
		case seed != "" && used(err):
			// A sign-in shortly before this one used the same code.
			if err := s.nextCode(ctx); err != nil {
				return nil, err
			}
			continue
		case !mistyped(err) && !used(err):
			return nil, err
		case slices.Contains(asks, "PASSWORD") || !terminal.Is(a.answersFile()):
			return nil, err
		}
		a.rejected(err)
	}
}

// rejected shows why the user pool rejected an answer that the user may correct.
func (a *app) rejected(err error) {
	var refused *awserr.Error
	if errors.As(err, &refused) {
		a.notef("the user pool rejected the answer (%s): try again", refused.Code)
		a.says(refused.Message)
	}
}

// proven returns the password that login proves by SRP, or "" if login sends the password.
func proven(login cognito.Login) string {
	if login.Flow == "USER_PASSWORD_AUTH" || login.PreferredChallenge == "PASSWORD" {
		return ""
	}
	return login.Password
}

// used reports whether the pool rejected a code as expired. A TOTP code is valid only once (RFC
// 6238, section 5.2), so a correct code is rejected if an earlier sign-in used it.
func used(err error) bool { return poolSays(err, cognitoidp.CodeExpiredCode) }

// nextCode waits until the TOTP code changes.
func (s *signedIn) nextCode(ctx context.Context) error {
	now := corrected(s.clock.offset(), maxTOTPOffset)
	wait := now.Truncate(30 * time.Second).Add(30 * time.Second).Sub(now)
	s.a.notef("the code was already used: waiting %v for the next one", wait.Round(time.Second))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// unanswered returns the error for a challenge that could not be answered. The name of the
// challenge comes from the server, so it is quoted and shortened.
func unanswered(challenge *cognito.Challenge, err error) error {
	return signInError{fmt.Errorf("the user pool asks for %.64q: %w", challenge.Name, err)}
}

// seed returns the TOTP secret in the file that -totp-file names, or "" if the flag is not set.
func (a *app) seed() (string, error) {
	if a.login.totpFile == "" {
		return "", nil
	}
	data, err := readText(a.login.totpFile, 4096)
	if err != nil {
		return "", usagef("-totp-file: %w", err)
	}
	seed := strings.TrimSpace(string(data))
	if _, err := cognito.TOTP(seed, time.Now()); err != nil || seed == "" {
		return "", usagef("-totp-file: %s is not a TOTP secret in base32", a.login.totpFile)
	}
	return seed, nil
}

// maxShown is the maximum number of choices, or of parameters of a custom challenge, that are
// shown.
const maxShown = 16

// choose returns one of the challenge's choices. If only one is possible, or -challenge or
// -totp-file determines it, choose does not ask the user. It returns PASSWORD, which sends the
// password, only if the user or -challenge names it. It never selects an unknown choice by itself.
//
// If input is not a terminal and no password was read before SELECT_CHALLENGE, the next line must
// be the name of a choice. Otherwise the pool could offer only a code, and would receive the
// password in place of the code.
func (a *app) choose(
	ctx context.Context, challenge *cognito.Challenge, login cognito.Login, seed bool,
) (string, error) {
	choices := challenge.Choices()
	choices = choices[:min(len(choices), maxShown)]
	onTerminal, begins := terminal.Is(a.answersFile()), challenge.Name == "SELECT_CHALLENGE"
	byItself := !begins || onTerminal || login.Password != ""
	only, chosen, question := "", login.PreferredChallenge, "Sign-in method:"
	if len(choices) == 1 {
		only = choices[0]
	}
	switch {
	case len(choices) == 0 && challenge.Name == "MFA_SETUP":
		return "SOFTWARE_TOKEN_MFA", nil
	case len(choices) == 0:
		return "", errors.New("it has nothing to choose from")
	case seed && slices.Contains(choices, "SOFTWARE_TOKEN_MFA") && challenge.Name != "MFA_SETUP":
		return "SOFTWARE_TOKEN_MFA", nil
	case chosen != "" && begins && slices.Contains(choices, chosen):
		return chosen, nil
	case only == "PASSWORD" && begins && !onTerminal:
		return "", errors.New("it offers only PASSWORD, which sends the password: " +
			"to allow that, use -challenge PASSWORD")
	case only != "PASSWORD" && describe(only) != "" && byItself:
		return only, nil
	case challenge.Name == "MFA_SETUP":
		question = "This user pool requires a second factor. Set up:"
	case challenge.Name == "SELECT_MFA_TYPE":
		question = "Second factor:"
	}
	if onTerminal {
		fmt.Fprintln(a.stderr, question)
		columns, _ := terminal.Size(a.answersFile())
		for i, choice := range choices {
			text := describe(choice)
			if text == "" {
				text = strings.Join(marked(choice, columns-len("  1  ")), "\n     ")
			}
			fmt.Fprintf(a.stderr, "%3d  %s\n", i+1, text)
		}
	}
	prompt := fmt.Sprintf("1 to %d: ", len(choices))
	if only == "PASSWORD" {
		prompt = "Type PASSWORD to send it: "
	}
	for attempt := 1; ; attempt++ {
		line, err := a.ask(ctx, prompt, false)
		if err != nil {
			return "", err
		}
		line = strings.TrimSpace(line)
		n, err := strconv.Atoi(line)
		numbered := err == nil && only != "PASSWORD" && (onTerminal || !begins)
		switch {
		case numbered && n >= 1 && n <= len(choices):
			return choices[n-1], nil
		case slices.Contains(choices, strings.ToUpper(line)):
			return strings.ToUpper(line), nil
		case attempt < attempts && onTerminal:
			continue
		case begins && !onTerminal:
			return "", fmt.Errorf("the first line must be one of %.40q, unless -challenge is set",
				choices)
		}
		return "", fmt.Errorf("the choice must be one of %.40q", choices)
	}
}

// setUp starts the set-up of an authenticator app and shows the TOTP secret.
func (a *app) setUp(
	ctx context.Context, challenge *cognito.Challenge, user string,
) (*cognito.Challenge, error) {
	seed, next, err := challenge.SetUpTOTP(ctx)
	if err != nil {
		return nil, err
	}
	// The code is last, so that the window shows all of it and the prompt. The secret of 52
	// characters is alone on its line, so that it fits into 60 columns.
	code := a.drawCode(cognito.TOTPURI("cognito", user, seed))
	if code != "" {
		a.notef("scan this code with an authenticator app, or enter this secret:")
	} else {
		a.notef("enter this secret in an authenticator app:")
	}
	fmt.Fprint(a.stderr, terminal.OneLine(seed), "\n", code)
	return next, nil
}
