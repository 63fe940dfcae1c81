// Package sigv4check verifies AWS Signature Version 4 from the server's side.
//
//	accessKeyID, content, err := sigv4check.Verify(r, body, sigv4check.Rules{
//		Service: "s3",
//		Region:  "us-east-1",
//		Now:     time.Now(),
//		Lookup:  issued,
//	})
//
// [Verify] computes the signature from the request as it arrived. The values that the client
// declares are only compared with the result.
//
// The rules are those of "Authenticating Requests (AWS Signature Version 4)" in the S3 API
// reference and of "Create a signed AWS API request" in the IAM user guide. Titles in quotation
// marks in the comments of this package are sections of these documents.
package sigv4check

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	basicFormat = "20060102T150405Z" // of X-Amz-Date: ISO 8601 in its basic form
	maxSkew     = 15 * time.Minute
	maxExpires  = 7 * 24 * time.Hour // of a presigned URL
)

// Rules states what a request must be signed for.
type Rules struct {
	// Service is the signing name of the service. "s3" has canonicalization rules and error codes
	// of its own.
	Service string

	// Region is the Region that the signature must name. If Region is empty, any Region will do.
	Region string

	// Now is the time against which the signature and the credentials are checked.
	Now time.Time

	// Lookup returns the credentials of an access key ID. Credentials with an empty session token
	// are permanent, and credentials with a zero expiry never expire.
	Lookup func(accessKeyID string) (secret, sessionToken string, expires time.Time, ok bool)
}

// A Refusal is an error response in the words of S3 or STS.
type Refusal struct {
	Status  int
	Code    string
	Message string
	Details []string // further elements of S3's error document, as alternating names and values
}

// Error returns the code and the message.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Refuse returns a refusal.
func Refuse(status int, code, message string, details ...string) *Refusal {
	return &Refusal{status, code, message, details}
}

// check is the verification of one request. Each step reads and extends it.
type check struct {
	Rules
	method, path string              // path is still escaped
	query        []pair              // decoded, in the order sent
	headers      map[string][]string // by lower-case name, including host and content-length
	body         []byte

	presigned   bool          // signed in the query, not in the Authorization header
	expires     time.Duration // of a presigned URL
	accessKeyID string
	scope       []string // date, Region, service and terminator
	amzDate     string
	time        time.Time // amzDate, parsed
	token       string
	signed      []string // SignedHeaders
	signature   string

	secret  string
	key     []byte // the signing key
	payload string // the last line of the canonical request
	content []byte // the body without chunk framing
}

// pair is a decoded query parameter, or a header.
type pair struct{ name, value string }

// Verify checks the signature of r, whose body has been read. It returns the access key ID of the
// signer and the body without chunk framing. If r does not claim to be signed, accessKeyID is
// empty. Every error is a [*Refusal].
func Verify(r *http.Request, body []byte, rules Rules) (
	accessKeyID string, content []byte, err error,
) {
	c := &check{Rules: rules, body: body}
	if err := c.read(r); err != nil {
		return "", nil, c.refuse(
			Refuse(400, "InvalidURI", "Couldn't parse the specified URI."),
			Refuse(400, "MalformedQueryString", "The query string cannot be parsed."))
	}
	if !c.claimsSignature() {
		return "", body, nil
	}
	for _, step := range []func() *Refusal{
		c.parse,
		c.checkScope,
		c.checkCredentials,
		c.checkTime,
		c.checkSignedHeaders,
		c.hashPayload,
		c.checkSignature,
		c.checkBody,
	} {
		if refusal := step(); refusal != nil {
			return "", nil, refusal
		}
	}
	return c.accessKeyID, c.content, nil
}

// refuse returns the refusal of the service.
func (c *check) refuse(s3, other *Refusal) *Refusal {
	if c.Service == "s3" {
		return s3
	}
	return other
}

// malformed refuses a request that does not state correctly how it was signed.
func (c *check) malformed(format string, args ...any) *Refusal {
	message := fmt.Sprintf(format, args...)
	s3 := Refuse(400, "AuthorizationQueryParametersError", message)
	if !c.presigned {
		s3.Code = "AuthorizationHeaderMalformed"
		s3.Message = "The authorization header is malformed; " + message
	}
	return c.refuse(s3, Refuse(400, "IncompleteSignature", message))
}

// checkScope compares the credential scope with the date, the Region and the service.
func (c *check) checkScope() *Refusal {
	date, region, service, terminator := c.scope[0], c.scope[1], c.scope[2], c.scope[3]
	wrong := func(other, s3 string, args ...any) *Refusal {
		return c.refuse(c.malformed(s3, args...), Refuse(403, "SignatureDoesNotMatch", other))
	}
	switch {
	case terminator != "aws4_request":
		return wrong("Credential should be scoped with a valid terminator: 'aws4_request'.",
			`incorrect terminal %q. This endpoint uses "aws4_request".`, terminator)
	case service != c.Service:
		return wrong("Credential should be scoped to correct service: '"+c.Service+"'.",
			"incorrect service %q. This endpoint belongs to %q.", service, c.Service)
	case date != c.amzDate[:8]:
		return wrong("Date in Credential scope does not match YYYYMMDD from ISO-8601 version "+
			"of date from HTTP.",
			"Invalid credential date %q. This date is not the same as X-Amz-Date: %q.",
			date, c.amzDate[:8])
	case region == "" || c.Region != "" && region != c.Region:
		refusal := wrong("Credential should be scoped to a valid region.",
			"the region '%s' is wrong; expecting '%s'", region, c.Region)
		refusal.Details = []string{"Region", c.Region}
		return refusal
	}
	return nil
}

