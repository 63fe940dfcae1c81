package cognitotest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// peer is a client for these tests only. It sends raw HTTP and has its own implementation of SRP.
type peer struct {
	t      *testing.T
	http   *http.Client
	client string // app client ID
	secret string
}

func newPeer(t *testing.T, s *Server) *peer {
	return &peer{t: t, http: s.Client(), client: ExampleClientID}
}

// withSecret returns the peer with the app client that has a secret.
func (p peer) withSecret() *peer {
	p.client = ExampleSecretClientID
	p.secret = ExampleClientSecret
	return &p
}

// example returns Example with a changed user pool, and a peer.
func example(t *testing.T, change func(p *UserPool, ada *User)) (*Server, *peer) {
	s := Example()
	pool := &s.UserPools[0]
	change(pool, &pool.Users[0])
	return s, newPeer(t, s)
}

// response is the response of a JSON service.
type response struct {
	Code, Message string // of an error
	Status        int    `json:"-"`
	Header        http.Header
	Body          []byte

	Type                 string `json:"__type"`
	ChallengeName        string
	Session              *string
	ChallengeParameters  params
	AuthenticationResult struct {
		AccessToken, IdToken, RefreshToken, TokenType string

		ExpiresIn         int
		NewDeviceMetadata *struct{ DeviceKey, DeviceGroupKey string }
	}
	AvailableChallenges []string
	IdentityId, Token   string
	Credentials         struct {
		AccessKeyId, SecretKey, SessionToken string

		Expiration json.Number
	}
	Username            string
	UserAttributes      []struct{ Name, Value string }
	UserMFASettingList  []string
	PreferredMfaSetting string
	SecretCode          string
	UserSub             string
	CodeDeliveryDetails struct{ Destination, DeliveryMedium, AttributeName string }
}

