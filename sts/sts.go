// Package sts is a client of the AWS Security Token Service, for the two operations that a Cognito sign-in has a use for:
// AssumeRoleWithWebIdentity, which exchanges a token of an OpenID provider for temporary AWS credentials of a role, and
// GetCallerIdentity, which tells whose credentials they are.
//
//	c := &sts.Client{Region: "us-east-1"}
//	out, err := c.AssumeRoleWithWebIdentity(ctx, sts.AssumeRoleWithWebIdentityInput{
//		RoleARN:          "arn:aws:iam::123456789012:role/reader",
//		RoleSessionName:  "ada",
//		WebIdentityToken: token,
//		Duration:         12 * time.Hour,
//	})
//
// Requests are forms and answers XML (AWS Query protocol; AWS Security Token Service API Reference). Both operations are
// repeated, at most twice, after a failure that may pass.
package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A Client calls AWS STS in one Region. Its fields are set before the first call and not changed after it; then it is
// safe for concurrent use. It must not be copied once it is in use.
type Client struct {
	// Region is the Region whose service is asked; credentials are valid in all Regions of its partition. Required,
	// for AssumeRoleWithWebIdentity only unless Endpoint is set.
	Region string

	// Endpoint is the URL of a service to use in place of AWS's: https, or http on the loopback address. "" means
	// the host that AWS publishes for the Region.
	Endpoint string

	// FIPS and DualStack choose the host with validated cryptography (FIPS 140) and the one that answers over IPv4 and
	// IPv6. False means the usual host. They cannot be combined with Endpoint.
	FIPS, DualStack bool

	// HTTPClient sends the requests; its CheckRedirect is not used, as redirects are never followed. Nil means one of
	// the Client's own, with TLS 1.2 or better, time limits and the proxies of the environment.
	HTTPClient *http.Client

	// Credentials gives what GetCallerIdentity signs with. AssumeRoleWithWebIdentity does not use it.
	Credentials func(context.Context) (sigv4.Credentials, error)

	sender awshttp.Sender
}

// Now is the time by the service's clock: the local one, corrected by the Date of the last answer if they are 4
// minutes or more apart.
func (c *Client) Now() time.Time { return c.sender.Now() }

// AssumeRoleWithWebIdentityInput is the request of AssumeRoleWithWebIdentity. Empty fields are not sent.
type AssumeRoleWithWebIdentityInput struct {
	RoleARN          string        // of the role; required
	RoleSessionName  string        // 2 to 64 of A-Z a-z 0-9 _ + = , . @ -; appears in logs and policies; required
	WebIdentityToken string        // of an OpenID provider that the role trusts; required
	Policy           string        // JSON, at most 2048 characters, that restricts the session further
	PolicyARNs       []string      // of at most 10 managed policies that restrict the session further
	Duration         time.Duration // whole seconds, 15 minutes to 12 hours and not above the role's maximum; 0: one hour
}

// AssumeRoleWithWebIdentityOutput is the answer of AssumeRoleWithWebIdentity.
type AssumeRoleWithWebIdentityOutput struct {
	Credentials                 sigv4.Credentials // complete, and with a time of expiry
	AssumedRoleARN              string            // arn:aws:sts::<account>:assumed-role/<role>/<session name>
	AssumedRoleID               string            // <id of the role>:<session name>
	SubjectFromWebIdentityToken string            // claim sub of the token
	Audience                    string            // claim aud or azp of the token
	Provider                    string            // the token's issuer
	SourceIdentity              string            // "" unless the token sets one
}

// AssumeRoleWithWebIdentity exchanges a token for credentials of a role. The request is not signed: the token is what
// counts.
func (c *Client) AssumeRoleWithWebIdentity(ctx context.Context, in AssumeRoleWithWebIdentityInput) (AssumeRoleWithWebIdentityOutput, error) {
	const operation = "AssumeRoleWithWebIdentity"
	if err := in.check(); err != nil {
		return AssumeRoleWithWebIdentityOutput{}, wrap(operation, err)
	}
	form := url.Values{"RoleArn": {in.RoleARN}, "RoleSessionName": {in.RoleSessionName}, "WebIdentityToken": {in.WebIdentityToken}}
	if in.Policy != "" {
		form.Set("Policy", in.Policy)
	}
	for i, arn := range in.PolicyARNs {
		form.Set(fmt.Sprintf("PolicyArns.member.%d.arn", i+1), arn)
	}
	if in.Duration != 0 {
		form.Set("DurationSeconds", strconv.FormatInt(int64(in.Duration/time.Second), 10))
	}
	var out AssumeRoleWithWebIdentityOutput
	var expiration string
	const result = operation + "Result/"
	if err := c.call(ctx, operation, form, nil, map[string]*string{
		result + "SubjectFromWebIdentityToken":   &out.SubjectFromWebIdentityToken,
		result + "Audience":                      &out.Audience,
		result + "Provider":                      &out.Provider,
		result + "SourceIdentity":                &out.SourceIdentity,
		result + "AssumedRoleUser/Arn":           &out.AssumedRoleARN,
		result + "AssumedRoleUser/AssumedRoleId": &out.AssumedRoleID,
		result + "Credentials/AccessKeyId":       &out.Credentials.AccessKeyID,
		result + "Credentials/SecretAccessKey":   &out.Credentials.SecretAccessKey,
		result + "Credentials/SessionToken":      &out.Credentials.SessionToken,
		result + "Credentials/Expiration":        &expiration,
	}); err != nil {
		return AssumeRoleWithWebIdentityOutput{}, err
	}
	keys := &out.Credentials
	expires, err := time.Parse(time.RFC3339, expiration)
	keys.Expires = expires.UTC()
	dated := err == nil && expires.Unix() > 0 && keys.Expires.Year() < 10000 // no time would mean never; JSON has four digits
	if !dated || !awshttp.Word(keys.AccessKeyID, 128) || !awshttp.Word(keys.SecretAccessKey, 1024) || !awshttp.Word(keys.SessionToken, 50000) {
		return AssumeRoleWithWebIdentityOutput{}, wrap(operation, errors.New("the answer has no valid credentials"))
	}
	return out, nil
}

