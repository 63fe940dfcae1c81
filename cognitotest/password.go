package cognitotest

import (
	"cmp"
	"encoding/base64"
	"maps"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"
)

// askSRP takes SRP_A and asks for the proof of a password: of a user in a pool, or of a device in
// its group.
func (s *Server) askSRP(
	c *session, challenge, group, name string, salt, verifier *big.Int, srpA string, p params,
) (object, error) {
	e, err := newExchange(group, name, verifier, srpA)
	if err != nil {
		return nil, invalid("%v", err)
	}
	c.exchange = e
	c.secretBlock = base64.StdEncoding.EncodeToString(random(400))
	p["SALT"] = salt.Text(16)
	p["SRP_B"] = e.serverB.Text(16)
	p["SECRET_BLOCK"] = c.secretBlock
	return s.ask(c, challenge, p), nil
}

// proves reports whether the responses prove the password that askSRP asked for.
func (c *session) proves(responses params) bool {
	block, _ := base64.StdEncoding.DecodeString(c.secretBlock) // encoded by askSRP
	signature, err := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"])
	timestamp := responses["TIMESTAMP"]
	return err == nil && responses["PASSWORD_CLAIM_SECRET_BLOCK"] == c.secretBlock &&
		validTimestamp(timestamp, time.Now()) && c.exchange.accepts(signature, block, timestamp)
}

// startSRP asks for the proof of the user's password.
func startSRP(s *Server, c *session, p params) (object, error) {
	a := c.account
	name := a.user.Name
	return s.askSRP(c, "PASSWORD_VERIFIER", a.pool.name(), name, a.salt, a.passwordVerifier(),
		p["SRP_A"], params{"USERNAME": name, "USER_ID_FOR_SRP": name})
}

// checkProof checks the response to PASSWORD_VERIFIER.
func checkProof(s *Server, c *session, responses params) (object, error) {
	if err := s.checkAttempt(c.account, c.proves(responses)); err != nil {
		return nil, err
	}
	if c.custom {
		c.history = append(c.history, ChallengeResult{"PASSWORD_VERIFIER", true})
	}
	return s.proceed(c)
}

// checkPassword checks a password that was sent.
func checkPassword(s *Server, c *session, p params) (object, error) {
	correct := equal(c.account.user.Password, p["PASSWORD"])
	if err := s.checkAttempt(c.account, correct); err != nil {
		return nil, err
	}
	return s.proceed(c)
}

// changeExpired checks the response to NEW_PASSWORD_REQUIRED: the new password, and attributes
// without a value so far as userAttributes.<name>.
func changeExpired(s *Server, c *session, responses params) (object, error) {
	a := c.account
	attributes := maps.Clone(a.user.Attributes)
	err := checkPolicy(responses["NEW_PASSWORD"])
	for key, value := range responses {
		if name, ok := strings.CutPrefix(key, "userAttributes."); ok {
			if attributes[name] != "" {
				err = cmp.Or(err, notAuthorized("Cannot modify an already provided %s", name))
			}
			err = cmp.Or(err, checkWritable(name))
			attributes[name] = value
		}
	}
	if err = cmp.Or(err, checkRequired(a.pool, attributes)); err != nil {
		return nil, err
	}
	a.user.Attributes = attributes
	a.user.ForceChangePassword = false
	a.setPassword(responses["NEW_PASSWORD"])
	return s.proceed(c)
}

// missing lists the required attributes without a value, as NEW_PASSWORD_REQUIRED names them.
func missing(p *UserPool, attributes params) []string {
	list := []string{}
	for _, name := range p.RequiredAttributes {
		if attributes[name] == "" {
			list = append(list, "userAttributes."+name)
		}
	}
	return list
}

// standardAttributes are the attributes that users may set, in addition to custom ones (OpenID
// Connect Core 1.0 section 5.1). Only the pool sets the others, such as email_verified.
const standardAttributes = " address birthdate email family_name gender given_name locale " +
	"middle_name name nickname phone_number picture preferred_username profile updated_at " +
	"website zoneinfo "

