package cognitotest

import (
	"crypto/subtle"
	"strings"
)

// request is one to the Amazon Cognito user pools API: the members that operations take, and what the request is for.
type request struct {
	clientID, clientSecret, secretHash, username, accessToken, session string

	flow, challenge            string
	params, answers, metadata  map[string]string
	refreshToken, revoke       string
	password, previous, change string
	code                       string // ConfirmationCode or UserCode
	attributes                 []struct{ Name, Value string }
	force                      bool // ForceAliasCreation
	sms, mail, totp            *factorSettings
	deviceKey, name, status    string
	secrets                    struct{ PasswordVerifier, Salt string }
	friendly                   string // FriendlyDeviceName
	limit                      int
	after                      string // PaginationToken

	host    host
	pool    *UserPool
	client  *AppClient
	account *account
	grant   *grant   // that the access token rests on
	waiting *session // that Session stands for
	device  *device
}

type factorSettings struct{ Enabled, PreferredMfa bool }

func (r *request) members() map[string]any {
	return map[string]any{
		"AccessToken": &r.accessToken, "AuthFlow": &r.flow, "AuthParameters": &r.params, "ChallengeName": &r.challenge,
		"ChallengeResponses": &r.answers, "ClientId": &r.clientID, "ClientMetadata": &r.metadata, "ClientSecret": &r.clientSecret,
		"ConfirmationCode": &r.code, "DeviceKey": &r.deviceKey, "DeviceName": &r.name, "DeviceRememberedStatus": &r.status,
		"DeviceSecretVerifierConfig": &r.secrets, "EmailMfaSettings": &r.mail, "ForceAliasCreation": &r.force, "FriendlyDeviceName": &r.friendly, "Limit": &r.limit,
		"PaginationToken": &r.after, "Password": &r.password, "PreviousPassword": &r.previous, "ProposedPassword": &r.change,
		"RefreshToken": &r.refreshToken, "SMSMfaSettings": &r.sms, "SecretHash": &r.secretHash, "Session": &r.session,
		"SoftwareTokenMfaSettings": &r.totp, "Token": &r.revoke, "UserAttributes": &r.attributes, "UserCode": &r.code, "Username": &r.username,
	}
}

// userPoolOperations are the operations with the members they need, and how they find what they are for.
var userPoolOperations = [...]struct {
	name, needs string
	admit       func(s *Server, r *request) error
	do          func(s *Server, r *request) (object, error)
}{
	{"InitiateAuth", "ClientId AuthFlow", (*Server).byClient, (*Server).initiateAuth},
	{"RespondToAuthChallenge", "ClientId ChallengeName", (*Server).byClient, (*Server).respondToAuthChallenge},
	{"GetTokensFromRefreshToken", "ClientId RefreshToken", (*Server).byClient, (*Server).getTokensFromRefreshToken},
	{"RevokeToken", "ClientId Token", (*Server).byAnyClient, (*Server).revokeToken},
	{"SignUp", "ClientId Username", (*Server).byHash, (*Server).signUp},
	{"ConfirmSignUp", "ClientId Username ConfirmationCode", (*Server).byName, (*Server).confirmSignUp},
	{"ResendConfirmationCode", "ClientId Username", (*Server).byName, (*Server).resendConfirmationCode},
	{"ForgotPassword", "ClientId Username", (*Server).byName, (*Server).forgotPassword},
	{"ConfirmForgotPassword", "ClientId Username ConfirmationCode Password", (*Server).byName, (*Server).confirmForgotPassword},
	{"ChangePassword", "AccessToken ProposedPassword", (*Server).byToken, (*Server).changePassword},
	{"GetUser", "AccessToken", (*Server).byToken, (*Server).getUser},
	{"GlobalSignOut", "AccessToken", (*Server).byToken, (*Server).globalSignOut},
	{"AssociateSoftwareToken", "", (*Server).bySession, (*Server).associateSoftwareToken},
	{"VerifySoftwareToken", "UserCode", (*Server).bySession, (*Server).verifySoftwareToken},
	{"SetUserMFAPreference", "AccessToken", (*Server).byToken, (*Server).setUserMFAPreference},
	{"ConfirmDevice", "AccessToken DeviceKey DeviceSecretVerifierConfig", (*Server).byToken, (*Server).confirmDevice},
	{"ForgetDevice", "AccessToken DeviceKey", (*Server).byDevice, (*Server).forgetDevice},
	{"GetDevice", "AccessToken DeviceKey", (*Server).byDevice, (*Server).getDevice},
	{"ListDevices", "AccessToken", (*Server).byToken, (*Server).listDevices},
	{"UpdateDeviceStatus", "AccessToken DeviceKey", (*Server).byDevice, (*Server).updateDeviceStatus},
}

