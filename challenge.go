package cognito

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
)

// A Challenge is what a user pool asks before it gives tokens: a new password, a code, a choice. It is the error of
// [Client.SignIn], [Client.Start] and [Challenge.Respond] where the pool asks for more:
//
//	session, err := c.SignIn(ctx, name, password)
//	var challenge *cognito.Challenge
//	for errors.As(err, &challenge) {
//		answers := map[string]string{}
//		for _, key := range challenge.Asks() {
//			answers[key] = prompt(key) // such as SMS_MFA_CODE
//		}
//		session, err = challenge.Respond(ctx, answers)
//	}
//
// The names of challenges, of what comes with them and of what they ask for are Cognito's (AWS: RespondToAuthChallenge); a
// name that is not known here can be answered all the same. A Challenge does not change: after a wrong code the same value
// can be answered again, as long as the pool agrees.
type Challenge struct {
	// Name is the challenge's name, such as "NEW_PASSWORD_REQUIRED" or "SOFTWARE_TOKEN_MFA".
	Name string
	// Parameters is what came with it, as it came. Of WEB_AUTHN, CREDENTIAL_REQUEST_OPTIONS is the JSON that goes to the
	// authenticator (W3C Web Authentication, PublicKeyCredentialRequestOptions); what it makes of it, as JSON, is the CREDENTIAL
	// to answer with.
	Parameters map[string]string
	// Available lists the challenges to choose from, where Name is "SELECT_CHALLENGE".
	Available []string
	// Username is the user's real name, which answers use in place of an alias.
	Username string
	// Received is when the challenge came, by the pool's clock as far as it is known.
	Received time.Time

	// pending is nil where the challenge did not come from a sign-in. It is a pointer because package fmt can't call the
	// methods of what another error wraps, and shows of a pointer there only its address.
	pending *pending
}

// pending is what an answer needs.
type pending struct {
	session      string       // a bearer secret until the sign-in is over
	conversation conversation // without an exchange
}

// answerKeys says what each challenge asks for.
var answerKeys = map[string][]string{
	cognitoidp.ChallengeNewPasswordRequired: {"NEW_PASSWORD"}, // and attributes: see Asks
	cognitoidp.ChallengeSMSMFA:              {"SMS_MFA_CODE"},
	cognitoidp.ChallengeSMSOTP:              {"SMS_OTP_CODE"},
	cognitoidp.ChallengeEmailOTP:            {"EMAIL_OTP_CODE"},
	cognitoidp.ChallengeSoftwareTokenMFA:    {"SOFTWARE_TOKEN_MFA_CODE"},
	cognitoidp.ChallengeSelectMFAType:       {"ANSWER"},
	cognitoidp.ChallengeSelectChallenge:     {"ANSWER"},
	cognitoidp.ChallengeCustom:              {"ANSWER"},
	cognitoidp.ChallengeWebAuthn:            {"CREDENTIAL"},
	cognitoidp.ChallengePassword:            {"PASSWORD"},
	cognitoidp.ChallengePasswordSRP:         {"PASSWORD"},
	cognitoidp.ChallengeMFASetup:            {"SOFTWARE_TOKEN_MFA_CODE"}, // after SetUpTOTP; or EMAIL
}

func (v *conversation) challenge(out cognitoidp.AuthOutput) *Challenge {
	rest := *v
	rest.exchange, rest.password = nil, ""
	return &Challenge{
		Name:       out.ChallengeName,
		Parameters: out.ChallengeParameters,
		Available:  out.AvailableChallenges,
		Username:   v.username,
		Received:   v.client.services.idp.Now(),
		pending:    &pending{out.Session, rest},
	}
}

// Asks returns the keys of the answers that the challenge needs: one for most, and for NEW_PASSWORD_REQUIRED also
// "userAttributes.<name>" for each attribute that the pool requires and the user lacks. It is empty where the name is not
// known here.
func (ch *Challenge) Asks() []string {
	keys := slices.Clone(answerKeys[ch.Name])
	if ch.Name == cognitoidp.ChallengeNewPasswordRequired {
		has := ch.attributes()
		for _, key := range ch.list("requiredAttributes") {
			name := strings.TrimPrefix(key, "userAttributes.")
			if has[name] == "" {
				keys = append(keys, "userAttributes."+name)
			}
		}
	}
	return keys
}

// Choices returns what can be answered as ANSWER, where the challenge is a choice, and what can be set up, where Name is
// "MFA_SETUP". The texts are the pool's, and must be answered as they are.
func (ch *Challenge) Choices() []string {
	switch ch.Name {
	case cognitoidp.ChallengeSelectMFAType:
		return ch.list("MFAS_CAN_CHOOSE")
	case cognitoidp.ChallengeMFASetup:
		return ch.list("MFAS_CAN_SETUP")
	}
	return slices.Clone(ch.Available)
}

