// Package jwt verifies the ID and access tokens of an Amazon Cognito user pool.
//
//	v := &jwt.Verifier{UserPoolID: "us-east-1_AbCdEfGhI", ClientID: "1example23456789"}
//	claims, err := v.VerifyAccessToken(ctx, token)
//
// A token is verified as AWS documents ("Verifying JSON web tokens"): its RS256 signature with a
// key that the pool publishes, issuer, app client, use and expiry. Errors are of type [*Error]. A
// server responds to a refused token with status 401, and with 503 if Error.Reason is
// [KeysUnavailable].
package jwt

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/renew"
)

const (
	// leeway is the accepted difference between the clocks of the verifier and the pool.
	leeway = time.Minute

	// keysLife is how long the pool's keys are used before they are fetched again.
	keysLife = 24 * time.Hour

	// keysPause is the minimum time between two requests that unknown key ids cause, so that forged
	// tokens cannot make the verifier flood the pool.
	keysPause = 10 * time.Second
)

// A Verifier verifies the tokens of one app client of a user pool. It is safe for concurrent use.
// It must not be copied, and its fields must not be changed, after the first call.
type Verifier struct {
	// UserPoolID is the id of the user pool, such as "us-east-1_AbCdEfGhI". Required.
	UserPoolID string

	// ClientID is the id of the app client. Required.
	ClientID string

	// Region is the Region that the keys are fetched in, if it is not the one in UserPoolID: that
	// of a replica of a multi-Region pool. Issuers that name either Region are accepted.
	Region string

	// Issuer is the only issuer that is accepted, compared exactly, for an emulator or a proxy. If
	// it is empty, those of AWS for the pool are accepted. The keys are fetched from
	// /.well-known/jwks.json below it, unless Endpoint, FIPS or DualStack select another host.
	Issuer string

	// Endpoint replaces https://cognito-idp.<region>.amazonaws.com, for an emulator or a proxy.
	// Tokens that it issues are accepted too, unless Issuer is set.
	Endpoint string

	// FIPS and DualStack select the host that the keys are fetched from.
	FIPS, DualStack bool

	// HTTPClient fetches the keys. If it is nil, the Verifier uses its own, with TLS 1.2 or later
	// and timeouts.
	HTTPClient *http.Client

	// Now returns the current time. If it is nil, a token must be valid by two clocks: the local
	// one and that of the server that published the keys.
	Now func() time.Time

	once   sync.Once
	sender awshttp.Sender
	keys   renew.Value[[]Key]
}

func (v *Verifier) init() {
	v.keys.Early, v.keys.Now, v.keys.Renew = time.Hour, v.now, v.fetch
}

func (v *Verifier) now() time.Time {
	if v.Now != nil {
		return v.Now()
	}
	return v.sender.Now()
}

// VerifyIDToken verifies an ID token and returns its claims.
func (v *Verifier) VerifyIDToken(ctx context.Context, token string) (Claims, error) {
	return v.verify(ctx, token, "id")
}

// VerifyAccessToken verifies an access token and returns its claims. It does not check
// Claims.Scope.
func (v *Verifier) VerifyAccessToken(ctx context.Context, token string) (Claims, error) {
	return v.verify(ctx, token, "access")
}

func (v *Verifier) verify(ctx context.Context, token, use string) (Claims, error) {
	t, err := parseToken(token)
	if err != nil {
		return Claims{}, err
	}
	// The checks without a key come first, so that foreign tokens cause no requests.
	if t.algorithm != "RS256" || t.critical || t.keyID == "" {
		return Claims{},
			errorf(Malformed, "the header of the token has algorithm %.64q and key id "+
				"%.64q: a user pool signs with RS256, names its key, and sets no critical "+
				"extensions",
				t.algorithm, t.keyID)
	}
	if err := v.check(t.claims, use); err != nil {
		return Claims{}, err
	}
	key, err := v.key(ctx, t.keyID)
	if err != nil {
		return Claims{}, err
	}
	digest := sha256.Sum256([]byte(t.signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature) != nil {
		return Claims{}, errorf(BadSignature,
			"the signature of the token is wrong: it was changed, or the pool did not make it")
	}
	return t.claims, nil
}

// check checks the claims that need no key.
func (v *Verifier) check(c Claims, use string) error {
	client := c.Audience
	if use == "access" {
		client = c.ClientID // an access token has no aud
	}
	now := v.now()
	switch {
	case !slices.Contains(v.issuers(), c.Issuer):
		return errorf(WrongIssuer, "the issuer of the token is %.200q, not user pool %s",
			c.Issuer, v.UserPoolID)
	case c.TokenUse != use:
		return errorf(WrongUse, "the token_use of the token is %.64q, not %q", c.TokenUse, use)
	case client != v.ClientID || client == "":
		return errorf(WrongClient, "the token is for app client %.128q, not client_id %q",
			client, v.ClientID)
	case c.ExpiresAt.IsZero():
		return errorf(Expired, "the token has no expiry")
	case now.After(c.ExpiresAt.Add(leeway)):
		return errorf(Expired, "the token expired at %v", c.ExpiresAt)
	case c.IssuedAt.After(now.Add(leeway)), c.NotBefore.After(now.Add(leeway)):
		return errorf(NotYetValid, "the token is from the future: check the clock of this machine")
	}
	return nil
}

// issuers returns the accepted issuers of the pool: the original form; the updated form,
// "issuer-cognito-idp" (AWS: IssuerConfigurationType); the FIPS host; and the one at Endpoint.
func (v *Verifier) issuers() (all []string) {
	region, _, _ := strings.Cut(v.UserPoolID, "_")
	_, suffix, err := endpoint.Partition(region)
	if err != nil {
		return nil
	}
	for _, service := range []string{"cognito-idp", "issuer-cognito-idp", "cognito-idp-fips"} {
		all = append(all, "https://"+service+"."+region+"."+suffix+"/"+v.UserPoolID)
	}
	if custom, err := endpoint.Parse(v.Endpoint); err == nil {
		all = append(all, custom.JoinPath(v.UserPoolID).String())
	}
	return all
}

// key returns the pool's key with the given id. If the id is unknown, it fetches the keys again.
func (v *Verifier) key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	for again := false; ; again = true {
		keys, err := v.Keys(ctx)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if key.ID == id {
				return key.PublicKey, nil
			}
		}
		if again {
			return nil,
				errorf(UnknownKey, "the user pool has no key %.64q: the token is from another "+
					"pool, or the key was retired or cannot be fetched yet", id)
		}
		v.keys.Expire(keysPause)
	}
}
