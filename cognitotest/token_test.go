package cognitotest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// resign makes a token of header and payload as given, signed by key.
func resign(t *testing.T, header, payload string, key *rsa.PrivateKey) string {
	t.Helper()
	signed := b64(header) + "." + b64(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// tampered are all the tokens that no one must accept, made from one that is right.
func tampered(t *testing.T, s *Server, token string) map[string]string {
	t.Helper()
	parts := strings.Split(token, ".")
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var public struct{ Keys []struct{ N string } }
	get(t, s, "https://cognito-idp.us-east-1.amazonaws.com/"+ExampleUserPoolID+"/.well-known/jwks.json", &public)
	hs := b64(strings.Replace(string(header), "RS256", "HS256", 1)) + "." + parts[1]
	mac := hmac.New(sha256.New, []byte(public.Keys[0].N))
	io.WriteString(mac, hs)
	other := s.sign(claims{"iss": identityIssuer})
	otherHeader, _ := base64.RawURLEncoding.DecodeString(strings.Split(other, ".")[0])
	return map[string]string{
		"empty":               "",
		"two parts":           parts[0] + "." + parts[1],
		"four parts":          token + ".x",
		"no signature":        parts[0] + "." + parts[1] + ".",
		"signature changed":   parts[0] + "." + parts[1] + "." + otherFirst(parts[2]),
		"line end":            token[:len(token)-3] + "\n" + token[len(token)-3:],
		"signature padded":    token + "==",
		"payload changed":     parts[0] + "." + b64(strings.Replace(string(body), `"ada"`, `"bob"`, 1)) + "." + parts[2],
		"payload white space": parts[0] + "." + b64(string(body)+" ") + "." + parts[2],
		"alg none":            b64(`{"alg":"none"}`) + "." + parts[1] + ".",
		"alg none, signed":    resign(t, strings.Replace(string(header), "RS256", "none", 1), string(body), s.signingKey()),
		"alg HS256":           hs + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"alg PS256":           resign(t, strings.Replace(string(header), "RS256", "PS256", 1), string(body), s.signingKey()),
		"kid of another pool": resign(t, string(otherHeader), string(body), s.signingKey()),
		"no kid":              resign(t, `{"alg":"RS256"}`, string(body), s.signingKey()),
		"foreign key":         resign(t, string(header), string(body), foreign),
		"foreign issuer":      resign(t, string(header), strings.Replace(string(body), "us-east-1_EXAMPLE00", "us-east-1_OTHER0000", 1), s.signingKey()),
		"expiry not a number": resign(t, string(header), strings.Replace(string(body), `"exp":`, `"exp":"never","x":`, 1), s.signingKey()),
		"payload no object":   resign(t, string(header), "[]", s.signingKey()),
		"payload null":        resign(t, string(header), "null", s.signingKey()),
	}
}

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
			t.Fatalf("%s: %v: %s", url, err, body)
		}
	}
	return resp
}

func TestTokensTamperedWith(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	r := p.mustSignIn().AuthenticationResult
	const provider = "cognito-idp.us-east-1.amazonaws.com/" + ExampleUserPoolID
	for name, token := range tampered(t, s, r.IdToken) {
		t.Run(name, func(t *testing.T) {
			if _, err := s.verifyToken(token); err == nil {
				t.Error("verifyToken accepts it")
			}
			code := "NotAuthorizedException"
			p.identity("GetId", m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{provider: token}}).want(t, code)
		})
	}
	for name, token := range tampered(t, s, r.AccessToken) {
		if token != "" {
			t.Run("access token "+name, func(t *testing.T) { p.idp("GetUser", m{"AccessToken": token}).want(t, "NotAuthorizedException") })
		}
	}
}

func TestVerifyToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		s.start.Do(s.load)
		token := s.sign(claims{"iss": identityIssuer, "sub": "x", "amr": []string{"a", "b"}, "exp": time.Now().Add(time.Minute).Unix()})
		c, err := s.verifyToken(token)
		if err != nil || c.text("sub") != "x" || strings.Join(c.texts("amr"), ",") != "a,b" || c.text("amr") != "" || c.texts("sub") != nil {
			t.Errorf("verifyToken: %v, %v", c, err)
		}
		time.Sleep(time.Minute)
		if c, err := s.verifyToken(token); err != errTokenExpired || c.text("sub") != "x" {
			t.Errorf("after its time: %v, %v", c, err)
		}
		if c, err := s.verifyToken(token[:len(token)-6] + "AAAAAA"); err != errTokenSignature || c != nil {
			t.Errorf("expired and tampered with: %v, %v", c, err)
		}
		if _, err := s.verifyToken(s.sign(claims{"iss": identityIssuer})); err != errTokenExpired {
			t.Errorf("without exp: %v", err)
		}
	})
}

