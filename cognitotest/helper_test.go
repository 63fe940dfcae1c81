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
	"strings"
	"testing"
	"time"
)

// peer is a client written for these tests alone: it speaks to the server by raw HTTP, and does its own SRP.
type peer struct {
	t      *testing.T
	http   *http.Client
	client string // app client ID
	secret string
}

func newPeer(t *testing.T, s *Server) *peer {
	return &peer{t: t, http: s.Client(), client: ExampleClientID}
}

// withSecret is the same peer with the app client that has a secret.
func (p peer) withSecret() *peer {
	p.client, p.secret = ExampleSecretClientID, ExampleClientSecret
	return &p
}

// answer is what a JSON service said.
type answer struct {
	Code, Message string // of an error
	Status        int    `json:"-"`
	Header        http.Header
	Body          []byte

	Type                 string `json:"__type"`
	ChallengeName        string
	Session              *string
	ChallengeParameters  map[string]string
	AuthenticationResult struct {
		AccessToken, IdToken, RefreshToken, TokenType string
		ExpiresIn                                     int
		NewDeviceMetadata                             *struct{ DeviceKey, DeviceGroupKey string }
	}
	AvailableChallenges []string
	IdentityId, Token   string
	Credentials         struct {
		AccessKeyId, SecretKey, SessionToken string
		Expiration                           json.Number
	}
	Username            string
	UserAttributes      []struct{ Name, Value string }
	UserMFASettingList  []string
	PreferredMfaSetting string
	SecretCode          string
	UserSub             string
	CodeDeliveryDetails struct{ Destination, DeliveryMedium, AttributeName string }
}

// post sends one request; a body that is a string is sent as it is.
func (p *peer) post(url, target string, body any) answer {
	p.t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		text = string(b)
	}
	req, _ := http.NewRequest("POST", url, strings.NewReader(text))
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", target)
	return p.do(req)
}

func (p *peer) do(req *http.Request) answer {
	p.t.Helper()
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	if a.Body, err = io.ReadAll(resp.Body); err != nil {
		p.t.Fatal(err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/x-amz-json") {
		if err := json.Unmarshal(a.Body, &a); err != nil {
			p.t.Fatalf("answer is not JSON: %v", err)
		}
	}
	a.Code = a.Type
	if a.Status == 200 && a.Code != "" || a.Status != 200 && a.Header.Get("x-amzn-ErrorType") != a.Code+":" && a.Code != "" {
		p.t.Fatalf("status %d, x-amzn-ErrorType %q, __type %q do not agree", a.Status, a.Header.Get("x-amzn-ErrorType"), a.Code)
	}
	return a
}

// idp and identity call one operation under AWS's host names.
func (p *peer) idp(operation string, body any) answer {
	p.t.Helper()
	return p.post("https://cognito-idp.us-east-1.amazonaws.com/", "AWSCognitoIdentityProviderService."+operation, body)
}

func (p *peer) identity(operation string, body any) answer {
	p.t.Helper()
	return p.post("https://cognito-identity.us-east-1.amazonaws.com/", "AWSCognitoIdentityService."+operation, body)
}

type m = map[string]any

func (p *peer) secretHash(user string) string {
	mac := hmac.New(sha256.New, []byte(p.secret))
	io.WriteString(mac, user+p.client)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// params adds SECRET_HASH when the app client has a secret.
func (p *peer) params(user string, keyValues ...string) map[string]string {
	out := map[string]string{}
	if user != "" {
		out["USERNAME"] = user
	}
	for i := 0; i < len(keyValues); i += 2 {
		out[keyValues[i]] = keyValues[i+1]
	}
	if p.secret != "" {
		out["SECRET_HASH"] = p.secretHash(user)
	}
	return out
}

func (p *peer) initiate(flow string, params map[string]string) answer {
	p.t.Helper()
	return p.idp("InitiateAuth", m{"ClientId": p.client, "AuthFlow": flow, "AuthParameters": params})
}

func (p *peer) respond(challenge string, responses map[string]string) answer {
	p.t.Helper()
	return p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": challenge, "ChallengeResponses": responses})
}

// proof is one SRP exchange from the client's side. It works on hexadecimal text, as the JavaScript client does, where
// the server works on numbers.
type proof struct {
	a, A *big.Int
}

func newProof() *proof {
	b := make([]byte, 32)
	rand.Read(b)
	a := new(big.Int).SetBytes(b)
	return &proof{a, new(big.Int).Exp(big.NewInt(2), a, testN())}
}

func testN() *big.Int {
	// RFC 3526 section 5: 2^3072 - 2^3008 - 1 + 2^64 * ([2^2942 pi] + 1690314), written out in hexadecimal by the
	// vectors of TestGroup; here it is only reused.
	n, _ := new(big.Int).SetString(prime3072, 16)
	return n
}

// padHex is the JavaScript client's: an even number of digits, and 00 in front of a first digit of 8 or more.
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

// signature answers PASSWORD_CLAIM_SIGNATURE.
func (e *proof) signature(poolName, user, password string, challenge map[string]string, timestamp string) string {
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

// start begins an SRP sign-in and fails the test unless the challenge comes.
func (p *peer) start(e *proof, user string) map[string]string {
	p.t.Helper()
	a := p.initiate("USER_SRP_AUTH", p.params(user, "SRP_A", e.A.Text(16)))
	if a.ChallengeName != "PASSWORD_VERIFIER" {
		p.t.Fatalf("InitiateAuth: %d %s %s, want PASSWORD_VERIFIER", a.Status, a.Code, a.Message)
	}
	return a.ChallengeParameters
}

// claim is the right answer to a challenge, for tests to spoil.
func (p *peer) claim(e *proof, challenge map[string]string, password, stamp string) map[string]string {
	user := challenge["USER_ID_FOR_SRP"]
	return p.params(user,
		"PASSWORD_CLAIM_SECRET_BLOCK", challenge["SECRET_BLOCK"], "TIMESTAMP", stamp,
		"PASSWORD_CLAIM_SIGNATURE", e.signature("EXAMPLE00", user, password, challenge, stamp))
}

// signIn signs in by SRP.
func (p *peer) signIn(user, password string) answer {
	p.t.Helper()
	e := newProof()
	challenge := p.start(e, user)
	return p.respond("PASSWORD_VERIFIER", p.claim(e, challenge, password, timestamp(time.Now())))
}

func (p *peer) mustSignIn() answer {
	p.t.Helper()
	a := p.signIn(ExampleUser, ExamplePassword)
	a.want(p.t, "")
	return a
}

// want fails the test unless the answer has the error code ("" for success).
func (a answer) want(t *testing.T, code string) {
	t.Helper()
	if a.Code != code || (a.Status == 200) != (code == "") {
		t.Errorf("answer is %d %q (%s), want %q", a.Status, a.Code, a.Message, code)
	}
}

// payload reads the claims of a token without checking it.
func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// otherFirst is base64 text with another first character.
func otherFirst(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}
