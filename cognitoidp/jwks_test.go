package cognitoidp

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/internal/testvectors"
)

const poolID = "us-east-1_AbCdEfGhI"

func b64(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }

// publishedKey returns modulus and exponent of the key in RFC 7515 appendix A.2.
func publishedKey(t testing.TB) (n, e string) {
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

func TestJWKS(t *testing.T) {
	n, e := publishedKey(t)
	body := `{"keys":[
		{"kty":"EC","kid":"ec","crv":"P-256","x":"AA","y":"AA"},
		{"kty":"RSA","kid":"enc","use":"enc","n":"AA","e":"AQAB"},
		{"kty":"RSA","kid":"512","alg":"RS512","n":"AA","e":"AQAB"},
		{"alg":"RS256","e":"` + e + `","kid":"one","kty":"RSA","n":"` + n + `",
			"use":"sig","x5c":["MII"]},
		{"kty":"RSA","kid":"two","n":"` + n + `","e":"Aw"}]}`
	var sent []string
	c := &Client{Region: "us-east-1"}
	c.HTTPClient = fakehttp.Client(func(r *http.Request) *http.Response {
		sent = append(sent, r.Method+" "+r.URL.String())
		return fakehttp.Response(200, body)
	})
	keys, err := c.JWKS(t.Context(), poolID)
	if err != nil {
		t.Fatalf("JWKS: %v", err)
	}
	var got []string
	for _, key := range keys {
		got = append(got, fmt.Sprint(key.ID, " ", b64(key.PublicKey.N) == n, " ", key.PublicKey.E))
	}
	if diff := cmp.Diff([]string{"one true 65537", "two true 3"}, got); diff != "" {
		t.Errorf("JWKS differs (-want +got):\n%s", diff)
	}
	c = &Client{Endpoint: "http://localhost:9229/base", HTTPClient: c.HTTPClient}
	if _, err := c.JWKS(t.Context(), poolID); err != nil {
		t.Errorf("JWKS of an Endpoint: %v", err)
	}
	if diff := cmp.Diff([]string{
		"GET https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI/.well-known/jwks.json",
		"GET http://localhost:9229/base/us-east-1_AbCdEfGhI/.well-known/jwks.json",
	}, sent); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

func TestInvalidJWKS(t *testing.T) {
	n, e := publishedKey(t)
	modulus, _ := base64.RawURLEncoding.DecodeString(n)
	odd := new(big.Int).SetBytes(modulus)
	power := func(bits uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), bits) }
	key := func(kid, n, e string) string {
		return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":%q}`, kid, n, e)
	}
	for _, test := range []struct{ keys, want string }{
		{``, "no RSA key"},
		{`{"kty":"EC","kid":"ec"}`, "no RSA key"},
		{key("", n, e), "no id"},
		{key("a", n, e) + "," + key("a", n, e), "no id, or that of another"},
		{key("a", "!", e), "base64url"},
		{key("a", n, "AQAB="), "base64url"},
		{key("a", b64(power(2047)), e), "2048 to 8192"},
		{key("a", b64(new(big.Int).Rsh(odd, 1)), e), "2048 to 8192"},
		{key("a", b64(new(big.Int).Add(power(8192), big.NewInt(1))), e), "2048 to 8192"},
		{key("a", n, ""), "exponent"},
		{key("a", n, "AQ"), "exponent"},
		{key("a", n, "Ag"), "exponent"},
		{key("a", n, "AQAA"), "exponent"},
		{key("a", n, "gAAAAQ"), "exponent"},
		{key("a", n, "AQAAAAAAAAAB"), "exponent"},
		{key("a", n, e) + "," + key("b", "AQAB", e), `"b"`},
		{`1`, "not a JSON Web Key Set"},
	} {
		c, _ := respond(200, `{"keys":[`+test.keys+`]}`)
		keys, err := c.JWKS(t.Context(), poolID)
		checkError(t, err, "JWKS", test.want)
		checkZero(t, "JWKS", keys)
	}
	for _, body := range []string{"", "<html>", "null", "[]", `{"keys":{}}`} {
		c, _ := respond(200, body)
		if _, err := c.JWKS(t.Context(), poolID); err == nil {
			t.Errorf("JWKS accepts %q", body)
		}
	}
}

func TestJWKSOfInvalidPool(t *testing.T) {
	for _, id := range []string{
		"",
		"us-east-1",
		"_x",
		"us-east-1_",
		"us-east-1_a/b",
		"us-east-1_a_b",
		"evil.example/_x",
		"US_x",
		"us-east-1_" + strings.Repeat("a", 55),
		"us-east-1_..",
		"us-east-1_é",
	} {
		c, sent := respond(200, `{}`)
		_, err := c.JWKS(t.Context(), id)
		checkError(t, err, "JWKS", "user pool id")
		if *sent != 0 {
			t.Errorf("JWKS(%q) sent %d requests, want 0", id, *sent)
		}
	}
}

func TestJWKSFailure(t *testing.T) {
	for _, test := range []struct{ status, attempts int }{
		{404, 1},
		{503, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			const message = "User pool us-east-1_AbCdEfGhI does not exist."
			c, sent := respond(test.status, `{"message":"`+message+`"}`)
			_, err := c.JWKS(t.Context(), poolID)
			want := fmt.Sprintf("cognitoidp: JWKS: HTTP %d: %s (status %[1]d, request id r-1)",
				test.status, message)
			if err == nil || err.Error() != want || *sent != test.attempts {
				t.Errorf("JWKS = %v after %d attempts, want %s after %d",
					err, *sent, want, test.attempts)
			}
		})
	}
}

// TestKeyMarshals checks that keys, which are public, can be printed and stored.
func TestKeyMarshals(t *testing.T) {
	key := Key{ID: "a", PublicKey: &rsa.PublicKey{N: big.NewInt(7), E: 3}}
	text, err := json.Marshal(key)
	if want := `{"ID":"a","PublicKey":{"N":7,"E":3}}`; err != nil || string(text) != want {
		t.Errorf("json.Marshal(%v) = %s, %v, want %s", key, text, err, want)
	}
}

func FuzzParseKeys(f *testing.F) {
	n, e := publishedKey(f)
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","use":"sig","n":"` + n + `","e":"` + e + `"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"","e":"gAAAAQ"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("parseKeys(%q) = %d keys, %v", body, len(keys), err)
		}
		for _, k := range keys {
			// crypto/rsa panics or fails on a key that it does not accept.
			_, err := rsa.EncryptPKCS1v15(rand.Reader, k.PublicKey, []byte("x"))
			if err != nil || k.ID == "" {
				t.Errorf("parseKeys(%q) accepts a key: %v", body, err)
			}
		}
	})
}
