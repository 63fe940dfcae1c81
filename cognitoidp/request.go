package cognitoidp

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

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

// send sends one operation and reads the response into out. It checks the required members.
func (c *Client) send(
	ctx context.Context, operation string, idempotent bool, in members, out any, required ...string,
) error {
	u, err := c.url()
	err = cmp.Or(check(in, required), checkPadding(in), err)
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

// call is send for an operation whose response is an Output, which is zero with an error.
func call[Output any](
	ctx context.Context, c *Client, operation string, idempotent bool, in members,
	required ...string,
) (Output, error) {
	var out, zero Output
	if err := c.send(ctx, operation, idempotent, in, &out, required...); err != nil {
		return zero, err
	}
	return out, nil
}

// none is the output of an operation that returns nothing.
type none struct{}

// check returns an error if a required member is empty or has another form than in the service
// model.
func check(in members, required []string) error {
	for _, name := range required {
		value, _ := in[name].(string)
		ok, form := value != "", ""
		switch name {
		case "ClientId":
			ok = ascii.Only(value, wordChars+"+", 128)
			form = ", or is not 1 to 128 letters, digits, _ and +"
		case "AccessToken", "RefreshToken", "Token":
			ok = isToken(value)
			form = ", or has characters that tokens do not have"
		case "DeviceKey":
			ok = isDeviceKey(value)
			form = ", or is not a key such as us-east-1_a1b2c3d4-5678-90ab-cdef-0123456789ab"
		}
		if !ok {
			return errors.New(name + " is missing" + form)
		}
	}
	return nil
}

// unpadded are the members that have no white space at their ends (AWS: "Adding user pool password
// requirements").
const unpadded = "Username Password PreviousPassword ProposedPassword" +
	" USERNAME PASSWORD NEW_PASSWORD"

// checkPadding returns an error if a user name or password begins or ends with white space.
func checkPadding(in members) error {
	var err error
	for _, name := range strings.Fields(unpadded) {
		text, _ := in[name].(string)
		parameters, _ := in["AuthParameters"].(map[string]string)
		responses, _ := in["ChallengeResponses"].(map[string]string)
		for _, value := range []string{text, parameters[name], responses[name]} {
			trimmed := strings.Trim(value, " \t\n\v\f\r")
			if strings.EqualFold(name, "username") {
				trimmed = strings.TrimFunc(value, func(r rune) bool { return !visible(r) })
			}
			if trimmed != value {
				err = cmp.Or(err, errors.New(name+" begins or ends with white space,"+
					" which user pools do not allow: remove it"))
			}
		}
	}
	return err
}

// visible reports whether a user name can have r: [\p{L}\p{M}\p{S}\p{N}\p{P}] in the service model.
// Names copied from a page may have other spaces, or a mark of width zero, at their ends.
func visible(r rune) bool { return r != ' ' && strconv.IsPrint(r) }

// isToken reports whether s can be an access, ID or refresh token: [A-Za-z0-9-_=.]+ in the service
// model.
func isToken(s string) bool { return ascii.Only(s, wordChars+"-=.", awshttp.MaxToken) }

// isDeviceKey is looser than the service model, which has [\w-]+_[0-9a-f-]+.
func isDeviceKey(s string) bool { return ascii.Only(s, wordChars+"-", 55) }

// wordChars are the characters of \w in the service model.
const wordChars = ascii.Alphanumeric + "_"
