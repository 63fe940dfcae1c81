package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/keychain"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func loginCommand() command {
	return command{
		name: "login",
		summary: `Sign in, and store the session for the other commands.
The password is read from the terminal, from standard input or from another file descriptor.
Without a terminal, the input has one answer per line, and the password is the first. The password
is proven by SRP and not sent, unless -flow or -challenge require that.

login also asks for the codes, new passwords, choices and the set-up of an authenticator app that
the user pool requires. It refuses an answer or a new password that equals the password proven by
SRP. Text from the user pool follows "The user pool says:".

With -flow USER_AUTH and no -challenge, the first line of standard input is the name of the chosen
challenge. With -no-password, the input has no password: use it for a CUSTOM_AUTH sign-in that needs
none.

If the user pool tracks devices, login stores the device as well. A user pool that remembers the
device does not ask for a code at the next sign-in.

With -browser, the user signs in at the user pool's managed login, which also serves users of other
identity providers, and passkeys. login prints the address and opens it in the browser ($BROWSER, or
the system's). If the browser is on another machine, paste the address that it ends at. Later
sign-ins use the browser again, unless a flag such as -user is set.

With -keychain, the session, the credentials and the devices are encrypted in their file. The key
is in the keychain of the system: dpapi (Windows), macos, or the name of a Docker credential helper,
such as secretservice, pass, osxkeychain or wincred. If the keychain fails, login fails.

login names the environment's hosts that are not
AWS's.`,
		example: `cognito login -env DEV -user ada
cognito login -browser
cognito login -user build-agent -totp-file /run/secrets/totp < /run/secrets/password`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			f.BoolVar(&a.noStore, "no-store", false,
				"store nothing: only test the sign-in")
			a.login.register(f)
			a.browser.register(f)
			chain := f.String("keychain", a.getenv("COGNITO_KEYCHAIN"),
				"encrypt the session with a key in the keychain of this `name`, or none "+
					"(default: $COGNITO_KEYCHAIN, or as at the last sign-in)")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			if err := a.configureFirst(ctx); err != nil {
				return err
			}
			s, err := a.prepare()
			if err != nil {
				return err
			}
			s.keep.User = "" // it may not be signed in yet
			if err := s.encrypt(ctx, *chain); err != nil {
				return err
			}
			return s.login(ctx)
		},
	}
}

// encrypt makes the keychain of this name hold the key of the session. It stores and reads the key
// before the user is asked anything.
func (s *signedIn) encrypt(ctx context.Context, name string) error {
	err := s.keep.Encrypt(ctx, name)
	if errors.Is(err, keychain.ErrUnknown) {
		return usageError{err}
	}
	return err
}

// loginFlags are the flags of a sign-in, and its state.
type loginFlags struct {
	user, flow, challenge, totpFile string
	deviceName                      string
	passwordFD                      int
	remember, noPassword            bool
	variable                        bool // user is that of COGNITO_USER, and -user is not set
	duration                        time.Duration

	answers *os.File        // the source of passwords and codes, once it is open
	text    *terminal.Input // reads answers
	codes   int             // is how many -totp-file has given, because a pool could ask for many
	proven  string          // the password that this sign-in proves by SRP; no answer may equal it
}

// registerUser defines -user in f, for commands that do not sign in.
func (l *loginFlags) registerUser(f *flag.FlagSet) {
	f.StringVar(&l.user, "user", "",
		"user `name` or alias (default: $COGNITO_USER, that of the last sign-in, or of "+
			"\"cognito use\")")
}

// registerInput defines -password-fd in f.
func (l *loginFlags) registerInput(f *flag.FlagSet) {
	l.passwordFD = -1
	f.Func("password-fd",
		"read the password and codes, one per line, from file descriptor `N` (default: the "+
			"terminal, or standard input)",
		func(text string) error {
			fd, err := strconv.ParseUint(text, 10, 31)
			l.passwordFD = int(fd)
			if err != nil {
				return errors.New("it is not the number of a descriptor, such as 3")
			}
			if fd > 0 && runtime.GOOS == "windows" {
				return errors.New("Windows has no such descriptors: use -password-fd 0 and a pipe")
			}
			return nil
		})
}

