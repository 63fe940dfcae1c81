package cognitotest

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// refresh calls GetTokensFromRefreshToken.
func (p *peer) refresh(token, deviceKey string) response {
	p.t.Helper()
	body := object{"ClientId": p.client, "RefreshToken": token}
	if deviceKey != "" {
		body["DeviceKey"] = deviceKey
	}
	if p.secret != "" {
		body["ClientSecret"] = p.secret
	}
	return p.idp("GetTokensFromRefreshToken", body)
}

func (p *peer) refreshAuth(in params) response {
	p.t.Helper()
	return p.initiate("REFRESH_TOKEN_AUTH", in)
}

func TestRefresh(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	first := p.mustSignIn().AuthenticationResult
	secretFirst := q.signIn(ExampleEmail, ExamplePassword).AuthenticationResult
	token := params{"REFRESH_TOKEN": first.RefreshToken}
	for _, tt := range []struct {
		name string
		a    response
	}{
		{"REFRESH_TOKEN_AUTH", p.refreshAuth(token)},
		{"REFRESH_TOKEN", p.initiate("REFRESH_TOKEN", token)},
		{"with secret", q.refreshAuth(params{
			"REFRESH_TOKEN": secretFirst.RefreshToken,
			"SECRET_HASH":   q.secretHash(ExampleUser),
		})},
		{"GetTokensFromRefreshToken", p.refresh(first.RefreshToken, "")},
		{"GetTokensFromRefreshToken with secret", q.refresh(secretFirst.RefreshToken, "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.a.wantTokens(t)
			r := tt.a.AuthenticationResult
			if r.RefreshToken != "" || r.IdToken == first.IdToken || r.AccessToken == "" ||
				r.ExpiresIn != 3600 {
				t.Errorf("response = %s", tt.a.Body)
			}
			c := payload(t, r.IdToken)
			if c["cognito:username"] != ExampleUser || c["token_use"] != "id" {
				t.Errorf("claims = %v", c)
			}
		})
	}
	refreshed := p.initiate("REFRESH_TOKEN", token).AuthenticationResult
	a, b := payload(t, first.IdToken), payload(t, refreshed.IdToken)
	if a["origin_jti"] != b["origin_jti"] || a["auth_time"] != b["auth_time"] ||
		a["jti"] == b["jti"] {
		t.Errorf("claims of the sign-in = %v, of the refresh = %v", a, b)
	}
}

func TestRefreshRefuses(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	first := p.mustSignIn().AuthenticationResult
	secret := q.signIn(ExampleEmail, ExamplePassword).AuthenticationResult.RefreshToken
	const (
		no        = "NotAuthorizedException"
		parameter = "InvalidParameterException"
	)
	auth := func(p *peer, token string) response {
		return p.refreshAuth(params{"REFRESH_TOKEN": token})
	}
	direct := func(body object) response { return p.idp("GetTokensFromRefreshToken", body) }
	directSecret := func(clientSecret string) response {
		return direct(object{
			"ClientId":     q.client,
			"ClientSecret": clientSecret,
			"RefreshToken": secret,
		})
	}
	for _, tt := range []struct {
		name string
		a    response
		code string
	}{
		{"foreign token", auth(p, "x.y"), no},
		{"token without its secret", auth(p, first.RefreshToken[:37]), no},
		{"changed token", auth(p, first.RefreshToken+"A"), no},
		{"ID token", auth(p, first.IdToken), no},
		{"no token", p.refreshAuth(nil), parameter},
		{"token of another client", auth(p, secret), no},
		{"hash missing", auth(q, secret), no},
		{"hash over the alias", q.refreshAuth(params{
			"REFRESH_TOKEN": secret,
			"SECRET_HASH":   q.secretHash(ExampleEmail),
		}), no},
		{"direct, no client", direct(object{"RefreshToken": first.RefreshToken}), parameter},
		{"direct, no token", direct(object{"ClientId": p.client}), parameter},
		{"direct, unknown client", direct(object{
			"ClientId":     "x",
			"RefreshToken": first.RefreshToken,
		}), "ResourceNotFoundException"},
		{"direct, other client", p.refresh(secret, ""), no},
		{"direct, secret missing", direct(object{
			"ClientId":     q.client,
			"RefreshToken": secret,
		}), no},
		{"direct, wrong secret", directSecret("x"), no},
		{"direct, hash for a secret", directSecret(q.secretHash("ada")), no},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.a.want(t, tt.code) })
	}
	want := "SecretHash does not match for the client: " + q.client
	if a := auth(q, secret); a.Message != want {
		t.Errorf("message = %q, want %q", a.Message, want)
	}
}

func TestLifetimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, _ *User) {
			c := &pool.Clients[0]
			c.AccessTokenValidity = 10 * time.Minute
			c.IDTokenValidity = 5 * time.Minute
			c.RefreshTokenValidity = 2 * time.Hour
		})
		r := p.mustSignIn().AuthenticationResult
		lifetime := func(token string) float64 {
			c := payload(t, token)
			return c["exp"].(float64) - c["iat"].(float64)
		}
		if id, access := lifetime(r.IdToken), lifetime(r.AccessToken); r.ExpiresIn != 600 ||
			id != 300 || access != 600 {
			t.Errorf("ExpiresIn = %d, lifetimes = %v and %v, want 600, 300 and 600",
				r.ExpiresIn, id, access)
		}
		getUser := func() response {
			return p.idp("GetUser", object{"AccessToken": r.AccessToken})
		}
		refresh := func() response { return p.refresh(r.RefreshToken, "") }
		time.Sleep(10*time.Minute - time.Second)
		getUser().want(t, "")
		time.Sleep(time.Second)
		a := getUser()
		if a.want(t, "NotAuthorizedException"); a.Message != "Access Token has expired" {
			t.Errorf("message = %q, want Access Token has expired", a.Message)
		}
		time.Sleep(2*time.Hour - 10*time.Minute - time.Second)
		refresh().want(t, "")
		time.Sleep(time.Second)
		refresh().want(t, "NotAuthorizedException")
	})
	synctest.Test(t, func(t *testing.T) { // An access token outlives its refresh token.
		_, p := example(t, func(pool *UserPool, _ *User) {
			pool.Clients[0].RefreshTokenValidity = time.Minute
		})
		r := p.mustSignIn().AuthenticationResult
		time.Sleep(time.Minute)
		p.idp("GetUser", object{"AccessToken": r.AccessToken}).want(t, "")
		a := p.refresh(r.RefreshToken, "")
		if a.want(t, "NotAuthorizedException"); a.Message != "Refresh Token has expired" {
			t.Errorf("message = %q, want Refresh Token has expired", a.Message)
		}
	})
}

func TestRevoke(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	r, other := p.mustSignIn().AuthenticationResult, p.mustSignIn().AuthenticationResult
	secret := q.mustSignIn().AuthenticationResult.RefreshToken
	const (
		parameter    = "InvalidParameterException"
		unsupported  = "UnsupportedTokenTypeException"
		unauthorized = "UnauthorizedException"
	)
	revoke := func(client, clientSecret, token any) response {
		return p.idp("RevokeToken", object{
			"ClientId":     client,
			"ClientSecret": clientSecret,
			"Token":        token,
		})
	}
	for _, tt := range []struct {
		name                        string
		client, clientSecret, token any
		code                        string
	}{
		{"access token", p.client, nil, r.AccessToken, unsupported},
		{"ID token", p.client, nil, r.IdToken, unsupported},
		{"unknown", p.client, nil, "x.y", ""},
		{"no token", p.client, nil, nil, parameter},
		{"no client", nil, nil, r.RefreshToken, parameter},
		{"unknown client", "x", nil, r.RefreshToken, parameter},
		{"other client", p.client, nil, secret, unauthorized},
		{"secret missing", q.client, nil, secret, unauthorized},
		{"wrong secret", q.client, "x", secret, unauthorized},
		{"secret of a public client", p.client, "x", r.RefreshToken, unauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			revoke(tt.client, tt.clientSecret, tt.token).want(t, tt.code)
		})
	}
	p.refresh(r.RefreshToken, "").want(t, "") // not revoked yet
	revoke(p.client, nil, r.RefreshToken).want(t, "")
	p.refresh(r.RefreshToken, "").want(t, "NotAuthorizedException")
	a := p.idp("GetUser", object{"AccessToken": r.AccessToken})
	if a.want(t, "NotAuthorizedException"); a.Message != "Access Token has been revoked" {
		t.Errorf("message = %q, want Access Token has been revoked", a.Message)
	}
	p.refresh(other.RefreshToken, "").want(t, "") // the other sign-in continues

	p.idp("GlobalSignOut", object{"AccessToken": other.AccessToken}).want(t, "")
	p.refresh(other.RefreshToken, "").want(t, "NotAuthorizedException")
	q.refresh(secret, "").want(t, "NotAuthorizedException")
}

