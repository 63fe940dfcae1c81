package interop

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
	"github.com/loginwithcognito/cognito/sts"
)

// versitygw is a third-party IAM, STS and S3. It fetches the keys of Cognito's issuers under their
// real names and verifies the tokens of our sign-in with them. It evaluates trust policies and role
// policies, and verifies the signatures and session tokens of our listings. Our clients have no
// endpoint settings.

const (
	poolProvider      = "cognito-idp.us-east-1.amazonaws.com/" + cognitotest.ExampleUserPoolID
	otherPoolProvider = "cognito-idp.us-east-1.amazonaws.com/" + otherUserPoolID
	identityProvider  = "cognito-identity.amazonaws.com"

	// These ports are free, because no other program runs in the network namespace.
	iamAddress = "127.0.0.1:8001"
	s3Address  = "127.0.0.1:8002"
)

// gateway is a running versitygw with a stand-in for Cognito.
type gateway struct {
	stand     *cognitotest.Server
	iam       *http.Client // signs for IAM with the root credentials
	authority authority
}

// gatewayBuckets are the buckets in the gateway. The roles of the test may list only the first.
var gatewayBuckets = []string{"odd-keys", "private"}

func TestVersityGW(t *testing.T) {
	program := tool(t, "versitygw")
	hosts := []string{
		"cognito-idp.us-east-1.amazonaws.com",
		"cognito-identity.us-east-1.amazonaws.com",
		"cognito-identity.amazonaws.com", // the OpenID issuer of identity pools
		"iam.amazonaws.com",
		"sts.us-east-1.amazonaws.com",
		"s3.us-east-1.amazonaws.com",
	}
	for _, bucket := range gatewayBuckets {
		hosts = append(hosts, bucket+".s3.us-east-1.amazonaws.com")
	}
	if !inNamespace(t, hosts) {
		return
	}
	g := startGateway(t, program, hosts)

	poolARN := g.provider(t, poolProvider, cognitotest.ExampleClientID, g.authority.thumbprint())
	identityARN := g.provider(t, identityProvider, cognitotest.ExampleIdentityPoolID,
		g.authority.thumbprint())
	poolRole := g.role(t, "user-pool", poolARN, fmt.Sprintf(
		`{"StringEquals":{"%s:aud":%q}}`, poolProvider, cognitotest.ExampleClientID))
	identityRole := g.role(t, "identity-pool", identityARN, fmt.Sprintf(
		`{"StringEquals":{"%s:aud":%q},"ForAnyValue:StringLike":{"%[1]s:amr":"authenticated"}}`,
		identityProvider, cognitotest.ExampleIdentityPoolID))

	client := &cognito.Client{
		Environment: cognito.Environment{
			Region:         region,
			UserPoolID:     cognitotest.ExampleUserPoolID,
			ClientID:       cognitotest.ExampleClientID,
			IdentityPoolID: cognitotest.ExampleIdentityPoolID,
			RoleARN:        identityRole,
		},
		Duration: time.Hour,
	}
	session, err := client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	t.Run("ID token", func(t *testing.T) {
		out, err := assume(t, poolRole, tokens.ID)
		if err != nil {
			t.Fatal(err)
		}
		if out.Provider != "https://"+poolProvider && out.Provider != poolProvider {
			t.Errorf("provider %q, want %q", out.Provider, poolProvider)
		}
		if out.Audience != cognitotest.ExampleClientID {
			t.Errorf("audience %q, want %q", out.Audience, cognitotest.ExampleClientID)
		}
		if claims := session.UnverifiedClaims(); out.SubjectFromWebIdentityToken != claims.Subject {
			t.Errorf("subject %q, want %q", out.SubjectFromWebIdentityToken, claims.Subject)
		}
		checkCaller(t, out.Credentials, "user-pool")
		checkListing(t, &s3list.Client{
			Region:      region,
			Credentials: static(out.Credentials),
		}, "odd-keys", xmlKeys)
	})
	t.Run("classic flow", func(t *testing.T) {
		creds, err := session.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(creds.Expires); left < 59*time.Minute || left > time.Hour {
			t.Errorf("credentials expire in %v, want 1h", left)
		}
		checkCaller(t, creds, "identity-pool")
		checkListing(t, &s3list.Client{
			Region:      region,
			Credentials: session.Credentials,
		}, "odd-keys", xmlKeys)
	})
	t.Run("role policy", func(t *testing.T) {
		l := &s3list.Client{Region: region, Credentials: session.Credentials}
		keys, err := list(t, l, s3list.ListInput{Bucket: "private"})
		if len(keys) != 0 {
			t.Errorf("listed %q of a bucket that the role may not list, want nothing", keys)
		}
		var e *s3list.Error
		if !errors.As(err, &e) || e.Code != "AccessDenied" || e.StatusCode != http.StatusForbidden {
			t.Errorf("error %v, want 403 AccessDenied", err)
		}
		status, body := send(t, session.HTTPClient("s3", ""), http.MethodPut,
			"https://odd-keys.s3.us-east-1.amazonaws.com/new", "", "abc")
		if status != http.StatusForbidden || !strings.Contains(body, "AccessDenied") {
			t.Errorf("PUT = %d %s, want 403 AccessDenied", status, body)
		}
	})
	t.Run("tampered listing", func(t *testing.T) {
		mine, err := session.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		other, err := assume(t, poolRole, tokens.ID)
		if err != nil {
			t.Fatal(err)
		}
		checkTampering(t, "", "odd-keys", mine, other.Credentials)
	})
	t.Run("refused token", func(t *testing.T) {
		g.checkRefusedTokens(t, client, poolRole, identityRole, tokens)
	})
	t.Run("demo", func(t *testing.T) {
		e := client.Environment
		e.BucketName = "odd-keys"
		checkDemo(t, e, xmlKeys)
	})
}

