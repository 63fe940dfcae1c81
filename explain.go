package cognito

import (
	"errors"
	"strings"

	"github.com/loginwithcognito/cognito/awserr"
)

// An explanation names the usual causes of an error of a service. The services use the same message
// for many causes.
type explanation struct {
	service string // Service of the awserr.Error
	code    string
	text    string // part of the message in lower case, or "" for all
	cause   string // and the remedy
}

// explanations are tried in order. The messages come from public bug reports of AWS's clients.
var explanations = [...]explanation{
	{"cognitoidp", "NotAuthorizedException", "auth details",
		"the user comes from another identity provider (SAML, OpenID Connect or social) and has " +
			"no password in this user pool: sign in through the pool's managed login"},
	{"cognitoidp", "NotAuthorizedException", "attempts exceeded",
		"too many wrong passwords were sent from here or by another program, " +
			"so the pool refuses all passwords for up to 15 minutes: " +
			"wait, then check the password"},
	{"cognitoidp", "NotAuthorizedException", "refresh token",
		"it was revoked, has expired or belongs to another app client (check client_id), " +
			"or the pool tracks devices and this device is not the confirmed one: sign in again"},
	{"cognitoidp", "NotAuthorizedException", "hash",
		"client_secret is missing, was replaced or belongs to another app client, " +
			"or the hash contains an alias instead of the user name: " +
			"check client_id and client_secret"},
	{"cognitoidp", "NotAuthorizedException", "secret",
		"client_secret is missing, wrong or not needed, or client_id belongs to another app " +
			"client: check both"},
	{"cognitoidp", "NotAuthorizedException", "disabled",
		"the user is disabled: ask an administrator"},
	{"cognitoidp", "NotAuthorizedException", "scope",
		"the access token comes from an OAuth sign-in without the scope " +
			"aws.cognito.signin.user.admin"},
	{"cognitoidp", "NotAuthorizedException", "access token",
		"it has expired, was revoked or is an ID token: refresh it, or sign in again"},
	{"cognitoidp", "NotAuthorizedException", "session",
		"the response came after the app client's session duration (3 to 15 minutes), " +
			"or the challenge was answered twice: sign in again"},
	{"cognitoidp", "NotAuthorizedException", "incorrect username or password",
		"the password is wrong, or no such user exists, which the pool hides, " +
			"or this machine's clock is wrong, or client_id belongs to another pool: " +
			"check in this order"},
	{"cognitoidp", "RefreshTokenReuseException", "",
		"another process used this token for a refresh, or the response to a refresh was lost: " +
			"use the newest saved session, or sign in again"},
	{"cognitoidp", "UserNotFoundException", "",
		"the user name is misspelt, or the user is in the pool of another environment: " +
			"check user_pool_id"},
	{"cognitoidp", "UserNotConfirmedException", "",
		"the user signed up but has not entered the code (ConfirmSignUp), " +
			"or it did not arrive or is too old (ResendConfirmationCode), " +
			"or an administrator must confirm the user (AdminConfirmSignUp)"},
	{"cognitoidp", "PasswordResetRequiredException", "",
		"an administrator reset the password, or the user was imported without one: " +
			"set a new one with a code (ForgotPassword, ConfirmForgotPassword)"},
	{"cognitoidp", "ResourceNotFoundException", "device",
		"the pool has forgotten this device: sign in again without it"},
	{"cognitoidp", "ResourceNotFoundException", "",
		"client_id does not exist in this Region or user pool: " +
			"check client_id, user_pool_id and aws_region"},
	{"cognitoidp", "FeatureUnavailableInTierException", "",
		"the feature plan of the user pool lacks this: USER_AUTH needs Essentials or Plus"},
	{"cognitoidp", "MFAMethodNotFoundException", "",
		"the user pool requires a second factor, and the user has none that it can use, such as " +
			"a verified phone number: ask an administrator to add one"},
	{"cognitoidp", "InvalidParameterException", "username' failed",
		"the user name is empty, is too long, or has white space or control characters, which " +
			"user pools do not allow: check it"},
	{"cognitoidp", "InvalidParameterException", "password' failed",
		"the password is empty, is too long, or begins or ends with white space, which user " +
			"pools do not allow: check it"},
	{"cognitoidp", "InvalidParameterException", "enabled for",
		"the app client's flows lack " + anyFlow + ", " +
			"or client_id belongs to another app client, " +
			"or its refresh tokens rotate, which disables REFRESH_TOKEN_AUTH: " +
			"check client_id and the app client's settings"},
	{"cognitoidp", "InvalidParameterException", "device key",
		"the device belongs to another user or sign-in, or the pool has forgotten it: " +
			"sign in again without it"},
	{"cognitoidp", "InvalidParameterException", "secret",
		"the app client has a secret but client_secret is not set, " +
			"or client_id belongs to another app client: check both"},
	{"cognitoidp", "CodeMismatchException", "",
		"the code is misspelt or not the newest, or the clock of the authenticator app is wrong: " +
			"answer the same challenge again"},
	{"cognitoidp", "EnableSoftwareTokenMFAException", "", wrongTOTP},
	{"cognitoidp", "ERROR", "", wrongTOTP},
	{"cognitoidp", "ExpiredCodeException", "",
		"the code is too old or was used: request another"},
	{"cognitoidp", "UnsupportedOperationException", "revo",
		"the app client has token revocation disabled (EnableTokenRevocation): " +
			"its refresh tokens are valid until they expire"},
	{"cognitoidp", "LimitExceededException", "",
		"this user requested too many codes or password changes in the last hour: wait"},
	{"cognitoidp", "ForbiddenException", "",
		"the firewall AWS WAF of the user pool blocked the request: try another network"},
	{"cognitoid", "NotAuthorizedException", "not from a supported provider",
		"the identity pool does not have this user pool and app client among its providers, " +
			"or identity_pool_id belongs to another pool, " +
			"or an access token was sent instead of the ID token: " +
			"compare user_pool_id and client_id with the providers"},
	{"cognitoid", "NotAuthorizedException", "issuer",
		"the ID token comes from another user pool than the identity pool expects: " +
			"check user_pool_id and identity_pool_id"},
	{"cognitoid", "NotAuthorizedException", "ambiguous role",
		"the identity pool selects the role from the token or by rules, and denies users with " +
			"none or several: check the role mapping, the user's groups and custom_role_arn"},
	{"cognitoid", "NotAuthorizedException", "logins don't match",
		"the saved identity belongs to a user of another user pool, " +
			"or the identity pool does not have this user pool and app client among its " +
			"providers: forget the identity, or compare user_pool_id and client_id"},
	{"cognitoid", "NotAuthorizedException", "unauthenticated access",
		"the identity pool does not allow guests: sign in, or ask an administrator to allow them"},
	{"cognitoid", "NotAuthorizedException", "forbidden",
		"the saved identity belongs to another user or to a guest: forget it"},
	{"cognitoid", "NotAuthorizedException", "expired",
		"the ID token has expired, or this machine's clock is wrong"},
	{"cognitoid", "InvalidParameterException", "classic",
		"the identity pool allows only the enhanced flow, " +
			"or identity_pool_id belongs to another pool: " +
			"leave Duration at 0, or ask an administrator to allow the classic (basic) flow"},
	{"cognitoid", "InvalidIdentityPoolConfigurationException", "",
		"the identity pool has no role for this user, " +
			"or the role's trust policy does not name the identity pool, " +
			"or the pool maps attributes to tags, and the trust policy lacks sts:TagSession " +
			"or a tag value is longer than 256 characters: check the pool's roles"},
	{"cognitoid", "ResourceNotFoundException", "",
		"identity_pool_id does not exist in its Region, or the identity was deleted"},
	{"managedlogin", "invalid_grant", "",
		"the code or refresh token expired, was used or was revoked, or scopes asks for " +
			"attributes that the app client cannot read: sign in again"},
	{"managedlogin", "invalid_client", "",
		"client_id does not exist at this domain, or client_secret is missing or wrong: " +
			"check domain, client_id and client_secret"},
	{"managedlogin", "unauthorized_client", "", appClientOAuth},
	{"browser", "unauthorized_client", "", appClientOAuth},
	{"browser", "invalid_scope", "",
		"the app client does not allow all of scopes: compare them"},
	{"browser", "invalid_request", "already found an entry",
		"the user was just linked to the provider: sign in once more"},
	{"browser", "access_denied", "",
		"the user cancelled, or the provider does not let the user in: " +
			"sign in again, or ask the provider's administrator"},
	{"browser", "login_required", "",
		"Prompt is none, and the browser is not signed in: use another Prompt"},
	{"sts", "AccessDenied", "",
		"role_arn does not exist, or its trust policy does not allow " +
			"cognito-identity.amazonaws.com with this identity pool's ID as aud " +
			"and authenticated as amr: check both"},
	{"sts", "ValidationError", "duration",
		"the role's maximum session duration is shorter than Duration: change one of them"},
	{"sts", "InvalidIdentityToken", "",
		"the role trusts another issuer, " +
			"the account does not have this identity provider, or the token was damaged"},
	{"sts", "SignatureDoesNotMatch", "signature expired",
		"this machine's clock is wrong, or the request took more than 15 minutes: set the clock"},
	{"sts", "SignatureDoesNotMatch", "not yet current",
		"this machine's clock is wrong by more than 15 minutes, " +
			"or a virtual machine was suspended: set the clock"},
	{"sts", "ExpiredTokenException", "",
		"the token is older than its lifetime of 10 minutes, or this machine's clock is wrong"},
}