// Delivery tells where a code was sent: the medium, "SMS" or "EMAIL", and the masked destination. Both are empty where the
// challenge is not about a code that was sent.
func (ch *Challenge) Delivery() (medium, destination string) {
	return ch.Parameters["CODE_DELIVERY_DELIVERY_MEDIUM"], ch.Parameters["CODE_DELIVERY_DESTINATION"]
}

// Until returns a time until which the pool takes an answer: 3 minutes after it asked, the shortest that an app client can
// be set to. It may be up to 15 minutes, which the pool does not tell (AWS: CreateUserPoolClient, AuthSessionValidity).
func (ch *Challenge) Until() time.Time { return ch.Received.Add(3 * time.Minute) }

// list reads a parameter that is a JSON list of strings.
func (ch *Challenge) list(parameter string) []string {
	var list []string
	if json.Unmarshal([]byte(ch.Parameters[parameter]), &list) != nil {
		return nil
	}
	return list
}

// attributes reads those that a user has when a new password is required; attributes are strings, but for odd ones.
func (ch *Challenge) attributes() map[string]string {
	var values map[string]any
	if json.Unmarshal([]byte(ch.Parameters["userAttributes"]), &values) != nil {
		return nil
	}
	has := make(map[string]string, len(values))
	for name, value := range values {
		if text := fmt.Sprint(value); value != nil && text != "" {
			has[name] = text
		}
	}
	return has
}

// Error names the challenge and what it asks for, but no secret.
func (ch Challenge) Error() string {
	text := "cognito: the user pool asks for " + awshttp.Clean(ch.Name, 64)
	if _, to := ch.Delivery(); to != "" {
		text += fmt.Sprintf(" (a code was sent to %q)", awshttp.Clean(to, 256))
	}
	if choices := ch.Choices(); len(choices) > 0 {
		text += " (to choose from: " + awshttp.Clean(fmt.Sprintf("%q", choices), 1024) + ")"
	}
	if keys := ch.Asks(); len(keys) > 0 {
		return text + ": answer with " + awshttp.Clean(strings.Join(keys, ", "), 1024)
	}
	names := fmt.Sprintf("%q", slices.Sorted(maps.Keys(ch.Parameters)))
	return text + " (parameters: " + awshttp.Clean(names, 1024) + "): answer with Challenge.Respond"
}

// Respond answers the challenge. What every answer has, such as USERNAME and SECRET_HASH, is added. Where the pool asks
// for yet more, the error is the next *Challenge.
//
// A PASSWORD that answers PASSWORD_SRP, or comes with the ANSWER "PASSWORD_SRP", is used by SRP and not sent. A PASSWORD
// that answers PASSWORD, or comes with the ANSWER "PASSWORD", is sent; Respond refuses it in any other answer. A
// SOFTWARE_TOKEN_MFA_CODE that answers MFA_SETUP completes what [Challenge.SetUpTOTP] began; a FRIENDLY_DEVICE_NAME beside it
// is what the pool calls the generator from then on. An e-mail address as EMAIL answers MFA_SETUP, too: then a code is sent
// there.
func (ch *Challenge) Respond(ctx context.Context, answers map[string]string) (*Session, error) {
	if ch.pending == nil || ch.Name == "" {
		return nil, errors.New("cognito: Respond: the challenge did not come from a sign-in")
	}
	session, v := ch.pending.session, ch.pending.conversation
	answers = maps.Clone(answers)
	if answers == nil {
		answers = map[string]string{}
	}
	answered := answerStep(ch.Name, answers)
	if _, has := answers["PASSWORD"]; has && !listed(takesPassword, answered) {
		return nil, fmt.Errorf("cognito: Respond: %s does not take PASSWORD: nothing was sent; give PASSWORD only "+
			"to a challenge or an ANSWER of that name, or PASSWORD_SRP", awshttp.Clean(ch.Name, 64))
	}
	switch {
	case ch.Name == cognitoidp.ChallengeNewPasswordRequired:
		for name := range ch.attributes() {
			if _, sent := answers["userAttributes."+name]; sent {
				return nil, fmt.Errorf("cognito: the user has the attribute %q already: the pool refuses to be sent it again, leave userAttributes.%s out", name, name)
			}
		}
	case answered == "PASSWORD_SRP", answered == "SELECT_CHALLENGE=PASSWORD_SRP":
		if answers["PASSWORD"] == "" {
			return nil, errors.New("cognito: Respond: PASSWORD is missing: it is used by SRP, and not sent")
		}
		answers["SRP_A"] = v.exchangeFor(answers["PASSWORD"])
		delete(answers, "PASSWORD")
	case ch.Name == cognitoidp.ChallengeMFASetup && answers["SOFTWARE_TOKEN_MFA_CODE"] != "":
		out, err := v.client.services.idp.VerifySoftwareToken(ctx, cognitoidp.VerifySoftwareTokenInput{
			Session: session, UserCode: answers["SOFTWARE_TOKEN_MFA_CODE"], FriendlyDeviceName: answers["FRIENDLY_DEVICE_NAME"],
		})
		if err != nil {
			return nil, Explain(err)
		}
		session = cmp.Or(out.Session, session)
		delete(answers, "SOFTWARE_TOKEN_MFA_CODE")
		delete(answers, "FRIENDLY_DEVICE_NAME")
	}
	out, err := v.respond(ctx, ch.Name, session, answers)
	if v.deviceFits() && deviceForgotten(err) { // the same answer without it (amplify-js retryOnResourceNotFoundException.ts)
		v.device = Device{}
		out, err = v.respond(ctx, ch.Name, session, answers)
	}
	if err != nil {
		return nil, err
	}
	return v.proceed(ctx, out)
}

