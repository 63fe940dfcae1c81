package jwt_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
	"github.com/loginwithcognito/cognito/jwt"
)

const (
	poolID   = "us-east-1_EXAMPLE00"
	issuer   = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00"
	clientID = "1example23456789abcdefghij"
)

// verifier returns a Verifier for the pool that transport plays.
func verifier(transport http.RoundTripper) *jwt.Verifier {
	return &jwt.Verifier{
		UserPoolID: poolID,
		ClientID:   clientID,
		HTTPClient: &http.Client{Transport: transport},
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"X-Amzn-Requestid": {"r-1"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

// A pool is a user pool's key and issuer, written apart from the code under test and from the
// stand-in.
type pool struct {
	key     *rsa.PrivateKey
	id      string // of the key
	fetched int    // how often the keys were asked for
	down    bool
}

func newPool(t *testing.T, id string) *pool {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &pool{key: key, id: id}
}

func (p *pool) RoundTrip(r *http.Request) (*http.Response, error) {
	want := "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00/.well-known/jwks.json"
	if r.URL.String() != want {
		return nil, fmt.Errorf("unexpected request for %s", r.URL)
	}
	p.fetched++
	response := answer(200,
		fmt.Sprintf(`{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":%q,"e":"AQAB","n":%q}]}`,
			p.id, base64.RawURLEncoding.EncodeToString(p.key.N.Bytes())))
	if p.down {
		response = answer(400, "")
	}
	response.Request = r
	return response, nil
}

func part(v any) string {
	text, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(text)
}

// signText is sign with the members of both objects as text.
func (p *pool) signText(header, claims string) string {
	return p.signParts(base64.RawURLEncoding.EncodeToString([]byte("{"+header+"}")),
		base64.RawURLEncoding.EncodeToString([]byte("{"+claims+"}")))
}

func (p *pool) sign(header, claims map[string]any) string {
	return p.signParts(part(header), part(claims))
}

func (p *pool) signParts(header, claims string) string {
	signed := header + "." + claims
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestVerify(t *testing.T) {
	p := newPool(t, "k1")
	now := time.Now().Unix()
	header := map[string]any{"alg": "RS256", "kid": "k1"}
	id := map[string]any{
		"iss": issuer, "sub": "s", "token_use": "id",
		"aud": clientID, "iat": now, "exp": now + 3600, "cognito:username": "ada",
	}
	access := maps.Clone(id)
	access["token_use"], access["client_id"], access["username"] = "access", clientID, "ada"
	delete(access, "aud")
	delete(access, "cognito:username")
	with := func(m map[string]any, pairs ...any) map[string]any {
		m = maps.Clone(m)
		for i := 0; i < len(pairs); i += 2 {
			if m[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
				delete(m, pairs[i].(string))
			}
		}
		return m
	}
	good := p.sign(header, id)
	parts := strings.Split(good, ".")
	other := newPool(t, "k1")
	hs256 := with(header, "alg", "HS256")
	for _, test := range []struct {
		name   string
		token  string
		access bool
		reason jwt.Reason // empty for a valid token
		want   string     // in the error
	}{
		{
			name:  "good ID token",
			token: good,
		},
		{
			name:   "good access token",
			token:  p.sign(header, access),
			access: true,
		},
		{
			name: "updated issuer",
			token: p.sign(header,
				with(id, "iss",
					"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00")),
		},
		{
			name:  "a minute late",
			token: p.sign(header, with(id, "exp", now-30)),
		},
		{
			name:  "dates with fractions",
			token: p.sign(header, with(id, "exp", float64(now)+3600.5)),
		},
		{
			name:   "signed by another",
			token:  other.sign(header, id),
			reason: jwt.BadSignature,
			want:   "signature",
		},
		{
			name:   "claims exchanged",
			token:  parts[0] + "." + part(with(id, "sub", "t")) + "." + parts[2],
			reason: jwt.BadSignature,
			want:   "signature",
		},
		{
			name:   "no signature",
			token:  parts[0] + "." + parts[1] + ".",
			reason: jwt.BadSignature,
			want:   "signature",
		},
		{
			name:   "signature cut",
			token:  good[:len(good)-2],
			reason: jwt.BadSignature,
			want:   "signature",
		},
		{
			name:   "alg none",
			token:  part(with(header, "alg", "none")) + "." + parts[1] + ".",
			reason: jwt.Malformed,
			want:   "RS256",
		},
		{
			name:   "alg HS256",
			token:  part(hs256) + "." + parts[1] + "." + parts[2],
			reason: jwt.Malformed,
			want:   "RS256",
		},
		{
			name:   "alg in other case",
			token:  p.sign(with(header, "alg", "rs256"), id),
			reason: jwt.Malformed,
			want:   "RS256",
		},
		{
			name:   "critical extension",
			token:  p.sign(with(header, "crit", []string{"x"}), id),
			reason: jwt.Malformed,
			want:   "critical",
		},
		{
			name:   "no key ID",
			token:  p.sign(with(header, "kid", nil), id),
			reason: jwt.Malformed,
			want:   "key",
		},
		{
			name:   "unknown key",
			token:  p.sign(with(header, "kid", "k9"), id),
			reason: jwt.UnknownKey,
			want:   "no key",
		},
		{
			name: "other pool",
			token: p.sign(header,
				with(id, "iss", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_OTHER")),
			reason: jwt.WrongIssuer,
			want:   "issuer",
		},
		{
			name: "other host",
			token: p.sign(header,
				with(id, "iss",
					"https://cognito-idp.us-east-1.amazonaws.com.evil.example/"+
						"us-east-1_EXAMPLE00")),
			reason: jwt.WrongIssuer,
			want:   "issuer",
		},
		{
			name:   "no issuer",
			token:  p.sign(header, with(id, "iss", nil)),
			reason: jwt.WrongIssuer,
			want:   "issuer",
		},
		{
			name:   "claim name in other case",
			token:  p.sign(header, with(id, "iss", nil, "ISS", id["iss"])),
			reason: jwt.WrongIssuer,
			want:   "issuer",
		},
		{
			name:   "other client",
			token:  p.sign(header, with(id, "aud", "x")),
			reason: jwt.WrongClient,
			want:   "client_id",
		},
		{
			name:   "audience is a list",
			token:  p.sign(header, with(id, "aud", []string{clientID})),
			reason: jwt.Malformed,
			want:   "aud",
		},
		{
			name:   "access token as ID token",
			token:  p.sign(header, access),
			reason: jwt.WrongUse,
			want:   "token_use",
		},
		{
			name:   "ID token as access token",
			token:  good,
			access: true,
			reason: jwt.WrongUse,
			want:   "token_use",
		},
		{
			name:   "access token of other",
			token:  p.sign(header, with(access, "client_id", "x", "aud", clientID)),
			access: true,
			reason: jwt.WrongClient,
			want:   "client_id",
		},
		{
			name:   "expired",
			token:  p.sign(header, with(id, "exp", now-3600)),
			reason: jwt.Expired,
			want:   "expired",
		},
		{
			name:   "no expiry",
			token:  p.sign(header, with(id, "exp", nil)),
			reason: jwt.Expired,
			want:   "no expiry",
		},
		{
			name:   "expiry is text",
			token:  p.sign(header, with(id, "exp", "9999999999")),
			reason: jwt.Malformed,
			want:   "exp",
		},
		{
			name:   "expiry beyond time",
			token:  p.sign(header, with(id, "exp", 1e300)),
			reason: jwt.Malformed,
			want:   "exp",
		},
		{
			name:   "issued in the future",
			token:  p.sign(header, with(id, "iat", now+3600)),
			reason: jwt.NotYetValid,
			want:   "future",
		},
		{
			name:   "not before the future",
			token:  p.sign(header, with(id, "nbf", now+3600)),
			reason: jwt.NotYetValid,
			want:   "future",
		},
		{
			name:   "not a token",
			token:  "hello",
			reason: jwt.Malformed,
			want:   "parts",
		},
		{
			name:   "padding",
			token:  parts[0] + "=." + parts[1] + "." + parts[2],
			reason: jwt.Malformed,
			want:   "base64url",
		},
		{
			name: "header is not JSON",
			token: base64.RawURLEncoding.EncodeToString([]byte("{")) + "." + parts[1] + "." +
				parts[2],
			reason: jwt.Malformed,
			want:   "JSON",
		},
		{
			name:   "claims are a list",
			token:  parts[0] + "." + part([]int{1}) + "." + parts[2],
			reason: jwt.Malformed,
			want:   "JSON",
		},
		{
			name:   "claims are null",
			token:  parts[0] + "." + part(nil) + "." + parts[2],
			reason: jwt.Malformed,
			want:   "JSON",
		},
		{
			name:   "huge",
			token:  strings.Repeat("a", 60_000),
			reason: jwt.Malformed,
			want:   "bytes",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := verifier(p)
			verify := v.VerifyIDToken
			if test.access {
				verify = v.VerifyAccessToken
			}
			claims, err := verify(t.Context(), test.token)
			if test.want != "" {
				var e *jwt.Error
				if !errors.As(err, &e) || e.Reason != test.reason ||
					!strings.Contains(err.Error(), test.want) || claims.Subject != "" {
					t.Errorf("verify() = %+v, %v, want %s, %q", claims, err, test.reason, test.want)
				}
				return
			}
			if err != nil || claims.Username != "ada" || claims.Subject != "s" {
				t.Errorf("claims %+v, error %v", claims, err)
			}
		})
	}
}

func TestKeysAreKeptAndFetchedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, "k1")
		token := func() string {
			return p.sign(map[string]any{"alg": "RS256", "kid": p.id}, map[string]any{
				"iss": issuer, "token_use": "id",
				"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
			})
		}
		v := verifier(p)
		check := func(fetched int, good bool, token string) {
			t.Helper()
			if _, err := v.VerifyIDToken(t.Context(), token); (err == nil) != good {
				t.Errorf("error %v", err)
			}
			if p.fetched != fetched {
				t.Errorf("the keys were fetched %d times, want %d", p.fetched, fetched)
			}
		}
		old := token()
		check(1, true, old)
		check(1, true, token())
		time.Sleep(time.Minute)
		p.id = "k2" // the pool changes its key
		check(2, true, token())
		check(2, false, old) // and does not make us flood it with questions
		time.Sleep(time.Minute)
		p.down = true
		check(3, false, old) // asked again, in vain
		check(3, false, old)
		check(3, true, token())
	})
}

// A countedContext is done after a number of calls of Err.
type countedContext struct {
	context.Context
	asked int
}

func (c *countedContext) Err() error {
	if c.asked++; c.asked > 100 {
		return context.Canceled
	}
	return c.Context.Err()
}

// If the keys cannot be fetched, a token with an unknown key is refused after a time limit, without
// busy waiting.
func TestKeysThatDoNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, hang := newPool(t, "k1"), new(atomic.Bool)
		v := verifier(roundTripper(func(r *http.Request) (*http.Response, error) {
			if hang.Load() {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return p.RoundTrip(r)
		}))
		for _, id := range []string{"k1", "k2"} {
			token := p.sign(map[string]any{"alg": "RS256", "kid": id}, map[string]any{
				"iss": issuer, "token_use": "id",
				"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
			})
			ctx := &countedContext{Context: t.Context()}
			if _, err := v.VerifyIDToken(ctx, token); (err == nil) != (id == "k1") {
				t.Errorf("key %s: error %v", id, err)
			}
			if ctx.asked > 10 {
				t.Errorf("key %s was looked for %d times", id, ctx.asked)
			}
			hang.Store(true)
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		time.Sleep(3 * time.Minute) // the fetch ends
	})
}

