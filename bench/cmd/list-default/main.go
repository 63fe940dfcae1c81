// List-default lists a bucket repeatedly with aws-sdk-go-v2 and its default credentials, until it
// has used CREDENTIALS different ones. For each listing it prints a line of JSON with the access
// key ID and the keys of the bucket.
//
// It is not a benchmark. The tests of internal/interop run it to check that credentials are
// renewed.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("list-default: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: list-default BUCKET CREDENTIALS")
	}
	bucket := os.Args[1]
	wanted, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Second)
	defer cancel()
	// By default the SDK uses credentials until they expire, which can happen while a request is in
	// flight. The server would then refuse it.
	window := config.WithCredentialsCacheOptions(func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow = 2 * time.Second
	})
	settings, err := config.LoadDefaultConfig(ctx, window)
	if err != nil {
		log.Fatal(err)
	}
	client := s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true })
	out := json.NewEncoder(os.Stdout)
	seen := make(map[string]bool)
	for {
		creds, err := settings.Credentials.Retrieve(ctx)
		if err != nil {
			log.Fatal(err)
		}
		var listing struct {
			AccessKey string   `json:"accessKey"`
			Keys      []string `json:"keys"`
		}
		listing.AccessKey = creds.AccessKeyID
		pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				log.Fatal(err)
			}
			for i := range page.Contents {
				listing.Keys = append(listing.Keys, aws.ToString(page.Contents[i].Key))
			}
		}
		if err := out.Encode(listing); err != nil {
			log.Fatal(err)
		}
		if seen[creds.AccessKeyID] = true; len(seen) >= wanted {
			return
		}
		time.Sleep(700 * time.Millisecond)
	}
}
