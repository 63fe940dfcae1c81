// Package cognitoid is a client of the Amazon Cognito identity pools API (service
// cognito-identity). It returns the identity of a signed-in user or a guest, and temporary AWS
// credentials for the identity.
//
//	c := &cognitoid.Client{Region: "us-east-1"}
//	logins := map[string]string{
//		"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI": idToken,
//	}
//	id, err := c.GetID(ctx, cognitoid.GetIDInput{IdentityPoolID: pool, Logins: logins})
//	...
//	out, err := c.GetCredentialsForIdentity(ctx, cognitoid.GetCredentialsForIdentityInput{
//		IdentityID: id,
//		Logins:     logins,
//	})
//
// That is the enhanced flow. In the basic (classic) flow, [Client.GetOpenIDToken] returns a token
// for AWS STS instead of the credentials. The operations are not signed (AWS: Amazon Cognito
// Federated Identities API Reference). Empty fields of a request are not sent.
//
// # Logins
//
// The key of an entry of Logins is the name of an identity provider, and the value is the
// provider's token for the user. For a user pool they are the issuer of the ID token without
// "https://", and the ID token. A guest has no entries. The service accepts at most 10.
//
// # Errors and retries
//
// If the service refuses a request, the error is an *awserr.Error with one of the Code constants.
// All operations are idempotent. They are retried at most twice after throttling, a lost connection
// or a 5xx status.
package cognitoid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A Client calls the identity pools of one Region. Set its fields before the first call and do not
// change them afterwards. It is then safe for concurrent use. Do not copy it after the first call.
type Client struct {
	// Region is the Region of the identity pool, the part of its ID before ":". It is required
	// unless Endpoint is set.
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
// if both differ by 4 minutes or more.
func (c *Client) Now() time.Time { return c.sender.Now() }

// Codes of the operations of this package (service model of the identity pools API).
const (
	CodeExternalService  = "ExternalServiceException" // the identity provider failed
	CodeInternalError    = "InternalErrorException"
	CodeInvalidParameter = "InvalidParameterException"
	CodeLimitExceeded    = "LimitExceededException"
	CodeNotAuthorized    = "NotAuthorizedException"
	CodeResourceConflict = "ResourceConflictException" // another identity has the login
	CodeResourceNotFound = "ResourceNotFoundException" // no such identity or pool
	CodeTooManyRequests  = "TooManyRequestsException"

	// CodeInvalidIdentityPoolConfiguration means that the pool has no role for the user, or that
	// the role's trust policy is wrong.
	CodeInvalidIdentityPoolConfiguration = "InvalidIdentityPoolConfigurationException"
)

// GetIDInput is the request of [Client.GetID]. IdentityPoolID is required.
type GetIDInput struct {
	redact.Fields
	// IdentityPoolID is "region:uuid".
	IdentityPoolID string
	// AccountID is the AWS account, in digits. The service does not require it.
	AccountID string
	Logins    map[string]string
}

// GetID returns the ID ("region:uuid") of a user's identity in an identity pool. It creates the
// identity if there is none. Guests get a new one each time.
func (c *Client) GetID(ctx context.Context, in GetIDInput) (string, error) {
	const operation = "GetId"
	resp, err := c.call(ctx, operation, in.Logins, awshttp.Members{
		"IdentityPoolId": in.IdentityPoolID,
		"AccountId":      in.AccountID,
		"Logins":         in.Logins,
	}, checkID("IdentityPoolID", in.IdentityPoolID))
	return resp.IdentityID, err
}

// GetCredentialsForIdentityInput is the request of [Client.GetCredentialsForIdentity]. IdentityID
// is required.
type GetCredentialsForIdentityInput struct {
	redact.Fields
	// IdentityID is "region:uuid".
	IdentityID string
	// CustomRoleARN is one of the roles in the token's cognito:roles claim. If it is empty, the
	// pool selects the role.
	CustomRoleARN string
	Logins        map[string]string
}

// GetCredentialsForIdentityOutput is the result of [Client.GetCredentialsForIdentity].
type GetCredentialsForIdentityOutput struct {
	// IdentityID differs from the request's if identities were merged. Use it from then on.
	IdentityID string
	// Credentials are complete. They expire, usually after an hour.
	Credentials sigv4.Credentials
}

// GetCredentialsForIdentity returns credentials of the role that the identity pool assigns to an
// identity.
func (c *Client) GetCredentialsForIdentity(
	ctx context.Context, in GetCredentialsForIdentityInput,
) (GetCredentialsForIdentityOutput, error) {
	const operation = "GetCredentialsForIdentity"
	resp, err := c.call(ctx, operation, in.Logins, awshttp.Members{
		"IdentityId":    in.IdentityID,
		"CustomRoleArn": in.CustomRoleARN,
		"Logins":        in.Logins,
	}, checkID("IdentityID", in.IdentityID))
	if err != nil {
		return GetCredentialsForIdentityOutput{}, err
	}
	keys := resp.Credentials
	expires, ok := awshttp.Time(keys.Expiration)
	if !ok || keys.Expiration == 0 ||
		!awshttp.Keys(keys.AccessKeyID, keys.SecretKey, keys.SessionToken) {
		return GetCredentialsForIdentityOutput{}, invalid(operation, "credentials")
	}
	return GetCredentialsForIdentityOutput{resp.IdentityID, sigv4.Credentials{
		AccessKeyID:     keys.AccessKeyID,
		SecretAccessKey: keys.SecretKey,
		SessionToken:    keys.SessionToken,
		Expires:         expires,
	}}, nil
}

// GetOpenIDTokenOutput is the result of [Client.GetOpenIDToken].
type GetOpenIDTokenOutput struct {
	redact.Fields
	// IdentityID differs from the request's if identities were merged. Use it from then on.
	IdentityID string
	// Token is a JWT (RFC 7519) for AssumeRoleWithWebIdentity. It is valid for 10 minutes.
	Token string
}

// GetOpenIDToken returns a token that AWS STS exchanges for credentials, if the identity pool
// allows the basic flow. identityID is "region:uuid".
func (c *Client) GetOpenIDToken(
	ctx context.Context, identityID string, logins map[string]string,
) (GetOpenIDTokenOutput, error) {
	const operation = "GetOpenIdToken"
	resp, err := c.call(ctx, operation, logins, awshttp.Members{
		"IdentityId": identityID,
		"Logins":     logins,
	}, checkID("IdentityID", identityID))
	if err == nil && !ascii.Word(resp.Token, 20000) {
		err = invalid(operation, "token")
	}
	if err != nil {
		return GetOpenIDTokenOutput{}, err
	}
	return GetOpenIDTokenOutput{IdentityID: resp.IdentityID, Token: resp.Token}, nil
}

// A response has the members of the responses of all operations.
type response struct {
	IdentityID  string `json:"IdentityId"`
	Token       string
	Credentials struct {
		AccessKeyID  string `json:"AccessKeyId"`
		SecretKey    string // AWS STS calls it SecretAccessKey.
		SessionToken string
		Expiration   float64 // seconds since 1970, possibly with a fraction and an exponent
	}
}

// service is the name of this package in errors.
const service = "cognitoid"

// call calls one operation, unless check failed, and checks the identity in the response.
func (c *Client) call(
	ctx context.Context, operation string, logins map[string]string, in awshttp.Members,
	check error,
) (response, error) {
	options := endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack}
	u, err := endpoint.URL("cognito-identity", c.Region, c.Endpoint, options)
	err = cmp.Or(check, checkLogins(logins), err)
	var resp response
	if err == nil {
		r := awshttp.Request{HTTPClient: c.HTTPClient, Idempotent: true}
		err = c.sender.DoJSON(ctx, r, u, "AWSCognitoIdentityService."+operation, in, &resp)
	}
	if err != nil {
		return response{}, awshttp.Wrap(service, operation, err)
	}
	if !validID(resp.IdentityID) {
		return response{}, invalid(operation, "identity ID")
	}
	return resp, nil
}

func checkLogins(logins map[string]string) error {
	if len(logins) > 10 {
		return fmt.Errorf("Logins has %d entries, more than 10", len(logins))
	}
	for _, provider := range slices.Sorted(maps.Keys(logins)) {
		if !utf8.ValidString(provider) || !ascii.Word(logins[provider], awshttp.MaxToken) {
			return fmt.Errorf("Logins: the token of %q is missing, too long, or not a token",
				provider)
		}
	}
	return nil
}

func checkID(field, id string) error {
	if !validID(id) {
		return fmt.Errorf("%s is missing, or is not an ID"+
			" such as us-east-1:01234567-89ab-cdef-0123-456789abcdef", field)
	}
	return nil
}

// validID reports whether id is the ID of an identity or an identity pool: [\w-]+:[0-9a-f-]+.
func validID(id string) bool { return endpoint.ValidID(id, ":", ascii.LowerHex+"-") }

// invalid is the error of a response without what it must have.
func invalid(operation, what string) error {
	return awshttp.Wrap(service, operation, errors.New("the response has no valid "+what))
}
