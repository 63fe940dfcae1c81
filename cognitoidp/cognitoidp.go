// Package cognitoidp is a client of the Amazon Cognito user pools API (service cognito-idp). It has
// one method for each operation, with typed requests and responses.
//
//	c := &cognitoidp.Client{Region: "us-east-1"}
//	out, err := c.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
//		ClientID:       "1example23456789",
//		AuthFlow:       cognitoidp.AuthFlowUserSRP,
//		AuthParameters: map[string]string{"USERNAME": "ada", "SRP_A": a},
//	})
//
// The package knows what each operation sends and receives. It does not know SRP or the order of
// the steps of a sign-in; package cognito does. The operations here are not signed: the app client
// and the tokens in a request identify the caller (AWS: Amazon Cognito user pools API Reference).
//
// # Requests
//
// Empty fields of a request are not sent. Some fields have the same meaning in every request:
//
//   - ClientID is the ID of the app client.
//   - SecretHash is required if the app client has a secret. It is the base64 encoding of the
//     HMAC-SHA256, with that secret as the key, of the user name and the client ID.
//   - AccessToken is the user's access token with the scope aws.cognito.signin.user.admin, which
//     all tokens from InitiateAuth have. If it has expired or was revoked, the service returns
//     CodeNotAuthorized.
//   - Session is the session of the previous response. Each session is used once.
//   - ClientMetadata is passed to the pool's Lambda triggers.
//   - UserContextData is passed to the pool's threat protection.
//
// # Errors
//
// If the service refuses a request, the error is an *[awserr.Error] with one of the Code constants.
//
// # Retries
//
// A failed request is retried at most twice: always after throttling or if no connection was made,
// and after a lost connection or a 5xx status only if the operation is idempotent. The methods say
// which operations are not.
package cognitoidp

import (
	"context"
	"net/http"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
)

// A Client calls the user pools of one Region. Set its fields before the first call and do not
// change them afterwards. It is then safe for concurrent use. Do not copy it after the first call.
type Client struct {
	// Region is the Region of the user pool, the part of its ID before "_". It is required unless
	// Endpoint is set.
	Region string

	// Endpoint is the URL of a service that replaces AWS's: https, or http on the loopback address.
	// If it is empty, requests go to the host that AWS publishes for the Region.
	Endpoint string

	// FIPS selects the host with cryptography validated under FIPS 140, and DualStack the host with
	// IPv4 and IPv6 addresses. Neither can be combined with Endpoint. In AWS GovCloud (US)
	// all hosts of Cognito are FIPS hosts.
	FIPS, DualStack bool

	// HTTPClient sends the requests. Redirects are not followed, and its CheckRedirect is not
	// called. If it is nil, the Client uses its own, with TLS 1.2 or later, time limits and the
	// proxies of the environment.
	HTTPClient *http.Client

	sender awshttp.Sender
}

// Now returns the service's time: the local time, corrected by the Date header of the last response
// if both differ by 4 minutes or more. Use it for a challenge's TIMESTAMP, and to check whether a
// token has expired.
func (c *Client) Now() time.Time { return c.sender.Now() }

// Sync sends an empty request, from whose response [Client.Now] learns the service's time. Errors
// are ignored.
func (c *Client) Sync(ctx context.Context) {
	if u, err := c.url(); err == nil {
		c.sender.Sync(ctx, c.HTTPClient, u)
	}
}
