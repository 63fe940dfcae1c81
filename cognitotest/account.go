package cognitotest

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
)

// accountID identifies an account: the ID of the user pool, and the user's name or an alias.
type accountID struct{ pool, name string }

// account is a user with the state that changes. The server's mutex guards it.
type account struct {
	pool         *UserPool
	user         User // a copy of the pool's
	sub          string
	salt         *big.Int
	verifier     *big.Int // of the password; nil until it is needed, because it takes milliseconds
	provider     string   // of a federated user, with the user's name there
	providerUser string

	simulated bool // the user is unknown, and every response to a challenge is refused

	code     string         // the last code, for Server.Code
	sent     sentCode       // the last code that confirms a sign-up or resets a password
	totpName string         // FriendlyDeviceName of the authenticator app
	newTOTP  string         // the secret of AssociateSoftwareToken, until it is verified
	totpStep int64          // of the last accepted code, which is valid once (RFC 6238 section 5.2)
	devices  store[*device] // by device key
}

// sentCode is a code for ConfirmSignUp or ConfirmForgotPassword.
type sentCode struct {
	operation string
	code      string
	attribute string // "email" or "phone_number"
	expires   time.Time
	tries     int // wrong codes
}

// newAccount returns an account whose salt depends only on the server, the pool and the name.
func (s *Server) newAccount(p *UserPool, u User) *account {
	salt := mac(s.seed[:], []byte("salt"), []byte(p.ID), []byte(u.Name))[:16]
	a := &account{
		pool: p,
		user: u,
		sub:  cmp.Or(u.Sub, stableUUID("sub", p.ID, u.Name)),
		salt: new(big.Int).SetBytes(salt),
	}
	a.user.Attributes = make(params)
	maps.Copy(a.user.Attributes, u.Attributes)
	a.user.MFA = slices.Clone(u.MFA)
	return a
}

func (a *account) setPassword(password string) {
	a.user.Password = password
	a.verifier = nil
}

// passwordVerifier returns the SRP verifier of the password.
func (a *account) passwordVerifier() *big.Int {
	if a.verifier == nil {
		a.verifier = newVerifier(a.pool.name(), a.user.Name, a.user.Password, a.salt)
	}
	return a.verifier
}

// loadUsers enters the users of all pools by name and by alias. If a name equals an alias, the name
// wins.
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

// addAliases enters the aliases of a user that are free. As on AWS, an email address or a phone
// number is an alias only if it is verified.
func (s *Server) addAliases(a *account) {
	for _, attribute := range a.pool.AliasAttributes {
		alias := accountID{a.pool.ID, a.user.Attributes[attribute]}
		usable := attribute == "preferred_username" || a.user.verified(attribute)
		if usable && alias.name != "" && s.accounts[alias] == nil {
			s.accounts[alias] = a
		}
	}
}

// verified reports whether the user has the attribute, email or phone_number, and verified it.
func (u *User) verified(attribute string) bool {
	return u.Attributes[attribute] != "" && u.Attributes[attribute+"_verified"] == "true"
}

// find returns the account of a name or an alias. If the app client has PreventUserExistenceErrors,
// an unknown name yields a simulated account.
func (s *Server) find(p *UserPool, c *AppClient, name string) (*account, error) {
	a := s.accounts[accountID{p.ID, name}]
	if a == nil && !c.PreventUserExistenceErrors {
		return nil, refuse("UserNotFoundException", "User does not exist.")
	}
	if a == nil {
		a = s.simulate(p, name)
	}
	return a, nil
}

// simulate returns an account that looks the same at every request and whose password is unknown.
func (s *Server) simulate(p *UserPool, name string) *account {
	secret := mac(s.seed[:], []byte("simulated"), []byte(p.ID), []byte(name))
	email := fmt.Sprintf("%c@%c", 'a'+secret[0]%26, 'a'+secret[1]%26)
	a := s.newAccount(p, User{
		Name:       name,
		Password:   string(secret),
		Attributes: params{"email": email, "email_verified": "true"},
	})
	a.simulated = true
	return a
}

// checkState refuses the sign-in of a user in a state that does not allow it.
func (u *User) checkState() error {
	switch {
	case u.Disabled:
		return notAuthorized("User is disabled.")
	case u.Unconfirmed:
		return refuse("UserNotConfirmedException", "User is not confirmed.")
	case u.ResetRequired:
		return refuse("PasswordResetRequiredException", "Password reset required for the user")
	}
	return nil
}

// checkSecretHash checks SECRET_HASH. It is the base64 encoding of HMAC-SHA256, with the client
// secret as the key, over the user name and the client ID ("Computing secret hash values", Amazon
// Cognito developer guide).
func checkSecretHash(c *AppClient, username, hash string) error {
	want := ""
	if c.Secret != "" {
		sum := mac([]byte(c.Secret), []byte(username), []byte(c.ID))
		want = base64.StdEncoding.EncodeToString(sum)
	}
	switch {
	case want != "" && hash == "":
		return notAuthorized(
			"Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	case !equal(want, hash):
		return notAuthorized("Unable to verify secret hash for client %s", c.ID)
	}
	return nil
}

// newCode "sends" a new code of six digits to an address of the given attribute. It returns the
// medium and the address as AWS masks it.
func (a *account) newCode(attribute, address string) (medium, destination string) {
	a.code = fmt.Sprintf("%06d", binary.BigEndian.Uint32(random(4))%1_000_000)
	if attribute == "phone_number" {
		hidden := max(len(address)-4, 0)
		return "SMS", "+" + strings.Repeat("*", max(hidden-1, 0)) + address[hidden:]
	}
	name, domain, _ := strings.Cut(address, "@")
	return "EMAIL", fmt.Sprintf("%.1s***@%.1s***", name, domain)
}

func getUser(_ *Server, r *request) (object, error) {
	u := &r.account.user
	list := []object{{"Name": "sub", "Value": r.account.sub}}
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		list = append(list, object{"Name": name, "Value": u.Attributes[name]})
	}
	out := object{"Username": u.Name, "UserAttributes": list}
	if len(u.MFA) > 0 {
		out["UserMFASettingList"] = u.MFA
	}
	if u.PreferredMFA != "" {
		out["PreferredMfaSetting"] = u.PreferredMFA
	}
	return out, nil
}
