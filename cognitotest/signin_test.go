package cognitotest

import (
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSignIn(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	for name, tt := range map[string]struct {
		peer *peer
		user string
	}{
		"name":              {p, ExampleUser},
		"alias":             {p, ExampleEmail},
		"secret":            {p.withSecret(), ExampleUser},
		"alias with secret": {p.withSecret(), ExampleEmail},
	} {
		t.Run(name, func(t *testing.T) {
			e := newProof()
			challenge := tt.peer.start(e, tt.user)
			if challenge["USER_ID_FOR_SRP"] != ExampleUser || challenge["USERNAME"] != ExampleUser {
				t.Errorf("challenge is for %q, %q; want the user's name", challenge["USER_ID_FOR_SRP"], challenge["USERNAME"])
			}
			a := tt.peer.respond("PASSWORD_VERIFIER", tt.peer.claim(e, challenge, ExamplePassword, timestamp(time.Now())))
			a.want(t, "")
			r := a.AuthenticationResult
			if r.TokenType != "Bearer" || r.ExpiresIn != 3600 || r.RefreshToken == "" || a.ChallengeName != "" {
				t.Errorf("answer: %+v", a)
			}
			id, access := payload(t, r.IdToken), payload(t, r.AccessToken)
			for key, want := range map[string]any{
				"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "aud": tt.peer.client,
				"token_use": "id", "cognito:username": ExampleUser, "email": ExampleEmail, "email_verified": true,
				"sub": access["sub"], "auth_time": access["auth_time"], "origin_jti": access["origin_jti"],
				"cognito:preferred_role": ExampleRoleARN, "client_id": nil, "exp": id["iat"].(float64) + 3600,
			} {
				if id[key] != want {
					t.Errorf("ID token: %s = %v, want %v", key, id[key], want)
				}
			}
			for key, want := range map[string]any{
				"iss": id["iss"], "client_id": tt.peer.client, "token_use": "access", "username": ExampleUser,
				"scope": "aws.cognito.signin.user.admin", "aud": nil, "email": nil,
			} {
				if access[key] != want {
					t.Errorf("access token: %s = %v, want %v", key, access[key], want)
				}
			}
			if id["jti"] == access["jti"] || id["jti"] == nil || id["event_id"] == nil {
				t.Errorf("jti %v and %v, event_id %v", id["jti"], access["jti"], id["event_id"])
			}
		})
	}
	t.Run("no Session", func(t *testing.T) { // AWS gives none with USER_SRP_AUTH
		if a := p.initiate("USER_SRP_AUTH", p.params(ExampleUser, "SRP_A", newProof().A.Text(16))); a.Session != nil {
			t.Errorf("Session %q", *a.Session)
		}
	})
	t.Run("password", func(t *testing.T) {
		for _, user := range []string{ExampleUser, ExampleEmail} {
			p.initiate("USER_PASSWORD_AUTH", p.params(user, "PASSWORD", ExamplePassword)).want(t, "")
		}
	})
}

func TestSignInRefusesInitiateAuth(t *testing.T) {
	s := Example()
	p, q := newPeer(t, s), newPeer(t, s).withSecret()
	n := modulus()
	const good = "1234abcd"
	for name, tt := range map[string]struct {
		peer   *peer
		flow   string
		params map[string]string
		code   string
	}{
		"unknown user":               {p, "USER_SRP_AUTH", p.params("nobody", "SRP_A", good), "UserNotFoundException"},
		"sub as user":                {p, "USER_SRP_AUTH", p.params(stableUUID("sub", ExampleUserPoolID, "ada"), "SRP_A", good), "UserNotFoundException"},
		"other case":                 {p, "USER_SRP_AUTH", p.params("Ada", "SRP_A", good), "UserNotFoundException"},
		"A = 0":                      {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", "0"), "InvalidParameterException"},
		"A = N":                      {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", n.Text(16)), "InvalidParameterException"},
		"A = 2N":                     {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", new(big.Int).Lsh(n, 1).Text(16)), "InvalidParameterException"},
		"A not hex":                  {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", "0xab"), "InvalidParameterException"},
		"A negative":                 {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", "-2"), "InvalidParameterException"},
		"A huge":                     {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", strings.Repeat("f", 100_000)), "InvalidParameterException"},
		"no A":                       {p, "USER_SRP_AUTH", p.params("ada"), "InvalidParameterException"},
		"no user":                    {p, "USER_SRP_AUTH", p.params("", "SRP_A", good), "InvalidParameterException"},
		"no parameters":              {p, "USER_SRP_AUTH", nil, "InvalidParameterException"},
		"hash missing":               {q, "USER_SRP_AUTH", p.params("ada", "SRP_A", good), "NotAuthorizedException"},
		"hash wrong":                 {q, "USER_SRP_AUTH", p.params("ada", "SRP_A", good, "SECRET_HASH", "AAAA"), "NotAuthorizedException"},
		"hash of the name for alias": {q, "USER_SRP_AUTH", p.params(ExampleEmail, "SRP_A", good, "SECRET_HASH", q.secretHash("ada")), "NotAuthorizedException"},
		"hash for a public client":   {p, "USER_SRP_AUTH", p.params("ada", "SRP_A", good, "SECRET_HASH", p.secretHash("ada")), "NotAuthorizedException"},
		"password wrong":             {p, "USER_PASSWORD_AUTH", p.params("ada", "PASSWORD", "wrong"), "NotAuthorizedException"},
		"password missing":           {p, "USER_PASSWORD_AUTH", p.params("ada"), "InvalidParameterException"},
		"password of no one":         {p, "USER_PASSWORD_AUTH", p.params("nobody", "PASSWORD", "wrong"), "UserNotFoundException"},
		"password, flow off":         {q, "USER_PASSWORD_AUTH", q.params("ada", "PASSWORD", ExamplePassword), "InvalidParameterException"},
		"custom":                     {p, "CUSTOM_AUTH", p.params("ada"), "InvalidParameterException"},
		"choice":                     {p, "USER_AUTH", p.params("ada"), "InvalidParameterException"},
		"admin":                      {p, "ADMIN_USER_PASSWORD_AUTH", p.params("ada", "PASSWORD", ExamplePassword), "InvalidParameterException"},
		"unknown flow":               {p, "user_srp_auth", p.params("ada", "SRP_A", good), "InvalidParameterException"},
		"no flow":                    {p, "", p.params("ada", "SRP_A", good), "InvalidParameterException"},
	} {
		t.Run(name, func(t *testing.T) { tt.peer.initiate(tt.flow, tt.params).want(t, tt.code) })
	}
	t.Run("unknown client", func(t *testing.T) {
		other := *p
		other.client = "nosuchclient"
		other.initiate("USER_SRP_AUTH", p.params("ada", "SRP_A", good)).want(t, "ResourceNotFoundException")
	})
	t.Run("other Region", func(t *testing.T) {
		a := p.post("https://cognito-idp.eu-west-1.amazonaws.com/", "AWSCognitoIdentityProviderService.InitiateAuth",
			m{"ClientId": p.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": p.params("ada", "SRP_A", good)})
		a.want(t, "ResourceNotFoundException")
	})
	t.Run("SRP off", func(t *testing.T) {
		s := Example()
		s.UserPools[0].Clients[0].ExplicitAuthFlows = []string{}
		p := newPeer(t, s)
		p.initiate("USER_SRP_AUTH", p.params("ada", "SRP_A", good)).want(t, "InvalidParameterException")
		p.initiate("REFRESH_TOKEN_AUTH", p.params("", "REFRESH_TOKEN", good)).want(t, "InvalidParameterException")
	})
	t.Run("unverified address is no alias", func(t *testing.T) {
		s := Example()
		s.UserPools[0].Users[0].Attributes["email_verified"] = "false"
		p := newPeer(t, s)
		p.initiate("USER_SRP_AUTH", p.params(ExampleEmail, "SRP_A", good)).want(t, "UserNotFoundException")
	})
}

// The texts by which users of AWS find help.
func TestSecretHashMessages(t *testing.T) {
	q := newPeer(t, Example()).withSecret()
	for want, params := range map[string]map[string]string{
		"Client " + q.client + " is configured with secret but SECRET_HASH was not received": {"USERNAME": "ada", "SRP_A": "12"},
		"Unable to verify secret hash for client " + q.client:                                {"USERNAME": "ada", "SRP_A": "12", "SECRET_HASH": "x"},
	} {
		if a := q.initiate("USER_SRP_AUTH", params); a.Message != want {
			t.Errorf("message %q, want %q", a.Message, want)
		}
	}
}

func TestSignInRefusesProof(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	type claim = map[string]string
	const no = "NotAuthorizedException"
	for name, tt := range map[string]struct {
		spoil func(e *proof, challenge, c claim)
		code  string
	}{
		"nothing": {func(e *proof, challenge, c claim) {}, ""},
		"signature": {func(e *proof, challenge, c claim) {
			c["PASSWORD_CLAIM_SIGNATURE"] = otherFirst(c["PASSWORD_CLAIM_SIGNATURE"])
		}, no},
		"signature cut": {func(e *proof, challenge, c claim) {
			c["PASSWORD_CLAIM_SIGNATURE"] = c["PASSWORD_CLAIM_SIGNATURE"][:40]
		}, no},
		"signature not base64": {func(e *proof, challenge, c claim) { c["PASSWORD_CLAIM_SIGNATURE"] = "!" }, no},
		"signature missing":    {func(e *proof, challenge, c claim) { delete(c, "PASSWORD_CLAIM_SIGNATURE") }, "InvalidParameterException"},
		"block of no one":      {func(e *proof, challenge, c claim) { c["PASSWORD_CLAIM_SECRET_BLOCK"] = "AAAA" }, no},
		"block re-encoded": {func(e *proof, challenge, c claim) {
			c["PASSWORD_CLAIM_SECRET_BLOCK"] = strings.TrimRight(c["PASSWORD_CLAIM_SECRET_BLOCK"], "=") + " "
		}, no},
		"block missing":     {func(e *proof, challenge, c claim) { delete(c, "PASSWORD_CLAIM_SECRET_BLOCK") }, "InvalidParameterException"},
		"timestamp missing": {func(e *proof, challenge, c claim) { delete(c, "TIMESTAMP") }, "InvalidParameterException"},
		"timestamp not the signed one": {func(e *proof, challenge, c claim) {
			c["TIMESTAMP"] = timestamp(time.Now().Add(-3 * time.Second))
		}, no},
		"user missing": {func(e *proof, challenge, c claim) { delete(c, "USERNAME") }, "InvalidParameterException"},
		"another user": {func(e *proof, challenge, c claim) { c["USERNAME"] = ExampleNewUser }, no},
		"unknown user": {func(e *proof, challenge, c claim) { c["USERNAME"] = "nobody" }, no},
		"alias":        {func(e *proof, challenge, c claim) { c["USERNAME"] = ExampleEmail }, ""},
		"typed name hashed": {func(e *proof, challenge, c claim) {
			challenge["USER_ID_FOR_SRP"] = ExampleEmail
			c["PASSWORD_CLAIM_SIGNATURE"] = e.signature("EXAMPLE00", ExampleEmail, ExamplePassword, challenge, c["TIMESTAMP"])
		}, no},
		"whole pool ID": {func(e *proof, challenge, c claim) {
			c["PASSWORD_CLAIM_SIGNATURE"] = e.signature(ExampleUserPoolID, ExampleUser, ExamplePassword, challenge, c["TIMESTAMP"])
		}, no},
		"wrong password": {func(e *proof, challenge, c claim) {
			c["PASSWORD_CLAIM_SIGNATURE"] = e.signature("EXAMPLE00", ExampleUser, ExamplePassword+"!", challenge, c["TIMESTAMP"])
		}, no},
		"empty password": {func(e *proof, challenge, c claim) {
			c["PASSWORD_CLAIM_SIGNATURE"] = e.signature("EXAMPLE00", ExampleUser, "", challenge, c["TIMESTAMP"])
		}, no},
		"hash for a public client": {func(e *proof, challenge, c claim) { c["SECRET_HASH"] = "AAAA" }, no},
	} {
		t.Run(name, func(t *testing.T) {
			e := newProof()
			challenge := p.start(e, ExampleUser)
			c := p.claim(e, challenge, ExamplePassword, timestamp(time.Now()))
			tt.spoil(e, challenge, c)
			a := p.respond("PASSWORD_VERIFIER", c)
			a.want(t, tt.code)
			if a.Code == no && !strings.Contains(name, "hash for") && a.Message != "Incorrect username or password." {
				t.Errorf("message %q tells what was wrong", a.Message)
			}
		})
	}
	for _, stamp := range []string{
		"Sat Sep 05 15:04:05 UTC 2026", "Sun Sep 5 15:04:05 UTC 2026", "Sat Sep 5 15:04:05 UTC 2026",
		time.Now().UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format("Mon Jan 2 15:04:05 UTC 2006"),
	} {
		t.Run(stamp, func(t *testing.T) { // properly signed, and no timestamp for Cognito
			e := newProof()
			p.respond("PASSWORD_VERIFIER", p.claim(e, p.start(e, ExampleUser), ExamplePassword, stamp)).want(t, no)
		})
	}
	t.Run("block used twice", func(t *testing.T) {
		e := newProof()
		c := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
		p.respond("PASSWORD_VERIFIER", c).want(t, "")
		p.respond("PASSWORD_VERIFIER", c).want(t, no)
	})
	t.Run("block used up by a wrong password", func(t *testing.T) {
		e := newProof()
		challenge := p.start(e, ExampleUser)
		p.respond("PASSWORD_VERIFIER", p.claim(e, challenge, "wrong", timestamp(time.Now()))).want(t, no)
		p.respond("PASSWORD_VERIFIER", p.claim(e, challenge, ExamplePassword, timestamp(time.Now()))).want(t, no)
	})
	t.Run("block of another exchange", func(t *testing.T) {
		e := newProof()
		first, second := p.start(e, ExampleUser), p.start(e, ExampleUser)
		first["SECRET_BLOCK"] = second["SECRET_BLOCK"]
		p.respond("PASSWORD_VERIFIER", p.claim(e, first, ExamplePassword, timestamp(time.Now()))).want(t, no)
	})
	t.Run("block of another client", func(t *testing.T) {
		e, q := newProof(), p.withSecret()
		challenge := p.start(e, ExampleUser)
		q.respond("PASSWORD_VERIFIER", q.claim(e, challenge, ExamplePassword, timestamp(time.Now()))).want(t, no)
	})
	t.Run("hash", func(t *testing.T) {
		q := p.withSecret()
		for name, hash := range map[string]string{"missing": "", "wrong": "AAAA", "over the alias": q.secretHash(ExampleEmail)} {
			e := newProof()
			c := q.claim(e, q.start(e, ExampleEmail), ExamplePassword, timestamp(time.Now()))
			c["SECRET_HASH"] = hash
			if a := q.respond("PASSWORD_VERIFIER", c); a.Code != no {
				t.Errorf("%s: %s", name, a.Code)
			}
		}
	})
	t.Run("Session", func(t *testing.T) { // none was given
		e := newProof()
		c := p.claim(e, p.start(e, ExampleUser), ExamplePassword, timestamp(time.Now()))
		body := m{"ClientId": p.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": c, "Session": strings.Repeat("x", 40)}
		p.idp("RespondToAuthChallenge", body).want(t, no)
		body["Session"] = nil
		p.idp("RespondToAuthChallenge", body).want(t, "")
	})
	t.Run("other challenges", func(t *testing.T) {
		for challenge, code := range map[string]string{
			"SMS_MFA": "InvalidParameterException", "nonsense": "InvalidParameterException", "": "InvalidParameterException",
			"NEW_PASSWORD_REQUIRED": no,
		} {
			p.respond(challenge, p.params("ada", "NEW_PASSWORD", "12345678")).want(t, code)
		}
	})
}

func TestSecretBlockExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		s.UserPools[0].Clients[1].AuthSessionValidity = 15 * time.Minute
		p := newPeer(t, s)
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
			e := newProof()
			challenge := tt.peer.start(e, ExampleUser)
			time.Sleep(tt.wait)
			tt.peer.respond("PASSWORD_VERIFIER", tt.peer.claim(e, challenge, ExamplePassword, timestamp(time.Now()))).want(t, tt.code)
		}
	})
}
