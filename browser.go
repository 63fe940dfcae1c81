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
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/managedlogin"
)

// A sign-in with a browser (RFC 6749 section 4.1, RFC 7636, RFC 8252):
//
//	program                       browser                  managed login
//	StartBrowser
//	  listen, make URL ---------> opens URL -------------> pages: password, provider, passkey
//	Wait                          callback URL <---------- redirect with code and state
//	  Deliver <-------------------  | to the listener, or pasted
//	  compare state                 |
//	  Exchange: code, verifier -------------------------->
//	  verify ID token, nonce, at_hash <------------------- tokens
//	  Session                     page "signed in"

// A BrowserLogin describes a sign-in with a browser. The zero value lets the user choose.
type BrowserLogin struct {
	// Provider is the name of an identity provider in the user pool, such as "Google", that the
	// user signs in with. Identifier selects one by an identifier, such as an e-mail domain. Set at
	// most one of them.
	Provider, Identifier string

	LoginHint string // the user name to show
	Language  string // the language of the pages, such as "de"
	Prompt    string // "login" ignores the browser's session, "none" shows no page

	// RedirectURI is one of the app client's callback URLs. If it is empty, it is one of
	// Environment.RedirectURI.
	RedirectURI string

	// IdentityID is the same as in [Login].
	IdentityID string
}

// A BrowserSignIn is a sign-in that waits for a browser. It is safe for concurrent use.
type BrowserSignIn struct {
	redact.Fields

	URL         string // to open in a browser; it contains no secret
	RedirectURI string // where the browser returns to

	client                             *Client
	state, nonce, verifier, identityID string
	callback                           *url.URL
	server                             *http.Server // nil if RedirectURI is not on loopback

	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	doubtful chan *BrowserError // for Wait
	done     chan struct{}      // closed when session or err is set

	mu      sync.Mutex // guards the fields below
	begun   bool       // whether a response with the state has arrived
	ended   bool       // whether done is closed
	closed  bool
	doubts  int            // sent to doubtful
	pages   sync.WaitGroup // pages with the outcome that are being written
	session *Session
	err     error
}

// maxDoubts bounds the doubtful errors of one sign-in, because any page can cause them.
const maxDoubts = 3

