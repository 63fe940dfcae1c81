package cognitoidp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// with makes an operation take its request as JSON, with the service's names: they differ from the fields' in case only.
func with[In, Out any](f func(*Client, context.Context, In) (Out, error)) func(context.Context, *Client, string) (any, error) {
	return func(ctx context.Context, c *Client, request string) (any, error) {
		var in In
		if err := json.Unmarshal([]byte(request), &in); err != nil {
			return nil, err
		}
		return f(c, ctx, in)
	}
}

// nothing is with for an operation that returns nothing.
func nothing[In any](f func(*Client, context.Context, In) error) func(context.Context, *Client, string) (any, error) {
	return with(func(c *Client, ctx context.Context, in In) (any, error) { return nil, f(c, ctx, in) })
}

var accountOperations = map[string]func(context.Context, *Client, string) (any, error){
	"SignUp":                 with((*Client).SignUp),
	"ConfirmSignUp":          with((*Client).ConfirmSignUp),
	"ResendConfirmationCode": with((*Client).ResendConfirmationCode),
	"ForgotPassword":         with((*Client).ForgotPassword),
	"ConfirmForgotPassword":  nothing((*Client).ConfirmForgotPassword),
	"ChangePassword":         nothing((*Client).ChangePassword),
	"GetUser":                with((*Client).GetUser),
	"GlobalSignOut":          nothing((*Client).GlobalSignOut),
	"ConfirmDevice":          with((*Client).ConfirmDevice),
	"UpdateDeviceStatus":     nothing((*Client).UpdateDeviceStatus),
	"ForgetDevice":           nothing((*Client).ForgetDevice),
	"GetDevice":              with((*Client).GetDevice),
	"ListDevices":            with((*Client).ListDevices),
	"AssociateSoftwareToken": with((*Client).AssociateSoftwareToken),
	"VerifySoftwareToken":    with((*Client).VerifySoftwareToken),
	"SetUserMFAPreference":   nothing((*Client).SetUserMFAPreference),
}

const (
	withToken  = `"AccessToken":"eyJ.access.tok"`
	deviceKey  = "us-east-1_a1b2c3d4-5678-90ab-cdef-0123456789ab"
	withDevice = `"DeviceKey":"` + deviceKey + `"`
	session    = "SSSSSSSSSSSSSSSSSSSS"
	withUser   = `"ClientId":"1example23456789","Username":"u"`
	fullUser   = `"ClientId":"1example23456789","SecretHash":"aGFzaA==","Username":"josé","ClientMetadata":{"k":"é"},"UserContextData":{"IpAddress":"192.0.2.1","EncodedData":"fp"}`
	delivery   = `"CodeDeliveryDetails":{"Destination":"a***@e***","DeliveryMedium":"EMAIL","AttributeName":"email"}`
)

var sentByEmail = CodeDeliveryDetails{"a***@e***", "EMAIL", "email"}

