package cognito

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/srp"
)

// The states of a sign-in. The caller acts only when it has a Challenge.
//
//	 Start                       Respond <-----------------------------+
//	   | InitiateAuth               | RespondToAuthChallenge            |
//	   v                            v                                   |
//	+----- the pool's response: proceed ---------------------------+    |
//	| cannot follow the last step (sequence.go): return an error   |    |
//	| SRP challenge: prove, RespondToAuthChallenge, next response  |    |
//	| any other challenge: return a *Challenge ---------- caller --|----+
//	| tokens: finish, which confirms a new device: return Session  |
//	+--------------------------------------------------------------+

// A Login describes a sign-in.
type Login struct {
	redact.Fields

	// Username is the user name or an alias of it, such as an email address. Required.
	Username string

	// Password is used for SRP and not sent, unless Flow or PreferredChallenge requests that by
	// name. It is used unchanged, without trimming or normalization. White space at its ends, which
	// user pools do not allow, is an error. It may be empty in flows that do not need it.
	Password string

	// Flow is the flow of the sign-in (AWS: InitiateAuth, AuthFlow):
	//
	//	""                   USER_SRP_AUTH
	//	"USER_SRP_AUTH"      the password, by SRP
	//	"USER_AUTH"          PreferredChallenge, or a choice (SELECT_CHALLENGE)
	//	"CUSTOM_AUTH"        challenges defined by the pool, after SRP if Password is set
	//	"USER_PASSWORD_AUTH" the password is sent, and readable for the pool's Lambda triggers
	Flow string

	// PreferredChallenge is the first challenge of USER_AUTH: "PASSWORD_SRP", "EMAIL_OTP",
	// "SMS_OTP", "WEB_AUTHN", or "PASSWORD", which sends the password. If it is empty, the user
	// chooses.
	PreferredChallenge string

	// Device is the user's device from an earlier sign-in (see [Session.Device]), or zero. SRP
	// proves a remembered device, in place of a code.
	Device Device

	// Session is the Session that ConfirmSignUp returned. It continues a sign-up with USER_AUTH.
	Session string

	// IdentityID is the user's identity in the identity pool from an earlier session (see
	// [SavedSession]), which saves a request. It may be empty or outdated.
	IdentityID string
}

// SignIn signs a user in with a password and a user name, or an alias of it. It is [Client.Start]
// with these two.
//
// If the pool requires more before it issues tokens, the error is a [*Challenge], which the caller
// can answer. If a service refuses a request, the error is an *awserr.Error with the service's
// code. Use [errors.As] for both. SignIn never retries a refused password, because the pool counts
// attempts. A challenge that cannot follow the last step, such as PASSWORD after SRP, is neither
// returned nor answered, but is an error.
func (c *Client) SignIn(ctx context.Context, username, password string) (*Session, error) {
	return c.Start(ctx, Login{Username: username, Password: password})
}

// Start begins a sign-in and answers every challenge that it can without the user. Its errors are
// those of [Client.SignIn].
//
// If the pool has forgotten the device, Start sends the same proof of the user's password again
// without the device. If the pool refuses the device's own proof, Start signs in once more without
// the device. That is the only case in which it proves the user's password twice, and a hostile
// pool can check one guess of the password with each proof.
func (c *Client) Start(ctx context.Context, login Login) (*Session, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	login.Flow = cmp.Or(login.Flow, cognitoidp.AuthFlowUserSRP)
	var bySRP, sent bool // how the first request uses the password
	switch login.Flow {
	case cognitoidp.AuthFlowUserSRP:
		bySRP = true
	case cognitoidp.AuthFlowCustom:
		bySRP = login.Password != ""
	case cognitoidp.AuthFlowUserPassword:
		sent = true
	case cognitoidp.AuthFlowUser:
		bySRP = login.PreferredChallenge == cognitoidp.ChallengePasswordSRP
		sent = login.PreferredChallenge == cognitoidp.ChallengePassword
	}
	switch {
	case login.Flow != cognitoidp.AuthFlowUser && login.Session+login.PreferredChallenge != "":
		return nil, fmt.Errorf("cognito: Login.Session and Login.PreferredChallenge need the flow "+
			"USER_AUTH, but Flow is %q", login.Flow)
	case login.Username == "":
		return nil, errors.New("cognito: the user name must not be empty")
	case login.Password == "" && (bySRP || sent):
		return nil, errors.New("cognito: the password must not be empty")
	case !utf8.ValidString(login.Username) || !utf8.ValidString(login.Password):
		return nil, errors.New("cognito: the user name and the password must be UTF-8")
	case strings.TrimSpace(login.Username) != login.Username:
		return nil, errors.New("cognito: the user name " + paddedText)
	case padded(login.Password):
		return nil, errors.New("cognito: the password " + paddedText)
	}
	defer c.connectAhead(ctx)()

	session, err := c.start(ctx, login, bySRP, sent)
	var refused *deviceError
	if errors.As(err, &refused) && deviceForgotten(err) {
		login.Device = Device{}
		session, err = c.start(ctx, login, bySRP, sent)
	}
	return session, err
}