// userPoolOperation answers an operation of the user pools API, nil for one that the stand-in has not.
func userPoolOperation(name string) operation {
	for _, o := range userPoolOperations {
		if o.name == name {
			return func(s *Server, in call) (object, error) {
				r := &request{host: in.host}
				if err := in.read(r.members(), strings.Fields(o.needs)...); err != nil {
					return nil, err
				}
				if err := o.admit(s, r); err != nil {
					return nil, err
				}
				return o.do(s, r)
			}
		}
	}
	return nil
}

// byClient finds the app client at the host that was asked.
func (s *Server) byClient(r *request) error {
	for i := range s.UserPools {
		p := &s.UserPools[i]
		for j := range p.Clients {
			if p.Clients[j].ID == r.clientID && r.host.serves(p.region()) {
				r.pool, r.client = p, &p.Clients[j]
				return nil
			}
		}
	}
	return refuse("ResourceNotFoundException", "User pool client %s does not exist.", r.clientID)
}

// byAnyClient is byClient for RevokeToken, to which AWS gives no ResourceNotFoundException.
func (s *Server) byAnyClient(r *request) error {
	if err := s.byClient(r); err != nil {
		return refuse("InvalidParameterException", "%s", err.(*serviceError).message)
	}
	return nil
}

// byHash finds the app client and checks the secret hash, which is over the name as it was sent.
func (s *Server) byHash(r *request) error {
	if err := s.byClient(r); err != nil {
		return err
	}
	return checkSecretHash(r.client, r.username, r.secretHash)
}

// byName finds the account too.
func (s *Server) byName(r *request) (err error) {
	if err = s.byHash(r); err == nil {
		r.account, err = s.find(r.pool, r.client, r.username)
	}
	return err
}

// byToken finds the account that an access token speaks for.
func (s *Server) byToken(r *request) error {
	c, err := s.verifyToken(r.accessToken)
	if err == errTokenExpired {
		return refuse("NotAuthorizedException", "Access Token has expired")
	}
	if err != nil || c.text("token_use") != "access" {
		return refuse("NotAuthorizedException", "Invalid Access Token")
	}
	s.mu.Lock()
	g, ok := s.grants.get(c.text("origin_jti"))
	s.mu.Unlock()
	if !ok {
		return refuse("NotAuthorizedException", "Access Token has been revoked")
	}
	if !r.host.serves(g.account.pool.region()) {
		return refuse("NotAuthorizedException", "Invalid Access Token")
	}
	r.grant, r.account = g, g.account
	return nil
}

// bySession takes the Session of MFA_SETUP, or finds the account of an access token.
func (s *Server) bySession(r *request) error {
	switch ok := false; {
	case r.session == "" && r.accessToken == "":
		return refuse("InvalidParameterException", "Session or AccessToken is required")
	case r.session == "":
		return s.byToken(r)
	default:
		if r.waiting, ok = s.resume(r.session, "MFA_SETUP", nil, ""); !ok {
			return errSession
		}
	}
	r.account = r.waiting.account
	return nil
}

// byDevice finds a confirmed device of the account of an access token.
func (s *Server) byDevice(r *request) error {
	if err := s.byToken(r); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.device = r.account.confirmedDevice(r.deviceKey); r.device == nil {
		return errNoDevice
	}
	return nil
}

// checkSecret checks the client secret, for operations that take it itself and not a hash.
func (r *request) checkSecret(code string) error {
	if subtle.ConstantTimeCompare([]byte(r.client.Secret), []byte(r.clientSecret)) != 1 {
		return refuse(code, "Unable to verify client secret for client %s", r.client.ID)
	}
	return nil
}