// register defines the flags of a sign-in in f.
func (l *loginFlags) register(f *flag.FlagSet) {
	l.registerUser(f)
	l.registerInput(f)
	f.StringVar(&l.totpFile, "totp-file", "",
		"`file` with the TOTP secret in base32, to compute authenticator codes from")
	f.StringVar(&l.flow, "flow", "", "authentication `flow`: "+strings.Join(flows, ", ")+
		" (default: USER_SRP_AUTH)")
	f.StringVar(&l.challenge, "challenge", "", "first `challenge` of a USER_AUTH sign-in: "+
		strings.Join(challenges, ", ")+" (default: ask)")
	f.BoolVar(&l.remember, "remember-device", false,
		"remember this device, if the user pool lets users decide")
	f.StringVar(&l.deviceName, "device-name", "",
		"`name` of a new device in the user pool (default: the host name)")
	f.BoolVar(&l.noPassword, "no-password", false,
		"read no password, for CUSTOM_AUTH and USER_AUTH sign-ins without one")
}

// The values of -flow and -challenge.
var (
	flows      = []string{"USER_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH", "USER_PASSWORD_AUTH"}
	challenges = []string{"PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"}
)

// login signs in and stores the session and the device.
func (s *signedIn) login(ctx context.Context) error {
	a := s.a
	login := cognito.Login{
		Username:           a.login.user,
		Flow:               strings.ToUpper(a.login.flow),
		PreferredChallenge: strings.ToUpper(a.login.challenge),
	}
	if login.PreferredChallenge != "" {
		login.Flow = cmp.Or(login.Flow, "USER_AUTH")
	}
	switch {
	case login.Flow != "" && !slices.Contains(flows, login.Flow):
		return usagef("-flow is %q: choose one of %s", login.Flow, strings.Join(flows, ", "))
	case login.PreferredChallenge != "" && !slices.Contains(challenges, login.PreferredChallenge):
		return usagef("-challenge is %q: choose one of %s", login.PreferredChallenge,
			strings.Join(challenges, ", "))
	case login.PreferredChallenge != "" && login.Flow != "USER_AUTH":
		return usagef("-challenge requires -flow USER_AUTH: -flow is %s", login.Flow)
	case a.login.noPassword && login.Flow != "CUSTOM_AUTH" && login.Flow != "USER_AUTH":
		return usagef("-no-password requires -flow CUSTOM_AUTH or USER_AUTH")
	case a.login.noPassword && strings.HasPrefix(login.PreferredChallenge, "PASSWORD"):
		return usagef("-no-password excludes -challenge %s", login.PreferredChallenge)
	}
	onTerminal := terminal.Is(a.answersFile())
	s.noteHosts()
	// A sign-in with prompts can take minutes, so the lock is not held during it. This update also
	// fails before the first prompt if the session cannot be stored.
	var before state.Record
	err := s.keep.Update(ctx, func(e *state.Edit) error {
		before = *e.Record
		return nil
	})
	if err != nil {
		return err
	}
	if login.Username != "" {
		before.Choose(login.Username)
	}
	browser, err := s.withBrowser(before)
	if err != nil {
		return err
	}
	if others := before.Users(); (browser || before.Session == nil) &&
		len(others) > state.MaxOthers {
		return usagef("%d users are signed in to %s: end a session with \"cognito logout -user "+
			"NAME\"", len(others), s.name)
	}
	if browser {
		return s.loginWithBrowser(ctx)
	}
	defer func() { a.login.proven = "" }() // the password is not needed after the sign-in
	if login.Username == "" || a.login.variable {
		login.Username = before.User
		if onTerminal && login.Username != "" {
			a.notef("signing in to %s as %s", s.name, login.Username)
		}
	}
	if login.Username == "" {
		if login.Username, err = a.askUser(ctx); err != nil {
			return err
		}
	} else if strings.TrimSpace(login.Username) != login.Username {
		return usagef("the user name %s", paddedText)
	}
	if session := before.SavedSession(); session != nil && before.User == login.Username &&
		session.IdentityPoolID == s.env.IdentityPoolID {
		login.IdentityID = session.IdentityID
	}
	login.Device = deviceOf(&before, login.Username)
	session, err := s.authenticate(ctx, &login)
	var short *neededError
	if errors.As(err, &short) {
		return err
	}
	if err != nil && login.Flow == "CUSTOM_AUTH" && !a.login.noPassword {
		err = fmt.Errorf("%w (if the sign-in needs no password, use -no-password)", err)
	}
	if err != nil {
		return s.advise(err, login.Username)
	}
	return s.signedIn(ctx, login.Username, session)
}

