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
	"time"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// A Key is one of the RSA keys with which a user pool signs its tokens (RS256, RFC 7518 section
// 3.3).
type Key struct {
	// ID is the member kid in the header of tokens that the key signs.
	ID string
	// PublicKey has 2048 to 8192 bits and an odd exponent of 3 or more.
	PublicKey *rsa.PublicKey
}

// JWKS returns the keys of a user pool, from its JSON Web Key Set (RFC 7517) at <endpoint>/<pool
// id>/.well-known/jwks.json. It ignores keys of other kinds and uses. It is an error if an RSA key
// is malformed, two keys have the same id, or no key is left. Keys change rarely. Cache them, and
// call JWKS again if a token names an unknown key.
func (c *Client) JWKS(ctx context.Context, userPoolID string) ([]Key, error) {
	keys, err := c.jwks(ctx, userPoolID)
	return keys, awshttp.Wrap(service, "JWKS", err)
}

func (c *Client) jwks(ctx context.Context, userPoolID string) ([]Key, error) {
	if !endpoint.ValidID(userPoolID, "_", ascii.Alphanumeric) {
		return nil, errors.New("the user pool id is not an id such as us-east-1_AbCdEfGhI")
	}
	u, err := c.url()
	if err != nil {
		return nil, err
	}
	u = u.JoinPath(userPoolID, ".well-known", "jwks.json")
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
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

// A jsonKey is a JSON Web Key (RFC 7517 section 4, RFC 7518 section 6.3.1).
type jsonKey struct {
	KeyType  string `json:"kty"`
	Use      string `json:"use"`
	Alg      string `json:"alg"`
	ID       string `json:"kid"`
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
}

func parseKeys(body []byte) ([]Key, error) {
	var set struct {
		Keys []jsonKey `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil {
		return nil, errors.New("the response is not a JSON Web Key Set")
	}
	var keys []Key
	seen := make(map[string]bool)
	for _, k := range set.Keys {
		if k.KeyType != "RSA" || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != "RS256" {
			continue
		}
		if k.ID == "" || len(k.ID) > 256 || seen[k.ID] {
			return nil, errors.New("a key in the set has no id, or that of another key")
		}
		seen[k.ID] = true
		public, err := k.publicKey()
		if err != nil {
			return nil, fmt.Errorf("key %.70q %w", k.ID, err)
		}
		keys = append(keys, Key{ID: k.ID, PublicKey: public})
	}
	if len(keys) == 0 {
		return nil, errors.New("the set has no RSA key for signatures")
	}
	return keys, nil
}

func (k jsonKey) publicKey() (*rsa.PublicKey, error) {
	n, errN := base64.RawURLEncoding.DecodeString(k.Modulus)
	e, errE := base64.RawURLEncoding.DecodeString(k.Exponent)
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	switch bits := modulus.BitLen(); {
	case errN != nil || errE != nil:
		return nil, errors.New("is not in base64url")
	case bits < 2048 || bits > 8192 || modulus.Bit(0) == 0:
		return nil, errors.New("is not an RSA key of 2048 to 8192 bits")
	case exponent.BitLen() < 2 || exponent.BitLen() > 31 || exponent.Bit(0) == 0:
		return nil, errors.New("has an exponent that is even, below 3 or above 2^31")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}