// accountCases are requests as botocore 1.43.11 sends them, every member of its model at least once (but for
// AnalyticsMetadata, which this package has not), and what it reads in answers.
var accountCases = []struct {
	operation, request, answer string
	want                       any
}{
	{"SignUp", `{` + fullUser + `,"Password":"p<&>w","UserAttributes":[{"Name":"email","Value":"a@example.com"},{"Name":"custom:x","Value":""}],"ValidationData":[{"Name":"v","Value":"w"}]}`,
		`{"UserConfirmed":false,` + delivery + `,"UserSub":"sub-1","Session":"` + session + `"}`, SignUpOutput{false, sentByEmail, "sub-1", session}},
	{"SignUp", `{` + withUser + `}`, `{"UserConfirmed":true,"UserSub":"sub-1"}`, SignUpOutput{UserConfirmed: true, UserSub: "sub-1"}},
	{"ConfirmSignUp", `{` + fullUser + `,"ConfirmationCode":"123456","ForceAliasCreation":true,"Session":"` + session + `"}`, `{"Session":"` + session + `2"}`, ConfirmSignUpOutput{session + "2"}},
	{"ConfirmSignUp", `{` + withUser + `,"ConfirmationCode":"1"}`, `{}`, ConfirmSignUpOutput{}},
	{"ResendConfirmationCode", `{` + fullUser + `}`, `{` + delivery + `}`, ResendConfirmationCodeOutput{sentByEmail}},
	{"ResendConfirmationCode", `{` + withUser + `}`, `{}`, ResendConfirmationCodeOutput{}},
	{"ForgotPassword", `{` + fullUser + `}`, `{` + delivery + `}`, ForgotPasswordOutput{sentByEmail}},
	{"ForgotPassword", `{` + withUser + `}`, `{"CodeDeliveryDetails":null}`, ForgotPasswordOutput{}},
	{"ConfirmForgotPassword", `{` + fullUser + `,"ConfirmationCode":"123456","Password":"new"}`, `{}`, nil},
	{"ConfirmForgotPassword", `{` + withUser + `,"ConfirmationCode":"1","Password":"p"}`, ``, nil},
	{"ChangePassword", `{` + withToken + `,"PreviousPassword":"old","ProposedPassword":"new"}`, `{}`, nil},
	{"ChangePassword", `{` + withToken + `,"ProposedPassword":"new"}`, ``, nil},
	{"GetUser", `{` + withToken + `}`, `{"Username":"ada","UserAttributes":[{"Name":"sub","Value":"sub-1"},{"Name":"email","Value":"a@example.com"}],"MFAOptions":[{"DeliveryMedium":"SMS","AttributeName":"phone_number"}],"PreferredMfaSetting":"SOFTWARE_TOKEN_MFA","UserMFASettingList":["SMS_MFA","SOFTWARE_TOKEN_MFA"]}`,
		GetUserOutput{"ada", []Attribute{{"sub", "sub-1"}, {"email", "a@example.com"}}, ChallengeSoftwareTokenMFA, []string{ChallengeSMSMFA, ChallengeSoftwareTokenMFA}}},
	{"GetUser", `{` + withToken + `}`, `{"Username":"ada","UserAttributes":null}`, GetUserOutput{Username: "ada"}},
	{"GlobalSignOut", `{` + withToken + `}`, `{}`, nil},
	{"ConfirmDevice", `{` + withToken + `,` + withDevice + `,"DeviceName":"cli","DeviceSecretVerifierConfig":{"PasswordVerifier":"AQ==","Salt":"Ag=="}}`, `{"UserConfirmationNecessary":true}`, ConfirmDeviceOutput{true}},
	{"ConfirmDevice", `{` + withToken + `,` + withDevice + `}`, `{}`, ConfirmDeviceOutput{}},
	{"UpdateDeviceStatus", `{` + withToken + `,` + withDevice + `,"DeviceRememberedStatus":"remembered"}`, `{}`, nil},
	{"ForgetDevice", `{` + withToken + `,` + withDevice + `}`, ``, nil},
	{"GetDevice", `{` + withToken + `,` + withDevice + `}`, `{"Device":{` + withDevice + `,"DeviceAttributes":[{"Name":"device_name","Value":"cli"},{"Name":"device_status","Value":"valid"}],"DeviceCreateDate":1.699168089123E9,"DeviceLastModifiedDate":1699168089,"DeviceLastAuthenticatedDate":1699168089.5}}`,
		GetDeviceOutput{Device{deviceKey, []Attribute{{"device_name", "cli"}, {"device_status", "valid"}},
			time.Date(2023, 11, 5, 7, 8, 9, 123e6, time.UTC), time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC), time.Date(2023, 11, 5, 7, 8, 9, 5e8, time.UTC)}}},
	{"GetDevice", `{` + withToken + `,` + withDevice + `}`, `{"Device":{` + withDevice + `,"DeviceCreateDate":null}}`, GetDeviceOutput{Device{DeviceKey: deviceKey}}},
	{"ListDevices", `{` + withToken + `,"Limit":60,"PaginationToken":"p+/="}`, `{"Devices":[{` + withDevice + `,"DeviceCreateDate":1699168089.0},{"DeviceKey":"us-east-1_b"}],"PaginationToken":"next"}`,
		ListDevicesOutput{[]Device{{DeviceKey: deviceKey, DeviceCreateDate: time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)}, {DeviceKey: "us-east-1_b"}}, "next"}},
	{"ListDevices", `{` + withToken + `}`, `{"Devices":[]}`, ListDevicesOutput{}},
	{"AssociateSoftwareToken", `{` + withToken + `}`, `{"SecretCode":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}`, AssociateSoftwareTokenOutput{SecretCode: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}},
	{"AssociateSoftwareToken", `{"Session":"` + session + `"}`, `{"SecretCode":"gezdgnbvgy3tqojq","Session":"` + session + `2"}`, AssociateSoftwareTokenOutput{"gezdgnbvgy3tqojq", session + "2"}},
	{"VerifySoftwareToken", `{` + withToken + `,"UserCode":"012345","FriendlyDeviceName":"phöne"}`, `{"Status":"SUCCESS"}`, VerifySoftwareTokenOutput{}},
	{"VerifySoftwareToken", `{"Session":"` + session + `","UserCode":"012345"}`, `{"Status":"SUCCESS","Session":"` + session + `3"}`, VerifySoftwareTokenOutput{session + "3"}},
	{"SetUserMFAPreference", `{` + withToken + `,"SMSMfaSettings":{"Enabled":true,"PreferredMfa":false},"SoftwareTokenMfaSettings":{"Enabled":true,"PreferredMfa":true},"EmailMfaSettings":{"Enabled":false,"PreferredMfa":false},"WebAuthnMfaSettings":{"Enabled":true}}`, `{}`, nil},
	{"SetUserMFAPreference", `{` + withToken + `,"EmailMfaSettings":{"Enabled":true,"PreferredMfa":true}}`, ``, nil},
}

