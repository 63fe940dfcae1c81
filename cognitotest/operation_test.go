package cognitotest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	idpURL      = "https://cognito-idp.us-east-1.amazonaws.com/"
	identityURL = "https://cognito-identity.us-east-1.amazonaws.com/"
)

func TestMalformedRequests(t *testing.T) {
	p := newPeer(t, Example())
	const (
		initiateAuth = "AWSCognitoIdentityProviderService.InitiateAuth"
		getID        = "AWSCognitoIdentityService.GetId"

		unknown       = "UnknownOperationException"
		serialization = "SerializationException"
		parameter     = "InvalidParameterException"
	)
	for _, tt := range []struct {
		name, method, url, target, contentType, body string

		code string
	}{
		{"unknown operation", "POST", idpURL, "AWSCognitoIdentityProviderService.Nothing",
			jsonType, "{}", unknown},
		{"no target", "POST", idpURL, "", jsonType, "{}", unknown},
		{"target without name", "POST", idpURL, "AWSCognitoIdentityProviderService.",
			jsonType, "{}", unknown},
		{"name without service", "POST", idpURL, "InitiateAuth", jsonType, "{}", unknown},
		{"other service", "POST", idpURL, getID, jsonType, "{}", unknown},
		{"case of operation", "POST", idpURL, "AWSCognitoIdentityProviderService.initiateAuth",
			jsonType, "{}", unknown},
		{"method", "PUT", idpURL, initiateAuth, jsonType, "{}", unknown},
		{"path", "POST", idpURL + "x", initiateAuth, jsonType, "{}", unknown},
		{"content type", "POST", idpURL, initiateAuth, "application/json", "{}", unknown},
		{"no content type", "POST", idpURL, initiateAuth, "", "{}", unknown},
		{"charset", "POST", idpURL, initiateAuth, jsonType + "; charset=utf-8", "{}", parameter},
		{"empty body", "POST", idpURL, initiateAuth, jsonType, "", serialization},
		{"body is not an object", "POST", idpURL, initiateAuth, jsonType, `"x"`, serialization},
		{"truncated", "POST", idpURL, initiateAuth, jsonType, `{"ClientId":`, serialization},
		{"trailing data", "POST", idpURL, initiateAuth, jsonType, `{} {}`, serialization},
		{"number for text", "POST", idpURL, initiateAuth, jsonType, `{"ClientId":1}`,
			serialization},
		{"list for map", "POST", idpURL, initiateAuth, jsonType, `{"AuthParameters":[]}`,
			serialization},
		{"number in map", "POST", idpURL, initiateAuth, jsonType,
			`{"AuthParameters":{"USERNAME":1}}`, serialization},
		{"not UTF-8", "POST", idpURL, initiateAuth, jsonType, "{\"ClientId\":\"\xff\"}",
			serialization},
		{"case of member", "POST", idpURL, initiateAuth, jsonType,
			`{"clientId":"x","AuthFlow":"USER_SRP_AUTH"}`, parameter},
		{"empty member", "POST", idpURL, initiateAuth, jsonType,
			`{"ClientId":"","AuthFlow":"USER_SRP_AUTH"}`, parameter},
		{"null member", "POST", idpURL, initiateAuth, jsonType,
			`{"ClientId":null,"AuthFlow":"USER_SRP_AUTH"}`, parameter},
		{"unknown member", "POST", idpURL, initiateAuth, jsonType,
			`{"New":{"a":[1]},"ClientId":"x","AuthFlow":"USER_SRP_AUTH"}`,
			"ResourceNotFoundException"},
		{"identity pools: truncated", "POST", identityURL, getID, jsonType, "{", serialization},
		{"identity pools: unknown operation", "POST", identityURL,
			"AWSCognitoIdentityService.MergeDeveloperIdentities", jsonType, "{}", unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, tt.url, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Target", tt.target)
			r.Header.Set("Content-Type", tt.contentType)
			a := p.do(r)
			a.want(t, tt.code)
			if a.Status != 400 || a.Message == "" || a.Header.Get("x-amzn-RequestId") == "" ||
				a.Header.Get("Content-Type") != jsonType {
				t.Errorf("status = %d, message = %q, header = %v", a.Status, a.Message, a.Header)
			}
			date, err := http.ParseTime(a.Header.Get("Date"))
			if err != nil || time.Since(date).Abs() > time.Minute {
				t.Errorf("Date = %v, %v, want the current time", date, err)
			}
		})
	}
}

