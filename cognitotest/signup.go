package cognitotest

import (
	"crypto/subtle"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	confirmed = "ConfirmSignUp" // the "challenge" of a Session that ConfirmSignUp gives, for USER_AUTH to take
	signedUp  = "SignUp"        // and of one that SignUp gives, for ConfirmSignUp to take
)

// maxAccounts bounds what SignUp can make.
const maxAccounts = 10_000

// named reads a request that names a user, and further members. The secret hash is over the name as it was sent.
func (s *Server) named(in call, members map[string]any, required ...string) (p *UserPool, c *AppClient, name string, err error) {
	var clientID, hash string
	members["ClientId"], members["SecretHash"], members["Username"] = &clientID, &hash, &name
	if err = in.read(members, append(required, "ClientId", "Username")...); err != nil {
		return nil, nil, "", err
	}
	if p, c, err = s.client(in, clientID); err == nil {
		err = checkSecretHash(c, name, hash)
	}
	return p, c, name, err
}

// signUp is SignUp. With a client that may use USER_AUTH it gives the Session that ConfirmSignUp takes.
func signUp(s *Server, in call) (object, error) {
	var password string
	var list []struct{ Name, Value string }
	pool, client, name, err := s.named(in, map[string]any{"Password": &password, "UserAttributes": &list})
	if err != nil {
		return nil, err
	}
	attributes := make(map[string]string)
	for _, attribute := range list {
		if attribute.Name == "sub" || strings.HasSuffix(attribute.Name, "_verified") {
			return nil, refuse("NotAuthorizedException", "A client attempted to write unauthorized attribute")
		}
		attributes[attribute.Name] = attribute.Value
	}
	if lack := missing(pool, attributes, ""); len(lack) > 0 {
		return nil, refuse("InvalidParameterException", "Attributes did not conform to the schema: %s: The attribute is required", lack[0])
	}
	if password != "" || !client.allows("ALLOW_USER_AUTH") {
		if err := checkPolicy(password); err != nil {
			return nil, err
		}
	}
	a := s.newAccount(pool, User{Name: name, Password: password, Attributes: attributes, Unconfirmed: true})
	s.mu.Lock()
	switch id := (accountID{pool.ID, name}); {
	case s.accounts[id] != nil:
		err = refuse("UsernameExistsException", "User already exists")
	case len(s.accounts) >= maxAccounts:
		err = refuse("LimitExceededException", "The stand-in holds no more than %d names", maxAccounts)
	default:
		s.accounts[id] = a
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	out, _ := s.deliver(a, confirmed, 24*time.Hour) // without an address nothing is sent
	if out == nil {
		out = object{}
	}
	out["UserConfirmed"], out["UserSub"] = false, a.sub
	if client.allows("ALLOW_USER_AUTH") {
		out["Session"] = s.wait(&session{account: a, client: client}, signedUp)
	}
	return out, nil
}

// deliver sends the code that an operation will take, to the e-mail address or else the phone number. Only to confirm a
// sign-up it may go to an address that is not verified.
func (s *Server) deliver(a *account, operation string, lifetime time.Duration) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, attribute := range []string{"email", "phone_number"} {
		address := a.user.Attributes[attribute]
		if address == "" || operation != confirmed && !a.user.verified(attribute) {
			continue
		}
		code, d := a.send(attribute, address)
		a.sent = sentCode{operation: operation, code: code, attribute: attribute, expires: time.Now().Add(lifetime)}
		return object{"CodeDeliveryDetails": object{"AttributeName": d.attribute, "DeliveryMedium": d.medium, "Destination": d.destination}}, nil
	}
	return nil, refuse("InvalidParameterException", "Cannot send a code to the user as there is no registered/verified email or phone_number")
}

// redeem checks a code that deliver sent. It is good for five tries, and once. The caller holds the server's mutex.
func (a *account) redeem(operation, code string) (attribute string, err error) {
	switch sent := &a.sent; {
	case a.simulated:
		return "", refuse("CodeMismatchException", "Invalid verification code provided, please try again.")
	case sent.operation != operation || !time.Now().Before(sent.expires):
		return "", refuse("ExpiredCodeException", "Invalid code provided, please request a code again.")
	case sent.tries >= 5:
		return "", refuse("LimitExceededException", "Attempt limit exceeded, please try after some time.")
	case subtle.ConstantTimeCompare([]byte(sent.code), []byte(code)) != 1:
		sent.tries++
		return "", refuse("CodeMismatchException", "Invalid verification code provided, please try again.")
	}
	return a.sent.attribute, nil
}

