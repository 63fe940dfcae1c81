package cognitoidp

import (
	"cmp"
	"context"
	"fmt"
)

// request is what the operations send: each of them some of these members, by the service's names. Empty ones are not sent.
type request struct {
	ClientID                                                       string `json:"ClientId,omitempty"`
	AuthFlow, ChallengeName, RefreshToken, Token, ClientSecret     string `json:",omitempty"`
	AccessToken, Session, SecretHash, Username, ConfirmationCode   string `json:",omitempty"`
	Password, PreviousPassword, ProposedPassword                   string `json:",omitempty"`
	DeviceKey, DeviceName, DeviceRememberedStatus, PaginationToken string `json:",omitempty"`
	UserCode, FriendlyDeviceName                                   string `json:",omitempty"`

	ForceAliasCreation                                         bool                 `json:",omitempty"`
	Limit                                                      int                  `json:",omitempty"`
	AuthParameters, ChallengeResponses, ClientMetadata         map[string]string    `json:",omitempty"`
	UserContextData                                            *wireContext         `json:",omitempty"`
	UserAttributes, ValidationData                             []wireAttribute      `json:",omitempty"`
	DeviceSecretVerifierConfig                                 wireVerifier         `json:",omitzero"`
	SMSMfaSettings, SoftwareTokenMfaSettings, EmailMfaSettings *MFASettings         `json:",omitempty"`
	WebAuthnMfaSettings                                        *WebAuthnMFASettings `json:",omitempty"`
}

// These marshal as they are. The types that they are made of marshal without their secrets.
type (
	wireContext   UserContextData
	wireAttribute Attribute
	wireVerifier  DeviceSecretVerifierConfig
)

// ask carries out an operation, after the checks of its request, and reads its answer.
func ask[Output any](ctx context.Context, c *Client, operation string, repeatable bool, in request, checks ...error) (Output, error) {
	var out, none Output
	if err := cmp.Or(cmp.Or(checks...), in.checkTexts()); err != nil {
		return none, wrap(operation, err)
	}
	if err := c.call(ctx, operation, repeatable, in, &out); err != nil {
		return none, err
	}
	return out, nil
}

// checkTexts checks what is not checked for characters otherwise.
func (r request) checkTexts() error {
	user := cmp.Or(r.UserContextData, new(wireContext))
	return cmp.Or(checkText("AuthParameters", r.AuthParameters), checkText("ChallengeResponses", r.ChallengeResponses),
		checkText("ClientMetadata", r.ClientMetadata), checkText("the request", map[string]string{
			"AuthFlow": r.AuthFlow, "ChallengeName": r.ChallengeName, "ClientSecret": r.ClientSecret, "Session": r.Session,
			"SecretHash": r.SecretHash, "Username": r.Username, "ConfirmationCode": r.ConfirmationCode,
			"Password": r.Password, "PreviousPassword": r.PreviousPassword, "ProposedPassword": r.ProposedPassword,
			"DeviceKey": r.DeviceKey, "DeviceName": r.DeviceName, "DeviceRememberedStatus": r.DeviceRememberedStatus,
			"PaginationToken": r.PaginationToken, "FriendlyDeviceName": r.FriendlyDeviceName,
			"IpAddress": user.IPAddress, "EncodedData": user.EncodedData,
		}))
}

// wireAttributes are attributes in the form that marshals, which Attribute does not. Their texts are checked.
func wireAttributes(field string, attributes []Attribute) (list []wireAttribute, err error) {
	for _, a := range attributes {
		err = cmp.Or(err, given("Name in "+field, a.Name), checkText(field, map[string]string{a.Name: a.Value}))
		list = append(list, wireAttribute(a))
	}
	return list, err
}

// given checks that a required field is not empty.
func given(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s is missing", field)
	}
	return nil
}

func checkToken(field, token string) error {
	if !isToken(token) {
		return fmt.Errorf("%s is missing or has characters that no token has", field)
	}
	return nil
}
