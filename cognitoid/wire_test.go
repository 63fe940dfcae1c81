package cognitoid

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// TestWire holds requests and answers against what botocore sends and reads.
func TestWire(t *testing.T) {
	var file struct {
		Cases []struct {
			Service, Region, Operation string

			Params struct {
				IdentityPoolID string `json:"IdentityPoolId"`
				AccountID      string `json:"AccountId"`
				IdentityID     string `json:"IdentityId"`
				Logins         map[string]string
			}
			Request struct {
				Method, URL, Body string
				Headers           map[string]string
			}
			Canned struct{ Body string }
			Parsed struct {
				IdentityID string `json:"IdentityId"`
				Token      string
			}
		}
	}
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, test := range file.Cases {
		if test.Service != "cognito-identity" {
			continue
		}
		ran++
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
			var got, want any
			if err := errors.Join(json.Unmarshal(body, &got), json.Unmarshal([]byte(test.Request.Body), &want)); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(test.Canned.Body))}, nil
		})}}
		switch p := test.Params; test.Operation {
		case "GetId":
			got, err := c.GetID(t.Context(), GetIDInput{p.IdentityPoolID, p.AccountID, p.Logins})
			if err != nil || got != test.Parsed.IdentityID {
				t.Error(got, err)
			}
		case "GetOpenIdToken":
			got, err := c.GetOpenIDToken(t.Context(), GetOpenIDTokenInput{p.IdentityID, p.Logins})
			if err != nil || got.IdentityID != test.Parsed.IdentityID || got.Token != test.Parsed.Token {
				t.Error(got, err)
			}
		default:
			t.Errorf("no operation %s", test.Operation)
		}
	}
	if ran < 2 {
		t.Errorf("only %d vectors", ran)
	}
}

func TestRequests(t *testing.T) {
	logins := map[string]string{"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI": "eyJ.<id>.tok"}
	var body string
	c := &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(r.Body)
		body = strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityService.") + " " + string(b)
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(credentials("1442877512")))}, nil
	})}}
	const tail = `,"Logins":{"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI":"eyJ.<id>.tok"}}`
	for _, test := range []struct {
		in   GetCredentialsForIdentityInput
		want string
	}{
		{GetCredentialsForIdentityInput{IdentityID: id}, `{"IdentityId":"` + id + `"}`},
		{GetCredentialsForIdentityInput{IdentityID: id, Logins: logins}, `{"IdentityId":"` + id + `"` + tail},
		{GetCredentialsForIdentityInput{IdentityID: id, CustomRoleARN: "arn:aws:iam::123456789012:role/r", Logins: logins}, `{"IdentityId":"` + id + `","CustomRoleArn":"arn:aws:iam::123456789012:role/r"` + tail},
	} {
		if _, err := c.GetCredentialsForIdentity(t.Context(), test.in); err != nil || body != "GetCredentialsForIdentity "+test.want {
			t.Errorf("got  %s, %v\nwant %s", body, err, test.want)
		}
	}
	if got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID}); err != nil || body != `GetId {"IdentityPoolId":"`+poolID+`"}` || got != id {
		t.Error(got, body, err)
	}
}