// padded reports whether a password has white space at its ends. User pools allow neither that
// (AWS: "Adding user pool password requirements") nor any white space in user names.
func padded(password string) bool { return strings.Trim(password, " \t\n\v\f\r") != password }

const paddedText = "begins or ends with white space, which user pools do not allow: remove it"

func (c *Client) start(ctx context.Context, login Login, bySRP, sent bool) (*Session, error) {
	v := &conversation{
		client:     c,
		typed:      login.Username,
		username:   login.Username,
		device:     login.Device,
		identityID: login.IdentityID,
		flow:       login.Flow,
		last:       step(login.Flow, login.PreferredChallenge),
	}
	if login.Session != "" {
		v.last = confirmedSignUp
	}
	parameters := v.parameters()
	switch {
	case bySRP:
		parameters["SRP_A"] = v.exchangeFor(login.Password)
		if login.Flow == cognitoidp.AuthFlowCustom {
			// As in aws-sdk-android CognitoUser.java; AWS's API model misspells the name.
			parameters["CHALLENGE_NAME"] = "SRP_A"
			v.last = step(login.Flow, "SRP_A")
		}
	case sent:
		parameters["PASSWORD"] = login.Password
	}
	if login.PreferredChallenge != "" {
		parameters["PREFERRED_CHALLENGE"] = login.PreferredChallenge
	}
	out, err := c.services.idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID:        c.Environment.ClientID,
		AuthFlow:        login.Flow,
		AuthParameters:  parameters,
		ClientMetadata:  c.ClientMetadata,
		Session:         login.Session,
		UserContextData: c.UserContextData,
	})
	switch {
	case parameters["DEVICE_KEY"] != "" && deviceForgotten(err):
		return nil, &deviceError{Explain(err)}
	case err != nil:
		return nil, explain(err, login.Flow)
	}
	return v.proceed(ctx, out)
}

// A conversation is a sign-in in progress.
type conversation struct {
	client     *Client
	typed      string // the user name or alias of the caller
	username   string // as typed, until the pool sends the name that it uses
	userID     string // USER_ID_FOR_SRP, once the pool has sent it
	device     Device
	identityID string // from the caller

	flow string // the AuthFlow of the sign-in
	last string // the step that the next challenge follows; see follows

	exchange *srp.Client // set until PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER
	password string      // for exchange
}

// exchangeFor starts an SRP exchange and returns SRP_A.
func (v *conversation) exchangeFor(password string) string {
	v.exchange, v.password = srp.NewClient(), password
	return v.exchange.A()
}

// parameters returns the parameters that every step has.
func (v *conversation) parameters() map[string]string {
	p := map[string]string{"USERNAME": v.username}
	if hash := v.client.SecretHash(v.username); hash != "" {
		p["SECRET_HASH"] = hash
	}
	if v.deviceFits() {
		p["DEVICE_KEY"] = v.device.Key
	}
	return p
}

// deviceFits reports whether the device is complete and belongs to the user. Once the pool has sent
// the names that it uses, the alias no longer matches.
func (v *conversation) deviceFits() bool {
	d := v.device
	owner := d.Username == v.username || d.Alias == v.username ||
		d.Username == v.userID && v.userID != ""
	return owner && d.Key != "" && d.GroupKey != "" && d.Password != ""
}

// respond answers a challenge.
func (v *conversation) respond(ctx context.Context, name, session string,
	answers map[string]string) (cognitoidp.AuthOutput, error) {
	v.last = answerStep(name, answers)
	responses := v.parameters()
	maps.Copy(responses, answers)
	in := cognitoidp.RespondToAuthChallengeInput{
		ClientID:           v.client.Environment.ClientID,
		ChallengeName:      name,
		ChallengeResponses: responses,
		Session:            session,
		ClientMetadata:     v.client.ClientMetadata,
		UserContextData:    v.client.UserContextData,
	}
	out, err := v.client.services.idp.RespondToAuthChallenge(ctx, in)
	switch {
	case err != nil && strings.HasPrefix(name, "DEVICE_"):
		return out, refusedDevice(err)
	case responses["DEVICE_KEY"] != "" && deviceForgotten(err):
		// Send the same answer without the device (amplify-js retryOnResourceNotFoundException.ts).
		v.device = Device{}
		delete(responses, "DEVICE_KEY")
		out, err = v.client.services.idp.RespondToAuthChallenge(ctx, in)
	}
	return out, Explain(err)
}

