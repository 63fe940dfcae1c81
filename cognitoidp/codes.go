package cognitoidp

// Codes of the operations of this package (service model of the user pools API).
const (
	CodeAliasExists                     = "AliasExistsException"
	CodeCodeDeliveryFailure             = "CodeDeliveryFailureException"
	CodeCodeMismatch                    = "CodeMismatchException"
	CodeConcurrentModification          = "ConcurrentModificationException"
	CodeDeviceKeyExists                 = "DeviceKeyExistsException"
	CodeEnableSoftwareTokenMFA          = "EnableSoftwareTokenMFAException" // wrong code in a setup
	CodeExpiredCode                     = "ExpiredCodeException"
	CodeForbidden                       = "ForbiddenException" // AWS WAF refused; status 400 or 403
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
	CodeResourceNotFound                = "ResourceNotFoundException" // app client or device
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
