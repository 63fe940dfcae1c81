package cognito

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// A Challenge is what a user pool requires before it issues tokens, such as a new password, a code
// or a choice. It is the error of [Client.SignIn], [Client.Start] and [Challenge.Respond] if the
// pool requires more:
//
//	session, err := c.SignIn(ctx, name, password)
//	var challenge *cognito.Challenge
//	for errors.As(err, &challenge) {
//		answers := map[string]string{}
//		for _, key := range challenge.AnswerKeys() {
//			answers[key] = prompt(key) // such as SMS_MFA_CODE
//		}
//		session, err = challenge.Respond(ctx, answers)
//	}
//
// The names of challenges, parameters and answers are Cognito's (AWS: RespondToAuthChallenge). A
// challenge with an unknown name can be answered too. A Challenge does not change: after a wrong
// code it can be answered again, if the pool permits that.
type Challenge struct {
	redact.Fields // for GobEncode

	// Name is the name of the challenge, such as "NEW_PASSWORD_REQUIRED" or "SOFTWARE_TOKEN_MFA".
	Name string

	// Parameters are the challenge's parameters as received.
	//
	// In a WEB_AUTHN challenge, CREDENTIAL_REQUEST_OPTIONS is the JSON for the authenticator (W3C
	// Web Authentication, PublicKeyCredentialRequestOptions). The answer CREDENTIAL is the
	// authenticator's result as JSON.
	Parameters map[string]string

	// Available are the choices if Name is "SELECT_CHALLENGE".
	Available []string

	// Username is the user name that the pool uses, which answers contain in place of an alias.
	Username string

	// Received is when the challenge was received, by the pool's clock if it is known.
	Received time.Time

	// pending is nil if the challenge does not come from a sign-in. It is a pointer because package
	// fmt prints only the address of a pointer in an unexported field.
	pending *pending
}

// pending is what an answer needs.
type pending struct {
	session      string       // a bearer secret until the sign-in ends
	conversation conversation // without an exchange
}

