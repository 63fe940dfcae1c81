package cognitotest

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stsAnswer is what STS said, success or not.
type stsAnswer struct {
	status    int
	body      string
	XMLName   xml.Name
	RequestId string
	Error     struct{ Type, Code, Message string }
	Metadata  struct{ RequestId string } `xml:"ResponseMetadata"`
	Assumed   struct {
		SubjectFromWebIdentityToken, Audience, Provider string
		AssumedRoleUser                                 struct{ Arn, AssumedRoleId string }
		Credentials                                     struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
	} `xml:"AssumeRoleWithWebIdentityResult"`
	Caller struct{ Arn, UserId, Account string } `xml:"GetCallerIdentityResult"`
}

func (a stsAnswer) want(t *testing.T, what string, status int, code string) {
	t.Helper()
	if a.status != status || a.Error.Code != code || code != "" && a.Error.Type != "Sender" {
		t.Errorf("%s: %d %q %s, want %d %q", what, a.status, a.Error.Code, a.Error.Message, status, code)
	}
}

func sendSTS(t *testing.T, client *http.Client, r *http.Request) (a stsAnswer) {
	t.Helper()
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b, &a); err != nil || resp.Header.Get("Content-Type") != "text/xml" {
		t.Fatalf("%v in %s", err, b)
	}
	if a.XMLName.Space != "https://sts.amazonaws.com/doc/2011-06-15/" || len(a.RequestId+a.Metadata.RequestId) != 36 || resp.Header.Get("x-amzn-RequestId") != a.RequestId+a.Metadata.RequestId {
		t.Errorf("namespace or request ID is missing: %s", b)
	}
	a.status, a.body = resp.StatusCode, string(b)
	return a
}

func postSTS(t *testing.T, client *http.Client, form url.Values) stsAnswer {
	t.Helper()
	r, _ := http.NewRequest("POST", "https://sts.us-east-1.amazonaws.com/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return sendSTS(t, client, r)
}

func assume(role, session, token string, more ...string) url.Values {
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {session}, "WebIdentityToken": {token}}
	for i := 0; i < len(more); i += 2 {
		if form.Set(more[i], more[i+1]); more[i+1] == "-" {
			form.Del(more[i])
		}
	}
	return form
}

// webToken makes a token of GetOpenIdToken without going through the services before it.
func webToken(s *Server, change claims) string {
	c := claims{"iss": identityIssuer, "sub": "us-east-1:1", "aud": ExampleIdentityPoolID, "amr": []string{"authenticated", "x"},
		"iat": time.Now().Unix(), "exp": time.Now().Add(10 * time.Minute).Unix()}
	for name, value := range change {
		c[name] = value
	}
	return s.sign(c)
}

// callerIdentity asks who the credentials are, signed.
func callerIdentity(t *testing.T, client *http.Client, c issuedCredentials, host, region string) stsAnswer {
	t.Helper()
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	s := signer{issuedCredentials: c, region: region, service: "sts", time: time.Now().UTC()}
	r, _ := s.request("POST", "/", body, "Content-Type", "application/x-www-form-urlencoded")
	r.Host, r.URL.Host = host, host
	s.sign(r, hashText(body))
	r.RequestURI, r.Body = "", io.NopCloser(strings.NewReader(body))
	return sendSTS(t, client, r)
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	s := Example()
	s.Roles = []Role{{ARN: "arn:aws:iam::123456789012:role/path/of/role", MaxSessionDuration: 2 * time.Hour}}
	a := postSTS(t, s.Client(), assume(s.Roles[0].ARN, "ada@example.com", webToken(s, nil), "DurationSeconds", "7200", "Policy", "{}"))
	a.want(t, "assume", 200, "")
	got := a.Assumed
	if got.SubjectFromWebIdentityToken != "us-east-1:1" || got.Audience != ExampleIdentityPoolID || got.Provider != "cognito-identity.amazonaws.com" ||
		got.AssumedRoleUser.Arn != "arn:aws:sts::123456789012:assumed-role/role/ada@example.com" ||
		len(got.AssumedRoleUser.AssumedRoleId) != len("AROA12345678901234567:ada@example.com") || !strings.HasPrefix(got.AssumedRoleUser.AssumedRoleId, "AROA") {
		t.Errorf("%+v", got)
	}
	expires, err := time.Parse("2006-01-02T15:04:05Z", got.Credentials.Expiration)
	if left := time.Until(expires); err != nil || left < 2*time.Hour-time.Minute || left > 2*time.Hour {
		t.Errorf("Expiration is %q, want two hours from now", got.Credentials.Expiration)
	}
	c := issuedCredentials{accessKeyID: got.Credentials.AccessKeyId, secretAccessKey: got.Credentials.SecretAccessKey, sessionToken: got.Credentials.SessionToken}
	who := callerIdentity(t, s.Client(), c, "sts.eu-west-1.amazonaws.com", "eu-west-1")
	who.want(t, "who", 200, "")
	if who.Caller.Arn != got.AssumedRoleUser.Arn || who.Caller.UserId != got.AssumedRoleUser.AssumedRoleId || who.Caller.Account != "123456789012" {
		t.Errorf("%+v", who.Caller)
	}
	p := newS3Peer(t, s)
	p.issuedCredentials = c
	p.do("GET", "/?list-type=2", "").want(t, "list", 200, "")
}

