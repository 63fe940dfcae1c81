package cognitotest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRefresh(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	q := p.withSecret()
	first := p.mustSignIn().AuthenticationResult
	secretFirst := q.signIn(ExampleEmail, ExamplePassword).AuthenticationResult
	for name, a := range map[string]answer{
		"REFRESH_TOKEN_AUTH": p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", first.RefreshToken)),
		"REFRESH_TOKEN":      p.initiate("REFRESH_TOKEN", p.params("", "REFRESH_TOKEN", first.RefreshToken)),
		"with secret": q.initiate("REFRESH_TOKEN_AUTH", map[string]string{
			"REFRESH_TOKEN": secretFirst.RefreshToken, "SECRET_HASH": q.secretHash(ExampleUser)}),
		"GetTokensFromRefreshToken": p.idp("GetTokensFromRefreshToken", m{"ClientId": p.client, "RefreshToken": first.RefreshToken}),
		"GetTokensFromRefreshToken with secret": p.idp("GetTokensFromRefreshToken",
			m{"ClientId": q.client, "ClientSecret": q.secret, "RefreshToken": secretFirst.RefreshToken}),
	} {
		t.Run(name, func(t *testing.T) {
			a.want(t, "")
			r := a.AuthenticationResult
			if r.RefreshToken != "" || r.IdToken == "" || r.IdToken == first.IdToken || r.AccessToken == "" || r.ExpiresIn != 3600 {
				t.Errorf("answer: %s", a.Body)
			}
			if c := payload(t, r.IdToken); c["cognito:username"] != ExampleUser || c["token_use"] != "id" {
				t.Errorf("claims: %v", c)
			}
		})
	}
	if a, b := payload(t, first.IdToken), payload(t, p.initiate("REFRESH_TOKEN", p.params("", "REFRESH_TOKEN", first.RefreshToken)).AuthenticationResult.IdToken); a["origin_jti"] != b["origin_jti"] || a["auth_time"] != b["auth_time"] || a["jti"] == b["jti"] {
		t.Errorf("claims of sign-in %v, of refresh %v", a, b)
	}
	const no = "NotAuthorizedException"
	for name, tt := range map[string]struct {
		a    answer
		code string
	}{
		"foreign token":             {p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", "x.y")), no},
		"token without its secret":  {p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", first.RefreshToken[:37])), no},
		"token changed":             {p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", first.RefreshToken+"A")), no},
		"ID token":                  {p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", first.IdToken)), no},
		"no token":                  {p.initiate("REFRESH_TOKEN_AUTH", nil), "InvalidParameterException"},
		"token of another client":   {p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", secretFirst.RefreshToken)), no},
		"hash missing":              {q.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", secretFirst.RefreshToken)), no},
		"hash over the alias":       {q.initiate("REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": secretFirst.RefreshToken, "SECRET_HASH": q.secretHash(ExampleEmail)}), no},
		"direct, no client":         {p.idp("GetTokensFromRefreshToken", m{"RefreshToken": first.RefreshToken}), "InvalidParameterException"},
		"direct, no token":          {p.idp("GetTokensFromRefreshToken", m{"ClientId": p.client}), "InvalidParameterException"},
		"direct, unknown client":    {p.idp("GetTokensFromRefreshToken", m{"ClientId": "x", "RefreshToken": first.RefreshToken}), "ResourceNotFoundException"},
		"direct, other client":      {p.idp("GetTokensFromRefreshToken", m{"ClientId": p.client, "RefreshToken": secretFirst.RefreshToken}), no},
		"direct, secret missing":    {p.idp("GetTokensFromRefreshToken", m{"ClientId": q.client, "RefreshToken": secretFirst.RefreshToken}), no},
		"direct, secret wrong":      {p.idp("GetTokensFromRefreshToken", m{"ClientId": q.client, "ClientSecret": "x", "RefreshToken": secretFirst.RefreshToken}), no},
		"direct, hash for a secret": {p.idp("GetTokensFromRefreshToken", m{"ClientId": q.client, "ClientSecret": q.secretHash("ada"), "RefreshToken": secretFirst.RefreshToken}), no},
	} {
		t.Run(name, func(t *testing.T) { tt.a.want(t, tt.code) })
	}
	want := "SecretHash does not match for the client: " + q.client
	if a := q.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", secretFirst.RefreshToken)); a.Message != want {
		t.Errorf("message %q, want %q", a.Message, want)
	}
}

func TestLifetimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		c := &s.UserPools[0].Clients[0]
		c.AccessTokenValidity, c.IDTokenValidity, c.RefreshTokenValidity = 10*time.Minute, 5*time.Minute, 2*time.Hour
		p := newPeer(t, s)
		r := p.mustSignIn().AuthenticationResult
		id, access := payload(t, r.IdToken), payload(t, r.AccessToken)
		if r.ExpiresIn != 600 || id["exp"].(float64)-id["iat"].(float64) != 300 || access["exp"].(float64)-access["iat"].(float64) != 600 {
			t.Errorf("ExpiresIn %d, ID token %v to %v, access token %v to %v", r.ExpiresIn, id["iat"], id["exp"], access["iat"], access["exp"])
		}
		getUser := func() answer { return p.idp("GetUser", m{"AccessToken": r.AccessToken}) }
		refresh := func() answer {
			return p.idp("GetTokensFromRefreshToken", m{"ClientId": p.client, "RefreshToken": r.RefreshToken})
		}
		time.Sleep(10*time.Minute - time.Second)
		getUser().want(t, "")
		time.Sleep(time.Second)
		if a := getUser(); a.Code != "NotAuthorizedException" || a.Message != "Access Token has expired" {
			t.Errorf("expired access token: %s %s", a.Code, a.Message)
		}
		time.Sleep(2*time.Hour - 10*time.Minute - time.Second)
		refresh().want(t, "")
		time.Sleep(time.Second)
		refresh().want(t, "NotAuthorizedException")
	})
}

func TestRevoke(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	r, other := p.mustSignIn().AuthenticationResult, p.mustSignIn().AuthenticationResult
	secret := q.signIn(ExampleUser, ExamplePassword).AuthenticationResult
	for name, tt := range map[string]struct {
		body m
		code string
	}{
		"access token":     {m{"ClientId": p.client, "Token": r.AccessToken}, "UnsupportedTokenTypeException"},
		"ID token":         {m{"ClientId": p.client, "Token": r.IdToken}, "UnsupportedTokenTypeException"},
		"unknown":          {m{"ClientId": p.client, "Token": "x.y"}, ""},
		"no token":         {m{"ClientId": p.client}, "InvalidParameterException"},
		"no client":        {m{"Token": r.RefreshToken}, "InvalidParameterException"},
		"unknown client":   {m{"ClientId": "x", "Token": r.RefreshToken}, "InvalidParameterException"},
		"other client":     {m{"ClientId": p.client, "Token": secret.RefreshToken}, "UnauthorizedException"},
		"secret missing":   {m{"ClientId": q.client, "Token": secret.RefreshToken}, "UnauthorizedException"},
		"secret wrong":     {m{"ClientId": q.client, "ClientSecret": "x", "Token": secret.RefreshToken}, "UnauthorizedException"},
		"secret of no use": {m{"ClientId": p.client, "ClientSecret": "x", "Token": r.RefreshToken}, "UnauthorizedException"},
	} {
		t.Run(name, func(t *testing.T) { p.idp("RevokeToken", tt.body).want(t, tt.code) })
	}
	refresh := func(p *peer, token string) answer {
		return p.idp("GetTokensFromRefreshToken", m{"ClientId": p.client, "ClientSecret": nil, "RefreshToken": token})
	}
	refresh(p, r.RefreshToken).want(t, "") // none of the above revoked it
	p.idp("RevokeToken", m{"ClientId": p.client, "Token": r.RefreshToken}).want(t, "")
	refresh(p, r.RefreshToken).want(t, "NotAuthorizedException")
	if a := p.idp("GetUser", m{"AccessToken": r.AccessToken}); a.Code != "NotAuthorizedException" || a.Message != "Access Token has been revoked" {
		t.Errorf("revoked: %s %s", a.Code, a.Message)
	}
	refresh(p, other.RefreshToken).want(t, "") // another sign-in is not concerned

	p.idp("GlobalSignOut", m{"AccessToken": other.AccessToken}).want(t, "")
	refresh(p, other.RefreshToken).want(t, "NotAuthorizedException")
	q.idp("GetTokensFromRefreshToken", m{"ClientId": q.client, "ClientSecret": q.secret, "RefreshToken": secret.RefreshToken}).want(t, "NotAuthorizedException")
}

func TestGetUser(t *testing.T) {
	p := newPeer(t, Example())
	r := p.mustSignIn().AuthenticationResult
	a := p.idp("GetUser", m{"AccessToken": r.AccessToken})
	a.want(t, "")
	got := map[string]string{}
	for _, attribute := range a.UserAttributes {
		got[attribute.Name] = attribute.Value
	}
	if a.Username != ExampleUser || got["email"] != ExampleEmail || got["email_verified"] != "true" || got["sub"] != payload(t, r.IdToken)["sub"] {
		t.Errorf("answer: %s", a.Body)
	}
	for name, token := range map[string]string{"ID token": r.IdToken, "refresh token": r.RefreshToken, "nonsense": "x"} {
		t.Run(name, func(t *testing.T) { p.idp("GetUser", m{"AccessToken": token}).want(t, "NotAuthorizedException") })
	}
	p.idp("GetUser", m{}).want(t, "InvalidParameterException")
	p.post("https://cognito-idp.eu-west-1.amazonaws.com/", "AWSCognitoIdentityProviderService.GetUser", m{"AccessToken": r.AccessToken}).want(t, "NotAuthorizedException")
}
