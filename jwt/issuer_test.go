package jwt_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/jwt"
)

// keysAt returns a client for the keys of p at any URL, and the URL of the last request.
func keysAt(p *pool) (client *http.Client, url *string) {
	url = new(string)
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		*url = r.URL.String()
		published := r.Clone(r.Context())
		published.URL.Scheme, published.URL.Host = "https", "cognito-idp.us-east-1.amazonaws.com"
		published.URL.Path = "/" + poolID + "/.well-known/jwks.json"
		return p.RoundTrip(published)
	})}, url
}

// issued returns an ID token of p with the given issuer.
func (p *pool) issued(issuer string) string {
	return p.sign(map[string]any{"alg": "RS256", "kid": p.id}, map[string]any{
		"iss": issuer, "token_use": "id",
		"aud": clientID, "exp": time.Now().Add(time.Hour).Unix(),
	})
}

func TestIssuers(t *testing.T) {
	p := newPool(t, "k1")
	const (
		proxy   = "https://login.example/pool"
		docker  = "http://cognito-local:9229/" + poolID
		replica = "https://cognito-idp.us-west-2.amazonaws.com/" + poolID
		keys    = "/.well-known/jwks.json"
	)
	for _, test := range []struct {
		name     string
		verifier *jwt.Verifier
		accepted []string
		refused  []string
		keys     string
	}{
		{
			name:     "AWS",
			verifier: &jwt.Verifier{},
			accepted: []string{issuer},
			refused:  []string{replica, proxy, docker, issuer + "/", "HTTPS" + issuer[5:]},
			keys:     issuer + keys,
		},
		{
			name:     "issuer",
			verifier: &jwt.Verifier{Issuer: proxy},
			accepted: []string{proxy},
			refused: []string{
				issuer,
				proxy + "/",
				proxy + "/x",
				proxy[:len(proxy)-1],
				"https://LOGIN.example/pool",
				"https://login.example:443/pool",
				"http://login.example/pool",
				"",
			},
			keys: proxy + keys,
		},
		{
			name:     "issuer that cannot be reached",
			verifier: &jwt.Verifier{Issuer: docker, Endpoint: "http://localhost:9229"},
			accepted: []string{docker},
			refused:  []string{issuer, "http://localhost:9229/" + poolID},
			keys:     "http://localhost:9229/" + poolID + keys,
		},
		{
			name:     "issuer with FIPS",
			verifier: &jwt.Verifier{Issuer: replica, FIPS: true},
			accepted: []string{replica},
			refused:  []string{issuer},
			keys:     "https://cognito-idp-fips.us-east-1.amazonaws.com/" + poolID + keys,
		},
		{
			name:     "Region",
			verifier: &jwt.Verifier{Region: "us-west-2"},
			accepted: []string{
				issuer,
				replica,
				"https://issuer-cognito-idp.us-east-1.amazonaws.com/" + poolID,
				"https://issuer-cognito-idp.us-west-2.amazonaws.com/" + poolID,
			},
			refused: []string{
				"https://cognito-idp.eu-west-1.amazonaws.com/" + poolID,
				"https://cognito-idp.us-west-2.amazonaws.com/us-west-2_EXAMPLE00",
			},
			keys: replica + keys,
		},
		{
			name:     "Region with FIPS",
			verifier: &jwt.Verifier{Region: "us-west-2", FIPS: true},
			accepted: []string{
				issuer,
				replica,
				"https://cognito-idp-fips.us-east-1.amazonaws.com/" + poolID,
				"https://cognito-idp-fips.us-west-2.amazonaws.com/" + poolID,
			},
			keys: "https://cognito-idp-fips.us-west-2.amazonaws.com/" + poolID + keys,
		},
		{
			name:     "issuer and Region",
			verifier: &jwt.Verifier{Issuer: proxy, Region: "us-west-2", DualStack: true},
			accepted: []string{proxy},
			refused:  []string{issuer, replica},
			keys:     replica + keys,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := test.verifier
			v.UserPoolID, v.ClientID = poolID, clientID
			client, url := keysAt(p)
			v.HTTPClient = client
			for _, iss := range test.accepted {
				if _, err := v.VerifyIDToken(t.Context(), p.issued(iss)); err != nil {
					t.Errorf("VerifyIDToken with issuer %q = %v", iss, err)
				}
			}
			for _, iss := range test.refused {
				_, err := v.VerifyIDToken(t.Context(), p.issued(iss))
				var e *jwt.Error
				if !errors.As(err, &e) || e.Reason != jwt.WrongIssuer {
					t.Errorf("VerifyIDToken with issuer %q = %v, want WrongIssuer", iss, err)
				}
			}
			if *url != test.keys {
				t.Errorf("the keys were fetched from %s, want %s", *url, test.keys)
			}
		})
	}
}

