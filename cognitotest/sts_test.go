package cognitotest

import (
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stsResponse is a response of STS.
type stsResponse struct {
	status    int
	body      string
	XMLName   xml.Name
	RequestId string
	Error     struct{ Type, Code, Message string }
	Metadata  struct{ RequestId string } `xml:"ResponseMetadata"`
	Assumed   struct {
		SubjectFromWebIdentityToken string
		Audience                    string
		Provider                    string
		AssumedRoleUser             struct{ Arn, AssumedRoleId string }
		Credentials                 struct {
			AccessKeyId     string
			SecretAccessKey string
			SessionToken    string
			Expiration      string
		}
	} `xml:"AssumeRoleWithWebIdentityResult"`
	Caller struct{ Arn, UserId, Account string } `xml:"GetCallerIdentityResult"`
}

func (a stsResponse) want(t *testing.T, what string, status int, code string) {
	t.Helper()
	if a.status != status || a.Error.Code != code || code != "" && a.Error.Type != "Sender" {
		t.Errorf("%s: response = %d %q (%s), want %d %q",
			what, a.status, a.Error.Code, a.Error.Message, status, code)
	}
}

// credentials returns the credentials in a.
func (a stsResponse) credentials() *issuedCredentials {
	c := a.Assumed.Credentials
	return &issuedCredentials{
		accessKeyID:     c.AccessKeyId,
		secretAccessKey: c.SecretAccessKey,
		sessionToken:    c.SessionToken,
	}
}

// sts sends a request to STS.
func (p *peer) sts(r *http.Request) (a stsResponse) {
	p.t.Helper()
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := xml.Unmarshal(b, &a); err != nil || resp.Header.Get("Content-Type") != "text/xml" {
		p.t.Fatalf("Unmarshal: %v in %s", err, b)
	}
	id := a.RequestId + a.Metadata.RequestId
	if a.XMLName.Space != "https://sts.amazonaws.com/doc/2011-06-15/" || len(id) != 36 ||
		resp.Header.Get("x-amzn-RequestId") != id {
		p.t.Errorf("namespace or request ID is missing in %s", b)
	}
	a.status = resp.StatusCode
	a.body = string(b)
	return a
}

const stsURL = "https://sts.us-east-1.amazonaws.com/"

// postSTS sends a form to STS.
func (p *peer) postSTS(contentType, form string) stsResponse {
	p.t.Helper()
	r, err := http.NewRequest("POST", stsURL, strings.NewReader(form))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	return p.sts(r)
}

// assumeForm returns the form of AssumeRoleWithWebIdentity. The pairs change it, and the value "-"
// removes a parameter.
func assumeForm(role, session, token string, pairs ...string) url.Values {
	form := url.Values{
		"Action":           {"AssumeRoleWithWebIdentity"},
		"Version":          {"2011-06-15"},
		"RoleArn":          {role},
		"RoleSessionName":  {session},
		"WebIdentityToken": {token},
	}
	for i := 0; i < len(pairs); i += 2 {
		if form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "-" {
			form.Del(pairs[i])
		}
	}
	return form
}

func (p *peer) assume(role, session, token string, pairs ...string) stsResponse {
	p.t.Helper()
	form := assumeForm(role, session, token, pairs...)
	return p.postSTS(formType+"; charset=utf-8", form.Encode())
}

// webToken returns a token of GetOpenIdToken with the given changes.
func webToken(s *Server, change claims) string {
	c := claims{
		"iss": identityIssuer,
		"sub": "us-east-1:1",
		"aud": ExampleIdentityPoolID,
		"amr": []string{"authenticated", "x"},
		"iat": time.Now().Unix(),
		"exp": time.Now().Add(10 * time.Minute).Unix(),
	}
	maps.Copy(c, change)
	return s.sign(c)
}

// caller calls GetCallerIdentity, signed with c.
func (p *peer) caller(c *issuedCredentials, host, region string) stsResponse {
	p.t.Helper()
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	r, err := http.NewRequest("POST", "https://"+host+"/", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", formType)
	c.sign(r, body, region, "sts")
	return p.sts(r)
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	s := Example()
	const arn = "arn:aws:iam::123456789012:role/path/of/role"
	s.Roles = []Role{{ARN: arn, MaxSessionDuration: 2 * time.Hour}}
	p := newPeer(t, s)
	a := p.assume(arn, "ada@example.com", webToken(s, nil),
		"DurationSeconds", "7200", "Policy", "{}")
	a.want(t, "AssumeRoleWithWebIdentity", 200, "")
	got, user := a.Assumed, a.Assumed.AssumedRoleUser
	if got.SubjectFromWebIdentityToken != "us-east-1:1" || got.Audience != ExampleIdentityPoolID ||
		got.Provider != "cognito-identity.amazonaws.com" ||
		user.Arn != "arn:aws:sts::123456789012:assumed-role/role/ada@example.com" ||
		len(user.AssumedRoleId) != len("AROA12345678901234567:ada@example.com") ||
		!strings.HasPrefix(user.AssumedRoleId, "AROA") {
		t.Errorf("AssumeRoleWithWebIdentity = %+v", got)
	}
	expires, err := time.Parse("2006-01-02T15:04:05Z", got.Credentials.Expiration)
	left := time.Until(expires)
	if err != nil || left < 2*time.Hour-time.Minute || left > 2*time.Hour {
		t.Errorf("Expiration = %q, want in two hours", got.Credentials.Expiration)
	}
	b := p.caller(a.credentials(), "sts.eu-west-1.amazonaws.com", "eu-west-1")
	b.want(t, "GetCallerIdentity", 200, "")
	if b.Caller.Arn != user.Arn || b.Caller.UserId != user.AssumedRoleId ||
		b.Caller.Account != "123456789012" {
		t.Errorf("GetCallerIdentity = %+v, want %+v", b.Caller, user)
	}
	q := newS3Peer(t, s)
	q.credentials = a.credentials()
	q.do("GET", "/?list-type=2", "").want(t, "ListObjectsV2", 200, "")
}

// TestClassicFlow obtains its token from the identity pool.
func TestClassicFlow(t *testing.T) {
	p := newPeer(t, Example())
	logins := login(p.idToken())
	id := p.getID(logins).IdentityId
	token := p.openIDToken(id, logins).Token
	a := p.assume(ExampleRoleARN, "ada", token)
	a.want(t, "AssumeRoleWithWebIdentity", 200, "")
	if got := a.Assumed.SubjectFromWebIdentityToken; got != id {
		t.Errorf("SubjectFromWebIdentityToken = %q, want %q", got, id)
	}
}

func TestAssumeRoleParameters(t *testing.T) {
	s := Example()
	s.Roles = []Role{{ARN: ExampleRoleARN}}
	p := newPeer(t, s)
	good := webToken(s, nil)
	const (
		validation = "ValidationError"
		action     = "InvalidAction"
	)
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, tt := range []struct {
		name, role, session string
		pairs               []string
		code                string
	}{
		{"valid", ExampleRoleARN, "ab", nil, ""},
		{"all characters of a session name", ExampleRoleARN, "aZ09_+=,.@-", nil, ""},
		{"no RoleArn", "", "ada", []string{"RoleArn", "-"}, validation},
		{"short RoleArn", "arn:aws:iam::1:role", "ada", nil, validation},
		{"long RoleArn", long(2049), "ada", nil, validation},
		{"no session name", ExampleRoleARN, "", []string{"RoleSessionName", "-"}, validation},
		{"short session name", ExampleRoleARN, "a", nil, validation},
		{"long session name", ExampleRoleARN, long(65), nil, validation},
		{"space in session name", ExampleRoleARN, "a b", nil, validation},
		{"slash in session name", ExampleRoleARN, "a/b", nil, validation},
		{"non-ASCII session name", ExampleRoleARN, "adä", nil, validation},
		{"no token", ExampleRoleARN, "ada", []string{"WebIdentityToken", "-"}, validation},
		{"long token", ExampleRoleARN, "ada", []string{"WebIdentityToken", long(20001)},
			validation},
		{"900 s", ExampleRoleARN, "ada", []string{"DurationSeconds", "900"}, ""},
		{"3600 s", ExampleRoleARN, "ada", []string{"DurationSeconds", "3600"}, ""},
		{"899 s", ExampleRoleARN, "ada", []string{"DurationSeconds", "899"}, validation},
		{"more than the role allows", ExampleRoleARN, "ada",
			[]string{"DurationSeconds", "3601"}, validation},
		{"43201 s", ExampleRoleARN, "ada", []string{"DurationSeconds", "43201"}, validation},
		{"not a number", ExampleRoleARN, "ada", []string{"DurationSeconds", "1h"}, validation},
		{"policy is not JSON", ExampleRoleARN, "ada", []string{"Policy", "{"},
			"MalformedPolicyDocument"},
		{"long policy", ExampleRoleARN, "ada", []string{"Policy", long(2049)}, validation},
		{"other version", ExampleRoleARN, "ada", []string{"Version", "2010-01-01"}, action},
		{"no version", ExampleRoleARN, "ada", []string{"Version", "-"}, action},
		{"other action", ExampleRoleARN, "ada", []string{"Action", "AssumeRole"}, action},
	} {
		status := 400
		if tt.code == "" {
			status = 200
		}
		a := p.assume(tt.role, tt.session, good, tt.pairs...)
		a.want(t, tt.name, status, tt.code)
		if strings.Contains(a.body, good) {
			t.Errorf("%s: the response contains the token", tt.name)
		}
	}
	s.Roles[0].MaxSessionDuration = 24 * time.Hour // more than a role may have
	p.assume(ExampleRoleARN, "ada", good, "DurationSeconds", "43200").want(t, "12 h", 200, "")
	p.assume(ExampleRoleARN, "ada", good, "DurationSeconds", "43201").
		want(t, "more than 12 h", 400, validation)
	p.postSTS(formType, "%zz").want(t, "malformed form", 400, "MalformedQueryString")
	form := assumeForm(ExampleRoleARN, "ada", good).Encode()
	p.postSTS("application/json", form).want(t, "other content type", 400, "MalformedInput")
	for _, tt := range []struct {
		name, method, query string
		status              int
		code                string
	}{
		{"GET", "GET", form, 200, ""},
		{"PUT", "PUT", form, 400, "MalformedInput"},
		{"malformed query", "GET", "%zz", 400, "MalformedQueryString"},
		{"POST with a malformed query", "POST", "%zz", 400, "MalformedQueryString"},
	} {
		r, err := http.NewRequest(tt.method, stsURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = tt.query
		p.sts(r).want(t, tt.name, tt.status, tt.code)
	}
}

func TestAssumeRoleTrust(t *testing.T) {
	s := Example()
	const (
		users   = "arn:aws:iam::123456789012:role/users"
		guests  = "arn:aws:iam::123456789012:role/guests"
		both    = "arn:aws:iam::123456789012:role/both"
		clients = "arn:aws:iam::123456789012:role/clients"

		denied = "AccessDenied"
		bad    = "InvalidIdentityToken"
	)
	s.Roles = []Role{
		{ARN: users, Audiences: []string{ExampleIdentityPoolID}, AMR: "authenticated"},
		{ARN: guests, AMR: "unauthenticated"},
		{ARN: both},
		{ARN: clients, Audiences: []string{ExampleClientID}, AMR: "authenticated"},
	}
	p := newPeer(t, s)
	signedIn := p.mustSignIn().AuthenticationResult
	idToken, access := signedIn.IdToken, signedIn.AccessToken
	user := webToken(s, nil)
	guest := webToken(s, claims{"amr": []string{"unauthenticated"}})
	accessWithAudience := s.sign(claims{
		"iss":       payload(t, access)["iss"],
		"aud":       ExampleClientID,
		"token_use": "access",
		"exp":       time.Now().Add(time.Hour).Unix(),
	})
	other := Example()
	other.SigningKey = otherKey()
	parts, guestParts := strings.Split(user, "."), strings.Split(guest, ".")
	for _, tt := range []struct {
		name, role, token string
		status            int
		code              string
	}{
		{"user", users, user, 200, ""},
		{"user as guest", guests, user, 403, denied},
		{"user, no condition", both, user, 200, ""},
		{"guest", guests, guest, 200, ""},
		{"guest as user", users, guest, 403, denied},
		{"guest, no condition", both, guest, 200, ""},
		{"no amr", users, webToken(s, claims{"amr": nil}), 403, denied},
		{"other identity pool", users, webToken(s, claims{"aud": "us-east-1:other"}), 403, denied},
		{"no aud", both, webToken(s, claims{"aud": nil}), 400, bad},
		{"unknown role", users + "x", user, 403, denied},
		{"ID token", clients, idToken, 200, ""},
		{"ID token, role of identity pools", both, idToken, 403, denied},
		{"token of an identity pool, role of an app client", clients, user, 403, denied},
		{"access token", clients, access, 400, bad},
		{"access token with an audience", clients, accessWithAudience, 400, bad},
		{"refresh token", clients, signedIn.RefreshToken, 400, bad},
		{"other app client", clients, p.withSecret().idToken(), 403, denied},
		{"expired", users, webToken(s, claims{"exp": time.Now().Add(-time.Second).Unix()}), 400,
			"ExpiredTokenException"},
		{"other issuer", users, webToken(s, claims{"iss": "https://accounts.example.com"}), 400,
			bad},
		{"another key", users, webToken(other, nil), 400, bad},
		{"exchanged claims", guests, parts[0] + "." + guestParts[1] + "." + parts[2], 400, bad},
		{"changed signature", users, parts[0] + "." + parts[1] + "." + changeFirst(parts[2]), 400,
			bad},
		{"not signed", users, parts[0] + "." + parts[1] + ".", 400, bad},
		{"not a JWT", users, "hello", 400, bad},
	} {
		a := p.assume(tt.role, "ada", tt.token)
		a.want(t, tt.name, tt.status, tt.code)
		want := "arn:aws:iam::123456789012:oidc-provider/" + exampleProvider
		if tt.role == clients && tt.code == "" && a.Assumed.Provider != want {
			t.Errorf("%s: Provider = %q, want %q", tt.name, a.Assumed.Provider, want)
		}
	}
}

func TestTokenAndCredentialsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		s.Roles = []Role{{ARN: ExampleRoleARN}}
		p := newPeer(t, s)
		token := webToken(s, nil)
		time.Sleep(10*time.Minute - time.Second)
		a := p.assume(ExampleRoleARN, "ada", token, "DurationSeconds", "900")
		a.want(t, "last second", 200, "")
		time.Sleep(time.Second)
		p.assume(ExampleRoleARN, "ada", token).want(t, "expired", 400, "ExpiredTokenException")
		caller := func() stsResponse {
			return p.caller(a.credentials(), "sts.us-east-1.amazonaws.com", "us-east-1")
		}
		caller().want(t, "valid credentials", 200, "")
		time.Sleep(15 * time.Minute)
		caller().want(t, "expired credentials", 403, "ExpiredToken")
	})
}

