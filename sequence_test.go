package cognito_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
)

// distinctPassword is in a request only if the password is sent.
const distinctPassword = "distinct-PASSWORD-7"

var (
	// definedChallenges is ChallengeNameType of the service's model (botocore 1.43.11).
	definedChallenges = strings.Fields(`SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE
		MFA_SETUP PASSWORD_VERIFIER CUSTOM_CHALLENGE SELECT_CHALLENGE DEVICE_SRP_AUTH
		DEVICE_PASSWORD_VERIFIER ADMIN_NO_SRP_AUTH NEW_PASSWORD_REQUIRED SMS_OTP PASSWORD WEB_AUTHN
		PASSWORD_SRP`)
	// unknownChallenges are a future name, and names that look like something else.
	unknownChallenges = strings.Fields(`VOICE_PRINT password USER_PASSWORD_AUTH USER_AUTH=PASSWORD
		SELECT_CHALLENGE=PASSWORD`)
	allChallenges = slices.Concat(definedChallenges, unknownChallenges)
)

// A sequencePool sends the challenges in next, one after the other, and then issues tokens. It
// keeps the bodies of all requests.
type sequencePool struct {
	tokens string
	next   []string
	issued bool // tokens, since ask
	log    strings.Builder
}

func newSequencePool() (*sequencePool, *cognito.Client) {
	pool := &sequencePool{tokens: tokensOf("https://issuer.example/pool", "ada")}
	client := &cognito.Client{Environment: exampleEnvironment()}
	client.HTTPClient = &http.Client{Transport: pool}
	return pool, client
}

func (p *sequencePool) ask(challenges ...string) { p.next, p.issued = challenges, false }

func (p *sequencePool) sawPassword() bool {
	return strings.Contains(p.log.String(), distinctPassword)
}

func (p *sequencePool) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodHead { // it opens a connection ahead
		return answer(404, ""), nil
	}
	if _, err := io.Copy(&p.log, r.Body); err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".VerifySoftwareToken"):
		return answer(200, `{"Status":"SUCCESS"}`), nil
	case len(p.next) == 0:
		p.issued = true
		return answer(200, p.tokens), nil
	}
	name := p.next[0]
	p.next = p.next[1:]
	const parameters = `{"USERNAME":"ada","SALT":"ab","SRP_B":"2","SECRET_BLOCK":"AAAA"}`
	return answer(200, fmt.Sprintf(`{"ChallengeName":%q,"Session":"a-session-of-20-letters",
		"AvailableChallenges":["PASSWORD"],"ChallengeParameters":%s}`, name, parameters)), nil
}

// The challenges that may follow a first factor, the password, and a challenge of the triggers of
// CUSTOM_AUTH.
const (
	afterFactor   = "SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP DEVICE_SRP_AUTH"
	afterPassword = afterFactor + " NEW_PASSWORD_REQUIRED"
	afterTriggers = afterPassword + " CUSTOM_CHALLENGE"
)

var (
	bySRP      = cognito.Login{Flow: "USER_SRP_AUTH", Password: distinctPassword}
	bySending  = cognito.Login{Flow: "USER_PASSWORD_AUTH", Password: distinctPassword}
	byChoice   = preferring("")
	bySignUp   = cognito.Login{Flow: "USER_AUTH", Session: "a-session-of-20-letters"}
	byTriggers = cognito.Login{Flow: "CUSTOM_AUTH"}
	bySRPFirst = cognito.Login{Flow: "CUSTOM_AUTH", Password: distinctPassword}
)

func preferring(name string) cognito.Login {
	return cognito.Login{Flow: "USER_AUTH", PreferredChallenge: name, Password: distinctPassword}
}

