package cognitotest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const exampleIdP = "https://" + actionsProvider

// Tokens of the pool's providers give credentials of the role for users.
func TestProviderLogin(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	later := time.Now().Add(time.Minute).Unix()
	for _, tt := range []struct {
		name, provider string
		changes        claims
		custom, role   string
	}{
		{"OpenID Connect", actionsProvider, nil, "", ExampleRoleARN},
		{"audiences", actionsProvider, claims{"aud": []string{"a", developerKey}}, "",
			ExampleRoleARN},
		{"azp", actionsProvider, claims{"aud": "a", "azp": developerKey}, "", ExampleRoleARN},
		{"clock ahead", actionsProvider, claims{"iat": later, "nbf": later}, "", ExampleRoleARN},
		{"SAML", ExampleSAMLProvider, nil, "", ExampleRoleARN},
		{"SAML role", ExampleSAMLProvider, claims{
			"cognito:roles": []string{ExampleRoleARN, ExampleAdminRoleARN},
		}, ExampleAdminRoleARN, ExampleAdminRoleARN},
		{"SAML subject", ExampleSAMLProvider, claims{"sub": `<a> & "b"`}, "", ExampleRoleARN},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logins := params{tt.provider: s.IssueToken(tt.provider, tt.changes)}
			id, again := p.getID(logins), p.getID(logins)
			if id.want(t, ""); id.IdentityId != again.IdentityId {
				t.Errorf("IdentityId = %q, then %q", id.IdentityId, again.IdentityId)
			}
			body := object{"IdentityId": id.IdentityId, "Logins": logins}
			if tt.custom != "" {
				body["CustomRoleArn"] = tt.custom
			}
			a := p.identity("GetCredentialsForIdentity", body)
			a.want(t, "")
			if got := issuedRole(t, s, a); got != tt.role {
				t.Errorf("role = %s, want %s", got, tt.role)
			}
			classic := ""
			if isSAML(tt.provider) {
				classic = "InvalidParameterException"
			}
			p.openIDToken(id.IdentityId, logins).want(t, classic)
		})
	}
}

// alter changes a byte in the middle of a token.
func alter(token string) string {
	b := []byte(token)
	i := len(b) / 2
	b[i] = 'A' + (b[i]-'A'+1)%26
	return string(b)
}

