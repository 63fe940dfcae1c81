// Package awserr defines the error that the clients of Amazon Cognito and AWS STS return when a
// service refuses a request.
//
//	var refused *awserr.Error
//	if errors.As(err, &refused) && refused.Code == cognitoidp.CodeUserNotConfirmed {
//		// Ask the user for the confirmation code.
//	}
//
// Packages cognitoidp, cognitoid and sts have constants for the codes of their operations. Those of
// package managedlogin are OAuth codes, such as "invalid_grant" (RFC 6749 section 5.2). A code such
// as "NotAuthorizedException" belongs to more than one service. For an error of package cognito,
// which calls all of them, check Error.Service too.
package awserr

import "fmt"

// An Error is a response that is not a success. Errors of other types come from checks before a
// request is sent, from the connection, or from a response that cannot be read.
type Error struct {
	// Service is the package that sent the request: "cognitoidp", "cognitoid", "managedlogin" or
	// "sts".
	Service string

	// Operation is the operation by its name in the service's API, such as "InitiateAuth". For
	// managedlogin it is the method, such as "Exchange".
	Operation string

	// Code is the service's name for the error, such as "NotAuthorizedException". If the response
	// has none, Code is the HTTP status, such as "HTTP 502".
	Code string

	// Message is for people, and services change it. It is one line of at most 1024 bytes.
	Message string

	// StatusCode is the HTTP status.
	StatusCode int

	// RequestID identifies the request to AWS Support. It may be empty.
	RequestID string

	// ReasonCode names the rule that a parameter breaks. Only some responses with the code
	// "InvalidParameterException" have it.
	ReasonCode string

	// Err is the context's error if the context ended before a retry, and otherwise nil.
	Err error
}

// Error returns one line with every field except ReasonCode.
func (e *Error) Error() string {
	s := e.Code
	if e.Service != "" {
		s = e.Service + ": " + e.Operation + ": " + s
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	s += fmt.Sprintf(" (status %d", e.StatusCode)
	if e.RequestID != "" {
		s += ", request ID " + e.RequestID
	}
	s += ")"
	if e.Err != nil {
		s += "; not retried: " + e.Err.Error()
	}
	return s
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
