package cognitoidp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// expect returns a client that checks each request and returns resp. The endpoint is that of the
// user pools API in region.
func expect(t *testing.T, region, operation, request string, resp *http.Response) *Client {
	client := fakehttp.Client(func(r *http.Request) *http.Response {
		url := "https://cognito-idp." + region + ".amazonaws.com/"
		if r.Method != "POST" || r.URL.String() != url {
			t.Errorf("request %s %s, want POST %s", r.Method, r.URL, url)
		}
		for name, want := range map[string]string{
			"Authorization": "",
			"X-Amz-Date":    "",
			"X-Amz-Target":  "AWSCognitoIdentityProviderService." + operation,
			"Content-Type":  "application/x-amz-json-1.1",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("header %s: %q, want %q", name, got, want)
			}
		}
		body := fakehttp.Body(r)
		if r.ContentLength != int64(len(body)) {
			t.Errorf("Content-Length %d, want %d", r.ContentLength, len(body))
		}
		checkJSON(t, body, request)
		return resp
	})
	return &Client{Region: region, HTTPClient: client}
}

// checkJSON compares two JSON objects. It ignores empty objects in want, which the JavaScript
// client sends.
func checkJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w map[string]any
	err := errors.Join(json.Unmarshal([]byte(got), &g), json.Unmarshal([]byte(want), &w))
	if err != nil {
		t.Errorf("reading %s and %s: %v", got, want, err)
	}
	for k, v := range w {
		if m, ok := v.(map[string]any); ok && len(m) == 0 {
			delete(w, k)
		}
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("request body differs (-want +got):\n%s", diff)
	}
	if strings.Contains(got, "null") {
		t.Errorf("request body contains null: %s", got)
	}
}