// TestIssuerWithoutKeys checks that keys are not fetched in clear text or from another place.
func TestIssuerWithoutKeys(t *testing.T) {
	p := newPool(t, "k1")
	for _, iss := range []string{"http://cognito-local:9229/pool", "joe", "https://a.example/?b"} {
		client, url := keysAt(p)
		v := &jwt.Verifier{
			UserPoolID: poolID,
			ClientID:   clientID,
			Issuer:     iss,
			HTTPClient: client,
		}
		_, err := v.VerifyIDToken(t.Context(), p.issued(iss))
		var e *jwt.Error
		if !errors.As(err, &e) || e.Reason != jwt.KeysUnavailable || *url != "" {
			t.Errorf("VerifyIDToken with Issuer %q = %v, %s, want KeysUnavailable", iss, err, *url)
		}
	}
}

// TestTwoClocks checks that a token is valid only if it is by the local clock and the server's.
func TestTwoClocks(t *testing.T) {
	p := newPool(t, "k1")
	for _, server := range []time.Duration{
		-3 * 365 * 24 * time.Hour, -300 * 24 * time.Hour, -2 * time.Hour, 0, 2 * time.Hour,
		300 * 24 * time.Hour, 3 * 365 * 24 * time.Hour,
	} {
		for _, test := range []struct {
			name        string
			issued, exp time.Duration
			reason      jwt.Reason // if the clocks agree
		}{
			{"valid", -time.Minute, time.Hour, ""},
			{"long", -400 * 24 * time.Hour, 400 * 24 * time.Hour, ""},
			{"expired", -90 * time.Minute, -30 * time.Minute, jwt.Expired},
			{"future", 30 * time.Minute, 90 * time.Minute, jwt.NotYetValid},
		} {
			t.Run(fmt.Sprint(test.name, server), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					now := time.Now()
					want := test.reason
					known := server.Abs() < 366*24*time.Hour
					switch {
					case want != "" || !known || test.name == "long":
					case server > 0:
						want = jwt.Expired
					case server < 0:
						want = jwt.NotYetValid
					}
					v := verifier(roundTripper(func(r *http.Request) (*http.Response, error) {
						resp, err := p.RoundTrip(r)
						date := time.Now().Add(server).UTC().Format(http.TimeFormat)
						resp.Header.Set("Date", date)
						return resp, err
					}))
					token := p.sign(map[string]any{"alg": "RS256", "kid": "k1"}, map[string]any{
						"iss": issuer, "token_use": "id", "aud": clientID,
						"iat": now.Add(test.issued).Unix(), "exp": now.Add(test.exp).Unix(),
					})
					for range 2 { // before and after the keys are known
						_, err := v.VerifyIDToken(t.Context(), token)
						var e *jwt.Error
						got := jwt.Reason("")
						if errors.As(err, &e) {
							got = e.Reason
						}
						// A token can be early by one clock and late by the other.
						if got != want && !(test.name == "future" && got == jwt.Expired) {
							t.Errorf("VerifyIDToken = %v, want reason %q", err, want)
						}
						if _, err := v.Keys(t.Context()); err != nil {
							t.Fatalf("Keys: %v", err)
						}
					}
				})
			})
		}
	}
}