// StartBrowser begins a sign-in with a browser, at the user pool's managed login. It serves users
// of every identity provider, and passkeys. The caller opens [BrowserSignIn.URL]:
//
//	signIn, err := client.StartBrowser(ctx, cognito.BrowserLogin{})
//	...
//	defer signIn.Close()
//	fmt.Println("Open", signIn.URL)
//	session, err := signIn.Wait(ctx)
//
// The browser returns to a callback URL of the app client. For one with http on loopback,
// StartBrowser listens on its port, and uses the next URL if the port is not free. For others, such
// as the scheme of a desktop program, the caller passes the address to [BrowserSignIn.Deliver].
// StartBrowser itself sends nothing.
func (c *Client) StartBrowser(ctx context.Context, login BrowserLogin) (*BrowserSignIn, error) {
	required := []string{"user_pool_id", "client_id", "domain"}
	uris := []string{login.RedirectURI}
	if login.RedirectURI == "" {
		required = append(required, "redirect_uri")
		uris = c.Environment.redirectURIs()
	}
	if err := c.open(required...); err != nil {
		return nil, err
	}
	scopes := c.Environment.Scopes
	if scopes != "" && !listed(scopes, "openid") {
		return nil, errors.New("cognito: scopes lacks openid, so that no ID token would be " +
			"issued: add it")
	}
	b := &BrowserSignIn{
		client: c,
		// Letters and digits only: Cognito changes others in a state.
		state:      rand.Text(),
		nonce:      rand.Text(),
		verifier:   rand.Text() + rand.Text(), // 43 to 128 characters (RFC 7636 section 4.1)
		identityID: login.IdentityID,
		doubtful:   make(chan *BrowserError, maxDoubts),
		done:       make(chan struct{}),
	}
	if err := b.listen(ctx, uris); err != nil {
		return nil, err
	}
	var err error
	b.URL, err = c.services.login.AuthorizeURL(managedlogin.AuthorizeInput{
		RedirectURI:      b.RedirectURI,
		Scope:            scopes,
		State:            b.state,
		Nonce:            b.nonce,
		CodeChallenge:    managedlogin.CodeChallenge(b.verifier),
		IdentityProvider: login.Provider,
		IDPIdentifier:    login.Identifier,
		LoginHint:        login.LoginHint,
		Lang:             login.Language,
		Prompt:           login.Prompt,
	})
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Wait waits until the browser returns, and returns the session. If the user pool refuses the
// sign-in, the error is a [*BrowserError]. If that is Doubtful, call Wait again. Only ctx limits
// how long Wait waits.
func (b *BrowserSignIn) Wait(ctx context.Context) (*Session, error) {
	select {
	case <-b.done:
		return b.session, b.err
	case refused := <-b.doubtful:
		return nil, Explain(refused)
	case <-ctx.Done():
		return nil, fmt.Errorf("cognito: the browser did not return to %s: %w", b.RedirectURI,
			context.Cause(ctx))
	}
}

// Deliver continues the sign-in with the address at which the browser ended: one that the operating
// system passed to the program, or that the user copied because the browser is on another machine.
// An address of another sign-in is an error and changes nothing. [BrowserSignIn.Wait] returns the
// session.
func (b *BrowserSignIn) Deliver(ctx context.Context, address string) error {
	u, err := url.Parse(strings.Join(strings.Fields(address), "")) // a terminal may wrap it
	if err != nil || !sameURL(u, b.callback) {
		return fmt.Errorf("cognito: Deliver: this is not the address that the browser ended at: "+
			"it begins with %s", b.RedirectURI)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.ctx, cancel)()
	return b.deliver(ctx, u.RawQuery)
}

var (
	errQuery = errors.New("cognito: the address is incomplete, or has a parameter twice: " +
		"copy all of it")
	errState  = errors.New("cognito: the address belongs to another sign-in: start again")
	errClosed = errors.New("cognito: the sign-in with the browser was closed")
)

// deliver continues the sign-in with the query of a callback. Only one with the state of this
// sign-in ends it (RFC 6749 section 10.12).
func (b *BrowserSignIn) deliver(ctx context.Context, query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errQuery
	}
	for _, name := range []string{"code", "state", "error", "error_description"} {
		if len(values[name]) > 1 {
			return errQuery
		}
	}
	code, state := values.Get("code"), values.Get("state")
	var refused *BrowserError
	if values.Has("error") {
		refused = newBrowserError(values.Get("error"), values.Get("error_description"))
		refused.Doubtful = !values.Has("state")
	}
	switch {
	case refused != nil && refused.Doubtful:
		return refused
	case subtle.ConstantTimeCompare([]byte(state), []byte(b.state)) != 1:
		return errState
	case refused == nil && code == "":
		return errQuery
	}
	b.mu.Lock()
	first := !b.begun
	b.begun = true
	b.mu.Unlock()
	switch {
	case !first: // the browser loads the page again
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	case refused != nil:
		b.end(nil, Explain(refused))
	default:
		b.end(b.exchange(ctx, code))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// end sets the outcome, if there is none yet.
func (b *BrowserSignIn) end(session *Session, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.session, b.err, b.ended = session, err, true
	close(b.done)
}

// exchange exchanges a code for a session. The ID token shows that the tokens are from the user
// pool and for this sign-in, even if the domain is not the pool's.
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

// checkIDToken checks what connects a verified ID token to a sign-in and an access token (OpenID
// Connect Core 1.0, sections 3.1.3.7 and 3.1.3.8). at_hash is optional there.
func checkIDToken(claims jwt.Claims, nonce, access string) error {
	var all map[string]json.RawMessage
	json.Unmarshal([]byte(claims.JSON), &all) // errors are impossible
	text := func(name string) (value string) {
		json.Unmarshal(all[name], &value)
		return value
	}
	if subtle.ConstantTimeCompare([]byte(text("nonce")), []byte(nonce)) != 1 {
		return errors.New("cognito: the ID token belongs to another sign-in (nonce): start again")
	}
	sum := sha256.Sum256([]byte(access))
	want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	if _, ok := all["at_hash"]; ok && text("at_hash") != want {
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

// LogoutURL returns the URL at which a browser ends its session with managed login, so that the
// next sign-in asks for the user. It continues at logoutURI, a sign-out URL of the app client.
// Tokens stay valid: see [Session.SignOut].
func (c *Client) LogoutURL(logoutURI string) (string, error) {
	if err := c.open("client_id", "domain"); err != nil {
		return "", err
	}
	return c.services.login.LogoutURL(logoutURI)
}
