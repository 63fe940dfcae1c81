package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/jwt"
)

// Emulators of user pools do not implement SRP, or accept any proof. This file signs in to them
// with USER_PASSWORD_AUTH. They refresh with REFRESH_TOKEN_AUTH, because they lack
// GetTokensFromRefreshToken.

// withoutSRP is a user pool of an emulator.
type withoutSRP struct {
	cognito.Environment
	user, password string
	wrong          string // error code for a wrong password
	revokes        bool   // the pool has the operation RevokeToken
}

// TestMotoWithoutSRP signs in to moto_server. Its tokens have the issuer of AWS. It answers
// operations that it lacks with status 500 and an HTML page.
func TestMotoWithoutSRP(t *testing.T) {
	t.Parallel()
	const user, password = "ada", "correct-Horse-7-battery"
	var moto struct{ URL, UserPoolID, ClientID string }
	serve(t, python(t, "testdata/python/moto_server.py"),
		map[string]any{"user": user, "password": password, "keys": []string{}}, &moto)
	withoutSRP{
		Environment: cognito.Environment{
			Region:     region,
			UserPoolID: moto.UserPoolID,
			ClientID:   moto.ClientID,
			Endpoints:  cognito.Endpoints{CognitoIDP: moto.URL},
		},
		user:     user,
		password: password,
		wrong:    notAuthorized,
	}.check(t)
}

// TestCognitoLocal signs in to cognito-local, directly and through a proxy. The issuer of its
// tokens is its own address. The user name in them differs from the one typed. It answers
// operations that it lacks with status 500 and JSON.
func TestCognitoLocal(t *testing.T) {
	t.Parallel()
	const user, password = "ada@example.com", "correct-Horse-7-battery"
	program := node(t, filepath.Join(toolsDir(t),
		"js/node_modules/cognito-local/lib/bin/start.js"))
	address := freePort(t)
	host, port, _ := strings.Cut(address, ":")
	own := "http://" + address
	start(t, own+"/health", "", environment(t, "HOST="+host, "PORT="+port), program[0],
		program[1:]...)

	var created struct {
		UserPool       struct{ ID string }
		UserPoolClient struct{ ClientID string }
	}
	administer(t, own, "CreateUserPool", map[string]any{"PoolName": "interop"}, &created)
	pool := created.UserPool.ID
	administer(t, own, "CreateUserPoolClient", map[string]any{
		"UserPoolId":        pool,
		"ClientName":        "interop",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}, &created)
	administer(t, own, "AdminCreateUser", map[string]any{
		"UserPoolId":    pool,
		"Username":      user,
		"MessageAction": "SUPPRESS",
	}, new(struct{}))
	administer(t, own, "AdminSetUserPassword", map[string]any{
		"UserPoolId": pool,
		"Username":   user,
		"Password":   password,
		"Permanent":  true,
	}, new(struct{}))

	target, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(proxy.Close)
	for _, test := range []struct {
		name, endpoint, issuer string
	}{
		{"direct", own, ""},
		{"proxy", proxy.URL, own + "/" + pool},
	} {
		t.Run(test.name, func(t *testing.T) {
			withoutSRP{
				Environment: cognito.Environment{
					Region:     region,
					UserPoolID: pool,
					ClientID:   created.UserPoolClient.ClientID,
					Issuer:     test.issuer,
					Endpoints:  cognito.Endpoints{CognitoIDP: test.endpoint},
				},
				user:     user,
				password: password,
				wrong:    "InvalidPasswordException",
				revokes:  true,
			}.check(t)
		})
	}
}

// administer calls an operation of a user pool without signing, and decodes the response into out.
func administer(t *testing.T, endpoint, operation string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint,
		bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s = %s, want 200", operation, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
}

// check signs in, refreshes, verifies the tokens and signs out, with the library and with the tool.
func (p withoutSRP) check(t *testing.T) {
	t.Run("library", p.checkLibrary)
	t.Run("tool", p.checkTool)
}

func (p withoutSRP) checkLibrary(t *testing.T) {
	client := &cognito.Client{Environment: p.Environment}
	login := cognito.Login{Username: p.user, Password: p.password, Flow: "USER_PASSWORD_AUTH"}
	wrong := login
	wrong.Password += "x"
	var refused *awserr.Error
	if _, err := client.Start(t.Context(), wrong); !errors.As(err, &refused) ||
		refused.Code != p.wrong {
		t.Errorf("Start with a wrong password = %v, want %s", err, p.wrong)
	}
	session, err := client.Start(t.Context(), login)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	first, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatalf("Tokens: %v", err)
	}
	p.verify(t, client, first)

	// A saved session without the short-lived tokens has to refresh.
	resumed, err := client.Resume(t.Context(), cognito.SavedSession{
		Tokens: cognito.Tokens{Refresh: first.Refresh},
	}.Save())
	if err != nil {
		t.Fatalf("Resume: %v", err)
	}
	second, err := resumed.Tokens(t.Context())
	if err != nil {
		t.Fatalf("Tokens of the resumed session: %v", err)
	}
	p.verify(t, client, second)
	if second.Refresh != first.Refresh {
		t.Error("the refresh replaced the refresh token, and the pool returned none")
	}

	err = resumed.SignOut(t.Context())
	switch {
	case p.revokes && err != nil:
		t.Errorf("SignOut = %v, want nil", err)
	case !p.revokes && (err == nil || !strings.Contains(err.Error(), "stays valid")):
		t.Errorf("SignOut = %v, want an error about the refresh token", err)
	}
	if _, err := resumed.Tokens(t.Context()); err == nil {
		t.Error("Tokens after SignOut succeeded")
	}
	if p.revokes {
		// The other session has the same refresh token.
		if _, err := client.Resume(t.Context(), cognito.SavedSession{
			Tokens: cognito.Tokens{Refresh: first.Refresh},
		}.Save()); err == nil {
			t.Error("the refresh token still works after SignOut")
		}
	}
}

