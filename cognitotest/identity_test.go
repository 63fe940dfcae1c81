package cognitotest

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const exampleProvider = "cognito-idp.us-east-1.amazonaws.com/" + ExampleUserPoolID

// getID answers the identity ID of logins.
func (p *peer) getID(logins map[string]string) answer {
	p.t.Helper()
	body := m{"IdentityPoolId": ExampleIdentityPoolID}
	if logins != nil {
		body["Logins"] = logins
	}
	return p.identity("GetId", body)
}

func login(token string) map[string]string { return map[string]string{exampleProvider: token} }

func openIDToken(p *peer, idToken string) string {
	id := p.getID(login(idToken)).IdentityId
	return p.identity("GetOpenIdToken", m{"IdentityId": id, "Logins": login(idToken)}).Token
}

func TestGetID(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	r := p.mustSignIn().AuthenticationResult
	first, again := p.getID(login(r.IdToken)), p.getID(login(p.mustSignIn().AuthenticationResult.IdToken))
	first.want(t, "")
	if first.IdentityId == "" || first.IdentityId != again.IdentityId || !strings.HasPrefix(first.IdentityId, "us-east-1:") || len(first.IdentityId) != 46 {
		t.Errorf("identity %q, then %q", first.IdentityId, again.IdentityId)
	}
	if other := newPeer(t, Example()); other.getID(login(other.mustSignIn().AuthenticationResult.IdToken)).IdentityId != first.IdentityId {
		t.Error("identity of the same user differs on another server")
	}
	guest, another := p.getID(nil), p.getID(nil)
	guest.want(t, "")
	if guest.IdentityId == another.IdentityId || guest.IdentityId == first.IdentityId {
		t.Errorf("guests %q and %q", guest.IdentityId, another.IdentityId)
	}

	const no = "NotAuthorizedException"
	for name, tt := range map[string]struct {
		body          m
		code, message string
	}{
		"no pool":         {m{}, "InvalidParameterException", ""},
		"unknown pool":    {m{"IdentityPoolId": "us-east-1:0"}, "ResourceNotFoundException", "IdentityPool 'us-east-1:0' not found."},
		"access token":    {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": login(r.AccessToken)}, no, "Invalid login token. Missing a required claim: aud"},
		"no token":        {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": login("x")}, no, "Invalid login token. Not a valid OpenId Connect identity token."},
		"https in key":    {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{"https://" + exampleProvider: r.IdToken}}, no, "Invalid login token. Issuer doesn't match providerName"},
		"pool ID as key":  {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{ExampleUserPoolID: r.IdToken}}, no, "Invalid login token. Issuer doesn't match providerName"},
		"other partition": {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{"cognito-idp.us-east-1.amazonaws.com.cn/" + ExampleUserPoolID: r.IdToken}}, no, "Invalid login token. Issuer doesn't match providerName"},
		"social key":      {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{"accounts.google.com": r.IdToken}}, no, "Invalid login token. Issuer doesn't match providerName"},
		"two logins":      {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": m{exampleProvider: r.IdToken, "accounts.google.com": "x"}}, "InvalidParameterException", ""},
		"logins a list":   {m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": []string{r.IdToken}}, "SerializationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.identity("GetId", tt.body)
			a.want(t, tt.code)
			if tt.message != "" && a.Message != tt.message {
				t.Errorf("message %q, want %q", a.Message, tt.message)
			}
		})
	}
	p.post("https://cognito-identity.eu-west-1.amazonaws.com/", targetIdentity+"GetId", m{"IdentityPoolId": ExampleIdentityPoolID}).want(t, "ResourceNotFoundException")
	t.Run("pool of others", func(t *testing.T) {
		s := Example()
		s.IdentityPools[0].ClientIDs, s.IdentityPools[0].AllowGuests = []string{ExampleSecretClientID}, false
		p := newPeer(t, s)
		a := p.getID(login(p.mustSignIn().AuthenticationResult.IdToken))
		if a.want(t, no); a.Message != "Token is not from a supported provider of this identity pool." {
			t.Errorf("message %q", a.Message)
		}
		a = p.getID(nil)
		if a.want(t, no); a.Message != "Unauthenticated access is not supported for this identity pool." {
			t.Errorf("message %q", a.Message)
		}
		a = p.getID(map[string]string{})
		a.want(t, no)
	})
}

func TestLoginTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, Example())
		token := p.mustSignIn().AuthenticationResult.IdToken
		id := p.getID(login(token)).IdentityId
		time.Sleep(time.Hour - time.Second)
		p.getID(login(token)).want(t, "")
		time.Sleep(time.Second)
		p.getID(login(token)).want(t, "NotAuthorizedException")
		p.identity("GetCredentialsForIdentity", m{"IdentityId": id, "Logins": login(token)}).want(t, "NotAuthorizedException")
		p.identity("GetOpenIdToken", m{"IdentityId": id, "Logins": login(token)}).want(t, "NotAuthorizedException")
	})
}

func TestGetCredentialsForIdentity(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	token := p.mustSignIn().AuthenticationResult.IdToken
	id, guest := p.getID(login(token)).IdentityId, p.getID(nil).IdentityId
	credentials := func(body m) answer { return p.identity("GetCredentialsForIdentity", body) }
	roleOf := func(a answer) string {
		t.Helper()
		a.want(t, "")
		issued, ok := s.credentials(a.Credentials.AccessKeyId)
		if !ok || issued.secretAccessKey != a.Credentials.SecretKey || issued.sessionToken != a.Credentials.SessionToken {
			t.Fatalf("credentials are not those on record")
		}
		return issued.principal.roleARN
	}
	for name, tt := range map[string]struct {
		body m
		role string
	}{
		"user":                       {m{"IdentityId": id, "Logins": login(token)}, ExampleRoleARN},
		"guest":                      {m{"IdentityId": guest}, ExampleGuestRoleARN},
		"custom role":                {m{"IdentityId": id, "Logins": login(token), "CustomRoleArn": ExampleAdminRoleARN}, ExampleAdminRoleARN},
		"custom role is the default": {m{"IdentityId": id, "Logins": login(token), "CustomRoleArn": ExampleRoleARN}, ExampleRoleARN},
	} {
		t.Run(name, func(t *testing.T) {
			a := credentials(tt.body)
			if role := roleOf(a); role != tt.role {
				t.Errorf("role %s, want %s", role, tt.role)
			}
			if a.IdentityId != tt.body["IdentityId"] || !strings.HasPrefix(a.Credentials.AccessKeyId, "ASIA") || len(a.Credentials.AccessKeyId) != 20 || len(a.Credentials.SecretKey) != 40 {
				t.Errorf("answer: %s for %s", a.Credentials.AccessKeyId, a.IdentityId)
			}
			expires, err := strconv.ParseFloat(string(a.Credentials.Expiration), 64)
			if left := time.Until(time.Unix(int64(expires), 0)); err != nil || left < 59*time.Minute || left > time.Hour {
				t.Errorf("Expiration %s: %v left, %v", a.Credentials.Expiration, left, err)
			}
			if _, err := a.Credentials.Expiration.Int64(); err == nil {
				t.Errorf("Expiration %s is an integer", a.Credentials.Expiration)
			}
		})
	}
	const no = "NotAuthorizedException"
	for name, tt := range map[string]struct {
		body m
		code string
	}{
		"no identity":             {m{"Logins": login(token)}, "InvalidParameterException"},
		"unknown identity":        {m{"IdentityId": "us-east-1:0", "Logins": login(token)}, "ResourceNotFoundException"},
		"login missing":           {m{"IdentityId": id}, no},
		"guest's with a login":    {m{"IdentityId": guest, "Logins": login(token)}, no},
		"role of no one":          {m{"IdentityId": id, "Logins": login(token), "CustomRoleArn": "arn:aws:iam::123456789012:role/root"}, no},
		"guest chooses a role":    {m{"IdentityId": guest, "CustomRoleArn": ExampleRoleARN}, no},
		"wrong key":               {m{"IdentityId": id, "Logins": m{"x": token}}, no},
		"another user's identity": {m{"IdentityId": id, "Logins": login(p.initiateNew())}, no},
	} {
		t.Run(name, func(t *testing.T) { credentials(tt.body).want(t, tt.code) })
	}
	t.Run("roles of the pool", func(t *testing.T) {
		for _, tt := range []struct {
			change func(*IdentityPool, *User)
			role   string // empty: refused
		}{
			{func(p *IdentityPool, u *User) { p.AuthenticatedRole = "" }, ""},
			{func(p *IdentityPool, u *User) { p.RolesFromToken = true; u.Roles = []string{ExampleAdminRoleARN} }, ExampleAdminRoleARN},
			{func(p *IdentityPool, u *User) { p.RolesFromToken = true; u.Roles = nil }, ExampleRoleARN},
		} {
			s := Example()
			tt.change(&s.IdentityPools[0], &s.UserPools[0].Users[0])
			p := newPeer(t, s)
			token := p.mustSignIn().AuthenticationResult.IdToken
			a := p.identity("GetCredentialsForIdentity", m{"IdentityId": p.getID(login(token)).IdentityId, "Logins": login(token)})
			if tt.role == "" {
				a.want(t, "InvalidIdentityPoolConfigurationException")
			} else if issued, _ := s.credentials(a.Credentials.AccessKeyId); issued.principal.roleARN != tt.role {
				t.Errorf("role %q, want %q", issued.principal.roleARN, tt.role)
			}
		}
	})
}

