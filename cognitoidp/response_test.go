package cognitoidp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/awserr"
)

func TestInvalidAuthResponse(t *testing.T) {
	const noJSON = "not the JSON object"
	const neither = "neither a challenge nor tokens"
	result := func(members string) string { return `{"AuthenticationResult":{` + members + `}}` }
	for _, test := range []struct{ body, want string }{
		{``, neither},
		{`{}`, neither},
		{`null`, neither},
		{`{"AuthenticationResult":null}`, neither},
		{`{"Session":"s"}`, neither},
		{`{"AuthenticationResult":{}}`, "no access token"},
		{`{"AuthenticationResult":[]}`, noJSON},
		{`<html>`, noJSON},
		{`{"ChallengeName":"X","Session":1`, noJSON},
		{`{"ChallengeName":"X","ChallengeParameters":{"a":{}}}`, noJSON},
		{result(`"AccessToken":"hunter2\r\nX: y"`), "AccessToken is not a token"},
		{result(`"AccessToken":"a","IdToken":"hunter 2"`), "IdToken is not a token"},
		{
			result(`"AccessToken":"a","RefreshToken":"` + strings.Repeat("hunter2", 10000) + `"`),
			"RefreshToken is not a token",
		},
		{result(`"AccessToken":"a","ExpiresIn":-1`), "ExpiresIn"},
		{result(`"AccessToken":"a","ExpiresIn":1e300`), "ExpiresIn"},
		{result(`"AccessToken":"a","ExpiresIn":1e400`), noJSON},
		{result(`"AccessToken":"a","ExpiresIn":"3600"`), noJSON},
		{result(`"AccessToken":"a","ExpiresIn":3600,"accessTOKEN":"A"`), noJSON},
		{result(`"AccessToken":"a","ExpiresIn":3600,"AccessToken":"A"`), noJSON},
		{result(`"AccessToken":"a","ExpiresIn":3600,"idtoken":"A"`), noJSON},
		{`{"ChallengeName":"X","challengeName":"Y"}`, noJSON},
		{`{"ChallengeName":"X","ChallengeParameters":{"SALT":"a","SALT":"b"}}`, noJSON},
		{result(`"AccessToken":"a","ExpiresIn":315360001`), "ExpiresIn"},
	} {
		c, _ := respond(200, test.body)
		in := InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP}
		out, err := c.InitiateAuth(t.Context(), in)
		checkError(t, err, "InitiateAuth", test.want)
		checkZero(t, "InitiateAuth", out)
	}
}

// TestFirstInvalidToken checks that the error does not depend on chance.
func TestFirstInvalidToken(t *testing.T) {
	for range 20 {
		c, _ := respond(200, `{"AuthenticationResult":
			{"AccessToken":"a b","IdToken":"a b","RefreshToken":"a b"}}`)
		in := InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP}
		_, err := c.InitiateAuth(t.Context(), in)
		checkError(t, err, "InitiateAuth", "AccessToken is not a token")
	}
}

// TestRotatedToken checks that a refresh token in an invalid response is not lost.
func TestRotatedToken(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{`{"AuthenticationResult":{"RefreshToken":"hunter2"}}`, "hunter2"},
		{
			`{"AuthenticationResult":{"AccessToken":"a b","IdToken":"i","RefreshToken":"hunter2"}}`,
			"hunter2",
		},
		{
			`{"AuthenticationResult":
				{"AccessToken":"a","ExpiresIn":"1","RefreshToken":"hunter2"},"X":1}`,
			"hunter2",
		},
		{
			`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":-1,"RefreshToken":"r r"}}`,
			"",
		},
		{ // incomplete
			`{"AuthenticationResult":
				{"AccessToken":"a","ExpiresIn":3600,"RefreshToken":"r"},"Sessio"`,
			"",
		},
	} {
		c, _ := respond(200, test.body)
		out, err := c.GetTokensFromRefreshToken(t.Context(), GetTokensFromRefreshTokenInput{
			ClientID:     clientID,
			RefreshToken: "old",
		})
		checkError(t, err, "GetTokensFromRefreshToken", "")
		checkZero(t, "GetTokensFromRefreshToken", out)
		var rotated *RotatedTokenError
		got := ""
		if errors.As(err, &rotated) {
			got = rotated.RefreshToken
		}
		if got != test.want {
			t.Errorf("%s: RotatedTokenError has the token %q, want %q", test.body, got, test.want)
		}
	}
}

