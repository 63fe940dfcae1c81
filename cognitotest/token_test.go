package cognitotest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// otherKey is a signing key that differs from the key of the process.
var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// resign returns a token of the given header and payload, signed with key.
func resign(t *testing.T, header, payload string, key *rsa.PrivateKey) string {
	t.Helper()
	signed := base64url([]byte(header)) + "." + base64url([]byte(payload))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum([]byte(signed)))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64url(signature)
}

type namedToken struct{ name, token string }

// tampered returns invalid tokens that are derived from a valid one.
func tampered(t *testing.T, s *Server, token string) []namedToken {
	t.Helper()
	parts := strings.Split(token, ".")
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var public struct{ Keys []struct{ N string } }
	get(t, s, idpURL+ExampleUserPoolID+"/.well-known/jwks.json", &public)

	otherIssuer := strings.Split(s.sign(claims{"iss": identityIssuer}), ".")[0]
	otherHeader, _ := base64.RawURLEncoding.DecodeString(otherIssuer)
	alg := func(name string) string { return strings.Replace(string(header), "RS256", name, 1) }
	hs256 := base64url([]byte(alg("HS256"))) + "." + parts[1]
	edit := func(old, new string) string { return strings.Replace(string(body), old, new, 1) }
	key := s.signingKey()
	signed := func(header, payload string) string { return resign(t, header, payload, key) }
	return []namedToken{
		{"empty", ""},
		{"two parts", parts[0] + "." + parts[1]},
		{"four parts", token + ".x"},
		{"no signature", parts[0] + "." + parts[1] + "."},
		{"changed signature", parts[0] + "." + parts[1] + "." + changeFirst(parts[2])},
		{"line end", token[:len(token)-3] + "\n" + token[len(token)-3:]},
		{"padded signature", token + "=="},
		{"changed payload",
			parts[0] + "." + base64url([]byte(edit(`"ada"`, `"bob"`))) + "." + parts[2]},
		{"space after payload",
			parts[0] + "." + base64url([]byte(string(body)+" ")) + "." + parts[2]},
		{"alg none", base64url([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."},
		{"alg none, signed", signed(alg("none"), string(body))},
		{"alg HS256", hs256 + "." + base64url(hm([]byte(public.Keys[0].N), []byte(hs256)))},
		{"alg PS256", signed(alg("PS256"), string(body))},
		{"kid of another issuer", signed(string(otherHeader), string(body))},
		{"no kid", signed(`{"alg":"RS256"}`, string(body))},
		{"another key", resign(t, string(header), string(body), otherKey())},
		{"another issuer", signed(string(header), edit(ExampleUserPoolID, "us-east-1_OTHER0000"))},
		{"expiry is not a number", signed(string(header), edit(`"exp":`, `"exp":"never","x":`))},
		{"payload is a list", signed(string(header), "[]")},
		{"payload is null", signed(string(header), "null")},
	}
}

// get returns the response to a GET request. If the status is 200, it decodes the body.
func get(t *testing.T, s *Server, url string, into any) *http.Response {
	t.Helper()
	resp, err := s.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil && resp.StatusCode == 200 {
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatalf("GET %s: %v in %s", url, err, body)
		}
	}
	return resp
}

func TestTamperedTokens(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	r := p.mustSignIn().AuthenticationResult
	const code = "NotAuthorizedException"
	for _, tt := range tampered(t, s, r.IdToken) {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.verifyToken(tt.token); err == nil {
				t.Error("verifyToken accepts the token")
			}
			p.getID(login(tt.token)).want(t, code)
		})
	}
	for _, tt := range tampered(t, s, r.AccessToken) {
		if tt.token != "" {
			t.Run("access token, "+tt.name, func(t *testing.T) {
				p.idp("GetUser", object{"AccessToken": tt.token}).want(t, code)
			})
		}
	}
}

// A server with its own key does not accept the tokens of other servers.
func TestSigningKey(t *testing.T) {
	shared, own := Example(), Example()
	own.SigningKey = otherKey()
	if a, b := shared.keyID("x"), Example().keyID("x"); a != b {
		t.Errorf("kid = %s and %s for two servers without a key, want the same", a, b)
	}
	if a, b := shared.keyID("x"), own.keyID("x"); a == b {
		t.Errorf("kid = %s for two keys, want different ones", a)
	}
	token := newPeer(t, own).mustSignIn().AuthenticationResult.IdToken
	if _, err := own.verifyToken(token); err != nil {
		t.Errorf("verifyToken of its own token: %v", err)
	}
	if _, err := shared.verifyToken(token); err != errTokenSignature {
		t.Errorf("verifyToken of another key's token = %v, want errTokenSignature", err)
	}
}

func TestVerifyToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		s.start.Do(s.load)
		token := s.sign(claims{
			"iss": identityIssuer,
			"sub": "x",
			"amr": []string{"a", "b"},
			"exp": time.Now().Add(time.Minute).Unix(),
		})
		c, err := s.verifyToken(token)
		if err != nil || c.text("sub") != "x" || strings.Join(c.texts("amr"), ",") != "a,b" ||
			c.text("amr") != "" || c.texts("sub") != nil {
			t.Errorf("verifyToken = %v, %v", c, err)
		}
		time.Sleep(time.Minute)
		if c, err := s.verifyToken(token); err != errTokenExpired || c.text("sub") != "x" {
			t.Errorf("verifyToken(expired) = %v, %v, want claims and errTokenExpired", c, err)
		}
		changed := token[:len(token)-6] + "AAAAAA"
		if c, err := s.verifyToken(changed); err != errTokenSignature || c != nil {
			t.Errorf("verifyToken(expired and tampered) = %v, %v, want errTokenSignature", c, err)
		}
		if _, err := s.verifyToken(s.sign(claims{"iss": identityIssuer})); err != errTokenExpired {
			t.Errorf("verifyToken(no exp) = %v, want errTokenExpired", err)
		}
	})
}

// A verifier that knows only the discovery documents accepts the tokens.
func TestDiscovery(t *testing.T) {
	s := Example()
	const localIssuer = "http://127.0.0.1:8080/eu-west-1_LOOPBACK"
	s.UserPools = append(s.UserPools,
		UserPool{ID: "eu-west-1_LOOPBACK", Issuer: localIssuer},
		UserPool{ID: "eusc-de-east-1_Sovereign"})
	p := newPeer(t, s)
	r := p.mustSignIn().AuthenticationResult
	openID := openIDToken(p, r.IdToken)
	const (
		issuer = idpURL + ExampleUserPoolID
		fips   = "https://cognito-idp-fips.us-east-1.amazonaws.com/us-east-1_EXAMPLE00"
		issued = "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00"
		eusc   = "https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_Sovereign"
	)
	for _, tt := range []struct{ base, issuer, token string }{
		{issuer, issuer, r.IdToken},
		{fips, issuer, r.AccessToken},
		{issued, issuer, r.AccessToken},
		{eusc, eusc, ""},
		{identityIssuer, identityIssuer, openID},
		{"http://127.0.0.1:8080", identityIssuer, openID},
		{localIssuer, localIssuer, ""},
		{"http://localhost/us-east-1_EXAMPLE00", issuer, r.IdToken},
	} {
		t.Run(tt.base, func(t *testing.T) {
			var doc struct {
				Issuer  string
				JWKSURI string `json:"jwks_uri"`
			}
			get(t, s, tt.base+"/.well-known/openid-configuration", &doc)
			if doc.Issuer != tt.issuer || doc.JWKSURI != tt.base+"/.well-known/jwks.json" {
				t.Errorf("issuer = %q, jwks_uri = %q", doc.Issuer, doc.JWKSURI)
			}
			var set struct{ Keys []params }
			get(t, s, doc.JWKSURI, &set)
			if len(set.Keys) != 1 {
				t.Fatalf("%d keys, want 1", len(set.Keys))
			}
			key := set.Keys[0]
			if key["kty"] != "RSA" || key["alg"] != "RS256" || key["use"] != "sig" ||
				key["e"] != "AQAB" {
				t.Fatalf("key = %v", key)
			}
			if tt.token != "" {
				verifyWith(t, key, tt.token)
			}
		})
	}
	for _, url := range []string{
		idpURL + ".well-known/jwks.json",
		idpURL + "us-east-1_OTHER/.well-known/jwks.json",
		"https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_EXAMPLE00/.well-known/jwks.json",
		idpURL + "us-east-1_EXAMPLE00/.well-known/other",
		identityIssuer + "/us-east-1_EXAMPLE00/.well-known/jwks.json",
		idpURL,
	} {
		if resp := get(t, s, url, nil); resp.StatusCode != 404 {
			t.Errorf("GET %s = %d, want 404", url, resp.StatusCode)
		}
	}
}

// verifyWith verifies a token with a key of a key set.
func verifyWith(t *testing.T, key params, token string) {
	t.Helper()
	parts := strings.Split(token, ".")
	var header params
	b, _ := base64.RawURLEncoding.DecodeString(parts[0])
	if err := json.Unmarshal(b, &header); err != nil {
		t.Fatal(err)
	}
	n, _ := base64.RawURLEncoding.DecodeString(key["n"])
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature)
	if err != nil || header["kid"] != key["kid"] {
		t.Errorf("token does not verify: %v, kid %q, want %q", err, header["kid"], key["kid"])
	}
}

func TestUUID(t *testing.T) {
	a, b := newUUID(), newUUID()
	if a == b || len(a) != 36 || a[14] != '4' || !strings.ContainsRune("89ab", rune(a[19])) {
		t.Errorf("newUUID() = %s, %s", a, b)
	}
	c := stableUUID("a")
	if stableUUID("a", "bc") == stableUUID("ab", "c") || c != stableUUID("a") {
		t.Error("stableUUID does not depend on its names alone")
	}
}

// FuzzVerifyToken checks that only the server's own token is accepted, byte for byte.
func FuzzVerifyToken(f *testing.F) {
	s := Example()
	exp := time.Now().Add(24 * time.Hour).Unix()
	token := s.sign(claims{"iss": identityIssuer, "sub": "x", "exp": exp})
	f.Add(token)
	f.Add(token + "=")
	f.Add(strings.Repeat(".", 1000))
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := s.verifyToken(text); (err == nil) != (text == token) {
			t.Errorf("verifyToken(%q): %v", text, err)
		}
	})
}
