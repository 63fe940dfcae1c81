// Package cognito signs a user in to an Amazon Cognito user pool and trades the sign-in for temporary AWS credentials,
// using only the standard library.
//
//	c := &cognito.Client{Environment: env}
//	s, err := c.SignIn(ctx, "ada", password)
//	...
//	creds, err := s.Credentials(ctx) // AWS credentials, renewed before they expire
//	api := s.HTTPClient("execute-api") // an *http.Client that signs what it sends
//
// The password never leaves the process: the program proves to the pool by SRP-6a (package srp) that it knows it. (The
// pool proves nothing in return: TLS alone tells that it is Cognito.) What the pool answers is traded at an identity pool
// for credentials of a role, by the enhanced flow or, where [Client.Duration] is set, by the classic flow with AWS STS.
// Each step is one call of a small package below this one: cognitoidp, cognitoid and sts speak to the services, srp and
// sigv4 do the arithmetic and touch no network.
//
// A pool may ask for more than a password. [Client.Start] knows every flow, and a [Challenge] is what the pool asks of the
// user: a code, a new password, a choice. A [Device] that the pool remembers is asked for no code.
package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/sts"
)

// A Client signs users in to one [Environment].
//
// A Client is safe for concurrent use and must not be copied, nor its fields changed, after its first call.
type Client struct {
	// Environment names the pools. Which of its fields are needed depends on the call: SignIn needs UserPoolID and
	// ClientID, credentials need IdentityPoolID, the classic flow needs RoleARN.
	Environment Environment

	// Duration chooses how credentials are made. Zero: the enhanced flow, in which the identity pool chooses the role and
	// a life of about one hour. From 15 minutes to 12 hours: the classic flow, in which Environment.RoleARN is assumed
	// for that long; the identity pool must allow the basic (classic) flow, and the role so long a session.
	Duration time.Duration

	// FIPS and DualStack choose, of all services, the hosts with validated cryptography (FIPS 140) and those that answer
	// over IPv4 and IPv6. False means the usual hosts; in AWS GovCloud (US), where Cognito has only FIPS hosts, those.
	// They cannot be combined with Environment.Endpoints.
	FIPS, DualStack bool

	// HTTPClient sends the requests. Nil: a client of its own with TLS 1.2 or better, timeouts, and the proxy of the
	// environment. Redirects are never followed.
	HTTPClient *http.Client

	// ClientMetadata is passed to the user pool's Lambda triggers with every call of a sign-in and of a refresh.
	ClientMetadata map[string]string

	// UserContextData describes the user's device to the user pool's threat protection, with every call that takes it.
	// Nil: nothing is said.
	UserContextData *cognitoidp.UserContextData

	// RefreshWith, if set, stands around every refresh of tokens, so that what a program stores is never older than what
	// it uses, and processes can share one refresh token where tokens rotate. It is given what the session has, and
	// returns what the session shall have. Typically it takes a lock that all processes share and reads what is stored.
	// If that expires later than current.Tokens.Expires, another process was faster, and it is returned. If not, refresh
	// is called with it, and what that returns is stored, even beside an error, and returned.
	RefreshWith func(ctx context.Context, current Saved, refresh func(context.Context, Saved) (Saved, error)) (Saved, error)

	once     sync.Once
	services services
	err      error // why services could not be made
	verifier jwt.Verifier
}

// services are the clients of the AWS services, and the environment completed.
type services struct {
	http     *http.Client
	signed   *http.Client // for Session.HTTPClient
	idp      cognitoidp.Client
	identity cognitoid.Client
	sts      sts.Client
}

// open checks the client's configuration, makes the service clients at the first call, and checks that the fields a
// call needs, named by their JSON keys, are set.
func (c *Client) open(fields ...string) error {
	c.once.Do(func() {
		e := c.Environment
		if c.err = e.Validate(); c.err != nil {
			return
		}
		if d := c.Duration; d != 0 && (d < 15*time.Minute || d > 12*time.Hour || d%time.Second != 0) {
			c.err = fmt.Errorf("cognito: Client.Duration is %v: the classic flow takes 15m to 12h in whole seconds, and 0 means the enhanced flow", d)
			return
		}
		if c.HTTPClient != nil {
			own := *c.HTTPClient
			own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			c.services.http, c.services.signed = &own, &own
		} else { // time limits are for small answers; a context bounds what a caller sends
			c.services.http, c.services.signed = awshttp.NewHTTPClient(), awshttp.NewHTTPClient()
			c.services.signed.Timeout, c.services.signed.Transport.(*http.Transport).ResponseHeaderTimeout = 0, 0
		}
		region := e.AWSRegion()
		c.services.idp = cognitoidp.Client{Region: e.userPoolRegion(), Endpoint: e.Endpoints.CognitoIDP, FIPS: c.FIPS, DualStack: c.DualStack, HTTPClient: c.services.http}
		c.services.identity = cognitoid.Client{Region: e.identityPoolRegion(), Endpoint: e.Endpoints.CognitoIdentity, FIPS: c.FIPS, DualStack: c.DualStack, HTTPClient: c.services.http}
		c.services.sts = sts.Client{Region: region, Endpoint: e.Endpoints.STS, FIPS: c.FIPS, DualStack: c.DualStack, HTTPClient: c.services.http}
		v := &c.verifier
		v.UserPoolID, v.ClientID, v.Endpoint = e.UserPoolID, e.ClientID, e.Endpoints.CognitoIDP
		v.FIPS, v.DualStack, v.HTTPClient, v.Now = c.FIPS, c.DualStack, c.services.http, c.services.idp.Now
	})
	if c.err != nil {
		return c.err
	}
	return c.Environment.require(fields...)
}

// SecretHash returns the SECRET_HASH that goes with a user name in calls of an app client with a secret, and "" for an
// app client without one: base64(HMAC-SHA256(client secret, user name || client id)), where the user name is that of the
// same call (AWS: "Computing secret hash values"). Only calls of [Client.UserPool] need it.
func (c *Client) SecretHash(username string) string {
	if c.Environment.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(c.Environment.ClientSecret))
	mac.Write([]byte(username + c.Environment.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// UserPool returns the client of the user pool's own operations, such as SignUp, ForgotPassword and ChangePassword. Its
// errors are the service's; [Explain] adds what usually stands behind them.
func (c *Client) UserPool() (*cognitoidp.Client, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	return &c.services.idp, nil
}

// NewHTTPClient returns the kind of client that a [Client] without one makes for itself: TLS 1.2 or better, timeouts,
// and the proxy of the environment. Programs that set it in several places share its connections.
func NewHTTPClient() *http.Client { return awshttp.NewHTTPClient() }

// VerifyIDToken verifies an ID token of the environment's user pool and app client that another
// program sent, and returns its claims. Its errors are those of [jwt.Verifier].
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