func TestProviderLoginRefuses(t *testing.T) {
	s := Example()
	const other = "idp.example.net"
	s.IdentityPools[0].Providers = append(s.IdentityPools[0].Providers,
		LoginProvider{Name: other, ClientIDs: []string{developerKey}})
	p := newPeer(t, s)
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	forged := claims{
		"iss": exampleIdP,
		"sub": "s",
		"aud": developerKey,
		"exp": now.Add(time.Hour).Unix(),
	}
	issue := func(provider string, changes claims) string { return s.IssueToken(provider, changes) }
	saml := issue(ExampleSAMLProvider, nil)
	text, err := base64.StdEncoding.DecodeString(saml)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(text, []byte("example-subject"), []byte("another-subject"), 1)
	wrapped := bytes.Replace(text, []byte("<saml:Assertion"),
		[]byte(`<saml:Assertion ID="_evil"></saml:Assertion><saml:Assertion`), 1)
	encode := base64.StdEncoding.EncodeToString
	s.mu.Lock()
	kid := keyIDOf(s.providerKey(actionsProvider), actionsProvider)
	s.mu.Unlock()
	const (
		form     = "Invalid login token. Not a valid OpenId Connect identity token."
		expired  = "Invalid login token. Token expired"
		wrong    = "Invalid login token. Couldn't verify signed token."
		provider = "Token is not from a supported provider of this identity pool."
	)
	for _, tt := range []struct {
		name, key, token, message string
	}{
		{"audience", actionsProvider, issue(actionsProvider, claims{"aud": "a"}), provider},
		{"no audience", actionsProvider, issue(actionsProvider, claims{"aud": nil}), provider},
		{"azp", actionsProvider, issue(actionsProvider, claims{"azp": "a"}), provider},
		{"expired", actionsProvider,
			issue(actionsProvider, claims{"exp": now.Add(-6 * time.Minute).Unix()}), expired},
		{"no expiry", actionsProvider, issue(actionsProvider, claims{"exp": nil}), expired},
		{"future", actionsProvider,
			issue(actionsProvider, claims{"nbf": now.Add(time.Hour).Unix()}), form},
		{"issuer", actionsProvider, issue(actionsProvider, claims{"iss": "https://a"}), form},
		{"no subject", actionsProvider, issue(actionsProvider, claims{"sub": nil}), form},
		{"another provider", actionsProvider, issue(other, nil), form},
		{"key of another provider", actionsProvider, issue(other, claims{"iss": exampleIdP}),
			wrong},
		{"foreign key", actionsProvider, signJWT(foreign, kid, forged), wrong},
		{"key of the server", actionsProvider, s.sign(forged), wrong},
		{"signature", actionsProvider, alter(issue(actionsProvider, nil)), ""},
		{"not a token", actionsProvider, "x", form},
		{"unknown provider", "idp.example.org", issue("idp.example.org", nil), provider},
		{"SAML as another key", actionsProvider, saml, form},
		{"SAML of another provider", ExampleSAMLProvider,
			issue(ExampleSAMLProvider+"2", nil), wrong},
		{"SAML unknown", ExampleSAMLProvider + "2", issue(ExampleSAMLProvider+"2", nil), provider},
		{"SAML audience", ExampleSAMLProvider,
			issue(ExampleSAMLProvider, claims{"aud": "urn:other"}), provider},
		{"SAML expired", ExampleSAMLProvider,
			issue(ExampleSAMLProvider, claims{"exp": now.Add(-6 * time.Minute).Unix()}), expired},
		{"SAML future", ExampleSAMLProvider,
			issue(ExampleSAMLProvider, claims{"iat": now.Add(time.Hour).Unix()}), form},
		{"SAML without subject", ExampleSAMLProvider,
			issue(ExampleSAMLProvider, claims{"sub": ""}), form},
		{"SAML changed", ExampleSAMLProvider, encode(changed), wrong},
		{"SAML wrapped", ExampleSAMLProvider, encode(wrapped), wrong},
		{"SAML as text", ExampleSAMLProvider, string(text), form},
		{"SAML of a JWT", ExampleSAMLProvider, issue(actionsProvider, nil), form},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := p.getID(params{tt.key: tt.token})
			if a.want(t, "NotAuthorizedException"); tt.message != "" && a.Message != tt.message {
				t.Errorf("message = %q, want %q", a.Message, tt.message)
			}
		})
	}
	t.Run("custom role", func(t *testing.T) {
		for _, key := range []string{actionsProvider, ExampleSAMLProvider} {
			roles := claims{"cognito:roles": []string{ExampleRoleARN}}
			if key == actionsProvider { // its claims are not those of the user pool
				roles = claims{"cognito:roles": []string{ExampleAdminRoleARN}}
			}
			logins := params{key: issue(key, roles)}
			p.identity("GetCredentialsForIdentity", object{
				"IdentityId":    p.getID(logins).IdentityId,
				"Logins":        logins,
				"CustomRoleArn": ExampleAdminRoleARN,
			}).want(t, "NotAuthorizedException")
		}
	})
}

