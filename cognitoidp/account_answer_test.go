package cognitoidp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAccountBadAnswer(t *testing.T) {
	requests := make(map[string]string)
	for _, test := range accountCases {
		requests[test.operation] = test.request
	}
	for _, test := range []struct{ operation, answer, want string }{
		{"GetUser", ``, "no Username"},
		{"GetUser", `{}`, "no Username"},
		{"GetUser", `{"UserAttributes":[{"Name":"email","Value":"hunter2"}]}`, "no Username"},
		{"GetUser", `{"Username":"u","UserAttributes":{}}`, "not the JSON object"},
		{"GetUser", `{"Username":"u","UserAttributes":[{"Name":"email","Value":7}]}`, "not the JSON object"},
		{"SignUp", `{"UserSub":"hunter2","UserConfirmed":"yes"}`, "not the JSON object"},
		{"SignUp", `<html>`, "not the JSON object"},
		{"ConfirmDevice", `{"UserConfirmationNecessary":1}`, "not the JSON object"},
		{"GlobalSignOut", `[]`, "not the JSON object"},
		{"ForgetDevice", `7`, "not the JSON object"},
		{"GetDevice", ``, "valid DeviceKey"},
		{"GetDevice", `{"Device":{}}`, "valid DeviceKey"},
		{"GetDevice", `{"Device":{"DeviceKey":"a\r\nb"}}`, "valid DeviceKey"},
		{"GetDevice", `{"Device":{"DeviceKey":"` + strings.Repeat("a", 56) + `"}}`, "valid DeviceKey"},
		{"GetDevice", `{"Device":{` + withDevice + `,"DeviceCreateDate":-1}}`, "out of range"},
		{"GetDevice", `{"Device":{` + withDevice + `,"DeviceLastModifiedDate":253402300799.9}}`, "out of range"},
		{"GetDevice", `{"Device":{` + withDevice + `,"DeviceLastAuthenticatedDate":1e300}}`, "out of range"},
		{"GetDevice", `{"Device":{` + withDevice + `,"DeviceCreateDate":1e400}}`, "not the JSON object"},
		{"GetDevice", `{"Device":{` + withDevice + `,"DeviceCreateDate":"2023-11-05"}}`, "not the JSON object"},
		{"ListDevices", `{"PaginationToken":"hunter2","Devices":[{` + withDevice + `},{}]}`, "valid DeviceKey"},
		{"ListDevices", `{"Devices":[{` + withDevice + `,"DeviceCreateDate":-1}]}`, "out of range"},
		{"AssociateSoftwareToken", `{}`, "SecretCode"},
		{"AssociateSoftwareToken", `{"SecretCode":"GEZDGNBVGY3TQOJ"}`, "SecretCode"},    // too short
		{"AssociateSoftwareToken", `{"SecretCode":"HUNTER2HUNTER21="}`, "SecretCode"},   // 1 and =
		{"AssociateSoftwareToken", `{"SecretCode":"HUNTER2HUNTER2&x=y"}`, "SecretCode"}, // would change an otpauth URI
		{"AssociateSoftwareToken", `{"SecretCode":"` + strings.Repeat("HUNTER2", 147) + `"}`, "SecretCode"},
		{"VerifySoftwareToken", `{}`, "neither SUCCESS nor ERROR"},
		{"VerifySoftwareToken", `{"Status":"hunter2"}`, "neither SUCCESS nor ERROR"},
		{"VerifySoftwareToken", `{"Session":"hunter2"}`, "neither SUCCESS nor ERROR"},
	} {
		c, sent := answering(200, test.answer)
		out, err := accountOperations[test.operation](t.Context(), c, requests[test.operation])
		if err == nil || *sent != 1 || !strings.HasPrefix(err.Error(), "cognitoidp: "+test.operation+": ") || !strings.Contains(err.Error(), test.want) || strings.Contains(strings.ToLower(err.Error()), "hunter") {
			t.Errorf("%s: %.80s: %v, want %s", test.operation, test.answer, err, test.want)
		}
		empty(t, out)
	}
}

// A code that the service does not accept is an error also where the service says so with status 200.
func TestVerifySoftwareTokenStatus(t *testing.T) {
	for _, test := range []struct {
		status            int
		answer, code, err string
	}{
		{200, `{"Status":"ERROR","Session":"hunter2"}`, "ERROR", "cognitoidp: VerifySoftwareToken: ERROR: the authenticator app was not accepted (status 200)"},
		{400, `{"__type":"EnableSoftwareTokenMFAException","message":"Code mismatch"}`, CodeEnableSoftwareTokenMFA, "cognitoidp: VerifySoftwareToken: EnableSoftwareTokenMFAException: Code mismatch (status 400, request id r-1)"},
		{400, `{"__type":"CodeMismatchException"}`, CodeCodeMismatch, "cognitoidp: VerifySoftwareToken: CodeMismatchException (status 400, request id r-1)"},
	} {
		c, _ := answering(test.status, test.answer)
		out, err := c.VerifySoftwareToken(t.Context(), VerifySoftwareTokenInput{Session: session, UserCode: "123456"})
		var e *Error
		if !errors.As(err, &e) || e.Code != test.code || err.Error() != test.err || out.Session != "" {
			t.Errorf("got  %v\nwant %s", err, test.err)
		}
	}
}

// What an answer has passes the checks, or the answer is an error.
func FuzzAccountAnswer(f *testing.F) {
	for _, test := range accountCases {
		f.Add(test.answer)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, _ := answering(200, body)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if out, err := c.GetUser(ctx, GetUserInput{"a"}); (err == nil) != (out.Username != "") {
			t.Errorf("%q: %v", body, err)
		}
		out, err := c.AssociateSoftwareToken(ctx, AssociateSoftwareTokenInput{AccessToken: "a"})
		if err == nil && len(out.SecretCode) < 16 || strings.ContainsAny(out.SecretCode, "=&%018 ") || len(out.SecretCode) > 1024 {
			t.Errorf("%q passes", body)
		}
		one, errOne := c.GetDevice(ctx, GetDeviceInput{"a", "k"})
		all, errAll := c.ListDevices(ctx, ListDevicesInput{AccessToken: "a"})
		if errOne == nil {
			all.Devices = append(all.Devices, one.Device)
		} else if one.Device.DeviceKey != "" || errAll != nil && all.Devices != nil {
			t.Errorf("%q: returned with an error", body)
		}
		for _, d := range all.Devices {
			if checkDeviceKey(d.DeviceKey) != nil {
				t.Errorf("%q passes", body)
			}
			for _, date := range []time.Time{d.DeviceCreateDate, d.DeviceLastModifiedDate, d.DeviceLastAuthenticatedDate} {
				if !date.IsZero() && (date.Year() < 1970 || date.Year() > 9999 || date.Location() != time.UTC) {
					t.Errorf("%q: %v", body, date)
				}
			}
		}
	})
}