// A verifier that knows only the discovery documents accepts the tokens.
func TestDiscovery(t *testing.T) {
	s := Example()
	s.UserPools = append(s.UserPools, UserPool{ID: "eu-west-1_LOOPBACK", Issuer: "http://127.0.0.1:8080/eu-west-1_LOOPBACK"},
		UserPool{ID: "eusc-de-east-1_Sovereign"})
	p := newPeer(t, s)
	signedIn := p.mustSignIn().AuthenticationResult
	openID := openIDToken(p, signedIn.IdToken)
	for _, tt := range []struct{ base, issuer, token, jwks string }{
		{"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "", signedIn.IdToken, ""},
		{"https://cognito-idp-fips.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", signedIn.AccessToken, ""},
		{"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", signedIn.AccessToken, ""},
		{"https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_Sovereign", "", "", ""},
		{"https://cognito-identity.amazonaws.com", "", openID, ""},
		{"http://127.0.0.1:8080", "https://cognito-identity.amazonaws.com", openID, ""},
		{"http://127.0.0.1:8080/eu-west-1_LOOPBACK", "", "", ""},
		{"http://localhost/us-east-1_EXAMPLE00", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", signedIn.IdToken, ""},
	} {
		t.Run(tt.base, func(t *testing.T) {
			var doc struct {
				Issuer  string
				JWKSURI string `json:"jwks_uri"`
			}
			get(t, s, tt.base+"/.well-known/openid-configuration", &doc)
			if tt.issuer == "" {
				tt.issuer = tt.base
			}
			if doc.Issuer != tt.issuer || doc.JWKSURI != tt.base+"/.well-known/jwks.json" {
				t.Errorf("issuer %q, jwks_uri %q", doc.Issuer, doc.JWKSURI)
			}
			var set struct{ Keys []map[string]string }
			get(t, s, doc.JWKSURI, &set)
			if len(set.Keys) != 1 || set.Keys[0]["kty"] != "RSA" || set.Keys[0]["alg"] != "RS256" || set.Keys[0]["use"] != "sig" || set.Keys[0]["e"] != "AQAB" {
				t.Fatalf("keys: %v", set.Keys)
			}
			if tt.token == "" {
				return
			}
			parts := strings.Split(tt.token, ".")
			var header map[string]string
			b, _ := base64.RawURLEncoding.DecodeString(parts[0])
			json.Unmarshal(b, &header)
			n, _ := base64.RawURLEncoding.DecodeString(set.Keys[0]["n"])
			signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
			digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
			if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil || header["kid"] != set.Keys[0]["kid"] {
				t.Errorf("token does not verify: %v, kid %q and %q", err, header["kid"], set.Keys[0]["kid"])
			}
		})
	}
	for _, url := range []string{
		"https://cognito-idp.us-east-1.amazonaws.com/.well-known/jwks.json",
		"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_OTHER/.well-known/jwks.json",
		"https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_EXAMPLE00/.well-known/jwks.json",
		"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00/.well-known/other",
		"https://cognito-identity.amazonaws.com/us-east-1_EXAMPLE00/.well-known/jwks.json",
		"https://cognito-idp.us-east-1.amazonaws.com/",
	} {
		if resp := get(t, s, url, nil); resp.StatusCode != 404 {
			t.Errorf("%s: status %d, want 404", url, resp.StatusCode)
		}
	}
}

func TestUUID(t *testing.T) {
	if a, b := newUUID(), newUUID(); a == b || len(a) != 36 || a[14] != '4' || !strings.ContainsRune("89ab", rune(a[19])) {
		t.Errorf("newUUID: %s, %s", a, b)
	}
	if stableUUID("a", "bc") == stableUUID("ab", "c") || stableUUID("a") != stableUUID("a") {
		t.Error("stableUUID depends on something else than its names")
	}
}
