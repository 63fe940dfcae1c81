package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// answersFile is where passwords and codes come from.
func (a *app) answersFile() *os.File {
	if a.login.answers == nil {
		a.login.answers = a.stdin
		if a.login.passwordFD > 0 {
			a.login.answers = os.NewFile(uintptr(a.login.passwordFD), "-password-fd")
		}
	}
	return a.login.answers
}

// ask asks for one line.
func (a *app) ask(prompt string, secret bool) (string, error) {
	prompt = printable(prompt)
	if secret {
		return terminal.ReadSecret(a.answersFile(), a.stderr, prompt)
	}
	return terminal.ReadLine(a.answersFile(), a.stderr, prompt)
}

// mistyped tells whether the same challenge can be answered again.
func mistyped(err error) bool {
	return poolSays(err, cognitoidp.CodeCodeMismatch, cognitoidp.CodeInvalidPassword, cognitoidp.CodePasswordHistoryPolicyViolation, cognitoidp.CodeEnableSoftwareTokenMFA)
}

// attempts is how often a wrong code or a refused new password may be mended at the terminal.
const attempts = 3

// answer answers what the pool asks, with what the user says or a file holds.
func (s *signedIn) answer(ctx context.Context, challenge *cognito.Challenge, login cognito.Login) (*cognito.Session, error) {
	a := s.a
	seed, err := a.seed()
	if err != nil {
		return nil, err
	}
	asks, fixed := challenge.AnswerKeys(), make(map[string]string)
	if choices := challenge.Choices(); len(choices) > 0 {
		choice, err := a.choose(challenge.Name, choices, seed != "")
		switch {
		case err != nil:
			return nil, unanswered(challenge, err)
		case challenge.Name != "MFA_SETUP":
			fixed["ANSWER"], asks = choice, nil
			if strings.HasPrefix(choice, "PASSWORD") {
				asks = []string{"PASSWORD"}
			}
		case choice == "EMAIL_OTP":
			asks = []string{"EMAIL"}
		case choice != "SOFTWARE_TOKEN_MFA":
			asks = nil
		}
	}
	if slices.Contains(asks, "CREDENTIAL") || fixed["ANSWER"] == "WEB_AUTHN" || len(asks)+len(fixed) == 0 {
		return nil, unanswered(challenge, errors.New("it can't be answered at a command line: see -flow and -challenge for other ways to sign in"))
	}
	if challenge.Name == "MFA_SETUP" && asks[0] == "SOFTWARE_TOKEN_MFA_CODE" {
		if seed != "" {
			return nil, unanswered(challenge, errors.New("-totp-file holds the seed of a password generator, but the pool has none of this user's: set it up once at a terminal"))
		}
		if challenge, err = a.setUp(ctx, challenge, login.Username); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		answers := maps.Clone(fixed)
		for _, key := range asks {
			if key == "SOFTWARE_TOKEN_MFA_CODE" && seed != "" {
				answers[key], err = cognito.TOTP(seed, time.Now().Add(s.clock.offset()))
			} else {
				answers[key], err = a.askFor(challenge, key)
			}
			if err != nil {
				return nil, unanswered(challenge, err)
			}
		}
		session, err := challenge.Respond(ctx, answers)
		switch {
		case err == nil || attempt == attempts:
			return session, err
		case seed != "" && used(err): // by a sign-in just before this one
			if err := s.nextCode(ctx); err != nil {
				return nil, err
			}
			continue
		case !mistyped(err) && !used(err) || !terminal.Is(a.answersFile()):
			return nil, err
		}
		a.notef("%s", err)
	}
}

// used tells whether a code was right and is no more: that of a password generator is good once (RFC 6238 5.2).
func used(err error) bool { return poolSays(err, cognitoidp.CodeExpiredCode) }

