package cognitoid

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// TestWire compares requests and responses with those of botocore.
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
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			if r.Method != test.Request.Method || r.URL.String() != test.Request.URL {
				t.Errorf("request %s %s, want %s %s",
					r.Method, r.URL, test.Request.Method, test.Request.URL)
			}
			test.Request.Headers["Authorization"] = ""
			test.Request.Headers["X-Amz-Date"] = ""
			for name, want := range test.Request.Headers {
				got := r.Header.Get(name)
				if name != "Content-Length" && got != want {
					t.Errorf("header %s: %q, want %q", name, got, want)
				}
			}
			body := fakehttp.Body(r)
			if r.ContentLength != int64(len(body)) {
				t.Errorf("Content-Length %d, want %d", r.ContentLength, len(body))
			}
			checkJSON(t, body, test.Request.Body)
			return fakehttp.Response(200, test.Canned.Body)
		})
		c := &Client{Region: test.Region, HTTPClient: client}
		var out GetOpenIDTokenOutput
		var err error
		switch p := test.Params; test.Operation {
		case "GetId":
			out.IdentityID, err = c.GetID(t.Context(), GetIDInput{
				IdentityPoolID: p.IdentityPoolID,
				AccountID:      p.AccountID,
				Logins:         p.Logins,
			})
		case "GetOpenIdToken":
			out, err = c.GetOpenIDToken(t.Context(), p.IdentityID, p.Logins)
		default:
			t.Errorf("unknown operation %s", test.Operation)
		}
		want := test.Parsed
		if err != nil || out.IdentityID != want.IdentityID || out.Token != want.Token {
			t.Errorf("%s = %q, %v, want %q", test.Operation, out.IdentityID, err, want.IdentityID)
		}
	}
	if ran < 2 {
		t.Errorf("%d vectors, want 2 or more", ran)
	}
}

func checkJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	err := errors.Join(json.Unmarshal([]byte(got), &g), json.Unmarshal([]byte(want), &w))
	if err != nil {
		t.Errorf("reading %s and %s: %v", got, want, err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("request body differs (-want +got):\n%s", diff)
	}
}

// TestRequest checks that empty fields are not sent and that tokens are not changed.
func TestRequest(t *testing.T) {
	const provider = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"
	const sentLogins = `"Logins":{"` + provider + `":"eyJ.<id>.tok"}`
	logins := map[string]string{provider: "eyJ.<id>.tok"}
	var operation, body string
	client := fakehttp.Client(func(r *http.Request) *http.Response {
		const prefix = "AWSCognitoIdentityService."
		operation = strings.TrimPrefix(r.Header.Get("X-Amz-Target"), prefix)
		body = fakehttp.Body(r)
		return fakehttp.Response(200, credentials("1442877512"))
	})
	c := &Client{Region: "us-east-1", HTTPClient: client}
	for _, test := range []struct {
		in   GetCredentialsForIdentityInput
		want string
	}{
		{
			GetCredentialsForIdentityInput{IdentityID: id},
			`{"IdentityId":"` + id + `"}`,
		},
		{
			GetCredentialsForIdentityInput{IdentityID: id, Logins: logins},
			`{"IdentityId":"` + id + `",` + sentLogins + `}`,
		},
		{
			GetCredentialsForIdentityInput{
				IdentityID:    id,
				CustomRoleARN: "arn:aws:iam::123456789012:role/r",
				Logins:        logins,
			},
			`{"CustomRoleArn":"arn:aws:iam::123456789012:role/r","IdentityId":"` + id + `",` +
				sentLogins + `}`,
		},
	} {
		if _, err := c.GetCredentialsForIdentity(t.Context(), test.in); err != nil {
			t.Errorf("GetCredentialsForIdentity: %v", err)
		}
		if operation != "GetCredentialsForIdentity" || body != test.want {
			t.Errorf("sent %s %s, want GetCredentialsForIdentity %s", operation, body, test.want)
		}
	}
	got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID})
	if err != nil || got != id {
		t.Errorf("GetID = %q, %v, want %q", got, err, id)
	}
	if want := `{"IdentityPoolId":"` + poolID + `"}`; operation != "GetId" || body != want {
		t.Errorf("sent %s %s, want GetId %s", operation, body, want)
	}
}
