package cognitoidp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a client whose every request gets the same answer; sent counts the requests.
func answering(status int, body string) (c *Client, sent *int) {
	sent = new(int)
	return &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		*sent++
		return &http.Response{StatusCode: status, Header: http.Header{"X-Amzn-Requestid": {"r-1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}}, sent
}

const clientID = "1example23456789"

// call carries out an operation of this package with request members as the service names them.
func call(ctx context.Context, c *Client, operation string, request []byte) (out AuthOutput, err error) {
	switch operation {
	case "InitiateAuth":
		var w struct {
			ClientID        string `json:"ClientId"`
			AuthFlow        string
			AuthParameters  map[string]string
			ClientMetadata  map[string]string
			Session         string
			UserContextData *UserContextData
		}
		if err := json.Unmarshal(request, &w); err != nil {
			return out, err
		}
		return c.InitiateAuth(ctx, InitiateAuthInput(w))
	case "RespondToAuthChallenge":
		var w struct {
			ClientID           string `json:"ClientId"`
			ChallengeName      string
			Session            string
			ChallengeResponses map[string]string
			ClientMetadata     map[string]string
			UserContextData    *UserContextData
		}
		if err := json.Unmarshal(request, &w); err != nil {
			return out, err
		}
		return c.RespondToAuthChallenge(ctx, RespondToAuthChallengeInput(w))
	case "GetTokensFromRefreshToken":
		var w struct {
			RefreshToken   string
			ClientID       string `json:"ClientId"`
			ClientSecret   string
			DeviceKey      string
			ClientMetadata map[string]string
		}
		if err := json.Unmarshal(request, &w); err != nil {
			return out, err
		}
		return c.GetTokensFromRefreshToken(ctx, GetTokensFromRefreshTokenInput(w))
	case "RevokeToken":
		var w struct {
			Token        string
			ClientID     string `json:"ClientId"`
			ClientSecret string
		}
		if err := json.Unmarshal(request, &w); err != nil {
			return out, err
		}
		return out, c.RevokeToken(ctx, RevokeTokenInput(w))
	}
	return out, fmt.Errorf("no operation %s", operation)
}

// later are operations that vectors have and this package does not yet.
var later = map[string]bool{"GlobalSignOut": true, "ConfirmDevice": true, "AssociateSoftwareToken": true, "ForgotPassword": true, "ChangePassword": true, "ConfirmSignUp": true}

// TestWire holds requests and errors against what botocore sends and reads.
func TestWire(t *testing.T) {
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
	ran := 0
	for i, test := range file.Cases {
		if test.Service != "cognito-idp" || later[test.Operation] {
			continue
		}
		ran++
		t.Run(fmt.Sprintf("%d %s", i, test.Operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Client{Region: test.Region, HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					body, err := io.ReadAll(r.Body)
					if err != nil || r.Method != test.Request.Method || r.URL.String() != test.Request.URL || r.ContentLength != int64(len(body)) {
						t.Errorf("sent %s %s, %d bytes, %v", r.Method, r.URL, r.ContentLength, err)
					}
					for name, value := range test.Request.Headers {
						if name != "Content-Length" && r.Header.Get(name) != value {
							t.Errorf("%s: %q, want %q", name, r.Header.Get(name), value)
						}
					}
					if r.Header.Get("Authorization") != "" || r.Header.Get("X-Amz-Date") != "" {
						t.Error("the request is signed")
					}
					sameJSON(t, body, []byte(test.Request.Body))
					h := http.Header{}
					for name, value := range test.Canned.Headers {
						h.Set(name, value)
					}
					return &http.Response{StatusCode: test.Canned.Status, Header: h, Body: io.NopCloser(strings.NewReader(test.Canned.Body))}, nil
				})}}
				out, err := call(t.Context(), c, test.Operation, test.Params)
				if test.Parsed.ClientError == nil {
					if test.Canned.Body == "{}" { // botocore lets an empty answer pass; here it is an error
						if err == nil || !strings.Contains(err.Error(), "neither a challenge nor tokens") {
							t.Error(err)
						}
						return
					}
					if err != nil || out.ChallengeName != test.Parsed.ChallengeName || !cmp.Equal(out.ChallengeParameters, test.Parsed.ChallengeParameters) {
						t.Error(out, err)
					}
					return
				}
				var e *Error
				if !errors.As(err, &e) {
					t.Fatal(err)
				}
				want := test.Parsed.ClientError.Error
				switch want.Code { // where botocore has only the status, it does not read the header, or there is no code
				case "400":
					want.Code = CodeResourceNotFound
				case "502":
					want.Code, want.Message = "HTTP 502", e.Message
				}
				if e.Operation != test.Operation || e.Code != want.Code || e.Message != want.Message || e.StatusCode != test.Canned.Status || e.RequestID != "r-3" {
					t.Errorf("%+v, want %+v", *e, want)
				}
			})
		})
	}
	if ran < 6 {
		t.Errorf("only %d vectors", ran)
	}
}