// expecting is a client whose every request has to be this one, of an operation of the service.
func expecting(t *testing.T, operation, request, answer string) *Client {
	return &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method != "POST" || r.URL.String() != "https://cognito-idp.us-east-1.amazonaws.com/" || r.Header.Get("Authorization") != "" ||
			r.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService."+operation || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
			t.Errorf("sent %s %s with %v", r.Method, r.URL, r.Header)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.ContentLength != int64(len(body)) {
			t.Error(err, r.ContentLength)
		}
		sameJSON(t, body, []byte(request))
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(answer))}, nil
	})}}
}

func TestAccountWire(t *testing.T) {
	ran := make(map[string]bool)
	for i, test := range accountCases {
		t.Run(fmt.Sprintf("%d %s", i, test.operation), func(t *testing.T) {
			ran[test.operation] = true
			out, err := accountOperations[test.operation](t.Context(), expecting(t, test.operation, test.request, test.answer), test.request)
			if diff := cmp.Diff(test.want, out); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
	if len(ran) != 16 || len(accountOperations) != 16 {
		t.Errorf("%d of %d operations tested", len(ran), len(accountOperations))
	}
}

// TestAccountVectors does what wire_test.go does, for the operations that are not part of a sign-in.
func TestAccountVectors(t *testing.T) {
	var wire struct {
		Cases []struct {
			Service, Operation string
			Params             json.RawMessage
			Request, Canned    struct{ Body string }
		}
	}
	var devices struct {
		Scenarios []struct {
			Transcript []struct {
				Op                string
				Request, Response json.RawMessage
			}
		}
	}
	if err := errors.Join(testvectors.Decode("wire_botocore_generated", &wire), testvectors.Decode("cognito_js_device_generated", &devices)); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, test := range wire.Cases {
		operation := accountOperations[test.Operation]
		if test.Service != "cognito-idp" || operation == nil {
			continue
		}
		ran++
		_, err := operation(t.Context(), expecting(t, test.Operation, test.Request.Body, test.Canned.Body), string(test.Params))
		if test.Operation == "AssociateSoftwareToken" { // botocore lets an empty answer pass; here it is an error
			if err == nil || !strings.Contains(err.Error(), "SecretCode") {
				t.Error(err)
			}
		} else if err != nil {
			t.Error(test.Operation, err)
		}
	}
	for _, s := range devices.Scenarios {
		for _, step := range s.Transcript {
			if step.Op != "ConfirmDevice" {
				continue
			}
			ran++
			out, err := accountOperations[step.Op](t.Context(), expecting(t, step.Op, string(step.Request), string(step.Response)), string(step.Request))
			if want := bytes.Contains(step.Response, []byte("true")); err != nil || out != (ConfirmDeviceOutput{want}) {
				t.Error(out, err)
			}
		}
	}
	if ran < 8 {
		t.Errorf("only %d vectors", ran)
	}
}
