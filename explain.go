package cognito

import (
	"errors"
	"strings"

	"github.com/loginwithcognito/cognito/awserr"
)

// An explanation tells what usually stands behind a service's error, whose own text is often the same for many causes.
type explanation struct {
	service string // Service of the awserr.Error
	code    string
	text    string // part of the service's message, in lower case; "" for any
	cause   string
}

// explanations are tried in order. The messages are those seen in public bug reports of AWS's clients: a hint when they
// match, no more.
var explanations = [...]explanation{
	{"cognitoidp", "NotAuthorizedException", "attempts exceeded",
		"too many wrong passwords came from here, or from another program that still has an old one: the pool refuses every password for up to 15 minutes; wait, then check the password before trying again"},
	{"cognitoidp", "NotAuthorizedException", "refresh token",
		"it was revoked, has expired, or is of another app client (check client_id); or the pool tracks devices and this device was not confirmed or is not the one that signed in: sign in again"},
	{"cognitoidp", "NotAuthorizedException", "hash",
		"client_secret is missing, or is of another app client, or was replaced; or the hash was made with an alias in place of the user name: check client_id and client_secret"},
	{"cognitoidp", "NotAuthorizedException", "secret",
		"client_secret is missing or wrong, or the app client has none and it is set, or client_id is of another app client: check both"},
	{"cognitoidp", "NotAuthorizedException", "disabled", "an administrator has disabled the user: ask one"},
	{"cognitoidp", "NotAuthorizedException", "scope", "the access token is of a sign-in by OAuth that did not ask for the scope aws.cognito.signin.user.admin"},
	{"cognitoidp", "NotAuthorizedException", "access token", "it has expired, was revoked, or is an ID token: refresh it, or sign in again"},
	{"cognitoidp", "NotAuthorizedException", "session",
		"the answer came after the app client's session duration (3 to 15 minutes), or the same challenge was answered twice: sign in again"},
	{"cognitoidp", "NotAuthorizedException", "incorrect username or password",
		"the password is wrong; or there is no such user, which the pool hides; or this machine's clock is wrong; or client_id is not of user_pool_id: check these in turn"},
	{"cognitoidp", "RefreshTokenReuseException", "", "another process has refreshed with this token already, or the answer to a refresh was lost: use what was stored since, or sign in again"},
	{"cognitoidp", "UserNotFoundException", "", "the user name is misspelt, or the user is in the pool of another environment: check user_pool_id"},
	{"cognitoidp", "UserNotConfirmedException", "", "the user has signed up and not entered the code (ConfirmSignUp), or it did not arrive or is too old (ResendConfirmationCode), or the pool sends none and leaves it to an administrator (AdminConfirmSignUp)"},
	{"cognitoidp", "PasswordResetRequiredException", "", "an administrator has reset the password, or the user was imported into the pool without one: choose a new one with a code that is sent (ForgotPassword, ConfirmForgotPassword)"},
	{"cognitoidp", "ResourceNotFoundException", "device", "the pool has forgotten this device: sign in again without it"},
	{"cognitoidp", "ResourceNotFoundException", "", "client_id does not exist in this Region, or is not of user_pool_id: check both, and aws_region"},
	{"cognitoidp", "InvalidParameterException", "enabled for", "the app client's flows do not have this one (an administrator adds ALLOW_USER_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH and so on), or client_id is of another app client, or its refresh tokens rotate, which ends REFRESH_TOKEN_AUTH: check client_id and the settings of the app client"},
	{"cognitoidp", "InvalidParameterException", "device key", "the device was issued to another user, or with another sign-in's access token, or the pool has forgotten it: sign in again without it"},
	{"cognitoidp", "InvalidParameterException", "secret", "the app client has a secret and client_secret is not set, or client_id is of another app client: check both"},
	{"cognitoidp", "CodeMismatchException", "", "the code is misspelt, is an older one, or the generator's clock is wrong: the same challenge can be answered again"},
	{"cognitoidp", "EnableSoftwareTokenMFAException", "", "the code is misspelt, or the generator's clock or seed is wrong: try the next code"},
	{"cognitoidp", "ERROR", "", "the code is misspelt, or the generator's clock or seed is wrong: try the next code"},
	{"cognitoidp", "ExpiredCodeException", "", "the code is too old, or was used: ask for another"},
	{"cognitoidp", "UnsupportedOperationException", "revo", "the app client has token revocation switched off (EnableTokenRevocation): its refresh tokens are good until they expire"},
	{"cognitoidp", "LimitExceededException", "", "this user has asked for too much in the last hour (codes, changes of password): wait"},
	{"cognitoidp", "ForbiddenException", "", "AWS WAF, the firewall before the user pool, refused the request: the network that it comes from may be blocked"},
	{"cognitoid", "NotAuthorizedException", "not from a supported provider",
		"the identity pool does not list this user pool with this app client among its authentication providers, or identity_pool_id is of another pool, or an access token was given in place of the ID token: compare user_pool_id and client_id with the providers"},
	{"cognitoid", "NotAuthorizedException", "issuer", "the ID token is of another user pool than the identity pool expects: check user_pool_id and identity_pool_id"},
	{"cognitoid", "NotAuthorizedException", "unauthenticated access", "the identity pool does not allow guests: sign in, or ask an administrator to allow them"},
	{"cognitoid", "NotAuthorizedException", "forbidden", "the stored identity belongs to another user, or to no signed-in one: forget it"},
	{"cognitoid", "NotAuthorizedException", "expired", "the ID token has expired, or this machine's clock is wrong"},
	{"cognitoid", "InvalidParameterException", "classic", "the identity pool allows the enhanced flow only, or identity_pool_id is of another pool: leave Duration at 0, or ask an administrator to allow the basic (classic) flow"},
	{"cognitoid", "InvalidIdentityPoolConfigurationException", "", "the identity pool has no role for this user, or the role's trust policy does not name the identity pool: check the pool's role settings"},
	{"cognitoid", "ResourceNotFoundException", "", "identity_pool_id does not exist in its Region, or the identity was deleted"},
	{"sts", "AccessDenied", "", "role_arn does not exist, or its trust policy does not allow cognito-identity.amazonaws.com with this identity pool's id as aud and authenticated as amr: check both"},
	{"sts", "ValidationError", "duration", "the role's maximum session duration is shorter than Duration: ask for less, or have it raised"},
	{"sts", "InvalidIdentityToken", "", "the role trusts another issuer, or the account has no such identity provider, or the token was damaged"},
	{"sts", "SignatureDoesNotMatch", "signature expired", "this machine's clock is wrong, or the request was under way for more than 15 minutes: set the clock"},
	{"sts", "SignatureDoesNotMatch", "not yet current", "this machine's clock is wrong by more than 15 minutes, or that of a virtual machine has stood still: set the clock"},
	{"sts", "ExpiredTokenException", "", "the token lives 10 minutes and is older, or this machine's clock is wrong"},
}

// explained is an error of a service with what usually stands behind it.
type explained struct {
	error
	cause string
}

func (e *explained) Error() string { return e.error.Error() + "; probably " + e.cause }

func (e *explained) Unwrap() error { return e.error }

// Explain adds to an error of one of the services what usually stands behind it. The error itself stays in the chain, so
// that errors.As finds it; other errors are returned as they are. Errors of this package are explained already.
func Explain(err error) error {
	var already *explained
	if errors.As(err, &already) {
		return err
	}
	var refused *awserr.Error
	if !errors.As(err, &refused) {
		return err
	}
	message := strings.ToLower(refused.Message)
	for _, e := range explanations {
		if e.service == refused.Service && e.code == refused.Code && strings.Contains(message, e.text) {
			return &explained{err, e.cause}
		}
	}
	return err
}
