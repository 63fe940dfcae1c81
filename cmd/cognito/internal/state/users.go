package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/jwt"
)

// An Account holds the session of one of an environment's users.
type Account struct {
	// User is the user name as typed at the last sign-in.
	User string `json:"user,omitempty"`
	// Browser is true if the last sign-in was with a browser.
	Browser bool `json:"browser,omitempty"`
	// Session is the result of SavedSession.Save. It is absent if the user is not signed in.
	Session     json.RawMessage `json:"session,omitempty"`
	Credentials *Credentials    `json:"credentials,omitempty"` // the newest
}

// MaxOthers is the maximum number of users beside the default user.
const MaxOthers = 19

// Format writes a placeholder instead of the secrets.
func (a Account) Format(f fmt.State, _ rune) { io.WriteString(f, "Account{REDACTED}") }

// check reports whether the session is complete. It removes credentials that are not.
func (a *Account) check() bool {
	if c := a.Credentials; c != nil &&
		(c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "") {
		a.Credentials = nil
	}
	return a.Session == nil || a.SavedSession() != nil
}

// split returns the text of a record without the users' sessions, and their accounts, first that of
// the default user. A session that is damaged then does not make the rest ambiguous.
func split(data []byte) (rest []byte, accounts []json.RawMessage) {
	var members map[string]json.RawMessage
	json.Unmarshal(data, &members)
	rest = data
	for _, name := range []string{"session", "credentials", "others"} {
		if part := members[name]; len(part) > 0 && part[0] > '9' { // not a number or a string
			rest = bytes.Replace(rest, part, []byte("null"), 1)
		}
	}
	json.Unmarshal(members["others"], &accounts)
	delete(members, "others")
	own, _ := json.Marshal(members)
	return rest, append([]json.RawMessage{own}, accounts...)
}

// readAccounts reads the accounts of a record, each like [decode], and omits damaged sessions. It
// returns false if it omits one and no session is left: then the whole record is damaged.
func (r *Record) readAccounts(accounts []json.RawMessage) bool {
	sessions := 0
	r.Others = nil
	for i, text := range accounts {
		a, err := decode[Account](text)
		if err != nil || !a.check() || i > 0 && a.Session == nil {
			json.Unmarshal(text, &a) // for the name
			a = Account{User: a.User}
			r.damaged += " " + cmp.Or(a.User, "a user")
		}
		if a.Session != nil {
			sessions++
		}
		if i == 0 {
			r.Account = a
		} else if a.Session != nil {
			r.Others = append(r.Others, a)
		}
	}
	return r.damaged == "" || sessions > 0
}

// SavedSession returns the stored session, or nil if nobody is signed in. It omits tokens and
// an identity that are damaged, so that new ones are requested.
func (a *Account) SavedSession() *cognito.SavedSession {
	saved, err := decode[cognito.SavedSession](a.Session)
	if err == nil && saved.Tokens.Refresh == "" {
		var parts struct{ Tokens json.RawMessage }
		json.Unmarshal(a.Session, &parts)
		saved.Tokens, err = decode[cognito.Tokens](parts.Tokens)
	}
	if err != nil || saved.Tokens.Refresh == "" {
		return nil
	}
	for _, token := range []string{saved.Tokens.ID, saved.Tokens.Access} {
		if _, err := jwt.ParseUnverified(token); err != nil && token != "" {
			saved.Tokens = cognito.Tokens{Refresh: saved.Tokens.Refresh}
			break
		}
	}
	region, _, _ := strings.Cut(saved.IdentityPoolID, ":")
	id, ok := strings.CutPrefix(saved.IdentityID, region+":")
	if !ok || strings.Trim(id, "0123456789abcdef-") != "" {
		saved.IdentityID = ""
	}
	return &saved
}

// SetSession sets the session, if saved has a refresh token.
func (a *Account) SetSession(saved cognito.SavedSession) {
	if saved.Tokens.Refresh != "" {
		a.Session = saved.Save()
	}
}

// Accounts returns the accounts of all users: first the chosen one, then the others.
func (r *Record) Accounts() []Account { return append([]Account{r.Account}, r.Others...) }

