package jwt_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/jwt"
)

// A line end, which encoding/base64 ignores, makes a token invalid.
func TestTokenHasNoLineEnds(t *testing.T) {
	p := newPool(t, "k1")
	v := verifier(p)
	token := p.sign(map[string]any{"alg": "RS256", "kid": "k1"}, map[string]any{
		"iss": issuer, "token_use": "id",
		"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
	})
	for _, end := range []string{"\n", "\r\n"} {
		for _, other := range []string{token + end, token[:len(token)-9] + end +
			token[len(token)-9:], end + token} {
			if _, err := v.VerifyIDToken(t.Context(), other); err == nil ||
				!strings.Contains(err.Error(), "not base64url") {
				t.Errorf("error %v", err)
			}
		}
	}
}

// A forged token does not decide the length of an error, which servers write to their logs.
func TestErrorsRepeatLittleOfToken(t *testing.T) {
	p, long := newPool(t, "k1"), strings.Repeat("x", 30_000)
	v := verifier(p)
	good := map[string]any{
		"iss": issuer, "token_use": "id",
		"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
	}
	check := func(header map[string]any, name, want string) {
		t.Helper()
		claims := maps.Clone(good)
		if name != "" {
			claims[name] = long
		}
		_, err := v.VerifyIDToken(t.Context(), p.sign(header, claims))
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "xx") || len(err.Error()) > 600 {
			t.Errorf("%s: error %.1000v", want, err)
		}
	}
	check(map[string]any{"alg": long, "kid": "xx"}, "", "algorithm")
	check(map[string]any{"alg": "RS256", "kid": long}, "", "no key")
	header := map[string]any{"alg": "RS256", "kid": "k1"}
	check(header, "iss", "issuer")
	check(header, "token_use", "token_use")
	check(header, "aud", "app client")
}

// A date in the last hours of the year 9999 can be marshaled as JSON in every time zone.
func TestDatesAreUTC(t *testing.T) {
	claims, err := jwt.ParseUnverified(unsigned(map[string]any{"exp": int64(253402300799)}))
	if err != nil || claims.ExpiresAt.Location() != time.UTC || claims.ExpiresAt.Year() != 9999 {
		t.Errorf("%v, error %v", claims.ExpiresAt, err)
	}
}

// unsigned returns a token with an invalid signature.
func unsigned(claims map[string]any) string {
	return part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(claims) + ".AAAA"
}

// Scope and Email are read. An email of another type than text is ignored, since nothing trusts it.
func TestScopeAndEmail(t *testing.T) {
	for _, test := range []struct {
		claims       map[string]any
		scope, email string
	}{
		{map[string]any{"scope": "openid a/b", "email": "ada@example.com"}, "openid a/b",
			"ada@example.com"},
		{map[string]any{"email": []string{"ada@example.com"}}, "", ""},
		{map[string]any{"email": nil}, "", ""},
	} {
		c, err := jwt.ParseUnverified(unsigned(test.claims))
		if err != nil || c.Scope != test.scope || c.Email != test.email {
			t.Errorf("ParseUnverified(%v) = %+v, %v, want %q, %q", test.claims, c, err, test.scope,
				test.email)
		}
	}
}

// sloppy returns part with its last character replaced by one that differs in bits that stand for
// nothing (RFC 4648 section 3.5), which a lenient decoder reads as the same bytes.
func sloppy(t *testing.T, part string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 || len(part) == 0 {
		t.Fatal("this part has no such bits")
	}
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + alphabet[last+1:last+2]
}