// nextCode waits until a password generator shows another code.
func (s *signedIn) nextCode(ctx context.Context) error {
	now := time.Now().Add(s.clock.offset())
	wait := now.Truncate(30 * time.Second).Add(30 * time.Second).Sub(now)
	s.a.notef("the code was used already: the next one comes in %v", wait.Round(time.Second))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// unanswered is the error for a challenge to which there is no answer.
func unanswered(challenge *cognito.Challenge, err error) error {
	return signInError{fmt.Errorf("%w: %w", challenge, err)}
}

// seed is what -totp-file holds.
func (a *app) seed() (string, error) {
	if a.login.totpFile == "" {
		return "", nil
	}
	data, err := readFile(a.login.totpFile, 4096)
	if err != nil {
		return "", usagef("-totp-file: %w", err)
	}
	seed := strings.TrimSpace(string(data))
	if _, err := cognito.TOTP(seed, time.Now()); err != nil || seed == "" {
		return "", usagef("-totp-file: %s does not hold a seed in base32", a.login.totpFile)
	}
	return seed, nil
}

// choose asks which of several.
func (a *app) choose(name string, choices []string, seed bool) (string, error) {
	if seed && slices.Contains(choices, "SOFTWARE_TOKEN_MFA") && name != "MFA_SETUP" {
		return "SOFTWARE_TOKEN_MFA", nil
	}
	if len(choices) == 1 {
		return choices[0], nil
	}
	question := "How to sign in:"
	switch name {
	case "MFA_SETUP":
		question = "This user pool wants a second factor. Which one to set up:"
	case "SELECT_MFA_TYPE":
		question = "Which second factor:"
	}
	onTerminal := terminal.Is(a.answersFile())
	if onTerminal {
		fmt.Fprintln(a.stderr, question)
		for i, choice := range choices {
			fmt.Fprintf(a.stderr, "  %d  %s\n", i+1, describe(choice))
		}
	}
	for attempt := 1; ; attempt++ {
		line, err := a.ask(fmt.Sprintf("1 to %d: ", len(choices)), false)
		if err != nil {
			return "", err
		}
		line = strings.TrimSpace(line)
		if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(choices) {
			return choices[n-1], nil
		}
		if slices.Contains(choices, strings.ToUpper(line)) {
			return strings.ToUpper(line), nil
		}
		if attempt == attempts || !onTerminal {
			return "", fmt.Errorf("the choice must be one of %s", strings.Join(choices, ", "))
		}
	}
}

// describe is what AWS's name of a factor means.
func describe(choice string) string {
	switch choice {
	case "SMS_MFA", "SMS_OTP":
		return "a code by text message (" + choice + ")"
	case "EMAIL_OTP":
		return "a code by e-mail (EMAIL_OTP)"
	case "SOFTWARE_TOKEN_MFA":
		return "a code of a password generator, such as an authenticator app (SOFTWARE_TOKEN_MFA)"
	case "PASSWORD_SRP":
		return "the password, which is not sent (PASSWORD_SRP)"
	case "PASSWORD":
		return "the password, which is sent (PASSWORD)"
	case "WEB_AUTHN":
		return "a passkey, which only a browser can use (WEB_AUTHN)"
	}
	return printable(choice)
}

// askFor asks for one answer to a challenge.
func (a *app) askFor(challenge *cognito.Challenge, key string) (string, error) {
	switch key {
	case "NEW_PASSWORD":
		return a.newPassword()
	case "PASSWORD":
		return a.ask("Password: ", true)
	case "SOFTWARE_TOKEN_MFA_CODE":
		return a.code("Code of the password generator: ")
	case "EMAIL":
		return a.ask("E-mail address for codes: ", false)
	case "ANSWER": // of a custom challenge: its public parameters say what is asked
		for _, name := range slices.Sorted(maps.Keys(challenge.Parameters)) {
			if name != "USERNAME" && name != "USER_ID_FOR_SRP" && terminal.Is(a.answersFile()) {
				fmt.Fprintf(a.stderr, "%s: %s\n", printable(name), oneLine(challenge.Parameters[name]))
			}
		}
		return a.ask("Answer: ", true)
	}
	if attribute, ok := strings.CutPrefix(key, "userAttributes."); ok {
		return a.ask("Your "+attribute+": ", false)
	}
	if medium, destination := challenge.Delivery(); destination != "" {
		return a.code(fmt.Sprintf("Code sent to %s (%s): ", destination, medium))
	}
	return a.code(key + ": ")
}

// code asks for a code, which people like to type in groups.
func (a *app) code(prompt string) (string, error) {
	code, err := a.ask(prompt, false)
	return strings.ReplaceAll(strings.TrimSpace(code), " ", ""), err
}

// newPassword asks twice where somebody types.
func (a *app) newPassword() (string, error) {
	for attempt := 1; ; attempt++ {
		password, err := a.ask("The pool wants a new password: ", true)
		if err != nil || !terminal.Is(a.answersFile()) {
			return password, err
		}
		again, err := a.ask("Once more: ", true)
		if err != nil || password == again {
			return password, err
		}
		if attempt == attempts {
			return "", errors.New("the two are not the same")
		}
		a.notef("the two are not the same")
	}
}

// setUp begins the set-up of a password generator and shows its seed.
func (a *app) setUp(ctx context.Context, challenge *cognito.Challenge, user string) (*cognito.Challenge, error) {
	seed, next, err := challenge.SetUpTOTP(ctx)
	if err != nil {
		return nil, err
	}
	if a.drawCode(cognito.TOTPURI("cognito", user, seed)) {
		a.notef("scan this with an authenticator app, or enter the seed %s", seed)
	} else {
		a.notef("enter this seed in an authenticator app: %s", seed)
	}
	return next, nil
}
