package s3list

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// An Error is a refusal by the service. Errors of other types come from checks before a request is
// sent, from Client.Credentials, from the connection, or from a response that cannot be read.
//
// Fields that are also in awserr.Error have the same meaning there.
type Error struct {
	Service    string // "s3list"
	Operation  string // "ListObjectsV2" or "ListObjectVersions"
	Code       string // a Code constant, another code, or "HTTP 502" if the response has none
	Message    string // for people, and subject to change: one line of at most 1024 bytes
	StatusCode int    // HTTP status; 200 if the body of a success is an error document
	RequestID  string // for AWS support; may be empty
	HostID     string // for AWS support (x-amz-id-2); may be empty
	Bucket     string // ListInput.Bucket
	Region     string // the Region of the bucket, if the response names one
	Argument   string // the parameter that an InvalidArgument is about
	Err        error  // the error of the context, if it ended before a retry
}

// Error returns one line with the response of the service and, for well-known codes, the likely
// cause.
func (e *Error) Error() string {
	f := awshttp.Failure{
		Code:       e.Code,
		Message:    e.Message,
		StatusCode: e.StatusCode,
		RequestID:  e.RequestID,
	}
	s := fmt.Sprintf("s3list: %s of bucket %.100q: %s", e.Operation, e.Bucket, f.Error())
	if e.Argument != "" {
		s += ", argument " + e.Argument
	}
	if cause := e.cause(); cause != "" {
		s += ": " + cause
	}
	return s
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Error codes of the listings (Amazon S3 API Reference, "Error responses").
const (
	// CodeAccessDenied usually means that the role lacks s3:ListBucket, or s3:ListBucketVersions,
	// for the bucket or the prefix. The bucket may also belong to another account or be
	// requester-pays. Guests may be excluded by the session policy that Cognito gives them in the
	// enhanced flow: it allows a short list of services, whatever the role allows.
	CodeAccessDenied = "AccessDenied"

	CodeAllAccessDisabled            = "AllAccessDisabled"
	CodeAuthorizationHeaderMalformed = "AuthorizationHeaderMalformed" // often a wrong Region
	CodeExpiredToken                 = "ExpiredToken"
	CodeIllegalLocationConstraint    = "IllegalLocationConstraintException" // an opt-in Region
	CodeInternalError                = "InternalError"
	CodeInvalidAccessKeyID           = "InvalidAccessKeyId"
	CodeInvalidArgument              = "InvalidArgument"
	CodeInvalidToken                 = "InvalidToken"
	CodeNoSuchBucket                 = "NoSuchBucket"
	CodePermanentRedirect            = "PermanentRedirect" // the bucket is in another Region
	CodeRequestTimeTooSkewed         = "RequestTimeTooSkewed"
	CodeServiceUnavailable           = "ServiceUnavailable"
	CodeSignatureDoesNotMatch        = "SignatureDoesNotMatch"
	CodeSlowDown                     = "SlowDown"
	CodeTemporaryRedirect            = "TemporaryRedirect" // DNS does not have the new bucket yet
)

// cause returns what most often leads to the code and how to correct it, or "".
func (e *Error) cause() string {
	switch e.Code {
	case CodeAccessDenied:
		permission := "s3:ListBucket"
		if e.Operation == listVersions {
			permission = "s3:ListBucketVersions"
		}
		return "check that the role allows " + permission + "; the bucket may also be another " +
			"account's or requester-pays, or excluded by Cognito's session policy for guests"
	case CodeNoSuchBucket:
		return "check the name of the bucket"
	case CodeExpiredToken:
		return "the temporary credentials have expired: obtain new ones"
	case CodeInvalidToken, "InvalidTokenId": // the latter from MinIO
		return "the session token does not belong to the access key or to this server"
	case CodeInvalidAccessKeyID:
		return "the server does not know the access key: temporary credentials need their " +
			"session token, and each AWS partition has its own credentials"
	case CodeRequestTimeTooSkewed:
		return "the clock of this machine is wrong"
	case CodeSignatureDoesNotMatch:
		return "the secret access key does not belong to the access key, " +
			"or the request was changed in transit"
	}
	switch {
	case !e.wrongRegion():
		return ""
	case e.Region == "":
		return "the bucket is in another Region: set Client.Region to it"
	}
	return "the response names Region " + e.Region + ": if that is correct, set Client.Region to it"
}

// wrongRegion reports whether the response means that the bucket is in another Region (botocore
// utils.py, S3RegionRedirectorv2).
func (e *Error) wrongRegion() bool {
	switch e.Code {
	case CodePermanentRedirect, CodeTemporaryRedirect, CodeIllegalLocationConstraint:
		return true
	case CodeAuthorizationHeaderMalformed:
		return e.Region != ""
	}
	return e.StatusCode == 301 || e.StatusCode == 302 || e.StatusCode == 307
}

// temporary reports whether the redirect is only for this request.
func (e *Error) temporary() bool {
	return e.Code == CodeTemporaryRedirect || e.StatusCode == 302 || e.StatusCode == 307
}

// An errorDocument is S3's <Error>. Other elements are ignored; some of them quote the request.
type errorDocument struct {
	Code, Message, RequestID, HostID, Region, Argument string
}

func (d *errorDocument) Error() string { return d.Code }

// texts returns the elements of the document, for [xmlscan.Texts].
func (d *errorDocument) texts() map[string]*string {
	return map[string]*string{
		"Code":         &d.Code,
		"Message":      &d.Message,
		"RequestId":    &d.RequestID,
		"HostId":       &d.HostID,
		"Region":       &d.Region,
		"ArgumentName": &d.Argument,
	}
}

// readFailure returns the error document of a response, or an empty one if there is none.
func readFailure(resp *awshttp.Response) *errorDocument {
	doc := new(errorDocument)
	if xmlscan.Texts(resp.Body, "Error", doc.texts()) != nil {
		return new(errorDocument)
	}
	return doc
}

// wrap adds the operation and the bucket to the text of err. It returns nil if err is nil.
func (op *operation) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("s3list: %s of bucket %.100q: %w", op.name, op.Bucket, err)
}

// newError returns an Error if err is a refusal by the service, whose error document is doc.
// Otherwise it wraps err, which may be nil.
func (op *operation) newError(err error, doc *errorDocument) error {
	var f *awshttp.Failure
	if !errors.As(err, &f) {
		return op.wrap(err)
	}
	return &Error{
		Service:    "s3list",
		Operation:  op.name,
		Code:       awshttp.Clean(f.Code, 128),
		Message:    awshttp.Clean(f.Message, 1024),
		StatusCode: f.StatusCode,
		RequestID:  awshttp.Clean(f.RequestID, 128),
		HostID:     awshttp.Clean(cmp.Or(doc.HostID, f.Header.Get("X-Amz-Id-2")), 256),
		Bucket:     op.Bucket,
		Region:     awshttp.Clean(cmp.Or(f.Header.Get("X-Amz-Bucket-Region"), doc.Region), 64),
		Argument:   awshttp.Clean(doc.Argument, 128),
		Err:        f.Unwrap(),
	}
}
