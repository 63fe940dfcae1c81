package sts

import (
	"fmt"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// An Error is an answer of the service that is not a success. Errors that are not of this type come from checks made
// before sending, from the connection, or from an answer that could not be understood.
type Error struct {
	Operation  string // such as "AssumeRoleWithWebIdentity"
	Code       string // one of the Code constants, another code, or "HTTP 502" if the answer had none
	Message    string // for people; no contract. At most 1024 bytes, one line.
	StatusCode int    // of HTTP
	RequestID  string // for AWS support; may be ""

	ended error
}

// Error is one line with everything above.
func (e *Error) Error() string {
	f := awshttp.Failure{Code: e.Code, Message: e.Message, StatusCode: e.StatusCode, RequestID: e.RequestID, Ended: e.ended}
	return "sts: " + e.Operation + ": " + f.Error()
}

// Unwrap is the context's error, if that is why the call was not repeated, else nil.
func (e *Error) Unwrap() error { return e.ended }

// Codes of the operations of this package, as they are sent: five of the exceptions of the service model lose their
// "Exception" there.
const (
	CodeAccessDenied            = "AccessDenied" // the role does not trust the token, or does not exist
	CodeExpiredToken            = "ExpiredTokenException"
	CodeIDPCommunicationError   = "IDPCommunicationError" // AWS could not reach the token's issuer
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

// wrap gives err the name of the operation, and turns an answer of the service into an Error.
func wrap(operation string, err error) error {
	if f, ok := err.(*awshttp.Failure); ok {
		return &Error{Operation: operation, Code: f.Code, Message: f.Message, StatusCode: f.StatusCode, RequestID: f.RequestID, ended: f.Ended}
	}
	if err != nil {
		return fmt.Errorf("sts: %s: %w", operation, err)
	}
	return nil
}

// readFailure reads <ErrorResponse><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>.
func readFailure(resp *awshttp.Response) *awshttp.Failure {
	f := new(awshttp.Failure)
	if xmlscan.Texts(resp.Body, "ErrorResponse", map[string]*string{"Error/Code": &f.Code, "Error/Message": &f.Message, "RequestId": &f.RequestID}) != nil {
		return nil
	}
	return f
}

// What holds a token prints and marshals without it. See package redact.

// Format prints the input without its token, for every verb.
func (in AssumeRoleWithWebIdentityInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "sts.AssumeRoleWithWebIdentityInput", "RoleARN", in.RoleARN, "RoleSessionName", in.RoleSessionName)
}

// MarshalText is the input without its token.
func (in AssumeRoleWithWebIdentityInput) MarshalText() ([]byte, error) {
	return redact.Text("sts.AssumeRoleWithWebIdentityInput", "RoleARN", in.RoleARN, "RoleSessionName", in.RoleSessionName), nil
}