// startGateway starts versitygw, and serves it and cognitotest under AWS's host names.
func startGateway(t *testing.T, program string, hosts []string) gateway {
	t.Helper()
	root := sigv4.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: rand.Text()}
	env := []string{
		"ROOT_ACCESS_KEY_ID=" + root.AccessKeyID,
		"ROOT_SECRET_ACCESS_KEY=" + root.SecretAccessKey,
	}
	socket := filepath.Join(t.TempDir(), "iam.sock")
	start(t, "http://"+iamAddress+"/healthz", "", env, program, "--quiet", "--health", "/healthz",
		"--port", iamAddress, "--region", region,
		"iam", "--dir", t.TempDir(), "--private-ports", socket)
	start(t, "http://"+s3Address+"/healthz", "", env, program, "--quiet", "--health", "/healthz",
		"--port", s3Address, "--region", region,
		"--virtual-domain", "s3.us-east-1.amazonaws.com", "--iam-standalone-endpoint", socket,
		"--iam-cache-disable", "posix", t.TempDir())

	g := gateway{stand: twoPools(), iam: signing("iam", root), authority: newAuthority(t)}
	// From here on only this authority is trusted. crypto/x509 reads SSL_CERT_FILE when it first
	// verifies a certificate.
	t.Setenv("SSL_CERT_FILE", g.authority.file)
	iam, s3 := forward(iamAddress), forward(s3Address)
	serveAWS(t, g.authority.issue(t, hosts), func(host string) http.Handler {
		switch {
		case strings.HasPrefix(host, "cognito-"):
			return g.stand
		case strings.HasPrefix(host, "iam.") || strings.HasPrefix(host, "sts."):
			return iam
		}
		return s3
	})
	for _, bucket := range gatewayBuckets {
		fill(t, signing("s3", root), "https://s3.us-east-1.amazonaws.com", bucket, xmlKeys)
	}
	return g
}

// provider makes IAM trust an OpenID Connect provider for one audience, and returns the provider's
// ARN.
func (g gateway) provider(t *testing.T, provider, audience, thumbprint string) (arn string) {
	t.Helper()
	form(t, g.iam, "https://iam.amazonaws.com/", url.Values{
		"Action":                  {"CreateOpenIDConnectProvider"},
		"Version":                 {"2010-05-08"},
		"Url":                     {"https://" + provider},
		"ClientIDList.member.1":   {audience},
		"ThumbprintList.member.1": {thumbprint},
	})
	return "arn:aws:iam::000000000000:oidc-provider/" + provider
}

// role creates a role that may list the bucket odd-keys. Tokens of a provider may assume the role
// under a condition.
func (g gateway) role(t *testing.T, name, providerARN, condition string) (arn string) {
	t.Helper()
	form(t, g.iam, "https://iam.amazonaws.com/", url.Values{
		"Action":   {"CreateRole"},
		"Version":  {"2010-05-08"},
		"RoleName": {name},
		"AssumeRolePolicyDocument": {
			fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"Federated":%q},
			"Action":"sts:AssumeRoleWithWebIdentity","Condition":%s}]}`, providerARN, condition),
		},
	})
	form(t, g.iam, "https://iam.amazonaws.com/", url.Values{
		"Action":     {"PutRolePolicy"},
		"Version":    {"2010-05-08"},
		"RoleName":   {name},
		"PolicyName": {"list"},
		"PolicyDocument": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Action":"s3:ListBucket","Resource":"arn:aws:s3:::odd-keys"}]}`},
	})
	return "arn:aws:iam::000000000000:role/" + name
}