// sequences is what AWS documents to follow each start and each answer (API Reference:
// InitiateAuth, RespondToAuthChallenge; Developer Guide: "Authentication flows", "Custom
// authentication challenge Lambda triggers", "Working with user devices"). It is not derived from
// the library's table.
var sequences = []struct {
	login cognito.Login
	asked string // challenges, with the answers of the caller or, if the library answers, without
	may   string // the known challenges that may come next
	sends bool   // the caller requests by name that the password is sent
}{
	{bySRP, "", "PASSWORD_VERIFIER", false},
	{bySending, "", afterPassword, true},
	{byChoice, "", "SELECT_CHALLENGE", false},
	{preferring("VOICE_PRINT"), "", "SELECT_CHALLENGE", false},
	{preferring("PASSWORD"), "", afterPassword + " SELECT_CHALLENGE PASSWORD", true},
	{preferring("PASSWORD_SRP"), "", "SELECT_CHALLENGE PASSWORD_SRP PASSWORD_VERIFIER", false},
	{preferring("EMAIL_OTP"), "", "SELECT_CHALLENGE EMAIL_OTP", false},
	{preferring("SMS_OTP"), "", "SELECT_CHALLENGE SMS_OTP", false},
	{preferring("WEB_AUTHN"), "", "SELECT_CHALLENGE WEB_AUTHN", false},
	{bySignUp, "", afterFactor, false},
	{byTriggers, "", afterTriggers, false},
	{bySRPFirst, "", afterTriggers + " PASSWORD_VERIFIER", false},

	{
		byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD_SRP PASSWORD=*",
		"PASSWORD_SRP PASSWORD_VERIFIER", false,
	},
	{
		byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD PASSWORD=*",
		afterPassword + " PASSWORD", true,
	},
	{byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD", afterPassword + " PASSWORD", false},
	{byChoice, "SELECT_CHALLENGE ANSWER=EMAIL_OTP", "EMAIL_OTP", false},
	{byChoice, "SELECT_CHALLENGE ANSWER=SMS_OTP", "SMS_OTP", false},
	{byChoice, "SELECT_CHALLENGE ANSWER=WEB_AUTHN", "WEB_AUTHN " + afterFactor, false},
	{byChoice, "SELECT_CHALLENGE ANSWER=VOICE_PRINT", afterFactor, false},
	{byChoice, "SELECT_CHALLENGE X=1", afterFactor, false},

	{bySRP, "PASSWORD_VERIFIER", afterPassword, false},
	{bySRPFirst, "PASSWORD_VERIFIER", afterTriggers, false},
	{preferring("PASSWORD"), "PASSWORD PASSWORD=*", afterPassword, true},
	{preferring("PASSWORD_SRP"), "PASSWORD_SRP PASSWORD=*", "PASSWORD_VERIFIER", false},
	{preferring("EMAIL_OTP"), "EMAIL_OTP EMAIL_OTP_CODE=1", afterFactor, false},
	{preferring("SMS_OTP"), "SMS_OTP SMS_OTP_CODE=1", afterFactor, false},
	{preferring("WEB_AUTHN"), "WEB_AUTHN CREDENTIAL={}", afterFactor, false},
	{bySRP, "PASSWORD_VERIFIER; NEW_PASSWORD_REQUIRED NEW_PASSWORD=n", afterFactor, false},

	{bySRP, "PASSWORD_VERIFIER; SMS_MFA SMS_MFA_CODE=1", "DEVICE_SRP_AUTH", false},
	{bySRP, "PASSWORD_VERIFIER; EMAIL_OTP EMAIL_OTP_CODE=1", "DEVICE_SRP_AUTH", false},
	{bySignUp, "SOFTWARE_TOKEN_MFA SOFTWARE_TOKEN_MFA_CODE=1", "DEVICE_SRP_AUTH", false},
	{bySignUp, "SELECT_MFA_TYPE ANSWER=SMS_MFA", "SMS_MFA", false},
	{bySignUp, "SELECT_MFA_TYPE ANSWER=EMAIL_OTP", "EMAIL_OTP", false},
	{bySignUp, "SELECT_MFA_TYPE ANSWER=SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", false},
	{bySignUp, "SELECT_MFA_TYPE ANSWER=EMAIL_MFA", afterFactor, false},
	{bySignUp, "MFA_SETUP SOFTWARE_TOKEN_MFA_CODE=123456", "DEVICE_SRP_AUTH", false},
	{bySignUp, "MFA_SETUP EMAIL=ada@example.com", "EMAIL_OTP", false},

	{bySignUp, "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", false},
	{
		bySignUp, "DEVICE_SRP_AUTH; DEVICE_PASSWORD_VERIFIER",
		"SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP", false,
	},

	{byTriggers, "CUSTOM_CHALLENGE ANSWER=1", afterTriggers, false},
	{byTriggers, "SMS_MFA SMS_MFA_CODE=1", afterTriggers, false},
	{byTriggers, "EMAIL_OTP EMAIL_OTP_CODE=1", afterTriggers, false},
	{byTriggers, "SOFTWARE_TOKEN_MFA SOFTWARE_TOKEN_MFA_CODE=1", afterTriggers, false},
	{byTriggers, "SELECT_MFA_TYPE ANSWER=SMS_MFA", "SMS_MFA", false},
	{byTriggers, "MFA_SETUP SOFTWARE_TOKEN_MFA_CODE=123456", afterTriggers, false},
	{byTriggers, "NEW_PASSWORD_REQUIRED NEW_PASSWORD=n", afterTriggers, false},
	{byTriggers, "DEVICE_SRP_AUTH; DEVICE_PASSWORD_VERIFIER", afterTriggers, false},

	{bySRP, "PASSWORD_VERIFIER; VOICE_PRINT HUM=hm", afterFactor, false},
	{byTriggers, "VOICE_PRINT HUM=hm", afterTriggers, false},
	{byChoice, "USER_AUTH=PASSWORD HUM=hm", afterFactor, false},
	{byChoice, "SELECT_CHALLENGE=PASSWORD HUM=hm", afterFactor, false},
}

// An asked is a challenge that the caller answers or, if answers is nil, the library.
type asked struct {
	name    string
	answers map[string]string
}

// parseAsked reads the notation of sequences.
func parseAsked(text string) []asked {
	var list []asked
	for part := range strings.SplitSeq(text, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		a := asked{name: words[0]}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			if a.answers == nil {
				a.answers = map[string]string{}
			}
			a.answers[key] = strings.Replace(value, "*", distinctPassword, 1)
		}
		list = append(list, a)
	}
	return list
}

