package cognitotest

import (
	"crypto/subtle"
	"maps"
	"slices"
	"time"
)

const (
	signedUp  = "SignUp"                // the "challenge" of a Session that SignUp gives, for ConfirmSignUp to take
	confirmed = "ConfirmSignUp"         // and of one that this gives, for USER_AUTH to take; also what a code is for
	forgotten = "ConfirmForgotPassword" // what a code is for
)

// maxAccounts bounds what SignUp can make.
const maxAccounts = 10_000

// signUp is SignUp. With a client that may use USER_AUTH it gives the Session that ConfirmSignUp takes.
func (s *Server) signUp(r *request) (object, error) {
	attributes := make(map[string]string)
	for _, attribute := range r.attributes {
		if err := checkWritable(attribute.Name); err != nil {
			return nil, err
		}
		attributes[attribute.Name] = attribute.Value
	}
	if err := checkRequired(r.pool, attributes); err != nil {
		return nil, err
	}
	if r.password != "" || !r.client.allows("ALLOW_USER_AUTH") {
		if err := checkPolicy(r.password); err != nil {
			return nil, err
		}
	}
	a := s.newAccount(r.pool, User{Name: r.username, Password: r.password, Attributes: attributes, Unconfirmed: true})
	if err := s.enter(a); err != nil {
		return nil, err
	}
	out, err := s.deliver(a, confirmed, 24*time.Hour)
	if err != nil {
		out = object{} // without an address nothing is sent
	}
	out["UserConfirmed"], out["UserSub"] = false, a.sub
	if r.client.allows("ALLOW_USER_AUTH") {
		out["Session"] = s.wait(&session{account: a, client: r.client}, signedUp)
	}
	return out, nil
}

// enter makes a new account known.
func (s *Server) enter(a *account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := accountID{a.pool.ID, a.user.Name}
	if s.accounts[id] != nil {
		return refuse("UsernameExistsException", "User already exists")
	}
	if len(s.accounts) >= maxAccounts {
		return refuse("LimitExceededException", "The stand-in holds no more than %d names", maxAccounts)
	}
	s.accounts[id] = a
	return nil
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
		code, medium, destination := a.send(attribute, address)
		a.sent = sentCode{operation: operation, code: code, attribute: attribute, expires: time.Now().Add(lifetime)}
		return object{"CodeDeliveryDetails": object{"AttributeName": attribute, "DeliveryMedium": medium, "Destination": destination}}, nil
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

// confirmSignUp is ConfirmSignUp. With a client that may use USER_AUTH it gives a Session, which that flow takes in place
// of a password: also without the Session of SignUp, which aws-amplify's autoSignIn does not send.
func (s *Server) confirmSignUp(r *request) (object, error) {
	if err := s.confirm(r.account, r.code, r.force); err != nil {
		return nil, err
	}
	s.resume(r.session, signedUp, r.client, r.account.user.Name) // it is used up
	out := object{}
	if r.client.allows("ALLOW_USER_AUTH") {
		out["Session"] = s.wait(&session{account: r.account, client: r.client}, confirmed)
	}
	return out, nil
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
func (s *Server) resendConfirmationCode(r *request) (object, error) {
	switch u := s.snapshot(r.account); {
	case u.Disabled && r.client.PreventUserExistenceErrors:
		return s.deliver(s.simulate(r.pool, r.username), confirmed, 24*time.Hour)
	case !r.account.simulated && !u.Unconfirmed:
		return nil, refuse("InvalidParameterException", "User is already confirmed.")
	}
	return s.deliver(r.account, confirmed, 24*time.Hour)
}

// hideUnreachable puts no one's account in the place of one that ForgotPassword sends no code to, for a client that must
// not learn who exists ("Managing user existence error responses", Amazon Cognito developer guide).
func (s *Server) hideUnreachable(r *request) {
	u := s.snapshot(r.account)
	if r.client.PreventUserExistenceErrors && (u.Disabled || !u.verified("email") && !u.verified("phone_number")) {
		r.account = s.simulate(r.pool, r.username)
	}
}

// forgotPassword is ForgotPassword.
func (s *Server) forgotPassword(r *request) (object, error) {
	s.hideUnreachable(r)
	switch u := s.snapshot(r.account); {
	case u.Disabled:
		return nil, refuse("NotAuthorizedException", "User is disabled.")
	case u.ForceChangePassword:
		return nil, refuse("NotAuthorizedException", "User password cannot be reset in the current state.")
	}
	return s.deliver(r.account, forgotten, time.Hour)
}

// confirmForgotPassword is ConfirmForgotPassword.
func (s *Server) confirmForgotPassword(r *request) (object, error) {
	if err := checkPolicy(r.password); err != nil {
		return nil, err
	}
	s.hideUnreachable(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := r.account.redeem(forgotten, r.code); err != nil {
		return nil, err
	}
	r.account.sent, r.account.user.ResetRequired = sentCode{}, false
	r.account.setPassword(r.password)
	s.failures.take(failureKey(r.account))
	return object{}, nil
}

// changePassword is ChangePassword. PreviousPassword may be absent only for a user who has none.
func (s *Server) changePassword(r *request) (object, error) {
	if u := s.snapshot(r.account); u.Password != "" {
		if err := s.judge(r.account, subtle.ConstantTimeCompare([]byte(u.Password), []byte(r.previous)) == 1); err != nil {
			return nil, err
		}
	}
	if err := checkPolicy(r.change); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.account.setPassword(r.change)
	return object{}, nil
}

// getUser is GetUser.
func (s *Server) getUser(r *request) (object, error) {
	u := s.snapshot(r.account)
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
