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
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

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

// later are operations that account_wire_test.go tests.
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
