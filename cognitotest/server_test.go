package cognitotest

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// The zero value is ready to use and has no users.
func TestZeroServer(t *testing.T) {
	var s Server
	p := newPeer(t, &s)
	p.initiate("USER_SRP_AUTH", p.params("ada", "SRP_A", "12")).want(t, "ResourceNotFoundException")
	p.getID(nil).want(t, "ResourceNotFoundException")
	p.idp("GetUser", object{"AccessToken": "x"}).want(t, "NotAuthorizedException")
	p.idp("RevokeToken", object{"Token": "x", "ClientId": "x"}).
		want(t, "InvalidParameterException")
}

func TestService(t *testing.T) {
	s := Example()
	const local = "http://127.0.0.1:1/"
	for _, tt := range []struct {
		method, url string
		name, value string // a header
		want        string
	}{
		{"POST", idpURL, "", "", "cognito-idp"},
		{"POST", identityURL, "", "", "cognito-identity"},
		{"POST", "https://sts.us-east-1.amazonaws.com/", "", "", "sts"},
		{"POST", "https://sts.amazonaws.com/", "", "", "sts"},
		{"GET", "https://example-bucket.s3.us-east-1.amazonaws.com/", "", "", "s3"},
		{"POST", local, "X-Amz-Target", "AWSCognitoIdentityProviderService.X", "cognito-idp"},
		{"POST", local, "X-Amz-Target", "AWSCognitoIdentityService.X", "cognito-identity"},
		{"POST", local, "Content-Type", formType + "; charset=utf-8", "sts"},
		{"GET", local + ExampleUserPoolID + "/.well-known/jwks.json", "", "", "cognito-idp"},
		{"GET", local + ".well-known/jwks.json", "", "", "cognito-identity"},
		{"GET", local + "bucket/.well-known/jwks.json", "", "", "s3"},
		{"GET", local, "", "", "s3"},
		{"PUT", "http://any.name/bucket/key", "", "", "s3"},
	} {
		r := httptest.NewRequest(tt.method, tt.url, nil)
		if tt.name != "" {
			r.Header.Set(tt.name, tt.value)
		}
		if got := s.service(r); got != tt.want {
			t.Errorf("service(%s %s, %s: %s) = %s, want %s",
				tt.method, tt.url, tt.name, tt.value, got, tt.want)
		}
	}
}

// A server works the same on a socket.
func TestLoopbackSignIn(t *testing.T) {
	s := Example()
	web := httptest.NewServer(s)
	defer web.Close()
	issuer := web.URL + "/" + ExampleUserPoolID
	s.UserPools[0].Issuer = issuer
	p := newPeer(t, s)
	p.http = web.Client()
	a := p.post(web.URL, "AWSCognitoIdentityProviderService.InitiateAuth", object{
		"ClientId":       p.client,
		"AuthFlow":       "USER_PASSWORD_AUTH",
		"AuthParameters": p.params(ExampleUser, "PASSWORD", ExamplePassword),
	})
	a.want(t, "")
	token := a.AuthenticationResult.IdToken
	if got := payload(t, token)["iss"]; got != issuer {
		t.Errorf("iss = %v, want %s", got, issuer)
	}
	p.post(web.URL, "AWSCognitoIdentityService.GetId", object{
		"IdentityPoolId": ExampleIdentityPoolID,
		"Logins":         params{strings.TrimPrefix(issuer, "http://"): token},
	}).want(t, "")
	resp, err := p.http.Get(issuer + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Issuer  string
		JWKSURI string `json:"jwks_uri"`
	}
	err = json.NewDecoder(resp.Body).Decode(&doc)
	if err != nil || doc.Issuer != issuer || doc.JWKSURI != issuer+"/.well-known/jwks.json" {
		t.Errorf("discovery document = %+v, %v", doc, err)
	}
}

func TestFault(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault func() *http.Response

		status     int
		body       string
		retryAfter string
		noResponse bool
		truncated  bool
	}{
		{
			name:   "nil",
			fault:  func() *http.Response { return nil },
			status: 404,
			body:   "404 page not found\n",
		},
		{
			name: "throttled",
			fault: func() *http.Response {
				return &http.Response{
					StatusCode: 429,
					Header:     http.Header{"Retry-After": {"7"}},
					Body:       io.NopCloser(strings.NewReader("slow down")),
				}
			},
			status:     429,
			body:       "slow down",
			retryAfter: "7",
		},
		{
			name:   "no body",
			fault:  func() *http.Response { return &http.Response{StatusCode: 503} },
			status: 503,
		},
		{
			name:       "no response",
			fault:      func() *http.Response { return &http.Response{} },
			noResponse: true,
		},
		{
			name: "half a body",
			fault: func() *http.Response {
				body := io.MultiReader(strings.NewReader("half"), broken{})
				return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}
			},
			status:    200,
			body:      "half",
			truncated: true,
		},
	} {
		s := &Server{Fault: func(*http.Request) *http.Response { return tt.fault() }}
		web := httptest.NewServer(s)
		defer web.Close()
		check := func(t *testing.T, client *http.Client, url string) {
			resp, err := client.Get(url)
			if (err != nil) != tt.noResponse {
				t.Fatalf("Get: %v", err)
			}
			if err != nil {
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if (err != nil) != tt.truncated || resp.StatusCode != tt.status ||
				string(body) != tt.body {
				t.Errorf("Get = %d %q, %v", resp.StatusCode, body, err)
			}
			if got := resp.Header.Get("Retry-After"); got != tt.retryAfter {
				t.Errorf("Retry-After = %q, want %q", got, tt.retryAfter)
			}
		}
		t.Run(tt.name+" in memory", func(t *testing.T) {
			check(t, s.Client(), "https://cognito-identity.amazonaws.com/")
		})
		t.Run(tt.name+" on a socket", func(t *testing.T) {
			check(t, web.Client(), web.URL+"/.well-known/x")
		})
	}
	t.Run("reads the body", func(t *testing.T) {
		seen := ""
		p := newPeer(t, &Server{Fault: func(r *http.Request) *http.Response {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			seen = string(b)
			return nil
		}})
		p.idp("GetUser", object{"AccessToken": "x"}).want(t, "NotAuthorizedException")
		if want := `{"AccessToken":"x"}`; seen != want {
			t.Errorf("Fault read %q, want %q", seen, want)
		}
	})
	t.Run("panics", func(t *testing.T) {
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("recover() = %v, want mine", p)
			}
		}()
		s := &Server{Fault: func(*http.Request) *http.Response { panic("mine") }}
		s.Client().Get("https://cognito-identity.amazonaws.com/")
	})
}

