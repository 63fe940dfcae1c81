// Signin-aws signs in, gets AWS credentials and lists the first key of a bucket. It uses
// aws-sdk-go-v2, and cognito-srp for SRP.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	cognitosrp "github.com/alexrudd/cognito-srp/v4"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/loginwithcognito/cognito/bench/internal/child"
)

func main() {
	in := child.ReadSignIn()
	ctx := context.Background()
	config := aws.Config{
		Region:      child.Region,
		Credentials: aws.AnonymousCredentials{},
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.DialContext = in.Dial
		}),
	}
	token, err := signIn(ctx, config, in)
	if err != nil {
		child.Fail(err)
	}
	config.Credentials, err = exchange(ctx, config, in, token)
	if err != nil {
		child.Fail(err)
	}
	pages := s3.NewListObjectsV2Paginator(s3.NewFromConfig(config), &s3.ListObjectsV2Input{
		Bucket: aws.String(in.Bucket),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			child.Fail(err)
		}
		for _, object := range page.Contents {
			child.First(aws.ToString(object.Key))
			return
		}
	}
	child.Fail(errors.New("the bucket is empty"))
}

// signIn signs in and returns the ID token.
func signIn(ctx context.Context, config aws.Config, in child.SignIn) (token string, err error) {
	srp, err := cognitosrp.NewCognitoSRP(in.Username, in.Password, in.UserPoolID, in.ClientID, nil)
	if err != nil {
		return "", err
	}
	client := cognitoidentityprovider.NewFromConfig(config)
	asked, err := client.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow:       types.AuthFlowTypeUserSrpAuth,
		ClientId:       aws.String(in.ClientID),
		AuthParameters: srp.GetAuthParams(),
	})
	if err != nil {
		return "", err
	}
	if asked.ChallengeName != types.ChallengeNameTypePasswordVerifier {
		return "", fmt.Errorf("unexpected challenge %q", asked.ChallengeName)
	}
	responses, err := answer(srp, asked.ChallengeParameters, in.Password)
	if err != nil {
		return "", err
	}
	input := &cognitoidentityprovider.RespondToAuthChallengeInput{
		ChallengeName:      asked.ChallengeName,
		ClientId:           aws.String(in.ClientID),
		ChallengeResponses: responses,
		Session:            asked.Session,
	}
	answered, err := client.RespondToAuthChallenge(ctx, input)
	if err != nil {
		return "", err
	}
	if answered.AuthenticationResult == nil {
		return "", fmt.Errorf("unexpected challenge %q", answered.ChallengeName)
	}
	return aws.ToString(answered.AuthenticationResult.IdToken), nil
}

// exchange trades an ID token for AWS credentials.
func exchange(ctx context.Context, config aws.Config, in child.SignIn,
	token string) (aws.CredentialsProvider, error) {
	client := cognitoidentity.NewFromConfig(config)
	logins := map[string]string{
		"cognito-idp." + child.Region + ".amazonaws.com/" + in.UserPoolID: token,
	}
	identity, err := client.GetId(ctx, &cognitoidentity.GetIdInput{
		IdentityPoolId: aws.String(in.IdentityPoolID),
		Logins:         logins,
	})
	if err != nil {
		return nil, err
	}
	input := &cognitoidentity.GetCredentialsForIdentityInput{
		IdentityId: identity.IdentityId,
		Logins:     logins,
	}
	out, err := client.GetCredentialsForIdentity(ctx, input)
	if err != nil {
		return nil, err
	}
	c := out.Credentials
	return credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId),
		aws.ToString(c.SecretKey), aws.ToString(c.SessionToken)), nil
}