// Users returns the names of the users that are signed in, beside the chosen one.
func (r *Record) Users() (names []string) {
	for _, a := range r.Others {
		if a.Session != nil {
			names = append(names, a.User)
		}
	}
	return names
}

// name returns the user pool's name of a user, or the name as typed if that is unknown.
func (r *Record) name(a Account) string {
	if saved := a.SavedSession(); saved != nil {
		if claims, _ := jwt.ParseUnverified(saved.Tokens.ID); claims.Username != "" {
			return claims.Username
		}
	}
	return cmp.Or(r.Names[a.User], a.User)
}

// Choose makes the account of a user the embedded one, by the user's name as typed or in the user
// pool. If there is none, the account is new and has no session. The default user does not change:
// see [Record.MakeDefault].
func (r *Record) Choose(user string) {
	accounts := r.Accounts()
	i := slices.IndexFunc(accounts, func(a Account) bool { return a.User == user })
	if i < 0 {
		real := cmp.Or(r.Names[user], user)
		i = slices.IndexFunc(accounts, func(a Account) bool { return r.name(a) == real })
	}
	if i < 0 {
		i = 1
		accounts = slices.Insert(accounts, i, Account{User: user})
	}
	if i > 0 {
		r.Account, accounts[i] = accounts[i], r.Account
		r.Others, r.chosen = accounts[1:], i
	}
}

// MakeDefault makes the chosen user the default user.
func (r *Record) MakeDefault() { r.chosen = 0 }

// SignIn adds the session of a new sign-in, and makes its user the default user. The refresh token
// of an earlier session of the same user remains in Replaced until it is revoked. The sessions of
// other users are kept.
func (r *Record) SignIn(user string, saved cognito.SavedSession) {
	old := r.Accounts()
	r.Account, r.Others, r.chosen = Account{User: user, Browser: saved.ManagedLogin}, nil, 0
	r.SetSession(saved)
	for _, a := range old {
		session := a.SavedSession()
		if session != nil && a.User != user && r.name(a) != r.name(r.Account) {
			r.Others = append(r.Others, a)
		} else if session != nil {
			r.replaced(session.Tokens.Refresh)
		}
	}
}

// SignInAgain is like SignIn, but the default user does not change.
func (r *Record) SignInAgain(user string, saved cognito.SavedSession) {
	was := r.Accounts()[r.chosen]
	r.SignIn(user, saved)
	if r.name(was) == r.name(r.Account) {
		return
	}
	i := slices.IndexFunc(r.Others, func(a Account) bool { return a.User == was.User })
	if i < 0 && was.User != "" { // it is signed out
		i = len(r.Others)
		r.Others = append(r.Others, was)
	}
	r.chosen = i + 1
}

// replaced adds tokens to Replaced, except those in it and those in use.
func (r *Record) replaced(tokens ...string) {
	for _, a := range r.Accounts() {
		if saved := a.SavedSession(); saved != nil {
			tokens = slices.DeleteFunc(slices.Clone(tokens), func(token string) bool {
				return token == saved.Tokens.Refresh
			})
		}
	}
	for _, token := range tokens {
		if !slices.Contains(r.Replaced, token) {
			r.Replaced = append(slices.Clone(r.Replaced), token)
		}
	}
	r.Replaced = r.Replaced[max(0, len(r.Replaced)-maxReplaced):]
}

// The versions of the format. Programs that know only the first have one user for each environment.
const (
	oldestVersion = 1
	newestVersion = 2 // with Others
)

// file returns the record as it is stored: the embedded account is the default user's, and users
// without a session are not among the others.
func (r Record) file() Record {
	accounts := r.Accounts()
	accounts[0], accounts[r.chosen] = accounts[r.chosen], accounts[0]
	r.Account = accounts[0]
	r.Others = slices.DeleteFunc(accounts[1:], func(a Account) bool { return a.Session == nil })
	r.Version = oldestVersion
	if len(r.Others) > 0 {
		r.Version = newestVersion
	}
	return r
}
