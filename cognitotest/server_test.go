package cognitotest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBadRequests(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	const idp = "https://cognito-idp.us-east-1.amazonaws.com/"
	for name, tt := range map[string]struct {
		method, url, target, contentType, body string
		code                                   string
	}{
		"unknown operation":    {"POST", idp, targetUserPools + "Nothing", jsonType, "{}", "UnknownOperationException"},
		"no target":            {"POST", idp, "", jsonType, "{}", "UnknownOperationException"},
		"target without name":  {"POST", idp, targetUserPools, jsonType, "{}", "UnknownOperationException"},
		"name without service": {"POST", idp, "InitiateAuth", jsonType, "{}", "UnknownOperationException"},
		"other service":        {"POST", idp, targetIdentity + "GetId", jsonType, "{}", "UnknownOperationException"},
		"case of operation":    {"POST", idp, targetUserPools + "initiateAuth", jsonType, "{}", "UnknownOperationException"},
		"method":               {"PUT", idp, targetUserPools + "InitiateAuth", jsonType, "{}", "UnknownOperationException"},
		"path":                 {"POST", idp + "x", targetUserPools + "InitiateAuth", jsonType, "{}", "UnknownOperationException"},
		"content type":         {"POST", idp, targetUserPools + "InitiateAuth", "application/json", "{}", "UnknownOperationException"},
		"no content type":      {"POST", idp, targetUserPools + "InitiateAuth", "", "{}", "UnknownOperationException"},
		"charset":              {"POST", idp, targetUserPools + "InitiateAuth", jsonType + "; charset=utf-8", "{}", "InvalidParameterException"},
		"empty body":           {"POST", idp, targetUserPools + "InitiateAuth", jsonType, "", "SerializationException"},
		"no object":            {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `"x"`, "SerializationException"},
		"cut":                  {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"ClientId":`, "SerializationException"},
		"more behind":          {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{} {}`, "SerializationException"},
		"number for text":      {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"ClientId":1}`, "SerializationException"},
		"list for map":         {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"AuthParameters":[]}`, "SerializationException"},
		"number in map":        {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"AuthParameters":{"USERNAME":1}}`, "SerializationException"},
		"not UTF-8":            {"POST", idp, targetUserPools + "InitiateAuth", jsonType, "{\"ClientId\":\"\xff\"}", "SerializationException"},
		"case of member":       {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"clientId":"x","AuthFlow":"USER_SRP_AUTH"}`, "InvalidParameterException"},
		"empty member":         {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"ClientId":"","AuthFlow":"USER_SRP_AUTH"}`, "InvalidParameterException"},
		"null member":          {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"ClientId":null,"AuthFlow":"USER_SRP_AUTH"}`, "InvalidParameterException"},
		"member unknown":       {"POST", idp, targetUserPools + "InitiateAuth", jsonType, `{"New":{"a":[1]},"ClientId":"x","AuthFlow":"USER_SRP_AUTH"}`, "ResourceNotFoundException"},
		"identity: bad JSON":   {"POST", "https://cognito-identity.us-east-1.amazonaws.com/", targetIdentity + "GetId", jsonType, "{", "SerializationException"},
		"identity: unknown":    {"POST", "https://cognito-identity.us-east-1.amazonaws.com/", targetIdentity + "MergeDeveloperIdentities", jsonType, "{}", "UnknownOperationException"},
	} {
		t.Run(name, func(t *testing.T) {
			req, _ := http.NewRequest(tt.method, tt.url, strings.NewReader(tt.body))
			req.Header = http.Header{"X-Amz-Target": {tt.target}, "Content-Type": {tt.contentType}}
			a := p.do(req)
			a.want(t, tt.code)
			if a.Status != 400 || a.Message == "" || a.Header.Get("x-amzn-RequestId") == "" || a.Header.Get("Content-Type") != jsonType {
				t.Errorf("%d, message %q, headers %v", a.Status, a.Message, a.Header)
			}
			if date, err := http.ParseTime(a.Header.Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
				t.Errorf("Date: %v", err)
			}
		})
	}
	var all []operation
	for _, o := range userPoolOperations {
		all = append(all, userPoolOperation(o.name))
	}
	for _, name := range []string{"GetId", "GetCredentialsForIdentity", "GetOpenIdToken"} {
		all = append(all, identityOperation(name))
	}
	for i, do := range all {
		for _, body := range []string{"", "null", "[]", `{"AccessToken":{}}`, `{"ClientId":[],"IdentityId":[],"IdentityPoolId":[]}`} {
			if _, err := do(s, call{body: []byte(body)}); err == nil {
				t.Errorf("operation %d accepts %q", i, body)
			}
		}
	}
}

// The zero value answers, and knows no one.
func TestZeroServer(t *testing.T) {
	var s Server
	p := newPeer(t, &s)
	p.initiate("USER_SRP_AUTH", p.params("ada", "SRP_A", "12")).want(t, "ResourceNotFoundException")
	p.getID(nil).want(t, "ResourceNotFoundException")
	p.idp("GetUser", m{"AccessToken": "x"}).want(t, "NotAuthorizedException")
	p.idp("RevokeToken", m{"Token": "x", "ClientId": "x"}).want(t, "InvalidParameterException")
}

