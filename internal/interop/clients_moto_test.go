package interop

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sts"
)

// TestMoto checks that our clients and moto_server understand each other's messages.
//
// It does not check security. moto accepts any SRP proof, any signature, and any token at its
// identity pool and STS. TestSRPServer and the tests in servers_*_test.go use servers that verify
// these.
func TestMoto(t *testing.T) {
	t.Parallel()
	const user, password = "ada", "correct-Horse-7-battery"
	keys := []string{"a b", "a+b", "100%", "a&b=c", "dir/\u00e9", "dir/\u65e5\u672c",
		"dir/\U0001f600", "\u0001control", "z"}
	var moto struct{ URL, UserPoolID, ClientID, IdentityPoolID, RoleARN string }
	serve(t, python(t, "testdata/python/moto_server.py"),
		map[string]any{"user": user, "password": password, "keys": keys}, &moto)
	ctx := t.Context()

	// cognito-idp
	idp := &cognitoidp.Client{Region: region, Endpoint: moto.URL}
	signIn := func(password string) (cognitoidp.AuthOutput, error) {
		return idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
			ClientID:       moto.ClientID,
			AuthFlow:       cognitoidp.AuthFlowUserPassword,
			AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": password},
		})
	}
	out, err := signIn(password)
	if err != nil {
		t.Fatal(err)
	}
	tokens := out.AuthenticationResult
	if tokens == nil || tokens.IDToken == "" || tokens.AccessToken == "" ||
		tokens.RefreshToken == "" || tokens.ExpiresIn != time.Hour {
		t.Fatalf("AuthenticationResult = %v, want three tokens for an hour", tokens)
	}
	_, err = signIn("wrong")
	if e := new(awserr.Error); !errors.As(err, &e) || e.Code != notAuthorized ||
		e.StatusCode != 400 || e.Operation != "InitiateAuth" {
		t.Errorf("InitiateAuth with a wrong password: error %v, want 400 %s", err, notAuthorized)
	}
	out, err = idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID:       moto.ClientID,
		AuthFlow:       cognitoidp.AuthFlowRefreshToken,
		AuthParameters: map[string]string{"REFRESH_TOKEN": tokens.RefreshToken},
	})
	if err != nil || out.AuthenticationResult == nil || out.AuthenticationResult.IDToken == "" {
		t.Errorf("REFRESH_TOKEN_AUTH: error %v, result %v, want an ID token", err,
			out.AuthenticationResult)
	}
	out, err = idp.InitiateAuth(ctx, cognitoidp.InitiateAuthInput{
		ClientID:       moto.ClientID,
		AuthFlow:       cognitoidp.AuthFlowUserSRP,
		AuthParameters: map[string]string{"USERNAME": user, "SRP_A": "2"},
	})
	if err != nil || out.ChallengeName != cognitoidp.ChallengePasswordVerifier ||
		out.ChallengeParameters["SRP_B"] == "" {
		t.Errorf("USER_SRP_AUTH: error %v, challenge %q, want %q with SRP_B", err,
			out.ChallengeName, cognitoidp.ChallengePasswordVerifier)
	}
	if keys, err := (&jwt.Verifier{
		UserPoolID: moto.UserPoolID,
		Endpoint:   idp.Endpoint,
	}).Keys(ctx); err != nil || len(keys) == 0 {
		t.Errorf("Keys() = %d keys, %v, want at least one", len(keys), err)
	}

	// cognito-identity
	identity := &cognitoid.Client{Region: region, Endpoint: moto.URL}
	logins := map[string]string{
		"cognito-idp.us-east-1.amazonaws.com/" + moto.UserPoolID: tokens.IDToken,
	}
	id, err := identity.GetID(ctx, cognitoid.GetIDInput{
		IdentityPoolID: moto.IdentityPoolID,
		Logins:         logins,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := identity.GetCredentialsForIdentity(ctx, cognitoid.GetCredentialsForIdentityInput{
		IdentityID: id,
		Logins:     logins,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Credentials; c.AccessKeyID == "" || c.SecretAccessKey == "" ||
		c.SessionToken == "" || time.Until(c.Expires) <= 0 {
		t.Errorf("GetCredentialsForIdentity() = %v, expires %v, want valid credentials", c,
			c.Expires)
	}
	openID, err := identity.GetOpenIDToken(ctx, id, logins)
	if err != nil || openID.Token == "" {
		t.Errorf("GetOpenIDToken() = token of %d bytes, %v", len(openID.Token), err)
	}

	// sts
	service := &sts.Client{Region: region, Endpoint: moto.URL}
	assumed, err := service.AssumeRoleWithWebIdentity(ctx, sts.AssumeRoleWithWebIdentityInput{
		RoleARN:          moto.RoleARN,
		RoleSessionName:  "interop",
		WebIdentityToken: openID.Token,
		Duration:         15 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(assumed.Credentials.Expires); left < 14*time.Minute ||
		left > 16*time.Minute {
		t.Errorf("AssumeRoleWithWebIdentity: credentials expire in %v, want 15m", left)
	}
	service.Credentials = static(assumed.Credentials)
	if who, err := service.GetCallerIdentity(ctx); err != nil || who.Account == "" ||
		who.ARN == "" || who.UserID == "" {
		t.Errorf("GetCallerIdentity() = %+v, %v, want three values", who, err)
	}

	// s3
	slices.Sort(keys)
	for _, size := range []int{0, 1, 3} {
		l := &s3list.Client{
			Region:      region,
			Endpoint:    moto.URL,
			Credentials: static(assumed.Credentials),
		}
		var listed []string
		for object, err := range l.List(ctx, s3list.ListInput{Bucket: "interop", PageSize: size}) {
			if err != nil {
				t.Fatalf("page size %d: %v", size, err)
			}
			if object.Size != 3 {
				t.Errorf("%q has size %d, want 3", object.Key, object.Size)
			}
			listed = append(listed, object.Key)
		}
		if diff := cmp.Diff(keys, listed); diff != "" {
			t.Errorf("page size %d: listed keys (-want +got):\n%s", size, diff)
		}
	}
	l := &s3list.Client{
		Region:      region,
		Endpoint:    moto.URL,
		Credentials: static(assumed.Credentials),
	}
	for _, err := range l.Objects(ctx, "no-such-bucket", "") {
		if e := new(s3list.Error); !errors.As(err, &e) || e.Code != "NoSuchBucket" {
			t.Errorf("listing a missing bucket: error %v, want NoSuchBucket", err)
		}
	}
}
