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
// pool proves nothing in return: TLS alone tells that it is Cognito.) What the pool answers is traded at an identity pool for credentials of a role, by the enhanced flow or, where
// [Client.Duration] is set, by the classic flow with AWS STS. Each step is one call of a small package below this one:
// cognitoidp, cognitoid and sts speak to the services, srp and sigv4 do the arithmetic and touch no network.
package cognito

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/transport"
	"github.com/loginwithcognito/cognito/srp"
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

	// HTTPClient sends the requests. Nil: a client of its own with TLS 1.2 or better, timeouts, and the proxy of the
	// environment. Redirects are never followed.
	HTTPClient *http.Client

	once     sync.Once
	services services
	err      error // why services could not be made
	keys     renewing[[]cognitoidp.Key]
}

// services are the clients of the AWS services, and the environment completed.
type services struct {
	http     *http.Client
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
		if c.Duration != 0 && (c.Duration < 15*time.Minute || c.Duration > 12*time.Hour) {
			c.err = fmt.Errorf("cognito: Client.Duration is %v: the classic flow takes 15m to 12h, and 0 means the enhanced flow", c.Duration)
			return
		}
		c.services.http = transport.NewHTTPClient()
		if c.HTTPClient != nil {
			*c.services.http = *c.HTTPClient
		}
		c.services.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		region := e.AWSRegion()
		c.services.idp = cognitoidp.Client{Region: e.userPoolRegion(), Endpoint: e.Endpoints.CognitoIDP, HTTPClient: c.services.http}
		c.services.identity = cognitoid.Client{Region: e.identityPoolRegion(), Endpoint: e.Endpoints.CognitoIdentity, HTTPClient: c.services.http}
		c.services.sts = sts.Client{Region: region, Endpoint: e.Endpoints.STS, HTTPClient: c.services.http}
		c.keys.early, c.keys.now, c.keys.renew = time.Hour, c.services.idp.Now, c.fetchKeys
	})
	if c.err != nil {
		return c.err
	}
	return c.Environment.require(fields...)
}

// SignIn signs a user in with a user name, or an alias of it such as an e-mail address, and a password.
//
// The password is used by SRP-6a only, as it is: it is neither normalised nor trimmed, and never sent. Where the pool
// asks for more before it gives tokens, the error is a [*Challenge], which can be answered. Otherwise the error of a
// service is a *cognitoidp.Error with the service's own code; [errors.As] finds either. A refused password is never
// tried again here, because the pool counts attempts.
func (c *Client) SignIn(ctx context.Context, username, password string) (*Session, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	pool, err := srp.PoolName(c.Environment.UserPoolID)
	if err != nil {
		return nil, fmt.Errorf("cognito: %w", err)
	}
	if username == "" || password == "" {
		return nil, errors.New("cognito: SignIn: the user name and the password must not be empty")
	}
	if !utf8.ValidString(username) || !utf8.ValidString(password) {
		return nil, errors.New("cognito: SignIn: the user name and the password must be UTF-8")
	}
	defer c.connectAhead(ctx)()

	exchange := srp.NewClient()
	parameters := c.parameters(username)
	parameters["SRP_A"] = exchange.A()
	out, err := c.services.idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID:       c.Environment.ClientID,
		AuthFlow:       cognitoidp.AuthFlowUserSRP,
		AuthParameters: parameters,
	})
	if err != nil {
		return nil, explain(err)
	}
	if out.ChallengeName != cognitoidp.ChallengePasswordVerifier {
		return c.proceed(username, out)
	}

	received := out.ChallengeParameters
	block, err := decodeBase64(received["SECRET_BLOCK"])
	if err != nil {
		return nil, errors.New("cognito: SignIn: the pool's SECRET_BLOCK is not base64")
	}
	// x and the signature use the name that the pool says, which differs from the one typed where that was an alias; the
	// answer's USERNAME and SECRET_HASH use the real user name (aws-sdk-android CognitoUser.java does the same).
	userID := cmp.Or(received["USER_ID_FOR_SRP"], received["USERNAME"], username)
	username = cmp.Or(received["USERNAME"], userID)
	timestamp := srp.Timestamp(c.services.idp.Now())
	signature, err := exchange.Sign(
		srp.Identity{Pool: pool, User: userID, Password: password},
		srp.Challenge{Salt: received["SALT"], B: received["SRP_B"], SecretBlock: block},
		timestamp)
	if err != nil {
		return nil, fmt.Errorf("cognito: SignIn: %w", err)
	}
	parameters = c.parameters(username)
	parameters["PASSWORD_CLAIM_SECRET_BLOCK"] = received["SECRET_BLOCK"] // the text as it came
	parameters["PASSWORD_CLAIM_SIGNATURE"] = base64.StdEncoding.EncodeToString(signature)
	parameters["TIMESTAMP"] = timestamp
	out, err = c.services.idp.RespondToAuthChallenge(ctx, cognitoidp.RespondToAuthChallengeInput{
		ClientID:           c.Environment.ClientID,
		ChallengeName:      out.ChallengeName,
		ChallengeResponses: parameters,
		Session:            out.Session,
	})
	if err != nil {
		return nil, explain(err)
	}
	return c.proceed(username, out)
}

// proceed turns the pool's answer into a session, or into the challenge that comes next.
func (c *Client) proceed(username string, out cognitoidp.AuthOutput) (*Session, error) {
	if out.AuthenticationResult == nil {
		return nil, &Challenge{
			Name:       out.ChallengeName,
			Parameters: out.ChallengeParameters,
			Available:  out.AvailableChallenges,
			Username:   cmp.Or(out.ChallengeParameters["USERNAME"], username),
			session:    out.Session,
			client:     c,
		}
	}
	s := c.newSession()
	tokens, expires, err := s.receive(Tokens{}, *out.AuthenticationResult)
	if err != nil {
		return nil, err
	}
	s.tokens.set(tokens, expires)
	return s, nil
}

// parameters returns the parameters that every sign-in call has: USERNAME and, for an app client with a secret,
// SECRET_HASH = base64(HMAC-SHA256(client secret, user name || client id)) of the same user name
// (AWS: "Computing secret hash values").
func (c *Client) parameters(username string) map[string]string {
	p := map[string]string{"USERNAME": username}
	if hash := c.secretHash(username); hash != "" {
		p["SECRET_HASH"] = hash
	}
	return p
}

func (c *Client) secretHash(username string) string {
	if c.Environment.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(c.Environment.ClientSecret))
	mac.Write([]byte(username + c.Environment.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// decodeBase64 decodes standard or URL-safe base64, padded or not, as aws-amplify's client does.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.DecodeString(s)
}

// NewHTTPClient returns the kind of client that a [Client] without one makes for itself: TLS 1.2 or better, timeouts,
// and the proxy of the environment. Programs that set it in several places share its connections.
func NewHTTPClient() *http.Client { return transport.NewHTTPClient() }
