package cognitotest

import (
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Whatever arrives, the server answers, and not with success.
func FuzzJSON(f *testing.F) {
	s := Example()
	for _, o := range userPoolOperations {
		f.Add(targetUserPools+o.name, `{"ClientId":"`+ExampleClientID+`","AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"ada","SRP_A":"0"}}`)
	}
	f.Add(targetUserPools+"RespondToAuthChallenge", `{"ClientId":"`+ExampleClientID+`","ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"ada","TIMESTAMP":"x","PASSWORD_CLAIM_SECRET_BLOCK":"x","PASSWORD_CLAIM_SIGNATURE":"x"}}`)
	f.Add(targetUserPools+"SignUp", `{"ClientId":"`+ExampleClientID+`","Username":"x","Password":"12345678","UserAttributes":[{"Name":"email","Value":"@"}]}`)
	f.Add(targetUserPools+"ConfirmForgotPassword", `{"ClientId":"`+ExampleClientID+`","Username":"ada","Password":"12345678","ConfirmationCode":"000000"}`)
	f.Add(targetIdentity+"GetId", `{"IdentityPoolId":"`+ExampleIdentityPoolID+`","Logins":{"x":"a.b.c"}}`)
	f.Add(targetIdentity+"GetCredentialsForIdentity", `{"IdentityId":"us-east-1:0","Logins":{}}`)
	f.Fuzz(func(t *testing.T, target, body string) {
		r := httptest.NewRequest("POST", "http://127.0.0.1/", strings.NewReader(body))
		r.Header = http.Header{"Content-Type": {jsonType}, "X-Amz-Target": {target}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		allowed := target == "" || target == targetUserPools+"RevokeToken" // S3, an unknown token
		for _, member := range []string{"PASSWORD_VERIFIER", "IdentityId", "UserConfirmed", "CodeDeliveryDetails"} {
			allowed = allowed || strings.Contains(w.Body.String(), member) // a challenge, a guest, a new user, a code that is sent
		}
		if w.Code == 200 && !allowed {
			t.Errorf("%s %q: %s", target, body, w.Body)
		}
	})
}

// Only the server's own token is accepted, byte for byte.
func FuzzVerifyToken(f *testing.F) {
	s := Example()
	token := s.sign(claims{"iss": identityIssuer, "sub": "x", "exp": time.Now().Add(24 * time.Hour).Unix()})
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

// A host that is understood has a service of ours, and a bucket only for S3.
func FuzzParseHost(f *testing.F) {
	for _, h := range []string{"cognito-idp.us-east-1.amazonaws.com", "a.b.s3.dualstack.eu-west-1.amazonaws.com:443", "s3.amazonaws.com", "[::1]:80", ".amazonaws.com"} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := parseHost(text)
		loopback(text)
		if (h.service == "") != (h == host{}) || h.bucket != "" && h.service != "s3" {
			t.Errorf("parseHost(%q) = %+v", text, h)
		}
	})
}

// SRP_A and the proof may be anything: there is an error, or a B that is not 0, and no proof is right by chance.
func FuzzSRP(f *testing.F) {
	verifier := newVerifier("EXAMPLE00", "ada", ExamplePassword, big.NewInt(1))
	f.Add("1234", []byte("signature"), []byte("block"), "Sat Sep 5 15:04:05 UTC 2026")
	f.Add("0", []byte{}, []byte{}, "")
	f.Fuzz(func(t *testing.T, a string, signature, block []byte, timestamp string) {
		goodTimestamp(timestamp, time.Unix(0, 0))
		v, err := newVerification("EXAMPLE00", "ada", verifier, a)
		if err != nil {
			return
		}
		if v.serverB.Sign() <= 0 || v.accepts(signature, block, timestamp) {
			t.Errorf("SRP_A %q: B %x, or the proof %x is accepted", a, v.serverB, signature)
		}
	})
}