func TestGetCallerIdentity(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	c := s.issue(principal{ExampleRoleARN, "ada"}, time.Hour)
	const mismatch = "SignatureDoesNotMatch"
	for _, tt := range []struct {
		host, region string
		status       int
		code         string
	}{
		{"sts.us-east-1.amazonaws.com", "us-east-1", 200, ""},
		{"sts.amazonaws.com", "us-east-1", 200, ""},
		{"sts-fips.us-east-1.amazonaws.com", "us-east-1", 200, ""},
		{"sts.us-east-1.api.aws", "us-east-1", 200, ""},
		{"127.0.0.1:8080", "eu-west-1", 200, ""},
		{"sts.us-east-1.amazonaws.com", "eu-west-1", 403, mismatch},
		{"sts.amazonaws.com", "eu-west-1", 403, mismatch},
	} {
		a := p.caller(c, tt.host, tt.region)
		a.want(t, tt.host+" "+tt.region, tt.status, tt.code)
		want := "arn:aws:sts::123456789012:assumed-role/example/ada"
		if tt.code == "" && a.Caller.Arn != want {
			t.Errorf("Arn = %q, want %q", a.Caller.Arn, want)
		}
	}
	const host = "sts.us-east-1.amazonaws.com"
	bad := *c
	bad.sessionToken = changeFirst(c.sessionToken)
	p.caller(&bad, host, "us-east-1").want(t, "other token", 403, "InvalidClientTokenId")
	bad = *c
	bad.secretAccessKey = changeFirst(c.secretAccessKey)
	p.caller(&bad, host, "us-east-1").want(t, "other secret", 403, mismatch)
	p.postSTS(formType, "Action=GetCallerIdentity&Version=2011-06-15").
		want(t, "not signed", 403, "MissingAuthenticationToken")
}