// check holds the request against the limits of the service model.
func (in AssumeRoleWithWebIdentityInput) check() error {
	const nameChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-"
	switch {
	case !awshttp.Word(in.RoleARN, 2048) || len(in.RoleARN) < 20 || !strings.HasPrefix(in.RoleARN, "arn:"):
		return errors.New("RoleARN is missing or does not look like arn:aws:iam::123456789012:role/name")
	case len(in.RoleSessionName) < 2 || len(in.RoleSessionName) > 64 || strings.Trim(in.RoleSessionName, nameChars) != "":
		return errors.New("RoleSessionName must be 2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -")
	case !awshttp.Word(in.WebIdentityToken, 20000) || len(in.WebIdentityToken) < 4:
		return errors.New("WebIdentityToken is missing, longer than 20000 bytes, or not a token")
	case !utf8.ValidString(in.Policy) || utf8.RuneCountInString(in.Policy) > 2048:
		return errors.New("Policy is longer than 2048 characters, or not valid UTF-8")
	case len(in.PolicyARNs) > 10:
		return fmt.Errorf("PolicyARNs has %d entries: 10 is the most", len(in.PolicyARNs))
	case in.Duration != 0 && (in.Duration < 15*time.Minute || in.Duration > 12*time.Hour):
		return fmt.Errorf("Duration is %v: it must be 15 minutes to 12 hours (DurationSeconds 900 to 43200), and not above the role's maximum", in.Duration)
	case in.Duration%time.Second != 0:
		return fmt.Errorf("Duration is %v: it must be a whole number of seconds", in.Duration)
	}
	return nil
}

// CallerIdentity is the answer of GetCallerIdentity.
type CallerIdentity struct {
	Account string // 12 digits
	ARN     string // of the user, or of the assumed role with the session name
	UserID  string // the unique id of either
}

// GetCallerIdentity tells whose the credentials are. It needs no permission, so it also tells whether they are valid.
func (c *Client) GetCallerIdentity(ctx context.Context) (CallerIdentity, error) {
	const operation = "GetCallerIdentity"
	if c.Credentials == nil {
		return CallerIdentity{}, wrap(operation, errors.New("the Client has no Credentials: set them"))
	}
	if err := endpoint.ValidRegion(c.Region); err != nil {
		return CallerIdentity{}, wrap(operation, err)
	}
	signer := &sigv4.Signer{Region: c.Region, Service: "sts"}
	sign := func(ctx context.Context, req *http.Request, now time.Time) error {
		creds, err := c.Credentials(ctx)
		if err != nil {
			return err
		}
		return signer.Sign(req, creds, "", now)
	}
	var who CallerIdentity
	const result = operation + "Result/"
	if err := c.call(ctx, operation, url.Values{}, sign, map[string]*string{result + "Account": &who.Account, result + "Arn": &who.ARN, result + "UserId": &who.UserID}); err != nil {
		return CallerIdentity{}, err
	}
	if who.Account == "" || who.ARN == "" {
		return CallerIdentity{}, wrap(operation, errors.New("the answer names no account"))
	}
	return who, nil
}

// call posts form as one operation and reads texts of the XML answer. A nil sign leaves the request unsigned. The
// parameters are never in the URL, where others would log the token.
func (c *Client) call(ctx context.Context, operation string, form url.Values, sign func(context.Context, *http.Request, time.Time) error, texts map[string]*string) error {
	u, err := endpoint.URL("sts", c.Region, c.Endpoint, endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack})
	if err != nil {
		return wrap(operation, err)
	}
	form.Set("Action", operation)
	form.Set("Version", "2011-06-15")
	body := form.Encode()
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
		Repeatable: true,
		Transient:  []string{CodeIDPCommunicationError}, // STS could not reach the token's issuer (botocore retries/special.py)
		Failure:    readFailure,
		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(body))
			if err != nil {
				return nil, err
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			if sign != nil {
				err = sign(ctx, req, now)
			}
			return req, err
		},
	})
	if err == nil && xmlscan.Texts(resp.Body, "", texts) != nil {
		err = errors.New("the answer is not the XML document that this operation returns")
	}
	return wrap(operation, err)
}
