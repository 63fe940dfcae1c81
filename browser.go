package cognito

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/managedlogin"
)

// A sign-in with a browser (RFC 6749 section 4.1, RFC 7636, RFC 8252):
//
//	program                        browser                     managed login
//	StartBrowser: listen --------> opens URL ----------------> password, provider or passkey
//	Deliver: check state <-------- opens the callback URL <--- redirect with code and state
//	Exchange -------- code, verifier ------------------------> checks code_challenge
//	verify the ID token, nonce, at_hash <------- tokens ------ issues tokens
//	Wait: session                  page "You are signed in"

// A BrowserLogin describes a sign-in with a browser. With the zero value, the user chooses on the
// pages of managed login how to sign in.
type BrowserLogin struct {
	Provider    string // the name of an identity provider in the user pool, such as "Google"
	Identifier  string // instead of Provider: an identifier of it, such as an email domain
	LoginHint   string // the user name to show
	Language    string // the language of the pages, such as "de"
	Prompt      string // "login" ignores the browser's session, "none" shows no page
	RedirectURI string // a callback URL; empty: one of Environment.RedirectURI
	IdentityID  string // the same as in [Login]
}

// A BrowserSignIn is a sign-in that waits for a browser. It is safe for concurrent use.
type BrowserSignIn struct {
	redact.Fields
	URL         string // to open in a browser; it contains no secret
	RedirectURI string // where the browser returns to

	client                             *Client
	state, nonce, verifier, identityID string
	callback                           *url.URL
	listeners                          []net.Listener // none if RedirectURI is not on loopback
	server                             http.Server
	ctx                                context.Context
	cancel                             context.CancelFunc // called by Close

	begun    atomic.Bool        // whether a callback with the state has arrived
	doubts   atomic.Int32       // errors sent to doubtful
	doubtful chan *BrowserError // for Wait
	pages    sync.RWMutex       // held for reading until a page is sent
	once     sync.Once
	done     chan struct{} // closed when session or err is set
	session  *Session
	err      error
}

// maxDoubts bounds the doubtful errors of one sign-in, because any page can cause them.
const maxDoubts = 3