// GetOpenIdTokenForDeveloperIdentity is signed, and its token is the login of its identity.
func TestDeveloperIdentity(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	guest := p.getID(nil).IdentityId
	key := p.credentials(guest, nil).Credentials.AccessKeyId
	call := func(in object, signed bool) response {
		body := jsonText(in)
		r, err := http.NewRequest("POST", "https://cognito-identity.us-east-1.amazonaws.com/",
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("X-Amz-Target", targets["cognito-identity"]+
			"GetOpenIdTokenForDeveloperIdentity")
		if signed {
			c, _ := s.issued.get(key)
			c.sign(r, body, "us-east-1", "cognito-identity")
		}
		return p.do(r)
	}
	in := func(user string) object {
		return object{
			"IdentityPoolId": ExampleIdentityPoolID,
			"Logins":         params{"login.example.com": user},
		}
	}
	a, again, b := call(in("ada"), true), call(in("ada"), true), call(in("bob"), true)
	if a.want(t, ""); a.IdentityId != again.IdentityId || a.IdentityId == b.IdentityId {
		t.Errorf("identities of ada = %q and %q, of bob %q", a.IdentityId, again.IdentityId,
			b.IdentityId)
	}
	c := payload(t, a.Token)
	if c.text("iss") != identityIssuer || c.text("sub") != a.IdentityId ||
		c.text("aud") != ExampleIdentityPoolID || c["exp"].(float64)-c["iat"].(float64) != 900 {
		t.Errorf("claims = %v", c)
	}
	logins := params{developerKey: a.Token}
	if got := issuedRole(t, s, p.credentials(a.IdentityId, logins)); got != ExampleRoleARN {
		t.Errorf("role = %s, want %s", got, ExampleRoleARN)
	}
	const no = "NotAuthorizedException"
	p.credentials(b.IdentityId, logins).want(t, no)
	p.credentials(guest, logins).want(t, no)
	p.credentials(a.IdentityId, params{developerKey: alter(a.Token)}).want(t, no)
	p.credentials(a.IdentityId, params{developerKey: p.idToken()}).want(t, no)
	p.credentials(guest, params{developerKey: p.openIDToken(guest, nil).Token}).want(t, no)
	p.getID(logins).want(t, "InvalidParameterException")
	c["aud"] = "us-east-1:0"
	p.credentials(a.IdentityId, params{developerKey: s.sign(c)}).want(t, no)

	long := in("ada")
	long["TokenDuration"] = 86_400
	c = payload(t, call(long, true).Token)
	if life := c["exp"].(float64) - c["iat"].(float64); life != 86_400 {
		t.Errorf("life = %v s, want 86400", life)
	}
	for name, change := range map[string]func(object){
		"duration":          func(in object) { in["TokenDuration"] = 86_401 },
		"negative duration": func(in object) { in["TokenDuration"] = -1 },
		"provider":          func(in object) { in["Logins"] = params{"other": "ada"} },
		"no user":           func(in object) { in["Logins"] = params{} },
	} {
		wrong := in("ada")
		change(wrong)
		if a := call(wrong, true); a.Code != "InvalidParameterException" {
			t.Errorf("%s: code = %q", name, a.Code)
		}
	}
	other := in("ada")
	other["IdentityId"] = b.IdentityId
	call(other, true).want(t, "ResourceConflictException")
	call(in("ada"), false).want(t, "MissingAuthenticationTokenException")
	other["IdentityPoolId"] = "us-east-1:0"
	call(other, true).want(t, "ResourceNotFoundException")
	s.IdentityPools[0].DeveloperProvider = ""
	call(in("ada"), true).want(t, "InvalidParameterException")
	p.credentials(a.IdentityId, logins).want(t, no)
}

func TestProviderTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		p := newPeer(t, s)
		for _, provider := range []string{actionsProvider, ExampleSAMLProvider} {
			logins := params{provider: s.IssueToken(provider, nil)}
			time.Sleep(10*time.Minute - 2*time.Second) // 5 minutes of life and 5 of skew
			p.getID(logins).want(t, "")
			time.Sleep(3 * time.Second)
			p.getID(logins).want(t, "NotAuthorizedException")
		}
	})
}

func TestActionsEndpoint(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	get := func(method, query, authorization string) (int, string) {
		r, err := http.NewRequest(method, "http://127.0.0.1/idtoken"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		resp, err := p.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var out struct{ Value string }
		json.Unmarshal(body, &out)
		return resp.StatusCode, out.Value
	}
	bearer := "Bearer " + ExampleActionsToken
	status, token := get("GET", "?api-version=2.0&audience="+developerKey, bearer)
	p.getID(params{actionsProvider: token}).want(t, "")
	c := payload(t, token)
	if status != 200 || c.text("repository") != "octo-org/octo-repo" {
		t.Errorf("status = %d, claims = %v", status, c)
	}
	_, token = get("GET", "", bearer)
	p.getID(params{actionsProvider: token}).want(t, "NotAuthorizedException")
	for _, wrong := range []string{"", bearer + "x", "Basic " + ExampleActionsToken} {
		if status, token := get("GET", "", wrong); status != 401 || token != "" {
			t.Errorf("authorization %q: status = %d, want 401", wrong, status)
		}
	}
	if status, _ := get("POST", "", bearer); status != 405 {
		t.Errorf("POST: status = %d, want 405", status)
	}
	s.IdentityPools[0].Providers = nil
	if status, _ := get("GET", "", bearer); status == 200 {
		t.Error("a pool without the provider: status = 200")
	}
}
