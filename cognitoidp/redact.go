package cognitoidp

import (
	"fmt"

	"github.com/loginwithcognito/cognito/internal/redact"
)

// What holds a secret prints and marshals without it. See package redact.

func (in InitiateAuthInput) shown() []string {
	return []string{"ClientID", in.ClientID, "AuthFlow", in.AuthFlow}
}

// Format prints the input without its secrets, for every verb.
func (in InitiateAuthInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoidp.InitiateAuthInput", in.shown()...)
}

// MarshalText is the input without its secrets.
func (in InitiateAuthInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoidp.InitiateAuthInput", in.shown()...), nil
}

func (in RespondToAuthChallengeInput) shown() []string {
	return []string{"ClientID", in.ClientID, "ChallengeName", in.ChallengeName}
}

// Format prints the input without its secrets, for every verb.
func (in RespondToAuthChallengeInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoidp.RespondToAuthChallengeInput", in.shown()...)
}

// MarshalText is the input without its secrets.
func (in RespondToAuthChallengeInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoidp.RespondToAuthChallengeInput", in.shown()...), nil
}

func (out AuthOutput) shown() []string {
	if out.AuthenticationResult != nil {
		return []string{"ExpiresIn", out.AuthenticationResult.ExpiresIn.String()}
	}
	return []string{"ChallengeName", out.ChallengeName}
}

// Format prints the output without its secrets, for every verb.
func (out AuthOutput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoidp.AuthOutput", out.shown()...)
}

// MarshalText is the output without its secrets.
func (out AuthOutput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoidp.AuthOutput", out.shown()...), nil
}

func (r AuthenticationResult) shown() []string {
	return []string{"TokenType", r.TokenType, "ExpiresIn", r.ExpiresIn.String()}
}

// Format prints the result without its tokens, for every verb.
func (r AuthenticationResult) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoidp.AuthenticationResult", r.shown()...)
}

// MarshalText is the result without its tokens.
func (r AuthenticationResult) MarshalText() ([]byte, error) {
	return redact.Text("cognitoidp.AuthenticationResult", r.shown()...), nil
}

// Format prints the input without its secrets, for every verb.
func (in GetTokensFromRefreshTokenInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoidp.GetTokensFromRefreshTokenInput", "ClientID", in.ClientID, "DeviceKey", in.DeviceKey)
}

// MarshalText is the input without its secrets.
func (in GetTokensFromRefreshTokenInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoidp.GetTokensFromRefreshTokenInput", "ClientID", in.ClientID, "DeviceKey", in.DeviceKey), nil
}

// Format prints the input without its secrets, for every verb.
func (in RevokeTokenInput) Format(f fmt.State, _ rune) {
	redact.Format(f, "cognitoidp.RevokeTokenInput", "ClientID", in.ClientID)
}

// MarshalText is the input without its secrets.
func (in RevokeTokenInput) MarshalText() ([]byte, error) {
	return redact.Text("cognitoidp.RevokeTokenInput", "ClientID", in.ClientID), nil
}

// Format redacts: what is in it is the user's.
func (UserContextData) Format(f fmt.State, _ rune) { hide(f, "UserContextData") }

// MarshalText redacts.
func (UserContextData) MarshalText() ([]byte, error) { return hidden("UserContextData") }
