// Package sts is a client of AWS Security Token Service, for the two operations that a Cognito
// sign-in uses. AssumeRoleWithWebIdentity exchanges a token of an OpenID provider for temporary AWS
// credentials of a role. GetCallerIdentity returns the owner of credentials.
//
//	c := &sts.Client{Region: "us-east-1"}
//	out, err := c.AssumeRoleWithWebIdentity(ctx, sts.AssumeRoleWithWebIdentityInput{
//		RoleARN:          "arn:aws:iam::123456789012:role/reader",
//		RoleSessionName:  "ada",
//		WebIdentityToken: token,
//		Duration:         12 * time.Hour,
//	})
//
// Requests are forms and responses are XML (AWS Query protocol; AWS Security Token Service API
// Reference).
//
// # Errors and retries
//
// If the service refuses a request, the error is an *awserr.Error with one of the Code constants.
// Both operations are idempotent. They are retried at most twice after throttling, a lost
// connection or a 5xx status.
package sts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A Client calls AWS STS in one Region. Set its fields before the first call and do not change them
// afterwards. It is then safe for concurrent use. Do not copy it after the first call.
type Client struct {
	// Region is the Region of the service. Its credentials are valid in all Regions of the
	// partition. It is required, unless Endpoint is set and GetCallerIdentity is not called.
	Region string

	// Endpoint is the URL of a service that replaces AWS's: https, or http on the loopback address.
	// If it is empty, requests go to the host that AWS publishes for the Region.
	Endpoint string

	// FIPS selects the host with cryptography validated under FIPS 140, and DualStack the host with
	// IPv4 and IPv6 addresses. Neither can be combined with Endpoint.
	FIPS, DualStack bool

	// HTTPClient sends the requests. Redirects are not followed, and its CheckRedirect is not
	// called. If it is nil, the Client uses its own, with TLS 1.2 or later, time limits and the
	// proxies of the environment.
	HTTPClient *http.Client

	// Credentials returns the credentials that GetCallerIdentity signs with.
	// AssumeRoleWithWebIdentity does not call it.
	Credentials func(context.Context) (sigv4.Credentials, error)

	sender awshttp.Sender
}

// Now returns the service's time: the local time, corrected by the Date header of the last response
// if both differ by 4 minutes or more.
func (c *Client) Now() time.Time { return c.sender.Now() }

// Codes of the operations of this package, as the service sends them. Some lack the ending
// "Exception" that they have in the service model.
const (
	CodeAccessDenied            = "AccessDenied" // no such role, or it does not trust the token
	CodeExpiredToken            = "ExpiredTokenException"
	CodeIDPCommunicationError   = "IDPCommunicationError" // AWS cannot reach the token's issuer
	CodeIDPRejectedClaim        = "IDPRejectedClaim"
	CodeInvalidClientTokenID    = "InvalidClientTokenId" // GetCallerIdentity: no such access key
	CodeInvalidIdentityToken    = "InvalidIdentityToken"
	CodeMalformedPolicyDocument = "MalformedPolicyDocument"
	CodePackedPolicyTooLarge    = "PackedPolicyTooLarge"
	CodeRegionDisabled          = "RegionDisabledException"
	CodeSignatureDoesNotMatch   = "SignatureDoesNotMatch"
	CodeThrottling              = "Throttling"
	CodeValidationError         = "ValidationError"
)

// AssumeRoleWithWebIdentityInput is the request of [Client.AssumeRoleWithWebIdentity]. RoleARN,
// RoleSessionName and WebIdentityToken are required. Empty fields are not sent.
type AssumeRoleWithWebIdentityInput struct {
	redact.Fields
	RoleARN string
	// RoleSessionName appears in logs and policies. It is 2 to 64 characters of A-Z a-z 0-9 _+=,.@-
	RoleSessionName string
	// WebIdentityToken is a token of an OpenID provider that the role trusts.
	WebIdentityToken string
	// Policy further restricts the credentials. It is JSON of at most 2048 characters.
	Policy string
	// PolicyARNs are at most 10 managed policies that further restrict the credentials.
	PolicyARNs []string
	// Duration is 15 minutes to 12 hours in whole seconds, and not above the role's maximum. 0
	// means one hour.
	Duration time.Duration
}

