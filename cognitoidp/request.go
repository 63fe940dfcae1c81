package cognitoidp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// service is the name of this package in errors.
const service = "cognitoidp"

// Values of the parameter that says whether an operation can be retried after the service may have
// processed it.
const (
	idempotent    = true
	notIdempotent = false
)

// members are the members of a request by their names in the service's API.
type members = awshttp.Members

// send sends one operation unless a check of its arguments failed, and reads the response into out.
func (c *Client) send(
	ctx context.Context, operation string, idempotent bool, in members, out any, checks ...error,
) error {
	u, err := c.url()
	err = cmp.Or(cmp.Or(checks...), err)
	if err == nil {
		err = c.sender.DoJSON(ctx, awshttp.Request{
			HTTPClient: c.HTTPClient,
			Idempotent: idempotent,
			// In other services this code means throttling. Here it is a limit per user and hour
			// (AWS: Quotas in Amazon Cognito).
			Permanent: []string{CodeLimitExceeded},
		}, u, "AWSCognitoIdentityProviderService."+operation, in, out)
	}
	return awshttp.Wrap(service, operation, err)
}

func (c *Client) url() (*url.URL, error) {
	options := endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack}
	return endpoint.URL("cognito-idp", c.Region, c.Endpoint, options)
}

// call is send for an operation whose response is an Output. With an error that is the zero value.
func call[Output any](
	ctx context.Context, c *Client, operation string, idempotent bool, in members, checks ...error,
) (Output, error) {
	var out, zero Output
	if err := c.send(ctx, operation, idempotent, in, &out, checks...); err != nil {
		return zero, err
	}
	return out, nil
}

// none is the output of an operation that returns nothing.
type none struct{}

// sendAttributes returns attributes as they are sent. Unlike empty members, empty values are sent.
func sendAttributes(field string, attributes []Attribute) (list []map[string]string, err error) {
	for _, a := range attributes {
		err = cmp.Or(err, required("Name in "+field, a.Name))
		if !utf8.ValidString(a.Name + a.Value) {
			err = cmp.Or(err, fmt.Errorf("%s: %q is not valid UTF-8", field, a.Name))
		}
		list = append(list, map[string]string{"Name": a.Name, "Value": a.Value})
	}
	return list, err
}

func required(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s is missing", field)
	}
	return nil
}

// checkClientID checks the form of an app client id: [\w+]{1,128}.
func checkClientID(id string) error {
	if !ascii.Only(id, wordChars+"+", 128) {
		return errors.New("ClientID is missing, or is not 1 to 128 letters, digits, _ and +")
	}
	return nil
}

func checkToken(field, token string) error {
	if !isToken(token) {
		return fmt.Errorf("%s is missing, or has characters that tokens do not have", field)
	}
	return nil
}

// isToken reports whether s can be an access, ID or refresh token: [A-Za-z0-9-_=.]+ in the service
// model.
func isToken(s string) bool { return ascii.Only(s, wordChars+"-=.", awshttp.MaxToken) }

// wordChars are the characters of \w in the service model.
const wordChars = ascii.Alphanumeric + "_"