// TestWire has a request of each operation as botocore 1.43.11 sends it, with every member of its
// model except AnalyticsMetadata, and responses.
func TestWire(t *testing.T) {
	sentByEmail := CodeDeliveryDetails{"a***@e***", "EMAIL", "email"}
	settings := `"SMSMfaSettings":{"Enabled":true,"PreferredMfa":false},
		"SoftwareTokenMfaSettings":{"Enabled":true,"PreferredMfa":true},
		"EmailMfaSettings":{"Enabled":false,"PreferredMfa":false},
		"WebAuthnMfaSettings":{"Enabled":true}`
	ran := make(map[string]bool)
	for i, test := range []struct {
		operation, request, response string
		want                         any
	}{
		{
			operation: "InitiateAuth",
			request: `{"ClientId":"c","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"u"},
				"ClientMetadata":{"k":"v"},"Session":"s","UserContextData":{"EncodedData":"fp"}}`,
			response: `{"ChallengeName":"SELECT_CHALLENGE","Session":"s2",
				"ChallengeParameters":{"USERNAME":"u"},"AvailableChallenges":["PASSWORD_SRP"]}`,
			want: AuthOutput{
				ChallengeName:       ChallengeSelectChallenge,
				Session:             "s2",
				ChallengeParameters: map[string]string{"USERNAME": "u"},
				AvailableChallenges: []string{ChallengePasswordSRP},
			},
		},
		{
			operation: "RespondToAuthChallenge",
			request: `{"ClientId":"c","ChallengeName":"SMS_MFA","Session":"s",
				"ChallengeResponses":{"SMS_MFA_CODE":"1"},"ClientMetadata":{"k":"v"},
				"UserContextData":{"IpAddress":"192.0.2.1"}}`,
			response: `{"AuthenticationResult":{"AccessToken":"a","IdToken":"i",
				"RefreshToken":"r","TokenType":"Bearer","ExpiresIn":3600,
				"NewDeviceMetadata":{"DeviceKey":"k","DeviceGroupKey":"g"}}}`,
			want: AuthOutput{AuthenticationResult: &AuthenticationResult{
				AccessToken:       "a",
				IDToken:           "i",
				RefreshToken:      "r",
				TokenType:         "Bearer",
				ExpiresIn:         time.Hour,
				NewDeviceMetadata: &NewDeviceMetadata{"k", "g"},
			}},
		},
		{
			operation: "GetTokensFromRefreshToken",
			request: `{"ClientId":"c","ClientSecret":"s","RefreshToken":"r","DeviceKey":"k",
				"ClientMetadata":{"k":"v"}}`,
			response: `{"AuthenticationResult":{"AccessToken":"a"}}`,
			want:     AuthOutput{AuthenticationResult: &AuthenticationResult{AccessToken: "a"}},
		},
		{
			operation: "RevokeToken",
			request:   `{"ClientId":"c","ClientSecret":"s","Token":"r"}`,
		},
		{
			operation: "RevokeToken",
			request:   `{"ClientId":"c","Token":"r"}`,
			response:  `{}`,
		},
		{
			operation: "SignUp",
			request: `{` + fullUser + `,"Password":"p<&>w",
				"UserAttributes":[{"Name":"email","Value":"a@example.com"},
					{"Name":"custom:x","Value":""}],
				"ValidationData":[{"Name":"v","Value":"w"}]}`,
			response: `{"UserConfirmed":false,` + delivery + `,"UserSub":"sub-1",
				"Session":"` + session + `"}`,
			want: SignUpOutput{
				CodeDeliveryDetails: sentByEmail,
				UserSub:             "sub-1",
				Session:             session,
			},
		},
		{
			operation: "SignUp",
			request:   `{` + withUser + `}`,
			response:  `{"UserConfirmed":true,"UserSub":"sub-1"}`,
			want:      SignUpOutput{UserConfirmed: true, UserSub: "sub-1"},
		},
		{
			operation: "ConfirmSignUp",
			request: `{` + fullUser + `,"ConfirmationCode":"123456","ForceAliasCreation":true,
				"Session":"` + session + `"}`,
			response: `{"Session":"` + session + `2"}`,
			want:     ConfirmSignUpOutput{Session: session + "2"},
		},
		{
			operation: "ConfirmSignUp",
			request:   `{` + withUser + `,"ConfirmationCode":"1"}`,
			response:  `{}`,
			want:      ConfirmSignUpOutput{},
		},
		{
			operation: "ResendConfirmationCode",
			request:   `{` + fullUser + `}`,
			response:  `{` + delivery + `}`,
			want:      sentByEmail,
		},
		{
			operation: "ResendConfirmationCode",
			request:   `{` + withUser + `}`,
			response:  `{}`,
			want:      CodeDeliveryDetails{},
		},
		{
			operation: "ForgotPassword",
			request:   `{` + fullUser + `}`,
			response:  `{` + delivery + `}`,
			want:      sentByEmail,
		},
		{
			operation: "ForgotPassword",
			request:   `{` + withUser + `}`,
			response:  `{"CodeDeliveryDetails":null}`,
			want:      CodeDeliveryDetails{},
		},
		{
			operation: "ConfirmForgotPassword",
			request:   `{` + fullUser + `,"ConfirmationCode":"123456","Password":"new"}`,
			response:  `{}`,
		},
		{
			operation: "ConfirmForgotPassword",
			request:   `{` + withUser + `,"ConfirmationCode":"1","Password":"p"}`,
		},
		{
			operation: "ChangePassword",
			request:   `{` + withToken + `,"PreviousPassword":"old","ProposedPassword":"new"}`,
			response:  `{}`,
		},
		{
			operation: "ChangePassword",
			request:   `{` + withToken + `,"ProposedPassword":"new"}`,
		},
		{
			operation: "GetUser",
			request:   `{` + withToken + `}`,
			response: `{"Username":"ada",
				"UserAttributes":[{"Name":"sub","Value":"sub-1"},{"Name":"email","Value":"a@b"}],
				"MFAOptions":[{"DeliveryMedium":"SMS","AttributeName":"phone_number"}],
				"PreferredMfaSetting":"SOFTWARE_TOKEN_MFA",
				"UserMFASettingList":["SMS_MFA","SOFTWARE_TOKEN_MFA"]}`,
			want: GetUserOutput{
				Username: "ada",
				UserAttributes: []Attribute{
					{Name: "sub", Value: "sub-1"},
					{Name: "email", Value: "a@b"},
				},
				PreferredMFASetting: ChallengeSoftwareTokenMFA,
				UserMFASettingList:  []string{ChallengeSMSMFA, ChallengeSoftwareTokenMFA},
			},
		},
		{
			operation: "GetUser",
			request:   `{` + withToken + `}`,
			response:  `{"Username":"ada","UserAttributes":null}`,
			want:      GetUserOutput{Username: "ada"},
		},
		{
			operation: "GlobalSignOut",
			request:   `{` + withToken + `}`,
			response:  `{}`,
		},
		{
			operation: "ConfirmDevice",
			request: `{` + withToken + `,` + withDevice + `,"DeviceName":"cli",
				"DeviceSecretVerifierConfig":{"PasswordVerifier":"AQ==","Salt":"Ag=="}}`,
			response: `{"UserConfirmationNecessary":true}`,
			want:     true,
		},
		{
			operation: "ConfirmDevice",
			request:   `{` + withToken + `,` + withDevice + `}`,
			response:  `{}`,
			want:      false,
		},
		{
			operation: "UpdateDeviceStatus",
			request: `{` + withToken + `,` + withDevice + `,
				"DeviceRememberedStatus":"remembered"}`,
			response: `{}`,
		},
		{
			operation: "ForgetDevice",
			request:   `{` + withToken + `,` + withDevice + `}`,
		},
		{
			operation: "GetDevice",
			request:   `{` + withToken + `,` + withDevice + `}`,
			response: `{"Device":{` + withDevice + `,
				"DeviceAttributes":[{"Name":"device_name","Value":"cli"},
					{"Name":"device_status","Value":"valid"}],
				"DeviceCreateDate":1.699168089123E9,
				"DeviceLastModifiedDate":1699168089,
				"DeviceLastAuthenticatedDate":1699168089.5}}`,
			want: Device{
				DeviceKey: deviceKey,
				DeviceAttributes: []Attribute{
					{Name: "device_name", Value: "cli"},
					{Name: "device_status", Value: "valid"},
				},
				DeviceCreateDate:            time.Date(2023, 11, 5, 7, 8, 9, 123e6, time.UTC),
				DeviceLastModifiedDate:      time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC),
				DeviceLastAuthenticatedDate: time.Date(2023, 11, 5, 7, 8, 9, 5e8, time.UTC),
			},
		},
		{
			operation: "GetDevice",
			request:   `{` + withToken + `,` + withDevice + `}`,
			response:  `{"Device":{` + withDevice + `,"DeviceCreateDate":null}}`,
			want:      Device{DeviceKey: deviceKey},
		},
		{
			operation: "ListDevices",
			request:   `{` + withToken + `,"Limit":60,"PaginationToken":"p+/="}`,
			response: `{"Devices":[{` + withDevice + `,"DeviceCreateDate":1699168089.0},
				{"DeviceKey":"us-east-1_b"}],"PaginationToken":"next"}`,
			want: ListDevicesOutput{
				Devices: []Device{
					{
						DeviceKey:        deviceKey,
						DeviceCreateDate: time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC),
					},
					{DeviceKey: "us-east-1_b"},
				},
				PaginationToken: "next",
			},
		},
		{
			operation: "ListDevices",
			request:   `{` + withToken + `}`,
			response:  `{"Devices":[]}`,
			want:      ListDevicesOutput{},
		},
		{
			operation: "AssociateSoftwareToken",
			request:   `{` + withToken + `}`,
			response:  `{"SecretCode":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}`,
			want:      AssociateSoftwareTokenOutput{SecretCode: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
		},
		{
			operation: "AssociateSoftwareToken",
			request:   `{"Session":"` + session + `"}`,
			response:  `{"SecretCode":"gezdgnbvgy3tqojq","Session":"` + session + `2"}`,
			want: AssociateSoftwareTokenOutput{
				SecretCode: "gezdgnbvgy3tqojq",
				Session:    session + "2",
			},
		},
		{
			operation: "VerifySoftwareToken",
			request: `{` + withToken + `,"UserCode":"012345",
				"FriendlyDeviceName":"phöne"}`,
			response: `{"Status":"SUCCESS"}`,
			want:     VerifySoftwareTokenOutput{},
		},
		{
			operation: "VerifySoftwareToken",
			request:   `{"Session":"` + session + `","UserCode":"012345"}`,
			response:  `{"Status":"SUCCESS","Session":"` + session + `3"}`,
			want:      VerifySoftwareTokenOutput{Session: session + "3"},
		},
		{
			operation: "SetUserMFAPreference",
			request:   `{` + withToken + `,` + settings + `}`,
			response:  `{}`,
		},
		{
			operation: "SetUserMFAPreference",
			request: `{` + withToken + `,
				"EmailMfaSettings":{"Enabled":true,"PreferredMfa":true}}`,
		},
	} {
		t.Run(fmt.Sprintf("%d %s", i, test.operation), func(t *testing.T) {
			ran[test.operation] = true
			resp := fakehttp.Response(200, test.response)
			c := expect(t, "us-east-1", test.operation, test.request, resp)
			out, err := operations[test.operation](t.Context(), c, test.request)
			if err != nil {
				t.Fatalf("%s: %v", test.operation, err)
			}
			if diff := cmp.Diff(test.want, out); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", test.operation, diff)
			}
		})
	}
	if len(ran) != len(operations) {
		t.Errorf("%d of %d operations tested", len(ran), len(operations))
	}
}

