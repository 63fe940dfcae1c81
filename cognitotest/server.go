// Package cognitotest implements, for tests, the AWS services that a sign-in with Amazon Cognito
// uses: user pools with managed login, identity pools, STS and S3.
//
// A [Server] needs no AWS account and no network:
//
//	server := cognitotest.Example()
//	client := server.Client() // reaches AWS's host names in memory
//	resp, err := client.Get("https://cognito-idp.us-east-1.amazonaws.com/" +
//		cognitotest.ExampleUserPoolID + "/.well-known/jwks.json")
//
// # What is verified
//
// The server verifies the SRP proofs of users and devices, secret hashes, codes, sessions and
// secret blocks. It verifies the signature, issuer, audience and expiry of tokens, and the login
// map of an identity. It verifies the authorization requests, redirect URIs, codes and code
// verifiers (PKCE) of managed login, and AWS Signature Version 4 over the bytes that arrived.
//
// The package shares no code with the packages that it tests, so that the same mistake is not made
// on both sides. It imports only the standard library.
//
// Codes are not sent. [Server.Code] returns the last code of a user. [Server.Browse] signs a user
// in at managed login without a browser.
//
// # Differences from AWS
//
// A sign-in that the server accepts may still fail on AWS, whose services are closed source. Where
// AWS documents nothing, the server follows the published clients and measurements. Message texts,
// the order in which several faults of one request are reported, and undocumented limits are
// approximations. Tests should check error codes. These choices for user pools are the package's
// own:
//
//   - TIMESTAMP may differ from the server's clock by 15 minutes.
//   - A Session allows three wrong codes. A code that confirms a sign-up or resets a password
//     allows five. A refused choice or new password leaves its Session valid. Every other refused
//     response uses its Session up.
//   - The state of a user is reported only after the correct password, or when a code is requested
//     as the first factor.
//   - DEVICE_KEY is evaluated after the password. The device proves its password before any second
//     factor.
//   - MFA_SETUP offers an authenticator app and email, whatever attributes the user has.
//     CUSTOM_AUTH does not replace MFA.
//   - A refresh token that was rotated out is refused. Its reuse does not end the sign-in.
//   - Passwords need eight characters. Password history is not kept.
//   - Wrong passwords lock a user out only in a pool with [UserPool.Lockout].
//   - Codes go to the email address if the user has one.
//   - Managed login does not add the state to errors, unless the pool has [UserPool.ErrorState]. It
//     changes a state with reserved characters only if the browser has a session. An app client
//     must not send its secret in two places. An attempt to redeem a code uses the code up, and a
//     second attempt revokes nothing. Only the first ID token has the nonce. The pages of identity
//     providers are part of managed login.
//   - The tokens of identity providers come from [Server.IssueToken]. A token of a developer
//     provider cannot be linked to another identity.
//   - The error of a disabled user says so. ForgotPassword says it too, unless the app client has
//     [AppClient.PreventUserExistenceErrors].
//
// Not modelled are IAM policies, throttling, Lambda triggers other than [UserPool.CustomAuth],
// threat protection, the contents of passkeys, and identities with several logins.
//
// The server keeps its state in memory, the last 10,000 items of each kind, and passwords in plain
// text. Do not use it for real users.
package cognitotest

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Server is a verifying stand-in for the AWS services that a sign-in with Cognito uses. It is an
// [http.Handler]. The zero value is ready to use and has no users.
//
// Set the fields before the first request and before the first call of a method. Fault may be
// changed later, while no request is in flight. Do not copy a Server that is in use. All methods
// are safe for concurrent use.
//
// Under the Domain of a user pool the server responds as its managed login.
//
// Under AWS's host names the host determines the service, the Region and the bucket. Under any
// other host name, such as 127.0.0.1:8080, the request determines the service:
//
//   - The paths of managed login, such as /oauth2/token and /login, serve all user pools. The
//     parameter client_id determines the app client. If no app client has CallbackURLs or
//     AllowedOAuthFlows, these paths have no special meaning.
//   - /idtoken is the token endpoint of GitHub Actions, if an identity pool has the provider
//     token.actions.githubusercontent.com. The bearer token is ExampleActionsToken.
//   - X-Amz-Target names an operation of user pools or identity pools.
//   - Any other form is a request to STS.
//   - /<user pool ID>/.well-known/jwks.json and .../openid-configuration are the discovery
//     documents of a user pool.
//   - /.well-known/jwks.json and /.well-known/openid-configuration are those of identity pools,
//     whose issuer is https://cognito-identity.amazonaws.com.
//   - All other requests are for S3, with the bucket in the path.
type Server struct {
	redacted[Server]

	// UserPools are the user pools with their app clients and initial users.
	UserPools []UserPool

	// IdentityPools are the identity pools.
	IdentityPools []IdentityPool

	// Roles are the IAM roles that AssumeRoleWithWebIdentity may assume.
	Roles []Role

	// Buckets are the S3 buckets with their initial objects.
	Buckets []Bucket

	// SigningKey signs all tokens. If SigningKey is nil, the server uses a 2048-bit key that all
	// servers of the process share and that is generated at first use.
	SigningKey *rsa.PrivateKey

	// Fault, if not nil, is called with each request before the services see it. A response that it
	// returns is sent instead of the service's. If it returns nil, the request proceeds. A
	// StatusCode of 0, or a Body that fails, closes the connection at that point. Fault may read
	// the body of the request, and it may block. It must be safe for concurrent use.
	Fault func(r *http.Request) *http.Response

	start sync.Once
	seed  [32]byte // makes salts and simulated users the same at every request

	// Each request holds mu from its admission until its response is ready to be written. Tests do
	// not need finer locks.
	mu         sync.Mutex
	accounts   map[accountID]*account    // by name and by alias
	failures   store[*passwordFailures]  // by user
	sessions   store[*session]           // by Session or SECRET_BLOCK
	grants     store[*grant]             // by origin_jti
	identities store[*identity]          // by identity ID
	issued     store[*issuedCredentials] // by access key ID
	codes      store[*issuedCode]        // by authorization code
	browsers   store[*browser]           // by cookie
	buckets    map[string]*Bucket        // by name

	providerKeys map[string]*rsa.PrivateKey // by the name of a LoginProvider
}

