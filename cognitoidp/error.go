package cognitoidp

import "github.com/loginwithcognito/cognito/internal/awshttp"

// An Error is an answer of the service that is not a success. Errors that are not of this type come from checks made
// before sending, from the connection, or from an answer that could not be understood.
type Error struct {
	Operation  string // such as "InitiateAuth"
	Code       string // one of the Code constants, another code, or "HTTP 502" if the answer had none
	Message    string // for people; no contract. At most 1024 bytes, one line.
	StatusCode int    // of HTTP
	RequestID  string // for AWS support; may be ""
	ReasonCode string // which parameter rule was broken, in some CodeInvalidParameter answers

	ended error
}

// Error is one line with everything above except the reason code.
func (e *Error) Error() string {
	f := awshttp.Failure{Code: e.Code, Message: e.Message, StatusCode: e.StatusCode, RequestID: e.RequestID, Ended: e.ended}
	return "cognitoidp: " + e.Operation + ": " + f.Error()
}

// Unwrap is the context's error, if that is why the call was not repeated, else nil.
func (e *Error) Unwrap() error { return e.ended }

// Codes of the operations of this package (service model of the user pools API).
const (
	CodeAliasExists                     = "AliasExistsException"
	CodeCodeDeliveryFailure             = "CodeDeliveryFailureException"
	CodeCodeMismatch                    = "CodeMismatchException"
	CodeConcurrentModification          = "ConcurrentModificationException"
	CodeDeviceKeyExists                 = "DeviceKeyExistsException"
	CodeEnableSoftwareTokenMFA          = "EnableSoftwareTokenMFAException" // a wrong code, when an authenticator is set up
	CodeExpiredCode                     = "ExpiredCodeException"
	CodeForbidden                       = "ForbiddenException" // refused by AWS WAF; the status may be 400 or 403
	CodeInternalError                   = "InternalErrorException"
	CodeInvalidEmailRoleAccessPolicy    = "InvalidEmailRoleAccessPolicyException"
	CodeInvalidLambdaResponse           = "InvalidLambdaResponseException"
	CodeInvalidParameter                = "InvalidParameterException"
	CodeInvalidPassword                 = "InvalidPasswordException"
	CodeInvalidSMSRoleAccessPolicy      = "InvalidSmsRoleAccessPolicyException"
	CodeInvalidSMSRoleTrustRelationship = "InvalidSmsRoleTrustRelationshipException"
	CodeInvalidUserPoolConfiguration    = "InvalidUserPoolConfigurationException"
	CodeLimitExceeded                   = "LimitExceededException" // a limit per user and hour
	CodeMFAMethodNotFound               = "MFAMethodNotFoundException"
	CodeNotAuthorized                   = "NotAuthorizedException"
	CodePasswordHistoryPolicyViolation  = "PasswordHistoryPolicyViolationException"
	CodePasswordResetRequired           = "PasswordResetRequiredException"
	CodeRefreshTokenReuse               = "RefreshTokenReuseException"
	CodeResourceNotFound                = "ResourceNotFoundException" // app client, or remembered device
	CodeSoftwareTokenMFANotFound        = "SoftwareTokenMFANotFoundException"
	CodeTooManyFailedAttempts           = "TooManyFailedAttemptsException"
	CodeTooManyRequests                 = "TooManyRequestsException"
	CodeUnauthorized                    = "UnauthorizedException"
	CodeUnexpectedLambda                = "UnexpectedLambdaException"
	CodeUnsupportedOperation            = "UnsupportedOperationException"
	CodeUnsupportedTokenType            = "UnsupportedTokenTypeException"
	CodeUserLambdaValidation            = "UserLambdaValidationException"
	CodeUserNotConfirmed                = "UserNotConfirmedException"
	CodeUserNotFound                    = "UserNotFoundException"
	CodeUsernameExists                  = "UsernameExistsException"
)
