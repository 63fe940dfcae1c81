package interop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/oauth2"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// README.md shows parts of the adapters below, which TestReadmeAdapters compares.

// awsConfig returns a configuration that gives a session's credentials to aws-sdk-go-v2.
func awsConfig(session *cognito.Session) aws.Config {
	provider := func(ctx context.Context) (aws.Credentials, error) {
		c, err := session.Credentials(ctx)
		return aws.Credentials{
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
			SessionToken: c.SessionToken, CanExpire: true, Expires: c.Expires,
		}, err
	}
	return aws.Config{Region: "us-east-1", Credentials: aws.CredentialsProviderFunc(provider)}
}

// minioProvider gives a session's credentials to minio-go. IsExpired returns true so that minio-go
// calls the provider before each request.
type minioProvider struct{ session *cognito.Session }

func (p minioProvider) IsExpired() bool { return true }

func (p minioProvider) Retrieve() (credentials.Value, error) {
	return p.RetrieveWithCredContext(nil)
}

func (p minioProvider) RetrieveWithCredContext(
	*credentials.CredContext,
) (credentials.Value, error) {
	c, err := p.session.Credentials(context.Background())
	return credentials.Value{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
		SessionToken: c.SessionToken, SignerType: credentials.SignatureV4,
	}, err
}

// tokenSource gives a session's access token to golang.org/x/oauth2.
type tokenSource struct{ session *cognito.Session }

func (s tokenSource) Token() (*oauth2.Token, error) {
	t, err := s.session.Tokens(context.Background())
	return &oauth2.Token{AccessToken: t.Access, TokenType: "Bearer", Expiry: t.Expires}, err
}

// adapterSession signs in to a new stand-in and returns the session and the stand-in's address.
func adapterSession(t *testing.T) (*cognito.Session, string) {
	t.Helper()
	server := httptest.NewServer(cognitotest.Example())
	t.Cleanup(server.Close)
	client := &cognito.Client{Environment: cognito.Environment{
		UserPoolID:     cognitotest.ExampleUserPoolID,
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		Endpoints: cognito.Endpoints{
			CognitoIDP: server.URL, CognitoIdentity: server.URL, STS: server.URL, S3: server.URL,
		},
	}}
	session, err := client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	return session, server.URL
}

const adapterPrefix = "photos/"

func TestAWSSDKAdapter(t *testing.T) {
	session, address := adapterSession(t)
	client := s3.NewFromConfig(awsConfig(session), func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = &address, true
	})
	out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
		Bucket: aws.String(cognitotest.ExampleBucket), Prefix: aws.String(adapterPrefix),
	})
	if err != nil || len(out.Contents) != 3 {
		t.Errorf("ListObjectsV2() = %v, %v, want 3 objects", out, err)
	}
}

func TestMinioAdapter(t *testing.T) {
	session, address := adapterSession(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.New(minioProvider{session}),
		Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for object := range client.ListObjects(t.Context(), cognitotest.ExampleBucket,
		minio.ListObjectsOptions{Prefix: adapterPrefix, Recursive: true}) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		n++
	}
	if n != 3 {
		t.Errorf("ListObjects() = %d objects, want 3", n)
	}
}

func TestOAuth2Adapter(t *testing.T) {
	session, _ := adapterSession(t)
	tokens, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Authorization") == "Bearer "+tokens.Access)
	}))
	defer api.Close()
	source := oauth2.ReuseTokenSource(nil, tokenSource{session})
	resp, err := oauth2.NewClient(t.Context(), source).Get(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if string(body) != "true" || err != nil {
		t.Errorf("the API received the session's access token: %s, %v, want true", body, err)
	}
	if token, err := source.Token(); err != nil || time.Until(token.Expiry) <= 0 {
		t.Errorf("Token() = expiry %v, %v, want a time in the future", token.Expiry, err)
	}
}

// TestReadmeAdapters checks that the adapters in README.md are parts of this file.
func TestReadmeAdapters(t *testing.T) {
	source, err := os.ReadFile("adapters_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(readme), "\n## Adapters\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := strings.Split(section, "```go\n")[1:]
	if !ok || len(blocks) != 3 {
		t.Fatalf("README.md has %d adapters, want 3", len(blocks))
	}
	unindented := strings.ReplaceAll("\n"+string(source), "\n\t", "\n")
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(string(source), code) && !strings.Contains(unindented, code) {
			t.Errorf("README.md shows an adapter that is not in this file:\n%s", code)
		}
	}
}
