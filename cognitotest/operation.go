package cognitotest

import "net/http"

// input holds the members of a request to a JSON service, under AWS's names.
type input struct {
	AccessToken                string
	AuthFlow                   string
	AuthParameters             params
	ChallengeName              string
	ChallengeResponses         params
	ClientId                   string
	ClientMetadata             params
	ClientSecret               string
	ConfirmationCode           string
	CustomRoleArn              string
	DeviceKey                  string
	DeviceName                 string
	DeviceRememberedStatus     string
	DeviceSecretVerifierConfig struct{ PasswordVerifier, Salt string }
	EmailMfaSettings           *factorSettings
	ForceAliasCreation         bool
	FriendlyDeviceName         string
	IdentityId                 string
	IdentityPoolId             string
	Limit                      int
	Logins                     params
	PaginationToken            string
	Password                   string
	PreviousPassword           string
	ProposedPassword           string
	RefreshToken               string
	SMSMfaSettings             *factorSettings
	SecretHash                 string
	Session                    string
	SoftwareTokenMfaSettings   *factorSettings
	Token                      string
	TokenDuration              int
	UserAttributes             []struct{ Name, Value string }
	UserCode                   string
	Username                   string
}

type factorSettings struct{ Enabled, PreferredMfa bool }

// request is a request to a JSON service, with what its input refers to.
type request struct {
	input
	http *http.Request
	body []byte
	host host

	pool    *UserPool
	client  *AppClient
	account *account
	grant   *grant   // of AccessToken
	scope   string   // of AccessToken
	session *session // of Session
	device  *device

	identity identity
	claims   claims // of the token in Logins
}

// operation is an operation of a JSON service. It may return only errors of type *refusal.
type operation struct {
	required string // members
	admit    func(s *Server, r *request) error
	do       func(s *Server, r *request) (object, error)
}

// operations are the operations by service and name.
var operations = map[string]map[string]operation{
	"cognito-idp": {
		"InitiateAuth":           {"ClientId AuthFlow", byClient, initiateAuth},
		"RespondToAuthChallenge": {"ClientId ChallengeName", byClient, respondToAuthChallenge},

		"GetTokensFromRefreshToken": {"ClientId RefreshToken", byClient, getTokensFromRefreshToken},
		"RevokeToken":               {"ClientId Token", byAnyClient, revokeToken},
		"GlobalSignOut":             {"AccessToken", byToken, globalSignOut},

		"SignUp":                 {"ClientId Username", byHash, signUp},
		"ConfirmSignUp":          {"ClientId Username ConfirmationCode", byName, confirmSignUp},
		"ResendConfirmationCode": {"ClientId Username", byName, resendConfirmationCode},
		"ForgotPassword":         {"ClientId Username", byName, forgotPassword},
		"ConfirmForgotPassword": {"ClientId Username ConfirmationCode Password", byName,
			confirmForgotPassword},
		"ChangePassword": {"AccessToken ProposedPassword", byToken, changePassword},
		"GetUser":        {"AccessToken", byToken, getUser},

		"AssociateSoftwareToken": {"", bySession, associateSoftwareToken},
		"VerifySoftwareToken":    {"UserCode", bySession, verifySoftwareToken},
		"SetUserMFAPreference":   {"AccessToken", byToken, setUserMFAPreference},

		"ConfirmDevice": {"AccessToken DeviceKey DeviceSecretVerifierConfig", byToken,
			confirmDevice},
		"ForgetDevice":       {"AccessToken DeviceKey", byDevice, forgetDevice},
		"GetDevice":          {"AccessToken DeviceKey", byDevice, getDevice},
		"ListDevices":        {"AccessToken", byToken, listDevices},
		"UpdateDeviceStatus": {"AccessToken DeviceKey", byDevice, updateDeviceStatus},
	},
	"cognito-identity": {
		"GetId":                     {"IdentityPoolId", byIdentityPool, getID},
		"GetCredentialsForIdentity": {"IdentityId", byIdentity, getCredentialsForIdentity},
		"GetOpenIdToken":            {"IdentityId", byIdentity, getOpenIDToken},
		"GetOpenIdTokenForDeveloperIdentity": {"IdentityPoolId Logins", byDeveloper,
			getOpenIDTokenForDeveloperIdentity},
	},
}

// byClient finds the app client in the Region of the host.
func byClient(s *Server, r *request) error {
	for i := range s.UserPools {
		p := &s.UserPools[i]
		for j := range p.Clients {
			if p.Clients[j].ID == r.ClientId && r.host.serves(p.region()) {
				r.pool = p
				r.client = &p.Clients[j]
				return nil
			}
		}
	}
	return refuse("ResourceNotFoundException", "User pool client %s does not exist.", r.ClientId)
}

// byAnyClient is byClient for RevokeToken, which on AWS never returns ResourceNotFoundException.
func byAnyClient(s *Server, r *request) error {
	if err := byClient(s, r); err != nil {
		return invalid("%s", err.(*refusal).Message)
	}
	return nil
}

// byHash finds the app client and checks the secret hash, which covers the name as it was sent.
func byHash(s *Server, r *request) error {
	if err := byClient(s, r); err != nil {
		return err
	}
	return checkSecretHash(r.client, r.Username, r.SecretHash)
}

// byName finds the app client and the account.
func byName(s *Server, r *request) (err error) {
	if err = byHash(s, r); err == nil {
		r.account, err = s.find(r.pool, r.client, r.Username)
	}
	return err
}

// byToken finds the account of an access token that may use the operations of a user.
func byToken(s *Server, r *request) error {
	if err := checkAccess(s, r); err != nil {
		return err
	}
	if !hasScope(r.scope, adminScope) {
		return notAuthorized("Access Token does not have required scopes")
	}
	return nil
}

// checkAccess finds the account and the scope of an access token.
func checkAccess(s *Server, r *request) error {
	c, err := s.verifyToken(r.AccessToken)
	if err == errTokenExpired {
		return notAuthorized("Access Token has expired")
	}
	if err != nil || c.text("token_use") != "access" {
		return notAuthorized("Invalid Access Token")
	}
	g, ok := s.grants.get(c.text("origin_jti"))
	if !ok {
		return notAuthorized("Access Token has been revoked")
	}
	if !r.host.serves(g.account.pool.region()) {
		return notAuthorized("Invalid Access Token")
	}
	r.grant = g
	r.account = g.account
	r.scope = c.text("scope")
	return nil
}

// bySession takes the Session of MFA_SETUP, or finds the account of an access token.
func bySession(s *Server, r *request) error {
	if r.Session == "" {
		if r.AccessToken == "" {
			return invalid("Session or AccessToken is required")
		}
		return byToken(s, r)
	}
	r.session = s.resume(r.Session, "MFA_SETUP", nil, "")
	if r.session == nil {
		return errSession
	}
	r.account = r.session.account
	return nil
}

// byDevice finds a confirmed device of the account of an access token.
func byDevice(s *Server, r *request) error {
	if err := byToken(s, r); err != nil {
		return err
	}
	if r.device = r.account.confirmedDevice(r.DeviceKey); r.device == nil {
		return errNoDevice
	}
	return nil
}

// checkSecret checks ClientSecret, for operations that take it instead of a hash.
func (r *request) checkSecret(code string) error {
	if !equal(r.client.Secret, r.ClientSecret) {
		return refuse(code, "Unable to verify client secret for client %s", r.client.ID)
	}
	return nil
}