// assume trades a token for credentials with our STS client.
func assume(t *testing.T, roleARN, token string) (sts.AssumeRoleWithWebIdentityOutput, error) {
	t.Helper()
	client := &sts.Client{Region: region}
	return client.AssumeRoleWithWebIdentity(t.Context(), sts.AssumeRoleWithWebIdentityInput{
		RoleARN:          roleARN,
		RoleSessionName:  "interop",
		WebIdentityToken: token,
	})
}

// checkCaller checks that STS accepts the credentials as a session of role, and refuses them with a
// wrong secret key.
func checkCaller(t *testing.T, c sigv4.Credentials, role string) {
	t.Helper()
	client := &sts.Client{Region: region, Credentials: static(c)}
	caller, err := client.GetCallerIdentity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := "arn:aws:sts::000000000000:assumed-role/" + role + "/"
	if !strings.HasPrefix(caller.ARN, want) {
		t.Errorf("caller %s, want %s...", caller.ARN, want)
	}
	c.SecretAccessKey += "x"
	client = &sts.Client{Region: region, Credentials: static(c)}
	var e *awserr.Error
	if _, err := client.GetCallerIdentity(t.Context()); !errors.As(err, &e) ||
		e.Code != "SignatureDoesNotMatch" {
		t.Errorf("GetCallerIdentity with a wrong secret key: error %v, want SignatureDoesNotMatch",
			err)
	}
}

// checkRefusedTokens checks that STS refuses tokens that AWS refuses.
func (g gateway) checkRefusedTokens(t *testing.T, client *cognito.Client, poolRole,
	identityRole string, tokens cognito.Tokens) {
	logins := map[string]string{poolProvider: tokens.ID}
	identity := &cognitoid.Client{Region: region}
	unknown := g.role(t, "no-provider",
		"arn:aws:iam::000000000000:oidc-provider/unknown.example.com", `{}`)
	untrusted := g.role(t, "wrong-thumbprint",
		g.provider(t, otherPoolProvider, otherPoolsClientID, newAuthority(t).thumbprint()),
		fmt.Sprintf(`{"StringEquals":{"%s:aud":%q}}`, otherPoolProvider, otherPoolsClientID))

	otherClient, otherPool := client.Environment, client.Environment
	otherClient.ClientID, otherClient.ClientSecret = cognitotest.ExampleSecretClientID,
		cognitotest.ExampleClientSecret
	otherPool.UserPoolID, otherPool.ClientID = otherUserPoolID, otherPoolsClientID

	for _, test := range []struct{ name, role, code, token string }{
		{"signature changed", poolRole, "InvalidIdentityToken", changeSignature(tokens.ID)},
		{"claim changed", poolRole, "InvalidIdentityToken",
			changeClaim(t, tokens.ID, "sub", "another-user")},
		{"expired", poolRole, "ExpiredTokenException", oldIDToken(t, client.Environment, g.stand)},
		{"another key", poolRole, "InvalidIdentityToken",
			idToken(t, client.Environment, otherKeyClient(t))},
		{"another app client", poolRole, "InvalidIdentityToken", idToken(t, otherClient, nil)},
		{"access token", poolRole, "InvalidIdentityToken", tokens.Access},
		{"OpenID token for the user pool's role", poolRole, "InvalidIdentityToken",
			openIDToken(t, identity, cognitotest.ExampleIdentityPoolID, logins)},
		{"ID token for the identity pool's role", identityRole, "InvalidIdentityToken", tokens.ID},
		{"guest", identityRole, "InvalidIdentityToken",
			openIDToken(t, identity, cognitotest.ExampleIdentityPoolID, nil)},
		{"another identity pool", identityRole, "InvalidIdentityToken",
			openIDToken(t, identity, otherIdentityPoolID, logins)},
		{"role of an unknown provider", unknown, "AccessDenied", tokens.ID},
		{"no such role", strings.Replace(poolRole, "user-pool", "nothing", 1), "AccessDenied",
			tokens.ID},
		{"provider with another thumbprint", untrusted, "InvalidIdentityToken",
			idToken(t, otherPool, nil)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := assume(t, test.role, test.token)
			var e *awserr.Error
			if !errors.As(err, &e) || e.Code != test.code {
				t.Errorf("error %v, want %s", err, test.code)
			}
		})
	}
}