// SetUpTOTP begins to set up a password generator (TOTP, RFC 6238) where the challenge is MFA_SETUP. It returns the seed,
// in base32, for the user's generator ([TOTPURI] makes what generators scan) and the challenge that is to be answered
// with a SOFTWARE_TOKEN_MFA_CODE of it.
func (ch *Challenge) SetUpTOTP(ctx context.Context) (seed string, next *Challenge, err error) {
	if ch.Name != cognitoidp.ChallengeMFASetup || ch.pending == nil {
		return "", nil, fmt.Errorf("cognito: SetUpTOTP: the challenge is %q and not MFA_SETUP", ch.Name)
	}
	session, v := ch.pending.session, ch.pending.conversation
	out, err := v.client.services.idp.AssociateSoftwareToken(ctx, cognitoidp.AssociateSoftwareTokenInput{Session: session})
	if err != nil {
		return "", nil, Explain(err)
	}
	following := *ch
	following.pending = &pending{cmp.Or(out.Session, session), v}
	return out.SecretCode, &following, nil
}

// savedChallenge is the form in which a challenge is stored.
type savedChallenge struct {
	Name       string            `json:"name"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Available  []string          `json:"available,omitempty"`
	Username   string            `json:"username"`
	Received   time.Time         `json:"received"`
	Session    string            `json:"session,omitempty"`
	ClientID   string            `json:"client_id"`
	Device     json.RawMessage   `json:"device,omitempty"`
	Flow       string            `json:"flow,omitempty"`
	Last       string            `json:"last,omitempty"`
}

// Reveal returns JSON with the challenge's secrets in it, for storing until [Client.Continue] takes it up again, in
// another process if need be.
func (ch *Challenge) Reveal() ([]byte, error) {
	if ch.pending == nil {
		return nil, errors.New("cognito: Reveal: the challenge did not come from a sign-in")
	}
	session, v := ch.pending.session, ch.pending.conversation
	device, err := v.device.Reveal()
	if err != nil {
		return nil, err
	}
	return json.Marshal(savedChallenge{
		ch.Name, ch.Parameters, ch.Available, ch.Username, ch.Received, session,
		v.client.Environment.ClientID, device, v.flow, v.last,
	})
}

// Continue takes up a challenge that [Challenge.Reveal] stored.
func (c *Client) Continue(stored []byte) (*Challenge, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	var saved savedChallenge
	if err := json.Unmarshal(stored, &saved); err != nil || saved.Name == "" || saved.Username == "" {
		return nil, errors.New("cognito: Continue: this is not a stored challenge")
	}
	if saved.ClientID != c.Environment.ClientID {
		return nil, fmt.Errorf("cognito: Continue: the challenge is of app client %q, and the environment's client_id is %q", saved.ClientID, c.Environment.ClientID)
	}
	v := conversation{client: c, username: saved.Username, flow: saved.Flow, last: saved.Last}
	if saved.Name == cognitoidp.ChallengePassword {
		// Earlier versions stored no flow, so the caller may not have requested PASSWORD by name.
		if err := v.checkSequence(saved.Name); err != nil {
			return nil, err
		}
	}
	if len(saved.Device) > 0 {
		if err := json.Unmarshal(saved.Device, &v.device); err != nil {
			return nil, errors.New("cognito: Continue: the stored challenge is damaged")
		}
	}
	return &Challenge{
		Name: saved.Name, Parameters: saved.Parameters, Available: saved.Available, Username: saved.Username,
		Received: saved.Received, pending: &pending{saved.Session, v},
	}, nil
}
