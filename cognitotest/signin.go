package cognitotest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// session is a sign-in from its first request to its tokens. While it waits in Server.sessions no one uses it; who takes
// it out has it alone, and needs no lock.
type session struct {
	account  *account
	client   *AppClient
	flow     string            // AuthFlow
	metadata map[string]string // ClientMetadata of the request that is being answered

	challenge string // that waits for its answer; empty once that was right
	expires   time.Time
	tries     int // wrong codes

	verification *verification // SRP of the password or the device
	secretBlock  string
	expected     string // the code or ANSWER that is waited for, the options of WEB_AUTHN, the TOTP secret of MFA_SETUP
	email        string // that EMAIL_OTP is being set up with
	verified     bool   // VerifySoftwareToken saw a right code of the secret
	second       bool   // a second factor, or a remembered device in its place, was shown

	script    bool // CUSTOM_AUTH, until the script issues tokens
	history   []CustomAuthStep
	deviceKey string  // DEVICE_KEY
	device    *device // a remembered one, with that key
}

var (
	errIncorrect error = &serviceError{"NotAuthorizedException", "Incorrect username or password."}
	errSession   error = &serviceError{"NotAuthorizedException", "Invalid session for the user, session is expired."}
)

// step begins a sign-in with AuthParameters, or goes on with ChallengeResponses that have all they need.
type step func(s *Server, c *session, answers map[string]string) (object, error)

// flows are how a sign-in may begin; an app client allows each by its name.
var flows = [...]struct {
	name, needs, refusal string
	begin                step
}{
	{"USER_SRP_AUTH", "USERNAME SRP_A", "%s is not enabled for the client.", (*Server).startSRP},
	{"USER_PASSWORD_AUTH", "USERNAME PASSWORD", "%s flow not enabled for this client", (*Server).checkPassword},
	{"USER_AUTH", "USERNAME", "%s flow not enabled for this client", (*Server).startChoice},
	{"CUSTOM_AUTH", "USERNAME", "%s flow not enabled for this client", (*Server).startCustom},
}

// maxTries is how many wrong codes a session stands. AWS does not document how many.
const maxTries = 3

// challengeRow is a challenge, and the answers it needs. The Session of one that keeps is good for another answer after a
// refused one.
type challengeRow struct {
	name, needs string
	keeps       bool
	check       step
}

// challenges are what a pool may ask.
var challenges = [...]challengeRow{
	{"PASSWORD_VERIFIER", "PASSWORD_CLAIM_SECRET_BLOCK PASSWORD_CLAIM_SIGNATURE TIMESTAMP", false, (*Server).checkProof},
	{"NEW_PASSWORD_REQUIRED", "NEW_PASSWORD", true, (*Server).changeExpired},
	{"SMS_MFA", "SMS_MFA_CODE", true, (*Server).checkCode},
	{"EMAIL_OTP", "EMAIL_OTP_CODE", true, (*Server).checkCode},
	{"SMS_OTP", "SMS_OTP_CODE", true, (*Server).checkCode},
	{"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE", true, (*Server).checkTOTP},
	{"SELECT_MFA_TYPE", "ANSWER", true, (*Server).selectMFA},
	{"MFA_SETUP", "", true, (*Server).finishSetup},
	{"DEVICE_SRP_AUTH", "DEVICE_KEY SRP_A", false, (*Server).startDevice},
	{"DEVICE_PASSWORD_VERIFIER", "DEVICE_KEY PASSWORD_CLAIM_SECRET_BLOCK PASSWORD_CLAIM_SIGNATURE TIMESTAMP", false, (*Server).checkDevice},
	{"SELECT_CHALLENGE", "ANSWER", true, (*Server).selectChallenge},
	{"PASSWORD", "PASSWORD", false, (*Server).checkPassword},
	{"PASSWORD_SRP", "SRP_A", false, (*Server).startSRP},
	{"WEB_AUTHN", "CREDENTIAL", false, (*Server).checkPasskey},
	{"CUSTOM_CHALLENGE", "ANSWER", false, (*Server).answerCustom},
}

// initiateAuth is InitiateAuth.
func (s *Server) initiateAuth(r *request) (object, error) {
	if r.flow == "REFRESH_TOKEN_AUTH" || r.flow == "REFRESH_TOKEN" {
		return s.refreshAuth(r.client, r.params)
	}
	for _, f := range flows {
		if f.name != r.flow {
			continue
		}
		if !r.client.allows("ALLOW_" + f.name) {
			return nil, refuse("InvalidParameterException", f.refusal, f.name)
		}
		if err := parameters(r.params, f.needs); err != nil {
			return nil, err
		}
		if err := checkSecretHash(r.client, r.params["USERNAME"], r.params["SECRET_HASH"]); err != nil {
			return nil, err
		}
		a, err := s.find(r.pool, r.client, r.params["USERNAME"])
		if err != nil {
			return nil, err
		}
		c := &session{account: a, client: r.client, flow: f.name, metadata: r.metadata, deviceKey: r.params["DEVICE_KEY"]}
		if r.session == "" {
			return f.begin(s, c, r.params)
		}
		if f.name != "USER_AUTH" {
			return nil, errSession // and the Session stays good
		}
		if _, ok := s.resume(r.session, confirmed, r.client, a.user.Name); !ok {
			return nil, errSession
		}
		return s.proceed(c) // the sign-up was just confirmed
	}
	if strings.HasPrefix(r.flow, "ADMIN_") {
		return nil, refuse("InvalidParameterException", "Initiate Auth method not supported.")
	}
	return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%s' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set", r.flow)
}