// maxSteps bounds the challenges that are answered without the user, so that a server cannot keep
// the client in a loop.
const maxSteps = 8

// proceed answers challenges that need no user, until the pool sends tokens or another challenge.
func (v *conversation) proceed(ctx context.Context, out cognitoidp.AuthOutput) (*Session, error) {
	for range maxSteps {
		if out.AuthenticationResult != nil {
			return v.finish(ctx, *out.AuthenticationResult)
		}
		if err := v.checkSequence(out.ChallengeName); err != nil {
			return nil, err
		}
		// The pool's user name differs from the one typed if that is an alias. USER_ID_FOR_SRP goes
		// into x and the signature; USERNAME into the parameters USERNAME and SECRET_HASH
		// (aws-sdk-android CognitoUser.java).
		forSRP, real := out.ChallengeParameters["USER_ID_FOR_SRP"],
			out.ChallengeParameters["USERNAME"]
		userID := cmp.Or(forSRP, real, v.username)
		v.username = cmp.Or(real, forSRP, v.username)
		v.userID = cmp.Or(forSRP, v.userID)

		var answers map[string]string
		var err error
		switch name := out.ChallengeName; {
		case name == cognitoidp.ChallengePasswordVerifier && v.exchange != nil:
			var pool string
			if pool, err = srp.PoolName(v.client.Environment.UserPoolID); err == nil {
				id := srp.Identity{Pool: pool, User: userID, Password: v.password}
				answers, err = v.prove(out, id)
			}
		case name == cognitoidp.ChallengeDeviceSRPAuth && v.deviceFits():
			answers = map[string]string{"SRP_A": v.exchangeFor(v.device.Password)}
		case name == cognitoidp.ChallengeDevicePasswordVerifier && v.deviceFits() &&
			v.exchange != nil:
			d := v.device
			id := srp.Identity{Pool: d.GroupKey, User: d.Key, Password: d.Password}
			answers, err = v.prove(out, id)
		default:
			return nil, v.challenge(out)
		}
		if err != nil {
			return nil, fmt.Errorf("cognito: %s: %w", out.ChallengeName, err)
		}
		if out, err = v.respond(ctx, out.ChallengeName, out.Session, answers); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("cognito: the user pool requested proofs %d times in one sign-in: "+
		"it may not be a Cognito user pool", maxSteps)
}

// prove ends the SRP exchange. It returns the answers to PASSWORD_VERIFIER and
// DEVICE_PASSWORD_VERIFIER.
func (v *conversation) prove(
	out cognitoidp.AuthOutput, id srp.Identity,
) (map[string]string, error) {
	exchange := v.exchange
	v.exchange, v.password = nil, "" // each is for one proof
	received := out.ChallengeParameters
	block, err := decodeBase64(received["SECRET_BLOCK"])
	if err != nil {
		return nil, errors.New("the pool's SECRET_BLOCK is not base64")
	}
	challenge := srp.Challenge{Salt: received["SALT"], B: received["SRP_B"], SecretBlock: block}
	timestamp := srp.Timestamp(v.client.services.idp.Now())
	signature, err := exchange.Sign(id, challenge, timestamp)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"PASSWORD_CLAIM_SECRET_BLOCK": received["SECRET_BLOCK"], // as received
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
		"TIMESTAMP":                   timestamp,
	}, nil
}

// finish returns a session with the pool's tokens, after confirming a new device.
func (v *conversation) finish(
	ctx context.Context, result cognitoidp.AuthenticationResult,
) (*Session, error) {
	s := v.client.newSession()
	if isIdentityPoolID(v.identityID) {
		s.identityID = v.identityID
	}
	if v.deviceFits() {
		s.device.current = v.named(v.device)
	}
	tokens, expires, err := s.receive(Tokens{}, result)
	if err != nil {
		return nil, err
	}
	if names := result.NewDeviceMetadata; names != nil {
		device := v.named(s.newDevice(*names))
		s.confirmDevice(ctx, tokens.Access, device) // keeps its error
	}
	s.tokens.Set(tokens, expires)
	return s, nil
}

// named returns d with the alias that the user typed.
func (v *conversation) named(d Device) Device {
	if v.typed != d.Username {
		d.Alias = cmp.Or(v.typed, d.Alias)
	}
	return d
}

// decodeBase64 decodes standard or URL-safe base64 with or without padding, as aws-amplify does.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.DecodeString(s)
}
