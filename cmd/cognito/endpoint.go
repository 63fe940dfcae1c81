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
	renewalLimit  = time.Minute     // limits the duration of a renewal
	failurePause  = 5 * time.Second // is how long a failed renewal is not retried
	headerTimeout = 5 * time.Second
)

// An endpoint serves credentials to clients that send its token. It implements the server side of
// "Container credential provider" in the AWS SDKs and Tools Reference Guide.
type endpoint struct {
	source func(context.Context) (sigv4.Credentials, error)
	// note reports failures to the user, because not every SDK shows the endpoint's error.
	note     func(format string, args ...any)
	listener net.Listener
	server   *http.Server
	token    string
	ended    chan error // receives the error of the server, unless close stopped it
	ctx      context.Context
	cancel   context.CancelFunc

	mu     sync.Mutex // is held during a renewal
	failed time.Time  // is when the last renewal failed, if err is not nil
	err    error      // is the error of the last renewal
}

// Format writes a redacted form.
func (e *endpoint) Format(f fmt.State, _ rune) { io.WriteString(f, "endpoint{REDACTED}") }

// loopback parses an address to listen on. It rejects addresses that other machines can reach.
func loopback(addr string) (netip.AddrPort, error) {
	if port, ok := strings.CutPrefix(addr, "localhost:"); ok {
		addr = "127.0.0.1:" + port
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return at,
			usagef("-addr is %q: use an IP address and a port, such as 127.0.0.1:0", addr)
	}
	if at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()); !at.Addr().IsLoopback() {
		return at,
			usagef("-addr is %q: it must be a loopback address, such as 127.0.0.1:0", addr)
	}
	return at, nil
}

// listen returns an endpoint that listens on addr and has a new random token.
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

// start serves requests until close is called. Renewals use ctx.
func (e *endpoint) start(ctx context.Context) {
	e.ctx, e.cancel = context.WithCancel(ctx)
	e.server = &http.Server{
		Handler:                      e,
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               16 << 10,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  headerTimeout,
		IdleTimeout:                  time.Minute,
		WriteTimeout:                 renewalLimit + headerTimeout,
		// Discard log noise from malformed requests.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() {
		if err := e.server.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
			e.ended <- err
		}
	}()
}

// close stops the server and cancels a renewal in flight.
func (e *endpoint) close() {
	e.cancel()
	e.server.Close()
}

func (e *endpoint) url() string { return "http://" + e.listener.Addr().String() + endpointPath }

// variables returns the environment variables that SDKs need to use the endpoint. SDKs send the
// token unchanged as the Authorization header.
func (e *endpoint) variables() []variable {
	return []variable{
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", e.url()},
		{"AWS_CONTAINER_AUTHORIZATION_TOKEN", e.token},
	}
}

// ServeHTTP serves GET requests for endpointPath from clients that send the token.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case !e.addressed(r.Host):
		refuse(w, http.StatusForbidden, "WrongHost", "the Host header does not name this endpoint")
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(e.token)) != 1:
		refuse(w, http.StatusUnauthorized, "WrongToken",
			"the Authorization header is not this endpoint's token")
	case r.URL.Path != endpointPath:
		refuse(w, http.StatusNotFound, "WrongPath", "the path must be "+endpointPath)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "WrongMethod", "the method must be GET")
	default:
		e.answer(w)
	}
}

// addressed reports whether host names the endpoint: localhost or a loopback address, and its port.
// This stops DNS rebinding: a web page whose name resolves to loopback sends its own name as Host.
func (e *endpoint) addressed(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // RFC 9110, section 7.2: without a port, the scheme's default applies
		name, port = strings.Trim(host, "[]"), "80"
	}
	at, err := netip.ParseAddr(name)
	_, own, _ := net.SplitHostPort(e.listener.Addr().String())
	return port == own && (strings.EqualFold(name, "localhost") || err == nil && at.IsLoopback())
}

// refuse writes an error with a code and a message, as AWS's own endpoints do (AWS SDKs and Tools
// Reference Guide).
func refuse(w http.ResponseWriter, status int, code, message string) {
	text, _ := jsonLine(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, message})
	w.WriteHeader(status)
	w.Write(text)
}

// answer writes the credentials, or an error response.
func (e *endpoint) answer(w http.ResponseWriter) {
	creds, err := e.credentials()
	if err != nil {
		code, status := "NotRenewed", http.StatusServiceUnavailable // SDKs retry 5xx statuses
		if errors.As(err, new(signInError)) {
			code, status = "SignInNeeded", http.StatusForbidden // a retry cannot succeed
		}
		refuse(w, status, code, oneLine(err.Error()))
		return
	}
	text, err := jsonLine(credentialsObject{
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretAccessKey,
		Token:           creds.SessionToken,
		Expiration:      creds.Expires.UTC().Format(time.RFC3339),
	})
	if err != nil {
		refuse(w, http.StatusInternalServerError, "NotWritten",
			"the credentials could not be encoded")
		return
	}
	w.Write(text)
}

// credentials returns valid credentials, and renews them for one request at a time. A renewal
// continues if its client disconnects, because SDKs time out after a second or two and then retry.
// For failurePause after a failed renewal, it returns the same error without a new attempt.
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