// rotating returns a peer with refresh token rotation.
func rotating(t *testing.T, grace time.Duration) *peer {
	_, p := example(t, func(pool *UserPool, _ *User) {
		pool.Clients[0].RefreshTokenRotation = true
		pool.Clients[0].RetryGracePeriod = grace
	})
	return p
}

func TestRotation(t *testing.T) {
	for _, grace := range []time.Duration{0, 10 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			p := rotating(t, grace)
			first := p.mustSignIn().AuthenticationResult.RefreshToken
			p.refreshAuth(params{"REFRESH_TOKEN": first}).want(t, "InvalidParameterException")
			a := p.refresh(first, "")
			second := a.wantTokens(t).AuthenticationResult.RefreshToken
			if second == "" || second == first {
				t.Fatalf("refresh token = %q after %q, want a new one", second, first)
			}
			if grace > 0 {
				time.Sleep(grace - time.Nanosecond)
				again := p.refresh(first, "").wantTokens(t).AuthenticationResult.RefreshToken
				if again == first || again == second {
					t.Error("duplicate refresh token")
				}
				p.refresh(again, "").wantTokens(t)
				time.Sleep(time.Nanosecond) // The reuse does not extend the grace period.
			}
			p.refresh(first, "").want(t, "RefreshTokenReuseException")
			p.refresh(second, "").wantTokens(t) // The reuse does not end the sign-in.
			token := a.AuthenticationResult.AccessToken
			p.idp("GetUser", object{"AccessToken": token}).want(t, "")
			p.refresh(first+"x", "").want(t, "NotAuthorizedException")
		})
	}
}

// A rotated refresh token expires with the first one.
func TestRotationKeepsExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := rotating(t, 0)
		token := p.mustSignIn().AuthenticationResult.RefreshToken
		for range 29 {
			time.Sleep(24 * time.Hour)
			token = p.refresh(token, "").wantTokens(t).AuthenticationResult.RefreshToken
		}
		time.Sleep(24 * time.Hour)
		p.refresh(token, "").want(t, "NotAuthorizedException")
	})
}

func TestRotationRevoke(t *testing.T) {
	p := rotating(t, time.Minute)
	first := p.mustSignIn().AuthenticationResult.RefreshToken
	second := p.refresh(first, "").wantTokens(t).AuthenticationResult.RefreshToken
	p.idp("RevokeToken", object{"ClientId": p.client, "Token": first}).want(t, "")
	p.refresh(second, "").want(t, "NotAuthorizedException")
}

// Of concurrent refreshes with one token and no grace period, one succeeds.
func TestConcurrentRotation(t *testing.T) {
	p := rotating(t, 0)
	token := p.mustSignIn().AuthenticationResult.RefreshToken
	var wg sync.WaitGroup
	codes := make(chan string, 20)
	for range cap(codes) {
		wg.Go(func() { codes <- p.refresh(token, "").Code })
	}
	wg.Wait()
	close(codes)
	count := make(map[string]int)
	for code := range codes {
		count[code]++
	}
	if count[""] != 1 || count["RefreshTokenReuseException"] != cap(codes)-1 {
		t.Errorf("codes = %v, want one success and RefreshTokenReuseException", count)
	}
}
