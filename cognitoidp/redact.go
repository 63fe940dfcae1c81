package cognitoidp

import (
	"fmt"

	"github.com/loginwithcognito/cognito/internal/redact"
)

// What holds a secret prints and marshals without it. See package redact.

func hide(f fmt.State, name string, shown ...string) { redact.Format(f, "cognitoidp."+name, shown...) }

func hidden(name string, shown ...string) ([]byte, error) {
	return redact.Text("cognitoidp."+name, shown...), nil
}

func (in InitiateAuthInput) shown() []string {
	return []string{"ClientID", in.ClientID, "AuthFlow", in.AuthFlow}
}

// Format prints the input without its secrets, for every verb.
func (in InitiateAuthInput) Format(f fmt.State, _ rune) { hide(f, "InitiateAuthInput", in.shown()...) }

// MarshalText is the input without its secrets.
func (in InitiateAuthInput) MarshalText() ([]byte, error) {
	return hidden("InitiateAuthInput", in.shown()...)
}

func (in RespondToAuthChallengeInput) shown() []string {
	return []string{"ClientID", in.ClientID, "ChallengeName", in.ChallengeName}
}

// Format prints the input without its secrets, for every verb.
func (in RespondToAuthChallengeInput) Format(f fmt.State, _ rune) {
	hide(f, "RespondToAuthChallengeInput", in.shown()...)
}

// MarshalText is the input without its secrets.
func (in RespondToAuthChallengeInput) MarshalText() ([]byte, error) {
	return hidden("RespondToAuthChallengeInput", in.shown()...)
}

func (out AuthOutput) shown() []string {
	if out.AuthenticationResult != nil {
		return []string{"ExpiresIn", out.AuthenticationResult.ExpiresIn.String()}
	}
	return []string{"ChallengeName", out.ChallengeName}
}

// Format prints the output without its secrets, for every verb.
func (out AuthOutput) Format(f fmt.State, _ rune) { hide(f, "AuthOutput", out.shown()...) }

// MarshalText is the output without its secrets.
func (out AuthOutput) MarshalText() ([]byte, error) { return hidden("AuthOutput", out.shown()...) }

func (r AuthenticationResult) shown() []string {
	return []string{"TokenType", r.TokenType, "ExpiresIn", r.ExpiresIn.String()}
}

// Format prints the result without its tokens, for every verb.
func (r AuthenticationResult) Format(f fmt.State, _ rune) {
	hide(f, "AuthenticationResult", r.shown()...)
}

// MarshalText is the result without its tokens.
func (r AuthenticationResult) MarshalText() ([]byte, error) {
	return hidden("AuthenticationResult", r.shown()...)
}

// Format prints the input without its secrets, for every verb.
func (in GetTokensFromRefreshTokenInput) Format(f fmt.State, _ rune) {
	hide(f, "GetTokensFromRefreshTokenInput", "ClientID", in.ClientID, "DeviceKey", in.DeviceKey)
}

// MarshalText is the input without its secrets.
func (in GetTokensFromRefreshTokenInput) MarshalText() ([]byte, error) {
	return hidden("GetTokensFromRefreshTokenInput", "ClientID", in.ClientID, "DeviceKey", in.DeviceKey)
}

// Format prints the input without its secrets, for every verb.
func (in RevokeTokenInput) Format(f fmt.State, _ rune) {
	hide(f, "RevokeTokenInput", "ClientID", in.ClientID)
}

// MarshalText is the input without its secrets.
func (in RevokeTokenInput) MarshalText() ([]byte, error) {
	return hidden("RevokeTokenInput", "ClientID", in.ClientID)
}

// Format redacts: what is in it is the user's.
func (UserContextData) Format(f fmt.State, _ rune) { hide(f, "UserContextData") }

// MarshalText redacts.
func (UserContextData) MarshalText() ([]byte, error) { return hidden("UserContextData") }
