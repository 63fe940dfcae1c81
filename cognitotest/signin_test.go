package cognitotest

import (
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSignIn(t *testing.T) {
	p := newPeer(t, Example())
	for _, tt := range []struct {
		name string
		peer *peer
		user string
	}{
		{"name", p, ExampleUser},
		{"alias", p, ExampleEmail},
		{"secret", p.withSecret(), ExampleUser},
		{"alias with secret", p.withSecret(), ExampleEmail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newSRPClient()
			challenge := tt.peer.start(e, tt.user)
			for _, key := range []string{"USER_ID_FOR_SRP", "USERNAME"} {
				if challenge[key] != ExampleUser {
					t.Errorf("%s = %q, want %q", key, challenge[key], ExampleUser)
				}
			}
			claim := tt.peer.claim(e, challenge, ExamplePassword, timestamp(time.Now()))
			a := tt.peer.respond("PASSWORD_VERIFIER", claim).wantTokens(t)
			r := a.AuthenticationResult
			if r.TokenType != "Bearer" || r.ExpiresIn != 3600 || r.RefreshToken == "" {
				t.Errorf("response = %s", a.Body)
			}
			id, access := payload(t, r.IdToken), payload(t, r.AccessToken)
			wantClaims(t, "ID token", id, claims{
				"iss":                    idpURL + ExampleUserPoolID,
				"aud":                    tt.peer.client,
				"token_use":              "id",
				"cognito:username":       ExampleUser,
				"email":                  ExampleEmail,
				"email_verified":         true,
				"sub":                    access["sub"],
				"auth_time":              access["auth_time"],
				"origin_jti":             access["origin_jti"],
				"cognito:preferred_role": ExampleRoleARN,
				"client_id":              nil,
				"exp":                    id["iat"].(float64) + 3600,
			})
			wantClaims(t, "access token", access, claims{
				"iss":       id["iss"],
				"client_id": tt.peer.client,
				"token_use": "access",
				"username":  ExampleUser,
				"scope":     "aws.cognito.signin.user.admin",
				"aud":       nil,
				"email":     nil,
			})
			if id["jti"] == access["jti"] || id["jti"] == nil || id["event_id"] == nil {
				t.Errorf("jti = %v and %v, event_id = %v",
					id["jti"], access["jti"], id["event_id"])
			}
		})
	}
	t.Run("no Session", func(t *testing.T) { // as on AWS
		in := p.params(ExampleUser, "SRP_A", newSRPClient().A.Text(16))
		if a := p.initiate("USER_SRP_AUTH", in); a.Session != nil {
			t.Errorf("Session = %q, want none", *a.Session)
		}
	})
	t.Run("password", func(t *testing.T) {
		p.password(ExampleUser).wantTokens(t)
		p.password(ExampleEmail).wantTokens(t)
	})
}

// wantClaims compares claims of a token. A nil claim must be missing.
func wantClaims(t *testing.T, token string, got, want claims) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s = %v, want %v", token, name, got[name], value)
		}
	}
}