// post sends one request. It sends a body that is a string as it is.
func (p *peer) post(url, target string, body any) response {
	p.t.Helper()
	text, ok := body.(string)
	if !ok {
		text = jsonText(body)
	}
	r, err := http.NewRequest("POST", url, strings.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	return p.do(r)
}

func (p *peer) do(r *http.Request) response {
	p.t.Helper()
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	a := response{Status: resp.StatusCode, Header: resp.Header}
	if a.Body, err = io.ReadAll(resp.Body); err != nil {
		p.t.Fatal(err)
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/x-amz-json") {
		if err := json.Unmarshal(a.Body, &a); err != nil {
			p.t.Fatalf("response is not JSON: %v", err)
		}
	}
	a.Code = a.Type
	header := a.Header.Get("x-amzn-ErrorType")
	if a.Status == 200 && a.Code != "" || a.Status != 200 && a.Code != "" && header != a.Code+":" {
		p.t.Fatalf("status %d, x-amzn-ErrorType %q and __type %q disagree",
			a.Status, header, a.Code)
	}
	return a
}

// idp calls an operation of user pools under AWS's host name.
func (p *peer) idp(operation string, body any) response {
	p.t.Helper()
	const url = "https://cognito-idp.us-east-1.amazonaws.com/"
	return p.post(url, "AWSCognitoIdentityProviderService."+operation, body)
}

// identity calls an operation of identity pools under AWS's host name.
func (p *peer) identity(operation string, body any) response {
	p.t.Helper()
	const url = "https://cognito-identity.us-east-1.amazonaws.com/"
	return p.post(url, "AWSCognitoIdentityService."+operation, body)
}

func (p *peer) secretHash(user string) string {
	return base64.StdEncoding.EncodeToString(hm([]byte(p.secret), []byte(user+p.client)))
}

// params returns the pairs with USERNAME, and with SECRET_HASH if the app client has a secret.
func (p *peer) params(user string, pairs ...string) params {
	out := params{}
	if user != "" {
		out["USERNAME"] = user
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	if p.secret != "" {
		out["SECRET_HASH"] = p.secretHash(user)
	}
	return out
}

func (p *peer) initiate(flow string, in params) response {
	p.t.Helper()
	return p.idp("InitiateAuth", object{
		"ClientId":       p.client,
		"AuthFlow":       flow,
		"AuthParameters": in,
	})
}

// respond responds to a challenge without a Session.
func (p *peer) respond(challenge string, responses params) response {
	p.t.Helper()
	return p.respondWith(challenge, nil, responses)
}

// respondWith responds to a challenge. The session is a string, a *string or nil.
func (p *peer) respondWith(challenge string, session any, responses params) response {
	p.t.Helper()
	return p.idp("RespondToAuthChallenge", object{
		"ClientId":           p.client,
		"ChallengeName":      challenge,
		"Session":            session,
		"ChallengeResponses": responses,
	})
}

// reply responds to the challenge in a.
func (p *peer) reply(a response, pairs ...string) response {
	p.t.Helper()
	user := a.ChallengeParameters["USERNAME"]
	if user == "" {
		user = a.ChallengeParameters["USER_ID_FOR_SRP"]
	}
	if user == "" {
		user = ExampleUser
	}
	return p.respondWith(a.ChallengeName, a.Session, p.params(user, pairs...))
}

// srpClient is the client's side of one SRP exchange. It computes on hexadecimal text, as the
// JavaScript client does, whereas the server computes on numbers.
type srpClient struct{ a, A *big.Int }

func newSRPClient() *srpClient {
	b := make([]byte, 32)
	rand.Read(b)
	a := number(b)
	return &srpClient{a, new(big.Int).Exp(big.NewInt(2), a, testN())}
}

// testN returns the prime. TestGroup checks it against RFC 3526 section 5.
func testN() *big.Int {
	n, _ := new(big.Int).SetString(prime3072, 16)
	return n
}

// padHex encodes n like the JavaScript client: with an even number of digits, and with 00 in front
// of a first digit of 8 or more.
func padHex(n *big.Int) []byte {
	s := n.Text(16)
	if len(s)%2 == 1 {
		s = "0" + s
	} else if strings.ContainsAny(s[:1], "89abcdef") {
		s = "00" + s
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func sum(parts ...[]byte) []byte {
	h := sha256.Sum256(bytes.Join(parts, nil))
	return h[:]
}

func hm(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// signature returns PASSWORD_CLAIM_SIGNATURE.
func (e *srpClient) signature(
	poolName, user, password string, challenge params, timestamp string,
) string {
	n, g := testN(), big.NewInt(2)
	B, _ := new(big.Int).SetString(challenge["SRP_B"], 16)
	salt, _ := new(big.Int).SetString(challenge["SALT"], 16)
	u := number(sum(padHex(e.A), padHex(B)))
	x := number(sum(padHex(salt), sum([]byte(poolName+user+":"+password))))
	k := number(sum(padHex(n), padHex(g)))
	base := new(big.Int).Sub(B, k.Mul(k, new(big.Int).Exp(g, x, n)))
	S := new(big.Int).Exp(base.Mod(base, n), x.Add(x.Mul(x, u), e.a), n)
	key := hm(hm(padHex(u), padHex(S)), append([]byte("Caldera Derived Key"), 1))[:16]
	block, _ := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	message := bytes.Join([][]byte{[]byte(poolName), []byte(user), block, []byte(timestamp)}, nil)
	return base64.StdEncoding.EncodeToString(hm(key, message))
}

func timestamp(t time.Time) string { return t.UTC().Format("Mon Jan 2 15:04:05 UTC 2006") }

// start starts an SRP sign-in and returns the parameters of PASSWORD_VERIFIER.
func (p *peer) start(e *srpClient, user string) params {
	p.t.Helper()
	a := p.initiate("USER_SRP_AUTH", p.params(user, "SRP_A", e.A.Text(16)))
	if a.ChallengeName != "PASSWORD_VERIFIER" {
		p.t.Fatalf("InitiateAuth = %d %s %s, want PASSWORD_VERIFIER", a.Status, a.Code, a.Message)
	}
	return a.ChallengeParameters
}

// claim returns the correct responses to PASSWORD_VERIFIER.
func (p *peer) claim(e *srpClient, challenge params, password, stamp string) params {
	user := challenge["USER_ID_FOR_SRP"]
	return p.params(user,
		"PASSWORD_CLAIM_SECRET_BLOCK", challenge["SECRET_BLOCK"],
		"TIMESTAMP", stamp,
		"PASSWORD_CLAIM_SIGNATURE", e.signature("EXAMPLE00", user, password, challenge, stamp))
}

// signIn signs in with SRP.
func (p *peer) signIn(user, password string) response {
	p.t.Helper()
	e := newSRPClient()
	challenge := p.start(e, user)
	claim := p.claim(e, challenge, password, timestamp(time.Now()))
	return p.respond("PASSWORD_VERIFIER", claim)
}

// mustSignIn signs ExampleUser in.
func (p *peer) mustSignIn() response {
	p.t.Helper()
	return p.signIn(ExampleUser, ExamplePassword).wantTokens(p.t)
}

// password starts a sign-in with USER_PASSWORD_AUTH.
func (p *peer) password(user string, pairs ...string) response {
	p.t.Helper()
	pairs = append(pairs, "PASSWORD", ExamplePassword)
	return p.initiate("USER_PASSWORD_AUTH", p.params(user, pairs...))
}

// want checks the error code, which is empty for success.
func (a response) want(t *testing.T, code string) {
	t.Helper()
	if a.Code != code || (a.Status == 200) != (code == "") {
		t.Errorf("response = %d %q (%s), want %q", a.Status, a.Code, a.Message, code)
	}
}

// wantChallenge checks that the response is the challenge with a Session.
func (a response) wantChallenge(t *testing.T, challenge string) response {
	t.Helper()
	if a.ChallengeName != challenge || a.Session == nil || len(*a.Session) < 20 ||
		len(*a.Session) > 2048 || a.AuthenticationResult.IdToken != "" {
		t.Fatalf("response = %s %s (%s), want %s with a Session",
			a.ChallengeName, a.Code, a.Message, challenge)
	}
	return a
}

// wantTokens checks that the response has tokens.
func (a response) wantTokens(t *testing.T) response {
	t.Helper()
	if a.Status != 200 || a.AuthenticationResult.IdToken == "" || a.ChallengeName != "" ||
		a.Session != nil {
		t.Fatalf("response = %d %s %s (%s), want tokens",
			a.Status, a.ChallengeName, a.Code, a.Message)
	}
	return a
}

// payload decodes the claims of a token without checking it.
func payload(t *testing.T, token string) claims {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts, want 3", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c claims
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// code returns the last code of ExampleUser.
func code(s *Server) string { return s.Code(ExampleUserPoolID, ExampleUser) }

// wrong returns a different code of six digits.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// changeFirst returns base64 text with a different first character.
func changeFirst(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

// sign signs r and its body. The path and the query must be encoded as they are signed.
func (c *issuedCredentials) sign(r *http.Request, body, region, service string) {
	now := time.Now().UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", now)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum([]byte(body))))
	r.Header.Set("X-Amz-Security-Token", c.sessionToken)
	lines := []string{"host:" + r.Host}
	for name, values := range r.Header {
		lines = append(lines, strings.ToLower(name)+":"+strings.Join(values, ","))
	}
	slices.Sort(lines)
	var names []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	pairs := strings.Split(r.URL.RawQuery, "&")
	slices.Sort(pairs) // None of the tests has a name that is a prefix of another.
	canonical := strings.Join([]string{
		r.Method,
		r.URL.EscapedPath(),
		strings.Join(pairs, "&"),
		strings.Join(lines, "\n") + "\n",
		strings.Join(names, ";"),
		hex.EncodeToString(sum([]byte(body))),
	}, "\n")
	scope := now[:8] + "/" + region + "/" + service + "/aws4_request"
	toSign := "AWS4-HMAC-SHA256\n" + now + "\n" + scope + "\n" +
		hex.EncodeToString(sum([]byte(canonical)))
	key := []byte("AWS4" + c.secretAccessKey)
	for _, part := range append(strings.Split(scope, "/"), toSign) {
		key = hm(key, []byte(part))
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.accessKeyID+"/"+scope+
		", SignedHeaders="+strings.Join(names, ";")+", Signature="+hex.EncodeToString(key))
}
