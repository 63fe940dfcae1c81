package cognitoidp

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// repeated are the operations that may be carried out twice.
var repeated = map[string]bool{
	"GetUser": true, "GlobalSignOut": true, "UpdateDeviceStatus": true, "ForgetDevice": true, "GetDevice": true, "ListDevices": true,
	"SetUserMFAPreference": true,
}

func TestAccountRepetition(t *testing.T) {
	for _, test := range []struct {
		status                     int
		body                       string
		timesRepeatable, timesElse int
	}{
		{500, `{"__type":"InternalErrorException"}`, 3, 1},
		{503, ``, 3, 1},
		{400, `{"__type":"TooManyRequestsException"}`, 3, 3},
		{400, `{"__type":"LimitExceededException"}`, 1, 1},
		{400, `{"__type":"CodeMismatchException"}`, 1, 1},
		{400, `{"__type":"TooManyFailedAttemptsException"}`, 1, 1},
		{400, `{"__type":"ConcurrentModificationException"}`, 1, 1},
		{0, ``, 3, 1}, // the connection is lost
	} {
		for _, operation := range accountCases {
			synctest.Test(t, func(t *testing.T) {
				c, sent := answering(test.status, test.body)
				if test.status == 0 {
					c.HTTPClient.Transport = roundTrip(func(*http.Request) (*http.Response, error) { *sent++; return nil, errors.New("cut") })
				}
				want := test.timesElse
				if repeated[operation.operation] {
					want = test.timesRepeatable
				}
				out, err := accountOperations[operation.operation](t.Context(), c, operation.request)
				var e *Error
				if *sent != want || err == nil || errors.As(err, &e) != (test.status != 0) {
					t.Errorf("%s after %d %s: sent %d times, want %d; %v", operation.operation, test.status, test.body, *sent, want, err)
				}
				if e != nil && (e.Operation != operation.operation || e.StatusCode != test.status || e.RequestID != "r-1") {
					t.Errorf("%+v", *e)
				}
				if !strings.HasPrefix(err.Error(), "cognitoidp: "+operation.operation+": ") {
					t.Error(err)
				}
				empty(t, out)
			})
		}
	}
}

// empty fails the test if an operation that failed returns something.
func empty(t *testing.T, out any) {
	t.Helper()
	switch out := out.(type) {
	case nil, SignUpOutput, ConfirmSignUpOutput, ResendConfirmationCodeOutput, ForgotPasswordOutput, ConfirmDeviceOutput, AssociateSoftwareTokenOutput, VerifySoftwareTokenOutput:
		zero := []any{nil, SignUpOutput{}, ConfirmSignUpOutput{}, ResendConfirmationCodeOutput{}, ForgotPasswordOutput{}, ConfirmDeviceOutput{}, AssociateSoftwareTokenOutput{}, VerifySoftwareTokenOutput{}}
		for _, z := range zero {
			if out == z {
				return
			}
		}
		t.Errorf("%T is returned with an error", out)
	case GetUserOutput:
		if out.Username != "" || out.UserAttributes != nil {
			t.Error("a user is returned with an error")
		}
	case GetDeviceOutput:
		if out.Device.DeviceKey != "" || out.Device.DeviceAttributes != nil {
			t.Error("a device is returned with an error")
		}
	case ListDevicesOutput:
		if out.Devices != nil || out.PaginationToken != "" {
			t.Error("devices are returned with an error")
		}
	default:
		t.Errorf("%T is not known", out)
	}
}

