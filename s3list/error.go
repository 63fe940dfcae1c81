package s3list

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
)

// An Error is an answer of the service that is not a listing. Errors that are not of this type come from checks made
// before sending, from Client.Credentials, from the connection, or from an answer that could not be understood.
type Error struct {
	Operation  string // "ListObjectsV2" or "ListObjectVersions"
	Code       string // one of the Code constants, another code, or "HTTP 502" if the answer had none
	Message    string // for people; no contract. At most 1024 bytes, one line.
	StatusCode int    // of HTTP; 200 if a success turned out to be an error
	RequestID  string // for AWS support; may be ""
	HostID     string // for AWS support (x-amz-id-2); may be ""
	Bucket     string // that was asked for
	Region     string // in which the answer says the bucket is; often ""
	Argument   string // the parameter that an InvalidArgument is about; otherwise ""

	err error
}

// Error is one line: what the service said, and after it, for well-known codes, what is probably behind it.
func (e *Error) Error() string {
	f := transport.Failure{Code: e.Code, Message: e.Message, StatusCode: e.StatusCode, RequestID: e.RequestID}
	s := fmt.Sprintf("s3list: %s of bucket %.100q: %s", e.Operation, e.Bucket, f.Error())
	if e.Argument != "" {
		s += ", argument " + e.Argument
	}
	if cause := e.cause(); cause != "" {
		s += ": " + cause
	}
	return s
}

// Unwrap gives errors.Is the context's error, if that is why the call was not repeated.
func (e *Error) Unwrap() error { return e.err }

// Codes of the listings (Amazon S3 API Reference, "Error responses").
const (
	CodeAccessDenied                 = "AccessDenied"
	CodeAllAccessDisabled            = "AllAccessDisabled"
	CodeAuthorizationHeaderMalformed = "AuthorizationHeaderMalformed" // often a wrong Region
	CodeExpiredToken                 = "ExpiredToken"
	CodeIllegalLocationConstraint    = "IllegalLocationConstraintException" // the bucket is in an opt-in Region
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
	CodeTemporaryRedirect            = "TemporaryRedirect" // the bucket is new, DNS does not know it yet
)

// cause is what most often makes the service answer so, "" if there is no telling.
func (e *Error) cause() string {
	switch e.Code {
	case CodeAccessDenied:
		permission := "s3:ListBucket"
		if e.Operation == "ListObjectVersions" {
			permission = "s3:ListBucketVersions"
		}
		return "the role may lack " + permission + " on this bucket or this prefix, the bucket may belong to another account or be requester-pays, " +
			"or, with credentials of a guest, Cognito's session policy for guests may leave S3 out"
	case CodeNoSuchBucket:
		return "check the name; it is the name alone, without s3:// and without a prefix"
	case CodeExpiredToken:
		return "the temporary credentials have expired: get new ones"
	case CodeInvalidToken, "InvalidTokenId": // the latter from MinIO
		return "the session token does not belong to the access key, or to this server"
	case CodeInvalidAccessKeyID:
		return "the server does not know the access key: temporary credentials need their session token, and each partition of AWS its own credentials"
	case CodeRequestTimeTooSkewed:
		return "the clock of this machine is wrong"
	case CodeSignatureDoesNotMatch:
		return "the secret access key is not that of the access key, or something on the way changed the request"
	}
	if e.wrongRegion() {
		if e.Region != "" {
			return "the bucket is said to be in Region " + e.Region + ": set Client.Region to it if that is right"
		}
		return "the bucket is in another Region: set Client.Region to it"
	}
	return ""
}

// wrongRegion reports whether the answer means that the bucket is in another Region (botocore utils.py,
// S3RegionRedirectorv2).
func (e *Error) wrongRegion() bool {
	switch e.Code {
	case CodePermanentRedirect, CodeTemporaryRedirect, CodeIllegalLocationConstraint:
		return true
	case CodeAuthorizationHeaderMalformed:
		return e.Region != ""
	}
	return e.StatusCode == 301 || e.StatusCode == 302 || e.StatusCode == 307
}

// temporary reports whether the answer says nothing about where the bucket will be next time.
func (e *Error) temporary() bool {
	return e.Code == CodeTemporaryRedirect || e.StatusCode == 302 || e.StatusCode == 307
}

// errorDocument is S3's <Error>. Elements that are not named here are passed over: some quote what was sent.
type errorDocument struct {
	Code, Message, RequestId, HostId, Region, ArgumentName string
}

func (d *errorDocument) Error() string { return d.Code }

// errorDocument reads the root element of an error.
func (p *parser) errorDocument() *errorDocument {
	d := new(errorDocument)
	for name := p.Child(); name != nil; name = p.Child() {
		switch string(name) {
		case "Code":
			d.Code = string(p.Text())
		case "Message":
			d.Message = string(p.Text())
		case "RequestId":
			d.RequestId = string(p.Text())
		case "HostId":
			d.HostId = string(p.Text())
		case "Region":
			d.Region = string(p.Text())
		case "ArgumentName":
			d.ArgumentName = string(p.Text())
		default:
			p.Skip()
		}
	}
	return d
}

// readFailure reads the document out of an answer that is not a success; nil if there is none, as after HEAD.
func readFailure(resp *transport.Response) *errorDocument {
	var doc *errorDocument
	errors.As(readPage(bytes.NewReader(resp.Body), objectsRoot, new(page), new([]byte)), &doc)
	return doc
}

// wrap gives err the name of the operation and of the bucket.
func wrap(operation, bucket string, err error) error {
	return fmt.Errorf("s3list: %s of bucket %.100q: %w", operation, bucket, err)
}

// wrapAnswer is wrap for what came of a request: an answer of the service becomes an Error. doc is the document that
// came with the answer; it may be nil.
func wrapAnswer(operation, bucket string, err error, doc *errorDocument) error {
	var f *transport.Failure
	if !errors.As(err, &f) {
		return wrap(operation, bucket, err)
	}
	if doc == nil {
		doc = new(errorDocument)
	}
	return &Error{
		Operation: operation, Code: f.Code, Message: f.Message, StatusCode: f.StatusCode, RequestID: f.RequestID,
		HostID:   transport.Clean(cmp.Or(doc.HostId, f.Header.Get("X-Amz-Id-2")), 256),
		Bucket:   bucket,
		Region:   transport.Clean(cmp.Or(f.Header.Get("X-Amz-Bucket-Region"), doc.Region), 64),
		Argument: transport.Clean(doc.ArgumentName, 128),
		err:      err,
	}
}