// AssumeRoleWithWebIdentityOutput is the result of [Client.AssumeRoleWithWebIdentity].
type AssumeRoleWithWebIdentityOutput struct {
	// Credentials are complete, with an expiry.
	Credentials sigv4.Credentials
	// AssumedRoleARN is arn:aws:sts::<account>:assumed-role/<role>/<session name>.
	AssumedRoleARN string
	// AssumedRoleID is <ID of the role>:<session name>.
	AssumedRoleID string
	// SubjectFromWebIdentityToken is the claim sub of the token.
	SubjectFromWebIdentityToken string
	// Audience is the claim aud or azp of the token.
	Audience string
	// Provider is the issuer of the token.
	Provider string
	// SourceIdentity is empty unless the token sets one.
	SourceIdentity string
}

// AssumeRoleWithWebIdentity exchanges a token for credentials of a role. The request is not signed.
func (c *Client) AssumeRoleWithWebIdentity(
	ctx context.Context, in AssumeRoleWithWebIdentityInput,
) (AssumeRoleWithWebIdentityOutput, error) {
	const operation = "AssumeRoleWithWebIdentity"
	var out AssumeRoleWithWebIdentityOutput
	var expiration string
	keys := &out.Credentials
	err := in.check()
	if err == nil {
		err = c.call(ctx, operation, in.form(), nil, map[string]*string{
			"SubjectFromWebIdentityToken":   &out.SubjectFromWebIdentityToken,
			"Audience":                      &out.Audience,
			"Provider":                      &out.Provider,
			"SourceIdentity":                &out.SourceIdentity,
			"AssumedRoleUser/Arn":           &out.AssumedRoleARN,
			"AssumedRoleUser/AssumedRoleId": &out.AssumedRoleID,
			"Credentials/AccessKeyId":       &keys.AccessKeyID,
			"Credentials/SecretAccessKey":   &keys.SecretAccessKey,
			"Credentials/SessionToken":      &keys.SessionToken,
			"Credentials/Expiration":        &expiration,
		})
	}
	if err == nil {
		keys.Expires, err = expiry(expiration)
		if err != nil || !awshttp.Keys(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken) {
			err = errors.New("the response has no valid credentials")
		}
	}
	if err != nil {
		return AssumeRoleWithWebIdentityOutput{}, awshttp.Wrap(service, operation, err)
	}
	return out, nil
}

// expiry reads a time. The zero time would mean that the credentials do not expire.
func expiry(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if _, ok := awshttp.Time(float64(t.Unix())); !ok || t.Unix() == 0 {
		err = cmp.Or(err, errors.New("the time is out of range"))
	}
	return t.UTC(), err
}

// check checks the limits of the service model.
func (in *AssumeRoleWithWebIdentityInput) check() error {
	const nameChars = ascii.Alphanumeric + "_+=,.@-"
	name, token, d := in.RoleSessionName, in.WebIdentityToken, in.Duration
	arn := ascii.Word(in.RoleARN, 2048) && strings.HasPrefix(in.RoleARN, "arn:")
	switch {
	case !arn || len(in.RoleARN) < 20:
		return errors.New("RoleARN is missing," +
			" or is not an ARN such as arn:aws:iam::123456789012:role/name")
	case len(name) < 2 || !ascii.Only(name, nameChars, 64):
		return errors.New("RoleSessionName is not 2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -")
	case len(token) < 4 || !ascii.Word(token, 20000):
		return errors.New("WebIdentityToken is missing, longer than 20000 bytes, or not a token")
	case !utf8.ValidString(in.Policy) || utf8.RuneCountInString(in.Policy) > 2048:
		return errors.New("Policy is longer than 2048 characters, or not valid UTF-8")
	case len(in.PolicyARNs) > 10:
		return fmt.Errorf("PolicyARNs has %d entries, more than 10", len(in.PolicyARNs))
	case d != 0 && (d < 15*time.Minute || d > 12*time.Hour):
		return fmt.Errorf("Duration is %v, and not 15 minutes to 12 hours"+
			" (DurationSeconds 900 to 43200)", d)
	case d%time.Second != 0:
		return fmt.Errorf("Duration is %v, and not a whole number of seconds", d)
	}
	return nil
}