// authenticate asks for the password and signs in. A user at a terminal may enter the password
// again if the user pool reports that it is incorrect. After other errors, such as that of a locked
// user, another attempt can only do harm.
func (s *signedIn) authenticate(
	ctx context.Context, login *cognito.Login,
) (*cognito.Session, error) {
	a := s.a
	for attempt := 1; ; attempt++ {
		if !a.login.noPassword && (login.Flow != "USER_AUTH" ||
			strings.HasPrefix(login.PreferredChallenge, "PASSWORD")) {
			a.login.proven = "" // the same password may be entered again
			password, err := a.password(ctx, "Password: ")
			var usage usageError
			if errors.As(err, &usage) {
				return nil, err
			} else if err != nil {
				return nil, signInError{fmt.Errorf("no password: %w", err)}
			}
			login.Password = password
			a.login.proven = proven(*login)
		}
		session, err := s.conclude(ctx, login)
		switch {
		case a.login.noPassword || !terminal.Is(a.answersFile()) || !incorrect(err):
			return session, err
		case attempt == attempts:
			text := fmt.Sprintf("the user name or the password is incorrect: to set a new "+
				"password, run \"cognito password -forgot%s\"", a.withUser(login.Username))
			return nil, &neededError{text, err}
		}
		a.notef("the user name or the password is incorrect")
	}
}

// incorrect reports whether the user pool compared a password and rejected it.
// NotAuthorizedException has many other causes, which only its message names.
func incorrect(err error) bool {
	var service *awserr.Error
	return poolSays(err, cognitoidp.CodeNotAuthorized) && errors.As(err, &service) &&
		strings.HasPrefix(strings.ToLower(service.Message), "incorrect username or password")
}

// askUser asks for a user name. Without a terminal, it returns an error, because the first line is
// the password.
func (a *app) askUser(ctx context.Context) (name string, err error) {
	if terminal.Is(a.answersFile()) {
		name, _ = a.ask(ctx, "User name: ", false)
	}
	if name = strings.TrimSpace(name); name == "" {
		return "", usagef("no user name: use -user")
	}
	return name, nil
}

// noteHosts names hosts that are not AWS's at a terminal, before a password is entered.
func (s *signedIn) noteHosts() {
	hosts := customHosts(s.env)
	if len(hosts) == 0 || !terminal.Is(s.a.answersFile()) {
		return
	}
	s.a.notef("environment %s has hosts that are not AWS's:", s.name)
	for _, host := range hosts {
		host, _, _ = strings.Cut(host, " ") // whoami names the settings
		s.a.notef("%s", host)
	}
}

