package interop

import (
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestIdentityJS signs in to the stand-in with amazon-cognito-identity-js, Amazon's own browser
// client. The stand-in must refuse the sign-ins that Cognito refuses.
func TestIdentityJS(t *testing.T) {
	t.Parallel()
	got := script(t, node(t, "testdata/js/identity_js.mjs"), nil, standIn(t), map[string]string{
		"right password":                 "",
		"email address":                  "",
		"USER_PASSWORD_AUTH":             "",
		"wrong password":                 notAuthorized,
		"empty password":                 notAuthorized,
		"unknown user":                   userNotFound,
		"unknown client":                 resourceNotFound,
		"secret client":                  notAuthorized,
		"refresh":                        "",
		"altered refresh token":          notAuthorized,
		"new password":                   "",
		"after the new password":         "",
		"old password after the new one": notAuthorized,
		"sign out":                       "",
		"refresh after sign out":         notAuthorized,
	})
	type report struct {
		IDToken, AccessToken, RefreshToken, Username string
		Valid                                        bool
	}
	for _, name := range []string{"right password", "email address", "USER_PASSWORD_AUTH",
		"refresh"} {
		r := value[report](t, got, name)
		if !r.Valid || r.Username != cognitotest.ExampleUser || r.RefreshToken == "" {
			t.Errorf("%s: user %q, valid %t, refresh token of %d bytes, want a session of %q", name,
				r.Username, r.Valid, len(r.RefreshToken), cognitotest.ExampleUser)
		}
	}
	if r := value[report](t, got, "new password"); r.Username != cognitotest.ExampleNewUser {
		t.Errorf("new password: user %q, want %q", r.Username, cognitotest.ExampleNewUser)
	}
}

// TestForgedProofs signs in with @aws-sdk/client-cognito-identity-provider and cognito-srp-helper,
// and then again with single fields forged, replayed or left out.
func TestForgedProofs(t *testing.T) {
	t.Parallel()
	script(t, node(t, "testdata/js/srp_forged.mjs"), nil, standIn(t), map[string]string{
		"right password":                       "",
		"email address":                        "",
		"wrong password":                       notAuthorized,
		"unknown user":                         userNotFound,
		"secret client":                        "",
		"secret client by email":               "",
		"secret client, wrong password":        notAuthorized,
		"secret client, wrong secret":          notAuthorized,
		"secret client, no hash":               notAuthorized,
		"secret client, no hash in the answer": notAuthorized,
		"secret client, hash of another name":  notAuthorized,

		"A = 0":                               invalidParameter,
		"A = 00":                              invalidParameter,
		"A = N":                               invalidParameter,
		"A = 2N":                              invalidParameter,
		"A empty":                             invalidParameter,
		"A missing":                           invalidParameter,
		"A negative":                          invalidParameter,
		"A not hexadecimal":                   invalidParameter,
		"A of a million digits":               invalidParameter,
		"A in upper case with a leading zero": "",
		"A of another exchange":               notAuthorized,

		"signature, first bit":                 notAuthorized,
		"signature, last bit":                  notAuthorized,
		"signature cut short":                  notAuthorized,
		"signature empty":                      notAuthorized + "|" + invalidParameter,
		"signature missing":                    invalidParameter,
		"signature not base64":                 notAuthorized + "|" + invalidParameter,
		"secret block, one bit":                notAuthorized,
		"secret block, one bit, signed":        notAuthorized,
		"secret block empty":                   notAuthorized + "|" + invalidParameter,
		"secret block missing":                 invalidParameter,
		"timestamp sent is not the one signed": notAuthorized,
		"timestamp missing":                    invalidParameter,
		"user name of another":                 notAuthorized,
		"user name missing":                    invalidParameter,
		"another client":                       notAuthorized,
		"another challenge":                    notAuthorized + "|" + invalidParameter,
		"another pool signed":                  notAuthorized,
		"B altered":                            notAuthorized,
		"salt altered":                         notAuthorized,

		"timestamp now":                     "",
		"timestamp an hour ago":             notAuthorized,
		"timestamp in an hour":              notAuthorized,
		"timestamp with a wrong weekday":    notAuthorized,
		"timestamp with a two-digit day":    notAuthorized,
		"timestamp with a padded day":       notAuthorized,
		"timestamp with a lower-case month": notAuthorized,
		"timestamp without seconds":         notAuthorized,
		"timestamp in GMT":                  notAuthorized,
		"timestamp in RFC 3339":             notAuthorized,
		"timestamp empty":                   notAuthorized + "|" + invalidParameter,

		"answer sent twice":                notAuthorized,
		"right answer after a wrong one":   notAuthorized,
		"secret block of another exchange": notAuthorized,
		"two exchanges at once":            "",

		"REFRESH_TOKEN_AUTH":                            "",
		"REFRESH_TOKEN_AUTH, altered token":             notAuthorized,
		"REFRESH_TOKEN_AUTH, access token":              notAuthorized,
		"REFRESH_TOKEN_AUTH, another client":            notAuthorized,
		"REFRESH_TOKEN_AUTH, secret client":             "",
		"REFRESH_TOKEN_AUTH, hash of the email address": notAuthorized,
		"REFRESH_TOKEN_AUTH, no hash":                   notAuthorized,
		"REFRESH_TOKEN_AUTH after RevokeToken":          notAuthorized,
		"GetTokensFromRefreshToken":                     "",
		"GetTokensFromRefreshToken, altered token":      notAuthorized,
		"GetTokensFromRefreshToken, secret client":      "",
		"GetTokensFromRefreshToken, wrong secret":       notAuthorized,
		"GetTokensFromRefreshToken, no secret":          notAuthorized,
		"GetTokensFromRefreshToken after RevokeToken":   notAuthorized,
		"RevokeToken": "",
		"RevokeToken, secret client without its secret": "UnauthorizedException",
	})
}

// TestJWTVerify passes the stand-in's tokens to AWS's own verifier, which must accept them and
// refuse altered ones.
func TestJWTVerify(t *testing.T) {
	t.Parallel()
	script(t, node(t, "testdata/js/jwt_verify.mjs"), nil, standIn(t), map[string]string{
		"JWKS":                     "",
		"OpenID configuration":     "",
		"ID token":                 "",
		"access token":             "",
		"refreshed ID token":       "",
		"refreshed access token":   "",
		"group of the user":        "",
		"access token as ID token": "CognitoJwtInvalidTokenUseError",
		"ID token as access token": "CognitoJwtInvalidTokenUseError",
		"another client":           "CognitoJwtInvalidClientIdError",
		"another group":            "CognitoJwtInvalidGroupError",
		"another pool":             "ParameterValidationError",
		"altered claim":            "JwtInvalidSignatureError",
		"altered signature":        "JwtInvalidSignatureError",
		"no signature":             "JwtParseError",
		"algorithm none":           "JwtInvalidSignatureAlgorithmError",
		"HMAC with the public key": "JwtInvalidSignatureAlgorithmError",
	})
}
