// Package cognitotest is a stand-in for the AWS services that a sign-in with Amazon Cognito uses, for tests: user pools,
// identity pools, STS and S3.
//
// A [Server] is to Cognito what net/http/httptest is to a web server. It needs no account and no network:
//
//	server := cognitotest.Example()
//	client := server.Client() // reaches https://cognito-idp.us-east-1.amazonaws.com/ and the others in memory
//
// It verifies what it is sent: the SRP proof of users and devices, secret hashes, codes, sessions and secret blocks, the
// signature, issuer, audience and expiry of tokens, the login map of an identity, and AWS Signature Version 4 over the
// bytes that arrived. It shares no code with the packages beside it that do the signing in, so that a mistake there is
// not made twice. A code is "sent" to [Server.Code].
//
// # What it does not promise
//
// That a sign-in which it accepts works on AWS: the services are closed, and where AWS documents nothing, the published
// clients and measurements were followed. Message texts, the order in which several faults of one request are
// reported, and limits that AWS does not document are approximations: tests should look at error codes. Of the user
// pools, these are the stand-in's own:
//
//   - A TIMESTAMP may be 15 minutes off. A Session stands three wrong codes, a code to confirm a sign-up or to reset a
//     password five; any other refused proof or answer uses its Session up, but not a refused choice or new password.
//   - What state a user is in is told to who has shown the password, or has asked for a code as first factor.
//   - A DEVICE_KEY is looked at after the password, and asked for its own password before any second factor.
//   - MFA_SETUP offers a software token and e-mail, whatever the user's attributes. CUSTOM_AUTH does not replace MFA.
//   - The reuse of a refresh token that was replaced is refused, and does not end the sign-in.
//   - The password policy is eight characters, and there is no history. Lock-out is off unless a pool has it.
//   - Codes go to the e-mail address where there is one. Who is disabled is told so, also by ForgotPassword
//     where the client has not PreventUserExistenceErrors.
//
// IAM policies, throttling, Lambda triggers other than [UserPool].CustomAuth, threat protection, what a passkey holds, and
// identities with several logins are not modelled. It keeps its state in memory, the last 10,000 of each kind, and
// passwords in the clear: it is not a service to run for real users.
package cognitotest

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is a verifying stand-in for the AWS services that a Cognito sign-in uses. The zero value answers, and knows
// no one. Set the fields before the first request, and Fault while none is under way; do not copy a Server that is in use. All methods may be called from
// many goroutines.
//
// Server is an [http.Handler]. Under AWS's own host names the host decides which service, Region and bucket is meant.
// Under any other name (127.0.0.1:8080) the request does: X-Amz-Target names a Cognito operation, a form with an Action
// is for STS, /<user pool ID>/.well-known/jwks.json and .../openid-configuration are a user pool's discovery documents,
// /.well-known/jwks.json and /.well-known/openid-configuration those of identity pools (the issuer
// https://cognito-identity.amazonaws.com), and all else is S3 with the bucket in the path.
type Server struct {
	UserPools     []UserPool
	IdentityPools []IdentityPool
	Roles         []Role   // what AssumeRoleWithWebIdentity may assume
	Buckets       []Bucket // what S3 holds at the start

	// Fault, when not nil, sees every request before the services do. What it returns is sent in their place; nil lets
	// the request through. A StatusCode of 0, or a Body that fails to read, cuts the connection at that point. It may
	// read the body of the request, wait, or count. It is called from many goroutines at once.
	Fault func(r *http.Request) *http.Response

	start, makeKey sync.Once
	key            *rsa.PrivateKey // signs all tokens; see signingKey
	seed           [32]byte        // makes salts and simulated users the same at every request

	mu         sync.Mutex                // guards everything below
	accounts   map[accountID]*account    // by name and alias
	failures   store[*passwordFailures]  // by user
	sessions   store[*session]           // by Session or SECRET_BLOCK
	grants     store[*grant]             // by origin_jti: what refresh and access tokens rest on
	identities store[*identity]          // by identity ID
	issued     store[*issuedCredentials] // by access key ID
	bucket     map[string]*Bucket        // by name
}

