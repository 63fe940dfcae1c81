package cognitotest

import (
	"cmp"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"time"
	"unicode/utf8"
)

// exchange is an SRP exchange that waits for its proof.
type exchange struct {
	account      *account
	clientID     string
	verification *verification
}

// session is a sign-in that waits for the answer to a challenge.
type session struct {
	challenge string
	account   *account
	clientID  string
}

var errIncorrect error = &serviceError{"NotAuthorizedException", "Incorrect username or password."}

// initiateAuth is InitiateAuth of the Amazon Cognito user pools API.
func initiateAuth(s *Server, in call) (object, error) {
	var clientID, flow string
	var params map[string]string
	if err := in.read(map[string]any{"ClientId": &clientID, "AuthFlow": &flow, "AuthParameters": &params}, "ClientId", "AuthFlow"); err != nil {
		return nil, err
	}
	pool, client, err := s.client(in, clientID)
	if err != nil {
		return nil, err
	}
	switch flow {
	case "USER_SRP_AUTH":
		if !client.allows("ALLOW_USER_SRP_AUTH") {
			return nil, refuse("InvalidParameterException", "USER_SRP_AUTH is not enabled for the client.")
		}
		return s.startSRP(pool, client, params)
	case "USER_PASSWORD_AUTH":
		if !client.allows("ALLOW_USER_PASSWORD_AUTH") {
			return nil, refuse("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client")
		}
		return s.checkPassword(pool, client, params)
	case "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN":
		if !client.allows("ALLOW_REFRESH_TOKEN_AUTH") {
			return nil, refuse("InvalidParameterException", "Auth flow not enabled for this client")
		}
		if err := parameters(params, "REFRESH_TOKEN"); err != nil {
			return nil, err
		}
		return s.refresh(client, params["REFRESH_TOKEN"], func(a *account) error {
			if checkSecretHash(client, a.user.Name, params["SECRET_HASH"]) != nil {
				return refuse("NotAuthorizedException", "SecretHash does not match for the client: %s", client.ID)
			}
			return nil
		})
	case "USER_AUTH", "CUSTOM_AUTH":
		return nil, refuse("InvalidParameterException", "%s flow not enabled for this client", flow)
	case "ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH":
		return nil, refuse("InvalidParameterException", "Initiate Auth method not supported.")
	}
	return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%s' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set", flow)
}

// startSRP answers USER_SRP_AUTH with the challenge PASSWORD_VERIFIER, which on AWS carries no Session.
func (s *Server) startSRP(pool *UserPool, client *AppClient, params map[string]string) (object, error) {
	if err := parameters(params, "USERNAME", "SRP_A"); err != nil {
		return nil, err
	}
	if err := checkSecretHash(client, params["USERNAME"], params["SECRET_HASH"]); err != nil {
		return nil, err
	}
	a, err := s.find(pool, client, params["USERNAME"])
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	verifier := a.verifier
	s.mu.Unlock()
	v, err := newVerification(pool.name(), a.user.Name, verifier(), params["SRP_A"])
	if err != nil {
		return nil, refuse("InvalidParameterException", "%v", err)
	}
	block := base64.StdEncoding.EncodeToString(random(400))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exchanges.put(block, &exchange{a, client.ID, v}, time.Now().Add(cmp.Or(client.AuthSessionValidity, 3*time.Minute)))
	return object{"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": map[string]string{
		"SALT": a.salt.Text(16), "SRP_B": v.serverB.Text(16), "SECRET_BLOCK": block,
		"USERNAME": a.user.Name, "USER_ID_FOR_SRP": a.user.Name,
	}}, nil
}

// checkPassword answers USER_PASSWORD_AUTH.
func (s *Server) checkPassword(pool *UserPool, client *AppClient, params map[string]string) (object, error) {
	if err := parameters(params, "USERNAME", "PASSWORD"); err != nil {
		return nil, err
	}
	if err := checkSecretHash(client, params["USERNAME"], params["SECRET_HASH"]); err != nil {
		return nil, err
	}
	a, err := s.find(pool, client, params["USERNAME"])
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	password := a.password
	s.mu.Unlock()
	if subtle.ConstantTimeCompare([]byte(password), []byte(params["PASSWORD"])) != 1 {
		return nil, errIncorrect
	}
	return s.next(a, client)
}