// sameJSON compares documents; members that are empty maps, which the JavaScript client sends, count as absent.
func sameJSON(t *testing.T, got, want []byte) {
	t.Helper()
	var g, w map[string]any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal(want, &w)); err != nil {
		t.Error(err)
	}
	for k, v := range w {
		if m, ok := v.(map[string]any); ok && len(m) == 0 {
			delete(w, k)
		}
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Error("body:", diff)
	}
	if bytes.Contains(got, []byte("null")) {
		t.Errorf("sent null: %s", got)
	}
}

// TestTranscripts replays sign-ins of amazon-cognito-identity-js through the typed methods.
func TestTranscripts(t *testing.T) {
	type step struct {
		Op                        string
		Request, Params, Response json.RawMessage
	}
	var devices struct{ Scenarios []struct{ Transcript []step } }
	var users struct{ Cases []struct{ Requests []step } }
	if err := errors.Join(testvectors.Decode("cognito_js_device_generated", &devices), testvectors.Decode("cognito_js_generated", &users)); err != nil {
		t.Fatal(err)
	}
	var steps []step
	for _, s := range devices.Scenarios {
		steps = append(steps, s.Transcript...)
	}
	for _, c := range users.Cases {
		steps = append(steps, c.Requests...)
	}
	ran := 0
	for _, s := range steps {
		if later[s.Op] {
			continue
		}
		ran++
		request, response := s.Request, s.Response
		if request == nil {
			request = s.Params
		}
		if response == nil {
			response = []byte(`{"ChallengeName":"X"}`)
		}
		c := &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if target := "AWSCognitoIdentityProviderService." + s.Op; r.Header.Get("X-Amz-Target") != target {
				t.Errorf("target %q, want %q", r.Header.Get("X-Amz-Target"), target)
			}
			body, _ := io.ReadAll(r.Body)
			sameJSON(t, body, request)
			return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(response))}, nil
		})}}
		out, err := call(t.Context(), c, s.Op, request)
		if err != nil {
			t.Error(err)
		}
		var want struct {
			ChallengeName, Session string
			ChallengeParameters    map[string]string
			AuthenticationResult   *struct {
				AccessToken, IdToken, RefreshToken, TokenType string
				ExpiresIn                                     int
				NewDeviceMetadata                             *NewDeviceMetadata
			}
		}
		if err := json.Unmarshal(response, &want); err != nil {
			t.Fatal(err)
		}
		if out.ChallengeName != want.ChallengeName || out.Session != want.Session || !cmp.Equal(out.ChallengeParameters, want.ChallengeParameters) {
			t.Errorf("%s read as %q", response, out.ChallengeName)
		}
		w, r := want.AuthenticationResult, out.AuthenticationResult
		if (w == nil) != (r == nil) {
			t.Fatalf("%s", response)
		}
		if w != nil && (r.AccessToken != w.AccessToken || r.IDToken != w.IdToken || r.RefreshToken != w.RefreshToken || r.TokenType != w.TokenType ||
			r.ExpiresIn != time.Duration(w.ExpiresIn)*time.Second || !cmp.Equal(r.NewDeviceMetadata, w.NewDeviceMetadata)) {
			t.Errorf("%s misread", response)
		}
	}
	if ran < 40 {
		t.Errorf("only %d steps", ran)
	}
}

