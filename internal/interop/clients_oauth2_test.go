package interop

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// golang.org/x/oauth2 signs in at cognitotest's managed login, with a public app client and with
// one that has a secret, in every style of authentication.
func TestOAuth2ManagedLogin(t *testing.T) {
	const domain = "https://" + cognitotest.ExampleDomain
	for _, tt := range []struct {
		name, id, secret string
		style            oauth2.AuthStyle
	}{
		{"public", cognitotest.ExampleClientID, "", oauth2.AuthStyleAutoDetect},
		{"public in parameters", cognitotest.ExampleClientID, "", oauth2.AuthStyleInParams},
		{"detected", cognitotest.ExampleSecretClientID, cognitotest.ExampleClientSecret,
			oauth2.AuthStyleAutoDetect},
		{"in the header", cognitotest.ExampleSecretClientID, cognitotest.ExampleClientSecret,
			oauth2.AuthStyleInHeader},
		{"in parameters", cognitotest.ExampleSecretClientID, cognitotest.ExampleClientSecret,
			oauth2.AuthStyleInParams},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := cognitotest.Example()
			ctx := context.WithValue(t.Context(), oauth2.HTTPClient, server.Client())
			config := oauth2.Config{
				ClientID:     tt.id,
				ClientSecret: tt.secret,
				RedirectURL:  cognitotest.ExampleCallbackURL,
				Scopes:       []string{"openid", "email"},
				Endpoint: oauth2.Endpoint{
					AuthURL:   domain + "/oauth2/authorize",
					TokenURL:  domain + "/oauth2/token",
					AuthStyle: tt.style,
				},
			}
			verifier, state := oauth2.GenerateVerifier(), rand.Text()
			callback, err := server.Browse(
				config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)),
				cognitotest.ExampleUser, cognitotest.ExamplePassword)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(callback)
			if err != nil || u.Query().Get("state") != state {
				t.Fatalf("callback = %q, %v, want state %q", callback, err, state)
			}
			code := u.Query().Get("code")
			token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			if token.Extra("id_token") == nil || token.TokenType != "Bearer" {
				t.Errorf("token type %q, ID token %v", token.TokenType, token.Extra("id_token"))
			}
			_, err = config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
			var refused *oauth2.RetrieveError
			if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
				t.Errorf("second Exchange: %v, want invalid_grant", err)
			}
			token.Expiry = time.Now().Add(-time.Hour)
			refreshed, err := config.TokenSource(ctx, token).Token()
			if err != nil || refreshed.RefreshToken != token.RefreshToken {
				t.Errorf("refresh: %v, want the same refresh token", err)
			}
		})
	}
}

func TestOAuth2ClientCredentials(t *testing.T) {
	server := cognitotest.Example()
	pool := &server.UserPools[0]
	pool.Clients = append(pool.Clients, cognitotest.AppClient{
		ID:                 "machine",
		Secret:             "secret",
		AllowedOAuthFlows:  []string{"client_credentials"},
		AllowedOAuthScopes: []string{"server/read"},
	})
	config := clientcredentials.Config{
		ClientID:     "machine",
		ClientSecret: "secret",
		TokenURL:     "https://" + cognitotest.ExampleDomain + "/oauth2/token",
		Scopes:       []string{"server/read"},
	}
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, server.Client())
	if token, err := config.Token(ctx); err != nil || !token.Valid() {
		t.Errorf("Token: %v, want a valid token", err)
	}
	config.Scopes = []string{"server/write"}
	if _, err := config.Token(ctx); err == nil {
		t.Error("Token with another scope succeeded")
	}
}
