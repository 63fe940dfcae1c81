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

// login returns the Logins of an ID token.
func login(token string) params { return params{exampleProvider: token} }

// getID calls GetId. If logins is nil, it sends none.
func (p *peer) getID(logins params) response {
	p.t.Helper()
	body := object{"IdentityPoolId": ExampleIdentityPoolID}
	if logins != nil {
		body["Logins"] = logins
	}
	return p.identity("GetId", body)
}

func (p *peer) credentials(id string, logins params) response {
	p.t.Helper()
	return p.identity("GetCredentialsForIdentity", object{"IdentityId": id, "Logins": logins})
}

func (p *peer) openIDToken(id string, logins params) response {
	p.t.Helper()
	return p.identity("GetOpenIdToken", object{"IdentityId": id, "Logins": logins})
}

// openIDToken returns the token of GetOpenIdToken for an ID token.
func openIDToken(p *peer, idToken string) string {
	p.t.Helper()
	return p.openIDToken(p.getID(login(idToken)).IdentityId, login(idToken)).Token
}

func (p *peer) idToken() string {
	p.t.Helper()
	return p.mustSignIn().AuthenticationResult.IdToken
}

// newUserToken returns the ID token of ExampleNewUser.
func (p *peer) newUserToken() string {
	p.t.Helper()
	a := p.signIn(ExampleNewUser, ExamplePassword)
	a = p.reply(a, "NEW_PASSWORD", newPassword).wantTokens(p.t)
	return a.AuthenticationResult.IdToken
}

func TestGetID(t *testing.T) {
	p := newPeer(t, Example())
	first, again := p.getID(login(p.idToken())), p.getID(login(p.idToken()))
	first.want(t, "")
	if first.IdentityId != again.IdentityId || len(first.IdentityId) != 46 ||
		!strings.HasPrefix(first.IdentityId, "us-east-1:") {
		t.Errorf("IdentityId = %q, then %q", first.IdentityId, again.IdentityId)
	}
	other := newPeer(t, Example())
	if got := other.getID(login(other.idToken())).IdentityId; got != first.IdentityId {
		t.Errorf("IdentityId on another server = %q, want %q", got, first.IdentityId)
	}
	guest, another := p.getID(nil), p.getID(nil)
	guest.want(t, "")
	if guest.IdentityId == another.IdentityId || guest.IdentityId == first.IdentityId {
		t.Errorf("IdentityId of guests = %q and %q", guest.IdentityId, another.IdentityId)
	}
}

func TestGetIDRefuses(t *testing.T) {
	p := newPeer(t, Example())
	r := p.mustSignIn().AuthenticationResult
	id := r.IdToken
	const (
		no       = "NotAuthorizedException"
		provider = "Invalid login token. Issuer doesn't match providerName"
		form     = "Invalid login token. Not a valid OpenId Connect identity token."
		aud      = "Invalid login token. Missing a required claim: aud"
		chinese  = "cognito-idp.us-east-1.amazonaws.com.cn/" + ExampleUserPoolID
		google   = "accounts.google.com"
	)
	for _, tt := range []struct {
		name          string
		logins        any
		code, message string
	}{
		{"access token", login(r.AccessToken), no, aud},
		{"no token", login("x"), no, form},
		{"https in key", params{"https://" + exampleProvider: id}, no, provider},
		{"pool ID as key", params{ExampleUserPoolID: id}, no, provider},
		{"other partition", params{chinese: id}, no, provider},
		{"social key", params{google: id}, no, provider},
		{"two logins", params{exampleProvider: id, google: "x"}, "InvalidParameterException",
			"cognitotest supports one login"},
		{"list", []string{id}, "SerializationException", "Logins has the wrong JSON type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := object{"IdentityPoolId": ExampleIdentityPoolID, "Logins": tt.logins}
			a := p.identity("GetId", body)
			if a.want(t, tt.code); a.Message != tt.message {
				t.Errorf("message = %q, want %q", a.Message, tt.message)
			}
		})
	}
	t.Run("identity pool", func(t *testing.T) {
		p.identity("GetId", object{}).want(t, "InvalidParameterException")
		a := p.identity("GetId", object{"IdentityPoolId": "us-east-1:0"})
		a.want(t, "ResourceNotFoundException")
		if want := "IdentityPool 'us-east-1:0' not found."; a.Message != want {
			t.Errorf("message = %q, want %q", a.Message, want)
		}
		p.post("https://cognito-identity.eu-west-1.amazonaws.com/",
			"AWSCognitoIdentityService.GetId",
			object{"IdentityPoolId": ExampleIdentityPoolID}).want(t, "ResourceNotFoundException")
	})
	t.Run("identity pool of other clients", func(t *testing.T) {
		s := Example()
		s.IdentityPools[0].ClientIDs = []string{ExampleSecretClientID}
		s.IdentityPools[0].AllowGuests = false
		p := newPeer(t, s)
		const (
			client = "Token is not from a supported provider of this identity pool."
			guest  = "Unauthenticated access is not supported for this identity pool."
		)
		for _, tt := range []struct {
			logins params
			want   string
		}{
			{login(p.idToken()), client},
			{nil, guest},
			{params{}, guest},
		} {
			a := p.getID(tt.logins)
			if a.want(t, no); a.Message != tt.want {
				t.Errorf("message = %q, want %q", a.Message, tt.want)
			}
		}
	})
}

func TestLoginTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, Example())
		logins := login(p.idToken())
		id := p.getID(logins).IdentityId
		time.Sleep(time.Hour - time.Second)
		p.getID(logins).want(t, "")
		time.Sleep(time.Second)
		p.getID(logins).want(t, "NotAuthorizedException")
		p.credentials(id, logins).want(t, "NotAuthorizedException")
		p.openIDToken(id, logins).want(t, "NotAuthorizedException")
	})
}

func TestGetCredentialsForIdentity(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	logins := login(p.idToken())
	id, guest := p.getID(logins).IdentityId, p.getID(nil).IdentityId
	otherLogins := login(p.newUserToken())
	const (
		no       = "NotAuthorizedException"
		rootRole = "arn:aws:iam::123456789012:role/root"
	)
	for _, tt := range []struct {
		name   string
		id     string
		logins params
		custom string // CustomRoleArn
		want   string // the role, or an error code
	}{
		{"user", id, logins, "", ExampleRoleARN},
		{"guest", guest, nil, "", ExampleGuestRoleARN},
		{"custom role", id, logins, ExampleAdminRoleARN, ExampleAdminRoleARN},
		{"custom role is the default", id, logins, ExampleRoleARN, ExampleRoleARN},
		{"unknown identity", "us-east-1:0", logins, "", "ResourceNotFoundException"},
		{"login missing", id, nil, "", no},
		{"guest's identity with a login", guest, logins, "", no},
		{"custom role of other users", id, logins, rootRole, no},
		{"guest chooses a role", guest, nil, ExampleRoleARN, no},
		{"wrong key", id, params{"x": logins[exampleProvider]}, "", no},
		{"another user's identity", id, otherLogins, "", no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := object{"IdentityId": tt.id, "Logins": tt.logins}
			if tt.custom != "" {
				body["CustomRoleArn"] = tt.custom
			}
			a := p.identity("GetCredentialsForIdentity", body)
			if !strings.HasPrefix(tt.want, "arn:") {
				a.want(t, tt.want)
				return
			}
			a.want(t, "")
			if got := issuedRole(t, s, a); got != tt.want || a.IdentityId != tt.id {
				t.Errorf("role = %s of %s, want %s", got, a.IdentityId, tt.want)
			}
			c := a.Credentials
			expires, err := strconv.ParseFloat(string(c.Expiration), 64)
			left := time.Until(time.Unix(int64(expires), 0))
			if err != nil || left < 59*time.Minute || left > time.Hour {
				t.Errorf("Expiration = %s, in %v, %v", c.Expiration, left, err)
			}
			if _, err := c.Expiration.Int64(); err == nil {
				t.Errorf("Expiration = %s, want a number that is not an integer", c.Expiration)
			}
		})
	}
	p.identity("GetCredentialsForIdentity", object{"Logins": logins}).
		want(t, "InvalidParameterException")
}

