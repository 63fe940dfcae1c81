// Package cognitoidp is a client of the Amazon Cognito user pools API (the service cognito-idp): one method for each
// operation, typed requests and answers, and the service's errors.
//
//	c := &cognitoidp.Client{Region: "us-east-1"}
//	out, err := c.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
//		ClientID:       "1example23456789",
//		AuthFlow:       cognitoidp.AuthFlowUserSRP,
//		AuthParameters: map[string]string{"USERNAME": "ada", "SRP_A": a},
//	})
//
// It knows what each operation sends and receives, and nothing of what a sign-in does next: package cognito does.
// The operations here are not signed; who asks is told by what they carry (AWS: Amazon Cognito user pools API
// Reference; AWS JSON 1.1 protocol).
//
// A call that fails is repeated, at most twice, when that can help and cannot hurt: always after throttling and when
// no connection was had; after a lost connection or a 5xx answer only if the operation can be carried out twice
// without harm. See each method.
package cognitoidp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// A Client calls the user pools of one Region. Its fields are set before the first call and not changed after it; then
// it is safe for concurrent use. It must not be copied once it is in use.
type Client struct {
	// Region is the Region of the user pool: what its id has before the "_". Required, unless Endpoint is set.
	Region string

	// Endpoint is the URL of a service to use in place of AWS's: https, or http on the loopback address. "" means
	// the host that AWS publishes for the Region.
	Endpoint string

	// FIPS and DualStack choose the host with validated cryptography (FIPS 140) and the one that answers over IPv4 and
	// IPv6. False means the usual host; in AWS GovCloud (US), where Cognito has only FIPS hosts, that is the FIPS host.
	// They cannot be combined with Endpoint.
	FIPS, DualStack bool

	// HTTPClient sends the requests; its CheckRedirect is not used, as redirects are never followed. Nil means one of
	// the Client's own, with TLS 1.2 or better, time limits and the proxies of the environment.
	HTTPClient *http.Client

	sender awshttp.Sender
}

// Now is the time by the service's clock: the local one, corrected by the Date of the last answer if they are 4
// minutes or more apart. It is the time for a challenge's TIMESTAMP and for comparing with a token's expiry.
func (c *Client) Now() time.Time { return c.sender.Now() }

// call carries out one operation. in and out are the wire types.
func (c *Client) call(ctx context.Context, operation string, repeatable bool, in, out any) error {
	u, err := endpoint.URL("cognito-idp", c.Region, c.Endpoint, endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack})
	if err == nil {
		err = c.sender.DoJSON(ctx, awshttp.Request{
			HTTPClient: c.HTTPClient,
			Repeatable: repeatable,
			// Elsewhere this code is throttling. Here it is a limit per user and hour (AWS: Quotas in Amazon Cognito).
			Permanent: []string{CodeLimitExceeded},
		}, u, "AWSCognitoIdentityProviderService."+operation, in, out)
	}
	return wrap(operation, err)
}

// wrap gives err the name of the operation, and turns an answer of the service into an Error.
func wrap(operation string, err error) error {
	if f, ok := err.(*awshttp.Failure); ok {
		return &Error{
			Operation: operation, Code: f.Code, Message: f.Message, StatusCode: f.StatusCode,
			RequestID: f.RequestID, ReasonCode: f.ReasonCode, ended: f.Ended,
		}
	}
	if err != nil {
		return fmt.Errorf("cognitoidp: %s: %w", operation, err)
	}
	return nil
}

// wordChars are the letters of \w in the patterns of the service model.
const wordChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// only reports whether s is not empty, not longer than limit, and made of the given characters.
func only(s, chars string, limit int) bool {
	return s != "" && len(s) <= limit && strings.Trim(s, chars) == ""
}

// checkClientID checks the form of an app client id: [\w+]{1,128}.
func checkClientID(id string) error {
	if id == "" {
		return errors.New("ClientID is missing: it is the id of the user pool's app client")
	}
	if !only(id, wordChars+"+", 128) {
		return errors.New("ClientID does not look like an app client id: it has 1 to 128 letters, digits, _ or +")
	}
	return nil
}

// checkText refuses text that is not UTF-8: encoding/json would change it silently, a password among others.
func checkText(field string, m map[string]string) error {
	for k, v := range m {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return fmt.Errorf("%s: %q is not valid UTF-8", field, k)
		}
	}
	return nil
}
