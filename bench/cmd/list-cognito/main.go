// List-cognito lists a bucket with package s3list. The optional third argument sets
// ListInput.Parallel.
package main

import (
	"context"
	"strconv"

	"github.com/loginwithcognito/cognito/bench/internal/child"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

func main() {
	address, bucket, parallel := child.ReadList()
	credentials := sigv4.Credentials{
		AccessKeyID:     child.AccessKeyID,
		SecretAccessKey: child.SecretAccessKey,
		SessionToken:    child.SessionToken(),
	}
	client := &s3list.Client{
		Region: child.Region, Endpoint: "http://" + address,
		Credentials: func(context.Context) (sigv4.Credentials, error) { return credentials, nil },
	}
	in := s3list.ListInput{Bucket: bucket}
	for _, text := range parallel {
		n, err := strconv.Atoi(text)
		if err != nil {
			child.Fail(err)
		}
		in.Parallel = n
	}
	var tally child.Tally
	for object, err := range client.List(context.Background(), in) {
		if err != nil {
			child.Fail(err)
		}
		tally.Add(object.Key, object.Size)
	}
	tally.Print()
}