// TestWireBotocore compares requests and errors with those of botocore.
func TestWireBotocore(t *testing.T) {
	var file struct {
		Cases []struct {
			Service, Region, Operation string

			Params  json.RawMessage
			Request struct {
				Method, URL, Body string
				Headers           map[string]string
			}
			Canned struct {
				Status  int
				Headers map[string]string
				Body    string
			}
			Parsed struct {
				ClientError *struct {
					Error struct{ Code, Message string }
				}
				ChallengeName       string
				ChallengeParameters map[string]string
			}
		}
	}
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	ran := make(map[bool]int)
	for i, test := range file.Cases {
		if test.Service != "cognito-idp" {
			continue
		}
		_, signIn := authOperations[test.Operation]
		ran[signIn]++
		t.Run(fmt.Sprintf("%d %s", i, test.Operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// expect checks these, so the vector must have them.
				const contentType = "application/x-amz-json-1.1"
				sent := test.Request
				if sent.Method != "POST" || sent.Headers["Content-Type"] != contentType ||
					!strings.HasSuffix(sent.Headers["X-Amz-Target"], "."+test.Operation) ||
					sent.URL != "https://cognito-idp."+test.Region+".amazonaws.com/" {
					t.Fatalf("unexpected vector %+v", sent)
				}
				resp := fakehttp.Response(test.Canned.Status, test.Canned.Body)
				for name, value := range test.Canned.Headers {
					resp.Header.Set(name, value)
				}
				c := expect(t, test.Region, test.Operation, test.Request.Body, resp)
				out, err := operations[test.Operation](t.Context(), c, string(test.Params))
				if test.Parsed.ClientError != nil {
					want := test.Parsed.ClientError.Error
					var e *awserr.Error
					if !errors.As(err, &e) {
						t.Fatalf("%s = %v, want an *awserr.Error", test.Operation, err)
					}
					switch want.Code { // botocore takes the status if it finds no code
					case "400":
						want.Code = CodeResourceNotFound // in the header
					case "502":
						want.Code, want.Message = "HTTP 502", e.Message
					}
					if e.Operation != test.Operation || e.Code != want.Code ||
						e.Message != want.Message || e.StatusCode != test.Canned.Status ||
						e.RequestID != "r-3" {
						t.Errorf("%s = %v, want %v", test.Operation, e, want)
					}
					return
				}
				// botocore accepts empty responses. Here some are errors.
				missing := map[string]string{"AssociateSoftwareToken": "SecretCode"}[test.Operation]
				if signIn && test.Canned.Body == "{}" {
					missing = "neither a challenge nor tokens"
				}
				if missing != "" {
					if err == nil || !strings.Contains(err.Error(), missing) {
						t.Errorf("%s = %v, want %s", test.Operation, err, missing)
					}
					return
				}
				if err != nil {
					t.Fatalf("%s: %v", test.Operation, err)
				}
				want := test.Parsed
				if out, ok := out.(AuthOutput); ok && (out.ChallengeName != want.ChallengeName ||
					!cmp.Equal(out.ChallengeParameters, want.ChallengeParameters)) {
					t.Errorf("%s = %q, want %q",
						test.Operation, out.ChallengeName, want.ChallengeName)
				}
			})
		})
	}
	if ran[true] < 6 || ran[false] < 6 {
		t.Errorf("%d vectors of sign-ins and %d others, too few", ran[true], ran[false])
	}
}