const appClientOAuth = "the app client does not allow the flow (authorization code or client " +
	"credentials): check client_id and the app client's settings"

const wrongTOTP = "the code is misspelt, or the authenticator app has a wrong clock or TOTP " +
	"secret: try the next code"

// anyFlow is the placeholder for the setting of the flow that was refused.
const anyFlow = "this one (such as ALLOW_USER_SRP_AUTH)"

// explained is an error of a service with its usual causes.
type explained struct {
	error
	cause string
}

func (e *explained) Error() string { return e.error.Error() + "; probably " + e.cause }

func (e *explained) Unwrap() error { return e.error }

// Explain adds the usual causes to an error of one of the services. The result wraps the error, so
// that [errors.As] finds it. Explain returns other errors unchanged. The errors of this package are
// explained already.
func Explain(err error) error { return explain(err, "") }

// explain is Explain for an error of a flow, which the message may not name.
func explain(err error, flow string) error {
	var already *explained
	if errors.As(err, &already) {
		return err
	}
	refused := refusal(err)
	message := strings.ToLower(refused.Message)
	for _, e := range explanations {
		if e.service == refused.Service && e.code == refused.Code &&
			strings.Contains(message, e.text) {
			for word := range strings.FieldsSeq(refused.Message) {
				if strings.HasSuffix(word, "_AUTH") {
					flow = word
				}
			}
			if flow != "" {
				e.cause = strings.Replace(e.cause, anyFlow, "ALLOW_"+flow, 1)
			}
			return &explained{err, e.cause}
		}
	}
	return err
}

// refusal returns the service's error in err, or the zero value if there is none.
func refusal(err error) awserr.Error {
	var refused *awserr.Error
	if errors.As(err, &refused) {
		return *refused
	}
	if browser := (*BrowserError)(nil); errors.As(err, &browser) {
		return awserr.Error{Service: "browser", Code: browser.Code, Message: browser.Description}
	}
	return awserr.Error{}
}