func TestInitiateAuthRefuses(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	n := modulus()
	const (
		parameter = "InvalidParameterException"
		no        = "NotAuthorizedException"
		notFound  = "UserNotFoundException"
		good      = "1234abcd"
		password  = "USER_PASSWORD_AUTH"
	)
	sub := stableUUID("sub", ExampleUserPoolID, "ada")
	srp := func(user string, pairs ...string) params { return p.params(user, pairs...) }
	for _, tt := range []struct {
		name string
		peer *peer
		flow string
		in   params
		code string
	}{
		{"unknown user", p, "USER_SRP_AUTH", srp("nobody", "SRP_A", good), notFound},
		{"sub as user", p, "USER_SRP_AUTH", srp(sub, "SRP_A", good), notFound},
		{"other case", p, "USER_SRP_AUTH", srp("Ada", "SRP_A", good), notFound},
		{"A = 0", p, "USER_SRP_AUTH", srp("ada", "SRP_A", "0"), parameter},
		{"A = N", p, "USER_SRP_AUTH", srp("ada", "SRP_A", n.Text(16)), parameter},
		{"A = 2N", p, "USER_SRP_AUTH",
			srp("ada", "SRP_A", new(big.Int).Lsh(n, 1).Text(16)), parameter},
		{"A is not hexadecimal", p, "USER_SRP_AUTH", srp("ada", "SRP_A", "0xab"), parameter},
		{"A is negative", p, "USER_SRP_AUTH", srp("ada", "SRP_A", "-2"), parameter},
		{"A is huge", p, "USER_SRP_AUTH",
			srp("ada", "SRP_A", strings.Repeat("f", 100_000)), parameter},
		{"no A", p, "USER_SRP_AUTH", srp("ada"), parameter},
		{"no user", p, "USER_SRP_AUTH", srp("", "SRP_A", good), parameter},
		{"no parameters", p, "USER_SRP_AUTH", nil, parameter},
		{"hash missing", q, "USER_SRP_AUTH", srp("ada", "SRP_A", good), no},
		{"wrong hash", q, "USER_SRP_AUTH",
			srp("ada", "SRP_A", good, "SECRET_HASH", "AAAA"), no},
		{"hash over the name with an alias", q, "USER_SRP_AUTH",
			srp(ExampleEmail, "SRP_A", good, "SECRET_HASH", q.secretHash("ada")), no},
		{"hash for a public client", p, "USER_SRP_AUTH",
			srp("ada", "SRP_A", good, "SECRET_HASH", p.secretHash("ada")), no},
		{"wrong password", p, password, p.params("ada", "PASSWORD", "wrong"), no},
		{"password missing", p, password, p.params("ada"), parameter},
		{"password of an unknown user", p, password,
			p.params("nobody", "PASSWORD", "wrong"), notFound},
		{"password, flow not allowed", q, password,
			q.params("ada", "PASSWORD", ExamplePassword), parameter},
		{"custom", p, "CUSTOM_AUTH", p.params("ada"), parameter},
		{"choice", p, "USER_AUTH", p.params("ada"), parameter},
		{"admin", p, "ADMIN_USER_PASSWORD_AUTH",
			p.params("ada", "PASSWORD", ExamplePassword), parameter},
		{"unknown flow", p, "user_srp_auth", srp("ada", "SRP_A", good), parameter},
		{"no flow", p, "", srp("ada", "SRP_A", good), parameter},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.peer.initiate(tt.flow, tt.in).want(t, tt.code) })
	}
	t.Run("unknown client", func(t *testing.T) {
		other := *p
		other.client = "nosuchclient"
		other.initiate("USER_SRP_AUTH", srp("ada", "SRP_A", good)).
			want(t, "ResourceNotFoundException")
	})
	t.Run("other Region", func(t *testing.T) {
		p.post("https://cognito-idp.eu-west-1.amazonaws.com/",
			"AWSCognitoIdentityProviderService.InitiateAuth",
			object{
				"ClientId":       p.client,
				"AuthFlow":       "USER_SRP_AUTH",
				"AuthParameters": srp("ada", "SRP_A", good),
			}).want(t, "ResourceNotFoundException")
	})
	t.Run("no flow allowed", func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, _ *User) {
			pool.Clients[0].ExplicitAuthFlows = []string{}
		})
		p.initiate("USER_SRP_AUTH", srp("ada", "SRP_A", good)).want(t, parameter)
		p.refreshAuth(params{"REFRESH_TOKEN": good}).want(t, parameter)
	})
	t.Run("unverified address is not an alias", func(t *testing.T) {
		_, p := example(t, func(_ *UserPool, ada *User) {
			ada.Attributes["email_verified"] = "false"
		})
		p.initiate("USER_SRP_AUTH", srp(ExampleEmail, "SRP_A", good)).want(t, notFound)
	})
}

// These texts are what users of AWS search for.
func TestSecretHashMessages(t *testing.T) {
	q := newPeer(t, Example()).withSecret()
	for _, tt := range []struct {
		hash []string
		want string
	}{
		{nil, "Client " + q.client + " is configured with secret but SECRET_HASH was not received"},
		{[]string{"SECRET_HASH", "x"}, "Unable to verify secret hash for client " + q.client},
	} {
		p := *q
		p.secret = "" // so that params adds no hash
		in := p.params("ada", append([]string{"SRP_A", "12"}, tt.hash...)...)
		if a := q.initiate("USER_SRP_AUTH", in); a.Message != tt.want {
			t.Errorf("message = %q, want %q", a.Message, tt.want)
		}
	}
}