func (in *AssumeRoleWithWebIdentityInput) form() url.Values {
	form := url.Values{
		"RoleArn":          {in.RoleARN},
		"RoleSessionName":  {in.RoleSessionName},
		"WebIdentityToken": {in.WebIdentityToken},
	}
	if in.Policy != "" {
		form.Set("Policy", in.Policy)
	}
	for i, arn := range in.PolicyARNs {
		form.Set(fmt.Sprintf("PolicyArns.member.%d.arn", i+1), arn)
	}
	if in.Duration != 0 {
		form.Set("DurationSeconds", strconv.Itoa(int(in.Duration/time.Second)))
	}
	return form
}

// CallerIdentity is the owner of credentials.
type CallerIdentity struct {
	// Account is the AWS account, of 12 digits.
	Account string
	// ARN is that of the user, or of the assumed role with the session name.
	ARN string
	// UserID is the unique ID of the user or the role.
	UserID string
}

// GetCallerIdentity returns the owner of the credentials. It needs no permission, so it also shows
// whether the credentials are valid.
func (c *Client) GetCallerIdentity(ctx context.Context) (CallerIdentity, error) {
	const operation = "GetCallerIdentity"
	var owner CallerIdentity
	var err error
	switch {
	case c.Credentials == nil:
		err = errors.New("Client.Credentials is missing")
	case c.Region == "":
		err = endpoint.ValidRegion("")
	default:
		err = c.call(ctx, operation, url.Values{}, c.sign, map[string]*string{
			"Account": &owner.Account,
			"Arn":     &owner.ARN,
			"UserId":  &owner.UserID,
		})
	}
	if err == nil && (owner.Account == "" || owner.ARN == "") {
		err = errors.New("the response has no account or no ARN")
	}
	if err != nil {
		return CallerIdentity{}, awshttp.Wrap(service, operation, err)
	}
	return owner, nil
}

func (c *Client) sign(ctx context.Context, req *http.Request, now time.Time) error {
	creds, err := c.Credentials(ctx)
	if err != nil {
		return err
	}
	return (&sigv4.Signer{Region: c.Region, Service: "sts"}).Sign(req, creds, "", now)
}

// service is the name of this package in errors.
const service = "sts"

type signFunc = func(ctx context.Context, req *http.Request, now time.Time) error

// call posts form as one operation, and reads texts from the result element of the response. It
// signs the request if sign is not nil. The parameters are not in the URL, because proxies and
// servers log URLs.
func (c *Client) call(
	ctx context.Context, operation string, form url.Values, sign signFunc, texts map[string]*string,
) error {
	options := endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack}
	u, err := endpoint.URL("sts", c.Region, c.Endpoint, options)
	if err != nil {
		return err
	}
	form.Set("Action", operation)
	form.Set("Version", "2011-06-15")
	body := form.Encode()
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
		Idempotent: true,
		Transient:  []string{CodeIDPCommunicationError}, // as in botocore retries/special.py
		Failure:    readFailure,
		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
			text := strings.NewReader(body)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), text)
			if err != nil {
				return nil, err
			}
			const form = "application/x-www-form-urlencoded; charset=utf-8"
			req.Header.Set("Content-Type", form)
			if sign != nil {
				err = sign(ctx, req, now)
			}
			return req, err
		},
	})
	if err != nil {
		return err
	}
	paths := make(map[string]*string)
	for name, text := range texts {
		paths[operation+"Result/"+name] = text
	}
	if xmlscan.Texts(resp.Body, "", paths) != nil {
		return errors.New("the response is not the XML document that this operation returns")
	}
	return nil
}

// readFailure reads the error of the AWS Query protocol:
//
//	<ErrorResponse><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>
func readFailure(resp *awshttp.Response) *awshttp.Failure {
	f := new(awshttp.Failure)
	err := xmlscan.Texts(resp.Body, "ErrorResponse", map[string]*string{
		"Error/Code":    &f.Code,
		"Error/Message": &f.Message,
		"RequestId":     &f.RequestID,
	})
	if err != nil {
		return nil
	}
	return f
}
