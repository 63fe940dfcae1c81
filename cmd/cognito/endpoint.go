package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

const (
	endpointPath  = "/credentials"
	renewalLimit  = time.Minute     // of one renewal
	failurePause  = 5 * time.Second // in which a failure is answered with itself
	headerTimeout = 5 * time.Second
)

// An endpoint serves credentials (AWS SDKs and Tools Reference Guide, "Container credential
// provider"). It holds a token: whoever sends it has the credentials.
type endpoint struct {
	source func(context.Context) (sigv4.Credentials, error)
	// tells the user of failures: not every SDK repeats what it is answered
	note     func(format string, args ...any)
	listener net.Listener
	server   *http.Server
	token    string
	ended    chan error // has what ended the server, if that was not close
	ctx      context.Context
	cancel   context.CancelFunc

	mu     sync.Mutex // held while credentials are renewed
	failed time.Time  // the last renewal that did, of err
	err    error
}

// Format leaves everything out.
func (e *endpoint) Format(f fmt.State, _ rune) { io.WriteString(f, "endpoint{REDACTED}") }

// loopback checks an address to listen on. Other machines must not reach the endpoint.
func loopback(addr string) (netip.AddrPort, error) {
	if port, ok := strings.CutPrefix(addr, "localhost:"); ok {
		addr = "127.0.0.1:" + port
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return at,
			usagef("-addr is %q: it must be an IP address and a port, such as 127.0.0.1:0", addr)
	}
	if at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()); !at.Addr().IsLoopback() {
		return at,
			usagef("-addr is %q: other machines must not reach it, so it must be on loopback "+
				"only, such as 127.0.0.1:0", addr)
	}
	return at, nil
}

// listen makes an endpoint with a token of its own.
func (s *signedIn) listen(addr string) (*endpoint, error) {
	at, err := loopback(addr)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	return &endpoint{
		source:   s.credentials,
		note:     s.a.notef,
		listener: listener,
		token:    rand.Text(),
		ended:    make(chan error, 1),
	}, nil
}

// start serves until close. Renewals end with ctx.
func (e *endpoint) start(ctx context.Context) {
	e.ctx, e.cancel = context.WithCancel(ctx)
	e.server = &http.Server{
		Handler: e, DisableGeneralOptionsHandler: true, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		IdleTimeout:       time.Minute, WriteTimeout: renewalLimit + headerTimeout,
		ErrorLog: log.New(io.Discard, "", 0), // what a stranger sends wrong is no news
	}
	go func() {
		if err := e.server.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
			e.ended <- err
		}
	}()
}

func (e *endpoint) close() {
	e.cancel()
	e.server.Close()
}

func (e *endpoint) url() string { return "http://" + e.listener.Addr().String() + endpointPath }

// variables say where the endpoint is. The token is sent as it is, as Authorization.
func (e *endpoint) variables() []variable {
	return []variable{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", e.url()},
		{"AWS_CONTAINER_AUTHORIZATION_TOKEN", e.token}}
}

// ServeHTTP answers GET of one path, to who has the token.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case !e.addressed(r.Host):
		refuse(w, http.StatusForbidden, "WrongHost", "this endpoint has another name")
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(e.token)) != 1:
		refuse(w, http.StatusUnauthorized, "WrongToken",
			"Authorization is not the token of this endpoint")
	case r.URL.Path != endpointPath:
		refuse(w, http.StatusNotFound, "WrongPath", "credentials are at "+endpointPath)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "WrongMethod", "credentials are for GET")
	default:
		e.answer(w)
	}
}

// addressed tells whether a request's Host is this machine's own name for the endpoint. A page in a
// browser, whose name was made to resolve to loopback (DNS rebinding), sends its own.
func (e *endpoint) addressed(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // RFC 9110 7.2: without a port it is the scheme's
		name, port = strings.Trim(host, "[]"), "80"
	}
	at, err := netip.ParseAddr(name)
	_, own, _ := net.SplitHostPort(e.listener.Addr().String())
	return port == own && (strings.EqualFold(name, "localhost") || err == nil && at.IsLoopback())
}

// refuse writes an error in the form of AWS's own endpoints (AWS SDKs and Tools: code and message).
func refuse(w http.ResponseWriter, status int, code, message string) {
	text, _ := jsonLine(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, message})
	w.WriteHeader(status)
	w.Write(text)
}

// answer writes credentials, or why there are none.
func (e *endpoint) answer(w http.ResponseWriter) {
	creds, err := e.credentials()
	if err != nil {
		code, status := "NotRenewed", http.StatusServiceUnavailable // SDKs ask again
		if errors.As(err, new(signInError)) {
			code, status = "SignInNeeded", http.StatusForbidden // and here they need not
		}
		refuse(w, status, code, oneLine(err.Error()))
		return
	}
	text, err := jsonLine(credentialsObject{
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretAccessKey, Token: creds.SessionToken,
		Expiration: creds.Expires.UTC().Format(time.RFC3339),
	})
	if err != nil {
		refuse(w, http.StatusInternalServerError, "NotWritten",
			"the credentials could not be written")
		return
	}
	w.Write(text)
}

// credentials renews for one request at a time, and goes on when that one is given up: SDKs wait
// for a second or two and ask again. A failure is not repeated at once.
func (e *endpoint) credentials() (sigv4.Credentials, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil && time.Since(e.failed) < failurePause {
		return sigv4.Credentials{}, e.err
	}
	ctx, cancel := context.WithTimeout(e.ctx, renewalLimit)
	defer cancel()
	creds, err := e.source(ctx)
	if err == nil {
		err = usable(creds)
	}
	before := e.err
	if e.err = err; err != nil {
		e.failed = time.Now()
		if e.note != nil && e.ctx.Err() == nil && (before == nil || before.Error() != err.Error()) {
			e.note("%s", err)
		}
		return sigv4.Credentials{}, err
	}
	return creds, nil
}
