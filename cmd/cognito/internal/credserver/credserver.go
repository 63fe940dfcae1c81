// Package credserver serves AWS credentials to other programs on this machine. It implements the
// server side of "Container credential provider" in the AWS SDKs and Tools Reference Guide.
package credserver

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

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/sigv4"
)

const (
	path          = "/credentials"
	renewalLimit  = time.Minute     // limits the duration of a renewal
	failurePause  = 5 * time.Second // is how long a failed renewal is not retried
	headerTimeout = 5 * time.Second
)

// A Server serves credentials to clients that send its token.
type Server struct {
	// Source returns credentials, renewed if necessary.
	Source func(context.Context) (sigv4.Credentials, error)
	// Final reports whether an error of Source persists until the user acts. If it is nil, no
	// error does.
	Final func(error) bool
	// Note reports failures to the user, because not every SDK shows the server's errors. It may
	// be nil.
	Note func(format string, args ...any)
	// Now returns the time at the issuer of the credentials. If it is nil, the local time counts.
	Now func() time.Time

	listener net.Listener
	server   *http.Server
	token    string
	ended    chan error // receives the error of the server, unless Close stopped it
	ctx      context.Context
	cancel   context.CancelFunc

	mu     sync.Mutex // is held during a renewal
	failed time.Time  // is when the last renewal failed, if err is not nil
	err    error      // is the error of the last renewal
}

// Format writes a redacted form.
func (s *Server) Format(f fmt.State, _ rune) { io.WriteString(f, "Server{REDACTED}") }

// Loopback parses an address to listen on. It rejects addresses that other machines can reach.
func Loopback(addr string) (netip.AddrPort, error) {
	if port, ok := strings.CutPrefix(addr, "localhost:"); ok {
		addr = "127.0.0.1:" + port
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return at, fmt.Errorf("%q: use an IP address and a port, such as 127.0.0.1:0", addr)
	}
	if at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()); !at.Addr().IsLoopback() {
		return at, fmt.Errorf("%q: it must be a loopback address, such as 127.0.0.1:0", addr)
	}
	return at, nil
}

// Listen listens on a loopback address and creates a new random token.
func (s *Server) Listen(addr string) error {
	at, err := Loopback(addr)
	if err != nil {
		return err
	}
	s.token, s.ended = rand.Text(), make(chan error, 1)
	s.listener, err = net.Listen("tcp", at.String())
	return err
}

// Start serves requests until Close is called. Renewals use ctx.
func (s *Server) Start(ctx context.Context) {
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.server = &http.Server{
		Handler:                      s,
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               16 << 10,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  headerTimeout,
		WriteTimeout:                 renewalLimit + headerTimeout,
		ConnContext:                  withConnection,
		// Discard log noise from malformed requests.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	// Clients send one request and come back an hour later. Idle connections would only be a load.
	s.server.SetKeepAlivesEnabled(false)
	go func() {
		err := s.server.Serve(&connections{Listener: s.listener})
		if !errors.Is(err, http.ErrServerClosed) {
			s.ended <- err
		}
	}()
}

// Ended returns a channel that receives an error if the server ends by itself.
func (s *Server) Ended() <-chan error { return s.ended }

// Close stops the server and cancels a renewal in flight.
func (s *Server) Close() {
	s.cancel()
	s.server.Close()
}

// URL returns the URL of the credentials.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + path }

// Variables returns the environment variables that SDKs need to use the server. SDKs send the
// token unchanged as the Authorization header.
func (s *Server) Variables() []shell.Variable {
	return []shell.Variable{
		{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: s.URL()},
		{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN", Value: s.token},
	}
}

// ServeHTTP serves GET requests for path from clients that send the token.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case !s.addressed(r.Host):
		refuse(w, http.StatusForbidden, "WrongHost", "the Host header does not name this endpoint")
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(s.token)) != 1:
		refuse(w, http.StatusUnauthorized, "WrongToken",
			"the Authorization header is not this endpoint's token")
	case r.URL.Path != path:
		refuse(w, http.StatusNotFound, "WrongPath", "the path must be "+path)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "WrongMethod", "the method must be GET")
	default:
		trust(r.Context())
		s.answer(w)
	}
}

// addressed reports whether host names the server: localhost or a loopback address, and its port.
// This stops DNS rebinding: a web page whose name resolves to loopback sends its own name as Host.
func (s *Server) addressed(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // RFC 9110, section 7.2: without a port, the scheme's default applies
		name, port = strings.Trim(host, "[]"), "80"
	}
	at, err := netip.ParseAddr(name)
	_, own, _ := net.SplitHostPort(s.listener.Addr().String())
	return port == own && (strings.EqualFold(name, "localhost") || err == nil && at.IsLoopback())
}

// refuse writes an error with a code and a message, as AWS's own endpoints do (AWS SDKs and Tools
// Reference Guide).
func refuse(w http.ResponseWriter, status int, code, message string) {
	text, _ := terminal.JSONLine(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, message})
	w.WriteHeader(status)
	w.Write(text)
}

// answer writes the credentials, or an error response.
func (s *Server) answer(w http.ResponseWriter) {
	creds, err := s.credentials()
	if err != nil {
		code, status := "NotRenewed", http.StatusServiceUnavailable // SDKs retry 5xx statuses
		if s.Final != nil && s.Final(err) {
			code, status = "SignInNeeded", http.StatusForbidden // a retry cannot succeed
		}
		refuse(w, status, code, terminal.OneLine(err.Error()))
		return
	}
	text, err := terminal.JSONLine(struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      string
	}{
		creds.AccessKeyID,
		creds.SecretAccessKey,
		creds.SessionToken,
		creds.Expires.UTC().Format(time.RFC3339),
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
func (s *Server) credentials() (sigv4.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil && time.Since(s.failed) < failurePause {
		return sigv4.Credentials{}, s.err
	}
	ctx, cancel := context.WithTimeout(s.ctx, renewalLimit)
	defer cancel()
	creds, err := s.Source(ctx)
	if err == nil {
		now := time.Now()
		if s.Now != nil {
			now = s.Now()
		}
		err = Usable(creds, now)
	}
	before := s.err
	if s.err = err; err != nil {
		s.failed = time.Now()
		if s.Note != nil && s.ctx.Err() == nil && (before == nil || before.Error() != err.Error()) {
			s.Note("%s", err)
		}
		return sigv4.Credentials{}, err
	}
	return creds, nil
}

// Usable returns an error if the credentials are incomplete, or expired at the time now.
func Usable(creds sigv4.Credentials, now time.Time) error {
	switch {
	case creds.AccessKeyID == "" || creds.SecretAccessKey == "" || creds.SessionToken == "":
		return errors.New("the credentials are incomplete")
	case !creds.Expires.After(now):
		return fmt.Errorf("the credentials expired at %s: check this machine's clock",
			creds.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}
