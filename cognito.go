// Package cognito signs a user in to an Amazon Cognito user pool and trades the sign-in for
// temporary AWS credentials. It needs only the standard library.
//
//	c := &cognito.Client{Environment: env}
//	s, err := c.SignIn(ctx, "ada", password)
//	...
//	creds, err := s.Credentials(ctx)       // refreshed before they expire
//	api := s.HTTPClient("execute-api", "") // an *http.Client that signs its requests
//
// # Sign-in
//
// The password is not sent. SRP-6a (package srp) proves to the user pool that the program knows it.
// The pool proves nothing in return, so only TLS authenticates the server.
//
// A pool may require more than a password. [Client.Start] supports every flow that needs no AWS
// credentials, and returns a [Challenge] for what only the user can answer, such as a code or a new
// password. A [Device] that the pool remembers makes codes unnecessary.
//
// Users of other identity providers, and of passkeys, sign in with a browser: see
// [Client.StartBrowser]. [Client.Federate] needs no user pool.
//
// # Credentials
//
// The session's ID token is traded at an identity pool for credentials of a role. This uses the
// enhanced flow or, if [Client.Duration] is set, the classic flow with AWS STS.
//
// # Packages
//
// Each step is one call of a package below this one. Packages cognitoidp, cognitoid and sts call
// the services; srp and sigv4 compute proofs and signatures.
package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/managedlogin"
	"github.com/loginwithcognito/cognito/sts"
)

// A Client signs users in to one [Environment].
//
// A Client is safe for concurrent use. It must not be copied, and its fields must not be changed,
// after the first call.
type Client struct {
	redact.Fields

	// Environment names the pools. Sign-in needs UserPoolID and ClientID, credentials need
	// IdentityPoolID, and the classic flow needs RoleARN.
	Environment Environment

	// Duration is the lifetime of credentials in the classic flow, which assumes
	// Environment.RoleARN: from 15 minutes to 12 hours. The identity pool must allow the classic
	// (basic) flow, and the role must allow sessions of that length. If Duration is zero, the
	// enhanced flow is used: the identity pool chooses the role and a lifetime of about one hour.
	Duration time.Duration

	// FIPS and DualStack select hosts with validated cryptography (FIPS 140) and hosts that support
	// both IPv4 and IPv6. In AWS GovCloud (US), Cognito has only FIPS hosts, which are the default
	// there. Neither can be combined with Environment.Endpoints.
	FIPS, DualStack bool

	// HTTPClient sends the requests, but never follows redirects. If it is nil, the Client makes
	// one like that of [NewHTTPClient].
	HTTPClient *http.Client

	// ClientMetadata is passed to the user pool's Lambda triggers with every request of a sign-in
	// or refresh.
	ClientMetadata map[string]string

	// UserContextData describes the user's device to the user pool's threat protection. It is sent
	// with every request that supports it, unless it is nil.
	UserContextData *cognitoidp.UserContextData

	// DeviceName is the name of new devices in the user pool, which shows it to users. If it is
	// empty, it is the host name of this machine.
	DeviceName string

	// RefreshWith, if not nil, is called for every refresh of tokens. See [RefreshFunc].
	RefreshWith RefreshFunc

	once     sync.Once
	services services
	err      error // why services could not be made
	verifier jwt.Verifier
	issued   jwt.Verifier // for the session's own new tokens, by the pool's clock
}

// services are the clients of the AWS services.
type services struct {
	http     *http.Client
	signed   *http.Client // for Session.HTTPClient
	idp      cognitoidp.Client
	identity cognitoid.Client
	sts      sts.Client
	login    managedlogin.Client
}

// open makes the service clients at the first call, and checks that the settings that the caller
// needs, named by their JSON keys, are not empty.
func (c *Client) open(required ...string) error {
	c.once.Do(func() { c.err = c.connect() })
	if c.err != nil {
		return c.err
	}
	return c.Environment.require(required...)
}

