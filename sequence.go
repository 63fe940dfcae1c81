package cognito

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/cognitoidp"
)

// A step is what the client sent last: the start of a flow, or the answer to a challenge. The
// choice that the caller made in it follows an equals sign, as in SELECT_CHALLENGE=EMAIL_OTP.
const (
	mfaChallenges = "SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP"
	afterFactor   = mfaChallenges + " DEVICE_SRP_AUTH"
	afterPassword = afterFactor + " NEW_PASSWORD_REQUIRED"
	afterTrigger  = afterPassword + " CUSTOM_CHALLENGE" // a Lambda trigger of CUSTOM_AUTH

	// challengeNames lists the names that AWS defines (ChallengeNameType). Others are future ones.
	challengeNames = afterTrigger + " PASSWORD PASSWORD_SRP PASSWORD_VERIFIER WEB_AUTHN SMS_OTP " +
		"SELECT_CHALLENGE DEVICE_PASSWORD_VERIFIER ADMIN_NO_SRP_AUTH"

	// takesPassword lists the steps that use an answer PASSWORD, if only for SRP.
	takesPassword = "PASSWORD PASSWORD_SRP SELECT_CHALLENGE=PASSWORD SELECT_CHALLENGE=PASSWORD_SRP"

	confirmedSignUp = "USER_AUTH=ConfirmSignUp" // a start with the Session of ConfirmSignUp
	unknownStep     = "UNKNOWN"                 // an answer to a challenge that AWS does not define
)

// follows holds the challenges that may follow each step, in one flow or, if flow is empty, in all.
// PASSWORD follows only steps that request it, so a flow that starts with SRP cannot end with the
// password being sent. Sources: AWS API Reference, InitiateAuth and RespondToAuthChallenge; Amazon
// Cognito Developer Guide, "Authentication flows", "Custom authentication challenge Lambda
// triggers" and "Working with user devices".
var follows = []struct{ flow, steps, challenges string }{
	{"", "USER_SRP_AUTH PASSWORD_SRP", "PASSWORD_VERIFIER"},
	{"", "USER_PASSWORD_AUTH", afterPassword},
	{"", "CUSTOM_AUTH", afterTrigger},
	{"", "CUSTOM_AUTH=SRP_A", "PASSWORD_VERIFIER " + afterTrigger},

	// USER_AUTH starts with the preferred challenge, or with a choice if that is not available.
	{"", "USER_AUTH", "SELECT_CHALLENGE"},
	{"", "USER_AUTH=PASSWORD", "SELECT_CHALLENGE PASSWORD " + afterPassword},
	{"", "USER_AUTH=PASSWORD_SRP", "SELECT_CHALLENGE PASSWORD_SRP PASSWORD_VERIFIER"},
	{"", "USER_AUTH=EMAIL_OTP", "SELECT_CHALLENGE EMAIL_OTP"},
	{"", "USER_AUTH=SMS_OTP", "SELECT_CHALLENGE SMS_OTP"},
	{"", "USER_AUTH=WEB_AUTHN", "SELECT_CHALLENGE WEB_AUTHN"},
	{"", confirmedSignUp, afterFactor},
	{"", "SELECT_CHALLENGE=PASSWORD", "PASSWORD " + afterPassword},
	{"", "SELECT_CHALLENGE=PASSWORD_SRP", "PASSWORD_SRP PASSWORD_VERIFIER"},
	{"", "SELECT_CHALLENGE=SMS_OTP", "SMS_OTP"},
	{"", "SELECT_CHALLENGE=WEB_AUTHN", "WEB_AUTHN " + afterFactor},

	// First factors; in USER_AUTH, EMAIL_OTP is one.
	{"", "PASSWORD PASSWORD_VERIFIER", afterPassword},
	{"USER_AUTH", "EMAIL_OTP SMS_OTP WEB_AUTHN", afterFactor},
	{"", "NEW_PASSWORD_REQUIRED", afterFactor},
	{"", "SELECT_CHALLENGE SELECT_MFA_TYPE " + unknownStep, afterFactor}, // an unknown choice

	// Second factors. A remembered device may replace one or come in addition to it.
	{"", "SELECT_MFA_TYPE=SMS_MFA", "SMS_MFA"},
	{"", "SELECT_MFA_TYPE=SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA"},
	{"", "SELECT_CHALLENGE=EMAIL_OTP SELECT_MFA_TYPE=EMAIL_OTP MFA_SETUP=EMAIL", "EMAIL_OTP"},
	{"", "SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA MFA_SETUP", "DEVICE_SRP_AUTH"},
	{"", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"},
	{"", "DEVICE_PASSWORD_VERIFIER", mfaChallenges},

	// In CUSTOM_AUTH, the triggers decide after each completed challenge.
	{"", "CUSTOM_CHALLENGE", afterTrigger},
	{"CUSTOM_AUTH", "PASSWORD_VERIFIER NEW_PASSWORD_REQUIRED SMS_MFA EMAIL_OTP MFA_SETUP " +
		"SOFTWARE_TOKEN_MFA DEVICE_PASSWORD_VERIFIER " + unknownStep, afterTrigger},
}

// listed reports whether a list of words separated by spaces contains word.
func listed(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// step returns the step that follows has for name and choice, or for name alone.
func step(name, choice string) string {
	for _, s := range []string{name + "=" + choice, name} {
		for _, row := range follows {
			if listed(row.steps, s) {
				return s
			}
		}
	}
	return unknownStep
}

// answerStep returns the step of answering a challenge. The name comes from the server, so it is
// looked up only if AWS defines it: others could be those of starts, or contain a choice.
func answerStep(challenge string, answers map[string]string) string {
	switch {
	case !listed(challengeNames, challenge):
		return unknownStep
	case challenge == cognitoidp.ChallengeMFASetup && answers["EMAIL"] != "":
		return "MFA_SETUP=EMAIL"
	}
	return step(challenge, answers["ANSWER"])
}

// checkSequence returns an error if a challenge that AWS defines cannot follow the last step.
func (v *conversation) checkSequence(challenge string) error {
	if !listed(challengeNames, challenge) {
		return nil // the caller decides
	}
	for _, row := range follows {
		if (row.flow == "" || row.flow == v.flow) && listed(row.steps, v.last) &&
			listed(row.challenges, challenge) {
			return nil
		}
	}
	return fmt.Errorf("cognito: challenge %s cannot follow %q in the flow %q: "+
		"it was not answered; check the user pool and its endpoint before you sign in again",
		challenge, cmp.Or(v.last, unknownStep), cmp.Or(v.flow, unknownStep))
}
