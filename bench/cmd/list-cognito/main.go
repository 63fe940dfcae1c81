// List-cognito lists a bucket with package s3list.
package main

import (
	"context"

	"github.com/loginwithcognito/cognito/bench/internal/child"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

func main() {
	address, bucket, _ := child.ReadList()
	credentials := sigv4.Credentials{AccessKeyID: child.AccessKeyID, SecretAccessKey: child.SecretAccessKey, SessionToken: child.SessionToken()}
	client := &s3list.Client{
		Region: child.Region, Endpoint: "http://" + address,
		Credentials: func(context.Context) (sigv4.Credentials, error) { return credentials, nil },
	}
	var tally child.Tally
	for object, err := range client.List(context.Background(), s3list.Input{Bucket: bucket}) {
		if err != nil {
			child.Fail(err)
		}
		tally.Add(object.Key, object.Size)
	}
	tally.Print()
}