// maxBody limits the body of a request. S3's own limit is much higher.
const maxBody = 16 << 20

// ServeHTTP responds as the service that the request is for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, s.Fault, func() bool { return true })
}

// serve is [Server.ServeHTTP] with the given fault. After the fault it calls commit. If that
// returns false, the client has abandoned the request, and serve no longer reads or changes s.
func (s *Server) serve(
	w http.ResponseWriter, r *http.Request,
	fault func(*http.Request) *http.Response, commit func() bool,
) {
	s.start.Do(s.load)
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	truncated := r.ContentLength >= 0 && r.ContentLength != int64(len(body))
	if err != nil || len(body) > maxBody || truncated {
		message := fmt.Sprintf("cognitotest: body is truncated or longer than %d bytes", maxBody)
		http.Error(w, message, http.StatusBadRequest)
		return
	}
	if fault != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		if resp := fault(r); resp != nil {
			forward(w, resp)
			return
		}
	}
	if commit() {
		s.handle(w, r, body)()
	}
}

// handle processes a request and returns a function that writes the response. The function is
// called without the server's mutex, so that a slow client does not block the others.
func (s *Server) handle(w http.ResponseWriter, r *http.Request, body []byte) (write func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		// Packages of crypto panic if they refuse a hash or a key, with GODEBUG=fips140=only.
		refusal := recover()
		text, _ := refusal.(string)
		switch {
		case strings.HasSuffix(text, "is not allowed in FIPS 140-only mode"):
			write = func() {
				http.Error(w, "cognitotest: "+text, http.StatusNotImplemented)
			}
		case refusal != nil:
			panic(refusal)
		}
	}()
	switch service := s.service(r); {
	case service == "actions":
		return s.serveActions(w, r)
	case service == "managed-login":
		return s.serveManagedLogin(w, r, body)
	case service == "s3":
		return s.serveS3(w, r, body)
	case service == "sts":
		return s.serveSTS(w, r, body)
	case service == "issuer-cognito-idp", r.Method == http.MethodGet:
		return s.serveDiscovery(w, r, service)
	default:
		return s.serveJSON(w, r, body, service)
	}
}

// service returns the name of the service that r is for, as it is in AWS's host names.
func (s *Server) service(r *http.Request) string {
	if h := parseHost(r.Host); h.service != "" {
		return h.service
	}
	if s.isActions(r) {
		return "actions"
	}
	if s.isLogin(r) {
		return "managed-login"
	}
	target := r.Header.Get("X-Amz-Target")
	contentType := r.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(target, targets["cognito-identity"]):
		return "cognito-identity"
	case target != "":
		return "cognito-idp"
	case r.Method == http.MethodPost && strings.HasPrefix(contentType, formType):
		return "sts"
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		return "cognito-identity"
	case strings.Contains(r.URL.Path, "/.well-known/") && s.poolOf(r) != nil:
		return "cognito-idp"
	}
	return "s3"
}

// load reads the fields before the first request.
func (s *Server) load() {
	if s.SigningKey == nil {
		go processKey() // The first sign-in need not wait for it.
	}
	s.loadUsers()
	s.buckets = make(map[string]*Bucket)
	for i := range s.Buckets {
		s.buckets[s.Buckets[i].Name] = &s.Buckets[i]
	}
}

// unlocked calls f without the server's mutex, so that a function of the user may call the server.
func (s *Server) unlocked(f func()) {
	s.mu.Unlock()
	defer s.mu.Lock()
	f()
}

// Code returns the last code that the server "sent" to a user by email or SMS: for MFA, as a
// one-time password, to confirm a sign-up, or to reset a password. The user name may be an alias.
// Code returns an empty string if the server has not sent a code.
func (s *Server) Code(userPoolID, username string) string {
	s.start.Do(s.load)
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[accountID{userPoolID, username}]; a != nil {
		return a.code
	}
	return ""
}

// forward writes the response that Fault returned.
func forward(w http.ResponseWriter, resp *http.Response) {
	body := resp.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	if resp.StatusCode == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, body); err != nil {
		if f, ok := w.(http.Flusher); ok {
			f.Flush() // Send what precedes the failure.
		}
		panic(http.ErrAbortHandler)
	}
}

// redacted is embedded in a struct T that holds secrets. It prints and marshals as the name of T.
type redacted[T any] struct{}

// Format writes the name of the type, whatever the verb.
func (redacted[T]) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s{REDACTED}", reflect.TypeFor[T]())
}

// MarshalText returns the name of the type, for encoding/json and log/slog.
func (r redacted[T]) MarshalText() ([]byte, error) { return fmt.Append(nil, r), nil }

// GobEncode returns an error, because encoding/gob would write the fields.
func (r redacted[T]) GobEncode() ([]byte, error) {
	return nil, fmt.Errorf("cognitotest: %s is not encoded as gob", r)
}