func TestRotatedTokenErrorDoesNotPrint(t *testing.T) {
	cause := errors.New("out of range")
	e := &RotatedTokenError{RefreshToken: "hunter2", Err: cause}
	wrapped := fmt.Errorf("cognito: %w", e)
	if !errors.Is(wrapped, cause) {
		t.Errorf("errors.Is(%v, %v) = false, want true", wrapped, cause)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Errorf("json.Marshal(%v): %v", e, err)
	}
	for _, got := range []string{
		fmt.Sprintf("%v", e),
		fmt.Sprintf("%+v", *e),
		fmt.Sprintf("%#v", e),
		fmt.Sprintf("%x", e),
		wrapped.Error(),
		string(b),
	} {
		if strings.Contains(got, "hunter2") || !strings.Contains(got, "out of range") {
			t.Errorf("RotatedTokenError prints %s, want the text of Err", got)
		}
	}
}

func TestAuthResponse(t *testing.T) {
	for _, test := range []struct {
		members string
		want    AuthenticationResult
	}{
		{`"AccessToken":"a"`, AuthenticationResult{AccessToken: "a"}},
		{
			`"AccessToken":"a","IdToken":"b.c-d_e=","RefreshToken":null,"ExpiresIn":3600,
				"TokenType":"Bearer","New":{}`,
			AuthenticationResult{
				AccessToken: "a",
				IDToken:     "b.c-d_e=",
				TokenType:   "Bearer",
				ExpiresIn:   time.Hour,
			},
		},
		{
			`"AccessToken":"a","ExpiresIn":3.6E3`,
			AuthenticationResult{AccessToken: "a", ExpiresIn: time.Hour},
		},
		{
			`"AccessToken":"a","NewDeviceMetadata":{"DeviceKey":"k","DeviceGroupKey":"g"}`,
			AuthenticationResult{
				AccessToken:       "a",
				NewDeviceMetadata: &NewDeviceMetadata{"k", "g"},
			},
		},
	} {
		c, _ := respond(200, `{"AuthenticationResult":{`+test.members+`},"ChallengeParameters":{}}`)
		in := InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowRefreshToken}
		out, err := c.InitiateAuth(t.Context(), in)
		if err != nil || out.AuthenticationResult == nil {
			t.Errorf("InitiateAuth with %s = %v, %v, want tokens", test.members, out, err)
			continue
		}
		if diff := cmp.Diff(test.want, *out.AuthenticationResult); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", test.members, diff)
		}
	}
}

