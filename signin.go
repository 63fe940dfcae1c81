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
	"github.com/loginwithcognito/cognito/srp"
)

// A Login says who signs in, and how.
type Login struct {
	// Username is the user name or an alias of it, such as an e-mail address. Required.
	Username string
	// Password is used by SRP only, and not sent, unless Flow or PreferredChallenge ask for that by name. It is neither
	// normalised nor trimmed. It may be empty in the flows that need none.
	Password string
	// Flow is how the sign-in begins (AWS: InitiateAuth, AuthFlow):
	//
	//	""                   USER_SRP_AUTH
	//	"USER_SRP_AUTH"      the password, by SRP
	//	"USER_AUTH"          what PreferredChallenge says, or a choice (SELECT_CHALLENGE)
	//	"CUSTOM_AUTH"        challenges of the pool's own, after SRP where Password is set
	//	"USER_PASSWORD_AUTH" the password is sent: anybody who can read what the pool receives learns it
	Flow string
	// PreferredChallenge is what a USER_AUTH sign-in should begin with: "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN",
	// or "PASSWORD", which sends the password. Empty: the pool lets the user choose.
	PreferredChallenge string
	// Device is a device that an earlier sign-in of this user made known to the pool (see [Session.Device]). A remembered
	// device is proven by SRP in place of a code. The zero value means none.
	Device Device
	// Session is what ConfirmSignUp returned, to continue a sign-up into a USER_AUTH sign-in.
	Session string
	// IdentityID is the user's identity in the identity pool as an earlier session had it ([Saved].IdentityID), so that it
	// need not be asked for again. Empty, or of no use any more: it is asked for.
	IdentityID string
}

// SignIn signs a user in with a user name, or an alias of it, and a password: [Client.Start] with these two.
//
// Where the pool asks for more before it gives tokens, the error is a [*Challenge], which can be answered. Otherwise the
// error of a service is a *awserr.Error with the service's own code; [errors.As] finds either. A refused password is
// never tried again here, because the pool counts attempts. A challenge that cannot follow what was sent, such as PASSWORD
// after SRP, is an error too: it is neither returned nor answered.
func (c *Client) SignIn(ctx context.Context, username, password string) (*Session, error) {
	return c.Start(ctx, Login{Username: username, Password: password})
}

// Start begins a sign-in and goes on as long as the pool asks for nothing that only the user knows. Its errors are those
// of [Client.SignIn]. A device that the pool has forgotten is left out, and the sign-in repeated without it, once.
func (c *Client) Start(ctx context.Context, login Login) (*Session, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	login.Flow = cmp.Or(login.Flow, cognitoidp.AuthFlowUserSRP)
	srpFirst := login.Flow == cognitoidp.AuthFlowUserSRP || login.Flow == cognitoidp.AuthFlowCustom && login.Password != "" ||
		login.Flow == cognitoidp.AuthFlowUser && login.PreferredChallenge == cognitoidp.ChallengePasswordSRP
	sent := login.Flow == cognitoidp.AuthFlowUserPassword ||
		login.Flow == cognitoidp.AuthFlowUser && login.PreferredChallenge == cognitoidp.ChallengePassword
	switch {
	case login.Flow != cognitoidp.AuthFlowUser && login.Session+login.PreferredChallenge != "":
		return nil, fmt.Errorf("cognito: Login.Session and Login.PreferredChallenge are for the flow USER_AUTH, and Flow says %q", login.Flow)
	case login.Username == "":
		return nil, errors.New("cognito: the user name must not be empty")
	case login.Password == "" && (srpFirst || sent):
		return nil, errors.New("cognito: the password must not be empty")
	case !utf8.ValidString(login.Username) || !utf8.ValidString(login.Password):
		return nil, errors.New("cognito: the user name and the password must be UTF-8")
	}
	defer c.connectAhead(ctx)()

	session, err := c.start(ctx, login, srpFirst, sent)
	if login.Device.Key != "" && deviceForgotten(err) {
		login.Device = Device{}
		session, err = c.start(ctx, login, srpFirst, sent)
	}
	return session, err
}

