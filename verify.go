package cognito

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

const (
	// clockLeeway is how far the verifier's clock and the pool's may be apart.
	clockLeeway = time.Minute
	// keysLife is how long the pool's keys are used without asking for them again.
	keysLife = 24 * time.Hour
	// keysPause is the least time between two fetches that an unknown key id causes, so that made-up tokens can't
	// make this program flood the pool.
	keysPause = 10 * time.Second
)

// VerifyIDToken checks an ID token that came from somewhere else, as a server would, and returns its claims.
//
// It checks the RS256 signature with the user pool's published keys, that the issuer is the environment's pool, that the
// token is an ID token of the environment's app client, and that it has not expired, as AWS documents ("Verifying JSON
// web tokens"). The keys are fetched at the first call and kept; an unknown key id has them fetched once more.
func (c *Client) VerifyIDToken(ctx context.Context, token string) (Claims, error) {
	return c.verify(ctx, token, "id")
}

// VerifyAccessToken does for an access token what [Client.VerifyIDToken] does for an ID token.
func (c *Client) VerifyAccessToken(ctx context.Context, token string) (Claims, error) {
	return c.verify(ctx, token, "access")
}

func (c *Client) verify(ctx context.Context, token, use string) (Claims, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return Claims{}, err
	}
	t, err := parseToken(token)
	if err != nil {
		return Claims{}, err
	}
	// Everything that needs no key comes first, so that foreign tokens cost no request.
	if t.algorithm != "RS256" || t.critical || t.keyID == "" {
		return Claims{}, fmt.Errorf("cognito: token header: a user pool signs with RS256, names its key and has no critical extensions; this one has algorithm %.64q, key id %.64q", t.algorithm, t.keyID)
	}
	if err := c.checkClaims(t.claims, use); err != nil {
		return Claims{}, err
	}
	key, err := c.key(ctx, t.keyID)
	if err != nil {
		return Claims{}, err
	}
	digest := sha256.Sum256([]byte(t.signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature) != nil {
		return Claims{}, errors.New("cognito: the token's signature is wrong: it was changed, or the pool did not make it")
	}
	return t.claims, nil
}

func (c *Client) checkClaims(claims Claims, use string) error {
	if !slices.Contains(c.issuers(), claims.Issuer) {
		return fmt.Errorf("cognito: the token's issuer is %.200q, and the environment's user pool is %s", claims.Issuer, c.Environment.UserPoolID)
	}
	if claims.TokenUse != use {
		return fmt.Errorf("cognito: the token's token_use is %.64q where %q is needed", claims.TokenUse, use)
	}
	client := claims.Audience
	if use == "access" {
		client = claims.ClientID // an access token has no aud
	}
	if client != c.Environment.ClientID {
		return fmt.Errorf("cognito: the token is for app client %.128q, and the environment's client_id is %q", client, c.Environment.ClientID)
	}
	now := c.services.idp.Now()
	switch {
	case claims.ExpiresAt.IsZero():
		return errors.New("cognito: the token has no expiry")
	case now.After(claims.ExpiresAt.Add(clockLeeway)):
		return fmt.Errorf("cognito: the token expired at %v", claims.ExpiresAt.UTC())
	case claims.IssuedAt.After(now.Add(clockLeeway)), claims.NotBefore.After(now.Add(clockLeeway)):
		return errors.New("cognito: the token is from the future: check this machine's clock")
	}
	return nil
}

// issuers returns the forms that a pool's issuer has: the original one; the updated one, "issuer-cognito-idp"
// (AWS: IssuerConfigurationType); the FIPS host; and, where the endpoint is replaced, that one.
func (c *Client) issuers() []string {
	e := c.Environment
	region := e.userPoolRegion()
	_, suffix, err := endpoint.Partition(region)
	if err != nil {
		return nil // no token is of it
	}
	var issuers []string
	for _, service := range []string{"cognito-idp", "issuer-cognito-idp", "cognito-idp-fips"} {
		issuers = append(issuers, "https://"+service+"."+region+"."+suffix+"/"+e.UserPoolID)
	}
	if custom, err := endpoint.Parse(e.Endpoints.CognitoIDP); err == nil {
		issuers = append(issuers, custom.JoinPath(e.UserPoolID).String())
	}
	return issuers
}

// key returns the pool's key of this id, asking for the keys again where it is unknown.
func (c *Client) key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	for asked := false; ; asked = true {
		keys, err := c.keys.get(ctx)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if key.ID == id {
				return key.PublicKey, nil
			}
		}
		if asked {
			return nil, fmt.Errorf("cognito: the user pool has no key %.64q, or its keys can't be fetched anew: the token is of another pool, or its key was retired, or try again", id)
		}
		c.keys.expire(keysPause)
	}
}

// fetchKeys gets the pool's JSON Web Key Set (RFC 7517).
func (c *Client) fetchKeys(ctx context.Context, old []cognitoidp.Key) ([]cognitoidp.Key, time.Time, error) {
	keys, err := c.services.idp.JWKS(ctx, c.Environment.UserPoolID)
	if err != nil {
		return old, time.Time{}, fmt.Errorf("cognito: the user pool's keys can't be fetched: %w", err)
	}
	return keys, c.services.idp.Now().Add(keysLife), nil
}