// connect checks the configuration and makes the service clients.
func (c *Client) connect() error {
	e := &c.Environment
	if err := e.Validate(); err != nil {
		return err
	}
	d := c.Duration
	if d != 0 && (d < 15*time.Minute || d > 12*time.Hour || d%time.Second != 0) {
		return fmt.Errorf("cognito: Client.Duration is %v: the classic flow needs 15m to 12h in "+
			"whole seconds; 0 selects the enhanced flow", d)
	}
	if err := permitted(func() { c.SecretHash("") }); err != nil {
		return fmt.Errorf("cognito: client_secret: %w", err)
	}
	var h, signed *http.Client
	if c.HTTPClient != nil {
		own := *c.HTTPClient
		own.CheckRedirect = func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}
		h, signed = &own, &own
	} else {
		h, signed = awshttp.NewHTTPClient(), awshttp.NewHTTPClient()
		// The timeouts are for small responses. The caller's context bounds signed requests. An
		// object that is stored in compressed form must arrive as it is.
		signed.Timeout = 0
		signed.Transport.(*http.Transport).ResponseHeaderTimeout = 0
		signed.Transport.(*http.Transport).DisableCompression = true
	}
	s := &c.services
	s.http, s.signed = h, signed
	s.idp = cognitoidp.Client{
		Region:     e.userPoolRegion(),
		Endpoint:   e.Endpoints.CognitoIDP,
		FIPS:       c.FIPS,
		DualStack:  c.DualStack,
		HTTPClient: h,
	}
	s.identity = cognitoid.Client{
		Region:     e.identityPoolRegion(),
		Endpoint:   e.Endpoints.CognitoIdentity,
		FIPS:       c.FIPS,
		DualStack:  c.DualStack,
		HTTPClient: h,
	}
	s.sts = sts.Client{
		Region:     e.ResolveRegion(),
		Endpoint:   e.Endpoints.STS,
		FIPS:       c.FIPS,
		DualStack:  c.DualStack,
		HTTPClient: h,
	}
	s.login = managedlogin.Client{
		Domain:       e.Domain,
		ClientID:     e.ClientID,
		ClientSecret: e.ClientSecret,
		HTTPClient:   h,
	}
	verifier := func(now func() time.Time) jwt.Verifier {
		return jwt.Verifier{
			UserPoolID: e.UserPoolID,
			Region:     e.UserPoolRegion,
			Issuer:     e.Issuer,
			ClientID:   e.ClientID,
			Endpoint:   e.Endpoints.CognitoIDP,
			FIPS:       c.FIPS,
			DualStack:  c.DualStack,
			HTTPClient: h,
			Now:        now,
		}
	}
	c.verifier, c.issued = verifier(nil), verifier(s.idp.Now)
	return nil
}

// connectAhead uses the time in which a sign-in or refresh waits for the user pool. It loads the
// system's root certificates, which the first TLS handshake needs, and sends an empty HEAD request
// to each host that issues credentials, to open a connection. Errors are ignored. Calling stop
// cancels requests in flight.
func (c *Client) connectAhead(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { x509.SystemCertPool() })
	open := func(service, region, custom string) {
		o := endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack}
		u, err := endpoint.URL(service, region, custom, o)
		if err != nil {
			return // the call that needs the host returns the error
		}
		running.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
			if err != nil {
				return
			}
			if response, err := c.services.http.Do(request); err == nil {
				response.Body.Close()
			}
		})
	}
	e := &c.Environment
	if e.IdentityPoolID != "" {
		open("cognito-identity", e.identityPoolRegion(), e.Endpoints.CognitoIdentity)
		if c.Duration != 0 {
			open("sts", e.ResolveRegion(), e.Endpoints.STS)
		}
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// SecretHash returns the SECRET_HASH for calls of [Client.UserPool] with this user name:
// base64(HMAC-SHA256(client secret, user name || client ID)). The user name must be the one in the
// call. If the app client has no secret, SecretHash returns "".
// (AWS: Amazon Cognito Developer Guide, "Computing secret hash values")
func (c *Client) SecretHash(username string) string {
	if c.Environment.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(c.Environment.ClientSecret))
	mac.Write([]byte(username + c.Environment.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// UserPool returns the client for the user pool's own operations, such as SignUp, ForgotPassword
// and ChangePassword. [Explain] adds the usual cause to their errors.
func (c *Client) UserPool() (*cognitoidp.Client, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	return &c.services.idp, nil
}

// NewHTTPClient returns an HTTP client like the one that a [Client] makes if it has none: TLS 1.2
// or later, timeouts, and the proxy of the environment variables HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY. ALL_PROXY is not supported. An unreadable value of these variables, SSL_CERT_FILE or
// SSL_CERT_DIR is an error. Connections to localhost stay on this machine. Share one client between
// packages to share its connections.
func NewHTTPClient() *http.Client { return awshttp.NewHTTPClient() }

// VerifyIDToken verifies an ID token of the environment's user pool and app client that another
// program sent, and returns its claims. Its errors are those of [jwt.Verifier.VerifyIDToken].
func (c *Client) VerifyIDToken(ctx context.Context, token string) (jwt.Claims, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return jwt.Claims{}, err
	}
	return c.verifier.VerifyIDToken(ctx, token)
}

// VerifyAccessToken is [Client.VerifyIDToken] for access tokens.
func (c *Client) VerifyAccessToken(ctx context.Context, token string) (jwt.Claims, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return jwt.Claims{}, err
	}
	return c.verifier.VerifyAccessToken(ctx, token)
}