func (c *Client) start(ctx context.Context, login Login, srpFirst, sent bool) (*Session, error) {
	v := &conversation{client: c, username: login.Username, device: login.Device, identityID: login.IdentityID}
	v.flow, v.last = login.Flow, step(login.Flow, login.PreferredChallenge)
	if login.Session != "" {
		v.last = confirmedSignUp
	}
	parameters := v.parameters()
	switch {
	case srpFirst:
		parameters["SRP_A"] = v.exchangeFor(login.Password)
		if login.Flow == cognitoidp.AuthFlowCustom {
			parameters["CHALLENGE_NAME"] = "SRP_A" // aws-sdk-android CognitoUser.java; the service's model misspells it
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
	if err != nil {
		return nil, Explain(err)
	}
	return v.proceed(ctx, out)
}

// A conversation is a sign-in under way: what every step of it needs.
type conversation struct {
	client   *Client
	username string // as typed, until the pool tells the real one
	device   Device

	identityID string // as the caller knows it

	flow string // the AuthFlow that the sign-in started with
	last string // the step that the next challenge follows; see follows

	exchange *srp.Client // waits for a PASSWORD_VERIFIER
	password string      // for exchange
}

// exchangeFor begins an SRP exchange and returns SRP_A.
func (v *conversation) exchangeFor(password string) string {
	v.exchange, v.password = srp.NewClient(), password
	return v.exchange.A()
}

// parameters returns those that every step has.
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

// deviceFits tells whether the device is complete and the user's: it is named by the user name that the pool uses, not by
// an alias.
func (v *conversation) deviceFits() bool {
	d := v.device
	return d.Key != "" && d.GroupKey != "" && d.Password != "" && d.Username == v.username
}

// respond answers a challenge.
func (v *conversation) respond(ctx context.Context, name, session string, answers map[string]string) (cognitoidp.AuthOutput, error) {
	v.last = answerStep(name, answers)
	responses := v.parameters()
	maps.Copy(responses, answers)
	out, err := v.client.services.idp.RespondToAuthChallenge(ctx, cognitoidp.RespondToAuthChallengeInput{
		ClientID:           v.client.Environment.ClientID,
		ChallengeName:      name,
		ChallengeResponses: responses,
		Session:            session,
		ClientMetadata:     v.client.ClientMetadata,
		UserContextData:    v.client.UserContextData,
	})
	switch {
	case err == nil:
	case strings.HasPrefix(name, "DEVICE_"):
		err = refusedDevice(err)
	default:
		err = Explain(err)
	}
	return out, err
}

// maxSteps bounds the steps that are answered without the user, so that a service can't go on for ever.
const maxSteps = 8

// proceed answers what can be answered without the user, until there are tokens or a challenge for the user.
func (v *conversation) proceed(ctx context.Context, out cognitoidp.AuthOutput) (*Session, error) {
	for range maxSteps {
		if out.AuthenticationResult != nil {
			return v.finish(ctx, *out.AuthenticationResult)
		}
		if err := v.checkSequence(out.ChallengeName); err != nil {
			return nil, err
		}
		received := out.ChallengeParameters
		// x and the signature use the name that the pool says, which differs from the one typed where that was an alias;
		// USERNAME and SECRET_HASH of the answers use the real user name (aws-sdk-android CognitoUser.java).
		userID := cmp.Or(received["USER_ID_FOR_SRP"], received["USERNAME"], v.username)
		if name := cmp.Or(received["USERNAME"], received["USER_ID_FOR_SRP"]); name != "" {
			v.username = name
		}
		var answers map[string]string
		var err error
		switch {
		case out.ChallengeName == cognitoidp.ChallengePasswordVerifier && v.exchange != nil:
			var pool string
			if pool, err = srp.PoolName(v.client.Environment.UserPoolID); err == nil {
				answers, err = v.prove(out, srp.Identity{Pool: pool, User: userID, Password: v.password})
			}
		case out.ChallengeName == cognitoidp.ChallengeDeviceSRPAuth && v.deviceFits():
			answers = map[string]string{"SRP_A": v.exchangeFor(v.device.Password)}
		case out.ChallengeName == cognitoidp.ChallengeDevicePasswordVerifier && v.deviceFits() && v.exchange != nil:
			answers, err = v.prove(out, srp.Identity{Pool: v.device.GroupKey, User: v.device.Key, Password: v.device.Password})
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
	return nil, fmt.Errorf("cognito: the user pool asked %d times for a proof that it was given", maxSteps)
}

// prove ends the SRP exchange: it answers PASSWORD_VERIFIER and DEVICE_PASSWORD_VERIFIER.
func (v *conversation) prove(out cognitoidp.AuthOutput, id srp.Identity) (map[string]string, error) {
	exchange := v.exchange
	v.exchange, v.password = nil, "" // each is good for one answer
	received := out.ChallengeParameters
	block, err := decodeBase64(received["SECRET_BLOCK"])
	if err != nil {
		return nil, errors.New("the pool's SECRET_BLOCK is not base64")
	}
	timestamp := srp.Timestamp(v.client.services.idp.Now())
	signature, err := exchange.Sign(id, srp.Challenge{Salt: received["SALT"], B: received["SRP_B"], SecretBlock: block}, timestamp)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"PASSWORD_CLAIM_SECRET_BLOCK": received["SECRET_BLOCK"], // the text as it came
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
		"TIMESTAMP":                   timestamp,
	}, nil
}

// finish makes a session of the pool's tokens. A new device is confirmed at once.
func (v *conversation) finish(ctx context.Context, result cognitoidp.AuthenticationResult) (*Session, error) {
	s := v.client.newSession()
	s.identityID = v.identityID
	if v.deviceFits() {
		s.device = v.device
	}
	tokens, expires, err := s.receive(Tokens{}, result)
	if err != nil {
		return nil, err
	}
	if new := result.NewDeviceMetadata; new != nil {
		s.confirmDevice(ctx, tokens.Access, s.newDevice(*new)) // its error is kept
	}
	s.tokens.Set(tokens, expires)
	return s, nil
}

// decodeBase64 decodes standard or URL-safe base64, padded or not, as aws-amplify's client does.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.DecodeString(s)
}