// Nothing is sent when the request cannot be right, and nothing that it holds is shown. JSON cannot hold what is not
// UTF-8: see TestAccountText.
func TestAccountBadInput(t *testing.T) {
	c, sent := answering(200, `{}`)
	for _, test := range []struct{ operation, request, want string }{
		{"SignUp", `{"Username":"u"}`, "ClientID is missing"},
		{"SignUp", `{"ClientId":"a b","Username":"u","Password":"hunter2"}`, "ClientID"},
		{"SignUp", `{"ClientId":"a","Password":"hunter2"}`, "Username is missing"},
		{"SignUp", `{` + withUser + `,"UserAttributes":[{"Name":"a"},{"Value":"hunter2"}]}`, "Name in UserAttributes is missing"},
		{"SignUp", `{` + withUser + `,"ValidationData":[{"Value":"hunter2"}]}`, "Name in ValidationData is missing"},
		{"ConfirmSignUp", `{"Username":"u","ConfirmationCode":"1"}`, "ClientID is missing"},
		{"ConfirmSignUp", `{"ClientId":"a","ConfirmationCode":"1"}`, "Username is missing"},
		{"ConfirmSignUp", `{` + withUser + `}`, "ConfirmationCode is missing"},
		{"ResendConfirmationCode", `{"Username":"u"}`, "ClientID is missing"},
		{"ResendConfirmationCode", `{"ClientId":"a"}`, "Username is missing"},
		{"ForgotPassword", `{"Username":"u"}`, "ClientID is missing"},
		{"ForgotPassword", `{"ClientId":"a"}`, "Username is missing"},
		{"ConfirmForgotPassword", `{"Username":"u","ConfirmationCode":"1","Password":"hunter2"}`, "ClientID is missing"},
		{"ConfirmForgotPassword", `{"ClientId":"a","ConfirmationCode":"1","Password":"hunter2"}`, "Username is missing"},
		{"ConfirmForgotPassword", `{` + withUser + `,"Password":"hunter2"}`, "ConfirmationCode is missing"},
		{"ConfirmForgotPassword", `{` + withUser + `,"ConfirmationCode":"hunter2"}`, "Password is missing"},
		{"ChangePassword", `{"ProposedPassword":"hunter2"}`, "AccessToken"},
		{"ChangePassword", `{"AccessToken":"hunter2\r\n","ProposedPassword":"hunter2"}`, "AccessToken"},
		{"ChangePassword", `{` + withToken + `,"PreviousPassword":"hunter2"}`, "ProposedPassword is missing"},
		{"GetUser", `{}`, "AccessToken"},
		{"GetUser", `{"AccessToken":"Bearer hunter2"}`, "AccessToken"},
		{"GetUser", `{"AccessToken":"` + strings.Repeat("a", 50001) + `"}`, "AccessToken"},
		{"GlobalSignOut", `{}`, "AccessToken"},
		{"ConfirmDevice", `{` + withDevice + `}`, "AccessToken"},
		{"ConfirmDevice", `{` + withToken + `}`, "DeviceKey"},
		{"ConfirmDevice", `{` + withToken + `,` + withDevice + `,"DeviceSecretVerifierConfig":{"Salt":"AQ=="}}`, "DeviceSecretVerifierConfig"},
		{"ConfirmDevice", `{` + withToken + `,` + withDevice + `,"DeviceSecretVerifierConfig":{"PasswordVerifier":"AQ=="}}`, "DeviceSecretVerifierConfig"},
		{"ConfirmDevice", `{` + withToken + `,` + withDevice + `,"DeviceSecretVerifierConfig":{"PasswordVerifier":"hunter2","Salt":"AQ=="}}`, "DeviceSecretVerifierConfig"},
		{"ConfirmDevice", `{` + withToken + `,` + withDevice + `,"DeviceSecretVerifierConfig":{"PasswordVerifier":"AQ==","Salt":"hunter2"}}`, "DeviceSecretVerifierConfig"},
		{"UpdateDeviceStatus", `{` + withDevice + `,"DeviceRememberedStatus":"remembered"}`, "AccessToken"},
		{"UpdateDeviceStatus", `{` + withToken + `,"DeviceRememberedStatus":"remembered"}`, "DeviceKey"},
		{"UpdateDeviceStatus", `{` + withToken + `,` + withDevice + `}`, "DeviceRememberedStatus is missing"},
		{"ForgetDevice", `{` + withDevice + `}`, "AccessToken"},
		{"ForgetDevice", `{` + withToken + `,"DeviceKey":"a b"}`, "DeviceKey"},
		{"GetDevice", `{` + withDevice + `}`, "AccessToken"},
		{"GetDevice", `{` + withToken + `,"DeviceKey":"` + strings.Repeat("a", 56) + `"}`, "DeviceKey"},
		{"ListDevices", `{}`, "AccessToken"},
		{"ListDevices", `{` + withToken + `,"Limit":61}`, "Limit"},
		{"ListDevices", `{` + withToken + `,"Limit":-1}`, "Limit"},
		{"AssociateSoftwareToken", `{}`, "either AccessToken or Session"},
		{"AssociateSoftwareToken", `{` + withToken + `,"Session":"hunter2"}`, "not both"},
		{"AssociateSoftwareToken", `{"AccessToken":"hunter2 "}`, "AccessToken"},
		{"VerifySoftwareToken", `{"UserCode":"123456"}`, "either AccessToken or Session"},
		{"VerifySoftwareToken", `{` + withToken + `,"Session":"hunter2","UserCode":"123456"}`, "not both"},
		{"VerifySoftwareToken", `{"Session":"s"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"hunter"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"12345"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"1234567"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"123 56"}`, "UserCode is not 6 digits"},
		{"SetUserMFAPreference", `{"EmailMfaSettings":{"Enabled":true}}`, "AccessToken"},
	} {
		out, err := accountOperations[test.operation](t.Context(), c, test.request)
		if err == nil || !strings.HasPrefix(err.Error(), "cognitoidp: "+test.operation+": ") || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s %.80s: %v, want %s", test.operation, test.request, err, test.want)
		}
		empty(t, out)
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent", *sent)
	}
}

