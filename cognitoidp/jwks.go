package cognitoidp

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// A Key is one of the RSA keys with which a user pool signs its tokens (RS256, RFC 7518 3.3).
type Key struct {
	ID             string // what a token's header has as kid
	*rsa.PublicKey        // 2048 to 8192 bits, odd exponent of 3 or more
}

// JWKS fetches the keys of a user pool from its JSON Web Key Set (RFC 7517) at <endpoint>/<pool id>/.well-known/jwks.json.
// Keys of other kinds and uses are left out; a damaged RSA key, two keys of one id, and a set without any key are errors.
// It is repeated after a failure that may pass. Keys change rarely: keep them, and fetch again when a token names a key
// that is not among them.
func (c *Client) JWKS(ctx context.Context, userPoolID string) ([]Key, error) {
	const operation = "JWKS"
	region, name, _ := strings.Cut(userPoolID, "_")
	if endpoint.ValidRegion(region) != nil || len(userPoolID) > 55 || !only(name, strings.Trim(wordChars, "_"), 55) {
		return nil, wrap(operation, errors.New("the user pool id does not look like us-east-1_AbCdEfGhI"))
	}
	u, err := endpoint.URL("cognito-idp", c.Region, c.Endpoint, endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack})
	if err != nil {
		return nil, wrap(operation, err)
	}
	u = u.JoinPath(userPoolID, ".well-known", "jwks.json")
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
		Repeatable: true,
		MaxBody:    256 << 10,
		Failure:    awshttp.JSONFailure,
		New: func(ctx context.Context, _ time.Time) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		},
	})
	if err != nil {
		return nil, wrap(operation, err)
	}
	keys, err := parseKeys(resp.Body)
	return keys, wrap(operation, err)
}

func parseKeys(body []byte) ([]Key, error) {
	var set struct {
		Keys []struct {
			KeyType string `json:"kty"`
			Use     string `json:"use"`
			Alg     string `json:"alg"`
			ID      string `json:"kid"`
			N       string `json:"n"`
			E       string `json:"e"`
		} `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil {
		return nil, errors.New("the answer is not a JSON Web Key Set")
	}
	var keys []Key
	seen := make(map[string]bool)
	for _, k := range set.Keys {
		if k.KeyType != "RSA" || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != "RS256" {
			continue
		}
		n, errN := base64.RawURLEncoding.DecodeString(k.N)
		e, errE := base64.RawURLEncoding.DecodeString(k.E)
		modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
		switch bits := modulus.BitLen(); {
		case k.ID == "" || len(k.ID) > 256 || seen[k.ID]:
			return nil, errors.New("a key in the set has no id, or that of another one")
		case errN != nil || errE != nil:
			return nil, fmt.Errorf("key %.70q is not in base64url", k.ID)
		case bits < 2048 || bits > 8192 || modulus.Bit(0) == 0:
			return nil, fmt.Errorf("key %.70q is no RSA key of 2048 to 8192 bits", k.ID)
		case exponent.BitLen() < 2 || exponent.BitLen() > 31 || exponent.Bit(0) == 0: // fits an int everywhere
			return nil, fmt.Errorf("key %.70q has an exponent that is even, below 3 or above 2^31", k.ID)
		}
		seen[k.ID] = true
		keys = append(keys, Key{ID: k.ID, PublicKey: &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}})
	}
	if len(keys) == 0 {
		return nil, errors.New("the set has no RSA key for signatures")
	}
	return keys, nil
}