func TestRepetition(t *testing.T) {
	requests := map[string]string{
		"InitiateAuth":              `{"ClientId":"c","AuthFlow":"USER_SRP_AUTH"}`,
		"RespondToAuthChallenge":    `{"ClientId":"c","ChallengeName":"PASSWORD_VERIFIER"}`,
		"GetTokensFromRefreshToken": `{"ClientId":"c","RefreshToken":"r"}`,
		"RevokeToken":               `{"ClientId":"c","Token":"r"}`,
	}
	for _, test := range []struct {
		status int
		body   string
		want   map[string]int
	}{
		{500, `{"__type":"InternalErrorException"}`, map[string]int{"InitiateAuth": 3, "RevokeToken": 3}},
		{503, ``, map[string]int{"InitiateAuth": 3, "RevokeToken": 3}},
		{400, `{"__type":"TooManyRequestsException"}`, map[string]int{"InitiateAuth": 3, "RevokeToken": 3, "RespondToAuthChallenge": 3, "GetTokensFromRefreshToken": 3}},
		{400, `{"__type":"LimitExceededException"}`, nil},
		{400, `{"__type":"NotAuthorizedException"}`, nil},
		{400, `{"__type":"RefreshTokenReuseException"}`, nil},
	} {
		for operation, request := range requests {
			synctest.Test(t, func(t *testing.T) {
				c, sent := answering(test.status, test.body)
				_, err := call(t.Context(), c, operation, []byte(request))
				var e *Error
				if want := max(1, test.want[operation]); *sent != want || !errors.As(err, &e) {
					t.Errorf("%s after %s: sent %d times, want %d; %v", operation, test.body, *sent, want, err)
				}
			})
		}
	}
}

func TestErrorText(t *testing.T) {
	c, _ := answering(400, `{"__type":"NotAuthorizedException","message":"Incorrect username or password.","reasonCode":"why"}`)
	_, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserPassword, AuthParameters: map[string]string{"PASSWORD": "hunter2"}})
	const want = "cognitoidp: InitiateAuth: NotAuthorizedException: Incorrect username or password. (status 400, request id r-1)"
	var e *Error
	if !errors.As(err, &e) || err.Error() != want || e.Code != CodeNotAuthorized || e.ReasonCode != "why" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	}
}

// When the time runs out in a pause, the service's answer and the context's error are both there.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sent := answering(400, `{"__type":"TooManyRequestsException"}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		_, err := c.RespondToAuthChallenge(ctx, RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: ChallengeSMSMFA})
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeTooManyRequests || !errors.Is(err, context.Canceled) || *sent != 1 {
			t.Error(*sent, err)
		}
		_, err = c.InitiateAuth(ctx, InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP})
		if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "cognitoidp: InitiateAuth: ") {
			t.Error(err)
		}
	})
}

func TestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			h := http.Header{"Date": {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}}
			return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(`{"ChallengeName":"X"}`))}, nil
		})}}
		if c.Now() != time.Now() {
			t.Error("corrected before the first answer")
		}
		if _, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP}); err != nil {
			t.Fatal(err)
		}
		if got := c.Now().Sub(time.Now()); got != -time.Hour {
			t.Error("off by", got)
		}
	})
}