// The example token of RFC 7515 A.2 can be read. It is not a token of a user pool.
func TestParseUnverified(t *testing.T) {
	var vector struct {
		JWS string `json:"compact"`
	}
	if err := testvectors.Decode("rfc7515_a2_rs256", &vector); err != nil {
		t.Fatal(err)
	}
	claims, err := jwt.ParseUnverified(vector.JWS)
	if err != nil || claims.Issuer != "joe" || claims.ExpiresAt.Unix() != 1300819380 {
		t.Errorf("claims %+v, error %v", claims, err)
	}
	v := verifier(new(pool))
	if _, err := v.VerifyIDToken(t.Context(), vector.JWS); err == nil {
		t.Error("it was taken")
	}
}

// The signature check itself, on the RFC's token and key.
func TestRFC7515Signature(t *testing.T) {
	var vector struct {
		JWS string            `json:"compact"`
		JWK map[string]string `json:"jwk"`
	}
	if err := testvectors.Decode("rfc7515_a2_rs256", &vector); err != nil {
		t.Fatal(err)
	}
	number := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(vector.JWK[name])
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	key := &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
	end := strings.LastIndex(vector.JWS, ".")
	signature, err := base64.RawURLEncoding.DecodeString(vector.JWS[end+1:])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(vector.JWS[:end]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
		t.Error(err)
	}
}

func FuzzParseUnverified(f *testing.F) {
	f.Add(part(map[string]any{"alg": "RS256"}) + "." + part(map[string]any{"iss": "x", "exp": 1}) +
		".AAAA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := jwt.ParseUnverified(token)
		if err == nil && !json.Valid([]byte(claims.JSON)) {
			t.Errorf("claims %q", claims.JSON)
		}
	})
}