// encoding/json would send U+FFFD in place of what is not UTF-8: another password than the user's.
func TestAccountText(t *testing.T) {
	c, sent := answering(200, `{}`)
	const bad, a = "hunter2\xff", "eyJ.access.tok"
	signUp := func(in SignUpInput) error {
		in.ClientID = clientID
		in.Username += "u"
		_, err := c.SignUp(t.Context(), in)
		return err
	}
	confirm := func(in ConfirmSignUpInput) error {
		in.ClientID, in.Username = clientID, "u"
		in.ConfirmationCode += "1"
		_, err := c.ConfirmSignUp(t.Context(), in)
		return err
	}
	_, confirmDevice := c.ConfirmDevice(t.Context(), ConfirmDeviceInput{AccessToken: a, DeviceKey: deviceKey, DeviceName: bad})
	_, list := c.ListDevices(t.Context(), ListDevicesInput{AccessToken: a, PaginationToken: bad})
	_, associate := c.AssociateSoftwareToken(t.Context(), AssociateSoftwareTokenInput{Session: bad})
	_, verify := c.VerifySoftwareToken(t.Context(), VerifySoftwareTokenInput{AccessToken: a, UserCode: "123456", FriendlyDeviceName: bad})
	for name, err := range map[string]error{
		`the request: "Username"`:                                signUp(SignUpInput{Username: bad}),
		`the request: "Password"`:                                signUp(SignUpInput{Password: bad}),
		`the request: "SecretHash"`:                              signUp(SignUpInput{SecretHash: bad}),
		`UserAttributes: "email"`:                                signUp(SignUpInput{UserAttributes: []Attribute{{"email", bad}, {"email", "good"}}}),
		`ValidationData: "v"`:                                    signUp(SignUpInput{ValidationData: []Attribute{{"v", bad}}}),
		`ClientMetadata: "m"`:                                    signUp(SignUpInput{ClientMetadata: map[string]string{"m": bad}}),
		`the request: "ConfirmationCode"`:                        confirm(ConfirmSignUpInput{ConfirmationCode: bad}),
		`the request: "Session"`:                                 confirm(ConfirmSignUpInput{Session: bad}),
		`the request: "PreviousPassword"`:                        c.ChangePassword(t.Context(), ChangePasswordInput{AccessToken: a, PreviousPassword: bad, ProposedPassword: "p"}),
		`the request: "ProposedPassword"`:                        c.ChangePassword(t.Context(), ChangePasswordInput{AccessToken: a, ProposedPassword: bad}),
		`the request: "DeviceRememberedStatus"`:                  c.UpdateDeviceStatus(t.Context(), UpdateDeviceStatusInput{a, deviceKey, bad}),
		`ConfirmDevice: the request: "DeviceName"`:               confirmDevice,
		`ListDevices: the request: "PaginationToken"`:            list,
		`AssociateSoftwareToken: the request: "Session"`:         associate,
		`VerifySoftwareToken: the request: "FriendlyDeviceName"`: verify,
	} {
		if err == nil || !strings.Contains(err.Error(), name+" is not valid UTF-8") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %s", err, name)
		}
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent", *sent)
	}
}
