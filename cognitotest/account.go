package cognitotest

import (
	"cmp"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"sync"
	"time"
)

// accountID finds an account: the pool's ID, and the user's name or an alias.
type accountID struct{ pool, name string }

// account is a user with what changes. Its user is a copy of the one that the pool was given; the server's mutex guards
// all of it that changes. Maps and lists in it are replaced, not written to, so that a copy stays good without the lock.
type account struct {
	pool      *UserPool
	user      *User
	sub       string
	salt      *big.Int
	verifier  func() *big.Int // of the password; takes some milliseconds at the first call
	simulated bool            // no such user; nothing that is asked of it can be answered rightly

	code     string         // the last that was sent to the user, for Server.Code
	sent     sentCode       // the last that confirms a sign-up or resets a password
	totpName string         // FriendlyDeviceName of the authenticator app
	newTOTP  string         // the secret that AssociateSoftwareToken gave out and VerifySoftwareToken has not seen used
	totpStep int64          // of the last code that was used (RFC 6238 5.2: each is good once)
	devices  store[*device] // by device key
}

// sentCode is a code for ConfirmSignUp or ConfirmForgotPassword.
type sentCode struct {
	operation, code string
	attribute       string // where it went: email, phone_number
	expires         time.Time
	tries           int
}

// newAccount makes an account whose salt is the same whenever the server is asked.
func (s *Server) newAccount(p *UserPool, u User) *account {
	a := &account{pool: p, user: &u, sub: cmp.Or(u.Sub, stableUUID("sub", p.ID, u.Name))}
	u.Attributes = maps.Clone(u.Attributes)
	if u.Attributes == nil {
		u.Attributes = make(map[string]string)
	}
	a.salt = new(big.Int).SetBytes(hmac256(s.seed[:], []byte("salt"), []byte(p.ID), []byte(u.Name))[:16])
	a.setPassword(u.Password)
	return a
}

func (a *account) setPassword(password string) {
	a.user.Password = password
	a.verifier = sync.OnceValue(func() *big.Int { return newVerifier(a.pool.name(), a.user.Name, password, a.salt) })
}

// set gives the user an attribute.
func (a *account) set(name, value string) {
	a.user.Attributes = maps.Clone(a.user.Attributes)
	a.user.Attributes[name] = value
}

// loadUsers enters the users of all pools by name and by alias. A name goes before an alias that equals it.
func (s *Server) loadUsers() {
	s.seed = [32]byte(random(32))
	s.accounts = make(map[accountID]*account)
	for i := range s.UserPools {
		p := &s.UserPools[i]
		for _, u := range p.Users {
			s.accounts[accountID{p.ID, u.Name}] = s.newAccount(p, u)
		}
		for _, u := range p.Users {
			s.addAliases(s.accounts[accountID{p.ID, u.Name}])
		}
	}
}

// addAliases enters what the user may sign in with in place of the name, where it is free. An e-mail address or phone
// number is an alias only when verified, as on AWS.
func (s *Server) addAliases(a *account) {
	for _, attribute := range a.pool.AliasAttributes {
		alias := accountID{a.pool.ID, a.user.Attributes[attribute]}
		if s.accounts[alias] == nil && alias.name != "" && (attribute == "preferred_username" || a.user.verified(attribute)) {
			s.accounts[alias] = a
		}
	}
}

// verified reports whether the user has the attribute, email or phone_number, and showed that it is theirs.
func (u *User) verified(attribute string) bool {
	return u.Attributes[attribute] != "" && u.Attributes[attribute+"_verified"] == "true"
}

// account answers the account of a name or alias, nil for none.
func (s *Server) account(p *UserPool, name string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[accountID{p.ID, name}]
}

// find answers the account of a name or alias. For a client that must not learn who exists it answers, for unknown
// names, an account that looks like any other at every request and whose password no one knows.
func (s *Server) find(p *UserPool, c *AppClient, name string) (*account, error) {
	if a := s.account(p, name); a != nil {
		return a, nil
	}
	if !c.PreventUserExistenceErrors {
		return nil, refuse("UserNotFoundException", "User does not exist.")
	}
	return s.simulate(p, name), nil
}

// simulate makes the account that answers for a name of no one.
func (s *Server) simulate(p *UserPool, name string) *account {
	secret := hmac256(s.seed[:], []byte("no one"), []byte(p.ID), []byte(name))
	a := s.newAccount(p, User{Name: name, Password: string(secret), Attributes: map[string]string{
		"email": fmt.Sprintf("%c@%c", 'a'+secret[0]%26, 'a'+secret[1]%26), "email_verified": "true",
	}})
	a.simulated = true
	return a
}

// snapshot answers the user as it is now.
func (s *Server) snapshot(a *account) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *a.user
}

// checkState refuses a sign-in of a user who may not sign in.
func checkState(u *User) error {
	switch {
	case u.Disabled:
		return refuse("NotAuthorizedException", "User is disabled.")
	case u.Unconfirmed:
		return refuse("UserNotConfirmedException", "User is not confirmed.")
	case u.ResetRequired:
		return refuse("PasswordResetRequiredException", "Password reset required for the user")
	}
	return nil
}

// checkSecretHash checks SECRET_HASH, base64 of HMAC-SHA256 with the client secret over user name and client ID
// ("Computing secret hash values", Amazon Cognito developer guide).
func checkSecretHash(c *AppClient, userName, hash string) error {
	if c.Secret == "" && hash == "" {
		return nil
	}
	if hash == "" {
		return refuse("NotAuthorizedException", "Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	}
	want := base64.StdEncoding.EncodeToString(hmac256([]byte(c.Secret), []byte(userName), []byte(c.ID)))
	if c.Secret == "" || subtle.ConstantTimeCompare([]byte(want), []byte(hash)) != 1 {
		return refuse("NotAuthorizedException", "Unable to verify secret hash for client %s", c.ID)
	}
	return nil
}

// send "sends" the user a new code of six digits to an address of the kind email or phone_number, and masks the address as
// AWS does. The caller holds the server's mutex.
func (a *account) send(attribute, address string) (code, medium, destination string) {
	a.code = fmt.Sprintf("%06d", binary.BigEndian.Uint32(random(4))%1_000_000)
	if attribute == "phone_number" {
		hidden := max(len(address)-4, 0)
		return a.code, "SMS", "+" + strings.Repeat("*", max(hidden-1, 0)) + address[hidden:]
	}
	name, domain, _ := strings.Cut(address, "@")
	return a.code, "EMAIL", fmt.Sprintf("%.1s***@%.1s***", name, domain)
}
