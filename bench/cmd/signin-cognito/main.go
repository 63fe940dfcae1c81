// Signin-cognito signs in with package cognito, or resumes a saved session, gets AWS credentials
// and lists the first key of a bucket.
package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/bench/internal/child"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

func main() {
	in := child.ReadSignIn()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	httpClient := cognito.NewHTTPClient()
	httpClient.Transport.(*http.Transport).DialContext = in.Dial

	var session *cognito.Session
	client := &cognito.Client{
		Environment: cognito.Environment{
			UserPoolID:     in.UserPoolID,
			ClientID:       in.ClientID,
			IdentityPoolID: in.IdentityPoolID,
		},
		HTTPClient: httpClient,
	}
	lister := &s3list.Client{
		Region: child.Region, HTTPClient: httpClient,
		Credentials: func(ctx context.Context) (sigv4.Credentials, error) {
			return session.Credentials(ctx)
		},
	}
	go lister.Connect(ctx, in.Bucket) // connects while the program signs in

	var err error
	if in.Saved != "" {
		session, err = client.Resume(ctx, []byte(in.Saved))
	} else {
		session, err = client.Start(ctx, cognito.Login{
			Username:   in.Username,
			Password:   in.Password,
			IdentityID: in.IdentityID,
		})
	}
	if err != nil {
		child.Fail(err)
	}
	for object, err := range lister.Objects(ctx, in.Bucket, "") {
		if err != nil {
			child.Fail(err)
		}
		child.First(object.Key)
		return
	}
	child.Fail(errors.New("the bucket is empty"))
}
