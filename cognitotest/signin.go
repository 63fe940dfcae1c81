package cognitotest

import (
	"cmp"
	"encoding/base64"
	"strings"
	"time"
)

// session is a sign-in from its first request to its tokens.
type session struct {
	account  *account
	client   *AppClient
	flow     string // AuthFlow
	metadata params // ClientMetadata of the current request

	challenge string // the pending challenge; empty after a correct response
	expires   time.Time
	tries     int // wrong codes

	exchange    *exchange // SRP of the user or the device
	secretBlock string
	email       string // the address of an EMAIL_OTP that is being set up
	verified    bool   // VerifySoftwareToken accepted a code of the new TOTP secret
	second      bool   // a second factor, or a remembered device instead of one, was presented

	// expected is the expected code or ANSWER, the options of WEB_AUTHN, or the TOTP secret of
	// MFA_SETUP.
	expected string

	page       bool   // the sign-in is at managed login, and ends without tokens
	parameters params // of the last challenge

	custom    bool // CUSTOM_AUTH, until the pool's function issues tokens
	history   []ChallengeResult
	deviceKey string  // DEVICE_KEY
	device    *device // the remembered device with that key
}

var (
	errIncorrect = notAuthorized("Incorrect username or password.")
	errSession   = notAuthorized("Invalid session for the user, session is expired.")
)

// step starts a sign-in with AuthParameters, or continues it with ChallengeResponses. The required
// members have been checked.
type step func(s *Server, c *session, p params) (object, error)

// flows are the ways to start a sign-in. An app client allows each by its name.
var flows = map[string]struct {
	required string
	refusal  string // format of the message if the app client does not allow the flow
	start    step
}{
	"USER_SRP_AUTH": {"USERNAME SRP_A", "%s is not enabled for the client.", startSRP},
	"USER_PASSWORD_AUTH": {"USERNAME PASSWORD", "%s flow not enabled for this client",
		checkPassword},
	"USER_AUTH":   {"USERNAME", "%s flow not enabled for this client", startChoice},
	"CUSTOM_AUTH": {"USERNAME", "%s flow not enabled for this client", startCustom},
}

// maxTries is the number of wrong codes that a session allows. AWS does not document it.
const maxTries = 3

const (
	once    = false // A response uses the Session up.
	retries = true  // After a refused response the Session remains valid.
)

const proofs = "PASSWORD_CLAIM_SECRET_BLOCK PASSWORD_CLAIM_SIGNATURE TIMESTAMP"

// challenges are the challenges of a pool, with the responses that they require.
var challenges = map[string]struct {
	required string
	retries  bool
	check    step
}{
	"PASSWORD_VERIFIER":        {proofs, once, checkProof},
	"NEW_PASSWORD_REQUIRED":    {"NEW_PASSWORD", retries, changeExpired},
	"SMS_MFA":                  {"SMS_MFA_CODE", retries, checkCode},
	"EMAIL_OTP":                {"EMAIL_OTP_CODE", retries, checkCode},
	"SMS_OTP":                  {"SMS_OTP_CODE", retries, checkCode},
	"SOFTWARE_TOKEN_MFA":       {"SOFTWARE_TOKEN_MFA_CODE", retries, checkTOTP},
	"SELECT_MFA_TYPE":          {"ANSWER", retries, selectMFA},
	"MFA_SETUP":                {"", retries, finishSetup},
	"DEVICE_SRP_AUTH":          {"DEVICE_KEY SRP_A", once, startDevice},
	"DEVICE_PASSWORD_VERIFIER": {"DEVICE_KEY " + proofs, once, checkDevice},
	"SELECT_CHALLENGE":         {"ANSWER", retries, selectChallenge},
	"PASSWORD":                 {"PASSWORD", once, checkPassword},
	"PASSWORD_SRP":             {"SRP_A", once, startSRP},
	"WEB_AUTHN":                {"CREDENTIAL", once, checkPasskey},
	"CUSTOM_CHALLENGE":         {"ANSWER", once, checkCustom},
}

func initiateAuth(s *Server, r *request) (object, error) {
	p := r.AuthParameters
	flow, ok := flows[r.AuthFlow]
	switch {
	case r.AuthFlow == "REFRESH_TOKEN_AUTH", r.AuthFlow == "REFRESH_TOKEN":
		return refreshAuth(s, r)
	case strings.HasPrefix(r.AuthFlow, "ADMIN_"):
		return nil, invalid("Initiate Auth method not supported.")
	case !ok:
		return nil, invalid("1 validation error detected: Value '%s' at 'authFlow' failed to "+
			"satisfy constraint: Member must satisfy enum value set", r.AuthFlow)
	case !r.client.allows("ALLOW_" + r.AuthFlow):
		return nil, invalid(flow.refusal, r.AuthFlow)
	}
	if err := requireParams(p, flow.required); err != nil {
		return nil, err
	}
	if err := checkSecretHash(r.client, p["USERNAME"], p["SECRET_HASH"]); err != nil {
		return nil, err
	}
	a, err := s.find(r.pool, r.client, p["USERNAME"])
	if err != nil {
		return nil, err
	}
	c := &session{
		account:   a,
		client:    r.client,
		flow:      r.AuthFlow,
		metadata:  r.ClientMetadata,
		deviceKey: p["DEVICE_KEY"],
	}
	if r.Session == "" {
		return flow.start(s, c, p)
	}
	// Only the Session of a confirmed sign-up starts a sign-in. A refusal does not use it up.
	if r.AuthFlow != "USER_AUTH" || s.resume(r.Session, confirmed, r.client, a.user.Name) == nil {
		return nil, errSession
	}
	return s.proceed(c)
}