func TestSignInRefusesProof(t *testing.T) {
	p := newPeer(t, Example())
	const (
		no        = "NotAuthorizedException"
		parameter = "InvalidParameterException"
	)
	set := func(name, value string) func(e *srpClient, challenge, c params) {
		return func(_ *srpClient, _, c params) { c[name] = value }
	}
	without := func(name string) func(e *srpClient, challenge, c params) {
		return func(_ *srpClient, _, c params) { delete(c, name) }
	}
	edit := func(name string, f func(string) string) func(e *srpClient, challenge, c params) {
		return func(_ *srpClient, _, c params) { c[name] = f(c[name]) }
	}
	signed := func(pool, user, password string) func(e *srpClient, challenge, c params) {
		return func(e *srpClient, challenge, c params) {
			c["PASSWORD_CLAIM_SIGNATURE"] =
				e.signature(pool, user, password, challenge, c["TIMESTAMP"])
		}
	}
	const (
		signature = "PASSWORD_CLAIM_SIGNATURE"
		block     = "PASSWORD_CLAIM_SECRET_BLOCK"
		pool      = "EXAMPLE00"
	)
	earlier := timestamp(time.Now().Add(-3 * time.Second))
	for _, tt := range []struct {
		name  string
		spoil func(e *srpClient, challenge, c params)
		code  string
	}{
		{"nothing", func(_ *srpClient, _, _ params) {}, ""},
		{"signature", edit(signature, changeFirst), no},
		{"signature truncated", edit(signature, func(s string) string { return s[:40] }), no},
		{"signature not base64", set(signature, "!"), no},
		{"signature missing", without(signature), parameter},
		{"block of another server", set(block, "AAAA"), no},
		{"block re-encoded", edit(block, func(s string) string {
			return strings.TrimRight(s, "=") + " "
		}), no},
		{"block missing", without(block), parameter},
		{"timestamp missing", without("TIMESTAMP"), parameter},
		{"timestamp differs from the signed one", set("TIMESTAMP", earlier), no},
		{"user missing", without("USERNAME"), parameter},
		{"another user", set("USERNAME", ExampleNewUser), no},
		{"unknown user", set("USERNAME", "nobody"), no},
		{"alias", set("USERNAME", ExampleEmail), ""},
		{"typed name hashed", signed(pool, ExampleEmail, ExamplePassword), no},
		{"whole pool ID", signed(ExampleUserPoolID, ExampleUser, ExamplePassword), no},
		{"wrong password", signed(pool, ExampleUser, ExamplePassword+"!"), no},
		{"empty password", signed(pool, ExampleUser, ""), no},
		{"hash for a public client", set("SECRET_HASH", "AAAA"), no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newSRPClient()
			challenge := p.start(e, ExampleUser)
			c := p.claim(e, challenge, ExamplePassword, timestamp(time.Now()))
			tt.spoil(e, challenge, c)
			a := p.respond("PASSWORD_VERIFIER", c)
			a.want(t, tt.code)
			if a.Code == no && c["SECRET_HASH"] == "" &&
				a.Message != "Incorrect username or password." {
				t.Errorf("message = %q, which reveals the reason", a.Message)
			}
		})
	}
	for _, stamp := range []string{
		"Sat Sep 05 15:04:05 UTC 2026",
		"Sun Sep 5 15:04:05 UTC 2026",
		"Sat Sep 5 15:04:05 UTC 2026",
		time.Now().UTC().Format(time.RFC3339),
		timestamp(time.Now().Add(time.Hour)),
	} {
		t.Run("invalid timestamp, correctly signed: "+stamp, func(t *testing.T) {
			e := newSRPClient()
			claim := p.claim(e, p.start(e, ExampleUser), ExamplePassword, stamp)
			p.respond("PASSWORD_VERIFIER", claim).want(t, no)
		})
	}
	t.Run("block used twice", func(t *testing.T) {
		e := newSRPClient()
		c := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
		p.respond("PASSWORD_VERIFIER", c).want(t, "")
		p.respond("PASSWORD_VERIFIER", c).want(t, no)
	})
	t.Run("block used up by a wrong password", func(t *testing.T) {
		e := newSRPClient()
		challenge := p.start(e, ExampleUser)
		for _, password := range []string{"wrong", ExamplePassword} {
			c := p.claim(e, challenge, password, timestamp(time.Now()))
			p.respond("PASSWORD_VERIFIER", c).want(t, no)
		}
	})
	t.Run("block of another exchange", func(t *testing.T) {
		e := newSRPClient()
		first, second := p.start(e, ExampleUser), p.start(e, ExampleUser)
		first["SECRET_BLOCK"] = second["SECRET_BLOCK"]
		c := p.claim(e, first, ExamplePassword, timestamp(time.Now()))
		p.respond("PASSWORD_VERIFIER", c).want(t, no)
	})
	t.Run("block of another client", func(t *testing.T) {
		e, q := newSRPClient(), p.withSecret()
		c := q.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
		q.respond("PASSWORD_VERIFIER", c).want(t, no)
	})
	q := p.withSecret()
	for _, tt := range []struct{ name, hash string }{
		{"hash missing", ""},
		{"hash wrong", "AAAA"},
		{"hash over the alias", q.secretHash(ExampleEmail)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newSRPClient()
			c := q.claim(e, q.start(e, ExampleEmail), ExamplePassword, timestamp(time.Now()))
			c["SECRET_HASH"] = tt.hash
			q.respond("PASSWORD_VERIFIER", c).want(t, no)
		})
	}
	t.Run("Session that was not issued", func(t *testing.T) {
		e := newSRPClient()
		c := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
		p.respondWith("PASSWORD_VERIFIER", strings.Repeat("x", 40), c).want(t, no)
		p.respond("PASSWORD_VERIFIER", c).want(t, "")
	})
	t.Run("other challenges", func(t *testing.T) {
		in := p.params("ada", "NEW_PASSWORD", "12345678")
		p.respond("SMS_MFA", in).want(t, parameter)
		p.respond("nonsense", in).want(t, parameter)
		p.respond("", in).want(t, parameter)
		p.respond("NEW_PASSWORD_REQUIRED", in).want(t, no)
	})
}

func TestSecretBlockExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, _ *User) {
			pool.Clients[1].AuthSessionValidity = 15 * time.Minute
		})
		for _, tt := range []struct {
			peer *peer
			wait time.Duration
			code string
		}{
			{p, 3*time.Minute - time.Second, ""},
			{p, 3 * time.Minute, "NotAuthorizedException"},
			{p.withSecret(), 15*time.Minute - time.Second, ""},
			{p.withSecret(), 15 * time.Minute, "NotAuthorizedException"},
		} {
			e := newSRPClient()
			challenge := tt.peer.start(e, ExampleUser)
			time.Sleep(tt.wait)
			claim := tt.peer.claim(e, challenge, ExamplePassword, timestamp(time.Now()))
			tt.peer.respond("PASSWORD_VERIFIER", claim).want(t, tt.code)
		}
	})
}

func TestSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, Example())
		a := p.signIn(ExampleNewUser, ExamplePassword).wantChallenge(t, "NEW_PASSWORD_REQUIRED")
		time.Sleep(3 * time.Minute)
		p.reply(a, "NEW_PASSWORD", "another-Horse-8").want(t, "NotAuthorizedException")
	})
}

// A response without a required member is refused.
func TestChallengesRequireResponses(t *testing.T) {
	p := newPeer(t, Example())
	for name, challenge := range challenges {
		for _, required := range strings.Fields(challenge.required) {
			in := p.params(ExampleUser)
			for _, other := range strings.Fields(challenge.required) {
				in[other] = "x"
			}
			delete(in, required)
			want := "Missing required parameter " + required
			if a := p.respond(name, in); a.Message != want {
				t.Errorf("%s without %s: message = %q, want %q", name, required, a.Message, want)
			}
		}
	}
}
