package interop

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
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

// MinIO is a third-party STS and S3. Here it trusts cognitotest's user pool and identity pool as
// OpenID providers. It fetches their keys, verifies the tokens of our sign-in with them, and
// verifies the signatures and session tokens of our listings. All servers have loopback addresses.
// MinIO ignores a token's issuer; versitygw checks it.

// minioKeys are the keys that MinIO accepts.
var minioKeys = slices.Concat(xmlKeys, controlKeys)

func TestMinIO(t *testing.T) {
	program := tool(t, "minio")
	stand := twoPools()
	cognitoServer := httptest.NewUnstartedServer(stand)
	cognitoURL := "http://" + cognitoServer.Listener.Addr().String()
	callback := callbackOn("localhost", freePort(t))
	stand.UserPools[0].Clients[0].CallbackURLs = []string{callback}
	stand.UserPools[0].Issuer = cognitoURL + "/" + cognitotest.ExampleUserPoolID
	cognitoServer.Start()
	defer cognitoServer.Close()

	root := sigv4.Credentials{AccessKeyID: "root", SecretAccessKey: rand.Text()}
	address := freePort(t)
	endpoint := "http://" + address
	// MinIO accepts requests for a moment before its roles are ready.
	start(t, endpoint+"/minio/health/cluster", "IAM Roles:", []string{
		"HOME=" + t.TempDir(),
		"MINIO_ROOT_USER=" + root.AccessKeyID,
		"MINIO_ROOT_PASSWORD=" + root.SecretAccessKey,
		"MINIO_BROWSER=off",
		"MINIO_UPDATE=off",
		"MINIO_REGION=" + region,
		"MINIO_IDENTITY_OPENID_CONFIG_URL_USERS=" + cognitoURL + "/" +
			cognitotest.ExampleUserPoolID + "/.well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID_USERS=" + cognitotest.ExampleClientID,
		"MINIO_IDENTITY_OPENID_CLIENT_SECRET_USERS=" + rand.Text(),
		"MINIO_IDENTITY_OPENID_ROLE_POLICY_USERS=readwrite",
		"MINIO_IDENTITY_OPENID_CONFIG_URL_IDENTITIES=" + cognitoURL +
			"/.well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID_IDENTITIES=" + cognitotest.ExampleIdentityPoolID,
		"MINIO_IDENTITY_OPENID_CLIENT_SECRET_IDENTITIES=" + rand.Text(),
		"MINIO_IDENTITY_OPENID_ROLE_POLICY_IDENTITIES=readwrite",
	}, program, "server", "--address", address, t.TempDir())
	fill(t, signing("s3", root), endpoint, "odd-keys", minioKeys)

	e := cognito.Environment{
		Region:         region,
		UserPoolID:     cognitotest.ExampleUserPoolID,
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		RoleARN:        minioRole(cognitotest.ExampleIdentityPoolID),
		BucketName:     "odd-keys",
		Endpoints: cognito.Endpoints{
			CognitoIDP:      cognitoURL,
			CognitoIdentity: cognitoURL,
			STS:             endpoint,
			S3:              endpoint,
		},
	}
	session, err := (&cognito.Client{Environment: e, Duration: 2 * time.Hour}).
		SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	userRole := minioRole(cognitotest.ExampleClientID)
	assume := func(t *testing.T, role, token string) (sts.AssumeRoleWithWebIdentityOutput, error) {
		client := &sts.Client{Region: region, Endpoint: endpoint}
		return client.AssumeRoleWithWebIdentity(t.Context(), sts.AssumeRoleWithWebIdentityInput{
			RoleARN:          role,
			RoleSessionName:  "interop",
			WebIdentityToken: token,
		})
	}

	t.Run("ID token", func(t *testing.T) {
		out, err := assume(t, userRole, tokens.ID)
		if err != nil {
			t.Fatal(err)
		}
		checkListing(t, &s3list.Client{
			Region:      region,
			Endpoint:    endpoint,
			Credentials: static(out.Credentials),
		}, "odd-keys", minioKeys)
	})
	t.Run("classic flow", func(t *testing.T) {
		creds, err := session.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(creds.Expires); left < 119*time.Minute || left > 2*time.Hour {
			t.Errorf("credentials expire in %v, want 2h", left)
		}
		checkListing(t, &s3list.Client{
			Region:      region,
			Endpoint:    endpoint,
			Credentials: session.Credentials,
		}, "odd-keys", minioKeys)
	})
	t.Run("managed login", func(t *testing.T) {
		e := e
		e.Domain, e.RedirectURI = cognitoURL, callback
		client := &cognito.Client{Environment: e, Duration: 2 * time.Hour}
		session := browseSession(t, client, stand)
		tokens, err := session.Tokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := assume(t, userRole, tokens.ID); err != nil {
			t.Errorf("AssumeRoleWithWebIdentity with the ID token: %v", err)
		}
		checkListing(t, &s3list.Client{
			Region:      region,
			Endpoint:    endpoint,
			Credentials: session.Credentials,
		}, "odd-keys", minioKeys)
	})
	t.Run("signing client", func(t *testing.T) {
		for _, key := range minioKeys {
			status, body := send(t, session.HTTPClient("s3", ""), http.MethodGet,
				endpoint+"/odd-keys/"+escapePath(key), "", "")
			if status != http.StatusOK || body != "abc" {
				t.Errorf("GET of %q = %d %s, want 200 abc", key, status, body)
			}
		}
	})
	t.Run("tampered listing", func(t *testing.T) {
		mine, err := session.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		other, err := assume(t, userRole, tokens.ID)
		if err != nil {
			t.Fatal(err)
		}
		checkTampering(t, endpoint, "odd-keys", mine, other.Credentials)
	})
	t.Run("refused token", func(t *testing.T) {
		identity := &cognitoid.Client{Region: region, Endpoint: cognitoURL}
		logins := map[string]string{cognitoURL[len("http://"):] + "/" + e.UserPoolID: tokens.ID}
		otherClient := e
		otherClient.ClientID, otherClient.ClientSecret = cognitotest.ExampleSecretClientID,
			cognitotest.ExampleClientSecret
		otherKey := e
		otherKey.RoleARN, otherKey.Endpoints = "", cognito.Endpoints{}
		for _, test := range []struct{ name, role, token, because string }{
			{"signature changed", userRole, changeSignature(tokens.ID), "verification error"},
			{"claim changed", userRole, changeClaim(t, tokens.ID, "sub", "another-user"),
				"verification error"},
			{"expired", userRole, oldIDToken(t, e, stand), "expired"},
			{"another key", userRole, idToken(t, otherKey, otherKeyClient(t)),
				"No public key found"},
			{"another app client", userRole, idToken(t, otherClient, nil),
				"must match configured OpenID Client ID"},
			{"access token", userRole, tokens.Access, "must match configured OpenID Client ID"},
			{"OpenID token for the user pool's role", userRole,
				openIDToken(t, identity, cognitotest.ExampleIdentityPoolID, logins),
				"must match configured OpenID Client ID"},
			{"another identity pool", e.RoleARN,
				openIDToken(t, identity, otherIdentityPoolID, logins),
				"must match configured OpenID Client ID"},
			{"no such role", minioRole("nothing"), tokens.ID, "is not defined"},
		} {
			t.Run(test.name, func(t *testing.T) {
				_, err := assume(t, test.role, test.token)
				var e *awserr.Error
				if !errors.As(err, &e) || e.Code != "InvalidParameterValue" ||
					!strings.Contains(e.Message, test.because) {
					t.Errorf("error %v, want InvalidParameterValue with %q", err, test.because)
				}
			})
		}
	})
	t.Run("demo", func(t *testing.T) { checkDemo(t, e, minioKeys) })
	t.Run("tool", func(t *testing.T) {
		fill(t, signing("s3", root), endpoint, toolBucket, toolKeys)
		checkTool(t, e, minioKeys)
	})
}

// minioRole returns the ARN that MinIO gives to the role of an OpenID provider. MinIO derives it
// from the client ID.
func minioRole(clientID string) string {
	sum := sha1.Sum([]byte(clientID))
	return "arn:minio:iam:" + region + "::role/" + base64.RawURLEncoding.EncodeToString(sum[:])
}