// StartBrowser begins a sign-in at the user pool's managed login, which also serves users of other
// identity providers, and passkeys. The caller opens [BrowserSignIn.URL] in a browser:
//
//	signIn, err := client.StartBrowser(ctx, cognito.BrowserLogin{})
//	...
//	defer signIn.Close()
//	fmt.Println("Open", signIn.URL)
//	session, err := signIn.Wait(ctx)
//
// The browser returns to a callback URL of the app client. StartBrowser listens on the first one on
// loopback whose port is free. If none is on loopback, it uses the first one, for example one with
// a desktop program's own scheme, and the caller must call [BrowserSignIn.Deliver]. StartBrowser
// sends no request.
func (c *Client) StartBrowser(ctx context.Context, login BrowserLogin) (*BrowserSignIn, error) {
	e := c.Environment
	required := []string{"user_pool_id", "client_id", "domain", "redirect_uri"}
	if login.RedirectURI != "" {
		e.RedirectURI = login.RedirectURI
		required = required[:3]
	}
	if err := c.open(required...); err != nil {
		return nil, err
	}
	b := &BrowserSignIn{
		client:     c,
		state:      rand.Text(), // Cognito changes characters other than letters and digits
		nonce:      rand.Text(),
		verifier:   rand.Text() + rand.Text(), // at least 43 characters (RFC 7636 section 4.1)
		identityID: login.IdentityID,
		doubtful:   make(chan *BrowserError, maxDoubts),
		done:       make(chan struct{}),
	}
	b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	err := b.listen(ctx, e.redirectURIs())
	if err == nil {
		b.URL, err = c.services.login.AuthorizeURL(managedlogin.AuthorizeInput{
			RedirectURI:      b.RedirectURI,
			Scope:            e.Scopes,
			State:            b.state,
			Nonce:            b.nonce,
			CodeChallenge:    managedlogin.CodeChallenge(b.verifier),
			IdentityProvider: login.Provider,
			IDPIdentifier:    login.Identifier,
			LoginHint:        login.LoginHint,
			Lang:             login.Language,
			Prompt:           login.Prompt,
		})
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Wait waits for the browser and returns the session. If the user pool refuses the sign-in, the
// error is a [*BrowserError]. If that is Doubtful, call Wait again. Only ctx limits the time.
func (b *BrowserSignIn) Wait(ctx context.Context) (*Session, error) {
	select {
	case <-b.done:
	case refused := <-b.doubtful:
		if !b.ended() {
			return nil, Explain(refused)
		}
	case <-ctx.Done():
		if !b.ended() {
			return nil, fmt.Errorf("cognito: the browser did not return to %s: %w", b.RedirectURI,
				context.Cause(ctx))
		}
	}
	return b.session, b.err
}

// Deliver continues the sign-in with the address at which the browser ended: one that the operating
// system passed to the program, or that the user copied because the browser is on another machine.
// If the address does not belong to this sign-in, Deliver returns an error and the sign-in
// continues. Wait returns the session.
func (b *BrowserSignIn) Deliver(ctx context.Context, address string) error {
	u, err := url.Parse(strings.Join(strings.Fields(address), "")) // terminals wrap it
	if err != nil || place(u) != place(b.callback) {
		return fmt.Errorf("cognito: this is not the address that the browser ended at, "+
			"which begins with %s", b.RedirectURI)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.ctx, cancel)()
	return b.deliver(ctx, u.RawQuery)
}

var (
	errQuery = errors.New("cognito: the callback address is incomplete, or repeats a parameter: " +
		"copy all of it")
	errState = errors.New("cognito: the callback address belongs to another sign-in: start again")
)

// deliver continues the sign-in with the query of a callback. Only a query with the state of this
// sign-in ends it (RFC 6749 section 10.12).
func (b *BrowserSignIn) deliver(ctx context.Context, query string) error {
	values, err := url.ParseQuery(query)
	for _, name := range []string{"code", "state", "error", "error_description"} {
		if err != nil || len(values[name]) > 1 {
			return errQuery
		}
	}
	code, failed := values.Get("code"), values.Has("error")
	refused := newBrowserError(values.Get("error"), values.Get("error_description"))
	refused.Doubtful = !values.Has("state")
	switch {
	case failed && refused.Doubtful:
		return Explain(refused)
	case subtle.ConstantTimeCompare([]byte(values.Get("state")), []byte(b.state)) != 1:
		return errState
	case code == "" && !failed:
		return errQuery
	case b.begun.Swap(true): // the browser loads the page again
	case failed:
		b.end(nil, Explain(refused))
	default:
		b.end(b.exchange(ctx, code))
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		if !b.ended() {
			return ctx.Err()
		}
	}
	return b.err
}

// ended reports whether the sign-in has an outcome. An outcome takes precedence over the end of a
// context: after Wait has returned the session, Close cancels b.ctx, and the browser must still
// receive the page that reports success.
func (b *BrowserSignIn) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// end sets the outcome. Later calls have no effect.
func (b *BrowserSignIn) end(session *Session, err error) {
	b.once.Do(func() {
		b.session, b.err = session, err
		close(b.done)
	})
}

// exchange exchanges a code for a session. The ID token proves that the tokens are from the user
// pool and for this sign-in, even if the domain belongs to another pool.
func (b *BrowserSignIn) exchange(ctx context.Context, code string) (*Session, error) {
	c := b.client
	defer c.connectAhead(ctx)()
	issued, err := c.services.login.Exchange(ctx, code, b.RedirectURI, b.verifier)
	if err != nil {
		return nil, Explain(err)
	}
	if issued.IDToken == "" {
		return nil, fmt.Errorf("cognito: %w", errNoIDToken)
	}
	claims, err := c.issued.VerifyIDToken(ctx, issued.IDToken)
	var refused *jwt.Error
	if errors.As(err, &refused) &&
		(refused.Reason == jwt.Expired || refused.Reason == jwt.NotYetValid) {
		c.services.idp.Sync(ctx) // the local clock may be wrong
		claims, err = c.issued.VerifyIDToken(ctx, issued.IDToken)
	}
	if err != nil {
		return nil, fmt.Errorf("cognito: the ID token of managed login was refused (%w): "+
			"check domain and user_pool_id", err)
	}
	if err := checkIDToken(claims, b.nonce, issued.AccessToken); err != nil {
		return nil, err
	}
	s := c.newSession()
	s.byBrowser = true
	if isIdentityPoolID(b.identityID) {
		s.identityID = b.identityID
	}
	tokens, expires, err := s.receive(Tokens{}, fromBrowser(issued))
	if err != nil {
		return nil, err
	}
	s.tokens.Set(tokens, expires)
	return s, nil
}

// checkIDToken checks what connects a verified ID token to the sign-in and to the access token
// (OpenID Connect Core 1.0, sections 3.1.3.7 and 3.1.3.8). There, at_hash is optional.
func checkIDToken(claims jwt.Claims, nonce, access string) error {
	var all map[string]any
	json.Unmarshal([]byte(claims.JSON), &all) // errors are impossible
	got, _ := all["nonce"].(string)
	if subtle.ConstantTimeCompare([]byte(got), []byte(nonce)) != 1 {
		return errors.New("cognito: the ID token belongs to another sign-in (nonce): start again")
	}
	sum := sha256.Sum256([]byte(access))
	hash := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	if got, ok := all["at_hash"]; ok && got != hash {
		return errors.New("cognito: the access token does not belong to the ID token (at_hash): " +
			"check domain")
	}
	return nil
}

// fromBrowser returns the tokens of managed login in the form of the user pool's API.
func fromBrowser(t managedlogin.Tokens) cognitoidp.AuthenticationResult {
	return cognitoidp.AuthenticationResult{
		IDToken:      t.IDToken,
		AccessToken:  t.AccessToken,
		RefreshToken: t.RefreshToken,
		ExpiresIn:    t.ExpiresIn,
	}
}

// ClientCredentials returns an access token for a machine instead of a user. The app client needs a
// secret and the client credentials grant, which excludes sign-ins with a browser. scopes lists
// custom scopes, separated by spaces. If it is empty, the token has all custom scopes of the app
// client. Tokens.ID is empty, so identity pools do not accept the result.
func (c *Client) ClientCredentials(ctx context.Context, scopes string) (Tokens, error) {
	if err := c.open("client_id", "client_secret", "domain"); err != nil {
		return Tokens{}, err
	}
	issued, err := c.services.login.ClientCredentials(ctx, scopes)
	if err != nil {
		return Tokens{}, Explain(err)
	}
	expires := c.services.idp.Now().Add(issued.ExpiresIn)
	return Tokens{Access: issued.AccessToken, Expires: expires}, nil
}

// LogoutURL returns the URL at which a browser ends its session with managed login, so that the
// next sign-in does not reuse it. The browser continues at logoutURI, a sign-out URL of the app
// client.
// Tokens stay valid: see [Session.SignOut].
func (c *Client) LogoutURL(logoutURI string) (string, error) {
	if err := c.open("client_id", "domain"); err != nil {
		return "", err
	}
	return c.services.login.LogoutURL(logoutURI)
}