// conclude signs in and answers challenges until there is a session.
func (s *signedIn) conclude(ctx context.Context, login *cognito.Login) (*cognito.Session, error) {
	onTerminal := terminal.Is(s.a.answersFile())
	session, err := s.client.Start(ctx, *login)
	for err != nil {
		var challenge *cognito.Challenge
		var final signInError
		open := login.Flow == "USER_AUTH" && login.PreferredChallenge == ""
		if !errors.As(err, &challenge) || errors.As(err, &final) {
			return nil, err
		}
		if open && challenge.Name != "SELECT_CHALLENGE" && !onTerminal {
			err = errors.New("no choice was offered: use -challenge")
			return nil, unanswered(challenge, err)
		}
		session, err = s.answer(ctx, challenge, login)
	}
	return session, nil
}

// deviceOf returns the stored device of a user, by the user's name or an alias, or the zero value.
// It returns a single device for any name, because an alias may be new. The library uses a device
// only for the user that it belongs to.
func deviceOf(r *state.Record, typed string) cognito.Device {
	name := cmp.Or(r.Names[typed], typed)
	var own, only cognito.Device
	for _, key := range slices.Sorted(maps.Keys(r.Devices)) {
		var d cognito.Device
		if d.Load(r.Devices[key]) != nil {
			continue // it is damaged
		}
		switch only = d; {
		case key == name:
			return d
		case d.Username == name || d.Alias == typed:
			own = d
		}
	}
	if own.Key == "" && len(r.Devices) == 1 {
		own = only
	}
	return own
}

// signedIn stores a new session and its device. typed is the user name as the user entered it.
func (s *signedIn) signedIn(ctx context.Context, typed string, session *cognito.Session) error {
	newDevice, ask := session.Device()
	if ask {
		remember := s.a.login.remember
		if !remember && terminal.Is(s.a.answersFile()) {
			var err error
			remember, err = s.a.agrees(ctx, "Remember this device, to skip codes from now on?",
				false)
			if err != nil {
				return err
			}
		}
		if err := session.RememberDevice(ctx, remember); err != nil {
			s.a.notef("the user pool does not remember this device: %s", err)
		}
	}
	var saved cognito.SavedSession
	if err := saved.Load(session.Save()); err != nil {
		return err
	}
	real := session.UnverifiedClaims().Username
	newcomer := false
	err := s.keep.Update(ctx, func(e *state.Edit) error {
		newcomer = e.User == "" && len(e.Others) == 0
		s.keepOffset(e.Record)
		if real != "" && real != typed {
			if e.Names == nil || len(e.Names) > 100 {
				e.Names = make(map[string]string)
			}
			e.Names[typed] = real
		}
		if newDevice.Key != "" {
			if e.Devices == nil {
				e.Devices = make(map[string]json.RawMessage)
			}
			e.Devices[cmp.Or(newDevice.Username, real, typed)] = newDevice.Save()
		}
		if s.offered && s.a.login.user != "" {
			e.SignInAgain(typed, saved)
		} else {
			e.SignIn(typed, saved)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.keep.Path() == "" {
		s.a.passing = s
	}
	err = s.keep.Update(ctx, func(e *state.Edit) error {
		s.revokeReplaced(ctx, e.Record)
		return nil
	})
	if err != nil {
		s.a.notef("%s", err)
	}
	if s.a.now.name == "login" {
		text := fmt.Sprintf("signed in to %s as %s", s.name, cmp.Or(real, typed))
		hosts := strings.Join(customHosts(s.env), ", ")
		if hosts != "" && !terminal.Is(s.a.answersFile()) {
			text += ", with hosts that are not AWS's: " + hosts
		}
		s.a.notef("%s", text)
		if !s.offered {
			if given := s.a.userOf(s.name); given != real && !s.a.noStore {
				s.a.noteVariable("COGNITO_USER", given, typed)
			}
			s.noteOthers("use -user, or \"cognito use -user NAME\"")
		}
		s.summarize(session.UnverifiedClaims(), saved.Tokens.Expires)
		if newcomer {
			return s.offerProfile(ctx)
		}
	}
	return nil
}