// TestClassicFlow comes to its token the long way.
func TestClassicFlow(t *testing.T) {
	s := Example()
	p := newPeer(t, s)
	logins := m{"cognito-idp.us-east-1.amazonaws.com/" + ExampleUserPoolID: p.mustSignIn().AuthenticationResult.IdToken}
	id := p.identity("GetId", m{"IdentityPoolId": ExampleIdentityPoolID, "Logins": logins}).IdentityId
	token := p.identity("GetOpenIdToken", m{"IdentityId": id, "Logins": logins}).Token
	a := postSTS(t, s.Client(), assume(ExampleRoleARN, "ada", token))
	a.want(t, "assume", 200, "")
	if a.Assumed.SubjectFromWebIdentityToken != id {
		t.Errorf("subject %q, want %q", a.Assumed.SubjectFromWebIdentityToken, id)
	}
}

func TestAssumeRoleParameters(t *testing.T) {
	s := Example()
	s.Roles = []Role{{ARN: ExampleRoleARN}}
	good := webToken(s, nil)
	for _, test := range []struct {
		name string
		form url.Values
		code string
	}{
		{"good", assume(ExampleRoleARN, "ab", good), ""},
		{"all that a session name may hold", assume(ExampleRoleARN, "aZ09_+=,.@-", good), ""},
		{"no RoleArn", assume(ExampleRoleARN, "ada", good, "RoleArn", "-"), "ValidationError"},
		{"short RoleArn", assume("arn:aws:iam::1:role", "ada", good), "ValidationError"},
		{"long RoleArn", assume(strings.Repeat("a", 2049), "ada", good), "ValidationError"},
		{"no session name", assume(ExampleRoleARN, "ada", good, "RoleSessionName", "-"), "ValidationError"},
		{"short session name", assume(ExampleRoleARN, "a", good), "ValidationError"},
		{"long session name", assume(ExampleRoleARN, strings.Repeat("a", 65), good), "ValidationError"},
		{"space in session name", assume(ExampleRoleARN, "a b", good), "ValidationError"},
		{"slash in session name", assume(ExampleRoleARN, "a/b", good), "ValidationError"},
		{"letter in session name", assume(ExampleRoleARN, "adä", good), "ValidationError"},
		{"no token", assume(ExampleRoleARN, "ada", good, "WebIdentityToken", "-"), "ValidationError"},
		{"long token", assume(ExampleRoleARN, "ada", strings.Repeat("a", 20001)), "ValidationError"},
		{"900 s", assume(ExampleRoleARN, "ada", good, "DurationSeconds", "900"), ""},
		{"3600 s", assume(ExampleRoleARN, "ada", good, "DurationSeconds", "3600"), ""},
		{"899 s", assume(ExampleRoleARN, "ada", good, "DurationSeconds", "899"), "ValidationError"},
		{"more than the role has", assume(ExampleRoleARN, "ada", good, "DurationSeconds", "3601"), "ValidationError"},
		{"43201 s", assume(ExampleRoleARN, "ada", good, "DurationSeconds", "43201"), "ValidationError"},
		{"no number", assume(ExampleRoleARN, "ada", good, "DurationSeconds", "1h"), "ValidationError"},
		{"policy is no JSON", assume(ExampleRoleARN, "ada", good, "Policy", "{"), "MalformedPolicyDocument"},
		{"long policy", assume(ExampleRoleARN, "ada", good, "Policy", strings.Repeat(" ", 2049)), "ValidationError"},
		{"other version", assume(ExampleRoleARN, "ada", good, "Version", "2010-01-01"), "InvalidAction"},
		{"no version", assume(ExampleRoleARN, "ada", good, "Version", "-"), "InvalidAction"},
		{"other action", assume(ExampleRoleARN, "ada", good, "Action", "AssumeRole"), "InvalidAction"},
	} {
		status := 400
		if test.code == "" {
			status = 200
		}
		a := postSTS(t, s.Client(), test.form)
		a.want(t, test.name, status, test.code)
		if test.code != "" && strings.Contains(a.body, good) {
			t.Errorf("%s: the answer repeats the token", test.name)
		}
	}
	s.Roles[0].MaxSessionDuration = 24 * time.Hour // not that a role could have it
	postSTS(t, s.Client(), assume(ExampleRoleARN, "ada", good, "DurationSeconds", "43200")).want(t, "12 h", 200, "")
	postSTS(t, s.Client(), assume(ExampleRoleARN, "ada", good, "DurationSeconds", "43201")).want(t, "more", 400, "ValidationError")
	r, _ := http.NewRequest("POST", "https://sts.us-east-1.amazonaws.com/", strings.NewReader("%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sendSTS(t, s.Client(), r).want(t, "broken form", 400, "MalformedQueryString")
	r, _ = http.NewRequest("POST", "https://sts.us-east-1.amazonaws.com/", strings.NewReader(assume(ExampleRoleARN, "ada", good).Encode()))
	r.Header.Set("Content-Type", "application/json")
	sendSTS(t, s.Client(), r).want(t, "other content type", 400, "MalformedInput")
	r, _ = http.NewRequest("GET", "https://sts.us-east-1.amazonaws.com/?"+assume(ExampleRoleARN, "ada", good).Encode(), nil)
	sendSTS(t, s.Client(), r).want(t, "GET, which STS takes as well", 200, "")
}

func TestAssumeRoleTrust(t *testing.T) {
	s := Example()
	const users, guests, both, clients = "arn:aws:iam::123456789012:role/users", "arn:aws:iam::123456789012:role/guests", "arn:aws:iam::123456789012:role/both", "arn:aws:iam::123456789012:role/clients"
	s.Roles = []Role{{ARN: users, Audiences: []string{ExampleIdentityPoolID}, AMR: "authenticated"}, {ARN: guests, AMR: "unauthenticated"}, {ARN: both}, {ARN: clients, Audiences: []string{ExampleClientID}, AMR: "authenticated"}}
	signedIn := newPeer(t, s).mustSignIn().AuthenticationResult
	user, guest := webToken(s, nil), webToken(s, claims{"amr": []string{"unauthenticated"}})
	parts := strings.Split(user, ".")
	guestParts := strings.Split(guest, ".")
	for _, test := range []struct {
		name, role, token string
		status            int
		code              string
	}{
		{"user", users, user, 200, ""},
		{"user as guest", guests, user, 403, "AccessDenied"},
		{"user, no condition", both, user, 200, ""},
		{"guest", guests, guest, 200, ""},
		{"guest as user", users, guest, 403, "AccessDenied"},
		{"guest, no condition", both, guest, 200, ""},
		{"no amr", users, webToken(s, claims{"amr": nil}), 403, "AccessDenied"},
		{"other pool", users, webToken(s, claims{"aud": "us-east-1:other"}), 403, "AccessDenied"},
		{"no aud", both, webToken(s, claims{"aud": nil}), 400, "InvalidIdentityToken"},
		{"unknown role", users + "x", user, 403, "AccessDenied"},
		{"ID token of the user pool", clients, signedIn.IdToken, 200, ""},
		{"ID token, role that trusts identity pools", both, signedIn.IdToken, 403, "AccessDenied"},
		{"identity pool's token, role that trusts an app client", clients, user, 403, "AccessDenied"},
		{"access token", clients, signedIn.AccessToken, 400, "InvalidIdentityToken"},
		{"access token with an audience", clients, s.sign(claims{"iss": payload(t, signedIn.AccessToken)["iss"], "aud": ExampleClientID, "token_use": "access", "exp": time.Now().Add(time.Hour).Unix()}), 400, "InvalidIdentityToken"},
		{"refresh token", clients, signedIn.RefreshToken, 400, "InvalidIdentityToken"},
		{"other app client", clients, newPeer(t, s).withSecret().mustSignIn().AuthenticationResult.IdToken, 403, "AccessDenied"},
		{"expired", users, webToken(s, claims{"exp": time.Now().Add(-time.Second).Unix()}), 400, "ExpiredTokenException"},
		{"other issuer", users, webToken(s, claims{"iss": "https://accounts.example.com"}), 400, "InvalidIdentityToken"},
		{"another server's key", users, webToken(Example(), nil), 400, "InvalidIdentityToken"},
		{"claims exchanged", guests, parts[0] + "." + guestParts[1] + "." + parts[2], 400, "InvalidIdentityToken"},
		{"signature changed", users, parts[0] + "." + parts[1] + "." + otherFirst(parts[2]), 400, "InvalidIdentityToken"},
		{"not signed", users, parts[0] + "." + parts[1] + ".", 400, "InvalidIdentityToken"},
		{"no JWT", users, "hello", 400, "InvalidIdentityToken"},
	} {
		a := postSTS(t, s.Client(), assume(test.role, "ada", test.token))
		a.want(t, test.name, test.status, test.code)
		if test.role == clients && test.code == "" && a.Assumed.Provider != "arn:aws:iam::123456789012:oidc-provider/cognito-idp.us-east-1.amazonaws.com/"+ExampleUserPoolID {
			t.Errorf("provider is %q", a.Assumed.Provider)
		}
	}
}

func TestTokenAndCredentialsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		s.Roles = []Role{{ARN: ExampleRoleARN}}
		token := webToken(s, nil)
		time.Sleep(10*time.Minute - time.Second)
		a := postSTS(t, s.Client(), assume(ExampleRoleARN, "ada", token, "DurationSeconds", "900"))
		a.want(t, "last second", 200, "")
		time.Sleep(time.Second)
		postSTS(t, s.Client(), assume(ExampleRoleARN, "ada", token)).want(t, "too late", 400, "ExpiredTokenException")
		c := a.Assumed.Credentials
		creds := issuedCredentials{accessKeyID: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken}
		callerIdentity(t, s.Client(), creds, "sts.us-east-1.amazonaws.com", "us-east-1").want(t, "good", 200, "")
		time.Sleep(15 * time.Minute)
		callerIdentity(t, s.Client(), creds, "sts.us-east-1.amazonaws.com", "us-east-1").want(t, "expired", 403, "ExpiredToken")
	})
}