func checkWritable(name string) error {
	if strings.HasPrefix(name, "custom:") || strings.Contains(standardAttributes, " "+name+" ") {
		return nil
	}
	return notAuthorized("A client attempted to write unauthorized attribute")
}

func checkRequired(p *UserPool, attributes params) error {
	if list := missing(p, attributes); len(list) > 0 {
		return invalid("Attributes did not conform to the schema: %s: The attribute is required",
			strings.TrimPrefix(list[0], "userAttributes."))
	}
	return nil
}

// checkPolicy checks the password policy of all pools: at least eight characters.
func checkPolicy(password string) error {
	if utf8.RuneCountInString(password) < 8 {
		return refuse("InvalidPasswordException",
			"Password does not conform to policy: Password not long enough")
	}
	return nil
}

// passwordFailures counts consecutive wrong passwords for one name.
type passwordFailures struct {
	count int
	until time.Time // Passwords are refused until then.
}

// checkAttempt refuses a wrong password. In a pool with Lockout it refuses even the correct one for
// 2^(n-5) seconds after n >= 5 wrong ones ("Lockout behavior for failed sign-in attempts", Amazon
// Cognito developer guide).
func (s *Server) checkAttempt(a *account, correct bool) error {
	const limit = 15 * time.Minute // of the lockout, and of the memory of failures
	key := a.failureKey()
	now := time.Now()
	f, ok := s.failures.get(key)
	if !ok {
		f = new(passwordFailures)
	}
	switch {
	case now.Before(f.until):
		return notAuthorized("Password attempts exceeded")
	case correct && a.user.Password != "":
		s.failures.take(key)
		return nil
	case a.pool.Lockout:
		if f.count++; f.count >= 5 {
			f.until = now.Add(min(time.Second<<min(f.count-5, 10), limit))
		}
		s.failures.put(key, f, now.Add(limit))
	}
	return errIncorrect
}

func (a *account) failureKey() string { return a.pool.ID + " " + a.user.Name }

// hideUnreachable replaces an account to which ForgotPassword does not send a code, if the client
// has PreventUserExistenceErrors ("Managing user existence error responses", Amazon Cognito
// developer guide).
func (s *Server) hideUnreachable(r *request) {
	u := &r.account.user
	reachable := !u.Disabled && (u.verified("email") || u.verified("phone_number"))
	if r.client.PreventUserExistenceErrors && !reachable {
		r.account = s.simulate(r.pool, r.Username)
	}
}

func forgotPassword(s *Server, r *request) (object, error) {
	s.hideUnreachable(r)
	switch u := &r.account.user; {
	case u.Disabled:
		return nil, notAuthorized("User is disabled.")
	case u.ForceChangePassword:
		return nil, notAuthorized("User password cannot be reset in the current state.")
	}
	return r.account.deliver(forgotten, time.Hour)
}

func confirmForgotPassword(s *Server, r *request) (object, error) {
	if err := checkPolicy(r.Password); err != nil {
		return nil, err
	}
	s.hideUnreachable(r)
	a := r.account
	if err := a.redeem(forgotten, r.ConfirmationCode); err != nil {
		return nil, err
	}
	a.sent = sentCode{}
	a.user.ResetRequired = false
	a.setPassword(r.Password)
	s.failures.take(a.failureKey())
	return object{}, nil
}

// changePassword requires PreviousPassword unless the user has no password.
func changePassword(s *Server, r *request) (object, error) {
	a := r.account
	if a.user.Password != "" {
		if err := s.checkAttempt(a, equal(a.user.Password, r.PreviousPassword)); err != nil {
			return nil, err
		}
	}
	if err := checkPolicy(r.ProposedPassword); err != nil {
		return nil, err
	}
	a.setPassword(r.ProposedPassword)
	return object{}, nil
}