// answerKeys maps the name of each challenge to the keys of its answers.
var answerKeys = map[string][]string{
	cognitoidp.ChallengeNewPasswordRequired: {"NEW_PASSWORD"}, // and attributes: see AnswerKeys
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
	cognitoidp.ChallengeMFASetup:            {"SOFTWARE_TOKEN_MFA_CODE"}, // or EMAIL
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

// AnswerKeys returns the keys of the answers that the challenge requires. Most challenges have one.
// NEW_PASSWORD_REQUIRED also has "userAttributes.<name>" for each attribute that the pool requires
// and the user lacks. MFA_SETUP has SOFTWARE_TOKEN_MFA_CODE, for [Challenge.SetUpTOTP], or EMAIL if
// the pool does not offer an authenticator app. For an unknown challenge, AnswerKeys returns nil.
func (ch *Challenge) AnswerKeys() []string {
	keys := slices.Clone(answerKeys[ch.Name])
	switch ch.Name {
	case cognitoidp.ChallengeMFASetup:
		switch {
		case ch.offersTOTP():
		case slices.Contains(ch.Choices(), cognitoidp.ChallengeEmailOTP):
			keys = []string{"EMAIL"}
		default:
			keys = nil
		}
	case cognitoidp.ChallengeNewPasswordRequired:
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

// offersTOTP reports whether MFA_SETUP can set up an authenticator app. If the pool sends no list,
// it can.
func (ch *Challenge) offersTOTP() bool {
	can := ch.Choices()
	return len(can) == 0 || slices.Contains(can, cognitoidp.ChallengeSoftwareTokenMFA)
}

// Choices returns the possible values of the answer ANSWER if the challenge is a choice, or the
// factors that can be set up if Name is "MFA_SETUP". They are the pool's own texts, and must be
// sent unchanged.
func (ch *Challenge) Choices() []string {
	switch ch.Name {
	case cognitoidp.ChallengeSelectMFAType:
		return ch.list("MFAS_CAN_CHOOSE")
	case cognitoidp.ChallengeMFASetup:
		return ch.list("MFAS_CAN_SETUP")
	}
	return slices.Clone(ch.Available)
}

// Delivery returns where a code was sent: the medium, "SMS" or "EMAIL", and the masked destination.
// Both are empty if the challenge does not concern a code that was sent.
func (ch *Challenge) Delivery() (medium, destination string) {
	p := ch.Parameters
	return p["CODE_DELIVERY_DELIVERY_MEDIUM"], p["CODE_DELIVERY_DESTINATION"]
}

// Expires returns a time until which the pool accepts an answer: 3 minutes after Received. An app
// client sets 3 to 15 minutes, and the pool does not report the setting (AWS: CreateUserPoolClient,
// AuthSessionValidity).
func (ch *Challenge) Expires() time.Time { return ch.Received.Add(3 * time.Minute) }

// list parses a parameter that is a JSON list of strings.
func (ch *Challenge) list(parameter string) []string {
	var list []string
	if json.Unmarshal([]byte(ch.Parameters[parameter]), &list) != nil {
		return nil
	}
	return list
}

// attributes returns the attributes that the user of NEW_PASSWORD_REQUIRED has.
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

// Error names the challenge and its answers. It contains no secret.
func (ch *Challenge) Error() string {
	text := "cognito: the user pool requires " + awshttp.Clean(ch.Name, 64)
	if _, to := ch.Delivery(); to != "" {
		text += fmt.Sprintf(" (a code was sent to %q)", awshttp.Clean(to, 256))
	}
	if choices := ch.Choices(); len(choices) > 0 {
		text += " (choices: " + awshttp.Clean(fmt.Sprintf("%q", choices), 1024) + ")"
	}
	if keys := ch.AnswerKeys(); len(keys) > 0 {
		return text + ": answer with " + awshttp.Clean(strings.Join(keys, ", "), 1024)
	}
	names := fmt.Sprintf("%q", slices.Sorted(maps.Keys(ch.Parameters)))
	return text + " (parameters: " + awshttp.Clean(names, 1024) + "): " +
		"answer with Challenge.Respond"
}

// Format writes the text of [Challenge.Error], for every verb. It has a value receiver so that a
// Challenge that is not behind a pointer prints no parameters either.
func (ch Challenge) Format(f fmt.State, _ rune) { io.WriteString(f, ch.Error()) }

// MarshalText returns the text of [Challenge.Error].
func (ch Challenge) MarshalText() ([]byte, error) { return []byte(ch.Error()), nil }

// Respond answers the challenge. It adds the answers that are always required, such as USERNAME and
// SECRET_HASH. If the pool requires more, the error is the next *Challenge.
//
//   - A PASSWORD that answers PASSWORD_SRP, or comes with the ANSWER "PASSWORD_SRP", is used for
//     SRP and not sent.
//   - A PASSWORD that answers PASSWORD, or comes with the ANSWER "PASSWORD", is sent. Respond
//     refuses PASSWORD in any other answer.
//   - A SOFTWARE_TOKEN_MFA_CODE that answers MFA_SETUP completes [Challenge.SetUpTOTP]. With it,
//     FRIENDLY_DEVICE_NAME names the authenticator app.
//   - An email address as EMAIL also answers MFA_SETUP. The pool sends a code to it.
func (ch *Challenge) Respond(ctx context.Context, answers map[string]string) (*Session, error) {
	if ch.pending == nil || ch.Name == "" {
		return nil, errors.New("cognito: Respond: the challenge does not come from a sign-in")
	}
	session, v := ch.pending.session, ch.pending.conversation
	given := answers
	answers = map[string]string{}
	maps.Copy(answers, given)
	answered := answerStep(ch.Name, answers)
	if _, has := answers["PASSWORD"]; has && !listed(takesPassword, answered) {
		return nil, fmt.Errorf("cognito: Respond: %s does not take PASSWORD: nothing was sent; "+
			"give PASSWORD only to a challenge or an ANSWER of that name, or PASSWORD_SRP",
			awshttp.Clean(ch.Name, 64))
	}
	code := answers["SOFTWARE_TOKEN_MFA_CODE"]
	switch {
	case ch.Name == cognitoidp.ChallengeNewPasswordRequired:
		for name := range ch.attributes() {
			if _, sent := answers["userAttributes."+name]; sent {
				return nil, fmt.Errorf("cognito: Respond: the user already has the attribute %q, "+
					"which the pool refuses to change now: omit userAttributes.%s", name, name)
			}
		}
	case answered == "PASSWORD_SRP", answered == "SELECT_CHALLENGE=PASSWORD_SRP":
		if answers["PASSWORD"] == "" {
			return nil, errors.New("cognito: Respond: PASSWORD is missing: " +
				"it is used for SRP and not sent")
		}
		if padded(answers["PASSWORD"]) {
			return nil, errors.New("cognito: Respond: PASSWORD " + paddedText)
		}
		answers["SRP_A"] = v.exchangeFor(answers["PASSWORD"])
		delete(answers, "PASSWORD")
	case ch.Name == cognitoidp.ChallengeMFASetup && code != "":
		in := cognitoidp.VerifySoftwareTokenInput{
			Session:            session,
			UserCode:           code,
			FriendlyDeviceName: answers["FRIENDLY_DEVICE_NAME"],
		}
		out, err := v.client.services.idp.VerifySoftwareToken(ctx, in)
		if err != nil {
			return nil, Explain(err)
		}
		session = cmp.Or(out.Session, session)
		delete(answers, "SOFTWARE_TOKEN_MFA_CODE")
		delete(answers, "FRIENDLY_DEVICE_NAME")
	}
	out, err := v.respond(ctx, ch.Name, session, answers)
	if err != nil {
		return nil, err
	}
	return v.proceed(ctx, out)
}

// SetUpTOTP starts to set up an authenticator app (TOTP, RFC 6238) for the challenge MFA_SETUP. It
// returns the TOTP secret in base32, which [TOTPURI] turns into the text of a QR code, and the
// challenge to answer with a SOFTWARE_TOKEN_MFA_CODE from the app.
func (ch *Challenge) SetUpTOTP(ctx context.Context) (secret string, next *Challenge, err error) {
	if ch.Name != cognitoidp.ChallengeMFASetup || ch.pending == nil {
		return "", nil,
			fmt.Errorf("cognito: SetUpTOTP: the challenge is %q, not MFA_SETUP", ch.Name)
	}
	if !ch.offersTOTP() {
		return "", nil, fmt.Errorf("cognito: SetUpTOTP: the user pool does not offer an "+
			"authenticator app: it offers %s", awshttp.Clean(fmt.Sprintf("%q", ch.Choices()), 1024))
	}
	session, v := ch.pending.session, ch.pending.conversation
	in := cognitoidp.AssociateSoftwareTokenInput{Session: session}
	out, err := v.client.services.idp.AssociateSoftwareToken(ctx, in)
	if err != nil {
		return "", nil, Explain(err)
	}
	following := *ch
	following.pending = &pending{cmp.Or(out.Session, session), v}
	return out.SecretCode, &following, nil
}

// savedChallenge is the stored form of a challenge.
type savedChallenge struct {
	Name       string            `json:"name"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Available  []string          `json:"available,omitempty"`
	Username   string            `json:"username"`
	Typed      string            `json:"typed,omitempty"`
	UserID     string            `json:"user_id,omitempty"`
	Received   time.Time         `json:"received"`
	Session    string            `json:"session,omitempty"`
	ClientID   string            `json:"client_id"`
	Device     json.RawMessage   `json:"device,omitempty"`
	Flow       string            `json:"flow,omitempty"`
	Last       string            `json:"last,omitempty"`
}

// Save returns the challenge as JSON with its secrets, for [Client.ResumeChallenge] in this or
// another process. Store it as carefully as a password.
func (ch *Challenge) Save() ([]byte, error) {
	if ch.pending == nil {
		return nil, errors.New("cognito: Save: the challenge does not come from a sign-in")
	}
	v := ch.pending.conversation
	return json.Marshal(savedChallenge{
		Name:       ch.Name,
		Parameters: ch.Parameters,
		Available:  ch.Available,
		Username:   ch.Username,
		Typed:      v.typed,
		UserID:     v.userID,
		Received:   ch.Received,
		Session:    ch.pending.session,
		ClientID:   v.client.Environment.ClientID,
		Device:     v.device.Save(),
		Flow:       v.flow,
		Last:       v.last,
	})
}

// ResumeChallenge returns the challenge that [Challenge.Save] saved.
func (c *Client) ResumeChallenge(saved []byte) (*Challenge, error) {
	if err := c.open("user_pool_id", "client_id"); err != nil {
		return nil, err
	}
	var from savedChallenge
	if strictjson.Unmarshal(saved, &from) != nil || from.Name == "" || from.Username == "" {
		return nil, errors.New("cognito: ResumeChallenge: this is not a saved challenge")
	}
	if own := c.Environment.ClientID; from.ClientID != own {
		return nil, fmt.Errorf("cognito: ResumeChallenge: the challenge belongs to app client %q, "+
			"but client_id is %q", from.ClientID, own)
	}
	v := conversation{
		client:   c,
		typed:    from.Typed,
		username: from.Username,
		userID:   from.UserID,
		flow:     from.Flow,
		last:     from.Last,
	}
	if len(from.Device) > 0 && v.device.Load(from.Device) != nil {
		return nil, errors.New("cognito: ResumeChallenge: the saved challenge is damaged")
	}
	if from.Name == cognitoidp.ChallengePassword {
		// Earlier versions stored no flow, so the caller may not have requested PASSWORD by name.
		if err := v.checkSequence(from.Name); err != nil {
			return nil, err
		}
	}
	return &Challenge{
		Name:       from.Name,
		Parameters: from.Parameters,
		Available:  from.Available,
		Username:   from.Username,
		Received:   from.Received,
		pending:    &pending{from.Session, v},
	}, nil
}