// maxBody bounds a request. S3's own limit is far higher.
const maxBody = 16 << 20

// ServeHTTP answers one request as the service it is meant for would.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, s.Fault, func() bool { return true })
}

// serve is [Server.ServeHTTP] with s.Fault as fault. It goes on after that only if proceed says so: nothing is read from
// the fields of s, or changed, for a request that has been given up.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, fault func(*http.Request) *http.Response, proceed func() bool) {
	s.start.Do(s.load)
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody || r.ContentLength >= 0 && r.ContentLength != int64(len(body)) {
		http.Error(w, fmt.Sprintf("cognitotest: request body is cut short or longer than %d bytes", maxBody), http.StatusBadRequest)
		return
	}
	if fault != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		if answer := fault(r); answer != nil {
			send(w, answer)
			return
		}
	}
	if !proceed() {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch service := s.service(r); service {
	case "cognito-idp", "issuer-cognito-idp", "cognito-identity":
		if r.Method == http.MethodGet || service == "issuer-cognito-idp" {
			s.serveDiscovery(w, r, service)
			return
		}
		var do operation
		target := r.Header.Get("X-Amz-Target")
		if name, ok := strings.CutPrefix(target, targetUserPools); ok && service == "cognito-idp" {
			do = userPoolOperation(name)
		} else if name, ok := strings.CutPrefix(target, targetIdentity); ok && service == "cognito-identity" {
			do = identityOperation(name)
		}
		s.serveJSON(w, r, body, do)
	case "sts":
		s.serveSTS(w, r, body)
	default:
		s.serveS3(w, r, body)
	}
}

const (
	targetUserPools = "AWSCognitoIdentityProviderService."
	targetIdentity  = "AWSCognitoIdentityService."
)

// service names the service that r is for, as AWS's host names do.
func (s *Server) service(r *http.Request) string {
	if h := parseHost(r.Host); h.service != "" {
		return h.service
	}
	target := r.Header.Get("X-Amz-Target")
	switch {
	case strings.HasPrefix(target, targetIdentity):
		return "cognito-identity"
	case target != "":
		return "cognito-idp"
	case r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return "sts"
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		return "cognito-identity"
	case strings.Contains(r.URL.Path, "/.well-known/") && s.poolOf(r) != nil:
		return "cognito-idp"
	}
	return "s3"
}

// load reads the fields, once, before the first answer.
func (s *Server) load() {
	go s.signingKey() // takes a tenth of a second, which the first sign-in need not wait for
	s.loadUsers()
	s.bucket = make(map[string]*Bucket)
	for i := range s.Buckets {
		s.bucket[s.Buckets[i].Name] = &s.Buckets[i]
	}
}

// Code answers the last code that was "sent" to a user by e-mail or SMS: for MFA, as a one-time password, to confirm
// the sign-up or to reset the password. The user is named by name or alias. It is empty when there is none.
func (s *Server) Code(userPoolID, username string) string {
	s.start.Do(s.load)
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[accountID{userPoolID, username}]; a != nil {
		return a.code
	}
	return ""
}

// send passes on the answer that Fault made.
func send(w http.ResponseWriter, answer *http.Response) {
	if answer.Body != nil {
		defer answer.Body.Close()
	}
	if answer.StatusCode == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	if answer.Body == nil {
		return
	}
	if _, err := io.Copy(w, answer.Body); err != nil {
		if f, ok := w.(http.Flusher); ok {
			f.Flush() // what came before the cut is sent
		}
		panic(http.ErrAbortHandler)
	}
}

// Format writes nothing but the type's name, whatever the verb: a Server holds passwords and keys.
func (s *Server) Format(f fmt.State, verb rune) { io.WriteString(f, "cognitotest.Server{REDACTED}") }

// MarshalText is what encoding/json and log/slog show: the type's name.
func (s *Server) MarshalText() ([]byte, error) { return fmt.Append(nil, s), nil }
