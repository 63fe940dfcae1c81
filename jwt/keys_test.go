package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

const poolID = "us-east-1_AbCdEfGhI"

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering returns a Verifier whose pool responds with body, and counts the requests.
func answering(status int, body string) (v *Verifier, sent *int) {
	sent = new(int)
	transport := roundTrip(func(*http.Request) (*http.Response, error) {
		*sent++
		return &http.Response{
			StatusCode: status,
			Header:     http.Header{"X-Amzn-Requestid": {"r-1"}},
			Body:       io.NopCloser(strings.NewReader(body)),
		}, nil
	})
	return &Verifier{UserPoolID: poolID, HTTPClient: &http.Client{Transport: transport}}, sent
}

func b64(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }

// published is the key of RFC 7515 A.2.
func published(t testing.TB) (n, e string) {
	var file map[string]any
	if err := testvectors.Decode("rfc7515_a2_rs256", &file); err != nil {
		t.Fatal(err)
	}
	jwk, _ := file["jwk"].(map[string]any)
	n, _ = jwk["n"].(string)
	e, _ = jwk["e"].(string)
	if n == "" || e == "" {
		t.Fatal("the vector has no key")
	}
	return n, e
}

func TestKeys(t *testing.T) {
	n, e := published(t)
	body := `{"keys":[
		{"kty":"EC","kid":"ec","crv":"P-256","x":"AA","y":"AA"},
		{"kty":"RSA","kid":"enc","use":"enc","n":"AA","e":"AQAB"},
		{"kty":"RSA","kid":"512","alg":"RS512","n":"AA","e":"AQAB"},
		{"alg":"RS256","e":"` + e + `","kid":"one","kty":"RSA","n":"` + n + `",
			"use":"sig","x5c":["MII"]},
		{"kty":"RSA","kid":"two","n":"` + n + `","e":"Aw"}]}`
	c, _ := answering(200, body)
	var url string
	inner := c.HTTPClient.Transport
	c.HTTPClient.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		url = r.Method + " " + r.URL.String()
		return inner.RoundTrip(r)
	})
	keys, err := c.Keys(t.Context())
	if err != nil || len(keys) != 2 || keys[0].ID != "one" || keys[0].PublicKey.E != 65537 ||
		b64(keys[0].PublicKey.N) != n || keys[1].ID != "two" || keys[1].PublicKey.E != 3 {
		t.Fatal(keys, err)
	}
	want := "GET https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI" +
		"/.well-known/jwks.json"
	if url != want {
		t.Errorf("Keys sent %s, want %s", url, want)
	}
	c = &Verifier{
		UserPoolID: poolID,
		Endpoint:   "http://localhost:9229/base",
		HTTPClient: c.HTTPClient,
	}
	if _, err := c.Keys(t.Context()); err != nil ||
		url != "GET http://localhost:9229/base/us-east-1_AbCdEfGhI/.well-known/jwks.json" {
		t.Error(url, err)
	}
}

func TestKeysRefused(t *testing.T) {
	n, e := published(t)
	modulus, _ := base64.RawURLEncoding.DecodeString(n)
	big1 := new(big.Int).SetBytes(modulus)
	key := func(kid, n, e string) string {
		return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":%q}`, kid, n, e)
	}
	for _, test := range []struct{ keys, want string }{
		{``, "no RSA key"},
		{`{"kty":"EC","kid":"ec"}`, "no RSA key"},
		{key("", n, e), "no ID"},
		{key("a", n, e) + "," + key("a", n, e), "no ID, or a duplicate one"},
		{key("a", "!", e), "base64url"},
		{key("a", n, "AQAB="), "base64url"},
		{key("a", b64(new(big.Int).Lsh(big.NewInt(1), 2047)), e), "2048 to 8192"},
		{key("a", b64(new(big.Int).Rsh(big1, 1)), e), "2048 to 8192"},
		{key("a", b64(new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 8192), big.NewInt(1))), e),
			"2048 to 8192"},
		{key("a", n, ""), "exponent"},
		{key("a", n, "AQ"), "exponent"},
		{key("a", n, "Ag"), "exponent"},
		{key("a", n, "AQAA"), "exponent"},
		{key("a", n, "gAAAAQ"), "exponent"},
		{key("a", n, "AQAAAAAAAAAB"), "exponent"},
		{key("a", n, e) + "," + key("b", "AQAB", e), `"b"`},
		{`1`, "not a JSON Web Key Set"},
	} {
		c, _ := answering(200, `{"keys":[`+test.keys+`]}`)
		keys, err := c.Keys(t.Context())
		if err == nil || keys != nil || !strings.Contains(err.Error(), test.want) ||
			!strings.HasPrefix(err.Error(), "jwt: cannot fetch the keys of the user pool: ") {
			t.Errorf("%.60s: %v, want %s", test.keys, err, test.want)
		}
	}
	for _, body := range []string{
		"",
		"<html>",
		"null",
		"[]",
		`{"keys":{}}`,
		`{"keys":[],"keys":[` + key("a", n, e) + `]}`,
		`{"Keys":[` + key("a", n, e) + `]}`,
		`{"keys":[{"n":"AA",` + key("a", n, e)[1:] + `]}`,
		`{"keys":[{"N":"AA",` + key("a", n, e)[1:] + `]}`,
		`{"keys":[{"USE":"enc",` + key("a", n, e)[1:] + `]}`,
	} {
		c, _ := answering(200, body)
		if _, err := c.Keys(t.Context()); err == nil {
			t.Errorf("%q passes", body)
		}
	}
	for _, id := range []string{"", "us-east-1", "_x", "us-east-1_", "us-east-1_a/b",
		"us-east-1_a_b", "evil.example/_x", "US_x", "us-east-1_" + strings.Repeat("a", 55),
		"us-east-1_..", "us-east-1_é"} {
		c, sent := answering(200, `{}`)
		c.UserPoolID = id
		if _, err := c.Keys(t.Context()); err == nil || *sent != 0 ||
			!strings.Contains(err.Error(), "user pool ID") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestKeysFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, want := range map[int]int{404: 1, 503: 3} {
			c, sent := answering(status,
				`{"message":"User pool us-east-1_AbCdEfGhI does not exist."}`)
			_, err := c.Keys(t.Context())
			text := fmt.Sprintf("jwt: cannot fetch the keys of the user pool: cognitoidp: "+
				"JWKS: HTTP %d: User "+
				"pool us-east-1_AbCdEfGhI does not exist. (status %d, request ID r-1)", status,
				status)
			if err == nil || err.Error() != text || *sent != want {
				t.Errorf("%d times, %v", *sent, err)
			}
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	n, e := published(f)
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","use":"sig","n":"` + n + `","e":"` + e + `"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"","e":"gAAAAQ"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if err == nil && len(keys) == 0 || err != nil && keys != nil {
			t.Fatal(keys, err)
		}
		for _, k := range keys {
			// The key must be one that crypto/rsa takes: this would panic or fail on another.
			if _, err := rsa.EncryptPKCS1v15(rand.Reader, k.PublicKey, []byte("x")); err != nil ||
				k.ID == "" {
				t.Error(err)
			}
		}
	})
}

// A Key is public: it may be printed and stored.
func TestKeyMarshals(t *testing.T) {
	_, err := json.Marshal(Key{
		ID:        "a",
		PublicKey: &rsa.PublicKey{N: big.NewInt(7), E: 3},
	})
	if err != nil {
		t.Error(err)
	}
}
