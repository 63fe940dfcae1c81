package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// login returns the arguments of a sign-in that keeps nothing.
func login(more ...string) []string {
	return append([]string{"login", "-no-store", "-user", "ada"}, more...)
}

// challengeNames are those of the service model (ChallengeNameType), SELECT_CHALLENGE with its
// choices after a colon, and one name that no model has.
var challengeNames = []string{
	"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE", "MFA_SETUP",
	"PASSWORD_VERIFIER", "CUSTOM_CHALLENGE",
	"SELECT_CHALLENGE:", "SELECT_CHALLENGE:PASSWORD", "SELECT_CHALLENGE:PASSWORD_SRP",
	"SELECT_CHALLENGE:EMAIL_OTP", "SELECT_CHALLENGE:PASSWORD,PASSWORD_SRP,EMAIL_OTP",
	"SELECT_CHALLENGE:PASSWORDS",
	"DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", "ADMIN_NO_SRP_AUTH", "NEW_PASSWORD_REQUIRED",
	"SMS_OTP", "PASSWORD", "WEB_AUTHN", "PASSWORD_SRP", "SEND_YOUR_PASSWORD",
}

// toolFlows are all values of -flow and -challenge.
var toolFlows = []struct {
	args  []string
	named bool // they have the password sent
	asks  bool // the password is asked for first
}{
	{args: nil, asks: true},
	{args: []string{"-flow", "USER_SRP_AUTH"}, asks: true},
	{args: []string{"-flow", "CUSTOM_AUTH"}, asks: true},
	{args: []string{"-flow", "USER_PASSWORD_AUTH"}, asks: true, named: true},
	{args: []string{"-flow", "USER_AUTH"}},
	{args: []string{"-challenge", "PASSWORD_SRP"}, asks: true},
	{args: []string{"-challenge", "PASSWORD"}, asks: true, named: true},
	{args: []string{"-challenge", "EMAIL_OTP"}},
	{args: []string{"-challenge", "SMS_OTP"}},
}

// A hostilePool accepts every proof and issues one challenge after the other, whatever the flow.
type hostilePool struct {
	url        string
	challenges []string          // each is asked for once, then the sign-in is refused
	parameters map[string]string // of every challenge, in place of the usual ones
	atOnce     bool              // no proof is asked for
	refuse     string            // with this message the first answer to a challenge is refused
	secretCode string

	mu       sync.Mutex
	requests bytes.Buffer // what was received
	asked    int
	refused  bool
}

// newHostilePool serves p until the test ends.
func newHostilePool(t *testing.T) *hostilePool {
	p := &hostilePool{secretCode: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// reset makes the pool begin again and forget what it received.
func (p *hostilePool) reset(atOnce bool, challenges ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.challenges, p.atOnce, p.asked, p.refused = challenges, atOnce, 0, false
	p.requests.Reset()
}

func (p *hostilePool) received() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests.String()
}

func (p *hostilePool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	r.Header.Write(&p.requests)
	p.requests.WriteString(r.URL.String() + "\n" + string(body) + "\n")
	var in struct{ AuthParameters, ChallengeResponses map[string]string }
	json.Unmarshal(body, &in)
	out := map[string]any{"Session": strings.Repeat("session-", 4)}
	given := in.ChallengeResponses
	switch operation := operation(r); {
	case operation == "": // a connection that is opened ahead
		return
	case operation == "AssociateSoftwareToken":
		out["SecretCode"] = p.secretCode
	case operation == "VerifySoftwareToken":
		out["Status"] = "SUCCESS"
	case !p.atOnce && (in.AuthParameters["SRP_A"] != "" || given["SRP_A"] != ""):
		out["ChallengeName"] = "PASSWORD_VERIFIER"
		out["ChallengeParameters"] = p.with(nil)
	case p.refuse != "" && given != nil && given["TIMESTAMP"] == "" && !p.refused:
		p.refused = true
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]any{"__type": "CodeMismatchException", "message": p.refuse}
	case p.asked == len(p.challenges):
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]any{"__type": "NotAuthorizedException", "message": "Incorrect password."}
	default:
		name, choices, _ := strings.Cut(p.challenges[p.asked], ":")
		out["ChallengeName"] = name
		out["ChallengeParameters"] = p.with(map[string]string{"question": "Password?"})
		if choices != "" {
			out["AvailableChallenges"] = strings.Split(choices, ",")
		}
		p.asked++
		p.refused = false
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	json.NewEncoder(w).Encode(out)
}

// with returns the parameters of all challenges, and more.
func (p *hostilePool) with(more map[string]string) map[string]string {
	all := map[string]string{
		"USERNAME":                      "ada",
		"USER_ID_FOR_SRP":               "ada",
		"SALT":                          "abcdef",
		"SRP_B":                         strings.Repeat("1234567", 50),
		"SECRET_BLOCK":                  base64.StdEncoding.EncodeToString([]byte("secret block")),
		"DEVICE_KEY":                    "eu-west-1_device",
		"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
		"CODE_DELIVERY_DESTINATION":     "a***@e***",
		"MFAS_CAN_CHOOSE":               `["PASSWORD"]`,
		"MFAS_CAN_SETUP":                `["EMAIL_OTP"]`,
		"userAttributes":                `{}`,
		"requiredAttributes":            `["userAttributes.name", "userAttributes.password"]`,
	}
	for _, extra := range []map[string]string{more, p.parameters} {
		maps.Copy(all, extra)
	}
	return all
}

// rotated returns the names from position i on, and then those before it.
func rotated(names []string, i int) []string { return slices.Concat(names[i:], names[:i]) }

// typedLines returns what is typed, or piped, at a sign-in: the password again and again; and the
// password, if it is asked for, once, with what looks like a code or an answer for everything else.
func typedLines(asks bool) [][]string {
	const password = cognitotest.ExamplePassword
	const most = 40
	again := slices.Repeat([]string{password}, most)
	codes := slices.Repeat([]string{"123456"}, most)
	if asks {
		return [][]string{again, append([]string{password}, codes...)}
	}
	return [][]string{
		again,
		append([]string{"PASSWORD_SRP", password}, codes...),
		append([]string{"EMAIL_OTP"}, codes...),
	}
}

// leaks reports whether the pool received the password in clear.
func (p *hostilePool) leaks(t *testing.T) bool {
	t.Helper()
	return strings.Contains(strings.ReplaceAll(p.received(), " ", ""), cognitotest.ExamplePassword)
}
