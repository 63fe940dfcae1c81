package cognitoidp

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// respond returns a client whose requests all get the same response, and the number of requests.
func respond(status int, body string) (c *Client, sent *int) {
	client, sent := fakehttp.Canned(status, body, "X-Amzn-Requestid", "r-1")
	return &Client{Region: "us-east-1", HTTPClient: client}, sent
}

// An operation calls a method with a request in JSON, whose members have the service's names. They
// differ from the names of the fields in case only.
type operation func(ctx context.Context, c *Client, request string) (any, error)

func returning[In, Out any](f func(*Client, context.Context, In) (Out, error)) operation {
	return func(ctx context.Context, c *Client, request string) (any, error) {
		var in In
		if err := json.Unmarshal([]byte(request), &in); err != nil {
			return nil, err
		}
		return f(c, ctx, in)
	}
}

func plain[In any](f func(*Client, context.Context, In) error) operation {
	return returning(func(c *Client, ctx context.Context, in In) (any, error) {
		return nil, f(c, ctx, in)
	})
}

// args are the arguments of methods that do not take a struct.
type args struct{ AccessToken, DeviceKey, Token, ClientID, ClientSecret string }

func getUser(c *Client, ctx context.Context, in args) (GetUserOutput, error) {
	return c.GetUser(ctx, in.AccessToken)
}

func globalSignOut(c *Client, ctx context.Context, in args) error {
	return c.GlobalSignOut(ctx, in.AccessToken)
}

func forgetDevice(c *Client, ctx context.Context, in args) error {
	return c.ForgetDevice(ctx, in.AccessToken, in.DeviceKey)
}

func getDevice(c *Client, ctx context.Context, in args) (Device, error) {
	return c.GetDevice(ctx, in.AccessToken, in.DeviceKey)
}

func revokeToken(c *Client, ctx context.Context, in args) error {
	return c.RevokeToken(ctx, in.Token, in.ClientID, in.ClientSecret)
}

var operations = map[string]operation{
	"InitiateAuth":              returning((*Client).InitiateAuth),
	"RespondToAuthChallenge":    returning((*Client).RespondToAuthChallenge),
	"GetTokensFromRefreshToken": returning((*Client).GetTokensFromRefreshToken),
	"RevokeToken":               plain(revokeToken),
	"SignUp":                    returning((*Client).SignUp),
	"ConfirmSignUp":             returning((*Client).ConfirmSignUp),
	"ResendConfirmationCode":    returning((*Client).ResendConfirmationCode),
	"ForgotPassword":            returning((*Client).ForgotPassword),
	"ConfirmForgotPassword":     plain((*Client).ConfirmForgotPassword),
	"ChangePassword":            plain((*Client).ChangePassword),
	"GetUser":                   returning(getUser),
	"GlobalSignOut":             plain(globalSignOut),
	"ConfirmDevice":             returning((*Client).ConfirmDevice),
	"UpdateDeviceStatus":        plain((*Client).UpdateDeviceStatus),
	"ForgetDevice":              plain(forgetDevice),
	"GetDevice":                 returning(getDevice),
	"ListDevices":               returning((*Client).ListDevices),
	"AssociateSoftwareToken":    returning((*Client).AssociateSoftwareToken),
	"VerifySoftwareToken":       returning((*Client).VerifySoftwareToken),
	"SetUserMFAPreference":      plain((*Client).SetUserMFAPreference),
}

// authOperations are the operations of a sign-in, with a minimal request of each.
var authOperations = map[string]string{
	"InitiateAuth":              `{"ClientId":"c","AuthFlow":"USER_SRP_AUTH"}`,
	"RespondToAuthChallenge":    `{"ClientId":"c","ChallengeName":"PASSWORD_VERIFIER"}`,
	"GetTokensFromRefreshToken": `{"ClientId":"c","RefreshToken":"r"}`,
	"RevokeToken":               `{"ClientId":"c","Token":"r"}`,
}

// idempotentOperations may be processed twice.
var idempotentOperations = map[string]bool{
	"InitiateAuth":         true,
	"RevokeToken":          true,
	"GetUser":              true,
	"GlobalSignOut":        true,
	"UpdateDeviceStatus":   true,
	"ForgetDevice":         true,
	"GetDevice":            true,
	"ListDevices":          true,
	"SetUserMFAPreference": true,
}

// checkZero fails the test if an operation that failed returned something.
func checkZero(t *testing.T, operation string, out any) {
	t.Helper()
	if out != nil && !reflect.ValueOf(out).IsZero() {
		t.Errorf("%s returned %#v with an error, want the zero value", operation, out)
	}
}

const (
	clientID   = "1example23456789"
	session    = "SSSSSSSSSSSSSSSSSSSS"
	deviceKey  = "us-east-1_a1b2c3d4-5678-90ab-cdef-0123456789ab"
	withToken  = `"AccessToken":"eyJ.access.tok"`
	withDevice = `"DeviceKey":"` + deviceKey + `"`
	withUser   = `"ClientId":"1example23456789","Username":"u"`
	fullUser   = `"ClientId":"1example23456789","SecretHash":"aGFzaA==","Username":"josé",
		"ClientMetadata":{"k":"é"},
		"UserContextData":{"IpAddress":"192.0.2.1","EncodedData":"fp"}`
	delivery = `"CodeDeliveryDetails":
		{"Destination":"a***@e***","DeliveryMedium":"EMAIL","AttributeName":"email"}`
)