// Each token has one accepted encoding. Others would evade a list of revoked tokens, or a cache.
func TestTokenHasOneSpelling(t *testing.T) {
	p := newPool(t, "k1")
	// Lengths that leave bits over in each part.
	header := map[string]any{"alg": "RS256", "kid": "k1"}
	for len(part(header))%4 == 0 {
		header["typ"] = fmt.Sprint(header["typ"], "x")
	}
	claims := map[string]any{
		"iss": issuer, "token_use": "id", "sub": "s",
		"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
	}
	for len(part(claims))%4 == 0 {
		claims["sub"] = claims["sub"].(string) + "s"
	}
	good := p.sign(header, claims)
	v := verifier(p)
	if _, err := v.VerifyIDToken(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	for i, name := range []string{"header", "payload", "signature"} {
		other := slices.Clone(parts)
		other[i] = sloppy(t, parts[i])
		token := strings.Join(other, ".")
		if _, err := v.VerifyIDToken(t.Context(), token); err == nil ||
			!strings.Contains(err.Error(), "the "+name+" of the token is not base64url") {
			t.Errorf("%s: error %v", name, err)
		}
		if _, err := jwt.ParseUnverified(token); err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

// TestUnexpectedTypes checks that a claim with an unexpected type does not prevent reading a token,
// and that a Verifier refuses it, even if the claim is optional.
func TestUnexpectedTypes(t *testing.T) {
	p := newPool(t, "k1")
	v := verifier(p)
	good := map[string]any{
		"iss": issuer, "sub": "s", "token_use": "id", "cognito:username": "ada",
		"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
	}
	for _, test := range []struct {
		name     string
		value    any
		audience string
	}{
		{"cognito:groups", "admin", clientID},
		{"cognito:groups", nil, clientID},
		{"cognito:groups", []any{"a", 1}, clientID},
		{"cognito:groups", []any{"a", nil}, clientID},
		{"cognito:groups", map[string]any{}, clientID},
		{"cognito:roles", "arn", clientID},
		{"cognito:preferred_role", []string{"arn"}, clientID},
		{"scope", []string{"openid"}, clientID},
		{"username", 7, clientID},
		{"client_id", []string{clientID}, clientID},
		{"iat", "1700000000", clientID},
		{"nbf", false, clientID},
		{"nbf", -1, clientID},
		{"aud", []string{clientID}, clientID},
		{"aud", []string{clientID, "other"}, clientID + " other"},
		{"aud", []any{clientID, 1}, ""},
		{"aud", []any{clientID, nil}, ""},
		{"aud", nil, ""},
		{"exp", "1700000000", clientID},
		{"exp", 1e300, clientID},
		{"sub", 1, clientID},
		{"iss", []string{issuer}, clientID},
		{"token_use", nil, clientID},
	} {
		claims := maps.Clone(good)
		claims[test.name] = test.value
		token := p.sign(map[string]any{"alg": "RS256", "kid": "k1"}, claims)
		c, err := jwt.ParseUnverified(token)
		if err != nil || c.Username != "ada" || c.Audience != test.audience || c.Groups != nil ||
			c.Roles != nil || !c.NotBefore.IsZero() {
			t.Errorf("ParseUnverified with %s %v = %+v, %v", test.name, test.value, c, err)
		}
		c, err = v.VerifyIDToken(t.Context(), token)
		if err == nil || c.Username != "" {
			t.Errorf("VerifyIDToken with %s %v = %+v, want an error", test.name, test.value, c)
		}
		if test.name != "iss" && !strings.Contains(err.Error(), test.name+`" is not`) {
			t.Errorf("VerifyIDToken with %s %v = %v, want the name", test.name, test.value, err)
		}
	}
}

// TestNamesAreStrict checks that duplicate names, and names in another case, are refused in both
// parts of a token.
func TestNamesAreStrict(t *testing.T) {
	p := newPool(t, "k1")
	v := verifier(p)
	claims := fmt.Sprintf(`"iss":%q,"token_use":"id","aud":%q,"exp":%d,"x":{"A":1,"a":1}`,
		issuer, clientID, time.Now().Add(time.Hour).Unix())
	const header = `"alg":"RS256","kid":"k1"`
	if _, err := v.VerifyIDToken(t.Context(), p.signText(header, claims)); err != nil {
		t.Fatalf("VerifyIDToken: %v", err)
	}
	for _, test := range []struct{ header, claims string }{
		{header + `,"alg":"none"`, claims},
		{`"kid":"k0",` + header, claims},
		{header + `,"ALG":"none"`, claims},
		{header + `,"Kid":"k0"`, claims},
		{header + `,"\u212aid":"k0"`, claims}, // KELVIN SIGN
		{header + `,"CRIT":["x"]`, claims},
		{header + `,"x":1,"x":1`, claims},
		{header, claims + `,"exp":9999999999`},
		{header, `"iss":"x",` + claims},
		{header, claims + `,"\u0061ud":"x"`},
		{header, claims + `,"ISS":"x"`},
		{header, claims + `,"Exp":9999999999`},
		{header, claims + `,"Cognito:Groups":["admin"]`},
		{header, claims + `,"y":[{"a":1,"a":1}]`},
	} {
		token := p.signText(test.header, test.claims)
		var e *jwt.Error
		_, err := v.VerifyIDToken(t.Context(), token)
		if !errors.As(err, &e) || e.Reason != jwt.Malformed {
			t.Errorf("VerifyIDToken of %s and %s = %v, want Malformed",
				test.header, test.claims, err)
		}
		c, err := jwt.ParseUnverified(token)
		if !errors.As(err, &e) || e.Reason != jwt.Malformed || c.JSON != "" {
			t.Errorf("ParseUnverified of %s and %s = %+v, %v, want Malformed",
				test.header, test.claims, c, err)
		}
	}
}
