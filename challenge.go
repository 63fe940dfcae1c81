package cognito

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/cognitoidp"
)

// A Challenge is what a user pool asks before it gives tokens: a new password, a code, a choice. It is the error of
// [Client.SignIn] and of [Challenge.Respond] where the pool asks for more:
//
//	s, err := c.SignIn(ctx, name, password)
//	var challenge *cognito.Challenge
//	if errors.As(err, &challenge) && challenge.Name == "NEW_PASSWORD_REQUIRED" {
//		s, err = challenge.Respond(ctx, map[string]string{"NEW_PASSWORD": chosen})
//	}
//
// The names of challenges and of what they receive and expect are Cognito's (AWS: RespondToAuthChallenge).
// A Challenge does not change: after a wrong code the same value can be answered again, as long as the pool agrees.
type Challenge struct {
	// Name is the challenge's name, such as "NEW_PASSWORD_REQUIRED" or "SOFTWARE_TOKEN_MFA".
	Name string
	// Parameters is what came with it, such as CODE_DELIVERY_DESTINATION.
	Parameters map[string]string
	// Available lists the challenges to choose from, where Name is "SELECT_CHALLENGE".
	Available []string
	// Username is the user's real name, which answers use in place of an alias.
	Username string

	session string // a bearer secret until the sign-in is over
	client  *Client
}

// Error names the challenge and what came with it, but no secret.
func (ch Challenge) Error() string {
	names := slices.Sorted(maps.Keys(ch.Parameters))
	text := "cognito: the user pool asks for " + ch.Name
	if to := ch.Parameters["CODE_DELIVERY_DESTINATION"]; to != "" {
		text += fmt.Sprintf(" (a code was sent to %q)", to)
	} else if len(names) > 0 {
		text += " (parameters: " + strings.Join(names, ", ") + ")"
	}
	return text + ": answer it with Challenge.Respond"
}

// Respond answers the challenge. USERNAME and SECRET_HASH are added where responses lacks them. Where the pool asks for
// yet more, the error is the next *Challenge.
func (ch *Challenge) Respond(ctx context.Context, responses map[string]string) (*Session, error) {
	if ch.client == nil || ch.Name == "" {
		return nil, fmt.Errorf("cognito: Respond: the challenge did not come from a sign-in")
	}
	answers := ch.client.parameters(ch.Username)
	maps.Copy(answers, responses)
	out, err := ch.client.services.idp.RespondToAuthChallenge(ctx, cognitoidp.RespondToAuthChallengeInput{
		ClientID:           ch.client.Environment.ClientID,
		ChallengeName:      ch.Name,
		ChallengeResponses: answers,
		Session:            ch.session,
	})
	if err != nil {
		return nil, explain(err)
	}
	return ch.client.proceed(ch.Username, out)
}
