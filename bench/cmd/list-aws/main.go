// List-aws lists a bucket with aws-sdk-go-v2.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/loginwithcognito/cognito/bench/internal/child"
)

func main() {
	address, bucket, _ := child.ReadList()
	client := s3.New(s3.Options{
		Region: child.Region, BaseEndpoint: aws.String("http://" + address), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(child.AccessKeyID,
			child.SecretAccessKey, child.SessionToken()),
	})
	var tally child.Tally
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			child.Fail(err)
		}
		for i := range page.Contents {
			tally.Add(aws.ToString(page.Contents[i].Key), aws.ToInt64(page.Contents[i].Size))
		}
	}
	tally.Print()
}