func TestInvalidResponse(t *testing.T) {
	const noJSON = "not the JSON object"
	requests := map[string]string{
		"GetUser":                `{` + withToken + `}`,
		"SignUp":                 `{` + withUser + `}`,
		"ConfirmDevice":          `{` + withToken + `,` + withDevice + `}`,
		"GlobalSignOut":          `{` + withToken + `}`,
		"ForgetDevice":           `{` + withToken + `,` + withDevice + `}`,
		"GetDevice":              `{` + withToken + `,` + withDevice + `}`,
		"ListDevices":            `{` + withToken + `}`,
		"AssociateSoftwareToken": `{` + withToken + `}`,
		"VerifySoftwareToken":    `{` + withToken + `,"UserCode":"012345"}`,
	}
	date := func(member string) string { return `{"Device":{` + withDevice + `,` + member + `}}` }
	for _, test := range []struct{ operation, response, want string }{
		{"GetUser", ``, "no Username"},
		{"GetUser", `{}`, "no Username"},
		{"GetUser", `{"UserAttributes":[{"Name":"email","Value":"hunter2"}]}`, "no Username"},
		{"GetUser", `{"Username":"u","UserAttributes":{}}`, noJSON},
		{"GetUser", `{"Username":"u","UserAttributes":[{"Name":"email","Value":7}]}`, noJSON},
		{"SignUp", `{"UserSub":"hunter2","UserConfirmed":"yes"}`, noJSON},
		{"SignUp", `<html>`, noJSON},
		{"ConfirmDevice", `{"UserConfirmationNecessary":1}`, noJSON},
		{"GlobalSignOut", `[]`, noJSON},
		{"ForgetDevice", `7`, noJSON},
		{"GetDevice", ``, "valid DeviceKey"},
		{"GetDevice", `{"Device":{}}`, "valid DeviceKey"},
		{"GetDevice", `{"Device":{"DeviceKey":"a\r\nb"}}`, "valid DeviceKey"},
		{
			"GetDevice",
			`{"Device":{"DeviceKey":"` + strings.Repeat("a", 56) + `"}}`,
			"valid DeviceKey",
		},
		{"GetDevice", date(`"DeviceCreateDate":-1`), "out of range"},
		{"GetDevice", date(`"DeviceLastModifiedDate":253402300799.9`), "out of range"},
		{"GetDevice", date(`"DeviceLastAuthenticatedDate":1e300`), "out of range"},
		{"GetDevice", date(`"DeviceCreateDate":1e400`), noJSON},
		{"GetDevice", date(`"DeviceCreateDate":"2023-11-05"`), noJSON},
		{
			"ListDevices",
			`{"PaginationToken":"hunter2","Devices":[{` + withDevice + `},{}]}`,
			"valid DeviceKey",
		},
		{
			"ListDevices",
			`{"Devices":[{` + withDevice + `,"DeviceCreateDate":-1}]}`,
			"out of range",
		},
		{"AssociateSoftwareToken", `{}`, "SecretCode"},
		// Too short, characters outside of base32, text that would change an otpauth URI, too long:
		{"AssociateSoftwareToken", `{"SecretCode":"GEZDGNBVGY3TQOJ"}`, "SecretCode"},
		{"AssociateSoftwareToken", `{"SecretCode":"HUNTER2HUNTER21="}`, "SecretCode"},
		{"AssociateSoftwareToken", `{"SecretCode":"HUNTER2HUNTER2&x=y"}`, "SecretCode"},
		{
			"AssociateSoftwareToken",
			`{"SecretCode":"` + strings.Repeat("HUNTER2", 147) + `"}`,
			"SecretCode",
		},
		{"VerifySoftwareToken", `{}`, "neither SUCCESS nor ERROR"},
		{"VerifySoftwareToken", `{"Status":"hunter2"}`, "neither SUCCESS nor ERROR"},
		{"VerifySoftwareToken", `{"Session":"hunter2"}`, "neither SUCCESS nor ERROR"},
	} {
		c, sent := respond(200, test.response)
		out, err := operations[test.operation](t.Context(), c, requests[test.operation])
		if *sent != 1 {
			t.Errorf("%s with %s: sent %d times, want 1", test.operation, test.response, *sent)
		}
		checkError(t, err, test.operation, test.want)
		checkZero(t, test.operation, out)
	}
}

// TestVerifySoftwareTokenStatus checks that a refused code is an error also if the HTTP status is
// 200.
func TestVerifySoftwareTokenStatus(t *testing.T) {
	for _, test := range []struct {
		status           int
		body, code, text string
	}{
		{
			200,
			`{"Status":"ERROR","Session":"hunter2"}`,
			"ERROR",
			"ERROR: the authenticator app was not accepted (status 200)",
		},
		{
			400,
			`{"__type":"EnableSoftwareTokenMFAException","message":"Code mismatch"}`,
			CodeEnableSoftwareTokenMFA,
			"EnableSoftwareTokenMFAException: Code mismatch (status 400, request ID r-1)",
		},
		{
			400,
			`{"__type":"CodeMismatchException"}`,
			CodeCodeMismatch,
			"CodeMismatchException (status 400, request ID r-1)",
		},
	} {
		c, _ := respond(test.status, test.body)
		in := VerifySoftwareTokenInput{Session: session, UserCode: "123456"}
		out, err := c.VerifySoftwareToken(t.Context(), in)
		want := "cognitoidp: VerifySoftwareToken: " + test.text
		var e *awserr.Error
		if !errors.As(err, &e) || e.Code != test.code || err.Error() != want {
			t.Errorf("VerifySoftwareToken = %v, want %s", err, want)
		}
		checkZero(t, "VerifySoftwareToken", out)
	}
}