// respondToAuthChallenge is RespondToAuthChallenge of the Amazon Cognito user pools API.
func respondToAuthChallenge(s *Server, in call) (object, error) {
	var clientID, challenge, sessionID string
	var answers map[string]string
	if err := in.read(map[string]any{
		"ClientId": &clientID, "ChallengeName": &challenge, "Session": &sessionID, "ChallengeResponses": &answers,
	}, "ClientId", "ChallengeName"); err != nil {
		return nil, err
	}
	pool, client, err := s.client(in, clientID)
	if err != nil {
		return nil, err
	}
	if err := parameters(answers, "USERNAME"); err != nil {
		return nil, err
	}
	name := answers["USERNAME"]
	if a := s.accounts[accountID{pool.ID, name}]; a != nil {
		name = a.user.Name // the hash is over the name also when an alias is sent
	}
	if err := checkSecretHash(client, name, answers["SECRET_HASH"]); err != nil {
		return nil, err
	}
	switch challenge {
	case "PASSWORD_VERIFIER":
		return s.finishSRP(client, name, sessionID, answers)
	case "NEW_PASSWORD_REQUIRED":
		return s.changePassword(client, name, sessionID, answers)
	}
	return nil, refuse("InvalidParameterException", "Challenge %s is not one that the stand-in gives", challenge)
}

// finishSRP checks the answer to PASSWORD_VERIFIER. A proof uses up its secret block, right or wrong.
func (s *Server) finishSRP(client *AppClient, name, sessionID string, answers map[string]string) (object, error) {
	if err := parameters(answers, "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"); err != nil {
		return nil, err
	}
	if sessionID != "" {
		return nil, refuse("NotAuthorizedException", "Invalid session for the user.") // this challenge comes without one
	}
	s.mu.Lock()
	e, ok := s.exchanges.take(answers["PASSWORD_CLAIM_SECRET_BLOCK"])
	s.mu.Unlock()
	if !ok || e.clientID != client.ID || e.account.user.Name != name || !goodTimestamp(answers["TIMESTAMP"], time.Now()) {
		return nil, errIncorrect
	}
	block, _ := base64.StdEncoding.DecodeString(answers["PASSWORD_CLAIM_SECRET_BLOCK"]) // made here
	signature, err := base64.StdEncoding.DecodeString(answers["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil || !e.verification.accepts(signature, block, answers["TIMESTAMP"]) {
		return nil, errIncorrect
	}
	return s.next(e.account, client)
}

// next is what follows a right password: the next challenge or the tokens.
func (s *Server) next(a *account, client *AppClient) (object, error) {
	s.mu.Lock()
	if !a.mustChange {
		s.mu.Unlock()
		return s.signIn(a, client), nil
	}
	defer s.mu.Unlock()
	id := base64.StdEncoding.EncodeToString(random(300))
	s.sessions.put(id, &session{"NEW_PASSWORD_REQUIRED", a, client.ID}, time.Now().Add(cmp.Or(client.AuthSessionValidity, 3*time.Minute)))
	attributes, _ := json.Marshal(a.attributes) // strings
	return object{"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": id, "ChallengeParameters": map[string]string{
		"USER_ID_FOR_SRP": a.user.Name, "userAttributes": string(attributes), "requiredAttributes": "[]",
	}}, nil
}

// changePassword checks the answer to NEW_PASSWORD_REQUIRED. The session stays good after a password that the pool
// refuses, and is used up otherwise.
func (s *Server) changePassword(client *AppClient, name, id string, answers map[string]string) (object, error) {
	if err := parameters(answers, "NEW_PASSWORD"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	waiting, ok := s.sessions.get(id)
	err := refuse("NotAuthorizedException", "Invalid session for the user.")
	if ok && waiting.challenge == "NEW_PASSWORD_REQUIRED" && waiting.clientID == client.ID && waiting.account.user.Name == name {
		err = waiting.account.renew(answers)
	}
	if err == nil {
		s.sessions.take(id)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.signIn(waiting.account, client), nil
}

// renew sets the new password and, from answers like userAttributes.name, attributes that have no value yet.
func (a *account) renew(answers map[string]string) error {
	if utf8.RuneCountInString(answers["NEW_PASSWORD"]) < 8 {
		return refuse("InvalidPasswordException", "Password does not conform to policy: Password not long enough")
	}
	attributes := maps.Clone(a.attributes)
	for key, value := range answers {
		name, ok := strings.CutPrefix(key, "userAttributes.")
		if ok && attributes[name] != "" {
			return refuse("NotAuthorizedException", "Cannot modify an already provided %s", name)
		}
		if ok {
			attributes[name] = value
		}
	}
	a.attributes, a.mustChange = attributes, false // a new map: tokens are made from the old one without the lock
	a.setPassword(answers["NEW_PASSWORD"])
	return nil
}
