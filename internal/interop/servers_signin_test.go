package interop

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/jwt"
)

// This file signs in to obtain the tokens that third-party servers verify.

const (
	otherUserPoolID     = "us-east-1_EXAMPLE99"
	otherPoolsClientID  = "9example23456789abcdefghij"
	otherIdentityPoolID = "us-east-1:00000000-1111-2222-3333-444444444444"
)

// twoPools returns the example server with a second user pool and a second identity pool, which no
// server trusts.
func twoPools() *cognitotest.Server {
	s := cognitotest.Example()
	userPool, identityPool := s.UserPools[0], s.IdentityPools[0]
	userPool.ID, identityPool.ID = otherUserPoolID, otherIdentityPoolID
	userPool.Clients = []cognitotest.AppClient{{ID: otherPoolsClientID}}
	s.UserPools = append(s.UserPools, userPool)
	s.IdentityPools = append(s.IdentityPools, identityPool)
	for i := range s.IdentityPools {
		s.IdentityPools[i].AllowClassicFlow = true
		s.IdentityPools[i].AllowGuests = true
	}
	return s
}

// otherKeyClient returns a client for an example server whose tokens are signed with another key.
func otherKeyClient(t *testing.T) *http.Client {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := cognitotest.Example()
	s.SigningKey = key
	return s.Client()
}

// idToken signs the example's user in and returns the ID token.
func idToken(t *testing.T, e cognito.Environment, client *http.Client) string {
	t.Helper()
	c := &cognito.Client{Environment: e, HTTPClient: client}
	session, err := c.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tokens.ID
}

// browseSession signs the example's user in at managed login.
func browseSession(
	t *testing.T, c *cognito.Client, stand *cognitotest.Server,
) *cognito.Session {
	t.Helper()
	signIn, err := c.StartBrowser(t.Context(), cognito.BrowserLogin{})
	if err != nil {
		t.Fatal(err)
	}
	defer signIn.Close()
	callback, err := stand.Browse(signIn.URL, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	if err := signIn.Deliver(t.Context(), callback); err != nil {
		t.Fatal(err)
	}
	session, err := signIn.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// oldIDToken returns an ID token that was valid in the year 2000, in which the clock of a synctest
// bubble starts.
func oldIDToken(t *testing.T, e cognito.Environment, stand *cognitotest.Server) (token string) {
	synctest.Test(t, func(t *testing.T) { token = idToken(t, e, stand.Client()) })
	if claims, err := jwt.ParseUnverified(token); err != nil ||
		time.Since(claims.ExpiresAt) < 24*time.Hour {
		t.Fatalf("the token expires at %v (%v), want a time long ago", claims.ExpiresAt, err)
	}
	return token
}

// openIDToken returns an OpenID token of an identity pool. Without logins, it is the token of a
// guest.
func openIDToken(t *testing.T, c *cognitoid.Client, identityPoolID string,
	logins map[string]string) string {
	t.Helper()
	id, err := c.GetID(t.Context(), cognitoid.GetIDInput{
		IdentityPoolID: identityPoolID,
		Logins:         logins,
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetOpenIDToken(t.Context(), id, logins)
	if err != nil {
		t.Fatal(err)
	}
	return out.Token
}

// changeSignature flips one bit of a token's signature.
func changeSignature(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[i:])
	if err != nil {
		panic(err)
	}
	signature[0] ^= 1
	return token[:i] + base64.RawURLEncoding.EncodeToString(signature)
}

// changeClaim changes a claim of a token but keeps the signature.
func changeClaim(t *testing.T, token, name, value string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims[name] == nil {
		t.Fatalf("the token has no claim %q", name)
	}
	claims[name] = value
	payload, err = json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, ".")
}

// writeEnvironment writes a configuration file that contains e under the name TEST, and returns its
// path.
func writeEnvironment(t *testing.T, file string, e cognito.Environment) string {
	t.Helper()
	endpoints := map[string]string{}
	for name, value := range map[string]string{
		"cognito_idp":      e.Endpoints.CognitoIDP,
		"cognito_identity": e.Endpoints.CognitoIdentity,
		"sts":              e.Endpoints.STS,
		"s3":               e.Endpoints.S3,
	} {
		if value != "" {
			endpoints[name] = value
		}
	}
	config, err := json.Marshal(map[string]any{"TEST": map[string]any{
		"aws_region":       e.Region,
		"user_pool_id":     e.UserPoolID,
		"client_id":        e.ClientID,
		"identity_pool_id": e.IdentityPoolID,
		"role_arn":         e.RoleARN,
		"bucket_name":      e.BucketName,
		"endpoints":        endpoints,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkDemo builds cmd/demo and runs it as a user does, with a configuration file and the password
// on standard input. The demo must list keys.
func checkDemo(t *testing.T, e cognito.Environment, keys []string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "demo")
	build := exec.Command("go", "build", "-o", program,
		"github.com/loginwithcognito/cognito/cmd/demo")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file := writeEnvironment(t, filepath.Join(dir, "environments.json"), e)
	env := environment(t, "SSL_CERT_FILE="+os.Getenv("SSL_CERT_FILE"),
		"SSL_CERT_DIR="+os.Getenv("SSL_CERT_DIR"))
	command := []string{program, "-config", file, "-env", "TEST", "-user", cognitotest.ExampleUser,
		"-duration", "1h", "-json"}

	r := run(t, env, cognitotest.ExamplePassword+"\n", command...)
	if r.status != 0 {
		t.Fatalf("exit status %d, want 0\n%s%s", r.status, r.stdout, r.stderr)
	}
	var got []string
	for line := range strings.Lines(r.stdout) {
		var event struct{ Type, Key string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if event.Type == "object" {
			got = append(got, event.Key)
		}
	}
	want := slices.Sorted(slices.Values(keys))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed keys (-want +got):\n%s", diff)
	}

	r = run(t, env, "not the password\n", command...)
	if r.status == 0 || strings.Contains(r.stdout+r.stderr, "not the password") {
		t.Errorf("wrong password: exit status %d, want a failure that does not print it\n%s%s",
			r.status, r.stdout, r.stderr)
	}
	if lines := strings.Count(strings.TrimSpace(r.stderr), "\n"); lines != 0 {
		t.Errorf("wrong password: the error has %d lines, want 1:\n%s", lines+1, r.stderr)
	}
}