func TestRequestBody(t *testing.T) {
	s := Example()
	for _, tt := range []struct {
		name   string
		body   io.Reader
		length int64
	}{
		{"too long", strings.NewReader(strings.Repeat("x", maxBody+1)), maxBody + 1},
		{"too long, unknown length", io.LimitReader(zeros{}, maxBody+1), -1},
		{"truncated", strings.NewReader("{}"), 3},
		{"fails", broken{}, -1},
	} {
		r := httptest.NewRequest("POST", idpURL, tt.body)
		r.ContentLength = tt.length
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "cognitotest: ") {
			t.Errorf("%s: response = %d %s, want 400", tt.name, w.Code, w.Body)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Concurrent sign-ins succeed, do not mix, and leave no goroutines, for which synctest would wait.
func TestConcurrentSignIns(t *testing.T) {
	n := 20
	if longtest.Enabled(t, "20 of 1000 sign-ins") {
		n = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		p := newPeer(t, s)
		var wg sync.WaitGroup
		var tokens sync.Map
		for range n {
			wg.Go(func() {
				a := p.signIn(ExampleEmail, ExamplePassword)
				if a.want(t, ""); a.Code != "" {
					return
				}
				token := a.AuthenticationResult.RefreshToken
				if _, duplicate := tokens.LoadOrStore(token, true); duplicate {
					t.Error("duplicate refresh token")
				}
				logins := login(a.AuthenticationResult.IdToken)
				id := p.getID(logins).IdentityId
				p.credentials(id, logins).want(t, "")
				p.idp("RevokeToken", object{"ClientId": p.client, "Token": token}).want(t, "")
			})
		}
		wg.Wait()
		got := []int{
			len(s.sessions.entries),
			len(s.grants.entries),
			len(s.identities.entries),
			len(s.issued.entries),
		}
		if want := []int{0, 0, 1, n}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("sessions, grants, identities and credentials = %d, want %d", got, want)
		}
	})
}

// A function of the user may call the server.
func TestCallbacksMayUseServer(t *testing.T) {
	var s *Server
	s, p := choosing(t, func(pool *UserPool, _ *User) {
		pool.Clients[0].ExplicitAuthFlows = []string{"ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH"}
		pool.CustomAuth = func(CustomAuthRequest) CustomAuthResponse {
			return CustomAuthResponse{IssueTokens: s.Code(pool.ID, ExampleUser) == ""}
		}
		pool.WebAuthn = func(string, string, string) bool {
			return s.Code(pool.ID, ExampleUser) == ""
		}
	})
	p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).wantTokens(t)
	a := p.initiate("USER_AUTH", p.params(ExampleUser, "PREFERRED_CHALLENGE", "WEB_AUTHN"))
	p.reply(a.wantChallenge(t, "WEB_AUTHN"), "CREDENTIAL", "{}").wantTokens(t)
}

func TestSecretsDoNotPrint(t *testing.T) {
	s := Example()
	s.start.Do(s.load)
	issued := s.issue(principal{}, time.Hour)
	pool := &s.UserPools[0]
	pool.Users[0].TOTPSecret = testSecret
	s.SigningKey = otherKey()
	decision := CustomAuthResponse{Answer: "the answer", Parameters: params{"question": "which"}}
	secrets := []string{
		ExamplePassword,
		ExampleClientSecret,
		testSecret,
		decision.Answer,
		issued.secretAccessKey,
		issued.sessionToken,
		s.signingKey().D.String(),
	}
	for _, v := range []any{
		s,
		*pool,
		pool,
		pool.Clients[1],
		&pool.Clients[1],
		pool.Users[0],
		&pool.Users[0],
		decision,
		&decision,
		struct {
			S *Server
			P []UserPool
		}{s, s.UserPools},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		gob.NewEncoder(&out).Encode(v) // an error
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		} else {
			out.WriteString(err.Error())
		}
		for _, secret := range secrets {
			for _, form := range []string{"%s", "%x", "%X"} {
				if strings.Contains(out.String(), fmt.Sprintf(form, secret)) {
					t.Errorf("%T prints a secret: %s", v, out.String())
				}
			}
		}
	}
	for _, want := range []string{
		ExampleUserPoolID,
		"cognitotest.User{REDACTED}",
		"cognitotest.AppClient{REDACTED}",
	} {
		if got := fmt.Sprint(*pool); !strings.Contains(got, want) {
			t.Errorf("UserPool prints as %s, want %s in it", got, want)
		}
	}
}