// Nothing is sent when the request cannot be right, and nothing that it holds is shown.
func TestBadInput(t *testing.T) {
	c, sent := answering(200, `{"ChallengeName":"X"}`)
	initiate := func(in InitiateAuthInput) error { _, err := c.InitiateAuth(t.Context(), in); return err }
	respond := func(in RespondToAuthChallengeInput) error {
		_, err := c.RespondToAuthChallenge(t.Context(), in)
		return err
	}
	tokens := func(in GetTokensFromRefreshTokenInput) error {
		_, err := c.GetTokensFromRefreshToken(t.Context(), in)
		return err
	}
	invalid := map[string]string{"PASSWORD": "hunter2\xff"}
	for i, test := range []struct {
		err  error
		want string
	}{
		{initiate(InitiateAuthInput{AuthFlow: "X"}), "ClientID"},
		{initiate(InitiateAuthInput{ClientID: "a b", AuthFlow: "X"}), "ClientID"},
		{initiate(InitiateAuthInput{ClientID: strings.Repeat("a", 129), AuthFlow: "X"}), "ClientID"},
		{initiate(InitiateAuthInput{ClientID: clientID}), "AuthFlow"},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: "X", AuthParameters: invalid}), `AuthParameters: "PASSWORD" is not valid UTF-8`},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: "X", ClientMetadata: invalid}), "ClientMetadata"},
		{respond(RespondToAuthChallengeInput{ChallengeName: "X"}), "ClientID"},
		{respond(RespondToAuthChallengeInput{ClientID: clientID}), "ChallengeName"},
		{respond(RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X", ChallengeResponses: invalid}), "ChallengeResponses"},
		{tokens(GetTokensFromRefreshTokenInput{ClientID: clientID}), "RefreshToken"},
		{tokens(GetTokensFromRefreshTokenInput{RefreshToken: "hunter2"}), "ClientID"},
		{tokens(GetTokensFromRefreshTokenInput{ClientID: clientID, RefreshToken: "hunter2\n"}), "RefreshToken"},
		{c.RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID}), "Token"},
		{c.RevokeToken(t.Context(), RevokeTokenInput{Token: "hunter2"}), "ClientID"},
		{(&Client{}).RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "hunter2"}), "Region is missing"},
		{(&Client{Region: "evil.example/"}).RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "hunter2"}), "Region"},
		{(&Client{Endpoint: "http://evil.example/"}).RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "hunter2"}), "https"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "cognitoidp: ") || strings.Contains(test.err.Error(), "hunter2") {
			t.Errorf("%d: %v, want %s", i, test.err, test.want)
		}
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent", *sent)
	}
}

func TestBadAnswer(t *testing.T) {
	for body, want := range map[string]string{
		``:                                 "neither a challenge nor tokens",
		`{}`:                               "neither a challenge nor tokens",
		`null`:                             "neither a challenge nor tokens",
		`{"AuthenticationResult":null}`:    "neither a challenge nor tokens",
		`{"Session":"s"}`:                  "neither a challenge nor tokens",
		`{"AuthenticationResult":{}}`:      "no access token",
		`{"AuthenticationResult":[]}`:      "not the JSON object",
		`<html>`:                           "not the JSON object",
		`{"ChallengeName":"X","Session":1`: "not the JSON object",
		`{"ChallengeName":"X","ChallengeParameters":{"a":{}}}`:                                                   "not the JSON object",
		`{"AuthenticationResult":{"AccessToken":"hunter2\r\nX: y"}}`:                                             "AccessToken is not a token",
		`{"AuthenticationResult":{"AccessToken":"a","IdToken":"hunter 2"}}`:                                      "IdToken is not a token",
		`{"AuthenticationResult":{"AccessToken":"a","RefreshToken":"` + strings.Repeat("hunter2", 10000) + `"}}`: "RefreshToken is not a token",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":-1}}`:                                            "ExpiresIn",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":1e300}}`:                                         "ExpiresIn",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":1e400}}`:                                         "not the JSON object",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":"3600"}}`:                                        "not the JSON object",
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":315360001}}`:                                     "ExpiresIn",
	} {
		c, _ := answering(200, body)
		out, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter") || out.AuthenticationResult != nil {
			t.Errorf("%.60s: %v, want %s", body, err, want)
		}
	}
}

