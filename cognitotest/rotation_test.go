package cognitotest

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func rotating(t *testing.T, grace time.Duration) *peer {
	_, p := example(t, func(pool *UserPool, ada *User) {
		pool.Clients[0].RefreshTokenRotation, pool.Clients[0].RetryGracePeriod = true, grace
	})
	return p
}

func TestRotation(t *testing.T) {
	for _, grace := range []time.Duration{0, 10 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			p := rotating(t, grace)
			first := p.mustSignIn().AuthenticationResult.RefreshToken
			p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", first)).want(t, "InvalidParameterException")
			a := p.refresh(first, "")
			second := a.tokens(t).AuthenticationResult.RefreshToken
			if second == "" || second == first {
				t.Fatalf("refresh token %q after %q", second, first)
			}
			if grace > 0 {
				time.Sleep(grace - time.Nanosecond)
				again := p.refresh(first, "").tokens(t).AuthenticationResult.RefreshToken
				if again == first || again == second {
					t.Error("a refresh token was given out twice")
				}
				p.refresh(again, "").tokens(t)
				time.Sleep(time.Nanosecond) // a use in the grace period does not make it longer
			}
			p.refresh(first, "").want(t, "RefreshTokenReuseException")
			p.refresh(second, "").tokens(t) // reuse of an old token does not end the sign-in
			p.idp("GetUser", m{"AccessToken": a.AuthenticationResult.AccessToken}).want(t, "")
			p.refresh(first+"x", "").want(t, "NotAuthorizedException")
		})
	}
}

// A new refresh token is good for what the first one had left.
func TestRotationKeepsExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := rotating(t, 0)
		token := p.mustSignIn().AuthenticationResult.RefreshToken
		for range 29 {
			time.Sleep(24 * time.Hour)
			token = p.refresh(token, "").tokens(t).AuthenticationResult.RefreshToken
		}
		time.Sleep(24 * time.Hour)
		p.refresh(token, "").want(t, "NotAuthorizedException")
	})
}

func TestRotationRevoke(t *testing.T) {
	p := rotating(t, time.Minute)
	first := p.mustSignIn().AuthenticationResult.RefreshToken
	second := p.refresh(first, "").tokens(t).AuthenticationResult.RefreshToken
	p.idp("RevokeToken", m{"ClientId": p.client, "Token": first}).want(t, "")
	p.refresh(second, "").want(t, "NotAuthorizedException")
}

// Of many at once with one token and no grace, one gets the next token.
func TestRotationAtOnce(t *testing.T) {
	p := rotating(t, 0)
	token := p.mustSignIn().AuthenticationResult.RefreshToken
	var wg sync.WaitGroup
	codes := make(chan string, 20)
	for range cap(codes) {
		wg.Go(func() { codes <- p.refresh(token, "").Code })
	}
	wg.Wait()
	close(codes)
	count := map[string]int{}
	for code := range codes {
		count[code]++
	}
	if count[""] != 1 || count["RefreshTokenReuseException"] != cap(codes)-1 {
		t.Errorf("answers %v", count)
	}
}