// verify checks that both tokens verify, and neither in place of the other, for another client or
// with another signature.
func (p withoutSRP) verify(t *testing.T, client *cognito.Client, tokens cognito.Tokens) {
	t.Helper()
	id, err := client.VerifyIDToken(t.Context(), tokens.ID)
	if err != nil || id.Username == "" {
		t.Errorf("VerifyIDToken = %q, %v, want a name", id.Username, err)
	}
	access, err := client.VerifyAccessToken(t.Context(), tokens.Access)
	if err != nil || access.Username != id.Username || access.Issuer != id.Issuer {
		t.Errorf("VerifyAccessToken = %q of %q, %v, want %q of %q", access.Username, access.Issuer,
			err, id.Username, id.Issuer)
	}
	v := &jwt.Verifier{
		UserPoolID: p.UserPoolID,
		ClientID:   p.ClientID,
		Issuer:     id.Issuer,
		Endpoint:   p.Endpoints.CognitoIDP,
	}
	if _, err := v.VerifyIDToken(t.Context(), tokens.ID); err != nil {
		t.Errorf("VerifyIDToken with the issuer %q: %v", id.Issuer, err)
	}
	header, rest, _ := strings.Cut(tokens.ID, ".")
	claims, _, _ := strings.Cut(rest, ".")
	_, signature, _ := strings.Cut(strings.TrimPrefix(tokens.Access, header+"."), ".")
	for name, token := range map[string]string{
		"an access token":   tokens.Access,
		"another signature": header + "." + claims + "." + signature,
	} {
		if _, err := client.VerifyIDToken(t.Context(), token); err == nil {
			t.Errorf("VerifyIDToken accepted %s", name)
		}
	}
	other := &jwt.Verifier{
		UserPoolID: p.UserPoolID,
		ClientID:   p.ClientID,
		Issuer:     "https://issuer.example",
		Endpoint:   p.Endpoints.CognitoIDP,
	}
	if _, err := other.VerifyIDToken(t.Context(), tokens.ID); err == nil {
		t.Errorf("VerifyIDToken accepted the issuer %q", id.Issuer)
	}
}

func (p withoutSRP) checkTool(t *testing.T) {
	m := &toolMachine{program: buildTool(t), dir: t.TempDir()}
	config, err := json.Marshal(map[string]any{"TEST": map[string]any{
		"aws_region":   p.Region,
		"user_pool_id": p.UserPoolID,
		"client_id":    p.ClientID,
		"issuer":       p.Issuer,
		"endpoints":    map[string]string{"cognito_idp": p.Endpoints.CognitoIDP},
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.env = environment(t,
		"COGNITO_CONFIG="+m.write(t, "config.json", string(config), 0o600),
		"COGNITO_STATE_DIR="+filepath.Join(m.dir, "state"))
	login := []string{m.program, "login", "-flow", "USER_PASSWORD_AUTH", "-user", p.user}
	if r := run(t, m.env, p.password+"x\n", login...); r.status == 0 {
		t.Errorf("login with a wrong password: exit status 0, %s", r.stderr)
	}
	if r := run(t, m.env, p.password+"\n", login...); r.status != 0 {
		t.Fatalf("login: exit status %d, %s", r.status, r.stderr)
	}
	m.must(t, "", "whoami")
	first := m.must(t, "", "token")
	damageIDToken(t, filepath.Join(m.dir, "state"))
	if second := m.must(t, "", "token"); second == first || strings.Count(second, ".") != 2 {
		t.Error("token did not print a new token after the refresh")
	}
	r := run(t, m.env, "", m.program, "logout")
	told := !strings.Contains(r.stderr, "forgotten here alone")
	if r.status != 0 || told != p.revokes {
		t.Errorf("logout: exit status %d, %q, want 0, and the pool told: %t", r.status, r.stderr,
			p.revokes)
	}
	if r := run(t, m.env, "", m.program, "token"); r.status == 0 {
		t.Error("token after logout: exit status 0")
	}
}

// damageIDToken damages the stored ID token, so that the tool has to refresh.
func damageIDToken(t *testing.T, dir string) {
	t.Helper()
	records, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(records) != 1 {
		t.Fatalf("%s has the records %q, %v, want one", dir, records, err)
	}
	data, err := os.ReadFile(records[0])
	if err != nil {
		t.Fatal(err)
	}
	damaged := regexp.MustCompile(`("ID"\s*:\s*")ey`).ReplaceAll(data, []byte("${1}!"))
	if bytes.Equal(data, damaged) {
		t.Fatal("the record has no ID token")
	}
	if err := os.WriteFile(records[0], damaged, 0o600); err != nil {
		t.Fatal(err)
	}
}
