package cognito

import (
	"errors"
	"fmt"
	"strings"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/sts"
)

// An explanation tells what usually stands behind a service's error, whose own text is often the same for many causes.
type explanation struct {
	service string // the package whose Error it is
	code    string
	text    string // part of the service's message, in lower case; "" for any
	cause   string
}

// explanations are tried in order. The messages are those seen in public bug reports of AWS's clients: a hint when they
// match, no more.
var explanations = [...]explanation{
	{"cognitoidp", "NotAuthorizedException", "incorrect username or password",
		"the password is wrong; or the user does not exist and the pool hides that; or this machine's clock is wrong; or user_pool_id is not the pool of client_id"},
	{"cognitoidp", "NotAuthorizedException", "secret",
		"the app client has a secret and client_secret is missing or wrong; or it has none and client_secret is set; or the hash was made with an alias in place of the user name"},
	{"cognitoidp", "NotAuthorizedException", "attempts exceeded",
		"too many wrong passwords: the user is locked out for up to 15 minutes; wait before trying again"},
	{"cognitoidp", "NotAuthorizedException", "refresh token",
		"the refresh token was revoked, has expired, or belongs to another app client; or the pool tracks devices and this device was not confirmed: sign in again"},
	{"cognitoidp", "NotAuthorizedException", "disabled", "an administrator has disabled the user"},
	{"cognitoidp", "NotAuthorizedException", "session", "the sign-in took longer than the app client allows, or the answer was given twice: sign in again"},
	{"cognitoidp", "RefreshTokenReuseException", "", "another process has refreshed with this token already: use what that one saved, or sign in again"},
	{"cognitoidp", "UserNotFoundException", "", "the user name is misspelt, or the user is in another environment's pool"},
	{"cognitoidp", "UserNotConfirmedException", "", "the user has signed up but not confirmed the code: confirm, or ask an administrator to"},
	{"cognitoidp", "PasswordResetRequiredException", "", "an administrator has reset the password: set a new one by the forgotten-password way"},
	{"cognitoidp", "ResourceNotFoundException", "", "client_id does not exist in this Region, or is not of user_pool_id"},
	{"cognitoidp", "InvalidParameterException", "flow not enabled", "the app client does not allow this flow: an administrator must allow ALLOW_USER_SRP_AUTH, and ALLOW_REFRESH_TOKEN_AUTH for refresh"},
	{"cognitoidp", "InvalidParameterException", "secret", "the app client has a secret: set client_secret"},
	{"cognitoidp", "ForbiddenException", "", "AWS WAF, the firewall before the user pool, refused the request"},
	{"cognitoid", "NotAuthorizedException", "not from a supported provider",
		"the identity pool does not list this user pool and app client among its authentication providers"},
	{"cognitoid", "NotAuthorizedException", "issuer", "the ID token is of another user pool than the identity pool expects"},
	{"cognitoid", "NotAuthorizedException", "unauthenticated access", "the identity pool does not allow guests: sign in"},
	{"cognitoid", "NotAuthorizedException", "forbidden", "the stored identity is not this user's: forget it"},
	{"cognitoid", "NotAuthorizedException", "expired", "the ID token has expired: this machine's clock may be wrong"},
	{"cognitoid", "InvalidParameterException", "classic", "the identity pool allows the enhanced flow only: leave Duration at 0, or ask an administrator to allow the basic (classic) flow"},
	{"cognitoid", "InvalidIdentityPoolConfigurationException", "", "the identity pool has no role for this user, or the role's trust policy does not name the identity pool"},
	{"cognitoid", "ResourceNotFoundException", "", "identity_pool_id does not exist in this Region"},
	{"sts", "AccessDenied", "", "role_arn does not exist, or its trust policy does not allow cognito-identity.amazonaws.com with this identity pool's id as aud and amr authenticated"},
	{"sts", "ValidationError", "duration", "the role's maximum session duration is shorter than Duration"},
	{"sts", "InvalidIdentityToken", "", "the role trusts another issuer, or the token was damaged"},
	{"sts", "ExpiredTokenException", "", "the token has expired: this machine's clock may be wrong"},
}

// explain adds to a service's error what usually stands behind it. The service's own error stays in the chain.
func explain(err error) error {
	var service, code, message string
	var idp *cognitoidp.Error
	var identity *cognitoid.Error
	var token *sts.Error
	switch {
	case errors.As(err, &idp):
		service, code, message = "cognitoidp", idp.Code, idp.Message
	case errors.As(err, &identity):
		service, code, message = "cognitoid", identity.Code, identity.Message
	case errors.As(err, &token):
		service, code, message = "sts", token.Code, token.Message
	default:
		return err
	}
	for _, e := range explanations {
		if e.service == service && e.code == code && strings.Contains(strings.ToLower(message), e.text) {
			return fmt.Errorf("%w; probably %s", err, e.cause)
		}
	}
	return err
}
