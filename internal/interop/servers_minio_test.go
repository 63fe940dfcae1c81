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

// MinIO is somebody else's STS and S3. It is told to trust cognitotest's user pool and identity
// pool as OpenID providers, verifies the tokens of our sign-in with the keys it fetches there, and
// verifies the signatures and session tokens of our listings. All of it is on loopback addresses.
// MinIO does not look at a token's issuer: versitygw does.

// minioKeys is every key that MinIO takes.
var minioKeys = slices.Concat(xmlKeys, controlKeys)

func TestMinIO(t *testing.T) {
	program := tool(t, "minio")
	stand := twoPools()
	cognitoServer := httptest.NewUnstartedServer(stand)
	cognitoURL := "http://" + cognitoServer.Listener.Addr().String()
	stand.UserPools[0].Issuer = cognitoURL + "/" + cognitotest.ExampleUserPoolID
	cognitoServer.Start()
	defer cognitoServer.Close()

	root := sigv4.Credentials{AccessKeyID: "root", SecretAccessKey: rand.Text()}
	address := freePort(t)
	endpoint := "http://" + address
	// MinIO answers for a moment before it knows its roles.
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
		return (&sts.Client{
			Region:   region,
			Endpoint: endpoint,
		}).AssumeRoleWithWebIdentity(t.Context(),
			sts.AssumeRoleWithWebIdentityInput{
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
			t.Errorf("credentials live for %v, want two hours", left)
		}
		checkListing(t, &s3list.Client{
			Region:      region,
			Endpoint:    endpoint,
			Credentials: session.Credentials,
		}, "odd-keys", minioKeys)
	})
	t.Run("signing client", func(t *testing.T) {
		for _, key := range minioKeys {
			status,
				answer := send(t, session.HTTPClient("s3", ""), http.MethodGet, endpoint+"/odd-keys/"+
				escapePath(key), "", "")
			if status != http.StatusOK || answer != "abc" {
				t.Errorf("get %q: %d %s", key, status, answer)
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
			{"claim changed", userRole, changeClaim(t, tokens.ID, "sub", "somebody-else"),
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
					t.Errorf("error %v, want InvalidParameterValue: ...%s", err, test.because)
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

// minioRole is the ARN that MinIO gives to the role of an OpenID provider, which it derives from
// the client id.
func minioRole(clientID string) string {
	sum := sha1.Sum([]byte(clientID))
	return "arn:minio:iam:" + region + "::role/" + base64.RawURLEncoding.EncodeToString(sum[:])
}
