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

// ask asks for one line. It does not accept the password that this sign-in proves by SRP, because
// answers are sent.
func (a *app) ask(prompt string, secret bool) (line string, err error) {
	if err := a.ending.hold(); err != nil { // until the echo is on again
		return "", err
	}
	defer a.ending.release()
	prompt = printable(prompt)
	if secret {
		line, err = terminal.ReadSecret(a.ctx, a.answersFile(), a.stderr, prompt)
	} else {
		line, err = terminal.ReadLine(a.ctx, a.answersFile(), a.stderr, prompt)
	}
	if err == nil && a.login.proven != "" && samePassword(line, a.login.proven) {
		return "", errors.New("this is the password, which SRP keeps secret: nothing was sent")
	}
	return line, err
}

// samePassword compares in constant time, but for white space around either.
func samePassword(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// mistyped reports whether the same challenge can be answered again.
func mistyped(err error) bool {
	return poolSays(err, cognitoidp.CodeCodeMismatch, cognitoidp.CodeInvalidPassword,
		cognitoidp.CodePasswordHistoryPolicyViolation, cognitoidp.CodeEnableSoftwareTokenMFA)
}

// attempts is how often a wrong code or a refused new password may be mended at the terminal.
const attempts = 3

// answer answers a challenge with what the user types or a file holds. It records in login what the
// user chooses.
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
		choice, err := a.choose(challenge, *login, seed != "")
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
	chosen := challenge.Name == "SELECT_CHALLENGE" || challenge.Name == login.PreferredChallenge
	if slices.Contains(asks, "PASSWORD") && !(chosen && login.Flow == "USER_AUTH") {
		return nil, unanswered(challenge,
			errors.New("-flow and -challenge do not ask for that: nothing was sent"))
	}
	browser := slices.Contains(asks, "CREDENTIAL") || fixed["ANSWER"] == "WEB_AUTHN"
	if browser || len(asks)+len(fixed) == 0 {
		return nil, unanswered(challenge, errors.New(
			"it can't be answered at a command line: "+
				"see -flow and -challenge for other ways to sign in"))
	}
	if challenge.Name == "MFA_SETUP" && asks[0] == "SOFTWARE_TOKEN_MFA_CODE" {
		if seed != "" {
			return nil, unanswered(challenge, errors.New(
				"-totp-file holds the seed of a password generator, "+
					"but the pool has none of this user's: set it up once at a terminal"))
		}
		if challenge, err = a.setUp(ctx, challenge, login.Username); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		answers := maps.Clone(fixed)
		for _, key := range asks {
			switch {
			case key == "SOFTWARE_TOKEN_MFA_CODE" && seed != "":
				answers[key], err = cognito.TOTP(seed, time.Now().Add(s.clock.offset()))
			case key == "PASSWORD" && login.Password != "": // -challenge named it
				answers[key] = login.Password
			default:
				answers[key], err = a.askFor(challenge, key)
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
		case seed != "" && used(err): // by a sign-in just before this one
			if err := s.nextCode(ctx); err != nil {
				return nil, err
			}
			continue
		case !mistyped(err) && !used(err):
			return nil, err
		case slices.Contains(asks, "PASSWORD") || !terminal.Is(a.answersFile()):
			return nil, err
		}
		var refused *awserr.Error
		if errors.As(err, &refused) {
			a.notef("the user pool refuses it (%s): try again", refused.Code)
			a.says(refused.Message)
		}
	}
}

// proven returns the password that login proves by SRP, or "" if login has it sent.
func proven(login cognito.Login) string {
	if login.Flow == "USER_PASSWORD_AUTH" || login.PreferredChallenge == "PASSWORD" {
		return ""
	}
	return login.Password
}

// used reports whether a code was right and is no more: that of a password generator is good once
// (RFC 6238 5.2).
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

// unanswered is the error for a challenge to which there is no answer. The name is the server's.
func unanswered(challenge *cognito.Challenge, err error) error {
	return signInError{fmt.Errorf("the user pool asks for %.64q: %w", challenge.Name, err)}
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

// maxShown bounds how many choices, or parameters of a custom challenge, are shown.
const maxShown = 16

// choose asks which of several. It never chooses PASSWORD by itself, because that sends the
// password, nor what it does not know. On a pipe, if no password was read before SELECT_CHALLENGE,
// the next line is always the choice, by name. Otherwise the pool could select a code by what it
// offers, and receive the password as the code.
func (a *app) choose(challenge *cognito.Challenge, login cognito.Login, seed bool) (string, error) {
	choices := challenge.Choices()
	choices = choices[:min(len(choices), maxShown)]
	onTerminal, begins := terminal.Is(a.answersFile()), challenge.Name == "SELECT_CHALLENGE"
	byItself := !begins || onTerminal || login.Password != ""
	only, chosen, question := "", login.PreferredChallenge, "How to sign in:"
	if len(choices) == 1 {
		only = choices[0]
	}
	switch {
	case len(choices) == 0 && challenge.Name == "MFA_SETUP":
		return "SOFTWARE_TOKEN_MFA", nil
	case len(choices) == 0:
		return "", errors.New("it offers nothing to choose from")
	case seed && slices.Contains(choices, "SOFTWARE_TOKEN_MFA") && challenge.Name != "MFA_SETUP":
		return "SOFTWARE_TOKEN_MFA", nil
	case chosen != "" && begins && slices.Contains(choices, chosen):
		return chosen, nil
	case only == "PASSWORD" && begins && !onTerminal:
		return "", errors.New("it offers only PASSWORD, which sends the password: " +
			"if that is intended, use -challenge PASSWORD")
	case only != "PASSWORD" && describe(only) != "" && byItself:
		return only, nil
	case challenge.Name == "MFA_SETUP":
		question = "This user pool wants a second factor. Which one to set up:"
	case challenge.Name == "SELECT_MFA_TYPE":
		question = "Which second factor:"
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
		line, err := a.ask(prompt, false)
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
			return "", fmt.Errorf("the first line must be one of %.40q: or use -challenge", choices)
		}
		return "", fmt.Errorf("the choice must be one of %.40q", choices)
	}
}

// setUp begins the set-up of a password generator and shows its seed.
func (a *app) setUp(ctx context.Context, challenge *cognito.Challenge,
	user string) (*cognito.Challenge, error) {
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
