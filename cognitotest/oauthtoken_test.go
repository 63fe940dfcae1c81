package cognitotest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tokenSet is a response of the token endpoint, or an error of any endpoint.
type tokenSet struct {
	ID      string `json:"id_token"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Error   string `json:"error"`

	Status int         `json:"-"`
	Header http.Header `json:"-"`
}

func codeForm(code string) url.Values {
	return url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {ExampleClientID},
		"code":          {code},
		"redirect_uri":  {ExampleCallbackURL},
		"code_verifier": {testVerifier},
	}
}

func refreshForm(token string) url.Values {
	return url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {ExampleClientID},
		"refresh_token": {token},
	}
}

// postForm posts a form to a path of the domain. The header is name, value, and so on.
func postForm(t *testing.T, s *Server, path string, form url.Values, header ...string) tokenSet {
	t.Helper()
	r, err := http.NewRequest("POST", domainURL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", formType)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := tokenSet{Status: resp.StatusCode, Header: resp.Header}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &out); err != nil {
			t.Fatalf("POST %s: %v in %s", path, err, body)
		}
		if got := resp.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("POST %s: Cache-Control = %q, want no-store", path, got)
		}
	}
	return out
}

// redeem posts a form to the token endpoint and returns tokens.
func redeem(t *testing.T, s *Server, form url.Values, header ...string) tokenSet {
	t.Helper()
	out := postForm(t, s, "/oauth2/token", form, header...)
	if out.Status != 200 || out.Access == "" || out.Type != "Bearer" || out.Expires != 3600 {
		t.Fatalf("token endpoint = %d %s", out.Status, out.Error)
	}
	return out
}

func basicAuth(id, secret string) []string {
	r := &http.Request{Header: make(http.Header)}
	r.SetBasicAuth(id, secret)
	return []string{"Authorization", r.Header.Get("Authorization")}
}

func TestLoginTokens(t *testing.T) {
	s := Example()
	tokens := redeem(t, s, codeForm(browse(t, s, ExampleEmail)))
	id, access := payload(t, tokens.ID), payload(t, tokens.Access)
	for _, token := range []string{tokens.ID, tokens.Access} {
		if _, err := s.verifyToken(token); err != nil {
			t.Error(err)
		}
	}
	for _, tt := range []struct {
		name      string
		got, want any
	}{
		{"nonce", id["nonce"], "NONCE"},
		{"at_hash", id["at_hash"], atHash(tokens.Access)},
		{"aud", id["aud"], ExampleClientID},
		{"iss", id["iss"], idpURL + ExampleUserPoolID},
		{"token_use", id["token_use"], "id"},
		{"email", id["email"], ExampleEmail},
		{"cognito:username", id["cognito:username"], ExampleUser},
		{"scope", access["scope"], "openid email"},
		{"client_id", access["client_id"], ExampleClientID},
		{"nonce of the access token", access["nonce"], nil},
		{"identities", id["identities"], nil},
		{"origin_jti", id["origin_jti"], access["origin_jti"]},
	} {
		if tt.got != tt.want {
			t.Errorf("%s = %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	all := redeem(t, s, codeForm(browse(t, s, ExampleUser, "scope", "")))
	want := "openid email phone profile aws.cognito.signin.user.admin"
	if got := payload(t, all.Access)["scope"]; got != want {
		t.Errorf("without scope the scope is %v, want %s", got, want)
	}
	local := redeem(t, s, codeForm(browse(t, s, ExampleUser, "nonce", "")))
	if got, ok := payload(t, local.ID)["nonce"]; ok {
		t.Errorf("nonce = %v, want none", got)
	}
	admin := redeem(t, s, codeForm(browse(t, s, ExampleUser, "scope", adminScope)))
	if admin.ID != "" || admin.Refresh == "" {
		t.Errorf("without openid the ID token is %q, want none", admin.ID)
	}
}

// The identity pool accepts ID tokens of managed login as it does those of the API.
func TestLoginTokensAtIdentityPool(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	tokens := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	logins := login(tokens.ID)
	p.credentials(p.getID(logins).IdentityId, logins).want(t, "")
}

// A federated user has a nonce even if none was sent, and the provider's attributes.
func TestFederatedTokens(t *testing.T) {
	s := Example()
	with := browse(t, s, ExampleProviderUser, "identity_provider", ExampleProvider)
	if got := payload(t, redeem(t, s, codeForm(with)).ID)["nonce"]; got != "NONCE" {
		t.Errorf("nonce = %v, want the one that was sent", got)
	}
	without := browse(t, s, ExampleProviderUser, "idp_identifier", "contoso.example", "nonce", "")
	id := payload(t, redeem(t, s, codeForm(without)).ID)
	if nonce, _ := id["nonce"].(string); nonce == "" {
		t.Error("no nonce, want one that Cognito adds")
	}
	identities, _ := id["identities"].([]any)
	if len(identities) != 1 || identities[0].(map[string]any)["providerName"] != ExampleProvider ||
		identities[0].(map[string]any)["userId"] != ExampleProviderUser {
		t.Errorf("identities = %v", id["identities"])
	}
	if id["cognito:username"] != "Contoso_alan" || id["email"] != "alan@contoso.example" ||
		!slices.Equal(id.texts("cognito:groups"), []string{ExampleUserPoolID + "_Contoso"}) {
		t.Errorf("claims = %v", id)
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	s := Example()
	for _, tt := range []struct {
		name   string
		change func(url.Values)
		header []string
		want   string
	}{
		{name: "no code", change: func(f url.Values) { f.Del("code") }, want: "invalid_request"},
		{name: "unknown code", change: func(f url.Values) { f.Set("code", "x") },
			want: "invalid_grant"},
		{name: "no redirect URI", change: func(f url.Values) { f.Del("redirect_uri") },
			want: "invalid_request"},
		{name: "another redirect URI", change: func(f url.Values) {
			f.Set("redirect_uri", "http://localhost:8401/callback")
		}, want: "invalid_grant"},
		{name: "no verifier", change: func(f url.Values) { f.Del("code_verifier") },
			want: "invalid_grant"},
		{name: "wrong verifier", change: func(f url.Values) {
			f.Set("code_verifier", strings.Repeat("x", 43))
		}, want: "invalid_grant"},
		{name: "the challenge as verifier", change: func(f url.Values) {
			f.Set("code_verifier", testChallenge)
		}, want: "invalid_grant"},
		{name: "another client", change: func(f url.Values) { f.Del("client_id") },
			header: basicAuth(ExampleSecretClientID, ExampleClientSecret), want: "invalid_grant"},
		{name: "no client", change: func(f url.Values) { f.Del("client_id") },
			want: "invalid_request"},
		{name: "unknown client", change: func(f url.Values) { f.Set("client_id", "x") },
			want: "invalid_client"},
		{name: "secret of a public client", change: func(f url.Values) {
			f.Set("client_secret", "x")
		}, want: "invalid_client"},
		{name: "Basic of a public client", change: func(url.Values) {},
			header: basicAuth(ExampleClientID, "x"), want: "invalid_client"},
		{name: "Bearer", change: func(url.Values) {},
			header: []string{"Authorization", "Bearer x"}, want: "invalid_client"},
		{name: "no grant type", change: func(f url.Values) { f.Del("grant_type") },
			want: "invalid_request"},
		{name: "unknown grant type", change: func(f url.Values) { f.Set("grant_type", "password") },
			want: "unsupported_grant_type"},
		{name: "machine tokens", change: func(f url.Values) {
			f.Set("grant_type", "client_credentials")
		}, want: "unauthorized_client"},
		{name: "no refresh token", change: func(f url.Values) {
			f.Set("grant_type", "refresh_token")
		}, want: "invalid_request"},
		{name: "unknown refresh token", change: func(f url.Values) {
			f.Set("grant_type", "refresh_token")
			f.Set("refresh_token", "x.y")
		}, want: "invalid_grant"},
		{name: "repeated parameter", change: func(f url.Values) { f.Add("code", "x") },
			want: "invalid_request"},
		{name: "JSON", change: func(url.Values) {},
			header: []string{"Content-Type", "application/json"}, want: "invalid_request"},
	} {
		form := codeForm(browse(t, s, ExampleUser))
		tt.change(form)
		out := postForm(t, s, "/oauth2/token", form, tt.header...)
		if out.Status != 400 || out.Error != tt.want || out.Access != "" {
			t.Errorf("%s: token endpoint = %d %q, want 400 %s", tt.name, out.Status, out.Error,
				tt.want)
		}
	}
	// The query is not a place for parameters.
	form := codeForm(browse(t, s, ExampleUser))
	if out := postForm(t, s, "/oauth2/token?"+form.Encode(), nil); out.Error != "invalid_request" {
		t.Errorf("parameters in the query: %d %q, want invalid_request", out.Status, out.Error)
	}
}

func TestCodeIsValidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		code := browse(t, s, ExampleUser)
		first := redeem(t, s, codeForm(code))
		if out := postForm(t, s, "/oauth2/token", codeForm(code)); out.Error != "invalid_grant" {
			t.Errorf("a second use = %d %q, want invalid_grant", out.Status, out.Error)
		}
		redeem(t, s, refreshForm(first.Refresh)) // A second use revokes nothing.

		code = browse(t, s, ExampleUser)
		wrong := codeForm(code)
		wrong.Set("code_verifier", strings.Repeat("x", 43))
		postForm(t, s, "/oauth2/token", wrong)
		if out := postForm(t, s, "/oauth2/token", codeForm(code)); out.Error != "invalid_grant" {
			t.Errorf("after a wrong verifier = %d %q, want invalid_grant", out.Status, out.Error)
		}

		code = browse(t, s, ExampleUser)
		time.Sleep(codeLife - time.Second)
		redeem(t, s, codeForm(code))
		code = browse(t, s, ExampleUser)
		time.Sleep(codeLife)
		if out := postForm(t, s, "/oauth2/token", codeForm(code)); out.Error != "invalid_grant" {
			t.Errorf("after 5 minutes = %d %q, want invalid_grant", out.Status, out.Error)
		}
	})
}

// A scope of attributes that the app client cannot read looks like a wrong code.
func TestReadAttributes(t *testing.T) {
	for _, tt := range []struct {
		scope string
		read  []string
		want  string
	}{
		{"openid email", nil, ""},
		{"openid email", []string{"email", "email_verified"}, ""},
		{"openid email", []string{"email"}, "invalid_grant"},
		{"openid phone", []string{"phone_number"}, "invalid_grant"},
		{"openid phone", []string{"phone_number", "phone_number_verified"}, ""},
		{"openid", []string{}, ""},
	} {
		s := Example()
		s.UserPools[0].Clients[0].ReadAttributes = tt.read
		form := codeForm(browse(t, s, ExampleUser, "scope", tt.scope))
		if out := postForm(t, s, "/oauth2/token", form); out.Error != tt.want {
			t.Errorf("scope %q of a client that reads %q: token endpoint = %d %q, want %q",
				tt.scope, tt.read, out.Status, out.Error, tt.want)
		}
	}
}

// A code without a challenge does not accept a verifier (RFC 9700 section 4.8).
func TestCodeWithoutChallenge(t *testing.T) {
	s := Example()
	without := []string{"code_challenge", "", "code_challenge_method", ""}
	form := codeForm(browse(t, s, ExampleUser, without...))
	if out := postForm(t, s, "/oauth2/token", form); out.Error != "invalid_grant" {
		t.Errorf("with a verifier = %d %q, want invalid_grant", out.Status, out.Error)
	}
	form = codeForm(browse(t, s, ExampleUser, without...))
	form.Del("code_verifier")
	redeem(t, s, form)
}

func TestClientAuthentication(t *testing.T) {
	const id, secret = ExampleSecretClientID, ExampleClientSecret
	s := Example()
	for _, tt := range []struct {
		name             string
		id, secret, want string
		header           []string
	}{
		{name: "Basic and client_id", id: id, header: basicAuth(id, secret)},
		{name: "Basic", header: basicAuth(id, secret)},
		{name: "post", id: id, secret: secret},
		{name: "both", id: id, secret: secret, header: basicAuth(id, secret),
			want: "invalid_request"},
		{name: "none", id: id, want: "invalid_client"},
		{name: "wrong Basic", id: id, header: basicAuth(id, "x"), want: "invalid_client"},
		{name: "wrong post", id: id, secret: "x", want: "invalid_client"},
		{name: "two clients", id: ExampleClientID, header: basicAuth(id, secret),
			want: "invalid_client"},
		{name: "not base64", id: id, header: []string{"Authorization", "Basic !"},
			want: "invalid_client"},
	} {
		form := codeForm(browse(t, s, ExampleUser, "client_id", id))
		form.Del("client_id")
		if tt.id != "" {
			form.Set("client_id", tt.id)
		}
		if tt.secret != "" {
			form.Set("client_secret", tt.secret)
		}
		out := postForm(t, s, "/oauth2/token", form, tt.header...)
		if out.Error != tt.want || (out.Access == "") != (tt.want != "") {
			t.Errorf("%s: token endpoint = %d %q, want %q", tt.name, out.Status, out.Error, tt.want)
		}
	}
	s.UserPools[0].Clients[1].Secret = "a+b c%2B"
	for _, header := range [][]string{basicAuth(id, "a+b c%2B"), basicAuth(id, "a%2Bb+c%252B")} {
		form := codeForm(browse(t, s, ExampleUser, "client_id", id))
		form.Set("client_id", id)
		redeem(t, s, form, header...)
	}
}

func TestLoginRefresh(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	first := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	second := redeem(t, s, refreshForm(first.Refresh))
	if second.Refresh != "" || second.ID == "" {
		t.Errorf("without rotation the response has refresh token %q", second.Refresh)
	}
	if got, ok := payload(t, second.ID)["nonce"]; ok {
		t.Errorf("a refreshed ID token has the nonce %v", got)
	}
	if got := payload(t, second.Access)["scope"]; got != "openid email" {
		t.Errorf("the refreshed scope is %v, want openid email", got)
	}
	// Both ways to refresh take the tokens of both ways to sign in.
	p.idp("GetTokensFromRefreshToken", object{
		"ClientId":     ExampleClientID,
		"RefreshToken": first.Refresh,
	}).wantTokens(t)
	api := p.mustSignIn().AuthenticationResult.RefreshToken
	refreshed := redeem(t, s, refreshForm(api))
	if got := payload(t, refreshed.Access)["scope"]; got != adminScope || refreshed.ID == "" {
		t.Errorf("the refreshed scope of the API is %v, want %s", got, adminScope)
	}
}

func TestLoginRotation(t *testing.T) {
	s, p := example(t, func(pool *UserPool, _ *User) {
		pool.Clients[0].RefreshTokenRotation = true
	})
	first := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	second := redeem(t, s, refreshForm(first.Refresh))
	if second.Refresh == "" || second.Refresh == first.Refresh {
		t.Fatalf("refresh token after rotation = %q", second.Refresh)
	}
	if out := postForm(t, s, "/oauth2/token", refreshForm(first.Refresh)); out.Error !=
		"invalid_grant" {
		t.Errorf("the old refresh token = %d %q, want invalid_grant", out.Status, out.Error)
	}
	redeem(t, s, refreshForm(second.Refresh))

	// A token of the API that belongs to a device needs its key, which the form has not.
	s.UserPools[0].DeviceTracking = "ALWAYS"
	api := p.mustSignIn().AuthenticationResult.RefreshToken
	if out := postForm(t, s, "/oauth2/token", refreshForm(api)); out.Error != "invalid_grant" {
		t.Errorf("the token of a device = %d %q, want invalid_grant", out.Status, out.Error)
	}
}

func TestMachineTokens(t *testing.T) {
	s := Example()
	pool := &s.UserPools[0]
	pool.Clients = append(pool.Clients, AppClient{
		ID:                 "machine",
		Secret:             "secret",
		AllowedOAuthFlows:  []string{"client_credentials"},
		AllowedOAuthScopes: []string{"server/read", "server/write", "openid"},
	})
	for _, tt := range []struct{ scope, granted, want string }{
		{"", "server/read server/write", ""},
		{"server/write", "server/write", ""},
		{"server/other", "", "invalid_scope"},
		{"openid", "", "invalid_scope"},
	} {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"machine"}}
		if tt.scope != "" {
			form.Set("scope", tt.scope)
		}
		out := postForm(t, s, "/oauth2/token", form, basicAuth("machine", "secret")...)
		if out.Error != tt.want || out.ID != "" || out.Refresh != "" {
			t.Errorf("scope %q: token endpoint = %d %q, want %q", tt.scope, out.Status, out.Error,
				tt.want)
			continue
		}
		if tt.want != "" {
			continue
		}
		c := payload(t, out.Access)
		if c["scope"] != tt.granted || c["sub"] != "machine" || c["client_id"] != "machine" ||
			c["token_use"] != "access" || c["username"] != nil {
			t.Errorf("scope %q: claims = %v", tt.scope, c)
		}
		newPeer(t, s).idp("GetUser", object{"AccessToken": out.Access}).
			want(t, "NotAuthorizedException")
	}
}

// The operations of a user need the scope aws.cognito.signin.user.admin.
func TestAdminScope(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	without := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	a := p.idp("GetUser", object{"AccessToken": without.Access})
	a.want(t, "NotAuthorizedException")
	if a.Message != "Access Token does not have required scopes" {
		t.Errorf("message = %q", a.Message)
	}
	with := redeem(t, s, codeForm(browse(t, s, ExampleUser, "scope", "openid "+adminScope)))
	p.idp("GetUser", object{"AccessToken": with.Access}).want(t, "")
}

func TestLoginRevoke(t *testing.T) {
	s := Example()
	tokens := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	form := func(token string) url.Values {
		return url.Values{"token": {token}, "client_id": {ExampleClientID}}
	}
	other := redeem(t, s, func() url.Values {
		f := codeForm(browse(t, s, ExampleUser, "client_id", ExampleSecretClientID))
		f.Set("client_id", ExampleSecretClientID)
		return f
	}(), basicAuth(ExampleSecretClientID, ExampleClientSecret)...)
	for _, tt := range []struct {
		name   string
		form   url.Values
		header []string
		status int
		want   string
	}{
		{"no token", form(""), nil, 400, "invalid_request"},
		{"unknown client", url.Values{"token": {"x"}, "client_id": {"x"}}, nil, 401,
			"invalid_client"},
		{"wrong secret", url.Values{"token": {"x"}}, basicAuth(ExampleSecretClientID, "x"), 401,
			"invalid_client"},
		{"access token", form(tokens.Access), nil, 400, "unsupported_token_type"},
		{"of another client", form(other.Refresh), nil, 400, "invalid_request"},
		{"unknown token", form("x.y"), nil, 200, ""},
		{"token", form(tokens.Refresh), nil, 200, ""},
		{"again", form(tokens.Refresh), nil, 200, ""},
		{"Basic", url.Values{"token": {other.Refresh}},
			basicAuth(ExampleSecretClientID, ExampleClientSecret), 200, ""},
	} {
		out := postForm(t, s, "/oauth2/revoke", tt.form, tt.header...)
		if out.Status != tt.status || out.Error != tt.want {
			t.Errorf("%s: revoke = %d %q, want %d %q", tt.name, out.Status, out.Error, tt.status,
				tt.want)
		}
	}
	out := postForm(t, s, "/oauth2/token", refreshForm(tokens.Refresh))
	if out.Error != "invalid_grant" {
		t.Errorf("refresh after revoke = %d %q, want invalid_grant", out.Status, out.Error)
	}
	if got := userInfo(t, s, "Bearer "+tokens.Access); got["error"] != "invalid_token" {
		t.Errorf("userInfo after revoke = %v, want invalid_token", got)
	}
}

func userInfo(t *testing.T, s *Server, authorization string) map[string]any {
	t.Helper()
	r, err := http.NewRequest("GET", domainURL+"/oauth2/userInfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	challenge := resp.Header.Get("WWW-Authenticate")
	if refused := out["error"] != nil; (resp.StatusCode == 401) != refused ||
		strings.Contains(challenge, `error="invalid_token"`) != refused {
		t.Errorf("userInfo = %d %v with WWW-Authenticate %q", resp.StatusCode, out, challenge)
	}
	return out
}

func TestUserInfo(t *testing.T) {
	s, p := example(t, func(_ *UserPool, ada *User) {
		ada.Attributes["phone_number"] = "+15555550123"
		ada.Attributes["given_name"] = "Ada"
	})
	for _, tt := range []struct{ scope, want string }{
		{"openid", "email email_verified given_name phone_number sub username"},
		{"openid email", "email email_verified sub username"},
		{"openid phone", "phone_number sub username"},
		{"openid profile email", "email email_verified given_name sub username"},
	} {
		tokens := redeem(t, s, codeForm(browse(t, s, ExampleUser, "scope", tt.scope)))
		got := userInfo(t, s, "Bearer "+tokens.Access)
		var names []string
		for name := range got {
			names = append(names, name)
		}
		slices.Sort(names)
		if strings.Join(names, " ") != tt.want || got["username"] != ExampleUser {
			t.Errorf("userInfo with %q = %v, want %s", tt.scope, got, tt.want)
		}
		id := payload(t, tokens.ID)
		for _, name := range []string{"email", "phone_number", "given_name"} {
			if _, ok := id[name]; ok != slices.Contains(names, name) {
				t.Errorf("scope %q: %s in the ID token: %v", tt.scope, name, ok)
			}
		}
	}
	tokens := redeem(t, s, codeForm(browse(t, s, ExampleUser)))
	for _, authorization := range []string{
		"",
		tokens.Access,
		"Bearer ",
		"Bearer x",
		"Bearer " + tokens.ID,
		"Bearer " + p.mustSignIn().AuthenticationResult.AccessToken, // lacks openid
	} {
		if got := userInfo(t, s, authorization); got["error"] != "invalid_token" {
			t.Errorf("userInfo with %.20q = %v, want invalid_token", authorization, got)
		}
	}
}