// initiateNew answers the ID token of ExampleNewUser.
func (p *peer) initiateNew() string {
	p.t.Helper()
	a := p.signIn(ExampleNewUser, ExamplePassword)
	a = p.idp("RespondToAuthChallenge", m{"ClientId": p.client, "ChallengeName": a.ChallengeName, "Session": a.Session,
		"ChallengeResponses": p.params(ExampleNewUser, "NEW_PASSWORD", "another-Horse-8")})
	a.want(p.t, "")
	return a.AuthenticationResult.IdToken
}

func TestGetOpenIDToken(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	token := p.mustSignIn().AuthenticationResult.IdToken
	id, guest := p.getID(login(token)).IdentityId, p.getID(nil).IdentityId
	sub := payload(t, token)["sub"].(string)
	for _, tt := range []struct {
		body m
		amr  string
	}{
		{m{"IdentityId": id, "Logins": login(token)}, "authenticated " + exampleProvider + " " + exampleProvider + ":CognitoSignIn:" + sub},
		{m{"IdentityId": guest}, "unauthenticated"},
	} {
		a := p.identity("GetOpenIdToken", tt.body)
		a.want(t, "")
		c, err := s.verifyToken(a.Token)
		if err != nil {
			t.Fatal(err)
		}
		if c.text("iss") != "https://cognito-identity.amazonaws.com" || c.text("aud") != ExampleIdentityPoolID ||
			c.text("sub") != tt.body["IdentityId"] || strings.Join(c.texts("amr"), " ") != tt.amr || c["exp"].(float64)-c["iat"].(float64) != 600 {
			t.Errorf("claims: %v", c)
		}
		if a.IdentityId != tt.body["IdentityId"] {
			t.Errorf("IdentityId %q", a.IdentityId)
		}
	}
	p.identity("GetOpenIdToken", m{"IdentityId": id}).want(t, "NotAuthorizedException")
	p.identity("GetOpenIdToken", m{"IdentityId": "us-east-1:0"}).want(t, "ResourceNotFoundException")

	s = Example()
	s.IdentityPools[0].AllowClassicFlow = false
	p = newPeer(t, s)
	a := p.identity("GetOpenIdToken", m{"IdentityId": p.getID(nil).IdentityId})
	if a.want(t, "InvalidParameterException"); a.Message != "Basic (classic) flow is not enabled, please use enhanced flow." {
		t.Errorf("message %q", a.Message)
	}
}

func TestJavaSeconds(t *testing.T) {
	for seconds, want := range map[int64]string{1699168089: "1.699168089E9", 1700000000: "1.7E9", 1442877512: "1.442877512E9"} {
		got := javaSeconds(time.Unix(seconds, 0))
		var back float64
		if err := json.Unmarshal(got, &back); err != nil || string(got) != want || int64(back) != seconds {
			t.Errorf("javaSeconds(%d) = %s, want %s; read back %v, %v", seconds, got, want, back, err)
		}
	}
}