// An error is repeated in the headers, where its message is ASCII.
func TestErrorHeaders(t *testing.T) {
	p := newPeer(t, Example())
	p.client = "ü\n"
	a := p.initiate("USER_SRP_AUTH", nil)
	a.want(t, "ResourceNotFoundException")
	want := "User pool client ?? does not exist."
	if got := a.Header.Get("x-amzn-ErrorMessage"); got != want {
		t.Errorf("x-amzn-ErrorMessage = %q, want %q", got, want)
	}
}

// Every operation refuses bodies of the wrong form.
func TestOperationsRefuseMalformedBodies(t *testing.T) {
	s := Example()
	s.start.Do(s.load)
	count := 0
	for service, prefix := range targets {
		for name := range operations[service] {
			count++
			for _, body := range []string{
				"",
				"null",
				"[]",
				`{"AccessToken":{}}`,
				`{"ClientId":[],"IdentityId":[],"IdentityPoolId":[]}`,
			} {
				r := httptest.NewRequest("POST", "http://127.0.0.1/", nil)
				r.Header.Set("Content-Type", jsonType)
				r.Header.Set("X-Amz-Target", prefix+name)
				if _, err := s.call(r, []byte(body), service); err == nil {
					t.Errorf("%s accepts %q", name, body)
				}
			}
		}
	}
	if count != 24 {
		t.Errorf("%d operations, want 24", count)
	}
}

// FuzzJSON checks that the server responds to every request, and not with success.
func FuzzJSON(f *testing.F) {
	s := Example()
	const client = `{"ClientId":"` + ExampleClientID + `",`
	idp := targets["cognito-idp"]
	for name := range operations["cognito-idp"] {
		f.Add(idp+name, client+
			`"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"ada","SRP_A":"0"}}`)
	}
	f.Add(idp+"RespondToAuthChallenge", client+
		`"ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"ada",`+
		`"TIMESTAMP":"x","PASSWORD_CLAIM_SECRET_BLOCK":"x","PASSWORD_CLAIM_SIGNATURE":"x"}}`)
	f.Add(idp+"SignUp", client+
		`"Username":"x","Password":"12345678","UserAttributes":[{"Name":"email","Value":"@"}]}`)
	f.Add(idp+"ConfirmForgotPassword", client+
		`"Username":"ada","Password":"12345678","ConfirmationCode":"000000"}`)
	identity := targets["cognito-identity"]
	f.Add(identity+"GetId",
		`{"IdentityPoolId":"`+ExampleIdentityPoolID+`","Logins":{"x":"a.b.c"}}`)
	f.Add(identity+"GetCredentialsForIdentity", `{"IdentityId":"us-east-1:0","Logins":{}}`)
	f.Fuzz(func(t *testing.T, target, body string) {
		r := httptest.NewRequest("POST", "http://127.0.0.1/", strings.NewReader(body))
		r.Header = http.Header{"Content-Type": {jsonType}, "X-Amz-Target": {target}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		// Without a target the request is for S3. RevokeToken accepts unknown tokens.
		allowed := target == "" || target == idp+"RevokeToken"
		// A challenge, a guest, a new user and a sent code are successes too.
		for _, member := range []string{
			"PASSWORD_VERIFIER",
			"IdentityId",
			"UserConfirmed",
			"CodeDeliveryDetails",
		} {
			allowed = allowed || strings.Contains(w.Body.String(), member)
		}
		if w.Code == 200 && !allowed {
			t.Errorf("%s %q = %s", target, body, w.Body)
		}
	})
}
