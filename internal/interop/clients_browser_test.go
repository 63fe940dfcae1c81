package interop

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/int128/oauth2cli"
	"golang.org/x/oauth2"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// oauth2cli, the client of kubelogin, signs in with the browser. go-oidc discovers the issuer and
// verifies the tokens.
func chromiumOAuth2CLI(t *testing.T, b *chromium) {
	server, pool := b.pool(t)
	bind := freePort(t)
	pool.Clients[0].CallbackURLs = []string{callbackOn("localhost", bind)}
	ctx := oidc.ClientContext(t.Context(), server.Client())
	provider, err := oidc.NewProvider(ctx,
		"https://cognito-idp."+region+".amazonaws.com/"+cognitotest.ExampleUserPoolID)
	if err != nil {
		t.Fatal(err)
	}
	verifier, nonce := oauth2.GenerateVerifier(), rand.Text()
	ready := make(chan string, 1)
	config := oauth2cli.Config{
		OAuth2Config: oauth2.Config{
			ClientID:    cognitotest.ExampleClientID,
			Endpoint:    provider.Endpoint(),
			RedirectURL: pool.Clients[0].CallbackURLs[0],
			Scopes:      []string{"openid", "email"},
		},
		AuthCodeOptions: []oauth2.AuthCodeOption{
			oauth2.S256ChallengeOption(verifier),
			oidc.Nonce(nonce),
		},
		TokenRequestOptions:     []oauth2.AuthCodeOption{oauth2.VerifierOption(verifier)},
		LocalServerBindAddress:  []string{bind},
		LocalServerCallbackPath: "/callback",
		LocalServerReadyChan:    ready,
	}
	type outcome struct {
		token *oauth2.Token
		err   error
	}
	ended := make(chan outcome, 1)
	go func() {
		token, err := oauth2cli.GetToken(ctx, config)
		ended <- outcome{token, err}
	}()
	select {
	case url := <-ready:
		b.open(t, url)
	case early := <-ended:
		t.Fatalf("GetToken: %v", early.err)
	}
	b.signIn(t, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	b.heading(t, "Authorized")
	got := <-ended
	if got.err != nil {
		t.Fatalf("GetToken: %v", got.err)
	}
	raw, _ := got.token.Extra("id_token").(string)
	check := provider.VerifierContext(ctx, &oidc.Config{ClientID: cognitotest.ExampleClientID})
	token, err := check.Verify(ctx, raw)
	if err != nil || token.Nonce != nonce {
		t.Fatalf("Verify: %v, nonce %q, want %q", err, token.Nonce, nonce)
	}
	if err := token.VerifyAccessToken(got.token.AccessToken); err != nil {
		t.Errorf("VerifyAccessToken: %v", err)
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(got.token))
	if err != nil || info.Email != cognitotest.ExampleEmail {
		t.Errorf("UserInfo: %v, want %q", err, cognitotest.ExampleEmail)
	}
}

// crossOrigin lets pages of all origins call AWS's endpoints, as AWS does.
func crossOrigin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers",
			r.Header.Get("Access-Control-Request-Headers"))
		if r.Method != http.MethodOptions {
			h.ServeHTTP(w, r)
		}
	})
}

// A page of aws-amplify signs in with signInWithRedirect, in a pool and at a provider.
func chromiumAmplify(t *testing.T, b *chromium) {
	esbuild := filepath.Join(toolsDir(t), "js/node_modules/esbuild/bin/esbuild")
	bundle := run(t, environment(t, "NODE_PATH="+filepath.Join(toolsDir(t), "js/node_modules")), "",
		node(t, esbuild, "testdata/js/redirect.mjs", "--bundle", "--format=iife")...)
	if bundle.status != 0 {
		t.Fatalf("esbuild: %s", bundle.stderr)
	}
	server, pool := b.pool(t)
	app := httptest.NewUnstartedServer(nil)
	given := parameters(app)
	given["domain"] = pool.Domain
	given["provider"] = cognitotest.ExampleProvider
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	app.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!DOCTYPE html><h1></h1><button id=in>In</button>"+
			"<button id=provider>Provider</button><button id=out>Out</button>"+
			"<script>given = %s</script><script>%s</script>", text,
			strings.ReplaceAll(bundle.stdout, "</script", `<\/script`))
	})
	app.Start()
	defer app.Close()
	address := app.Listener.Addr().String()
	home := strings.TrimSuffix(callbackOn("localhost", address), "callback")
	pool.Clients[0].CallbackURLs = []string{home}
	pool.Clients[0].LogoutURLs = []string{home}
	for _, host := range []string{
		pool.Domain,
		"cognito-idp." + region + ".amazonaws.com",
		"cognito-identity." + region + ".amazonaws.com",
	} {
		b.domains.serve(host, crossOrigin(server))
	}
	const nobody, user = "UserUnAuthenticatedException", cognitotest.ExampleUser + " " +
		cognitotest.ExampleEmail + " credentials "
	b.open(t, home)
	b.heading(t, nobody)
	b.click(t, "//button[.='In']")
	b.signIn(t, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	b.heading(t, user+`{"at": "=+/%"}`)
	b.open(t, home)
	b.heading(t, user)
	b.click(t, "//button[.='Out']")
	b.heading(t, nobody)
	b.click(t, "//button[.='Provider']")
	b.signIn(t, cognitotest.ExampleProviderUser, cognitotest.ExamplePassword)
	b.heading(t, cognitotest.ExampleProvider+"_"+cognitotest.ExampleProviderUser+
		" alan@contoso.example credentials provider")
}