// TestAttributesDoNotPrint checks types that contain attributes and print the rest.
func TestAttributesDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	d := Device{
		DeviceKey:        deviceKey,
		DeviceAttributes: []Attribute{{Name: "last_ip_used", Value: mark}},
	}
	for _, v := range []any{
		GetUserOutput{Username: "ada", UserAttributes: []Attribute{{Name: "email", Value: mark}}},
		d,
		&d,
		ListDevicesOutput{Devices: []Device{d}},
	} {
		text := fmt.Sprintf("%v %+v %#v %s %x %X %q", v, v, v, v, v, v, v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("json.Marshal(%T): %v", v, err)
		}
		text += string(b)
		for _, hidden := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
			if strings.Contains(text, hidden) {
				t.Errorf("%T prints an attribute: %s", v, text)
			}
		}
		shown := strings.Contains(text, deviceKey) || strings.Contains(text, "ada")
		if !strings.Contains(text, "[redacted]") || !shown {
			t.Errorf("%T prints as %s, want its ID and [redacted]", v, text)
		}
	}
}

// FuzzAuthResponse checks that a response is an error or passes the checks.
func FuzzAuthResponse(f *testing.F) {
	f.Add(200, `{"AuthenticationResult":{"AccessToken":"a","IdToken":"b","ExpiresIn":3.6e3,
		"NewDeviceMetadata":{"DeviceKey":"k"}}}`)
	f.Add(200, `{"ChallengeName":"PASSWORD_VERIFIER","challengename":null,
		"ChallengeParameters":{"SALT":"ab"},"AvailableChallenges":["A"]}`)
	f.Add(400, `{"__type":"NotAuthorizedException","message":"m"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c, _ := respond(status, body)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // without retries
		defer cancel()
		in := RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X"}
		out, err := c.RespondToAuthChallenge(ctx, in)
		if err != nil {
			checkZero(t, "RespondToAuthChallenge", out)
			return
		}
		r := out.AuthenticationResult
		if r == nil && out.ChallengeName == "" ||
			r != nil && (!isToken(r.AccessToken) || r.ExpiresIn < 0) {
			t.Errorf("RespondToAuthChallenge accepts %q", body)
		}
	})
}

// FuzzResponse checks that a response is an error or passes the checks.
func FuzzResponse(f *testing.F) {
	f.Add(`{"Username":"ada","UserAttributes":[{"Name":"sub","Value":"sub-1"}]}`)
	f.Add(`{"SecretCode":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","Session":"s"}`)
	f.Add(`{"Device":{` + withDevice + `,"DeviceCreateDate":1.699168089123E9}}`)
	f.Add(`{"Devices":[{` + withDevice + `},{"DeviceKey":"us-east-1_b"}],"PaginationToken":"n"}`)
	f.Add(`{"Status":"SUCCESS"}`)
	f.Fuzz(func(t *testing.T, body string) {
		c, _ := respond(200, body)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if out, err := c.GetUser(ctx, "a"); (err == nil) != (out.Username != "") {
			t.Errorf("GetUser with %q = %q, %v", body, out.Username, err)
		}
		in := AssociateSoftwareTokenInput{AccessToken: "a"}
		secret, err := c.AssociateSoftwareToken(ctx, in)
		code := secret.SecretCode
		if err == nil && len(code) < 16 || len(code) > 1024 ||
			strings.ContainsAny(code, "=&%018 ") {
			t.Errorf("AssociateSoftwareToken accepts %q", body)
		}
		one, errOne := c.GetDevice(ctx, "a", "k")
		all, errAll := c.ListDevices(ctx, ListDevicesInput{AccessToken: "a"})
		if errOne == nil {
			all.Devices = append(all.Devices, one)
		} else if one.DeviceKey != "" || errAll != nil && all.Devices != nil {
			t.Errorf("%q: a device was returned with an error", body)
		}
		for _, d := range all.Devices {
			if !isDeviceKey(d.DeviceKey) {
				t.Errorf("%q: the device key %q was accepted", body, d.DeviceKey)
			}
			for _, date := range []time.Time{
				d.DeviceCreateDate,
				d.DeviceLastModifiedDate,
				d.DeviceLastAuthenticatedDate,
			} {
				if !date.IsZero() && (date.Year() < 1970 || date.Year() > 9999 ||
					date.Location() != time.UTC) {
					t.Errorf("%q: the date %v was accepted", body, date)
				}
			}
		}
	})
}