func TestService(t *testing.T) {
	s := Example()
	for _, tt := range []struct {
		method, url string
		header      http.Header
		want        string
	}{
		{"POST", "https://cognito-idp.us-east-1.amazonaws.com/", nil, "cognito-idp"},
		{"POST", "https://cognito-identity.us-east-1.amazonaws.com/", nil, "cognito-identity"},
		{"POST", "https://sts.us-east-1.amazonaws.com/", nil, "sts"},
		{"POST", "https://sts.amazonaws.com/", nil, "sts"},
		{"GET", "https://example-bucket.s3.us-east-1.amazonaws.com/", nil, "s3"},
		{"POST", "http://127.0.0.1:1/", http.Header{"X-Amz-Target": {targetUserPools + "X"}}, "cognito-idp"},
		{"POST", "http://127.0.0.1:1/", http.Header{"X-Amz-Target": {targetIdentity + "X"}}, "cognito-identity"},
		{"POST", "http://127.0.0.1:1/", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, "sts"},
		{"GET", "http://127.0.0.1:1/" + ExampleUserPoolID + "/.well-known/jwks.json", nil, "cognito-idp"},
		{"GET", "http://127.0.0.1:1/.well-known/jwks.json", nil, "cognito-identity"},
		{"GET", "http://127.0.0.1:1/bucket/.well-known/jwks.json", nil, "s3"},
		{"GET", "http://127.0.0.1:1/", nil, "s3"},
		{"PUT", "http://any.name/bucket/key", nil, "s3"},
	} {
		r := httptest.NewRequest(tt.method, tt.url, nil)
		if tt.header != nil {
			r.Header = tt.header
		}
		if got := s.service(r); got != tt.want {
			t.Errorf("%s %s %v is for %s, want %s", tt.method, tt.url, tt.header, got, tt.want)
		}
	}
}

// The same server on a socket.
func TestLoopbackSignIn(t *testing.T) {
	s := Example()
	web := httptest.NewServer(s)
	defer web.Close()
	s.UserPools[0].Issuer = web.URL + "/" + ExampleUserPoolID
	p := newPeer(t, s)
	p.http = web.Client()
	a := p.post(web.URL, targetUserPools+"InitiateAuth", m{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": p.params(ExampleUser, "PASSWORD", ExamplePassword)})
	a.want(t, "")
	token := a.AuthenticationResult.IdToken
	if iss := payload(t, token)["iss"]; iss != s.UserPools[0].Issuer {
		t.Errorf("issuer %v", iss)
	}
	provider := strings.TrimPrefix(s.UserPools[0].Issuer, "http://")
	p.post(web.URL, targetIdentity+"GetId", m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{provider: token}}).want(t, "")
	resp, err := p.http.Get(s.UserPools[0].Issuer + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Issuer  string
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || doc.Issuer != s.UserPools[0].Issuer || doc.JWKSURI != doc.Issuer+"/.well-known/jwks.json" {
		t.Errorf("discovery: %+v, %v", doc, err)
	}
}

func TestFault(t *testing.T) {
	text := func(r io.Reader) io.ReadCloser { return io.NopCloser(r) }
	for name, tt := range map[string]struct {
		fault           func() *http.Response
		status          int
		body            string
		noAnswer, noEnd bool
	}{
		"none": {fault: func() *http.Response { return nil }, status: 404, body: "404 page not found\n"},
		"throttled": {fault: func() *http.Response {
			return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"7"}}, Body: text(strings.NewReader("slow down"))}
		}, status: 429, body: "slow down"},
		"no body":   {fault: func() *http.Response { return &http.Response{StatusCode: 503} }, status: 503},
		"no answer": {fault: func() *http.Response { return &http.Response{} }, noAnswer: true},
		"half a body": {fault: func() *http.Response {
			return &http.Response{StatusCode: 200, Body: text(io.MultiReader(strings.NewReader("half"), broken{}))}
		}, status: 200, body: "half", noEnd: true},
	} {
		s := &Server{Fault: func(*http.Request) *http.Response { return tt.fault() }}
		web := httptest.NewServer(s)
		defer web.Close()
		for url, c := range map[string]*http.Client{"https://cognito-identity.amazonaws.com/": s.Client(), web.URL + "/.well-known/x": web.Client()} {
			t.Run(name+" at "+url, func(t *testing.T) {
				resp, err := c.Get(url)
				if (err != nil) != tt.noAnswer {
					t.Fatalf("Get: %v", err)
				}
				if err != nil {
					return
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if (err != nil) != tt.noEnd || resp.StatusCode != tt.status || string(body) != tt.body {
					t.Errorf("%d %q, %v", resp.StatusCode, body, err)
				}
				if (resp.Header.Get("Retry-After") != "") != (name == "throttled") {
					t.Errorf("header: %v", resp.Header)
				}
			})
		}
	}
	t.Run("reads the body", func(t *testing.T) {
		seen := ""
		p := newPeer(t, &Server{Fault: func(r *http.Request) *http.Response {
			b, _ := io.ReadAll(r.Body)
			seen = string(b)
			return nil
		}})
		p.idp("GetUser", m{"AccessToken": "x"}).want(t, "NotAuthorizedException")
		if seen != `{"AccessToken":"x"}` {
			t.Errorf("Fault saw %q", seen)
		}
	})
	t.Run("panics", func(t *testing.T) {
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("recovered %v", p)
			}
		}()
		s := &Server{Fault: func(*http.Request) *http.Response { panic("mine") }}
		s.Client().Get("https://cognito-identity.amazonaws.com/")
	})
}

func TestBody(t *testing.T) {
	s := Example()
	for name, tt := range map[string]struct {
		body   io.Reader
		length int64
	}{
		"too long":       {strings.NewReader(strings.Repeat("x", maxBody+1)), maxBody + 1},
		"too long, open": {io.LimitReader(zeros{}, maxBody+1), -1},
		"cut short":      {strings.NewReader("{}"), 3},
		"fails":          {broken{}, -1},
	} {
		r := httptest.NewRequest("POST", "https://cognito-idp.us-east-1.amazonaws.com/", tt.body)
		r.ContentLength = tt.length
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "cognitotest: ") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
