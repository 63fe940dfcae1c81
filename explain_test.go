package cognito_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// The explanations of messages from public bug reports contain the given words.
func TestExplain(t *testing.T) {
	idp := func(code, message string) error {
		return &awserr.Error{Service: "cognitoidp",
			Operation:  "InitiateAuth",
			Code:       code,
			Message:    message,
			StatusCode: 400,
		}
	}
	identity := func(code, message string) error {
		return &awserr.Error{
			Service:    "cognitoid",
			Operation:  "GetId",
			Code:       code,
			Message:    message,
			StatusCode: 400,
		}
	}
	role := func(code, message string) error {
		return &awserr.Error{Service: "sts",
			Operation:  "AssumeRoleWithWebIdentity",
			Code:       code,
			Message:    message,
			StatusCode: 403,
		}
	}
	login := func(code string) error {
		return &awserr.Error{Service: "managedlogin", Operation: "Exchange", Code: code}
	}
	browser := func(code, description string) error {
		return &cognito.BrowserError{Code: code, Description: description}
	}
	for _, test := range []struct {
		err  error
		want string // words of the cause, in order
	}{
		{login("invalid_grant"), "expired used revoked scopes attributes sign in again"},
		{login("invalid_client"), "domain client_secret"},
		{login("unauthorized_client"), "app client flow"},
		{browser("unauthorized_client", ""), "app client flow"},
		{browser("invalid_scope", ""), "scopes compare"},
		{browser("invalid_request", "Already found an entry for username google_1"),
			"linked sign in once more"},
		{browser("access_denied", ""), "cancelled or provider administrator"},
		{browser("login_required", ""), "Prompt none"},
		{idp("NotAuthorizedException", "Incorrect username or password."),
			"password wrong no such user clock client_id"},
		{idp("NotAuthorizedException", "Unable to verify secret hash for client 1example"),
			"client_secret alias"},
		{idp("NotAuthorizedException", "SecretHash does not match for the client: 1example"),
			"client_secret alias"},
		{idp("NotAuthorizedException", "Client 1example is configured with secret but "+
			"SECRET_HASH was not received"), "client_secret"},
		{idp("NotAuthorizedException", "Client 1example is configured for secret but secret was "+
			"not received"), "client_secret or client_id"},
		{idp("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"),
			"flows ALLOW_ or client_id another rotate check"},
		{idp("InvalidParameterException", "USER_SRP_AUTH is not enabled for the client."),
			"flows ALLOW_USER_SRP_AUTH or client_id another"},
		{idp("InvalidParameterException", "USER_AUTH flow not enabled for this client"),
			"flows ALLOW_USER_AUTH or client_id another"},
		{idp("InvalidParameterException", "USER_AUTH is not enabled for the client."),
			"flows ALLOW_USER_AUTH or"},
		{idp("InvalidParameterException", "CUSTOM_AUTH flow not enabled for this client"),
			"flows ALLOW_CUSTOM_AUTH or"},
		{idp("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"),
			"flows ALLOW_USER_PASSWORD_AUTH or"},
		{idp("FeatureUnavailableInTierException", "Not available in the tier."),
			"plan USER_AUTH Essentials Plus"},
		{idp("NotAuthorizedException", "User is not authorized to get auth details."),
			"another identity provider SAML no password managed login"},
		{idp("MFAMethodNotFoundException", "No MFA mechanism registerd in the account."),
			"requires second factor none phone number administrator"},
		{idp("InvalidParameterException", "1 validation error detected: Value at 'username' "+
			"failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`), "user name long white space control characters"},
		{idp("InvalidParameterException", "2 validation errors detected: Value at 'userName' "+
			"failed to satisfy constraint: Member must not be null"), "user name empty"},
		{idp("InvalidParameterException", "1 validation error detected: Value at 'password' "+
			"failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`^[\S]+.*[\S]+$`), "password begins or ends white space"},
		{idp("InvalidParameterException", "Initiate Auth method not supported: auth flow not "+
			"enabled for this client"), "ALLOW_"},
		{idp("NotAuthorizedException", "Invalid Refresh Token"),
			"revoked expired client_id device sign in"},
		{idp("RefreshTokenReuseException", "Refresh token has been invalidated due to token reuse"),
			"another process or lost sign in"},
		{idp("NotAuthorizedException", "Refresh Token has been revoked"), "sign in"},
		{idp("NotAuthorizedException", "Access Token has expired"), "refresh"},
		{idp("NotAuthorizedException", "Access Token does not have required scopes"),
			"aws.cognito.signin.user.admin"},
		{idp("ERROR", "the authenticator app was not accepted"), "clock next code"},
		{idp("InvalidParameterException", "Invalid device key given."), "another user without it"},
		{idp("ResourceNotFoundException", "Device does not exist."), "forgotten without it"},
		{idp("ResourceNotFoundException", "User pool client 1example does not exist."),
			"client_id aws_region"},
		{idp("UserNotConfirmedException", "User is not confirmed."),
			"not entered ConfirmSignUp or not arrive or old ResendConfirmationCode " +
				"or administrator"},
		{idp("PasswordResetRequiredException", "Password reset required for the user"),
			"administrator reset or imported ForgotPassword"},
		{idp("NotAuthorizedException", "Password attempts exceeded"),
			"wrong passwords or another program 15 minutes wait check"},
		{idp("NotAuthorizedException", "Invalid session for the user, session is expired."),
			"15 minutes twice"},
		{idp("NotAuthorizedException", "User is disabled."), "administrator"},
		{idp("UserNotFoundException", "User does not exist."), "misspelt user_pool_id"},
		{idp("CodeMismatchException", "Invalid code received for user"), "clock again"},
		{idp("InvalidParameterException", "Client 1example is configured with secret but "+
			"SECRET_HASH was not received"), "client_secret or client_id"},
		{idp("EnableSoftwareTokenMFAException", "Code mismatch"),
			"misspelt clock TOTP secret next code"},
		{idp("ExpiredCodeException", "Invalid code provided, please request a code again."),
			"old used another"},
		{idp("UnsupportedOperationException", "Revoking tokens is not enabled for this client."),
			"EnableTokenRevocation"},
		{idp("LimitExceededException", "Attempt limit exceeded, please try after some time."),
			"hour wait"},
		{idp("ForbiddenException", "Request not allowed due to WAF block."), "WAF network"},
		{identity("NotAuthorizedException", "Token is not from a supported provider of this "+
			"identity pool."),
			"providers or identity_pool_id another or access token compare user_pool_id client_id"},
		{
			identity("NotAuthorizedException",
				"Invalid login token. Issuer doesn't match providerName"),
			"user_pool_id identity_pool_id",
		},
		{identity("NotAuthorizedException", "The ambiguous role mapping rules denied this request"),
			"role from the token rules none or several groups custom_role_arn"},
		{identity("NotAuthorizedException", "Logins don't match. Please include at least one "+
			"valid login for this identity or identity pool."),
			"identity another user pool providers forget user_pool_id client_id"},
		{identity("NotAuthorizedException", "Access to Identity 'us-east-1:0' is forbidden."),
			"another user forget"},
		{identity("NotAuthorizedException", "Unauthenticated access is not supported for this "+
			"identity pool."), "guests"},
		{identity("NotAuthorizedException", "Invalid login token. Token expired: 1 >= 0"), "clock"},
		{identity("InvalidParameterException", "Basic (classic) flow is not enabled, please use "+
			"enhanced flow."), "enhanced or identity_pool_id another Duration administrator"},
		{identity("InvalidIdentityPoolConfigurationException", "Invalid identity pool "+
			"configuration. Check assigned IAM roles for this pool."),
			"trust policy tags sts:TagSession 256 roles"},
		{identity("ResourceNotFoundException", "IdentityPool 'us-east-1:0' not found."),
			"identity_pool_id Region deleted"},
		{role("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
			"trust policy aud amr"},
		{role("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration "+
			"set for this role."), "maximum"},
		{role("InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+
			"https://example.com"), "issuer provider damaged"},
		{role("ExpiredTokenException", "Token expired"), "10 minutes clock"},
		{role("SignatureDoesNotMatch", "Signature expired: 20260102T030405Z is now earlier than "+
			"20260102T031405Z"), "clock or minutes"},
		{role("SignatureDoesNotMatch", "Signature not yet current: 20260102T040405Z is still "+
			"later than 20260102T030905Z"), "clock minutes or"},
	} {
		err := cognito.Explain(test.err)
		text, cause, found := strings.Cut(err.Error(), "; probably ")
		if !found || text != test.err.Error() || !errors.Is(err, test.err) {
			t.Errorf("Explain = %q, want %q and its cause", err, test.err)
			continue
		}
		rest := cause
		for word := range strings.FieldsSeq(test.want) {
			var ok bool
			if _, rest, ok = strings.Cut(rest, word); !ok {
				t.Errorf("%q: the cause %q does not contain the words %q", text, cause, test.want)
				break
			}
		}
		if again := cognito.Explain(err); again.Error() != err.Error() {
			t.Errorf("explained twice: %q", again)
		}
	}
	for _, err := range []error{nil, errors.New("x"), idp("FutureException", "New."),
		idp("InvalidParameterException",
			"Value 'USER_SPR_AUTH' at 'authFlow' failed to satisfy constraint")} {
		if cognito.Explain(err) != err {
			t.Errorf("%v was explained", err)
		}
	}
}

// The explanation of a refused flow names the setting of that flow, and no other, even if the
// message does not.
func TestExplainRefusedFlow(t *testing.T) {
	flows := []string{"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_AUTH", "USER_AUTH"}
	for _, flow := range flows {
		for _, message := range []string{flow + " is not enabled for the client.",
			flow + " flow not enabled for this client", "Auth flow not enabled for this client"} {
			server := cognitotest.Example()
			watch(server, answerTo("InitiateAuth", func(int) *http.Response {
				return refusal(400, "InvalidParameterException", message)
			}))
			_, err := exampleClient(server).Start(t.Context(), cognito.Login{
				Username: cognitotest.ExampleUser,
				Password: cognitotest.ExamplePassword,
				Flow:     flow,
			})
			for _, other := range flows {
				named := err != nil && strings.Contains(err.Error(), "ALLOW_"+other)
				if named != (other == flow) {
					t.Errorf("Start by %s: error %v, names ALLOW_%s: %v", flow, err, other, named)
				}
			}
		}
	}
}