// TestTranscripts replays sign-ins of amazon-cognito-identity-js.
func TestTranscripts(t *testing.T) {
	type step struct {
		Op                        string
		Request, Params, Response json.RawMessage
	}
	var devices struct{ Scenarios []struct{ Transcript []step } }
	var users struct{ Cases []struct{ Requests []step } }
	err := errors.Join(testvectors.Decode("cognito_js_device_generated", &devices),
		testvectors.Decode("cognito_js_generated", &users))
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for _, s := range devices.Scenarios {
		steps = append(steps, s.Transcript...)
	}
	for _, c := range users.Cases {
		steps = append(steps, c.Requests...)
	}
	signIns, confirmed := 0, 0
	for _, s := range steps {
		request, response := string(s.Request), string(s.Response)
		if request == "" {
			request = string(s.Params)
		}
		if response == "" {
			response = `{"ChallengeName":"X"}`
		}
		c := expect(t, "us-east-1", s.Op, request, fakehttp.Response(200, response))
		out, err := operations[s.Op](t.Context(), c, request)
		if err != nil {
			t.Errorf("%s: %v", s.Op, err)
		}
		switch out := out.(type) {
		case AuthOutput:
			signIns++
			checkTranscript(t, out, response)
		case bool: // ConfirmDevice
			confirmed++
			if want := strings.Contains(response, "true"); out != want {
				t.Errorf("%s = %v, want %v", s.Op, out, want)
			}
		}
	}
	if signIns < 40 || confirmed < 2 {
		t.Errorf("%d steps of sign-ins and %d confirmed devices, too few", signIns, confirmed)
	}
}

// checkTranscript compares an output with the response that it was read from.
func checkTranscript(t *testing.T, out AuthOutput, response string) {
	t.Helper()
	var want struct {
		ChallengeName, Session string
		ChallengeParameters    map[string]string
		AuthenticationResult   *struct {
			AccessToken, IdToken, RefreshToken, TokenType string
			ExpiresIn                                     int
			NewDeviceMetadata                             *NewDeviceMetadata
		}
	}
	if err := json.Unmarshal([]byte(response), &want); err != nil {
		t.Fatal(err)
	}
	expected := AuthOutput{
		ChallengeName:       want.ChallengeName,
		Session:             want.Session,
		ChallengeParameters: want.ChallengeParameters,
	}
	if r := want.AuthenticationResult; r != nil {
		expected.AuthenticationResult = &AuthenticationResult{
			AccessToken:       r.AccessToken,
			IDToken:           r.IdToken,
			RefreshToken:      r.RefreshToken,
			TokenType:         r.TokenType,
			ExpiresIn:         time.Duration(r.ExpiresIn) * time.Second,
			NewDeviceMetadata: r.NewDeviceMetadata,
		}
	}
	if diff := cmp.Diff(expected, out); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", response, diff)
	}
}
