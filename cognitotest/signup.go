package cognitotest

import (
	"slices"
	"time"
)

const (
	signedUp  = "SignUp"                // pending "challenge" of the Session of SignUp
	confirmed = "ConfirmSignUp"         // of the Session of ConfirmSignUp; also a use of a code
	forgotten = "ConfirmForgotPassword" // a use of a code
)

// maxAccounts limits the accounts that SignUp can create.
const maxAccounts = 10_000

// signUp returns a Session for ConfirmSignUp if the client may use USER_AUTH.
func signUp(s *Server, r *request) (object, error) {
	attributes := make(params)
	for _, attribute := range r.UserAttributes {
		if err := checkWritable(attribute.Name); err != nil {
			return nil, err
		}
		attributes[attribute.Name] = attribute.Value
	}
	if err := checkRequired(r.pool, attributes); err != nil {
		return nil, err
	}
	choice := r.client.allows("ALLOW_USER_AUTH")
	if r.Password != "" || !choice {
		if err := checkPolicy(r.Password); err != nil {
			return nil, err
		}
	}
	a := s.newAccount(r.pool, User{
		Name:        r.Username,
		Password:    r.Password,
		Attributes:  attributes,
		Unconfirmed: true,
	})
	id := accountID{r.pool.ID, r.Username}
	if s.accounts[id] != nil {
		return nil, refuse("UsernameExistsException", "User already exists")
	}
	if len(s.accounts) >= maxAccounts {
		return nil, refuse("LimitExceededException",
			"cognitotest holds at most %d user names and aliases", maxAccounts)
	}
	s.accounts[id] = a
	out, err := a.deliver(confirmed, 24*time.Hour)
	if err != nil {
		out = object{} // Without an address the code is not sent.
	}
	out["UserConfirmed"] = false
	out["UserSub"] = a.sub
	if choice {
		out["Session"] = s.wait(&session{account: a, client: r.client}, signedUp)
	}
	return out, nil
}

// deliver sends the code for an operation to the email address or else to the phone number. The
// address must be verified, except to confirm a sign-up.
func (a *account) deliver(operation string, lifetime time.Duration) (object, error) {
	for _, attribute := range []string{"email", "phone_number"} {
		address := a.user.Attributes[attribute]
		if address == "" || operation != confirmed && !a.user.verified(attribute) {
			continue
		}
		medium, destination := a.newCode(attribute, address)
		a.sent = sentCode{
			operation: operation,
			code:      a.code,
			attribute: attribute,
			expires:   time.Now().Add(lifetime),
		}
		return object{"CodeDeliveryDetails": object{
			"AttributeName":  attribute,
			"DeliveryMedium": medium,
			"Destination":    destination,
		}}, nil
	}
	return nil, invalid("Cannot send a code to the user as there is no registered/verified email " +
		"or phone_number")
}

// redeem checks a code that deliver sent. It allows five wrong codes. A code is valid once.
func (a *account) redeem(operation, code string) error {
	sent := &a.sent
	switch {
	case a.simulated:
	case sent.operation != operation || !time.Now().Before(sent.expires):
		return refuse("ExpiredCodeException", "Invalid code provided, please request a code again.")
	case sent.tries >= 5:
		return refuse("LimitExceededException",
			"Attempt limit exceeded, please try after some time.")
	case equal(sent.code, code):
		return nil
	}
	sent.tries++
	return refuse("CodeMismatchException",
		"Invalid verification code provided, please try again.")
}

// confirmSignUp returns a Session if the client may use USER_AUTH, which accepts it instead of a
// password. The Session of SignUp is optional, because autoSignIn of aws-amplify does not send it.
func confirmSignUp(s *Server, r *request) (object, error) {
	a := r.account
	if !a.simulated && !a.user.Unconfirmed {
		return nil, notAuthorized("User cannot be confirmed. Current status is CONFIRMED")
	}
	if err := a.redeem(confirmed, r.ConfirmationCode); err != nil {
		return nil, err
	}
	attribute := a.sent.attribute
	alias := accountID{a.pool.ID, a.user.Attributes[attribute]}
	other := s.accounts[alias]
	if other != nil && other != a && slices.Contains(a.pool.AliasAttributes, attribute) {
		if !r.ForceAliasCreation {
			return nil, refuse("AliasExistsException",
				"An account with the given %s already exists.", attribute)
		}
		delete(s.accounts, alias)
		other.user.Attributes[attribute+"_verified"] = "false"
	}
	a.sent = sentCode{}
	a.user.Unconfirmed = false
	a.user.Attributes[attribute+"_verified"] = "true"
	s.addAliases(a)
	s.resume(r.Session, signedUp, r.client, a.user.Name)
	out := object{}
	if r.client.allows("ALLOW_USER_AUTH") {
		out["Session"] = s.wait(&session{account: a, client: r.client}, confirmed)
	}
	return out, nil
}

func resendConfirmationCode(s *Server, r *request) (object, error) {
	a := r.account
	if a.user.Disabled && r.client.PreventUserExistenceErrors {
		a = s.simulate(r.pool, r.Username)
	}
	if !a.simulated && !a.user.Unconfirmed {
		return nil, invalid("User is already confirmed.")
	}
	return a.deliver(confirmed, 24*time.Hour)
}
