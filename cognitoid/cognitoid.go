// Package cognitoid is a client of the Amazon Cognito identity pools API (the service cognito-identity): it turns a
// sign-in, or none, into an identity and that into temporary AWS credentials.
//
//	c := &cognitoid.Client{Region: "us-east-1"}
//	logins := map[string]string{"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI": idToken}
//	id, err := c.GetID(ctx, cognitoid.GetIDInput{IdentityPoolID: pool, Logins: logins})
//	out, err := c.GetCredentialsForIdentity(ctx, cognitoid.GetCredentialsForIdentityInput{IdentityID: id, Logins: logins})
//
// That is the enhanced flow. In the basic (classic) flow [Client.GetOpenIDToken] gives a token for AWS STS instead of the
// credentials. No operation is signed (AWS: Amazon Cognito Federated Identities API Reference; AWS JSON 1.1 protocol).
// All of them may be carried out twice without harm and are repeated, at most twice, after a failure that may pass.
package cognitoid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A Client calls the identity pools of one Region. Its fields are set before the first call and not changed after it;
// then it is safe for concurrent use. It must not be copied once it is in use.
type Client struct {
	// Region is the Region of the identity pool: what its id has before the ":". Required, unless Endpoint is set.
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
// minutes or more apart.
func (c *Client) Now() time.Time { return c.sender.Now() }

// GetIDInput is the request of GetID. Empty fields are not sent.
//
// Logins has at most 10 entries: the name of a provider, and its token for the user. For a user pool the name is the
// issuer of the ID token without "https://", and the token is the ID token. A guest has none.
type GetIDInput struct {
	IdentityPoolID string            // "region:uuid"; required
	AccountID      string            // of AWS, digits; the service does not need it
	Logins         map[string]string // see above
}

// GetID returns the identity id ("region:uuid") of a user in an identity pool, which is made if there is none. Guests
// get a new one each time.
func (c *Client) GetID(ctx context.Context, in GetIDInput) (string, error) {
	type wire struct {
		IdentityPoolID string            `json:"IdentityPoolId"`
		AccountID      string            `json:"AccountId,omitempty"`
		Logins         map[string]string `json:"Logins,omitempty"`
	}
	var out struct {
		IdentityID string `json:"IdentityId"`
	}
	if err := c.call(ctx, "GetId", "IdentityPoolID", in.IdentityPoolID, in.Logins, wire(in), &out); err != nil {
		return "", err
	}
	if err := answered("GetId", validID(out.IdentityID), "identity id"); err != nil {
		return "", err
	}
	return out.IdentityID, nil
}

// GetCredentialsForIdentityInput is the request of GetCredentialsForIdentity. Empty fields are not sent.
type GetCredentialsForIdentityInput struct {
	IdentityID    string            // "region:uuid"; required
	CustomRoleARN string            // one of the roles in the token's cognito:roles claim; "" for the pool's choice
	Logins        map[string]string // as for GetID
}

// GetCredentialsForIdentityOutput is the answer of GetCredentialsForIdentity.
type GetCredentialsForIdentityOutput struct {
	IdentityID  string            // usually the one asked for; another one if identities were merged: keep this one
	Credentials sigv4.Credentials // complete, and with a time of expiry, usually in an hour
}

// GetCredentialsForIdentity returns credentials of the role that the identity pool gives the identity.
func (c *Client) GetCredentialsForIdentity(ctx context.Context, in GetCredentialsForIdentityInput) (GetCredentialsForIdentityOutput, error) {
	const operation = "GetCredentialsForIdentity"
	type wire struct {
		IdentityID    string            `json:"IdentityId"`
		CustomRoleARN string            `json:"CustomRoleArn,omitempty"`
		Logins        map[string]string `json:"Logins,omitempty"`
	}
	var out struct {
		IdentityID  string `json:"IdentityId"`
		Credentials struct {
			AccessKeyID  string `json:"AccessKeyId"`
			SecretKey    string // AWS STS calls it SecretAccessKey
			SessionToken string
			Expiration   float64 // seconds since 1970; a number that may have a fraction and an exponent
		}
	}
	if err := c.call(ctx, operation, "IdentityID", in.IdentityID, in.Logins, wire(in), &out); err != nil {
		return GetCredentialsForIdentityOutput{}, err
	}
	r := out.Credentials
	const year10000 = 253402300800
	complete := awshttp.Word(r.AccessKeyID, 128) && awshttp.Word(r.SecretKey, 1024) && awshttp.Word(r.SessionToken, 50000) &&
		r.Expiration > 0 && r.Expiration < year10000
	err := cmp.Or(answered(operation, validID(out.IdentityID), "identity id"), answered(operation, complete, "credentials"))
	if err != nil {
		return GetCredentialsForIdentityOutput{}, err
	}
	return GetCredentialsForIdentityOutput{out.IdentityID, sigv4.Credentials{
		AccessKeyID: r.AccessKeyID, SecretAccessKey: r.SecretKey, SessionToken: r.SessionToken,
		Expires: time.UnixMilli(int64(r.Expiration * 1000)).UTC(),
	}}, nil
}

// GetOpenIDTokenInput is the request of GetOpenIDToken. Empty fields are not sent.
type GetOpenIDTokenInput struct {
	IdentityID string            // "region:uuid"; required
	Logins     map[string]string // as for GetID
}

// GetOpenIDTokenOutput is the answer of GetOpenIDToken.
type GetOpenIDTokenOutput struct {
	IdentityID string // usually the one asked for; another one if identities were merged: keep this one
	Token      string // a JWT (RFC 7519) for AssumeRoleWithWebIdentity, valid for 10 minutes
}

// GetOpenIDToken returns a token with which AWS STS gives credentials, if the identity pool allows the classic flow.
func (c *Client) GetOpenIDToken(ctx context.Context, in GetOpenIDTokenInput) (GetOpenIDTokenOutput, error) {
	const operation = "GetOpenIdToken"
	type wire struct {
		IdentityID string            `json:"IdentityId"`
		Logins     map[string]string `json:"Logins,omitempty"`
	}
	var out struct {
		IdentityID string `json:"IdentityId"`
		Token      string
	}
	if err := c.call(ctx, operation, "IdentityID", in.IdentityID, in.Logins, wire(in), &out); err != nil {
		return GetOpenIDTokenOutput{}, err
	}
	err := cmp.Or(answered(operation, validID(out.IdentityID), "identity id"), answered(operation, awshttp.Word(out.Token, 20000), "token"))
	if err != nil {
		return GetOpenIDTokenOutput{}, err
	}
	return GetOpenIDTokenOutput{out.IdentityID, out.Token}, nil
}

// call checks the request and carries out one operation. in and out are the wire types.
func (c *Client) call(ctx context.Context, operation, field, id string, logins map[string]string, in, out any) error {
	err := checkLogins(logins)
	if !validID(id) {
		err = fmt.Errorf("%s is missing or does not look like us-east-1:01234567-89ab-cdef-0123-456789abcdef", field)
	}
	if err != nil {
		return wrap(operation, err)
	}
	u, err := endpoint.URL("cognito-identity", c.Region, c.Endpoint, endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack})
	if err == nil {
		err = c.sender.DoJSON(ctx, awshttp.Request{HTTPClient: c.HTTPClient, Repeatable: true}, u, "AWSCognitoIdentityService."+operation, in, out)
	}
	return wrap(operation, err)
}

func checkLogins(logins map[string]string) error {
	if len(logins) > 10 {
		return fmt.Errorf("Logins has %d entries: 10 is the most", len(logins))
	}
	for provider, token := range logins {
		if !utf8.ValidString(provider) || !awshttp.Word(token, 50000) {
			return fmt.Errorf("Logins: the token of %q is empty, too long, or not a token", provider)
		}
	}
	return nil
}

// validID reports whether id is an identity id or identity pool id: [\w-]+:[0-9a-f-]+, at most 55 bytes.
func validID(id string) bool {
	region, uuid, ok := strings.Cut(id, ":")
	return ok && len(id) <= 55 && endpoint.ValidRegion(region) == nil && uuid != "" && strings.Trim(uuid, "0123456789abcdef-") == ""
}

// answered is an error that the answer lacks what it must have, unless ok.
func answered(operation string, ok bool, what string) error {
	if ok {
		return nil
	}
	return wrap(operation, errors.New("the answer has no valid "+what))
}
