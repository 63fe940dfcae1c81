package cognitoidp

import (
	"context"
	"errors"
)

// GetUserInput is the request of GetUser.
type GetUserInput struct {
	// AccessToken says who the user is. It needs the scope aws.cognito.signin.user.admin, as every one has that
	// InitiateAuth leads to. CodeNotAuthorized means that it has expired or was revoked. Required.
	AccessToken string
}

// GetUserOutput is the answer of GetUser.
type GetUserOutput struct {
	Username            string // the pool's name of the user, not an alias
	UserAttributes      []Attribute
	PreferredMFASetting string   `json:"PreferredMfaSetting"` // one of the next, or ""
	UserMFASettingList  []string // kinds in use: ChallengeSMSMFA, ChallengeSoftwareTokenMFA, ChallengeEmailOTP
}

// GetUser returns the attributes and the MFA settings of a user. It is repeated after a failure that may pass.
func (c *Client) GetUser(ctx context.Context, in GetUserInput) (GetUserOutput, error) {
	const operation = "GetUser"
	out, err := ask[GetUserOutput](ctx, c, operation, true, request{AccessToken: in.AccessToken}, checkToken("AccessToken", in.AccessToken))
	if err == nil && out.Username == "" {
		return GetUserOutput{}, wrap(operation, errors.New("the answer has no Username"))
	}
	return out, err
}

// GlobalSignOutInput is the request of GlobalSignOut.
type GlobalSignOutInput struct {
	AccessToken string // of the user, as in GetUserInput; required
}

// GlobalSignOut signs a user out everywhere: the pool refuses all tokens that it has issued to the user. Services that
// check a token by its signature alone accept it until it expires. It is repeated after a failure that may pass; if an
// attempt was carried out and its answer got lost, the next one gets CodeNotAuthorized.
func (c *Client) GlobalSignOut(ctx context.Context, in GlobalSignOutInput) error {
	_, err := ask[struct{}](ctx, c, "GlobalSignOut", true, request{AccessToken: in.AccessToken}, checkToken("AccessToken", in.AccessToken))
	return err
}
