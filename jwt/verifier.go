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
	"cmp"
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

	// keysPause is the minimum time between two requests that unknown key IDs cause, so that forged
	// tokens cannot make the verifier flood the pool.
	keysPause = 10 * time.Second
)

// A Verifier verifies the tokens of one app client of a user pool. It is safe for concurrent use.
// It must not be copied, and its fields must not be changed, after the first call.
type Verifier struct {
	// UserPoolID is the ID of the user pool, such as "us-east-1_AbCdEfGhI". Required.
	UserPoolID string

	// ClientID is the ID of the app client. Required.
	ClientID string

	// Region is the Region of a replica of a multi-Region pool, from which the keys are fetched. If
	// it is empty, it is the one in UserPoolID. Issuers that name either Region are accepted.
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

// now returns the later time of times.
func (v *Verifier) now() time.Time {
	_, last := v.times()
	return last
}

// times returns the times of the local clock and the server's, the earlier one first. Either may be
// wrong: the server's could be years late, so that expired tokens seem valid.
func (v *Verifier) times() (first, last time.Time) {
	if v.Now != nil {
		first = v.Now()
		return first, first
	}
	first, last = time.Now().Round(0), v.sender.Now()
	if last.Before(first) {
		first, last = last, first
	}
	return first, last
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
			errorf(Malformed, "the header of the token has algorithm %.64q and key ID "+
				"%.64q: a user pool signs with RS256, names its key, and sets no critical "+
				"extensions",
				t.algorithm, t.keyID)
	}
	if err := v.check(&t, use); err != nil {
		return Claims{}, err
	}
	key, err := v.key(ctx, t.keyID)
	if err == nil {
		err = v.check(&t, use) // again, because the response with the keys has the server's time
	}
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
func (v *Verifier) check(t *signedToken, use string) error {
	c := &t.claims
	client := c.Audience
	if use == "access" {
		client = c.ClientID // an access token has no aud
	}
	first, last := v.times()
	switch {
	case !slices.Contains(v.issuers(), c.Issuer):
		return errorf(WrongIssuer, "the issuer of the token is %.200q, not %s",
			c.Issuer, cmp.Or(v.Issuer, "user pool "+v.UserPoolID))
	case t.misspelt != nil || t.odd != nil:
		return cmp.Or(t.misspelt, t.odd)
	case c.TokenUse != use:
		return errorf(WrongUse, "the token_use of the token is %.64q, not %q", c.TokenUse, use)
	case client != v.ClientID || client == "":
		return errorf(WrongClient, "the token is for app client %.128q, not client_id %q",
			client, v.ClientID)
	case c.ExpiresAt.IsZero():
		return errorf(Expired, "the token has no expiry")
	case last.After(c.ExpiresAt.Add(leeway)):
		return errorf(Expired, "the token expired at %v", c.ExpiresAt)
	case c.IssuedAt.After(first.Add(leeway)), c.NotBefore.After(first.Add(leeway)):
		return errorf(NotYetValid,
			"the token is from the future: check the clock of this machine")
	}
	return nil
}

// issuers returns the accepted issuers: Issuer alone, or those of the pool in its Regions. These
// are the original form; the updated form, "issuer-cognito-idp" (AWS: IssuerConfigurationType); the
// FIPS host; and the one at Endpoint.
func (v *Verifier) issuers() (all []string) {
	if v.Issuer != "" {
		return []string{v.Issuer}
	}
	for _, region := range []string{v.homeRegion(), v.Region} {
		_, suffix, err := endpoint.Partition(region)
		if err != nil {
			continue
		}
		for _, service := range []string{"cognito-idp", "issuer-cognito-idp", "cognito-idp-fips"} {
			all = append(all, "https://"+service+"."+region+"."+suffix+"/"+v.UserPoolID)
		}
	}
	if custom, err := endpoint.Parse(v.Endpoint); err == nil {
		all = append(all, custom.JoinPath(v.UserPoolID).String())
	}
	return all
}

// homeRegion returns the Region in UserPoolID.
func (v *Verifier) homeRegion() string {
	region, _, _ := strings.Cut(v.UserPoolID, "_")
	return region
}

// key returns the pool's key with the given ID. If the ID is unknown, it fetches the keys again.
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