// startAsAda starts a sign-in with a device, so that the library can answer DEVICE_SRP_AUTH.
func startAsAda(t *testing.T, client *cognito.Client, login cognito.Login) error {
	t.Helper()
	login.Username = "ada"
	login.Device = cognito.Device{Username: "ada", Key: "us-east-1_0", GroupKey: "g", Password: "p"}
	_, err := client.Start(t.Context(), login)
	return err
}

// lastSteps returns functions that send the last step of a sequence. The pool answers with next.
func lastSteps(t *testing.T, pool *sequencePool, client *cognito.Client, login cognito.Login,
	sequence []asked) []func(next string) error {
	var names []string
	for _, a := range sequence {
		names = append(names, a.name)
	}
	n := len(sequence) - 1
	if n < 0 || sequence[n].answers == nil {
		return []func(string) error{func(next string) error {
			pool.ask(append(slices.Clone(names), next)...)
			return startAsAda(t, client, login)
		}}
	}
	// A challenge can be answered again, so the steps before it are sent once.
	pool.ask(names...)
	last := asChallenge(startAsAda(t, client, login))
	if last == nil || last.Name != names[n] {
		t.Fatalf("challenge %v, want %s", last, names[n])
	}
	var sends []func(string) error
	for _, challenge := range []*cognito.Challenge{last, saveAndResume(t, client, last)} {
		sends = append(sends, func(next string) error {
			pool.ask(next)
			_, err := challenge.Respond(t.Context(), sequence[n].answers)
			return err
		})
	}
	return sends
}

// outcomeOf returns what the library did with the last challenge of the pool.
func outcomeOf(pool *sequencePool, err error, name string) string {
	challenge := asChallenge(err)
	switch {
	case len(pool.next) > 0:
		return "not reached"
	case pool.issued && err == nil:
		return "answered"
	case pool.issued:
		return "answered in vain"
	case challenge == nil:
		return "refused"
	case challenge.Name != name:
		return "mistaken for " + challenge.Name
	}
	return "returned"
}

// Of every challenge after every step, the library answers, returns or refuses what it should. This
// also holds after a challenge was saved and resumed.
func TestSequences(t *testing.T) {
	for _, test := range sequences {
		t.Run(test.login.Flow+" "+test.login.PreferredChallenge+" "+test.asked, func(t *testing.T) {
			pool, client := newSequencePool()
			for _, send := range lastSteps(t, pool, client, test.login, parseAsked(test.asked)) {
				for _, name := range allChallenges {
					want := "refused"
					switch {
					case slices.Contains(unknownChallenges, name):
						want = "returned"
					case !slices.Contains(strings.Fields(test.may), name):
					case strings.HasPrefix(name, "DEVICE_"), name == "PASSWORD_VERIFIER":
						want = "answered"
					default:
						want = "returned"
					}
					err := send(name)
					if got := outcomeOf(pool, err, name); got != want {
						t.Errorf("%s was %s, want %s: error %v", name, got, want, err)
					} else if want == "refused" {
						checkRefusal(t, err, name, test.login.Flow)
					}
				}
			}
			if got := pool.sawPassword(); got != test.sends {
				t.Errorf("the password was sent: %v, want %v", got, test.sends)
			}
		})
	}
}

// checkRefusal checks that an error names the challenge and the flow, and has one short remedy.
func checkRefusal(t *testing.T, err error, challenge, flow string) {
	t.Helper()
	what, remedy, _ := strings.Cut(err.Error(), "; ")
	prefix := "cognito: challenge " + challenge + " cannot follow "
	if !strings.HasPrefix(what, prefix) || !strings.Contains(what, flow) {
		t.Errorf("%q does not name %s and %s", what, challenge, flow)
	}
	if n := len(strings.Fields(remedy)); n == 0 || n > 25 {
		t.Errorf("the remedy %q has %d words", remedy, n)
	}
}
