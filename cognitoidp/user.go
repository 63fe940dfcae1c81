package cognitoidp

import (
	"context"
	"errors"

	"github.com/loginwithcognito/cognito/internal/awshttp"
)

// GetUserOutput is the result of [Client.GetUser].
type GetUserOutput struct {
	// Username is the pool's name for the user, and not an alias.
	Username       string
	UserAttributes []Attribute
	// PreferredMFASetting is one of UserMFASettingList, or empty.
	PreferredMFASetting string `json:"PreferredMfaSetting"`
	// UserMFASettingList lists the kinds of MFA in use: ChallengeSMSMFA, ChallengeSoftwareTokenMFA
	// and ChallengeEmailOTP.
	UserMFASettingList []string
}

// GetUser returns the user that an access token was issued to.
func (c *Client) GetUser(ctx context.Context, accessToken string) (GetUserOutput, error) {
	const operation = "GetUser"
	in := members{"AccessToken": accessToken}
	out, err := call[GetUserOutput](ctx, c, operation, idempotent, in, "AccessToken")
	if err == nil && out.Username == "" {
		err = errors.New("the response has no Username")
		return GetUserOutput{}, awshttp.Wrap(service, operation, err)
	}
	return out, err
}

// GlobalSignOut makes the pool refuse all tokens that it has issued to the user. Services that
// check only the signature of an access token accept it until it expires. If the service processed
// a request and its response was lost, the retry returns CodeNotAuthorized.
func (c *Client) GlobalSignOut(ctx context.Context, accessToken string) error {
	in := members{"AccessToken": accessToken}
	return c.send(ctx, "GlobalSignOut", idempotent, in, new(none), "AccessToken")
}