func TestGoodAnswer(t *testing.T) {
	for body, want := range map[string]AuthenticationResult{
		`{"AuthenticationResult":{"AccessToken":"a"}}`: {AccessToken: "a"},
		`{"AuthenticationResult":{"AccessToken":"a","IdToken":"b.c-d_e=","RefreshToken":null,"ExpiresIn":3600,"TokenType":"Bearer","New":{}},"ChallengeParameters":{}}`: {AccessToken: "a", IDToken: "b.c-d_e=", TokenType: "Bearer", ExpiresIn: time.Hour},
		`{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":3.6E3,"accessTOKEN":"A"}}`:                                                                              {AccessToken: "A", ExpiresIn: time.Hour},
		`{"AuthenticationResult":{"AccessToken":"a","NewDeviceMetadata":{"DeviceKey":"k","DeviceGroupKey":"g"}}}`:                                                       {AccessToken: "a", NewDeviceMetadata: &NewDeviceMetadata{"k", "g"}},
	} {
		c, _ := answering(200, body)
		out, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowRefreshToken})
		if err != nil || out.AuthenticationResult == nil || !cmp.Equal(*out.AuthenticationResult, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	// RevokeToken answers with nothing, or with an empty object.
	for _, body := range []string{"", "{}"} {
		c, _ := answering(200, body)
		if err := c.RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "r"}); err != nil {
			t.Error(err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"AuthenticationResult":{"AccessToken":"a","IdToken":"b","ExpiresIn":3.6e3,"NewDeviceMetadata":{"DeviceKey":"k"}}}`)
	f.Add(200, `{"ChallengeName":"PASSWORD_VERIFIER","challengename":null,"ChallengeParameters":{"SALT":"ab"},"AvailableChallenges":["A"]}`)
	f.Add(400, `{"__type":"NotAuthorizedException","message":"m"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c, _ := answering(status, body)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // mostly too short for a pause
		defer cancel()
		out, err := c.RespondToAuthChallenge(ctx, RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X"})
		if err != nil {
			return
		}
		if r := out.AuthenticationResult; r == nil && out.ChallengeName == "" || r != nil && (!isToken(r.AccessToken) || r.ExpiresIn < 0) {
			t.Errorf("%q passes", body)
		}
	})
}

// TestSecretsDoNotPrint puts a marker in every secret of every type and prints each in every way.
func TestSecretsDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	m := map[string]string{"PASSWORD": mark}
	result := AuthenticationResult{AccessToken: mark, IDToken: mark, RefreshToken: mark, TokenType: "Bearer"}
	for _, v := range []any{
		InitiateAuthInput{ClientID: clientID, AuthFlow: "F", AuthParameters: m, ClientMetadata: m, Session: mark, UserContextData: &UserContextData{EncodedData: mark}},
		RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "N", Session: mark, ChallengeResponses: m, ClientMetadata: m, UserContextData: &UserContextData{EncodedData: mark}},
		AuthOutput{ChallengeName: "N", Session: mark, ChallengeParameters: m},
		AuthOutput{AuthenticationResult: &result},
		result,
		GetTokensFromRefreshTokenInput{RefreshToken: mark, ClientID: clientID, ClientSecret: mark, ClientMetadata: m},
		RevokeTokenInput{Token: mark, ClientID: clientID, ClientSecret: mark},
	} {
		var log strings.Builder
		for _, v := range []any{v, &v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
				fmt.Fprintf(&log, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
			b, err := json.Marshal(v)
			if err != nil {
				t.Error(err)
			}
			log.Write(b)
		}
		for _, hidden := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
			if strings.Contains(log.String(), hidden) {
				t.Errorf("%T prints its secret: %s", v, log.String())
			}
		}
		if !strings.Contains(fmt.Sprint(v), "redacted}") {
			t.Errorf("%T prints as %v", v, v)
		}
	}
}