func TestGetCallerIdentity(t *testing.T) {
	s := Example()
	c := s.issue(principal{ExampleRoleARN, "ada"}, time.Hour)
	for _, test := range []struct {
		host, region string
		status       int
		code         string
	}{
		{"sts.us-east-1.amazonaws.com", "us-east-1", 200, ""},
		{"sts.amazonaws.com", "us-east-1", 200, ""},
		{"sts-fips.us-east-1.amazonaws.com", "us-east-1", 200, ""},
		{"sts.us-east-1.api.aws", "us-east-1", 200, ""},
		{"127.0.0.1:8080", "eu-west-1", 200, ""},
		{"sts.us-east-1.amazonaws.com", "eu-west-1", 403, "SignatureDoesNotMatch"},
		{"sts.amazonaws.com", "eu-west-1", 403, "SignatureDoesNotMatch"},
	} {
		a := callerIdentity(t, s.Client(), c, test.host, test.region)
		a.want(t, test.host+" "+test.region, test.status, test.code)
		if test.code == "" && a.Caller.Arn != "arn:aws:sts::123456789012:assumed-role/example/ada" {
			t.Errorf("%+v", a.Caller)
		}
	}
	bad := c
	bad.sessionToken = otherFirst(c.sessionToken)
	callerIdentity(t, s.Client(), bad, "sts.us-east-1.amazonaws.com", "us-east-1").want(t, "token", 403, "InvalidClientTokenId")
	bad = c
	bad.secretAccessKey = otherFirst(c.secretAccessKey)
	callerIdentity(t, s.Client(), bad, "sts.us-east-1.amazonaws.com", "us-east-1").want(t, "secret", 403, "SignatureDoesNotMatch")
	postSTS(t, s.Client(), url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}}).want(t, "not signed", 403, "MissingAuthenticationToken")
}
