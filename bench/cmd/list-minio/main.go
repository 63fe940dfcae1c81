// List-minio lists a bucket with minio-go.
package main

import (
	"context"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/loginwithcognito/cognito/bench/internal/child"
)

func main() {
	address, bucket, _ := child.ReadList()
	client, err := minio.New(address, &minio.Options{
		Region: child.Region, BucketLookup: minio.BucketLookupPath,
		Creds: credentials.NewStaticV4(child.AccessKeyID, child.SecretAccessKey,
			child.SessionToken()),
	})
	if err != nil {
		child.Fail(err)
	}
	var tally child.Tally
	options := minio.ListObjectsOptions{Recursive: true}
	for object := range client.ListObjectsIter(context.Background(), bucket, options) {
		if object.Err != nil {
			child.Fail(object.Err)
		}
		tally.Add(object.Key, object.Size)
	}
	tally.Print()
}