// confirmSignUp is ConfirmSignUp. With the Session of SignUp it gives one that USER_AUTH takes in place of a password.
func confirmSignUp(s *Server, in call) (object, error) {
	var code, id string
	var force bool
	pool, client, name, err := s.named(in, map[string]any{"ConfirmationCode": &code, "Session": &id, "ForceAliasCreation": &force}, "ConfirmationCode")
	if err != nil {
		return nil, err
	}
	a, err := s.find(pool, client, name)
	if err != nil {
		return nil, err
	}
	if err := s.confirm(a, code, force); err != nil {
		return nil, err
	}
	if id == "" {
		return object{}, nil
	}
	c, ok := s.resume(id, signedUp, client, a.user.Name)
	if !ok {
		return object{}, nil // the user is confirmed all the same
	}
	return object{"Session": s.wait(c, confirmed)}, nil
}

// confirm ends the state of a user who signed up, and enters the alias to which the code was sent.
func (s *Server) confirm(a *account, code string, force bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !a.simulated && !a.user.Unconfirmed {
		return refuse("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
	}
	attribute, err := a.redeem(confirmed, code)
	if err != nil {
		return err
	}
	alias := accountID{a.pool.ID, a.user.Attributes[attribute]}
	if other := s.accounts[alias]; other != nil && other != a && slices.Contains(a.pool.AliasAttributes, attribute) {
		if !force {
			return refuse("AliasExistsException", "An account with the given %s already exists.", attribute)
		}
		delete(s.accounts, alias)
		other.set(attribute+"_verified", "false")
	}
	a.sent, a.user.Unconfirmed = sentCode{}, false
	a.set(attribute+"_verified", "true")
	s.addAliases(a)
	return nil
}

// resendConfirmationCode is ResendConfirmationCode.
func resendConfirmationCode(s *Server, in call) (object, error) {
	pool, client, name, err := s.named(in, map[string]any{})
	if err != nil {
		return nil, err
	}
	a, err := s.find(pool, client, name)
	if err != nil {
		return nil, err
	}
	if u := s.snapshot(a); !a.simulated && !u.Unconfirmed {
		return nil, refuse("InvalidParameterException", "User is already confirmed.")
	}
	return s.deliver(a, confirmed, 24*time.Hour)
}

// forgotPassword is ForgotPassword.
func forgotPassword(s *Server, in call) (object, error) {
	pool, client, name, err := s.named(in, map[string]any{})
	if err != nil {
		return nil, err
	}
	a, err := s.find(pool, client, name)
	if err != nil {
		return nil, err
	}
	switch u := s.snapshot(a); {
	case u.Disabled:
		return nil, refuse("NotAuthorizedException", "User is disabled.")
	case u.ForceChangePassword:
		return nil, refuse("NotAuthorizedException", "User password cannot be reset in the current state.")
	}
	return s.deliver(a, "ConfirmForgotPassword", time.Hour)
}

// confirmForgotPassword is ConfirmForgotPassword.
func confirmForgotPassword(s *Server, in call) (object, error) {
	var code, password string
	pool, client, name, err := s.named(in, map[string]any{"ConfirmationCode": &code, "Password": &password}, "ConfirmationCode", "Password")
	if err != nil {
		return nil, err
	}
	a, err := s.find(pool, client, name)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(password); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := a.redeem("ConfirmForgotPassword", code); err != nil {
		return nil, err
	}
	a.sent, a.user.ResetRequired = sentCode{}, false
	a.setPassword(password)
	s.failures.take(failureKey(a))
	return object{}, nil
}

// changePassword is ChangePassword. PreviousPassword may be absent only for a user who has none.
func changePassword(s *Server, in call) (object, error) {
	var previous, proposed string
	g, err := s.authorize(in)
	if err == nil {
		err = in.read(map[string]any{"PreviousPassword": &previous, "ProposedPassword": &proposed}, "ProposedPassword")
	}
	if err != nil {
		return nil, err
	}
	if u := s.snapshot(g.account); u.Password != "" {
		if err := s.judge(g.account, subtle.ConstantTimeCompare([]byte(u.Password), []byte(previous)) == 1); err != nil {
			return nil, err
		}
	}
	if err := checkPolicy(proposed); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.account.setPassword(proposed)
	return object{}, nil
}

// getUser is GetUser.
func getUser(s *Server, in call) (object, error) {
	g, err := s.authorize(in)
	if err != nil {
		return nil, err
	}
	u := s.snapshot(g.account)
	list := []object{{"Name": "sub", "Value": g.account.sub}}
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
