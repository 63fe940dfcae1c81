package cognitotest

import (
	"cmp"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"
)

// askSRP takes SRP_A and asks for the proof of a password, of a user in a pool or of a device in its group.
func (s *Server) askSRP(c *session, challenge, group, name string, salt, verifier *big.Int, srpA string, params map[string]string) (object, error) {
	v, err := newVerification(group, name, verifier, srpA)
	if err != nil {
		return nil, refuse("InvalidParameterException", "%v", err)
	}
	c.verification, c.secretBlock = v, base64.StdEncoding.EncodeToString(random(400))
	params["SALT"], params["SRP_B"], params["SECRET_BLOCK"] = salt.Text(16), v.serverB.Text(16), c.secretBlock
	return s.ask(c, challenge, params), nil
}

// proves reports whether the answers prove the password that askSRP asked for.
func (c *session) proves(answers map[string]string) bool {
	block, _ := base64.StdEncoding.DecodeString(c.secretBlock) // made here
	signature, err := base64.StdEncoding.DecodeString(answers["PASSWORD_CLAIM_SIGNATURE"])
	return err == nil && answers["PASSWORD_CLAIM_SECRET_BLOCK"] == c.secretBlock &&
		goodTimestamp(answers["TIMESTAMP"], time.Now()) && c.verification.accepts(signature, block, answers["TIMESTAMP"])
}

// startSRP asks for the password by SRP. As on AWS, the challenge carries no Session in the flow USER_SRP_AUTH.
func (s *Server) startSRP(c *session, params map[string]string) (object, error) {
	a := c.account
	s.mu.Lock()
	verifier := a.verifier
	s.mu.Unlock()
	return s.askSRP(c, "PASSWORD_VERIFIER", a.pool.name(), a.user.Name, a.salt, verifier(), params["SRP_A"], map[string]string{
		"USERNAME": a.user.Name, "USER_ID_FOR_SRP": a.user.Name,
	})
}

// checkProof checks the answer to PASSWORD_VERIFIER.
func (s *Server) checkProof(c *session, answers map[string]string) (object, error) {
	if err := s.judge(c.account, c.proves(answers)); err != nil {
		return nil, err
	}
	if c.script {
		c.history = append(c.history, CustomAuthStep{"PASSWORD_VERIFIER", true})
	}
	return s.proceed(c)
}

// checkPassword checks a password that was sent.
func (s *Server) checkPassword(c *session, answers map[string]string) (object, error) {
	u := s.snapshot(c.account)
	if err := s.judge(c.account, subtle.ConstantTimeCompare([]byte(u.Password), []byte(answers["PASSWORD"])) == 1); err != nil {
		return nil, err
	}
	return s.proceed(c)
}

// changeExpired checks the answer to NEW_PASSWORD_REQUIRED: the new password and, in answers like userAttributes.name,
// attributes that have no value yet.
func (s *Server) changeExpired(c *session, answers map[string]string) (object, error) {
	a := c.account
	s.mu.Lock()
	attributes, err := maps.Clone(a.user.Attributes), checkPolicy(answers["NEW_PASSWORD"])
	for key, value := range answers {
		if name, ok := strings.CutPrefix(key, "userAttributes."); ok {
			if attributes[name] != "" {
				err = cmp.Or(err, refuse("NotAuthorizedException", "Cannot modify an already provided %s", name))
			}
			err = cmp.Or(err, checkWritable(name))
			attributes[name] = value
		}
	}
	if err = cmp.Or(err, checkRequired(a.pool, attributes)); err == nil {
		a.user.Attributes, a.user.ForceChangePassword = attributes, false
		a.setPassword(answers["NEW_PASSWORD"])
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.proceed(c)
}

// missing lists the attributes that the pool requires and that have no value, as NEW_PASSWORD_REQUIRED names them.
func missing(p *UserPool, attributes map[string]string) []string {
	list := []string{}
	for _, name := range p.RequiredAttributes {
		if attributes[name] == "" {
			list = append(list, "userAttributes."+name)
		}
	}
	return list
}

// standardAttributes are the attributes that users may set, beside custom ones (OpenID Connect Core 1.0 section 5.1). All
// others are for the pool to say: email_verified, or cognito:preferred_role.
const standardAttributes = " address birthdate email family_name gender given_name locale middle_name name nickname" +
	" phone_number picture preferred_username profile updated_at website zoneinfo "

func checkWritable(name string) error {
	if strings.HasPrefix(name, "custom:") || strings.Contains(standardAttributes, " "+name+" ") {
		return nil
	}
	return refuse("NotAuthorizedException", "A client attempted to write unauthorized attribute")
}

func checkRequired(p *UserPool, attributes map[string]string) error {
	if list := missing(p, attributes); len(list) > 0 {
		return refuse("InvalidParameterException", "Attributes did not conform to the schema: %s: The attribute is required", strings.TrimPrefix(list[0], "userAttributes."))
	}
	return nil
}

// checkPolicy is the password policy of all pools: at least eight characters.
func checkPolicy(password string) error {
	if utf8.RuneCountInString(password) < 8 {
		return refuse("InvalidPasswordException", "Password does not conform to policy: Password not long enough")
	}
	return nil
}

// passwordFailures are wrong passwords for one name in a row.
type passwordFailures struct {
	count int
	until time.Time // until then no password is looked at
}

// judge answers whether a password counts as right: errIncorrect when it is wrong, and, in a pool with LockOut, a refusal
// even of the right one for 2^(n-5) seconds after n >= 5 wrong ones ("Lockout behavior for failed sign-in attempts",
// Amazon Cognito developer guide).
func (s *Server) judge(a *account, right bool) error {
	const limit = 15 * time.Minute // of the lock-out, and how long failures are remembered
	key, now := failureKey(a), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.failures.get(key)
	if !ok {
		f = new(passwordFailures)
	}
	switch {
	case now.Before(f.until):
		return refuse("NotAuthorizedException", "Password attempts exceeded")
	case right && a.user.Password != "":
		s.failures.take(key)
		return nil
	case a.pool.LockOut:
		if f.count++; f.count >= 5 {
			f.until = now.Add(min(time.Second<<min(f.count-5, 10), limit))
		}
		s.failures.put(key, f, now.Add(limit))
	}
	return errIncorrect
}

func failureKey(a *account) string { return a.pool.ID + " " + a.user.Name }