func respondToAuthChallenge(s *Server, r *request) (object, error) {
	p := r.ChallengeResponses
	if err := requireParams(p, "USERNAME"); err != nil {
		return nil, err
	}
	name := p["USERNAME"]
	a := s.accounts[accountID{r.pool.ID, name}]
	if a != nil {
		name = a.user.Name // The hash covers the name even if the client sends an alias.
	}
	if err := checkSecretHash(r.client, name, p["SECRET_HASH"]); err != nil {
		return nil, err
	}
	challenge, ok := challenges[r.ChallengeName]
	if !ok {
		return nil, invalid("cognitotest does not implement the challenge %s", r.ChallengeName)
	}
	if err := requireParams(p, challenge.required); err != nil {
		return nil, err
	}
	id, refused := r.Session, errSession
	if r.ChallengeName == "PASSWORD_VERIFIER" && id == "" {
		id = blockID(p["PASSWORD_CLAIM_SECRET_BLOCK"])
		refused = errIncorrect
	}
	// An unknown device is refused before the Session is used up. Amazon's clients then send the
	// same response without it (amplify-js retryOnResourceNotFoundException.ts).
	key := p["DEVICE_KEY"]
	if !strings.HasPrefix(r.ChallengeName, "DEVICE_") && !a.knowsDevice(key) {
		if c, ok := s.sessions.get(id); ok && c.deviceKey == key {
			c.deviceKey = "" // the one that InitiateAuth named
		}
		return nil, errNoDevice
	}
	c := s.resume(id, r.ChallengeName, r.client, name)
	if c == nil {
		return nil, refused
	}
	c.metadata = r.ClientMetadata
	c.deviceKey = cmp.Or(key, c.deviceKey)
	out, err := challenge.check(s, c, p)
	if err != nil && challenge.retries {
		s.keep(id, r.ChallengeName, c)
	}
	return out, err
}

// blockID replaces the Session that USER_SRP_AUTH, on AWS, does not return.
func blockID(secretBlock string) string { return "SECRET_BLOCK " + secretBlock }

// wait stores the session until the response to a challenge, and returns its Session.
func (s *Server) wait(c *session, challenge string) string {
	id := base64.StdEncoding.EncodeToString(random(300))
	if challenge == "PASSWORD_VERIFIER" && c.flow == "USER_SRP_AUTH" {
		id = blockID(c.secretBlock)
	}
	c.challenge = challenge
	c.expires = time.Now().Add(cmp.Or(c.client.AuthSessionValidity, 3*time.Minute))
	s.sessions.put(id, c, c.expires)
	return id
}

// resume takes the session that waits for a response to the challenge. If client is not nil, the
// session must belong to that client and user. resume returns nil if there is none.
func (s *Server) resume(id, challenge string, client *AppClient, name string) *session {
	c, ok := s.sessions.get(id)
	if !ok || c.challenge != challenge || c.page ||
		client != nil && (c.client != client || c.account.user.Name != name) {
		return nil
	}
	s.sessions.take(id)
	return c
}

// keep stores a session again after a refused response, unless its last try is used.
func (s *Server) keep(id, challenge string, c *session) {
	if c.challenge == challenge && c.tries < maxTries {
		s.sessions.put(id, c, c.expires)
	}
}

// ask returns a challenge.
func (s *Server) ask(c *session, challenge string, p params) object {
	c.tries = 0
	c.parameters = p
	out := object{"ChallengeName": challenge, "ChallengeParameters": p}
	if id := s.wait(c, challenge); !strings.HasPrefix(id, blockID("")) {
		out["Session"] = id
	}
	return out
}

// proceed is called after each correct response, and decides what follows. This is the order:
//
//	the state of the user -> CUSTOM_AUTH -> new password -> remembered device
//	-> second factor -> tokens
func (s *Server) proceed(c *session) (object, error) {
	c.challenge = ""
	u := &c.account.user
	if err := u.checkState(); err != nil {
		return nil, err
	}
	if c.custom {
		return s.proceedCustom(c)
	}
	if c.account.simulated {
		return nil, errIncorrect
	}
	if u.ForceChangePassword {
		return s.ask(c, "NEW_PASSWORD_REQUIRED", params{
			"USER_ID_FOR_SRP":    u.Name,
			"userAttributes":     jsonText(u.Attributes),
			"requiredAttributes": jsonText(missing(c.account.pool, u.Attributes)),
		}), nil
	}
	if out, err := s.askDevice(c); out != nil || err != nil {
		return out, err
	}
	if out := s.askSecond(c); out != nil {
		return out, nil
	}
	if c.page {
		return nil, nil
	}
	return s.signIn(c), nil
}