// checkCredentials checks that the access key exists, has the session token that was issued with
// it, and has not expired.
func (c *check) checkCredentials() *Refusal {
	secret, token, expires, ok := c.Lookup(c.accessKeyID)
	c.secret = secret
	other := Refuse(403, "InvalidClientTokenId",
		"The security token included in the request is invalid.")
	switch {
	case !ok || c.token == "" && token != "":
		return c.refuse(Refuse(403, "InvalidAccessKeyId",
			"The AWS Access Key Id you provided does not exist in our records.",
			"AWSAccessKeyId", c.accessKeyID), other)
	case !equal(token, c.token):
		return c.refuse(Refuse(400, "InvalidToken",
			"The provided token is malformed or otherwise invalid.", "Token-0", c.token), other)
	case !expires.IsZero() && !c.Now.Before(expires):
		return c.refuse(
			Refuse(400, "ExpiredToken", "The provided token has expired.", "Token-0", c.token),
			Refuse(403, "ExpiredToken", "The security token included in the request is expired"))
	}
	return nil
}

// checkTime checks that the request was signed within 15 minutes of now. A presigned URL must not
// have expired instead.
func (c *check) checkTime() *Refusal {
	oldest, newest := c.Now.Add(-maxSkew), c.Now.Add(maxSkew)
	if c.presigned {
		oldest = c.Now.Add(-c.expires)
	}
	early, late := c.time.After(newest), c.time.Before(oldest)
	if !early && !late {
		return nil
	}
	serverTime := c.Now.UTC().Format(time.RFC3339)
	s3 := Refuse(403, "RequestTimeTooSkewed",
		"The difference between the request time and the current time is too large.",
		"RequestTime", c.amzDate, "ServerTime", serverTime,
		"MaxAllowedSkewMilliseconds", strconv.FormatInt(maxSkew.Milliseconds(), 10))
	switch {
	case c.presigned && late:
		s3 = Refuse(403, "AccessDenied", "Request has expired",
			"X-Amz-Expires", strconv.Itoa(int(c.expires.Seconds())),
			"Expires", c.time.Add(c.expires).Format(time.RFC3339), "ServerTime", serverTime)
	case c.presigned:
		s3 = Refuse(403, "AccessDenied", "Request is not yet valid", "ServerTime", serverTime)
	}
	stamp := func(t time.Time) string { return t.UTC().Format(basicFormat) }
	message := fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)",
		c.amzDate, stamp(oldest), stamp(c.Now), int(c.Now.Sub(oldest).Minutes()))
	if early {
		message = fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)",
			c.amzDate, stamp(newest), stamp(c.Now))
	}
	return c.refuse(s3, Refuse(403, "SignatureDoesNotMatch", message))
}

// checkSignedHeaders checks that SignedHeaders is a sorted list that contains host and each x-amz-*
// header of the request. The S3 API reference ("Task 1: Create a canonical request") requires
// Content-Type as well, but S3 accepts it unsigned from widely used clients such as minio-go.
func (c *check) checkSignedHeaders() *Refusal {
	names := strings.Join(c.signed, ";")
	unique := slices.Compact(slices.Clone(c.signed))
	if !slices.IsSorted(c.signed) || len(unique) != len(c.signed) ||
		strings.ToLower(names) != names {
		return c.malformed("SignedHeaders must be lower-case names in order, each once.")
	}
	var missing []string
	for name := range c.headers {
		must := name == "host" || strings.HasPrefix(name, "x-amz-")
		if must && !slices.Contains(c.signed, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	names = strings.Join(missing, ", ")
	return c.refuse(
		Refuse(403, "AccessDenied",
			"There were headers present in the request which were not signed",
			"HeadersNotSigned", names),
		Refuse(403, "SignatureDoesNotMatch", "Header(s) must be signed: "+names))
}

// checkSignature derives the signing key and computes the signature.
func (c *check) checkSignature() *Refusal {
	canonical := c.canonicalRequest()
	toSign := c.stringToSign("", hexHash([]byte(canonical)))
	c.key = []byte("AWS4" + c.secret)
	for _, part := range c.scope {
		c.key = mac(c.key, part)
	}
	// The comparison is one of text, because AWS documents lower-case digits only.
	if !equal(hex.EncodeToString(mac(c.key, toSign)), c.signature) {
		return c.mismatch(toSign, canonical)
	}
	return nil
}

// stringToSign returns the text that a signature of the given kind signs. The kind is empty for the
// signature of the request.
func (c *check) stringToSign(kind string, lines ...string) string {
	lines = append([]string{algorithm + kind, c.amzDate, strings.Join(c.scope, "/")}, lines...)
	return strings.Join(lines, "\n")
}

// mismatch refuses a wrong signature. S3 adds the values that it computed.
func (c *check) mismatch(toSign, canonical string) *Refusal {
	const code = "SignatureDoesNotMatch"
	const message = "The request signature we calculated does not match the signature you " +
		"provided. Check your "
	return c.refuse(
		Refuse(403, code, message+"key and signing method.",
			"AWSAccessKeyId", c.accessKeyID,
			"StringToSign", toSign,
			"SignatureProvided", c.signature,
			"StringToSignBytes", fmt.Sprintf("% x", toSign),
			"CanonicalRequest", canonical,
			"CanonicalRequestBytes", fmt.Sprintf("% x", canonical)),
		Refuse(403, code, message+"AWS Secret Access Key and signing method. "+
			"Consult the service documentation for details."))
}

// equal compares two texts in constant time.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
