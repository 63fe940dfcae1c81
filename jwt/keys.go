package jwt

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"time"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// A Key is an RSA key with which a user pool signs its tokens (RS256, RFC 7518 section 3.3).
type Key struct {
	ID        string         // kid
	PublicKey *rsa.PublicKey // 2048 to 8192 bits, with an odd exponent of at least 3
}

// Keys returns the keys that the user pool publishes as a JSON Web Key Set (RFC 7517). They are
// fetched by the first call and kept for a day.
func (v *Verifier) Keys(ctx context.Context) ([]Key, error) {
	v.once.Do(v.init)
	return v.keys.Get(ctx)
}

// fetch gets the keys and returns when they expire.
func (v *Verifier) fetch(ctx context.Context, old []Key) ([]Key, time.Time, error) {
	keys, err := v.fetchKeys(ctx)
	if err != nil {
		err = awshttp.Wrap("cognitoidp", "JWKS", err)
		err = errorf(KeysUnavailable, "cannot fetch the keys of the user pool: %w", err)
		return old, time.Time{}, err
	}
	return keys, v.now().Add(keysLife), nil
}

func (v *Verifier) fetchKeys(ctx context.Context) ([]Key, error) {
	if !endpoint.ValidID(v.UserPoolID, "_", ascii.Alphanumeric) {
		return nil, errors.New("the user pool ID does not look like us-east-1_AbCdEfGhI")
	}
	u, err := v.keysURL()
	if err != nil {
		return nil, err
	}
	resp, err := v.sender.Do(ctx, awshttp.Request{
		HTTPClient: v.HTTPClient,
		Idempotent: true,
		MaxBody:    256 << 10,
		Failure:    awshttp.JSONFailure,
		New: func(ctx context.Context, _ time.Time) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		},
	})
	if err != nil {
		return nil, err
	}
	return parseKeys(resp.Body)
}

// keysURL returns <endpoint>/<user pool ID>/.well-known/jwks.json, or the URL below Issuer. AWS has
// FIPS and dual-stack hosts for no other issuer.
func (v *Verifier) keysURL() (*url.URL, error) {
	options := endpoint.Options{FIPS: v.FIPS, DualStack: v.DualStack}
	if v.Issuer != "" && v.Endpoint == "" && options == (endpoint.Options{}) {
		u, err := endpoint.Parse(v.Issuer)
		if err != nil {
			return nil, errors.New("the Issuer is not an https URL that keys can be fetched from:" +
				" set Endpoint")
		}
		return u.JoinPath(".well-known", "jwks.json"), nil
	}
	region := cmp.Or(v.Region, v.homeRegion())
	u, err := endpoint.URL("cognito-idp", region, v.Endpoint, options)
	if err != nil {
		return nil, err
	}
	return u.JoinPath(v.UserPoolID, ".well-known", "jwks.json"), nil
}

// parseKeys reads a JSON Web Key Set. Keys of other types and uses are ignored. A damaged RSA key,
// a duplicate ID and a set without an RSA key are errors.
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
	if strictjson.Unmarshal(body, &set) != nil {
		return nil, errors.New("the response is not a JSON Web Key Set")
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
		bits := modulus.BitLen()
		switch {
		case k.ID == "" || len(k.ID) > 256 || seen[k.ID]:
			return nil, errors.New("a key in the set has no ID, or a duplicate one")
		case errN != nil || errE != nil:
			return nil, fmt.Errorf("key %.70q is not in base64url", k.ID)
		case bits < 2048 || bits > 8192 || modulus.Bit(0) == 0:
			return nil, fmt.Errorf("key %.70q is not an RSA key of 2048 to 8192 bits", k.ID)
		case exponent.BitLen() < 2 || exponent.BitLen() > 31 || exponent.Bit(0) == 0:
			// Up to 31 bits fit into an int on every platform.
			return nil, fmt.Errorf("key %.70q has an exponent that is even, below 3 or above 2^31",
				k.ID)
		}
		seen[k.ID] = true
		keys = append(keys, Key{k.ID, &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}})
	}
	if len(keys) == 0 {
		return nil, errors.New("the set has no RSA key for signatures")
	}
	return keys, nil
}