// respondToAuthChallenge is RespondToAuthChallenge.
func (s *Server) respondToAuthChallenge(r *request) (object, error) {
	if err := parameters(r.answers, "USERNAME"); err != nil {
		return nil, err
	}
	name := r.answers["USERNAME"]
	if a := s.account(r.pool, name); a != nil {
		name = a.user.Name // the hash is over the name also when an alias is sent
	}
	if err := checkSecretHash(r.client, name, r.answers["SECRET_HASH"]); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(challenges[:], func(known challengeRow) bool { return known.name == r.challenge })
	if i < 0 {
		return nil, refuse("InvalidParameterException", "Challenge %s is not one that the stand-in gives", r.challenge)
	}
	if err := parameters(r.answers, challenges[i].needs); err != nil {
		return nil, err
	}
	id, refused := r.session, errSession
	if r.challenge == "PASSWORD_VERIFIER" && id == "" {
		id, refused = blockID(r.answers["PASSWORD_CLAIM_SECRET_BLOCK"]), errIncorrect
	}
	// A device that is not known is told before the session is used up: Amazon's clients then send the same answer again
	// without it (amplify-js retryOnResourceNotFoundException.ts).
	if key := r.answers["DEVICE_KEY"]; !strings.HasPrefix(r.challenge, "DEVICE_") && !s.knowsDevice(s.account(r.pool, name), key) {
		s.leaveOut(id, key)
		return nil, errNoDevice
	}
	c, ok := s.resume(id, r.challenge, r.client, name)
	if !ok {
		return nil, refused
	}
	c.metadata, c.deviceKey = r.metadata, cmp.Or(r.answers["DEVICE_KEY"], c.deviceKey)
	out, err := challenges[i].check(s, c, r.answers)
	if err != nil && challenges[i].keeps {
		s.keep(id, r.challenge, c)
	}
	return out, err
}

// leaveOut makes a waiting session forget a DEVICE_KEY that InitiateAuth gave and that is not known.
func (s *Server) leaveOut(id, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.sessions.get(id); ok && c.deviceKey == key {
		c.deviceKey = ""
	}
}

// blockID stands in for the Session that USER_SRP_AUTH, on AWS, does not give.
func blockID(secretBlock string) string { return "SECRET_BLOCK " + secretBlock }

// wait puts the session where the answer to a challenge will find it, and answers the text that stands for it.
func (s *Server) wait(c *session, challenge string) string {
	id := base64.StdEncoding.EncodeToString(random(300))
	if challenge == "PASSWORD_VERIFIER" && c.flow == "USER_SRP_AUTH" {
		id = blockID(c.secretBlock)
	}
	c.challenge, c.expires = challenge, time.Now().Add(cmp.Or(c.client.AuthSessionValidity, 3*time.Minute))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions.put(id, c, c.expires)
	return id
}

// resume takes a waiting session, when it is one for the challenge and, unless client is nil, of the client and user.
func (s *Server) resume(id, challenge string, client *AppClient, name string) (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.sessions.get(id)
	if !ok || c.challenge != challenge || client != nil && (c.client != client || c.account.user.Name != name) {
		return nil, false
	}
	s.sessions.take(id)
	return c, true
}

// keep puts a session back whose answer was refused, unless that was one wrong code too many.
func (s *Server) keep(id, challenge string, c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.challenge == challenge && c.tries < maxTries {
		s.sessions.put(id, c, c.expires)
	}
}

// ask answers with a challenge.
func (s *Server) ask(c *session, challenge string, params map[string]string) object {
	c.tries = 0
	out := object{"ChallengeName": challenge, "ChallengeParameters": params}
	if id := s.wait(c, challenge); !strings.HasPrefix(id, blockID("")) {
		out["Session"] = id
	}
	return out
}

// proceed is the one place that says what follows when all that was asked so far is answered: the state of the user, the
// script of a custom sign-in, a new password, a remembered device, a second factor, tokens.
func (s *Server) proceed(c *session) (object, error) {
	c.challenge = ""
	a, u := c.account, s.snapshot(c.account)
	if err := checkState(&u); err != nil {
		return nil, err
	}
	if c.script {
		return s.runScript(c)
	}
	if a.simulated {
		return nil, errIncorrect
	}
	if u.ForceChangePassword {
		return s.ask(c, "NEW_PASSWORD_REQUIRED", map[string]string{
			"USER_ID_FOR_SRP": u.Name, "userAttributes": jsonText(u.Attributes), "requiredAttributes": jsonText(missing(a.pool, u.Attributes)),
		}), nil
	}
	if out, err := s.askDevice(c); out != nil || err != nil {
		return out, err
	}
	if out := s.askSecond(c, &u); out != nil {
		return out, nil
	}
	return s.signIn(c), nil
}

// jsonText is the JSON of strings.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings are given
	}
	return string(b)
}