// issuedRole returns the role of the credentials in a, which must be those that s issued.
func issuedRole(t *testing.T, s *Server, a response) string {
	t.Helper()
	c := a.Credentials
	issued, ok := s.issued.get(c.AccessKeyId)
	if !ok || issued.secretAccessKey != c.SecretKey || issued.sessionToken != c.SessionToken {
		t.Fatal("the credentials differ from the issued ones")
	}
	if !strings.HasPrefix(c.AccessKeyId, "ASIA") || len(c.AccessKeyId) != 20 ||
		len(c.SecretKey) != 40 {
		t.Errorf("AccessKeyId = %s, SecretKey has %d characters", c.AccessKeyId, len(c.SecretKey))
	}
	return issued.principal.roleARN
}

func TestRoleOfIdentity(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*IdentityPool, *User)
		role   string // empty: refused
	}{
		{"no role", func(p *IdentityPool, _ *User) { p.AuthenticatedRole = "" }, ""},
		{"role of the token", func(p *IdentityPool, u *User) {
			p.RolesFromToken = true
			u.Roles = []string{ExampleAdminRoleARN}
		}, ExampleAdminRoleARN},
		{"no role in the token", func(p *IdentityPool, u *User) {
			p.RolesFromToken = true
			u.Roles = nil
		}, ExampleRoleARN},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Example()
			tt.change(&s.IdentityPools[0], &s.UserPools[0].Users[0])
			p := newPeer(t, s)
			logins := login(p.idToken())
			a := p.credentials(p.getID(logins).IdentityId, logins)
			if tt.role == "" {
				a.want(t, "InvalidIdentityPoolConfigurationException")
			} else if got := issuedRole(t, s, a); got != tt.role {
				t.Errorf("role = %q, want %q", got, tt.role)
			}
		})
	}
}

func TestGetOpenIDToken(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	token := p.idToken()
	logins := login(token)
	id, guest := p.getID(logins).IdentityId, p.getID(nil).IdentityId
	sub := payload(t, token).text("sub")
	for _, tt := range []struct {
		id     string
		logins params
		amr    string
	}{
		{id, logins, "authenticated " + exampleProvider + " " +
			exampleProvider + ":CognitoSignIn:" + sub},
		{guest, nil, "unauthenticated"},
	} {
		a := p.openIDToken(tt.id, tt.logins)
		a.want(t, "")
		c, err := s.verifyToken(a.Token)
		if err != nil {
			t.Fatal(err)
		}
		wantClaims(t, "OpenID token", c, claims{
			"iss": "https://cognito-identity.amazonaws.com",
			"aud": ExampleIdentityPoolID,
			"sub": tt.id,
			"exp": c["iat"].(float64) + 600,
		})
		if got := strings.Join(c.texts("amr"), " "); got != tt.amr {
			t.Errorf("amr = %s, want %s", got, tt.amr)
		}
		if a.IdentityId != tt.id {
			t.Errorf("IdentityId = %q, want %q", a.IdentityId, tt.id)
		}
	}
	p.openIDToken(id, nil).want(t, "NotAuthorizedException")
	p.openIDToken("us-east-1:0", nil).want(t, "ResourceNotFoundException")

	s = Example()
	s.IdentityPools[0].AllowClassicFlow = false
	p = newPeer(t, s)
	a := p.openIDToken(p.getID(nil).IdentityId, nil)
	a.want(t, "InvalidParameterException")
	want := "Basic (classic) flow is not enabled, please use enhanced flow."
	if a.Message != want {
		t.Errorf("message = %q, want %q", a.Message, want)
	}
}

func TestJavaSeconds(t *testing.T) {
	for _, tt := range []struct {
		seconds int64
		want    string
	}{
		{1699168089, "1.699168089E9"},
		{1700000000, "1.7E9"},
		{1442877512, "1.442877512E9"},
	} {
		got := javaSeconds(time.Unix(tt.seconds, 0))
		var decoded float64
		err := json.Unmarshal(got, &decoded)
		if err != nil || string(got) != tt.want || int64(decoded) != tt.seconds {
			t.Errorf("javaSeconds(%d) = %s, want %s; decoded = %v, %v",
				tt.seconds, got, tt.want, decoded, err)
		}
	}
}
