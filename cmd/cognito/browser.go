package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/browser"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// browserFlags are the flags of a sign-in with a browser. Only login has them: a browser must not
// open because another tool requests credentials.
type browserFlags struct {
	use, noOpen      bool
	provider, prompt string
	wait             time.Duration
}

// browserWait is how long a sign-in waits for the browser by default.
const browserWait = 5 * time.Minute

// register defines the flags in f.
func (b *browserFlags) register(f *flag.FlagSet) {
	f.BoolVar(&b.use, "browser", false,
		"sign in with a browser, at the user pool's managed login (default: as at the last "+
			"sign-in)")
	f.BoolVar(&b.noOpen, "no-open", false, "with -browser, only print the address")
	f.StringVar(&b.provider, "provider", "",
		"with -browser, the `name` of an identity provider")
	f.Func("prompt",
		"with -browser, `how` the page asks: login does not reuse the browser's session",
		func(how string) error {
			b.prompt = how
			for _, value := range strings.Fields(how) {
				switch value {
				case "login", "select_account", "consent", "none":
				default:
					return fmt.Errorf("use login, select_account, consent or none, not %q", value)
				}
			}
			return nil
		})
	f.DurationVar(&b.wait, "wait", browserWait, "with -browser, how long to wait for it")
}

// withBrowser reports whether login uses a browser: with -browser, or if the last sign-in did and
// no flag selects another way.
func (s *signedIn) withBrowser(last state.Record) (bool, error) {
	l, b := s.a.login, s.a.browser
	other := l.flow != "" || l.challenge != "" || l.totpFile != "" || l.noPassword
	switch {
	case b.use && other:
		return false, usagef("-browser excludes -flow, -challenge, -totp-file and -no-password")
	case b.use && b.wait <= 0:
		return false, usagef("-wait is %v: must be positive", b.wait)
	case b.use || s.a.now.name != "login":
		return b.use, nil
	case b.noOpen || b.provider != "" || b.prompt != "":
		return false, usagef("-no-open, -provider and -prompt require -browser")
	}
	named := l.user != "" && !l.variable && !s.offered
	return last.Browser && !other && !named && l.passwordFD < 0 && b.wait > 0, nil
}

// pastes is how many addresses a sign-in reads, because input may be endless.
const pastes = 10

// loginWithBrowser signs in with a browser, and stores the session.
func (s *signedIn) loginWithBrowser(ctx context.Context) error {
	a := s.a
	if s.env.Domain == "" || s.env.RedirectURI == "" {
		return usagef("environment %s has no domain and redirect_uri, which -browser requires",
			s.name)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signIn, err := s.client.StartBrowser(ctx, cognito.BrowserLogin{
		Provider:  a.browser.provider,
		Prompt:    a.browser.prompt,
		LoginHint: a.login.user,
	})
	if err != nil {
		return err
	}
	defer signIn.Close()
	a.notef("sign in to %s at this address:", s.name)
	fmt.Fprintln(a.stderr, terminal.OneLine(signIn.URL))
	a.openBrowser(signIn.URL)

	waiting, stop := context.WithTimeout(ctx, a.browser.wait)
	defer stop()
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.readAddresses(waiting, signIn)
	}()
	var session *cognito.Session
	for {
		var refused *cognito.BrowserError
		session, err = signIn.Wait(waiting)
		if !errors.As(err, &refused) || !refused.Doubtful {
			break
		}
		a.notef("%s", err) // the sign-in continues
	}
	timeout := waiting.Err() != nil && ctx.Err() == nil
	stop()
	<-read // the terminal's echo is on again
	if err != nil && timeout {
		err = signInError{err}
	}
	if err != nil {
		return err
	}
	name := session.UnverifiedClaims().Username
	return s.signedIn(ctx, name, session)
}

// readAddresses reads addresses that the user pastes until ctx ends. It ends at the end of input
// too, because the browser may still return.
func (s *signedIn) readAddresses(ctx context.Context, signIn *cognito.BrowserSignIn) {
	a := s.a
	if terminal.Is(a.answersFile()) {
		fmt.Fprintln(a.stderr, "If the browser is on another machine, sign in there, and paste "+
			"the address that it cannot open.")
	}
	for range pastes {
		// The address holds a code, so it is not shown.
		line, err := a.ask(ctx, "Address (or wait for the browser): ", true)
		if err != nil {
			if ctx.Err() == nil && terminal.Is(a.answersFile()) {
				a.notef("no address was read: waiting for the browser")
			}
			return
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := signIn.Deliver(ctx, line); err == nil {
			return
		} else if s.pause(ctx) {
			a.notef("%s", strings.TrimPrefix(err.Error(), "cognito: "))
		}
	}
}

// pause waits for a moment, in which Wait returns the error if it ended the sign-in. It reports
// whether the sign-in continues.
func (s *signedIn) pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(200 * time.Millisecond):
		return true
	}
}

// openBrowser opens an address, unless -no-open or the environment prevents it.
func (a *app) openBrowser(address string) {
	why := browser.Unwanted(a.getenv)
	switch {
	case a.browser.noOpen:
		return
	case why == "":
		if err := browser.Open(address, a.getenv, os.Environ()); err != nil {
			a.notef("the browser was not opened: %s", err)
		}
	default:
		a.notef("the browser was not opened, because %s", why)
	}
}

// logoutWithBrowser opens the page that ends the browser's session with managed login. It continues
// at the root of the first callback URL, which the app client must allow as a sign-out URL.
func (s *signedIn) logoutWithBrowser() error {
	first, _, _ := strings.Cut(s.env.RedirectURI, ",")
	back, err := url.Parse(strings.TrimSpace(first))
	if err != nil || s.env.Domain == "" || first == "" {
		return usagef("environment %s has no domain and redirect_uri, which -browser requires",
			s.name)
	}
	address, err := s.client.LogoutURL(back.Scheme + "://" + back.Host + "/")
	if err != nil {
		return err
	}
	s.a.notef("the browser's session ends at this address, after which it may show an error:")
	fmt.Fprintln(s.a.stderr, terminal.OneLine(address))
	s.a.openBrowser(address)
	return nil
}
