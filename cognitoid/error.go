package cognitoid

import (
	"fmt"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
)

// An Error is an answer of the service that is not a success. Errors that are not of this type come from checks made
// before sending, from the connection, or from an answer that could not be understood.
type Error struct {
	Operation  string // such as "GetId", as the service calls it
	Code       string // one of the Code constants, another code, or "HTTP 502" if the answer had none
	Message    string // for people; no contract. At most 1024 bytes, one line.
	StatusCode int    // of HTTP
	RequestID  string // for AWS support; may be ""

	ended error
}

// Error is one line with everything above.
func (e *Error) Error() string {
	f := awshttp.Failure{Code: e.Code, Message: e.Message, StatusCode: e.StatusCode, RequestID: e.RequestID, Ended: e.ended}
	return "cognitoid: " + e.Operation + ": " + f.Error()
}

// Unwrap is the context's error, if that is why the call was not repeated, else nil.
func (e *Error) Unwrap() error { return e.ended }

// Codes of the operations of this package (service model of the identity pools API).
const (
	CodeExternalService                  = "ExternalServiceException" // the login provider failed
	CodeInternalError                    = "InternalErrorException"
	CodeInvalidIdentityPoolConfiguration = "InvalidIdentityPoolConfigurationException" // no role, or its trust policy is wrong
	CodeInvalidParameter                 = "InvalidParameterException"
	CodeLimitExceeded                    = "LimitExceededException"
	CodeNotAuthorized                    = "NotAuthorizedException"
	CodeResourceConflict                 = "ResourceConflictException" // the login is linked to another identity
	CodeResourceNotFound                 = "ResourceNotFoundException" // identity or pool
	CodeTooManyRequests                  = "TooManyRequestsException"
)

// wrap gives err the name of the operation, and turns an answer of the service into an Error.
func wrap(operation string, err error) error {
	if f, ok := err.(*awshttp.Failure); ok {
		return &Error{Operation: operation, Code: f.Code, Message: f.Message, StatusCode: f.StatusCode, RequestID: f.RequestID, ended: f.Ended}
	}
	if err != nil {
		return fmt.Errorf("cognitoid: %s: %w", operation, err)
	}
	return nil
}

// What holds a token prints and marshals without it. See package redact.

// Format prints the input without its tokens, for every verb.
func (in GetIDInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoid.GetIDInput", "IdentityPoolID", in.IdentityPoolID)
}

// MarshalText is the input without its tokens.
func (in GetIDInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoid.GetIDInput", "IdentityPoolID", in.IdentityPoolID), nil
}

// Format prints the input without its tokens, for every verb.
func (in GetCredentialsForIdentityInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoid.GetCredentialsForIdentityInput", "IdentityID", in.IdentityID, "CustomRoleARN", in.CustomRoleARN)
}

// MarshalText is the input without its tokens.
func (in GetCredentialsForIdentityInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoid.GetCredentialsForIdentityInput", "IdentityID", in.IdentityID, "CustomRoleARN", in.CustomRoleARN), nil
}

// Format prints the input without its tokens, for every verb.
func (in GetOpenIDTokenInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoid.GetOpenIDTokenInput", "IdentityID", in.IdentityID)
}

// MarshalText is the input without its tokens.
func (in GetOpenIDTokenInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoid.GetOpenIDTokenInput", "IdentityID", in.IdentityID), nil
}

// Format prints the output without its token, for every verb.
func (out GetOpenIDTokenOutput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoid.GetOpenIDTokenOutput", "IdentityID", out.IdentityID)
}

// MarshalText is the output without its token.
func (out GetOpenIDTokenOutput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoid.GetOpenIDTokenOutput", "IdentityID", out.IdentityID), nil
}
